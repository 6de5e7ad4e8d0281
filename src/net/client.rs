//! One chat session with any TCP server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::connect::Try;
use super::report::{Inbox, Waker};
use crate::recording::{Ends, Recorder, Recording};

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
    /// Its bytes.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// What is called with each read, from the session's thread, before the next read: who cannot keep up slows the
/// peer down and loses nothing.
pub type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// How to connect.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// For the name look-up, and again for all addresses together.
    pub connect_timeout: Duration,
    /// How long one write may make no progress.
    pub write_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), write_timeout: Duration::from_secs(30) }
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
    /// Something went wrong.
    Failed(Arc<Error>),
}

impl Ended {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        unimplemented!()
    }
}

/// Where the session stands.
#[derive(Clone, Debug)]
pub enum State {
    /// Looking the name up.
    Resolving,
    /// Trying an address.
    Connecting,
    /// Connected.
    Connected(Ends),
    /// Over.
    Ended(Ended),
}

/// What happened, for the log.
#[derive(Clone, Debug)]
pub enum Event {
    /// The name has these addresses.
    Resolved(Vec<SocketAddr>),
    /// An address was tried.
    Tried(Arc<Try>),
    /// Connected.
    Connected(Ends),
    /// Something was received or sent: see the recording.
    Moved,
    /// The tutorial has been played to its end.
    TutorialPlayed,
    /// Over.
    Ended(Ended),
}

impl Event {
    /// The line for the log; `None` where there is nothing to say.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        unimplemented!()
    }
}

/// A session. Dropping it closes the connection and joins its threads.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Starts to resolve and connect; returns at once. `sink` gets each read.
    #[must_use]
    pub fn connect(
        host: &str,
        port: u16,
        options: Options,
        recorder: &Arc<Recorder>,
        waker: Waker,
        sink: Option<Sink>,
    ) -> Self {
        _ = (host, port, options, recorder, waker, sink);
        unimplemented!()
    }
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        unimplemented!()
    }
    /// Every address tried so far.
    #[must_use]
    pub fn tries(&self) -> Vec<Arc<Try>> {
        unimplemented!()
    }
    /// Every read and write, once connected; stays after the end.
    #[must_use]
    pub fn recording(&self) -> Option<Arc<Recording>> {
        unimplemented!()
    }
    /// The events of this run; ends when every thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        unimplemented!()
    }
    /// Queues bytes to be sent whole and in order; never blocks.
    ///
    /// # Errors
    /// Not connected, or the queue is full.
    pub fn send(&self, bytes: Vec<u8>) -> Result<(), Error> {
        _ = bytes;
        unimplemented!()
    }
    /// Bytes queued and not yet written.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        unimplemented!()
    }
    /// Plays the tutorial's client: waits for the welcome, sends Michael, Tracy and Sarah, each after the reply to
    /// the one before, then `exit`.
    pub fn play_tutorial(&self) {
        unimplemented!()
    }
    /// Whether the tutorial is being played.
    #[must_use]
    pub fn playing(&self) -> bool {
        unimplemented!()
    }
    /// Asks it to close, at whatever moment, and returns at once.
    pub fn disconnect(&self) {
        unimplemented!()
    }
}
