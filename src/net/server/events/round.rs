//! A round of the event loop: all who have said something are heard, then all of them are answered. Whatever is done many times
//! one after the other is done quicker: a call of the system leaves little of a program in the processor's nearest caches, and
//! finds little of itself there.

use std::io;
use std::ops::Range;
use std::time::Instant;

use super::super::connection::Service;
use super::super::conversation::{Responses, Told};
use super::{Client, EventLoop};
use crate::net::Error;
use crate::net::duplex::is_not_now;
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
    answer: Result<Option<Answer>, Error>,
}

/// What one is told.
#[derive(Debug)]
struct Answer {
    /// In [`Round::replies`].
    bytes: Range<usize>,
    told: Told,
    /// When the write of it began, and what came of it.
    begun: Instant,
    sent: io::Result<usize>,
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
                round.said.push(Said { place, came: Instant::now(), read: begin..begin + n, answer: Ok(None) });
                if round.said.len() >= MOST || round.filled >= ENOUGH {
                    self.answer_round();
                }
            }
            Ok(None) => client.drained = true,
            Err(error) => self.fail(place, error),
        }
    }

    /// Answers those who were heard.
    pub(super) fn answer_round(&mut self) {
        if self.round.said.is_empty() {
            return;
        }
        let mut round = std::mem::take(&mut self.round);
        let Round { said, read, filled, replies, .. } = &mut round;
        for one in said.iter_mut() {
            let Some(Some(client)) = self.clients.get_mut(one.place) else { continue };
            let bytes = &read[one.read.clone()];
            one.answer = client.guard(|client| client.answer(bytes, one.came, &mut self.responses, replies));
        }
        for one in said.iter_mut() {
            let Some(Some(client)) = self.clients.get_mut(one.place) else { continue };
            if let Ok(Some(answer)) = &mut one.answer {
                answer.begun = Instant::now();
                answer.sent = client.wire.send(&replies[answer.bytes.clone()]);
            }
        }
        for one in said.iter_mut() {
            let Some(Some(client)) = self.clients.get_mut(one.place) else { continue };
            let kept = client.guard(|client| client.keep(one, &read[one.read.clone()], replies, self.service));
            if let Err(error) = kept {
                one.answer = Err(error);
            }
        }
        // Only now: one may send something to others, of whom all must be recorded that came before.
        for one in said.drain(..) {
            self.finish(one, replies);
        }
        *filled = 0;
        replies.clear();
        self.round = round;
    }

    /// Does what is still to be done for one who was heard.
    fn finish(&mut self, one: Said, replies: &[u8]) {
        let Some(Some(client)) = self.clients.get_mut(one.place) else { return };
        client.heard = false;
        let done = match one.answer {
            Ok(Some(Answer { bytes, told, sent, .. })) => {
                client.guard(|client| client.sent(&replies[bytes], sent, told, self.service)).flatten()
            }
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        match done {
            Ok(true) => {}
            Ok(false) => self.turn(one.place),
            Err(error) => self.fail(one.place, error),
        }
    }

    fn fail(&mut self, place: usize, error: Error) {
        if let Some(client) = self.clients.get_mut(place).and_then(Option::take) {
            self.after_turn(place, client, Err(error));
        }
    }
}

impl Client<'_> {
    /// Whether it can be heard in a round.
    pub(super) fn may_be_heard(&self) -> bool {
        let hand = &self.connection.hand;
        let is_free = !hand.is_held() && !hand.anything_waits() && !self.wire.is_half_closed();
        self.listens && !self.drained && !self.ends && is_free
    }

    /// Its answer to what was read at `came`, if it is one that can be sent in a round; `replies` has it then.
    fn answer(
        &mut self,
        read: &[u8],
        came: Instant,
        responses: &mut Responses,
        replies: &mut Vec<u8>,
    ) -> Option<Answer> {
        self.came = self.connection.recording.micros(came);
        self.talk.take_response(responses);
        self.talk.heard(read);
        let begin = replies.len();
        let told = self.talk.take_answer(MOST_TOLD, replies)?;
        self.talk.give_response(responses);
        Some(Answer { bytes: begin..replies.len(), told, begun: came, sent: Ok(0) })
    }

    /// Records and counts what was read and sent.
    fn keep(&self, one: &Said, read: &[u8], replies: &[u8], service: &Service) {
        let connection = &self.connection;
        connection.count_in(read.len());
        let Ok(Some(Answer { bytes, begun, sent: Ok(sent @ 1..), .. })) = &one.answer else {
            return connection.recording.push_at(Direction::In, read, one.came);
        };
        let reply = &replies[bytes.clone()];
        connection.recording.push_exchange(read, one.came, &reply[..*sent], *begun);
        connection.count_out(*sent);
        if *sent < reply.len() {
            return connection.hand.cut_short();
        }
        service.count_replies(connection, self.talk.replied(), begun.saturating_duration_since(one.came));
        connection.set_reading();
    }

    /// Its answer was sent, or as much of it as went: whether there is nothing more to do now.
    fn sent(&mut self, reply: &[u8], sent: io::Result<usize>, told: Told, service: &Service) -> Result<bool, Error> {
        let sent = match sent {
            Ok(sent) if sent > 0 => sent,
            Err(error) if is_not_now(&error) => 0,
            failed => return Err(self.wire.not_written(failed)),
        };
        if sent < reply.len() {
            self.talk.give_back(&reply[sent..], told);
            return Ok(false);
        }
        service.tell(&self.connection, told);
        service.reporter.wake();
        self.listens = self.drained;
        Ok(self.drained)
    }
}
