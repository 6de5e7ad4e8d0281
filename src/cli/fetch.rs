//! `socketscope fetch`: one fetch, its heads on standard error, its body to a file or standard output.
//!
//! The body is written only once it is complete: a file is replaced in one step, and standard output gets either
//! the whole body or nothing. On a terminal it is shown as text in its charset, with control characters made
//! visible; anywhere else the bytes are those received.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{bounded, select};

use super::{parse_seconds, record, signal};
use crate::i18n::{bytes, t, tf};
use crate::net::cancel::Cancel;
use crate::net::fetch::{Body, Fetch, Head, Hop, Options, Outcome, Progress, without_userinfo};
use crate::net::report::{Waited, Waker};
use crate::net::save::{can_save, can_save_in};
use crate::net::{Cause, Error, Operation, spawn};
use crate::recording::Recorder;
use crate::recording::text::{visible, visible_lines};

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);
/// How much of a body is copied at once, in bytes.
const PIECE: usize = 1 << 20;

/// What `socketscope fetch` understands.
#[derive(Clone, Debug, clap::Args)]
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
    #[command(flatten)]
    record: record::RecordArgs,
}

/// A time in seconds, with decimals, above 0 and up to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    parse_seconds(text).and_then(|time| if time.is_zero() { Err(t("cli-fetch-no-time")) } else { Ok(time) })
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
            ..known
        }
    }

    fn place(&self) -> Place<'_> {
        match &self.output {
            _ if self.remote_name => Place::Suggested,
            Some(path) if path.as_os_str() != "-" => Place::File(path),
            _ => Place::Stdout,
        }
    }

    /// Says what can be said before anything is fetched.
    fn check_place(&self) -> Result<(), Error> {
        match self.place() {
            Place::Stdout => Ok(()),
            Place::Suggested => can_save_in(Path::new(".")),
            Place::File(path) => can_save(path),
        }
    }
}

/// Where the body is to go.
#[derive(Clone, Copy)]
enum Place<'a> {
    Stdout,
    /// This folder, under the name that the server suggests.
    Suggested,
    File(&'a Path),
}

/// Where a terminal command writes to.
pub struct Streams<'a> {
    /// Standard output; a thread of its own writes to it.
    pub out: Box<dyn Write + Send>,
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

/// Fetches, and says how that went: 0 where the whole body was received and written, else one line on standard error
/// and 1, or [`signal::INTERRUPTED`] where `stop` ended it. That works also while standard output is stuck.
#[must_use]
pub fn run(args: &Args, stop: &Cancel) -> i32 {
    // Not locked: a worker that logs or panics meanwhile must be able to say so.
    let (out, mut err) = (io::stdout(), io::stderr());
    let (out_is_terminal, err_is_terminal) = (out.is_terminal(), err.is_terminal());
    run_to(args, stop, Streams { out: Box::new(out), out_is_terminal, err: &mut err, err_is_terminal })
}

/// [`run`], to other streams than those of the process.
#[must_use]
pub fn run_to(args: &Args, stop: &Cancel, streams: Streams<'_>) -> i32 {
    let Streams { out, out_is_terminal, err, err_is_terminal } = streams;
    let mut teller = Teller { err, terminal: err_is_terminal, progress: args.progress, told: Told::default() };
    if let Err(error) = args.check_place() {
        teller.say(&error.to_string());
        return 1;
    }
    let fetched = args.record.run(|recorder| fetch_to(args, stop, recorder, out, out_is_terminal, &mut teller));
    fetched.unwrap_or_else(|error| {
        teller.say(&error.to_string());
        1
    })
}

fn fetch_to(
    args: &Args,
    stop: &Cancel,
    recorder: &Arc<Recorder>,
    out: Box<dyn Write + Send>,
    out_is_terminal: bool,
    teller: &mut Teller<'_>,
) -> i32 {
    let fetch = Fetch::start(&args.url, args.options(), recorder, Waker::none());
    let canceller = fetch.canceller();
    let _stop = stop.on_cancel(move || canceller.cancel());
    teller.follow(&fetch);
    let result = match fetch.view(|view| view.outcome.clone()) {
        Some(Outcome::Complete(body)) => match args.place() {
            Place::Stdout => to_stdout(body, out, out_is_terminal, stop),
            place => save(place, &body, teller),
        }
        .map_err(Arc::new),
        Some(Outcome::Failed { error, .. }) => Err(error),
        // A fetch that is over has an outcome.
        None => Err(Arc::new(Error::new(Operation::Fetch, without_userinfo(&args.url), Cause::Cancelled))),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            teller.say(&error.to_string());
            if error.is_cancelled() && stop.is_cancelled() { signal::INTERRUPTED } else { 1 }
        }
    }
}

/// Writes a complete body to a file.
fn save(place: Place<'_>, body: &Body, teller: &mut Teller<'_>) -> Result<(), Error> {
    let path = match place {
        Place::Stdout => return Ok(()),
        Place::Suggested => body.save_new(Path::new("."))?,
        Place::File(path) => {
            body.save(path)?;
            path.to_owned()
        }
    };
    let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    teller
        .say(&tf("cli-fetch-saved", &[("size", bytes(body.len()).into()), ("path", visible(path.as_bytes()).into())]));
    Ok(())
}

/// Writes a complete body to standard output, until that is done or `stop`: a write to a pipe that nobody reads
/// cannot be interrupted, its thread is then left to itself.
fn to_stdout(body: Arc<Body>, mut out: Box<dyn Write + Send>, terminal: bool, stop: &Cancel) -> Result<(), Error> {
    let (done, is_done) = bounded(1);
    spawn("stdout", move || {
        let written = if terminal { show(&body, &mut out) } else { copy(&body, &mut out) };
        // Nobody waits any more: it was stopped.
        _ = done.send(written);
    })
    .map_err(stdout_error)?;
    let stopped = || Err(Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Cancelled));
    select! {
        // The thread says how it went, unless it panicked.
        recv(is_done) -> written => written.unwrap_or_else(|_| Err(stdout_error(io::ErrorKind::Other.into()))),
        recv(stop.ended()) -> _ => is_done.try_recv().unwrap_or_else(|_| stopped()),
    }
}

/// In the system's own words: what helps with files does not help here.
fn stdout_error(error: io::Error) -> Error {
    Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Os(error))
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
                // Without an answer and without a note, the one line of the failure says it all.
                Some(next) if next.head.is_some() || !next.interim.is_empty() || !next.notes.is_empty() => {
                    *self = Self { hops: self.hops + 1, progress: self.progress, at: self.at, ..Self::default() };
                    lines.push(format!("* GET {}", visible(next.url.as_bytes())));
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
