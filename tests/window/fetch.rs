use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::Receiver;

use egui::accesskit::Role;
use egui::{Color32, Pos2, Rect, Shape};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// A server that gives each of `answers` to one connection after the other, and tells what each asked, with its body.
pub fn serve(answers: Vec<impl AsRef<[u8]> + Send + 'static>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    let (asked, requests) = std::sync::mpsc::sync_channel(answers.len());
    let work = move || {
        for answer in answers {
            let (stream, _) = listener.accept().expect("accepted");
            let mut request = String::new();
            let mut lines = BufReader::new(&stream);
            while lines.read_line(&mut request).expect("request") > 2 {}
            let length = request.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().expect("length"))];
            lines.read_exact(&mut body).expect("body");
            request.push_str(&String::from_utf8_lossy(&body));
            asked.send(request).expect("told");
            (&stream).write_all(answer.as_ref()).expect("answered");
        }
    };
    std::thread::Builder::new().name("pages".to_owned()).spawn(work).expect("thread");
    (port, requests)
}

pub fn fetch(window: &mut Window, url: &str) {
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
    window.press("body, 16 B");
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
    assert!(!window.has_button("Show in folder"));
    window.press("Save here");
    window.wait_for_text("Saved to ");
    assert!(window.has_button("Show in folder"));
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
    window.open_tab("Wire");
    assert!(window.has_part("Authorization: Basic ************"), "{:?}", window.texts());
    window.press("Recent");
    assert!(!window.shows("secret"));
}

/// The runs of characters that have a colour behind them, with where each begins.
fn lit(window: &Window) -> Vec<(String, Pos2)> {
    let mut lit = Vec::new();
    for clipped in &window.harness.output().shapes {
        let Shape::Text(text) = &clipped.shape else { continue };
        let job = &text.galley.job;
        for section in job.sections.iter().filter(|one| one.format.background != Color32::TRANSPARENT) {
            let begin = job.text[..section.byte_range.start.0].chars().count();
            let at = text.galley.pos_from_cursor(egui::text::CCursor::new(begin)).translate(text.pos.to_vec2());
            let text = &job.text[section.byte_range.start.0..section.byte_range.end.0];
            lit.push((text.to_owned(), at.center() + egui::vec2(2.0, 0.0)));
        }
    }
    lit
}

/// The characters on the right that stand out, without their blanks.
fn lit_text(window: &Window) -> String {
    let is_hex = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_text = |text: &String| !text.split_whitespace().all(is_hex);
    lit(window).into_iter().map(|(text, _)| text).filter(is_text).collect::<String>().replace(' ', "")
}

/// Whether something is painted right behind `rect`.
fn stands_out(window: &Window, rect: Rect) -> bool {
    window.harness.output().shapes.iter().any(|clipped| match &clipped.shape {
        Shape::Rect(one) => one.rect == rect && one.fill != Color32::TRANSPARENT,
        _ => false,
    })
}

impl Window {
    fn part<'a>(&'a self, name: &'a str) -> egui_kittest::Node<'a> {
        self.harness.get_by_role_and_label(Role::Button, name)
    }

    fn has_part(&self, name: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, name).is_some()
    }

    fn is_chosen(&self, name: &str) -> bool {
        self.part(name).accesskit_node().is_selected() == Some(true)
    }

    fn point_at(&mut self, pos: Pos2) {
        self.harness.hover_at(pos);
        self.settle();
    }

    fn press_at(&mut self, pos: Pos2) {
        self.point_at(pos);
        self.harness.drag_at(pos);
        self.harness.drop_at(pos);
        self.settle();
    }
}

/// `text`, compressed, in two chunks, with a trailer.
fn chunked(text: &str) -> (Vec<u8>, usize) {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).expect("compressed");
    let body = gzip.finish().expect("compressed");
    let (first, rest) = body.split_at(10);
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\
        Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\na;part=1\r\n"
        .to_vec();
    answer.extend_from_slice(first);
    answer.extend_from_slice(format!("\r\n{:x}\r\n", rest.len()).as_bytes());
    answer.extend_from_slice(rest);
    answer.extend_from_slice(b"\r\n0\r\nX-Sum: 42\r\n\r\n");
    (answer, rest.len())
}

#[test]
fn the_parts_of_an_exchange_are_listed_as_a_person_reads_them() {
    let (answer, rest) = chunked("<p>hello</p>");
    let (port, _requests) = serve(vec![answer]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/page"));
    window.wait_for_text("● complete");
    window.open_tab("Wire");
    for name in [
        "GET /page HTTP/1.1",
        &format!("Host: 127.0.0.1:{port}"),
        "Connection: close",
        "HTTP/1.1 200 OK",
        "Content-Type: text/html",
        "chunk of 10 B ;part=1",
        "data, 10 B, compressed (gzip)",
        &format!("chunk of {rest} B"),
        &format!("data, {rest} B, compressed (gzip)"),
        "last chunk",
        "X-Sum: 42",
    ] {
        assert!(window.has_part(name), "{name}: {:?}", window.texts());
    }
    let count = |name| window.harness.query_all_by_role_and_label(Role::Button, name).count();
    assert_eq!((count("end of the chunk"), count("empty line")), (2, 3));
}

#[test]
fn a_part_leads_to_its_bytes_and_its_bytes_to_the_part() {
    let (answer, _) = chunked("<p>hello</p>");
    let (port, _requests) = serve(vec![answer]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/"));
    window.wait_for_text("● complete");
    window.open_tab("Wire");
    assert_eq!(lit_text(&window), "");

    window.part("Content-Type: text/html").hover();
    window.settle();
    assert_eq!(lit_text(&window), r"Content-Type:text/html\r\n");
    let bytes = lit(&window)[0].1;
    let row = window.part("Content-Type: text/html").rect();

    // The other way round.
    window.point_at(Pos2::new(5.0, 5.0));
    assert!(!stands_out(&window, row) && lit_text(&window).is_empty());
    window.point_at(bytes);
    assert!(stands_out(&window, row));
    assert_eq!(lit_text(&window), r"Content-Type:text/html\r\n");
    assert!(window.shows("header Content-Type"), "{:?}", window.texts());
    assert!(!window.is_chosen("Content-Type: text/html"));
    window.press_at(bytes);
    window.point_at(Pos2::new(5.0, 5.0));
    assert!(window.is_chosen("Content-Type: text/html"));
    assert_eq!(lit_text(&window).chars().count(), 1);

    window.press("chunk of 10 B ;part=1");
    window.point_at(Pos2::new(5.0, 5.0));
    assert_eq!(lit_text(&window), r"a;part=1\r\n");
    assert!(window.is_chosen("chunk of 10 B ;part=1") && !window.is_chosen("Content-Type: text/html"));
    assert!(window.shows("chunk size"), "{:?}", window.texts());

    // With the keyboard from there on.
    window.key(egui::Key::ArrowDown);
    window.key(egui::Key::ArrowDown);
    assert!(window.is_chosen("chunk of 10 B ;part=1"));
    window.key(egui::Key::Home);
    window.key(egui::Key::ArrowDown);
    window.key(egui::Key::Enter);
    let host = format!("Host: 127.0.0.1:{port}");
    assert!(window.is_chosen(&host));
    assert_eq!(lit_text(&window), format!(r"Host:127.0.0.1:{port}\r\n"));
    assert!(window.shows("request header Host"), "{:?}", window.texts());
}

#[test]
fn a_header_is_shown_in_the_wire_and_the_list_comes_after_it() {
    let many: String = (0..100).map(|n| format!("X-Number-{n}: value {n}\r\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n");
    let (port, _requests) = serve(vec![answer.into_bytes()]);
    let mut window = Window::with_size(800.0, 900.0);
    fetch(&mut window, &format!("http://127.0.0.1:{port}/"));
    window.wait_for_text("● complete");
    window.open_tab("Wire");
    window.press("Connection: close");
    // Only what was sent is shown: what came has to be shown again.
    window.harness.get_by_role_and_label(Role::ComboBox, "Directions").click();
    window.settle();
    window.harness.get_by_label("sent only").click();
    window.settle();
    window.open_tab("Headers");
    window.press("Show X-Number-15 in the wire");
    window.point_at(Pos2::new(5.0, 5.0));
    assert!(window.is_chosen("X-Number-15: value 15"));
    assert!(lit_text(&window).contains("X-Number-15:value"), "{}", lit_text(&window));
    assert!(window.shows("header X-Number-15"), "{:?}", window.texts());
    window.harness.set_size(egui::vec2(800.0, 560.0));
    window.settle();
    let bytes = lit(&window)[0].1;
    assert!(window.has_part("GET / HTTP/1.1") && !window.has_part("X-Number-15: value 15"));
    window.press_at(bytes);
    assert!(window.is_chosen("X-Number-15: value 15"), "the list has come after it");
}

#[test]
fn parts_grow_while_a_body_comes_and_stay_when_it_ends_early() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let mut window = Window::new();
    fetch(&mut window, &format!("http://{}/", listener.local_addr().expect("address")));
    let (mut stream, _) = listener.accept().expect("accepted");
    window.wait_for_text("waiting for the answer");
    window.open_tab("Wire");
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc").expect("sent");
    window.wait_for("its begin", |window| window.has_part("data, 3 B"));
    assert!(window.has_part("chunk of 5 B"));
    stream.write_all(b"d").expect("sent");
    window.wait_for("more of it", |window| window.has_part("data, 4 B"));
    let mut request = String::new();
    let mut lines = BufReader::new(&stream);
    while lines.read_line(&mut request).expect("request") > 2 {}
    drop(stream);
    window.wait_for_text("Fetch failed");
    assert!(window.has_part("data, 4 B") && window.has_part("HTTP/1.1 200 OK"));
}

#[test]
fn each_hop_has_its_own_parts_and_a_narrow_window_only_the_wire() {
    let redirect = b"HTTP/1.1 301 Moved Permanently\r\nLocation: /page\r\nContent-Length: 2\r\n\r\nno".to_vec();
    let (port, _requests) = serve(vec![redirect, page()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/start"));
    window.wait_for_text("● complete");
    window.open_tab("Wire");
    assert!(window.has_part("GET /page HTTP/1.1") && window.has_part("body, 16 B"));
    window.press("1 · 301");
    assert!(window.has_part("GET /start HTTP/1.1") && window.has_part("not read, 2 B"));
    window.harness.set_size(egui::vec2(600.0, 560.0));
    window.settle();
    assert!(!window.has_part("GET /start HTTP/1.1") && !window.shows("Parts"));
}
