//! The wire view, in the Client tab against a server that the test plays.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use egui::accesskit::Role;
use egui::{OutputCommand, Pos2, Rect};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// A window whose client is connected, and the other end.
fn connected() -> (Window, TcpStream) {
    let mut window = Window::new();
    let server = window.connect_client();
    (window, server)
}

impl Window {
    /// The rows of the wire as they are read out, without size, time and number.
    fn wire(&self) -> Vec<String> {
        let list = self.harness.get_by_role_and_label(Role::List, "Wire");
        let rows = list.children_recursive().filter_map(|node| node.accesskit_node().value());
        let texts = rows.filter(|row| row.contains('#')).map(|row| row.chars().skip(33).collect::<String>());
        texts.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    fn wait_for_wire(&mut self, rows: &[&str]) {
        self.wait_for(&format!("{rows:?}"), |window| window.wire() == rows);
    }

    /// Where the row with this text is.
    fn row(&self, part: &str) -> Rect {
        let list = self.harness.get_by_role_and_label(Role::List, "Wire");
        list.get_all_by_label_contains(part).next().expect("a row").rect()
    }

    /// Where the first character of the bytes of a row is.
    fn first_byte(&self, part: &str) -> Pos2 {
        let row = self.row(part);
        row.left_center() + egui::vec2(33.5 * 7.525, 0.0)
    }

    pub fn copied(&self) -> Option<String> {
        self.harness.output().platform_output.commands.iter().find_map(|one| match one {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn copy_as(&mut self, form: &str) -> String {
        self.press_last("Copy");
        self.press_copying(form)
    }

    /// Presses what copies, and says what it copied.
    pub fn press_copying(&mut self, name: &str) -> String {
        self.harness.get_by_role_and_label(Role::Button, name).click();
        let mut copied = None;
        for _ in 0..5 {
            self.harness.step();
            copied = copied.or_else(|| self.copied());
        }
        copied.expect("something is copied")
    }
}

#[test]
fn glued_and_cut_messages_are_told_apart_by_changing_the_lens() {
    let (mut window, mut server) = connected();
    server.write_all(b"Bob\nAli").expect("sent");
    window.wait_for_wire(&["42 6f 62 0a 41 6c 69 Bob\\nAli"]);
    server.write_all(b"ce\n").expect("sent");
    let reads = ["42 6f 62 0a 41 6c 69 Bob\\nAli", "63 65 0a ce\\n"];
    window.wait_for_wire(&reads);
    window.choose("Show as", "lines");
    window.wait_for_wire(&["42 6f 62 0a Bob\\n", "41 6c 69 63 65 0a Alice\\n"]);
    assert!(window.shows("#0, #1"), "a line of two reads says so");
    window.choose("Show as", "delimiter");
    window.fill("Delimiter", "6c 69");
    assert!(!window.shows("is no hexadecimal digit"));
    window.choose("Typed as", "hex");
    window.wait_for_wire(&["42 6f 62 0a 41 6c 69 Bob\\nAli", "63 65 0a ce\\n"]);
    window.fill("Delimiter", "6c 6");
    assert!(window.shows("a byte has two digits"));
    window.choose("Show as", "fixed size");
    window.wait_for_wire(&["42 6f 62 0a 41 6c 69 63 65 0a Bob\\nAlice\\n"]);
    window.choose("Show as", "reads and writes");
    window.wait_for_wire(&reads);
}

#[test]
fn a_character_cut_by_two_reads_is_shown_whole_in_its_encoding() {
    let (mut window, mut server) = connected();
    server.write_all(b"\xe5\xa5").expect("sent");
    window.wait_for_wire(&["e5 a5 \\xe5\\xa5"]);
    server.write_all(b"\xbd!").expect("sent");
    window.wait_for_wire(&["e5 a5 好", "bd 21 ·!"]);
    window.choose("Encoding", "Latin-1 (ISO 8859-1)");
    window.wait_for_wire(&["e5 a5 å¥", "bd 21 ½!"]);
    // 你好 in GBK, one byte in the next read.
    window.choose("Encoding", "GBK");
    server.write_all(b"\xc4\xe3\xba").expect("sent");
    window.wait_for("the third read", |window| window.wire().len() == 3);
    server.write_all(b"\xc3").expect("sent");
    window.wait_for("你好", |window| window.wire()[2..] == ["c4 e3 ba 你好", "c3 ·"]);
}

#[test]
fn what_happened_to_the_socket_stands_in_the_wire() {
    let (mut window, mut server) = connected();
    server.write_all(b"bye").expect("sent");
    drop(server);
    window.wait_for_text("closed; the other side ended it");
    assert!(window.shows("it answered after") && window.shows("• ") && window.shows("connected"));
    assert!(window.shows("empty read: the other side is done"));
    window.wait_for_text("● The other side closed the connection");
    // A connect that fails has a wire too.
    let closed = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address");
    window.fill("Port", &closed.port().to_string());
    window.press("Connect");
    window.wait_for_text("refused");
    window.wait_for("the try", |window| {
        let list = window.harness.get_by_role_and_label(Role::List, "Wire");
        list.query_by_label_contains(&format!("tried {closed}")).is_some()
    });
}

#[test]
fn one_direction_alone_and_other_times_can_be_shown() {
    let (mut window, mut server) = connected();
    server.write_all(b"hello").expect("sent");
    window.wait_for_wire(&["68 65 6c 6c 6f hello"]);
    window.fill("Message", "you");
    window.key(egui::Key::Enter);
    window.wait_for_wire(&["68 65 6c 6c 6f hello", "79 6f 75 you"]);
    window.choose("Directions", "sent only");
    window.wait_for_wire(&["79 6f 75 you"]);
    window.choose("Directions", "received only");
    window.wait_for_wire(&["68 65 6c 6c 6f hello"]);
    window.choose("Time", "time of day");
    let row = window.harness.get_by_role_and_label(Role::List, "Wire").get_by_label_contains("hello").accesskit_node();
    let label = row.value().expect("a text");
    let time: String = label.chars().skip(11).take(15).collect();
    assert!(time.matches(':').count() == 2 && time.contains('.'), "{label}");
}

#[test]
fn bytes_are_chosen_with_the_pointer_told_and_copied() {
    let (mut window, mut server) = connected();
    server.write_all(b"\x01\x02Michael").expect("sent");
    window.wait_for_wire(&["01 02 4d 69 63 68 61 65 6c \\x01\\x02Michael"]);
    let first = window.first_byte("Michael");
    window.harness.hover_at(first);
    window.settle();
    assert!(window.shows("received byte 0 · of #0 · as a number 1"), "{:?}", window.texts());
    // From the first digit to the second byte.
    window.harness.drag_at(first);
    window.harness.step();
    window.harness.hover_at(first + egui::vec2(4.0 * 7.525, 0.0));
    window.harness.step();
    window.harness.drop_at(first + egui::vec2(4.0 * 7.525, 0.0));
    window.settle();
    assert!(
        window.shows("received bytes 0 to 1, 2 B · of #0 · as a number 258 (big-endian) or 513 (little-endian)"),
        "{:?}",
        window.texts()
    );
    assert_eq!(window.copy_as("Hex"), "01 02");
    assert_eq!(window.copy_as("Python literal"), "b\"\\x01\\x02\"");
    // What is chosen stays what it is under another lens.
    window.choose("Show as", "fixed size");
    assert_eq!(window.copy_as("Hex"), "01 02");
    window.key(egui::Key::Escape);
    assert!(window.copy_as("Text").contains("Michael"));
}

#[test]
fn bytes_are_found_as_text_and_as_hex_also_where_reads_cut_them() {
    let (mut window, mut server) = connected();
    server.write_all(b"one tw").expect("sent");
    window.wait_for_wire(&["6f 6e 65 20 74 77 one tw"]);
    server.write_all(b"o\r\nthree").expect("sent");
    window.wait_for("both", |window| window.wire().len() == 2);
    window.shortcut(egui::Key::F);
    window.fill("What to find", "two\\r");
    window.key(egui::Key::Enter);
    window.wait_for_text("received bytes 4 to 7, 4 B · of #0 to #1");
    window.fill("What to find", "zzz");
    window.press("Next");
    window.wait_for_text("not found");
    window.choose("Typed as", "hex");
    window.fill("What to find", "65");
    for (button, byte) in [("Next", "12"), ("Next", "13"), ("Previous", "12"), ("Previous", "2")] {
        window.press(button);
        window.wait_for_text(&format!("received byte {byte} ·"));
    }
    window.press("Previous");
    window.wait_for_text("went on at the other end");
    window.press("Close");
    assert!(!window.shows("What to find"));
}

#[test]
fn what_did_not_fit_into_the_budget_is_said_where_it_was() {
    let (mut window, mut server) = connected();
    window.press("Settings");
    window.fill_number("Keep of all recordings at most", "1");
    let block = vec![b'x'; 1 << 20];
    server.write_all(&block).expect("sent");
    server.write_all(&block).expect("sent");
    server.write_all(b"Z").expect("sent");
    window.wait_for("the end", |window| {
        let list = window.harness.get_by_role_and_label(Role::List, "Wire");
        list.query_by_label_contains("Z").is_some()
    });
    let list = window.harness.get_by_role_and_label(Role::List, "Wire");
    assert!(list.query_by_label_contains("earlier not kept").is_none(), "it is not at the end");
    window.harness.get_by_role_and_label(Role::List, "Wire").focus();
    window.settle();
    window.key(egui::Key::Home);
    window.wait_for_text("MB earlier not kept");
    let top = |part: &str| window.row(part).top();
    assert!(top(" connected") < top("MB earlier not kept"), "it was connected before");
    assert!(top("MB earlier not kept") < top(" xxxx"));
}

#[test]
fn silence_ends_a_message_also_if_nothing_comes_after_it() {
    let (mut window, mut server) = connected();
    server.write_all(b"ab").expect("sent");
    window.wait_for_wire(&["61 62 ab"]);
    window.choose("Show as", "silence between");
    window.wait_for("the end of the message", |window| window.shows("← 2 B ") && !window.shows("← 2 B …"));
}

#[test]
fn what_crossed_the_socket_is_exported_whole_or_in_part() {
    let (mut window, mut server) = connected();
    server.write_all(b"one two").expect("sent");
    window.wait_for_wire(&["6f 6e 65 20 74 77 6f one two"]);
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name);
    window.shortcut(egui::Key::E);
    window.fill("Path", &path("all").display().to_string());
    assert!(window.shows("the path must end with"));
    window.harness.get_by_label("JSON Lines for programs (.jsonl)").click();
    window.settle();
    assert_eq!(window.value("Path"), path("all.jsonl").display().to_string());
    window.press_last("Export");
    window.wait_for_text("Exported 7 B to ");
    let all = std::fs::read_to_string(path("all.jsonl")).expect("written");
    assert!(all.lines().any(|line| line.contains(r#""data":"b25lIHR3bw==""#)), "{all}");
    assert!(!window.shows("JSON Lines for programs"), "the window has closed");

    window.shortcut(egui::Key::F);
    window.fill("What to find", "two");
    window.key(egui::Key::Enter);
    window.wait_for_text("received bytes 4 to 6");
    window.shortcut(egui::Key::E);
    window.fill("Path", &path("part.txt").display().to_string());
    window.press_last("Export");
    window.wait_for_text("Exported 3 B to ");
    let part = std::fs::read_to_string(path("part.txt")).expect("written");
    assert!(part.contains("two") && !part.contains("one"), "{part}");
    // A folder that is not there is said, and nothing else happens.
    window.shortcut(egui::Key::E);
    window.fill("Path", &path("missing/part.txt").display().to_string());
    window.press_last("Export");
    window.wait_for_text("Cannot save");
}

#[test]
fn a_lens_and_back_leads_to_the_same_place() {
    let (mut window, mut server) = connected();
    let lines: String = (0..400).map(|n| format!("this is line {n}\n")).collect();
    server.write_all((lines + "Z").as_bytes()).expect("sent");
    let list = |window: &Window| -> Vec<String> {
        let list = window.harness.get_by_role_and_label(Role::List, "Wire");
        list.children_recursive().filter_map(|node| node.accesskit_node().value()).collect()
    };
    window.wait_for("all", |window| list(window).iter().any(|row| row.contains('Z')));
    window.harness.get_by_role_and_label(Role::List, "Wire").focus();
    window.settle();
    window.key(egui::Key::Home);
    for _ in 0..3 {
        window.key(egui::Key::PageDown);
    }
    let before = list(&window);
    // The first row begins somewhere in a line, of which it has the end.
    let (_, bytes) = before[0].split_once("  ").expect("columns");
    let end = bytes.rsplit("  ").next().and_then(|text| text.split_once("\\n")).expect("a line's end").0.to_owned();
    window.choose("Show as", "lines");
    let number = end.rsplit(' ').next().expect("a number");
    let top = list(&window);
    assert!(top[..2].iter().any(|row| row.ends_with(&format!("{number}\\n"))), "{number}: {:?}", &top[..2]);
    window.choose("Show as", "fixed size");
    assert_ne!(list(&window), before);
    window.choose("Show as", "reads and writes");
    assert_eq!(list(&window), before);
}
