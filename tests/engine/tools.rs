//! What the tests share. No test waits for a time to pass; what should happen is waited for, up to [`LIMIT`].

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socketscope::net::client::{self, Session, State};
use socketscope::net::report::Waker;
use socketscope::net::server::{Ended, Event, Server, Settings};
use socketscope::recording::{Direction, Recorder, Recording};

/// After this long a test has failed. Nothing that passes takes it.
pub const LIMIT: Duration = Duration::from_secs(30);

pub fn recorder() -> Arc<Recorder> {
    Recorder::new(Recorder::BUDGET)
}

pub fn quick() -> Settings {
    Settings { pause: Duration::ZERO, ..Settings::default() }
}

/// A server that listens.
pub fn serve_at(host: &str, settings: Settings) -> (Server, SocketAddr) {
    let server = Server::start(host, 0, settings, &recorder(), Waker::none());
    let address = server.wait_listening().expect("listening");
    (server, address)
}

pub fn serve(settings: Settings) -> (Server, SocketAddr) {
    serve_at("127.0.0.1", settings)
}

/// A client in whose reads nothing is lost or merged unseen.
pub struct Client(pub TcpStream);

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_nodelay(true).expect("set");
        stream.set_read_timeout(Some(LIMIT)).expect("set");
        Self(stream)
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("sent");
    }

    /// Reads exactly these bytes.
    #[track_caller]
    pub fn hear(&mut self, bytes: impl AsRef<[u8]>) {
        let mut buf = vec![0; bytes.as_ref().len()];
        self.0.read_exact(&mut buf).expect("received");
        assert_eq!(buf.escape_ascii().to_string(), bytes.as_ref().escape_ascii().to_string());
    }

    /// The peer has closed, and nothing more has come before.
    #[track_caller]
    pub fn hear_end(&mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).expect("a clean end");
        assert_eq!(rest.escape_ascii().to_string(), "");
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("address")
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).expect("set");
    }
}

/// Takes events until one fits.
#[track_caller]
pub fn until<T>(server: &Server, mut fits: impl FnMut(Event) -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match server.inbox().wait(Some(deadline)) {
            socketscope::net::report::Waited::Event(report) => {
                if let Some(found) = fits(report.event) {
                    return found;
                }
            }
            other => panic!("{other:?} before the event came"),
        }
    }
}

/// How the connection of `client` ended.
#[track_caller]
pub fn until_closed(server: &Server, client: SocketAddr) -> Ended {
    until(server, |event| match event {
        Event::Closed { peer, ended, .. } if peer == client => Some(ended),
        _ => None,
    })
}

/// Waits until `happened`; for what has no event.
#[track_caller]
pub fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !happened() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// What was recorded: `→` for writes, `←` for reads.
pub fn script(recording: &Recording) -> Vec<String> {
    recording.read(|log| {
        log.kept()
            .map(|number| {
                let segment = log.segment(number).expect("kept");
                let bytes = log.joined(segment.direction, segment.range());
                let arrow = match segment.direction {
                    Direction::In => '←',
                    Direction::Out => '→',
                };
                format!("{arrow} {}", bytes.escape_ascii())
            })
            .collect()
    })
}

/// A listener for a server that is played by the test.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let address = listener.local_addr().expect("address");
    (listener, address)
}

pub fn accept(listener: &TcpListener) -> Client {
    let (stream, _) = listener.accept().expect("accepted");
    stream.set_nodelay(true).expect("set");
    stream.set_read_timeout(Some(LIMIT)).expect("set");
    Client(stream)
}

/// How a session ended, once every thread of it has.
#[track_caller]
pub fn ended(session: &Session) -> client::Ended {
    assert!(session.inbox().wait_end(LIMIT), "it did not end");
    match session.state() {
        State::Ended(ended) => ended,
        other => panic!("{other:?}"),
    }
}

/// Why a session failed.
#[track_caller]
pub fn failed(session: &Session) -> Arc<socketscope::net::Error> {
    match ended(session) {
        client::Ended::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}
