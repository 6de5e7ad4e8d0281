//! `socketscope fetch`: one fetch, its heads on standard error, its body to a file or standard output.
//!
//! The body is written only once it is complete: a file is replaced in one step, and standard output gets either
//! the whole body or nothing. On a terminal it is shown as text in its charset, with control characters made
//! visible; anywhere else the bytes are those received.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::i18n::{bytes, t, tf};
use crate::net::cancel::Cancel;
use crate::net::fetch::{Body, Fetch, Head, Hop, Options, Outcome, Progress};
use crate::net::report::{Waited, Waker};
use crate::net::{Error, Operation};
use crate::recording::text::{visible, visible_lines};
use crate::recording::{Limits, Recorder};

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);
/// How much of a body is copied at once, in bytes.
const PIECE: usize = 1 << 20;

/// What `socketscope fetch` understands.
#[derive(Clone, Debug, clap::Args)]
#[command(about = t("cli-fetch-about"), long_about = None)]
pub struct Args {
    #[arg(value_name = "URL", help = t("cli-fetch-url"))]
    url: String,
    #[arg(short, long, value_name = "FILE", help = t("cli-fetch-output"), conflicts_with = "remote_name")]
    output: Option<PathBuf>,
    #[arg(long, help = t("cli-fetch-remote-name"))]
    remote_name: bool,
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help = t("cli-fetch-timeout"))]
    timeout: Duration,
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds,
          help = t("cli-fetch-connect-timeout"))]
    connect_timeout: Duration,
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100),
          help = t("cli-fetch-max-redirects"))]
    max_redirects: u32,
    #[arg(long, help = t("cli-fetch-no-follow"))]
    no_follow: bool,
    #[arg(long, value_name = "FILE", help = t("cli-fetch-cacert"))]
    cacert: Option<PathBuf>,
    #[arg(short = 'k', long, help = t("cli-fetch-insecure"))]
    insecure: bool,
    #[arg(long, help = t("cli-fetch-progress"))]
    progress: bool,
}

/// A time in seconds, with decimals, above 0 and up to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.trim().parse::<f64>().ok().filter(|n| *n > 0.0 && *n <= 86_400.0);
    number.map(Duration::from_secs_f64).ok_or_else(|| t("cli-fetch-bad-seconds"))
}

impl Args {
    fn options(&self) -> Options {
        let known = Options::default();
        Options {
            connect_timeout: self.connect_timeout,
            silence: self.timeout,
            // A head that drips is given more time than one silence.
            head_timeout: known.head_timeout.max(self.timeout),
            max_redirects: self.max_redirects,
            follow: !self.no_follow,
            extra_roots: self.cacert.clone(),
            accept_any_certificate: self.insecure,
        }
    }

    /// The file to write to, unless it is standard output.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}

/// Where a terminal command writes to.
pub struct Streams<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Whether a person reads it as it comes.
    pub out_is_terminal: bool,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// Whether a person reads it as it comes.
    pub err_is_terminal: bool,
}

impl std::fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// Fetches, and says how that went: 0 where the whole body was received and written, else 1 with one line on
/// standard error. `stop` cancels it.
#[must_use]
pub fn run(args: &Args, stop: &Cancel) -> i32 {
    // Not locked: a worker that logs or panics meanwhile must be able to say so.
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let (out_is_terminal, err_is_terminal) = (out.is_terminal(), err.is_terminal());
    run_to(args, stop, Streams { out: &mut out, out_is_terminal, err: &mut err, err_is_terminal })
}

/// [`run`], to other streams than those of the process.
#[must_use]
pub fn run_to(args: &Args, stop: &Cancel, streams: Streams<'_>) -> i32 {
    // Nothing looks at the recording here: a little memory is enough.
    let recorder = Recorder::new(Limits { each: 1 << 20, all: 4 << 20 });
    let fetch = Fetch::start(&args.url, args.options(), &recorder, Waker::none());
    let canceller = fetch.canceller();
    let _stop = stop.on_cancel(move || canceller.cancel());
    let Streams { out, out_is_terminal, err, err_is_terminal } = streams;
    let mut teller = Teller { err, terminal: err_is_terminal, progress: args.progress, told: Told::default() };
    teller.follow(&fetch);
    let result = match fetch.view(|view| view.outcome.clone()) {
        Some(Outcome::Complete(body)) => deliver(args, &body, out, out_is_terminal, &mut teller),
        Some(Outcome::Failed { error, .. }) => Err(error.to_string()),
        // A fetch that is over has an outcome.
        None => Err(t("cause-cancelled")),
    };
    match result {
        Ok(()) => 0,
        Err(line) => {
            teller.say(&line);
            1
        }
    }
}

/// Writes a complete body to where it was asked to go.
fn deliver(
    args: &Args,
    body: &Body,
    out: &mut dyn Write,
    out_is_terminal: bool,
    teller: &mut Teller<'_>,
) -> Result<(), String> {
    let line = |error: Error| error.to_string();
    let path = if args.remote_name {
        body.save_new(Path::new(".")).map_err(line)?
    } else if let Some(path) = args.file() {
        body.save(path).map_err(line)?;
        path.to_owned()
    } else {
        let copied = if out_is_terminal { show(body, out) } else { copy(body, out) };
        return copied.map_err(line);
    };
    let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    teller
        .say(&tf("cli-fetch-saved", &[("size", bytes(body.len()).into()), ("path", visible(path.as_bytes()).into())]));
    Ok(())
}

fn stdout_error(error: io::Error) -> Error {
    Error::io(Operation::Save, t("cli-fetch-stdout"), error)
}

/// The bytes as received.
fn copy(body: &Body, out: &mut dyn Write) -> Result<(), Error> {
    let mut offset = 0;
    while offset < body.len() {
        let piece = body.read_at(offset, PIECE)?;
        out.write_all(&piece).map_err(stdout_error)?;
        offset += piece.len() as u64;
    }
    out.flush().map_err(stdout_error)
}

/// As text, for a terminal: what could act on it is made visible.
fn show(body: &Body, out: &mut dyn Write) -> Result<(), Error> {
    let mut decoder = body.charset().new_decoder();
    let mut offset = 0;
    // A CR whose LF may be in the next piece.
    let mut held = "";
    loop {
        let piece = body.read_at(offset, PIECE)?;
        offset += piece.len() as u64;
        let last = offset >= body.len();
        let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(PIECE);
        let mut text = String::with_capacity(held.len() + room);
        text.push_str(held);
        let (result, ..) = decoder.decode_to_string(&piece, &mut text, last);
        debug_assert_eq!(result, encoding_rs::CoderResult::InputEmpty);
        held = if !last && text.ends_with('\r') {
            text.pop();
            "\r"
        } else {
            ""
        };
        out.write_all(visible_lines(&text).as_bytes()).map_err(stdout_error)?;
        if last {
            return out.flush().map_err(stdout_error);
        }
    }
}

/// What has been told of the view so far.
#[derive(Default)]
struct Told {
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
}

/// Tells on standard error what happens.
struct Teller<'a> {
    err: &'a mut dyn Write,
    terminal: bool,
    progress: bool,
    told: Told,
}

impl Teller<'_> {
    /// Tells everything until the fetch is over.
    fn follow(&mut self, fetch: &Fetch) {
        loop {
            let tick = self.progress.then(|| Instant::now() + TICK);
            let waited = fetch.inbox().wait(tick);
            // The view has all there is, also where events were lost.
            let news = fetch.view(|view| self.told.news(&view.hops));
            news.iter().for_each(|line| self.say(line));
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
    fn say(&mut self, line: &str) {
        self.end_progress();
        _ = writeln!(self.err, "{line}").and_then(|()| self.err.flush());
    }

    fn show_progress(&mut self, progress: Progress, last: bool) {
        let Progress { received, length, .. } = progress;
        let text = match length {
            Some(length) if length > 0 => tf(
                "cli-fetch-progress-of",
                &[
                    ("got", bytes(received).into()),
                    ("length", bytes(length).into()),
                    ("percent", (u128::from(received) * 100 / u128::from(length)).to_string().into()),
                ],
            ),
            _ => tf("cli-fetch-progress-line", &[("got", bytes(received).into())]),
        };
        if self.terminal {
            _ = write!(self.err, "\r{text}\x1b[K").and_then(|()| self.err.flush());
            self.told.progress = true;
        } else if last || self.told.at.is_none_or(|at| at.elapsed() >= Duration::from_secs(1)) {
            self.told.at = Some(Instant::now());
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
                // Only with an answer: where there is none, the one line of the failure says it all.
                Some(next) if next.head.is_some() || !next.interim.is_empty() => {
                    *self = Self { hops: self.hops + 1, progress: self.progress, at: self.at, ..Self::default() };
                    lines.push(format!("* GET {}", visible(next.url.as_bytes())));
                }
                _ => return lines,
            }
        }
    }

    fn news_of(&mut self, hop: &Hop, lines: &mut Vec<String>) {
        for head in hop.interim.iter().skip(self.interim) {
            head_lines(head, lines);
        }
        self.interim = hop.interim.len();
        if let Some(head) = hop.head.as_ref().filter(|_| !self.head) {
            head_lines(head, lines);
            self.head = true;
        }
        lines.extend(hop.notes.iter().skip(self.notes).map(|note| format!("* {}", visible(note.as_bytes()))));
        self.notes = hop.notes.len();
    }
}

/// A head as received, each line made visible; the empty line too.
fn head_lines(head: &Head, lines: &mut Vec<String>) {
    let raw = head.raw.strip_suffix(b"\n").unwrap_or(&head.raw);
    lines.extend(raw.split(|b| *b == b'\n').map(|line| visible(line.strip_suffix(b"\r").unwrap_or(line))));
}
