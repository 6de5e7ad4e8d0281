//! How long clients wait for their replies: a histogram that connections' threads record into almost for free.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Each power of two is parted into so many buckets: a bucket is at most 1/16 wider than what it begins with.
const PARTS: u64 = 16;

/// The shortest time that is told apart, in nanoseconds, as a power of two: 0.5 µs. Shorter ones count as such.
const FIRST: u32 = 9;

/// The powers of two that are told apart: up to 2^42 ns, more than an hour. Longer ones count as the longest.
const POWERS: u32 = 33;

/// How many buckets there are.
const BUCKETS: usize = POWERS as usize * PARTS as usize;

/// Those who record at the same time should meet rarely.
const SHARDS: usize = 16;

/// Counts of one shard, in cache lines that no other shard has.
#[derive(Debug)]
#[repr(align(128))]
struct Shard([AtomicU64; BUCKETS]);

/// The times that were recorded, by how long they were.
#[derive(Debug)]
pub struct Latency(Box<[Shard]>);

impl Default for Latency {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Shard([const { AtomicU64::new(0) }; BUCKETS])).collect())
    }
}

impl Latency {
    /// Records a time of so many microseconds, for the connection of this number: those of others are mostly kept elsewhere.
    pub fn record(&self, number: u64, micros: u64) {
        let Shard(buckets) = &self.0[number as usize % SHARDS];
        buckets[bucket(micros.saturating_mul(1_000))].fetch_add(1, Ordering::Relaxed);
    }

    /// What has been recorded up to now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut counts = vec![0; BUCKETS];
        for Shard(buckets) in &self.0 {
            for (count, bucket) in counts.iter_mut().zip(buckets) {
                *count += bucket.load(Ordering::Relaxed);
            }
        }
        Snapshot(counts)
    }
}

/// The bucket of a time in nanoseconds.
fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1 << FIRST);
    let power = nanos.ilog2();
    let part = (nanos >> (power - PARTS.ilog2())) - PARTS;
    (((power - FIRST) as usize) * PARTS as usize + part as usize).min(BUCKETS - 1)
}

/// The middle of a bucket: at most 1/32 from anything in it.
fn middle(bucket: usize) -> Duration {
    let (power, part) = (bucket as u32 / PARTS as u32 + FIRST, bucket as u64 % PARTS);
    let width = 1 << (power - PARTS.ilog2());
    Duration::from_nanos((PARTS + part) * width + width / 2)
}

/// How many times of each length were recorded. Empty at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(Vec<u64>);

impl Snapshot {
    /// What was recorded after `earlier` was taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect())
    }

    /// How many times were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time that the part `quantile` (0 to 1) of all does not exceed, to about 3 %; `None` if nothing was recorded.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let count = self.count();
        let rank = ((quantile * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        let found = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.map(middle)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of these microseconds.
    fn of(times: &[u64]) -> Snapshot {
        let latency = Latency::default();
        (0..).zip(times).for_each(|(n, time)| latency.record(n, *time));
        latency.snapshot()
    }

    fn is_near(found: Duration, wanted: u64) -> bool {
        let wanted = Duration::from_micros(wanted);
        found.abs_diff(wanted).as_secs_f64() <= 0.0625 * wanted.as_secs_f64()
    }

    #[test]
    fn nothing_has_no_quantile_and_extremes_count_as_the_shortest_and_the_longest() {
        assert_eq!((of(&[]).count(), of(&[]).quantile(0.5), Snapshot::default().quantile(0.5)), (0, None, None));
        let latency = Latency::default();
        latency.record(1, 0);
        latency.record(2, u64::MAX);
        let all = latency.snapshot();
        assert_eq!(all.count(), 2);
        assert!(all.quantile(0.0) < Some(Duration::from_micros(1)));
        assert!(all.quantile(1.0) > Some(Duration::from_secs(3_600)));
    }

    #[test]
    fn what_came_since_is_told_apart() {
        let latency = Latency::default();
        latency.record(1, 1_000);
        let before = latency.snapshot();
        assert_eq!(latency.snapshot().since(&before).count(), 0);
        latency.record(SHARDS as u64 + 1, 1_000_000);
        let since = latency.snapshot().since(&before);
        assert_eq!(since.count(), 1);
        assert!(is_near(since.quantile(0.01).expect("one"), 1_000_000));
        assert_eq!(latency.snapshot().since(&Snapshot::default()).count(), 2);
    }

    #[test]
    fn threads_that_record_together_lose_nothing() {
        let latency = Latency::default();
        std::thread::scope(|scope| {
            // Some of them have the same shard.
            for n in 0..=SHARDS as u64 {
                let latency = &latency;
                scope.spawn(move || (0..100_000).for_each(|_| latency.record(n, 1_000)));
            }
        });
        assert_eq!(latency.snapshot().count(), (SHARDS as u64 + 1) * 100_000);
    }

    proptest! {
        #[test]
        fn a_quantile_is_that_of_the_times_themselves_to_six_percent(
            mut times in prop::collection::vec(1_u64..4_000_000_000, 1..200),
            quantile in 0.0..=1.0_f64,
        ) {
            let found = of(&times).quantile(quantile).expect("some");
            times.sort_unstable();
            let rank = (quantile * times.len() as f64).ceil().max(1.0) as usize;
            prop_assert!(is_near(found, times[rank - 1]), "{found:?} is not {}", times[rank - 1]);
        }

        #[test]
        fn longer_times_are_never_in_earlier_buckets(a: u64, b: u64, magnitude in 0_u32..60) {
            let (a, b) = (a.min(b) >> magnitude, a.max(b) >> magnitude);
            prop_assert!(bucket(a) <= bucket(b));
        }
    }
}
