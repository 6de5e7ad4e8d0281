//! How a fetch is asked for, how it goes from hop to hop, and how earlier ones are looked at again.

use std::collections::HashMap;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;
use super::fetch::serve;

fn page(text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

fn redirect(status: &str, to: &str, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\nLocation: {to}\r\n{more}Content-Length: 0\r\n\r\n")
}

/// A window with the Fetch tab.
fn window() -> Window {
    let mut window = Window::new();
    window.open_tab("Fetch");
    window
}

impl Window {
    /// Fetches what the form says, and waits until it is over.
    fn fetch(&mut self, url: &str) {
        self.fill("URL", url);
        self.key(egui::Key::Enter);
        self.wait_for("its end", |window| window.shows("● complete") && !window.shows("● receiving"));
    }

    pub fn check(&mut self, name: &str) {
        self.harness.get_by_role_and_label(Role::CheckBox, name).click();
        self.settle();
    }

    pub fn has_button(&self, name: &str) -> bool {
        self.harness.query_all_by_role_and_label(Role::Button, name).next().is_some()
    }

    /// Presses the only button whose name holds `part`.
    fn press_about(&mut self, part: &str) {
        let is_it = |label: Option<String>| label.is_some_and(|label| label.contains(part));
        let buttons = self.harness.get_all_by_role(Role::Button);
        let about: Vec<_> = buttons.filter(|node| is_it(node.accesskit_node().label())).collect();
        let [only] = about.as_slice() else { panic!("{} buttons about {part}", about.len()) };
        only.click();
        drop(about);
        self.settle();
    }
}

#[test]
fn method_headers_and_a_form_are_sent_as_they_are_typed() {
    let (port, requests) = serve(vec![page("thanks")]);
    let mut window = window();
    window.press("Request headers");
    window.press("Add a header");
    window.fill("Name of header 1", "User-Agent");
    window.choose("How it is sent", "not sent");
    window.press("Add a header");
    window.fill("Name of header 2", "X-Mine");
    window.fill("Value of header 2", "yes");
    window.press("Add a header");
    window.fill("Name of header 3", "X-Off");
    window.check("Header 3");
    assert!(window.has_button("Request headers: 2"), "{:?}", window.texts());
    window.press("Request body");
    window.choose("Kind of body", "form");
    window.press("Add a field");
    window.fill("Name of field 1", "a b");
    window.fill("Value of field 1", "c&d");
    assert!(window.has_button("Request body: form"));
    let chosen = window.harness.get_by_role_and_label(Role::ComboBox, "Method").accesskit_node().value();
    assert_eq!(chosen.as_deref(), Some("POST"), "a body is meant to be posted");
    window.choose("Method", "PUT");
    window.fetch(&format!("http://127.0.0.1:{port}/form"));
    let request = requests.recv().expect("asked");
    assert!(request.starts_with("PUT /form HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nX-Mine: yes\r\n"), "{request}");
    assert!(!request.contains("User-Agent") && !request.contains("X-Off"), "{request}");
    assert!(request.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\na+b=c%26d"), "{request}");
}

#[test]
fn text_and_files_are_sent_as_bodies() {
    let (port, requests) = serve(vec![page("one"), page("two")]);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.json");
    std::fs::write(&path, "[1, 2]").expect("written");
    let mut window = window();
    window.press("Request body");
    window.choose("Kind of body", "text");
    let text = window.harness.get_by_role_and_label(Role::MultilineTextInput, "Text of the body");
    text.focus();
    text.type_text("{\"it\": 1}");
    window.settle();
    window.choose("Method", "other…");
    window.fill("Other method", "REPORT");
    window.fetch(&format!("http://127.0.0.1:{port}/"));
    let request = requests.recv().expect("asked");
    assert!(request.starts_with("REPORT / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nContent-Type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"it\": 1}"), "{request}");

    window.choose("Kind of body", "file");
    window.fill("File", path.to_str().expect("text"));
    window.fill("Type of the file", "application/x-mine");
    window.fetch(&format!("http://127.0.0.1:{port}/"));
    let request = requests.recv().expect("asked");
    assert!(request.contains("\r\nContent-Type: application/x-mine\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n[1, 2]"), "{request}");
}

#[test]
fn a_password_is_sent_and_shown_only_where_it_is_asked_for() {
    let (port, requests) = serve(vec![page("hello")]);
    let mut window = window();
    window.press("Sign-in");
    window.choose("Kind of sign-in", "basic");
    window.fill("User name", "me");
    let password = window.harness.get_by_role_and_label(Role::PasswordInput, "Password");
    password.focus();
    password.type_text("geheim");
    window.settle();
    assert!(!window.shows("geheim"), "{:?}", window.texts());
    window.check("Show");
    assert_eq!(window.value("Password"), "geheim");
    window.check("Show");
    window.fetch(&format!("http://127.0.0.1:{port}/"));
    let request = requests.recv().expect("asked");
    let sent = data_encoding::BASE64.encode(b"me:geheim");
    assert!(request.contains(&format!("\r\nAuthorization: Basic {sent}\r\n")), "{request}");
    assert!(!window.shows("geheim") && !window.shows(&sent), "{:?}", window.texts());
    assert!(window.has_button("Sign-in: basic"));
}

#[test]
fn a_curl_command_that_is_pasted_fills_the_form_and_is_copied_again() {
    let mut window = window();
    let text = "curl 'http://127.0.0.1:1/x?y' \\\n  -X PATCH \\\n  -H 'X-Mine: it'\\''s' \\\n  -u me:geheim \\\n  \
                -H 'Content-Type: text/csv' \\\n  --data-raw a,b \\\n  -x http://127.0.0.1:2 -4";
    window.harness.get_by_role_and_label(Role::TextInput, "URL").focus();
    window.settle();
    window.harness.event(egui::Event::Paste(text.to_owned()));
    window.settle();
    assert_eq!(window.value("URL"), "http://127.0.0.1:1/x?y");
    assert!(window.shows("Filled in from the curl command"), "{:?}", window.texts());
    for set in ["Request headers: 1", "Request body: text", "Sign-in: basic", "Proxy and IP: typed proxy, IPv4 only"] {
        assert!(window.has_button(set), "{set}: {:?}", window.texts());
    }
    assert!(window.shows("Nothing fetched"), "it is not fetched by that");
    let copied = window.press_copying("Copy as curl");
    for part in [
        "-X PATCH",
        "-H \"X-Mine: it's\"",
        "-u me:geheim",
        "text/csv",
        "--data-raw 'a,b'",
        "-x http://127.0.0.1:2",
        "-4",
    ] {
        assert!(copied.contains(part), "{part}: {copied}");
    }

    // From the clipboard, which the system brings.
    window.fill("URL", "http://other/");
    window.harness.get_by_role_and_label(Role::Button, "Paste curl").click();
    let asked = (0..5).any(|_| {
        window.harness.step();
        let mut viewports = window.harness.output().viewport_output.values();
        viewports.any(|one| one.commands.contains(&egui::ViewportCommand::RequestPaste))
    });
    assert!(asked, "the system is asked for what is on the clipboard");
    window.settle();
    window.harness.event(egui::Event::Paste("curl http://127.0.0.1:1/p -X PUT".to_owned()));
    window.settle();
    assert_eq!(window.value("URL"), "http://127.0.0.1:1/p");

    // Typed, with something that cannot be done.
    window.fill("URL", "curl --ntlm http://127.0.0.1:1/z");
    window.key(egui::Key::Enter);
    assert_eq!(window.value("URL"), "http://127.0.0.1:1/z");
    assert!(window.shows("--ntlm is left out"), "{:?}", window.texts());
    assert!(window.has_button("Request headers") && window.has_button("Sign-in"), "nothing is left of the one before");
    window.fill("URL", "curl 'http://127.0.0.1:1/");
    window.key(egui::Key::Enter);
    assert_eq!(window.value("URL"), "curl 'http://127.0.0.1:1/", "what is wrong stays to be mended");
    assert!(window.shows("ends inside a quotation"), "{:?}", window.texts());
}

#[test]
fn a_form_with_files_is_sent_and_comes_from_curl() {
    let (port, requests) = serve(vec![page("one"), page("two")]);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("it.json");
    std::fs::write(&path, "[1]").expect("written");
    let path = path.to_str().expect("text");
    let mut window = window();
    window.press("Request body");
    window.choose("Kind of body", "form with files");
    for _ in 0..3 {
        window.press("Add a field");
    }
    window.fill("Name of field 1", "gone");
    window.press("Remove field 1");
    window.fill("Name of field 1", "a");
    window.fill("Value of field 1", "b");
    window.fill("Type of field 1", "text/x-mine");
    window.fill("Name of field 2", "f");
    let kinds = window.harness.get_all_by_role_and_label(Role::ComboBox, "Kind of field");
    kinds.last().expect("a kind").click();
    window.settle();
    window.harness.get_by_role_and_label(Role::Button, "file").click();
    window.settle();
    window.fill("File of field 2", path);
    assert!(window.has_button("Request body: form with files"), "{:?}", window.texts());
    let sent = |request: String| {
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        let boundary = body.lines().next().expect("a line").to_owned();
        body.replace(&boundary, "#").replace("\r\n", "|")
    };
    window.fetch(&format!("http://127.0.0.1:{port}/"));
    let a = "#|Content-Disposition: form-data; name=\"a\"|Content-Type: text/x-mine||b|";
    let f =
        "#|Content-Disposition: form-data; name=\"f\"; filename=\"it.json\"|Content-Type: application/json||[1]|#--|";
    assert_eq!(sent(requests.recv().expect("asked")), format!("{a}{f}"));

    // As curl has it, and with what it says of the file.
    let curl = format!("curl http://127.0.0.1:{port}/ -F a=b -F 'f=@{path};filename=other;type=x/y' -F 't=<{path}'");
    window.fill("URL", &curl);
    window.key(egui::Key::Enter);
    assert_eq!((window.value("File name of field 2"), window.value("Type of field 2")), ("other".into(), "x/y".into()));
    window.fetch(&format!("http://127.0.0.1:{port}/"));
    let a = "#|Content-Disposition: form-data; name=\"a\"||b|";
    let f = "#|Content-Disposition: form-data; name=\"f\"; filename=\"other\"|Content-Type: x/y||[1]|";
    let t = "#|Content-Disposition: form-data; name=\"t\"||[1]|#--|";
    assert_eq!(sent(requests.recv().expect("asked")), format!("{a}{f}{t}"));
}

#[test]
fn hops_tell_what_changed_and_which_cookies_were_set() {
    let (port, requests) =
        serve(vec![redirect("303 See Other", "/next", "Set-Cookie: a=b\r\n"), page("end"), page("again")]);
    let mut window = window();
    window.press("Request body");
    window.choose("Kind of body", "text");
    window.press("Request body: text");
    window.fetch(&format!("http://127.0.0.1:{port}/start"));
    let [_, second] = [requests.recv().expect("first"), requests.recv().expect("second")];
    assert!(second.starts_with("GET /next ") && second.contains("Cookie: a=b\r\n"), "{second}");
    for text in ["POST http://127.0.0.1", "→ /next", "POST → GET", "body dropped", "1 cookie set"] {
        assert!(window.shows(text), "{text}: {:?}", window.texts());
    }
    assert!(window.has_button("Cookies: 1"), "{:?}", window.texts());
    window.press("1 · 303");
    assert!(window.shows("POST /start HTTP/1.1"), "{:?}", window.texts());

    window.press("Cookies: 1");
    window.press("Clear cookies");
    assert!(window.has_button("Cookies"), "{:?}", window.texts());
    window.fetch(&format!("http://127.0.0.1:{port}/again"));
    let third = requests.recv().expect("third");
    assert!(!third.contains("Cookie"), "{third}");
    assert!(!window.shows("1 · 200"), "one hop needs no list");
}

#[test]
fn a_fetch_that_stops_at_each_hop_goes_on_when_it_is_told_to() {
    let two = || [redirect("302 Found", "/second", ""), redirect("302 Found", "/third", "")];
    let (port, requests) = serve([two().to_vec(), vec![page("end")], two()[..1].to_vec()].concat());
    let mut window = window();
    window.press("Options");
    window.check("Stop at each hop");
    window.fill("URL", &format!("http://127.0.0.1:{port}/first"));
    window.key(egui::Key::Enter);
    for next in ["second", "third"] {
        window.wait_for_text(&format!("Stopped before going to http://127.0.0.1:{port}/{next}"));
        requests.recv().expect("asked");
        assert!(requests.try_recv().is_err(), "it waits");
        window.press("Go on");
    }
    window.wait_for_text("● complete");
    assert!(!window.shows("Stopped before"));
    assert!(requests.recv().expect("asked").starts_with("GET /third"));

    window.fill("URL", &format!("http://127.0.0.1:{port}/first"));
    window.key(egui::Key::Enter);
    window.wait_for_text("Stopped before going to");
    window.press("Stop here");
    window.wait_for_text("● cancelled");
    assert!(!window.shows("Stopped before"));
}

#[test]
fn an_earlier_fetch_is_shown_again_without_fetching() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_owned();
    let (port, requests) = serve(vec![page("the first"), page("the second"), cut]);
    let mut window = window();
    window.choose("Method", "OPTIONS");
    window.fetch(&format!("http://127.0.0.1:{port}/one"));
    window.choose("Method", "GET");
    window.fill("URL", &format!("http://127.0.0.1:{port}/two"));
    window.key(egui::Key::Enter);
    window.open_tab("Body");
    window.wait_for_text("the second");
    window.fill("URL", &format!("http://127.0.0.1:{port}/cut"));
    window.key(egui::Key::Enter);
    window.wait_for_text("Fetch failed");
    assert_eq!((0..3).filter(|_| requests.recv().is_ok()).count(), 3);

    window.press("History");
    assert!(window.shows("3 kept"), "{:?}", window.texts());
    assert!(window.shows("cut short"), "{:?}", window.texts());
    window.press_about("/one 9 B complete");
    assert!(window.shows("the first") && !window.shows("the second"), "{:?}", window.texts());
    assert!(window.shows("● complete"));
    window.open_tab("Wire");
    assert!(window.shows("OPTIONS /one HTTP/1.1"), "its wire too: {:?}", window.texts());
    window.open_tab("Body");
    window.press("History");
    window.press_about("/cut 4 B cut short");
    assert!(window.shows("4 of 10") && !window.shows("● complete"), "{:?}", window.texts());

    window.press("History");
    window.press_last("Fill in");
    assert_eq!(window.value("URL"), format!("http://127.0.0.1:{port}/one"));
    let method = window.harness.get_by_role_and_label(Role::ComboBox, "Method").accesskit_node().value();
    assert_eq!(method.as_deref(), Some("OPTIONS"));
    window.press("History");
    window.press("Clear");
    window.press("History");
    assert!(window.shows("Nothing fetched yet"), "{:?}", window.texts());
}

#[derive(Default)]
struct Memory(HashMap<String, String>);

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }
    fn flush(&mut self) {}
}

#[test]
fn nothing_secret_is_kept_on_disk() {
    let (port, _requests) = serve(vec![page("hello")]);
    let mut window = window();
    let text = format!(
        "curl http://me:geheim1@127.0.0.1:{port}/seen -H 'Authorization: Bearer geheim2' -H 'X-Key: geheim3' -b sid=geheim4 \
         -u me:geheim5 -d geheim6"
    );
    window.fill("URL", &text);
    window.key(egui::Key::Enter);
    window.key(egui::Key::Enter);
    window.press("Fetch");
    window.wait_for_text("● complete");
    // A proxy that nobody listens at, typed but not used.
    window.press("Proxy and IP");
    window.choose("Proxy", "typed proxy");
    window.fill("URL of the proxy", "http://me:geheim7@127.0.0.1:1");
    window.fill("URL", "curl -u me:geheim8 http://127.0.0.1:1/");
    let mut kept = Memory::default();
    eframe::App::save(window.harness.state_mut(), &mut kept);
    let kept: String = kept.0.into_values().collect();
    assert!(!kept.contains("geheim"), "{kept}");
    assert!(kept.contains("/seen") && kept.contains("127.0.0.1:1"), "{kept}");
}
