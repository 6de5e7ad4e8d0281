//! WHAT crossed a socket. Pure data: no sockets, no threads, no screen.
//!
//! A [`Recording`] belongs to one connection. Each `read` and `write` that returned is kept as one
//! [`Segment`]: never merged, split or altered. What a "message" is, is decided by whoever shows it.
//!
//! Memory is bounded twice: per recording and over all recordings of one [`Recorder`]. What no longer
//! fits goes oldest first, and is counted, so that a view can say how much is missing.

pub mod encoding;
pub mod escapes;
pub mod hex;
pub mod literal;
pub mod text;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

/// Which way bytes went, seen from our end of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A `read` returned them.
    In,
    /// A `write` took them.
    Out,
}

/// The four things that tell one TCP connection from another: two addresses with two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
}

/// One `read` or `write` as it returned. `len == 0` with [`Direction::In`] is the empty read: the peer is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Time since the recording began, by a clock that never jumps; whole microseconds.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// Size in bytes.
    pub len: usize,
    /// Where its bytes begin in the stream of all recorded bytes, both directions together.
    offset: u64,
}

/// What one segment costs besides its bytes, for the budget.
const SEGMENT_COST: u64 = size_of::<Segment>() as u64;

/// How much is kept, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one recording.
    pub each: u64,
    /// For all recordings together.
    pub all: u64,
}

impl Limits {
    /// For who looks at no recording: nothing is kept.
    pub const NOTHING: Self = Self { each: 0, all: u64::MAX };
}

impl Default for Limits {
    fn default() -> Self {
        Self { each: 16 << 20, all: 64 << 20 }
    }
}

/// Makes recordings and keeps all of them together within [`Limits::all`].
#[derive(Debug)]
pub struct Recorder {
    limits: Limits,
    /// Bytes kept now over all recordings, with what the segments themselves cost.
    used: AtomicU64,
    /// Oldest first. Weak: a recording lives as long as the connection that owns it.
    recordings: Mutex<VecDeque<Weak<Recording>>>,
    /// Held by whoever makes room.
    making_room: Mutex<()>,
}

impl Recorder {
    /// A recorder with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, used: AtomicU64::new(0), recordings: Mutex::default(), making_room: Mutex::default() })
    }

    /// Begins the recording of one connection.
    pub fn open(self: &Arc<Self>, ends: Ends) -> Arc<Recording> {
        let recording = Arc::new(Recording {
            ends,
            origin: Instant::now(),
            opened: SystemTime::now(),
            recorder: Arc::clone(self),
            log: Mutex::default(),
        });
        let mut recordings = lock(&self.recordings);
        // Forget the dead ones now and then, so that a server with many short connections stays small.
        if recordings.len().is_power_of_two() {
            recordings.retain(|one| one.strong_count() > 0);
        }
        recordings.push_back(Arc::downgrade(&recording));
        recording
    }

    /// Bytes kept now, over all recordings, with what the segments themselves cost.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Drops the oldest segments of the oldest recordings until all fit again, and a little more: walking through the
    /// recordings costs too much for every segment. One thread does it; those that brought too much wait for it.
    fn make_room(&self) {
        let _only_one = lock(&self.making_room);
        // Somebody else may have made room while we waited for our turn.
        if self.used() <= self.limits.all {
            return;
        }
        let goal = self.limits.all - self.limits.all / 8;
        let oldest_first: Vec<_> = lock(&self.recordings).iter().filter_map(Weak::upgrade).collect();
        for recording in oldest_first {
            let mut log = lock(&recording.log);
            while self.used() > goal {
                let freed = log.drop_oldest();
                if freed == 0 {
                    break;
                }
                self.used.fetch_sub(freed, Ordering::Relaxed);
            }
            if self.used() <= goal {
                return;
            }
        }
    }
}

/// Every read and write of one connection, each kept apart.
#[derive(Debug)]
pub struct Recording {
    ends: Ends,
    origin: Instant,
    opened: SystemTime,
    recorder: Arc<Recorder>,
    log: Mutex<Log>,
}

impl Recording {
    /// Both ends of the connection.
    #[must_use]
    pub fn ends(&self) -> Ends {
        self.ends
    }

    /// The wall time at which the recording began: [`Segment::at`] counts from here.
    #[must_use]
    pub fn opened(&self) -> SystemTime {
        self.opened
    }

    /// Keeps one `read` or `write` that has just returned.
    pub fn push(&self, direction: Direction, bytes: &[u8]) {
        let mut log = lock(&self.log);
        // Read under the lock, so that times never run backwards inside a recording.
        let at = Duration::from_micros(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX));
        // The budget is changed under the lock, so that nobody can free what is not counted yet.
        let used = &self.recorder.used;
        used.fetch_add(log.append(at, direction, bytes), Ordering::Relaxed);
        while log.cost() > self.recorder.limits.each {
            used.fetch_sub(log.drop_oldest(), Ordering::Relaxed);
        }
        drop(log);
        if self.recorder.used() > self.recorder.limits.all {
            self.recorder.make_room();
        }
    }

    /// Looks at what is kept. The worker waits for as long as `look` takes: copy, do not draw.
    pub fn read<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&lock(&self.log))
    }

    /// The numbers of the segments that are kept: `end` is how many there ever were.
    #[must_use]
    pub fn kept(&self) -> Range<u64> {
        self.read(Log::kept)
    }

    /// All kept bytes of one direction, joined.
    #[must_use]
    pub fn joined(&self, direction: Direction) -> Vec<u8> {
        self.read(|log| {
            let mut out = Vec::new();
            for number in log.kept() {
                if log.segment(number).is_some_and(|one| one.direction == direction) {
                    log.append_bytes(number, &mut out);
                }
            }
            out
        })
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.recorder.used.fetch_sub(lock(&self.log).cost(), Ordering::Relaxed);
    }
}

/// The kept segments of one recording and their bytes.
#[derive(Debug, Default)]
pub struct Log {
    segments: VecDeque<Segment>,
    bytes: VecDeque<u8>,
    dropped_segments: u64,
    dropped_bytes: u64,
}

impl Log {
    /// The numbers of the segments that are kept; segments are numbered from 0 as they came.
    #[must_use]
    pub fn kept(&self) -> Range<u64> {
        self.dropped_segments..self.dropped_segments + self.segments.len() as u64
    }

    /// How many bytes were dropped to make room.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes
    }

    /// Segment `number`, if it is kept.
    #[must_use]
    pub fn segment(&self, number: u64) -> Option<Segment> {
        let index = number.checked_sub(self.dropped_segments)?;
        self.segments.get(usize::try_from(index).ok()?).copied()
    }

    /// The bytes of segment `number` in two parts, as the ring buffer holds them; empty if it is not kept.
    #[must_use]
    pub fn bytes(&self, number: u64) -> (&[u8], &[u8]) {
        let Some(segment) = self.segment(number) else { return (&[], &[]) };
        let start = (segment.offset - self.dropped_bytes) as usize;
        let end = start + segment.len;
        let (front, back) = self.bytes.as_slices();
        if end <= front.len() {
            (&front[start..end], &[])
        } else if start >= front.len() {
            (&back[start - front.len()..end - front.len()], &[])
        } else {
            (&front[start..], &back[..end - front.len()])
        }
    }

    /// Appends the bytes of segment `number` to `out`; nothing if it is not kept.
    pub fn append_bytes(&self, number: u64, out: &mut Vec<u8>) {
        let (front, back) = self.bytes(number);
        out.extend_from_slice(front);
        out.extend_from_slice(back);
    }

    fn append(&mut self, at: Duration, direction: Direction, bytes: &[u8]) -> u64 {
        let offset = self.dropped_bytes + self.bytes.len() as u64;
        self.segments.push_back(Segment { at, direction, len: bytes.len(), offset });
        self.bytes.extend(bytes);
        SEGMENT_COST + bytes.len() as u64
    }

    /// Drops the oldest segment and says how many bytes of memory that freed; 0 when there is none.
    fn drop_oldest(&mut self) -> u64 {
        let Some(oldest) = self.segments.pop_front() else { return 0 };
        self.bytes.drain(..oldest.len);
        self.dropped_segments += 1;
        self.dropped_bytes += oldest.len as u64;
        SEGMENT_COST + oldest.len as u64
    }

    fn cost(&self) -> u64 {
        self.bytes.len() as u64 + self.segments.len() as u64 * SEGMENT_COST
    }
}

/// A worker that panicked while it held the lock leaves data that is still whole: every change ends complete.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends() -> Ends {
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        Ends { local: addr, peer: addr }
    }

    fn texts(recording: &Recording) -> Vec<(Direction, Vec<u8>)> {
        recording.read(|log| {
            log.kept()
                .map(|n| {
                    let mut bytes = Vec::new();
                    log.append_bytes(n, &mut bytes);
                    (log.segment(n).expect("kept").direction, bytes)
                })
                .collect()
        })
    }

    #[test]
    fn every_read_and_write_is_kept_apart_and_in_order() {
        let recording = Recorder::new(Limits::default()).open(ends());
        recording.push(Direction::In, b"Mich");
        recording.push(Direction::In, b"ael");
        recording.push(Direction::Out, b"Hello, Michael!");
        recording.push(Direction::In, b"");
        assert_eq!(
            texts(&recording),
            [
                (Direction::In, b"Mich".to_vec()),
                (Direction::In, b"ael".to_vec()),
                (Direction::Out, b"Hello, Michael!".to_vec()),
                (Direction::In, b"".to_vec()),
            ]
        );
        assert_eq!(recording.joined(Direction::In), b"Michael");
        let times: Vec<_> = recording.read(|log| log.kept().filter_map(|n| log.segment(n)).map(|s| s.at).collect());
        assert!(times.is_sorted());
    }

    #[test]
    fn one_recording_is_bounded_and_what_went_is_counted() {
        let each = 10 * (SEGMENT_COST + 100);
        let recorder = Recorder::new(Limits { each, all: u64::MAX });
        let recording = recorder.open(ends());
        for i in 0..25u8 {
            recording.push(Direction::In, &[i; 100]);
        }
        assert_eq!(recording.kept(), 15..25);
        assert_eq!(recording.read(Log::dropped_bytes), 1_500);
        assert_eq!(recorder.used(), each);
        let kept = texts(&recording);
        assert_eq!(kept[0].1, [15; 100]);
        assert_eq!(kept[9].1, [24; 100]);
    }

    #[test]
    fn all_recordings_together_are_bounded_and_the_oldest_goes_first() {
        let recorder = Recorder::new(Limits { each: u64::MAX, all: 4 * (SEGMENT_COST + 10) });
        let (old, new) = (recorder.open(ends()), recorder.open(ends()));
        for _ in 0..3 {
            old.push(Direction::In, &[1; 10]);
        }
        for _ in 0..3 {
            new.push(Direction::Out, &[2; 10]);
        }
        assert_eq!((old.kept(), new.kept()), (2..3, 0..3));
        assert!(recorder.used() <= 4 * (SEGMENT_COST + 10));
        drop(old);
        assert_eq!(recorder.used(), 3 * (SEGMENT_COST + 10));
    }

    #[test]
    fn many_threads_at_once_stay_within_the_bound() {
        let (all, len, threads) = (64 << 10, 1_000, 4);
        let recorder = Recorder::new(Limits { each: u64::MAX, all });
        let recordings: Vec<_> = (0..threads).map(|_| recorder.open(ends())).collect();
        std::thread::scope(|scope| {
            for recording in &recordings {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        recording.push(Direction::In, &vec![0; len]);
                        // One segment of each thread may be on its way in while another makes room.
                        assert!(recorder.used() <= all + threads * (len as u64 + SEGMENT_COST));
                    }
                });
            }
        });
        let kept: u64 = recordings.iter().map(|one| one.read(Log::cost)).sum();
        assert_eq!(recorder.used(), kept, "nothing is counted that is not kept");
    }

    #[test]
    fn a_segment_larger_than_the_limit_is_counted_not_kept() {
        let recorder = Recorder::new(Limits { each: 1_000, all: 10_000 });
        let recording = recorder.open(ends());
        recording.push(Direction::In, &[0; 5_000]);
        assert_eq!(recording.kept(), 1..1);
        assert_eq!(recording.read(Log::dropped_bytes), 5_000);
        assert_eq!(recorder.used(), 0);
    }
}
