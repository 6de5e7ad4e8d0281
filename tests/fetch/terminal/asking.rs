//! What is asked for, by whom and which way, as the options of the fetch say it.

use std::io::{Read as _, Write as _};

use super::super::server::{Server, close};
use super::run;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The head that goes out with these options.
fn sent(words: &[&str]) -> String {
    let server = Server::answering([OK]);
    let url = server.url("/x");
    let (code, _, err) = run(&[&[url.as_str()], words].concat());
    assert_eq!(code, 0, "{err}");
    assert!(err.starts_with(&format!("* {} {url}\n", words_of(&err)[1])), "{err}");
    server.requests().remove(0)
}

fn words_of(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn has(head: &str, line: &str) -> bool {
    head.lines().any(|one| one == line)
}

#[test]
fn what_is_asked_for_is_what_was_typed() {
    assert!(sent(&[]).starts_with("GET /x HTTP/1.1\r\n"));
    assert!(sent(&["-I"]).starts_with("HEAD /x HTTP/1.1\r\n"));
    assert!(sent(&["-X", "DELETE"]).starts_with("DELETE /x HTTP/1.1\r\n"));
    let head = sent(&["-d", "a=b", "-d", "c"]);
    assert!(head.starts_with("POST /x HTTP/1.1\r\n") && has(&head, "Content-Length: 5"), "{head}");
    assert!(has(&head, "Content-Type: application/x-www-form-urlencoded"), "{head}");
    let head = sent(&["-d", "{}", "-X", "PATCH", "-H", "content-type: application/json"]);
    assert!(head.starts_with("PATCH /x HTTP/1.1\r\n") && has(&head, "content-type: application/json"), "{head}");
    assert!(!head.contains("urlencoded"), "{head}");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "123").expect("written");
    let file = path.to_str().expect("text");
    let head = sent(&["--data-file", file]);
    assert!(head.starts_with("POST /x HTTP/1.1\r\n") && has(&head, "Content-Length: 3"), "{head}");
    assert!(sent(&["-T", file]).starts_with("PUT /x HTTP/1.1\r\n"));
    let head = sent(&["-H", "Host: h", "-H", "Accept:", "-H", "X-Empty;", "-H", "x-Y: z", "-b", "a=b", "-b", "c=d"]);
    assert!(has(&head, "Host: h") && has(&head, "x-Y: z") && has(&head, "Cookie: a=b; c=d"), "{head}");
    assert!(head.lines().any(|line| line.trim_end() == "X-Empty:") && !head.contains("\nAccept:"), "{head}");
}

#[test]
fn the_body_that_is_sent_is_the_file_as_it_is() {
    let (got, body) = crossbeam_channel::bounded(1);
    let server = Server::new(vec![Box::new(move |mut stream| {
        let mut bytes = Vec::new();
        let mut byte = [0];
        // To the last byte of the file.
        while byte != *b"b" || !bytes.ends_with(b"\xffb") {
            stream.read_exact(&mut byte)?;
            bytes.push(byte[0]);
        }
        got.send(bytes).expect("sent");
        stream.write_all(OK.as_bytes())?;
        close(stream)
    })]);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a");
    std::fs::write(&path, b"a\r\n\0\xffb").expect("written");
    let (code, _, err) = run(&[&server.url("/"), "--data-file", path.to_str().expect("text")]);
    let request = body.recv().expect("a request");
    assert!(code == 0 && request.ends_with(b"\r\n\r\na\r\n\0\xffb"), "{err}");
    let (code, out, err) = run(&["http://127.0.0.1:1/", "-T", "/no/such/file"]);
    assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
    assert!(err.contains("/no/such/file"), "{err}");
}

#[test]
fn who_asks_is_told_and_not_shown() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("user");
    std::fs::write(&path, "me:sesame\n").expect("written");
    let file = path.to_str().expect("text");
    for words in [&["-u", "me:sesame"][..], &["--user-file", file]] {
        assert!(has(&sent(words), "Authorization: Basic bWU6c2VzYW1l"));
    }
    assert!(has(&sent(&["--bearer", "t0"]), "Authorization: Bearer t0"));
    let challenge = "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\
                     Content-Length: 0\r\n\r\n";
    let server = Server::answering([challenge, OK]);
    let (code, out, err) = run(&[&server.url("/"), "--digest", "-u", "me:sesame"]);
    assert_eq!((code, out.as_slice()), (0, &b"ok"[..]), "{err}");
    assert!(err.contains("with the answer to what the server asked for") && !err.contains("sesame"), "{err}");
    let requests = server.requests();
    assert!(!requests[0].contains("Authorization") && requests[1].contains("Authorization: Digest "), "{requests:?}");
}

#[test]
fn what_a_redirect_changes_is_said() {
    let server = Server::answering(["HTTP/1.1 303 See\r\nLocation: /y\r\nSet-Cookie: a=b\r\n\r\n", OK]);
    let (code, _, err) = run(&[&server.url("/"), "-d", "x"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("/y\n* GET instead of POST\n* The body is not sent again\n"), "{err}");
    let requests = server.requests();
    assert!(requests[1].starts_with("GET /y ") && has(&requests[1], "Cookie: a=b"), "{requests:?}");
}

#[test]
fn a_proxy_is_asked_and_no_proxy_is_not() {
    let server = Server::answering([OK, OK]);
    let proxy = format!("http://127.0.0.1:{}", server.port);
    let (code, _, err) = run(&["http://no.such.host.invalid/x", "-x", &proxy]);
    assert_eq!(code, 0, "{err}");
    let (code, ..) = run(&[&server.url("/direct"), "--no-proxy"]);
    assert_eq!(code, 0);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET http://no.such.host.invalid/x HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[1].starts_with("GET /direct HTTP/1.1\r\n"), "{requests:?}");
}

#[test]
fn the_report_has_what_a_proxy_was_told() {
    let refusing = Server::answering(["HTTP/1.1 403 No\r\n\r\n"]);
    let proxy = format!("http://me:secret@127.0.0.1:{}", refusing.port);
    let (code, out, err) = run(&["https://no.such.host.invalid/", "-x", &proxy, "--json-report"]);
    assert_eq!(code, 1, "{err}");
    let report: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    let told = report["hops"][0]["proxy_request"].as_str().expect("text");
    assert!(told.starts_with("CONNECT no.such.host.invalid:443 HTTP/1.1\\r\\n"), "{told}");
    assert!(told.contains("Basic ****") && !told.contains("secret"), "{told}");
}

#[test]
fn only_the_wanted_version_of_ip_is_tried() {
    let server = Server::answering([OK]);
    let (code, _, err) = run(&[&format!("http://localhost:{}/", server.port), "-4"]);
    assert_eq!(code, 0, "{err}");
    for (url, option) in [("http://127.0.0.1:1/", "-6"), ("http://[::1]:1/", "-4")] {
        let (code, _, err) = run(&[url, option]);
        assert!(code == 1 && err.lines().count() == 1 && !err.contains("refused"), "{err}");
    }
}
