//! A body that goes to its file while it comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use socketscope::net::fetch::{Body, Destination, Fault, Fetch, Options};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Operation};

use super::server::{Server, answer_then, hold};
use super::{Done, fetch_with, recorder, wait_until};

const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";

pub fn to(path: &Path, keep_partial: bool) -> Options {
    let destination = Destination { path: path.to_owned(), resume: false, keep_partial };
    Options { destination: Some(destination), ..Options::default() }
}

/// A folder with a file `page` in it.
pub fn old_page() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("page");
    fs::write(&path, "old").expect("written");
    (folder, path)
}

pub fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("read")
}

#[test]
fn a_body_takes_its_place_once_it_is_complete() {
    let (folder, path) = old_page();
    let server = Server::new(vec![answer_then(HALF.as_bytes(), {
        let path = path.clone();
        move |mut stream| {
            // While it comes it stands beside the old one.
            wait_until(|| fs::read_dir(path.parent().expect("folder")).expect("folder").count() == 2);
            assert_eq!(read(&path), "old");
            std::io::Write::write_all(&mut stream, b"whole!")
        }
    })]);
    let done = fetch_with(&server.url("/"), to(&path, true));
    let body = done.body();
    assert_eq!((body.saved_to(), read(&path).as_str()), (Some(&*path), "halfwhole!"));
    assert_eq!(names(&folder), ["page"]);
    // It is read on from the file itself, whatever becomes of its name.
    fs::remove_file(&path).expect("removed");
    assert_eq!(done.bytes(), b"halfwhole!");
    body.save(&path).expect("saved");
    assert_eq!(read(&path), "halfwhole!");
}

#[test]
fn what_is_not_complete_leaves_the_old_file_whole() {
    for keeps in [false, true] {
        let (folder, path) = old_page();
        let done = fetch_with(&Server::answering([HALF]).url("/"), to(&path, keeps));
        assert!(matches!(done.fault(), Fault::Short { got: 4, length: 10 }));
        let partial = done.failure().1.expect("a partial");
        assert_eq!(partial.read_at(0, 10).expect("bytes"), b"half");
        assert_eq!(read(&path), "old");
        if keeps {
            let kept = Body::partial_path(&path);
            assert_eq!((partial.saved_to(), read(&kept).as_str()), (Some(&*kept), "half"));
        } else {
            assert_eq!((partial.saved_to(), names(&folder)), (None, vec!["page".to_owned()]));
        }
    }
}

#[test]
fn a_large_body_that_is_recorded_is_in_its_file_byte_by_byte() {
    let all: Vec<u8> = (0..48_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for missing in [0, 1] {
        let (_folder, path) = old_page();
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", all.len() + missing).into_bytes();
        answer.extend_from_slice(&all);
        let done = fetch_with(&Server::answering([answer]).url("/"), to(&path, true));
        let body = if missing == 0 { done.body() } else { Arc::clone(done.failure().1.expect("a partial")) };
        assert_eq!((body.len(), body.is_complete()), (all.len() as u64, missing == 0));
        let file = fs::read(body.saved_to().expect("saved")).expect("read");
        assert!(file == all, "{} bytes", file.len());
    }
}

#[test]
fn a_cancelled_body_is_kept_only_if_asked_for() {
    for keeps in [false, true] {
        let (folder, path) = old_page();
        let server = Server::new(vec![answer_then(HALF.as_bytes(), hold)]);
        let fetch = Fetch::start(&*server.url("/"), to(&path, keeps), &recorder(), Waker::none());
        wait_until(|| fetch.progress().decoded == 4);
        fetch.cancel();
        let done = Done::of(&fetch);
        assert!(matches!(done.failure().0.cause, Cause::Cancelled));
        assert_eq!(read(&path), "old");
        assert_eq!(names(&folder).contains(&"page.partial".to_owned()), keeps);
        assert!(!names(&folder).iter().any(|name| name.ends_with(".tmp")));
    }
}

#[test]
fn where_nothing_can_be_put_no_server_is_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listener");
    listener.set_nonblocking(true).expect("set");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    let done = fetch_with(&url, to(&folder.path().join("none/page"), false));
    assert_eq!(done.failure().0.operation, Operation::Save);
    assert_eq!(listener.accept().expect_err("nobody").kind(), std::io::ErrorKind::WouldBlock);
}

#[cfg(unix)]
#[test]
fn a_link_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (folder, path) = old_page();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("set");
    let link = folder.path().join("link");
    symlink(&path, &link).expect("link");
    let server = Server::answering(["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"]);
    assert_eq!(fetch_with(&server.url("/"), to(&link, false)).body().saved_to(), Some(&*link));
    assert!(link.is_symlink());
    assert_eq!(read(&path), "new");
    assert_eq!(fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o640);
}
