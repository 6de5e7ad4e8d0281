use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use egui::Modifiers;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// So many clients that have been welcomed.
fn clients(window: &mut Window, address: SocketAddr, many: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let mut client = TcpStream::connect(address).expect("connected");
        client.read_exact(&mut [0; 8]).expect("welcomed");
        client
    };
    let clients = (0..many).map(connect).collect();
    window.wait_for_text(&format!("Connections ({many} open)"));
    clients
}

fn hear(mut client: &TcpStream, expected: &str) {
    let mut buf = vec![0; expected.len()];
    client.read_exact(&mut buf).expect("read");
    assert_eq!(String::from_utf8_lossy(&buf), expected);
}

impl Window {
    /// The numbers of the rows, from above.
    fn numbers(&self) -> Vec<String> {
        let mut buttons: Vec<_> = self
            .harness
            .get_all_by_role(Role::Button)
            .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
            .filter(|(_, label)| label.strip_prefix('#').is_some_and(|rest| rest.parse::<u64>().is_ok()))
            .collect();
        buttons.sort_by(|a, b| a.0.total_cmp(&b.0));
        buttons.into_iter().map(|(_, label)| label).collect()
    }

    fn press_with(&mut self, modifiers: Modifiers, name: &str) {
        self.harness.get_by_role_and_label(Role::Button, name).click_modifiers(modifiers);
        self.settle();
    }

    fn menu(&mut self, title: &str, item: &str) {
        self.press(title);
        self.press(item);
    }
}

#[test]
fn a_message_goes_to_the_chosen_connections_alone() {
    let mut window = Window::new();
    let address = window.start_server();
    let all = clients(&mut window, address, 4);
    window.press("#4");
    window.press_with(Modifiers::COMMAND, "#2");
    window.press_with(Modifiers::COMMAND, "#3");
    window.press_with(Modifiers::COMMAND, "#3");
    window.menu("With 2 chosen", "Send…");
    assert!(window.shows("To 2 connections"));
    window.fill("Message to them", "a\\x00\\q");
    assert!(window.shows("\\q"));
    window.fill("Message to them", "ab \\x21");
    assert!(window.shows("4 B; no line end is added"));
    window.press_last("Send");
    hear(&all[3], "ab !");
    hear(&all[1], "ab !");
    window.wait_for_text("4 B sent to 2 connections");
    window.key(egui::Key::Escape);
    assert!(!window.shows("Send a message"));
    // Nothing came to the others: what they get next is the reply.
    (&all[0]).write_all(b"x").expect("sent");
    hear(&all[0], "Hello, x!");
}

#[test]
fn connections_are_held_half_closed_disconnected_and_reset() {
    let mut window = Window::new();
    let address = window.start_server();
    let mut all = clients(&mut window, address, 4);
    window.press("#1");
    window.menu("With #1", "Hold");
    window.wait_for_text("reading, held then");
    all[0].write_all(b"x").expect("sent");
    window.wait_for("the thread to be held", |window| window.texts().iter().any(|text| text.starts_with("held ")));
    window.menu("With #1", "Go on");
    hear(&all[0], "Hello, x!");
    window.press("#2");
    window.menu("With #2", "Half-close");
    assert_eq!(all[1].read(&mut [0]).expect("closed"), 0);
    window.wait_for_text("half-closed: we are done sending");
    window.press("#3");
    window.menu("With #3", "Disconnect");
    assert_eq!(all[2].read(&mut [0]).expect("closed"), 0);
    window.wait_for_text("closed: disconnected here");
    window.press("#4");
    window.menu("With #4", "Reset");
    assert_eq!(all[3].read(&mut [0]).expect_err("reset").kind(), std::io::ErrorKind::ConnectionReset);
    window.wait_for_text("closed: reset here");
    window.wait_for_text("Connections (2 open)");
}

#[test]
fn the_table_is_sorted_and_filtered() {
    let mut window = Window::new();
    let address = window.start_server();
    let mut all = clients(&mut window, address, 3);
    assert_eq!(window.numbers(), ["#3", "#2", "#1"], "the newest first");
    all[1].write_all(b"a\nb\nc\n").expect("sent");
    all[0].write_all(b"a\n").expect("sent");
    window.wait_for_text("In all 3 connections, 4 greetings,");
    window.press("greeted");
    assert_eq!(window.numbers(), ["#2", "#1", "#3"], "the most first");
    window.press("greeted ↓");
    assert_eq!(window.numbers(), ["#3", "#1", "#2"]);
    window.press("client");
    let mut ports: Vec<_> = all.iter().map(|one| one.local_addr().expect("address").port()).zip(1..).collect();
    ports.sort_unstable();
    let expected: Vec<_> = ports.into_iter().map(|(_, number)| format!("#{number}")).collect();
    assert_eq!(window.numbers(), expected, "names from A to Z");
    window.fill("Filter", "conn-2");
    assert_eq!(window.numbers(), ["#2"]);
    window.fill("Filter", "CLOSED");
    window.wait_for_text("No connection fits the filter");
    drop(all.pop());
    window.wait_for("the closed one", |window| window.numbers() == ["#3"]);
}

#[test]
fn with_shift_all_between_are_chosen_and_with_a_command_all() {
    let mut window = Window::new();
    let address = window.start_server();
    let _all = clients(&mut window, address, 5);
    window.press("#4");
    window.press_with(Modifiers::SHIFT, "#2");
    window.menu("With 3 chosen", "Choose all");
    window.menu("With 5 chosen", "Disconnect");
    window.wait_for_text("Connections (0 open)");
}

#[test]
fn a_message_goes_to_all_whichever_are_chosen() {
    let mut window = Window::new();
    let address = window.start_server();
    let mut all = clients(&mut window, address, 3);
    drop(all.pop());
    window.wait_for_text("Connections (2 open)");
    window.press("#1");
    window.menu("With #1", "Send to all…");
    assert!(window.shows("To all 2 open connections"));
    window.fill("Message to them", "hey");
    window.press_last("Send");
    for client in &all {
        hear(client, "hey");
    }
    window.wait_for_text("3 B sent to 2 connections");
}

#[test]
fn the_menu_of_a_row_shows_its_wire_and_keeps_what_is_chosen() {
    let mut window = Window::new();
    let address = window.start_server();
    let _all = clients(&mut window, address, 3);
    window.press("#3");
    window.press_with(Modifiers::COMMAND, "#1");
    assert!(window.shows("Wire of #1"));
    let row = window.harness.get_by_role_and_label(Role::Button, "#3").rect();
    window.harness.hover_at(row.right_center() + egui::vec2(60.0, 0.0));
    window.harness.event(egui::Event::PointerButton {
        pos: row.right_center() + egui::vec2(60.0, 0.0),
        button: egui::PointerButton::Secondary,
        pressed: true,
        modifiers: Modifiers::NONE,
    });
    window.harness.event(egui::Event::PointerButton {
        pos: row.right_center() + egui::vec2(60.0, 0.0),
        button: egui::PointerButton::Secondary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    window.settle();
    window.press("Show its wire");
    assert!(window.shows("Wire of #3") && window.shows("With 2 chosen"), "{:?}", window.texts());
}
