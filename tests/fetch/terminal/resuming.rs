//! `--resume`.

use clap::Parser as _;

use super::super::server::Server;
use super::{Command, run};

#[test]
fn what_was_cut_off_goes_on_and_only_a_file_can() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("page");
    let name = path.to_str().expect("text");
    let server = Server::answering([
        "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\nwho",
        "HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nContent-Range: bytes 7-9/10\r\nContent-Length: 3\r\n\r\nle!",
    ]);
    let url = server.url("/");
    let (code, _, err) = run(&[&url, "-o", name, "--keep-partial"]);
    assert_eq!((code, err.contains(&format!("4 B kept as {name}.partial"))), (1, true), "{err}");
    let (code, _, err) = run(&[&url, "-o", name, "--resume"]);
    assert_eq!((code, err.contains(&format!("7 B kept as {name}.partial"))), (1, true), "{err}");
    let (code, _, err) = run(&[&url, "-o", name, "--resume"]);
    assert_eq!((code, err.contains(&format!("10 B saved as {name}"))), (0, true), "{err}");
    assert_eq!(std::fs::read(&path).expect("read"), b"halfwhole!");
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1);
    assert!(Command::try_parse_from(["fetch", "x", "--resume"]).is_err());
    let (code, _, err) = run(&[&url, "-o", "-", "--resume"]);
    assert_eq!((code, err.contains("only a file can be gone on with")), (1, true), "{err}");
}
