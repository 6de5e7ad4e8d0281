//! The request of one hop: checked before anything is sent, written for the wire (RFC 9112 §3), changed by redirects
//! (RFC 9110 §15.4).

use super::auth::{Next, Who};
use super::head::is_token;
use super::payload::Outgoing;
use super::proxy::Via;
use super::resume::Resume;
use super::url::Target;
use super::{Change, Destination, Fault, Field, Head, Payload, Request};
use crate::net::{Error, Operation};

/// What every request says unless a person says otherwise, before all other fields.
const FIRST: [&str; 6] = ["Host", "User-Agent", "Accept", "Accept-Encoding", "Authorization", "Cookie"];
/// And after them.
const LAST: [&str; 3] = ["Content-Type", "Content-Length", "Connection"];
/// What can be undone of the way a body is packed, as Accept-Encoding asks for it.
pub const CODINGS: &str = "gzip, deflate, br, zstd";
/// Typed by hand, these too are meant for one server alone.
const OWN: [&str; 4] = ["Host", "Authorization", "Proxy-Authorization", "Cookie"];

/// What is asked for, as it stands after the redirects so far.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: String,
    pub(super) fields: Vec<Field>,
    pub(super) payload: &'a Payload,
    pub(super) who: Who,
    /// What it is to go on with.
    pub(super) resume: Option<Resume>,
}

/// A head as it goes out, and as it may be seen.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// The same with a `*` for each byte that is secret.
    pub(super) shown: Vec<u8>,
}

impl<'a> Ask<'a> {
    /// Checks `request`; `userinfo` is what its URL says about who asks, as the value of `Authorization`.
    ///
    /// # Errors
    /// The method or the name of a field is no token (RFC 9110 §5.6.2), the method is CONNECT, a value has a line end
    /// or another control character inside, a user name has a colon.
    pub(super) fn new(request: &'a Request, userinfo: Option<&str>) -> Result<Self, Error> {
        let Request { method, fields, payload, auth, .. } = request;
        let wrong = |what: &str, fault| Error::new(Operation::Understand, what, fault);
        let error = |what: &str, fault| Err(wrong(what, fault));
        match method.as_str() {
            "CONNECT" => return error(method, Fault::ConnectMethod),
            method if !is_token(method.as_bytes()) => return error(method, Fault::BadMethod),
            _ => {}
        }
        for Field { name, value } in fields {
            if !is_token(name.as_bytes()) {
                return error(name, Fault::BadFieldName);
            }
            if !value.as_deref().is_none_or(is_value) {
                return error(name, Fault::BadFieldValue);
            }
        }
        let has_value = match payload {
            Payload::None | Payload::Form(_) => true,
            Payload::Bytes { media_type, .. } | Payload::File { media_type, .. } => is_value(media_type),
            Payload::Multipart(parts) => parts.iter().all(|part| is_value(&part.media_type)),
        };
        if !has_value {
            return error("Content-Type", Fault::BadFieldValue);
        }
        let who = Who::new(auth, userinfo).map_err(|fault| wrong("Authorization", fault))?;
        let mut fields = fields.clone();
        if let Payload::Multipart(_) = payload {
            // Without the boundary it would say less than what is said anyway.
            let says_less = |one: &Field| {
                one.name.eq_ignore_ascii_case("Content-Type") && one.value.as_deref() == Some(Payload::MULTIPART)
            };
            fields.retain(|one| !says_less(one));
        }
        Ok(Self { method: method.clone(), fields, payload, who, resume: None })
    }

    /// The body on its way out, if there is one.
    ///
    /// # Errors
    /// A file of it cannot be opened, or is not a regular one.
    pub(super) fn body(&self) -> Result<Option<Outgoing<'a>>, Error> {
        Outgoing::open(self.payload, self.is_chunked(), self.typed("Content-Type").next())
    }

    /// What a person typed for the fields of this name.
    fn typed<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.fields.iter().filter(|one| one.name.eq_ignore_ascii_case(name)).filter_map(|one| one.value.as_deref())
    }

    /// Whether a person typed such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.typed(name).next().is_some()
    }

    fn has_element(&self, name: &str, element: &str) -> bool {
        self.typed(name).flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(element))
    }

    /// Goes on with what `destination` has of `url`, if that is wanted and there is something.
    ///
    /// # Errors
    /// As those of [`Resume::find`].
    pub(super) fn go_on(&mut self, destination: &Destination, url: &str) -> Result<(), Error> {
        if destination.resume {
            self.resume = Resume::find(destination, url, self)?;
        }
        if let Some(resume) = &self.resume {
            resume.ask_for_rest(&mut self.fields);
        }
        Ok(())
    }

    /// Whether a person wants the body to be sent in chunks (RFC 9112 §7.1).
    pub(super) fn is_chunked(&self) -> bool {
        self.has_element("Transfer-Encoding", "chunked")
    }

    /// Whether the body waits until the server wants it (RFC 9110 §10.1.1).
    pub(super) fn waits_for_continue(&self) -> bool {
        self.has_element("Expect", "100-continue")
    }

    /// The head for `target`, reached through `via`, with these cookies of the jar.
    pub(super) fn head(
        &self,
        target: &Target,
        via: Option<&Via>,
        body: Option<&Outgoing<'_>>,
        jar: &[(String, String)],
    ) -> Written {
        let mut out = Written::default();
        // A proxy is told the whole URL, and who asks (RFC 9112 §3.2.2).
        let via = via.filter(|via| via.is_asked_for(target));
        let asked = if via.is_some() { target.absolute() } else { target.on_the_wire() };
        out.line(&format!("{} {asked} HTTP/1.1", self.method));
        let bytes = body.map_or(Some(&b""[..]), Outgoing::bytes);
        let agent = concat!("socketscope/", env!("CARGO_PKG_VERSION")).to_owned();
        let first = [
            Some(target.host_header().to_owned()),
            Some(agent),
            Some("*/*".to_owned()),
            // A part of something packed cannot be unpacked.
            Some(if self.has("Range") { "identity" } else { CODINGS }.to_owned()),
            self.who.value(&self.method, target.on_the_wire(), bytes),
        ];
        for (name, own) in FIRST.into_iter().zip(first) {
            self.write(&mut out, name, own);
        }
        if let Some(secret) = via.and_then(Via::authorization).filter(|_| !self.has("Proxy-Authorization")) {
            out.field("Proxy-Authorization", &secret);
        }
        if let Some(cookies) = self.cookies(jar) {
            out.field("Cookie", &cookies);
        }
        let is_placed = |name: &str| FIRST.iter().chain(&LAST).any(|one| one.eq_ignore_ascii_case(name));
        for Field { name, value } in self.fields.iter().filter(|one| !is_placed(&one.name)) {
            if let Some(value) = value {
                out.field(name, value);
            }
        }
        let media_type = body.map(|body| body.media_type.clone()).filter(|media_type| !media_type.is_empty());
        let last = [media_type, self.length(body), Some("close".to_owned())];
        for (name, own) in LAST.into_iter().zip(last) {
            self.write(&mut out, name, own);
        }
        out.line("");
        out
    }

    /// A field that every request has: as typed, else our own, unless a person took it out.
    fn write(&self, out: &mut Written, name: &str, own: Option<String>) {
        let mut typed = self.fields.iter().filter(|one| one.name.eq_ignore_ascii_case(name)).peekable();
        if typed.peek().is_none()
            && let Some(own) = own
        {
            out.field(name, &own);
        }
        for Field { name, value } in typed {
            if let Some(value) = value {
                out.field(name, value);
            }
        }
    }

    /// RFC 9110 §8.6: where a body is usual, that there is none is said too.
    fn length(&self, body: Option<&Outgoing<'_>>) -> Option<String> {
        let usual = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        match body {
            Some(body) if !self.is_chunked() => Some(body.len.to_string()),
            None if usual => Some("0".to_owned()),
            _ => None,
        }
    }

    /// All cookies in one field (RFC 6265 §5.4). Those typed by hand come first, and win over those of the same name.
    fn cookies(&self, jar: &[(String, String)]) -> Option<String> {
        let mut all: Vec<String> = self.typed("Cookie").map(str::to_owned).collect();
        if all.is_empty() && self.fields.iter().any(|one| one.name.eq_ignore_ascii_case("Cookie")) {
            return None;
        }
        let is_typed = |name: &str| {
            let mut pairs = self.typed("Cookie").flat_map(|value| value.split(';'));
            pairs.any(|pair| pair.split('=').next().is_some_and(|typed| typed.trim() == name))
        };
        all.extend(jar.iter().filter(|(name, _)| !is_typed(name)).map(|(name, value)| format!("{name}={value}")));
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Changes what is asked for as browsers do after a redirect with this status (RFC 9110 §15.4), and tells how.
    pub(super) fn redirected(&mut self, status: u16, same_origin: bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let to_get = match status {
            301 | 302 => self.method == "POST",
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            _ => false,
        };
        if to_get {
            let from = std::mem::replace(&mut self.method, "GET".to_owned());
            changes.push(Change::Method { from, to: "GET".to_owned() });
            if !matches!(std::mem::replace(&mut self.payload, &Payload::None), Payload::None) {
                changes.push(Change::BodyDropped);
            }
            self.drop_fields(&mut changes, |name| {
                let name = name.to_ascii_lowercase();
                name.starts_with("content-") || matches!(name.as_str(), "transfer-encoding" | "trailer" | "expect")
            });
        }
        if same_origin {
            self.who.another_page();
        } else {
            if !matches!(std::mem::take(&mut self.who), Who::Nobody) {
                changes.push(Change::CredentialsDropped);
            }
            self.drop_fields(&mut changes, |name| OWN.iter().any(|own| own.eq_ignore_ascii_case(name)));
        }
        changes
    }

    /// What is to be done about the answer `head`, where it wants to know who asks.
    pub(super) fn challenged(&mut self, head: &Head) -> Next {
        if self.fields.iter().any(|one| one.name.eq_ignore_ascii_case("Authorization")) {
            return Next::Accept;
        }
        // No body is one of no bytes.
        let in_memory = Some(self.payload).filter(|payload| !payload.has_file());
        let body = in_memory.and_then(|payload| Outgoing::open(payload, true, None).ok().flatten());
        self.who.challenged(head, body.as_ref().and_then(Outgoing::bytes))
    }

    /// One that was taken out stays out.
    fn drop_fields(&mut self, changes: &mut Vec<Change>, is_meant: impl Fn(&str) -> bool) {
        let dropped = self.fields.extract_if(.., |one| one.value.is_some() && is_meant(&one.name));
        changes.extend(dropped.map(|one| Change::FieldDropped(one.name)));
    }
}

/// Whether it can be the value of a field (RFC 9110 §5.5): no control character but the tab.
pub(super) fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control())
}

impl Written {
    fn line(&mut self, line: &str) {
        for out in [&mut self.bytes, &mut self.shown] {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        let blank = if value.is_empty() { "" } else { " " };
        let secret = ["Authorization", "Proxy-Authorization"].iter().any(|one| one.eq_ignore_ascii_case(name));
        let start = self.shown.len() + name.len() + 1 + blank.len();
        self.line(&format!("{name}:{blank}{value}"));
        if secret {
            // What kind it is may be seen.
            let kind = value.trim_start().find(' ').map_or(0, |at| value.len() - value.trim_start().len() + at + 1);
            let range = start + kind..start + value.len();
            self.shown.get_mut(range).unwrap_or_default().fill(b'*');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Cause;
    use crate::net::fetch::{Auth, url};
    use proptest::prelude::*;

    fn field(name: &str, value: Option<&str>) -> Field {
        Field { name: name.to_owned(), value: value.map(str::to_owned) }
    }

    fn request(fields: &[(&str, Option<&str>)]) -> Request {
        let fields = fields.iter().map(|(name, value)| field(name, *value)).collect();
        Request { fields, ..Request::get("http://example.org/") }
    }

    fn written(request: &Request, jar: &[(&str, &str)]) -> Written {
        let ask = Ask::new(request, None).expect("a request");
        let (target, _) = url::parse(&request.url).expect("URL");
        let body = ask.body().expect("body");
        let jar: Vec<_> = jar.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ask.head(&target, None, body.as_ref(), &jar)
    }

    fn lines(request: &Request, jar: &[(&str, &str)]) -> Vec<String> {
        let bytes = written(request, jar).bytes;
        String::from_utf8(bytes).expect("text").lines().skip(1).map(str::to_owned).collect()
    }

    fn refused(request: &Request) -> Fault {
        match Ask::new(request, None).expect_err("refused").cause {
            Cause::Fetch(fault) => fault,
            other => unreachable!("{other}"),
        }
    }

    #[test]
    fn usual_fields_are_replaced_in_their_place_and_can_be_taken_out() {
        let typed = [
            ("X-b", Some("1")),
            ("user-agent", Some("me")),
            ("ACCEPT", None),
            ("Accept-encoding", Some("a")),
            ("Accept-Encoding", Some("b")),
            ("connection", None),
            ("X-b", Some("")),
            ("X-Gone", None),
        ];
        let expected =
            ["Host: example.org", "user-agent: me", "Accept-encoding: a", "Accept-Encoding: b", "X-b: 1", "X-b:", ""];
        assert_eq!(lines(&request(&typed), &[]), expected);
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let method = |method: &str| Request { method: method.to_owned(), ..request(&[]) };
        assert_eq!(refused(&method("CONNECT")), Fault::ConnectMethod);
        for bad in ["", "GET /", "GE\nT", "é", "a:b"] {
            assert_eq!(refused(&method(bad)), Fault::BadMethod, "{bad:?}");
            assert_eq!(refused(&request(&[(bad, Some("x"))])), Fault::BadFieldName, "{bad:?}");
        }
        for bad in ["a\r\nX: y", "a\0", "\x1b[2J", "\x7f"] {
            assert_eq!(refused(&request(&[("X", Some(bad))])), Fault::BadFieldValue, "{bad:?}");
            let auth = Auth::Bearer(bad.to_owned());
            assert_eq!(refused(&Request { auth, ..request(&[]) }), Fault::BadFieldValue, "{bad:?}");
            let auth = Auth::Digest { user: bad.to_owned(), password: String::new() };
            assert_eq!(refused(&Request { auth, ..request(&[]) }), Fault::BadFieldValue, "{bad:?}");
            let payload = Payload::Bytes { media_type: bad.to_owned(), bytes: Vec::new() };
            assert_eq!(refused(&Request { payload, ..request(&[]) }), Fault::BadFieldValue, "{bad:?}");
        }
        let auth = Auth::Basic { user: "a:b".to_owned(), password: String::new() };
        assert_eq!(refused(&Request { auth, ..request(&[]) }), Fault::ColonInUser);
        let error = Ask::new(&request(&[("X", Some("sec\nret"))]), None).expect_err("refused").to_string();
        assert!(!error.contains("sec"), "{error}");
    }

    #[test]
    fn cookies_typed_by_hand_and_those_of_the_jar_are_one_field() {
        let jar = [("a", "1"), ("b", "2")];
        let cookie = |typed: &[(&str, Option<&str>)]| {
            let lines = lines(&request(typed), &jar);
            lines.into_iter().filter(|line| line.to_ascii_lowercase().starts_with("cookie")).collect::<Vec<_>>()
        };
        assert_eq!(cookie(&[]), ["Cookie: a=1; b=2"]);
        assert_eq!(cookie(&[("cookie", Some("b=3; c"))]), ["Cookie: b=3; c; a=1"]);
        assert_eq!(cookie(&[("Cookie", None)]), [""; 0]);
    }

    #[test]
    fn secrets_are_covered_byte_by_byte_and_their_kind_is_seen() {
        let typed = [("authorization", Some("Bearer abc")), ("Proxy-Authorization", Some("abc")), ("X", Some("abc"))];
        let Written { bytes, shown } = written(&request(&typed), &[]);
        assert_eq!(bytes.len(), shown.len());
        let shown = String::from_utf8(shown).expect("text");
        for line in ["authorization: Bearer ***\r\n", "Proxy-Authorization: ***\r\n", "X: abc\r\n"] {
            assert!(shown.contains(line), "{shown}");
        }
    }

    #[test]
    fn where_a_body_is_usual_none_has_a_length_too() {
        let of = |method: &str| lines(&Request { method: method.to_owned(), ..request(&[]) }, &[]);
        assert!(of("POST").contains(&"Content-Length: 0".to_owned()));
        assert!(!of("GET").iter().any(|line| line.starts_with("Content-")));
    }

    #[test]
    fn redirects_change_the_method_as_browsers_do() {
        let payload = Payload::Bytes { media_type: String::new(), bytes: b"x".to_vec() };
        for (status, from, to) in [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (301, "PUT", "PUT"),
            (302, "HEAD", "HEAD"),
            (303, "PUT", "GET"),
            (303, "HEAD", "HEAD"),
            (303, "GET", "GET"),
            (307, "POST", "POST"),
            (308, "DELETE", "DELETE"),
        ] {
            let typed = [("Content-Language", Some("en")), ("X", Some("y"))];
            let request = Request { method: from.to_owned(), payload: payload.clone(), ..request(&typed) };
            let mut ask = Ask::new(&request, None).expect("a request");
            let changes = ask.redirected(status, true);
            assert_eq!(ask.method, to, "{status} {from}");
            if from == to {
                assert_eq!((changes, ask.payload, ask.fields.len()), (vec![], &payload, 2), "{status} {from}");
            } else {
                let method = Change::Method { from: from.to_owned(), to: to.to_owned() };
                let field = Change::FieldDropped("Content-Language".to_owned());
                assert_eq!(changes, [method, Change::BodyDropped, field], "{status} {from}");
                assert_eq!((ask.payload, ask.fields.len()), (&Payload::None, 1), "{status} {from}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn nothing_that_is_typed_makes_a_line_of_its_own(
            method in ".{0,6}", name in ".{0,6}", value in prop::option::of(any::<String>()), token in any::<String>(),
        ) {
            let auth = Auth::Bearer(token);
            let request = Request { method, auth, ..request(&[(&name, value.as_deref())]) };
            if Ask::new(&request, None).is_err() {
                return Ok(());
            }
            let Written { bytes, shown } = written(&request, &[]);
            prop_assert_eq!(bytes.len(), shown.len());
            let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
            // The request line, at most eight fields, the empty line, nothing.
            prop_assert!(lines.len() <= 11);
            let (last, rest) = lines.split_last().expect("lines");
            prop_assert!(last.is_empty());
            for (number, line) in rest.iter().enumerate() {
                prop_assert_eq!(line.iter().position(|byte| *byte == b'\r'), Some(line.len() - 1));
                prop_assert_eq!(line.len() == 1, number == rest.len() - 1);
            }
        }
    }
}
