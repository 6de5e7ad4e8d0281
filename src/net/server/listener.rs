//! The thread that resolves, binds and accepts, and joins all others at the end.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use super::connection::{self, Connection, Job};
use super::queue::Watch;
use super::rules::{self, Rules};
use super::{ACCEPT, Ended, Event, Model, Shared, State, Threads};
use crate::i18n::t;
use crate::net::connect::resolve;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, Operation, address, lock, spawn};
use crate::recording::{Ends, Recorder};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);

/// For the look-up of the name to bind to.
const RESOLVE_LIMIT: Duration = Duration::from_secs(10);

/// How long accepting rests after a failure: doubled from the first to the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The thread `accept`: the whole life of a server.
pub(super) fn run(host: &str, port: u16, shared: &Arc<Shared>, recorder: &Arc<Recorder>, reporter: &Reporter<Event>) {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let acceptor = Acceptor::bind(host, port, shared, recorder, reporter)?;
        acceptor.accept()
    }))
    .unwrap_or_else(|panic| Err(Error::panic(address::join(host, port), &*panic)));
    // The listener is closed: nobody comes any more. Now those who are here.
    shared.hang_up.cancel();
    let Threads { running, finished } = std::mem::take(&mut *lock(&shared.threads));
    for thread in running.into_values().chain(finished) {
        // Its panics were caught and reported.
        _ = thread.join();
    }
    // No connection is left that could get another.
    for thread in std::mem::take(&mut *lock(&shared.senders)) {
        _ = thread.join();
    }
    let (state, event) = match result {
        Err(error) if !error.is_cancelled() => {
            let error = Arc::new(error);
            (State::Failed(Arc::clone(&error)), Event::Failed(error))
        }
        _ => (State::Stopped, Event::Stopped),
    };
    shared.set_state(state);
    reporter.send(event);
}

struct Acceptor<'a> {
    shared: &'a Arc<Shared>,
    recorder: &'a Arc<Recorder>,
    reporter: &'a Reporter<Event>,
    rules: Arc<Rules>,
    listener: mio::net::TcpListener,
    address: SocketAddr,
    poll: Poll,
    waker: Arc<mio::Waker>,
    /// `accept` has failed and was not seen to work again.
    failing: bool,
    /// It was said that there is no room.
    full: bool,
    /// How long to rest after the next failure.
    rest: Duration,
}

impl<'a> Acceptor<'a> {
    /// Listens at the first address of `host` that this machine has.
    fn bind(
        host: &str,
        port: u16,
        shared: &'a Arc<Shared>,
        recorder: &'a Arc<Recorder>,
        reporter: &'a Reporter<Event>,
    ) -> Result<Self, Error> {
        let settings = &shared.settings;
        let rules = Rules::new(&settings.rules, &settings.reply, rules::read_file)
            .map_err(|mistake| Error::new(Operation::Understand, t("rules"), Cause::Rule(mistake.text())))?;
        let mut bound = Err(ErrorKind::AddrNotAvailable.into());
        let mut address = None;
        for candidate in resolve(host, port, RESOLVE_LIMIT, &shared.stop)? {
            address = Some(candidate);
            bound = listen(candidate, settings.backlog);
            if !bound.as_ref().is_err_and(is_not_ours) {
                break;
            }
        }
        let target = address.map_or_else(|| address::join(host, port), |address| address.to_string());
        let error = |error| Error::io(Operation::Listen, &target, error);
        let mut listener = bound.map_err(error)?;
        let poll = Poll::new().map_err(error)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(error)?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER).map_err(error)?);
        let address = listener.local_addr().map_err(error)?;
        Ok(Self {
            shared,
            recorder,
            reporter,
            rules: Arc::new(rules),
            listener,
            address,
            poll,
            waker,
            failing: false,
            full: false,
            rest: BACK_OFF.0,
        })
    }

    /// Accepts until told to stop; closes the listener.
    fn accept(mut self) -> Result<(), Error> {
        let _guard = self.shared.stop.on_cancel({
            let waker = Arc::clone(&self.waker);
            // Where this thread serves, it cannot stop accepting before that ends.
            let hang_up = self.is_single().then(|| self.shared.hang_up.clone());
            move || {
                // It fails only when the poll has gone, and with it whoever would have been woken.
                _ = waker.wake();
                if let Some(hang_up) = &hang_up {
                    hang_up.cancel();
                }
            }
        });
        self.shared.set_state(State::Listening(self.address));
        self.reporter.send(Event::Listening(self.address));
        let wanted = self.shared.settings.backlog;
        if let Some(most) = longest_backlog().filter(|most| *most < wanted) {
            self.reporter.send(Event::BacklogCut { wanted, most });
        }
        let mut events = Events::with_capacity(8);
        // An event tells of new clients once: until the queue was seen empty there may be more.
        let mut waiting = true;
        let mut retry_at: Option<Instant> = None;
        // While nobody is let in: who waits.
        let mut watch = None;
        loop {
            retry_at = retry_at.filter(|at| Instant::now() < *at);
            while waiting && retry_at.is_none() && !self.shared.stop.is_cancelled() && self.has_room() {
                match self.accept_one() {
                    Ok(more) => waiting = more,
                    Err(error) => retry_at = Some(Instant::now() + self.rest_after(error)),
                }
            }
            if self.shared.stop.is_cancelled() {
                return Ok(());
            }
            if waiting || retry_at.is_some() {
                watch.get_or_insert_with(|| Watch::new(self.address, self.shared, self.reporter));
            } else {
                watch = None;
            }
            let timeout = retry_at.map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                polled => polled.map_err(|error| Error::io(Operation::Accept, self.address, error))?,
            }
            waiting |= events.iter().any(|event| event.token() == LISTENER);
        }
    }

    /// Whether this thread serves the connections as well.
    fn is_single(&self) -> bool {
        self.shared.settings.model == Model::Single
    }

    /// Whether another connection is allowed; who closes the connection that makes room wakes the poll.
    fn has_room(&mut self) -> bool {
        let limit = self.shared.settings.most_connections;
        let room = lock(&self.shared.registry).open.len() < limit;
        if !room && !self.full {
            self.full = true;
            self.reporter.send(Event::Full { limit });
        }
        room
    }

    /// Accepts one client; says whether there may be more.
    fn accept_one(&mut self) -> io::Result<bool> {
        match self.listener.accept() {
            Ok((stream, peer)) => self.serve(stream.into(), peer).map(|()| true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Everyone has been let in. Not said earlier: with a full house each client that leaves would
                // make two lines in the log.
                self.full = false;
                self.rest = BACK_OFF.0;
                if std::mem::take(&mut self.failing) {
                    self.reporter.send(Event::AcceptWorks);
                }
                Ok(false)
            }
            // The client has given up waiting: nobody's trouble.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Says it once, and how long to rest. The clients wait in the queue meanwhile.
    fn rest_after(&mut self, error: io::Error) -> Duration {
        if !std::mem::replace(&mut self.failing, true) {
            self.reporter.send(Event::AcceptFails(Arc::new(Error::io(Operation::Accept, self.address, error))));
        }
        let rest = self.rest;
        self.rest = (rest * 2).min(BACK_OFF.1);
        rest
    }

    /// Gives a connection its thread.
    fn serve(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        let ends = Ends { local: stream.local_addr().unwrap_or(self.address), peer };
        let recording = self.recorder.open();
        recording.accepted(ends);
        let connection = {
            let mut registry = lock(&self.shared.registry);
            registry.accepted += 1;
            let id = registry.accepted;
            let thread = if self.is_single() { ACCEPT.to_owned() } else { format!("conn-{id}") };
            let connection = Arc::new(Connection::new(id, ends, thread, recording));
            registry.open.insert(connection.id, Arc::clone(&connection));
            connection
        };
        let id = connection.id;
        self.reporter.send(Event::Accepted { id, peer });
        let name = connection.thread.clone();
        let job = Job {
            connection: Arc::clone(&connection),
            stream,
            shared: Arc::clone(self.shared),
            reporter: self.reporter.clone(),
            rules: Arc::clone(&self.rules),
            acceptor: Arc::clone(&self.waker),
        };
        if self.is_single() {
            let _watch = Watch::new(self.address, self.shared, self.reporter);
            connection::run(job);
            return Ok(());
        }
        // Locked until its handle is in its place: the thread looks for it there when it ends.
        let mut threads = lock(&self.shared.threads);
        match spawn(&name, move || connection::run(job)) {
            Ok(thread) => {
                threads.running.insert(id, thread);
                Ok(())
            }
            Err(error) => {
                drop(threads);
                let what = Error::io(Operation::Work, peer, io::Error::new(error.kind(), error.to_string()));
                connection::end(&connection, Ended::Failed(Arc::new(what)), self.shared, self.reporter, &self.waker);
                Err(error)
            }
        }
    }
}

/// The longest backlog that the system allows, if it says so: on Linux `net.core.somaxconn`, see listen(2).
fn longest_backlog() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?.trim().parse().ok()
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<mio::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // So that connections that have just ended do not keep the port. On Windows it would let two listen at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // All networks, IPv4 too. A system that cannot do that serves IPv6 alone.
        _ = socket.set_only_v6(false);
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)?;
    Ok(mio::net::TcpListener::from_std(socket.into()))
}

/// No card has the address, or its address family is switched off here: another address may do.
fn is_not_ours(error: &io::Error) -> bool {
    // EAFNOSUPPORT, for which std has no kind.
    let no_family = if cfg!(windows) {
        10_047
    } else if cfg!(target_os = "linux") {
        97
    } else {
        47
    };
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(no_family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_machine_or_family_lets_the_next_one_be_tried() {
        let other = listen(SocketAddr::from(([192, 0, 2, 1], 0)), 5).expect_err("not ours");
        assert!(is_not_ours(&other), "{other}");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("listener");
        let address = taken.local_addr().expect("address");
        assert!(!is_not_ours(&listen(address, 5).expect_err("in use")));
    }
}
