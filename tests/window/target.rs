//! A body that goes straight to a file that was chosen before it came.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use tempfile::tempdir;

use super::Window;
use super::fetch::{fetch, serve};

const START: &str = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n01234";
const REST: &str =
    "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789";
const OTHER: &str = "HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 3\r\n\r\nnew";

/// A window in which `path` was chosen.
fn window(path: &str) -> Window {
    let mut window = Window::new();
    window.open_tab("Fetch");
    window.press("To a file");
    window.fill("Download to file", path);
    window
}

#[test]
fn a_page_goes_straight_to_the_file_and_the_next_one_does_not_replace_it() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("page.bin");
    fs::write(&path, "old").expect("old file");
    let whole = START.replace("01234", "0123456789");
    let (port, _requests) = serve(vec![whole, OTHER.to_owned()]);
    let mut window = window(path.to_str().expect("text"));
    assert!(window.shows("replaces an existing file"), "{:?}", window.texts());
    assert!(window.has_button("To a file: page.bin"));
    fetch(&mut window, &format!("http://127.0.0.1:{port}/one"));
    window.wait_for_text(&format!("Saved to {}", path.display()));
    assert_eq!(fs::read_to_string(&path).expect("saved"), "0123456789");
    assert_eq!(window.value("Path to save to"), path.display().to_string());
    assert!(window.has_button("Show in folder"));

    assert_eq!(window.value("Download to file"), "", "used up");
    fetch(&mut window, &format!("http://127.0.0.1:{port}/two"));
    window.wait_for("the second", |window| window.shows("● complete") && window.shows("3 B"));
    assert_eq!(fs::read_to_string(&path).expect("saved"), "0123456789");
    assert!(!window.has_button("Show in folder"));
}

#[test]
fn what_came_of_a_page_that_is_cut_short_is_kept_and_gone_on_with() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("page.bin");
    let partial = folder.path().join("page.bin.partial");
    let (port, requests) = serve(vec![START, START, OTHER, REST]);
    let url = format!("http://127.0.0.1:{port}/page");
    let mut window = window(path.to_str().expect("text"));

    // Not asked for, nothing stays.
    fetch(&mut window, &url);
    window.wait_for_text("Fetch failed");
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);

    window.check("Keep what came if it is cut short");
    fetch(&mut window, &url);
    window.wait_for_text(&format!("What came is kept as {}", partial.display()));
    assert_eq!(fs::read_to_string(&partial).expect("partial"), "01234");
    assert!(window.shows("page.bin.partial is there, from an earlier try"), "{:?}", window.texts());

    // It is another page now: refused, and what there is stays.
    window.check("Go on with what was kept");
    fetch(&mut window, &url);
    window.wait_for_text("fetch it anew, without going on");
    assert_eq!(fs::read_to_string(&partial).expect("partial"), "01234");

    fetch(&mut window, &url);
    window.wait_for_text(&format!("Saved to {}", path.display()));
    assert_eq!(fs::read_to_string(&path).expect("whole"), "0123456789");
    assert!(!partial.exists());
    window.fill("Download to file", path.to_str().expect("text"));
    let resumes = window.harness.get_by_role_and_label(Role::CheckBox, "Go on with what was kept");
    assert_eq!(resumes.accesskit_node().toggled(), Some(egui::accesskit::Toggled::False), "that was for the one file");
    let asked: Vec<_> = requests.iter().collect();
    assert_eq!(
        asked.iter().map(|one| one.contains("\r\nRange: bytes=5-\r\n")).collect::<Vec<_>>(),
        [false, false, true, true]
    );
    assert!(asked[3].contains("\r\nIf-Range: \"a\"\r\n"), "{}", asked[3]);
}

#[test]
fn a_path_that_cannot_be_written_is_told_before_anything_is_asked() {
    let folder = tempdir().expect("folder");
    let (port, requests) = serve(vec![OTHER]);
    let mut window = window(folder.path().join("none/page").to_str().expect("text"));
    let url = format!("http://127.0.0.1:{port}/page");
    fetch(&mut window, &url);
    window.wait_for_text("the folder does not exist");
    assert!(requests.try_recv().is_err(), "it was asked for");
    window.fill("Download to file", folder.path().join("page").to_str().expect("text"));
    fetch(&mut window, &url);
    window.wait_for_text("Saved to ");
}

#[test]
fn a_compressed_body_can_be_left_as_it_was_transferred() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
    let (port, _requests) = serve(vec![answer, answer]);
    let url = format!("http://127.0.0.1:{port}/page");
    let mut window = Window::new();
    fetch(&mut window, &url);
    window.wait_for_text("Fetch failed");
    window.press("To a file");
    let usable = |window: &Window, name| {
        !window.harness.get_by_role_and_label(Role::CheckBox, name).accesskit_node().is_disabled()
    };
    assert!(!usable(&window, "Keep what came if it is cut short"), "of what is in no file nothing is kept");
    window.check("As transferred");
    assert!(window.has_button("To a file: as transferred"), "{:?}", window.texts());
    fetch(&mut window, &url);
    window.wait_for_text("● complete");
    window.open_tab("Body");
    assert!(window.shows("abc"), "{:?}", window.texts());
}

#[test]
fn what_was_unpacked_is_saved_either_way_once_it_is_there() {
    let folder = tempdir().expect("folder");
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(b"Hello, Michael!").expect("packed");
    let packed = zip.finish().expect("packed");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let (port, _requests) = serve(vec![[head.as_bytes(), &packed].concat()]);
    let mut window = Window::new();
    fetch(&mut window, &format!("http://127.0.0.1:{port}/page.txt"));
    window.wait_for_text("● complete");
    let choice = format!("as transferred, {} B", packed.len());
    window.check(&choice);
    assert!(window.value("Path to save to").ends_with("/page.txt.gz"), "{}", window.value("Path to save to"));
    for (name, bytes) in [("packed", &packed[..]), ("plain", b"Hello, Michael!")] {
        let path = folder.path().join(name);
        window.fill("Path to save to", path.to_str().expect("text"));
        window.press("Save here");
        window.wait_for_text(&format!("Saved to {}", path.display()));
        assert_eq!(fs::read(&path).expect("saved"), bytes, "{name}");
        window.check(&choice);
    }
}

#[test]
fn a_cancelled_page_leaves_the_old_file_whole_and_what_came_beside_it() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("page.bin");
    fs::write(&path, "old").expect("old file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let mut window = window(path.to_str().expect("text"));
    window.check("Keep what came if it is cut short");
    fetch(&mut window, &format!("http://{}/", listener.local_addr().expect("address")));
    let (mut stream, _) = listener.accept().expect("accepted");
    stream.write_all(START.as_bytes()).expect("sent");
    window.wait_for_text("5 B of 10 B");
    window.press("Cancel");
    window.wait_for_text(&format!("What came is kept as {}.partial", path.display()));
    assert_eq!(fs::read_to_string(&path).expect("old"), "old");
    assert_eq!(fs::read_to_string(folder.path().join("page.bin.partial")).expect("partial"), "01234");
}
