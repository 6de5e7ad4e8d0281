//! Who asks, and who is told.

use digest_auth::{AuthContext, AuthorizationHeader, HttpMethod};
use socketscope::net::fetch::{Auth, Change, Options, Payload, Request};
use socketscope::net::report::Waker;

use super::server::Server;
use super::{Done, ask, recorder};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NO: &str = "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno";

fn refusal(challenges: &[&str]) -> String {
    let fields: String = challenges.iter().map(|one| format!("WWW-Authenticate: {one}\r\n")).collect();
    format!("HTTP/1.1 401 No\r\n{fields}Content-Length: 2\r\n\r\nno")
}

fn digest(url: &str) -> Request {
    Request { auth: Auth::Digest { user: "me".to_owned(), password: "secret".to_owned() }, ..Request::get(url) }
}

/// The value of `Authorization` in each request.
fn told(requests: &[String]) -> Vec<Option<&str>> {
    requests.iter().map(|one| one.lines().find_map(|line| line.strip_prefix("Authorization: "))).collect()
}

/// Whether `value` is the answer of who knows the password.
fn is_right(value: &str, method: &str, body: Option<&[u8]>) -> bool {
    let sent = AuthorizationHeader::parse(value).expect("an answer");
    let mut own = sent.clone();
    let method = HttpMethod(method.to_owned().into());
    own.digest(&AuthContext::new_with_method("me", "secret", sent.uri.clone(), body, method));
    sent.response == own.response && sent.username == "me"
}

#[test]
fn basic_and_bearer_are_told_at_once_and_win_over_the_address() {
    let basic = Auth::Basic { user: "me".to_owned(), password: "a:ü".to_owned() };
    for (auth, value) in [(basic, "Basic bWU6YTrDvA=="), (Auth::Bearer("t0k".to_owned()), "Bearer t0k")] {
        let server = Server::answering([NO]);
        let url = format!("http://other:one@127.0.0.1:{}/", server.port);
        let done = ask(Request { auth, ..Request::get(&url) });
        assert_eq!((done.bytes(), done.hops.len()), (b"no".to_vec(), 1));
        let shown = String::from_utf8_lossy(&done.last().request).into_owned();
        let (kind, secret) = value.split_once(' ').expect("a blank");
        assert!(shown.contains(&format!("Authorization: {kind} {}\r\n", "*".repeat(secret.len()))), "{shown}");
        assert_eq!(told(&server.requests()), [Some(value)]);
    }
}

#[test]
fn a_challenge_is_answered_as_a_hop_of_its_own() {
    for (parameters, body) in [
        ("", None),
        (", qop=\"auth\"", None),
        (", qop=\"auth,auth-int\", algorithm=MD5", None),
        (", qop=\"auth-int\", algorithm=SHA-256", Some(&b"body"[..])),
        (", qop=\"auth\", algorithm=MD5-sess, opaque=\"o\\\"p\"", None),
        (", qop=auth, algorithm=SHA-256-sess", None),
    ] {
        let challenge = format!("Digest realm=\"r\", nonce=\"n\"{parameters}");
        let server = Server::answering([refusal(&["Basic realm=x", &challenge]), OK.to_owned()]);
        let payload = Payload::Bytes { media_type: String::new(), bytes: b"body".to_vec() };
        let request = Request { method: "POST".to_owned(), payload, ..digest(&server.url("/a?b")) };
        let options = Options { stop_at_hops: true, max_redirects: 0, ..Options::default() };
        // It is no redirect: nothing waits for it, and none is used up.
        let fetch = socketscope::net::fetch::Fetch::start(request, options, &recorder(), Waker::none());
        let done = Done::of(&fetch);
        assert_eq!((done.bytes(), done.hops.len()), (b"ok".to_vec(), 2), "{parameters}");
        assert_eq!(done.hops[1].changes, [Change::Authorized]);
        assert_eq!((&done.hops[1].url, done.hops[1].method.as_str()), (&done.hops[0].url, "POST"));
        let shown = String::from_utf8_lossy(&done.last().request).into_owned();
        assert!(shown.contains("Authorization: Digest ***") && !shown.contains("nonce"), "{shown}");
        let requests = server.requests();
        assert!(requests.iter().all(|one| one.ends_with("\r\n\r\nbody")), "{requests:?}");
        let told = told(&requests);
        assert_eq!(told[0], None);
        let value = told[1].expect("an answer");
        assert!(is_right(value, "POST", body), "{value}");
        assert!(value.contains("uri=\"/a?b\""), "{value}");
    }
}

#[test]
fn a_wrong_password_is_said_once_and_an_old_nonce_is_no_wrong_password() {
    let fresh = refusal(&["Digest realm=r, nonce=one, qop=auth"]);
    let stale = refusal(&["Digest realm=r, nonce=two, qop=auth, stale=true"]);
    for (answers, expected, hops) in [
        (vec![fresh.clone(), fresh.clone()], "no", 2),
        (vec![fresh.clone(), stale.clone(), OK.to_owned()], "ok", 3),
        (vec![fresh.clone(), stale.clone(), stale], "no", 3),
    ] {
        let server = Server::answering(answers);
        let done = ask(digest(&server.url("/")));
        assert_eq!((done.bytes(), done.hops.len()), (expected.into(), hops));
        let requests = server.requests();
        let told = told(&requests);
        for (value, nonce) in told.iter().flatten().zip(["one", "two"]) {
            assert!(is_right(value, "GET", None) && value.contains(&format!("nonce=\"{nonce}\"")), "{value}");
        }
    }
}

#[test]
fn a_challenge_that_cannot_be_answered_is_the_answer() {
    for challenge in ["Basic realm=x", "Digest realm=r, nonce=n, algorithm=SHA-1", "Digest realm=r"] {
        let server = Server::answering([refusal(&[challenge])]);
        let done = ask(digest(&server.url("/")));
        assert_eq!((done.bytes(), done.hops.len(), done.last().notes.len()), (b"no".to_vec(), 1, 1), "{challenge}");
    }
}

#[test]
fn another_page_of_the_server_is_told_at_once_and_another_server_never() {
    let to = |location: &str| format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let challenge = |nonce: &str| refusal(&[&format!("Digest realm=r, nonce={nonce}, qop=auth")]);
    let other = Server::answering([challenge("three")]);
    let own = [challenge("one"), to("/b"), challenge("one"), to("/c"), challenge("two"), to(&other.url("/"))];
    let own = Server::answering(own);
    let done = ask(digest(&own.url("/a")));
    assert_eq!((done.bytes(), done.hops.len()), (b"no".to_vec(), 7));
    assert_eq!(done.hops[6].changes, [Change::CredentialsDropped]);
    let requests = own.requests();
    let told_own = told(&requests);
    assert_eq!(told_own[0], None);
    for (value, (nonce, nc)) in
        told_own.iter().skip(1).zip([("one", 1), ("one", 2), ("one", 3), ("one", 4), ("two", 1)])
    {
        let value = value.expect("an answer");
        assert!(is_right(value, "GET", None), "{value}");
        assert!(value.contains(&format!("nonce=\"{nonce}\"")) && value.contains(&format!("nc={nc:08x}")), "{value}");
    }
    assert_eq!(told(&other.requests()), [None]);
}
