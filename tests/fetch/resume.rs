//! Going on with a body that came only in part.

use std::fs;
use std::path::{Path, PathBuf};

use socketscope::net::fetch::{Destination, Fault, Field, Options, Request, ResumeFault};
use socketscope::net::report::Waker;

use super::saving::{names, old_page, to};
use super::server::Server;
use super::{Done, Fetch, fetch_with, recorder};

const TAGGED: &str = "ETag: \"one\"\r\n";
const DATED: &str = "Last-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nDate: Wed, 25 Nov 2026 10:00:00 GMT\r\n";

fn half(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 10\r\n\r\nhalf")
}

fn rest(fields: &str, range: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 206 Partial Content\r\n{fields}Content-Range: {range}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn resuming(path: &Path) -> Options {
    let destination = Destination { path: path.to_owned(), resume: true, keep_partial: false };
    Options { destination: Some(destination), ..Options::default() }
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension("partial")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("read")
}

/// Four of ten bytes come, are kept, and then `answer` is given to whoever asks for the rest.
fn cut_then(fields: &str, answer: &str) -> (tempfile::TempDir, PathBuf, Done, Vec<String>) {
    let (folder, path) = old_page();
    let server = Server::answering([half(fields).as_str(), answer]);
    fetch_with(&server.url("/a"), to(&path, true)).failure();
    assert_eq!(read(partial(&path)), "half");
    let done = fetch_with(&server.url("/a"), resuming(&path));
    (folder, path, done, server.requests())
}

#[track_caller]
fn assert_refused(fields: &str, answer: &str, fault: ResumeFault) {
    let (_folder, path, done, _) = cut_then(fields, answer);
    assert_eq!(*done.fault(), Fault::Resume(fault));
    assert_eq!((read(&path).as_str(), read(partial(&path)).as_str()), ("old", "half"));
    assert!(read(format!("{}.json", partial(&path).display())).contains("\"length\": 4"));
}

#[test]
fn the_rest_of_the_same_makes_it_whole() {
    for (fields, validator) in [(TAGGED, "\"one\""), (DATED, "Tue, 24 Nov 2026 10:00:00 GMT")] {
        let (folder, path, done, requests) = cut_then(fields, &rest(fields, "bytes 4-9/10", "whole!"));
        let body = done.body();
        assert_eq!((done.bytes(), body.len(), body.saved_to()), (b"halfwhole!".to_vec(), 10, Some(&*path)));
        assert_eq!((read(&path).as_str(), names(&folder)), ("halfwhole!", vec!["page".to_owned()]));
        for field in ["Range: bytes=4-", &format!("If-Range: {validator}"), "Accept-Encoding: identity"] {
            assert_eq!(requests[1].lines().filter(|line| *line == field).count(), 1, "{}", requests[1]);
        }
        assert!(!requests[0].contains("Range"), "{}", requests[0]);
    }
}

#[test]
fn a_partial_grows_until_it_is_whole() {
    let (folder, path) = old_page();
    let more =
        "HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\nwho";
    let server = Server::answering([&*half(TAGGED), more, &*rest(TAGGED, "bytes 7-9/10", "le!")]);
    fetch_with(&server.url("/"), to(&path, true)).failure();
    let done = fetch_with(&server.url("/"), resuming(&path));
    assert_eq!(*done.fault(), Fault::Short { got: 3, length: 6 });
    assert_eq!(done.failure().1.and_then(|body| body.saved_to()), Some(&*partial(&path)));
    assert_eq!((read(partial(&path)).as_str(), read(&path).as_str()), ("halfwho", "old"));
    // What the disk may not have had is not gone on with.
    fs::write(partial(&path), "halfwho???").expect("written");
    assert_eq!(fetch_with(&server.url("/"), resuming(&path)).bytes(), b"halfwhole!");
    assert_eq!((read(&path).as_str(), names(&folder)), ("halfwhole!", vec!["page".to_owned()]));
    assert!(server.requests()[2].contains("Range: bytes=7-\r\n"));
}

#[test]
fn what_is_not_the_rest_of_the_same_is_refused_and_the_partial_stays() {
    assert_refused(TAGGED, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew", ResumeFault::Whole);
    let past = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */4\r\nContent-Length: 0\r\n\r\n";
    assert_refused(TAGGED, past, ResumeFault::NothingLeft);
    assert_refused(TAGGED, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ResumeFault::Status(404));
    for (had, fields, range) in [
        (TAGGED, TAGGED, "bytes 3-9/10"),
        (TAGGED, TAGGED, "bytes 4-8/10"),
        (TAGGED, TAGGED, "bytes 4-9/*"),
        (TAGGED, TAGGED, "lines 4-9/10"),
        (TAGGED, TAGGED, "bytes 4-18446744073709551615/10"),
        (TAGGED, "ETag: \"two\"\r\n", "bytes 4-9/10"),
        (TAGGED, "", "bytes 4-9/10"),
        (TAGGED, "ETag: \"one\"\r\nContent-Encoding: gzip\r\n", "bytes 4-9/10"),
        (DATED, "Last-Modified: Wed, 25 Nov 2026 09:00:00 GMT\r\n", "bytes 4-9/10"),
    ] {
        assert_refused(had, &rest(fields, range, "whole!"), ResumeFault::OtherPart);
    }
}

#[test]
fn a_rest_of_another_length_is_not_the_whole() {
    for body in ["who", "whole!!!"] {
        let answer = format!(
            "HTTP/1.1 206 Partial Content\r\n{TAGGED}Content-Range: bytes 4-9/10\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        let (_folder, path, done, _) = cut_then(TAGGED, &answer);
        assert_eq!(*done.fault(), Fault::Short { got: 4 + body.len() as u64, length: 10 });
        assert_eq!(read(&path), "old");
        let known = if body.len() > 6 { 4 } else { 7 };
        let mark = read(format!("{}.json", partial(&path).display()));
        assert!(mark.contains(&format!("\"length\": {known}")), "{mark}");
    }
}

#[test]
fn a_rest_of_which_nothing_comes_leaves_the_partial() {
    let answer = rest(TAGGED, "bytes 4-9/10", "whole!");
    let (_folder, path, done, _) = cut_then(TAGGED, answer.trim_end_matches("whole!"));
    assert_eq!(*done.fault(), Fault::Short { got: 0, length: 6 });
    assert_eq!((read(&path).as_str(), read(partial(&path)).as_str()), ("old", "half"));
}

#[test]
fn without_a_mark_nobody_is_asked() {
    for fields in [
        "",
        "ETag: W/\"one\"\r\n",
        "ETag: one\r\n",
        "Last-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\n",
        "Last-Modified: Tue, 24 Nov 2026 10:00:00 GMT\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\n",
        "ETag: \"one\"\r\nContent-Encoding: sdch\r\n",
    ] {
        let (_folder, path) = old_page();
        let server = Server::answering([half(fields)]);
        let url = server.url("/");
        fetch_with(&url, to(&path, true)).failure();
        // Nobody listens any more.
        server.requests();
        let done = fetch_with(&url, resuming(&path));
        assert_eq!(*done.fault(), Fault::Resume(ResumeFault::NoMark), "{fields}");
        assert_eq!(read(partial(&path)), "half");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anybody_is_asked() {
    let (_folder, path) = old_page();
    let server = Server::answering([half(TAGGED)]);
    let url = server.url("/a");
    fetch_with(&url, to(&path, true)).failure();
    let other = server.url("/b");
    server.requests();
    assert_eq!(*fetch_with(&other, resuming(&path)).fault(), Fault::Resume(ResumeFault::OtherUrl(url.clone())));
    let range = Field { name: "range".to_owned(), value: Some("bytes=0-1".to_owned()) };
    let requests = [
        Request { method: "POST".to_owned(), ..Request::get(&url) },
        Request { fields: vec![range], ..Request::get(&url) },
    ];
    for request in requests {
        let done = Done::of(&Fetch::start(request, resuming(&path), &recorder(), Waker::none()));
        assert_eq!(*done.fault(), Fault::Resume(ResumeFault::NotPlain));
    }
    // Another fetch has it.
    let held = fs::File::open(partial(&path)).expect("partial");
    held.lock().expect("locked");
    let server = Server::answering([rest(TAGGED, "bytes 4-9/10", "whole!")]);
    let mark = format!("{}.json", partial(&path).display());
    fs::write(&mark, read(&mark).replace(&url, &server.url("/a"))).expect("written");
    assert_eq!(*fetch_with(&server.url("/a"), resuming(&path)).fault(), Fault::Resume(ResumeFault::Busy));
    assert_eq!(read(partial(&path)), "half");
}

#[test]
fn with_nothing_to_go_on_with_it_is_fetched_from_its_start() {
    let (folder, path) = old_page();
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"]);
    assert_eq!(fetch_with(&server.url("/"), resuming(&path)).bytes(), b"new");
    assert_eq!((read(&path).as_str(), names(&folder)), ("new", vec!["page".to_owned()]));
    assert!(!server.requests()[0].contains("Range"));
}

#[test]
fn another_partial_has_no_mark_of_the_one_before() {
    let (folder, path) = old_page();
    let server = Server::answering([half(TAGGED), half(""), half(TAGGED)]);
    let has_mark = || names(&folder).contains(&"page.partial.json".to_owned());
    fetch_with(&server.url("/"), to(&path, true)).failure();
    assert!(has_mark());
    fetch_with(&server.url("/"), to(&path, true)).failure();
    assert!(!has_mark());
    fetch_with(&server.url("/"), to(&path, true)).failure().1.expect("a partial").save_partial(&path).expect("saved");
    assert!(!has_mark());
}
