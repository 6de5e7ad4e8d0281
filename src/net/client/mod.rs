//! One chat session with any TCP server.
//!
//! * `again` — how long to wait before connecting again.
//! * `session` — the thread `chat`: resolves, connects, reads.
//! * `security` — TLS, where it is asked for: how, and what came of it.
//! * `outbox` — what waits to be sent, and the thread `chat-write`.
//! * `file` — a file that is sent in pieces.
//! * `repeat` — a message that repeats, and the thread `chat-repeat`.
//! * `tutorial` — the tutorial's client: what it says when.

mod again;
mod file;
mod outbox;
mod repeat;
mod security;
mod session;
mod tutorial;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use super::cancel::Cancel;
use super::connect::Try;
use super::report::{self, Inbox, Reporter, Waker};
use super::{Cause, Error, Operation, address, lock, spawn};
use crate::i18n::{self, t, tf};
use crate::recording::{Ends, Recorder, Recording};
use outbox::Outbox;
use tutorial::Tutorial;

pub use again::Waits;
pub use file::{FileEnd, Sending};
pub use outbox::{MOST_MESSAGES, MOST_UNSENT};
pub use repeat::{REPEAT_MS, Repeat, RepeatEnd, Repetition};
pub use security::{ClientTls, Security};

/// Bytes of one read, at most: 64 KiB.
pub const RECEIVE_SIZE: usize = 64 << 10;

/// How long agreeing on TLS may take.
pub const SECURE_LIMIT: Duration = Duration::from_secs(10);

/// What is added to each message that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum LineEnd {
    /// Nothing.
    #[default]
    None,
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl LineEnd {
    /// Its characters.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }

    /// Its bytes in ASCII.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        self.text().as_bytes()
    }
}

/// What is called with each read, from the session's thread, before the next read: who cannot keep up slows the
/// peer down and loses nothing.
pub type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// For the name look-up, and again for all addresses together.
    pub connect_timeout: Duration,
    /// How long one write may make no progress.
    pub write_timeout: Duration,
    /// Whether to speak TLS, and how.
    pub tls: Option<ClientTls>,
}

impl Default for Options {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), write_timeout: Duration::from_secs(30), tls: None }
    }
}

/// How a session ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The peer closed: an empty read.
    PeerClosed,
    /// The peer broke it off.
    Reset,
    /// We closed, or gave up connecting.
    Disconnected,
    /// We broke it off.
    ResetHere,
    /// Something went wrong.
    Failed(Arc<Error>),
}

impl Ended {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::PeerClosed => t("client-ended-peer-closed"),
            Self::Reset => t("client-ended-reset"),
            Self::Disconnected => t("client-ended-disconnected"),
            Self::ResetHere => t("client-ended-reset-here"),
            Self::Failed(error) => error.to_string(),
        }
    }
}

/// Where the session stands.
#[derive(Clone, Debug)]
pub enum State {
    /// Looking the name up.
    Resolving,
    /// Trying an address, or agreeing on TLS.
    Connecting,
    /// Connected.
    Connected(Ends),
    /// Over.
    Ended(Ended),
}

/// What happened, for the log.
#[derive(Clone, Debug)]
pub enum Event {
    /// The name has these addresses. Not said of an address that was given as one.
    Resolved(Vec<SocketAddr>),
    /// An address was tried.
    Tried(Arc<Try>),
    /// TLS was agreed on. Comes before [`Event::Connected`].
    Secured(Arc<Security>),
    /// Connected.
    Connected(Ends),
    /// Something was received or sent: see the recording. Said only while no other event waits to be looked at.
    Moved,
    /// We have said that nothing more will be sent.
    HalfClosed,
    /// The tutorial has been played to its end: `exit` is on its way.
    TutorialPlayed,
    /// A message that repeats does so no more.
    RepeatEnded {
        /// How many were queued.
        queued: u64,
        /// How many there should be; 0 until it was stopped.
        count: u64,
        /// How it ended.
        end: RepeatEnd,
    },
    /// A file is sent, or will not be sent any further: [`Sending::ended`] says which.
    FileEnded(Arc<Sending>),
    /// This many bytes were queued and will not be sent, because the session is over.
    Unsent(u64),
    /// Over.
    Ended(Ended),
}

impl Event {
    /// The line for the log; `None` where there is nothing to say.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::Resolved(addresses) => {
                let all: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
                tf("client-resolved", &[("n", all.len().into()), ("addresses", all.join(", ").into())])
            }
            Self::Tried(one) => {
                let address = ("address", one.address.to_string().into());
                let took = ("took", format!("{:.1}", one.took.as_secs_f64() * 1_000.0).into());
                match &one.error {
                    None => tf("client-tried", &[address, took]),
                    Some(error) => {
                        tf("client-tried-in-vain", &[address, took, ("cause", error.cause.to_string().into())])
                    }
                }
            }
            Self::Secured(security) => security.text(),
            Self::Connected(ends) => tf(
                "client-connected",
                &[("local", ends.local.to_string().into()), ("peer", ends.peer.to_string().into())],
            ),
            Self::Moved => return None,
            Self::HalfClosed => t("client-half-closed"),
            Self::TutorialPlayed => t("client-tutorial-played"),
            Self::RepeatEnded { queued, count, end } => repeat_text(*queued, *count, end),
            Self::FileEnded(file) => file.text(),
            Self::Unsent(bytes) => tf("client-unsent", &[("bytes", i18n::bytes(*bytes).into())]),
            Self::Ended(ended) => ended.text(),
        })
    }
}

fn repeat_text(queued: u64, count: u64, end: &RepeatEnd) -> String {
    let args = [("n", queued.into()), ("queued", i18n::count(queued).into()), ("count", i18n::count(count).into())];
    match end {
        RepeatEnd::Done => tf("repeat-done", &args),
        RepeatEnd::Stopped if count > 0 => tf("repeat-stopped-of", &args),
        RepeatEnd::Stopped => tf("repeat-stopped", &args),
        RepeatEnd::Over => tf("repeat-over", &args),
        RepeatEnd::Failed(error) => {
            let args =
                [("n", queued.into()), ("queued", i18n::count(queued).into()), ("why", error.to_string().into())];
            tf("repeat-failed", &args)
        }
    }
}

/// What the handle and the threads of one run share.
#[derive(Debug)]
struct Shared {
    host: String,
    port: u16,
    options: Options,
    cancel: Cancel,
    /// It is cancelled by breaking the connection off.
    resets: AtomicBool,
    state: Mutex<State>,
    tries: Mutex<Vec<Arc<Try>>>,
    recording: OnceLock<Arc<Recording>>,
    security: OnceLock<Arc<Security>>,
    outbox: Outbox,
    tutorial: Mutex<Tutorial>,
    /// For threads that begin later; none once it is over.
    reporter: Mutex<Option<Reporter<Event>>>,
    /// Cancelled when it is over.
    over: Cancel,
}

impl Shared {
    fn target(&self) -> String {
        address::join(&self.host, self.port)
    }

    /// What cannot be sent, and why.
    fn error(&self, cause: Cause) -> Error {
        Error::new(Operation::Send, self.target(), cause)
    }
}

/// A session. Dropping it closes the connection and joins its threads; that waits for a [`Sink`] that is at work.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    inbox: Inbox<Event>,
    worker: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts to resolve and connect; returns at once. `host` is a name or an address. `sink` gets each read.
    #[must_use]
    pub fn connect(
        host: &str,
        port: u16,
        options: Options,
        recorder: &Arc<Recorder>,
        waker: Waker,
        sink: Option<Sink>,
    ) -> Self {
        let (reporter, inbox) = report::channel(report::CAPACITY, waker);
        let shared = Arc::new(Shared {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            options,
            cancel: Cancel::default(),
            resets: AtomicBool::new(false),
            state: Mutex::new(State::Resolving),
            tries: Mutex::default(),
            recording: OnceLock::new(),
            security: OnceLock::new(),
            outbox: Outbox::default(),
            tutorial: Mutex::default(),
            reporter: Mutex::new(Some(reporter.clone())),
            over: Cancel::default(),
        });
        let begun = spawn("chat", {
            let (shared, recorder, reporter) = (Arc::clone(&shared), Arc::clone(recorder), reporter.clone());
            move || session::run(&shared, &recorder, &reporter, sink)
        });
        let worker = begun
            .map_err(|error| {
                let error = Error::io(Operation::Work, shared.target(), error);
                session::end(&shared, Ended::Failed(Arc::new(error)), &reporter);
            })
            .ok();
        Self { shared, inbox, worker }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.shared.state).clone()
    }

    /// Every address tried so far.
    #[must_use]
    pub fn tries(&self) -> Vec<Arc<Try>> {
        lock(&self.shared.tries).clone()
    }

    /// Every read and write, once connected; stays after the end.
    #[must_use]
    pub fn recording(&self) -> Option<Arc<Recording>> {
        self.shared.recording.get().cloned()
    }

    /// What is known of its TLS, once that was agreed on or came to nothing; stays after the end.
    #[must_use]
    pub fn security(&self) -> Option<Arc<Security>> {
        self.shared.security.get().cloned()
    }

    /// The events of this run; ends when every thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        &self.inbox
    }

    /// Queues bytes to be sent whole and in order, in one write where the system takes them; never blocks.
    ///
    /// # Errors
    /// Not connected, or the queue is full: [`MOST_MESSAGES`] or [`MOST_UNSENT`] wait already. Then nothing of
    /// `bytes` is sent.
    pub fn send(&self, bytes: Vec<u8>) -> Result<(), Error> {
        self.shared.outbox.push(bytes).map_err(|cause| self.shared.error(cause))
    }

    /// Queues a file to be sent in pieces, after what waits already and before what comes later; returns at once. It is
    /// opened when its turn comes, and as long as it is then. Only a regular file is sent.
    ///
    /// # Errors
    /// As [`Session::send`]. What is wrong with the file is told later, by [`Event::FileEnded`].
    pub fn send_file(&self, path: &Path) -> Result<Arc<Sending>, Error> {
        let file = Sending::new(path);
        self.shared.outbox.push_file(Arc::clone(&file)).map_err(|cause| self.shared.error(cause))?;
        Ok(file)
    }

    /// Queues a message again and again, the first at once, as long as the handle is kept.
    ///
    /// # Errors
    /// As [`Session::send`], or there can be no more threads. A queue that is full later ends it, see [`Event::RepeatEnded`].
    pub fn repeat(&self, what: Repetition) -> Result<Repeat, Error> {
        Repeat::start(&self.shared, what)
    }

    /// Bytes queued and not yet written; after the end, those that were not sent.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        self.shared.outbox.unsent()
    }

    /// Plays the tutorial's client: waits for the welcome, sends Michael, Tracy and Sarah, each after the reply to
    /// the one before, then `exit`. A reply is complete when nothing more has come for
    /// 0.15 seconds.
    pub fn play_tutorial(&self) {
        self.play_tutorial_with(LineEnd::None);
    }

    /// Plays the tutorial's client for a server that waits for line ends.
    pub fn play_tutorial_with(&self, line_end: LineEnd) {
        // The lock is held until it is queued, so that a reply that comes meanwhile is answered after it, and the
        // session's end finds it playing or not begun.
        let mut tutorial = lock(&self.shared.tutorial);
        if matches!(self.state(), State::Ended(_)) {
            return;
        }
        if let Some(message) = tutorial.begin(line_end)
            && self.shared.outbox.push(message).is_err()
        {
            tutorial.stop();
        }
    }

    /// Whether the tutorial is being played.
    #[must_use]
    pub fn playing(&self) -> bool {
        lock(&self.shared.tutorial).playing()
    }

    /// Says that nothing more will be sent, once all that waits has been; what the peer sends is still received.
    pub fn half_close(&self) {
        self.shared.outbox.finish();
    }

    /// Whether [`Session::half_close`] was called.
    #[must_use]
    pub fn is_half_closed(&self) -> bool {
        self.shared.outbox.is_finished()
    }

    /// Asks it to break the connection off, so that the peer sees a reset, and returns at once.
    pub fn reset(&self) {
        self.shared.resets.store(true, Ordering::Release);
        self.disconnect();
    }

    /// Asks it to close, at whatever moment, and returns at once.
    pub fn disconnect(&self) {
        self.shared.cancel.cancel();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.disconnect();
        if let Some(worker) = self.worker.take() {
            // Its panics are caught inside and reported.
            _ = worker.join();
        }
    }
}
