//! What a session sends besides messages by hand: one that repeats, and files.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socketscope::net::Cause;
use socketscope::net::client::{Ended, Event, FileEnd, Options, RepeatEnd, Repetition, Sending, Session, State};
use socketscope::net::report::{Waited, Waker};

use crate::tools::{Client, LIMIT, accept, listener, recorder, wait_for};

/// A session with the test as its server.
fn pair() -> (Session, Client) {
    let (listener, address) = listener();
    let options = Options { write_timeout: Duration::from_secs(3_600), ..Options::default() };
    let session = Session::connect("127.0.0.1", address.port(), options, &recorder(), Waker::none(), None);
    let server = accept(&listener);
    until(&session, |event| matches!(event, Event::Connected(_)).then_some(()));
    (session, server)
}

#[track_caller]
fn until<T>(session: &Session, mut fits: impl FnMut(Event) -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match session.inbox().wait(Some(deadline)) {
            Waited::Event(report) => {
                if let Some(found) = fits(report.event) {
                    return found;
                }
            }
            other => panic!("{other:?} before the event came"),
        }
    }
}

/// How a repetition ended, after how many, and the line that says so.
#[track_caller]
fn repeat_ended(session: &Session) -> (RepeatEnd, u64, String) {
    until(session, |event| {
        let text = event.text();
        match event {
            Event::RepeatEnded { queued, end, .. } => Some((end, queued, text.expect("said"))),
            _ => None,
        }
    })
}

/// How the sending of a file ended, and the line that says so.
#[track_caller]
fn file_ended(session: &Session) -> (FileEnd, String) {
    until(session, |event| match event {
        Event::FileEnded(file) => Some((file.ended().expect("ended"), file.text())),
        _ => None,
    })
}

fn repetition(message: impl AsRef<[u8]>, every_ms: u64, count: u64) -> Repetition {
    Repetition { message: message.as_ref().to_vec(), every: Duration::from_millis(every_ms), count }
}

/// A file with bytes that are different everywhere.
fn file(folder: &Path, size: usize) -> (std::path::PathBuf, Vec<u8>) {
    let bytes: Vec<u8> = (0..size).map(|n| (n * 31 % 251) as u8).collect();
    let path = folder.join("file.bin");
    std::fs::write(&path, &bytes).expect("written");
    (path, bytes)
}

#[test]
fn a_message_repeats_as_often_as_was_asked_for() {
    let (session, mut server) = pair();
    let repeat = session.repeat(repetition("beat;", 1, 5)).expect("begun");
    session.send(b"end".to_vec()).expect("queued");
    let (end, queued, text) = repeat_ended(&session);
    assert!(matches!(end, RepeatEnd::Done), "{end:?}");
    assert_eq!((queued, text.as_str()), (5, "Repeated: 5 messages"));
    assert_eq!(repeat.progress(), (5, 5));
    wait_for("its end", || !repeat.is_running());
    let mut all = vec![0; 28];
    server.0.read_exact(&mut all).expect("received");
    let all = String::from_utf8_lossy(&all).replacen("end", "", 1);
    assert_eq!(all, "beat;".repeat(5), "between whole messages");
}

#[test]
fn a_message_repeats_until_it_is_stopped_or_dropped() {
    let (session, mut server) = pair();
    let repeat = session.repeat(repetition("a", 1, 0)).expect("begun");
    server.hear("aaa");
    repeat.stop();
    let (end, queued, text) = repeat_ended(&session);
    assert!(matches!(end, RepeatEnd::Stopped) && queued >= 3, "{end:?} after {queued}");
    assert_eq!(text, format!("Repeating stopped after {queued}"));
    let hour = session.repeat(repetition("b", 3_600_000, 3)).expect("begun");
    drop(hour);
    let (end, queued, text) = repeat_ended(&session);
    assert!(matches!(end, RepeatEnd::Stopped) && queued == 1, "{end:?} after {queued}");
    assert_eq!(text, "Repeating stopped after 1 of 3");
}

#[test]
fn a_message_repeats_no_longer_than_the_session_lasts() {
    let (session, server) = pair();
    let repeat = session.repeat(repetition("x", 3_600_000, 0)).expect("begun");
    drop(server);
    let (end, ..) = repeat_ended(&session);
    assert!(matches!(end, RepeatEnd::Over), "{end:?}");
    wait_for("its end", || !repeat.is_running());
    assert!(session.inbox().wait_end(LIMIT), "its thread keeps the channel");
    let error = session.repeat(repetition("x", 1, 0)).expect_err("over");
    assert!(matches!(error.cause, Cause::NotConnected), "{error}");
}

#[test]
fn a_message_that_repeats_does_not_pile_up() {
    let (session, _server) = pair();
    // Nobody reads: the third one finds no room.
    let _repeat = session.repeat(repetition(vec![b'x'; 30 << 20], 1, 0)).expect("begun");
    let (end, queued, text) = repeat_ended(&session);
    let RepeatEnd::Failed(error) = end else { panic!("{end:?}") };
    assert!(matches!(error.cause, Cause::QueueFull), "{error}");
    assert!(queued >= 2, "{queued}");
    assert!(text.contains("too much waits to be sent"), "{text}");
    assert!(matches!(session.state(), State::Connected(_)), "the session goes on");
}

#[test]
fn a_file_is_sent_whole_and_in_order_with_messages() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, bytes) = file(folder.path(), 300_000);
    let (session, mut server) = pair();
    // More than the buffers of both ends take: what follows waits in the queue.
    let large = vec![b'x'; 16 << 20];
    session.send(large.clone()).expect("queued");
    session.send(b"before;".to_vec()).expect("queued");
    let sending = session.send_file(&path).expect("queued");
    session.send(b";after".to_vec()).expect("queued");
    server.0.read_exact(&mut vec![0; large.len()]).expect("received");
    server.hear("before;");
    let mut received = vec![0; bytes.len()];
    server.0.read_exact(&mut received).expect("received");
    assert!(received == bytes, "altered on the way");
    server.hear(";after");
    let (end, text) = file_ended(&session);
    assert!(matches!(end, FileEnd::Sent), "{end:?}");
    assert_eq!(text, format!("Sent {}, 300 kB", path.display()));
    assert_eq!(sending.progress(), (300_000, 300_000));
    let recording = session.recording().expect("recorded");
    let largest = recording.read(|log| {
        // What follows the large message.
        let pieces = log.kept().filter_map(|n| log.segment(n)).filter(|one| one.start >= large.len() as u64);
        pieces.map(|one| one.len).max()
    });
    assert!(largest <= Some(64 << 10), "{largest:?}");

    std::fs::write(&path, "").expect("written");
    session.send_file(&path).expect("queued");
    assert!(matches!(file_ended(&session).0, FileEnd::Sent), "nothing is sent of an empty one");
    session.half_close();
    server.hear_end();
}

#[test]
fn what_is_no_regular_file_is_said_and_the_session_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let (session, mut server) = pair();
    let none = folder.path().join("none");
    for (path, words) in [(none.as_path(), "there is no such file"), (folder.path(), "it is not a regular file")] {
        session.send_file(path).expect("queued");
        let (end, text) = file_ended(&session);
        assert!(matches!(end, FileEnd::Failed(_)), "{end:?}");
        assert!(text.contains(words) && text.contains(&path.display().to_string()), "{text}");
    }
    session.send(b"on".to_vec()).expect("queued");
    server.hear("on");
}

#[test]
#[cfg(target_os = "linux")]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("folder");
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("made");
    let (session, _server) = pair();
    session.send_file(&pipe).expect("queued");
    let (end, text) = file_ended(&session);
    assert!(matches!(end, FileEnd::Failed(_)) && text.contains("not a regular file"), "{text}");
}

/// A large file of which the peer has read nothing yet: the system has taken what it takes.
fn stuck(folder: &Path) -> (Session, Client, Arc<Sending>) {
    let (path, _) = file(folder, 32 << 20);
    let (session, server) = pair();
    let sending = session.send_file(&path).expect("queued");
    wait_for("some of it", || sending.progress().0 > 0);
    (session, server, sending)
}

#[test]
fn a_file_that_becomes_shorter_is_not_called_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let (session, mut server, sending) = stuck(folder.path());
    let shorter = std::fs::File::options().write(true).open(sending.path()).expect("opened");
    shorter.set_len(1).expect("cut");
    session.send(b"!".to_vec()).expect("queued");
    session.half_close();
    let mut received = Vec::new();
    server.0.read_to_end(&mut received).expect("received");
    let (end, text) = file_ended(&session);
    assert!(matches!(end, FileEnd::Failed(_)), "{end:?}");
    assert!(text.contains("it became shorter"), "{text}");
    let (sent, size) = sending.progress();
    assert!(sent < size, "{sent} of {size}");
    assert_eq!((received.len() as u64, received.last()), (sent + 1, Some(&b'!')), "what comes after is still sent");
}

#[test]
fn a_file_can_be_cancelled_and_what_follows_is_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let (session, mut server, sending) = stuck(folder.path());
    let waiting = session.send_file(sending.path()).expect("queued");
    sending.cancel();
    waiting.cancel();
    session.send(b"!".to_vec()).expect("queued");
    session.half_close();
    let mut received = Vec::new();
    server.0.read_to_end(&mut received).expect("received");
    let (end, text) = file_ended(&session);
    assert!(matches!(end, FileEnd::Cancelled) && text.contains("was cancelled after"), "{text}");
    assert!(file_ended(&session).1.ends_with("was not sent"));
    assert_eq!((received.len() as u64, received.last()), (sending.progress().0 + 1, Some(&b'!')));
}

#[test]
fn a_file_is_cut_where_the_session_ends() {
    let folder = tempfile::tempdir().expect("folder");
    for reset in [false, true] {
        let (session, mut server, sending) = stuck(folder.path());
        session.send_file(sending.path()).expect("queued");
        if reset {
            session.reset()
        } else {
            session.disconnect()
        }
        let ends = [file_ended(&session), file_ended(&session)];
        assert!(ends.iter().all(|(end, _)| matches!(end, FileEnd::Cut)), "{ends:?}");
        assert!(ends.iter().any(|(_, text)| text.contains("The connection ended after")), "{ends:?}");
        assert!(session.inbox().wait_end(LIMIT), "it did not end");
        let State::Ended(ended) = session.state() else { panic!("not ended") };
        assert!(matches!((ended, reset), (Ended::Disconnected, false) | (Ended::ResetHere, true)));
        // A clean end or a reset: an end.
        _ = server.0.read_to_end(&mut Vec::new());
        _ = server.0.write(b"x");
    }
}
