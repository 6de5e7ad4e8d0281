//! For tests: two ends of a connection, and what must hold of a duplex whatever it runs over.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use super::duplex::Duplex;
use super::{Cause, spawn};
use crate::recording::{Direction, Ends, Recorder, Recording, Room};

/// Our end with its recording, and the other one.
pub(crate) fn connected() -> (TcpStream, Ends, Arc<Recording>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let local = TcpStream::connect(listener.local_addr().expect("address")).expect("connected");
    let (remote, _) = listener.accept().expect("accepted");
    remote.set_nodelay(true).expect("set");
    let ends = Ends { local: local.local_addr().expect("address"), peer: local.peer_addr().expect("address") };
    let recording = Recorder::new(Recorder::BUDGET).open();
    recording.connected(ends);
    (local, ends, recording, remote)
}

/// A write that waits does not keep the reader waiting. Its patience must be long.
pub(crate) fn reads_while_a_write_waits(wire: Arc<Duplex>, mut remote: impl Write) {
    let writer = spawn("writer", {
        let wire = Arc::clone(&wire);
        move || wire.write(&vec![0; 64 << 20], |_| {})
    })
    .expect("thread");
    // The peer reads nothing before it has been heard.
    let mut room = Room::new(5);
    for _ in 0..100 {
        remote.write_all(b"hello").expect("sent");
        assert_eq!(wire.read(&mut room).expect("received"), 5);
    }
    wire.shut();
    assert!(matches!(writer.join().expect("joined").expect_err("shut").cause, Cause::Cancelled));
    assert!(matches!(wire.read(&mut room).expect_err("shut").cause, Cause::Cancelled));
}

/// A reply is never recorded before what it replies to.
pub(crate) fn records_in_turn(
    wire: Arc<Duplex>,
    recording: &Recording,
    mut remote: impl Read + Write + Send + 'static,
) {
    let echo = spawn("echo", move || {
        let mut byte = [0];
        while remote.read_exact(&mut byte).is_ok() {
            remote.write_all(&byte).expect("sent");
        }
    })
    .expect("thread");
    let reader = spawn("reader", {
        let wire = Arc::clone(&wire);
        move || while wire.read(&mut Room::new(1)).is_ok() {}
    })
    .expect("thread");
    for n in 0..2_000 {
        wire.write(&[1], |_| {}).expect("sent");
        while recording.kept().end < 2 * (n + 1) {
            std::thread::yield_now();
        }
    }
    wire.shut();
    reader.join().expect("joined");
    echo.join().expect("joined");
    recording.read(|log| {
        for number in log.kept() {
            let expected = if number % 2 == 0 { Direction::Out } else { Direction::In };
            assert_eq!(log.segment(number).expect("kept").direction, expected, "segment {number}");
        }
    });
}
