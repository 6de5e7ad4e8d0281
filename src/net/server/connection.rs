//! One connection: what is known about it, and the thread that serves it.

use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use super::greeting::{Answers, Greeting, LONGEST_LINE, Next};
use super::hand::{Hand, Link};
use super::misbehave::{Manners, Step};
use super::rules::Rules;
use super::{Doing, Ended, Event, Shared, Totals, WRITE_TIMEOUT};
use crate::i18n::tf;
use crate::net::duplex::Duplex;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, Operation, lock};
use crate::recording::{Ends, Recording, text};

/// One connection, open or closed.
#[derive(Debug)]
pub struct Connection {
    /// Its number, from 1.
    pub id: u64,
    /// Both ends.
    pub ends: Ends,
    /// The name of its thread.
    pub thread: String,
    /// When it was accepted.
    pub since: SystemTime,
    /// Every read and write.
    pub recording: Arc<Recording>,
    /// What its times count from.
    origin: Instant,
    counters: Counters,
    ended: OnceLock<Ended>,
    /// A [`Sample`] of it is on its way.
    sampled: AtomicBool,
    /// It misses messages of others, and that was told.
    misses: AtomicBool,
    pub(super) hand: Hand,
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

/// Written by the connection's own thread alone, in a cache line of their own, so that counting costs nothing.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Counters {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    greetings: AtomicU64,
    /// What the thread is doing in the lowest three bits, since when in microseconds in the others: one value, so
    /// that both always belong together.
    doing: AtomicU64,
}

/// How often a thread that is held looks whether it may go on.
const HELD: Duration = Duration::from_millis(50);

/// Adds, without the price of an atomic addition: there is only one writer.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}

impl Connection {
    pub(super) fn new(id: u64, ends: Ends, thread: String, recording: Arc<Recording>) -> Self {
        Self {
            id,
            ends,
            thread,
            since: SystemTime::now(),
            recording,
            origin: Instant::now(),
            counters: Counters::default(),
            ended: OnceLock::new(),
            sampled: AtomicBool::new(false),
            misses: AtomicBool::new(false),
            hand: Hand::default(),
        }
    }

    /// What its thread is doing, and for how long; once closed, how long ago that was.
    #[must_use]
    pub fn doing(&self) -> (Doing, Duration) {
        let packed = self.counters.doing.load(Ordering::Relaxed);
        let doing = match packed & 7 {
            0 => Doing::Reading,
            1 => Doing::Pausing,
            2 => Doing::Writing,
            3 => Doing::Held,
            _ => Doing::Closed,
        };
        (doing, self.origin.elapsed().saturating_sub(Duration::from_micros(packed >> 3)))
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

    fn set_doing(&self, doing: Doing) {
        let code = match doing {
            Doing::Reading => 0,
            Doing::Pausing => 1,
            Doing::Writing => 2,
            Doing::Held => 3,
            Doing::Closed => 4,
        };
        // Three bits less still last for 70,000 years.
        let since = self.origin.elapsed().as_micros() as u64;
        self.counters.doing.store(since << 3 | code, Ordering::Relaxed);
    }
}

/// What the thread of one connection works with.
pub(super) struct Job {
    pub(super) connection: Arc<Connection>,
    pub(super) stream: TcpStream,
    pub(super) shared: Arc<Shared>,
    pub(super) reporter: Reporter<Event>,
    pub(super) rules: Arc<Rules>,
    /// Wakes the acceptor, which waits when there is no room.
    pub(super) acceptor: Arc<mio::Waker>,
}

/// The thread of one connection.
pub(super) fn run(job: Job) {
    let Job { connection, stream, shared, reporter, rules, acceptor } = job;
    // A mistake in serving one client must not end the others.
    let ended = catch_unwind(AssertUnwindSafe(|| serve(&connection, stream, &shared, &rules, &reporter)))
        .unwrap_or_else(|panic| Ended::Failed(Arc::new(Error::panic(connection.ends.peer, &*panic))));
    end(&connection, ended, &shared, &reporter, &acceptor);
    let before = {
        let mut threads = lock(&shared.threads);
        // Not there: the server is stopping, and the acceptor joins.
        let own = threads.running.remove(&connection.id);
        if own.is_some() { std::mem::replace(&mut threads.finished, own) } else { None }
    };
    if let Some(before) = before {
        // Its panics were caught and reported.
        _ = before.join();
    }
}

/// Keeps and reports how a connection ended; its stream is closed.
pub(super) fn end(
    connection: &Arc<Connection>,
    ended: Ended,
    shared: &Shared,
    reporter: &Reporter<Event>,
    acceptor: &mio::Waker,
) {
    connection.set_doing(Doing::Closed);
    connection.hand.unlink();
    let ended = connection.ended.get_or_init(|| ended).clone();
    if shared.retire(connection) {
        // It fails only when the acceptor has gone.
        _ = acceptor.wake();
    }
    reporter.send(Event::Closed { id: connection.id, peer: connection.ends.peer, ended });
}

fn serve(
    connection: &Arc<Connection>,
    stream: TcpStream,
    shared: &Arc<Shared>,
    rules: &Rules,
    reporter: &Reporter<Event>,
) -> Ended {
    let wire = match Duplex::new(stream, connection.ends.peer, Arc::clone(&connection.recording), WRITE_TIMEOUT) {
        Ok(wire) => Arc::new(wire),
        Err(error) => return broken(error),
    };
    let _guard = shared.hang_up.on_cancel({
        let wire = Arc::clone(&wire);
        move || wire.shut()
    });
    let link = Link { wire: Arc::clone(&wire), shared: Arc::clone(shared), reporter: reporter.clone() };
    connection.hand.link(link);
    let talk = Talk { connection, wire: &wire, shared, reporter };
    let ended = talk.converse(rules).unwrap_or_else(broken);
    connection.hand.asked().filter(|_| matches!(ended, Ended::Stopped)).unwrap_or(ended)
}

fn broken(error: Error) -> Ended {
    match error.cause {
        Cause::Cancelled => Ended::Stopped,
        Cause::Reset => Ended::Reset,
        _ => Ended::Failed(Arc::new(error)),
    }
}

/// The conversation of a connection's thread with its client.
struct Talk<'a> {
    connection: &'a Arc<Connection>,
    wire: &'a Duplex,
    shared: &'a Shared,
    reporter: &'a Reporter<Event>,
}

impl Talk<'_> {
    /// Talks until one of the two ends it.
    fn converse(&self, rules: &Rules) -> Result<Ended, Error> {
        let Self { connection, wire, shared, .. } = *self;
        let Counters { bytes_in, greetings, .. } = &connection.counters;
        let settings = &shared.settings;
        let peer = connection.ends.peer;
        let mut greeting = Greeting::new(settings.boundary, rules, peer.to_string(), SystemTime::now);
        let mut manners = Manners::new(&settings.misbehave, settings.pause);
        let mut buf = vec![0; settings.receive_size];
        let (mut answers, mut steps) = (Answers::default(), Vec::new());
        manners.welcome(settings.welcome.as_bytes(), &mut steps);
        if let Some(ended) = self.perform(settings.welcome.as_bytes(), &mut steps)? {
            return Ok(ended);
        }
        loop {
            self.show(Doing::Reading);
            let n = wire.read(&mut buf)?;
            let came = Instant::now();
            if !self.wait_while_held() {
                return Ok(Ended::Stopped);
            }
            if n == 0 {
                manners.last(&mut answers, &mut steps);
                self.perform(&answers.bytes, &mut steps)?;
                return Ok(match greeting.begun() {
                    0 => Ended::PeerClosed,
                    n => Ended::PeerClosedInLine(n),
                });
            }
            add(bytes_in, n as u64);
            let mut used = 0;
            let next = loop {
                answers.clear();
                let next = greeting.read(&buf[used..n], &mut answers);
                manners.answer(&mut answers, next, &mut steps);
                if let Some(ended) = self.perform(&answers.bytes, &mut steps)? {
                    return Ok(ended);
                }
                self.tell_others(&answers.others);
                match next {
                    Next::Rest(bytes) => used += bytes,
                    next => break next,
                }
            };
            let replied = manners.replied() - greetings.load(Ordering::Relaxed);
            add(greetings, replied);
            if replied > 0 {
                shared.latency.record(connection.id, came.elapsed());
            }
            self.sample(answers.matched.take());
            let ended = match next {
                Next::Read | Next::Rest(_) => continue,
                Next::Exit => Ended::Exit,
                Next::Close => Ended::Rule,
                Next::LineTooLong => {
                    let cause = Cause::LineTooLong(LONGEST_LINE as u64);
                    Ended::Failed(Arc::new(Error::new(Operation::Receive, peer, cause)))
                }
            };
            wire.say_goodbye(&mut buf, 1 << 20, |n| add(bytes_in, n as u64));
            return Ok(ended);
        }
    }

    /// What its thread is doing from now on, for those who look.
    fn show(&self, doing: Doing) {
        self.reporter.wake();
        self.connection.set_doing(doing);
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let Self { connection, wire, .. } = self;
        connection.set_doing(Doing::Writing);
        connection.hand.write(wire, bytes, |n| add(&connection.counters.bytes_out, n as u64))
    }

    /// Does what is to be done with these bytes; how the connection ended, if it has.
    fn perform(&self, bytes: &[u8], steps: &mut Vec<Step>) -> Result<Option<Ended>, Error> {
        for step in steps.drain(..) {
            let goes_on = match step {
                Step::Send(range) => {
                    self.write(&bytes[range])?;
                    true
                }
                Step::Drip(range, every) => {
                    for at in range {
                        self.write(&bytes[at..=at])?;
                        if !self.pause(every) {
                            return Ok(Some(Ended::Stopped));
                        }
                    }
                    true
                }
                Step::Wait(time) => self.pause(time),
                Step::Stall => {
                    while self.pause(Duration::from_secs(3_600)) {}
                    false
                }
                Step::Reset => {
                    self.wire.reset();
                    return Ok(Some(Ended::OnPurpose));
                }
                Step::Close => return Ok(Some(Ended::OnPurpose)),
            };
            if !goes_on {
                return Ok(Some(Ended::Stopped));
            }
        }
        Ok(None)
    }

    /// Waits; false if the connection ends meanwhile. A long wait looks now and then whether a person has ended it.
    fn pause(&self, time: Duration) -> bool {
        const LOOK: Duration = Duration::from_secs(1);
        self.show(Doing::Pausing);
        let mut left = time;
        loop {
            let now = left.min(LOOK);
            if !self.shared.hang_up.pause(now) || self.wire.is_shut() {
                return false;
            }
            left -= now;
            if left.is_zero() {
                return true;
            }
        }
    }

    /// Waits for as long as a person holds the connection; false if the server stops meanwhile.
    fn wait_while_held(&self) -> bool {
        let Self { connection, wire, shared, .. } = self;
        if connection.hand.is_held() {
            self.show(Doing::Held);
        }
        while connection.hand.is_held() && !wire.is_shut() {
            if !shared.hang_up.pause(HELD) {
                return false;
            }
        }
        true
    }

    /// Reports which rule answered, unless an earlier report still waits to be taken.
    fn sample(&self, matched: Option<(usize, Vec<u8>)>) {
        if let Some((rule, message)) = matched
            && !self.connection.sampled.swap(true, Ordering::Relaxed)
        {
            let connection = Arc::clone(self.connection);
            self.reporter.send(Event::Matched(Arc::new(Sample { connection, rule, message })));
        }
    }

    /// Sends messages to all other clients. Who does not take them misses them, which is told once until it takes one
    /// again.
    fn tell_others(&self, messages: &[(usize, Vec<u8>)]) {
        if messages.is_empty() {
            return;
        }
        let others: Vec<_> = {
            let registry = lock(&self.shared.registry);
            registry.open.values().filter(|one| one.id != self.connection.id).cloned().collect()
        };
        for (message, other) in
            messages.iter().flat_map(|(_, message)| others.iter().map(move |other| (message, other)))
        {
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
