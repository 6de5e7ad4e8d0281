//! Our server as the window has it: recorded, counted, its log made into lines by a thread that is woken, once a frame.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use socketscope::net::report::Waker;
use socketscope::net::server::{Model, Server, Settings};
use socketscope::recording::Recorder;

use crate::bare::BACKLOG;

/// The time between two frames of the window.
const FRAME: Duration = Duration::from_millis(16);
/// How many events a frame takes at most, as in the Server tab.
const DRAIN: usize = 2_000;
/// How many lines the log keeps, as in the window.
const LINES: usize = 5_000;
/// After all connections were listed they are not for so many times as long as that took, as in the window.
const REST: u32 = 100;

/// A server that is watched.
pub struct Ours {
    server: Arc<Server>,
    port: u16,
}

impl Ours {
    /// Starts it at this port; 0 takes a free one.
    pub fn start(model: Model, receive_size: usize, port: u16) -> io::Result<Self> {
        let settings = Settings {
            model,
            receive_size,
            pause: Duration::ZERO,
            backlog: BACKLOG,
            most_connections: 12_000,
            ..Settings::default()
        };
        let (waker, woken) = waker();
        let recorder = Recorder::new(Recorder::BUDGET);
        let server = Arc::new(Server::start("127.0.0.1", port, settings, &recorder, waker.clone()));
        let port = server.wait_listening().map_err(io::Error::other)?.port();
        let window = std::thread::Builder::new().name("window".to_owned()).spawn({
            let server = Arc::clone(&server);
            move || watch(&server, &waker)
        })?;
        // Nobody is asleep yet: the first frame looks anyway.
        _ = woken.set(window.thread().clone());
        Ok(Self { server, port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How long stopping took.
    pub fn stop(&self) -> Duration {
        let begin = Instant::now();
        self.server.stop();
        self.server.wait_stopped();
        begin.elapsed()
    }
}

/// A waker, and where the thread that it wakes is to be put.
fn waker() -> (Waker, Arc<OnceLock<Thread>>) {
    let woken = Arc::new(OnceLock::<Thread>::new());
    let waker = Waker::new({
        let woken = Arc::clone(&woken);
        move || {
            if let Some(thread) = woken.get() {
                thread.unpark();
            }
        }
    });
    (waker, woken)
}

/// What the window does about a server, again and again: what it reported as lines, and the table of connections.
fn watch(server: &Server, waker: &Waker) {
    let mut log = VecDeque::new();
    let mut lists = Instant::now();
    while !server.inbox().ended() {
        let begin = Instant::now();
        waker.rearm();
        let mut taken = 0;
        while taken < DRAIN
            && let Some(report) = server.inbox().next()
        {
            if log.len() == LINES {
                log.pop_front();
            }
            log.push_back((report.at, report.event.text()));
            taken += 1;
        }
        std::hint::black_box(&log);
        if lists <= begin {
            let begin = Instant::now();
            std::hint::black_box((server.totals(), server.connections()));
            lists = Instant::now() + begin.elapsed() * REST;
        }
        std::thread::sleep(FRAME.saturating_sub(begin.elapsed()));
        // Woken since it looked, it goes on at once.
        if taken < DRAIN {
            std::thread::park_timeout(Duration::from_secs(1));
        }
    }
}
