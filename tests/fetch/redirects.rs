//! From hop to hop.

use socketscope::net::fetch::{Auth, Change, Fault, Fetch, Field, Options, Payload, Request};
use socketscope::net::report::Waker;

use super::server::{Server, answer, answer_then, hold};
use super::{Done, ask, fetch, fetch_with, recorder, wait_until};

const END: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn redirects_are_followed_hop_by_hop() {
    let server = Server::answering([
        to(301, "/a/b?c#d"),
        to(302, "  ../e f "),
        to(303, "?x=ü"),
        to(307, "//127.0.0.1:PORT/g").replace("PORT", "1"),
    ]);
    let done = fetch(&server.url("/start"));
    let urls: Vec<_> = done.hops.iter().map(|hop| hop.url.as_str()).collect();
    let base = server.url("");
    assert_eq!(
        urls,
        [
            format!("{base}/start"),
            format!("{base}/a/b?c#d"),
            format!("{base}/e%20f#d"),
            format!("{base}/e%20f?x=%C3%BC#d"),
            "http://127.0.0.1:1/g#d".to_owned(),
        ]
    );
    assert_eq!(
        done.hops.iter().filter_map(|hop| hop.head.as_ref()).map(|h| h.status).collect::<Vec<_>>(),
        [301, 302, 303, 307]
    );
    let lines: Vec<_> = server.requests().iter().map(|r| r.lines().next().expect("line").to_owned()).collect();
    assert_eq!(lines, ["/start", "/a/b?c", "/e%20f", "/e%20f?x=%C3%BC"].map(|path| format!("GET {path} HTTP/1.1")));
}

#[test]
fn the_body_of_a_redirect_is_not_waited_for() {
    let endless = "HTTP/1.1 308 Moved\r\nLocation: /end\r\nContent-Length: 1000000\r\n\r\nnever comes";
    let server = Server::new(vec![answer_then(endless.as_bytes(), hold), answer(END.as_bytes())]);
    assert_eq!(fetch(&server.url("/")).bytes(), b"end");
}

#[test]
fn too_many_redirects_are_an_error_and_none_can_be_asked_for() {
    let options = |max_redirects, follow| Options { max_redirects, follow, ..Options::default() };
    let server = Server::answering(vec![to(301, "/"); 3]);
    let done = fetch_with(&server.url("/"), options(2, true));
    assert_eq!((done.fault(), done.hops.len()), (&Fault::TooManyRedirects(2), 3));
    let server = Server::answering([to(301, "/"), END.to_owned()]);
    assert_eq!(fetch_with(&server.url("/"), options(1, true)).bytes(), b"end");
    let server = Server::answering([to(301, "/")]);
    let done = fetch_with(&server.url("/"), options(10, false));
    assert_eq!((done.bytes(), done.hops.len()), (vec![], 1));
}

#[test]
fn only_what_can_be_followed_is_followed() {
    for (answer, fault) in [
        (to(301, "file:///etc/passwd"), Fault::RedirectScheme("file".to_owned())),
        (to(301, "ftp://x/"), Fault::RedirectScheme("ftp".to_owned())),
        (to(301, "http://[::1"), Fault::BadRedirect("http://[::1".to_owned())),
        (to(301, "/a\r\nLocation: /b"), Fault::TwoRedirects),
    ] {
        assert_eq!(fetch(&Server::answering([answer]).url("/")).fault(), &fault);
    }
    for answer in ["HTTP/1.1 302 Found\r\n\r\nhere", "HTTP/1.1 300 Choose\r\nLocation: /x\r\n\r\nhere"] {
        let done = fetch(&Server::answering([answer]).url("/"));
        assert_eq!((done.bytes(), done.hops.len()), (b"here".to_vec(), 1));
    }
}

#[test]
fn credentials_stay_with_their_server() {
    let other = Server::answering([END]);
    let own = Server::answering([to(302, "/again"), to(302, &format!("http://x:y@127.0.0.1:{}/", other.port))]);
    let done = fetch(&format!("http://us%65r:secret@127.0.0.1:{}/", own.port));
    assert_eq!(done.bytes(), b"end");
    let authorized = |requests: Vec<String>| -> Vec<bool> {
        requests.iter().map(|request| request.contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n")).collect()
    };
    assert_eq!(authorized(own.requests()), [true, true]);
    let others = other.requests();
    assert!(others.iter().all(|request| !request.contains("Authorization")), "{others:?}");
    assert_eq!(done.last().notes.len(), 2, "{:?}", done.last().notes);
    for hop in &done.hops {
        assert!(!hop.url.contains('@'), "{}", hop.url);
        assert!(!String::from_utf8_lossy(&hop.request).contains("dXNlc"));
    }
    assert!(String::from_utf8_lossy(&done.hops[0].request).contains("Authorization: Basic ****************\r\n"));
}

fn post(url: &str, fields: &[(&str, &str)]) -> Request {
    let field = |(name, value): &(&str, &str)| Field { name: (*name).to_owned(), value: Some((*value).to_owned()) };
    let payload = Payload::Bytes { media_type: "text/plain".to_owned(), bytes: b"hello".to_vec() };
    let fields = fields.iter().map(field).collect();
    Request { method: "POST".to_owned(), fields, payload, ..Request::get(url) }
}

#[test]
fn a_body_is_dropped_with_all_that_tells_of_it_or_sent_again() {
    let fields = [("Content-Language", "en"), ("X-Own", "1")];
    let server = Server::answering([to(307, "/b"), to(302, "/c"), END.to_owned()]);
    let done = ask(post(&server.url("/a"), &fields));
    assert_eq!(done.bytes(), b"end");
    let methods: Vec<_> = done.hops.iter().map(|hop| hop.method.as_str()).collect();
    assert_eq!(methods, ["POST", "POST", "GET"]);
    let get = Change::Method { from: "POST".to_owned(), to: "GET".to_owned() };
    let dropped = Change::FieldDropped("Content-Language".to_owned());
    assert_eq!(done.hops[1].changes, []);
    assert_eq!(done.hops[2].changes, [get, Change::BodyDropped, dropped]);
    let requests = server.requests();
    for (request, line) in requests.iter().zip(["POST /a", "POST /b"]) {
        assert!(request.starts_with(line), "{request}");
        assert!(request.contains("\r\nContent-Language: en\r\nX-Own: 1\r\n"), "{request}");
        assert!(request.contains("\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\nhello"), "{request}");
    }
    assert!(requests[2].starts_with("GET /c") && requests[2].contains("\r\nX-Own: 1\r\n"), "{}", requests[2]);
    assert!(!requests[2].to_lowercase().contains("content-") && requests[2].ends_with("\r\n\r\n"), "{}", requests[2]);
}

#[test]
fn what_is_typed_for_one_server_is_not_sent_to_another() {
    let fields = [
        ("authorization", "Bearer secret"),
        ("Cookie", "a=secret"),
        ("proxy-authorization", "secret"),
        ("Host", "own.example"),
        ("X-Own", "1"),
    ];
    let other = Server::answering([to(302, "/again"), END.to_owned()]);
    let own = Server::answering([to(307, "/again"), to(307, &other.url("/"))]);
    let request = Request { auth: Auth::Bearer("token".to_owned()), ..post(&own.url("/"), &fields) };
    let done = ask(request);
    assert_eq!(done.bytes(), b"end");
    assert_eq!(done.hops[1].changes, []);
    let mut expected = vec![Change::CredentialsDropped];
    expected.extend(fields[..4].iter().map(|(name, _)| Change::FieldDropped((*name).to_owned())));
    assert_eq!(done.hops[2].changes, expected);
    assert_eq!(done.hops[2].notes.len(), 1, "{:?}", done.hops[2].notes);
    assert!(done.hops[3].notes.is_empty(), "{:?}", done.hops[3].notes);
    for request in own.requests() {
        assert!(request.contains("\r\nHost: own.example\r\n"), "{request}");
        assert!(request.contains("\r\nauthorization: Bearer secret\r\n"), "{request}");
        assert!(!request.contains("token") && request.matches("uthorization:").count() == 2, "{request}");
    }
    for request in other.requests() {
        assert!(!request.contains("secret") && !request.contains("own.example"), "{request}");
        assert!(request.contains("\r\nX-Own: 1\r\n"), "{request}");
    }
}

#[test]
fn a_fetch_that_stops_at_each_hop_waits_until_it_is_told_to_go_on_or_to_end() {
    let options = Options { stop_at_hops: true, ..Options::default() };
    let server = Server::answering([to(302, "/b"), to(302, "/c"), END.to_owned()]);
    let fetch = Fetch::start(&server.url("/a"), options.clone(), &recorder(), Waker::none());
    for (hops, path) in [(1, "/b"), (2, "/c")] {
        wait_until(|| fetch.view(|view| view.next.is_some() && view.hops.len() == hops));
        assert_eq!(fetch.view(|view| view.next.clone()), Some(server.url(path)));
        fetch.go_on();
        wait_until(|| fetch.view(|view| view.hops.len() > hops));
    }
    let done = Done::of(&fetch);
    assert_eq!((done.bytes(), done.hops.len()), (b"end".to_vec(), 3));
    assert_eq!(fetch.view(|view| view.next.clone()), None);

    let server = Server::answering([to(302, "/b")]);
    let fetch = Fetch::start(&server.url("/a"), options, &recorder(), Waker::none());
    wait_until(|| fetch.view(|view| view.next.is_some()));
    fetch.cancel();
    let done = Done::of(&fetch);
    assert!(done.failure().0.is_cancelled(), "{}", done.failure().0);
    assert_eq!((done.hops.len(), fetch.view(|view| view.next.clone())), (1, None));
    assert_eq!(server.requests().len(), 1);
}
