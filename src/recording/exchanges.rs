//! Reads with the writes that answered them, until they are put in their places.

use crate::prefetch;

/// The most bytes that wait, with what they need besides. It is soon full: then they are still in the caches, however many
/// connections there are.
const MOST: usize = 512;

/// Bytes in front of each exchange: in 64 bits when the read returned, in 32 how much later the write began, in 16 each how long
/// both are.
const HEAD: usize = size_of::<u128>();

/// A read and the write that answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exchange<'a> {
    /// When the read returned, in microseconds since the recording began.
    pub(super) came: u64,
    pub(super) read: &'a [u8],
    /// When the write began, not before that.
    pub(super) begun: u64,
    pub(super) written: &'a [u8],
}

/// Exchanges one after the other in one piece of memory. Putting them into three places, as a [`super::Log`] keeps them, takes
/// longer where there are thousands of connections: each place must first come back into the caches.
#[derive(Debug, Default)]
pub(super) struct Exchanges(Vec<u8>);

impl Exchanges {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one; false if there is no room for it, or the read is the empty one.
    pub(super) fn push(&mut self, Exchange { came, read, begun, written }: Exchange<'_>) -> bool {
        let waiting = &mut self.0;
        let more = HEAD + read.len() + written.len();
        let Ok(waited) = u32::try_from(begun - came) else { return false };
        if waiting.len() + more > MOST || read.is_empty() {
            return false;
        }
        waiting.reserve_exact(MOST - waiting.len());
        let head =
            u128::from(came) << 64 | u128::from(waited) << 32 | (read.len() as u128) << 16 | written.len() as u128;
        waiting.extend_from_slice(&head.to_ne_bytes());
        waiting.extend_from_slice(read);
        waiting.extend_from_slice(written);
        true
    }

    /// One is about to be added.
    pub(super) fn prefetch(&self) {
        prefetch::room(&self.0, self.0.len()..self.0.len() + prefetch::LINE);
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Exchange<'_>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (head, bytes) = rest.split_first_chunk::<HEAD>()?;
            let head = u128::from_ne_bytes(*head);
            let came = (head >> 64) as u64;
            let (read, bytes) = bytes.split_at((head >> 16) as u16 as usize);
            let (written, bytes) = bytes.split_at(head as u16 as usize);
            rest = bytes;
            Some(Exchange { came, read, begun: came + u64::from((head >> 32) as u32), written })
        })
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there is memory for some.
    #[cfg(test)]
    pub(super) fn has_memory(&self) -> bool {
        self.0.capacity() > 0
    }

    /// Gives the memory back, once no more are to come.
    pub(super) fn free(&mut self) {
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_added_is_taken_in_order_and_never_more_than_there_may_be(
            all in prop::collection::vec((0..1u64 << 50, 0..1u64 << 34, 0..300usize, 0..300usize), 1..30),
        ) {
            let mut exchanges = Exchanges::default();
            let mut added = Vec::new();
            for (n, (came, waited, read, written)) in all.into_iter().enumerate() {
                let (read, written) = (vec![n as u8; read], vec![100 + n as u8; written]);
                let one = Exchange { came, read: &read, begun: came + waited, written: &written };
                if exchanges.push(one) {
                    prop_assert!(u32::try_from(waited).is_ok());
                    added.push((came, read, came + waited, written));
                } else {
                    let len = exchanges.0.len() + HEAD + read.len() + written.len();
                    prop_assert!(len > MOST || read.is_empty() || u32::try_from(waited).is_err());
                }
                prop_assert!(exchanges.0.capacity() <= MOST);
            }
            let taken: Vec<_> =
                exchanges.iter().map(|one| (one.came, one.read.to_vec(), one.begun, one.written.to_vec())).collect();
            prop_assert_eq!(taken, added);
            exchanges.clear();
            prop_assert!(exchanges.is_empty());
        }
    }
}
