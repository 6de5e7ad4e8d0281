use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{LIMIT, Window};

/// A client that has been greeted as `name`.
fn greeted(address: SocketAddr, name: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("connected");
    client.set_read_timeout(Some(LIMIT)).expect("a limit");
    client.write_all(name.as_bytes()).expect("sent");
    let mut buf = vec![0; format!("Welcome!Hello, {name}!").len()];
    client.read_exact(&mut buf).expect("read");
    assert_eq!(String::from_utf8_lossy(&buf), format!("Welcome!Hello, {name}!"));
    client
}

impl Window {
    /// The servers in the row, as they are told to a screen reader, and which of them is shown.
    fn servers(&self) -> (Vec<String>, Option<usize>) {
        let tabs = self.harness.get_all_by_role(Role::Tab);
        let tabs: Vec<_> = tabs.map(|tab| tab.accesskit_node()).collect();
        let servers: Vec<_> = tabs.iter().filter(|tab| tab.label().is_some_and(|label| label.contains(", "))).collect();
        let shown = servers.iter().position(|tab| tab.is_selected() == Some(true));
        (servers.iter().filter_map(|tab| tab.label()).collect(), shown)
    }

    /// Shows the server whose name begins so.
    fn show_server(&mut self, name: &str) {
        let tab = |label: &String| label.starts_with(name) && label.contains(", ");
        let whole = self.servers().0.into_iter().find(tab).expect("a server");
        self.open_tab(&whole);
    }
}

#[test]
fn two_servers_run_at_once_each_with_its_own_settings_connections_log_and_wire() {
    let mut window = Window::new();
    assert_eq!(window.servers(), (vec!["127.0.0.1:9999, off".to_owned()], Some(0)));
    let first = window.start_server();
    let ann = greeted(first, "Ann");
    window.wait_for_text("Hello, Ann!");
    window.press("New server");
    assert_eq!(window.servers().1, Some(1), "the new one is shown");
    assert!(!window.shows("Hello, Ann!") && !window.shows("Accept new connection"), "{:?}", window.texts());
    window.unfold("Behaviour");
    window.fill("Reply", "<{message}>");
    let second = window.start_server();
    let mut bob = TcpStream::connect(second).expect("connected");
    bob.write_all(b"Bob").expect("sent");
    let mut buf = [0; 13];
    bob.read_exact(&mut buf).expect("read");
    assert_eq!(&buf, b"Welcome!<Bob>");
    window.wait_for_text("<Bob>");
    window.wait_for("both in the status bar", |window| {
        window.shows(&format!("Server {first} · 1 connection")) && window.shows(&format!("Server {second} · 1 conn"))
    });
    let state = |address| format!("{address}, listening, 1 connection");
    assert_eq!(window.servers(), (vec![state(first), state(second)], Some(1)));

    window.show_server(&first.to_string());
    assert!(window.shows("Hello, Ann!") && window.shows(&format!("● listening on {first}")));
    assert!(!window.shows("<Bob>") && !window.shows(&bob.local_addr().expect("address").to_string()));
    assert_eq!(window.value("Reply"), "Hello, {message}!");
    // The main button is that of the server that is shown; the other one goes on.
    window.press("Stop");
    window.wait_for_text("● not listening");
    bob.write_all(b"x").expect("sent");
    let mut buf = [0; 3];
    bob.read_exact(&mut buf).expect("read");
    assert_eq!(&buf, b"<x>");
    window.open_tab("Client");
    window.press(&format!("Server {second} · 1 connection"));
    assert!(window.shows(&format!("● listening on {second}")), "the status bar leads to it");
    drop(ann);
}

#[test]
fn closing_a_server_stops_it_and_the_last_one_stays() {
    let mut window = Window::new();
    window.start_server();
    window.press("New server");
    let address = window.start_server();
    let mut client = greeted(address, "Ann");
    window.press(&format!("Close {address}"));
    assert_eq!(client.read(&mut [0; 8]).expect("closed"), 0);
    window.wait_for("the port to be free", |_| TcpListener::bind(address).is_ok());
    assert_eq!(window.servers().0.len(), 1);
    assert!(!window.shows(&address.to_string()));
    assert!(window.harness.query_by_label_contains("Close 127").is_none(), "the only one cannot be closed");
}

#[test]
fn a_new_server_has_the_settings_of_the_one_before_and_the_next_port() {
    let mut window = Window::new();
    window.fill("Port", "7000");
    window.unfold("Behaviour");
    window.fill("Welcome", "Salut!");
    window.press("New server");
    assert_eq!((window.value("Port"), window.value("Welcome")), ("7001".to_owned(), "Salut!".to_owned()));
    window.fill("Welcome", "Hi!");
    window.show_server("127.0.0.1:7000");
    assert_eq!(window.value("Welcome"), "Salut!");
    window.press("New server");
    assert_eq!(window.value("Port"), "7002");
}

#[test]
fn the_rules_are_those_of_the_server_that_is_shown() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.press("New server");
    window.press("Rules…");
    window.press("Add a rule");
    window.fill("what to reply", "of the second");
    assert!(window.shows("1 rule before the greeting"));
    window.show_server("127.0.0.1:9999");
    assert!(!window.shows("Rules of the server"), "it was about the other one");
    assert!(window.shows("none: every message is greeted"));
    window.press("Rules…");
    assert!(!window.shows("of the second"));
    // Rules that are read go to the server that they were read for.
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "[[rule]]\n[[rule]]\n").expect("written");
    window.fill("File", &path.display().to_string());
    window.harness.get_by_role_and_label(Role::Button, "Import").click();
    window.harness.step();
    window.show_server("127.0.0.1:10000");
    window.wait_for_text("2 rules read from");
    assert!(window.shows("1 rule before the greeting"));
    window.show_server("127.0.0.1:9999");
    assert!(window.shows("2 rules before the greeting"));
}

#[test]
fn both_ends_are_found_whichever_server_the_client_is_connected_to() {
    let mut window = Window::new();
    window.start_server();
    window.press("New server");
    let second = window.start_server();
    window.press("New server");
    window.start_server();
    window.open_tab("Client");
    window.fill("Port", &second.port().to_string());
    window.press("Connect");
    window.wait_for_text("Welcome!");
    window.press("Both ends");
    window.wait_for_text("server • accepted");
}

#[test]
fn many_servers_have_room_in_the_smallest_window() {
    let mut window = Window::with_size(800.0, 560.0);
    for _ in 0..11 {
        window.start_server();
        window.press("New server");
    }
    for node in window.harness.root().children_recursive() {
        let node = node.accesskit_node();
        if let (true, Some(area)) = (egui::accessibility::is_input(node.role()), node.bounding_box()) {
            let name = node.label().or_else(|| node.value()).unwrap_or_default();
            assert!(area.x0 >= 0.0 && area.x1 <= 800.0, "{name:?} is cut: {area:?}");
            assert!(area.y0 >= 0.0 && area.y1 <= 560.0, "{name:?} is cut: {area:?}");
        }
    }
}
