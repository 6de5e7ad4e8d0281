//! How fast a body comes, and when all of it will be there.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Progress;
use crate::i18n::{bytes, tf};

/// The time that counts.
const WINDOW: Duration = Duration::from_secs(5);
/// From one sample to the next, at least.
const GAP: Duration = Duration::from_millis(100);

/// How much there was at which time, over the last few seconds.
#[derive(Debug, Default)]
pub struct Pace {
    samples: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Notes that there were `got` bytes `at` that time; in order of time.
    pub fn note(&mut self, at: Instant, got: u64) {
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
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let ((from, had), (to, has)) = (self.samples.front()?, self.samples.back()?);
        let time = to.saturating_duration_since(*from).as_secs_f64();
        (time > 0.0).then(|| (has.saturating_sub(*had) as f64 / time) as u64)
    }

    /// How long the rest up to `length` takes at this rate, in whole seconds; not known where nothing comes.
    #[must_use]
    pub fn left(&self, length: u64) -> Option<u64> {
        let rate = self.rate().filter(|rate| *rate > 0)?;
        let (_, has) = self.samples.back()?;
        Some(length.saturating_sub(*has).div_ceil(rate))
    }

    /// `far`, which says how far it is, with how fast and how long still, as far as that can be told.
    #[must_use]
    pub fn tell(&self, far: String, progress: Progress) -> String {
        let Some(rate) = self.rate() else { return far };
        let fast = tf("pace-rate", &[("far", far.into()), ("rate", bytes(rate).into())]);
        let length = progress.length.filter(|length| progress.received < *length);
        match length.and_then(|length| self.left(length)) {
            Some(left) => tf("pace-left", &[("fast", fast.into()), ("left", time_text(left).into())]),
            None => fast,
        }
    }
}

/// Seconds, the two largest units of them.
fn time_text(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => tf("pace-seconds", &[("s", seconds.into())]),
        (0, _) => tf("pace-minutes", &[("m", minutes.into()), ("s", (seconds % 60).into())]),
        _ => tf("pace-hours", &[("h", hours.to_string().into()), ("m", minutes.into())]),
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

    #[test]
    fn times_have_two_units() {
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 90_061].map(time_text),
            ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "25 h 1 min"]
        );
    }
}
