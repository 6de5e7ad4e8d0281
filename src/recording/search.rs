//! Finding bytes in a recording, whichever lens it is read through: also where reads or writes cut them.

use std::ops::Range;

use memchr::memmem::{Finder, FinderRev};

use super::{Direction, Log, Recording};

/// How many bytes are looked at while the recording waits.
const SLICE: u64 = 256 << 10;

/// Bytes that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The direction in whose stream they are.
    pub direction: Direction,
    /// Their positions.
    pub range: Range<u64>,
    /// They are on the other side of where the search began: it went on at the other end.
    pub wrapped: bool,
}

/// What to look for, and how.
#[derive(Clone, Debug)]
pub struct Search {
    /// The bytes; none are found nowhere.
    pub needle: Vec<u8>,
    /// The only direction to look at; `None` for both.
    pub only: Option<Direction>,
    /// Towards the end; otherwise towards the begin.
    pub forward: bool,
    /// Where to begin: the byte at this position is not the first one of what is found. `None` for the begin, or the
    /// end.
    pub from: Option<(Direction, u64)>,
}

impl Search {
    /// The next match in time, a match being as old as its first byte. Takes the recording's lock for short moments
    /// only, and gives up when `stop` says so.
    #[must_use]
    pub fn run(&self, recording: &Recording, stop: impl Fn() -> bool) -> Option<Found> {
        if self.needle.is_empty() {
            return None;
        }
        let near = self.from.and_then(|from| self.nearest(recording, Some(from), &stop));
        near.or_else(|| {
            let far = self.nearest(recording, None, &stop)?;
            Some(Found { wrapped: self.from.is_some(), ..far })
        })
    }

    /// The nearest match of both directions.
    fn nearest(
        &self,
        recording: &Recording,
        from: Option<(Direction, u64)>,
        stop: &impl Fn() -> bool,
    ) -> Option<Found> {
        let directions = [Direction::In, Direction::Out];
        let wanted = directions.into_iter().filter(|one| self.only.is_none_or(|only| only == *one));
        let found = wanted.filter_map(|direction| {
            let range = recording.read(|log| self.range(log, direction, from));
            let start = if self.forward {
                self.first(recording, direction, range, stop)
            } else {
                self.last(recording, direction, range, stop)
            }?;
            let number = recording.read(|log| log.segment_at(direction, start))?;
            let range = start..start + self.needle.len() as u64;
            Some((number, Found { direction, range, wrapped: false }))
        });
        let found = if self.forward { found.min_by_key(|one| one.0) } else { found.max_by_key(|one| one.0) };
        found.map(|(_, found)| found)
    }

    /// Where in `direction`'s stream a match may begin and, looking backwards, end.
    fn range(&self, log: &Log, direction: Direction, from: Option<(Direction, u64)>) -> Range<u64> {
        let all = log.stream(direction);
        let Some((way, position)) = from else { return all };
        let rest = self.needle.len() as u64 - 1;
        if way == direction {
            return if self.forward { position + 1..all.end } else { all.start..(position + rest).min(all.end) };
        }
        // What the other direction had at that time.
        let number = log.segment_at(way, position).unwrap_or(log.kept().start);
        let there = log.position(direction, number);
        if self.forward { there..all.end } else { all.start..(there + rest).min(all.end) }
    }

    fn first(&self, of: &Recording, direction: Direction, range: Range<u64>, stop: &impl Fn() -> bool) -> Option<u64> {
        let finder = Finder::new(&self.needle);
        let rest = self.needle.len() as u64 - 1;
        let mut start = range.start;
        while start + rest < range.end && !stop() {
            let end = (start + SLICE + rest).min(range.end);
            let (begin, bytes) = joined(of, direction, start..end);
            if let Some(at) = finder.find(&bytes) {
                return Some(begin + at as u64);
            }
            start += SLICE;
        }
        None
    }

    fn last(&self, of: &Recording, direction: Direction, range: Range<u64>, stop: &impl Fn() -> bool) -> Option<u64> {
        let finder = FinderRev::new(&self.needle);
        let rest = self.needle.len() as u64 - 1;
        let mut end = range.end;
        while end > range.start + rest && !stop() {
            let start = end.saturating_sub(SLICE + rest).max(range.start);
            let (begin, bytes) = joined(of, direction, start..end);
            if let Some(at) = finder.rfind(&bytes) {
                return Some(begin + at as u64);
            }
            end = start + rest;
        }
        None
    }
}

/// The kept bytes of a range, and where they begin.
fn joined(of: &Recording, direction: Direction, range: Range<u64>) -> (u64, Vec<u8>) {
    of.read(|log| (range.start.max(log.stream(direction).start), log.joined(direction, range.clone())))
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::*;
    use Direction::{In, Out};
    use proptest::prelude::*;

    #[test]
    fn matches_are_found_in_time_order_across_reads_and_both_ways() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        for (direction, bytes) in [(In, "ab"), (Out, "xabx"), (In, "cab"), (Out, "a"), (In, "c"), (Out, "b")] {
            recording.push(direction, bytes.as_bytes());
        }
        let walk = |only, forward, steps: usize| -> Vec<(Direction, u64, bool)> {
            let mut from = None;
            let mut out = Vec::new();
            for _ in 0..steps {
                let search = Search { needle: b"ab".to_vec(), only, forward, from };
                let found = search.run(&recording, || false).expect("found");
                from = Some((found.direction, found.range.start));
                out.push((found.direction, found.range.start, found.wrapped));
            }
            out
        };
        let (one, two, three, four) = ((In, 0), (Out, 1), (In, 3), (Out, 4));
        let with = |all: &[(Direction, u64)], wrapped: usize| -> Vec<_> {
            all.iter().enumerate().map(|(n, one)| (one.0, one.1, n == wrapped)).collect()
        };
        assert_eq!(walk(None, true, 5), with(&[one, two, three, four, one], 4));
        assert_eq!(walk(None, false, 5), with(&[four, three, two, one, four], 4));
        assert_eq!(walk(Some(In), true, 3), with(&[one, three, one], 2));
        let none = Search { needle: b"zz".to_vec(), only: None, forward: true, from: None };
        assert_eq!(none.run(&recording, || false), None);
        assert_eq!(Search { needle: Vec::new(), ..none }.run(&recording, || false), None);
    }

    #[test]
    fn a_match_across_two_slices_is_found_and_a_search_can_be_stopped() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let mut all = vec![b'.'; 3 * SLICE as usize];
        for at in [SLICE as usize - 2, 2 * SLICE as usize + 5] {
            all[at..at + 4].copy_from_slice(b"abcd");
        }
        all.chunks(1_000).for_each(|chunk| recording.push(In, chunk));
        let search = |forward| Search { needle: b"abcd".to_vec(), only: None, forward, from: None };
        let start = |forward| search(forward).run(&recording, || false).map(|found| found.range.start);
        assert_eq!((start(true), start(false)), (Some(SLICE - 2), Some(2 * SLICE + 5)));
        assert_eq!(search(true).run(&recording, || true), None);
    }

    proptest! {
        #[test]
        fn every_match_of_one_stream_is_found(bytes in prop::collection::vec(0..3u8, 0..60), needle in prop::collection::vec(0..3u8, 1..4)) {
            let recording = Recorder::new(Recorder::BUDGET).open();
            bytes.chunks(3).for_each(|chunk| recording.push(Out, chunk));
            let expected: Vec<u64> = bytes.windows(needle.len()).enumerate().filter(|(_, one)| *one == needle).map(|(at, _)| at as u64).collect();
            for forward in [true, false] {
                let mut found = Vec::new();
                let mut from = None;
                while let Some(one) = (Search { needle: needle.clone(), only: None, forward, from }).run(&recording, || false) {
                    if one.wrapped {
                        break;
                    }
                    found.push(one.range.start);
                    from = Some((Out, one.range.start));
                }
                if !forward {
                    found.reverse();
                }
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
