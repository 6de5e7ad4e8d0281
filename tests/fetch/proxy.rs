//! Through proxies: told what they need, trusted with nothing else, and each way to fail in plain words.

use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use socketscope::net::fetch::{Fault, Fetch, Hop, IpVersion, Options, PartKind, Proxy, ProxyFault, Step};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Operation};
use socketscope::recording::{Direction, What};

use super::server::{Script, Server, answer, answer_tls, close, hold, read_request};
use super::{Done, fetch_with, recorder};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
const CONNECTED: &[u8] = b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n";

fn via(url: &str) -> Options {
    Options { proxy: Proxy::Url(url.to_owned()), ..Options::default() }
}

fn refused(done: &Done) -> &ProxyFault {
    match done.fault() {
        Fault::Proxy(fault) => fault,
        other => panic!("{other}"),
    }
}

/// The kinds of the parts of one direction.
fn kinds(hop: &Hop, direction: Direction) -> Vec<PartKind> {
    let all = hop.parts.range(0..hop.parts.len());
    let recorded = hop.recording.as_ref().expect("a recording").joined(direction);
    assert_eq!(hop.parts.end(direction), recorded.len() as u64);
    all.into_iter().filter(|part| part.direction == direction).map(|part| part.kind).collect()
}

/// Reads until the empty line after a CONNECT, and gives it.
fn read_connect(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        text.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Answers a CONNECT with `answer` and goes on as `then`; what was asked comes out beside it.
fn connecting(answer: &'static [u8], then: Script) -> (Script, Receiver<String>) {
    let (asked, was_asked) = bounded(1);
    let script: Script = Box::new(move |mut stream| {
        // Not every test wants to know.
        _ = asked.send(read_connect(&mut stream)?);
        stream.write_all(answer)?;
        then(stream)
    });
    (script, was_asked)
}

#[test]
fn an_http_proxy_is_asked_for_the_whole_url() {
    let server = Server::new(vec![answer(ANSWER)]);
    let proxy = format!("127.0.0.1:{}", server.port);
    let done = fetch_with("http://nowhere.invalid:81/a?b#c", via(&format!("http://us%65r:secret@{proxy}")));
    assert_eq!(done.bytes(), b"body");
    let hop = done.last();
    assert_eq!(hop.proxy, Some(format!("http://{proxy}")));
    assert!(hop.to_proxy.is_empty());
    let steps: Vec<_> = hop.spans.iter().map(|span| span.step).collect();
    assert_eq!(steps, [Step::Tcp, Step::Request, Step::FirstByte, Step::LastByte]);
    let request = &server.requests()[0];
    assert!(
        request.starts_with("GET http://nowhere.invalid:81/a?b HTTP/1.1\r\nHost: nowhere.invalid:81\r\n"),
        "{request}"
    );
    let secret = data_encoding::BASE64.encode(b"user:secret");
    assert!(request.contains(&format!("\r\nProxy-Authorization: Basic {secret}\r\n")), "{request}");
    let shown = String::from_utf8_lossy(&hop.request);
    assert_eq!(shown, request.replace(&secret, &"*".repeat(secret.len())));
}

#[test]
fn https_goes_through_a_tunnel_that_the_proxy_cannot_look_into() {
    let then = answer_tls(super::tls::self_signed(), ANSWER, true);
    let (script, was_asked) = connecting(CONNECTED, then);
    let server = Server::new(vec![script]);
    let proxy = format!("http://user:secret@127.0.0.1:{}", server.port);
    let options = Options { accept_any_certificate: true, ..via(&proxy) };
    let done = fetch_with("https://localhost:4430/a", options);
    assert_eq!(done.bytes(), b"body");
    let secret = data_encoding::BASE64.encode(b"user:secret");
    let asked = was_asked.try_recv().expect("asked");
    let login = format!("Proxy-Authorization: Basic {secret}\r\n");
    assert_eq!(asked, format!("CONNECT localhost:4430 HTTP/1.1\r\nHost: localhost:4430\r\n{login}\r\n"));
    let hop = done.last();
    assert_eq!(String::from_utf8_lossy(&hop.to_proxy), asked.replace(&secret, &"*".repeat(secret.len())));
    let steps: Vec<_> = hop.spans.iter().map(|span| span.step).collect();
    use Step::*;
    assert_eq!(steps, [Tcp, Proxy, Tls, Request, FirstByte, LastByte]);
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /a HTTP/1.1\r\nHost: localhost:4430\r\n"), "{request}");
    assert!(!request.contains("Proxy-"), "{request}");
    let recording = hop.recording.as_ref().expect("a recording");
    assert_eq!(recording.joined(Direction::Out), [asked.as_bytes(), request.as_bytes()].concat());
    assert_eq!(recording.joined(Direction::In), [CONNECTED, ANSWER].concat());
    assert_eq!(kinds(hop, Direction::Out)[..2], [PartKind::ProxyRequest, PartKind::RequestLine]);
    let head = PartKind::StatusLine { head: 0 };
    assert_eq!(kinds(hop, Direction::In)[..2], [PartKind::ProxyAnswer, head]);
}

#[test]
fn what_a_proxy_has_against_it_is_said() {
    let asked = |answer: &'static [u8], then: Script| {
        let server = Server::new(vec![connecting(answer, then).0]);
        fetch_with("https://example.org/", via(&format!("http://127.0.0.1:{}", server.port)))
    };
    let shut = || -> Script { Box::new(close) };
    let done = asked(b"HTTP/1.1 403 Not \x1b here\r\nContent-Length: 3\r\n\r\nno!", shut());
    assert_eq!(refused(&done), &ProxyFault::Refused("HTTP/1.1 403 Not \\x1b here".to_owned()));
    let line = done.failure().0.to_string();
    assert!(line.starts_with("Cannot connect to example.org:443 through the proxy 127.0.0.1:"), "{line}");
    assert!(done.last().request.is_empty() && done.last().head.is_none());
    assert_eq!(kinds(done.last(), Direction::In), [PartKind::ProxyAnswer]);
    let wanted = asked(b"HTTP/1.1 407 Who\r\n\r\n", shut());
    assert_eq!(refused(&wanted), &ProxyFault::LoginWanted("HTTP/1.1 407 Who".to_owned()));
    assert!(wanted.failure().0.to_string().contains("user:password@"), "{}", wanted.failure().0);
    assert_eq!(refused(&asked(b"", shut())), &ProxyFault::Closed);
    assert_eq!(asked(b"HTTP/1.1 200 O", shut()).fault(), &Fault::HeadCut(14));
    assert!(matches!(asked(b"SSH-2.0-x\r\n", shut()).fault(), Fault::NotHttp(_)));
    assert_eq!(refused(&asked(b"HTTP/1.1 200 OK\r\n\r\nmore", shut())), &ProxyFault::TooMuch);
    assert!(asked(b"HTTP/1.1 101 Other\r\n\r\n", shut()).fault().to_string().contains("101"));
    // 1xx answers count for nothing.
    assert_eq!(asked(b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", shut()).fault(), &Fault::TlsClosed);
    let endless: Script = Box::new(|mut stream| {
        while stream.write_all(b"HTTP/1.1 102 Wait\r\n\r\n").is_ok() {}
        Ok(())
    });
    assert_eq!(asked(b"", endless).fault(), &Fault::TooManyInterim);
    let endless: Script = Box::new(|mut stream| {
        while stream.write_all(&[b'x'; 1_000]).is_ok() {}
        Ok(())
    });
    assert_eq!(asked(b"HTTP/1.1 200 OK\r\nX: ", endless).fault(), &Fault::HeadTooLarge);
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address");
    let done = fetch_with("http://example.org/", via(&format!("http://user:secret@{closed}")));
    let error = done.failure().0;
    assert!(matches!(error.cause, Cause::Refused), "{error}");
    assert!(error.to_string().starts_with(&format!("Cannot connect to the proxy {closed}")), "{error}");
    assert_eq!(done.last().tries.len(), 1);
    for bad in ["https://a", "socks4://a", "http://"] {
        let done = fetch_with("http://example.org/", via(bad));
        assert_eq!(done.failure().0.operation, Operation::Understand, "{bad}");
        refused(&done);
    }
}

fn is_trouble(what: &What) -> bool {
    matches!(what, What::TimedOut(..) | What::Failed(_) | What::Reset)
}

#[test]
fn a_proxy_that_says_nothing_ends_by_silence_or_by_cancelling() {
    for scheme in ["http", "socks5", "socks5h"] {
        let server = Server::new(vec![Box::new(hold)]);
        let proxy = format!("{scheme}://127.0.0.1:{}", server.port);
        let silence = Duration::from_millis(50);
        let done = fetch_with("https://127.0.0.1:1/", Options { silence, ..via(&proxy) });
        let error = done.failure().0;
        assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == silence), "{error}");
        assert!(error.to_string().contains("the proxy 127.0.0.1:"), "{error}");
        // Told once, by the socket itself.
        let recording = done.last().recording.as_ref().expect("a recording");
        let told = recording.read(|log| log.events().iter().filter(|one| is_trouble(&one.what)).count());
        assert_eq!(told, 1);
        server.requests();

        let (begun, has_begun) = bounded(1);
        let server = Server::new(vec![Box::new(move |mut stream| {
            stream.read_exact(&mut [0])?;
            begun.send(()).expect("sent");
            hold(stream)
        })]);
        let proxy = format!("{scheme}://127.0.0.1:{}", server.port);
        let patient = Options { silence: super::PATIENCE * 10, head_timeout: super::PATIENCE * 10, ..via(&proxy) };
        let fetch = Fetch::start("https://127.0.0.1:1/", patient, &recorder(), Waker::none());
        has_begun.recv_timeout(super::PATIENCE).expect("begun");
        fetch.cancel();
        let done = Done::of(&fetch);
        assert!(done.failure().0.is_cancelled(), "{}", done.failure().0);
        server.requests();
    }
}

#[test]
fn a_proxy_that_drips_is_given_up() {
    let drip: Script = Box::new(|mut stream| {
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    });
    let server = Server::new(vec![connecting(b"HTTP/1.1 200 OK\r\nX: ", drip).0]);
    let head_timeout = Duration::from_millis(50);
    let options = Options { head_timeout, ..via(&format!("http://127.0.0.1:{}", server.port)) };
    let done = fetch_with("https://example.org/", options);
    assert!(matches!(done.failure().0.cause, Cause::TimedOut(limit) if limit == head_timeout), "{}", done.failure().0);
}

/// A SOCKS server: what it reads, and what it says to that, in turn; then `then`.
fn socks(turns: Vec<(Vec<u8>, Vec<u8>)>, then: Script) -> Script {
    Box::new(move |mut stream| {
        for (expected, said) in turns {
            let mut got = vec![0; expected.len()];
            stream.read_exact(&mut got)?;
            assert_eq!(got, expected);
            stream.write_all(&said)?;
        }
        then(stream)
    })
}

/// To connect to 127.0.0.1:`port`.
fn to_local(port: u16) -> Vec<u8> {
    [&[5, 1, 0, 1, 127, 0, 0, 1][..], &port.to_be_bytes()].concat()
}

/// To connect to a name.
fn to_name(name: &str, port: u16) -> Vec<u8> {
    [&[5, 1, 0, 3, name.len() as u8], name.as_bytes(), &port.to_be_bytes()].concat()
}

const NO_LOGIN: &[u8] = &[5, 1, 0];
const DONE: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn turn(expected: &[u8], said: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (expected.to_vec(), said.to_vec())
}

#[test]
fn socks_is_told_an_address_or_a_name() {
    let done_with = |kind: &[u8], bound: &[u8]| [&[5, 0, 0][..], kind, bound, &[1, 2]].concat();
    for (scheme, url, asked, said) in [
        ("socks5", "http://127.0.0.1:81/", to_local(81), DONE.to_vec()),
        ("socks5h", "http://127.0.0.1:81/", to_local(81), done_with(&[4], &[0; 16])),
        ("socks5h", "http://nowhere.invalid/", to_name("nowhere.invalid", 80), done_with(&[3], b"\x02ab")),
        (
            "socks5",
            "http://[::1]:81/",
            [&[5, 1, 0, 4][..], &Ipv6Addr::LOCALHOST.octets(), &[0, 81]].concat(),
            DONE.to_vec(),
        ),
    ] {
        let turns = vec![turn(NO_LOGIN, &[5, 0]), (asked.clone(), said.clone())];
        let server = Server::new(vec![socks(turns, answer(ANSWER))]);
        let proxy = format!("{scheme}://127.0.0.1:{}", server.port);
        let done = fetch_with(url, via(&proxy));
        assert_eq!(done.bytes(), b"body", "{url}");
        let hop = done.last();
        assert_eq!((hop.proxy.as_ref(), &hop.to_proxy), (Some(&proxy), &[NO_LOGIN, &asked].concat()));
        let recording = hop.recording.as_ref().expect("a recording");
        assert_eq!(recording.joined(Direction::In), [&[5, 0], &said[..], ANSWER].concat());
        assert_eq!(kinds(hop, Direction::Out)[..2], [PartKind::ProxyRequest, PartKind::RequestLine]);
        assert_eq!(kinds(hop, Direction::In)[..2], [PartKind::ProxyAnswer, PartKind::StatusLine { head: 0 }]);
        let steps: Vec<_> = hop.spans.iter().map(|span| span.step).collect();
        assert_eq!(steps, [Step::Tcp, Step::Proxy, Step::Request, Step::FirstByte, Step::LastByte]);
        let request = &server.requests()[0];
        assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    }
    // A name that is looked up here goes out as an address.
    let turns = vec![turn(NO_LOGIN, &[5, 0]), turn(&to_local(81), DONE)];
    let server = Server::new(vec![socks(turns, answer(ANSWER))]);
    let options = Options { ip: IpVersion::V4, ..via(&format!("socks5://localhost:{}", server.port)) };
    let done = fetch_with("http://localhost:81/", options);
    assert_eq!(done.bytes(), b"body");
    assert_eq!(done.last().spans.iter().filter(|span| span.step == Step::Dns).count(), 1);
}

#[test]
fn socks_has_tls_inside_and_is_told_who_asks() {
    let login = b"\x01\x04user\x06secret";
    let then = answer_tls(super::tls::self_signed(), ANSWER, true);
    let turns = vec![turn(&[5, 2, 0, 2], &[5, 2]), turn(login, &[1, 0]), turn(&to_name("localhost", 443), DONE)];
    let server = Server::new(vec![socks(turns, then)]);
    let proxy = format!("socks5h://user:secret@127.0.0.1:{}", server.port);
    let done = fetch_with("https://localhost/", Options { accept_any_certificate: true, ..via(&proxy) });
    assert_eq!(done.bytes(), b"body");
    let shown = String::from_utf8_lossy(&done.last().to_proxy).into_owned();
    assert!(shown.contains("\x04****\x06******") && !shown.contains("secret"), "{shown:?}");
    assert!(!server.requests()[0].contains("Authorization"));
}

#[test]
fn what_socks_has_against_it_is_said() {
    let to = || to_name("nowhere.invalid", 80);
    let asked = |login: &str, turns: Vec<(Vec<u8>, Vec<u8>)>| {
        let server = Server::new(vec![socks(turns, Box::new(close))]);
        let done = fetch_with("http://nowhere.invalid/", via(&format!("socks5h://{login}127.0.0.1:{}", server.port)));
        assert!(done.last().request.is_empty());
        done
    };
    for code in 1..=9 {
        let turns = vec![turn(NO_LOGIN, &[5, 0]), (to(), vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0])];
        let done = asked("", turns);
        assert_eq!(refused(&done), &ProxyFault::Reply(code));
        let line = done.failure().0.to_string();
        assert!(line.contains("nowhere.invalid:80 through the proxy 127.0.0.1:"), "{line}");
    }
    let greeted = |said: &[u8]| asked("", vec![turn(NO_LOGIN, said)]);
    assert_eq!(refused(&greeted(&[5, 255])), &ProxyFault::NoMethod);
    assert_eq!(refused(&greeted(&[5, 2])), &ProxyFault::NoMethod);
    assert_eq!(refused(&greeted(b"HTTP/1.1 400 Bad")), &ProxyFault::NotSocks);
    assert_eq!(refused(&greeted(&[5])), &ProxyFault::Closed);
    assert_eq!(refused(&greeted(&[])), &ProxyFault::Closed);
    let logged_in = |said: &[u8]| {
        refused(&asked("u:p@", vec![turn(&[5, 2, 0, 2], &[5, 2]), turn(b"\x01\x01u\x01p", said)])).clone()
    };
    assert_eq!(logged_in(&[1, 1]), ProxyFault::WrongLogin);
    assert_eq!(logged_in(&[1]), ProxyFault::Closed);
    let replied = |said: &[u8]| refused(&asked("", vec![turn(NO_LOGIN, &[5, 0]), (to(), said.to_vec())])).clone();
    assert_eq!(replied(&[4, 0, 0, 1]), ProxyFault::NotSocks);
    assert_eq!(replied(&[5, 0, 0, 9]), ProxyFault::NotSocks);
    assert_eq!(replied(&DONE[..7]), ProxyFault::Closed);
}

#[test]
fn a_login_of_the_proxy_goes_to_no_server() {
    // A redirect from http (asked of the proxy) to https (through it): the login goes to the proxy in both.
    let to = b"HTTP/1.1 302 Found\r\nLocation: https://localhost:4430/b\r\nContent-Length: 0\r\n\r\n";
    let (script, was_asked) = connecting(CONNECTED, answer_tls(super::tls::self_signed(), ANSWER, true));
    let server = Server::new(vec![answer(to), script]);
    let proxy = format!("http://user:secret@127.0.0.1:{}", server.port);
    let done = fetch_with("http://localhost/a", Options { accept_any_certificate: true, ..via(&proxy) });
    assert_eq!(done.bytes(), b"body");
    assert!(was_asked.try_recv().expect("asked").contains("Proxy-Authorization: Basic "));
    let requests = server.requests();
    assert!(requests[0].contains("\r\nProxy-Authorization: "), "{}", requests[0]);
    assert!(!requests[1].contains("uthorization"), "{}", requests[1]);
    assert!(done.hops.iter().all(|hop| hop.proxy.is_some()));
}

#[test]
fn the_environment_names_the_proxy() {
    let run = |variables: &[(&str, String)], url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socketscope"));
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name);
        }
        let variables = variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).args(["fetch", url]).output().expect("it ran")
    };
    let server = Server::new(vec![answer(ANSWER), answer(ANSWER)]);
    let proxy = format!("http://127.0.0.1:{}", server.port);
    let done = run(&[("http_proxy", proxy.clone())], "http://nowhere.invalid/");
    assert_eq!(done.stdout, b"body", "{}", String::from_utf8_lossy(&done.stderr));
    let unused = |name: &'static str| (name, "http://127.0.0.1:1".to_owned());
    let excepted = ("no_proxy", "10.0.0.0/8,127.0.0.1".to_owned());
    let done = run(&[unused("http_proxy"), unused("HTTP_PROXY"), excepted], &server.url("/direct"));
    assert_eq!(done.stdout, b"body", "{}", String::from_utf8_lossy(&done.stderr));
    let lines: Vec<_> = server.requests().iter().map(|one| one.lines().next().expect("a line").to_owned()).collect();
    assert_eq!(lines, ["GET http://nowhere.invalid/ HTTP/1.1", "GET /direct HTTP/1.1"]);
}

#[test]
fn only_addresses_of_the_version_that_is_wanted_are_tried() {
    let only = |ip, url: &str| fetch_with(url, Options { ip, ..Options::default() });
    let server = Server::answering([ANSWER]);
    let done = only(IpVersion::V4, &format!("http://localhost:{}/", server.port));
    assert_eq!(done.bytes(), b"body");
    assert!(done.last().tries.iter().all(|tried| tried.address.is_ipv4()));
    let closed = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    let done = only(IpVersion::V6, &format!("http://localhost:{closed}/"));
    assert!(!done.last().tries.is_empty() && done.last().tries.iter().all(|tried| tried.address.is_ipv6()));
    let done = only(IpVersion::V6, "http://127.0.0.1:1/");
    assert_eq!(done.fault(), &Fault::OtherIp { literal: true, wanted: "IPv6", other: "IPv4" });
    assert!(done.last().tries.is_empty());
    let line = done.failure().0.to_string();
    assert!(line.contains("127.0.0.1:1: it is an IPv4 address, and only IPv6 is to be used"), "{line}");
    let done = only(IpVersion::V4, "http://[::1]:1/");
    assert_eq!(done.fault(), &Fault::OtherIp { literal: true, wanted: "IPv4", other: "IPv6" });
    // It holds for the proxy too.
    let done = fetch_with("http://a/", Options { ip: IpVersion::V6, ..via("http://127.0.0.1:1") });
    assert!(matches!(done.fault(), Fault::OtherIp { .. }));
}

#[test]
fn the_server_behind_a_proxy_is_not_looked_up() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let server = Server::new(vec![Box::new(move |mut stream| {
        kept.lock().expect("kept").push(stream.peer_addr()?);
        read_request(&mut stream)?;
        stream.write_all(ANSWER)?;
        close(stream)
    })]);
    let done = fetch_with("http://nowhere.invalid/", via(&format!("http://127.0.0.1:{}", server.port)));
    assert_eq!(done.bytes(), b"body");
    let ends = done.last().ends.expect("ends");
    assert_eq!((ends.peer.port(), vec![ends.local]), (server.port, asked.lock().expect("kept").clone()));
}
