//! What the Fetch tab shows of an answer: what was delivered, times, the connection, the body, headers.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;
use super::fetch::{fetch, serve};

/// Fetches one answer to its end; the body is there, or cut short.
fn fetched(answer: &[u8]) -> Window {
    fetched_with(Window::new(), answer)
}

fn fetched_with(mut window: Window, answer: &[u8]) -> Window {
    let (port, _requests) = serve(vec![answer.to_vec()]);
    fetch(&mut window, &format!("http://127.0.0.1:{port}/"));
    window.wait_for("its end", |window| window.has("Delivery"));
    window
}

impl Window {
    fn has(&self, button: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, button).is_some()
    }

    /// Presses a button that copies; what it copied.
    fn copy(&mut self, button: &str) -> String {
        self.harness.get_by_role_and_label(Role::Button, button).click();
        let mut copied = None;
        for _ in 0..5 {
            self.harness.step();
            copied = copied.or(self.copied());
        }
        copied.unwrap_or_else(|| panic!("{button} copied nothing"))
    }
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

#[test]
fn the_badge_says_complete_and_every_number_of_it_can_be_copied() {
    let mut window = fetched(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
    assert!(window.shows("● complete"));
    window.press("Delivery");
    for number in ["Declared 10 B", "On the wire 10 B", "Received 10 B", "Decoded 10 B", "On disk 10 B"] {
        assert!(window.has(number), "{number}: {:?}", window.texts());
    }
    let digest = format!("SHA-256 {}", sha256(b"0123456789"));
    window.wait_for("the digest", |window| window.has(&digest));
    assert_eq!(window.copy(&digest), sha256(b"0123456789"));
    assert_eq!(window.copy("On disk 10 B"), "10");
}

#[test]
fn the_badge_says_how_much_is_missing() {
    let window = fetched(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n0123456789");
    assert!(window.shows("● cut short by 1,990 B"), "{:?}", window.texts());
    assert!(!window.shows("● complete"));
    let window = fetched(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n");
    assert!(window.shows("● cut short") && !window.shows("cut short by"), "{:?}", window.texts());
}
