//! One thread for all connections, told by the system which of them have something to read.

use std::io::{self, ErrorKind, Read as _, Write as _};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

use super::{WELCOME, greet, listen};

/// Connections have the numbers below.
const LISTENER: Token = Token(usize::MAX);

/// How often one connection is read in turn: then the others.
const READS: usize = 16;

/// One connection.
struct Peer {
    stream: TcpStream,
    /// What the client has not taken yet; nothing is read meanwhile.
    waiting: Vec<u8>,
    /// The client said `exit`.
    leaves: bool,
}

/// What came of serving a connection.
enum Served {
    /// All that had come is answered.
    Drained,
    /// There may be more to read.
    More,
    /// The client does not take what it is sent.
    Full,
    Closed,
}

/// Serves for as long as the process is there. `ready` is told the port.
pub fn run(receive: usize, ready: impl FnOnce(u16) -> io::Result<()>) -> io::Result<()> {
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    ready(listener.local_addr()?.port())?;
    let mut events = Events::with_capacity(1_024);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut free = Vec::new();
    let (mut read, mut replies) = (vec![0; receive], Vec::new());
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, poll.registry(), &mut peers, &mut free)?;
                continue;
            }
            let number = event.token().0;
            let Some(peer) = peers.get_mut(number).and_then(Option::as_mut) else { continue };
            match peer.serve(&mut read, &mut replies, event.is_read_closed()) {
                Served::Drained => {}
                // Asked again, it is told again.
                Served::More => poll.registry().reregister(&mut peer.stream, event.token(), Interest::READABLE)?,
                Served::Full => poll.registry().reregister(&mut peer.stream, event.token(), Interest::WRITABLE)?,
                Served::Closed => {
                    peers[number] = None;
                    free.push(number);
                }
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    registry: &Registry,
    peers: &mut Vec<Option<Peer>>,
    free: &mut Vec<usize>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        // Both fail only where the client has gone already: then reading tells.
        _ = stream.set_nodelay(true);
        _ = stream.write(WELCOME);
        let number = free.pop().unwrap_or_else(|| {
            peers.push(None);
            peers.len() - 1
        });
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        peers[number] = Some(Peer { stream, waiting: Vec::new(), leaves: false });
    }
}

impl Peer {
    /// Answers what has come. `ends` if the client has ended its side: then a short read is not the last.
    fn serve(&mut self, read: &mut [u8], replies: &mut Vec<u8>, ends: bool) -> Served {
        if !self.waiting.is_empty() {
            replies.clear();
            replies.append(&mut self.waiting);
            match self.write(replies) {
                // It waited for room, and is to be told of bytes again.
                Served::Drained if !self.leaves => return Served::More,
                Served::Drained => return Served::Closed,
                served => return served,
            }
        }
        for _ in 0..READS {
            let n = match self.stream.read(read) {
                Ok(0) => return Served::Closed,
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Served::Drained,
                Err(_) => return Served::Closed,
            };
            replies.clear();
            self.leaves = !greet(&read[..n], replies);
            match self.write(replies) {
                Served::Drained if self.leaves => return Served::Closed,
                Served::Drained => {}
                served => return served,
            }
            if n < read.len() && !ends {
                return Served::Drained;
            }
        }
        Served::More
    }

    /// Writes what the client takes at once, and keeps the rest.
    fn write(&mut self, replies: &[u8]) -> Served {
        let mut sent = 0;
        while sent < replies.len() {
            match self.stream.write(&replies[sent..]) {
                Ok(n) => sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.waiting.extend_from_slice(&replies[sent..]);
                    return Served::Full;
                }
                Err(_) => return Served::Closed,
            }
        }
        Served::Drained
    }
}
