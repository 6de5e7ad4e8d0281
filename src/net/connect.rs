//! From a host name to an open connection: resolve, then try each address in turn. Cancellable at every moment.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{after, bounded, select};
use mio::{Events, Interest, Poll, Token};

use super::cancel::Cancel;
use super::{Cause, Error, Operation, spawn};
use crate::recording::{Ends, Tried, What};

/// One address that was tried, and what came of it.
#[derive(Debug)]
pub struct Try {
    /// The address.
    pub address: SocketAddr,
    /// How long it took, whichever way it ended.
    pub took: Duration,
    /// `None` where it connected.
    pub error: Option<Error>,
}

impl Try {
    /// For the recording of what happened to the socket.
    pub(crate) fn as_event(&self) -> What {
        let failed = self.error.as_ref().map(|error| error.cause.to_string().into());
        What::Tried(Box::new(Tried { address: self.address, took: self.took, failed }))
    }
}

/// The addresses of `host`, in the system's order, each with `port`. A literal address needs no look-up.
///
/// `localhost` is both loopback addresses, whichever of them the system knows by that name (RFC 6761 §6.3).
///
/// The system's look-up cannot be interrupted: it runs on a thread of its own, which is left to itself when
/// `limit` has passed or `cancel` was called.
///
/// # Errors
/// Not found, timed out, cancelled.
pub fn resolve(host: &str, port: u16, limit: Duration, cancel: &Cancel) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = host.to_owned();
    let find = move || (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
    let error = |cause| Error::new(Operation::Resolve, host, cause);
    let mut addresses = look_up(find, limit, cancel).map_err(error)?;
    if is_localhost(host) {
        let loopbacks = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        addresses.extend(loopbacks.map(|loopback| SocketAddr::new(loopback, port)));
    }
    // One address can be listed once for each protocol.
    let mut seen = std::collections::HashSet::new();
    addresses.retain(|address| seen.insert(*address));
    if addresses.is_empty() { Err(error(Cause::HostNotFound)) } else { Ok(addresses) }
}

/// What `find` finds, if it does within `limit` and before `cancel`; an error of it is nothing found.
fn look_up(
    find: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Vec<SocketAddr>, Cause> {
    let (answer, answered) = bounded(1);
    spawn("resolve", move || {
        // Nobody waits any more where the answer comes too late.
        _ = answer.send(find());
    })
    .map_err(Cause::Os)?;
    select! {
        recv(answered) -> found => Ok(found.ok().and_then(Result::ok).unwrap_or_default()),
        recv(cancel.ended()) -> _ => Err(Cause::Cancelled),
        recv(after(limit)) -> _ => Err(Cause::TimedOut(limit)),
    }
}

/// Whether `host` is `localhost` or a name below it.
fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

/// Connects to the first of `addresses` that answers; `tried` is told about each as it ends. All tries together
/// take at most `limit`, shared evenly among the addresses still to try.
///
/// The stream is in blocking mode, with `TCP_NODELAY` set. Its ends are known even where the peer has reset it since.
///
/// # Errors
/// The error of the last address that was tried, unless there is no way to it and one before said more; or cancelled.
pub fn connect(
    addresses: &[SocketAddr],
    limit: Duration,
    cancel: &Cancel,
    mut tried: impl FnMut(Try),
) -> Result<(TcpStream, Ends), Error> {
    let deadline = Instant::now() + limit;
    let mut last = None;
    for (index, &address) in addresses.iter().enumerate() {
        let begun = Instant::now();
        let share = deadline.saturating_duration_since(begun) / (addresses.len() - index) as u32;
        let result = connect_one(address, share, cancel);
        let took = begun.elapsed();
        match result {
            Ok(connected) => {
                tried(Try { address, took, error: None });
                return Ok(connected);
            }
            Err(cause) => {
                let cancelled = matches!(cause, Cause::Cancelled);
                let error = |cause| Error::new(Operation::Connect, address, cause);
                tried(Try { address, took, error: Some(error(copy(&cause))) });
                let says_more = !matches!(cause, Cause::Unreachable | Cause::Os(_));
                if says_more || last.is_none() {
                    last = Some(error(cause));
                }
                if cancelled {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| Error::new(Operation::Connect, "", Cause::HostNotFound)))
}

/// A cause that is shown twice: in the list of tries, and as the error of the whole.
fn copy(cause: &Cause) -> Cause {
    match cause {
        Cause::Refused => Cause::Refused,
        Cause::Unreachable => Cause::Unreachable,
        Cause::Cancelled => Cause::Cancelled,
        Cause::TimedOut(limit) => Cause::TimedOut(*limit),
        Cause::Reset => Cause::Reset,
        Cause::NoDescriptors => Cause::NoDescriptors,
        other => Cause::Os(io::Error::other(other.to_string())),
    }
}

fn connect_one(address: SocketAddr, limit: Duration, cancel: &Cancel) -> Result<(TcpStream, Ends), Cause> {
    let cause = |error| Error::io(Operation::Connect, address, error).cause;
    let mut poll = Poll::new().map_err(cause)?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), Token(1)).map_err(cause)?);
    let _guard = cancel.on_cancel({
        let waker = Arc::clone(&waker);
        move || {
            // It fails only when the poll has gone, and with it whoever would have been woken.
            _ = waker.wake();
        }
    });
    let mut stream = mio::net::TcpStream::connect(address).map_err(cause)?;
    poll.registry().register(&mut stream, Token(0), Interest::WRITABLE).map_err(cause)?;
    let deadline = Instant::now() + limit;
    let mut events = Events::with_capacity(4);
    loop {
        if cancel.is_cancelled() {
            return Err(Cause::Cancelled);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Cause::TimedOut(limit));
        }
        match poll.poll(&mut events, Some(left)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled.map_err(cause)?,
        }
        if let Some(error) = stream.take_error().map_err(cause)? {
            return Err(cause(error));
        }
        match stream.peer_addr() {
            Ok(_) => break,
            // Not yet: an event that was not for us.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
            Err(error) => return Err(cause(error)),
        }
    }
    poll.registry().deregister(&mut stream).map_err(cause)?;
    let stream = TcpStream::from(stream);
    stream.set_nonblocking(false).map_err(cause)?;
    stream.set_nodelay(true).map_err(cause)?;
    let local = stream.local_addr().map_err(cause)?;
    Ok((stream, Ends { local, peer: address }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn every_address_is_tried_in_turn_and_the_winner_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let good = listener.local_addr().expect("address");
        let closed = {
            let other = TcpListener::bind("127.0.0.1:0").expect("listener");
            other.local_addr().expect("address")
        };
        let mut tries = Vec::new();
        let (stream, ends) =
            connect(&[closed, good], LIMIT, &Cancel::default(), |one| tries.push(one)).expect("connected");
        assert_eq!(ends, Ends { local: stream.local_addr().expect("local"), peer: good });
        assert!(
            matches!(tries[0], Try { address, error: Some(Error { cause: Cause::Refused, .. }), .. } if address == closed)
        );
        assert!(matches!(tries[1], Try { address, error: None, .. } if address == good));
    }

    #[test]
    fn an_address_without_a_way_to_it_hides_no_refusal() {
        let closed = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address");
        // No TCP connection leads to all computers at once.
        let nowhere = "255.255.255.255:9".parse().expect("address");
        let mut tries = Vec::new();
        let error = connect(&[closed, nowhere], LIMIT, &Cancel::default(), |one| tries.push(one)).expect_err("refused");
        assert!(matches!(error.cause, Cause::Refused) && error.target == closed.to_string(), "{error}: {tries:?}");
        assert_eq!(tries.len(), 2);
        assert!(connect(&[nowhere], LIMIT, &Cancel::default(), |_| {}).is_err());
    }

    /// A listener whose queue is full does not answer further connects: they wait.
    fn deaf() -> (socket2::Socket, Vec<TcpStream>, SocketAddr) {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
        socket.listen(0).expect("listening");
        let address = socket.local_addr().ok().and_then(|a| a.as_socket()).expect("address");
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            queue.push(stream);
            assert!(queue.len() < 100, "the queue never fills");
        }
        (socket, queue, address)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_connect_that_is_not_answered_ends_by_its_limit_or_by_cancel() {
        let (_socket, _queue, address) = deaf();
        let limit = Duration::from_millis(50);
        let error = connect(&[address], limit, &Cancel::default(), |_| {}).expect_err("timed out");
        assert!(matches!(error.cause, Cause::TimedOut(_)), "{error}");

        let cancel = Cancel::default();
        let (begun, waiting) = bounded(1);
        let worker = {
            let cancel = cancel.clone();
            spawn("connecting", move || {
                begun.send(()).expect("sent");
                connect(&[address], Duration::from_secs(60), &cancel, |_| {})
            })
            .expect("thread")
        };
        waiting.recv().expect("begun");
        cancel.cancel();
        assert!(worker.join().expect("joined").expect_err("cancelled").is_cancelled());
    }

    #[test]
    fn a_look_up_that_never_answers_ends_by_its_limit_or_by_cancel() {
        let (stuck, never_answers) = bounded::<()>(0);
        let find = move || {
            // Until the test ends.
            _ = never_answers.recv();
            Ok(Vec::new())
        };
        let limit = Duration::from_millis(50);
        assert!(matches!(look_up(find.clone(), limit, &Cancel::default()), Err(Cause::TimedOut(_))));
        let cancel = Cancel::default();
        let worker = {
            let (cancel, find) = (cancel.clone(), find);
            spawn("looking", move || look_up(find, Duration::from_secs(60), &cancel)).expect("thread")
        };
        cancel.cancel();
        assert!(matches!(worker.join().expect("joined"), Err(Cause::Cancelled)));
        drop(stuck);
    }

    #[test]
    fn names_and_literals_resolve_and_an_unknown_name_is_an_error() {
        let cancel = Cancel::default();
        assert_eq!(resolve("[::1]", 7, LIMIT, &cancel).expect("literal"), ["[::1]:7".parse().expect("address")]);
        let local = resolve("localhost", 7, LIMIT, &cancel).expect("localhost");
        assert!(local.iter().all(|address| address.ip().is_loopback()));
        for name in ["localhost", "LocalHost.", "sub.localhost"] {
            let found = resolve(name, 7, LIMIT, &cancel).expect("localhost");
            for both in ["127.0.0.1:7", "[::1]:7"] {
                let both = both.parse().expect("address");
                assert_eq!(found.iter().filter(|address| **address == both).count(), 1, "{name}: {found:?}");
            }
        }
        assert!(!is_localhost("notlocalhost") && !is_localhost("localhost.example"));
        let error = resolve("no-such-host.invalid", 7, LIMIT, &cancel).expect_err("unknown");
        assert!(matches!(error.cause, Cause::HostNotFound), "{error}");
    }
}
