//! The greeting server of the tutorial: one thread accepts, each connection gets a named thread of its own, or all are served
//! by the thread that accepts, one after the other or all at once.
//!
//! * [`greeting`] — the protocol: bytes in, bytes out.
//! * [`latency`] — how long clients wait for replies; [`meter`] — what went on second by second.
//! * [`misbehave`] — what is sent when, well-behaved or not.
//! * [`conversation`] — both, as steps: read, write, wait, close. The same in all three ways of serving.
//! * `queue` — who waits to be accepted.
//! * `hand` — what a person does with one connection: send, pause, disconnect.
//! * [`profile`] — a server under a name, as a file.
//! * [`rules`] — what is answered besides the greeting; [`template`] — replies with places to fill in.
//! * `listener` — the thread `accept`: resolves, binds, accepts, and joins all others at the end.
//! * `threads` — the threads `conn-N` that `serve` one connection each; `events` — one thread that serves all.
//! * `connection` — what is known about one connection.

mod connection;
pub mod conversation;
mod events;
pub mod greeting;
mod hand;
pub mod latency;
mod listener;
pub mod meter;
pub mod misbehave;
pub mod profile;
mod queue;
pub mod rules;
mod serve;
pub mod template;
mod threads;

pub use connection::{Connection, Sample};
pub use hand::MOST_WAITING;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::cancel::Cancel;
use super::duplex::Duplex;
use super::report::{self, Inbox, Waker};
use super::tls::{Certificate, Layer, Own};
use super::{Cause, Error, Operation, lock, spawn};
use crate::i18n::{bytes, count, t, tf};
use crate::recording::Recorder;
use latency::Latency;
use misbehave::Misbehave;
use rules::Rule;
use threads::Threads;

/// The largest [`Settings::receive_size`]: 64 KiB.
pub const LARGEST_RECEIVE: usize = 64 << 10;

/// The largest [`Settings::most_connections`]: a process cannot have many more threads.
pub const MOST_CONNECTIONS: usize = 12_000;

/// How many closed connections are remembered.
pub const CLOSED_KEPT: usize = 1_000;

/// How long a client may read nothing while a write waits for it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take to agree on TLS.
pub const SECURE_LIMIT: Duration = Duration::from_secs(10);

/// Where one message ends and the next begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Each line (LF or CRLF) is a message, the reply ends the same way; bytes without a line end are a message as read.
    #[serde(alias = "Automatic")]
    #[default]
    Automatic,
    /// Strictly the tutorial's way: each read is a message.
    #[serde(alias = "AsRead")]
    AsRead,
    /// Waits for the line end.
    #[serde(alias = "Line")]
    Line,
}

/// Which thread serves whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A thread for each connection.
    #[serde(alias = "Threads")]
    #[default]
    Threads,
    /// The thread that accepts serves one connection after the other; the others wait in the queue.
    #[serde(alias = "Single")]
    Single,
    /// The thread that accepts serves all connections, and waits for none of them.
    Events,
}

/// Whether TLS is spoken, and what is shown for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Tls {
    /// No TLS.
    #[default]
    Off,
    /// A certificate made when the server starts, see [`Own::made`].
    Made,
    /// A certificate with the chain above it, and its key, see [`Own::read`].
    Files {
        /// The PEM file of the certificate and those above it.
        certificate: PathBuf,
        /// The PEM file of its private key.
        key: PathBuf,
    },
}

/// How the server behaves. Numbers out of their bounds are taken to the nearest bound.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which thread serves whom.
    pub model: Model,
    /// Sent on accept.
    pub welcome: String,
    /// The greeting, which answers what no rule does: a [`template::Template`] without escapes.
    pub reply: String,
    /// The first that matches a message answers it. At most [`rules::MOST_RULES`].
    pub rules: Vec<Rule>,
    /// What it does wrong on purpose.
    pub misbehave: Misbehave,
    /// Bytes of one read, at most: 1 to [`LARGEST_RECEIVE`].
    pub receive_size: usize,
    /// Pause before the answer to each read.
    #[serde(with = "profile::seconds")]
    pub pause: Duration,
    /// Where a message ends.
    pub boundary: Boundary,
    /// How many connections may wait to be accepted; the system may allow fewer.
    pub backlog: u32,
    /// How many connections are served at the same time, at most: 1 to [`MOST_CONNECTIONS`]. More wait in the queue.
    pub most_connections: usize,
    /// Whether TLS is spoken.
    pub tls: Tls,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: Model::default(),
            welcome: "Welcome!".to_owned(),
            reply: "Hello, {message}!".to_owned(),
            rules: Vec::new(),
            misbehave: Misbehave::default(),
            receive_size: 1_024,
            pause: Duration::from_secs(1),
            boundary: Boundary::default(),
            backlog: 5,
            most_connections: 10_000,
            tls: Tls::default(),
        }
    }
}

/// How a connection ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The client closed: an empty read.
    PeerClosed,
    /// The client closed in the middle of a line ([`Boundary::Line`]): so many bytes have had no answer.
    PeerClosedInLine(usize),
    /// The client said `exit`.
    Exit,
    /// A rule said so.
    Rule,
    /// The server misbehaves: it closed, or reset the connection.
    OnPurpose,
    /// The client broke it off.
    Reset,
    /// A person here broke it off.
    ResetHere,
    /// A person here disconnected it.
    Disconnected,
    /// The server was stopped.
    Stopped,
    /// Something went wrong.
    Failed(Arc<Error>),
}

/// What a connection's thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Accepted, and not served yet.
    Starting,
    /// Agreeing on TLS.
    Securing,
    /// Waiting in `read`.
    Reading,
    /// Pausing before the answer.
    Pausing,
    /// In `write`.
    Writing,
    /// A person holds it.
    Held,
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
    /// The system allows a shorter backlog than was asked for.
    BacklogCut {
        /// What was asked for.
        wanted: u32,
        /// What the system allows.
        most: u32,
    },
    /// A client came.
    Accepted {
        /// The connection's number.
        id: u64,
        /// The client's address.
        peer: SocketAddr,
    },
    /// A rule answered. Of each connection there is one such event until it has been taken; more are not counted.
    Matched(Arc<Sample>),
    /// A connection ended.
    Closed {
        /// The connection's number.
        id: u64,
        /// The client's address.
        peer: SocketAddr,
        /// How.
        ended: Ended,
    },
    /// What a person sent did not go out.
    SendFailed(Arc<Error>),
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
        match self {
            Self::Listening(address) => tf("server-listening", &[("address", address.to_string().into())]),
            Self::Failed(error) | Self::AcceptFails(error) | Self::SendFailed(error) => error.to_string(),
            Self::BacklogCut { wanted, most } => {
                tf("server-backlog-cut", &[("wanted", (*wanted).into()), ("most", (*most).into())])
            }
            Self::Accepted { peer, .. } => tf("server-accepted", &[("peer", peer.to_string().into())]),
            Self::Matched(sample) => sample.text(),
            Self::Closed { peer, ended, .. } => {
                tf("server-closed", &[("peer", peer.to_string().into()), ("how", ended.text().into())])
            }
            Self::Full { limit } => {
                tf("server-full", &[("n", (*limit).into()), ("limit", count(*limit as u64).into())])
            }
            Self::AcceptWorks => t("server-accept-works"),
            Self::Stopped => t("server-stopped"),
        }
    }
}

impl Ended {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::PeerClosed => t("server-ended-peer-closed"),
            Self::PeerClosedInLine(n) => tf("server-ended-in-line", &[("size", bytes(*n as u64).into())]),
            Self::Exit => t("server-ended-exit"),
            Self::Rule => t("server-ended-rule"),
            Self::OnPurpose => t("server-ended-on-purpose"),
            Self::Reset => t("server-ended-reset"),
            Self::ResetHere => t("server-ended-reset-here"),
            Self::Disconnected => t("server-ended-disconnected"),
            Self::Stopped => t("server-ended-stopped"),
            Self::Failed(error) => error.to_string(),
        }
    }
}

impl Doing {
    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        t(match self {
            Self::Starting => "server-doing-starting",
            Self::Securing => "server-doing-securing",
            Self::Reading => "server-doing-reading",
            Self::Pausing => "server-doing-pausing",
            Self::Writing => "server-doing-writing",
            Self::Held => "server-doing-held",
            Self::Closed => "server-doing-closed",
        })
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

impl Totals {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let args = [
            ("connections", self.connections.into()),
            ("connections-text", count(self.connections).into()),
            ("greetings", self.greetings.into()),
            ("greetings-text", count(self.greetings).into()),
            ("in", bytes(self.bytes_in).into()),
            ("out", bytes(self.bytes_out).into()),
        ];
        tf("server-totals", &args)
    }
}

/// What the handle and all threads of one run share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    /// Ends resolving and accepting.
    stop: Cancel,
    /// Ends the connections: after the listener is closed.
    hang_up: Cancel,
    state: Mutex<State>,
    state_changed: Condvar,
    registry: Mutex<Registry>,
    threads: Threads,
    /// Who waits to be accepted.
    waiting: Mutex<Vec<SocketAddr>>,
    /// How long messages waited for their replies.
    latency: Latency,
    /// Threads that send what a client did not take at once.
    senders: Mutex<Vec<JoinHandle<()>>>,
    /// What is shown where TLS is spoken, once it listens.
    own: OnceLock<Own>,
}

/// All connections that are remembered.
#[derive(Debug, Default)]
struct Registry {
    accepted: u64,
    open: BTreeMap<u64, Arc<Connection>>,
    /// The last [`CLOSED_KEPT`], oldest first.
    closed: VecDeque<Arc<Connection>>,
    /// Sums over those that have closed.
    retired: Totals,
    /// All of them by number, if somebody has asked for that since one came or went.
    listed: Option<Arc<[Arc<Connection>]>>,
}

impl Registry {
    /// Another one whenever a connection has come or gone.
    fn state(&self) -> (u64, usize) {
        (self.accepted, self.open.len())
    }
}

impl Shared {
    /// Makes or reads what is shown where TLS is spoken.
    fn prepare_tls(&self) -> Result<(), Error> {
        let own = match &self.settings.tls {
            Tls::Off => return Ok(()),
            Tls::Made => Own::made()?,
            Tls::Files { certificate, key } => Own::read(certificate, key)?,
        };
        // It listens once.
        _ = self.own.set(own);
        Ok(())
    }

    /// A client's connection, with TLS over it where that is spoken.
    fn over_tls(&self, wire: Duplex) -> Result<Duplex, Error> {
        let Some(own) = self.own.get() else { return Ok(wire) };
        let error = |trouble| Error::new(Operation::Tls, wire.peer(), trouble);
        let layer = Layer::server(own.config()).map_err(error)?;
        Ok(wire.over_tls(layer))
    }

    fn set_state(&self, new: State) {
        let mut state = lock(&self.state);
        // Who was told to stop while it was starting stays told.
        if !matches!((&*state, &new), (State::Stopping, State::Listening(_))) {
            *state = new;
            self.state_changed.notify_all();
        }
    }

    /// Ends every connection that a thread serves, now and from now on.
    fn hang_up(&self) {
        self.hang_up.cancel();
        let open: Vec<_> = lock(&self.registry).open.values().cloned().collect();
        open.iter().for_each(|connection| connection.hand.hang_up());
    }

    /// Moves a connection from the open ones to the closed; says whether there was no room for another before.
    fn retire(&self, connection: &Arc<Connection>) -> bool {
        let mut registry = lock(&self.registry);
        let was_full = registry.open.len() >= self.settings.most_connections;
        registry.open.remove(&connection.id);
        connection.add_to(&mut registry.retired);
        let forgotten = if registry.closed.len() == CLOSED_KEPT { registry.closed.pop_front() } else { None };
        registry.closed.push_back(Arc::clone(connection));
        let listed = registry.listed.take();
        drop(registry);
        // With its recording, which takes its time: nobody is to wait for that.
        drop((forgotten, listed));
        was_full
    }
}

/// A running server. Dropping it stops it and joins every thread.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    inbox: Inbox<Event>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to resolve `host`, bind and listen, on a thread of its own; returns at once. `host` is a name or an
    /// address, port 0 takes a free one.
    #[must_use]
    pub fn start(host: &str, port: u16, mut settings: Settings, recorder: &Arc<Recorder>, waker: Waker) -> Self {
        settings.receive_size = settings.receive_size.clamp(1, LARGEST_RECEIVE);
        settings.rules.truncate(rules::MOST_RULES);
        settings.most_connections = settings.most_connections.clamp(1, MOST_CONNECTIONS);
        let (reporter, inbox) = report::channel(report::CAPACITY, waker);
        let shared = Arc::new(Shared {
            settings,
            stop: Cancel::default(),
            hang_up: Cancel::default(),
            state: Mutex::new(State::Starting),
            state_changed: Condvar::new(),
            registry: Mutex::default(),
            threads: Threads::default(),
            waiting: Mutex::default(),
            latency: Latency::default(),
            senders: Mutex::default(),
            own: OnceLock::new(),
        });
        let host = host.trim_matches(['[', ']']).to_owned();
        let target = super::address::join(&host, port);
        let name = if shared.settings.model == Model::Events { "events" } else { "accept" };
        let begun = spawn(name, {
            let (shared, recorder, reporter) = (Arc::clone(&shared), Arc::clone(recorder), reporter.clone());
            move || listener::run(&host, port, &shared, &recorder, &reporter)
        });
        let acceptor = begun
            .map_err(|error| {
                let error = Arc::new(Error::io(Operation::Work, target, error));
                shared.set_state(State::Failed(Arc::clone(&error)));
                reporter.send(Event::Failed(error));
            })
            .ok();
        Self { shared, inbox, acceptor }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.shared.state).clone()
    }

    /// Waits until it listens.
    ///
    /// # Errors
    /// It could not, or was stopped.
    pub fn wait_listening(&self) -> Result<SocketAddr, Arc<Error>> {
        let mut state = lock(&self.shared.state);
        loop {
            match &*state {
                State::Starting => {}
                State::Listening(address) => return Ok(*address),
                State::Failed(error) => return Err(Arc::clone(error)),
                State::Stopping | State::Stopped => {
                    return Err(Arc::new(Error::new(Operation::Listen, "", Cause::Cancelled)));
                }
            }
            state = self.shared.state_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything is closed and every connection's thread has ended, after [`Server::stop`] or a failure.
    pub fn wait_stopped(&self) {
        let mut state = lock(&self.shared.state);
        while !matches!(*state, State::Stopped | State::Failed(_)) {
            state = self.shared.state_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The events of this run; ends when every thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        &self.inbox
    }

    /// Sums over all connections.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let registry = lock(&self.shared.registry);
        let mut totals = registry.retired;
        totals.connections = registry.accepted;
        totals.open = registry.open.len() as u64;
        registry.open.values().for_each(|connection| connection.add_to(&mut totals));
        totals
    }

    /// How long clients waited for replies: from when a read returned until all replies to it were written.
    #[must_use]
    pub fn latency(&self) -> &Latency {
        &self.shared.latency
    }

    /// How many connections are open, as in [`Totals::open`].
    #[must_use]
    pub fn open(&self) -> u64 {
        lock(&self.shared.registry).open.len() as u64
    }

    /// Who waits to be accepted, while clients must wait: the system has completed their connections. Known on Linux alone.
    #[must_use]
    pub fn waiting(&self) -> Vec<SocketAddr> {
        lock(&self.shared.waiting).clone()
    }

    /// The certificate that is shown to clients, then those above it; `None` before it listens, and without TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<Arc<[Certificate]>> {
        self.shared.own.get().map(Own::chain)
    }

    /// All open connections and the last [`CLOSED_KEPT`] closed ones, by number. While none comes or goes it is the same list.
    #[must_use]
    pub fn connections(&self) -> Arc<[Arc<Connection>]> {
        let (mut all, state) = {
            let registry = lock(&self.shared.registry);
            if let Some(listed) = &registry.listed {
                return Arc::clone(listed);
            }
            let all: Vec<_> = registry.closed.iter().chain(registry.open.values()).cloned().collect();
            (all, registry.state())
        };
        all.sort_unstable_by_key(|connection| connection.id);
        let all: Arc<[_]> = all.into();
        let mut registry = lock(&self.shared.registry);
        if registry.state() == state {
            registry.listed = Some(Arc::clone(&all));
        }
        all
    }

    /// Asks it to stop and returns at once; [`Event::Stopped`] and the inbox's end say when it has.
    pub fn stop(&self) {
        {
            let mut state = lock(&self.shared.state);
            if matches!(*state, State::Starting | State::Listening(_)) {
                *state = State::Stopping;
                self.shared.state_changed.notify_all();
            }
        }
        self.shared.stop.cancel();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if let Some(acceptor) = self.acceptor.take() {
            // Its panics are caught inside and reported.
            _ = acceptor.join();
        }
    }
}
