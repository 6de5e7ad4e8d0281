use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

impl Window {
    /// Whether the button of this name can be pressed.
    fn is_enabled(&self, name: &str) -> bool {
        !self.harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
    }

    /// Keeps the server that is shown under this name, in the menu that is open.
    fn save_profile(&mut self, name: &str) {
        self.fill("Name", name);
        self.press("Save");
        assert!(self.shows("Saved as it is now"), "{:?}", self.texts());
    }
}

#[test]
fn a_server_is_kept_under_a_name_and_loaded_again() {
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.fill("Port", "7000");
    window.fill("Welcome", "Salut!");
    window.press("Profiles");
    assert!(window.shows("No profile has been saved yet") && !window.is_enabled("Save"));
    window.save_profile("mine");
    window.key(egui::Key::Escape);
    assert!(window.shows("mine, off"), "the server goes by its name");

    window.press("New server");
    window.press("As in the tutorial");
    window.press("Profiles");
    window.save_profile("other");
    // The menu closes once one is loaded.
    window.press("mine, 127.0.0.1:7000");
    assert!(!window.shows("Saved as it is now"));
    assert_eq!((window.value("Port"), window.value("Welcome")), ("7000".to_owned(), "Salut!".to_owned()));
    assert!(!window.shows("other, off"));

    window.start_server();
    window.wait_for_text("Server mine 127.0.0.1:");
    window.press("Profiles");
    assert!(!window.is_enabled("other, 127.0.0.1:7001") && !window.is_enabled("Import"));
    window.press("Delete other");
    assert!(!window.shows("other, 127"));
    assert!(window.shows("Save replaces the profile of this name"), "its port is another one now");
    window.press("Save");
    assert!(window.shows("mine, 127.0.0.1:0") && !window.shows("mine, 127.0.0.1:7000"));
    window.press("Delete mine");
    assert!(window.shows("No profile has been saved yet"));
}

#[test]
fn what_cannot_be_a_profile_says_why() {
    let mut window = Window::new();
    window.fill("Port", "seven");
    window.press("Profiles");
    window.fill("Name", "mine");
    assert!(window.shows("Cannot use “seven”") && !window.is_enabled("Save") && !window.is_enabled("Export"));
}

#[test]
fn a_profile_goes_to_a_file_and_comes_back() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mine.toml");
    let mut window = Window::new();
    window.unfold("Behaviour");
    window.fill("Welcome", "Salut!");
    window.press("Rules…");
    window.press("Ready-made");
    window.press("Echo");
    window.key(egui::Key::Escape);
    window.press("Profiles");
    window.fill("Name", "mine");
    window.fill("File", &path.display().to_string());
    window.press("Export");
    window.wait_for_text("Profile written to ");
    let text = std::fs::read_to_string(&path).expect("written");
    assert!(text.contains("welcome = \"Salut!\"") && text.contains("[[server.rules]]"), "{text}");
    std::fs::write(&path, text.replace("Salut!", "Hi!").replace("mine", "theirs")).expect("written");
    window.press("Import");
    window.wait_for_text("Profile read from ");
    window.key(egui::Key::Escape);
    assert_eq!(window.value("Welcome"), "Hi!");
    assert!(window.shows("1 rule before the greeting") && window.shows("theirs, off"));
    std::fs::write(&path, "[server]\npause = 'long'\n").expect("written");
    window.press("Profiles");
    window.press("Import");
    window.wait_for_text("line 2, column 9: invalid type");
    window.key(egui::Key::Escape);
    assert_eq!(window.value("Welcome"), "Hi!", "as it was");
}
