use std::io::{Read, Write};
use std::net::TcpStream;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;

/// A number above a plot: what is before `unit`.
fn number(window: &Window, unit: &str) -> f64 {
    let texts = window.texts();
    let parse = |text: &String| text.strip_suffix(unit)?.replace(',', "").trim_end_matches(" B").parse().ok();
    texts.iter().find_map(parse).expect("a number")
}

#[test]
fn what_the_server_does_is_told_second_by_second() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.fill_number("Pause before a reply", "0");
    window.unfold("Behaviour");
    assert!(window.shows("p50 –") && window.shows("– open"), "nothing has been measured");
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(b"a\nb\nc\n").expect("sent");
    let mut buf = vec![0; "Welcome!Hello, a!\nHello, b!\nHello, c!\n".len()];
    client.read_exact(&mut buf).expect("read");
    window.wait_for("a sample with the greetings", |window| window.shows("1 open") && !window.shows("p50 –"));
    assert!(number(&window, " a second") > 0.0 && number(&window, " in") > 0.0 && number(&window, " out") > 0.0);
    for what in ["Greetings", "Bytes a second", "Connections", "Latency"] {
        window.harness.get_by_role_and_label(Role::Image, &format!("{what}, the last 2 minutes"));
    }
    // A quiet second, and then it closes.
    window.wait_for("a quiet second", |window| window.shows("1 open") && window.shows("p50 –"));
    drop(client);
    // Nobody is connected any more, and still it is seen how it came to an end; then the window rests.
    window.wait_for("the end", |window| window.shows("0 open") && window.shows("0 a second") && window.shows("p50 –"));
    window.settle();
    // Where the pointer is, it is what it was then.
    let plot = window.harness.get_by_role_and_label(Role::Image, "Connections, the last 2 minutes").rect();
    window.harness.hover_at(plot.right_center() - egui::vec2(3.0, 0.0));
    window.settle();
    assert!(window.shows(" s ago") && !window.texts().contains(&"now".to_owned()));
    window.harness.hover_at(plot.left_center() + egui::vec2(4.0, 0.0));
    window.settle();
    assert!(window.shows("– open"), "nothing was measured two minutes ago");
}

#[test]
fn the_plots_are_folded_away_where_there_is_little_room_and_when_a_person_says_so() {
    let mut window = Window::with_size(800.0, 560.0);
    assert!(!window.shows("Greetings, the last 2 minutes"));
    window.press("Throughput");
    assert!(window.shows("p99 –"));
    window.press("New server");
    assert!(window.shows("p99 –"), "it is the same for all servers");
    let mut window = Window::new();
    assert!(window.shows("Greetings, the last 2 minutes"));
    window.press("Throughput");
    assert!(!window.shows("Greetings, the last 2 minutes") && !window.shows("p99 –"));
}
