use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Window;

const ANY: &str = "Accept any certificate (not safe)";

fn check(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::CheckBox, name).click();
    window.settle();
}

#[test]
fn a_server_with_a_made_certificate_is_trusted_once_it_was_saved() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("own.pem").display().to_string();
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.choose("TLS", "with a certificate made for this run");
    let address = window.start_server();
    assert!(window.shows("clients are shown "), "{:?}", window.texts());
    window.press("Certificate…");
    assert!(window.shows("localhost, ") && window.shows("itself, nobody else vouches for it"), "{:?}", window.texts());
    window.fill("Path to save to", &path);
    window.press("Save");
    window.wait_for_text("Saved to ");
    window.key(egui::Key::Escape);
    assert!(!window.shows("itself, nobody else vouches for it"));

    window.open_tab("Client");
    window.fill("Port", &address.port().to_string());
    check(&mut window, "TLS");
    window.press("Connect");
    window.wait_for_text("● failed");
    window.wait_for_text("the server’s certificate is signed by itself, nobody vouches for it");
    window.press("Certificate…");
    assert!(window.shows("NOT verified, anyone could be at the other end"), "{:?}", window.texts());
    assert!(window.shows("itself, nobody else vouches for it"));
    window.key(egui::Key::Escape);

    window.unfold("TLS options");
    window.fill("More trusted certificates", &path);
    window.press("Connect");
    window.wait_for_text("● TLS 1.3, verified");
    window.wait_for_text("Welcome!");
    window.press("Certificate…");
    assert!(window.shows("Verified: "), "{:?}", window.texts());
    window.key(egui::Key::Escape);
    window.press("Disconnect");
    window.wait_for_text("● Disconnected");

    window.fill("Server name", "other.example");
    window.press("Connect");
    window.wait_for_text("the server’s certificate is not for other.example but for localhost");
    window.open_tab("Server");
    window.wait_for_text("the client does not trust our certificate");
}

#[test]
fn any_certificate_is_accepted_once_and_loudly() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.choose("TLS", "with a certificate made for this run");
    let address = window.start_server();
    window.open_tab("Client");
    window.fill("Port", &address.port().to_string());
    check(&mut window, "TLS");
    window.unfold("TLS options");
    check(&mut window, ANY);
    assert!(window.shows("Any certificate will be accepted"));
    window.press("Connect");
    window.wait_for_text("● TLS 1.3, NOT verified");
    window
        .wait_for_text("NOT verified, anyone could be at the other end: the server’s certificate is signed by itself");
    window.press("Disconnect");
    window.wait_for_text("● Disconnected");
    // It was for that connection alone.
    let any = window.harness.get_by_role_and_label(Role::CheckBox, ANY);
    assert_eq!(any.accesskit_node().toggled(), Some(egui::accesskit::Toggled::False));
    window.press("Connect");
    window.wait_for_text("● failed");
}

#[test]
fn wrong_files_of_a_server_are_said() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.choose("TLS", "with a certificate from files");
    window.fill("Certificate file", "/no/such/certificate.pem");
    window.fill("Key file", "/no/such/key.pem");
    window.press("Start");
    window.wait_for_text("Cannot use “/no/such/certificate.pem”");
    window.wait_for_text("● failed");
}

/// A server whose certificate vouches for itself.
fn self_signed() -> Arc<ServerConfig> {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![own.cert.der().clone()], key).expect("config"))
}

#[test]
fn only_the_certificate_that_was_looked_at_is_accepted() {
    let folder = tempfile::tempdir().expect("folder");
    let roots = folder.path().join("roots.pem");
    // Of another name than the server's: this computer may have no roots at all.
    let mut other = rcgen::CertificateParams::new(["other.example".to_owned()]).expect("parameters");
    other.distinguished_name.push(rcgen::DnType::CommonName, "Somebody else");
    let other = other.self_signed(&rcgen::KeyPair::generate().expect("key")).expect("certificate");
    std::fs::write(&roots, other.pem()).expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    let (one, changed) = (self_signed(), self_signed());
    let configs = [one, Arc::clone(&changed), Arc::clone(&changed), changed];
    let serve = move || {
        for config in configs {
            let (stream, _) = listener.accept().expect("accepted");
            let mut tls = StreamOwned::new(ServerConnection::new(config).expect("TLS"), stream);
            let mut lines = BufReader::new(&mut tls);
            let mut line = String::new();
            // Who does not trust us asks nothing.
            while lines.read_line(&mut line).is_ok_and(|n| n > 2) {}
            _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            tls.conn.send_close_notify();
            _ = tls.flush();
        }
    };
    std::thread::Builder::new().name("shows certificates".to_owned()).spawn(serve).expect("thread");
    let again = "Fetch again and accept this certificate";
    let mut window = Window::new();
    window.open_tab("Fetch");
    window.press("Options");
    window.fill("More trusted certificates", &roots.display().to_string());
    super::fetch::fetch(&mut window, &format!("https://localhost:{port}/"));
    window.wait_for_text("signed by itself");
    window.open_tab("Connection");
    window.press(again);
    window.wait_for_text("another certificate than one that was accepted");
    window.open_tab("Connection");
    window.press(again);
    window.wait_for_text("● complete");
    // It was for that fetch alone.
    window.press("Fetch");
    window.wait_for_text("Fetch failed");
    assert!(window.shows("signed by itself"), "{:?}", window.texts());
}
