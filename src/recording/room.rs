//! Where reads put their bytes, so that recording them needs no copy.

use std::sync::Arc;

use super::{Direction, Moved, Recording};

/// Reads of fewer bytes are copied: that costs less than another block.
const LARGE: usize = 16 << 10;

/// Room for what one read returns. Where a large read fills most of it, the recording keeps the room itself, and the next
/// read gets another one.
#[derive(Debug)]
pub struct Room {
    size: usize,
    /// For the next read; has another size while it is not there.
    own: Vec<u8>,
    /// What the last read has returned, where that is in the recording now.
    kept: Option<Arc<Vec<u8>>>,
    /// How much the last read has returned.
    filled: usize,
}

impl Room {
    /// Room for `size` bytes.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { size, own: vec![0; size], kept: None, filled: 0 }
    }

    /// The most bytes that one read can return.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Makes it one for `size` bytes; what was read is gone, unless nothing is to be changed.
    pub fn resize(&mut self, size: usize) {
        if size != self.size {
            *self = Self::new(size);
        }
    }

    /// Where the next read is to put its bytes.
    pub fn for_read(&mut self) -> &mut [u8] {
        self.filled = 0;
        if self.kept.is_some() || self.own.len() != self.size {
            self.renew();
        }
        &mut self.own
    }

    #[inline(never)]
    fn renew(&mut self) {
        self.kept = None;
        if self.own.len() != self.size {
            self.own = vec![0; self.size];
        }
    }

    /// What the last read has returned.
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        let bytes = self.kept.as_deref().unwrap_or(&self.own);
        bytes.get(..self.filled).unwrap_or_default()
    }

    /// The block that begins with what the last read has returned, where it is in the recording now: it never changes.
    #[must_use]
    pub fn kept(&self) -> Option<&Arc<Vec<u8>>> {
        self.kept.as_ref()
    }

    /// A read has put `len` bytes here, which the recording does not have yet.
    pub(crate) fn fill(&mut self, len: usize) {
        self.filled = len.min(self.size);
    }

    /// Whether little is wasted if the recording keeps the room itself.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.filled >= LARGE && self.filled >= self.size / 4 * 3
    }
}

impl Recording {
    /// Keeps one `read` that has just put `len` bytes into the room.
    #[inline(never)]
    pub fn push_read(&self, room: &mut Room, len: usize) {
        room.fill(len);
        if !room.is_worth_keeping() {
            return self.push(Direction::In, room.filled());
        }
        let block = Arc::new(std::mem::take(&mut room.own));
        let (turn, bytes) = (self.turn(), &block[..room.filled]);
        turn.keep([Moved { direction: Direction::In, bytes, whole: Some(&block), at: self.time(self.now()) }]);
        match Arc::try_unwrap(block) {
            // There was no room for it in the recording.
            Ok(own) => room.own = own,
            Err(block) => {
                room.kept = Some(block);
                room.own = self.recorder.spare.bytes.take(room.size).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recorder;

    /// As a read does that returns `len` bytes.
    fn read(recording: &Recording, room: &mut Room, byte: u8, len: usize) -> *const u8 {
        let bytes = room.for_read();
        bytes[..len].fill(byte);
        let at = bytes.as_ptr();
        recording.push_read(room, len);
        assert_eq!(room.filled(), vec![byte; len]);
        at
    }

    #[test]
    fn a_large_read_that_fills_its_room_is_kept_where_it_is_and_never_changes() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let mut room = Room::new(LARGE);
        let at: Vec<_> = (1..=3).map(|byte| read(&recording, &mut room, byte, LARGE)).collect();
        let kept: Vec<_> = recording.read(|log| log.bytes(Direction::In, 0..u64::MAX).map(<[u8]>::as_ptr).collect());
        assert_eq!(kept, at, "not copied");
        assert_eq!(recording.joined(Direction::In), [[1; LARGE], [2; LARGE], [3; LARGE]].concat());
    }

    #[test]
    fn small_reads_and_those_that_leave_much_of_the_room_empty_are_copied() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        for (size, len) in [(LARGE - 1, LARGE - 1), (4 * LARGE, 3 * LARGE - 1), (10, 0)] {
            let mut room = Room::new(size);
            let at = read(&recording, &mut room, 1, len);
            assert_eq!(read(&recording, &mut room, 2, len), at, "the same room serves again");
        }
        let all = recording.joined(Direction::In);
        let both = |len| [vec![1; len], vec![2; len]].concat();
        assert_eq!(all, [both(LARGE - 1), both(3 * LARGE - 1)].concat());
    }

    #[test]
    fn rooms_that_the_recording_has_forgotten_are_used_again() {
        let recording = Recorder::new(60 * LARGE as u64).open();
        let mut room = Room::new(LARGE);
        let is_used_again = |byte| {
            let forgotten = (!room.own.is_empty()).then_some(room.own.as_ptr());
            forgotten == Some(read(&recording, &mut room, byte, LARGE))
        };
        assert!((0..200).map(is_used_again).filter(|is| *is).count() > 120);
    }

    #[test]
    fn where_nothing_is_kept_it_is_always_the_same_room() {
        let recording = Recorder::new(0).open();
        let mut room = Room::new(LARGE);
        let place = room.for_read().as_ptr();
        assert!((0..200).all(|byte| read(&recording, &mut room, byte, LARGE) == place));
    }
}
