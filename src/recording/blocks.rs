//! A queue that grows at one end, shrinks at the other, and numbers its elements for ever.

use std::collections::VecDeque;
use std::ops::Range;

use super::spare::Pool;

/// Bytes of one block.
const BLOCK_BYTES: usize = 16 << 10;

/// Elements numbered from 0 as they came, of which the oldest may be gone. Kept in blocks: adding never moves what is
/// there, and nothing is allocated for one element: a block at a time.
#[derive(Debug)]
pub(super) struct Blocks<T> {
    /// The block that grows.
    last: Vec<T>,
    /// The numbers of the elements that are kept.
    kept: Range<u64>,
    /// Those before the one that grows, once there are any: they are full. Apart, as adding an element does not look at them.
    #[expect(clippy::box_collection, reason = "most have none, and there may be thousands")]
    full: Option<Box<VecDeque<Vec<T>>>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { last: Vec::new(), kept: 0..0, full: None }
    }
}

impl<T: Copy> Blocks<T> {
    /// Elements of one block.
    const SIZE: usize = BLOCK_BYTES / size_of::<T>();

    /// The numbers of the elements that are kept: `end` is how many there ever were.
    pub(super) fn kept(&self) -> Range<u64> {
        self.kept.clone()
    }

    /// The number of the first element of the first block.
    fn first(&self) -> u64 {
        let full = self.full.as_ref().map_or(0, |full| full.len());
        self.kept.end - (full * Self::SIZE + self.last.len()) as u64
    }

    /// Adds an element at the end. Memory for it may be found in `spare`.
    pub(super) fn push(&mut self, element: T, spare: &Pool<T>) {
        if self.last.len() == Self::SIZE {
            let next = spare.empty_block(Self::SIZE);
            self.full.get_or_insert_default().push_back(std::mem::replace(&mut self.last, next));
        }
        grow(&mut self.last, 1, Self::SIZE);
        self.add(element);
    }

    /// Makes room for so many more elements in the block that grows; whether it can have that.
    pub(super) fn reserve(&mut self, more: usize) -> bool {
        grow(&mut self.last, more, Self::SIZE);
        self.last.len() + more <= Self::SIZE
    }

    /// Adds an element at the end, where there is room for it.
    pub(super) fn add(&mut self, element: T) {
        self.last.push(element);
        self.kept.end += 1;
    }

    /// Block `index`, counted from the first one that is there.
    fn block(&self, index: usize) -> &[T] {
        self.full.as_ref().and_then(|full| full.get(index)).unwrap_or(&self.last)
    }

    /// Element `number`, if it is kept.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        if !self.kept.contains(&number) {
            return None;
        }
        let index = (number - self.first()) as usize;
        self.block(index / Self::SIZE).get(index % Self::SIZE)
    }

    /// Forgets the oldest elements, up to and without number `end`. Their memory goes to `spare`.
    pub(super) fn forget(&mut self, end: u64, spare: &Pool<T>) {
        self.kept.start = end.clamp(self.kept.start, self.kept.end);
        let mut gone = (self.kept.start - self.first()) / Self::SIZE as u64;
        if let Some(full) = &mut self.full {
            while gone > 0
                && let Some(block) = full.pop_front()
            {
                spare.give(block);
                gone -= 1;
            }
        }
        if gone > 0 {
            spare.give(std::mem::take(&mut self.last));
        }
    }

    /// Forgets all elements, and counts `n` more that are never kept.
    pub(super) fn skip(&mut self, n: u64, spare: &Pool<T>) {
        self.forget(self.kept.end, spare);
        self.last.clear();
        self.kept = self.kept.end + n..self.kept.end + n;
    }

    /// The number of the first kept element for which `is_before` is false; all for which it is true come first.
    pub(super) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> u64 {
        let Range { start: mut low, end: mut high } = self.kept();
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&is_before) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Makes room for `more` elements in a block of `size` at the most, if there is none. The first block of a queue grows as it
/// is filled: most connections are short.
pub(super) fn grow<T>(block: &mut Vec<T>, more: usize, size: usize) {
    let needed = (block.len() + more).min(size);
    if needed > block.capacity() {
        let capacity = needed.max(block.len() * 4).min(size);
        block.reserve_exact(capacity - block.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With room for a few blocks.
    fn pool() -> Pool<u64> {
        let pool = Pool::default();
        pool.limit(4 * BLOCK_BYTES as u64);
        pool
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_queue_holds(steps in prop::collection::vec((0..5_000u64, 0..5_000u64), 1..12)) {
            let mut blocks = Blocks::default();
            let (mut end, mut gone) = (0, 0);
            let spare = pool();
            for (add, forget) in steps {
                (end..end + add).for_each(|n| blocks.push(n, &spare));
                end += add;
                gone = (gone + forget).min(end);
                blocks.forget(gone, &spare);
                prop_assert_eq!(blocks.kept(), gone..end);
                prop_assert!((gone..end).all(|n| blocks.get(n) == Some(&n)));
                prop_assert_eq!(blocks.get(gone.wrapping_sub(1)), None);
                prop_assert_eq!(blocks.get(end), None);
            }
        }
    }

    #[test]
    fn what_is_skipped_is_counted_and_what_follows_is_kept() {
        let (mut blocks, spare) = (Blocks::default(), pool());
        for before in [0, 10, Blocks::<u64>::SIZE, 3 * Blocks::<u64>::SIZE + 5] {
            (0..before).for_each(|_| blocks.push(1u64, &spare));
            let end = blocks.kept().end + 1_000_000;
            blocks.skip(1_000_000, &spare);
            assert_eq!(blocks.kept(), end..end);
            (0..4_000).for_each(|_| blocks.push(2u64, &spare));
            assert_eq!(blocks.kept(), end..end + 4_000);
            assert!((end..end + 4_000).all(|n| blocks.get(n) == Some(&2)));
        }
    }

    #[test]
    fn a_block_that_has_gone_is_used_again_by_another_queue() {
        let size = Blocks::<u64>::SIZE as u64;
        let (mut blocks, mut other, spare) = (Blocks::default(), Blocks::default(), pool());
        (0..2 * size).for_each(|n| blocks.push(n, &spare));
        let first = blocks.block(0).as_ptr();
        blocks.forget(size, &spare);
        (0..2 * size).for_each(|n| other.push(n, &spare));
        assert_eq!(other.last.as_ptr(), first);
        assert!((0..2 * size).all(|n| other.get(n) == Some(&n)));
    }

    #[test]
    fn a_sorted_queue_is_searched() {
        let (mut blocks, spare) = (Blocks::default(), pool());
        (0..10_000u64).for_each(|n| blocks.push(n * 2, &spare));
        blocks.forget(9_000, &spare);
        assert_eq!(blocks.partition_point(|n| *n < 19_001), 9_501);
        assert_eq!(blocks.partition_point(|_| true), 10_000);
        assert_eq!(blocks.partition_point(|_| false), 9_000);
    }
}
