//! Serves one client in a thread of its own, whose reads, writes and pauses wait.

use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::connection::{Connection, Service, broken};
use super::conversation::{Conversation, Do, Why};
use super::hand::Link;
use super::{Doing, Ended, SECURE_LIMIT, WRITE_TIMEOUT};
use crate::net::Error;
use crate::net::duplex::{Duplex, Heard};
use crate::prefetch;
use crate::recording::Room;

/// How often a thread that is held looks whether it may go on.
const HELD: Duration = Duration::from_millis(50);

/// How often a long pause looks whether a person has ended the connection.
const LOOK: Duration = Duration::from_secs(1);

/// The room for a read, as long as reads do not fill it: there may be thousands of threads.
const SMALL: usize = 2 << 10;

/// What answering uses of the stack below [`Talk::converse`], about, in bytes: a thread that was waiting finds none of it in the
/// processor's caches.
const STACK: usize = 896;

/// After a close, so much of what the client has still sent is read, in bytes.
const MOST_FAREWELL: usize = 1 << 20;

/// A client to be served.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) connection: Arc<Connection>,
    pub(super) stream: TcpStream,
    pub(super) service: Arc<Service>,
}

impl Job {
    /// Serves the client until it or the server is done, in the calling thread.
    pub(super) fn run(self) {
        let Self { connection, stream, service } = self;
        connection.served_here();
        // A mistake in serving one client must not end the others.
        let ended = catch_unwind(AssertUnwindSafe(|| serve(&connection, stream, &service)))
            .unwrap_or_else(|panic| Ended::Failed(Arc::new(Error::panic(connection.ends.peer, &*panic))));
        service.end(&connection, ended);
    }

    /// The server stops before there was a thread for the client.
    pub(super) fn give_up(self) {
        let Self { connection, stream, service } = self;
        connection.recording.ending();
        drop(stream);
        connection.recording.closed();
        service.end(&connection, Ended::Stopped);
    }
}

fn serve(connection: &Arc<Connection>, stream: TcpStream, service: &Arc<Service>) -> Ended {
    let wire = Duplex::new(stream, connection.ends.peer, Arc::clone(&connection.recording), WRITE_TIMEOUT);
    let wire = match wire.and_then(|wire| service.shared.over_tls(wire)) {
        Ok(wire) => Arc::new(wire),
        Err(error) => return broken(error),
    };
    connection.hand.link(Link { wire: Arc::clone(&wire), service: Arc::clone(service), place: None });
    // Whoever ends all connections ends those that have a link; and this one, if it was too late for that.
    if service.shared.hang_up.is_cancelled() {
        wire.shut();
    }
    Talk { connection, wire: &wire, service }.converse().unwrap_or_else(broken)
}

/// Parts from a client as is fit, in whichever way it was served; the stream is closed after that. How the connection ended.
pub(super) fn part(connection: &Connection, wire: &Duplex, why: Why, room: &mut Room) -> Ended {
    if why == Why::Reset {
        wire.reset();
    } else if why.is_polite() {
        wire.say_goodbye(room, MOST_FAREWELL, |n| connection.count_in(n));
    }
    why.ended(connection.ends)
}

/// The size of the next room, after a read that returned `read` bytes: small, and `most` only while reads fill it.
fn room_after(read: usize, most: usize) -> usize {
    if read < SMALL { most.min(SMALL) } else { most }
}

/// The conversation of a thread with its client.
struct Talk<'a> {
    connection: &'a Arc<Connection>,
    wire: &'a Duplex,
    service: &'a Service,
}

impl Talk<'_> {
    /// Talks until one of the two ends it.
    fn converse(&self) -> Result<Ended, Error> {
        let Self { connection, wire, service } = *self;
        let settings = &service.shared.settings;
        if wire.is_over_tls() {
            service.show(connection, Doing::Securing);
            wire.secure(SECURE_LIMIT)?;
        }
        let mut talk = Conversation::new(settings, &service.rules, connection.ends);
        let most = settings.receive_size;
        let mut room = Room::new(room_after(0, most));
        let mut came = 0;
        // It was heard, and is heard on before it is answered.
        let mut goes_on = false;
        loop {
            match if goes_on { Do::Read } else { talk.next() } {
                Do::Read => {
                    let size = room.size();
                    let next = if goes_on { wire.hear_at_once(&mut room) } else { self.hear(&mut talk, &mut room) };
                    let Some(mut heard) = next? else {
                        if std::mem::take(&mut goes_on) {
                            continue;
                        }
                        return Ok(Ended::Stopped);
                    };
                    if !goes_on {
                        came = heard.came();
                    }
                    let n = heard.bytes().len();
                    connection.count_in(n);
                    talk.heard(heard.bytes());
                    goes_on = talk.hears_on(n == size);
                    if !goes_on && let Some(bytes) = talk.to_write() {
                        let sent = self.write(Some(&mut heard), bytes)?;
                        talk.sent(sent);
                    }
                    drop(heard);
                    room.resize(room_after(n, most));
                }
                Do::Write(bytes) => {
                    let sent = self.write(None, bytes)?;
                    talk.sent(sent);
                }
                Do::Wait(time) => {
                    if !self.pause(time) {
                        return Ok(Ended::Stopped);
                    }
                }
                Do::Stall => {
                    while self.pause(Duration::from_secs(3_600)) {}
                    return Ok(Ended::Stopped);
                }
                Do::Answered => service.answered(connection, &mut talk, came),
                Do::Close(why) => return Ok(part(connection, wire, why, &mut room)),
            }
        }
    }

    /// Waits for what the client says next; `None` if the connection ends while a person holds it.
    fn hear<'a>(&'a self, talk: &mut Conversation<'_>, room: &'a mut Room) -> Result<Option<Heard<'a>>, Error> {
        let Self { connection, wire, service } = self;
        service.reporter.wake();
        connection.set_reading();
        if talk.replied() == 0 {
            // There may be thousands who never say anything.
            talk.drop_response();
        }
        let mut held = false;
        let mut heard = wire.hear(room, || {
            prefetch::stack(STACK);
            connection.prefetch();
            talk.prefetch();
            held = connection.hand.is_held();
        })?;
        if held {
            heard.keep();
            if !self.wait_while_held() {
                return Ok(None);
            }
        }
        Ok(Some(heard))
    }

    /// Writes all of `bytes`, which may answer what was heard; how many that were.
    fn write(&self, heard: Option<&mut Heard<'_>>, bytes: &[u8]) -> Result<usize, Error> {
        let Self { connection, wire, .. } = self;
        let (written, blocks) = (|n| connection.count_out(n), || connection.set_doing(Doing::Writing));
        connection.hand.write(wire, heard, bytes, written, blocks)?;
        Ok(bytes.len())
    }

    /// Waits; false if the connection ends meanwhile.
    fn pause(&self, time: Duration) -> bool {
        self.service.show(self.connection, Doing::Pausing);
        let mut left = time;
        loop {
            let now = left.min(LOOK);
            if !self.service.shared.hang_up.pause(now) || self.wire.is_shut() {
                return false;
            }
            left -= now;
            if left.is_zero() {
                self.connection.set_doing(Doing::Writing);
                return true;
            }
        }
    }

    /// Waits for as long as a person holds the connection; false if the server stops meanwhile.
    fn wait_while_held(&self) -> bool {
        let Self { connection, wire, service } = self;
        service.show(connection, Doing::Held);
        while connection.hand.is_held() && !wire.is_shut() {
            if !service.shared.hang_up.pause(HELD) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_grows_while_reads_fill_it_and_never_beyond_what_is_allowed() {
        for (read, then) in [(0, SMALL), (SMALL - 1, SMALL), (SMALL, 64 << 10), (64 << 10, 64 << 10)] {
            assert_eq!(room_after(read, 64 << 10), then);
        }
        assert_eq!((room_after(0, 4), room_after(4, 4)), (4, 4));
        assert_eq!((room_after(0, SMALL), room_after(SMALL, SMALL)), (SMALL, SMALL));
    }
}
