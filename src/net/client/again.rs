//! How long to wait before connecting again.

use std::time::Duration;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// The waits between tries to connect again: 1 s, then twice as long each time, 30 s at most.
#[derive(Debug, Default)]
pub struct Waits {
    tries: u32,
}

impl Waits {
    /// The wait before the next try.
    #[must_use]
    pub fn next_wait(&mut self) -> Duration {
        let wait = Duration::from_secs(1 << self.tries.min(5));
        self.tries = self.tries.saturating_add(1);
        wait.min(LONGEST)
    }

    /// It has connected: the next wait is the shortest again.
    pub fn connected(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_until_the_longest_and_begins_anew_once_connected() {
        let mut waits = Waits::default();
        let mut next = |n| -> Vec<u64> { (0..n).map(|_| waits.next_wait().as_secs()).collect() };
        assert_eq!(next(7), [1, 2, 4, 8, 16, 30, 30]);
        waits.connected();
        assert_eq!(waits.next_wait(), Duration::from_secs(1));
        waits.tries = u32::MAX;
        assert_eq!(waits.next_wait(), LONGEST);
    }
}
