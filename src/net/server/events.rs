//! Serves all clients in one thread, which never waits for one of them: it asks the system who has sent something, or takes
//! something again, and does what can be done at once (see epoll(7) on Linux).

mod round;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Token;
use mio::event::Event;

use self::round::Round;
use super::connection::{Connection, Service, broken};
use super::conversation::{Conversation, Do, Responses};
use super::hand::Link;
use super::serve::part;
use super::{Doing, Ended, SECURE_LIMIT, WRITE_TIMEOUT};
use crate::net::duplex::Duplex;
use crate::net::{Error, Operation, lock};
use crate::recording::Room;

/// Reads of one client before it is another one's turn; those that are answered together are not parted.
const READS_IN_TURN: u32 = 16;

/// Who has said so much at once will go on so, and has its turn apart, in bytes.
const MUCH: usize = 2 << 10;

/// All clients of a server, and what each waits for.
pub(super) struct EventLoop<'a> {
    service: &'a Arc<Service>,
    /// The tokens before this one are not for clients.
    first: usize,
    clients: Vec<Option<Box<Client<'a>>>>,
    /// Places in `clients` where nobody is.
    free: Vec<usize>,
    /// When whose time has come: one for each client at the most.
    due: BTreeSet<(Instant, usize)>,
    /// Whose turn was over before all was done.
    unfinished: Vec<usize>,
    /// Who was heard and is to be answered.
    round: Round,
    /// What a read returns, of whichever client.
    room: Room,
    /// For what clients are told. One that is told nothing and may be silent for long has none.
    responses: Responses,
}

struct Client<'a> {
    connection: Arc<Connection>,
    wire: Arc<Duplex>,
    talk: Conversation<'a>,
    /// Until then TLS is to be agreed on.
    securing: Option<Instant>,
    /// When the newest read returned, see [`Recording::newest`](crate::recording::Recording::newest).
    came: u64,
    /// Until then it waits.
    pausing: Option<Instant>,
    /// Since then it takes nothing.
    blocked: Option<Instant>,
    /// What is to be done next is a write.
    writes: bool,
    /// In [`EventLoop::unfinished`].
    unfinished: bool,
    /// In [`EventLoop::round`].
    heard: bool,
    /// There is nothing to do before something comes, which then can be answered in a round.
    listens: bool,
    /// In [`EventLoop::due`].
    due: Option<Instant>,
    /// All that has come was read.
    drained: bool,
    /// What the client sent has an end, which has come.
    ends: bool,
}

impl<'a> EventLoop<'a> {
    /// Nobody yet. Clients have the tokens from `first` on.
    pub(super) fn new(service: &'a Arc<Service>, first: usize) -> Self {
        Self {
            service,
            first,
            clients: Vec::new(),
            free: Vec::new(),
            due: BTreeSet::new(),
            unfinished: Vec::new(),
            round: Round::new(service.shared.settings.receive_size),
            room: Room::new(service.shared.settings.receive_size),
            responses: Responses::default(),
        }
    }

    /// Welcomes a client.
    pub(super) fn add(&mut self, connection: Arc<Connection>, stream: mio::net::TcpStream, poll: &mio::Registry) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        connection.served_here();
        let peer = connection.ends.peer;
        let wire = Duplex::polled(stream, peer, Arc::clone(&connection.recording), WRITE_TIMEOUT);
        let registered = wire.and_then(|wire| self.service.shared.over_tls(wire)).and_then(|mut wire| {
            let registered = wire.register(poll, Token(self.first + index));
            registered.map_err(|error| Error::io(Operation::Receive, peer, error)).map(|()| wire)
        });
        let wire = match registered {
            Ok(wire) => Arc::new(wire),
            Err(error) => {
                self.free.push(index);
                self.service.end(&connection, broken(error));
                return;
            }
        };
        connection.hand.link(Link { wire: Arc::clone(&wire), service: Arc::clone(self.service), place: Some(index) });
        let talk = Conversation::new(&self.service.shared.settings, &self.service.rules, connection.ends);
        self.clients[index] = Some(Box::new(Client {
            securing: wire.is_over_tls().then(|| Instant::now() + SECURE_LIMIT),
            connection,
            wire,
            talk,
            came: 0,
            pausing: None,
            blocked: None,
            writes: false,
            unfinished: false,
            heard: false,
            listens: false,
            due: None,
            // What it has sent so far is told as an event.
            drained: true,
            ends: false,
        }));
        self.turn(index);
    }

    /// How long there is nothing to do unless something happens.
    pub(super) fn rest(&self) -> Option<Duration> {
        if !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        self.due.first().map(|(at, _)| at.saturating_duration_since(Instant::now()))
    }

    /// Something happened to a client's socket.
    pub(super) fn event(&mut self, event: &Event) {
        let index = event.token().0.wrapping_sub(self.first);
        if let Some(Some(client)) = self.clients.get_mut(index) {
            client.drained &= !event.is_readable() && !event.is_read_closed();
            client.ends |= event.is_read_closed();
            // Who sends and sends, and takes nothing, is not asked each time whether it takes something now.
            let is_now = !client.writes || event.is_writable() || client.ends || event.is_error();
            // And who has not finished has another turn soon.
            if is_now && !client.unfinished && !client.heard {
                self.hear(index);
            }
        }
    }

    /// Hears a client in this round, if it is one who can be answered in it, or else gives it its turn.
    fn hear(&mut self, index: usize) {
        let client = self.clients.get(index).and_then(Option::as_ref);
        if client.is_some_and(|client| client.begins_round()) {
            self.hear_in_round(index);
        } else {
            // What is done for it may concern those who were heard.
            self.answer_round();
            self.turn(index);
        }
    }

    /// Does what is to be done besides that.
    pub(super) fn go_on(&mut self) {
        self.answer_round();
        // Not locked meanwhile: what is done for one may poke another.
        let poked = std::mem::take(&mut *lock(&self.service.poked));
        for index in poked {
            self.hear(index);
        }
        for index in std::mem::take(&mut self.unfinished) {
            if let Some(Some(client)) = self.clients.get_mut(index) {
                client.unfinished = false;
            }
            self.hear(index);
        }
        if !self.due.is_empty() {
            let now = Instant::now();
            while let Some((_, index)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
                self.hear(index);
            }
        }
        self.answer_round();
    }

    /// Ends all.
    pub(super) fn end(mut self) {
        for client in std::mem::take(&mut self.clients).into_iter().flatten() {
            client.wire.shut();
            self.over(*client, Ended::Stopped);
        }
    }

    /// Does for a client what can be done at once.
    fn turn(&mut self, index: usize) {
        let Some(mut client) = self.clients.get_mut(index).and_then(Option::take) else { return };
        let ended = client.guard(|client| client.turn(&mut self.room, &mut self.responses, self.service));
        let ended = ended.flatten();
        self.after_turn(index, client, ended);
    }

    /// Sees to it that a client goes on when it is to, or ends.
    fn after_turn(&mut self, index: usize, mut client: Box<Client<'a>>, ended: Result<Turn, Error>) {
        let due = match ended {
            Ok(Turn::Waits) => {
                let blocked = client.blocked.map(|since| since + WRITE_TIMEOUT);
                client.securing.into_iter().chain(client.pausing).chain(blocked).min()
            }
            Ok(Turn::Unfinished) => {
                if !std::mem::replace(&mut client.unfinished, true) {
                    self.unfinished.push(index);
                }
                None
            }
            Ok(Turn::Over(_)) | Err(_) => None,
        };
        if client.due != due {
            if let Some(before) = client.due {
                self.due.remove(&(before, index));
            }
            self.due.extend(due.map(|at| (at, index)));
            client.due = due;
        }
        let ended = match ended {
            Ok(Turn::Over(ended)) => ended,
            Err(error) => broken(error),
            Ok(_) => {
                self.clients[index] = Some(client);
                return;
            }
        };
        self.free.push(index);
        self.over(*client, ended);
    }

    fn over(&self, client: Client<'a>, ended: Ended) {
        let Client { connection, wire, .. } = client;
        // The last one who has it, but for a person who acts on it right now.
        drop(wire);
        self.service.end(&connection, ended);
    }
}

/// What came of a client's turn.
enum Turn {
    /// Nothing can be done before something happens, or its time has come.
    Waits,
    /// It had its share; there may be more to do.
    Unfinished,
    /// It is over.
    Over(Ended),
}

impl Client<'_> {
    /// Does something for it. A mistake in that must not end the others.
    fn guard<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Result<T, Error> {
        let peer = self.connection.ends.peer;
        catch_unwind(AssertUnwindSafe(|| work(self))).map_err(|panic| Error::panic(peer, &*panic))
    }

    fn turn(&mut self, room: &mut Room, responses: &mut Responses, service: &Service) -> Result<Turn, Error> {
        self.listens = false;
        if let Some(until) = self.securing {
            service.show(&self.connection, Doing::Securing);
            if !self.wire.secure_at_once()? {
                return if Instant::now() < until { Ok(Turn::Waits) } else { Err(self.wire.late(SECURE_LIMIT)) };
            }
            self.securing = None;
            // TLS may have taken more from the socket than it needed.
            self.drained = false;
        }
        self.wire.go_on_half_closing();
        if (!self.connection.hand.anything_waits() || self.flush()?) && !self.writes {
            self.blocked = None;
        }
        let Self { connection, wire, talk, .. } = self;
        if let Some(until) = self.pausing {
            if Instant::now() < until && !wire.is_shut() {
                return Ok(Turn::Waits);
            }
            self.pausing = None;
            connection.set_doing(Doing::Writing);
        }
        let (mut reads, mut much) = (0, false);
        // It was heard, and is heard on before it is answered.
        let mut goes_on = false;
        loop {
            match if goes_on { Do::Read } else { talk.next() } {
                Do::Read => {
                    if !goes_on && connection.hand.is_held() && !wire.is_shut() {
                        talk.give_response(responses);
                        service.show(connection, Doing::Held);
                        return Ok(Turn::Waits);
                    }
                    if !goes_on && reads >= READS_IN_TURN {
                        talk.give_response(responses);
                        return Ok(Turn::Unfinished);
                    }
                    let most = room.size();
                    let Some(mut heard) = (if self.drained { None } else { wire.hear_at_once(room)? }) else {
                        self.drained = true;
                        if std::mem::take(&mut goes_on) {
                            continue;
                        }
                        if wire.is_shut() {
                            return Ok(Turn::Over(Ended::Stopped));
                        }
                        talk.give_response(responses);
                        service.reporter.wake();
                        connection.set_reading();
                        // Elsewhere one read in a round may leave something that nobody is told of.
                        self.listens = cfg!(target_os = "linux") && !much && !wire.is_over_tls();
                        // What a person has sent while a reply had not gone.
                        if connection.hand.anything_waits() {
                            self.flush()?;
                        }
                        return Ok(Turn::Waits);
                    };
                    let n = heard.bytes().len();
                    reads += 1;
                    much = n >= MUCH;
                    // See epoll(7), question 9: a read that returned less than it could has returned all. Elsewhere another
                    // one must say so.
                    self.drained = cfg!(target_os = "linux") && n < most && !self.ends && !wire.is_over_tls();
                    if !goes_on {
                        self.came = heard.came();
                    }
                    connection.count_in(n);
                    talk.take_response(responses);
                    talk.heard(heard.bytes());
                    goes_on = talk.hears_on(n == most);
                    if !goes_on && let Some(bytes) = talk.to_write() {
                        let heard = Some(&mut heard);
                        let sent = connection.hand.write_at_once(wire, heard, bytes, |n| connection.count_out(n))?;
                        if let Some(n) = sent {
                            self.blocked = None;
                            talk.sent(n);
                        }
                    }
                }
                Do::Write(bytes) => {
                    let Some(n) = connection.hand.write_at_once(wire, None, bytes, |n| connection.count_out(n))? else {
                        if self.blocked.is_none() {
                            service.show(connection, Doing::Writing);
                        }
                        self.writes = true;
                        self.cannot_write()?;
                        return Ok(Turn::Waits);
                    };
                    self.writes = false;
                    self.blocked = None;
                    talk.sent(n);
                }
                Do::Wait(time) => {
                    self.pausing = Some(Instant::now() + time);
                    service.show(connection, Doing::Pausing);
                    return Ok(Turn::Waits);
                }
                Do::Stall => {
                    if wire.is_shut() {
                        return Ok(Turn::Over(Ended::Stopped));
                    }
                    service.show(connection, Doing::Pausing);
                    return Ok(Turn::Waits);
                }
                Do::Answered => service.answered(connection, talk, self.came),
                Do::Close(why) => return Ok(Turn::Over(part(connection, wire, why, room))),
            }
        }
    }

    /// Sends what a person has sent, as much as goes; whether that was all.
    fn flush(&mut self) -> Result<bool, Error> {
        let before = self.connection.hand.sent();
        let flushed = self.connection.hand.flush_at_once(&self.wire)?;
        if self.connection.hand.sent() > before {
            self.blocked = None;
        }
        if !flushed {
            self.cannot_write()?;
        }
        Ok(flushed)
    }

    /// The client takes nothing now; it may do so for a while.
    fn cannot_write(&mut self) -> Result<(), Error> {
        let since = *self.blocked.get_or_insert_with(Instant::now);
        if since.elapsed() < WRITE_TIMEOUT { Ok(()) } else { Err(self.wire.not_taken()) }
    }
}
