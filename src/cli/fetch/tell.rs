//! Tells on standard error what happens: methods and URLs, heads as received, what is worth saying, and how far it is.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::i18n::{bytes, t, tf};
use crate::net::fetch::{Change, Fetch, Head, Hop, Pace, Progress};
use crate::net::report::Waited;
use crate::recording::text::visible;

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);

/// What has been told of the view so far.
#[derive(Default)]
pub(super) struct Told {
    /// Hops whose URL was told.
    hops: usize,
    /// Of the last of those.
    notes: usize,
    interim: usize,
    head: bool,
    /// A line of progress is on the terminal.
    progress: bool,
    /// The last progress told.
    at: Option<Instant>,
    pace: Pace,
}

/// Tells on standard error what happens.
pub(super) struct Teller<'a> {
    pub(super) err: &'a mut dyn Write,
    /// Whether a person reads it as it comes.
    pub(super) terminal: bool,
    /// Whether progress is told.
    pub(super) progress: bool,
    pub(super) told: Told,
}

impl Teller<'_> {
    /// Tells everything until the fetch is over.
    pub(super) fn follow(&mut self, fetch: &Fetch) {
        loop {
            let tick = self.progress.then(|| Instant::now() + TICK);
            let waited = fetch.inbox().wait(tick);
            // The view has all there is, also where events were lost.
            let news = fetch.view(|view| self.told.news(&view.hops));
            self.say_all(&news);
            match waited {
                Waited::Ended => {
                    if self.progress {
                        self.show_progress(fetch.progress(), true);
                    }
                    return self.end_progress();
                }
                Waited::Nothing => self.show_progress(fetch.progress(), false),
                Waited::Event(_) => {}
            }
        }
    }

    /// One line. Without a place to say it there is nobody to tell.
    pub(super) fn say(&mut self, line: &str) {
        self.say_all(&[line]);
    }

    /// Lines, in one write.
    fn say_all(&mut self, lines: &[impl AsRef<str>]) {
        if lines.is_empty() {
            return;
        }
        self.end_progress();
        let text: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
        _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }

    fn show_progress(&mut self, progress: Progress, last: bool) {
        let now = Instant::now();
        self.told.pace.note(now, progress.received);
        let text = progress_text(progress, &self.told.pace);
        if self.terminal {
            _ = write!(self.err, "\r{text}\x1b[K").and_then(|()| self.err.flush());
            self.told.progress = true;
        } else if last || self.told.at.is_none_or(|at| now.duration_since(at) >= Duration::from_secs(1)) {
            self.told.at = Some(now);
            self.say(&text);
        }
    }

    fn end_progress(&mut self) {
        if std::mem::take(&mut self.told.progress) {
            _ = writeln!(self.err);
        }
    }
}

impl Told {
    /// The lines that are new since the last time.
    fn news(&mut self, hops: &[Hop]) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            if let Some(hop) = self.hops.checked_sub(1).and_then(|last| hops.get(last)) {
                self.news_of(hop, &mut lines);
            }
            match hops.get(self.hops) {
                // Without an answer and without a note, the one line of the failure says it all.
                Some(next) if next.head.is_some() || !next.interim.is_empty() || !next.notes.is_empty() => {
                    let Self { hops, progress, at, ref mut pace, .. } = *self;
                    let pace = std::mem::take(pace);
                    *self = Self { hops: hops + 1, progress, at, pace, ..Self::default() };
                    lines.push(format!("* {} {}", visible(next.method.as_bytes()), visible(next.url.as_bytes())));
                    lines.extend(next.changes.iter().filter_map(change_line));
                }
                _ => return lines,
            }
        }
    }

    fn news_of(&mut self, hop: &Hop, lines: &mut Vec<String>) {
        let answered = hop.head.is_some() || !hop.interim.is_empty();
        self.notes_of(hop, if answered { hop.early_notes } else { hop.notes.len() }, lines);
        for head in hop.interim.iter().skip(self.interim) {
            head_lines(head, lines);
        }
        self.interim = hop.interim.len();
        if let Some(head) = hop.head.as_ref().filter(|_| !self.head) {
            head_lines(head, lines);
            self.head = true;
        }
        self.notes_of(hop, hop.notes.len(), lines);
    }

    /// The notes up to the one at `end`.
    fn notes_of(&mut self, hop: &Hop, end: usize, lines: &mut Vec<String>) {
        let new = hop.notes.get(self.notes..end).unwrap_or_default();
        lines.extend(new.iter().map(|note| format!("* {}", visible(note.as_bytes()))));
        self.notes += new.len();
    }
}

/// A head as received, each line made visible; the empty line too.
fn head_lines(head: &Head, lines: &mut Vec<String>) {
    let raw = head.raw.strip_suffix(b"\n").unwrap_or(&head.raw);
    lines.extend(raw.split(|b| *b == b'\n').map(|line| visible(line.strip_suffix(b"\r").unwrap_or(line))));
}

/// What is different about a request, where no note says it already.
fn change_line(change: &Change) -> Option<String> {
    let shown = |text: &str| visible(text.as_bytes());
    let text = match change {
        Change::Method { from, to } => {
            tf("cli-fetch-changed-method", &[("from", shown(from).into()), ("to", shown(to).into())])
        }
        Change::BodyDropped => t("cli-fetch-changed-body"),
        Change::FieldDropped(name) => tf("cli-fetch-changed-field", &[("name", shown(name).into())]),
        Change::Authorized => t("cli-fetch-changed-authorized"),
        Change::CredentialsDropped => return None,
    };
    Some(format!("* {text}"))
}

/// How far it is, how fast, and how long it takes still.
fn progress_text(progress: Progress, pace: &Pace) -> String {
    let Progress { received, length, .. } = progress;
    let length = length.filter(|length| *length > 0);
    let far = match length {
        Some(length) => tf(
            "cli-fetch-progress-of",
            &[
                ("got", bytes(received).into()),
                ("length", bytes(length).into()),
                ("percent", (u128::from(received) * 100 / u128::from(length)).to_string().into()),
            ],
        ),
        None => tf("cli-fetch-progress-line", &[("got", bytes(received).into())]),
    };
    pace.tell(far, progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_how_far_how_fast_and_how_long_still() {
        let progress = |received, length| Progress { received, length, ..Progress::default() };
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.note(begun, 0);
        assert_eq!(progress_text(progress(0, Some(4_000)), &pace), "0 B of 4,000 B (0 %)");
        pace.note(begun + Duration::from_secs(1), 1_000);
        let text = progress_text(progress(1_000, Some(4_000)), &pace);
        assert_eq!(text, "1,000 B of 4,000 B (25 %), 1,000 B a second, 3 s left");
        assert_eq!(progress_text(progress(1_000, None), &pace), "1,000 B, 1,000 B a second");
        let text = progress_text(progress(4_000, Some(4_000)), &pace);
        assert_eq!(text, "4,000 B of 4,000 B (100 %), 1,000 B a second");
    }
}
