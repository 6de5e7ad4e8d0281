//! The thread that resolves, binds and accepts, and joins all others at the end. Where there are no others it serves as well.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use super::connection::{Connection, Service};
use super::events::EventLoop;
use super::queue::Watch;
use super::rules::{self, Rules};
use super::serve::Job;
use super::{Event, Model, Shared, State};
use crate::i18n::t;
use crate::net::connect::resolve;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, Operation, address, lock};
use crate::recording::{Ends, Recorder};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// And all after it, where clients are served here.
const CLIENT: usize = 2;

/// So many clients are accepted before those that are here have their turn.
const ACCEPTS_IN_TURN: u32 = 64;

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
    shared.hang_up();
    shared.threads.join();
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
    service: Arc<Service>,
    recorder: &'a Arc<Recorder>,
    listener: mio::net::TcpListener,
    address: SocketAddr,
    poll: Poll,
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
        shared: &Arc<Shared>,
        recorder: &'a Arc<Recorder>,
        reporter: &Reporter<Event>,
    ) -> Result<Self, Error> {
        let settings = &shared.settings;
        let rules = Rules::new(&settings.rules, &settings.reply, rules::read_file)
            .map_err(|mistake| Error::new(Operation::Understand, t("rules"), Cause::Rule(mistake.text())))?;
        shared.prepare_tls()?;
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
        let acceptor = mio::Waker::new(poll.registry(), WAKER).map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        let (shared, reporter) = (Arc::clone(shared), reporter.clone());
        Ok(Self {
            service: Arc::new(Service { shared, reporter, rules, acceptor, poked: Mutex::default() }),
            recorder,
            listener,
            address,
            poll,
            failing: false,
            full: false,
            rest: BACK_OFF.0,
        })
    }

    /// Accepts until told to stop; closes the listener.
    fn accept(mut self) -> Result<(), Error> {
        let service = Arc::clone(&self.service);
        let model = service.shared.settings.model;
        let _guard = service.shared.stop.on_cancel({
            let service = Arc::clone(&service);
            move || {
                // It fails only when the poll has gone, and with it whoever would have been woken.
                _ = service.acceptor.wake();
                // Where this thread serves one after the other, it cannot stop accepting before that ends.
                if model == Model::Single {
                    service.shared.hang_up();
                }
            }
        });
        self.service.shared.set_state(State::Listening(self.address));
        self.service.reporter.send(Event::Listening(self.address));
        let wanted = self.service.shared.settings.backlog;
        if let Some(most) = longest_backlog().filter(|most| *most < wanted) {
            self.service.reporter.send(Event::BacklogCut { wanted, most });
        }
        let mut serving = match model {
            Model::Threads => Serving::Threads { shared: &service.shared, unserved: None },
            Model::Single => Serving::Single,
            Model::Events => Serving::Events(Box::new(EventLoop::new(&service, CLIENT))),
        };
        let result = self.accept_for(&mut serving);
        // Before the clients are told, so that no other comes.
        drop(self);
        serving.end();
        result
    }

    fn accept_for(&mut self, serving: &mut Serving<'_>) -> Result<(), Error> {
        let mut events = Events::with_capacity(1_024);
        // An event tells of new clients once: until the queue was seen empty there may be more.
        let mut waiting = true;
        let mut retry_at: Option<Instant> = None;
        // While nobody is let in: who waits.
        let mut watch = None;
        loop {
            retry_at = retry_at.filter(|at| Instant::now() < *at);
            let mut turn = ACCEPTS_IN_TURN;
            while waiting
                && turn > 0
                && retry_at.is_none()
                && !self.service.shared.stop.is_cancelled()
                && self.has_room()
            {
                turn -= 1;
                match self.accept_one(serving) {
                    Ok(more) => waiting = more,
                    Err(error) => retry_at = Some(Instant::now() + self.rest_after(error)),
                }
            }
            if self.service.shared.stop.is_cancelled() {
                return Ok(());
            }
            let more = waiting && turn == 0;
            if !more && (waiting || retry_at.is_some()) {
                watch.get_or_insert_with(|| Watch::new(self.address, &self.service.shared, &self.service.reporter));
            } else {
                watch = None;
            }
            let retry = retry_at.map(|at| at.saturating_duration_since(Instant::now()));
            let rest = if more { Some(Duration::ZERO) } else { serving.rest() };
            match self.poll.poll(&mut events, retry.into_iter().chain(rest).min()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                polled => polled.map_err(|error| Error::io(Operation::Accept, self.address, error))?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => waiting = true,
                    WAKER => {}
                    _ => serving.event(event),
                }
            }
            serving.go_on();
        }
    }

    /// Whether another connection is allowed; who closes the connection that makes room wakes the poll.
    fn has_room(&mut self) -> bool {
        let limit = self.service.shared.settings.most_connections;
        let room = lock(&self.service.shared.registry).open.len() < limit;
        if !room && !self.full {
            self.full = true;
            self.service.reporter.send(Event::Full { limit });
        }
        room
    }

    /// Accepts one client; says whether there may be more.
    fn accept_one(&mut self, serving: &mut Serving<'_>) -> io::Result<bool> {
        serving.serve_unserved()?;
        match self.listener.accept() {
            Ok((stream, peer)) => self.serve(stream, peer, serving).map(|()| true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Everyone has been let in. Not said earlier: with a full house each client that leaves would
                // make two lines in the log.
                self.full = false;
                self.rest = BACK_OFF.0;
                if std::mem::take(&mut self.failing) {
                    self.service.reporter.send(Event::AcceptWorks);
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
            self.service.reporter.send(Event::AcceptFails(Arc::new(Error::io(Operation::Accept, self.address, error))));
        }
        let rest = self.rest;
        self.rest = (rest * 2).min(BACK_OFF.1);
        rest
    }

    /// Sees to it that a client is served.
    fn serve(&self, stream: mio::net::TcpStream, peer: SocketAddr, serving: &mut Serving<'_>) -> io::Result<()> {
        // Where there is but one address, it is that.
        let local = if self.address.ip().is_unspecified() { stream.local_addr().ok() } else { None };
        let ends = Ends { local: local.unwrap_or(self.address), peer };
        let recording = self.recorder.open();
        recording.accepted(ends);
        let (connection, listed) = {
            let mut registry = lock(&self.service.shared.registry);
            registry.accepted += 1;
            let connection = Arc::new(Connection::new(registry.accepted, ends, recording));
            registry.open.insert(connection.id, Arc::clone(&connection));
            (connection, registry.listed.take())
        };
        // It may be long: nobody else is to wait for that.
        drop(listed);
        self.service.reporter.send(Event::Accepted { id: connection.id, peer });
        let job = |connection, stream: mio::net::TcpStream| Job {
            connection,
            stream: stream.into(),
            service: Arc::clone(&self.service),
        };
        match serving {
            Serving::Threads { unserved, .. } => {
                *unserved = Some(job(connection, stream));
                serving.serve_unserved()
            }
            Serving::Single => {
                let _watch = Watch::new(self.address, &self.service.shared, &self.service.reporter);
                job(connection, stream).run();
                Ok(())
            }
            Serving::Events(clients) => {
                clients.add(connection, stream, self.poll.registry());
                Ok(())
            }
        }
    }
}

/// Who serves the clients that are accepted.
enum Serving<'a> {
    /// A thread for each.
    Threads {
        shared: &'a Arc<Shared>,
        /// Has no thread yet, because there could be no further one.
        unserved: Option<Job>,
    },
    /// This thread, one after the other.
    Single,
    /// This thread, all at once.
    Events(Box<EventLoop<'a>>),
}

impl Serving<'_> {
    /// How long there is nothing to do unless something happens.
    fn rest(&self) -> Option<Duration> {
        match self {
            Self::Events(clients) => clients.rest(),
            Self::Threads { .. } | Self::Single => None,
        }
    }

    fn event(&mut self, event: &mio::event::Event) {
        if let Self::Events(clients) = self {
            clients.event(event);
        }
    }

    fn go_on(&mut self) {
        if let Self::Events(clients) = self {
            clients.go_on();
        }
    }

    /// Finds a thread for who has been accepted and has none.
    fn serve_unserved(&mut self) -> io::Result<()> {
        if let Self::Threads { shared, unserved } = self
            && let Some(job) = unserved.take()
            && let Err((error, job)) = shared.threads.serve(job, shared)
        {
            *unserved = Some(job);
            return Err(error);
        }
        Ok(())
    }

    /// Nobody comes any more.
    fn end(self) {
        match self {
            Self::Threads { unserved: Some(job), .. } => job.give_up(),
            Self::Threads { .. } | Self::Single => {}
            Self::Events(clients) => clients.end(),
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
