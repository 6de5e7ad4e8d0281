//! Servers that mean harm, or are broken: each ends in one clear line, in bounded memory, with nothing claimed that is
//! not so. Those that only take long are in `limits`.

use std::io::Write;
use std::time::Duration;

use crossbeam_channel::bounded;
use socketscope::net::fetch::{Bound, Fault, Fetch, HeadPart, Options, Outcome, Parts};
use socketscope::net::report::Waker;
use socketscope::recording::Recorder;

use super::server::{Script, Server, answer, answer_then, close, read_request, reset};
use super::{Done, fetch, fetch_with};

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// What must hold of every failure: one line that names the server and has nothing in it that a terminal obeys.
fn says_one_line(done: &Done, port: u16, what: &str) {
    let (error, partial) = done.failure();
    let line = error.to_string();
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{what}: {line}");
    assert!(line.len() < 1_000 && !line.chars().any(char::is_control), "{what}: {line:?}");
    assert!(partial.is_none_or(|partial| !partial.is_complete()), "{what}");
}

/// A bad line as it is shown.
fn bad(part: HeadPart, line: &str) -> Fault {
    Fault::BadHead { part, line: line.to_owned() }
}

#[test]
fn what_breaks_the_rules_is_said_and_nothing_of_it_is_called_complete() {
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n");
    let fields = |fields: &str| format!("{OK}{fields}\r\n\r\nbody");
    let chunks = |chunks: &str| format!("{chunked}{chunks}");
    let long = "x".repeat(70 << 10);
    let cases: Vec<(String, Fault)> = vec![
        // HTTP/0.9 has no head at all.
        ("<html>Hello</html>".into(), Fault::NotHttp("<html>Hello</html>".into())),
        ("\u{1b}[2J\u{7}".into(), Fault::NotHttp("\\x1b[2J\\x07".into())),
        ("HTTP/1.1 99 Odd\r\n\r\n".into(), bad(HeadPart::Status, "HTTP/1.1 99 Odd")),
        ("HTTP/1.1 099 Odd\r\n\r\n".into(), bad(HeadPart::Status, "HTTP/1.1 099 Odd")),
        ("HTTP/1.1 1000 Odd\r\n\r\n".into(), bad(HeadPart::Status, "HTTP/1.1 1000 Odd")),
        ("HTTP/1.1 -200 OK\r\n\r\n".into(), bad(HeadPart::Status, "HTTP/1.1 -200 OK")),
        ("HTTP/2 200\r\n\r\n".into(), bad(HeadPart::Version, "HTTP/2 200")),
        (fields("X: a\rb"), bad(HeadPart::Value, "X: a\\rb")),
        (fields("X: a\0b"), bad(HeadPart::Value, "X: a\\x00b")),
        (fields("X\0: b"), bad(HeadPart::Name, "X\\x00: b")),
        (fields(": b"), bad(HeadPart::Name, ": b")),
        (fields("Content-Length: 4\r\nContent-Length: 5"), Fault::TwoLengths("4, 5".into())),
        (fields("Content-Length: 4, 5"), Fault::TwoLengths("4, 5".into())),
        (fields("Content-Length: -4"), Fault::NotALength("-4".into())),
        (fields("Content-Length: 0x4"), Fault::NotALength("0x4".into())),
        (fields("Content-Length: 36893488147419103236"), Fault::NotALength("36893488147419103236".into())),
        (fields("Content-Length: 9999999"), Fault::Short { got: 4, length: 9_999_999 }),
        (fields("Transfer-Encoding: chunked, sdch"), Fault::BadTransferCoding("chunked, sdch".into())),
        (chunks("-4\r\nbody\r\n0\r\n\r\n"), Fault::BadChunkSize("-4".into())),
        (chunks("0x4\r\nbody\r\n0\r\n\r\n"), Fault::BadChunkSize("0x4".into())),
        (chunks("5\r\nbody\r\n0\r\n\r\n"), Fault::BadChunkEnd),
        (chunks("3\r\nbody\r\n0\r\n\r\n"), Fault::BadChunkEnd),
        (chunks("10000000000000000\r\nbody"), Fault::HugeChunk("10000000000000000".into())),
        (chunks("ffffffffffffffff\r\nbody"), Fault::ChunksCut(4)),
        (chunks("4\r\nbody\r\n0\r\n"), Fault::ChunksCut(4)),
        (chunks(&format!("4;{long}\r\nbody\r\n0\r\n\r\n")), Fault::ChunkLineTooLong),
        (chunks(&format!("4\r\nbody\r\n0\r\n{}\r\n", "A: b\r\n".repeat(20_000))), Fault::ChunkLineTooLong),
        (chunks(&format!("4\r\nbody\r\n0\r\nA: {long}\r\n\r\n")), Fault::ChunkLineTooLong),
        (chunks("4\r\nbody\r\n0\r\nA: b\0c\r\n\r\n"), bad(HeadPart::Value, "A: b\\x00c")),
        (chunks("4\r\nbody\r\n0\r\nA: b\rc\r\n\r\n"), bad(HeadPart::Value, "A: b\\rc")),
        (format!("{OK}{}\r\n", "A: b\r\n".repeat(1_001)), Fault::TooManyHeaders),
        (format!("{OK}{}\r\n", "Set-Cookie: a=b\r\n".repeat(1_001)), Fault::TooManyHeaders),
        (format!("{OK}{}\r\n", format!("A: {long}\r\n").repeat(4)), Fault::HeadTooLarge),
        ("\r\n".repeat(200 << 10), Fault::HeadTooLarge),
        (format!("HTTP/1.1 103 Hints\r\nA: {long}\r\n\r\n").repeat(5), Fault::TooManyInterim),
        ("HTTP/1.1 100 Continue\r\n\r\n".repeat(200), Fault::TooManyInterim),
    ];
    for (answer, fault) in &cases {
        let what = &answer[..answer.len().min(120)];
        let server = Server::answering([answer]);
        let done = fetch(&server.url("/"));
        assert_eq!(done.fault(), fault, "{what}");
        says_one_line(&done, server.port, what);
        let hop = done.last();
        let kept: usize = hop.interim.iter().chain(&hop.head).map(|head| head.raw.len()).sum();
        assert!(kept <= 768 << 10 && hop.parts.len() <= Parts::MOST + 1, "{what}: {kept}");
    }
}

#[test]
fn what_is_odd_but_has_one_meaning_is_read() {
    for (head, body) in [
        ("Transfer-Encoding: chunked, chunked", "4\r\nbody\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n"),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n"),
    ] {
        let done = fetch(&Server::answering([format!("{OK}{head}\r\n\r\n{body}")]).url("/"));
        assert_eq!(done.bytes(), b"body", "{head}");
        assert_eq!(done.last().notes.len(), 1, "{head}: it is said");
    }
    // Bytes that are no text, in every place where they may be.
    let raw = b"HTTP/1.1 200 \xff\xfe\r\nX: \xc3\x28\xe2\x80\xae\r\nContent-Type: text/plain; charset=\xff\r\n\r\n\xff";
    let done = fetch(&Server::answering([&raw[..]]).url("/"));
    assert_eq!(done.bytes(), b"\xff");
    let head = done.last().head.as_ref().expect("head");
    assert_eq!(
        (head.reason.as_slice(), head.headers[0].value.as_slice()),
        (&b"\xff\xfe"[..], &b"\xc3\x28\xe2\x80\xae"[..])
    );
}

#[test]
fn a_reset_ends_every_phase_and_never_completes_it() {
    // Before the request is read, after it, and so on: what is sent may be lost to the reset, or not.
    let mut scripts: Vec<(Script, &str)> = vec![(Box::new(reset), "at once")];
    for sent in [
        "",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX:",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nA: b\r\n",
    ] {
        scripts.push((answer_then(sent.as_bytes(), reset), sent));
    }
    for (script, what) in scripts {
        let server = Server::new(vec![script]);
        let done = fetch(&server.url("/"));
        says_one_line(&done, server.port, what);
        assert!(done.failure().1.is_none_or(|partial| partial.len() <= 4), "{what}");
    }
}

#[test]
fn a_body_without_an_end_can_be_stopped_and_costs_no_memory() {
    const BUDGET: u64 = 1 << 20;
    let endless = |framing: &'static str, piece: Vec<u8>| {
        let head = format!("{OK}{framing}\r\n");
        let server = Server::new(vec![answer_then(head.as_bytes(), move |mut stream| {
            while stream.write_all(&piece).is_ok() {}
            Ok(())
        })]);
        let recorder = Recorder::new(BUDGET);
        let (woken, wakes) = bounded(1);
        let waker = Waker::new(move || _ = woken.try_send(()));
        let fetch = Fetch::start(&server.url("/"), Options::default(), &recorder, waker.clone());
        while fetch.progress().received < 8 * BUDGET {
            wakes.recv_timeout(super::PATIENCE).expect("progress");
            waker.rearm();
        }
        fetch.cancel();
        let done = Done::of(&fetch);
        assert!(done.failure().0.is_cancelled(), "{framing}");
        assert!(done.failure().1.expect("partial").len() >= 8 * BUDGET, "{framing}");
        let hop = done.last();
        assert!(hop.parts.len() <= Parts::MOST + 1);
        let log = hop.recording.as_ref().expect("recording");
        let kept: u64 = log.read(|log| {
            [socketscope::recording::Direction::In, socketscope::recording::Direction::Out]
                .map(|way| log.stream(way))
                .map(|stream| stream.end - stream.start)
                .iter()
                .sum()
        });
        assert!(kept <= 2 * BUDGET, "{framing}: {kept}");
    };
    endless("", vec![b'x'; 64 << 10]);
    // So small that there are more parts than are kept each by itself.
    endless("Transfer-Encoding: chunked\r\n", [&b"100\r\n"[..], &[b'x'; 0x100], b"\r\n"].concat().repeat(100));
}

#[test]
fn a_body_that_drips_is_not_silent_and_can_be_stopped() {
    let server = Server::new(vec![answer_then(format!("{OK}\r\n").as_bytes(), |mut stream| {
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })]);
    let options = Options { silence: super::PATIENCE, ..Options::default() };
    let fetch = Fetch::start(&server.url("/"), options, &super::recorder(), Waker::none());
    super::wait_until(|| fetch.progress().received >= 3);
    fetch.cancel();
    let done = Done::of(&fetch);
    assert!(done.failure().0.is_cancelled());
    assert!(done.failure().1.is_some_and(|partial| partial.len() >= 3 && !partial.is_complete()));
}

#[test]
fn a_bomb_of_any_coding_is_stopped_by_its_limit() {
    let zeros = vec![0; 10 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).expect("written");
    let gzip = gzip.finish().expect("finished");
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    twice.write_all(&gzip).expect("written");
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4_096, 9, 22).write_all(&zeros).expect("written");
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&zeros).expect("written");
    let deflate = deflate.finish().expect("finished");
    let zstd = ruzstd::encoding::compress_to_vec(&zeros[..], ruzstd::encoding::CompressionLevel::Fastest);
    for (coding, body) in [
        ("deflate", deflate),
        ("zstd", zstd),
        ("gzip", gzip),
        ("br", brotli),
        ("gzip, gzip", twice.finish().expect("finished")),
    ] {
        let head = format!("{OK}Content-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
        let server = Server::answering([[head.as_bytes(), &body].concat()]);
        let bound = Bound { size: 1 << 20, ratio: 50 };
        let done = fetch_with(&server.url("/"), Options { bound, ..Options::default() });
        let Fault::Bomb { to, .. } = done.fault() else { panic!("{coding}: {:?}", done.outcome) };
        assert!((1 << 20..3 << 20).contains(to), "{coding}: {to}");
        says_one_line(&done, server.port, coding);
    }
}

#[test]
fn a_loop_of_redirects_ends_with_every_hop_shown() {
    let to = |path: &str| format!("HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::answering((0..=10).map(|n| to(if n % 2 == 0 { "/b" } else { "/a" })));
    let done = fetch(&server.url("/a"));
    assert_eq!((done.fault(), done.hops.len()), (&Fault::TooManyRedirects(10), 11));
    says_one_line(&done, server.port, "loop");
}

#[test]
fn names_of_a_server_stay_in_their_folder_and_mean_nothing_to_a_system() {
    let (long, wide) = ("n".repeat(300), "%C3%BC".repeat(150));
    let cases = [
        ("../../.bashrc", "bashrc"),
        ("..\\..\\.bashrc", "bashrc"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\x.dll", "x.dll"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a/b%00c", "bc"),
        ("%2e%2e%2f.bashrc", "bashrc"),
        ("%252e%252e%252f.bashrc", "bashrc"),
        ("exe.%E2%80%AEgpj.txt", "exe.gpj.txt"),
        ("%E2%81%A6x%1b[2J.txt", "x[2J.txt"),
        ("x.txt. . ", "x.txt"),
        ("..", "page"),
        ("%00", "page"),
    ];
    let folder = tempfile::tempdir().expect("folder");
    let saved = |fields: &str, path: &str| {
        let server = Server::answering([format!("{OK}{fields}\r\nbody")]);
        let body = fetch(&server.url(path)).body();
        let name = body.suggested_name().to_owned();
        let into = tempfile::tempdir_in(folder.path()).expect("folder");
        let file = body.save_new(into.path()).expect("saved");
        assert_eq!(file.parent(), Some(into.path()), "{name:?}");
        assert_eq!(std::fs::read_dir(into.path()).expect("entries").count(), 1, "{name:?}");
        name
    };
    let decoded = |name: &str| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
    for (name, safe) in cases {
        let extended = format!("Content-Disposition: attachment; filename*=UTF-8''{}\r\n", name.replace(' ', "%20"));
        let from_head = saved(&extended, "/page");
        assert_eq!(from_head, safe, "{name} as filename*");
        if !decoded(name).contains('\0') && !name.contains('\\') {
            let quoted = format!("Content-Disposition: attachment; filename=\"{}\"\r\n", decoded(name));
            let from_head = saved(&quoted, "/page");
            assert!(from_head == safe, "{name} as filename: {from_head:?}");
        }
    }
    for (path, safe) in
        [("/..%2F..%2F.bashrc", "bashrc"), ("/CON", "_CON"), ("/a%2Fb%00c", "bc"), ("/%E2%80%AEgpj.exe", "gpj.exe")]
    {
        assert_eq!(saved("", path), safe, "{path}");
    }
    for name in [&long, &wide] {
        assert!(saved("", &format!("/{name}.txt")).len() <= 200);
        let field = format!("Content-Disposition: attachment; filename*=UTF-8''{name}.tar\r\n");
        let name = saved(&field, "/page");
        assert!(name.len() <= 200 && name.ends_with(".tar"), "{name}");
    }
}

#[test]
fn who_goes_on_after_the_end_of_an_answer_is_not_waited_for() {
    let forever = |mut stream: std::net::TcpStream| {
        while stream.write_all(&[b'x'; 4_096]).is_ok() {}
        Ok(())
    };
    for answer in [
        format!("{OK}Content-Length: 4\r\n\r\nbody"),
        format!("{OK}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"),
        "HTTP/1.1 204 Nothing\r\n\r\n".to_owned(),
    ] {
        let server = Server::new(vec![answer_then(answer.as_bytes(), forever)]);
        let done = fetch(&server.url("/"));
        assert!(matches!(done.outcome, Outcome::Complete(_)), "{answer}: {:?}", done.outcome);
        assert!(done.body().len() <= 4, "{answer}");
    }
}

#[test]
fn an_answer_before_the_request_is_an_answer() {
    // Some speak first, and close without having read.
    let server = Server::new(vec![Box::new(|mut stream| {
        stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")?;
        read_request(&mut stream)?;
        close(stream)
    })]);
    assert_eq!(fetch(&server.url("/")).bytes(), b"busy");
    let server = Server::new(vec![answer(b"HTTP/1.1 503 Busy\r\n\r\n")]);
    assert_eq!(fetch(&server.url("/")).bytes(), b"");
}
