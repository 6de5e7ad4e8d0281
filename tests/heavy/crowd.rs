//! Many who only stay.

use std::net::TcpStream;

use socketscope::net::server::{MOST_CONNECTIONS, Model, Settings};

use crate::good::{Good, ended, hear};
use crate::tools::{Crowd, for_each_model, holdings, memory, serve, settings, stop, tell, this, wait_for};

const CLIENTS: usize = 10_000;

#[test]
#[ignore = "heavy: 10,000 connections"]
fn ten_thousand_stay_each_costs_little_and_all_end_with_the_server() {
    for_each_model("crowd::ten_thousand_stay_each_costs_little_and_all_end_with_the_server", |model| {
        let before = holdings(&this());
        let (server, address, recorder) = serve(settings(model));
        let good = Good::greets(address);
        // What is asked for once is there.
        drop(Crowd::of(16, address));
        wait_for("the end of the first", || server.totals().open == 1);
        let (empty, _) = memory(&this());
        let crowd = Crowd::of(CLIENTS, address);
        let each = (memory(&this()).0 - empty) / CLIENTS as u64;
        tell(&format!("{each} bytes of memory a connection"));
        // Far from what it is: without the compiler's optimizations more of each stack is used.
        let most = if model == Model::Events { 4 << 10 } else { 24 << 10 };
        assert!(each <= most, "{each} bytes a connection");
        assert!(recorder.used() <= recorder.budget());
        assert_eq!(server.totals().open, CLIENTS as u64 + 1);
        let greetings = good.leaves();
        let wanted = (17 + CLIENTS as u64, CLIENTS as u64, greetings);
        let counted = || {
            let totals = server.totals();
            (totals.connections, totals.open, totals.greetings)
        };
        wait_for("the good client's end", || counted() == wanted);
        let totals = server.totals();
        assert_eq!((totals.bytes_in, totals.bytes_out), (greetings * 8, totals.connections * 8 + greetings * 16));
        stop(&server, address);
        crowd.all_ended();
        drop((server, recorder));
        wait_for("the end of every thread, with every descriptor closed", || holdings(&this()) == before);
    });
}

#[test]
#[ignore = "heavy: 12,000 threads"]
fn there_are_never_more_threads_than_a_process_can_have() {
    let model = Model::Threads;
    socketscope::net::limits::raise();
    let (server, address, _recorder) = serve(Settings { most_connections: usize::MAX, ..settings(model) });
    let good = Good::greets(address);
    let crowd = Crowd::of(MOST_CONNECTIONS - 1, address);
    let mut next = TcpStream::connect(address).expect("connected");
    wait_for("somebody who waits", || server.waiting() == [next.local_addr().expect("address")]);
    assert_eq!(server.totals().open, MOST_CONNECTIONS as u64);
    drop(crowd);
    hear(&mut next, b"Welcome!");
    good.leaves();
    drop(server);
    ended(next);
}
