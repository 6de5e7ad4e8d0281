//! Connections: clients come, are welcomed, say a line, read its reply and go.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use super::{Done, PATIENCE, REPLY, WELCOME, check, hang_up, line, timed_out};

/// How many clients there are at the same time.
const CLIENTS: usize = 16;

/// One client.
struct Client {
    stream: TcpStream,
    line: usize,
    welcomed: bool,
    /// How much of the welcome, or of the reply, has come.
    got: usize,
}

/// Connections for so long.
pub fn run(server: SocketAddr, time: Duration) -> io::Result<Done> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(CLIENTS);
    let mut count = 0;
    let begin = Instant::now();
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| Client::connect(server, number, number, poll.registry()).map(Some))
        .collect::<io::Result<_>>()?;
    while begin.elapsed() < time {
        match poll.poll(&mut events, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() {
            return Err(timed_out());
        }
        for event in &events {
            let number = event.token().0;
            let Some(place) = clients.get_mut(number) else { continue };
            if let Some(mut client) = place.take() {
                let line = client.line + 1;
                *place = Some(if client.receive()? {
                    count += 1;
                    hang_up(client.stream);
                    Client::connect(server, number, line, poll.registry())?
                } else {
                    client
                });
            }
        }
    }
    let time = begin.elapsed();
    clients.into_iter().flatten().for_each(|client| hang_up(client.stream));
    Ok(Done { count, time })
}

impl Client {
    fn connect(server: SocketAddr, number: usize, line: usize, registry: &Registry) -> io::Result<Self> {
        let mut stream = TcpStream::connect(server)?;
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        Ok(Self { stream, line, welcomed: false, got: 0 })
    }

    /// Takes what has come; true when all has come.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buf = [0; REPLY + 1];
        loop {
            let n = match self.stream.read(&mut buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                read => read?,
            };
            let (line, reply) = line(self.line);
            let expected = if self.welcomed { reply } else { WELCOME };
            self.got = check(expected, self.got, &buf[..n])?;
            if self.got < expected.len() {
                continue;
            }
            if self.welcomed {
                return Ok(true);
            }
            (self.welcomed, self.got) = (true, 0);
            if self.stream.write(line)? < line.len() {
                return Err(ErrorKind::WriteZero.into());
            }
            // The reply has yet to be made: it is told when it comes.
            return Ok(false);
        }
    }
}
