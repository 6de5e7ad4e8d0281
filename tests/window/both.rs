use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;

/// The window with its client connected to its own server, which was told `numbers` before.
fn connected(numbers: &[(&str, f64)]) -> Window {
    let mut window = Window::new();
    window.unfold("Behaviour");
    for (name, number) in numbers {
        window.harness.get_by_role_and_label(Role::SpinButton, name).set_value_accesskit(*number);
        window.settle();
    }
    let address = window.start_server();
    window.open_tab("Client");
    window.fill("Port", &address.port().to_string());
    window.press("Connect");
    window.wait_for_text("Welcome!");
    window
}

fn send(window: &mut Window, text: &str) {
    window.fill("Message", text);
    window.press("Send");
}

fn point_at(window: &mut Window, part: &str) {
    window.harness.get_by_label_contains(part).hover();
    window.settle();
    // What is pointed at is known one frame later.
    window.settle();
}

#[test]
fn one_write_that_comes_as_two_reads_is_seen() {
    let mut window = connected(&[("Read at most", 4.0), ("Pause before a reply", 0.0)]);
    send(&mut window, "two five");
    window.wait_for_text("Hello, five!");
    assert!(!window.shows("2 reads"));
    window.press("Both ends");
    window.wait_for_text("2 reads");
    assert!(window.shows("client 127.0.0.1:") && window.shows("server 127.0.0.1:"));
    assert!(window.shows("client • connected") && window.shows("server • accepted"), "{:?}", window.texts());
    assert!(!window.shows("Show as"), "a lens does not apply");
    let texts = window.texts();
    let place = |part: &str| texts.iter().position(|text| text.contains(part)).unwrap_or_else(|| panic!("{part}"));
    let order = ["client → 8 B", "two part of write #1", "five part of write #1"];
    assert!(order.iter().map(|part| place(part)).is_sorted(), "{texts:#?}");

    point_at(&mut window, "client → 8 B");
    assert!(window.shows("client’s write #1 (8 B) arrived in 2 reads, #1 and #"), "{:?}", window.texts());
    point_at(&mut window, "two part of write #1");
    assert!(window.shows("server’s read #1 (4 B) is part of write #1 (8 B)"), "{:?}", window.texts());
}

#[test]
fn two_writes_that_become_one_read_are_seen() {
    let mut window = connected(&[("Pause before a reply", 8.0)]);
    window.press("Both ends");
    send(&mut window, "first");
    // It has read the first one, and does not read while it pauses.
    window.wait_for_text("server ← 5 B");
    send(&mut window, "second");
    send(&mut window, "third");
    window.wait_for_text("second 6 B not read yet");
    window.wait_for_text("2 writes");
    assert!(window.shows("server ← 11 B"), "{:#?}", window.texts());
    // Nor is the answer to the first one, a little later.
    window.wait_for("all to be read", |window| !window.shows("not read yet"));
    point_at(&mut window, "client → 6 B");
    assert!(window.shows("write #2 (6 B) arrived in read #3 together with write #3"), "{:?}", window.texts());
    point_at(&mut window, "server ← 5 B");
    assert!(window.shows("server’s read #1 (5 B) is write #1 as it was"), "{:?}", window.texts());
    point_at(&mut window, "server ← 11 B");
    assert!(window.shows("server’s read #3 (11 B) is made of 2 writes, #2 and #3"), "{:?}", window.texts());
}

#[test]
fn what_was_shown_of_both_ends_falls_back_to_one_where_the_other_one_goes() {
    let mut window = connected(&[]);
    window.press("Both ends");
    window.wait_for_text("server • accepted");
    window.open_tab("Server");
    window.press("Stop");
    window.wait_for_text("● not listening");
    window.open_tab("Client");
    window.wait_for_text("server • closed");
    window.open_tab("Server");
    window.press("Start");
    window.open_tab("Client");
    window.wait_for_text("the other end is not kept any more");
    assert!(window.shows("57 65 6c 63 6f 6d 65 21"), "the wire of the client");
    assert!(!window.shows("server •"));
}
