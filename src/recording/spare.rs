//! Memory that recordings have done with, for those that need some: new memory costs more, as the system has to clear it.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::lock;
use super::log::Stored;

/// What all recordings of one recorder have to spare.
#[derive(Debug, Default)]
pub(super) struct Spare {
    /// For bytes that crossed a socket.
    pub(super) bytes: Pool<u8>,
    /// For segments.
    pub(super) segments: Pool<Stored>,
}

impl Spare {
    /// As much is kept of each kind, of a budget of so many bytes, as goes at once where the budget is full: see
    /// [`Recorder::make_room`](super::Recorder).
    pub(super) fn of(budget: u64) -> Self {
        let spare = Self::default();
        spare.set_budget(budget);
        spare
    }

    /// The budget is another one.
    pub(super) fn set_budget(&self, budget: u64) {
        self.bytes.limit(budget / 6);
        self.segments.limit(budget / 6);
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
        held.size += size_of_block(&block);
        held.blocks.push_back(block);
        held.shrink();
    }

    /// A block with room for `len` elements, and not for many more: nobody counts those.
    pub(super) fn take(&self, len: usize) -> Option<Vec<T>> {
        let mut held = lock(&self.0);
        let fits = |block: &Vec<T>| (len..=2 * len).contains(&block.capacity());
        let found = held.blocks.iter().rposition(fits)?;
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

    fn taken(pool: &Pool<u8>, len: usize) -> Option<usize> {
        pool.take(len).map(|block| block.capacity())
    }

    #[test]
    fn a_block_is_taken_by_who_needs_one_of_about_its_size() {
        let pool = Spare::of(6_000).bytes;
        give(&pool, [100, 300, 101]);
        assert_eq!(taken(&pool, 302), None, "none is large enough");
        assert_eq!(taken(&pool, 149), None, "one is too small, one too large");
        assert_eq!([100, 100, 100].map(|len| taken(&pool, len)), [Some(101), Some(100), None], "the newest first");
        assert_eq!([150, 150].map(|len| taken(&pool, len)), [Some(300), None]);
    }

    #[test]
    fn a_sixth_of_the_budget_is_kept_and_the_oldest_goes_first() {
        let spare = Spare::of(6_000);
        give(&spare.bytes, [400, 300, 300]);
        assert_eq!(taken(&spare.bytes, 400), Some(400), "there is room for all of them");
        give(&spare.bytes, [301, 399]);
        assert_eq!([399, 300, 300, 300].map(|len| taken(&spare.bytes, len)), [Some(399), Some(301), Some(300), None]);
        give(&spare.bytes, [1_001]);
        assert_eq!(taken(&spare.bytes, 1_001), None, "it is too large");
        give(&spare.bytes, [200, 100]);
        spare.set_budget(700);
        assert_eq!([200, 100].map(|len| taken(&spare.bytes, len)), [None, Some(100)]);
    }
}
