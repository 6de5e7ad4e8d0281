//! A server that plays one script for each connection.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is done with one connection.
pub type Script = Box<dyn FnOnce(TcpStream) -> io::Result<()> + Send>;

/// A listener on a free port of 127.0.0.1.
pub struct Server {
    pub port: u16,
    requests: Receiver<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Plays `scripts`, one for each connection in turn.
    pub fn new(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let port = listener.local_addr().expect("address").port();
        let (requested, requests) = bounded(100);
        let work = move || {
            for script in scripts {
                let (stream, _) = listener.accept().expect("connection");
                stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
                REQUESTED.set(Some(requested.clone()));
                // What a client breaks off is not the server's to judge.
                _ = script(stream);
            }
        };
        let thread = Builder::new().name("server".into()).spawn(work).expect("thread");
        Self { port, requests, thread }
    }

    /// Answers every request with the next of `answers`, then closes.
    pub fn answering<A: AsRef<[u8]>>(answers: impl IntoIterator<Item = A>) -> Self {
        Self::new(answers.into_iter().map(|one| answer(one.as_ref())).collect())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until all scripts were played, and gives the requests that were read.
    pub fn requests(self) -> Vec<String> {
        self.thread.join().expect("the server");
        self.requests.try_iter().map(|one| String::from_utf8(one).expect("text")).collect()
    }
}

thread_local! {
    static REQUESTED: std::cell::Cell<Option<Sender<Vec<u8>>>> = const { std::cell::Cell::new(None) };
}

/// Reads a request to its empty line.
pub fn read_head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    Ok(request)
}

/// What `head` says is the length of the body.
fn length(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.unwrap_or(0)
}

/// Reads a request with its body, as far as it has a length.
pub fn read_request(stream: &mut impl Read) -> io::Result<()> {
    let mut request = read_head(stream)?;
    let length = length(&request);
    stream.take(length).read_to_end(&mut request)?;
    tell(request);
    Ok(())
}

/// For [`Server::requests`].
pub fn tell(request: Vec<u8>) {
    if let Some(requested) = REQUESTED.take() {
        requested.send(request).expect("sent");
    }
}

/// Closes in good order: nothing that was sent can be lost to a reset.
pub fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// Breaks off with a reset.
pub fn reset(stream: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Reads the request, sends `bytes`, closes in good order.
pub fn answer(bytes: &[u8]) -> Script {
    answer_then(bytes, close)
}

/// Reads the request, sends `bytes`, and goes on with `then`.
pub fn answer_then(bytes: &[u8], then: impl FnOnce(TcpStream) -> io::Result<()> + Send + 'static) -> Script {
    let bytes = bytes.to_vec();
    Box::new(move |mut stream| {
        read_request(&mut stream)?;
        stream.write_all(&bytes)?;
        then(stream)
    })
}

/// Reads the request, sends `bytes` in pieces of these sizes, again and again, and closes.
pub fn answer_in_pieces(bytes: Vec<u8>, sizes: Vec<usize>) -> Script {
    Box::new(move |mut stream| {
        read_request(&mut stream)?;
        stream.set_nodelay(true)?;
        let mut rest = bytes.as_slice();
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            stream.write_all(piece)?;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        close(stream)
    })
}

/// Keeps the connection open until the other side closes it.
pub fn hold(mut stream: TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// Over TLS: reads the request, sends `bytes`, says farewell (close_notify) if `farewell`, closes.
pub fn answer_tls(config: Arc<ServerConfig>, bytes: &[u8], farewell: bool) -> Script {
    let bytes = bytes.to_vec();
    Box::new(move |stream| {
        let mut tls = StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, stream);
        read_request(&mut tls)?;
        tls.write_all(&bytes)?;
        if farewell {
            tls.conn.send_close_notify();
        }
        tls.flush()?;
        close(tls.sock)
    })
}
