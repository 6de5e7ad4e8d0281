//! How fast a body comes, and when all of it will be there.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time that counts.
const WINDOW: Duration = Duration::from_secs(5);
/// From one sample to the next, at least.
const GAP: Duration = Duration::from_millis(100);

/// How much there was at which time, over the last few seconds.
#[derive(Debug, Default)]
pub(super) struct Pace {
    samples: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Notes that there were `got` bytes `at` that time; in order of time.
    pub(super) fn note(&mut self, at: Instant, got: u64) {
        if self.samples.back().is_some_and(|(last, _)| at.saturating_duration_since(*last) < GAP) {
            return;
        }
        self.samples.push_back((at, got));
        // One that is older stays: to measure from.
        while self.samples.get(1).is_some_and(|(second, _)| at.saturating_duration_since(*second) >= WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Bytes a second, once that can be told.
    pub(super) fn rate(&self) -> Option<u64> {
        let ((from, had), (to, has)) = (self.samples.front()?, self.samples.back()?);
        let time = to.saturating_duration_since(*from).as_secs_f64();
        (time > 0.0).then(|| (has.saturating_sub(*had) as f64 / time) as u64)
    }

    /// How long the rest up to `length` takes at this rate, in whole seconds; not known where nothing comes.
    pub(super) fn left(&self, length: u64) -> Option<u64> {
        let rate = self.rate().filter(|rate| *rate > 0)?;
        let (_, has) = self.samples.back()?;
        Some(length.saturating_sub(*has).div_ceil(rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seconds_count() {
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut pace = Pace::default();
        assert_eq!((pace.rate(), pace.left(1_000)), (None, None));
        pace.note(at(0), 0);
        assert_eq!(pace.rate(), None);
        pace.note(at(0) + GAP / 2, 50);
        assert_eq!(pace.rate(), None);
        pace.note(at(1), 1_000);
        assert_eq!((pace.rate(), pace.left(1_000), pace.left(2_001)), (Some(1_000), Some(0), Some(2)));
        (2..10).for_each(|second| pace.note(at(second), 1_000 + 100 * (second - 1)));
        assert_eq!((pace.rate(), pace.left(1_900)), (Some(100), Some(1)));
        (10..20).for_each(|second| pace.note(at(second), 1_800));
        assert_eq!((pace.rate(), pace.left(2_000)), (Some(0), None));
        assert!(pace.samples.len() <= 6, "{}", pace.samples.len());
    }
}
