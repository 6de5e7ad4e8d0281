//! `socketscope fetch`: one fetch, its heads on standard error, its body to a file or standard output.
//!
//! The body is there only once it is complete: a file is replaced in one step, and standard output gets either
//! the whole body or nothing. On a terminal it is shown as text in its charset, with control characters made
//! visible; anywhere else the bytes are those received.
//!
//! * `args`, `ask` — what it understands.
//! * `tell` — what is said while it goes on.
//! * `out` — the way to standard output.

mod args;
mod ask;
mod out;
mod tell;

pub use args::Args;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use args::Place;
use tell::{Teller, Told};

use crate::i18n::{bytes, tf};
use crate::net::cancel::Cancel;
use crate::net::fetch::{Body, Fetch, Outcome, Request, report, without_userinfo};
use crate::net::report::Waker;
use crate::net::{Cause, Error, Operation, save};
use crate::recording::Recorder;
use crate::recording::text::visible;
use crate::signal;

/// How much of the wire stays in memory where it goes to no file, in bytes: it fits the processor's cache, so that keeping it
/// costs little.
const RECORDED: u64 = 256 << 10;

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
/// and 1, or [`signal::INTERRUPTED`] where `stop` ended it. That works also while standard output is stuck. `heed`, which
/// looks after `stop`, is called once the server is being asked: it takes as long as that.
#[must_use]
pub fn run(args: &Args, stop: &Cancel, heed: &dyn Fn()) -> i32 {
    // Not locked: a worker that logs or panics meanwhile must be able to say so.
    let (out, mut err) = (io::stdout(), io::stderr());
    let (out_is_terminal, err_is_terminal) = (out.is_terminal(), err.is_terminal());
    run_to(args, stop, heed, Streams { out: Box::new(out), out_is_terminal, err: &mut err, err_is_terminal })
}

/// [`run`], to other streams than those of the process.
#[must_use]
pub fn run_to(args: &Args, stop: &Cancel, heed: &dyn Fn(), streams: Streams<'_>) -> i32 {
    let Streams { out, out_is_terminal, err, err_is_terminal } = streams;
    let mut teller = Teller { err, terminal: err_is_terminal, progress: args.progress, told: Told::default() };
    let fetched = args.check().and_then(|()| args.ask.request()).and_then(|request| {
        args.record.run(RECORDED, |recorder| {
            let mut door = Door { args, stop, heed, out: Some(out), out_is_terminal, teller: &mut teller };
            door.fetch(request, recorder)
        })
    });
    fetched.unwrap_or_else(|error| {
        teller.say(&error.to_string());
        1
    })
}

/// One fetch in a terminal.
struct Door<'a, 't> {
    args: &'a Args,
    stop: &'a Cancel,
    heed: &'a dyn Fn(),
    /// Standard output, until somebody has it: the body or the report.
    out: Option<Box<dyn Write + Send>>,
    out_is_terminal: bool,
    teller: &'a mut Teller<'t>,
}

impl Door<'_, '_> {
    /// Fetches, and gives the exit code.
    fn fetch(&mut self, request: Request, recorder: &Arc<Recorder>) -> i32 {
        let url = request.url.clone();
        let fetch = Fetch::start(request, self.args.options(), recorder, Waker::none());
        (self.heed)();
        let canceller = fetch.canceller();
        let _stop = self.stop.on_cancel(move || canceller.cancel());
        self.teller.follow(&fetch);
        let outcome = fetch.view(|view| view.outcome.clone());
        let (saved, result) = match outcome {
            Some(Outcome::Complete(body)) => self.deliver(&body),
            Some(Outcome::Failed { error, partial }) => (self.keep(partial), Err(error)),
            // A fetch that is over has an outcome.
            None => (None, Err(Arc::new(Error::new(Operation::Fetch, without_userinfo(&url), Cause::Cancelled)))),
        };
        let trouble = result.as_ref().err().map(|error| &**error);
        let reported = self.args.report().map_or(Ok(()), |to| {
            let report = fetch.view(|view| report(view, saved.as_deref(), trouble));
            self.write_report(to, report)
        });
        let errors = [result.err(), reported.err().map(Arc::new)];
        let errors: Vec<_> = errors.into_iter().flatten().collect();
        // What was asked for goes before what is told of it.
        errors.iter().rev().for_each(|error| self.teller.say(&error.to_string()));
        match errors.first() {
            None => 0,
            Some(error) if error.is_cancelled() && self.stop.is_cancelled() => signal::INTERRUPTED,
            Some(_) => 1,
        }
    }

    /// Puts a complete body where it is to go, and says where that is if it is a file.
    fn deliver(&mut self, body: &Arc<Body>) -> (Option<PathBuf>, Result<(), Arc<Error>>) {
        let saved = match self.args.place() {
            Place::Nowhere => return (None, Ok(())),
            Place::Stdout => return (None, self.print(body).map_err(Arc::new)),
            Place::Suggested => body.save_new(Path::new(".")),
            Place::File(path) if body.saved_to().is_none() => body.save(path).map(|()| path.to_owned()),
            Place::File(path) => Ok(path.to_owned()),
        };
        match saved {
            Ok(path) => {
                self.say_where("cli-fetch-saved", body, &path);
                (Some(path), Ok(()))
            }
            Err(error) => (None, Err(Arc::new(error))),
        }
    }

    /// Keeps what has come of a body, if that was asked for and it was to be in a file.
    fn keep(&mut self, partial: Option<Arc<Body>>) -> Option<PathBuf> {
        let body = partial.filter(|body| self.args.keep_partial || body.saved_to().is_some())?;
        let kept = match self.args.place() {
            _ if let Some(path) = body.saved_to() => Ok(path.to_owned()),
            Place::Nowhere | Place::Stdout => return None,
            Place::Suggested => body.save_new(Path::new(".")),
            Place::File(path) => body.save_partial(path),
        };
        match kept {
            Ok(path) => {
                self.say_where("cli-fetch-kept", &body, &path);
                Some(path)
            }
            Err(error) => {
                self.teller.say(&error.to_string());
                None
            }
        }
    }

    fn say_where(&mut self, text: &str, body: &Body, path: &Path) {
        let path = path.strip_prefix(".").unwrap_or(path).display().to_string();
        let path = visible(path.as_bytes());
        self.teller.say(&tf(text, &[("size", bytes(body.len()).into()), ("path", path.into())]));
    }

    fn print(&mut self, body: &Arc<Body>) -> Result<(), Error> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        let (body, terminal) = (Arc::clone(body), self.out_is_terminal);
        out::write(self.stop, move || if terminal { out::show(&body, &mut out) } else { out::copy(&body, &mut out) })
    }

    fn write_report(&mut self, to: &Path, report: String) -> Result<(), Error> {
        if !args::is_stdout(to) {
            return save::replace(to, |file| file.write_all(report.as_bytes()));
        }
        let Some(mut out) = self.out.take() else { return Ok(()) };
        // A fetch that was stopped has a report all the same.
        let stop = if self.stop.is_cancelled() { &Cancel::default() } else { self.stop };
        out::write(stop, move || out::text(&report, &mut out))
    }
}
