//! What waits to be sent, bounded, and the thread that sends it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::file::FileEnd;
use super::{Event, Sending, Shared};
use crate::net::duplex::Duplex;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, lock};

/// How many messages wait to be sent, at most.
pub const MOST_MESSAGES: usize = 65_536;

/// How many bytes wait to be sent, at most: 64 MiB.
pub const MOST_UNSENT: u64 = 64 << 20;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    open: bool,
    /// Nothing comes after what waits.
    finished: bool,
    items: VecDeque<Item>,
    unsent: u64,
    /// A piece of a file is being written.
    busy: bool,
}

/// What waits to be sent.
#[derive(Debug)]
enum Item {
    Message(Vec<u8>),
    File(Arc<Sending>),
}

/// What to do next.
#[derive(Debug)]
enum Next {
    Send(Item),
    /// Everything is sent, and nothing more will come.
    HalfClose,
    End,
}

impl Outbox {
    /// There is a connection to send on.
    pub(super) fn open(&self) {
        lock(&self.queue).open = true;
    }

    /// Takes a message, whole or not at all.
    pub(super) fn push(&self, message: Vec<u8>) -> Result<(), Cause> {
        let len = message.len() as u64;
        if len == 0 { self.room(0).map(drop) } else { self.put(Item::Message(message), len) }
    }

    /// Takes a file, to be sent after what waits already.
    pub(super) fn push_file(&self, file: Arc<Sending>) -> Result<(), Cause> {
        self.put(Item::File(file), 0)
    }

    fn put(&self, item: Item, len: u64) -> Result<(), Cause> {
        let mut queue = self.room(len)?;
        queue.unsent += len;
        queue.items.push_back(item);
        self.changed.notify_one();
        Ok(())
    }

    /// The queue, if there is room for one more item of `len` bytes.
    fn room(&self, len: u64) -> Result<MutexGuard<'_, Queue>, Cause> {
        let queue = lock(&self.queue);
        if !queue.open || queue.finished {
            return Err(Cause::NotConnected);
        }
        if queue.items.len() >= MOST_MESSAGES || queue.unsent + len > MOST_UNSENT {
            return Err(Cause::QueueFull);
        }
        Ok(queue)
    }

    /// Whether messages are taken.
    pub(super) fn is_open(&self) -> bool {
        let queue = lock(&self.queue);
        queue.open && !queue.finished
    }

    /// Takes no more messages; what waits is still sent.
    pub(super) fn finish(&self) {
        lock(&self.queue).finished = true;
        self.changed.notify_all();
    }

    /// Whether no more messages are taken.
    pub(super) fn is_finished(&self) -> bool {
        lock(&self.queue).finished
    }

    /// Waits for something to do.
    fn next(&self) -> Next {
        let mut queue = lock(&self.queue);
        while queue.open {
            if let Some(item) = queue.items.pop_front() {
                return Next::Send(item);
            }
            if queue.finished {
                return Next::HalfClose;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        Next::End
    }

    fn sent(&self, bytes: usize) {
        lock(&self.queue).unsent -= bytes as u64;
    }

    pub(super) fn unsent(&self) -> u64 {
        lock(&self.queue).unsent
    }

    /// Writes what was not queued as a message.
    pub(super) fn busy<T>(&self, write: impl FnOnce() -> T) -> T {
        lock(&self.queue).busy = true;
        let written = write();
        lock(&self.queue).busy = false;
        written
    }

    /// Whether somebody may wait in a write.
    pub(super) fn is_writing(&self) -> bool {
        let queue = lock(&self.queue);
        queue.unsent > 0 || queue.busy
    }

    /// Nothing is sent any more. What waited is dropped; [`Outbox::unsent`] keeps saying how much that was.
    pub(super) fn close(&self, reporter: &Reporter<Event>) {
        let items = {
            let mut queue = lock(&self.queue);
            queue.open = false;
            self.changed.notify_all();
            std::mem::take(&mut queue.items)
        };
        for item in items {
            if let Item::File(file) = item {
                file.end(FileEnd::Cut, reporter);
            }
        }
    }
}

/// The thread `chat-write`: sends until the outbox is closed or finished, or the connection breaks.
pub(super) fn run(shared: &Shared, wire: &Duplex, reporter: &Reporter<Event>) -> Result<(), Error> {
    loop {
        match shared.outbox.next() {
            Next::Send(Item::Message(message)) => wire.write(&message, |n| {
                shared.outbox.sent(n);
                reporter.nudge(Event::Moved);
            })?,
            Next::Send(Item::File(file)) => file.send(shared, wire, reporter)?,
            Next::HalfClose => {
                wire.half_close_waiting();
                reporter.send(Event::HalfClosed);
                return Ok(());
            }
            Next::End => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::report::{Waker, channel};

    fn next(outbox: &Outbox) -> String {
        match outbox.next() {
            Next::Send(Item::Message(message)) => message.escape_ascii().to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn it_takes_messages_whole_in_order_and_only_while_there_is_room() {
        let outbox = Outbox::default();
        assert!(matches!(outbox.push(b"early".to_vec()), Err(Cause::NotConnected)));
        outbox.open();
        for message in ["one", "", "two"] {
            outbox.push(message.into()).expect("room");
        }
        let rest = usize::try_from(MOST_UNSENT).expect("fits") - 6;
        assert!(matches!(outbox.push(vec![0; rest + 1]), Err(Cause::QueueFull)));
        outbox.push(vec![0; rest]).expect("just fits");
        assert!(matches!(outbox.push(b"x".to_vec()), Err(Cause::QueueFull)));
        assert_eq!(next(&outbox), "one");
        outbox.sent(3);
        assert_eq!(next(&outbox), "two");
        assert_eq!(outbox.unsent(), MOST_UNSENT - 3, "taken out is not sent yet");
        outbox.close(&channel(1, Waker::none()).0);
        assert_eq!((next(&outbox).as_str(), outbox.unsent()), ("End", MOST_UNSENT - 3));
        assert!(matches!(outbox.push(b"late".to_vec()), Err(Cause::NotConnected)));
    }

    #[test]
    fn once_finished_it_sends_what_waits_and_takes_no_more() {
        let outbox = Outbox::default();
        outbox.open();
        outbox.push(b"last".to_vec()).expect("room");
        outbox.finish();
        assert!(matches!(outbox.push(b"late".to_vec()), Err(Cause::NotConnected)));
        assert_eq!([next(&outbox), next(&outbox)], ["last", "HalfClose"]);
    }

    #[test]
    fn the_number_of_messages_is_bounded_too() {
        let outbox = Outbox::default();
        outbox.open();
        (0..MOST_MESSAGES).for_each(|_| outbox.push(vec![1]).expect("room"));
        assert!(matches!(outbox.push(vec![1]), Err(Cause::QueueFull)));
    }
}
