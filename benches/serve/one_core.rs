//! Keeps a thread, and those that it starts meanwhile, on one core of the processor.

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The thread that made it stays on the first core that it may use, until this is dropped.
#[cfg(target_os = "linux")]
pub struct OneCore(CpuSet);

#[cfg(target_os = "linux")]
impl OneCore {
    /// `None` where the system does not let it.
    pub fn stay() -> Option<Self> {
        let all = sched_getaffinity(None).ok()?;
        let mut one = CpuSet::new();
        one.set((0..CpuSet::MAX_CPU).find(|core| all.is_set(*core))?);
        sched_setaffinity(None, &one).ok()?;
        Some(Self(all))
    }
}

#[cfg(target_os = "linux")]
impl Drop for OneCore {
    fn drop(&mut self) {
        // It could before.
        _ = sched_setaffinity(None, &self.0);
    }
}

/// Elsewhere the system decides.
#[cfg(not(target_os = "linux"))]
pub struct OneCore;

#[cfg(not(target_os = "linux"))]
impl OneCore {
    pub fn stay() -> Option<Self> {
        None
    }
}
