//! Several sessions of the Client tab, their encodings, and connecting again.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::Window;

/// The names of the sessions' tabs, in their order.
fn sessions(window: &Window) -> Vec<String> {
    let tabs = window.harness.get_all_by_role(Role::Tab);
    tabs.filter_map(|tab| tab.accesskit_node().label()).skip(3).collect()
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    (listener, port)
}

fn read(server: &mut TcpStream, len: usize) -> Vec<u8> {
    server.set_read_timeout(Some(super::LIMIT)).expect("set");
    let mut bytes = vec![0; len];
    server.read_exact(&mut bytes).expect("read");
    bytes
}

#[test]
fn sessions_stand_side_by_side_and_each_keeps_its_own() {
    let mut window = Window::new();
    let mut first = window.connect_client();
    window.fill("Message", "half");
    first.write_all(b"from the first").expect("sent");
    window.wait_for_text("from the first");
    window.press("New session");
    assert!(!window.shows("from the first"));
    assert_eq!(window.value("Message"), "");
    let (listener, port) = listener();
    window.fill("Port", &port.to_string());
    window.press("Connect");
    let (mut second, _) = listener.accept().expect("accepted");
    window.wait_for_text("● connected 127.0.0.1:");
    let address = |server: &TcpStream| server.local_addr().expect("address").to_string();
    let names = [&first, &second].map(|server| format!("{} connected", address(server)));
    assert_eq!(sessions(&window), names);
    assert!(window.shows("2 clients connected"), "{:?}", window.texts());
    window.fill("Message", "to the second");
    window.press("Send");
    assert_eq!(read(&mut second, 13), b"to the second");
    second.write_all(b"from the second").expect("sent");
    window.wait_for_text("from the second");

    // What comes while another one is shown is there later.
    first.write_all(b"meanwhile").expect("sent");
    window.open_tab(&names[0]);
    window.wait_for_text("meanwhile");
    assert!(!window.shows("the second"));
    assert_eq!(window.value("Message"), "half");

    window.press("Close session");
    assert_eq!(first.read(&mut [0]).expect("closed"), 0);
    assert_eq!(sessions(&window), names[1..]);
    assert!(window.shows("to the second"));
    assert!(window.shows(&format!("Client connected to {}", address(&second))));
    window.press("Close session");
    assert_eq!(second.read(&mut [0]).expect("closed"), 0);
    assert_eq!(sessions(&window), [format!("{} not connected", address(&second))], "one is always there");
    assert!(window.shows("Client off"));
}

#[test]
fn there_are_not_more_sessions_than_can_be() {
    let mut window = Window::with_size(800.0, 560.0);
    window.open_tab("Client");
    for _ in 0..15 {
        window.press("New session");
    }
    assert_eq!(sessions(&window).len(), 16);
    let add = window.harness.get_by_role_and_label(Role::Button, "New session");
    assert!(add.accesskit_node().is_disabled());
    let area = add.accesskit_node().bounding_box().expect("shown");
    assert!(area.x1 <= 800.0, "{area:?}");
}

#[test]
fn a_conversation_in_another_encoding() {
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.choose("Encoding of messages", "GBK");
    window.fill("Message", "你好");
    assert!(window.shows("4 B: c4 e3 ba c3"), "{:?}", window.texts());
    window.press("Send");
    assert_eq!(read(&mut server, 4), b"\xc4\xe3\xba\xc3");
    window.wait_for_text("你好");
    server.write_all(b"\xca\xc0\xbd").expect("sent");
    window.wait_for_text("世\\xbd");
    server.write_all(b"\xe7!").expect("sent");
    window.wait_for_text("世界");
    assert!(window.shows("·!"), "{:?}", window.texts());

    window.fill("Message", "好😀");
    window.choose("Encoding of messages", "Big5");
    window.wait_for_text("“😀” is not in this encoding");
    window.press("Send");
    assert_eq!(window.value("Message"), "好😀", "nothing is sent");
    window.choose("Encoding of messages", "UTF-8");
    window.wait_for_text("\\xca\\xc0\\xbd");
    window.press("Send");
    assert_eq!(read(&mut server, 7), "好😀".as_bytes());
}

#[test]
fn it_connects_again_unless_a_person_ended_it() {
    let (listener, port) = listener();
    let mut window = Window::new();
    window.open_tab("Client");
    window.fill("Port", &port.to_string());
    window.harness.get_by_label("Connect again").click();
    window.press("Connect");
    let (mut server, _) = listener.accept().expect("accepted");
    server.write_all(b"first").expect("sent");
    window.wait_for_text("first");
    drop(server);
    window.wait_for_text("Connecting again in 1 s");
    assert!(window.shows("● waiting to connect again"));
    window.open_tab("Server");
    listener.set_nonblocking(true).expect("set");
    let mut server = None;
    window.wait_for("the next connection", |_| {
        server = listener.accept().ok();
        server.is_some()
    });
    let (mut server, _) = server.expect("accepted");
    server.write_all(b"second").expect("sent");
    window.open_tab("Client");
    window.wait_for_text("second");
    assert!(window.shows("first"), "the conversation goes on");
    let local = server.peer_addr().expect("address").to_string();
    assert!(window.shows(&format!("● connected {local}")), "{:?}", window.texts());

    drop(server);
    window.wait_for_text("● waiting to connect again");
    window.press("Cancel");
    window.wait_for_text("Not connecting again");
    assert!(window.shows("● The other side closed the connection"));
    window.press("Connect");
    window.wait_for_text("● connected");
    window.press("Disconnect");
    window.wait_for_text("● Disconnected");
    assert!(!window.shows("Connecting again"), "{:?}", window.texts());
}

#[test]
fn messages_are_saved_put_back_sent_at_once_and_deleted() {
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.choose("Message typed", "hexadecimal");
    window.fill("Message", "00 41");
    window.press("Saved");
    window.press("Save this message");
    window.fill("Message", "");
    window.choose("Message typed", "as it is");
    window.press("Saved");
    window.press("00 41 · hexadecimal");
    assert_eq!(window.value("Message"), "00 41");
    assert!(window.shows("2 B: \\x00A"), "typed as it was: {:?}", window.texts());
    window.press("Send");
    assert_eq!(read(&mut server, 2), b"\0A");
    window.fill("Message", "other");
    window.press("Saved");
    window.press("Send “00 41 · hexadecimal”");
    assert_eq!(read(&mut server, 2), b"\0A");
    assert_eq!(window.value("Message"), "other");
    window.press("Saved");
    window.press("Delete “00 41 · hexadecimal”");
    assert!(window.shows("Nothing is saved yet"));
}

#[test]
fn a_message_repeats_until_a_person_stops_it() {
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.fill("Message", "beat;");
    window.press("Repeat…");
    window.fill_number("Every", "1");
    window.fill_number("Times", "3");
    window.press("Start repeating");
    assert_eq!(read(&mut server, 15), b"beat;beat;beat;");
    window.wait_for_text("Repeated: 3 messages");
    assert_eq!(window.value("Message"), "beat;");
    window.press("Repeat…");
    window.fill_number("Every", "3600000");
    window.fill_number("Times", "100");
    window.press("Start repeating");
    assert_eq!(read(&mut server, 5), b"beat;");
    window.wait_for_text("1 of 100");
    window.press("Stop");
    window.wait_for_text("Repeating stopped after 1 of 100");
    assert!(window.harness.query_by_role_and_label(Role::Button, "Stop").is_none());
}

#[test]
fn a_file_is_sent_and_what_goes_wrong_is_said() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("file.bin");
    std::fs::write(&path, "of a file").expect("written");
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.press("Send file…");
    window.fill("File", &path.display().to_string());
    window.press("Send file");
    assert_eq!(read(&mut server, 9), b"of a file");
    window.wait_for_text("file.bin, 9 B");
    window.press("Send file…");
    window.fill("File", &folder.path().display().to_string());
    window.key(egui::Key::Enter);
    window.wait_for_text("it is not a regular file");
    std::fs::write(&path, vec![0; 32 << 20]).expect("written");
    window.press("Send file…");
    window.fill("File", &path.display().to_string());
    window.press("Send file");
    // Nobody reads.
    window.wait_for_text(" of 33.6 MB");
    window.press("Cancel");
    drop(server);
    window.wait_for_text("● The other side");
    assert!(!window.shows("Sent file.bin"), "{:?}", window.texts());
}
