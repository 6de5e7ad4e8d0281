use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::net::fetch::{Content, Destination, FormPart};

fn understood(text: &str) -> Understood {
    from_curl(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"))
}

fn request(text: &str) -> Request {
    let Understood { request, notes, .. } = understood(text);
    assert_eq!(notes, Vec::<String>::new(), "{text}");
    request
}

fn bytes(media_type: &str, text: &str) -> Payload {
    Payload::Bytes { media_type: media_type.to_owned(), bytes: text.as_bytes().to_owned() }
}

fn field(name: &str, value: &str) -> Field {
    Field { name: name.to_owned(), value: Some(value.to_owned()) }
}

#[test]
fn short_options_may_be_joined_and_long_ones_have_their_value_after_an_equals_sign() {
    for text in [
        "curl -XPOST http://a/ -d x=1",
        "curl -sSLX POST -dx=1 http://a/",
        "curl --request=POST --data=x=1 --url http://a/",
        "  $ curl --data-raw 'x=1' -fsSvi -o /dev/null -w '%{http_code}' http://a/",
        "curl \\\n  http://a/ \\\r\n  -d \"x=1\"",
        "curl http://a/ \\   -d x=1",
    ] {
        let request = request(text);
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "http://a/"), "{text}");
        assert_eq!(request.payload, bytes(Payload::FORM, "x=1"), "{text}");
    }
    assert!(understood("curl -sSL http://a/").options.follow);
    assert!(!understood("curl -sS http://a/").options.follow);
}

#[test]
fn what_a_browser_copies_is_understood() {
    let text = "curl 'https://example.org/api?q=[1]' \\\n  -H 'accept: */*' \\\n  -H 'content-type: application/json' \\\n  \
                -b 'a=1; b=2' \\\n  -H 'x-empty;' -H 'User-Agent:' \\\n  --data-raw $'{\"it\\'s\":\"\\u00e4\\n\\x41\\101\\\\\"}' \\\n  \
                --globoff --compressed --insecure";
    let request = request(text);
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://example.org/api?q=[1]"));
    let taken_out = Field { name: "User-Agent".to_owned(), value: None };
    assert_eq!(request.fields, [field("accept", "*/*"), field("x-empty", ""), taken_out, field("Cookie", "a=1; b=2")]);
    assert_eq!(request.payload, bytes("application/json", "{\"it's\":\"ä\nAA\\\"}"));
    assert!(understood(text).options.accept_any_certificate);
}

#[test]
fn methods_bodies_and_queries_are_as_curl_makes_them() {
    let method = |text: &str| request(text).method;
    assert_eq!(method("curl http://a/"), "GET");
    assert_eq!(method("curl -I http://a/"), "HEAD");
    assert_eq!(method("curl -T file http://a/x"), "PUT");
    assert_eq!(method("curl -X PATCH -d x http://a/"), "PATCH");
    assert_eq!(request("curl -T some/file http://a/").url, "http://a/file");
    let file = |text: &str| request(text).payload;
    assert_eq!(
        file("curl --data-binary @f -H 'Content-Type: text/x' http://a/"),
        Payload::File { media_type: "text/x".to_owned(), path: PathBuf::from("f") }
    );
    assert_eq!(request("curl -G -d a=b -d c=d 'http://a/?x#y'").url, "http://a/?x&a=b&c=d#y");
    assert_eq!(request("curl -G --data-urlencode 'a=ü &' http://a/").url, "http://a/?a=%C3%BC%20%26");
    assert_eq!(
        request("curl -d a -d b=c --data-urlencode 'd=e f' http://a/").payload,
        bytes(Payload::FORM, "a&b=c&d=e%20f")
    );
    let form = |pairs: &[(&str, &str)]| {
        Payload::Form(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    assert_eq!(
        request("curl --data-urlencode 'a%20b=c d' --data-urlencode e= http://a/").payload,
        form(&[("a b", "c d"), ("e", "")])
    );
    let json = request("curl --json '{}' http://a/");
    assert_eq!(
        (json.payload, json.fields),
        (bytes("application/json", "{}"), vec![field("Accept", "application/json")])
    );
    assert_eq!(request("curl -d x -H Content-Type: http://a/").payload, bytes("", "x"));
}

#[test]
fn who_asks_and_on_which_way_is_understood() {
    let auth = |text: &str| request(text).auth;
    let (user, password) = ("me".to_owned(), "a:b".to_owned());
    assert_eq!(auth("curl -u me:a:b http://a/"), Auth::Basic { user: user.clone(), password: password.clone() });
    assert_eq!(auth("curl --digest -u 'me:a:b' http://a/"), Auth::Digest { user, password });
    assert_eq!(auth("curl --oauth2-bearer abc http://a/"), Auth::Bearer("abc".to_owned()));
    let options = |text: &str| understood(text).options;
    let proxy = |text: &str| options(text).proxy;
    let url = |text: &str| Proxy::Url(text.to_owned());
    assert_eq!(proxy("curl -x p:1 -U 'u:p@' http://a/"), url("http://u:p%40@p:1"));
    assert_eq!(proxy("curl --socks5-hostname p:1 http://a/"), url("socks5h://p:1"));
    assert_eq!(proxy("curl --socks5 p:1 http://a/"), url("socks5://p:1"));
    assert_eq!(proxy("curl --noproxy '*' -x p http://a/"), Proxy::None);
    assert_eq!(proxy("curl http://a/"), Proxy::Environment);
    assert_eq!(options("curl -6 http://a/").ip, IpVersion::V6);
    let set = options("curl -L --max-redirs -1 --connect-timeout 1.5 --cacert r.pem http://a/");
    assert_eq!((set.max_redirects, set.connect_timeout), (100, Duration::from_millis(1_500)));
    assert_eq!(set.extra_roots, Some(PathBuf::from("r.pem")));
}

#[test]
fn forms_with_files_are_sent_as_they_are_written() {
    let text = "curl -F 'a=b;c' -F 'f=@d/x.png, y;type=a/b' --form-string '@s=;d' -H 'content-type: multipart/form-data' http://a/";
    let Understood { request, notes, .. } = understood(text);
    let y = FormPart { media_type: "a/b".into(), ..FormPart::file("f", "y".into()) };
    let parts = vec![FormPart::text("a", "b"), FormPart::file("f", "d/x.png".into()), y, FormPart::text("@s", ";d")];
    assert_eq!((request.method.as_str(), &request.payload), ("POST", &Payload::Multipart(parts)));
    assert_eq!(notes, ["--form …;c is left out"]);
    let line = to_curl(&Request { fields: Vec::new(), ..request }, &Options::default());
    assert!(line.contains("-F 'f=@\"d/x.png\";type=image/png'") && !line.contains("Content-Type"), "{line}");
}

#[test]
fn what_is_left_out_is_said() {
    for (text, words) in [
        ("curl -F a=(;b http://a/", "--form a=("),
        ("curl -F 'a=b;headers=X: y' http://a/", "--form …;headers=X: y"),
        ("curl --form-string a http://a/", "--form-string a"),
        ("curl --wholly-new http://a/", "--wholly-new"),
        ("curl -s€ http://a/", "-€"),
        ("curl http://a/ | jq .", "after"),
        ("curl http://a/ > file", "after"),
        ("curl http://a/ 2>/dev/null", "after"),
        ("curl http://a/\nrm x", "after"),
        ("curl http://a/ --next http://b/", "after"),
        ("curl \"http://a/$HOME\"", "variables"),
        ("curl http://a/`id`", "variables"),
        ("curl http://a/ http://b/", "1 more"),
        ("curl http://a/{b,c}", "pattern"),
        ("curl -u me http://a/", "password"),
        ("curl -d @f http://a/", "line ends"),
        ("curl -b jar.txt http://a/", "-b jar.txt"),
        ("curl -m 3 http://a/", "--max-time"),
    ] {
        let Understood { request, notes, .. } = understood(text);
        assert!(notes.len() == 1 && notes[0].contains(words), "{text}: {notes:?}");
        assert!(request.url.starts_with("http://a/"), "{text}: {}", request.url);
    }
    // In single quotes nothing is filled in.
    assert!(understood("curl 'http://a/$HOME' -d \"\\$x\" -H 'A: `b`'").notes.is_empty());
}

#[test]
fn what_is_no_command_is_refused_with_its_reason() {
    for (text, mistake) in [
        ("", Mistake::NotCurl),
        ("curly http://a/", Mistake::NotCurl),
        ("http://a/", Mistake::NotCurl),
        ("curl ", Mistake::NoUrl),
        ("curl -s", Mistake::NoUrl),
        ("curl 'http://a/", Mistake::OpenQuote),
        ("curl \"http://a/\\\"", Mistake::OpenQuote),
        ("curl $'http://a/\\'", Mistake::OpenQuote),
        ("curl http://a/ -d", Mistake::NoValue("--data".to_owned())),
        ("curl ^\"http://a/^\" ^\r\n  -H ^\"a: b^\"", Mistake::Windows),
        ("curl \"http://a/\" ^\n  -H \"a: b\"", Mistake::Windows),
    ] {
        assert_eq!(from_curl(text).map(|one| one.request), Err(mistake), "{text:?}");
    }
    let long = format!("curl http://a/ {}", "-s ".repeat(500));
    assert_eq!(from_curl(&long).map(|one| one.request), Err(Mistake::TooLong));
}

#[test]
fn the_command_is_one_that_a_person_would_write() {
    let mut request = Request { method: "POST".to_owned(), ..Request::get("http://a/?b=c&d") };
    let usual = Options { follow: false, ..Options::default() };
    assert_eq!(to_curl(&request, &usual), "curl 'http://a/?b=c&d' -X POST --compressed");
    request.payload = bytes("application/json", "it's");
    request.fields.push(Field { name: "Accept".to_owned(), value: None });
    let lines = [
        "curl 'http://a/?b=c&d'",
        "-H Accept:",
        "-H 'Content-Type: application/json'",
        "--data-raw \"it's\"",
        "--compressed",
    ];
    assert_eq!(to_curl(&request, &usual), lines.join(" \\\n  "));
    let destination = Destination { path: "/tmp/a b".into(), resume: false, keep_partial: true };
    let to_file = Options { destination: Some(destination), ..usual.clone() };
    assert!(to_curl(&request, &to_file).contains("\n  -o '/tmp/a b' \\\n"), "{}", to_curl(&request, &to_file));
    let transferred = to_curl(&request, &Options { transferred: true, ..usual.clone() });
    let asks = "-H 'Accept-Encoding: gzip, deflate, br, zstd'";
    assert!(transferred.contains(asks) && !transferred.contains("--compressed"), "{transferred}");
    // Nothing that a terminal would act on.
    request.payload = bytes("", "\x1b[2J");
    assert!(to_curl(&request, &usual).contains("$'\\x1b[2J'"));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~\n\t]{0,20}", "[$`\"'\\\\^&|;<>!#*?~{}\\[\\]()@=: -]{0,12}"]
}

#[test]
fn a_file_without_a_type_has_that_of_its_name_as_it_would_be_sent() {
    let payload = Payload::File { media_type: String::new(), path: PathBuf::from("/tmp/page.html") };
    let line = to_curl(&Request { payload, ..Request::get("http://a/") }, &Options::default());
    assert!(line.contains("-H 'Content-Type: text/html'") && line.contains("@/tmp/page.html"), "{line}");
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(any::<u8>(), 0..40);
    if cfg!(unix) {
        prop_oneof![any, text().prop_map(String::into_bytes)].boxed()
    } else {
        text().prop_map(String::into_bytes).boxed()
    }
}

fn media_type() -> impl Strategy<Value = String> {
    prop_oneof![Just(Payload::FORM.to_owned()), Just(String::new()), "[a-z]{1,8}/[a-z0-9+.;= -]{0,20}[a-z]"]
}

fn payload() -> impl Strategy<Value = Payload> {
    let name = text().prop_filter("curl has no words for a field without a name", |name| !name.is_empty());
    prop_oneof![
        Just(Payload::None),
        prop::collection::vec(part(), 1..4).prop_map(Payload::Multipart),
        (media_type(), any_bytes()).prop_map(|(media_type, bytes)| Payload::Bytes { media_type, bytes }),
        prop::collection::vec((name, text()), 1..5).prop_map(Payload::Form),
        (media_type(), text())
            .prop_filter("after its name", |(media_type, _)| !media_type.is_empty())
            .prop_map(|(media_type, path)| Payload::File { media_type, path: path.into() }),
    ]
}

fn part() -> impl Strategy<Value = FormPart> {
    let name = text().prop_filter("curl has no words for it", |name| !name.contains('='));
    (name, text(), any::<bool>(), prop::option::of(text()), "[a-z]{1,8}/[a-z]{1,8}").prop_map(
        |(name, text, is_file, file_name, media_type)| {
            let part = FormPart { file_name, media_type, ..FormPart::text(&name, &text) };
            if is_file { FormPart { content: Content::File(text.into()), ..part } } else { part }
        },
    )
}

fn auth() -> impl Strategy<Value = Auth> {
    let pair = || (text().prop_map(|user| user.replace(':', "")), text());
    prop_oneof![
        Just(Auth::None),
        pair().prop_map(|(user, password)| Auth::Basic { user, password }),
        pair().prop_map(|(user, password)| Auth::Digest { user, password }),
        text().prop_map(Auth::Bearer),
    ]
}

fn any_field() -> impl Strategy<Value = Field> {
    let value = prop::option::of(text().prop_map(|value| value.trim().to_owned()));
    ("[A-Za-z!#$%&'*+.^_`|~0-9-]{1,12}", value).prop_map(|(name, value)| Field { name, value })
}

prop_compose! {
    fn any_request()(
        method in prop_oneof!["[A-Z]{3,7}", text()],
        url in text(),
        fields in prop::collection::vec(any_field(), 0..4),
        payload in payload(),
        auth in auth(),
    ) -> Request {
        Request { method, url, fields, payload, auth }
    }
}

prop_compose! {
    fn any_options()(
        follow in any::<bool>(),
        max_redirects in 0_u32..1_000,
        accept_any_certificate in any::<bool>(),
        proxy in prop_oneof![
            Just(Proxy::Environment),
            Just(Proxy::None),
            text().prop_map(|text| Proxy::Url(format!("http://{text}"))),
        ],
        ip in prop::sample::select(vec![IpVersion::Both, IpVersion::V4, IpVersion::V6]),
        extra_roots in prop::option::of(text().prop_map(PathBuf::from)),
        connect in 1_u64..100_000,
    ) -> Options {
        // curl says nothing about redirects that are not followed.
        let max_redirects = if follow { max_redirects } else { Options::default().max_redirects };
        let connect_timeout = Duration::from_millis(connect);
        Options { follow, max_redirects, accept_any_certificate, proxy, ip, extra_roots, connect_timeout, ..Options::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_request_comes_back_as_it_was(request in any_request(), options in any_options()) {
        let line = to_curl(&request, &options);
        let Understood { request: again, options: changed, notes } = understood(&line);
        prop_assert_eq!(again, request, "{}", line);
        prop_assert_eq!(format!("{changed:?}"), format!("{options:?}"), "{}", line);
        prop_assert_eq!(notes, Vec::<String>::new(), "{}", line);
    }

    #[test]
    fn no_text_is_too_odd(text in "curl [ -~\n\r\t\u{80}-\u{ff}]{0,60}", other in any::<String>()) {
        _ = from_curl(&text);
        _ = from_curl(&other);
        _ = from_curl(&format!("curl {other}"));
    }

    #[test]
    fn no_options_are_too_odd(words in prop::collection::vec(prop_oneof!["--?[a-zA-Z0-9=@-]{0,12}", text()], 0..8)) {
        let words: Vec<_> = words.iter().map(|word| words::quoted(word.as_bytes())).collect();
        _ = from_curl(&format!("curl {}", words.join(" ")));
    }
}
