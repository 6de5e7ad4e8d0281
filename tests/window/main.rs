//! The window, driven as a person would: by role and accessible name, without a screen, against real sockets.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod asking;
mod both;
mod client;
mod connections;
mod fetch;
mod fetch_shown;
mod help;
mod profiles;
mod rules;
mod server;
mod servers;
mod sessions;
mod target;
mod throughput;
mod tls;
mod wire;

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use socketscope::app::App;

/// No wait in these tests takes this long unless something is broken.
const LIMIT: Duration = Duration::from_secs(20);

/// A window with a way to wait for what its workers bring.
struct Window {
    harness: Harness<'static, App>,
    woken: Receiver<()>,
}

impl Window {
    fn new() -> Self {
        Self::with_size(1180.0, 760.0)
    }

    fn with_size(width: f32, height: f32) -> Self {
        // Fonts of the system are not used here, so Chinese characters have no picture: they still have a name.
        let harness = Harness::builder()
            .with_size([width, height])
            // A picture must settle: after a click, a menu that closes, what a worker brings meanwhile.
            .with_max_steps(12)
            .allow_missing_glyphs()
            .build_eframe(|cc| App::new(cc));
        let (wake, woken) = bounded(1);
        // A full channel means that the news is known already.
        harness.ctx.set_request_repaint_callback(move |_| _ = wake.try_send(()));
        let mut window = Self { harness, woken };
        window.settle();
        window
    }

    /// Frames until nothing asks for another: a window that never rests fails here.
    fn settle(&mut self) {
        self.harness.run();
    }

    /// Shows frames, one for each time something woke the window, until `done`.
    fn wait_for(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.harness.step();
            if done(self) {
                return;
            }
            // The news may come without a wake-up: a connection that is counted, a time that passes.
            _ = self.woken.recv_timeout(Duration::from_millis(50));
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; the window shows:\n{}",
                self.texts().join("\n")
            );
        }
    }

    fn wait_for_text(&mut self, part: &str) {
        self.wait_for(part, |window| window.shows(part));
    }

    /// Every text that can be read in the window.
    fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for node in self.harness.root().children_recursive() {
            let node = node.accesskit_node();
            texts.extend(node.label());
            texts.extend(node.value());
        }
        texts
    }

    fn shows(&self, part: &str) -> bool {
        self.texts().iter().any(|text| text.contains(part))
    }

    fn press(&mut self, name: &str) {
        self.harness.get_by_role_and_label(Role::Button, name).click();
        self.settle();
    }

    /// Shows what is folded away under `name`.
    fn unfold(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.settle();
    }

    fn open_tab(&mut self, name: &str) {
        self.harness.get_by_role_and_label(Role::Tab, name).click();
        self.settle();
    }

    /// Puts `text` into the field called `name`, in place of what it holds.
    fn fill(&mut self, name: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, name).focus();
        self.settle();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.settle();
        self.key(egui::Key::Backspace);
        self.harness.get_by_role_and_label(Role::TextInput, name).type_text(text);
        self.settle();
    }

    /// Connects the Client tab to a listener of the test; the other end.
    fn connect_client(&mut self) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        self.open_tab("Client");
        self.fill("Port", &listener.local_addr().expect("address").port().to_string());
        self.press("Connect");
        let (server, _) = listener.accept().expect("accepted");
        self.wait_for_text("● connected 127.0.0.1:");
        server
    }

    /// Presses the last button of this name: what lies on top, or at the right, comes last.
    fn press_last(&mut self, name: &str) {
        self.harness.get_all_by_role_and_label(Role::Button, name).last().expect("a button").click();
        self.settle();
    }

    /// Puts a number into the field called `name`.
    fn fill_number(&mut self, name: &str, number: &str) {
        self.harness.get_by_role_and_label(Role::SpinButton, name).focus();
        self.settle();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.get_by_role_and_label(Role::SpinButton, name).type_text(number);
        self.settle();
        self.key(egui::Key::Enter);
    }

    /// Picks `choice` in the combo box called `name`.
    fn choose(&mut self, name: &str, choice: &str) {
        self.harness.get_by_role_and_label(Role::ComboBox, name).click();
        self.settle();
        self.harness.get_by_role_and_label(Role::Button, choice).click();
        self.settle();
    }

    fn value(&self, name: &str) -> String {
        self.harness.get_by_role_and_label(Role::TextInput, name).accesskit_node().value().unwrap_or_default()
    }

    fn key(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.settle();
    }

    fn shortcut(&mut self, key: egui::Key) {
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, key);
        self.settle();
    }

    /// Starts the server on a free port, with no pause before replies, and gives its address.
    fn start_server(&mut self) -> std::net::SocketAddr {
        self.fill("Port", "0");
        self.press("Start");
        self.wait_for_text("● listening on ");
        let texts = self.texts();
        let address = texts.iter().find_map(|text| text.strip_prefix("● listening on "));
        address.expect("shown").parse().expect("an address")
    }
}
