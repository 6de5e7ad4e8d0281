//! A queue that grows at one end, shrinks at the other, and numbers its elements for ever.

use std::collections::VecDeque;
use std::ops::Range;

/// Bytes of one block.
const BLOCK_BYTES: usize = 16 << 10;

/// A queue keeps one spare block for so many that it has: small queues, of which there may be thousands, keep none.
const BLOCKS_A_SPARE: usize = 8;

/// Elements numbered from 0 as they came, of which the oldest may be gone. Kept in blocks: adding never moves what is
/// there, and nothing is allocated for one element: a block at a time.
#[derive(Debug)]
pub(super) struct Blocks<T> {
    /// Those that are full.
    full: VecDeque<Vec<T>>,
    /// The block after them, which grows.
    last: Vec<T>,
    /// The number of the first element of the first block.
    first: u64,
    /// The numbers of the elements that are kept.
    kept: Range<u64>,
    /// Blocks that have gone, for the next ones that are needed.
    spare: Vec<Vec<T>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self { full: VecDeque::new(), last: Vec::new(), first: 0, kept: 0..0, spare: Vec::new() }
    }
}

impl<T: Copy> Blocks<T> {
    /// Elements of one block.
    const SIZE: usize = BLOCK_BYTES / size_of::<T>();

    /// The numbers of the elements that are kept: `end` is how many there ever were.
    pub(super) fn kept(&self) -> Range<u64> {
        self.kept.clone()
    }

    /// Adds elements at the end.
    pub(super) fn extend(&mut self, mut elements: &[T]) {
        self.kept.end += elements.len() as u64;
        while !elements.is_empty() {
            if self.last.len() == Self::SIZE {
                let next = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(Self::SIZE));
                self.full.push_back(std::mem::replace(&mut self.last, next));
            }
            let (now, later) = elements.split_at(elements.len().min(Self::SIZE - self.last.len()));
            if self.last.capacity() == 0 {
                // The first one grows as it is filled: most connections are short.
                self.last.reserve_exact(now.len());
            }
            self.last.extend_from_slice(now);
            elements = later;
        }
    }

    /// Block `index`, counted from the first one that is there.
    fn block(&self, index: usize) -> &[T] {
        self.full.get(index).unwrap_or(&self.last)
    }

    /// Element `number`, if it is kept.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        if !self.kept.contains(&number) {
            return None;
        }
        let index = (number - self.first) as usize;
        self.block(index / Self::SIZE).get(index % Self::SIZE)
    }

    /// What is kept of `range`, in one slice for each block.
    pub(super) fn slices(&self, range: Range<u64>) -> impl Iterator<Item = &[T]> {
        let start = range.start.clamp(self.kept.start, self.kept.end) - self.first;
        let end = (range.end.clamp(self.kept.start, self.kept.end) - self.first).max(start);
        let (start, end) = (start as usize, end as usize);
        let size = Self::SIZE;
        (start / size..end.div_ceil(size)).filter_map(move |index| {
            let block = self.block(index);
            let from = start.saturating_sub(index * size);
            let to = (end - index * size).min(block.len());
            block.get(from..to).filter(|slice| !slice.is_empty())
        })
    }

    /// Forgets the oldest elements, up to and without number `end`.
    pub(super) fn forget(&mut self, end: u64) {
        self.kept.start = end.clamp(self.kept.start, self.kept.end);
        while self.kept.start - self.first >= Self::SIZE as u64 {
            let mut gone = self.full.pop_front().unwrap_or_else(|| std::mem::take(&mut self.last));
            gone.clear();
            self.spare.push(gone);
            self.first += Self::SIZE as u64;
        }
        self.spare.truncate(self.full.len() / BLOCKS_A_SPARE);
    }

    /// Forgets all elements, and counts `n` more that are never kept.
    pub(super) fn skip(&mut self, n: u64) {
        self.forget(self.kept.end);
        self.last.clear();
        self.first = self.kept.end + n;
        self.kept = self.first..self.first;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(blocks: &Blocks<u8>, range: Range<u64>) -> Vec<u8> {
        blocks.slices(range).flatten().copied().collect()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_queue_holds(
            steps in prop::collection::vec((0..150_000usize, 0..150_000u64), 1..12),
            from in 0..1_000_000u64,
            len in 0..200_000u64,
        ) {
            let mut blocks = Blocks::default();
            let mut plain = Vec::new();
            let mut gone = 0;
            for (add, forget) in steps {
                let new: Vec<u8> = (plain.len()..plain.len() + add).map(|n| (n % 251) as u8).collect();
                blocks.extend(&new);
                plain.extend(new);
                gone = (gone + forget).min(plain.len() as u64);
                blocks.forget(gone);
                prop_assert_eq!(blocks.kept(), gone..plain.len() as u64);
                let start = from.clamp(gone, plain.len() as u64) as usize;
                let end = (from + len).clamp(gone, plain.len() as u64) as usize;
                prop_assert_eq!(all(&blocks, from..from + len), &plain[start..end]);
                prop_assert_eq!(blocks.get(gone), plain.get(gone as usize));
                prop_assert_eq!(blocks.get(gone.wrapping_sub(1)), None);
                prop_assert_eq!(blocks.get(plain.len() as u64), None);
            }
        }
    }

    #[test]
    fn what_is_skipped_is_counted_and_what_follows_is_kept() {
        let mut blocks = Blocks::default();
        for before in [0, 10, Blocks::<u8>::SIZE, 3 * Blocks::<u8>::SIZE + 5] {
            blocks.extend(&vec![1; before]);
            let end = blocks.kept().end + 1_000_000;
            blocks.skip(1_000_000);
            assert_eq!(blocks.kept(), end..end);
            blocks.extend(&[2; 40_000]);
            assert_eq!(blocks.kept(), end..end + 40_000);
            assert_eq!(all(&blocks, 0..u64::MAX), [2; 40_000]);
        }
    }

    #[test]
    fn a_sorted_queue_is_searched() {
        let mut blocks = Blocks::default();
        (0..10_000u64).for_each(|n| blocks.extend(&[n * 2]));
        blocks.forget(9_000);
        assert_eq!(blocks.partition_point(|n| *n < 19_001), 9_501);
        assert_eq!(blocks.partition_point(|_| true), 10_000);
        assert_eq!(blocks.partition_point(|_| false), 9_000);
    }
}
