//! One connection: what is known about it, and what is to be told of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use super::conversation::Conversation;
use super::greeting::Told;
use super::hand::Hand;
use super::rules::Rules;
use super::{Doing, Ended, Event, Shared, Totals};
use crate::i18n::tf;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, lock};
use crate::prefetch;
use crate::recording::{Ends, Recording, text};

/// One connection, open or closed.
///
/// In this order in memory: what each read and write needs is in one cache line (where a lock is as small as on Linux), which no
/// other connection has.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Connection {
    counters: Counters,
    /// Every read and write.
    pub recording: Arc<Recording>,
    /// Its number, from 1.
    pub id: u64,
    pub(super) hand: Hand,
    /// Both ends.
    pub ends: Ends,
    /// The thread that serves it.
    thread: OnceLock<Thread>,
    ended: OnceLock<Ended>,
    /// A [`Sample`] of it is on its way.
    sampled: AtomicBool,
    /// It misses messages of others, and that was told.
    misses: AtomicBool,
}

/// A message that a rule answered, to be told. There is one of each connection at a time: the next is taken when this one
/// is dropped, so that a busy client cannot flood the log.
#[derive(Debug)]
pub struct Sample {
    connection: Arc<Connection>,
    /// The number of the rule, from 1.
    pub rule: usize,
    /// The begin of the message.
    pub message: Vec<u8>,
}

impl Sample {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let args = [
            ("peer", self.connection.ends.peer.to_string().into()),
            ("rule", self.rule.into()),
            ("message", text::visible(&self.message).into()),
        ];
        tf("server-matched", &args)
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.connection.sampled.store(false, Ordering::Relaxed);
    }
}

/// Written by the connection's own thread alone, so that counting costs nothing.
#[derive(Debug, Default)]
struct Counters {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    greetings: AtomicU64,
    /// What the thread is doing in the lowest three bits, since when in microseconds in the others: one value, so
    /// that both always belong together.
    doing: AtomicU64,
}

/// Adds, without the price of an atomic addition: there is only one writer.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}

impl Connection {
    pub(super) fn new(id: u64, ends: Ends, recording: Arc<Recording>) -> Self {
        Self {
            counters: Counters::default(),
            recording,
            id,
            hand: Hand::default(),
            ends,
            thread: OnceLock::new(),
            ended: OnceLock::new(),
            sampled: AtomicBool::new(false),
            misses: AtomicBool::new(false),
        }
    }

    /// What its thread is doing, and for how long; once closed, how long ago that was.
    #[must_use]
    pub fn doing(&self) -> (Doing, Duration) {
        let packed = self.counters.doing.load(Ordering::Relaxed);
        let doing = match packed & 7 {
            0 => Doing::Starting,
            1 => Doing::Reading,
            2 => Doing::Pausing,
            3 => Doing::Writing,
            4 => Doing::Held,
            6 => Doing::Securing,
            _ => Doing::Closed,
        };
        (doing, self.recording.origin().elapsed().saturating_sub(Duration::from_micros(packed >> 3)))
    }

    /// When it was accepted.
    #[must_use]
    pub fn since(&self) -> SystemTime {
        self.recording.opened()
    }

    /// Bytes read.
    #[must_use]
    pub fn bytes_in(&self) -> u64 {
        self.counters.bytes_in.load(Ordering::Relaxed)
    }

    /// Bytes written.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.counters.bytes_out.load(Ordering::Relaxed) + self.hand.sent()
    }

    /// Messages answered.
    #[must_use]
    pub fn greetings(&self) -> u64 {
        self.counters.greetings.load(Ordering::Relaxed)
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.ended.get().cloned()
    }

    pub(super) fn add_to(&self, totals: &mut Totals) {
        totals.greetings += self.greetings();
        totals.bytes_in += self.bytes_in();
        totals.bytes_out += self.bytes_out();
    }

    /// The name of the thread that serves it, or did; empty before one does.
    #[must_use]
    pub fn thread(&self) -> &str {
        self.thread.get().and_then(Thread::name).unwrap_or_default()
    }

    /// From here on the calling thread serves it.
    pub(super) fn served_here(&self) {
        // It is served once.
        _ = self.thread.set(std::thread::current());
    }

    /// What each read and write changes is about to be needed.
    pub(super) fn prefetch(&self) {
        prefetch::value(self, prefetch::LINE);
        self.recording.prefetch();
    }

    /// Counts what a read returned.
    pub(super) fn count_in(&self, bytes: usize) {
        add(&self.counters.bytes_in, bytes as u64);
    }

    /// Counts what a write took.
    pub(super) fn count_out(&self, bytes: usize) {
        add(&self.counters.bytes_out, bytes as u64);
    }

    /// What is being done for it from now on.
    pub(super) fn set_doing(&self, doing: Doing) {
        self.set_doing_since(doing, self.recording.origin().elapsed().as_micros() as u64);
    }

    /// It is being read from since the newest read or write: nothing lies between, and looking at the clock costs more than
    /// anything else here.
    pub(super) fn set_reading(&self) {
        self.set_doing_since(Doing::Reading, self.recording.newest());
    }

    fn set_doing_since(&self, doing: Doing, since: u64) {
        let code = match doing {
            Doing::Starting => 0,
            Doing::Reading => 1,
            Doing::Pausing => 2,
            Doing::Writing => 3,
            Doing::Held => 4,
            Doing::Closed => 5,
            Doing::Securing => 6,
        };
        // Three bits less still last for 70,000 years.
        self.counters.doing.store(since << 3 | code, Ordering::Relaxed);
    }
}

/// What all have who serve clients of one run, and what they tell of them.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) shared: Arc<Shared>,
    pub(super) reporter: Reporter<Event>,
    pub(super) rules: Rules,
    /// Wakes the acceptor: it waits when there is no room, and where it serves, for something to do.
    pub(super) acceptor: mio::Waker,
    /// Where the acceptor serves: the clients for whom a person has done something, by their places.
    pub(super) poked: Mutex<Vec<usize>>,
}

impl Service {
    /// What is being done from now on, for those who look.
    pub(super) fn show(&self, connection: &Connection, doing: Doing) {
        self.reporter.wake();
        connection.set_doing(doing);
    }

    /// What was heard at `came` (see [`Recording::newest`]) has been answered: counts it, and tells it to whom it may concern.
    pub(super) fn answered(&self, connection: &Arc<Connection>, talk: &mut Conversation<'_>, came: u64) {
        // Up to the last write. Asking the clock again would cost more than all else here.
        let waited = connection.recording.newest().saturating_sub(came);
        self.count_replies(connection, talk.replied(), waited);
        if talk.answers().told.is_some() {
            self.tell(connection, talk.take_told());
        }
    }

    /// Tells of an answer that has been sent.
    pub(super) fn tell(&self, connection: &Arc<Connection>, Told { others, matched }: Told) {
        self.tell_others(connection, &others);
        self.sample(connection, matched);
    }

    /// Counts that it has been given `replied` replies altogether, the last ones after it had `waited` so many microseconds.
    pub(super) fn count_replies(&self, connection: &Connection, replied: u64, waited: u64) {
        let greetings = &connection.counters.greetings;
        if replied > greetings.load(Ordering::Relaxed) {
            greetings.store(replied, Ordering::Relaxed);
            self.shared.latency.record(connection.id, waited);
        }
    }

    /// Keeps and reports how a connection ended; its stream is closed. What a person here asked for is told from a server's
    /// stop.
    pub(super) fn end(&self, connection: &Arc<Connection>, ended: Ended) {
        let asked = if matches!(ended, Ended::Stopped) { connection.hand.asked() } else { None };
        let ended = asked.unwrap_or(ended);
        connection.set_doing(Doing::Closed);
        connection.hand.unlink();
        let ended = connection.ended.get_or_init(|| ended).clone();
        if self.shared.retire(connection) {
            // It fails only when the acceptor has gone.
            _ = self.acceptor.wake();
        }
        self.reporter.send(Event::Closed { id: connection.id, peer: connection.ends.peer, ended });
    }

    /// Reports which rule answered, unless an earlier report still waits to be taken.
    fn sample(&self, connection: &Arc<Connection>, matched: Option<(usize, Vec<u8>)>) {
        if let Some((rule, message)) = matched
            && !connection.sampled.swap(true, Ordering::Relaxed)
        {
            let connection = Arc::clone(connection);
            self.reporter.send(Event::Matched(Arc::new(Sample { connection, rule, message })));
        }
    }

    /// Sends messages to all other clients. Who does not take them misses them, which is told once until it takes one
    /// again.
    fn tell_others(&self, connection: &Connection, messages: &[Vec<u8>]) {
        if messages.is_empty() {
            return;
        }
        let others: Vec<_> = {
            let registry = lock(&self.shared.registry);
            registry.open.values().filter(|one| one.id != connection.id).cloned().collect()
        };
        for (message, other) in messages.iter().flat_map(|message| others.iter().map(move |other| (message, other))) {
            match other.send(message) {
                Ok(()) => other.misses.store(false, Ordering::Relaxed),
                // It has just gone.
                Err(Error { cause: Cause::NotConnected, .. }) => {}
                Err(error) => {
                    if !other.misses.swap(true, Ordering::Relaxed) {
                        self.reporter.send(Event::SendFailed(Arc::new(error)));
                    }
                }
            }
        }
    }
}

/// How a connection ended that broke.
pub(super) fn broken(error: Error) -> Ended {
    match error.cause {
        Cause::Cancelled => Ended::Stopped,
        Cause::Reset => Ended::Reset,
        _ => Ended::Failed(Arc::new(error)),
    }
}
