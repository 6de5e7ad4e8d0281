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

/// An answer with this body.
fn answer(media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The Body tab of an answer.
fn shown_body(media_type: &str, body: &[u8]) -> Window {
    let mut window = fetched(&answer(media_type, body));
    window.open_tab("Body");
    window
}

#[test]
fn json_is_laid_out_and_shown_as_it_is_one_press_away() {
    let mut window = shown_body("application/json", br#"{"b":1.50,"a":[1],"b":2}"#);
    window.wait_for_text("  \"b\": 1.50,");
    assert!(window.shows("    1") && window.shows("  \"b\": 2"), "{:?}", window.texts());
    assert_eq!(window.copy("Copy text"), "{\n  \"b\": 1.50,\n  \"a\": [\n    1\n  ],\n  \"b\": 2\n}");
    window.open_tab("Text");
    window.wait_for_text(r#"{"b":1.50,"a":[1],"b":2}"#);
}

#[test]
fn what_is_not_what_its_type_says_is_shown_as_it_is_with_the_reason() {
    let mut window = shown_body("application/json", b"{\"a\":}");
    window.wait_for_text("This is not JSON, so it is shown as it is: expected value at line 1 column 6");
    assert!(window.shows("{\"a\":}"));
    let mut window = shown_body("text/xml", b"<a><b></a>");
    window.wait_for_text("This is not XML");
    let mut window = shown_body("text/xml", b"<a><b/></a>");
    window.wait_for_text("  <b/>");
}

#[test]
fn a_charset_can_be_changed() {
    let mut window = shown_body("text/plain; charset=gbk", b"\xc4\xe3\xba\xc3");
    window.wait_for_text("你好");
    assert!(window.shows("as found: GBK (header)"), "{:?}", window.texts());
    window.choose("Charset", "windows-1252");
    window.wait_for_text("ÄãºÃ");
    window.choose("Charset", "UTF-8");
    window.wait_for_text("Some bytes are no text in this charset");
    window.choose("Charset", "as found: GBK (header)");
    window.wait_for_text("你好");
}

#[test]
fn a_picture_is_shown_and_one_that_is_broken_or_a_bomb_says_so() {
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(3, 2).write_to(&mut png, image::ImageFormat::Png).expect("encoded");
    let png = png.into_inner();
    let mut window = shown_body("image/png", &png);
    window.wait_for("the picture", |window| {
        window.harness.query_by_role_and_label(Role::Image, "image/png, 3 × 2 pixels").is_some()
    });
    window.open_tab("Hex");
    window.wait_for_text("00000000  89 50 4e 47");

    let mut window = shown_body("image/png", &png[..png.len() / 2]);
    window.wait_for_text("The picture cannot be read");
    // A small file that says that it has 3.6 billion pixels.
    let mut bomb = png;
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let mut crc = flate2::Crc::new();
    crc.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let mut window = shown_body("image/png", &bomb);
    window.wait_for_text("The picture has 60,000 × 60,000 pixels");
}

#[test]
fn any_place_of_a_large_body_is_read_when_it_is_looked_at() {
    let line = |n: usize| format!("line {n:>10}\n");
    let text: String = (0..200_000).map(line).collect();
    let mut window = shown_body("text/plain", text.as_bytes());
    window.wait_for_text("line          0");
    assert!(window.shows("bytes 0 to 1,048,592 of 3,200,000"), "{:?}", window.texts());
    window.press("Later");
    window.wait_for_text(&format!("line {:>10}", (1 << 20) / 16 + 1));
    assert!(window.has("Earlier"));
    window.open_tab("Hex");
    window.wait_for_text("00000000  6c 69 6e 65");
    window.harness.get_by_role_and_label(Role::List, "Body").click();
    window.settle();
    window.key(egui::Key::End);
    window.wait_for_text("0030d3f0  6c 69 6e 65");
}

#[test]
fn a_page_can_be_opened_in_the_browser_only_when_it_is_whole() {
    let mut window = shown_body("text/html", b"<p>hello</p>");
    window.wait_for_text("<p>hello</p>");
    let is_disabled = |window: &Window| {
        let button = window.harness.get_by_role_and_label(Role::Button, "Open in browser");
        egui_kittest::kittest::NodeT::accesskit_node(&button).is_disabled()
    };
    assert!(!is_disabled(&window));
    let mut window = fetched(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>hel");
    window.open_tab("Body");
    window.wait_for_text("<p>hel");
    assert!(is_disabled(&window));
}

#[test]
fn headers_are_shown_as_received_found_copied_and_explained() {
    let answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nX-Long: one\r\n   two\r\n\
        Cache-CONTROL: no-store\r\nSet-Cookie: a=1\r\nSet-Cookie: a=2\r\nContent-Length: 0\r\n\r\n";
    let mut window = fetched(answer);
    window.open_tab("Headers");
    for text in ["HTTP/1.1 103 Early Hints", "X-Long", "   two", "Cache-CONTROL", "a=1", "a=2"] {
        assert!(window.shows(text), "{text}: {:?}", window.texts());
    }
    assert_eq!(window.copy("Copy Cache-CONTROL"), "Cache-CONTROL: no-store");
    window.harness.get_by_label_contains("Cache-CONTROL  ").hover();
    window.wait_for_text("no-store: nobody may keep it");

    window.shortcut(egui::Key::F);
    window.harness.get_by_role_and_label(Role::TextInput, "Find").type_text("SET-cookie");
    window.settle();
    assert!(window.shows("2 of ") && window.shows("a=2") && !window.shows("X-Long"), "{:?}", window.texts());
    window.fill("Find", "nothing of the kind");
    assert!(window.shows("No line has this in it"));
}
