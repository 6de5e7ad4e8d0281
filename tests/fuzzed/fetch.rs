//! Fetches over the loopback whatever the bytes of `data` make a server say: heads, framing, codings, redirects and
//! preliminary answers, whole, cut and mutated. Checks what must always hold, and by rules of its own what may be called
//! complete. The fuzzer drives this, and `cargo test` with some inputs of its own.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use crossbeam_channel::{Receiver, Sender, bounded};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use socketscope::net::Cause;
use socketscope::net::fetch::{Bound, Fault, Fetch, Head, Options, Outcome, Parts, Proxy, View};
use socketscope::net::report::Waker;
use socketscope::recording::{Direction, Recorder};

/// Longer than any fetch takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server may be silent that holds a connection before all is said: each costs as much. On a busy machine another
/// one may be silent for longer, so what is whole need not have come then.
const SILENCE: Duration = Duration::from_millis(60);
const REDIRECTS: u32 = 3;
/// One more than are asked for: all that the channels hold.
const MOST_ANSWERS: usize = 5;
const BUDGET: u64 = 64 << 10;
const BOUND: Bound = Bound { size: 64 << 10, ratio: 20 };
/// What may come out beyond the bound before it is noticed: the buffers of the decoders.
const SLACK: u64 = 1 << 20;

/// How a server leaves a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
    /// It waits for the other side.
    Hold,
}

/// What is said to one request.
#[derive(Clone)]
struct Answer {
    bytes: Vec<u8>,
    /// Where it is cut into writes.
    cuts: usize,
    end: End,
    /// The body that it must come to, where nothing is wrong with it.
    whole: Option<Vec<u8>>,
}

impl std::fmt::Debug for Answer {
    /// To be read by people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} {} bytes: {}",
            self.end,
            self.bytes.len(),
            self.bytes[..self.bytes.len().min(2_000)].escape_ascii()
        )
    }
}

/// Goes as far as `data` reaches.
pub fn drive(data: &[u8]) {
    // Too little input is no mistake.
    _ = fetch(&mut Unstructured::new(data));
}

/// One server for all inputs: it is told what to say, and one fetch at a time talks with it.
struct Server {
    port: u16,
    answers: Sender<Answer>,
    left: Receiver<Answer>,
    said: Receiver<Answer>,
}

fn server() -> &'static Mutex<Server> {
    static SERVER: OnceLock<Mutex<Server>> = OnceLock::new();
    SERVER.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let port = listener.local_addr().expect("address").port();
        let ((answers, left), (saying, said)) = (bounded::<Answer>(MOST_ANSWERS), bounded(MOST_ANSWERS));
        let next = left.clone();
        let serve = move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                // Whoever asks once more is told nothing.
                if let Ok(answer) = next.try_recv() {
                    _ = saying.send(answer.clone());
                    // What a client breaks off is not the server's to judge.
                    _ = say(stream, &answer);
                }
            }
        };
        std::thread::Builder::new().name("server".into()).spawn(serve).expect("thread");
        Mutex::new(Server { port, answers, left, said })
    })
}

impl Server {
    /// Waits until all who have asked so far were told something or nothing, and forgets what.
    fn settle(&self) {
        let forget = || while self.left.try_recv().is_ok() || self.said.try_recv().is_ok() {};
        forget();
        // One comes after the other.
        let mut last = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        last.set_read_timeout(Some(PATIENCE)).expect("set");
        assert_eq!(last.read_to_end(&mut Vec::new()).expect("it hangs"), 0);
        forget();
    }
}

fn say(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    for piece in answer.bytes.chunks(answer.bytes.len() / (answer.cuts + 1) + 1) {
        stream.write_all(piece)?;
    }
    match answer.end {
        End::Reset => return socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)),
        End::Close => stream.shutdown(Shutdown::Write)?,
        End::Hold => {}
    }
    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
}

fn fetch(input: &mut Unstructured<'_>) -> Result<()> {
    let server = server().lock().unwrap_or_else(PoisonError::into_inner);
    server.settle();
    let count = input.int_in_range(1..=MOST_ANSWERS)?;
    let answers: Vec<Answer> = (0..count).map(|_| answer(input)).collect::<Result<_>>()?;
    let in_haste = answers.iter().any(|one| one.whole.is_none() && one.end == End::Hold);
    for answer in answers {
        _ = server.answers.send(answer);
    }
    let options = Options {
        silence: if in_haste { SILENCE } else { PATIENCE / 2 },
        head_timeout: if in_haste { Duration::from_secs(2) } else { PATIENCE / 2 },
        max_redirects: REDIRECTS,
        bound: BOUND,
        proxy: Proxy::None,
        stop_at_hops: true,
        ..Options::default()
    };
    let (woken, wakes) = bounded(1);
    let waker = Waker::new(move || _ = woken.try_send(()));
    let own = format!("http://127.0.0.1:{}/", server.port);
    let fetch = Fetch::start(&format!("{own}a"), options, &Recorder::new(BUDGET), waker.clone());
    let mut gone = 0;
    while fetch.view(|view| view.outcome.is_none()) {
        wakes.recv_timeout(PATIENCE).expect("it hangs");
        waker.rearm();
        // No other server is ever asked, whatever a Location has become.
        match fetch.view(|view| view.next.clone().filter(|_| view.hops.len() > gone)) {
            Some(next) if next.starts_with(&own) => {
                gone += 1;
                fetch.go_on();
            }
            Some(_) => fetch.cancel(),
            None => {}
        }
    }
    assert!(fetch.inbox().wait_end(PATIENCE), "it hangs");
    let view = fetch.view(View::clone);
    drop(fetch);
    let said: Vec<Answer> = server.said.try_iter().collect();
    bounded_memory(&view);
    if let Some(last) = said.get(view.hops.len() - 1) {
        is_so(&view, last, in_haste);
    } else {
        assert!(matches!(view.outcome, Some(Outcome::Failed { .. })), "nobody said anything: {said:?}");
    }
    Ok(())
}

/// However much was sent.
fn bounded_memory(view: &View) {
    assert!(view.hops.len() <= REDIRECTS as usize + 1);
    for hop in &view.hops {
        let heads: usize = hop.interim.iter().chain(&hop.head).map(|head| head.raw.len()).sum();
        assert!(hop.interim.len() <= 101 && heads <= 768 << 10, "{heads} bytes of heads");
        assert!(hop.parts.len() <= Parts::MOST + 1);
        assert!(hop.notes.len() < 20 && hop.trailers.len() <= 64 << 10);
        let kept = |way| hop.recording.as_ref().map_or(0..0, |log| log.read(|log| log.stream(way)));
        let kept: u64 = [kept(Direction::In), kept(Direction::Out)].iter().map(|range| range.end - range.start).sum();
        assert!(kept <= 2 * BUDGET, "{kept} bytes of a recording");
    }
}

/// What is claimed of the last answer; `in_haste` if it may not have been waited for.
fn is_so(view: &View, last: &Answer, in_haste: bool) {
    let outcome = view.outcome.as_ref().expect("an outcome");
    if let Outcome::Failed { error, .. } = outcome {
        let line = error.to_string();
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
    let (body, complete) = (outcome.body(), matches!(outcome, Outcome::Complete(_)));
    assert!(body.is_none_or(|body| body.is_complete() == complete));
    let bytes = body.map(|body| body.read_at(0, usize::MAX).expect("bytes"));
    let len = body.map_or(0, |body| body.len());
    assert!(len <= BOUND.size.max(BOUND.ratio * last.bytes.len() as u64) + SLACK, "{len} bytes");
    if let Some(delivery) = &view.delivery {
        assert_eq!(delivery.complete, complete, "{delivery:?}");
        assert!(delivery.received <= delivery.on_the_wire, "{delivery:?}");
        assert!(!complete || delivery.declared.is_none_or(|declared| declared == delivery.received), "{delivery:?}");
    }
    let head = view.hops.last().and_then(|hop| hop.head.as_ref());
    if complete {
        let head = head.expect("what is complete has a head");
        let Some(wire) = framed(head, last) else { panic!("that is not complete: {last:?}") };
        if !is_coded(head) {
            assert_eq!(bytes.as_ref(), Some(&wire), "{last:?}");
        }
    }
    if let Some(whole) = last.whole.as_ref().filter(|_| !(in_haste && is_late(outcome))) {
        assert!(complete, "it was complete: {outcome:?}, {last:?}");
        assert_eq!(bytes.as_ref(), Some(whole), "{last:?}");
    }
}

fn is_late(outcome: &Outcome) -> bool {
    use Fault::{HeadSlow, HeadStalled, Stalled};
    let Outcome::Failed { error, .. } = outcome else { return false };
    matches!(error.cause, Cause::TimedOut(_) | Cause::Fetch(HeadSlow(_) | HeadStalled { .. } | Stalled { .. }))
}

fn is_coded(head: &Head) -> bool {
    let names: Vec<u8> = ["content-encoding", "transfer-encoding"]
        .iter()
        .flat_map(|name| head.values(name))
        .flatten()
        .copied()
        .collect();
    let names = String::from_utf8_lossy(&names).to_ascii_lowercase();
    ["gzip", "br", "deflate", "zstd"].iter().any(|coding| names.contains(coding))
}

/// The body that came without its framing, if all of it came: simple, and by the letter of RFC 9112 §6.3.
fn framed(head: &Head, answer: &Answer) -> Option<Vec<u8>> {
    let at = answer.bytes.windows(head.raw.len()).position(|window| window == head.raw)?;
    let body = &answer.bytes[at + head.raw.len()..];
    if matches!(head.status, 204 | 304) {
        return Some(Vec::new());
    }
    let coded = |value: &[u8]| String::from_utf8_lossy(value).to_ascii_lowercase().contains("chunked");
    if head.values("transfer-encoding").any(coded) {
        return chunks(body);
    }
    let has_transfer = head.values("transfer-encoding").any(|value| {
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        value.split(',').any(|one| !matches!(one.trim(), "" | "identity"))
    });
    let length = head.values("content-length").next().filter(|_| !has_transfer);
    match length {
        Some(value) => {
            let text = String::from_utf8_lossy(value);
            let length: usize = text.split(',').next()?.trim().parse().ok()?;
            body.get(..length).map(<[u8]>::to_vec)
        }
        // Only the end of the connection ends it.
        None => (answer.end == End::Close).then(|| body.to_vec()),
    }
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let line = |rest: &mut &[u8]| -> Option<Vec<u8>> {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]).to_vec();
        *rest = &rest[end + 1..];
        Some(line)
    };
    loop {
        let size = line(&mut rest)?;
        let digits: Vec<u8> = size.iter().copied().take_while(u8::is_ascii_hexdigit).collect();
        let size = usize::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
        if size == 0 {
            while !line(&mut rest)?.is_empty() {}
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = &rest[size..];
        line(&mut rest).filter(Vec::is_empty)?;
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).expect("memory takes all");
    to.finish().expect("memory takes all")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).expect("memory takes all");
    to.finish().expect("memory takes all")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut to = Vec::new();
    brotli::CompressorWriter::new(&mut to, 1_024, 3, 18).write_all(bytes).expect("memory takes all");
    to
}

/// Fields that say nothing about the body.
const FIELDS: [&str; 12] = [
    "Server: x",
    "server :\ty ",
    "X-Folded: a\r\n b",
    "Content-Type: text/html; charset=utf-8",
    "Content-Type: application/octet-stream; charset=nonsense",
    "Content-Disposition: attachment; filename*=UTF-8''..%2F%00CON",
    "Content-Disposition: attachment; filename=\"../../x\"; filename*=iso-8859-1'en'%A3",
    "Set-Cookie: a=b; Path=/; Max-Age=1",
    "Set-Cookie: =; Domain=..; Expires=never",
    "Connection: keep-alive, close",
    "ETag: W/\"x\"",
    "X: \u{80}\u{202e}\u{1b}[2J",
];
/// Fields that may be about the body, or wrong.
const ODD: [&str; 20] = [
    "Content-Length: 3",
    "Content-Length: 3, 3",
    "Content-Length: -1",
    "Content-Length:",
    "Content-Length: 99999999999999999999",
    "Content-Length: 18446744073709551615",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: identity",
    "Content-Encoding: gzip",
    "Content-Encoding: br, gzip",
    "Content-Encoding: deflate",
    "Content-Encoding: zstd",
    "Content-Encoding: sdch",
    "Content-Range: bytes 0-2/3",
    "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\"",
    "no colon",
    ": no name",
    " folded from nothing",
];
const STATUS: [&str; 14] = [
    "200 OK",
    "200",
    "204 None",
    "206 Part",
    "304 Same",
    "401 Who",
    "404 No",
    "416 Range",
    "500 Oh",
    "999 Far",
    "99 Odd",
    "101 Switch",
    "000",
    "2x0",
];

fn body(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = if input.ratio(1, 12)? { 200_000 } else { input.int_in_range(0..=60)? };
    if input.arbitrary()? {
        return Ok(b"0123456789abcdef".iter().copied().cycle().take(len).collect());
    }
    let len = len.min(input.len());
    Ok(input.bytes(len)?.to_vec())
}

/// One answer: mostly as it should be, then perhaps not.
fn answer(input: &mut Unstructured<'_>) -> Result<Answer> {
    let mut whole = true;
    let mut bytes = Vec::new();
    for _ in 0..if input.ratio(1, 6)? { input.int_in_range(1..=120)? } else { 0 } {
        bytes.extend_from_slice(b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n");
        whole &= bytes.len() < 3_000;
    }
    if input.ratio(1, 3)? {
        let location =
            input.choose(&["/b", "b?c d#e", "//127.0.0.1:1/", "ftp://x/", "http://[", "", "\u{fc}/../..", "/a@b"])?;
        let status = input.choose(&["301", "302", "303", "307", "308", "300"])?;
        bytes.extend_from_slice(
            format!("HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
        );
        return ended(input, bytes, None);
    }
    let status = if input.arbitrary()? { "200 OK" } else { *input.choose(&STATUS)? };
    let plain = body(input)?;
    whole &= status.starts_with("200") || status.starts_with("404") || status.starts_with("500");
    let (coding, coded) = match input.int_in_range(0..=7)? {
        0 => ("Content-Encoding: gzip\r\n", gzip(&plain)),
        1 => ("Content-Encoding: br\r\n", brotli(&plain)),
        2 => ("Content-Encoding: gzip, br\r\n", brotli(&gzip(&plain))),
        3 => ("Content-Encoding: deflate\r\n", zlib(&plain)),
        4 => ("Content-Encoding: ZSTD\r\n", compress_to_vec(&plain[..], CompressionLevel::Fastest)),
        _ => ("", plain.clone()),
    };
    // What is a bomb is no whole.
    whole &= plain.len() as u64 <= BOUND.size || (plain.len() as u64) < BOUND.ratio * coded.len() as u64;
    let version = input.choose(&["1.1", "1.0"])?;
    bytes.extend_from_slice(format!("HTTP/{version} {status}\r\n{coding}").as_bytes());
    for _ in 0..input.int_in_range(0..=3)? {
        bytes.extend_from_slice(format!("{}\r\n", input.choose(&FIELDS)?).as_bytes());
    }
    if input.ratio(1, 4)? {
        whole = false;
        bytes.extend_from_slice(format!("{}\r\n", input.choose(&ODD)?).as_bytes());
    }
    let framing = input.int_in_range(0..=2)?;
    match framing {
        0 => bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", coded.len()).as_bytes()),
        1 => {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in coded.chunks(input.int_in_range(1..=5_000)?.max(coded.len() / 50 + 1)) {
                let extension = input.choose(&["", ";a=b", " ", ";\""])?;
                bytes.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            let trailer = input.choose(&["", "A: b\r\n", "A: b\r\n c\r\nD:\r\n"])?;
            bytes.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
        }
        _ => bytes.extend_from_slice(b"\r\n"),
    }
    if framing != 1 {
        bytes.extend_from_slice(&coded);
    }
    let whole = whole.then_some(plain);
    ended(input, bytes, whole.filter(|_| framing != 2)).map(|mut answer| {
        // Without framing only a close makes it whole: that is for `framed` to say.
        answer.whole = answer.whole.filter(|_| answer.end != End::Reset);
        answer
    })
}

/// Mutated, cut, and left in some way.
fn ended(input: &mut Unstructured<'_>, mut bytes: Vec<u8>, mut whole: Option<Vec<u8>>) -> Result<Answer> {
    if input.ratio(1, 3)? {
        whole = None;
        for _ in 0..input.int_in_range(1..=4)? {
            if bytes.is_empty() {
                break;
            }
            // Mostly in what comes first: the head.
            let most = if input.arbitrary()? { bytes.len() } else { bytes.len().min(120) };
            let at = input.choose_index(most)?;
            match input.int_in_range(0..=5)? {
                0 => bytes[at] = input.arbitrary()?,
                1 => bytes[at] ^= 1 << input.int_in_range(0..=7)?,
                2 => _ = bytes.remove(at),
                3 => bytes.insert(at, *input.choose(b"\r\n\0:;, 0fF\x1b\xff")?),
                4 => bytes.truncate(at),
                _ => {
                    let end = (at + input.int_in_range(1..=40)?).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    let times = if input.ratio(1, 10)? { 10_000 } else { 1 };
                    let again = again.iter().copied().cycle().take(again.len() * times);
                    bytes.splice(at..at, again);
                }
            }
        }
    }
    let end = match input.int_in_range(0..=15)? {
        0 => End::Hold,
        1 => End::Reset,
        _ => End::Close,
    };
    Ok(Answer { bytes, cuts: input.int_in_range(0..=3)?, end, whole })
}
