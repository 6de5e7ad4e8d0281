//! A round of the event loop: all who have said something are heard, then all of them are answered. Whatever is done many times
//! one after the other is done quicker: a call of the system leaves little of a program in the processor's nearest caches, and
//! finds little of itself there.

use std::io;
use std::ops::Range;
use std::time::Instant;

use super::super::connection::Service;
use super::super::conversation::Responses;
use super::super::greeting::Told;
use super::{Client, EventLoop, MUCH};
use crate::net::Error;
use crate::recording::Direction;

/// So many are heard before the first one is answered: it need not wait long for the others.
const MOST: usize = 64;

/// And so much of what they say, in bytes.
const ENOUGH: usize = 64 << 10;

/// Who is to be told more bytes than these is told them apart.
const MOST_TOLD: usize = 16 << 10;

/// Those who were heard, and what they are told.
#[derive(Debug, Default)]
pub(super) struct Round {
    said: Vec<Said>,
    /// What they said, one after the other, and room for what another one says.
    read: Vec<u8>,
    /// How much of that there is.
    filled: usize,
    /// What they are told, one after the other.
    replies: Vec<u8>,
}

/// What one has said.
#[derive(Debug)]
struct Said {
    place: usize,
    /// When the read returned.
    came: Instant,
    /// What it returned, in [`Round::read`].
    read: Range<usize>,
    /// None if it cannot be answered here.
    answer: Option<Answer>,
}

/// What one is told.
#[derive(Debug)]
struct Answer {
    /// In [`Round::replies`].
    bytes: Range<usize>,
    told: Option<Box<Told>>,
    /// When the write of it began, and what came of it.
    begun: Instant,
    sent: io::Result<usize>,
}

/// What is still to be done for one who was heard.
#[derive(Debug)]
enum Rest {
    /// What it says in its turn.
    Turn,
    /// Telling others.
    Tell(Box<Told>),
}

impl Round {
    /// One read takes at most `receive_size` bytes.
    pub(super) fn new(receive_size: usize) -> Self {
        Self { read: vec![0; ENOUGH + receive_size], ..Self::default() }
    }
}

impl EventLoop<'_> {
    /// Hears one who may be heard in this round.
    pub(super) fn hear_in_round(&mut self, place: usize) {
        let Some(Some(client)) = self.clients.get_mut(place) else { return };
        let (round, most) = (&mut self.round, self.room.size());
        let begin = round.filled;
        match client.wire.receive(&mut round.read[begin..begin + most]) {
            Ok(Some(n)) => {
                round.filled += n;
                client.heard = true;
                client.listens = false;
                // See [`Client::turn`].
                client.drained = n < most;
                round.said.push(Said { place, came: Instant::now(), read: begin..begin + n, answer: None });
                if round.said.len() >= MOST || round.filled >= ENOUGH {
                    self.answer_round();
                }
            }
            Ok(None) => {
                client.drained = true;
                client.connection.hand.own_message_is_cut(false);
            }
            Err(error) => self.fail(place, error),
        }
    }

    /// Answers those who were heard.
    pub(super) fn answer_round(&mut self) {
        let Self { clients, round: Round { said, read, filled, replies }, responses, service, .. } = self;
        if said.is_empty() {
            return;
        }
        // Nothing, mostly.
        let mut rest = Vec::new();
        for one in said.iter_mut() {
            let Some(Some(client)) = clients.get_mut(one.place) else { continue };
            let read = &read[one.read.clone()];
            match client.guard(|client| client.answer(read, one.came, responses, replies)) {
                Ok(answer) => one.answer = answer,
                Err(error) => rest.push((one.place, Err(error))),
            }
        }
        for one in said.iter_mut() {
            if let (Some(answer), Some(Some(client))) = (&mut one.answer, clients.get(one.place)) {
                answer.begun = Instant::now();
                // Then it is not to be sent, see [`Hand::write_at_once`](super::super::hand::Hand::write_at_once).
                let is_over = client.wire.is_half_closed();
                let nothing = || Err(io::ErrorKind::WouldBlock.into());
                answer.sent = if is_over { nothing() } else { client.wire.send(&replies[answer.bytes.clone()]) };
            }
        }
        for one in said.drain(..) {
            let Some(Some(client)) = clients.get_mut(one.place) else { continue };
            let (place, read) = (one.place, &read[one.read.clone()]);
            match client.guard(|client| client.answered(one, read, replies, service)).flatten() {
                Ok(None) => {}
                Ok(Some(after)) => rest.push((place, Ok(after))),
                Err(error) => rest.push((place, Err(error))),
            }
        }
        *filled = 0;
        replies.clear();
        // Only now: it may concern others, of whom all must be recorded that came before.
        for (place, rest) in rest {
            self.do_rest(place, rest);
        }
    }

    fn do_rest(&mut self, place: usize, rest: Result<Rest, Error>) {
        let Some(Some(client)) = self.clients.get_mut(place) else { return };
        let service = self.service;
        let done = rest.and_then(|rest| match rest {
            Rest::Turn => Ok(false),
            Rest::Tell(told) => client.guard(|client| {
                service.tell(&client.connection, *told);
                client.drained
            }),
        });
        match done {
            Ok(true) => {}
            Ok(false) => self.turn(place),
            Err(error) => self.fail(place, error),
        }
    }

    fn fail(&mut self, place: usize, error: Error) {
        if let Some(client) = self.clients.get_mut(place).and_then(Option::take) {
            self.after_turn(place, client, Err(error));
        }
    }
}

impl Client<'_> {
    /// Whether it can be heard in a round. Then nobody else writes to it before it was answered.
    pub(super) fn begins_round(&self) -> bool {
        let hand = &self.connection.hand;
        let is_ready = self.listens && !self.drained && !self.ends;
        is_ready && !hand.is_held() && !self.wire.is_half_closed() && hand.begin_own_message()
    }

    /// Its answer to what was read at `came`, if it is one that can be sent in a round; `replies` has it then.
    fn answer(
        &mut self,
        read: &[u8],
        came: Instant,
        responses: &mut Responses,
        replies: &mut Vec<u8>,
    ) -> Option<Answer> {
        self.talk.take_response(responses);
        self.talk.heard(read);
        // It is answered now in any case.
        _ = self.talk.hears_on(!self.drained);
        let begin = replies.len();
        let told = self.talk.take_answer(MOST_TOLD, replies)?;
        self.talk.give_response(responses);
        let told = told.is_some().then(|| Box::new(told));
        Some(Answer { bytes: begin..replies.len(), told, begun: came, sent: Ok(0) })
    }

    /// Records and counts what was read and sent, and says what is still to be done.
    fn answered(
        &mut self,
        Said { came, answer, .. }: Said,
        read: &[u8],
        replies: &[u8],
        service: &Service,
    ) -> Result<Option<Rest>, Error> {
        self.heard = false;
        let connection = &self.connection;
        let came = connection.recording.micros(came);
        self.came = came;
        let Some(Answer { bytes, told, begun, sent }) = answer else {
            connection.recording.push_at(Direction::In, read, came);
            connection.count_in(read.len());
            connection.hand.own_message_is_cut(false);
            return Ok(Some(Rest::Turn));
        };
        let (reply, begun) = (&replies[bytes], connection.recording.micros(begun));
        let went = sent.as_ref().map_or(0, |went| *went);
        if went > 0 {
            connection.recording.push_exchange(read, came, &reply[..went], begun);
        } else {
            connection.recording.push_at(Direction::In, read, came);
        }
        connection.count_in(read.len());
        connection.count_out(went);
        connection.hand.own_message_is_cut(0 < went && went < reply.len());
        match sent {
            Ok(1..) => {}
            Err(error) if self.wire.is_not_now(&error) => {}
            failed => return Err(self.wire.not_written(failed)),
        }
        if went < reply.len() {
            self.talk.give_back(&reply[went..], told.map_or_else(Told::default, |told| *told));
            return Ok(Some(Rest::Turn));
        }
        service.count_replies(connection, self.talk.replied(), begun.saturating_sub(came));
        connection.set_reading();
        service.reporter.wake();
        self.listens = self.drained && read.len() < MUCH;
        Ok(match told {
            Some(told) => Some(Rest::Tell(told)),
            None if self.drained => None,
            None => Some(Rest::Turn),
        })
    }
}
