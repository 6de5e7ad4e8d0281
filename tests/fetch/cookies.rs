//! Cookies from answer to request.

use socketscope::net::fetch::{Field, Jar, Options, Request};
use socketscope::net::report::Waker;

use super::server::Server;
use super::{Done, recorder};

const END: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";

fn with(jar: Option<&Jar>, request: Request) -> Done {
    let options = Options { cookies: jar.cloned(), ..Options::default() };
    Done::of(&socketscope::net::fetch::Fetch::start(request, options, &recorder(), Waker::none()))
}

fn cookies(requests: &[String]) -> Vec<Option<&str>> {
    requests.iter().map(|one| one.lines().find_map(|line| line.strip_prefix("Cookie: "))).collect()
}

#[test]
fn cookies_that_are_set_on_the_way_are_shown_and_sent_on() {
    let first = "HTTP/1.1 302 Found\r\nLocation: /a/b\r\nSet-Cookie: one=1; Path=/\r\nSet-Cookie: two=2; Domain=example.org\r\n\
                 set-cookie: three=\x1b[2J\r\nContent-Length: 0\r\n\r\n";
    let second = "HTTP/1.1 401 No\r\nSet-Cookie: four=4\r\nContent-Length: 2\r\n\r\nno";
    let server = Server::answering([first, second, END, END]);
    let jar = Jar::default();
    let done = with(Some(&jar), Request::get(&server.url("/")));
    assert_eq!(done.bytes(), b"no");
    let shown =
        |hop: usize| -> Vec<_> { done.hops[hop].cookies.iter().map(|one| (one.text.as_str(), one.kept)).collect() };
    assert_eq!(shown(0), [("one=1; Path=/", true), ("two=2; Domain=example.org", false), ("three=\\x1b[2J", false)]);
    assert_eq!(shown(1), [("four=4", true)]);
    assert_eq!(jar.len(), 2);
    let paths: Vec<_> = jar.list().into_iter().map(|one| (one.domain, one.path, one.name)).collect();
    let of = |path: &str, name: &str| ("127.0.0.1".to_owned(), path.to_owned(), name.to_owned());
    assert_eq!(paths, [of("/", "one"), of("/a", "four")]);
    let typed = Field { name: "Cookie".to_owned(), value: Some("one=9".to_owned()) };
    with(Some(&jar), Request { fields: vec![typed], ..Request::get(&server.url("/a/c")) });
    jar.clear();
    with(Some(&jar), Request::get(&server.url("/a/c")));
    let requests = server.requests();
    assert_eq!(cookies(&requests), [None, Some("one=1"), Some("one=9; four=4"), None]);
}

#[test]
fn without_a_jar_cookies_are_only_shown() {
    let first = "HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: one=1\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering([first, END]);
    let done = with(None, Request::get(&server.url("/")));
    assert_eq!(done.hops[0].cookies.iter().map(|one| one.kept).collect::<Vec<_>>(), [false]);
    assert_eq!(cookies(&server.requests()), [None, None]);
}
