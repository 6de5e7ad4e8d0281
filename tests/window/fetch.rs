use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::Receiver;

use super::Window;

/// A server that gives each of `answers` to one connection after the other, and tells what each asked.
fn serve(answers: Vec<Vec<u8>>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    let (asked, requests) = std::sync::mpsc::sync_channel(answers.len());
    let work = move || {
        for answer in answers {
            let (stream, _) = listener.accept().expect("accepted");
            let mut request = String::new();
            let mut lines = BufReader::new(&stream);
            while lines.read_line(&mut request).expect("request") > 2 {}
            asked.send(request).expect("told");
            (&stream).write_all(&answer).expect("answered");
        }
    };
    std::thread::Builder::new().name("pages".to_owned()).spawn(work).expect("thread");
    (port, requests)
}

fn fetch(window: &mut Window, url: &str) {
    window.open_tab("Fetch");
    window.fill("URL", url);
    window.key(egui::Key::Enter);
}

const PAGE: &[u8] =
    "HTTP/1.1 200 OK\r\nX-Odd-CASE: yes\r\nx-odd-case: again\r\nContent-Type: text/html; charset=gbk\r\n\
    Content-Disposition: attachment; filename=\"../greeting.html\"\r\nContent-Length: 16\r\n\r\n<p>"
        .as_bytes();

fn page() -> Vec<u8> {
    // 你好,世界 in GBK, eight bytes and a comma: as a server from China sends it.
    [PAGE, b"\xc4\xe3\xba\xc3,\xca\xc0\xbd\xe7", b"</p>"].concat()
}

#[test]
fn a_page_is_shown_with_its_hops_headers_body_and_wire_and_saved() {
    let redirect = b"HTTP/1.1 301 Moved Permanently\r\nLocation: /page\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (port, requests) = serve(vec![redirect, page()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("localhost:{port}/start"));
    window.wait_for_text("● complete");
    assert!(requests.recv().expect("first").starts_with("GET /start HTTP/1.1\r\n"));
    assert!(requests.recv().expect("second").starts_with("GET /page HTTP/1.1\r\n"));

    assert!(window.shows("301 → 200 OK"), "{:?}", window.texts());
    assert!(window.shows("GET /page HTTP/1.1"), "the request as sent");
    assert!(window.shows("X-Odd-CASE") && window.shows("x-odd-case"), "case and duplicates are kept");
    window.open_tab("Body");
    assert!(window.shows("<p>你好,世界</p>"), "read by its charset");
    window.open_tab("Wire");
    assert!(window.shows("c4 e3 ba c3") || window.shows("\\xc4\\xe3"), "{:?}", window.texts());
    window.open_tab("Connection");
    assert!(window.shows(&format!("Tried 127.0.0.1:{port}")));
    window.press("1 · 301");
    window.open_tab("Headers");
    assert!(window.shows("GET /start HTTP/1.1"));
    assert!(window.shows("Moved Permanently"));

    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("page.html");
    assert!(window.value("Path to save to").ends_with("greeting.html"), "the name suggested, made safe");
    window.fill("Path to save to", path.to_str().expect("text"));
    window.press("Save here");
    window.wait_for_text("Saved to ");
    assert_eq!(std::fs::read(&path).expect("saved"), b"<p>\xc4\xe3\xba\xc3,\xca\xc0\xbd\xe7</p>");
    window.press("Dismiss");
    assert!(!window.shows("Saved to "));

    // Without a folder: beside the last one, which is said.
    window.fill("Path to save to", "page.html");
    assert!(window.shows("replaces an existing file"));
    window.fill("Path to save to", "other.html");
    assert!(!window.shows("replaces an existing file"));
    window.press("Save here");
    window.wait_for_text(&format!("Saved to {}", folder.path().join("other.html").display()));
}

#[test]
fn a_body_that_ends_early_is_never_called_complete() {
    let (port, _requests) = serve(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789".to_vec()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/file.bin"));
    window.wait_for_text("10");
    window.wait_for_text("Fetch failed");
    assert!(window.shows("100 B") || window.shows("100 bytes"), "{:?}", window.texts());
    assert!(!window.shows("● complete"));

    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("file.bin");
    std::fs::write(&path, "old").expect("old file");
    window.fill("Path to save to", path.to_str().expect("text"));
    window.press("Save here");
    window.wait_for_text("Saved to ");
    assert_eq!(std::fs::read_to_string(&path).expect("untouched"), "old");
    assert_eq!(std::fs::read_to_string(folder.path().join("file.bin.partial")).expect("partial"), "0123456789");
}

#[test]
fn a_save_that_fails_says_why_and_can_be_tried_again() {
    let (port, _requests) = serve(vec![page()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/"));
    window.wait_for_text("● complete");
    let folder = tempfile::tempdir().expect("folder");
    window.fill("Path to save to", folder.path().join("none/page.html").to_str().expect("text"));
    window.press("Save here");
    window.wait_for_text("the folder does not exist");
    window.fill("Path to save to", folder.path().join("page.html").to_str().expect("text"));
    window.press("Save here");
    window.wait_for_text("Saved to ");
}

#[test]
fn a_fetch_can_be_cancelled_while_the_server_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let mut window = Window::new();
    fetch(&mut window, &format!("http://{}/", listener.local_addr().expect("address")));
    let _silent = listener.accept().expect("accepted");
    window.wait_for_text("waiting for the answer");
    window.press("Cancel");
    window.wait_for_text("● cancelled");
}

#[test]
fn what_is_no_web_address_and_what_does_not_answer_is_said() {
    let mut window = Window::new();
    fetch(&mut window, "ftp://localhost/");
    window.wait_for_text("Fetch failed");
    assert!(window.shows("ftp"), "{:?}", window.texts());
    let port = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/"));
    window.wait_for_text("refused");
}

#[test]
fn a_password_in_a_url_is_shown_nowhere_but_in_the_field() {
    let (port, requests) = serve(vec![page()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://me:secret@127.0.0.1:{port}/"));
    window.wait_for_text("● complete");
    assert!(requests.recv().expect("asked").contains("Authorization: Basic "));
    window.fill("URL", "");
    assert!(!window.shows("secret"), "{:?}", window.texts());
    window.press("Recent");
    assert!(!window.shows("secret"));
}
