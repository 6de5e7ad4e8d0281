//! A server with many connections that is told to end, as from a terminal.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::good::{Good, ended, hear};
use crate::program::{MODELS, Program};
use crate::tools::{LIMIT, second, tell, wait_for};

const CLIENTS: usize = 1_000;

#[test]
#[ignore = "heavy: 1,000 connections, six times"]
fn with_a_thousand_connections_it_does_nothing_and_ends_cleanly_by_a_signal() {
    socketscope::net::limits::raise();
    for model in MODELS {
        for signal in ["-INT", "-TERM"] {
            let mut program = Program::serve(":", model);
            // Serving one after the other, it serves the first alone.
            let served = if model == "single" { 1 } else { CLIENTS };
            let mut clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let client = TcpStream::connect(program.address).expect("connected");
                    client.set_read_timeout(Some(LIMIT)).expect("set");
                    client
                })
                .collect();
            clients.iter_mut().take(served).for_each(|client| hear(client, b"Welcome!"));
            wait_for("the last line of the log", || program.said("Accept new connection") >= served);
            if signal == "-INT" {
                let second = second(&program.process());
                tell(&format!("{model}, {CLIENTS} connections: {second:?}"));
                // Where clients must wait, it looks now and then who does.
                if served > 1 {
                    assert!(second.rests <= 5 && second.used <= Duration::from_millis(20), "{second:?}");
                    Good::greets(program.address).leaves();
                }
            }
            let begin = Instant::now();
            program.end(signal);
            tell(&format!("{model} ended by {signal} in {:?}", begin.elapsed()));
            clients.into_iter().for_each(ended);
            assert_eq!(program.said("closed: stopped"), served);
        }
    }
}
