//! The thread that resolves, connects and reads.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::security::Asked;
use super::tutorial::QUIET;
use super::{Ended, Event, RECEIVE_SIZE, Shared, Sink, State, outbox};
use crate::net::connect::{connect, resolve};
use crate::net::duplex::Duplex;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, Operation, lock, spawn};
use crate::recording::{Recorder, Room};

/// The thread `chat`: the whole life of a session.
pub(super) fn run(shared: &Arc<Shared>, recorder: &Arc<Recorder>, reporter: &Reporter<Event>, sink: Option<Sink>) {
    let ended = catch_unwind(AssertUnwindSafe(|| open(shared, recorder, reporter, sink)))
        .unwrap_or_else(|panic| Err(Error::panic(shared.target(), &*panic)))
        .unwrap_or_else(broken);
    let ended = match ended {
        Ended::Disconnected if shared.resets.load(Ordering::Acquire) => Ended::ResetHere,
        ended => ended,
    };
    end(shared, ended, reporter);
}

/// Keeps and reports how the session ended.
pub(super) fn end(shared: &Shared, ended: Ended, reporter: &Reporter<Event>) {
    shared.outbox.close(reporter);
    *lock(&shared.state) = State::Ended(ended.clone());
    lock(&shared.tutorial).stop();
    *lock(&shared.reporter) = None;
    shared.over.cancel();
    match shared.outbox.unsent() {
        0 => {}
        unsent => reporter.send(Event::Unsent(unsent)),
    }
    reporter.send(Event::Ended(ended));
}

fn broken(error: Error) -> Ended {
    match error {
        Error { cause: Cause::Cancelled, .. } => Ended::Disconnected,
        // A reset that was the answer to our connect is told with its operation.
        Error { cause: Cause::Reset, operation: Operation::Receive | Operation::Send, .. } => Ended::Reset,
        error => Ended::Failed(Arc::new(error)),
    }
}

fn open(
    shared: &Arc<Shared>,
    recorder: &Arc<Recorder>,
    reporter: &Reporter<Event>,
    sink: Option<Sink>,
) -> Result<Ended, Error> {
    let Shared { host, port, options, cancel, .. } = &**shared;
    let asked = options.tls.as_ref().map(|tls| Asked::new(tls, host)).transpose()?;
    let addresses = resolve(host, *port, options.connect_timeout, cancel)?;
    *lock(&shared.state) = State::Connecting;
    if host.parse::<IpAddr>().is_err() {
        reporter.send(Event::Resolved(addresses.clone()));
    }
    // There from the first try on, so that a connect that fails can be seen too.
    let recording = recorder.open();
    _ = shared.recording.set(Arc::clone(&recording));
    let (stream, ends) = connect(&addresses, options.connect_timeout, cancel, |one| {
        recording.note(one.as_event());
        let one = Arc::new(one);
        lock(&shared.tries).push(Arc::clone(&one));
        reporter.send(Event::Tried(one));
    })?;
    recording.connected(ends);
    let wire = Duplex::new(stream, ends.peer, recording, options.write_timeout)?;
    let wire = Arc::new(match &asked {
        Some(asked) => asked.over(wire)?,
        None => wire,
    });
    let _guard = cancel.on_cancel({
        let (shared, wire) = (Arc::clone(shared), Arc::clone(&wire));
        move || {
            if shared.resets.load(Ordering::Acquire) {
                wire.break_off(shared.outbox.is_writing());
            } else {
                wire.shut();
            }
        }
    });
    if let Some(asked) = &asked {
        reporter.send(Event::Secured(asked.secure(&wire, shared)?));
    }
    shared.outbox.open();
    // Why the writer gave up, if it did before the reader.
    let broke = Arc::new(Mutex::new(None));
    let writer = spawn("chat-write", {
        let (shared, wire, reporter, broke) =
            (Arc::clone(shared), Arc::clone(&wire), reporter.clone(), Arc::clone(&broke));
        move || {
            let sent = catch_unwind(AssertUnwindSafe(|| outbox::run(&shared, &wire, &reporter)))
                .unwrap_or_else(|panic| Err(Error::panic(shared.target(), &*panic)));
            if let Err(error) = sent {
                *lock(&broke) = Some(error);
                wire.shut();
            }
        }
    })
    .map_err(|error| Error::io(Operation::Work, shared.target(), error))?;
    *lock(&shared.state) = State::Connected(ends);
    reporter.send(Event::Connected(ends));

    let result = catch_unwind(AssertUnwindSafe(|| receive(shared, &wire, reporter, sink)))
        .unwrap_or_else(|panic| Err(Error::panic(shared.target(), &*panic)));
    shared.outbox.close(reporter);
    wire.shut();
    // Its panics were caught.
    _ = writer.join();
    match (result, lock(&broke).take()) {
        // The reader was ended by the writer, so it is the writer who knows why.
        (Err(Error { cause: Cause::Cancelled, .. }), Some(error)) if !cancel.is_cancelled() => Err(error),
        (result, _) => result,
    }
}

fn receive(shared: &Shared, wire: &Duplex, reporter: &Reporter<Event>, mut sink: Option<Sink>) -> Result<Ended, Error> {
    let mut room = Room::new(RECEIVE_SIZE);
    loop {
        let waits_for_quiet = lock(&shared.tutorial).waits_for_quiet();
        let read = if waits_for_quiet { wire.read_within(&mut room, QUIET)? } else { Some(wire.read(&mut room)?) };
        match read {
            None => go_on(shared, reporter),
            Some(0) => return Ok(Ended::PeerClosed),
            Some(_) => {
                if let Some(sink) = &mut sink {
                    sink(room.filled());
                }
                lock(&shared.tutorial).heard();
                reporter.nudge(Event::Moved);
            }
        }
    }
}

/// The tutorial's next message, now that the reply is complete.
fn go_on(shared: &Shared, reporter: &Reporter<Event>) {
    // The lock is held until it is queued, see `Session::play_tutorial`.
    let mut tutorial = lock(&shared.tutorial);
    if let Some(message) = tutorial.quiet() {
        let played = !tutorial.playing();
        if shared.outbox.push(message).is_err() {
            tutorial.stop();
        } else if played {
            reporter.send(Event::TutorialPlayed);
        }
    }
}
