//! The steps of each hop: there, in order, none over another, and none longer than the whole.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use proptest::prelude::*;
use socketscope::net::fetch::{self, Fetch, Hop, Options, Phase, Step};
use socketscope::net::report::Waker;

use super::server::{Server, answer, answer_in_pieces, answer_tls, hold};
use super::{Done, fetch as fetched, fetch_with};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

/// The steps of a hop.
fn steps(hop: &Hop) -> Vec<Step> {
    hop.spans.iter().map(|span| span.step).collect()
}

/// What holds for every fetch, whatever came of it.
fn checked(done: Done) -> Done {
    let mut free = Duration::ZERO;
    let mut sum = Duration::ZERO;
    for span in done.hops.iter().flat_map(|hop| &hop.spans) {
        assert!(span.begun >= free, "{span:?} begins before {free:?}: {:?}", done.hops);
        free = span.begun + span.took;
        sum += span.took;
    }
    let (phase, whole) = *done.last().phases.last().expect("phases");
    assert_eq!(phase, Phase::Done);
    assert!(free <= whole && sum <= whole, "{free:?} {sum:?} {whole:?}");
    done
}

#[test]
fn each_step_is_there_where_it_happened() {
    use Step::*;
    let done = checked(fetched(&Server::answering([ANSWER]).url("/")));
    assert_eq!(steps(done.last()), [Tcp, Request, FirstByte, LastByte]);
    let server = Server::answering(["HTTP/1.1 204 No\r\n\r\n"]);
    let done = checked(fetched(&format!("http://localhost:{}/", server.port)));
    assert_eq!(steps(done.last()), [Dns, Tcp, Request, FirstByte, LastByte]);
    let server = Server::new(vec![answer_tls(super::tls::self_signed(), ANSWER.as_bytes(), true)]);
    let options = Options { accept_any_certificate: true, ..Options::default() };
    let done = checked(fetch_with(&format!("https://localhost:{}/", server.port), options));
    assert_eq!(steps(done.last()), [Dns, Tcp, Tls, Request, FirstByte, LastByte]);
}

#[test]
fn the_steps_of_every_hop_follow_each_other() {
    let to = |place: &str| format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::answering([to("/a"), to("/b"), ANSWER.to_owned()]);
    let done = checked(fetched(&server.url("/")));
    assert_eq!(done.hops.len(), 3);
    for hop in &done.hops {
        assert_eq!(steps(hop), [Step::Tcp, Step::Request, Step::FirstByte, Step::LastByte]);
    }
}

/// No pause is measured here: the server says when it did what, and the fetch must agree.
#[test]
fn the_waits_end_when_the_bytes_came() {
    let (go_on, may_go_on) = bounded(1);
    let (said, says) = bounded(2);
    let server = Server::new(vec![Box::new(move |mut stream| {
        super::server::read_request(&mut stream)?;
        said.send(Instant::now()).expect("said");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")?;
        may_go_on.recv_timeout(super::PATIENCE).map_err(std::io::Error::other)?;
        said.send(Instant::now()).expect("said");
        stream.write_all(b"body")?;
        super::server::close(stream)
    })]);
    let before = Instant::now();
    let fetch = Fetch::start(&server.url("/"), Options::default(), &super::recorder(), Waker::none());
    let after = Instant::now();
    let head = says.recv_timeout(super::PATIENCE).expect("the head was sent");
    super::wait_until(|| fetch.view(|view| view.hops[0].head.is_some()));
    // While it waits for the body, the wait for that is not over.
    assert_eq!(fetch.view(|view| steps(&view.hops[0])), [Step::Tcp, Step::Request, Step::FirstByte]);
    go_on.send(()).expect("sent");
    let done = checked(Done::of(&fetch));
    let body = says.recv_timeout(super::PATIENCE).expect("the body was sent");
    let end = |step| done.last().spans.iter().find(|span| span.step == step).map(|span| span.begun + span.took);
    let (first, last) = (end(Step::FirstByte).expect("a span"), end(Step::LastByte).expect("a span"));
    assert!(first >= head.saturating_duration_since(after) && first <= body - before, "{first:?}");
    assert!(last >= body.saturating_duration_since(after), "{last:?}");
}

#[test]
fn a_hop_that_fails_has_its_steps_as_far_as_it_came() {
    use Step::*;
    let soon = Options { silence: Duration::from_millis(50), ..Options::default() };
    let closed = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address");
    assert_eq!(steps(checked(fetched(&format!("http://{closed}/"))).last()), [Tcp]);
    assert_eq!(steps(checked(fetched("http://no-such-host.invalid/")).last()), [Dns]);
    let server = Server::new(vec![Box::new(hold)]);
    let done = checked(fetch_with(&format!("https://127.0.0.1:{}/", server.port), soon.clone()));
    assert_eq!(steps(done.last()), [Tcp, Tls]);
    let server = Server::new(vec![Box::new(hold)]);
    let done = checked(fetch_with(&server.url("/"), soon.clone()));
    assert_eq!(steps(done.last()), [Tcp, Request]);
    let server = Server::new(vec![Box::new(hold)]);
    let proxy = fetch::Proxy::Url(format!("socks5h://127.0.0.1:{}", server.port));
    assert_eq!(steps(checked(fetch_with("http://a/", Options { proxy, ..soon })).last()), [Tcp, Proxy]);
    let server = Server::new(vec![answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]);
    assert_eq!(steps(checked(fetched(&server.url("/"))).last()), [Tcp, Request, FirstByte, LastByte]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_step_is_over_another_however_the_answer_comes(
        sizes in proptest::collection::vec(1..50_usize, 1..6),
        body in 0..300_usize,
        interim in any::<bool>(),
        cut in any::<bool>(),
    ) {
        let first = if interim { "HTTP/1.1 100 Continue\r\n\r\n" } else { "" };
        let length = body + usize::from(cut);
        let answer = format!("{first}HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(body));
        let server = Server::new(vec![answer_in_pieces(answer.into_bytes(), sizes)]);
        let done = checked(fetched(&server.url("/")));
        prop_assert_eq!(steps(done.last()), [Step::Tcp, Step::Request, Step::FirstByte, Step::LastByte]);
    }
}
