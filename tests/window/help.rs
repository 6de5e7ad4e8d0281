use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;

#[test]
fn keys_alone_show_each_tab_start_and_stop() {
    let mut window = Window::new();
    window.fill("Port", "0");
    window.shortcut(egui::Key::Enter);
    window.wait_for_text("● listening on 127.0.0.1:");
    window.shortcut(egui::Key::Num2);
    assert!(window.shows("Conversation"));
    window.shortcut(egui::Key::Num3);
    assert!(window.shows("Type a web address"));
    assert!(window.shows("Server 127.0.0.1:"), "the status bar says what runs in every tab");
    window.shortcut(egui::Key::Num1);
    window.shortcut(egui::Key::Enter);
    window.wait_for_text("● not listening");
}

#[test]
fn the_tab_key_reaches_the_fields_and_space_presses() {
    let mut window = Window::new();
    let mut reached = Vec::new();
    for _ in 0..30 {
        window.key(egui::Key::Tab);
        let focused = window.harness.ctx.memory(|memory| memory.focused());
        assert!(focused.is_some(), "the focus got lost after {reached:?}");
        if reached.first() == focused.as_ref() {
            break;
        }
        reached.extend(focused);
    }
    // Three tabs, theme, help, address, pick, port, start, behaviour, three in the status bar.
    assert!(reached.len() >= 13, "{}", reached.len());
}

#[test]
fn help_lists_the_keys_and_goes_again() {
    let mut window = Window::new();
    window.key(egui::Key::F1);
    assert!(window.shows("Ctrl+Enter"));
    window.key(egui::Key::Escape);
    assert!(!window.shows("Ctrl+Enter"));
}

#[test]
fn the_theme_can_be_chosen() {
    let mut window = Window::new();
    for (name, dark) in [("Light", false), ("Dark", true), ("System", true)] {
        window.press("Settings");
        // As a screen reader presses it.
        window.harness.get_by_role_and_label(Role::Button, name).click_accesskit();
        window.settle();
        assert!(window.harness.query_by_role_and_label(Role::Button, "Dark").is_none(), "the menu is still open");
        assert_eq!(window.harness.ctx.theme() == egui::Theme::Dark, dark, "{name}");
    }
}

#[test]
fn the_smallest_window_shows_every_button_of_each_tab() {
    use egui_kittest::kittest::NodeT as _;
    let mut window = Window::with_size(800.0, 560.0);
    window.unfold("Behaviour");
    for tab in ["Server", "Client", "Fetch"] {
        window.open_tab(tab);
        for node in window.harness.root().children_recursive() {
            let node = node.accesskit_node();
            if let (true, Some(area)) = (egui::accessibility::is_input(node.role()), node.bounding_box()) {
                let name = node.label().or_else(|| node.value()).unwrap_or_default();
                assert!(area.x0 >= 0.0 && area.x1 <= 800.0, "{name:?} of {tab} is cut: {area:?}");
                assert!(area.y0 >= 0.0 && area.y1 <= 560.0, "{name:?} of {tab} is cut: {area:?}");
            }
        }
    }
}
