//! Clients that do harm: they flood, do not read, come and go, or send byte by byte.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use socketscope::net::Cause;
use socketscope::net::report::Waited;
use socketscope::net::server::rules::{Reply, Rule, When};
use socketscope::net::server::{
    Boundary, CLOSED_KEPT, Doing, Ended, Event, LARGEST_RECEIVE, Server, Settings, WRITE_TIMEOUT,
};
use socketscope::recording::Recorder;

use crate::good::{Good, hear, welcomed};
use crate::tools::{LIMIT, MODELS, for_each_model, holdings, memory, serve, settings, stop, tell, this, wait_for};

/// What a flood sends, in bytes.
const FLOOD: u64 = 256 << 20;

/// What the process may take beyond the budget of the recordings, in bytes.
const BESIDES: u64 = 64 << 20;

/// Sends lines and never reads; how many bytes went until the end of the flood, or the connection, which
/// stays: its close would be a reset, as there is something to read.
fn flood(address: SocketAddr) -> JoinHandle<(u64, TcpStream)> {
    let mut client = TcpStream::connect(address).expect("connected");
    let lines = line().repeat(64);
    let flood = move || {
        let mut sent = 0;
        while sent < FLOOD {
            let begin = (sent % lines.len() as u64) as usize;
            match client.write(&lines[begin..]) {
                Ok(n) => sent += n as u64,
                Err(_) => break,
            }
        }
        (sent, client)
    };
    std::thread::Builder::new().name("flood".to_owned()).spawn(flood).expect("thread")
}

/// A line of 1 KiB.
fn line() -> Vec<u8> {
    [&[b'x'; 1_023][..], b"\n"].concat()
}

#[test]
#[ignore = "heavy: 256 MiB"]
fn a_flood_takes_no_more_memory_than_allowed_and_delays_nobody() {
    for_each_model("bad::a_flood_takes_no_more_memory_than_allowed_and_delays_nobody", |model| {
        let rule = Rule { when: When::Starts, pattern: "x".to_owned(), reply: Reply::Nothing, ..Rule::default() };
        let settings = Settings { rules: vec![rule], receive_size: LARGEST_RECEIVE, ..settings(model) };
        let (server, address, recorder) = serve(settings);
        let good = Good::greets(address);
        let (before, _) = memory(&this());
        let (sent, _client) = flood(address).join().expect("flooded");
        assert_eq!(sent, FLOOD);
        let greetings = good.leaves();
        wait_for("the last byte", || server.totals().bytes_in == FLOOD + greetings * 8);
        let (_, most) = memory(&this());
        tell(&format!(
            "{} MiB of memory more at the most, {} MiB recorded",
            (most - before) >> 20,
            recorder.used() >> 20
        ));
        assert!(recorder.used() <= Recorder::BUDGET);
        assert!(most - before <= Recorder::BUDGET + BESIDES, "{most} bytes of memory, {before} before");
        stop(&server, address);
    });
}

#[test]
#[ignore = "heavy: half a minute"]
fn a_flood_whose_answers_nobody_reads_ends_by_the_limit_of_writes() {
    socketscope::net::limits::raise();
    let (before, _) = memory(&this());
    // Both at once: it takes as long as the limit.
    let floods = MODELS.map(|(name, model)| {
        let (server, address, recorder) = serve(settings(model));
        let good = Good::greets(address);
        (name, server, recorder, good, flood(address))
    });
    for (name, server, recorder, good, flood) in floods {
        let limit = std::time::Instant::now() + LIMIT;
        let ended = loop {
            match server.inbox().wait(Some(limit)) {
                Waited::Event(report) => {
                    if let Event::Closed { ended, .. } = report.event {
                        break ended;
                    }
                }
                other => panic!("{name}: {other:?}"),
            }
        };
        let Ended::Failed(error) = &ended else { panic!("{name}: {ended:?}") };
        assert!(matches!(error.cause, Cause::NotReading(WRITE_TIMEOUT)), "{name}: {error}");
        let (sent, _client) = flood.join().expect("flooded");
        tell(&format!("{name}: ended after {} KiB", sent >> 10));
        assert!(sent < FLOOD);
        assert!(recorder.used() <= Recorder::BUDGET);
        good.leaves();
    }
    assert!(memory(&this()).1 - before <= 2 * Recorder::BUDGET + BESIDES);
}

#[test]
#[ignore = "heavy: 6,000 connections"]
fn who_comes_and_goes_is_counted_and_leaves_nothing() {
    const TIMES: u64 = 3_000;
    for_each_model("bad::who_comes_and_goes_is_counted_and_leaves_nothing", |model| {
        let before = holdings(&this());
        let (server, address, _recorder) = serve(settings(model));
        let good = Good::greets(address);
        for (way, reset) in [(1, false), (2, true)] {
            for _ in 0..TIMES {
                let client = TcpStream::connect(address).expect("connected");
                if reset {
                    SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("set");
                }
            }
            wait_for("the end of all but one", || {
                let totals = server.totals();
                (totals.connections, totals.open) == (way * TIMES + 1, 1)
            });
        }
        assert_eq!(server.connections().len(), CLOSED_KEPT + 1);
        let greetings = good.leaves();
        wait_for("the last end", || server.totals().open == 0);
        assert_eq!((server.totals().greetings, server.totals().bytes_in), (greetings, greetings * 8));
        assert_eq!(server.connections().len(), CLOSED_KEPT);
        stop(&server, address);
        drop(server);
        wait_for("the end of every thread, with every descriptor closed", || holdings(&this()) == before);
    });
}

/// Takes little, and never reads.
fn deaf(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4 << 10).expect("set");
    // The system has room for so many segments; those of loopback are large.
    socket.set_tcp_mss(1_000).expect("set");
    socket.connect(&address.into()).expect("connected");
    socket.set_nonblocking(true).expect("set");
    socket.into()
}

/// Sends to those who do not read until the server waits for each of them.
fn stuff(server: &Server, deaf: &mut [TcpStream]) {
    let lines = line().repeat(8);
    wait_for("a write that waits for each", || {
        for client in &mut *deaf {
            // What does not go is not missed: it takes less and less, and then nothing.
            let more = client.write(&lines).map_or_else(|error| error.kind() == ErrorKind::WouldBlock, |n| n > 0);
            assert!(more, "it was closed");
        }
        let waits = |doing: (Doing, Duration)| doing.0 == Doing::Writing && doing.1 > Duration::from_millis(200);
        server.connections().iter().filter(|one| waits(one.doing())).count() >= deaf.len()
    });
}

#[test]
#[ignore = "heavy: 600 clients"]
fn hundreds_that_never_read_and_hundreds_that_drip_delay_nobody() {
    const EACH: usize = 300;
    for_each_model("bad::hundreds_that_never_read_and_hundreds_that_drip_delay_nobody", |model| {
        let (server, address, recorder) = serve(Settings { boundary: Boundary::Line, ..settings(model) });
        let good = Good::greets(address);
        let mut never_read: Vec<_> = (0..EACH).map(|_| deaf(address)).collect();
        stuff(&server, &mut never_read);
        let mut drip: Vec<_> = (0..EACH).map(|_| welcomed(address)).collect();
        // To each its next byte, again and again.
        for byte in b"Michael\n" {
            drip.iter_mut().for_each(|client| client.write_all(&[*byte]).expect("sent"));
        }
        drip.iter_mut().for_each(|client| hear(client, b"Hello, Michael!\n"));
        assert!(recorder.used() <= Recorder::BUDGET);
        good.leaves();
        stop(&server, address);
    });
}
