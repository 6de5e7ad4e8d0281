//! What the options of the fetch do.

use std::io::Write as _;
use std::path::Path;

use super::super::server::{Server, answer};
use super::{Command, run};
use clap::Parser as _;

#[test]
fn what_does_not_go_together_is_refused() {
    for words in [
        &["--proxy", "p", "--no-proxy"][..],
        &["-4", "-6"],
        &["-H", "no field"],
        &["-b", "no cookie"],
        &["--max-size", "much"],
        &["--max-ratio", "0"],
        &["-T", "a", "--data-file", "b"],
        &["-d", "a", "-T", "b"],
        &["-I", "-d", "a"],
        &["-u", "a:b", "--bearer", "c"],
    ] {
        assert!(Command::try_parse_from([&["fetch", "x"], words].concat()).is_err(), "{words:?}");
    }
    let (code, out, err) = run(&["http://127.0.0.1:1/", "-o", "-", "--json-report"]);
    assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
    assert!(err.contains("both the body and the report"), "{err}");
}

#[test]
fn what_cannot_be_asked_is_one_line_and_nobody_is_asked() {
    for words in [&["-u", "nobody"][..], &["--digest"], &["-d", "@/no/such/file"], &["--user-file", "/no/such/file"]] {
        let (code, out, err) = run(&[&["http://127.0.0.1:1/"], words].concat());
        assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
        assert!(!err.contains("refused"), "{err}");
    }
}

#[test]
fn what_has_come_is_kept_as_a_marked_partial_only_if_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("page");
    let name = path.to_str().expect("text");
    let names = || {
        let entries = std::fs::read_dir(folder.path()).expect("folder");
        let mut names: Vec<_> = entries.map(|one| one.expect("entry").file_name()).collect();
        names.sort();
        names
    };
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    for (words, there) in [(&[][..], &[][..]), (&["--keep-partial"], &["page.partial"])] {
        let server = Server::answering([half]);
        let (code, _, err) = run(&[&[server.url("/").as_str(), "-o", name], words].concat());
        assert_eq!((code, names().as_slice() == there), (1, true), "{err}");
    }
    assert_eq!(std::fs::read(Path::new(&format!("{name}.partial"))).expect("read"), b"half");
    let server = Server::answering([half]);
    let (_, _, err) = run(&[&server.url("/"), "-o", name, "--keep-partial"]);
    assert!(err.contains("4 B kept as") && err.contains("page.partial"), "{err}");
    let last = err.lines().last().expect("a line");
    assert!(last.contains("got 4 of 10 bytes"), "{err}");
}

#[test]
fn a_bomb_is_stopped_by_the_limits_that_are_said() {
    // 100,000 zeros become some 120 bytes.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&[0; 100_000]).expect("written");
    let bomb = gzip.finish().expect("finished");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
    let whole = [head.as_bytes(), &bomb].concat();
    for (words, code) in [
        (&["--max-size", "10k", "--max-ratio", "10"][..], 1),
        (&["--max-size", "10k", "--max-ratio", "2000"], 0),
        (&["--max-size", "1M", "--max-ratio", "1"], 0),
        (&[], 0),
    ] {
        let server = Server::new(vec![answer(&whole)]);
        let (got, out, err) = run(&[&[server.url("/").as_str()], words].concat());
        assert_eq!((got, out.len()), (code, if code == 0 { 100_000 } else { 0 }), "{words:?}: {err}");
    }
}

#[test]
fn a_body_is_left_as_it_was_transferred() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(b"text").expect("written");
    let zipped = gzip.finish().expect("finished");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", zipped.len());
    let whole = [head.as_bytes(), &zipped].concat();
    for (words, body) in [(&[][..], &b"text"[..]), (&["--as-transferred"], &zipped)] {
        let server = Server::new(vec![answer(&whole)]);
        let (code, out, err) = run(&[&[server.url("/").as_str()], words].concat());
        assert_eq!((code, out.as_slice()), (0, body), "{err}");
    }
}
