//! What a person does with one connection from outside: sends something, pauses its thread, or ends it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::connection::Service;
use super::{Connection, Doing, Ended, Event};
use crate::net::duplex::{Duplex, Heard};
use crate::net::{Cause, Error, Operation, apart, lock, spawn, try_lock};

/// The most bytes that wait to be sent to one connection: 1 MiB.
pub const MOST_WAITING: usize = 1 << 20;

/// The most threads that send what clients do not take at once.
const MOST_SENDERS: usize = 256;

/// What the thread of a connection shares with those who act on it. First what each write needs, see [`Connection`].
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Hand {
    /// Held while a message goes out: no other comes in between.
    writing: Mutex<()>,
    /// Something waits: asked before each write.
    waits: AtomicBool,
    /// Of the connection's own message some went and some did not: nothing may come between. Set by who holds
    /// [`Hand::writing`].
    cut: AtomicBool,
    held: AtomicBool,
    /// 1: disconnect, 2: reset.
    asked: AtomicU8,
    /// Bytes sent from outside. Several may send.
    sent: AtomicU64,
    /// While it is served.
    link: Mutex<Option<Link>>,
    waiting: Mutex<Waiting>,
    /// Why what was sent from outside did not go out, and ended it.
    failed: OnceLock<Arc<Error>>,
}

/// What it takes to act on a connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) wire: Arc<Duplex>,
    pub(super) service: Arc<Service>,
    /// Where one thread serves all connections: the place of this one.
    pub(super) place: Option<usize>,
}

impl Link {
    /// Tells the thread that serves all connections that there is something to do for this one.
    fn poke(&self) {
        if let Some(place) = self.place {
            let mut poked = lock(&self.service.poked);
            poked.push(place);
            // Once is enough until it looks.
            if poked.len() == 1 {
                // It fails only when the poll has gone, and with it whoever would have been woken.
                _ = self.service.acceptor.wake();
            }
        }
    }
}

/// What the client did not take at once. Whoever holds [`Hand::writing`] sends it before anything else.
#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A thread is about to send it.
    sending: bool,
}

impl Hand {
    /// From now on it can be acted on, until [`Hand::unlink`].
    pub(super) fn link(&self, link: Link) {
        *lock(&self.link) = Some(link);
    }

    /// The connection is over. Who still sends something is told so: the client may never take it.
    pub(super) fn unlink(&self) {
        // Nobody begins to send meanwhile.
        let waiting = lock(&self.waiting);
        let link = lock(&self.link).take();
        if let Some(Link { wire, .. }) = link.filter(|_| waiting.sending) {
            wire.shut();
        }
    }

    /// Ends it for the server, which stops.
    pub(super) fn hang_up(&self) {
        if let Some(link) = self.linked() {
            link.wire.shut();
        }
    }

    fn linked(&self) -> Option<Link> {
        lock(&self.link).clone()
    }

    /// Bytes sent from outside.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends `bytes` for the connection's own thread, after what waits. `blocks` is told if that takes its time. What they answer,
    /// if it is there, is recorded with them, or before that takes time.
    pub(super) fn write(
        &self,
        wire: &Duplex,
        mut heard: Option<&mut Heard<'_>>,
        bytes: &[u8],
        mut written: impl FnMut(usize),
        blocks: impl FnOnce(),
    ) -> Result<(), Error> {
        let _writing = try_lock(&self.writing).unwrap_or_else(|| {
            heard.as_deref_mut().map(Heard::keep);
            lock(&self.writing)
        });
        // A person has said that nothing more will be sent; what comes is still read.
        if wire.is_half_closed() {
            return Ok(());
        }
        if self.anything_waits() {
            return apart(|| {
                heard.map(Heard::keep);
                blocks();
                self.flush(wire)?;
                wire.write(bytes, written)
            });
        }
        let n = wire.answer_at_once(heard.as_deref_mut(), bytes)?.unwrap_or_default();
        written(n);
        if n == bytes.len() {
            return Ok(());
        }
        apart(|| {
            heard.map(Heard::keep);
            blocks();
            wire.write_waiting(&bytes[n..], written)
        })
    }

    /// Whether there is a message from outside that has not gone out.
    pub(super) fn anything_waits(&self) -> bool {
        self.waits.load(Ordering::Acquire)
    }

    /// Sends what waits. Called with [`Hand::writing`] held.
    fn flush(&self, wire: &Duplex) -> Result<(), Error> {
        loop {
            let message = {
                let mut waiting = lock(&self.waiting);
                let Some(message) = waiting.messages.pop_front() else {
                    self.waits.store(false, Ordering::Release);
                    return Ok(());
                };
                waiting.bytes -= message.len();
                message
            };
            wire.write(&message, |n| _ = self.sent.fetch_add(n as u64, Ordering::Relaxed))?;
        }
    }

    /// Like [`Hand::write`], but only as much as goes without waiting: how much of `bytes` is done with, or `None` if it is not
    /// the time.
    pub(super) fn write_at_once(
        &self,
        wire: &Duplex,
        heard: Option<&mut Heard<'_>>,
        bytes: &[u8],
        written: impl FnOnce(usize),
    ) -> Result<Option<usize>, Error> {
        let _writing = lock(&self.writing);
        if wire.is_half_closed() && !wire.has_begun() {
            return Ok(Some(bytes.len()));
        }
        if !self.cut.load(Ordering::Relaxed) && !self.flush_what_goes(wire)? {
            return Ok(None);
        }
        let went = wire.answer_at_once(heard, bytes)?;
        match went {
            Some(n) => {
                written(n);
                self.cut.store(n < bytes.len(), Ordering::Relaxed);
            }
            None if wire.has_begun() => self.cut.store(true, Ordering::Relaxed),
            None => {}
        }
        Ok(went)
    }

    /// For the thread that serves all: from here on nobody else writes, until it says with [`Hand::own_message_is_cut`] what came
    /// of its own message. False if something waits, or somebody is writing.
    pub(super) fn begin_own_message(&self) -> bool {
        match try_lock(&self.writing) {
            Some(_writing) if !self.anything_waits() => {
                self.cut.store(true, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    /// The message that has begun has gone, or none of it; or `is_cut`: some went and some did not.
    pub(super) fn own_message_is_cut(&self, is_cut: bool) {
        self.cut.store(is_cut, Ordering::Release);
    }

    /// Sends what waits, as much as goes without waiting; whether that was all. Only before a message of its own, not within.
    pub(super) fn flush_at_once(&self, wire: &Duplex) -> Result<bool, Error> {
        let _writing = lock(&self.writing);
        if self.cut.load(Ordering::Relaxed) { Ok(true) } else { self.flush_what_goes(wire) }
    }

    /// Called with [`Hand::writing`] held.
    fn flush_what_goes(&self, wire: &Duplex) -> Result<bool, Error> {
        if !self.anything_waits() {
            return Ok(true);
        }
        let mut waiting = lock(&self.waiting);
        while let Some(message) = waiting.messages.front_mut() {
            let Some(n) = wire.write_at_once(message)? else { return Ok(false) };
            self.sent.fetch_add(n as u64, Ordering::Relaxed);
            message.drain(..n);
            if message.is_empty() {
                waiting.messages.pop_front();
            }
            waiting.bytes -= n;
        }
        self.waits.store(false, Ordering::Release);
        Ok(true)
    }

    /// Whether its thread is to wait.
    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// How it ended, if that came from outside.
    pub(super) fn asked(&self) -> Option<Ended> {
        if let Some(error) = self.failed.get() {
            return Some(Ended::Failed(Arc::clone(error)));
        }
        match self.asked.load(Ordering::Acquire) {
            1 => Some(Ended::Disconnected),
            2 => Some(Ended::ResetHere),
            _ => None,
        }
    }

    /// Asks for the end; what to end, if it is not over.
    fn ask(&self, how: u8) -> Option<Link> {
        let link = self.linked()?;
        // What was asked first counts.
        _ = self.asked.compare_exchange(0, how, Ordering::AcqRel, Ordering::Relaxed);
        Some(link)
    }
}

impl Connection {
    /// Sends a message besides the replies, whole, and never waits: what the client does not take at once is sent by a thread.
    ///
    /// # Errors
    /// The connection is closed; [`MOST_WAITING`] bytes wait already, or too many clients do not take what they are sent.
    pub fn send(self: &Arc<Self>, message: &[u8]) -> Result<(), Error> {
        let error = |cause| Error::new(Operation::Send, self.ends.peer, cause);
        let hand = &self.hand;
        let mut waiting = lock(&hand.waiting);
        let link = hand.linked().filter(|link| link.wire.is_writable());
        let link = link.ok_or_else(|| error(Cause::NotConnected))?;
        let (mut rest, mut begun) = (message, false);
        // Kept until the rest waits: nothing may come between.
        let writing = try_lock(&hand.writing);
        if waiting.messages.is_empty() && writing.is_some() && !hand.cut.load(Ordering::Acquire) {
            // What goes wrong is found out by who reads, or writes the rest.
            let n = link.wire.write_at_once(message).ok().flatten().unwrap_or_default();
            hand.sent.fetch_add(n as u64, Ordering::Relaxed);
            rest = &message[n..];
            begun = n > 0 || link.wire.has_begun();
        }
        if rest.is_empty() {
            return Ok(());
        }
        // Of a message that has begun the rest is kept in any case.
        if !begun && waiting.bytes + rest.len() > MOST_WAITING {
            return Err(error(Cause::QueueFull));
        }
        if link.place.is_none() && !waiting.sending {
            match self.start_sending(link.clone()) {
                Ok(()) => waiting.sending = true,
                // It is sent before the next reply.
                Err(_) if begun => {}
                Err(error) => return Err(error),
            }
        }
        waiting.bytes += rest.len();
        waiting.messages.push_back(rest.to_vec());
        hand.waits.store(true, Ordering::Release);
        link.poke();
        Ok(())
    }

    /// Starts a thread that sends what waits.
    fn start_sending(self: &Arc<Self>, link: Link) -> Result<(), Error> {
        let shared = Arc::clone(&link.service.shared);
        let mut senders = lock(&shared.senders);
        senders.retain(|sender| !sender.is_finished());
        if senders.len() >= MOST_SENDERS {
            return Err(Error::new(Operation::Send, self.ends.peer, Cause::QueueFull));
        }
        let connection = Arc::clone(self);
        let thread = spawn(&format!("send-{}", self.id), move || connection.send_waiting(&link));
        senders.push(thread.map_err(|cause| Error::io(Operation::Send, self.ends.peer, cause))?);
        Ok(())
    }

    /// The thread that sends what waits.
    fn send_waiting(&self, link: &Link) {
        loop {
            let sent = {
                let _writing = lock(&self.hand.writing);
                self.hand.flush(&link.wire)
            };
            let mut waiting = lock(&self.hand.waiting);
            if let Err(error) = sent {
                *waiting = Waiting::default();
                if !error.is_cancelled() {
                    // Half a message may have gone: nothing can come after it.
                    let error = Arc::new(error);
                    _ = self.hand.failed.set(Arc::clone(&error));
                    link.service.reporter.send(Event::SendFailed(error));
                    link.wire.shut();
                }
                return;
            }
            if waiting.messages.is_empty() {
                waiting.sending = false;
                return;
            }
        }
    }

    /// Closes it.
    pub fn disconnect(&self) {
        if let Some(link) = self.hand.ask(1) {
            link.wire.shut();
            link.poke();
        }
    }

    /// Breaks it off: the client sees a reset.
    pub fn reset(&self) {
        if let Some(link) = self.hand.ask(2) {
            // Where one thread serves all, nobody waits in a write.
            let writes = self.doing().0 == Doing::Writing || lock(&self.hand.waiting).sending;
            link.wire.break_off(link.place.is_none() && writes);
            link.poke();
        }
    }

    /// Says that nothing more will be sent; what the client sends is still read. Where one thread serves all, that says it, when it
    /// has recorded what it has just sent.
    pub fn half_close(&self) {
        if let Some(link) = self.hand.linked() {
            match link.place {
                None => _ = link.wire.half_close(),
                Some(_) => link.wire.half_close_later(),
            }
            link.poke();
        }
    }

    /// Holds its thread, which then reads and answers nothing, or lets it go on.
    pub fn hold(&self, held: bool) {
        self.hand.held.store(held, Ordering::Relaxed);
        if let Some(link) = self.hand.linked() {
            link.poke();
        }
    }

    /// How many bytes its client has sent that nobody has read, if the system tells: what a buffer of the system holds.
    #[must_use]
    pub fn unread(&self) -> Option<u64> {
        self.hand.linked()?.wire.unread()
    }

    /// Whether its thread is held, or will be after its next read.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.hand.is_held()
    }
}
