//! Processor time of this thread alone: what else runs on the computer does not count.

use std::time::Duration;

/// How much of the processor's time this thread has had.
#[cfg(unix)]
pub fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    #[allow(clippy::useless_conversion, reason = "not of this size on every system")]
    Duration::new(part(now.tv_sec.into()), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Elsewhere the time on the wall has to do.
#[cfg(not(unix))]
pub fn thread_time() -> Duration {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed()
}
