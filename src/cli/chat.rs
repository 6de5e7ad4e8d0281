//! `socketscope chat`: a chat with any TCP server, from standard input to standard output.

use std::io::{self, BufRead, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use crossbeam_channel::{Receiver, at, bounded, never, select};

use super::{parse_seconds, record, say};
use crate::i18n::{t, tf};
use crate::net::cancel::Cancel;
use crate::net::client::{ClientTls, Ended, Event, FileEnd, LineEnd, Options, Session, Sink, State};
use crate::net::report::{Report, Waker};
use crate::net::{address, spawn};
use crate::recording::Recorder;
use crate::signal;

/// A longer line is read and sent in pieces of this size, so that it needs no more memory.
const PIECE: usize = 64 << 10;

/// No more lines are taken from standard input while this many bytes wait to be sent: so few that the session's
/// queue is never full, however short the lines are.
const ENOUGH_UNSENT: u64 = 32 << 10;

/// How long Ctrl-C waits for standard output to take what it is being given.
const PATIENCE: Duration = Duration::from_secs(1);

/// With whom to chat, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server.
    #[arg(value_name = "HOST:PORT", help = t("cli-chat-address"))]
    address: String,
    /// Line end of each message.
    #[arg(long, value_enum, default_value = "none", help = t("cli-chat-eol"))]
    eol: Eol,
    /// Plays the tutorial.
    #[arg(long, help = t("cli-chat-tutorial"))]
    tutorial: bool,
    /// A file to send first.
    #[arg(long, value_name = "FILE", conflicts_with = "tutorial", help = t("cli-chat-send-file"))]
    send_file: Option<PathBuf>,
    /// How long connecting may take.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds,
          help = t("cli-chat-connect-timeout"))]
    connect_timeout: Duration,
    /// How long to wait for replies.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = parse_seconds, help = t("cli-chat-linger"))]
    linger: Duration,
    /// Speaks TLS.
    #[arg(long, help = t("cli-chat-tls"))]
    tls: bool,
    /// SNI, and what the certificate must be for.
    #[arg(long, value_name = "NAME", requires = "tls", help = t("cli-chat-server-name"))]
    server_name: Option<String>,
    /// Further roots.
    #[arg(long, value_name = "FILE", requires = "tls", help = t("cli-fetch-cacert"))]
    cacert: Option<PathBuf>,
    /// Any certificate will do.
    #[arg(short = 'k', long, requires = "tls", help = t("cli-fetch-insecure"))]
    insecure: bool,
    #[command(flatten)]
    record: record::RecordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Eol {
    None,
    Lf,
    Crlf,
}

impl From<Eol> for LineEnd {
    fn from(eol: Eol) -> Self {
        match eol {
            Eol::None => Self::None,
            Eol::Lf => Self::Lf,
            Eol::Crlf => Self::CrLf,
        }
    }
}

impl Args {
    fn options(&self) -> Options {
        let tls =
            ClientTls { server_name: self.server_name.clone(), roots: self.cacert.clone(), accept_any: self.insecure };
        Options { connect_timeout: self.connect_timeout, tls: self.tls.then_some(tls), ..Options::default() }
    }
}

/// What the sink tells about standard output.
#[derive(Default)]
struct Output {
    /// It is being given something.
    busy: AtomicBool,
    /// Why it takes no more.
    error: OnceLock<io::Error>,
    /// Cancelled with `error`.
    broken: Cancel,
}

/// Chats until the peer closes, the replies have come in, or `stop`; the exit code.
pub fn run(args: &Args, stop: &Cancel) -> i32 {
    // Nobody looks at the recording.
    args.record.run(0, |recorder| chat(args, stop, recorder)).unwrap_or_else(|error| {
        say(&error.to_string());
        1
    })
}

fn chat(args: &Args, stop: &Cancel, recorder: &Arc<Recorder>) -> i32 {
    let to = match address::parse(&args.address, "127.0.0.1", 9_999) {
        Ok(to) => to,
        Err(error) => {
            say(&error.to_string());
            return 1;
        }
    };
    let output = Arc::new(Output::default());
    let sink: Sink = Box::new({
        let output = Arc::clone(&output);
        move |bytes| {
            output.busy.store(true, Ordering::Release);
            let mut out = io::stdout().lock();
            if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
                // The first is the one to tell.
                _ = output.error.set(error);
                output.broken.cancel();
            }
            output.busy.store(false, Ordering::Release);
        }
    });
    let session = Session::connect(&to.host, to.port, args.options(), recorder, Waker::none(), Some(sink));
    let done = converse(args, &session, &output, stop);
    if !session.inbox().ended() {
        // Standard output is stuck in the session's thread: do not wait for it.
        std::mem::forget(session);
        return signal::INTERRUPTED;
    }
    if let Some(error) = output.error.get() {
        say(&tf("cli-no-output", &[("cause", error.to_string().into())]));
        return 1;
    }
    let State::Ended(ended) = session.state() else { return 1 };
    if args.tutorial && !done {
        say(&t("cli-chat-not-played"));
    }
    if let Some(security) = session.security().filter(|security| security.agreed.is_none()) {
        security.shown_text().iter().for_each(|text| say(text));
    }
    say(&ended.text());
    match ended {
        Ended::Disconnected if stop.is_cancelled() => signal::INTERRUPTED,
        Ended::PeerClosed | Ended::Disconnected => i32::from(!done),
        Ended::Reset | Ended::ResetHere | Ended::Failed(_) => 1,
    }
}

/// Passes lines on and tells what happens, until the session has ended; after `stop`, no longer than [`PATIENCE`].
/// Gives back whether what was asked for is done: the tutorial played to its end, or the file sent whole.
fn converse(args: &Args, session: &Session, output: &Output, stop: &Cancel) -> bool {
    let events = session.inbox().receiver();
    // Standard input, while it has more.
    let mut lines: Option<Receiver<Vec<u8>>> = None;
    // All has been said: only replies are waited for.
    let mut all_said = false;
    // When something last came or went.
    let mut last = Instant::now();
    let mut several = false;
    let mut done = !args.tutorial && args.send_file.is_none();
    loop {
        let has_room = session.unsent() < ENOUGH_UNSENT;
        let quiet = if all_said && session.unsent() == 0 { at(last + args.linger) } else { never() };
        let no_lines = never();
        select! {
            recv(events) -> report => {
                let Ok(Report { event, .. }) = report else {
                    // A person at a terminal may have typed on; what a program has written was meant to be sent.
                    if lines.is_some_and(|lines| !lines.is_empty()) {
                        say(&t("cli-chat-input-left"));
                    }
                    return done;
                };
                last = Instant::now();
                match &event {
                    Event::Resolved(addresses) => several = addresses.len() > 1,
                    Event::Connected(_) if args.tutorial => session.play_tutorial_with(args.eol.into()),
                    Event::Connected(_) if args.send_file.is_some() => {
                        // It fails when the session has just ended, which is told next.
                        _ = args.send_file.as_ref().map(|path| session.send_file(path));
                    }
                    Event::FileEnded(file) if matches!(file.ended(), Some(FileEnd::Failed(_))) => session.disconnect(),
                    // How the session ended is told next.
                    Event::FileEnded(file) if !matches!(file.ended(), Some(FileEnd::Sent)) => {}
                    Event::Connected(_) | Event::FileEnded(_) => {
                        done = true;
                        lines = read_lines(args.eol.into());
                        all_said = lines.is_none();
                    }
                    Event::TutorialPlayed => (all_said, done) = (true, true),
                    _ => {}
                }
                match &event {
                    // One address alone: that it was tried is said by what comes of it.
                    Event::Tried(_) if !several => {}
                    // Said at the end.
                    Event::Ended(_) => {}
                    event => event.text().iter().for_each(|text| say(text)),
                }
            }
            recv(lines.as_ref().filter(|_| has_room).unwrap_or(&no_lines)) -> line => {
                if let Ok(line) = line {
                    // It fails when the session has just ended, which is told next.
                    _ = session.send(line);
                } else {
                    lines = None;
                    all_said = true;
                }
                last = Instant::now();
            }
            recv(quiet) -> _ => {
                if output.busy.load(Ordering::Acquire) {
                    last = Instant::now();
                } else {
                    session.disconnect();
                    all_said = false;
                }
            }
            recv(output.broken.ended()) -> _ => break,
            recv(stop.ended()) -> _ => break,
        }
    }
    session.disconnect();
    session.inbox().wait_end(PATIENCE);
    done
}

/// The messages of standard input, each with its line end, from a thread that ends with the program: reading it
/// cannot be interrupted. `None`, said, if there can be no such thread.
fn read_lines(line_end: LineEnd) -> Option<Receiver<Vec<u8>>> {
    let (sender, receiver) = bounded(64);
    let begun = spawn("stdin", move || {
        let mut lines = Lines { input: io::stdin().lock(), line_end, begun: false, ended: false };
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return say(&tf("cli-no-input", &[("cause", error.to_string().into())])),
            }
        }
    });
    begun.map_err(|error| say(&tf("cli-no-input", &[("cause", error.to_string().into())]))).ok().map(|_| receiver)
}

/// Lines of any bytes as messages.
struct Lines<R> {
    input: R,
    line_end: LineEnd,
    /// A piece of a long line has been given out, its end has not.
    begun: bool,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// The next line, its newline taken off and the chosen line end added; of a longer line a piece of [`PIECE`]
    /// bytes. `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        while !self.ended {
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            if bytes.is_empty() {
                self.ended = true;
                if line.is_empty() && !self.begun {
                    break;
                }
            }
            let most = bytes.len().min(PIECE - line.len());
            let newline = bytes[..most].iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&bytes[..newline.unwrap_or(most)]);
            self.input.consume(newline.map_or(most, |at| at + 1));
            if newline.is_some() || self.ended {
                // A terminal of Windows ends lines with CRLF.
                if cfg!(windows) && line.ends_with(b"\r") {
                    line.pop();
                }
                line.extend_from_slice(self.line_end.bytes());
                self.begun = false;
                return Ok(Some(line));
            }
            if line.len() == PIECE {
                self.begun = true;
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], line_end: LineEnd, expected: &[&[u8]]) {
        // Whatever the size of what comes at a time.
        for size in [1, 7, 8_192] {
            let input = io::BufReader::with_capacity(size, input);
            let mut lines = Lines { input, line_end, begun: false, ended: false };
            let mut all = Vec::new();
            while let Some(line) = lines.next().expect("read") {
                all.push(line);
            }
            assert_eq!(all, expected);
        }
    }

    #[test]
    fn each_line_is_a_message_with_the_chosen_end() {
        check(b"", LineEnd::Lf, &[]);
        check(b"a\nb", LineEnd::None, &[b"a", b"b"]);
        check(b"a\n\nb\n", LineEnd::CrLf, &[b"a\r\n", b"\r\n", b"b\r\n"]);
        check(b"\xff\0\n", LineEnd::Lf, &[b"\xff\0\n"]);
    }

    #[test]
    fn a_long_line_goes_in_pieces_and_ends_once() {
        let long = [b'x'; PIECE];
        check(&[&long[..], b"yz\na"].concat(), LineEnd::Lf, &[&long, b"yz\n", b"a\n"]);
        check(&long, LineEnd::Lf, &[&long, b"\n"]);
        check(&[&long[..], b"\nb"].concat(), LineEnd::Lf, &[&long, b"\n", b"b\n"]);
    }
}
