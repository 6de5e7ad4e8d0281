//! Every byte on the wire is a part, and of the right kind.

use std::io::{Read, Write};

use proptest::prelude::*;
use socketscope::net::fetch::PartKind::{self, *};
use socketscope::net::fetch::{Fault, Fetch, Hop, Options, Parts};
use socketscope::net::report::Waker;
use socketscope::recording::Direction;

use super::server::{Server, answer_in_pieces, answer_then, answer_tls, hold, reset};
use super::{Done, fetch, fetch_with, recorder};

/// The parts of one direction with their bytes: in order, without gaps, and over all that was recorded.
fn parts(hop: &Hop, direction: Direction) -> Vec<(PartKind, String)> {
    let bytes = hop.recording.as_ref().expect("recording").joined(direction);
    let mut at = 0;
    let mut named = Vec::new();
    for (index, part) in hop.parts.range(0..hop.parts.len()).into_iter().enumerate() {
        assert_eq!(hop.parts.get(index).as_ref(), Some(&part));
        if part.direction == direction {
            assert_eq!(part.range.start, at);
            assert!(part.range.end > at, "{part:?}");
            at = part.range.end;
            for position in [part.range.start, part.range.end - 1] {
                assert_eq!(hop.parts.at(direction, position), Some(index));
            }
            let text = &bytes[part.range.start as usize..part.range.end as usize];
            named.push((part.kind, String::from_utf8_lossy(text).into_owned()));
        }
    }
    assert_eq!((at, hop.parts.end(direction)), (bytes.len() as u64, bytes.len() as u64));
    assert_eq!(hop.parts.at(direction, at), None);
    named
}

fn received(hop: &Hop) -> Vec<(PartKind, String)> {
    parts(hop, Direction::In)
}

fn fetched(answer: impl AsRef<[u8]>) -> Done {
    fetch(&Server::answering([answer]).url("/"))
}

fn named<const N: usize>(parts: [(PartKind, &str); N]) -> Vec<(PartKind, String)> {
    parts.map(|(kind, text)| (kind, text.to_owned())).into()
}

const STATUS: (PartKind, &str) = (StatusLine { head: 0 }, "HTTP/1.1 200 OK\r\n");
const END: (PartKind, &str) = (HeadEnd { head: 0 }, "\r\n");

fn field(field: usize) -> PartKind {
    Field { head: 0, field }
}

#[test]
fn a_request_is_its_lines_and_a_password_is_one_of_them() {
    let server = Server::answering(["HTTP/1.1 204 No\r\n\r\n"]);
    let done = fetch(&format!("http://user:secret@127.0.0.1:{}/a?b", server.port));
    let hop = done.last();
    let expected = [
        (RequestLine, "GET /a?b HTTP/1.1\r\n".to_owned()),
        (RequestField(0), format!("Host: 127.0.0.1:{}\r\n", server.port)),
        (RequestField(1), format!("User-Agent: socketscope/{}\r\n", env!("CARGO_PKG_VERSION"))),
        (RequestField(2), "Accept: */*\r\n".to_owned()),
        (RequestField(3), "Accept-Encoding: gzip, deflate, br, zstd\r\n".to_owned()),
        (RequestField(4), "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n".to_owned()),
        (RequestField(5), "Connection: close\r\n".to_owned()),
        (RequestEnd, "\r\n".to_owned()),
    ];
    assert_eq!(parts(hop, Direction::Out), expected);
    // The covered request has the same parts.
    let part = hop.parts.get(5).expect("part");
    let covered = &hop.request[part.range.start as usize..part.range.end as usize];
    assert_eq!(covered, b"Authorization: Basic ****************\r\n");
    let head = [(StatusLine { head: 0 }, "HTTP/1.1 204 No\r\n"), END];
    assert_eq!(received(hop), named(head));
    assert!(!format!("{:?}", hop.parts).contains("secret"));
}

#[test]
fn a_request_that_was_broken_off_has_the_parts_that_went() {
    let long = "x".repeat(10 << 20);
    let server = Server::new(vec![Box::new(|mut stream| {
        stream.read_exact(&mut [0; 1_000])?;
        reset(stream)
    })]);
    let done = fetch(&server.url(&format!("/{long}")));
    done.failure();
    let sent = parts(done.last(), Direction::Out);
    assert_eq!(sent.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [RequestLine]);
    assert!((1_000..long.len()).contains(&sent[0].1.len()), "{}", sent[0].1.len());
}

#[test]
fn heads_are_their_lines_whatever_they_look_like() {
    let early = "\r\n\nHTTP/1.1 103 Early\nLink: <x>\n\n";
    let answer =
        format!("HTTP/1.1 100 Continue\r\n\r\n{early}HTTP/1.1 200 OK\r\nA : b\r\n c\r\n\td\r\nB:\nA: e\r\n\r\nbody");
    let done = fetched(answer);
    let hop = done.last();
    let two = |field| Field { head: 2, field };
    assert_eq!(
        received(hop),
        named([
            (StatusLine { head: 0 }, "HTTP/1.1 100 Continue\r\n"),
            (HeadEnd { head: 0 }, "\r\n"),
            (EmptyLines { head: 1 }, "\r\n\n"),
            (StatusLine { head: 1 }, "HTTP/1.1 103 Early\n"),
            (Field { head: 1, field: 0 }, "Link: <x>\n"),
            (HeadEnd { head: 1 }, "\n"),
            (StatusLine { head: 2 }, "HTTP/1.1 200 OK\r\n"),
            (two(0), "A : b\r\n c\r\n\td\r\n"),
            (two(1), "B:\n"),
            (two(2), "A: e\r\n"),
            (HeadEnd { head: 2 }, "\r\n"),
            (Body, "body"),
        ])
    );
    // From a part to what was understood, and back.
    let value = |kind| hop.header(kind).map(|one| (one.name.as_str(), one.value.as_slice()));
    assert_eq!(value(Field { head: 1, field: 0 }), Some(("Link", &b"<x>"[..])));
    assert_eq!(value(two(0)), Some(("A", &b"b c d"[..])));
    assert_eq!(value(two(2)), Some(("A", &b"e"[..])));
    assert_eq!((value(two(3)), value(Field { head: 3, field: 0 }), value(Body)), (None, None, None));
    let statuses: Vec<_> = (0..4).map(|number| hop.head_number(number).map(|head| head.status)).collect();
    assert_eq!(statuses, [Some(100), Some(103), Some(200), None]);
    let found = hop.parts.find(two(0)).and_then(|index| hop.parts.get(index)).expect("part");
    assert_eq!((found.kind, hop.parts.find(Extra)), (two(0), None));
}

#[test]
fn a_body_without_chunks_is_one_part_however_long() {
    let long = "Hello, Michael! ".repeat(100_000);
    let done = fetched(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{long}", long.len()));
    let length = format!("Content-Length: {}\r\n", long.len());
    assert_eq!(received(done.last()), named([STATUS, (field(0), &length), END, (Body, &long)]));
    let done = fetched(format!("HTTP/1.1 200 OK\r\n\r\n{long}"));
    assert_eq!(received(done.last()), named([STATUS, END, (Body, &long)]));
    let done = fetched("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(received(done.last()), named([STATUS, (field(0), "Content-Length: 0\r\n"), END]));
}

const CHUNKED: (PartKind, &str) = (Field { head: 0, field: 0 }, "Transfer-Encoding: chunked\r\n");

#[test]
fn chunks_are_sizes_bytes_ends_and_trailers() {
    let body = "4;a=b\r\nbody\r\nA\n0123456789\n0;end\r\nX: y\r\n z\r\nZ: z\r\n\r\n";
    let expected = named([
        STATUS,
        CHUNKED,
        END,
        (ChunkSize, "4;a=b\r\n"),
        (ChunkData, "body"),
        (ChunkEnd, "\r\n"),
        (ChunkSize, "A\n"),
        (ChunkData, "0123456789"),
        (ChunkEnd, "\n"),
        (ChunkSize, "0;end\r\n"),
        (Trailer(0), "X: y\r\n z\r\n"),
        (Trailer(1), "Z: z\r\n"),
        (BodyEnd, "\r\n"),
    ]);
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let done = fetched(&answer);
    assert_eq!((received(done.last()), done.bytes()), (expected.clone(), b"body0123456789".to_vec()));
    let server = Server::new(vec![answer_tls(super::tls::self_signed(), answer.as_bytes(), true)]);
    let options = Options { accept_any_certificate: true, ..Options::default() };
    let done = fetch_with(&format!("https://localhost:{}/", server.port), options);
    assert_eq!(received(done.last()), expected);
    assert_eq!(parts(done.last(), Direction::Out)[0].1, "GET / HTTP/1.1\r\n");
}

#[test]
fn a_compressed_body_has_the_parts_of_what_came() {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(&b"Hello, Michael!".repeat(1_000)).expect("written");
    let zipped = zip.finish().expect("finished");
    let (one, two) = zipped.split_at(30);
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n";
    let size = |bytes: &[u8]| format!("{:x}\r\n", bytes.len()).into_bytes();
    let answer = [&head[..], &size(one), one, b"\r\n", &size(two), two, b"\r\n0\r\n\r\n"].concat();
    let kinds = |done: &Done| received(done.last()).into_iter().skip(4).map(|(kind, _)| kind).collect::<Vec<_>>();
    let done = fetched(&answer);
    assert_eq!(done.bytes(), b"Hello, Michael!".repeat(1_000));
    let chunk = [ChunkSize, ChunkData, ChunkEnd];
    assert_eq!(kinds(&done), [&chunk[..], &chunk, &[ChunkSize, BodyEnd]].concat());
    let fields = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Encoding: gzip\r\n\r\n", zipped.len());
    assert_eq!(kinds(&fetched([fields.as_bytes(), &zipped].concat())), [Body]);
    // A body that does not unpack is a body, as far as it was looked at.
    let done = fetched("HTTP/1.1 200 OK\r\nContent-Length: 8\r\nContent-Encoding: gzip\r\n\r\nnot gzip");
    assert_eq!((done.fault(), kinds(&done)), (&Fault::BrokenCoding("gzip"), vec![Body]));
}

#[test]
fn a_redirect_has_its_own_parts_and_its_body_is_not_read() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 4\r\n\r\n";
    let server = Server::answering([format!("{moved}here"), "HTTP/1.1 200 OK\r\n\r\nend".to_owned()]);
    let done = fetch(&server.url("/"));
    let lines = [
        (StatusLine { head: 0 }, "HTTP/1.1 302 Found\r\n"),
        (field(0), "Location: /end\r\n"),
        (field(1), "Content-Length: 4\r\n"),
        END,
    ];
    let first = received(&done.hops[0]);
    assert_eq!(first[..4], named(lines));
    // It may have come too late to be seen at all.
    assert!(first[4..].iter().all(|(kind, text)| *kind == Unread && text == "here"), "{first:?}");
    assert_eq!(received(&done.hops[1]), named([STATUS, END, (Body, "end")]));
    let lines: Vec<_> = done.hops.iter().map(|hop| parts(hop, Direction::Out)[0].1.clone()).collect();
    assert_eq!(lines, ["GET / HTTP/1.1\r\n", "GET /end HTTP/1.1\r\n"]);
}

#[test]
fn what_follows_the_end_is_extra() {
    let length = (field(0), "Content-Length: 4\r\n");
    let done = fetched("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore");
    assert_eq!(received(done.last()), named([STATUS, length, END, (Body, "body"), (Extra, "more")]));
    let done = fetched("HTTP/1.1 204 OK\r\nContent-Length: 4\r\n\r\nmore");
    let status = (StatusLine { head: 0 }, "HTTP/1.1 204 OK\r\n");
    assert_eq!(received(done.last()), named([status, length, END, (Extra, "more")]));
    let done = fetched("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore");
    let body = [STATUS, CHUNKED, END, (ChunkSize, "0\r\n"), (BodyEnd, "\r\n"), (Extra, "more")];
    assert_eq!(received(done.last()), named(body));
    // Whole, though it was not asked for.
    let done = fetched("HTTP/1.1 206 Part\r\nContent-Length: 4\r\n\r\nbodymore");
    assert_eq!(received(done.last()).split_off(3), named([(Body, "body"), (Extra, "more")]));
}

#[test]
fn what_is_cut_has_the_parts_that_came() {
    let length = (field(0), "Content-Length: 10\r\n");
    let done = fetched("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    assert_eq!(received(done.last()), named([STATUS, length, END, (Body, "half")]));
    let chunks = "4\r\nhalf\r\n";
    let parts = [STATUS, CHUNKED, END, (ChunkSize, "4\r\n"), (ChunkData, "half"), (ChunkEnd, "\r\n")];
    for (rest, more) in [
        ("", vec![]),
        ("5;x", vec![(ChunkSize, "5;x")]),
        ("5\r\nab", vec![(ChunkSize, "5\r\n"), (ChunkData, "ab")]),
        ("0\r\nA: b\r\nC", vec![(ChunkSize, "0\r\n"), (Trailer(0), "A: b\r\n"), (Trailer(1), "C")]),
        ("zz\r\nhalf\r\n", vec![(Unread, "zz\r\nhalf\r\n")]),
        ("1\r\nabc\r\n", vec![(ChunkSize, "1\r\n"), (ChunkData, "a"), (Unread, "bc\r\n")]),
    ] {
        let done = fetched(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{rest}"));
        done.failure();
        let expected: Vec<_> = parts.into_iter().chain(more).map(|(kind, text)| (kind, text.to_owned())).collect();
        assert_eq!(received(done.last()), expected, "{rest:?}");
    }
}

#[test]
fn what_is_no_answer_is_not_read() {
    for answer in ["Hello, stranger!\n", "HTTP/1.1 200 OK\r\nX: y", "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nbody"] {
        let done = fetched(answer);
        done.failure();
        assert_eq!(received(done.last()), named([(Unread, answer)]));
    }
    let done = fetched("HTTP/1.1 101 Up\r\nA: b\r\n\r\nother");
    let lines = [(StatusLine { head: 0 }, "HTTP/1.1 101 Up\r\n"), (field(0), "A: b\r\n"), END, (Unread, "other")];
    assert_eq!(received(done.last()), named(lines));
    assert_eq!(done.last().header(field(0)).map(|one| one.name.as_str()), Some("A"));
    let done = fetched("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody");
    assert_eq!(received(done.last()), named([STATUS, (field(0), "Content-Length: x\r\n"), END, (Unread, "body")]));
    let done = fetched("");
    assert_eq!((received(done.last()), parts(done.last(), Direction::Out).len()), (vec![], 7));
}

#[test]
fn many_chunks_are_many_parts_but_not_too_many() {
    let chunks = 10_000;
    let body = format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(chunks));
    let done = fetched(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    let hop = done.last();
    let named = received(hop);
    let request = parts(hop, Direction::Out).len();
    assert_eq!((request + named.len(), hop.parts.len()), (Parts::MOST + 1, Parts::MOST + 1));
    assert_eq!(named.last().map(|(kind, _)| *kind), Some(More));
    // Three lines of the head, and the two at the end of the body.
    assert_eq!(hop.parts.unmarked(), (request + 3 + 3 * chunks + 2 - Parts::MOST) as u64);
}

#[test]
fn parts_are_there_while_the_rest_is_waited_for() {
    let server = Server::new(vec![answer_then(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", hold)]);
    let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), Waker::none());
    super::wait_until(|| fetch.progress().received == 4);
    let hop = fetch.view(|view| view.hops[0].clone());
    let length = (field(0), "Content-Length: 10\r\n");
    assert_eq!(received(&hop), named([STATUS, length, END, (Body, "half")]));
    assert_eq!(parts(&hop, Direction::Out).len(), 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_are_the_same_however_they_are_cut(cuts in prop::collection::vec(1usize..30, 1..6)) {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a\r\nbody\r\n0\r\nA: b\r\n\r\n";
        let server = Server::new(vec![answer_in_pieces(answer.to_vec(), cuts)]);
        let expected = named([
            STATUS,
            CHUNKED,
            END,
            (ChunkSize, "4;a\r\n"),
            (ChunkData, "body"),
            (ChunkEnd, "\r\n"),
            (ChunkSize, "0\r\n"),
            (Trailer(0), "A: b\r\n"),
            (BodyEnd, "\r\n"),
        ]);
        prop_assert_eq!(received(fetch(&server.url("/")).last()), expected);
    }
}
