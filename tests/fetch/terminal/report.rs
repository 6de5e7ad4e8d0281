//! `--json-report`: what is known of a fetch, for programs.

use serde_json::{Value, json};

use super::super::server::{Server, answer_tls};
use super::super::tls;
use super::run;

fn read(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("a report")
}

fn names<'a>(fields: &'a Value, what: &str) -> Vec<&'a str> {
    fields.as_array().expect("a list").iter().map(|one| one[what].as_str().expect("text")).collect()
}

#[test]
fn the_report_goes_to_standard_output_and_the_body_nowhere() {
    let server = Server::answering([
        "HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=b\r\n\r\n",
        "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody",
    ]);
    let url = server.url("/");
    let (code, out, err) = run(&[&url.replace("//", "//me:secret@"), "--json-report"]);
    assert_eq!(code, 0, "{err}");
    let text = String::from_utf8(out).expect("text");
    assert!(!text.contains("secret") && text.ends_with("}\n"), "{text}");
    let report = read(text.as_bytes());
    assert_eq!((&report["outcome"], &report["error"]), (&json!("complete"), &Value::Null));
    let hops = report["hops"].as_array().expect("hops");
    assert_eq!(names(&report["hops"], "url"), [url.clone(), format!("{url}x")]);
    assert_eq!(names(&report["hops"], "method"), ["GET", "GET"]);
    assert_eq!(hops[0]["head"]["status"], 302);
    assert!(hops[0]["request"].as_str().expect("text").starts_with("GET / HTTP/1.1\r\n"), "{text}");
    assert!(hops[0]["request"].as_str().expect("text").contains("Authorization: Basic ****"), "{text}");
    let last = &hops[1];
    assert_eq!(names(&last["interim"][0]["fields"], "name"), ["Link"]);
    let head = &last["head"];
    assert_eq!((&head["version"], &head["status"], &head["reason"]), (&json!("HTTP/1.1"), &json!(200), &json!("Fine")));
    assert_eq!(names(&head["fields"], "name"), ["X-A", "x-a", "Content-Length"]);
    assert_eq!(names(&head["fields"], "value"), ["1", "2", "4"]);
    assert_eq!(head["raw"], "HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\n");
    assert_eq!(last["framing"], "length");
    assert_eq!((&last["tls"], &last["certificates"]), (&Value::Null, &json!([])));
    assert_eq!(last["peer"], json!(format!("127.0.0.1:{}", server.port)));
    assert_eq!(last["tries"][0]["error"], Value::Null);
    assert_eq!((&report["body"]["length"], &report["body"]["complete"]), (&json!(4), &json!(true)));
    assert_eq!(report["body"]["saved_as"], Value::Null);
    let sha256 = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
    assert_eq!(report["body"]["sha256"], sha256);
    assert_eq!(report["body"]["charset_by"], "detected");
}

#[test]
fn the_report_goes_to_a_file_beside_the_body_also_where_the_fetch_fails() {
    let folder = tempfile::tempdir().expect("folder");
    let (page, path) = (folder.path().join("page"), folder.path().join("report.json"));
    let option = format!("--json-report={}", path.display());
    let page = page.to_str().expect("text");
    let server = Server::answering(["HTTP/1.1 200 OK\r\nX: a\u{ff}\r\n\r\nbody"]);
    let (code, out, err) = run(&[&server.url("/"), "-o", page, &option]);
    assert_eq!((code, out.len()), (0, 0), "{err}");
    let report = read(&std::fs::read(&path).expect("read"));
    assert_eq!((&report["outcome"], &report["body"]["saved_as"]), (&json!("complete"), &json!(page)));
    assert_eq!(report["hops"][0]["framing"], "until_close");

    let server = Server::answering([&b"HTTP/1.1 200 O\xff\r\nX: a\xff\x1b\r\nContent-Length: 9\r\n\r\nbody"[..]]);
    let (code, _, err) = run(&[&server.url("/"), "-o", page, &option]);
    assert_eq!(code, 1);
    let report = read(&std::fs::read(&path).expect("read"));
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"], err.lines().last().expect("a line"));
    let head = &report["hops"][0]["head"];
    assert_eq!((&head["reason"], &head["reason_base64"]), (&json!("O\\xff"), &json!("T/8=")));
    let field = json!({ "name": "X", "value": "a\\xff\\x1b", "value_base64": "Yf8b" });
    assert_eq!(head["fields"][0], field);
    assert_eq!((&report["body"]["length"], &report["body"]["complete"]), (&json!(4), &json!(false)));
}

#[test]
fn nobody_there_is_a_report_too() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("listener").local_addr().expect("address").port();
    let (code, out, err) = run(&[&format!("http://127.0.0.1:{port}/"), "--json-report"]);
    let report = read(&out);
    assert_eq!((code, &report["outcome"], &report["body"]), (1, &json!("failed"), &Value::Null));
    assert_eq!(report["error"], err.trim_end());
    let hop = &report["hops"][0];
    assert!(hop["tries"][0]["error"].as_str().is_some_and(|error| error.contains("refused")), "{hop}");
    assert_eq!((&hop["head"], &hop["peer"], &hop["request"]), (&Value::Null, &Value::Null, &json!("")));
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_anything_is_fetched() {
    let (code, out, err) = run(&["http://127.0.0.1:1/", "--json-report=/no/such/folder/report"]);
    assert_eq!((code, out.len(), err.lines().count()), (1, 0, 1), "{err}");
    assert!(err.contains("the folder does not exist"), "{err}");
}

#[test]
fn tls_that_nobody_verified_is_reported_as_such() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    let server = Server::new(vec![answer_tls(tls::self_signed(), answer, true)]);
    let (code, out, err) = run(&[&format!("https://localhost:{}/", server.port), "-k", "--json-report"]);
    assert_eq!(code, 0, "{err}");
    let hop = &read(&out)["hops"][0];
    assert!(hop["tls"]["version"].as_str().is_some_and(|version| version.starts_with("TLS")), "{hop}");
    assert_eq!(hop["tls"]["verified"], false);
    assert!(hop["notes"][0].as_str().is_some_and(|note| note.contains("NOT verified")), "{hop}");
}
