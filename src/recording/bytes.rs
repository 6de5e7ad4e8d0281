//! The bytes of one direction: a queue that grows at one end, shrinks at the other, and numbers its bytes for ever.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::blocks::grow;
use super::spare::Pool;
use crate::prefetch;

/// Bytes of a block that small pieces share.
const BLOCK: usize = 16 << 10;

/// Where so many bytes are added, the memory for the next ones is asked for at once: nothing of it is in the caches.
const MANY: usize = 256;

/// Bytes numbered from 0 as they came, of which the oldest may be gone. Kept in blocks: adding never moves what is there.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    /// The block that grows.
    last: Vec<u8>,
    /// The numbers of the bytes that are kept.
    kept: Range<u64>,
    /// Those before the one that grows, once there are any: nothing is added to them any more. Apart, as adding a few bytes
    /// does not look at them.
    #[expect(clippy::box_collection, reason = "most have none, and there may be thousands")]
    full: Option<Box<VecDeque<Block>>>,
}

#[derive(Debug)]
struct Block {
    /// The number of its first byte.
    first: u64,
    /// Its first bytes; the others are nothing.
    len: usize,
    /// Whoever has read them may still look at them.
    bytes: Arc<Vec<u8>>,
}

impl Bytes {
    /// The numbers of the bytes that are kept: `end` is how many there ever were.
    pub(super) fn kept(&self) -> Range<u64> {
        self.kept.clone()
    }

    /// Adds a copy of `bytes` at the end. Memory for it may be found in `spare`.
    pub(super) fn copy(&mut self, mut bytes: &[u8], spare: &Pool<u8>) {
        while !bytes.is_empty() {
            if self.last.len() >= BLOCK {
                self.close_last();
                self.last = spare.empty_block(BLOCK);
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.last.len()));
            grow(&mut self.last, now.len(), BLOCK);
            self.add(now);
            bytes = later;
        }
    }

    /// Makes room for so many more bytes in the block that grows; whether it can have that.
    pub(super) fn reserve(&mut self, more: usize) -> bool {
        grow(&mut self.last, more, BLOCK);
        self.last.len() + more <= BLOCK
    }

    /// Adds a copy of `bytes` at the end, where there is room for it.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.last.extend_from_slice(bytes);
        self.kept.end += bytes.len() as u64;
        if bytes.len() >= MANY {
            // The next ones are about as many, mostly.
            prefetch::room(&self.last, self.last.len()..self.last.len() + bytes.len());
        }
    }

    /// Adds the first `len` bytes of a block at the end, without copying them.
    pub(super) fn share(&mut self, bytes: &Arc<Vec<u8>>, len: usize) {
        if !self.last.is_empty() {
            self.last.shrink_to_fit();
            self.close_last();
        }
        let first = self.kept.end;
        let len = len.min(bytes.len());
        self.full.get_or_insert_default().push_back(Block { first, len, bytes: Arc::clone(bytes) });
        self.kept.end += len as u64;
    }

    /// Nothing is added to the last block any more.
    fn close_last(&mut self) {
        let bytes = std::mem::take(&mut self.last);
        let (len, first) = (bytes.len(), self.last_first() - bytes.len() as u64);
        self.full.get_or_insert_default().push_back(Block { first, len, bytes: Arc::new(bytes) });
    }

    /// The number of the first byte of the last block.
    fn last_first(&self) -> u64 {
        self.kept.end - self.last.len() as u64
    }

    /// What is kept of `range`, in one slice for each block.
    pub(super) fn slices(&self, range: Range<u64>) -> impl Iterator<Item = &[u8]> {
        let start = range.start.clamp(self.kept.start, self.kept.end);
        let end = range.end.clamp(start, self.kept.end);
        let full = self.full.iter().flat_map(move |full| {
            let index = full.partition_point(|block| block.first + block.len as u64 <= start);
            full.range(index..).map(|block| (block.first, &block.bytes[..block.len]))
        });
        let blocks = full.chain(std::iter::once((self.last_first(), self.last.as_slice())));
        blocks.take_while(move |(first, _)| *first < end).filter_map(move |(first, bytes)| {
            let from = start.saturating_sub(first) as usize;
            let to = (bytes.len() as u64).min(end - first) as usize;
            bytes.get(from..to).filter(|slice| !slice.is_empty())
        })
    }

    /// Forgets the oldest bytes, up to and without number `end`. Their memory goes to `spare`, where nobody looks at it.
    pub(super) fn forget(&mut self, end: u64, spare: &Pool<u8>) {
        self.kept.start = end.clamp(self.kept.start, self.kept.end);
        if let Some(full) = &mut self.full {
            while full.front().is_some_and(|block| block.first + block.len as u64 <= self.kept.start)
                && let Some(gone) = full.pop_front()
            {
                // Small ones are of no use to anybody.
                let block = Arc::into_inner(gone.bytes).filter(|block| block.capacity() >= BLOCK);
                block.into_iter().for_each(|block| spare.give(block));
            }
        }
        if self.kept.is_empty() {
            self.last.clear();
        }
    }

    /// Forgets all bytes, and counts `n` more that are never kept.
    pub(super) fn skip(&mut self, n: u64, spare: &Pool<u8>) {
        self.forget(self.kept.end, spare);
        self.kept = self.kept.end + n..self.kept.end + n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::spare::Spare;
    use proptest::prelude::*;

    fn all(bytes: &Bytes, range: Range<u64>) -> Vec<u8> {
        bytes.slices(range).flatten().copied().collect()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_queue_holds(
            steps in prop::collection::vec((0..150_000usize, any::<bool>(), 0..150_000u64), 1..12),
            from in 0..1_000_000u64,
            len in 0..200_000u64,
        ) {
            let (mut bytes, spare) = (Bytes::default(), Spare::of(10 * BLOCK as u64).bytes);
            let mut plain: Vec<u8> = Vec::new();
            let mut gone = 0;
            for (add, share, forget) in steps {
                let mut new: Vec<u8> = (plain.len()..plain.len() + add).map(|n| (n % 251) as u8).collect();
                plain.extend(&new);
                if share {
                    new.extend([255; 100]);
                    bytes.share(&Arc::new(new), add);
                } else {
                    bytes.copy(&new, &spare);
                }
                gone = (gone + forget).min(plain.len() as u64);
                bytes.forget(gone, &spare);
                prop_assert_eq!(bytes.kept(), gone..plain.len() as u64);
                let start = from.clamp(gone, plain.len() as u64) as usize;
                let end = (from + len).clamp(gone, plain.len() as u64) as usize;
                prop_assert_eq!(all(&bytes, from..from + len), &plain[start..end]);
                prop_assert_eq!(all(&bytes, 0..u64::MAX), &plain[gone as usize..]);
            }
        }
    }

    #[test]
    fn what_is_skipped_is_counted_and_what_follows_is_kept() {
        let (mut bytes, spare) = (Bytes::default(), Spare::of(10 * BLOCK as u64).bytes);
        for before in [0, 10, BLOCK, 3 * BLOCK + 5] {
            bytes.copy(&vec![1; before], &spare);
            let end = bytes.kept().end + 1_000_000;
            bytes.skip(1_000_000, &spare);
            assert_eq!(bytes.kept(), end..end);
            bytes.copy(&[2; 40_000], &spare);
            assert_eq!(bytes.kept(), end..end + 40_000);
            assert_eq!(all(&bytes, 0..u64::MAX), [2; 40_000]);
        }
    }

    #[test]
    fn a_block_that_has_gone_is_used_again_once_nobody_looks_at_it() {
        let (mut bytes, spare) = (Bytes::default(), Spare::of(10 * BLOCK as u64).bytes);
        bytes.copy(&[1; 10], &spare);
        let blocks: Vec<_> = (0..2).map(|_| Arc::new(vec![0; BLOCK])).collect();
        blocks.iter().for_each(|block| bytes.share(block, BLOCK));
        bytes.forget(10 + BLOCK as u64, &spare);
        assert!(spare.take(BLOCK).is_none(), "it is still looked at");
        assert!(spare.take(10).is_none(), "it is of no use");
        let second = blocks[1].as_ptr();
        drop(blocks);
        bytes.forget(10 + 2 * BLOCK as u64, &spare);
        // Another one needs two.
        let mut other = Bytes::default();
        other.copy(&[2; 2 * BLOCK], &spare);
        assert_eq!(other.last.as_ptr(), second);
        assert_eq!(all(&other, 0..u64::MAX), [2; 2 * BLOCK]);
    }
}
