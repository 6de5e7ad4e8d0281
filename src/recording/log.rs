//! What one connection's recording holds: segments, the bytes of each direction, and what else happened.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::blocks::Blocks;
use super::bytes::Bytes;
use super::exchanges::{Exchange, Exchanges};
use super::spare::Spare;
use super::{Direction, Moved, both};

/// One `read` or `write` as it returned. `len == 0` with [`Direction::In`] is the empty read: the peer is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Time since the recording began, by a clock that never jumps; whole microseconds. Of a read that is when it
    /// returned, of a write when it began, or returned where it had to wait for the peer: so what was written comes before
    /// it was read at the other end.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// Size in bytes.
    pub len: usize,
    /// Where its bytes begin in the stream of its direction.
    pub start: u64,
}

impl Segment {
    /// Its bytes as positions in the stream of its direction.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.start..self.start + self.len as u64
    }
}

/// A segment as it is kept: small, as there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// Microseconds since the recording began.
    at: u64,
    /// How long the stream of each direction was before it: in, out.
    before: [u64; 2],
    /// No system reads or writes more at once.
    len: u32,
    direction: Direction,
}

/// What happened to the socket besides reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Time since the recording began; whole microseconds.
    pub at: Duration,
    /// The number of the segment that came next.
    pub before: u64,
    /// What it was.
    pub what: What,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// We did.
    Us,
    /// The peer did: an empty read or a reset came before we ended it.
    Peer,
}

/// An address that was tried. It is kept apart: most sockets are accepted, and there may be thousands of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The address.
    pub address: SocketAddr,
    /// How long it took, whichever way it ended.
    pub took: Duration,
    /// Why it did not connect, ready to show; `None` where it did.
    pub failed: Option<Arc<str>>,
}

/// What can happen to a socket besides reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An address was tried.
    Tried(Box<Tried>),
    /// We connected.
    Connected,
    /// We accepted.
    Accepted,
    /// TLS was agreed on; what follows is what was said inside it. The version's name.
    Secured(Arc<str>),
    /// We said that we are done and can still read: `shutdown` of the writing half.
    HalfClosed,
    /// The peer reset the connection.
    Reset,
    /// Nothing came, or nothing could be sent, for so long.
    TimedOut(Direction, Duration),
    /// Something else went wrong; ready to show.
    Failed(Arc<str>),
    /// The socket was closed.
    Closed(By),
}

/// The most events that one recording keeps; the oldest go first. More than a socket's life has.
const MOST_EVENTS: usize = 1_000;

/// The kept segments of one recording, their bytes, and its events.
///
/// In this order in memory: what each read and write changes lies together, as there may be thousands of recordings.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Log {
    /// What came last and is not in its place yet: nobody looks at a log before it is.
    pub(super) exchanges: Exchanges,
    segments: Blocks<Stored>,
    /// In, out.
    streams: [Bytes; 2],
    events: Vec<Event>,
    /// How many events are not kept any more.
    first_event: u64,
    ended: Option<By>,
}

/// What one segment costs besides its bytes, for the budget.
pub(super) const SEGMENT_COST: u64 = size_of::<Stored>() as u64;

impl Log {
    /// The numbers of the segments that are kept; segments are numbered from 0 as they came.
    #[must_use]
    pub fn kept(&self) -> Range<u64> {
        self.segments.kept()
    }

    /// Segment `number`, if it is kept.
    #[must_use]
    pub fn segment(&self, number: u64) -> Option<Segment> {
        self.segments.get(number).map(|one| Segment {
            at: Duration::from_micros(one.at),
            direction: one.direction,
            len: one.len as usize,
            start: one.before[one.direction as usize],
        })
    }

    /// The positions of `direction`'s stream of which the bytes are kept: `start` is how many have gone, `end` how many
    /// there ever were.
    #[must_use]
    pub fn stream(&self, direction: Direction) -> Range<u64> {
        self.streams[direction as usize].kept()
    }

    /// How long `direction`'s stream was before segment `number`; its length now if there is no such segment yet.
    #[must_use]
    pub fn position(&self, direction: Direction, number: u64) -> u64 {
        match self.segments.get(number) {
            Some(one) => one.before[direction as usize],
            None if number < self.segments.kept().start => self.stream(direction).start,
            None => self.stream(direction).end,
        }
    }

    /// What is kept of the bytes at these positions of `direction`'s stream, in one or more slices.
    pub fn bytes(&self, direction: Direction, range: Range<u64>) -> impl Iterator<Item = &[u8]> {
        self.streams[direction as usize].slices(range)
    }

    /// What is kept of the bytes at these positions of `direction`'s stream, joined.
    #[must_use]
    pub fn joined(&self, direction: Direction, range: Range<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        self.bytes(direction, range).for_each(|slice| out.extend_from_slice(slice));
        out
    }

    /// The number of the kept segment that has the byte at `position` of `direction`'s stream.
    #[must_use]
    pub fn segment_at(&self, direction: Direction, position: u64) -> Option<u64> {
        if !self.stream(direction).contains(&position) {
            return None;
        }
        // The last segment before which the stream was not longer: before those that follow it, it is.
        self.segments.partition_point(|one| one.before[direction as usize] <= position).checked_sub(1)
    }

    /// All events that are kept, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The number of the first of [`Log::events`]; events are numbered from 0 as they came.
    #[must_use]
    pub fn first_event(&self) -> u64 {
        self.first_event
    }

    /// How many bytes were dropped to make room, both directions together.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.kept().start).sum()
    }

    /// Who ended the connection, as far as it has come to that: whoever first closed, half-closed or reset it.
    #[must_use]
    pub fn ended(&self) -> Option<By> {
        self.ended
    }

    /// Notes who ended it; the first one did.
    pub(super) fn end(&mut self, by: By) {
        self.ended.get_or_insert(by);
    }

    /// Keeps one read or write and says what it costs. Where `whole` is there, it begins with the bytes, and is kept instead
    /// of a copy. Memory for it may be found in `spare`.
    pub(super) fn append(
        &mut self,
        at: u64,
        direction: Direction,
        bytes: &[u8],
        whole: Option<&Arc<Vec<u8>>>,
        spare: &Spare,
    ) -> u64 {
        if bytes.is_empty() && direction == Direction::In {
            self.end(By::Peer);
        }
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let bytes = &bytes[..len as usize];
        self.segments.push(self.stored(at, direction, len), &spare.segments);
        let stream = &mut self.streams[direction as usize];
        match whole {
            Some(block) => stream.share(block, bytes.len()),
            None => stream.copy(bytes, &spare.bytes),
        }
        SEGMENT_COST + u64::from(len)
    }

    /// Counts one read or write for which there is no room even alone; all before it goes. Says what that freed.
    /// The memory goes to `spare`.
    pub(super) fn pass(&mut self, direction: Direction, bytes: &[u8], spare: &Spare) -> u64 {
        if bytes.is_empty() && direction == Direction::In {
            self.end(By::Peer);
        }
        let cost = self.cost();
        self.streams[direction as usize].skip(bytes.len() as u64, &spare.bytes);
        self.streams[direction.other() as usize].skip(0, &spare.bytes);
        self.segments.skip(1, &spare.segments);
        cost
    }

    /// Keeps all `exchanges` and says what they cost, if that is no more than `most`, and the blocks that grow have room for them.
    pub(super) fn append_all(&mut self, exchanges: &Exchanges, most: u64) -> Option<u64> {
        let (mut segments, mut bytes) = (0, [0; 2]);
        for Exchange { read, written, .. } in exchanges.iter() {
            segments += 2;
            bytes[0] += read.len();
            bytes[1] += written.len();
        }
        let cost = segments as u64 * SEGMENT_COST + (bytes[0] + bytes[1]) as u64;
        let [ins, outs] = &mut self.streams;
        let have_room = self.segments.reserve(segments) & ins.reserve(bytes[0]) & outs.reserve(bytes[1]);
        if !have_room || cost > most {
            return None;
        }
        for one in exchanges.iter() {
            for Moved { at, direction, bytes, .. } in both(one) {
                self.segments.add(self.stored(at, direction, bytes.len() as u32));
                self.streams[direction as usize].add(bytes);
            }
        }
        Some(cost)
    }

    /// What is kept of a read or write that comes next, besides its bytes.
    fn stored(&self, at: u64, direction: Direction, len: u32) -> Stored {
        let before = [self.streams[0].kept().end, self.streams[1].kept().end];
        Stored { at, before, len, direction }
    }

    /// Keeps one event.
    pub(super) fn note(&mut self, at: u64, what: What) {
        match what {
            What::HalfClosed => self.end(By::Us),
            What::Reset => self.end(By::Peer),
            What::Closed(_) => self.exchanges.free(),
            _ => {}
        }
        if self.events.len() == MOST_EVENTS {
            self.events.remove(0);
            self.first_event += 1;
        }
        // One by one at first: most connections have few, and there may be thousands.
        if self.events.len() == self.events.capacity() {
            self.events.reserve_exact(self.events.len().max(1));
        }
        self.events.push(Event { at: Duration::from_micros(at), before: self.kept().end, what });
    }

    /// Drops the oldest segments until no more than `most` is left, and says what that freed. The memory goes to `spare`.
    pub(super) fn shrink(&mut self, most: u64, spare: &Spare) -> u64 {
        let cost = self.cost();
        let mut left = cost;
        let mut number = self.kept().start;
        while left > most
            && let Some(one) = self.segments.get(number)
        {
            left -= SEGMENT_COST + u64::from(one.len);
            number += 1;
        }
        for direction in [Direction::In, Direction::Out] {
            let start = self.position(direction, number);
            self.streams[direction as usize].forget(start, &spare.bytes);
        }
        self.segments.forget(number, &spare.segments);
        cost - left
    }

    /// What is kept costs, in bytes.
    pub(super) fn cost(&self) -> u64 {
        let len = |kept: Range<u64>| kept.end - kept.start;
        self.streams.iter().map(|one| len(one.kept())).sum::<u64>() + len(self.kept()) * SEGMENT_COST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is to be seen of one direction.
    fn stream(log: &Log, direction: Direction) -> (Range<u64>, Vec<u8>, Vec<Option<u64>>, Vec<u64>) {
        let kept = log.stream(direction);
        let at = [kept.start, kept.start + (kept.end - kept.start) / 2, kept.end.saturating_sub(1)];
        let numbers = [0, log.kept().start, log.kept().end.saturating_sub(1), log.kept().end];
        let segments = at.map(|at| log.segment_at(direction, at)).to_vec();
        let positions = numbers.map(|number| log.position(direction, number)).to_vec();
        (kept, log.joined(direction, 0..u64::MAX), segments, positions)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_passes_leaves_the_log_as_if_it_had_been_kept_and_then_dropped(
            steps in prop::collection::vec((any::<bool>(), prop_oneof![0..50usize, 0..70_000usize], 0..6u8), 1..20),
        ) {
            let (mut log, mut plain, spare) = (Log::default(), Log::default(), Spare::of(100_000));
            for (at, (is_in, len, what)) in steps.into_iter().enumerate() {
                let direction = if is_in { Direction::In } else { Direction::Out };
                let bytes = vec![at as u8; len];
                let at = at as u64;
                match what {
                    0 | 1 => {
                        let freed = log.pass(direction, &bytes, &spare);
                        let cost = plain.append(at, direction, &bytes, None, &spare);
                        prop_assert_eq!(freed + cost, plain.shrink(0, &spare));
                    }
                    2 => prop_assert_eq!(log.shrink(len as u64, &spare), plain.shrink(len as u64, &spare)),
                    _ => {
                        let cost = plain.append(at, direction, &bytes, None, &spare);
                        prop_assert_eq!(log.append(at, direction, &bytes, None, &spare), cost);
                        log.note(at, What::Connected);
                        plain.note(at, What::Connected);
                    }
                }
                prop_assert_eq!((log.kept(), log.cost(), log.ended()), (plain.kept(), plain.cost(), plain.ended()));
                prop_assert_eq!((log.events(), log.dropped_bytes()), (plain.events(), plain.dropped_bytes()));
                for direction in [Direction::In, Direction::Out] {
                    prop_assert_eq!(stream(&log, direction), stream(&plain, direction));
                }
                for number in log.kept() {
                    prop_assert_eq!(log.segment(number), plain.segment(number));
                }
            }
        }
    }
}
