//! Round trips: each connection sends a line, waits for its reply, and sends the next.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::{Done, PATIENCE, REPLY, WELCOME, check, hang_up, line, timed_out};

/// Round trips on so many connections at the same time, for so long.
pub fn run(server: SocketAddr, connections: usize, time: Duration) -> io::Result<Done> {
    let mut streams = connect(server, connections)?;
    match (streams.pop(), streams.is_empty()) {
        (Some(stream), true) => on_one(stream, time),
        (last, _) => on_many(streams.into_iter().chain(last), time),
    }
}

/// Connections that have been welcomed.
pub fn connect(server: SocketAddr, connections: usize) -> io::Result<Vec<std::net::TcpStream>> {
    let connected = || -> io::Result<_> {
        let stream = std::net::TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    let mut streams = Vec::with_capacity(connections);
    // No more at once than may wait to be accepted.
    while streams.len() < connections {
        let before = streams.len();
        for _ in before..connections.min(before + 1_000) {
            streams.push(connected()?);
        }
        for mut stream in &streams[before..] {
            let mut welcome = [0; WELCOME.len()];
            stream.read_exact(&mut welcome)?;
            check(WELCOME, 0, &welcome)?;
        }
    }
    Ok(streams)
}

/// Blocking, with nothing between the client and its socket: what is measured is the server.
fn on_one(mut stream: std::net::TcpStream, time: Duration) -> io::Result<Done> {
    let (mut buf, mut count) = ([0; REPLY + 1], 0);
    let begin = Instant::now();
    while begin.elapsed() < time {
        let (line, reply) = line(count);
        stream.write_all(line)?;
        let mut got = 0;
        while got < REPLY {
            let n = stream.read(&mut buf)?;
            got = check(reply, got, &buf[..n])?;
        }
        count += 1;
    }
    let time = begin.elapsed();
    hang_up(stream);
    Ok(Done { count: count as u64, time })
}

/// A connection that waits for a reply.
struct Client {
    stream: mio::net::TcpStream,
    line: usize,
    /// How much of the reply has come.
    got: usize,
    trips: u64,
}

fn on_many(streams: impl Iterator<Item = std::net::TcpStream>, time: Duration) -> io::Result<Done> {
    let mut poll = Poll::new()?;
    let mut clients = Vec::new();
    for (number, stream) in streams.enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
        // Each begins with another line: replies to others would be noticed.
        clients.push(Client { stream, line: number, got: 0, trips: 0 });
    }
    let mut events = Events::with_capacity(1_024);
    let begin = Instant::now();
    for client in &mut clients {
        client.send()?;
    }
    // Nobody may be left out: all have a reply in the end.
    let mut without = clients.len();
    while begin.elapsed() < time || without > 0 {
        match poll.poll(&mut events, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() || begin.elapsed() > time + PATIENCE {
            return Err(timed_out());
        }
        for event in &events {
            if let Some(client) = clients.get_mut(event.token().0) {
                let is_first = client.trips == 0;
                client.receive()?;
                without -= usize::from(is_first && client.trips > 0);
            }
        }
    }
    let time = begin.elapsed();
    let count = clients.iter().map(|client| client.trips).sum();
    clients.into_iter().for_each(|client| hang_up(client.stream));
    Ok(Done { count, time })
}

impl Client {
    /// A line always fits: nothing else is under way.
    fn send(&mut self) -> io::Result<()> {
        self.got = 0;
        let (line, _) = line(self.line);
        match self.stream.write(line)? {
            n if n == line.len() => Ok(()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }

    /// Takes what has come, and sends the next line if that is the whole reply.
    fn receive(&mut self) -> io::Result<()> {
        let mut buf = [0; REPLY + 1];
        loop {
            let n = match self.stream.read(&mut buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                read => read?,
            };
            let (_, reply) = line(self.line);
            self.got = check(reply, self.got, &buf[..n])?;
            if self.got == REPLY {
                // Nothing more can come before the next line: it need not be looked for.
                self.trips += 1;
                self.line += 1;
                return self.send();
            }
        }
    }
}
