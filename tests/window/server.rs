use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;

fn read(stream: &mut TcpStream, expected: &str) {
    let mut buf = vec![0; expected.len()];
    stream.read_exact(&mut buf).expect("read");
    assert_eq!(String::from_utf8_lossy(&buf), expected);
}

#[test]
fn start_greets_clients_and_shows_them_and_stop_frees_the_port() {
    let mut window = Window::new();
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    let peer = client.local_addr().expect("address").to_string();
    read(&mut client, "Welcome!");
    client.write_all("好\n".as_bytes()).expect("sent");
    read(&mut client, "Hello, 好!\n");
    window.wait_for("the greeting counted", |window| window.shows("1 connection, 1 greeting,"));
    assert!(window.shows(&format!("Accept new connection from {peer}")), "{:?}", window.texts());
    assert!(window.shows("Connections (1 open)"));
    assert!(window.texts().contains(&peer));
    assert!(window.texts().contains(&"conn-1".to_owned()));
    assert!(window.shows("reading "));
    assert!(window.shows("Wire of #1"));
    assert!(window.shows("57 65 6c 63 6f 6d 65 21"), "the welcome as hexadecimal");
    assert!(window.shows("Hello, 好!\\n"), "the reply as text");
    assert!(window.shows(&format!("Server {address} · 1 connection")));

    window.press("Stop");
    window.wait_for_text("● not listening");
    assert!(window.shows("closed: "));
    assert_eq!(client.read(&mut [0; 8]).expect("closed"), 0);
    TcpListener::bind(address).expect("the port is free");
}

#[test]
fn the_wire_keeps_its_room_when_the_window_gets_small() {
    let mut window = Window::new();
    let address = window.start_server();
    let _client = TcpStream::connect(address).expect("connected");
    window.wait_for_text("57 65 6c 63 6f 6d 65 21");
    window.harness.set_size(egui::vec2(800.0, 560.0));
    window.settle();
    assert!(window.shows("57 65 6c 63 6f 6d 65 21"), "eight bytes in one row: {:?}", window.texts());
}

#[test]
fn a_window_whose_server_has_nothing_to_do_asks_for_no_frame() {
    let rests = |window: &Window| {
        let root = &window.harness.output().viewport_output[&egui::ViewportId::ROOT];
        root.repaint_delay == std::time::Duration::MAX
    };
    let mut window = Window::new();
    window.wait_for("rest before all", rests);
    let address = window.start_server();
    window.wait_for("rest while nobody is connected", rests);
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(b"exit").expect("sent");
    window.wait_for_text("closed: exit");
    window.wait_for("rest when the client has gone", rests);
    // The table counts the seconds; elsewhere nothing moves.
    let _stays = TcpStream::connect(address).expect("connected");
    window.wait_for_text("Connections (1 open)");
    assert!(!rests(&window));
    window.open_tab("Fetch");
    window.wait_for("rest in another tab", rests);
}

#[test]
fn the_end_of_each_connection_is_shown() {
    let mut window = Window::new();
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(b"exit").expect("sent");
    let mut all = Vec::new();
    client.read_to_end(&mut all).expect("closed");
    assert_eq!(all, b"Welcome!");
    window.wait_for_text("closed: exit");
    window.wait_for_text("Connections (0 open)");
    assert!(window.shows(&format!("Connection from {} closed", client.local_addr().expect("address"))));
}

#[test]
fn a_port_in_use_is_said_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = taken.local_addr().expect("address").port().to_string();
    let mut window = Window::new();
    window.fill("Port", &port);
    window.press("Start");
    window.wait_for_text("in use");
    assert!(window.shows(&format!("Cannot listen on 127.0.0.1:{port}")));
    assert!(window.shows("choose another port"));
    // It can be mended and tried again.
    window.start_server();
}

#[test]
fn what_cannot_be_an_address_is_said_at_once() {
    let mut window = Window::new();
    window.fill("Port", "99999");
    window.press("Start");
    assert!(window.shows("Cannot use “99999”"), "{:?}", window.texts());
    window.fill("Port", "0");
    window.fill("Address", "no such host");
    window.press("Start");
    assert!(window.shows("Cannot use “no such host”"));
}

#[test]
fn behaviour_can_be_changed_and_put_back() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.fill("Welcome", "Salut!");
    window.fill("Reply", "<{message}|{n}>");
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(b"a\n").expect("sent");
    read(&mut client, "Salut!<a|1>\n");
    window.press("Stop");
    window.wait_for_text("● not listening");
    window.press("As in the tutorial");
    assert_eq!(window.value("Welcome"), "Welcome!");
}

#[test]
fn addresses_of_this_machine_are_offered_and_explained() {
    let mut window = Window::new();
    window.press("Pick…");
    assert!(window.shows("127.0.0.1 — this computer only"));
    assert!(window.shows("0.0.0.0 — all networks"));
    window.press("::1 — this computer only");
    assert_eq!(window.value("Address"), "::1");
    // Port 80 says what it is known for.
    window.fill("Port", "80");
    assert!(window.shows("web pages (HTTP)"));
}

#[test]
fn the_wire_of_a_chosen_connection_is_shown() {
    let mut window = Window::new();
    let address = window.start_server();
    let clients: Vec<_> = ["first", "second"]
        .into_iter()
        .map(|text| {
            let mut client = TcpStream::connect(address).expect("connected");
            client.write_all(text.as_bytes()).expect("sent");
            read(&mut client, &format!("Welcome!Hello, {text}!"));
            client
        })
        .collect();
    window.wait_for_text("Wire of #2");
    window.wait_for_text("Hello, sec");
    window.press("#1");
    window.wait_for_text("Wire of #1");
    window.wait_for_text("Hello, fir");
    assert!(!window.shows("Hello, sec"));
    drop(clients);
}

#[test]
fn misbehaving_is_told_as_long_as_it_is_on() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.press("Misbehave…");
    window.harness.get_by_role_and_label(Role::CheckBox, "Close without an answer").click();
    window.settle();
    window.fill_number("Glue replies together", "3");
    window.key(egui::Key::Escape);
    assert!(window.shows("Misbehaving on purpose: 3 replies glued together, closes without an answer"));
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    read(&mut client, "Welcome!");
    client.write_all(b"a").expect("sent");
    assert_eq!(client.read(&mut [0; 8]).expect("closed"), 0);
    window.wait_for_text("closed: we, on purpose");
    assert!(window.shows("Misbehaving on purpose"));
}

#[test]
fn one_client_after_the_other_the_second_is_shown_waiting() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.choose("Serve", "one client after the other");
    let address = window.start_server();
    let mut first = TcpStream::connect(address).expect("connected");
    read(&mut first, "Welcome!");
    let mut second = TcpStream::connect(address).expect("connected");
    let who = second.local_addr().expect("address");
    if cfg!(target_os = "linux") {
        window.wait_for_text(&format!("1 client waits to be accepted: {who}"));
        // And in the table, above those that were.
        let texts = window.texts();
        let place = |part: &str| texts.iter().position(|text| *text == part).unwrap_or_else(|| panic!("{part}"));
        assert!(place(&who.to_string()) < place("waiting to be accepted"), "{texts:?}");
        assert!(place("waiting to be accepted") < place("#1"), "{texts:?}");
        window.fill("Filter", "to be acc");
        assert!(window.shows("waiting to be accepted") && !window.shows("conn-1"));
        window.fill("Filter", "#1");
        assert!(!window.shows("waiting to be accepted"));
        window.fill("Filter", "");
    }
    assert!(window.shows("Connections (1 open)"));
    drop(first);
    read(&mut second, "Welcome!");
    window.wait_for("nobody waiting", |window| !window.shows("waits to be accepted"));
}
