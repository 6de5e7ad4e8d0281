//! The good client.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::tools::tell;

/// A reply must come within this time, whatever others do. It is a generous bound: how long it took is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it greets.
const EVERY: Duration = Duration::from_millis(5);

/// Connects and is welcomed.
pub fn welcomed(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("connected");
    client.set_nodelay(true).expect("set");
    client.set_read_timeout(Some(crate::tools::LIMIT)).expect("set");
    hear(&mut client, b"Welcome!");
    client
}

/// Reads exactly this.
#[track_caller]
pub fn hear(client: &mut TcpStream, words: &[u8]) {
    let mut buf = vec![0; words.len()];
    client.read_exact(&mut buf).expect("received");
    assert_eq!(buf.escape_ascii().to_string(), words.escape_ascii().to_string());
}

/// Waits for the end, by a close or a reset; nothing comes before.
pub fn ended(mut client: TcpStream) {
    match client.read(&mut [0]) {
        Ok(n) => assert_eq!(n, 0, "something came"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

/// A client that greets all the while.
pub struct Good {
    stop: Sender<()>,
    thread: JoinHandle<(u64, Duration)>,
}

impl Good {
    pub fn greets(address: SocketAddr) -> Self {
        let mut client = welcomed(address);
        client.set_read_timeout(Some(PATIENCE)).expect("set");
        let (stop, stopped) = bounded(1);
        let greet = move || {
            let (mut greetings, mut longest) = (0, Duration::ZERO);
            loop {
                let begin = Instant::now();
                client.write_all(b"Michael\n").expect("sent");
                hear(&mut client, b"Hello, Michael!\n");
                longest = longest.max(begin.elapsed());
                greetings += 1;
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return (greetings, longest);
                }
            }
        };
        let thread = std::thread::Builder::new().name("good".to_owned()).spawn(greet).expect("thread");
        Self { stop, thread }
    }

    /// It leaves; how often it was greeted.
    #[track_caller]
    pub fn leaves(self) -> u64 {
        // It has ended already where it was not answered, which is told next.
        _ = self.stop.send(());
        let (greetings, longest) = self.thread.join().expect("each greeting was answered in time");
        let soon = if longest < Duration::from_secs(1) { "within a second" } else { "NOT within a second" };
        tell(&format!("the good client: {greetings} greetings, answered {soon}, the slowest after {longest:?}"));
        greetings
    }
}
