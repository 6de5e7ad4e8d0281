//! Memory that recordings have done with, for those that need some: new memory would have to be cleared first.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::lock;
use super::log::Stored;

/// The most bytes that are kept of each kind: 16 MiB.
const MOST: u64 = 16 << 20;

/// What all recordings of one recorder have to spare.
#[derive(Debug, Default)]
pub(super) struct Spare {
    /// For bytes that crossed a socket.
    pub(super) bytes: Pool<u8>,
    /// For segments.
    pub(super) segments: Pool<Stored>,
}

impl Spare {
    /// For a budget of so many bytes. Of each kind a sixth of that is kept, but no more than [`MOST`]: a little more than goes at
    /// once where the budget is full, which is an eighth.
    pub(super) fn of(budget: u64) -> Self {
        let spare = Self::default();
        spare.set_budget(budget);
        spare
    }

    /// The budget is another one.
    pub(super) fn set_budget(&self, budget: u64) {
        let most = (budget / 6).min(MOST);
        self.bytes.limit(most);
        self.segments.limit(most);
    }
}

/// Blocks that have room for elements of one kind. What is in them means nothing any more.
#[derive(Debug)]
pub(super) struct Pool<T>(Mutex<Held<T>>);

#[derive(Debug)]
struct Held<T> {
    /// The one that came last is taken first.
    blocks: VecDeque<Vec<T>>,
    /// How large all of them are together, in bytes.
    size: u64,
    /// How large they may be.
    most: u64,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::new(Held { blocks: VecDeque::new(), size: 0, most: 0 }))
    }
}

impl<T> Pool<T> {
    /// Keeps no more than so many bytes.
    pub(super) fn limit(&self, most: u64) {
        let mut held = lock(&self.0);
        held.most = most;
        held.shrink();
    }

    /// A block that nobody needs any more.
    pub(super) fn give(&self, block: Vec<T>) {
        let mut held = lock(&self.0);
        if size_of_block(&block) <= held.most {
            held.size += size_of_block(&block);
            held.blocks.push_back(block);
            held.shrink();
        }
    }

    /// An empty block with room for so many elements: a spare one, or else a new one.
    pub(super) fn empty_block(&self, capacity: usize) -> Vec<T> {
        let mut block = self.take(capacity).unwrap_or_else(|| Vec::with_capacity(capacity));
        block.clear();
        block
    }

    /// A spare block with room for just so many elements: nobody counts more.
    pub(super) fn take(&self, capacity: usize) -> Option<Vec<T>> {
        let mut held = lock(&self.0);
        let found = held.blocks.iter().rposition(|block| block.capacity() == capacity)?;
        let block = held.blocks.remove(found)?;
        held.size -= size_of_block(&block);
        Some(block)
    }
}

impl<T> Held<T> {
    /// The oldest ones go: others may be needed now.
    fn shrink(&mut self) {
        while self.size > self.most
            && let Some(gone) = self.blocks.pop_front()
        {
            self.size -= size_of_block(&gone);
        }
    }
}

/// In bytes.
fn size_of_block<T>(block: &Vec<T>) -> u64 {
    (block.capacity() * size_of::<T>()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give<const N: usize>(pool: &Pool<u8>, sizes: [usize; N]) {
        sizes.into_iter().for_each(|size| pool.give(Vec::with_capacity(size)));
    }

    fn taken<const N: usize>(pool: &Pool<u8>, sizes: [usize; N]) -> [bool; N] {
        sizes.map(|size| pool.take(size).is_some())
    }

    #[test]
    fn a_block_is_taken_by_who_needs_one_of_its_size_the_newest_first() {
        let pool = Spare::of(6_000).bytes;
        let blocks = [100, 300, 100].map(Vec::<u8>::with_capacity);
        let places = blocks.each_ref().map(Vec::as_ptr);
        blocks.into_iter().for_each(|block| pool.give(block));
        assert_eq!([99, 101, 150].map(|size| pool.take(size)), [None, None, None]);
        let taken = [100, 100, 300].map(|size| pool.take(size).expect("one"));
        assert_eq!(taken.each_ref().map(Vec::as_ptr), [places[2], places[0], places[1]]);
        assert_eq!(pool.take(100), None);
    }

    #[test]
    fn a_sixth_of_the_budget_is_kept_and_the_oldest_goes_first() {
        let spare = Spare::of(6_000);
        give(&spare.bytes, [400, 300, 300]);
        assert_eq!(
            taken(&spare.bytes, [400, 300, 300, 300]),
            [true, true, true, false],
            "there is room for all of them"
        );
        give(&spare.bytes, [400, 300, 301, 1_001]);
        assert_eq!(
            taken(&spare.bytes, [1_001, 400, 300, 301]),
            [false, false, true, true],
            "one is larger than all room"
        );
        give(&spare.bytes, [200, 100]);
        spare.set_budget(700);
        assert_eq!(taken(&spare.bytes, [200, 100]), [false, true]);
    }

    #[test]
    fn of_a_large_budget_less_is_kept() {
        let spare = Spare::of(u64::MAX);
        (0..20).for_each(|_| spare.bytes.give(Vec::with_capacity(1 << 20)));
        assert_eq!((0..20).filter(|_| spare.bytes.take(1 << 20).is_some()).count(), 16);
    }
}
