//! What comes back, and that nothing incomplete is called complete.

use std::io::Write;
use std::net::TcpListener;

use proptest::prelude::*;
use socketscope::net::fetch::{Fault, Fetch, Framing, Options, Phase};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Operation};
use socketscope::recording::Direction;

use super::server::{Server, answer_in_pieces, answer_then, hold, read_request, reset};
use super::{Done, fetch, recorder};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).expect("written");
    out.finish().expect("finished")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ::brotli::CompressorWriter::new(&mut out, 4_096, 5, 20).write_all(bytes).expect("written");
    out
}

fn with_length(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn fetched(answer: &[u8]) -> Done {
    fetch(&Server::answering([answer]).url("/"))
}

#[test]
fn an_exchange_is_shown_as_it_went_over_the_socket() {
    let raw = "HTTP/1.1 200 Fine\r\nX-CASE: a\r\nx-case: b\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n";
    let server = Server::answering([format!("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n{raw}body")]);
    let (port, url) = (server.port, server.url("/a/page.txt?b#c"));
    let done = fetch(&url);
    let hop = done.last();
    let request = format!(
        "GET /a/page.txt?b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: socketscope/{}\r\nAccept: */*\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(String::from_utf8_lossy(&hop.request), request);
    assert_eq!(server.requests(), [request.as_str()]);
    assert_eq!(hop.url, url);
    assert_eq!(hop.interim.iter().map(|head| head.status).collect::<Vec<_>>(), [103]);
    let head = hop.head.as_ref().expect("head");
    assert_eq!((head.raw.as_slice(), head.reason.as_slice()), (raw.as_bytes(), &b"Fine"[..]));
    assert_eq!(hop.framing, Some(Framing::Length(4)));
    assert_eq!(hop.ends.expect("ends").peer.port(), port);
    assert_eq!(hop.tries.len(), 1);
    let phases: Vec<_> = hop.phases.iter().map(|(phase, _)| *phase).collect();
    use Phase::*;
    assert_eq!(phases, [Resolving, Connecting, Sending, Waiting, Receiving, Done]);
    let body = done.body();
    assert_eq!((done.bytes(), body.suggested_name(), body.media_type()), (b"body".to_vec(), "page.txt", "text/plain"));
    let recording = hop.recording.as_ref().expect("recording");
    assert_eq!(recording.joined(Direction::Out), request.as_bytes());
    assert!(recording.joined(Direction::In).ends_with(b"\r\n\r\nbody"));
}

#[test]
fn every_framing_and_every_coding_gives_the_body() {
    let text = b"Hello, Michael! ".repeat(5_000);
    let zipped = gzip(&text);
    let chunked = |fields: &str, body: &[u8]| {
        let mut answer = format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for chunk in body.chunks(1_000) {
            answer.extend(format!("{:X}\r\n", chunk.len()).bytes());
            answer.extend(chunk);
            answer.extend(b"\r\n");
        }
        [&answer[..], b"0\r\n\r\n"].concat()
    };
    for (answer, framing, received) in [
        (with_length("", &text), Framing::Length(text.len() as u64), text.len()),
        (chunked("", &text), Framing::Chunked, text.len()),
        ([&b"HTTP/1.0 200 OK\n\n"[..], &text].concat(), Framing::UntilClose, text.len()),
        (chunked("Content-Encoding: GZIP\r\n", &zipped), Framing::Chunked, zipped.len()),
        (with_length("Content-Encoding: br\r\n", &brotli(&text)), Framing::Length(brotli(&text).len() as u64), {
            brotli(&text).len()
        }),
    ] {
        let server = Server::answering([answer]);
        let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), Waker::none());
        let done = Done::of(&fetch);
        assert_eq!(done.last().framing, Some(framing));
        assert_eq!(done.bytes(), text);
        let progress = fetch.progress();
        assert_eq!((progress.received, progress.decoded), (received as u64, text.len() as u64));
    }
    let done = fetched(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
    assert_eq!((done.bytes(), done.last().framing), (vec![], Some(Framing::None)));
    let done = fetched(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    assert_eq!(done.bytes(), b"none");
}

#[test]
fn a_body_that_ends_early_is_an_error_and_what_came_is_a_partial() {
    for (answer, fault) in [
        ("Content-Length: 10\r\n\r\nhalf", Fault::Short { got: 4, length: 10 }),
        ("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", Fault::ChunksCut(4)),
        ("Transfer-Encoding: chunked\r\n\r\n8\r\nhalf", Fault::ChunksCut(4)),
    ] {
        let done = fetched(format!("HTTP/1.1 200 OK\r\n{answer}").as_bytes());
        assert_eq!(done.fault(), &fault);
        let (error, partial) = done.failure();
        assert!(error.to_string().contains("got 4 "), "{error}");
        let partial = partial.expect("partial");
        assert_eq!(partial.read_at(0, 100).expect("bytes"), b"half");
        assert!(!partial.is_complete());
    }
    let zipped = gzip(b"Hello, Michael!");
    let done = fetched(&with_length("Content-Encoding: gzip\r\n", &zipped[..zipped.len() - 3]));
    assert_eq!(done.fault(), &Fault::BrokenCoding("gzip"));
}

#[cfg(unix)]
#[test]
fn a_body_that_the_disk_cannot_hold_is_not_begun() {
    let length = u64::MAX / 2;
    let done = fetched(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nbegin").as_bytes());
    let (error, partial) = done.failure();
    assert!(matches!(done.fault(), Fault::NoRoom { more, .. } if *more == length), "{error}");
    assert!(partial.is_none());
    assert!(error.to_string().contains("free some space or choose another folder"), "{error}");
}

#[test]
fn a_reset_is_never_a_clean_end() {
    // The reset comes only after the client has read what was sent before it.
    for (fields, length) in [("", None), ("Content-Length: 10\r\n", Some(10))] {
        let (read, was_read) = crossbeam_channel::bounded(1);
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}\r\nhalf");
        let server = Server::new(vec![answer_then(answer.as_bytes(), move |stream| {
            was_read.recv().expect("read");
            reset(stream)
        })]);
        let (woken, wakes) = crossbeam_channel::bounded(1);
        let waker = Waker::new(move || _ = woken.try_send(()));
        let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), waker.clone());
        while fetch.progress().received < 4 {
            wakes.recv_timeout(super::PATIENCE).expect("progress");
            waker.rearm();
        }
        read.send(()).expect("sent");
        let done = Done::of(&fetch);
        assert_eq!(done.fault(), &Fault::Broken { got: 4, length });
        assert_eq!(done.failure().1.expect("partial").len(), 4);
    }
}

#[test]
fn what_follows_the_end_is_not_the_body_and_it_is_said() {
    let done = fetched(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore");
    assert_eq!(done.bytes(), b"body");
    assert_eq!(done.last().notes.len(), 1);
    let both = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    let done = fetched(both);
    assert_eq!(done.bytes(), b"body");
    assert!(done.last().notes[0].contains("Content-Length"), "{:?}", done.last().notes);
}

#[test]
fn an_unknown_content_coding_is_kept_as_received_and_it_is_said() {
    let done = fetched(&with_length("Content-Encoding: sdch\r\n", b"(\xb5/\xfd"));
    assert_eq!(done.bytes(), b"(\xb5/\xfd");
    assert!(done.last().notes[0].contains("sdch"));
}

#[test]
fn what_is_no_answer_is_an_error() {
    assert_eq!(fetched(b"").fault(), &Fault::NoAnswer);
    assert_eq!(fetched(b"HTTP/1.1 200 OK\r\nX: y").fault(), &Fault::HeadCut(21));
    let (server, mut addresses) = (Server::answering(["Hello, stranger!\n"]), vec![]);
    let done = fetch(&server.url("/"));
    assert!(matches!(done.fault(), Fault::NotHttp(_)));
    addresses.push(server.port);
    assert!(done.failure().0.to_string().contains(&format!("127.0.0.1:{}", server.port)));
    let done = fetched(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n");
    assert_eq!(done.fault(), &Fault::SwitchingProtocols);
    assert_eq!(
        done.last().head.as_ref().expect("the head is shown").raw,
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"
    );
    let done = fetched(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n");
    assert!(done.failure().0.to_string().contains("\u{201c}X: a\\x00b\u{201d}"), "{}", done.failure().0);
    assert!(matches!(
        fetched(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody").fault(),
        Fault::TwoLengths(_)
    ));
    assert!(matches!(
        fetched(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nbody").fault(),
        Fault::BadTransferCoding(_)
    ));
}

#[test]
fn endless_heads_and_preliminary_answers_are_bounded() {
    let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &vec![b'x'; 300 << 10]].concat();
    assert_eq!(fetched(&endless).fault(), &Fault::HeadTooLarge);
    assert_eq!(fetched("HTTP/1.1 100 Continue\r\n\r\n".repeat(101).as_bytes()).fault(), &Fault::TooManyInterim);
}

#[test]
fn nothing_listening_and_no_such_name_are_said_with_the_address() {
    let port = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    let done = fetch(&format!("localhost:{port}/x"));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::Refused), "{error}");
    assert!(error.to_string().contains(&format!("localhost:{port}")), "{error}");
    assert!(done.last().tries.iter().all(|tried| tried.error.is_some()));
    let done = fetch("http://no-such-host.invalid/");
    assert!(matches!(done.failure().0.cause, Cause::HostNotFound));
    let done = fetch("ftp://user:secret@localhost/");
    assert_eq!(done.fault(), &Fault::OtherScheme("ftp".to_owned()));
    assert!(!format!("{:?}{}", done.hops, done.failure().0).contains("secret"));
}

#[test]
fn a_part_that_was_not_asked_for_is_no_page() {
    let done = fetched(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\nhalf");
    assert_eq!(done.fault(), &Fault::UnaskedPart);
    let partial = done.failure().1.expect("partial");
    assert!(!partial.is_complete());
    assert_eq!(partial.read_at(0, 100).expect("bytes"), b"half");
}

#[test]
fn a_reset_inside_a_head_says_how_much_had_come() {
    let (woken, wakes) = crossbeam_channel::bounded(1);
    let server = Server::new(vec![answer_then(b"HTTP/1.1 200 OK\r\nX: y", move |stream| {
        wakes.recv_timeout(super::PATIENCE).expect("the head has come");
        reset(stream)
    })]);
    let waker = Waker::none();
    let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), waker);
    // The recording has what the client has read: the reset can overtake none of it.
    super::wait_until(|| {
        let recording = fetch.view(|view| view.hops.last().and_then(|hop| hop.recording.clone()));
        recording.is_some_and(|recording| recording.joined(Direction::In).len() == 21)
    });
    woken.send(()).expect("sent");
    assert_eq!(Done::of(&fetch).fault(), &Fault::HeadBroken(21));
}

#[test]
fn localhost_falls_back_to_the_address_that_listens() {
    match TcpListener::bind("[::1]:0") {
        Ok(listener) => {
            let port = listener.local_addr().expect("address").port();
            let thread = std::thread::Builder::new().name("server".into()).spawn(move || {
                let (mut stream, _) = listener.accept().expect("connection");
                read_request(&mut stream).expect("request");
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nsix").expect("sent");
            });
            assert_eq!(fetch(&format!("localhost:{port}")).bytes(), b"six");
            thread.expect("thread").join().expect("the server");
        }
        Err(error) => eprintln!("SKIPPED: no IPv6 loopback here: {error}"),
    }
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
    assert_eq!(fetch(&format!("localhost:{}", server.port)).bytes(), b"ok");
}

#[test]
fn a_panic_of_the_worker_is_an_outcome() {
    let server = Server::new(vec![Box::new(hold)]);
    let waker = Waker::new(|| panic!("on purpose"));
    let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder(), waker);
    let done = Done::of(&fetch);
    let error = done.failure().0;
    assert!(error.operation == Operation::Work && error.to_string().contains("on purpose"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn an_answer_is_the_same_however_it_is_cut(cuts in prop::collection::vec(1usize..40, 1..6)) {
        let zipped = gzip(b"Hello, Michael!");
        let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        answer.extend(format!("{:x}\r\n", zipped.len()).bytes());
        answer.extend(zipped);
        answer.extend(b"\r\n0\r\n\r\n");
        let server = Server::new(vec![answer_in_pieces(answer, cuts)]);
        prop_assert_eq!(fetch(&server.url("/")).bytes(), b"Hello, Michael!");
    }
}
