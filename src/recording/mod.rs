//! WHAT crossed a socket. Pure data: no sockets, no threads, no screen.
//!
//! A [`Recording`] belongs to one connection. Each `read` and `write` that returned is kept as one [`Segment`]: never
//! merged, split or altered. What else happened to the socket is kept between them as an [`Event`]. What a "message"
//! is, is decided by whoever shows it.
//!
//! Memory is bounded over all recordings of one [`Recorder`]. When it is full the largest recordings give way, oldest
//! segments first, so that one that is flooded never costs the others anything. What has gone is counted, so that a view
//! can say how much is missing.

mod blocks;
mod bytes;
pub mod encoding;
pub mod escapes;
mod exchanges;
pub mod export;
pub mod framing;
pub mod hex;
pub mod index;
pub mod literal;
mod log;
pub mod pair;
mod room;
pub mod search;
mod spare;
pub mod text;

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use self::exchanges::Exchange;
use self::log::SEGMENT_COST;
pub use self::log::{By, Event, Log, Segment, Tried, What};
pub use self::room::Room;
use self::spare::Spare;
use crate::prefetch;

/// Which way bytes went, seen from our end of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A `read` returned them.
    In,
    /// A `write` took them.
    Out,
}

impl Direction {
    /// The way back.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// The four things that tell one TCP connection from another: two addresses with two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
}

impl Ends {
    /// The same connection, seen from its other end.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { local: self.peer, peer: self.local }
    }

    /// As it was on the network: a socket for both versions of IP shows IPv4 as IPv6 (RFC 4291 §2.5.5.2).
    #[must_use]
    pub fn canonical(self) -> Self {
        let plain = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let canonical = Self { local: plain(self.local), peer: plain(self.peer) };
        if canonical.local.is_ipv4() == canonical.peer.is_ipv4() { canonical } else { self }
    }
}

/// Makes recordings and keeps all of them together within a budget.
#[derive(Debug)]
pub struct Recorder {
    /// Bytes that may be kept over all recordings.
    budget: AtomicU64,
    /// Bytes kept now over all recordings, with what the segments themselves cost.
    used: AtomicU64,
    /// As they were opened. Weak: a recording lives as long as the connection that owns it.
    recordings: Mutex<Vec<Weak<Recording>>>,
    /// How many recordings there ever were.
    opened: AtomicU64,
    /// Held by whoever makes room.
    making_room: Mutex<()>,
    /// Memory that recordings have done with, beyond the budget.
    spare: Spare,
    watch: Option<Watch>,
}

/// For who writes recordings down while they grow.
struct Watch {
    wake: Box<dyn Fn() + Send + Sync>,
    /// Woken, and not yet back at [`Recorder::heed`].
    pending: AtomicBool,
    /// Opened, and not yet taken; `None` once nobody watches any more.
    opened: Mutex<Option<Vec<Arc<Recording>>>>,
    /// How many were not kept for who watches.
    missed: AtomicU64,
}

/// The most recordings that wait for who watches.
const MOST_OPENED: usize = 1 << 16;

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("pending", &self.pending).finish_non_exhaustive()
    }
}

impl Watch {
    fn keep(&self, recording: &Arc<Recording>) {
        match &mut *lock(&self.opened) {
            Some(opened) if opened.len() < MOST_OPENED => opened.push(Arc::clone(recording)),
            Some(_) => _ = self.missed.fetch_add(1, Ordering::Relaxed),
            None => {}
        }
    }

    /// Wakes who watches, unless that has been done already.
    fn wake(&self) {
        if !self.pending.load(Ordering::SeqCst) && !self.pending.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }
}

impl Recorder {
    /// The budget that a person has who never chose one, in bytes.
    pub const BUDGET: u64 = 64 << 20;

    /// A recorder that keeps at most `budget` bytes, over all its recordings and with what the segments themselves cost.
    /// With 0, for who looks at no recording, nothing is kept but the counts.
    #[must_use]
    pub fn new(budget: u64) -> Arc<Self> {
        Arc::new(Self::with(budget, None))
    }

    /// A recorder for who writes its recordings down while they grow, with `budget` bytes as the buffer between. Each is
    /// kept for [`Recorder::take_opened`], however short it was. `wake` is called when something was recorded, on the
    /// worker's thread: it must do no more than wake another one, and is not called again before [`Recorder::heed`].
    #[must_use]
    pub fn watched(budget: u64, wake: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        let opened = Mutex::new(Some(Vec::new()));
        let watch =
            Watch { wake: Box::new(wake), pending: AtomicBool::default(), opened, missed: AtomicU64::default() };
        Arc::new(Self::with(budget, Some(watch)))
    }

    fn with(budget: u64, watch: Option<Watch>) -> Self {
        Self {
            budget: AtomicU64::new(budget),
            used: AtomicU64::new(0),
            recordings: Mutex::default(),
            opened: AtomicU64::new(0),
            making_room: Mutex::default(),
            spare: Spare::of(budget),
            watch,
        }
    }

    /// From here on who watches is woken again. To be called before looking at what was recorded.
    pub fn heed(&self) {
        if let Some(watch) = &self.watch {
            watch.pending.store(false, Ordering::SeqCst);
        }
    }

    /// The recordings that were opened since the last time, for who watches. 65,536 of them wait at most.
    #[must_use]
    pub fn take_opened(&self) -> Vec<Arc<Recording>> {
        let opened = self.watch.as_ref().and_then(|watch| lock(&watch.opened).as_mut().map(std::mem::take));
        opened.unwrap_or_default()
    }

    /// How many recordings [`Recorder::take_opened`] will never give, because too many waited.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.watch.as_ref().map_or(0, |watch| watch.missed.load(Ordering::Relaxed))
    }

    /// Nobody watches any more: recordings live no longer than their connections again.
    pub fn unwatch(&self) {
        if let Some(watch) = &self.watch {
            *lock(&watch.opened) = None;
            // Never woken again.
            watch.pending.store(true, Ordering::SeqCst);
        }
    }

    fn recorded(&self) {
        if let Some(watch) = &self.watch {
            watch.wake();
        }
    }

    /// Begins the recording of one connection, which need not be connected yet.
    pub fn open(self: &Arc<Self>) -> Arc<Recording> {
        let recording = Arc::new(Recording {
            number: self.opened.fetch_add(1, Ordering::Relaxed) + 1,
            ends: OnceLock::new(),
            origin: Instant::now(),
            opened: SystemTime::now(),
            recorder: Arc::clone(self),
            cost: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            log: Mutex::default(),
        });
        let mut recordings = lock(&self.recordings);
        // Forget the dead ones now and then, so that a server with many short connections stays small.
        if recordings.len().is_power_of_two() {
            recordings.retain(|one| one.strong_count() > 0);
        }
        recordings.push(Arc::downgrade(&recording));
        drop(recordings);
        if let Some(watch) = &self.watch {
            watch.keep(&recording);
        }
        recording
    }

    /// All recordings that somebody still has, as they were opened.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Recording>> {
        lock(&self.recordings).iter().filter_map(Weak::upgrade).collect()
    }

    /// The recording of the other end of the same connection, where that is ours too.
    #[must_use]
    pub fn partner(&self, of: &Recording) -> Option<Arc<Recording>> {
        let wanted = Some(of.ends()?.mirrored());
        // Upgraded one by one: there may be thousands. The newest one is it, should the ports have been used before.
        let recordings = lock(&self.recordings);
        recordings.iter().rev().filter_map(Weak::upgrade).find(|one| one.ends() == wanted)
    }

    /// Bytes that may be kept over all recordings.
    #[must_use]
    pub fn budget(&self) -> u64 {
        self.budget.load(Ordering::Relaxed)
    }

    /// Changes how many bytes may be kept; what is too much goes at once.
    pub fn set_budget(&self, budget: u64) {
        self.budget.store(budget, Ordering::Relaxed);
        self.spare.set_budget(budget);
        self.make_room();
    }

    /// Bytes kept now, over all recordings, with what the segments themselves cost.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Drops the oldest segments of the largest recordings until all fit again, and a little more: walking through the
    /// recordings costs too much for every segment. One thread does it; those that brought too much wait for it.
    fn make_room(&self) {
        let _only_one = lock(&self.making_room);
        // Somebody else may have made room while we waited for our turn.
        let budget = self.budget();
        if self.used() <= budget {
            return;
        }
        let all = self.all();
        let costs = all.iter().map(|one| one.cost()).collect();
        let share = fair_share(costs, budget - budget / 8);
        for recording in all {
            if recording.cost() > share {
                let mut log = recording.log();
                let freed = log.shrink(share, &self.spare);
                recording.count(recording.cost() - freed);
            }
        }
    }
}

/// The most that each may keep so that all `costs` together are at most `room`: who needs less leaves it to the others.
fn fair_share(mut costs: Vec<u64>, mut room: u64) -> u64 {
    costs.sort_unstable();
    let mut left = costs.len() as u64;
    for cost in costs {
        if cost > room / left {
            return room / left;
        }
        room -= cost;
        left -= 1;
    }
    u64::MAX
}

/// Every read and write of one connection, each kept apart, and what else happened to its socket.
///
/// In this order in memory, see [`Log`].
#[derive(Debug)]
#[repr(C)]
pub struct Recording {
    recorder: Arc<Recorder>,
    origin: Instant,
    /// When the newest of it happened, in microseconds since it began; changed under the lock of `log`.
    newest: AtomicU64,
    log: Mutex<Log>,
    /// What is kept of it, in bytes; changed under the lock of `log`.
    cost: AtomicU64,
    number: u64,
    ends: OnceLock<Ends>,
    opened: SystemTime,
}

/// See [`Recording::turn`].
#[derive(Debug)]
pub struct Turn<'a> {
    recording: &'a Recording,
    log: MutexGuard<'a, Log>,
}

/// What a read or write has moved.
struct Moved<'a> {
    direction: Direction,
    bytes: &'a [u8],
    /// The block that begins with these bytes, to be kept instead of a copy.
    whole: Option<&'a Arc<Vec<u8>>>,
    /// When it happened, see [`Recording::time`].
    at: u64,
}

/// A read and the write that answered it, one after the other.
fn both(Exchange { came, read, begun, written }: Exchange<'_>) -> [Moved<'_>; 2] {
    [
        Moved { direction: Direction::In, bytes: read, whole: None, at: came },
        Moved { direction: Direction::Out, bytes: written, whole: None, at: begun },
    ]
}

impl Recording {
    /// Its number among the recordings of its recorder, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Both ends of the connection, once there is one.
    #[must_use]
    pub fn ends(&self) -> Option<Ends> {
        self.ends.get().copied()
    }

    /// The wall time at which the recording began: [`Segment::at`] counts from here.
    #[must_use]
    pub fn opened(&self) -> SystemTime {
        self.opened
    }

    /// The time at which the recording began, by a clock that never jumps: [`Segment::at`] counts from here.
    #[must_use]
    pub fn origin(&self) -> Instant {
        self.origin
    }

    /// The recording of the other end of the same connection, where that is ours too.
    #[must_use]
    pub fn partner(&self) -> Option<Arc<Self>> {
        let found = self.recorder.partner(self)?;
        // Ports are used again: each must be the newest one to the other, and neither over when the other one began. A
        // socket that is connected to itself has no other end.
        let is_mutual = self.recorder.partner(&found).is_some_and(|one| std::ptr::eq(&*one, self));
        let is_over = self.is_over(found.origin) || found.is_over(self.origin);
        (is_mutual && !is_over && !std::ptr::eq(&*found, self)).then_some(found)
    }

    /// Whether the socket was closed before `begin`.
    fn is_over(&self, begin: Instant) -> bool {
        let closed =
            self.read(|log| log.events().last().filter(|one| matches!(one.what, What::Closed(_))).map(|e| e.at));
        closed.is_some_and(|at| self.origin + at < begin)
    }

    /// Notes that we connected, from which end to which.
    pub fn connected(&self, ends: Ends) {
        // A socket connects once.
        _ = self.ends.set(ends.canonical());
        self.note(What::Connected);
    }

    /// Notes that we accepted, at which end from which.
    pub fn accepted(&self, ends: Ends) {
        // A socket is accepted once.
        _ = self.ends.set(ends.canonical());
        self.note(What::Accepted);
    }

    /// Keeps one `read` or `write` that has just returned.
    pub fn push(&self, direction: Direction, bytes: &[u8]) {
        let turn = self.turn();
        turn.push_at(direction, bytes, self.now());
    }

    /// Keeps one `read` that returned at `at`, or one `write` that began then, see [`Recording::now`].
    pub fn push_at(&self, direction: Direction, bytes: &[u8], at: u64) {
        self.turn().push_at(direction, bytes, at);
    }

    /// Keeps a `read` that returned at `came`, and the `write` that answered it and began at `begun`. It is the same as to keep
    /// one after the other, and costs less; but it begins to count in [`Recorder::used`] when somebody looks, or several wait.
    pub fn push_exchange(&self, read: &[u8], came: u64, written: &[u8], begun: u64) {
        self.turn().push_exchange(read, came, written, begun);
    }

    /// What each read and write changes is about to be needed: it is in the first two cache lines.
    pub(crate) fn prefetch(&self) {
        prefetch::value(self, 2 * prefetch::LINE);
    }

    /// Keeps what happened to the socket besides reads and writes.
    pub fn note(&self, what: What) {
        self.turn().note(what);
    }

    /// From here on nobody else records anything, nor looks at what is recorded, until something is recorded with what this
    /// returns, or that is dropped. For who does to a socket, without waiting, what others may notice at once: it must be
    /// recorded before what they notice.
    pub fn turn(&self) -> Turn<'_> {
        Turn { recording: self, log: lock(&self.log) }
    }

    /// Notes that it is we who end the connection, unless the peer has already.
    pub fn ending(&self) {
        self.log().end(By::Us);
    }

    /// Notes that the socket was closed, and by whom.
    pub fn closed(&self) {
        let mut log = self.log();
        let at = self.time(self.now());
        log.end(By::Us);
        let by = log.ended().unwrap_or(By::Us);
        log.note(at, What::Closed(by));
        drop(log);
        self.recorder.recorded();
    }

    /// The time of what is about to be kept, which happened at `at`. Asked for with the log locked, so that times never run
    /// backwards inside a recording.
    fn time(&self, at: u64) -> u64 {
        let time = at.max(self.newest());
        self.newest.store(time, Ordering::Relaxed);
        time
    }

    /// The microseconds from [`Recording::origin`] to now.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.micros(Instant::now())
    }

    /// The microseconds from [`Recording::origin`] to `at`.
    #[must_use]
    pub fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }

    /// When the newest of what was kept happened, in microseconds since [`Recording::origin`]. Costs less than a look at the
    /// clock.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// What is kept, all in its place.
    fn log(&self) -> MutexGuard<'_, Log> {
        let mut log = lock(&self.log);
        self.settle(&mut log);
        log
    }

    /// Puts what waits in its place, which is when it begins to count; to be called before anything else is done with the log.
    fn settle(&self, log: &mut Log) {
        if !log.exchanges.is_empty() {
            self.place_all(log);
        }
    }

    #[inline(never)]
    fn place_all(&self, log: &mut Log) {
        let mut exchanges = std::mem::take(&mut log.exchanges);
        let (budget, cost) = (self.recorder.budget(), self.cost());
        let cost = match log.append_all(&exchanges, budget.saturating_sub(cost)) {
            Some(more) => cost + more,
            None => exchanges.iter().flat_map(both).fold(cost, |cost, one| self.place(log, cost, one)),
        };
        exchanges.clear();
        log.exchanges = exchanges;
        self.count(cost);
    }

    /// Puts one read or write in its place, where what is kept costs `cost`; what it costs after that.
    fn place(&self, log: &mut Log, cost: u64, Moved { direction, bytes, whole, at }: Moved<'_>) -> u64 {
        let (budget, spare) = (self.recorder.budget(), &self.recorder.spare);
        let most = budget - budget / 8;
        let alone = SEGMENT_COST + bytes.len() as u64;
        if cost + alone <= budget {
            cost + log.append(at, direction, bytes, whole, spare)
        } else if alone <= most {
            let more = log.append(at, direction, bytes, whole, spare);
            cost + more - log.shrink(most, spare)
        } else {
            // What would have to go at once is not copied first.
            cost - log.pass(direction, bytes, spare)
        }
    }

    /// What is kept of it costs so much, in bytes.
    fn cost(&self) -> u64 {
        self.cost.load(Ordering::Relaxed)
    }

    /// Counts what it costs now. Called with the log locked.
    fn count(&self, cost: u64) {
        let before = self.cost();
        self.cost.store(cost, Ordering::Relaxed);
        // All threads change it: not for nothing.
        match cost.checked_sub(before) {
            Some(0) => {}
            Some(more) => _ = self.recorder.used.fetch_add(more, Ordering::Relaxed),
            None => _ = self.recorder.used.fetch_sub(before - cost, Ordering::Relaxed),
        }
    }

    /// Looks at what is kept. The worker waits for as long as `look` takes: copy, do not draw.
    pub fn read<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&self.log())
    }

    /// The numbers of the segments that are kept: `end` is how many there ever were.
    #[must_use]
    pub fn kept(&self) -> Range<u64> {
        self.read(Log::kept)
    }

    /// All kept bytes of one direction, joined.
    #[must_use]
    pub fn joined(&self, direction: Direction) -> Vec<u8> {
        self.read(|log| log.joined(direction, 0..u64::MAX))
    }
}

impl Turn<'_> {
    /// Something is about to be kept.
    pub(crate) fn prefetch(&self) {
        self.log.exchanges.prefetch();
    }

    /// Like [`Recording::push_at`].
    pub fn push_at(self, direction: Direction, bytes: &[u8], at: u64) {
        let at = self.recording.time(at);
        self.keep([Moved { direction, bytes, whole: None, at }]);
    }

    /// Like [`Recording::push_exchange`].
    pub fn push_exchange(mut self, read: &[u8], came: u64, written: &[u8], begun: u64) {
        let recording = self.recording;
        let exchange = Exchange { came: recording.time(came), read, begun: recording.time(begun), written };
        if self.log.exchanges.push(exchange) {
            recording.recorder.recorded();
        } else {
            self.keep(both(exchange));
        }
    }

    /// Like [`Recording::note`].
    pub fn note(self, what: What) {
        let Self { recording, mut log } = self;
        recording.settle(&mut log);
        let at = recording.time(recording.now());
        log.note(at, what);
        drop(log);
        recording.recorder.recorded();
    }

    #[inline(never)]
    fn keep<const N: usize>(mut self, all: [Moved<'_>; N]) {
        let recording = self.recording;
        recording.settle(&mut self.log);
        let cost = all.into_iter().fold(recording.cost(), |cost, one| recording.place(&mut self.log, cost, one));
        self.count(cost);
    }

    /// What is kept costs `cost` now.
    fn count(self, cost: u64) {
        let Self { recording, log } = self;
        // The budget is changed under the lock, so that nobody can free what is not counted yet.
        recording.count(cost);
        drop(log);
        let recorder = &recording.recorder;
        if recorder.used() > recorder.budget() {
            recorder.make_room();
        }
        recorder.recorded();
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.recorder.used.fetch_sub(self.cost(), Ordering::Relaxed);
    }
}

/// A worker that panicked while it held the lock leaves data that is still whole: every change ends complete.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn pushed(log: &Log, number: u64) -> (Direction, Vec<u8>) {
        let one = log.segment(number).expect("kept");
        (one.direction, log.joined(one.direction, one.range()))
    }

    fn segments(recording: &Recording) -> Vec<Segment> {
        recording.read(|log| log.kept().map(|n| log.segment(n).expect("it is kept")).collect())
    }

    fn texts(recording: &Recording) -> Vec<(Direction, Vec<u8>)> {
        recording.read(|log| log.kept().map(|n| pushed(log, n)).collect())
    }

    #[test]
    fn every_read_and_write_is_kept_apart_and_in_order() {
        let recording = Recorder::new(Recorder::BUDGET).open();
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
        let times: Vec<_> = segments(&recording).iter().map(|one| one.at).collect();
        assert!(times.is_sorted());
    }

    #[test]
    fn a_write_has_the_time_at_which_it_began_but_never_one_before_what_was_recorded() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let later = 5_000_000;
        recording.push_at(Direction::Out, b"a", later);
        recording.push(Direction::In, b"b");
        let times: Vec<_> = segments(&recording).iter().map(|one| one.at).collect();
        assert_eq!(times, [Duration::from_secs(5); 2]);
    }

    proptest! {
        #[test]
        fn an_exchange_is_kept_as_a_read_and_a_write_after_it(
            budget in prop_oneof![0..3_000u64, Just(Recorder::BUDGET)],
            steps in prop::collection::vec(
                (0..8u8, prop_oneof![0..40usize, 0..2_000usize], prop_oneof![1..40usize, 1..2_000usize]),
                1..60,
            ),
        ) {
            let (recorder, plain) = (Recorder::new(budget), Recorder::new(budget));
            let (one, other) = (recorder.open(), plain.open());
            let mut noted = Vec::new();
            for (n, (what, read, written)) in steps.into_iter().enumerate() {
                let after = n as u64 * 1_000;
                let (read, written) = (vec![n as u8; read], vec![100 + n as u8; written]);
                match what {
                    0 => {
                        one.push_at(Direction::Out, &written, after);
                        other.push_at(Direction::Out, &written, after);
                    }
                    1 => {
                        one.note(What::Reset);
                        noted.push(other.kept().end);
                    }
                    _ => {
                        let waited = 5;
                        one.push_exchange(&read, after, &written, after + waited);
                        other.push_at(Direction::In, &read, after);
                        other.push_at(Direction::Out, &written, after + waited);
                    }
                }
                // Not each time: what waits to be put in its place is to become more.
                if what < 3 {
                    prop_assert_eq!(texts(&one), texts(&other));
                    prop_assert_eq!(recorder.used(), plain.used());
                }
            }
            // A note has the time at which it was made, and nothing that follows an earlier one.
            if noted.is_empty() {
                prop_assert_eq!(segments(&one), segments(&other));
            }
            prop_assert_eq!(texts(&one), texts(&other));
            let before = one.read(|log| log.events().iter().map(|event| event.before).collect::<Vec<_>>());
            prop_assert_eq!(before, noted);
            prop_assert_eq!(one.read(Log::cost), recorder.used());
        }
    }

    #[test]
    fn exchanges_fill_blocks_as_reads_and_writes_do() {
        let recorder = Recorder::new(Recorder::BUDGET);
        let (one, other) = (recorder.open(), recorder.open());
        // With it a block of segments ends within an exchange.
        one.push_at(Direction::In, b"first", 0);
        other.push_at(Direction::In, b"first", 0);
        for n in 1..3_000 {
            let (read, written) = (vec![n as u8; 7 + n as usize % 3], vec![n as u8; 20]);
            one.push_exchange(&read, n, &written, n);
            other.push_at(Direction::In, &read, n);
            other.push_at(Direction::Out, &written, n);
        }
        assert_eq!(segments(&one), segments(&other));
        for direction in [Direction::In, Direction::Out] {
            let blocks = |of: &Recording| {
                of.read(|log| log.bytes(direction, 0..u64::MAX).map(<[u8]>::to_vec).collect::<Vec<_>>())
            };
            assert_eq!(blocks(&one), blocks(&other));
        }
    }

    #[test]
    fn who_has_ended_keeps_no_memory_for_exchanges() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        (0..9).for_each(|at| recording.push_exchange(b"a", at, b"b", at));
        assert_eq!(recording.kept(), 0..18);
        assert!(lock(&recording.log).exchanges.has_memory(), "more may come");
        recording.closed();
        assert!(!lock(&recording.log).exchanges.has_memory());
    }

    #[test]
    fn the_empty_read_ends_it_for_the_peer_also_where_something_was_still_answered() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        recording.push_exchange(b"a", 0, b"b", 0);
        assert_eq!(recording.read(Log::ended), None);
        recording.push_exchange(b"", 1, b"the last", 1);
        recording.closed();
        assert_eq!(recording.read(Log::ended), Some(By::Peer));
    }

    #[test]
    fn a_smaller_budget_leaves_less_memory_to_spare() {
        let recorder = Recorder::new(1 << 20);
        let recording = recorder.open();
        (0..200).for_each(|_| recording.push(Direction::In, &[0; 10_000]));
        assert!(recorder.spare.bytes.take(16 << 10).is_some(), "what was forgotten");
        recorder.set_budget(1);
        assert!(recorder.spare.bytes.take(16 << 10).is_none());
    }

    #[test]
    fn what_happened_stands_between_the_segments_and_tells_who_ended_it() {
        let recorder = Recorder::new(Recorder::BUDGET);
        let ends = Ends { local: ([127, 0, 0, 1], 1).into(), peer: ([127, 0, 0, 1], 2).into() };
        let (client, server) = (recorder.open(), recorder.open());
        assert_eq!(client.ends(), None);
        client.connected(ends);
        server.accepted(ends.mirrored());
        client.push(Direction::Out, b"exit");
        client.note(What::HalfClosed);
        server.push(Direction::In, b"exit");
        server.push(Direction::In, b"");
        server.closed();
        client.push(Direction::In, b"");
        client.closed();
        let told = |recording: &Recording| -> Vec<(u64, What)> {
            recording.read(|log| log.events().iter().map(|event| (event.before, event.what.clone())).collect())
        };
        assert_eq!(told(&client), [(0, What::Connected), (1, What::HalfClosed), (2, What::Closed(By::Us))]);
        assert_eq!(told(&server), [(0, What::Accepted), (2, What::Closed(By::Peer))]);
        assert_eq!(recorder.partner(&client).map(|one| one.number()), Some(server.number()));
        assert_eq!(recorder.partner(&server).map(|one| one.number()), Some(client.number()));
        drop(server);
        assert!(recorder.partner(&client).is_none());
    }

    #[test]
    fn who_watches_is_woken_once_and_gets_every_recording() {
        let woken = Arc::new(AtomicU64::new(0));
        let recorder = Recorder::watched(Recorder::BUDGET, {
            let woken = Arc::clone(&woken);
            move || _ = woken.fetch_add(1, Ordering::Relaxed)
        });
        recorder.open().push(Direction::In, b"short");
        recorder.open().note(What::Reset);
        assert_eq!(woken.load(Ordering::Relaxed), 1, "not again before it was heeded");
        recorder.heed();
        let opened = recorder.take_opened();
        let texts: Vec<_> = opened.iter().map(|one| one.joined(Direction::In)).collect();
        assert_eq!(texts, [b"short".to_vec(), Vec::new()], "although their connections are gone");
        assert!(recorder.take_opened().is_empty());
        opened[0].closed();
        opened[1].push(Direction::Out, b"x");
        assert_eq!(woken.load(Ordering::Relaxed), 2);
        recorder.heed();
        recorder.unwatch();
        recorder.open().push(Direction::In, b"nobody");
        assert_eq!(woken.load(Ordering::Relaxed), 2);
        assert!(recorder.take_opened().is_empty());
        // An unwatched one keeps none alive.
        assert_eq!((recorder.all().len(), recorder.missed()), (2, 0));
    }

    #[test]
    fn partners_find_each_other_also_where_ports_are_used_again() {
        let recorder = Recorder::new(Recorder::BUDGET);
        let ends = Ends { local: ([127, 0, 0, 1], 1).into(), peer: ([127, 0, 0, 1], 2).into() };
        let pair = || {
            let (client, server) = (recorder.open(), recorder.open());
            client.connected(ends);
            server.accepted(ends.mirrored());
            (client, server)
        };
        let number = |of: &Recording| of.partner().map(|one| one.number());
        let (client, server) = pair();
        assert_eq!((number(&client), number(&server)), (Some(server.number()), Some(client.number())));
        client.closed();
        server.closed();
        assert_eq!(number(&client), Some(server.number()), "also when it is over");
        std::thread::sleep(Duration::from_millis(1));
        // Not accepted yet: the one that was there before is none.
        let newer = recorder.open();
        newer.connected(ends);
        assert_eq!(number(&newer), None);
        let newest = pair();
        assert_eq!(number(&newest.0), Some(newest.1.number()));
        assert_eq!((number(&client), number(&server)), (None, None));
        // A server for both versions of IP shows an IPv4 client as an IPv6 one.
        let (client, server) = (recorder.open(), recorder.open());
        let mapped = |port| SocketAddr::from(([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], port));
        client.connected(Ends { local: ([127, 0, 0, 1], 5).into(), peer: ([127, 0, 0, 1], 6).into() });
        server.accepted(Ends { local: mapped(6), peer: mapped(5) });
        assert_eq!(number(&client), Some(server.number()));
        let alone = recorder.open();
        alone.connected(Ends { local: ends.peer, peer: ends.peer });
        assert_eq!(number(&alone), None, "it is connected to itself");
    }

    #[test]
    fn events_are_bounded_and_keep_their_numbers() {
        let recording = Recorder::new(Recorder::BUDGET).open();
        (0..1_500).for_each(|_| recording.note(What::Reset));
        recording.read(|log| assert_eq!((log.first_event(), log.events().len()), (500, 1_000)));
    }

    #[test]
    fn one_recording_may_use_the_whole_budget_and_what_went_is_counted() {
        let budget = 16 * (SEGMENT_COST + 100);
        let recorder = Recorder::new(budget);
        let recording = recorder.open();
        for i in 0..25u8 {
            recording.push(Direction::In, &[i; 100]);
            assert!(recorder.used() <= budget);
        }
        // Each time there was no room two more than needed went.
        assert_eq!(recording.kept(), 9..25);
        assert_eq!(recording.read(Log::dropped_bytes), 900);
        assert_eq!(recorder.used(), budget);
        let kept = texts(&recording);
        assert_eq!(kept[0].1, [9; 100]);
        assert_eq!(kept[15].1, [24; 100]);
        recorder.set_budget(2 * (SEGMENT_COST + 100));
        assert_eq!(recording.kept(), 24..25);
    }

    #[test]
    fn who_is_flooded_costs_the_others_nothing() {
        let recorder = Recorder::new(100 * (SEGMENT_COST + 10));
        let (quiet, flooded) = (recorder.open(), recorder.open());
        for n in 0..10_000 {
            if n < 40 {
                quiet.push(Direction::In, &[1; 10]);
            }
            flooded.push(Direction::Out, &[2; 10]);
            assert!(recorder.used() <= recorder.budget());
        }
        assert_eq!(quiet.kept(), 0..40);
        let kept = flooded.kept();
        assert!((46..=60).contains(&(kept.end - kept.start)), "{kept:?}");
        drop(quiet);
        assert_eq!(recorder.used(), flooded.read(Log::cost));
    }

    #[test]
    fn many_threads_at_once_stay_within_the_bound() {
        let (budget, len, threads) = (64 << 10, 1_000, 4);
        let recorder = Recorder::new(budget);
        let recordings: Vec<_> = (0..threads).map(|_| recorder.open()).collect();
        std::thread::scope(|scope| {
            for recording in &recordings {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        recording.push(Direction::In, &vec![0; len]);
                        // One segment of each thread may be on its way in while another makes room.
                        assert!(recorder.used() <= budget + threads * (len as u64 + SEGMENT_COST));
                    }
                });
            }
        });
        let kept: u64 = recordings.iter().map(|one| one.read(Log::cost)).sum();
        assert_eq!(recorder.used(), kept, "nothing is counted that is not kept");
    }

    #[test]
    fn a_segment_larger_than_the_budget_is_counted_not_kept() {
        for budget in [0, 1_000] {
            let recorder = Recorder::new(budget);
            let recording = recorder.open();
            recording.push(Direction::In, &[0; 5_000]);
            assert_eq!(recording.kept(), 1..1);
            assert_eq!(recording.read(Log::dropped_bytes), 5_000);
            assert_eq!(recorder.used(), 0);
        }
    }

    proptest! {
        #[test]
        fn a_share_is_fair_and_uses_the_room(costs in prop::collection::vec(0..1_000u64, 1..20), room in 0..10_000u64) {
            let share = fair_share(costs.clone(), room);
            let kept: u64 = costs.iter().map(|cost| (*cost).min(share)).sum();
            prop_assert!(kept <= room);
            let more: u64 = costs.iter().map(|cost| (*cost).min(share.saturating_add(1))).sum();
            prop_assert!(share == u64::MAX || more > room, "a byte more for each would not have fitted");
        }

        #[test]
        fn every_byte_belongs_to_its_segment(
            pushes in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..60),
            budget in 200..3_000u64,
        ) {
            let recording = Recorder::new(budget).open();
            let mut all: Vec<(Direction, Vec<u8>)> = Vec::new();
            for (out, bytes) in pushes {
                let direction = if out { Direction::Out } else { Direction::In };
                recording.push(direction, &bytes);
                all.push((direction, bytes));
            }
            recording.read(|log| {
                let gone = log.kept().start as usize;
                assert_eq!(log.kept().end as usize, all.len());
                for direction in [Direction::In, Direction::Out] {
                    let of = |part: &[(Direction, Vec<u8>)]| -> Vec<u8> {
                        part.iter().filter(|one| one.0 == direction).flat_map(|one| one.1.clone()).collect()
                    };
                    assert_eq!(log.joined(direction, 0..u64::MAX), of(&all[gone..]));
                    let kept = log.stream(direction);
                    assert_eq!(kept, of(&all[..gone]).len() as u64..of(&all).len() as u64);
                    for position in kept.clone() {
                        let number = log.segment_at(direction, position).expect("kept");
                        let segment = log.segment(number).expect("kept");
                        assert!(segment.direction == direction && segment.range().contains(&position));
                    }
                    assert_eq!(log.segment_at(direction, kept.end), None);
                    for number in log.kept() {
                        assert_eq!(pushed(log, number), all[number as usize]);
                        assert_eq!(log.position(direction, number), of(&all[..number as usize]).len() as u64);
                    }
                }
            });
        }
    }
}
