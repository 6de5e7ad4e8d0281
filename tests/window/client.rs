use std::io::{Read, Write};
use std::net::TcpListener;

use super::Window;

/// Opens the Client tab on `port` of this computer.
fn client(window: &mut Window, port: u16) {
    window.open_tab("Client");
    window.fill("Port", &port.to_string());
}

#[test]
fn one_press_plays_the_tutorial_with_our_own_server() {
    let mut window = Window::new();
    let address = window.start_server();
    client(&mut window, address.port());
    window.press("Play the tutorial");
    window.wait_for_text("The other side closed the connection");
    // The state is asked, the conversation is told: that may be a frame later.
    window.wait_for_text("empty read: the other side will send no more");
    let shown = window.texts();
    let mut from = 0;
    for text in ["Welcome!", "Michael", "Hello, Michael!", "Tracy", "Hello, Tracy!", "Sarah", "Hello, Sarah!", "exit"] {
        let at = shown[from..].iter().position(|one| one == text);
        from += at.unwrap_or_else(|| panic!("{text:?} is missing, or out of its order, in {shown:?}"));
    }
    assert!(window.shows("empty read"));
    window.open_tab("Server");
    window.wait_for_text("1 connection, 3 greetings, 21 B in, 49 B out");
}

#[test]
fn a_chat_in_chinese_with_line_endings_and_every_read_kept_apart() {
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.fill("Message", "你好");
    window.key(egui::Key::Enter);
    let mut buf = [0; 6];
    server.read_exact(&mut buf).expect("read");
    assert_eq!(buf, "你好".as_bytes());
    assert_eq!(window.value("Message"), "", "ready for the next message");
    // The field keeps the focus: the next message can be typed at once.
    window.harness.event(egui::Event::Text("again".to_owned()));
    window.settle();
    window.press("Send");
    let mut buf = [0; 5];
    server.read_exact(&mut buf).expect("read");
    assert_eq!(&buf, b"again");

    server.write_all("再见\x1b[2J".as_bytes()).expect("sent");
    window.wait_for_text("再见\\x1b[2J");
    drop(server);
    window.wait_for_text("● The other side closed the connection");
}

#[test]
fn the_line_ending_is_added() {
    use egui::accesskit::Role;
    use egui_kittest::kittest::Queryable as _;
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let mut window = Window::new();
    client(&mut window, listener.local_addr().expect("address").port());
    window.harness.get_by_role_and_label(Role::ComboBox, "Line ending").click();
    window.settle();
    window.harness.get_by_label("CRLF (\\r\\n)").click();
    window.settle();
    window.press("Connect");
    let (mut server, _) = listener.accept().expect("accepted");
    window.wait_for_text("● connected");
    window.fill("Message", "a");
    window.press("Send");
    let mut buf = [0; 3];
    server.read_exact(&mut buf).expect("read");
    assert_eq!(&buf, b"a\r\n");
    window.press("Disconnect");
    window.wait_for_text("● Disconnected");
    assert_eq!(server.read(&mut [0; 8]).expect("closed"), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn connecting_can_be_given_up() {
    // A listener whose queue is full does not answer.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("socket");
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().expect("address").as_socket().expect("IPv4");
    let patience = std::time::Duration::from_millis(200);
    let queue: Vec<_> =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, patience).ok()).take(100).collect();
    let mut window = Window::new();
    client(&mut window, address.port());
    window.press("Connect");
    window.wait_for_text("● connecting…");
    window.press("Cancel");
    window.wait_for_text("● Disconnected");
    drop(queue);
}

#[test]
fn a_port_typed_with_the_host_goes_to_its_own_field() {
    let mut window = Window::new();
    window.open_tab("Client");
    window.fill("Host", "[::1]:7");
    window.key(egui::Key::Tab);
    assert_eq!((window.value("Host"), window.value("Port")), ("::1".to_owned(), "7".to_owned()));
}

#[test]
fn a_refused_connection_names_every_address_tried() {
    let port = TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    let mut window = Window::new();
    client(&mut window, port);
    window.fill("Host", "localhost");
    window.press("Connect");
    window.wait_for_text("● failed");
    assert!(window.shows(&format!("127.0.0.1:{port} tried")));
    assert!(window.shows("check the port, and that the server is running"));
    // It is remembered for the next time.
    window.press("Recent");
    assert!(window.shows(&format!("localhost:{port}")));
}

#[test]
fn messages_are_typed_with_escapes_or_as_hex_and_seen_as_bytes_before_they_go() {
    let mut window = Window::new();
    let mut server = window.connect_client();
    window.choose("Message typed", "with escapes");
    window.choose("Line ending", "LF (\\n)");
    window.fill("Message", "a\\x00ü");
    assert!(window.shows("5 B: 61 00 c3 bc 0a"), "{:?}", window.texts());
    window.fill("Message", "a\\q");
    assert!(window.shows("\\q"));
    window.press("Send");
    assert_eq!(window.value("Message"), "a\\q", "a mistake is not sent");
    window.choose("Message typed", "hexadecimal");
    window.fill("Message", "00 41");
    assert!(window.shows("3 B: \\x00A\\n"), "{:?}", window.texts());
    window.press("Send");
    let mut buf = [0; 3];
    server.read_exact(&mut buf).expect("read");
    assert_eq!(&buf, b"\0A\n");

    window.press("Half-close");
    assert_eq!(server.read(&mut buf).expect("closed"), 0);
    window.wait_for_text("Half-closed: nothing more will be sent");
    server.write_all(b"still heard").expect("sent");
    window.wait_for_text("still heard");
    window.press("Reset");
    window.wait_for_text("● Broken off here (reset)");
    assert!(server.write_all(b"more").is_err(), "nobody is there any more");
}
