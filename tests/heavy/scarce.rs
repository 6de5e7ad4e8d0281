//! Where the system gives no more: descriptors, threads.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::good::{Good, ended, hear, welcomed};
use crate::program::Program;
use crate::tools::{LIMIT, second, tell};

/// As many as can be had are served, the others wait; when those go, the others are served. Said once, with `words`.
fn runs_out(mut program: Program, clients: usize, words: &str) {
    let good = Good::greets(program.address);
    let mut waiting: Vec<_> = (0..clients)
        .map(|_| {
            let client = TcpStream::connect(program.address).expect("connected");
            client.set_read_timeout(Some(LIMIT)).expect("set");
            client
        })
        .collect();
    program.wait_said(words);
    let second = second(&program.process());
    tell(&format!("{second:?}"));
    // The good client's greetings included, and that the system counts in steps.
    assert!(second.used < second.all * 3 / 10 + Duration::from_millis(20), "it does not rest: {second:?}");
    assert_eq!(program.said("Connection from"), 0, "nobody is turned away");
    let served = program.said("Accept new connection");
    assert!(served < clients, "{served} are served");
    // In the order in which they came; whoever leaves makes room.
    for client in &mut waiting {
        hear(client, b"Welcome!");
        client.write_all(b"exit").expect("sent");
        client.shutdown(std::net::Shutdown::Write).expect("shut");
    }
    waiting.into_iter().for_each(ended);
    program.wait_said("accepted again");
    drop(welcomed(program.address));
    good.leaves();
    program.end("-TERM");
    assert_eq!(program.said(words), 1);
    assert_eq!(program.said("accepted again"), 1);
    assert_eq!(program.said("closed: exit"), clients);
    assert_eq!(program.said(&format!("{} connections", clients + 2)), 1, "all were counted");
    let lines = program.said("");
    assert!(lines < 2 * (clients + 2) + 10, "{lines} lines");
}

#[test]
#[ignore = "heavy: a server without descriptors"]
fn without_descriptors_it_rests_and_goes_on() {
    for model in ["threads", "events"] {
        tell(&format!("no descriptors, {model}"));
        runs_out(Program::serve("ulimit -n 64", model), 200, "too many files and sockets open");
    }
}

#[test]
#[ignore = "heavy: a server without threads"]
fn without_threads_it_rests_and_goes_on() {
    tell("no threads");
    // So few threads fit, with so much room for the stack of each, and there is enough left for all else.
    let limits = "export RUST_MIN_STACK=268435456; ulimit -v 4000000";
    runs_out(Program::serve(limits, "threads"), 100, "as many threads as the system allows");
}
