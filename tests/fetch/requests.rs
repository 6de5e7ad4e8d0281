//! What is asked for, as it crosses the wire.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use proptest::prelude::*;
use socketscope::net::fetch::{Content, Fault, Fetch, Field, FormPart, Options, PartKind, Payload, Request};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Operation};
use socketscope::recording::Direction;

use super::server::{Script, Server, answer_then, close, hold, read_head, reset, tell};
use super::{Done, ask, recorder};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const TOO_LARGE: &str = "HTTP/1.1 413 No\r\nContent-Length: 9\r\n\r\ntoo large";
/// More than the buffers of both ends hold.
const HUGE: usize = 32 << 20;

fn field(name: &str, value: &str) -> Field {
    Field { name: name.to_owned(), value: Some(value.to_owned()) }
}

fn put(url: &str, len: usize) -> Request {
    let payload = Payload::Bytes { media_type: String::new(), bytes: vec![b'x'; len] };
    Request { method: "PUT".to_owned(), payload, ..Request::get(url) }
}

/// Reads the head alone, answers, and goes on with `then`.
fn answer_early(bytes: &'static str, then: fn(std::net::TcpStream) -> io::Result<()>) -> Script {
    Box::new(move |mut stream| {
        tell(read_head(&mut stream)?);
        stream.write_all(bytes.as_bytes())?;
        then(stream)
    })
}

#[test]
fn a_request_is_sent_as_typed() {
    let server = Server::answering([OK]);
    let request = Request {
        method: "PrOpFind".to_owned(),
        fields: vec![
            field("X-Two", "1"),
            field("user-agent", "me"),
            field("x-two", " 2"),
            Field { name: "Accept".to_owned(), value: None },
        ],
        ..Request::get(&server.url("/a?b#c"))
    };
    let done = ask(request);
    assert_eq!((done.bytes(), done.last().method.as_str()), (b"ok".to_vec(), "PrOpFind"));
    let port = server.port;
    let expected = format!(
        "PrOpFind /a?b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nuser-agent: me\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nX-Two: 1\r\nx-two:  2\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(server.requests(), [expected]);
}

#[test]
fn what_cannot_be_sent_bothers_no_server() {
    let none = "http://127.0.0.1:9/";
    let request = |method: &str| Request { method: method.to_owned(), ..Request::get(none) };
    let done = ask(request("GET\r\n"));
    assert_eq!((done.fault(), done.failure().0.operation), (&Fault::BadMethod, Operation::Understand));
    assert!(done.hops[0].tries.is_empty());
    assert_eq!(ask(request("CONNECT")).fault(), &Fault::ConnectMethod);
    assert_eq!(ask(Request { fields: vec![field("X", "a\nb")], ..request("GET") }).fault(), &Fault::BadFieldValue);
    let payload = Payload::File { media_type: String::new(), path: "/nowhere/at/all".into() };
    let done = ask(Request { payload, ..request("PUT") });
    assert!(matches!(done.failure().0.cause, Cause::NoFile), "{}", done.failure().0);
    assert!(done.hops[0].tries.is_empty());
}

#[test]
fn the_answer_to_head_has_no_body_whatever_it_says() {
    for fields in ["Content-Length: 100", "Transfer-Encoding: chunked", "Content-Encoding: gzip"] {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
        let server = Server::new(vec![answer_then(head.as_bytes(), hold)]);
        let done = ask(Request { method: "HEAD".to_owned(), ..Request::get(&server.url("/")) });
        assert_eq!(done.bytes(), b"", "{fields}");
        assert!(server.requests()[0].starts_with("HEAD / HTTP/1.1\r\n"));
    }
}

#[test]
fn a_part_that_was_asked_for_is_the_answer() {
    let part = "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab";
    let server = Server::answering([part]);
    let done = ask(Request { fields: vec![field("range", "bytes=0-1")], ..Request::get(&server.url("/")) });
    assert_eq!(done.bytes(), b"ab");
    assert!(server.requests()[0].contains("\r\nAccept-Encoding: identity\r\n"));
}

#[test]
fn bodies_have_their_length_and_their_type() {
    let file = tempfile::Builder::new().suffix(".json").tempfile().expect("file");
    std::fs::write(file.path(), "{}").expect("written");
    let bytes = |media_type: &str| Payload::Bytes { media_type: media_type.to_owned(), bytes: b"ab".to_vec() };
    let form = Payload::Form(vec![("a b".to_owned(), "1&2".to_owned())]);
    let of_file = Payload::File { media_type: String::new(), path: file.path().to_owned() };
    for (payload, fields, expected) in [
        (bytes("text/plain"), vec![], "Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"),
        (
            bytes("text/plain"),
            vec![field("content-type", "x/y")],
            "content-type: x/y\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
        ),
        (bytes(""), vec![], "zstd\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"),
        (
            form,
            vec![],
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\nConnection: close\r\n\r\na+b=1%262",
        ),
        (of_file, vec![], "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"),
        (Payload::None, vec![], "zstd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ] {
        let server = Server::answering([OK]);
        let request = Request { method: "POST".to_owned(), payload, fields, ..Request::get(&server.url("/")) };
        assert_eq!(ask(request).bytes(), b"ok");
        let sent = server.requests().remove(0);
        assert!(sent.ends_with(expected), "{sent}");
    }
}

#[test]
fn a_form_with_files_is_sent_in_parts_of_known_length() {
    const SIZE: usize = 1 << 20;
    let file = tempfile::Builder::new().suffix(".png").tempfile().expect("file");
    std::fs::write(file.path(), vec![b'x'; SIZE]).expect("written");
    let named = FormPart { file_name: Some("a\"b.png".into()), ..FormPart::file("f", file.path().into()) };
    let as_text = FormPart { file_name: None, ..FormPart::file("t", file.path().into()) };
    let payload = Payload::Multipart(vec![FormPart::text("a b", "ü&="), named, as_text]);
    let server = Server::answering([OK]);
    let fields = vec![field("content-type", "multipart/form-data")];
    let request = Request { method: "POST".to_owned(), payload, fields, ..Request::get(&server.url("/")) };
    assert_eq!(ask(request).bytes(), b"ok");
    let sent = server.requests().remove(0);
    let (head, body) = sent.split_once("\r\n\r\n").expect("a head");
    let (_, boundary) = head.split_once("Content-Type: multipart/form-data; boundary=").expect("the boundary");
    let boundary = boundary.lines().next().expect("a line");
    assert!(!head.contains("content-type"), "said once: {head}");
    let x = "x".repeat(SIZE);
    let whole = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a b\"\r\n\r\nü&=\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a%22b.png\"\r\n\
         Content-Type: image/png\r\n\r\n{x}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{x}\r\n--{boundary}--\r\n"
    );
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", whole.len())), "{head}");
    assert!(body == whole, "{} bytes of {}", body.len(), whole.len());
}

#[test]
fn a_typed_boundary_separates_the_parts() {
    let server = Server::answering([OK]);
    let payload = Payload::Multipart(vec![FormPart::text("a", "b")]);
    let fields = vec![field("Content-Type", "multipart/form-data; boundary=\"my own\"")];
    let request = Request { method: "POST".to_owned(), payload, fields, ..Request::get(&server.url("/")) };
    assert_eq!(ask(request).bytes(), b"ok");
    let sent = server.requests().remove(0);
    assert!(sent.contains("\r\nContent-Type: multipart/form-data; boundary=\"my own\"\r\n"), "{sent}");
    assert!(sent.contains("\r\n\r\n--my own\r\n") && sent.ends_with("\r\n\r\nb\r\n--my own--\r\n"), "{sent}");
}

#[test]
fn what_cannot_be_in_a_form_bothers_no_server() {
    let asked = |part: FormPart| {
        ask(Request { payload: Payload::Multipart(vec![part]), ..Request::get("http://127.0.0.1:9/") })
    };
    let done = asked(FormPart { media_type: "a/b\r\nX: y".into(), ..FormPart::text("a", "b") });
    assert_eq!((done.fault(), done.hops[0].tries.len()), (&Fault::BadFieldValue, 0));
    let done = asked(FormPart { content: Content::File("/nowhere/at/all".into()), ..FormPart::text("a", "") });
    assert!(matches!(done.failure().0.cause, Cause::NoFile), "{}", done.failure().0);
}

#[test]
fn a_body_is_a_part_of_its_own_and_is_counted() {
    let server = Server::answering([OK]);
    let fetch = Fetch::start(put(&server.url("/"), 3), Options::default(), &recorder(), Waker::none());
    let done = Done::of(&fetch);
    let hop = done.last();
    let body = hop.parts.get(hop.parts.find(PartKind::RequestBody).expect("the body")).expect("part");
    let head = hop.request.len() as u64;
    assert_eq!((body.direction, body.range), (Direction::Out, head..head + 3));
    assert_eq!((fetch.progress().sent, fetch.progress().to_send), (3, 3));
    let recording = hop.recording.as_ref().expect("recording");
    assert_eq!(recording.read(|log| log.joined(Direction::Out, head..head + 3)), b"xxx");
}

#[test]
fn a_large_file_is_streamed_as_it_is() {
    let file = tempfile::NamedTempFile::new().expect("file");
    let bytes: Vec<u8> = (0..5_000_003u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(file.path(), &bytes).expect("written");
    let (got, body) = bounded(1);
    let server = Server::new(vec![Box::new(move |mut stream| {
        read_head(&mut stream)?;
        let mut all = Vec::new();
        (&mut stream).take(5_000_003).read_to_end(&mut all)?;
        got.send(all).expect("sent");
        stream.write_all(OK.as_bytes())?;
        close(stream)
    })]);
    let payload = Payload::File { media_type: String::new(), path: file.path().to_owned() };
    assert_eq!(ask(Request { method: "PUT".to_owned(), payload, ..Request::get(&server.url("/")) }).bytes(), b"ok");
    assert!(body.recv().expect("body") == bytes);
}

#[test]
fn a_file_that_becomes_shorter_is_said() {
    let file = tempfile::NamedTempFile::new().expect("file");
    file.as_file().set_len(HUGE as u64).expect("set");
    let path = file.path().to_owned();
    let server = Server::new(vec![Box::new(move |mut stream| {
        read_head(&mut stream)?;
        // The rest does not fit into the buffers: it is still being sent.
        file.as_file().set_len(1)?;
        hold(stream)
    })]);
    let payload = Payload::File { media_type: String::new(), path };
    let done = ask(Request { method: "PUT".to_owned(), payload, ..Request::get(&server.url("/")) });
    assert!(matches!(done.fault(), Fault::FileShrank { length, .. } if *length == HUGE as u64), "{:?}", done.fault());
    assert_eq!(done.failure().0.operation, Operation::SendFile);
}

#[test]
fn an_answer_that_comes_before_the_body_is_sent_is_the_answer() {
    for then in [close, reset, hold, |_| Ok(())] {
        let server = Server::new(vec![answer_early(TOO_LARGE, then)]);
        let done = ask(put(&server.url("/"), HUGE));
        assert_eq!(done.last().head.as_ref().map(|head| head.status), Some(413));
        assert_eq!(done.last().notes.len(), 1, "{:?}", done.last().notes);
        assert!(done.last().notes[0].contains("33,554,432"), "{:?}", done.last().notes);
    }
}

#[test]
fn a_refusal_ends_the_sending_while_the_server_reads_nothing() {
    let (over, was_over) = bounded::<()>(1);
    let server = Server::new(vec![Box::new(move |mut stream| {
        read_head(&mut stream)?;
        stream.write_all(TOO_LARGE.as_bytes())?;
        was_over.recv().expect("over");
        Ok(())
    })]);
    // Else the silence would end it too.
    let options = Options { silence: super::PATIENCE * 2, ..Options::default() };
    let done = Done::of(&Fetch::start(put(&server.url("/"), HUGE), options, &recorder(), Waker::none()));
    assert_eq!(done.bytes(), b"too large");
    assert_eq!(done.last().notes.len(), 1, "{:?}", done.last().notes);
    over.send(()).expect("sent");
}

#[test]
fn an_answer_that_is_no_refusal_does_not_end_the_sending() {
    let (got, count) = bounded(1);
    let server = Server::new(vec![Box::new(move |mut stream| {
        read_head(&mut stream)?;
        stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n")?;
        stream.write_all(OK.as_bytes())?;
        got.send(io::copy(&mut (&mut stream).take(HUGE as u64), &mut io::sink())?).expect("sent");
        close(stream)
    })]);
    let done = ask(put(&server.url("/"), HUGE));
    assert_eq!((done.bytes(), done.last().interim.len()), (b"ok".to_vec(), 1));
    assert_eq!(count.recv().expect("count"), HUGE as u64);
    assert!(done.last().notes.is_empty(), "{:?}", done.last().notes);
}

#[test]
fn a_server_that_takes_nothing_and_says_nothing_ends_the_sending() {
    let (over, was_over) = bounded::<()>(1);
    let server = Server::new(vec![Box::new(move |stream| {
        was_over.recv().expect("over");
        drop(stream);
        Ok(())
    })]);
    let options = Options { silence: Duration::from_millis(150), ..Options::default() };
    let done = Done::of(&Fetch::start(put(&server.url("/"), HUGE), options, &recorder(), Waker::none()));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::TimedOut(_)), "{error}");
    assert_eq!(error.operation, Operation::Send);
    over.send(()).expect("sent");
}

#[test]
fn a_body_waits_for_the_server_where_a_person_wants_it_to() {
    let request =
        |server: &Server| Request { fields: vec![field("Expect", "100-Continue")], ..put(&server.url("/"), 3) };
    // Nothing of the body may have come before.
    let continued = |answer: &'static str| -> Script {
        Box::new(move |mut stream| {
            read_head(&mut stream)?;
            stream.set_nonblocking(true)?;
            let early = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            let early = if early.is_ok() { "HTTP/1.1 500 Early\r\n\r\n" } else { answer };
            stream.write_all(early.as_bytes())?;
            let mut body = Vec::new();
            (&mut stream).take(3).read_to_end(&mut body)?;
            tell(body);
            stream.write_all(OK.as_bytes())?;
            close(stream)
        })
    };
    // The second one never says that it goes on: the body comes all the same.
    for (answer, interim) in [("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", 2), ("", 0)] {
        let server = Server::new(vec![continued(answer)]);
        let done = ask(request(&server));
        assert_eq!((done.bytes(), done.last().interim.len()), (b"ok".to_vec(), interim));
        assert_eq!(server.requests(), ["xxx"]);
    }
    let server = Server::new(vec![Box::new(|mut stream| {
        read_head(&mut stream)?;
        stream.write_all(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest)?;
        tell(rest);
        Ok(())
    })]);
    let done = ask(request(&server));
    assert_eq!((done.bytes(), done.last().notes.len()), (b"no".to_vec(), 1));
    assert_eq!(server.requests(), [""]);
}

#[test]
fn a_body_can_be_sent_in_chunks() {
    let server = Server::new(vec![Box::new(|mut stream| {
        let mut all = read_head(&mut stream)?;
        (&mut stream).take(13).read_to_end(&mut all)?;
        tell(all);
        stream.write_all(OK.as_bytes())?;
        close(stream)
    })]);
    let fields = vec![field("transfer-encoding", "chunked")];
    assert_eq!(ask(Request { fields, ..put(&server.url("/"), 3) }).bytes(), b"ok");
    let sent = server.requests().remove(0);
    assert!(sent.ends_with("\r\n\r\n3\r\nxxx\r\n0\r\n\r\n") && !sent.contains("Content-Length"), "{sent}");
}

#[test]
fn over_tls_a_large_body_is_sent_and_a_refusal_is_seen() {
    let identity = super::tls::self_signed();
    let answer = |early: bool| -> Script {
        let config = Arc::clone(&identity);
        Box::new(move |stream| {
            let tls = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
            let mut tls = rustls::StreamOwned::new(tls, stream);
            read_head(&mut tls)?;
            if !early {
                io::copy(&mut (&mut tls).take(HUGE as u64), &mut io::sink())?;
            }
            tls.write_all(if early { TOO_LARGE } else { OK }.as_bytes())?;
            tls.flush()?;
            // What else comes is not understood, but taken.
            hold(tls.sock)
        })
    };
    for (early, expected) in [(false, &b"ok"[..]), (true, b"too large")] {
        let server = Server::new(vec![answer(early)]);
        let options = Options { accept_any_certificate: true, ..Options::default() };
        let url = format!("https://127.0.0.1:{}/", server.port);
        let done = Done::of(&Fetch::start(put(&url, HUGE), options, &recorder(), Waker::none()));
        assert_eq!(done.bytes(), expected);
        // One is about the certificate.
        assert_eq!(done.last().notes.len(), 1 + usize::from(early), "{:?}", done.last().notes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_bytes_are_sent_arrive(bytes in prop::collection::vec(any::<u8>(), 0..3_000), chunked in any::<bool>()) {
        let (got, body) = bounded(1);
        let len = bytes.len();
        let framing = format!("{len:x}\r\n").len() + 2 + 5;
        let on_the_wire = match (chunked, len) { (false, _) => len, (true, 0) => 5, (true, _) => len + framing };
        let server = Server::new(vec![Box::new(move |mut stream| {
            read_head(&mut stream)?;
            let mut all = Vec::new();
            (&mut stream).take(on_the_wire as u64).read_to_end(&mut all)?;
            got.send(all).expect("sent");
            stream.write_all(OK.as_bytes())?;
            close(stream)
        })]);
        let payload = Payload::Bytes { media_type: String::new(), bytes: bytes.clone() };
        let fields = if chunked { vec![field("Transfer-Encoding", "chunked")] } else { Vec::new() };
        let done = ask(Request { method: "POST".to_owned(), payload, fields, ..Request::get(&server.url("/")) });
        prop_assert_eq!(done.bytes(), b"ok");
        let body = body.recv().expect("body");
        let sent = if chunked && len > 0 { &body[framing - 7..body.len() - 7] } else if chunked { &[] } else { &body[..] };
        prop_assert_eq!(sent, &bytes[..]);
    }
}

#[test]
fn a_person_can_end_the_sending() {
    let (over, was_over) = bounded::<()>(1);
    let server = Server::new(vec![Box::new(move |stream| {
        was_over.recv().expect("over");
        drop(stream);
        Ok(())
    })]);
    let options = Options { silence: super::PATIENCE, ..Options::default() };
    let fetch = Fetch::start(put(&server.url("/"), HUGE), options, &recorder(), Waker::none());
    super::wait_until(|| fetch.progress().sent > 0);
    assert_eq!(fetch.progress().to_send, HUGE as u64);
    fetch.cancel();
    assert!(Done::of(&fetch).failure().0.is_cancelled());
    over.send(()).expect("sent");
}

#[test]
fn without_a_body_chunks_still_end() {
    let server = Server::new(vec![Box::new(|mut stream| {
        let mut all = read_head(&mut stream)?;
        (&mut stream).take(5).read_to_end(&mut all)?;
        tell(all);
        stream.write_all(OK.as_bytes())?;
        close(stream)
    })]);
    let fields = vec![field("Transfer-Encoding", "chunked")];
    let request = Request { method: "POST".to_owned(), fields, ..Request::get(&server.url("/")) };
    assert_eq!(ask(request).bytes(), b"ok");
    let sent = server.requests().remove(0);
    assert!(sent.ends_with("\r\n\r\n0\r\n\r\n") && !sent.contains("Content-Length"), "{sent}");
}
