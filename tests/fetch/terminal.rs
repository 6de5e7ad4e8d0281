//! `socketscope fetch`, with the streams of a test.

mod asking;
mod options;
mod report;
mod resuming;

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::Parser;
use crossbeam_channel::bounded;
use socketscope::cli::fetch::{Args, Streams, run_to};
use socketscope::net::cancel::Cancel;
use socketscope::signal::INTERRUPTED;

use super::server::{Server, answer, answer_then, close, hold};

/// Standard output, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("kept").clone()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("kept").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    fetch: Args,
}

fn args(words: &[&str]) -> Args {
    Command::try_parse_from([&["fetch"], words].concat()).expect("arguments").fetch
}

/// Exit code, standard output, standard error.
fn run_on(words: &[&str], terminal: bool) -> (i32, Vec<u8>, String) {
    let (out, mut err) = (Kept::default(), Vec::new());
    let streams =
        Streams { out: Box::new(out.clone()), out_is_terminal: terminal, err: &mut err, err_is_terminal: terminal };
    let code = run_to(&args(words), &Cancel::default(), &|| {}, streams);
    (code, out.bytes(), String::from_utf8(err).expect("text"))
}

fn run(words: &[&str]) -> (i32, Vec<u8>, String) {
    run_on(words, false)
}

#[test]
fn heads_go_to_standard_error_and_the_body_to_standard_output() {
    let server = Server::answering([
        "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
        "HTTP/1.1 404 N\x1b[2Jo\r\nX-Y: \u{202e}z\u{85}\r\nContent-Length: 4\r\n\r\n\x1b\r\nb",
    ]);
    let url = server.url("/");
    let (code, out, err) = run(&[&url]);
    assert_eq!((code, out.as_slice()), (0, &b"\x1b\r\nb"[..]), "{err}");
    let first = format!("* GET {url}\nHTTP/1.1 302 Found\nLocation: /x\n\n");
    let second = "HTTP/1.1 404 N\\x1b[2Jo\nX-Y: \\u{202e}z\\x85\nContent-Length: 4\n\n";
    assert_eq!(err, format!("{first}* GET {url}x\n{second}"));
}

#[test]
fn a_terminal_is_shown_text_that_cannot_act() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=gbk\r\n\r\n\u{1b}[2J\r\n"]);
    let (code, out, _) = run_on(&[&server.url("/"), "--progress"], true);
    assert_eq!((code, out.as_slice()), (0, &b"\\x1b[2J\n"[..]));
}

#[test]
fn a_file_is_written_whole_or_left_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("page");
    std::fs::write(&path, "old").expect("written");
    let name = path.to_str().expect("text");
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]);
    let (code, out, err) = run(&[&server.url("/"), "-o", name]);
    assert_eq!((code, out.len()), (1, 0));
    assert_eq!(std::fs::read(&path).expect("read"), b"old");
    assert_eq!(err.lines().filter(|line| line.contains("got 4 of 10 bytes")).count(), 1, "{err}");
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"]);
    let (code, _, err) = run(&[&server.url("/"), "-o", name, "--progress"]);
    assert_eq!((code, std::fs::read(&path).expect("read")), (0, b"new".to_vec()));
    assert!(err.contains("3 B of 3 B (100 %)"), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1);
}

#[test]
fn where_nothing_can_be_written_nothing_is_fetched() {
    let folder = tempfile::tempdir().expect("folder");
    // Whoever connects waits in its queue for ever.
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    listener.set_nonblocking(true).expect("set");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    for (path, words) in [("none/page", "the folder does not exist"), ("x/", "name of a file"), ("", "a folder has")] {
        let path = folder.path().join(path);
        let (code, out, err) = run(&[&url, "-o", path.to_str().expect("text")]);
        assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
        assert!(err.contains(words), "{err}");
    }
    assert_eq!(listener.accept().expect_err("nobody came").kind(), io::ErrorKind::WouldBlock);
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[test]
fn what_is_worth_saying_is_said_also_without_an_answer() {
    let port = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    let server = Server::answering([format!("HTTP/1.1 302 Found\r\nLocation: http://u:p@127.0.0.1:{port}/\r\n\r\n")]);
    let (code, _, err) = run(&[&server.url("/")]);
    let lines: Vec<_> = err.lines().collect();
    assert_eq!((code, lines.len()), (1, 7), "{err}");
    assert_eq!(lines[4], format!("* GET http://127.0.0.1:{port}/"));
    assert!(lines[5].contains("inside the redirect are not used"), "{err}");
    assert!(lines[6].contains("refused"), "{err}");
}

/// Tells of the first line that has `words`.
struct Watch {
    words: &'static str,
    seen: crossbeam_channel::Sender<()>,
    text: String,
}

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let had = self.text.contains(self.words);
        self.text += &String::from_utf8_lossy(bytes);
        if !had && self.text.contains(self.words) {
            self.seen.send(()).expect("sent");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn that_a_certificate_is_accepted_all_the_same_is_said_before_any_answer() {
    let (seen, was_seen) = bounded(1);
    // It answers only once the warning was shown: without it the fetch hangs until its limit.
    let server = Server::new(vec![Box::new(move |stream| {
        let tls = rustls::ServerConnection::new(super::tls::self_signed()).map_err(io::Error::other)?;
        let mut tls = rustls::StreamOwned::new(tls, stream);
        super::server::read_request(&mut tls)?;
        was_seen.recv_timeout(super::PATIENCE).map_err(io::Error::other)?;
        tls.write_all(b"HTTP/1.1 204 No\r\n\r\n")?;
        close(tls.sock)
    })]);
    let mut err = Watch { words: "NOT verified", seen, text: String::new() };
    let streams =
        Streams { out: Box::new(Kept::default()), out_is_terminal: false, err: &mut err, err_is_terminal: false };
    let url = format!("https://127.0.0.1:{}/", server.port);
    assert_eq!(run_to(&args(&[&url, "-k", "--timeout", "120"]), &Cancel::default(), &|| {}, streams), 0);
    let text = err.text;
    assert!(text.starts_with(&format!("* GET {url}\n")), "{text}");
    assert!(text.contains("signed by itself"), "{text}");
}

#[test]
fn stopping_ends_it_also_while_standard_output_is_stuck() {
    struct Stuck {
        written: crossbeam_channel::Sender<()>,
        never: crossbeam_channel::Receiver<()>,
    }
    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.send(()).expect("sent");
            _ = self.never.recv();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"]);
    let ((written, was_written), (unstick, never)) = (bounded(1), bounded(1));
    let stop = Cancel::default();
    let stopper = {
        let stop = stop.clone();
        std::thread::Builder::new().name("stopper".into()).spawn(move || {
            was_written.recv().expect("written");
            stop.cancel();
        })
    };
    let mut err = Vec::new();
    let out = Box::new(Stuck { written, never });
    let streams = Streams { out, out_is_terminal: false, err: &mut err, err_is_terminal: false };
    assert_eq!(run_to(&args(&[&server.url("/")]), &stop, &|| {}, streams), INTERRUPTED);
    stopper.expect("thread").join().expect("stopper");
    drop(unstick);
    let err = String::from_utf8(err).expect("text");
    assert!(err.lines().last().expect("line").ends_with("standard output: cancelled"), "{err}");
}

#[test]
fn the_suggested_name_is_used_in_this_folder_and_never_over_another_file() {
    let folder = tempfile::tempdir().expect("folder");
    // No other test has a path that is relative to this.
    std::env::set_current_dir(folder.path()).expect("folder");
    let evil =
        "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"../../a.txt\"\r\nContent-Length: 1\r\n\r\n";
    let server = Server::answering([format!("{evil}1"), format!("{evil}2")]);
    for _ in 0..2 {
        let (code, _, err) = run(&[&server.url("/"), "--remote-name"]);
        assert_eq!(code, 0, "{err}");
    }
    let read = |name: &str| std::fs::read_to_string(Path::new(name)).expect("read");
    assert_eq!((read("a.txt"), read("a (1).txt")), ("1".to_owned(), "2".to_owned()));
}

#[test]
fn a_closed_standard_output_is_one_line() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"]);
    let mut err = Vec::new();
    let streams = Streams { out: Box::new(Closed), out_is_terminal: false, err: &mut err, err_is_terminal: false };
    assert_eq!(run_to(&args(&[&server.url("/")]), &Cancel::default(), &|| {}, streams), 1);
    let err = String::from_utf8(err).expect("text");
    assert!(
        err.lines().last().is_some_and(|line| line.contains("standard output") && !line.contains("folder")),
        "{err}"
    );
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"]);
    let out = Kept::default();
    let streams =
        Streams { out: Box::new(out.clone()), out_is_terminal: false, err: &mut Closed, err_is_terminal: true };
    assert_eq!(run_to(&args(&[&server.url("/"), "--progress"]), &Cancel::default(), &|| {}, streams), 0);
    assert_eq!(out.bytes(), b"body");
}

#[test]
fn what_is_no_url_is_one_line() {
    for url in ["ftp://user:secret@x/", "", "http://a b/"] {
        let (code, out, err) = run(&[url]);
        assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
        assert!(!err.contains("secret"));
    }
}

#[test]
fn options_are_checked_and_used() {
    for words in [
        &["x", "--timeout", "0"][..],
        &["x", "--timeout", "1e99"],
        &["x", "--timeout", "NaN"],
        &["x", "--max-redirects", "101"],
        &[],
    ] {
        assert!(Command::try_parse_from([&["fetch"], words].concat()).is_err(), "{words:?}");
    }
    assert!(Command::try_parse_from(["fetch", "x", "-o", "y", "--remote-name"]).is_err());
    let moved = b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 2\r\n\r\nhi";
    let server = Server::new(vec![answer(moved)]);
    let (code, out, _) = run(&[&server.url("/"), "--no-follow"]);
    assert_eq!((code, out), (0, b"hi".to_vec()));
    let server = Server::new(vec![answer(moved)]);
    let (code, _, err) = run(&[&server.url("/"), "--max-redirects", "0"]);
    assert!(code == 1 && err.contains("none was to be followed"), "{err}");
    let server = Server::new(vec![answer_then(b"", hold)]);
    let (code, _, err) = run(&[&server.url("/"), "--timeout", "0.05"]);
    assert!(code == 1 && err.contains("no answer for"), "{err}");
}

#[test]
fn stopping_ends_it_with_one_line() {
    let (sent, was_sent) = bounded(1);
    let server = Server::new(vec![answer_then(b"", move |stream| {
        sent.send(()).expect("sent");
        hold(stream)
    })]);
    let stop = Cancel::default();
    let stopper = {
        let stop = stop.clone();
        std::thread::Builder::new().name("stopper".into()).spawn(move || {
            was_sent.recv().expect("sent");
            stop.cancel();
        })
    };
    let mut err = Vec::new();
    let streams =
        Streams { out: Box::new(Kept::default()), out_is_terminal: false, err: &mut err, err_is_terminal: false };
    assert_eq!(run_to(&args(&[&server.url("/"), "--timeout", "600"]), &stop, &|| {}, streams), INTERRUPTED);
    stopper.expect("thread").join().expect("stopper");
    let err = String::from_utf8(err).expect("text");
    assert!(err.lines().last().expect("line").ends_with("cancelled"), "{err}");
}
