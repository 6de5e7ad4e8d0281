//! What a server did second by second, over the last two minutes: made of its sums whenever the front door looks. No thread, no
//! clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Totals;
use super::latency::Snapshot;

/// How far back it goes.
pub const SPAN: Duration = Duration::from_secs(120);

/// The shortest time of a sample, a little less than the second between two looks.
const SHORTEST: Duration = Duration::from_millis(950);

/// What went on from one look to the next. Where nobody looked for long it is an average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it begins.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// Messages answered a second.
    pub greetings: f64,
    /// Bytes read a second.
    pub bytes_in: f64,
    /// Bytes written a second.
    pub bytes_out: f64,
    /// Connections open at its end.
    pub open: u64,
    /// How long half of the messages waited for their replies at most; `None` if there were none.
    pub p50: Option<Duration>,
    /// How long 99 of 100 did.
    pub p99: Option<Duration>,
}

impl Sample {
    /// Nothing went on.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.greetings + self.bytes_in + self.bytes_out <= 0.0
    }
}

/// The samples of one run.
#[derive(Debug)]
pub struct Meter {
    looked: Instant,
    totals: Totals,
    latency: Snapshot,
    samples: VecDeque<Sample>,
}

impl Meter {
    /// Begins at `now`, with nothing done.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { looked: now, totals: Totals::default(), latency: Snapshot::default(), samples: VecDeque::new() }
    }

    /// Takes a sample if the last one is a second old. `ask` is called only then.
    pub fn look(&mut self, now: Instant, ask: impl FnOnce() -> (Totals, Snapshot)) {
        let took = now.saturating_duration_since(self.looked);
        if took < SHORTEST {
            return;
        }
        let (totals, latency) = ask();
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / took.as_secs_f64();
        let waits = latency.since(&self.latency);
        self.samples.push_back(Sample {
            from: self.looked,
            to: now,
            greetings: rate(totals.greetings, self.totals.greetings),
            bytes_in: rate(totals.bytes_in, self.totals.bytes_in),
            bytes_out: rate(totals.bytes_out, self.totals.bytes_out),
            open: totals.open,
            p50: waits.quantile(0.5),
            p99: waits.quantile(0.99),
        });
        (self.looked, self.totals, self.latency) = (now, totals, latency);
        while self.samples.front().is_some_and(|first| now.saturating_duration_since(first.to) >= SPAN) {
            self.samples.pop_front();
        }
    }

    /// The samples of the last two minutes, the oldest first.
    #[must_use]
    pub fn samples(&self) -> &VecDeque<Sample> {
        &self.samples
    }

    /// The last sample does not tell how it stands with `open` connections and nothing going on: the next one may, which is
    /// worth a look.
    #[must_use]
    pub fn is_unsettled(&self, open: u64) -> bool {
        self.samples.back().is_some_and(|last| !last.is_quiet() || last.open != open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::server::latency::Latency;

    fn totals(greetings: u64) -> Totals {
        Totals { connections: 1, open: 1, greetings, bytes_in: greetings * 10, bytes_out: greetings * 20 }
    }

    #[test]
    fn rates_are_of_a_second_whatever_the_time_between_two_looks() {
        let begin = Instant::now();
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        let (mut meter, latency) = (Meter::new(begin), Latency::default());
        meter.look(at(1.0), || (totals(100), latency.snapshot()));
        latency.record(1, 10_000);
        // Nobody looked for a while.
        meter.look(at(5.0), || (totals(500), latency.snapshot()));
        meter.look(at(5.5), || unreachable!("it is too early"));
        meter.look(at(7.0), || (totals(500), latency.snapshot()));
        let found: Vec<_> = meter.samples().iter().map(|one| (one.greetings, one.bytes_in, one.bytes_out)).collect();
        assert_eq!(found, [(100.0, 1_000.0, 2_000.0), (100.0, 1_000.0, 2_000.0), (0.0, 0.0, 0.0)]);
        let times: Vec<_> = meter.samples().iter().map(|one| (one.to - one.from).as_secs_f64()).collect();
        assert_eq!(times, [1.0, 4.0, 2.0]);
        let waits: Vec<_> = meter.samples().iter().map(|one| one.p99.map(|time| time.as_millis())).collect();
        assert!(matches!(waits[..], [None, Some(9..=11), None]), "{waits:?}");
        assert!(!meter.is_unsettled(1) && meter.is_unsettled(0), "one has closed since");
    }

    #[test]
    fn only_two_minutes_are_kept() {
        let begin = Instant::now();
        let mut meter = Meter::new(begin);
        for second in 1..1_000 {
            meter.look(begin + Duration::from_secs(second), || (totals(second), Snapshot::default()));
        }
        assert_eq!(meter.samples().len(), 120);
        assert!(meter.is_unsettled(1), "there were greetings");
        // After a long pause there is one sample that tells of it.
        meter.look(begin + Duration::from_secs(5_000), || (totals(999), Snapshot::default()));
        assert_eq!(meter.samples().len(), 1);
    }
}
