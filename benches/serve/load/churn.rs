//! Connections: clients come, are welcomed, say a line, read its reply and go.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use super::{Done, PATIENCE, REPLY, WELCOME, check, hang_up, line, timed_out};

/// How many clients there are at the same time.
const CLIENTS: usize = 16;

/// One client after the other.
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
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|number| Client::connect(server, number, poll.registry())).collect::<io::Result<_>>()?;
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
            if let Some(client) = clients.get_mut(number)
                && client.receive()?
            {
                count += 1;
                hang_up(&client.stream);
                client.stream = Client::stream(server, number, poll.registry())?;
                (client.line, client.welcomed, client.got) = (client.line + 1, false, 0);
            }
        }
    }
    let time = begin.elapsed();
    clients.iter().for_each(|client| hang_up(&client.stream));
    Ok(Done { count, time })
}

impl Client {
    fn connect(server: SocketAddr, number: usize, registry: &Registry) -> io::Result<Self> {
        Ok(Self { stream: Self::stream(server, number, registry)?, line: number, welcomed: false, got: 0 })
    }

    fn stream(server: SocketAddr, number: usize, registry: &Registry) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(server)?;
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        Ok(stream)
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
