//! What was delivered: every number of it, and whether that was all; and what comes after the last chunk.

use super::fetch;
use super::server::Server;
use socketscope::net::fetch::{Delivery, Fetch, Options};
use socketscope::net::report::Waker;

/// The delivery of this answer.
fn delivery(answer: &[u8]) -> Option<Delivery> {
    let server = Server::answering([answer]);
    let fetch = Fetch::start(&server.url("/"), Options::default(), &super::recorder(), Waker::none());
    assert!(fetch.inbox().wait_end(super::PATIENCE));
    fetch.view(|view| view.delivery.clone())
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).expect("written");
    gzip.finish().expect("finished")
}

#[test]
fn every_number_is_said_and_nothing_cut_short_is_complete() {
    let all = |declared, on_the_wire, received, decoded, complete| Delivery {
        declared,
        on_the_wire,
        received,
        decoded,
        on_disk: decoded,
        complete,
    };
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = format!("{ok}Transfer-Encoding: chunked\r\n\r\n");
    let cases = [
        (format!("{ok}Content-Length: 4\r\n\r\nbody"), all(Some(4), 4, 4, 4, true)),
        (format!("{ok}Content-Length: 4\r\n\r\nbodymore"), all(Some(4), 4, 4, 4, true)),
        (format!("{ok}Content-Length: 9\r\n\r\nbody"), all(Some(9), 4, 4, 4, false)),
        (format!("{ok}\r\nbody"), all(None, 4, 4, 4, true)),
        (format!("{chunked}4\r\nbody\r\n0\r\n\r\n"), all(None, 14, 4, 4, true)),
        (format!("{chunked}4\r\nbody\r\n0\r\nA: b\r\n\r\n"), all(None, 20, 4, 4, true)),
        (format!("{chunked}4\r\nbody\r\n"), all(None, 9, 4, 4, false)),
        (format!("{ok}Content-Length: 0\r\n\r\n"), all(Some(0), 0, 0, 0, true)),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), all(Some(0), 0, 0, 0, true)),
    ];
    for (answer, expected) in cases {
        assert_eq!(delivery(answer.as_bytes()), Some(expected), "{answer:?}");
    }
    // No body, nothing delivered.
    assert_eq!(delivery(format!("{ok}Content-Length: x\r\n\r\nbody").as_bytes()), None);
}

#[test]
fn what_comes_compressed_is_counted_before_and_after() {
    let zipped = gzipped(&[b'a'; 1_000]);
    let n = zipped.len() as u64;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {n}\r\n\r\n");
    let whole = delivery(&[head.as_bytes(), &zipped].concat()).expect("delivered");
    let expected =
        Delivery { declared: Some(n), on_the_wire: n, received: n, decoded: 1_000, on_disk: 1_000, complete: true };
    assert_eq!(whole, expected);
    // All that was declared came, but the stream in it is cut.
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", n - 8);
    let cut = delivery(&[head.as_bytes(), &zipped[..zipped.len() - 8]].concat()).expect("delivered");
    assert_eq!((cut.declared, cut.received, cut.complete), (Some(n - 8), n - 8, false));
}

#[test]
fn a_trailer_is_kept_as_it_came() {
    let server = Server::answering([
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nx-sum:2\r\nFolded: a\r\n  b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nno field at all\r\n\r\n",
    ]);
    let done = fetch(&server.url("/"));
    let trailers: Vec<_> = done.last().trailers.iter().map(|one| (one.name.as_str(), &one.value[..])).collect();
    assert_eq!(trailers, [("X-Sum", &b"1"[..]), ("x-sum", b"2"), ("Folded", b"a b")]);
    assert_eq!(done.bytes(), b"x");
    let odd = fetch(&server.url("/"));
    assert!(odd.last().trailers.is_empty());
    assert!(odd.last().notes.iter().any(|note| note.contains("after the last chunk")), "{:?}", odd.last().notes);
    assert_eq!(odd.bytes(), b"x");
}

#[test]
fn a_body_that_was_unpacked_is_kept_as_it_was_transferred_too() {
    let packed = gzipped(&b"Hello, Michael! ".repeat(50_000));
    let (begin, end) = packed.split_at(packed.len() / 2);
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let whole = [head.clone(), chunk(begin), chunk(end), b"0\r\n\r\n".to_vec()].concat();
    let cut = [head, chunk(begin)].concat();
    let keeping = || Options { keep_transferred: true, ..Options::default() };
    for (answer, complete, kept) in [(&whole, true, &packed[..]), (&cut, false, begin)] {
        let server = Server::answering([answer]);
        let done = super::fetch_with(&server.url("/page.html"), keeping());
        let body = done.outcome.body().expect("body");
        let transferred = body.transferred().expect("kept");
        assert_eq!(transferred.read_at(0, 1 << 20).expect("bytes"), kept);
        assert_eq!((transferred.suggested_name(), transferred.is_complete()), ("page.html.gz", complete));
        assert_eq!(body.suggested_name(), "page.html");
    }
    // Not asked for, not packed, or not unpacked: there is one body.
    let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody".to_vec();
    let as_it_came = || Options { transferred: true, ..keeping() };
    for (answer, options) in [(&whole, Options::default()), (&plain, keeping()), (&whole, as_it_came())] {
        let server = Server::answering([answer]);
        let done = super::fetch_with(&server.url("/"), options);
        assert!(done.outcome.body().expect("body").transferred().is_none());
    }
}
