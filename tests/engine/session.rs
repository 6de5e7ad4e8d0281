//! The chat session.

use std::io::{Read, Write};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socketscope::net::client::{Ended, Event, Options, Session, Sink, State};
use socketscope::net::report::{Waited, Waker};
use socketscope::net::server::Settings;
use socketscope::net::{Cause, Operation};

use crate::tools::{Client, LIMIT, accept, ended, failed, listener, quick, recorder, script, serve, wait_for};

fn connect_with(host: &str, port: u16, options: Options, sink: Option<Sink>) -> Session {
    Session::connect(host, port, options, &recorder(), Waker::none(), sink)
}

fn connect(port: u16) -> Session {
    connect_with("127.0.0.1", port, Options::default(), None)
}

/// Takes events until one fits.
#[track_caller]
fn until(session: &Session, mut fits: impl FnMut(&Event) -> bool) {
    let deadline = Instant::now() + LIMIT;
    loop {
        match session.inbox().wait(Some(deadline)) {
            Waited::Event(report) if fits(&report.event) => return,
            Waited::Event(_) => {}
            other => panic!("{other:?} before the event came"),
        }
    }
}

#[track_caller]
fn until_connected(session: &Session) {
    until(session, |event| matches!(event, Event::Connected(_)));
}

/// A session with the test as its server.
fn pair(options: Options, sink: Option<Sink>) -> (Session, Client) {
    let (listener, address) = listener();
    let session = connect_with("127.0.0.1", address.port(), options, sink);
    let server = accept(&listener);
    until_connected(&session);
    (session, server)
}

#[test]
fn the_tutorial_is_played_each_name_after_the_reply_to_the_one_before() {
    let (session, mut server) = pair(Options::default(), None);
    session.play_tutorial();
    assert!(session.playing());
    // Nothing is sent before the welcome.
    server.0.set_nonblocking(true).expect("set");
    assert_eq!(server.0.read(&mut [0]).expect_err("nothing").kind(), std::io::ErrorKind::WouldBlock);
    server.0.set_nonblocking(false).expect("set");
    server.say("Welcome!");
    for name in ["Michael", "Tracy", "Sarah"] {
        server.hear(name);
        assert!(session.playing());
        server.say(format!("Hello, {name}!"));
    }
    server.hear("exit");
    until(&session, |event| matches!(event, Event::TutorialPlayed));
    assert!(!session.playing());
    drop(server);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    assert_eq!(
        script(&session.recording().expect("recorded")),
        [
            "← Welcome!",
            "→ Michael",
            "← Hello, Michael!",
            "→ Tracy",
            "← Hello, Tracy!",
            "→ Sarah",
            "← Hello, Sarah!",
            "→ exit",
            "← ",
        ]
    );
}

#[test]
fn the_tutorial_is_played_with_our_own_server() {
    let (server, address) = serve(quick());
    let session = connect(address.port());
    session.play_tutorial();
    assert!(matches!(ended(&session), Ended::PeerClosed));
    wait_for("the count", || server.totals().greetings == 3);
    let recording = session.recording().expect("recorded");
    assert_eq!(recording.joined(socketscope::recording::Direction::Out), b"MichaelTracySarahexit");
    assert_eq!(
        recording.joined(socketscope::recording::Direction::In),
        b"Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!"
    );
}

#[test]
fn the_tutorial_waits_for_the_whole_of_a_reply_that_comes_in_several_reads() {
    // Longer than one read takes.
    let (welcome, reply) = ("w".repeat(90_000), format!("{}{{message}}", "r".repeat(90_000)));
    let (server, address) = serve(Settings { welcome, reply, ..quick() });
    let session = connect(address.port());
    session.play_tutorial();
    assert!(matches!(ended(&session), Ended::PeerClosed));
    wait_for("the count", || server.totals().greetings == 3);
    let mut heard = script(&server.connections()[0].recording);
    // Whether the empty read still comes after `exit` depends on who closes first.
    heard.retain(|line| line.starts_with('←') && line != "← ");
    assert_eq!(heard, ["← Michael", "← Tracy", "← Sarah", "← exit"]);
}

#[test]
fn the_tutorial_begun_late_starts_at_once_and_ends_with_the_session() {
    let (session, mut server) = pair(Options::default(), None);
    server.say("Welcome!");
    until(&session, |event| matches!(event, Event::Moved));
    session.play_tutorial();
    session.play_tutorial();
    server.hear("Michael");
    drop(server);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    assert!(!session.playing());
    session.play_tutorial();
    assert!(!session.playing(), "it is over");
}

#[test]
fn what_a_person_sends_meanwhile_is_not_lost() {
    let (session, mut server) = pair(Options::default(), None);
    session.play_tutorial();
    session.send(b"mine;".to_vec()).expect("queued");
    server.hear("mine;");
    server.say("Welcome!");
    server.hear("Michael");
    session.send(b";mine".to_vec()).expect("queued");
    server.hear(";mine");
    server.say("reply");
    server.hear("Tracy");
}

#[test]
fn megabytes_go_out_whole_and_in_order() {
    let (session, mut server) = pair(Options::default(), None);
    let mut expected = Vec::new();
    for n in 0..3_000_usize {
        let message: Vec<u8> = (0..n * 7 % 20_000).map(|i| (i * n % 251) as u8).collect();
        expected.extend_from_slice(&message);
        session.send(message).expect("room");
    }
    assert!(expected.len() > 20 << 20);
    let mut received = vec![0; expected.len()];
    server.0.read_exact(&mut received).expect("received");
    assert!(received == expected, "altered on the way");
    wait_for("the last count", || session.unsent() == 0);
    session.disconnect();
    server.hear_end();
    assert!(matches!(ended(&session), Ended::Disconnected));
}

#[test]
fn every_read_is_recorded_and_given_to_the_sink() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink: Sink = Box::new({
        let heard = Arc::clone(&heard);
        move |bytes| heard.lock().expect("lock").extend_from_slice(bytes)
    });
    let (session, mut server) = pair(Options::default(), Some(sink));
    server.say(b"\xff\0\x1b[2J");
    server.say(vec![b'x'; 1 << 20]);
    drop(server);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    let expected = [b"\xff\0\x1b[2J".to_vec(), vec![b'x'; 1 << 20]].concat();
    assert!(*heard.lock().expect("lock") == expected, "altered on the way");
    let recording = session.recording().expect("recorded");
    assert!(recording.joined(socketscope::recording::Direction::In) == expected, "recorded otherwise");
    recording.read(|log| {
        let last = log.segment(log.kept().end - 1).expect("kept");
        assert_eq!(last.len, 0, "the empty read is the last");
    });
}

#[test]
fn the_ways_to_end_are_told_apart() {
    let (session, server) = pair(Options::default(), None);
    server.reset();
    let end = ended(&session);
    assert!(matches!(end, Ended::Reset), "{end:?}");

    let (session, server) = pair(Options::default(), None);
    server.0.shutdown(std::net::Shutdown::Write).expect("shut");
    let end = ended(&session);
    assert!(matches!(end, Ended::PeerClosed), "{end:?}");
    assert!(matches!(session.send(b"late".to_vec()).expect_err("over").cause, Cause::NotConnected));

    let (session, mut server) = pair(Options::default(), None);
    session.disconnect();
    let end = ended(&session);
    assert!(matches!(end, Ended::Disconnected), "{end:?}");
    server.hear_end();
    assert_eq!(script(&session.recording().expect("recorded")), [""; 0], "our own end is no empty read");
}

#[test]
fn what_was_not_sent_is_said() {
    let (session, server) = pair(Options::default(), None);
    // More than the buffers of both ends take.
    session.send(vec![b'x'; 60 << 20]).expect("room");
    assert!(matches!(session.send(vec![0; 30 << 20]).expect_err("full").cause, Cause::QueueFull));
    server.0.shutdown(std::net::Shutdown::Write).expect("shut");
    let mut said = None;
    until(&session, |event| {
        if let Event::Unsent(bytes) = event {
            said = Some(*bytes);
            assert!(event.text().expect("said").contains("not sent"));
        }
        matches!(event, Event::Ended(_))
    });
    assert!(said.is_some_and(|bytes| bytes > 1 << 20), "{said:?}");
    assert_eq!(said, Some(session.unsent()));
}

#[test]
fn a_peer_that_does_not_read_ends_it_with_a_clear_error() {
    let options = Options { write_timeout: Duration::from_millis(50), ..Options::default() };
    let (session, _server) = pair(options, None);
    session.send(vec![b'x'; 60 << 20]).expect("room");
    let error = failed(&session);
    assert!(matches!(error.cause, Cause::NotReading(_)), "{error}");
    assert_eq!(error.operation, Operation::Send);
    assert!(error.to_string().contains("read nothing for"), "{error}");
}

#[test]
fn nothing_can_be_sent_before_it_is_connected() {
    let session = connect_with("no-such-host.invalid", 1, Options::default(), None);
    let error = session.send(b"early".to_vec()).expect_err("not connected");
    assert!(matches!(error.cause, Cause::NotConnected), "{error}");
    let error = failed(&session);
    assert!(matches!(error.cause, Cause::HostNotFound), "{error}");
    assert_eq!(error.operation, Operation::Resolve);
}

#[test]
fn a_refused_connection_names_the_address_and_what_to_do() {
    let (closed, address) = listener();
    drop(closed);
    let session = connect(address.port());
    let error = failed(&session);
    assert!(matches!(error.cause, Cause::Refused), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    let tries = session.tries();
    assert_eq!((tries.len(), tries[0].address), (1, address));
    assert!(tries[0].error.is_some());
}

#[test]
fn a_name_is_resolved_and_every_try_is_listed() {
    let (server, address) = serve(quick());
    let session = connect_with("localhost", address.port(), Options::default(), None);
    let mut log = Vec::new();
    until(&session, |event| {
        log.extend(event.text());
        matches!(event, Event::Connected(_))
    });
    assert!(log[0].contains("127.0.0.1"), "{log:#?}");
    let tries = session.tries();
    let winner = tries.last().expect("one at least");
    assert_eq!(winner.address, address);
    assert!(winner.error.is_none());
    assert!(log.iter().any(|line| line.contains("answered after")), "{log:#?}");
    wait_for("the server's side", || server.totals().connections == 1);
}

/// A listener whose queue is full does not answer further connects: they wait.
#[cfg(target_os = "linux")]
fn deaf() -> (socket2::Socket, Vec<std::net::TcpStream>, std::net::SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("socket");
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().ok().and_then(|a| a.as_socket()).expect("address");
    let mut queue = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queue.push(stream);
        assert!(queue.len() < 100, "the queue never fills");
    }
    (socket, queue, address)
}

#[test]
#[cfg(target_os = "linux")]
fn connecting_ends_when_cancelled_and_when_dropped() {
    let (_socket, _queue, address) = deaf();
    let options = Options { connect_timeout: Duration::from_secs(3_600), ..Options::default() };
    let session = connect_with("127.0.0.1", address.port(), options.clone(), None);
    wait_for("a try", || matches!(session.state(), State::Connecting));
    session.disconnect();
    assert!(matches!(ended(&session), Ended::Disconnected));
    let session = connect_with("127.0.0.1", address.port(), options, None);
    wait_for("a try", || matches!(session.state(), State::Connecting));
    drop(session);
}

#[test]
fn dropping_it_joins_its_threads_whatever_they_do() {
    let held = Arc::new(());
    let sink: Sink = Box::new({
        let held = Arc::clone(&held);
        move |_| _ = &held
    });
    let (session, mut server) = pair(Options::default(), Some(sink));
    // The writer waits for a peer that does not read.
    session.send(vec![b'x'; 60 << 20]).expect("room");
    drop(session);
    assert_eq!(Arc::strong_count(&held), 1, "the thread that had the sink has ended");
    let mut rest = Vec::new();
    // A clean end or a reset: an end.
    _ = server.0.read_to_end(&mut rest);
    _ = server.0.write(b"x");
}

#[test]
fn a_sink_that_panics_ends_the_session_with_an_error() {
    let (session, mut server) = pair(Options::default(), Some(Box::new(|_| panic!("on purpose"))));
    server.say("x");
    let error = failed(&session);
    assert!(error.to_string().contains("on purpose"), "{error}");
}

#[test]
fn a_slow_sink_slows_the_peer_down_and_loses_nothing() {
    let (go, wait) = sync_channel(0);
    let heard = Arc::new(Mutex::new(0));
    let sink: Sink = Box::new({
        let heard = Arc::clone(&heard);
        let mut first = true;
        move |bytes| {
            if std::mem::take(&mut first) {
                wait.recv().expect("told to go on");
            }
            *heard.lock().expect("lock") += bytes.len();
        }
    });
    let (session, server) = pair(Options::default(), Some(sink));
    server.0.set_nonblocking(true).expect("set");
    let mut sent = 0;
    let flood = vec![b'x'; 1 << 16];
    while let Ok(n) = (&server.0).write(&flood) {
        sent += n;
    }
    go.send(()).expect("told");
    drop(server);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    assert_eq!(*heard.lock().expect("lock"), sent);
}

#[test]
fn lines_are_played_to_a_server_that_waits_for_them() {
    use socketscope::net::client::LineEnd;
    use socketscope::net::server::Boundary;
    let (server, address) = serve(Settings { boundary: Boundary::Line, ..quick() });
    let session = connect(address.port());
    session.play_tutorial_with(LineEnd::Lf);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    wait_for("the count", || server.totals().greetings == 3);
}

#[test]
fn a_peer_that_resets_at_once_is_a_reset_whenever_it_is_noticed() {
    for _ in 0..200 {
        let (listener, address) = listener();
        let session = connect(address.port());
        accept(&listener).reset();
        match ended(&session) {
            Ended::Reset => {}
            Ended::Failed(error) if matches!(error.cause, Cause::Reset) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn half_closed_it_has_sent_all_and_still_receives() {
    let (session, mut server) = pair(Options::default(), None);
    let long = vec![b'x'; 1 << 20];
    session.send(long.clone()).expect("queued");
    session.half_close();
    assert!(session.is_half_closed() && session.send(b"late".to_vec()).is_err());
    server.hear(String::from_utf8(long).expect("text"));
    server.hear_end();
    until(&session, |event| matches!(event, Event::HalfClosed));
    server.say("still here");
    drop(server);
    assert!(matches!(ended(&session), Ended::PeerClosed));
    let said = script(&session.recording().expect("recorded"));
    assert_eq!(said[said.len() - 2..], ["← still here", "← "]);
}

#[test]
fn a_reset_of_ours_is_an_error_for_the_peer() {
    let (session, mut server) = pair(Options::default(), None);
    server.say("hi");
    session.reset();
    assert!(matches!(ended(&session), Ended::ResetHere));
    let error = server.0.read_to_end(&mut Vec::new()).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
