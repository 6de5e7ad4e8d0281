//! The greeting server of the tutorial: one thread accepts, each connection gets a named thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Error;
use super::report::{Inbox, Waker};
use crate::recording::{Ends, Recorder, Recording};

/// Where one message ends and the next begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Boundary {
    /// Each line (LF or CRLF) is a message, the reply ends the same way; bytes without a line end are a message as read.
    #[default]
    Automatic,
    /// Strictly the tutorial's way: each read is a message.
    AsRead,
    /// Waits for the line end.
    Line,
}

/// How the server behaves.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Sent on accept.
    pub welcome: String,
    /// The reply: `{message}`, `{peer}` and `{n}` are filled in.
    pub reply: String,
    /// Bytes of one read, at most.
    pub receive_size: usize,
    /// Pause before each answer.
    pub pause: Duration,
    /// Where a message ends.
    pub boundary: Boundary,
    /// How many connections may wait to be accepted.
    pub backlog: u32,
    /// How many connections are served at the same time, at most; more wait in the queue.
    pub most_connections: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            welcome: "Welcome!".to_owned(),
            reply: "Hello, {message}!".to_owned(),
            receive_size: 1_024,
            pause: Duration::from_secs(1),
            boundary: Boundary::default(),
            backlog: 5,
            most_connections: 10_000,
        }
    }
}

/// How a connection ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The client closed: an empty read.
    PeerClosed,
    /// The client said `exit`.
    Exit,
    /// The client broke it off.
    Reset,
    /// The server was stopped.
    Stopped,
    /// Something went wrong.
    Failed(Arc<Error>),
}

/// What a connection's thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Waiting in `read`.
    Reading,
    /// Pausing before the answer.
    Pausing,
    /// In `write`.
    Writing,
    /// The thread has ended.
    Closed,
}

/// What happened, for the log.
#[derive(Clone, Debug)]
pub enum Event {
    /// Connections are accepted at this address.
    Listening(SocketAddr),
    /// It could not listen, or listening ended by an error.
    Failed(Arc<Error>),
    /// A client came.
    Accepted {
        /// The connection's number.
        id: u64,
        /// The client's address.
        peer: SocketAddr,
    },
    /// A connection ended.
    Closed {
        /// The connection's number.
        id: u64,
        /// The client's address.
        peer: SocketAddr,
        /// How.
        ended: Ended,
    },
    /// As many connections as allowed: further clients wait in the queue. Said once, until there is room again.
    Full {
        /// The most connections.
        limit: usize,
    },
    /// `accept` fails (out of descriptors, say): tried again and again, said once.
    AcceptFails(Arc<Error>),
    /// `accept` works again.
    AcceptWorks,
    /// The listener and every connection are closed, every thread has ended.
    Stopped,
}

impl Event {
    /// The line for the log, the same in window and terminal.
    #[must_use]
    pub fn text(&self) -> String {
        unimplemented!()
    }
}

impl Ended {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        unimplemented!()
    }
}

impl Doing {
    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        unimplemented!()
    }
}

/// Where the server stands.
#[derive(Clone, Debug)]
pub enum State {
    /// Resolving and binding.
    Starting,
    /// Accepting at this address.
    Listening(SocketAddr),
    /// Told to stop; closing connections.
    Stopping,
    /// It never listened, or failed.
    Failed(Arc<Error>),
    /// Everything is closed.
    Stopped,
}

/// Sums over all connections since the start; exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Accepted.
    pub connections: u64,
    /// Open now.
    pub open: u64,
    /// Messages answered.
    pub greetings: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

/// One connection, open or closed.
#[derive(Debug)]
pub struct Connection {
    /// Its number, from 1.
    pub id: u64,
    /// Both ends.
    pub ends: Ends,
    /// The name of its thread.
    pub thread: String,
    /// When it was accepted.
    pub since: SystemTime,
    /// Every read and write.
    pub recording: Arc<Recording>,
}

impl Connection {
    /// What its thread is doing, and for how long.
    #[must_use]
    pub fn doing(&self) -> (Doing, Duration) {
        unimplemented!()
    }
    /// Bytes read.
    #[must_use]
    pub fn bytes_in(&self) -> u64 {
        unimplemented!()
    }
    /// Bytes written.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        unimplemented!()
    }
    /// Messages answered.
    #[must_use]
    pub fn greetings(&self) -> u64 {
        unimplemented!()
    }
    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        unimplemented!()
    }
}

/// A running server. Dropping it stops it and joins every thread.
#[derive(Debug)]
pub struct Server {}

impl Server {
    /// Starts to resolve `host`, bind and listen, on a thread of its own; returns at once.
    #[must_use]
    pub fn start(host: &str, port: u16, settings: Settings, recorder: &Arc<Recorder>, waker: Waker) -> Self {
        _ = (host, port, settings, recorder, waker);
        unimplemented!()
    }
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        unimplemented!()
    }
    /// Waits until it listens.
    ///
    /// # Errors
    /// It could not.
    pub fn wait_listening(&self) -> Result<SocketAddr, Arc<Error>> {
        unimplemented!()
    }
    /// The events of this run; ends when every thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        unimplemented!()
    }
    /// Sums over all connections.
    #[must_use]
    pub fn totals(&self) -> Totals {
        unimplemented!()
    }
    /// All open connections and the last closed ones, by number.
    #[must_use]
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        unimplemented!()
    }
    /// Asks it to stop and returns at once; [`Event::Stopped`] and the inbox's end say when it has.
    pub fn stop(&self) {
        unimplemented!()
    }
}
