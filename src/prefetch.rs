//! Asks for memory before it is needed, so that it comes into the processor's caches while something else is done. These are
//! hints: nothing is read, nothing waits, and where a processor has none of them nothing is done.

use std::ops::Range;

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;

/// The most bytes that are asked for: of what lies one after the other a processor soon notices that it is gone through.
const MOST: usize = 4 << 10;

/// The first `bytes` of `value` are about to be changed.
#[inline]
pub(crate) fn value<T>(value: &T, bytes: usize) {
    lines(std::ptr::from_ref(value).cast(), bytes.min(size_of::<T>()));
}

/// What is to be at these places is about to be written, as far as there is memory for it.
#[inline]
pub(crate) fn room<T>(of: &Vec<T>, Range { start, end }: Range<usize>) {
    let elements = end.min(of.capacity()).saturating_sub(start);
    lines(of.as_ptr().wrapping_add(start).cast(), elements * size_of::<T>());
}

/// The functions that are called from here are about to use so many bytes of the stack.
#[inline(always)]
pub(crate) fn stack(bytes: usize) {
    let here = 0_u8;
    lines(std::ptr::from_ref(std::hint::black_box(&here)).wrapping_sub(bytes), bytes);
}

#[inline]
fn lines(begin: *const u8, bytes: usize) {
    if bytes > 0 {
        for at in (0..begin as usize % LINE + bytes.min(MOST)).step_by(LINE) {
            branches::prefetch_write_data::<_, 0>(begin.wrapping_add(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_need_not_be_there() {
        room(&Vec::<u64>::new(), 0..9);
        room(&vec![1u8], 0..usize::MAX);
        room(&vec![1u8], usize::MAX..usize::MAX);
        room(&Vec::<()>::new(), 0..usize::MAX);
        value(&1u8, usize::MAX);
        value(&[0u8; 3 * MOST], usize::MAX);
        stack(usize::MAX);
        lines(std::ptr::null(), usize::MAX);
        lines(std::ptr::without_provenance(usize::MAX), usize::MAX);
    }
}
