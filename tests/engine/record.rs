//! `--record`: everything that crosses the sockets of a run, in a file that is whole once the run has ended.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::binary::{PROGRAM, Running, run, serving, serving_as};
use crate::tools::{Client, accept, listener};

fn listing(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("entry").file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = fs::read_dir(folder).expect("folder").map(name).collect();
    names.sort();
    names
}

fn objects(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The bytes of all reads or of all writes, joined.
fn joined(lines: &[Value], kind: &str) -> Vec<u8> {
    let of_kind = lines.iter().filter(|line| line["type"] == kind);
    let data = |line: &Value| line["data"].as_str().expect("text").as_bytes().to_vec();
    of_kind.flat_map(|line| data_encoding::BASE64.decode(&data(line)).expect("base64")).collect()
}

#[test]
#[cfg(unix)]
fn serve_records_every_connection_until_it_is_ended() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("wire.jsonl");
        fs::write(&path, "old").expect("written");
        let name = path.to_str().expect("a name");
        let (running, address, _out) = serving(&["127.0.0.1:0", "--pause", "0", "--record", name]);
        for _ in 0..100 {
            let mut client = Client::to(address);
            client.hear("Welcome!");
            client.say("Michael");
            client.hear("Hello, Michael!");
            client.say("exit");
            client.hear_end();
        }
        let mut open = Client::to(address);
        open.hear("Welcome!");
        assert_eq!(fs::read(&path).expect("read"), b"old", "until it has ended");
        running.signal(signal);
        let (code, _, err) = running.end();
        assert_eq!(code, Some(0), "{err}");
        let said = err.lines().last().expect("a line");
        assert!(said.starts_with("101 connections with 3,408 B in ") && said.ends_with(name), "{said}");
        let lines = objects(&path);
        let count = |what: &str| lines.iter().filter(|line| line["type"] == what || line["event"] == what).count();
        assert_eq!(["connection", "accepted", "closed", "gone"].map(count), [101, 101, 101, 0]);
        assert_eq!(joined(&lines, "read").len(), 100 * "Michaelexit".len());
        assert_eq!(joined(&lines, "write").len(), 100 * "Welcome!Hello, Michael!".len() + "Welcome!".len());
        assert_eq!(listing(folder.path()), ["wire.jsonl"]);
    }
}

#[test]
fn chat_records_both_directions() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("wire.jsonl");
    let (server, address, _out) = serving(&["127.0.0.1:0", "--pause", "0"]);
    let words =
        ["chat", &address.to_string(), "--linger", "0.2", "--eol", "lf", "--record", path.to_str().expect("name")];
    let done = run(&words, b"Michael\n");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let lines = objects(&path);
    assert_eq!(lines[0]["peer"], address.to_string());
    assert_eq!(joined(&lines, "write"), b"Michael\n");
    assert_eq!(joined(&lines, "read"), done.stdout);
    assert_eq!(lines.last().expect("one")["event"], "closed");
    drop(server);
    // One that is refused has its try.
    let done = run(&words, b"");
    assert_eq!(done.status.code(), Some(1));
    let lines = objects(&path);
    assert!(lines.len() == 2 && lines[1]["event"] == "tried" && lines[1]["failed"].is_string(), "{lines:?}");
}

#[test]
fn fetch_records_what_it_asked_and_got() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("wire.txt");
    let (listener, address) = listener();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = accept(&listener);
            _ = client.0.read(&mut [0; 1_024]).expect("a request");
            client.0.write_all(answer.as_bytes()).expect("sent");
        });
        let done = run(&["fetch", &format!("http://{address}/"), "--record", path.to_str().expect("a name")], b"");
        assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(0), &b"ok"[..]), "{done:?}");
    });
    let text = fs::read_to_string(&path).expect("text");
    assert!(text.contains("B GET / HTTP/1.1\\r\\n") && text.contains("B HTTP/1.1 200 OK\\r\\n"), "{text}");
}

#[test]
fn what_cannot_be_recorded_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    for command in [&["serve", "127.0.0.1:0"][..], &["chat", "127.0.0.1:1"], &["fetch", "http://127.0.0.1:1/"]] {
        let tried = |name: &str| {
            let done = run(&[command, &["--record", &path(name)]].concat(), b"");
            assert!(done.stdout.is_empty());
            (done.status.code(), String::from_utf8(done.stderr).expect("text"))
        };
        let (code, said) = tried("wire.pcap");
        assert_eq!(code, Some(2));
        assert!(said.lines().next().expect("a line").ends_with("end in .txt, .jsonl or .pcapng"), "{said}");
        let (code, said) = tried("none/wire.txt");
        assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("none/wire.txt") && said.contains("folder does not exist"), "{said}");
    }
    assert!(listing(folder.path()).is_empty());
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_said_once_and_the_server_serves_on() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("wire.txt");
    fs::write(&path, "old").expect("written");
    // No file of this program may grow beyond a few kilobytes.
    let script = r#"trap '' XFSZ; ulimit -f 8; exec "$0" serve 127.0.0.1:0 --pause 0 --quiet --record "$1""#;
    let (running, address, _out) = serving_as(Command::new("sh").args(["-c", script, PROGRAM]).arg(&path));
    let mut client = Client::to(address);
    client.hear("Welcome!");
    for _ in 0..100 {
        client.say([b'x'; 100]);
        client.hear([b"Hello, ", &[b'x'; 100][..], b"!"].concat());
    }
    // It has said so by now, or will at the end.
    running.signal("-TERM");
    let (code, _, err) = running.end();
    assert_eq!(code, Some(1));
    assert!(err.lines().count() == 1 && err.contains("the disk is full") && err.contains("wire.txt"), "{err}");
    assert_eq!(fs::read(&path).expect("read"), b"old");
    assert_eq!(listing(folder.path()), ["wire.txt"]);
}

#[test]
#[cfg(unix)]
fn a_chat_that_is_interrupted_has_its_recording() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("wire.pcapng");
    let (listener, address) = listener();
    let words = ["chat", &address.to_string(), "--record", path.to_str().expect("a name")];
    let mut running = Running::start(Command::new(PROGRAM).args(words));
    let mut server = accept(&listener);
    let mut stdin = running.child.stdin.take().expect("piped");
    stdin.write_all(b"Michael\n").expect("written");
    server.hear("Michael");
    assert!(!path.exists());
    running.signal("-INT");
    let (code, _, err) = running.end();
    assert_eq!(code, Some(130), "{err}");
    let file = fs::read(&path).expect("a recording");
    assert!(file.windows(7).any(|bytes| bytes == b"Michael"));
}
