//! From hop to hop.

use socketscope::net::fetch::{Fault, Options};

use super::server::{Server, answer, answer_then, hold};
use super::{fetch, fetch_with};

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
