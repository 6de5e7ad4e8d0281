//! Every wait ends: by its limit, by being cancelled, by dropping the handle.

use std::time::Duration;

use crossbeam_channel::bounded;
use socketscope::net::fetch::{Fault, Fetch, Options, Outcome};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Operation};

use super::server::{Server, answer_then, hold};
use super::{Done, fetch_with, recorder};

const SOON: Duration = Duration::from_millis(50);

fn silent(silence: Duration) -> Options {
    Options { silence, ..Options::default() }
}

#[test]
fn silence_ends_every_phase() {
    let given_up = |answer: &[u8]| {
        let server = Server::new(vec![answer_then(answer, hold)]);
        fetch_with(&server.url("/"), silent(SOON))
    };
    let done = given_up(b"");
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == SOON), "{error}");
    assert_eq!(error.operation, Operation::Receive);
    let done = given_up(b"HTTP/1.1 200 OK\r\nX:");
    assert_eq!(done.fault(), &Fault::HeadStalled { got: 19, time: SOON });
    for (framing, length, body) in [
        ("", None, "half"),
        ("Content-Length: 10\r\n", Some(10), "half"),
        ("Transfer-Encoding: chunked\r\n", None, "4\r\nhalf\r\n"),
    ] {
        let done = given_up(format!("HTTP/1.1 200 OK\r\n{framing}\r\n{body}").as_bytes());
        assert_eq!(done.fault(), &Fault::Stalled { got: 4, length, time: SOON });
        let (error, partial) = done.failure();
        assert_eq!(partial.expect("partial").len(), 4);
        assert!(error.target.starts_with("http://127.0.0.1:"), "{error}");
        assert!(!error.to_string().contains("check the address"), "{error}");
    }
    let server = Server::new(vec![Box::new(hold)]);
    let done = fetch_with(&format!("https://127.0.0.1:{}/", server.port), silent(SOON));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::TimedOut(_)), "{error}");
    assert_eq!(error.operation, Operation::Tls);
}

#[test]
fn a_server_that_does_not_read_ends_the_sending() {
    let (over, was_over) = bounded::<()>(1);
    let server = Server::new(vec![Box::new(move |stream| {
        was_over.recv().expect("over");
        drop(stream);
        Ok(())
    })]);
    // More than the buffers of both ends hold.
    let done = fetch_with(&server.url(&format!("/{}", "x".repeat(12 << 20))), silent(SOON));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::TimedOut(_)), "{:?}", error.cause);
    assert_eq!(error.operation, Operation::Send);
    over.send(()).expect("sent");
}

#[test]
fn a_head_that_never_ends_is_given_up_however_it_drips() {
    let server = Server::new(vec![answer_then(b"HTTP/1.1 200 OK\r\nX:", |mut stream| {
        // Never silent for as long as the silence that is allowed.
        while std::io::Write::write_all(&mut stream, b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })]);
    let done = fetch_with(&server.url("/"), Options { head_timeout: SOON, ..Options::default() });
    assert_eq!(done.fault(), &Fault::HeadSlow(SOON));
}

#[test]
fn preliminary_answers_do_not_give_the_head_more_time() {
    let server = Server::new(vec![answer_then(b"", |mut stream| {
        // Each is a whole head in good time.
        while std::io::Write::write_all(&mut stream, b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    })]);
    let limit = Duration::from_millis(200);
    let done = fetch_with(&server.url("/"), Options { head_timeout: limit, ..Options::default() });
    assert_eq!(done.fault(), &Fault::HeadSlow(limit));
}

#[test]
fn a_tls_handshake_is_given_up_however_it_drips() {
    let server = Server::new(vec![Box::new(|mut stream| {
        // A record of 16 KiB that comes byte by byte.
        std::io::Write::write_all(&mut stream, &[0x16, 3, 3, 0x40, 0])?;
        while std::io::Write::write_all(&mut stream, &[0]).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })]);
    let done = fetch_with(&format!("https://127.0.0.1:{}/", server.port), silent(SOON * 6));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::TimedOut(_)), "{error}");
    assert_eq!(error.operation, Operation::Tls);
}

/// Cancels a fetch once `answer` was sent and as much of the body has come as it has.
fn cancelled(answer: &[u8], scheme: &str, body: u64) {
    let (sent, was_sent) = bounded(1);
    let server = if scheme == "https" {
        Server::new(vec![Box::new(move |stream| {
            sent.send(()).expect("sent");
            hold(stream)
        })])
    } else {
        Server::new(vec![answer_then(answer, move |stream| {
            sent.send(()).expect("sent");
            hold(stream)
        })])
    };
    let (woken, wakes) = bounded(1);
    let waker = Waker::new(move || _ = woken.try_send(()));
    let url = format!("{scheme}://127.0.0.1:{}/", server.port);
    let fetch = Fetch::start(&url, silent(super::PATIENCE * 10), &recorder(), waker.clone());
    was_sent.recv_timeout(super::PATIENCE).expect("sent");
    while fetch.progress().received < body {
        wakes.recv_timeout(super::PATIENCE).expect("progress");
        waker.rearm();
    }
    fetch.cancel();
    let done = Done::of(&fetch);
    let (error, partial) = done.failure();
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(partial.map_or(0, |partial| partial.len()), body);
    // The connection is closed: the server's script comes to its end.
    server.requests();
}

#[test]
fn cancelling_ends_every_phase_and_is_never_taken_for_an_end() {
    cancelled(b"", "https", 0);
    cancelled(b"", "http", 0);
    cancelled(b"HTTP/1.1 200 OK\r\nX:", "http", 0);
    cancelled(b"HTTP/1.1 200 OK\r\n\r\nhalf", "http", 4);
    cancelled(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "http", 4);
}

#[test]
fn dropping_the_handle_ends_the_fetch() {
    let (sent, was_sent) = bounded(1);
    let server = Server::new(vec![answer_then(b"", move |stream| {
        sent.send(()).expect("sent");
        hold(stream)
    })]);
    let fetch = Fetch::start(&server.url("/"), silent(super::PATIENCE * 10), &recorder(), Waker::none());
    was_sent.recv_timeout(super::PATIENCE).expect("sent");
    drop(fetch);
    server.requests();
}

#[test]
fn the_version_counts_up_with_what_is_shown() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
    let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), Waker::none());
    Done::of(&fetch);
    let version = fetch.version();
    assert!(version > 5, "{version}");
    fetch.cancel();
    assert!(fetch.view(|view| matches!(view.outcome, Some(Outcome::Complete(_)))));
    assert_eq!(fetch.version(), version);
}
