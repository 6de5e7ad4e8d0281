use std::io::{Read, Write};
use std::net::TcpStream;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;

fn open() -> Window {
    let mut window = Window::new();
    window.unfold("Behaviour");
    assert!(window.shows("none: every message is greeted"));
    window.press("Rules…");
    window
}

#[test]
fn a_rule_that_a_person_writes_answers_and_the_log_says_so() {
    let mut window = open();
    window.press("Add a rule");
    window.choose("When the message", "Fits the pattern");
    window.fill("what to look for", "(\\w");
    assert!(window.shows("unclosed group"), "{:?}", window.texts());
    window.fill("what to look for", "^(\\w+) time");
    assert!(!window.shows("unclosed group"));
    window.fill("what to reply", "{1}? now\\x21");
    window.harness.get_by_role_and_label(Role::CheckBox, "then close").click();
    window.settle();
    window.key(egui::Key::Escape);
    assert!(!window.shows("Rules of the server"));
    assert!(window.shows("1 rule before the greeting"));
    let address = window.start_server();
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(b"what time is it\n").expect("sent");
    let mut all = String::new();
    client.read_to_string(&mut all).expect("closed");
    assert_eq!(all, "Welcome!what? now!\n");
    window.wait_for_text("said “what time is it”, rule 1 answered");
    window.wait_for_text("closed: a rule closed it");
    window.press("Rules…");
    assert!(window.shows("changes count from its next start"));
}

#[test]
fn rules_are_moved_and_removed() {
    let mut window = open();
    let order = |window: &Window| {
        let texts = window.harness.get_all_by_role_and_label(Role::TextInput, "what to reply");
        texts
            .map(|text| egui_kittest::kittest::NodeT::accesskit_node(&text).value().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let press = |window: &mut Window, name: &str, number: usize| {
        window.harness.get_all_by_role_and_label(Role::Button, name).nth(number).expect("a button").click();
        window.settle();
    };
    for (number, text) in ["a", "b", "c"].into_iter().enumerate() {
        window.press("Add a rule");
        window.harness.get_all_by_role_and_label(Role::TextInput, "what to reply").nth(number).expect("it").focus();
        window.settle();
        window
            .harness
            .get_all_by_role_and_label(Role::TextInput, "what to reply")
            .nth(number)
            .expect("it")
            .type_text(text);
        window.settle();
    }
    assert_eq!(order(&window), ["a", "b", "c"]);
    press(&mut window, "Move up", 2);
    assert_eq!(order(&window), ["a", "c", "b"]);
    press(&mut window, "Move down", 0);
    assert_eq!(order(&window), ["c", "a", "b"]);
    press(&mut window, "Remove", 1);
    assert_eq!(order(&window), ["c", "b"]);
    assert!(window.shows("3. Anything else is greeted"));
}

#[test]
fn rules_go_to_a_file_and_come_back() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mine.toml");
    let mut window = open();
    window.press("Ready-made");
    window.press("Echo");
    assert_eq!(window.value("what to reply"), "{message}");
    window.fill("File", &path.display().to_string());
    window.press("Export");
    window.wait_for_text("1 rule written to ");
    assert!(window.shows("Export replaces this file"));
    let text = std::fs::read_to_string(&path).expect("written");
    assert!(text.contains("[[rule]]") && text.contains("with = \"{message}\""), "{text}");
    window.press("Remove");
    window.press("Import");
    window.wait_for_text("1 rule read from ");
    assert_eq!(window.value("what to reply"), "{message}");
    std::fs::write(&path, "[[rule]]\nwhen = 'never'\n").expect("written");
    window.press("Import");
    window.wait_for_text("unknown variant `never`");
    assert_eq!(window.value("what to reply"), "{message}", "as they were");
}
