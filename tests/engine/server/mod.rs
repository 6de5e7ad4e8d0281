//! The greeting server, served in either way: each test runs for both, with `MODEL` of the module above.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use socketscope::net::report::Waker;
use socketscope::net::server::misbehave::Misbehave;
use socketscope::net::server::rules::{Ready, Reply, Rule, When};
use socketscope::net::server::{
    Boundary, CLOSED_KEPT, Connection, Doing, Ended, Event, Model, Server, Settings, State, Totals,
};
use socketscope::net::{Cause, Operation};
use socketscope::recording::{Direction, What};

use super::MODEL;
use crate::tools::{Client, LIMIT, recorder, script, serve, serve_at, until, until_closed, wait_for};

fn quick() -> Settings {
    Settings { model: MODEL, ..crate::tools::quick() }
}

/// The name of the thread that serves the first client.
const THREAD: &str = if matches!(MODEL, Model::Threads) { "conn-1" } else { "events" };

#[test]
fn the_tutorials_conversation_byte_for_byte() {
    let (server, address) = serve(quick());
    let mut client = Client::to(address);
    let peer = client.address();
    client.hear("Welcome!");
    for name in ["Michael", "Tracy", "Sarah"] {
        client.say(name);
        client.hear(format!("Hello, {name}!"));
    }
    client.say("exit");
    client.hear_end();

    let mut log = Vec::new();
    until(&server, |event| {
        log.push(event.text());
        matches!(event, Event::Closed { .. }).then_some(())
    });
    assert_eq!(
        log,
        [
            format!("listening on {address}"),
            format!("Accept new connection from {peer}"),
            format!("Connection from {peer} closed: exit"),
        ]
    );
    let all = server.connections();
    let connection = &all[0];
    assert_eq!(
        script(&connection.recording),
        [
            "→ Welcome!",
            "← Michael",
            "→ Hello, Michael!",
            "← Tracy",
            "→ Hello, Tracy!",
            "← Sarah",
            "→ Hello, Sarah!",
            "← exit",
        ]
    );
    assert_eq!((connection.id, connection.thread()), (1, THREAD));
    assert_eq!((connection.ends.local, connection.ends.peer), (address, peer));
    assert_eq!(connection.doing().0, Doing::Closed);
    assert!(matches!(connection.ended(), Some(Ended::Exit)));
    let totals = Totals { connections: 1, open: 0, greetings: 3, bytes_in: 21, bytes_out: 49 };
    assert_eq!(server.totals(), totals);
}

#[test]
fn the_empty_read_ends_it_and_is_recorded() {
    let (server, address) = serve(quick());
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.0.shutdown(std::net::Shutdown::Write).expect("shut");
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::PeerClosed));
    assert_eq!(script(&server.connections()[0].recording), ["→ Welcome!", "← "]);
}

#[test]
fn bytes_that_wait_for_a_line_end_when_the_client_closes_are_said() {
    let (server, address) = serve(Settings { boundary: Boundary::Line, ..quick() });
    let mut client = Client::to(address);
    client.say("Michael\nTracy");
    client.hear("Welcome!Hello, Michael!\n");
    client.0.shutdown(std::net::Shutdown::Write).expect("shut");
    client.hear_end();
    let ended = until_closed(&server, client.address());
    assert!(matches!(ended, Ended::PeerClosedInLine(5)), "{ended:?}");
    assert!(ended.text().contains("5 B"), "{}", ended.text());
}

#[test]
fn every_setting_is_followed() {
    let settings = Settings {
        welcome: "Здравствуйте\n".to_owned(),
        reply: "{n}: {message} from {peer} {x}".to_owned(),
        receive_size: 4,
        boundary: Boundary::AsRead,
        ..quick()
    };
    let (_server, address) = serve(settings);
    let mut client = Client::to(address);
    let peer = client.address();
    client.hear("Здравствуйте\n");
    client.say("Michael");
    client.hear(format!("1: Mich from {peer} {{x}}2: ael from {peer} {{x}}"));
    client.say("exit");
    client.hear_end();
}

fn rule(when: When, pattern: &str, with: &str) -> Rule {
    Rule { when, pattern: pattern.to_owned(), with: with.to_owned(), ..Rule::default() }
}

#[test]
fn the_first_rule_that_matches_answers_and_the_greeting_answers_the_rest() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("reply");
    std::fs::write(&file, b"\0of a file").expect("written");
    let rules = vec![
        rule(When::Regex, "^(\\w+)=(\\w+)$", "{2}={1}"),
        Rule { reply: Reply::File, ..rule(When::Exact, "file", file.to_str().expect("a path")) },
        Rule { close: true, reply: Reply::Exactly, ..rule(When::Starts, "bye", "farewell") },
        rule(When::Exact, "exit", "not yet"),
    ];
    let (server, address) = serve(Settings { rules, ..quick() });
    let mut client = Client::to(address);
    let peer = client.address();
    client.hear("Welcome!");
    client.say("a=b\r\nMichael\nfile\nexit\n");
    client.hear("b=a\r\nHello, Michael!\n\0of a filenot yet\n");
    client.say("bye now\nunheard\n");
    client.hear("farewell");
    client.hear_end();
    let mut told = Vec::new();
    let ended = until(&server, |event| match event {
        Event::Matched(sample) => {
            told.push(sample.text());
            None
        }
        Event::Closed { ended, .. } => Some(ended.clone()),
        _ => None,
    });
    assert!(matches!(ended, Ended::Rule), "{ended:?}");
    assert_eq!(told, [format!("{peer} said “exit”, rule 4 answered")]);
    assert_eq!(server.totals().greetings, 5);
}

#[test]
fn a_busy_client_has_one_line_of_the_log_until_that_is_read() {
    let (server, address) = serve(Settings { rules: Ready::Echo.rules(), ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    for n in 0..2_000 {
        client.say(format!("{n:04}"));
        client.hear(format!("{n:04}"));
    }
    client.say("last");
    client.hear("last");
    drop(client);
    let mut told = Vec::new();
    until(&server, |event| {
        told.extend(if let Event::Matched(sample) = &event { Some(sample.text()) } else { None });
        matches!(event, Event::Closed { .. }).then_some(())
    });
    // The last one may be told as well, when the first one has just been taken.
    assert!(told.len() <= 2 && told[0].contains("“0000”"), "{told:?}");
    assert_eq!(server.inbox().lost(), 0);
    assert_eq!(server.totals().greetings, 2_001, "all are counted");
}

#[test]
fn a_rule_may_wait_before_its_reply_after_what_comes_before_it_has_left() {
    let long = Rule { delay_ms: 3_600_000, ..rule(When::Exact, "wait", "never heard") };
    let short = Rule { delay_ms: 20, ..rule(When::Exact, "soon", "later") };
    let (server, address) = serve(Settings { rules: vec![long, short], ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("a\nsoon\nb\nwait\nc\n");
    client.hear("Hello, a!\nlater\nHello, b!\n");
    wait_for("the pause", || server.connections()[0].doing().0 == Doing::Pausing);
    let said = script(&server.connections()[0].recording);
    assert_eq!(said[2..], ["→ Hello, a!\\n", "→ later\\nHello, b!\\n"]);
    server.stop();
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::Stopped));
}

fn misbehaving(ways: &[&str]) -> (Server, SocketAddr) {
    let mut misbehave = Misbehave::default();
    ways.iter().for_each(|way| misbehave.set(way).expect("a way"));
    serve(Settings { misbehave, ..quick() })
}

#[test]
fn it_drips_and_splits_characters_on_purpose() {
    let (server, address) = misbehaving(&["drip=1"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("好\n");
    client.hear("Hello, 好!\n");
    // A write is recorded once it has returned.
    wait_for("a write of each byte", || script(&server.connections()[0].recording).len() == 8 + 1 + 12);

    let (server, address) = misbehaving(&["split"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("好\n");
    client.hear("Hello, 好!\n");
    let halves = ["→ Hello, \\xe5", "→ \\xa5\\xbd!\\n"];
    wait_for("two writes", || script(&server.connections()[0].recording)[2..] == halves);
}

#[test]
fn it_glues_replies_and_falls_silent_on_purpose() {
    let (server, address) = misbehaving(&["glue=2", "stall=4"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    for name in ["a", "b", "c", "d", "e", "f"] {
        let before = server.totals().bytes_in;
        client.say(name);
        // So that they do not come in one read.
        wait_for("the read", || server.totals().bytes_in > before);
    }
    client.hear("Hello, a!Hello, b!Hello, c!Hello, d!");
    client.0.shutdown(std::net::Shutdown::Write).expect("shut");
    client.hear_end();
    let said = script(&server.connections()[0].recording);
    let replies: Vec<_> = said.iter().filter(|one| one.starts_with("→ Hello")).collect();
    assert_eq!(replies, ["→ Hello, a!Hello, b!", "→ Hello, c!Hello, d!"]);
    assert_eq!(server.totals().greetings, 4);
}

#[test]
fn it_resets_and_closes_on_purpose() {
    let (server, address) = misbehaving(&["reset=10"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("a");
    // A reset may take with it what has not been read.
    let error = std::io::copy(&mut client.0, &mut std::io::sink()).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(matches!(until_closed(&server, client.address()), Ended::OnPurpose));
    assert_eq!(server.totals().bytes_out, 10);

    let (server, address) = misbehaving(&["close"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("a");
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::OnPurpose));
}

#[test]
fn it_greets_late_and_never_reads_on_purpose_and_ends_when_it_is_told_to() {
    let (server, address) = misbehaving(&["late=3600000"]);
    let client = Client::to(address);
    wait_for("the pause", || server.connections().first().is_some_and(|one| one.doing().0 == Doing::Pausing));
    server.stop();
    assert!(matches!(until_closed(&server, client.address()), Ended::Stopped));

    let (server, address) = misbehaving(&["deaf"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("exit\n");
    wait_for("the pause", || server.connections().first().is_some_and(|one| one.doing().0 == Doing::Pausing));
    assert_eq!(server.totals().bytes_in, 0);
    // A person need not wait for it either.
    of(&server, &client).disconnect();
    assert!(matches!(until_closed(&server, client.address()), Ended::Disconnected));
}

#[test]
fn a_mistake_in_a_rule_is_said_before_anything_listens() {
    let rules = vec![rule(When::Any, "", ""), rule(When::Regex, "(", "")];
    let server = Server::start("127.0.0.1", 0, Settings { rules, ..quick() }, &recorder(), Waker::none());
    let error = server.wait_listening().expect_err("a mistake").to_string();
    assert!(error.starts_with("Cannot use “Rules”: rule 2: "), "{error}");
}

#[test]
fn lines_are_answered_each_in_one_write() {
    let (server, address) = serve(quick());
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say(b"a\nb\r\n\xff\0c");
    client.hear(b"Hello, a!\nHello, b!\r\nHello, \xff\0c!");
    client.say(b"\xfe\n");
    client.hear(b"Hello, \xfe!\n");
    client.say("x\nexit\r\ny\n");
    client.hear("Hello, x!\n");
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::Exit));
    let recorded = script(&server.connections()[0].recording);
    assert_eq!(recorded.len(), 7, "{recorded:#?}");
    assert_eq!(server.totals().greetings, 5);
}

#[test]
fn lines_may_come_in_pieces_and_one_without_end_is_an_error() {
    let (server, address) = serve(Settings { boundary: Boundary::Line, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    for piece in ["Mich", "ael\r", "\nex"] {
        client.say(piece);
    }
    client.hear("Hello, Michael!\r\n");
    client.say("it\n");
    client.hear_end();

    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("first\n");
    client.hear("Hello, first!\n");
    client.say(vec![b'x'; (64 << 10) + 1]);
    let Ended::Failed(error) = until_closed(&server, client.address()) else { panic!("it is an error") };
    assert!(matches!(error.cause, Cause::LineTooLong(65_536)), "{error}");
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[test]
fn what_follows_exit_does_not_turn_the_close_into_a_reset() {
    let (server, address) = serve(Settings { receive_size: 16, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say([b"a\nexit\n".as_slice(), &[b'x'; 10_000]].concat());
    client.hear("Hello, a!\n");
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::Exit));
}

#[test]
fn many_clients_at_once_are_counted_exactly() {
    const CLIENTS: usize = 50;
    const ROUNDS: usize = 20;
    // All of them come at the same moment: where the queue is full a client waits for seconds.
    let (server, address) = serve(Settings { backlog: CLIENTS as u32, ..quick() });
    let workers: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let work = move || {
                let mut client = Client::to(address);
                client.hear("Welcome!");
                for round in 0..ROUNDS {
                    client.say(format!("{n:02}-{round:02}"));
                    client.hear(format!("Hello, {n:02}-{round:02}!"));
                }
                client
            };
            std::thread::Builder::new().name("client".to_owned()).spawn(work).expect("thread")
        })
        .collect();
    let clients: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("answered rightly")).collect();
    let (clients_n, greetings) = (CLIENTS as u64, (CLIENTS * ROUNDS) as u64);
    let expected = |open| Totals {
        connections: clients_n,
        open,
        greetings,
        bytes_in: greetings * 5,
        bytes_out: clients_n * 8 + greetings * 13,
    };
    wait_for("the last count", || server.totals() == expected(clients_n));
    let ids: Vec<_> = server.connections().iter().map(|one| one.id).collect();
    assert_eq!(ids, (1..=clients_n).collect::<Vec<_>>());
    drop(clients);
    wait_for("the end of all", || server.totals().open == 0);
    assert_eq!(server.totals(), expected(0));
}

#[test]
fn the_last_thousand_closed_connections_are_remembered() {
    let (server, address) = serve(quick());
    let more = CLOSED_KEPT as u64 + 5;
    for _ in 0..more {
        let mut client = Client::to(address);
        client.hear("Welcome!");
        let address = client.address();
        drop(client);
        // One after the other: who ended first is forgotten first.
        until_closed(&server, address);
    }
    assert_eq!((server.totals().connections, server.totals().open), (more, 0));
    let all = server.connections();
    assert_eq!(all.len(), CLOSED_KEPT);
    assert_eq!(all.last().expect("some").id, more);
    assert!(all.iter().map(|one| one.id).is_sorted());
    assert_eq!(server.totals().bytes_out, more * 8, "those forgotten still count");
    assert!(Arc::ptr_eq(&all, &server.connections()), "nobody came or went");
    let mut another = Client::to(address);
    another.hear("Welcome!");
    assert_eq!(server.connections().len(), CLOSED_KEPT + 1);
    drop(another);
    wait_for("its end", || server.totals().open == 0);
    assert_eq!(server.connections().first().expect("some").id, all[0].id + 1);
}

#[test]
fn stop_waits_for_nobody_and_frees_the_port_at_once() {
    let (server, address) = serve(Settings { pause: Duration::from_secs(86_400), ..quick() });
    let mut pausing = Client::to(address);
    pausing.hear("Welcome!");
    pausing.say("Michael");
    let mut reading = Client::to(address);
    reading.hear("Welcome!");
    wait_for("a pause", || server.connections().iter().any(|one| one.doing().0 == Doing::Pausing));
    server.stop();
    let mut stopped = Vec::new();
    until(&server, |event| {
        if let Event::Closed { peer, ended: Ended::Stopped, .. } = event {
            stopped.push(peer);
        }
        matches!(event, Event::Stopped).then_some(())
    });
    assert_eq!(stopped.len(), 2);
    assert!(stopped.contains(&pausing.address()) && stopped.contains(&reading.address()));
    // No empty read is put down to a client that did nothing.
    for connection in server.connections().iter() {
        assert!(!script(&connection.recording).contains(&"← ".to_owned()));
    }
    assert!(server.inbox().wait_end(LIMIT));
    assert!(matches!(server.state(), State::Stopped));
    assert_eq!(server.totals().open, 0);

    // The clients have not closed their ends.
    let again = Server::start("127.0.0.1", address.port(), quick(), &recorder(), Waker::none());
    assert_eq!(again.wait_listening().expect("listening again"), address);
    Client::to(address).hear("Welcome!");
    drop(again);
    let again = Server::start("127.0.0.1", address.port(), quick(), &recorder(), Waker::none());
    again.wait_listening().expect("listening once more");
}

#[test]
fn a_client_that_never_reads_delays_nobody_and_not_stop() {
    let (server, address) = serve(quick());
    let mut deaf = Client::to(address);
    deaf.0.set_nonblocking(true).expect("set");
    let flood = b"x\n".repeat(10_000);
    wait_for("a write that waits", || {
        // It takes less and less, and then nothing: the answers have filled every buffer.
        _ = std::io::Write::write(&mut deaf.0, &flood);
        let all = server.connections();
        let before = all.first().map(|one| one.bytes_out());
        all.first().is_some_and(|one| one.doing().0 == Doing::Writing && one.doing().1 > Duration::from_millis(200))
            && before == all.first().map(|one| one.bytes_out())
    });
    for _ in 0..20 {
        let mut good = Client::to(address);
        good.hear("Welcome!");
        good.say("Michael");
        good.hear("Hello, Michael!");
    }
    assert_eq!(server.connections()[0].doing().0, Doing::Writing);
    server.stop();
    assert!(matches!(until_closed(&server, deaf.address()), Ended::Stopped));
    assert!(server.inbox().wait_end(LIMIT));
}

#[test]
fn who_reads_late_gets_each_reply_once_and_all_is_recorded_as_it_went() {
    let reply = "y".repeat(9_999);
    let (server, address) = serve(Settings { reply: reply.clone(), ..quick() });
    let mut late: Vec<_> = (0..2).map(|_| Client::to(address)).collect();
    for client in &mut late {
        // The system would give it tens of MiB.
        socket2::SockRef::from(&client.0).set_recv_buffer_size(64 << 10).expect("set");
        client.hear("Welcome!");
    }
    let all: Vec<_> = late.iter().map(|client| of(&server, client)).collect();
    let mut said = [0; 2];
    // Each line is one read, until there is no room for all of a reply.
    wait_for("writes that wait", || {
        let mut waiting = 0;
        for ((client, connection), said) in late.iter_mut().zip(&all).zip(&mut said) {
            let (doing, since) = connection.doing();
            if doing == Doing::Writing {
                waiting += usize::from(since > Duration::from_millis(200));
            } else if connection.bytes_in() == *said as u64 * 2 {
                client.say("x\n");
                *said += 1;
            }
        }
        waiting == late.len()
    });
    let message = b"a person's message\n";
    for connection in &all {
        assert_eq!(
            connection.recording.read(|log| log.stream(Direction::In).end),
            connection.bytes_in(),
            "all is told"
        );
        connection.send(message).expect("it waits");
    }
    let reply = format!("{reply}\n");
    for ((mut client, connection), said) in late.into_iter().zip(all).zip(said) {
        let replies = reply.repeat(said);
        let mut heard = vec![0; replies.len() + message.len()];
        client.0.read_exact(&mut heard).expect("all of it");
        wait_for("the count", || connection.greetings() == said as u64);
        client.say("exit");
        client.hear_end();
        let sent = connection.recording.joined(Direction::Out);
        assert!(sent.strip_prefix(b"Welcome!") == Some(&heard));
        let at = heard.iter().position(|byte| *byte == b'a').expect("the message");
        assert_eq!(at % reply.len(), 0, "it is between two replies");
        assert_eq!(heard.drain(at..at + message.len()).collect::<Vec<_>>(), message);
        assert!(heard == replies.into_bytes());
        assert_eq!(connection.recording.joined(Direction::In), format!("{}exit", "x\n".repeat(said)).into_bytes());
    }
}

#[test]
fn what_many_say_at_once_to_each_other_is_recorded_in_the_order_in_which_it_went() {
    const LINES: usize = 200;
    // Half of them say it to all others, the others have a reply of their own.
    let to_all = Rule { reply: Reply::Others, ..rule(When::Starts, "all", "{message}") };
    let (server, address) = serve(Settings { rules: vec![to_all], boundary: Boundary::Line, ..quick() });
    let mut clients: Vec<_> = (0..8).map(|_| Client::to(address)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
    for line in 0..LINES {
        for (number, client) in clients.iter_mut().enumerate() {
            client.say(format!("{} {number}.{line}\n", if number.is_multiple_of(2) { "all" } else { "me" }));
        }
    }
    for (number, client) in clients.iter().enumerate() {
        // Three others, or four and its own.
        let lines = LINES * if number.is_multiple_of(2) { 3 } else { 5 };
        let mut stream = BufReader::new(&client.0);
        let mut heard = b"Welcome!".to_vec();
        for _ in 0..lines {
            stream.read_until(b'\n', &mut heard).expect("a line");
        }
        let recording = &of(&server, client).recording;
        wait_for("the record", || recording.joined(Direction::Out).len() == heard.len());
        assert_eq!(recording.joined(Direction::Out).escape_ascii().to_string(), heard.escape_ascii().to_string());
    }
}

#[test]
fn a_reset_is_told_from_a_close() {
    let (server, address) = serve(quick());
    let mut client = Client::to(address);
    let peer = client.address();
    client.hear("Welcome!");
    client.reset();
    let ended = until_closed(&server, peer);
    assert!(matches!(ended, Ended::Reset), "{ended:?}");
    assert_eq!(ended.text(), "reset");
    // The next is served as if nothing had been.
    Client::to(address).hear("Welcome!");
}

#[test]
fn as_many_as_allowed_are_served_and_the_next_waits() {
    let (server, address) = serve(Settings { most_connections: 2, ..quick() });
    let mut first = Client::to(address);
    let mut second = Client::to(address);
    first.hear("Welcome!");
    second.hear("Welcome!");
    assert_eq!(until(&server, |event| if let Event::Full { limit } = event { Some(limit) } else { None }), 2);
    let mut third = Client::to(address);
    third.say("Michael");
    third.0.set_nonblocking(true).expect("set");
    first.say("one more");
    first.hear("Hello, one more!");
    let nothing = third.0.read(&mut [0]).expect_err("nothing yet");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(server.totals().connections, 2);
    if cfg!(target_os = "linux") {
        wait_for("the queue", || server.waiting() == [third.address()]);
    }
    third.0.set_nonblocking(false).expect("set");
    first.say("exit");
    third.hear("Welcome!Hello, Michael!");
    drop(server);
}

#[test]
fn a_port_in_use_says_so_and_what_to_do() {
    let (_server, address) = serve(quick());
    let second = Server::start("127.0.0.1", address.port(), quick(), &recorder(), Waker::none());
    let error = second.wait_listening().expect_err("in use");
    assert!(matches!(error.cause, Cause::PortInUse), "{error}");
    let line = error.to_string();
    for words in [&address.to_string(), "in use", "choose another port"] {
        assert!(line.contains(words), "{words:?} is missing in {line:?}");
    }
    assert!(matches!(second.state(), State::Failed(_)));
    until(&second, |event| matches!(event, Event::Failed(_)).then_some(()));
    assert!(second.inbox().wait_end(LIMIT));
}

fn failure(host: &str, port: u16) -> Arc<socketscope::net::Error> {
    Server::start(host, port, quick(), &recorder(), Waker::none()).wait_listening().expect_err("cannot listen")
}

#[test]
fn an_address_that_is_not_ours_and_a_name_that_is_none_are_told_apart() {
    let error = failure("192.0.2.1", 0);
    assert!(matches!(error.cause, Cause::AddressNotOurs), "{error}");
    assert!(error.to_string().contains("192.0.2.1:0"), "{error}");
    let error = failure("no-such-host.invalid", 0);
    assert!(matches!(error.cause, Cause::HostNotFound), "{error}");
}

#[test]
fn a_port_below_1024_needs_rights() {
    match TcpListener::bind("127.0.0.1:1023") {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let error = failure("127.0.0.1", 1_023);
            assert!(matches!(error.cause, Cause::PortNeedsRights), "{error}");
            assert!(error.to_string().contains("administrator"), "{error}");
        }
        _ => eprintln!("SKIPPED: this user may bind ports below 1024"),
    }
}

#[test]
fn every_kind_of_address_is_served() {
    let v6 = TcpListener::bind("[::1]:0").is_ok();
    for (host, reach) in [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("localhost", ""),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("::", "::1"),
        ("[::]", "127.0.0.1"),
    ] {
        if host.contains(':') && !v6 {
            eprintln!("SKIPPED: no IPv6 here for {host}");
            continue;
        }
        let (server, address) = serve_at(host, quick());
        assert_ne!(address.port(), 0, "the real port is told");
        let reach = if reach.is_empty() { address.ip() } else { reach.parse().expect("address") };
        let mut client = Client::to(SocketAddr::new(reach, address.port()));
        client.hear("Welcome!");
        let connection = &server.connections()[0];
        assert_eq!(connection.ends.local.port(), address.port());
        assert!(!connection.ends.local.ip().is_unspecified(), "the end of this connection, not of the listener");
    }
    if v6 {
        let (server, address) = serve_at("::1", quick());
        let text = until(&server, |event| Some(event.text()));
        assert_eq!(text, format!("listening on [::1]:{}", address.port()));
    }
}

#[test]
fn a_panic_in_one_connection_ends_that_one_alone() {
    // The front door's waker runs in the connection's thread: it is the way in for a mistake. Not before the client has said
    // something: where one thread serves all, it may still be busy with another one.
    let served = Arc::new(OnceLock::<(Arc<Connection>, Waker)>::new());
    let waker = Waker::new({
        let (served, once) = (Arc::clone(&served), AtomicBool::new(false));
        move || {
            let here = std::thread::current();
            let Some((connection, waker)) = served.get() else { return };
            if here.name() == Some(THREAD) && connection.bytes_in() > 0 && !once.swap(true, Ordering::SeqCst) {
                panic!("on purpose");
            }
            waker.rearm();
        }
    });
    let server = Server::start("127.0.0.1", 0, quick(), &recorder(), waker.clone());
    let address = server.wait_listening().expect("listening");
    let mut bad = Client::to(address);
    bad.hear("Welcome!");
    let mut good = Client::to(address);
    good.hear("Welcome!");
    wait_for("both to read", || server.connections().iter().filter(|one| one.doing().0 == Doing::Reading).count() == 2);
    assert!(served.set((of(&server, &bad), waker.clone())).is_ok());
    waker.rearm();
    bad.say("Michael");
    let Ended::Failed(error) = until_closed(&server, bad.address()) else { panic!("it is an error") };
    assert_eq!(error.operation, Operation::Work);
    assert!(error.to_string().contains("on purpose"), "{error}");
    good.say("Tracy");
    good.hear("Hello, Tracy!");
    Client::to(address).hear("Welcome!");
    assert_eq!(server.totals().connections, 3);
}

#[test]
fn stop_before_it_listens_is_a_stop() {
    for _ in 0..20 {
        let server = Server::start("localhost", 0, quick(), &recorder(), Waker::none());
        server.stop();
        assert!(server.inbox().wait_end(LIMIT));
        assert!(matches!(server.state(), State::Stopped), "{:?}", server.state());
        assert!(server.wait_listening().expect_err("stopped").is_cancelled());
    }
}

#[test]
fn numbers_out_of_bounds_are_taken_to_the_nearest() {
    let (_server, address) = serve(Settings { receive_size: 0, most_connections: 0, backlog: u32::MAX, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("ab");
    client.hear("Hello, a!Hello, b!");
}

/// The connection of this client: the newest from its address, as the system gives a port again whose connection has ended.
fn of(server: &Server, client: &Client) -> Arc<Connection> {
    let address = client.address();
    let mut found = None;
    wait_for("the connection", || {
        found = server.connections().iter().filter(|one| one.ends.peer == address).max_by_key(|one| one.id).cloned();
        found.is_some()
    });
    found.expect("found")
}

#[test]
fn what_a_person_sends_goes_out_between_replies_and_is_counted() {
    let (server, address) = serve(quick());
    let (mut one, mut other) = (Client::to(address), Client::to(address));
    one.hear("Welcome!");
    other.hear("Welcome!");
    for connection in server.connections().iter() {
        connection.send(b"to all\n").expect("sent");
    }
    of(&server, &one).send("nur dir: ü".as_bytes()).expect("sent");
    one.hear("to all\nnur dir: ü");
    other.hear("to all\n");
    one.say("a");
    one.hear("Hello, a!");
    wait_for("the count", || of(&server, &other).bytes_out() == 15);
    wait_for("the count", || of(&server, &one).bytes_out() == 15 + 11 + 9);
    one.say("exit");
    one.hear_end();
    until_closed(&server, one.address());
    let error = server.connections().iter().find(|o| o.ended().is_some()).expect("closed").send(b"late");
    assert!(matches!(error.expect_err("closed").cause, Cause::NotConnected));
}

#[test]
fn a_client_that_does_not_take_what_is_sent_delays_nobody() {
    let (server, address) = serve(quick());
    let (mut deaf, mut good) = (Client::to(address), Client::to(address));
    good.hear("Welcome!");
    deaf.hear("Welcome!");
    let connection = of(&server, &deaf);
    let message = vec![b'x'; 256 << 10];
    let mut sent = 0;
    // What the system takes, what waits, and no more.
    let error = loop {
        match connection.send(&message) {
            Ok(()) => sent += message.len(),
            Err(error) => break error,
        }
        assert!(sent < 64 << 20, "it is bounded");
    };
    assert!(matches!(error.cause, Cause::QueueFull), "{error}");
    of(&server, &good).send(b"hi").expect("sent");
    good.hear("hi");
    // Now it listens: all of it comes, in order, and then more can be sent.
    let mut all = vec![0; sent];
    deaf.0.read_exact(&mut all).expect("all");
    assert!(all.iter().all(|byte| *byte == b'x'));
    wait_for("room", || connection.send(b"y").is_ok());
    deaf.hear("y");
}

#[test]
fn what_a_client_says_is_recorded_though_it_takes_nothing_that_it_is_sent() {
    let (server, address) = serve(quick());
    let mut deaf = Client::to(address);
    deaf.hear("Welcome!");
    let connection = of(&server, &deaf);
    // The system takes some of it, now and then a little more, and then nothing.
    let mut sent = 0;
    wait_for("all to be full", || {
        let before = std::mem::replace(&mut sent, connection.bytes_out());
        connection.send(&[b'x'; 256 << 10]).is_err() && before == sent && sent > 1 << 20
    });
    deaf.say("x");
    wait_for("the record", || connection.recording.joined(Direction::In) == b"x");
}

#[test]
fn what_a_person_sends_again_and_again_is_recorded_where_it_went_among_the_replies() {
    const MANY: usize = 2_000;
    let (server, address) = serve(quick());
    let mut clients: Vec<_> = (0..8).map(|_| Client::to(address)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
    let all: Vec<_> = clients.iter().map(|client| of(&server, client)).collect();
    let mut streams: Vec<_> =
        clients.iter().map(|client| (BufReader::new(client.0.try_clone().expect("cloned")), Vec::new())).collect();
    let mut messages = vec![0; clients.len()];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for connection in (0..MANY).flat_map(|_| &all) {
                while connection.send(b"a person\n").is_err() {}
            }
        });
        while messages.iter().any(|messages| *messages < MANY) {
            // All at the same time, so that they are answered together.
            clients.iter_mut().for_each(|client| client.say("x\n"));
            for ((lines, heard), messages) in streams.iter_mut().zip(&mut messages) {
                loop {
                    let begin = heard.len();
                    lines.read_until(b'\n', heard).expect("a line");
                    if &heard[begin..] == b"Hello, x!\n" {
                        break;
                    }
                    assert_eq!(&heard[begin..], b"a person\n", "neither is cut");
                    *messages += 1;
                }
            }
        }
    });
    for (connection, (_, heard)) in all.iter().zip(&streams) {
        wait_for("the record", || connection.recording.joined(Direction::Out).len() == heard.len() + 8);
        assert!(connection.recording.joined(Direction::Out).strip_prefix(b"Welcome!") == Some(heard));
    }
}

#[test]
fn what_a_person_sends_last_arrives_before_the_end() {
    let (server, address) = serve(quick());
    for end in [Connection::half_close, Connection::disconnect] {
        for _ in 0..200 {
            let mut client = Client::to(address);
            client.hear("Welcome!");
            let connection = of(&server, &client);
            // Else it would wait until the welcome is through.
            wait_for("it to read", || connection.doing().0 == Doing::Reading);
            connection.send(b"good").expect("sent");
            connection.send(b"bye").expect("sent");
            end(&connection);
            client.hear("goodbye");
            client.hear_end();
            drop(client);
            let ended = until_closed(&server, connection.ends.peer);
            assert!(matches!(ended, Ended::PeerClosed | Ended::Disconnected), "{ended:?}");
            let was_reset = connection.recording.read(|log| log.events().iter().any(|one| one.what == What::Reset));
            assert!(!was_reset, "nobody did that");
        }
    }
}

#[test]
fn stop_waits_for_nobody_whom_something_is_being_sent_to() {
    let (server, address) = serve(quick());
    let mut deaf = Client::to(address);
    deaf.hear("Welcome!");
    let connection = of(&server, &deaf);
    while connection.send(&[b'x'; 256 << 10]).is_ok() {}
    server.stop();
    server.wait_stopped();
    assert!(connection.send(b"y").is_err());
}

#[test]
fn one_connection_is_disconnected_another_reset_another_half_closed() {
    let (server, address) = serve(quick());
    let mut clients = [Client::to(address), Client::to(address), Client::to(address)];
    let all: Vec<_> = clients.iter().map(|client| of(&server, client)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
    wait_for("all to read", || all.iter().all(|one| one.doing().0 == Doing::Reading));
    all[0].disconnect();
    clients[0].hear_end();
    assert!(matches!(until_closed(&server, clients[0].address()), Ended::Disconnected));
    all[1].reset();
    let error = clients[1].0.read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(matches!(until_closed(&server, clients[1].address()), Ended::ResetHere));
    all[2].half_close();
    clients[2].hear_end();
    // What it says is still read, and not answered.
    clients[2].say("Michael");
    wait_for("the read", || all[2].bytes_in() == 7);
    assert!(all[2].send(b"late").is_err());
    clients[2].0.shutdown(std::net::Shutdown::Write).expect("shut");
    assert!(matches!(until_closed(&server, clients[2].address()), Ended::PeerClosed));
    assert_eq!(all[2].bytes_out(), 8);
}

#[test]
fn a_thread_that_is_held_answers_when_it_goes_on() {
    let (server, address) = serve(quick());
    let mut client = Client::to(address);
    client.hear("Welcome!");
    let connection = of(&server, &client);
    connection.hold(true);
    client.say("a");
    wait_for("the thread to be held", || connection.doing().0 == Doing::Held);
    client.say("b");
    assert_eq!((connection.greetings(), connection.bytes_in()), (0, 0));
    if cfg!(unix) {
        // A thread has read one before it was held.
        let unread = if MODEL == Model::Threads { 1 } else { 2 };
        wait_for("the byte to come", || connection.unread() == Some(unread));
    }
    let read = if MODEL == Model::Threads { b"a".as_slice() } else { b"" };
    assert_eq!(connection.recording.joined(Direction::In), read, "it is told at once");
    connection.hold(false);
    // A thread has read before it was held.
    client.hear(if MODEL == Model::Threads { "Hello, a!Hello, b!" } else { "Hello, ab!" });
    connection.hold(true);
    client.say("c");
    wait_for("the thread to be held", || connection.doing().0 == Doing::Held);
    connection.disconnect();
    client.hear_end();
    assert!(matches!(until_closed(&server, client.address()), Ended::Disconnected));
}

#[test]
fn who_sends_more_than_a_read_takes_is_heard_on_before_it_is_answered() {
    let line = [vec![b'x'; 99], b"\n".to_vec()].concat();
    let replies = [b"Hello, ".to_vec(), vec![b'x'; 99], b"!\n".to_vec()].concat().repeat(20);
    let (server, address) = serve(Settings { receive_size: line.len(), ..quick() });
    for (held, ends) in [(false, false), (true, false), (true, true)] {
        let mut client = Client::to(address);
        client.hear("Welcome!");
        let connection = of(&server, &client);
        connection.hold(held);
        client.say(line.repeat(20));
        if ends {
            client.0.shutdown(std::net::Shutdown::Write).expect("shut");
        }
        if held {
            wait_for("the thread to be held", || connection.doing().0 == Doing::Held);
            connection.hold(false);
        }
        client.hear(&replies);
        if !ends {
            client.say("exit");
        }
        client.hear_end();
        assert!(matches!(
            (ends, until_closed(&server, client.address())),
            (true, Ended::PeerClosed) | (false, Ended::Exit)
        ));
        assert_eq!((connection.greetings(), connection.bytes_out()), (20, 8 + replies.len() as u64));
        let sizes = connection.recording.read(|log| {
            let all = log.kept().filter_map(|number| log.segment(number));
            all.map(|one| (one.direction, one.len)).collect::<Vec<_>>()
        });
        let (read, written) = ((Direction::In, line.len()), |lines| (Direction::Out, lines * replies.len() / 20));
        let last = (Direction::In, if ends { 0 } else { 4 });
        let mut expected = vec![(Direction::Out, 8)];
        if MODEL == Model::Threads && cfg!(not(unix)) {
            // There is no read that does not wait.
            expected.extend([read, written(1)].repeat(20));
            expected.push(last);
        } else {
            // The first one is answered at once: most do not go on.
            expected.extend([read, written(1)]);
            expected.extend([read; 16]);
            expected.push(written(16));
            expected.extend([read; 3]);
            expected.extend(if ends { [last, written(3)] } else { [written(3), last] });
        }
        assert_eq!(sizes, expected, "held: {held}, ends: {ends}");
    }
}

#[test]
fn one_after_the_other_the_second_client_waits_until_the_first_has_gone() {
    let (server, address) = serve(Settings { model: Model::Single, ..quick() });
    let mut first = Client::to(address);
    first.hear("Welcome!");
    let mut second = Client::to(address);
    second.say("Michael\n");
    if cfg!(target_os = "linux") {
        wait_for("the queue", || server.waiting() == [second.address()]);
    }
    assert_eq!(server.connections().len(), 1);
    first.say("Tracy\n");
    first.hear("Hello, Tracy!\n");
    first.say("exit");
    first.hear_end();
    second.hear("Welcome!Hello, Michael!\n");
    wait_for("nobody in the queue", || server.waiting().is_empty());
    assert!(server.connections().iter().all(|one| one.thread() == "accept"));
    server.stop();
    second.hear_end();
    assert!(matches!(until_closed(&server, second.address()), Ended::Stopped));
    server.wait_stopped();
    TcpListener::bind(address).expect("the port is free");
}

#[test]
fn a_chat_goes_to_all_others_and_who_does_not_listen_misses_it_alone() {
    let (server, address) = serve(Settings { rules: Ready::Chat.rules(), boundary: Boundary::Line, ..quick() });
    let (mut one, mut other, mut deaf) = (Client::to(address), Client::to(address), Client::to(address));
    one.hear("Welcome!");
    other.hear("Welcome!");
    deaf.hear("Welcome!");
    let peer = one.address();
    one.say("hi\nall\n");
    other.hear(format!("{peer}: hi\n{peer}: all\n"));
    deaf.hear(format!("{peer}: hi\n{peer}: all\n"));
    // From now on one of them does not listen any more, and the others go on.
    let long = format!("{}\n", "x".repeat(60_000));
    for _ in 0..200 {
        one.say(&long);
        other.hear(format!("{peer}: {long}"));
    }
    let error = until(&server, |event| if let Event::SendFailed(error) = event { Some(error) } else { None });
    assert!(matches!(error.cause, Cause::QueueFull) && error.target == deaf.address().to_string(), "{error}");
    assert_eq!(server.totals().open, 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_backlog_that_the_system_cuts_is_said() {
    let most: u32 =
        std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("read").trim().parse().expect("a number");
    let (server, _) = serve(Settings { backlog: most + 1, ..quick() });
    let event = until(&server, |event| matches!(event, Event::BacklogCut { .. }).then(|| event.text()));
    assert_eq!(event, format!("the system allows a backlog of {most} at most, not {}", most + 1));
    let (server, address) = serve(Settings { backlog: most, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    until(&server, |event| match event {
        Event::BacklogCut { .. } => panic!("it was not cut"),
        event => matches!(event, Event::Accepted { .. }).then_some(()),
    });
}

#[test]
fn a_few_bytes_cannot_ask_for_more_memory_than_there_is() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("reply");
    let large = 3 << 20;
    std::fs::write(&file, vec![b'x'; large]).expect("written");
    let rules = vec![Rule { reply: Reply::File, ..rule(When::Any, "", file.to_str().expect("a path")) }];
    let (server, address) = serve(Settings { rules, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("\n".repeat(9));
    client.0.read_exact(&mut vec![0; 9 * large]).expect("all of them");
    wait_for("the end of the last write", || server.totals().greetings == 9);
    let said = &server.connections()[0].recording;
    let largest = said.read(|log| log.kept().filter_map(|n| log.segment(n)).map(|one| one.len).max());
    assert!(largest.expect("some") <= large, "one file after the other: {largest:?}");
}

#[test]
fn how_long_clients_wait_for_replies_is_measured_with_the_pauses_and_not_without_replies() {
    let pause = Duration::from_millis(30);
    let (server, address) = serve(Settings { pause, boundary: Boundary::Line, ..quick() });
    let mut client = Client::to(address);
    client.hear("Welcome!");
    assert_eq!(server.latency().snapshot().count(), 0);
    client.say("no line en");
    wait_for("the read", || server.totals().bytes_in == 10);
    client.say("d\nand one\n");
    client.hear("Hello, no line end!\nHello, and one!\n");
    wait_for("the measure", || server.latency().snapshot().count() > 0);
    let all = server.latency().snapshot();
    assert_eq!(all.count(), 1, "it is one for each read that has replies");
    assert!(all.quantile(0.5).is_some_and(|waited| waited > pause.mul_f64(0.9)), "{all:?}");
}
