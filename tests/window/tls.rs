use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

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
