//! A URL as people type it, and where it leads: host, port, what goes on the wire. Its userinfo is taken out at
//! once and never shown.

use percent_encoding::percent_decode_str;
use url::{ParseError, Position, Url};

use super::Fault;
use crate::net::{Error, Operation, address};

/// Where one hop goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// http or https, with a host, without userinfo.
    url: Url,
}

/// What a person wrote before the `@`, and for which server alone it is meant.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    origin: url::Origin,
    header: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    /// The value of `Authorization` (RFC 7617) for `target`, if it is the server they are meant for.
    pub(super) fn for_target(&self, target: &Target) -> Option<&str> {
        (self.origin == target.url.origin()).then_some(self.header.as_str())
    }

    /// `None` where `url` has no userinfo.
    fn take(url: &mut Url) -> Option<Self> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(url.password().unwrap_or_default()));
        let header = format!("Basic {}", data_encoding::BASE64.encode(&pair));
        strip(url);
        Some(Self { origin: url.origin(), header })
    }
}

fn strip(url: &mut Url) {
    // Both fail only for URLs without a host, which have no userinfo.
    _ = url.set_username("");
    _ = url.set_password(None);
}

/// Reads a URL as typed: a bare `host/path` is http, blanks around it are ignored.
///
/// # Errors
/// Empty, no URL, blanks or control characters inside, neither http nor https. The error shows no userinfo.
pub(super) fn parse(typed: &str) -> Result<(Target, Option<Credentials>), Error> {
    let text = typed.trim();
    let error = |fault| Error::new(Operation::Understand, shown(text), fault);
    if text.is_empty() {
        return Err(error(Fault::EmptyUrl));
    }
    // The library would drop line ends and tabs without a word.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(error(Fault::BlankInUrl));
    }
    let mut url = Url::parse(&with_scheme(text).map_err(error)?).map_err(|e| error(fault(e)))?;
    let credentials = Credentials::take(&mut url);
    Ok((Target::new(url).map_err(error)?, credentials))
}

/// `text` without anything that could be userinfo, to be kept as it was typed otherwise.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    if text.contains('@') { shown(text) } else { text.to_owned() }
}

/// `text` as its URL, without anything that could be userinfo, to be shown even where it is no URL.
pub(super) fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let rest = match Url::parse(text) {
        // A path may have an @ in it.
        Ok(mut url) if url.has_host() => {
            strip(&mut url);
            return url.into();
        }
        // Without knowing where userinfo would end, all before the last @ could be it.
        _ => rest.rsplit_once('@').map_or(rest, |(_, after)| after),
    };
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

fn fault(error: ParseError) -> Fault {
    match error {
        ParseError::InvalidPort => Fault::BadPort,
        ParseError::EmptyHost
        | ParseError::IdnaError
        | ParseError::InvalidIpv4Address
        | ParseError::InvalidIpv6Address
        | ParseError::InvalidDomainCharacter => Fault::BadHost,
        _ => Fault::BadUrl,
    }
}

/// Puts `http://` in front of what has no scheme.
fn with_scheme(text: &str) -> Result<String, Fault> {
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(format!("http://[{text}]/"));
    }
    if text.starts_with("//") {
        return Ok(format!("http:{text}"));
    }
    if text.starts_with(['/', '?', '#', '.', ':', '\\']) {
        return Err(Fault::BadUrl);
    }
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(format!("http://{text}"));
    };
    if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
        // The library would take `http:x` and `http:///x` for the host x, as browsers do; people mistyped it. With
        // one slash there is nothing else that it could mean.
        let authority = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')).ok_or(Fault::BadUrl)?;
        return if authority.starts_with(['/', '\\', '?', '#']) || authority.is_empty() {
            Err(Fault::BadHost)
        } else {
            Ok(format!("{scheme}://{authority}"))
        };
    }
    if rest.starts_with("//") {
        return Err(Fault::OtherScheme(scheme.to_ascii_lowercase()));
    }
    // `localhost:8080/x` is a host with a port, `user:password@host` has userinfo, `mailto:x` has another scheme.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = authority.bytes().all(|b| b.is_ascii_digit());
    let no_url = ["mailto", "sip", "sips", "xmpp", "im", "acct", "ssh", "javascript", "data"];
    let is_userinfo = authority.contains('@') && !no_url.iter().any(|one| scheme.eq_ignore_ascii_case(one));
    if is_port || is_userinfo || scheme.contains('.') || scheme.eq_ignore_ascii_case("localhost") {
        Ok(format!("http://{text}"))
    } else {
        Err(Fault::OtherScheme(scheme.to_ascii_lowercase()))
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

impl Target {
    fn new(url: Url) -> Result<Self, Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault::OtherScheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Fault::BadHost);
        }
        Ok(Self { url })
    }

    /// The whole URL, without userinfo.
    pub(super) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is the same server: scheme, host and port.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }

    /// A name or a literal address, without brackets.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// `host:port`, to name it in errors.
    pub(super) fn host_port(&self) -> String {
        address::join(self.host(), self.port())
    }

    /// What goes into `Host`: the port only where it is not the scheme's own (RFC 9110 §7.2).
    pub(super) fn host_header(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Path and query, as they go on the wire (RFC 9112 §3.2.1): no fragment.
    pub(super) fn on_the_wire(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// The whole URL as a proxy is asked for it (RFC 9112 §3.2.2): no fragment.
    pub(super) fn absolute(&self) -> &str {
        &self.url[..Position::AfterQuery]
    }

    /// Where a `Location` leads (RFC 9110 §10.2.2), resolved as browsers do: blanks at the ends ignored, bytes
    /// beyond ASCII taken for UTF-8 and encoded, the fragment inherited. The flag says that it had userinfo,
    /// which is dropped.
    pub(super) fn redirect(&self, location: &[u8]) -> Result<(Self, bool), Fault> {
        let shown_location = || shown(&String::from_utf8_lossy(location));
        let text = match std::str::from_utf8(location) {
            Ok(text) => text.to_owned(),
            Err(_) => percent_encoding::percent_encode(location, percent_encoding::CONTROLS).to_string(),
        };
        let mut url = self.url.join(text.trim()).map_err(|_| Fault::BadRedirect(shown_location()))?;
        if url.fragment().is_none() {
            url.set_fragment(self.url.fragment());
        }
        let had_userinfo = !url.username().is_empty() || url.password().is_some();
        if had_userinfo {
            strip(&mut url);
        }
        match Self::new(url) {
            Ok(target) => Ok((target, had_userinfo)),
            Err(Fault::OtherScheme(scheme)) => Err(Fault::RedirectScheme(scheme)),
            Err(_) => Err(Fault::BadRedirect(shown_location())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Cause;

    fn typed(text: &str) -> Target {
        parse(text).expect(text).0
    }

    fn refused(text: &str) -> Fault {
        match parse(text).expect_err(text).cause {
            Cause::Fetch(fault) => fault,
            other => unreachable!("{text}: {other}"),
        }
    }

    #[test]
    fn urls_are_read_as_people_type_them() {
        for (text, url) in [
            ("example.org/x", "http://example.org/x"),
            (" example.org ", "http://example.org/"),
            ("localhost:8080", "http://localhost:8080/"),
            ("localhost:8080/a?b", "http://localhost:8080/a?b"),
            ("example.org:", "http://example.org/"),
            ("10.0.0.1:80/x", "http://10.0.0.1/x"),
            ("//example.org/x", "http://example.org/x"),
            ("[::1]:8080/x", "http://[::1]:8080/x"),
            ("::1", "http://[::1]/"),
            ("fe80::1", "http://[fe80::1]/"),
            ("HTTP://Example.ORG/A", "http://example.org/A"),
            ("https://example.org:443/", "https://example.org/"),
            ("https:/example.org:81/x", "https://example.org:81/x"),
            ("http://bücher.example/straße?q=ü", "http://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC"),
            ("例え.jp", "http://xn--r8jz45g.jp/"),
            ("example.org/a@b:c", "http://example.org/a@b:c"),
        ] {
            assert_eq!(typed(text).as_str(), url, "{text}");
        }
        let target = typed("http://[::1]:8080/a/b?c=d#e");
        assert_eq!((target.host(), target.port(), target.host_header()), ("::1", 8080, "[::1]:8080"));
        assert_eq!(target.on_the_wire(), "/a/b?c=d");
        assert_eq!(typed("https://example.org").host_header(), "example.org");
    }

    #[test]
    fn what_is_no_web_address_is_refused_with_its_reason() {
        assert_eq!(refused("  "), Fault::EmptyUrl);
        for text in ["http://a/b c", "http://a/\r\nX: y", "http://a/\tb", "a\u{3000}b", "http://a/\0"] {
            assert_eq!(refused(text), Fault::BlankInUrl, "{text:?}");
        }
        for (text, scheme) in [
            ("ftp://example.org/", "ftp"),
            ("file:///etc/passwd", "file"),
            ("mailto:me@example.org", "mailto"),
            ("javascript:alert(1)", "javascript"),
            ("data:text/plain,x", "data"),
        ] {
            assert_eq!(refused(text), Fault::OtherScheme(scheme.to_owned()), "{text}");
        }
        for text in [
            "http://",
            "http:/",
            "http:x",
            "http:///x",
            "http://a b.c@/",
            "http://[::1",
            "http://exa%mple/",
            "http://256.1.1.1/",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(refused("http://example.org:99999/"), Fault::BadPort);
        assert_eq!(refused("/index.html"), Fault::BadUrl);
    }

    #[test]
    fn userinfo_is_for_its_own_server_and_never_shown() {
        let (target, credentials) = parse("http://us%65r:p%40ss@example.org:81/x").expect("URL");
        assert_eq!(target.as_str(), "http://example.org:81/x");
        let credentials = credentials.expect("credentials");
        assert_eq!(credentials.for_target(&target), Some("Basic dXNlcjpwQHNz"));
        for other in ["http://example.org:82/", "https://example.org:81/", "http://www.example.org:81/"] {
            assert_eq!(credentials.for_target(&typed(other)), None, "{other}");
        }
        assert!(!format!("{credentials:?}").contains("dXNl"));
        for text in
            ["http://user:secret@exa%mple/", "ftp://user:secret@host/", "user:secret@[::1", "http://a:sec/ret@host:x/"]
        {
            let line = parse(text).expect_err(text).to_string();
            assert!(!line.contains("sec") && !line.contains("user"), "{line}");
        }
        assert!(parse("user:secret@localhost/x").expect("URL").1.is_some());
    }

    #[test]
    fn locations_are_resolved_as_browsers_do() {
        let base = typed("http://example.org/a/b/c?d#frag");
        for (location, url) in [
            (&b"/x"[..], "http://example.org/x#frag"),
            (b"  /x\t", "http://example.org/x#frag"),
            (b"../x#y", "http://example.org/a/x#y"),
            (b"../../../../x", "http://example.org/x#frag"),
            (b"?q", "http://example.org/a/b/c?q#frag"),
            (b"//other:81/x", "http://other:81/x#frag"),
            (b"HTTPS://other/a b", "https://other/a%20b#frag"),
            ("/straße".as_bytes(), "http://example.org/stra%C3%9Fe#frag"),
            (b"/stra\xdfe", "http://example.org/stra%DFe#frag"),
        ] {
            assert_eq!(base.redirect(location).map(|(t, _)| t.as_str().to_owned()), Ok(url.to_owned()), "{location:?}");
        }
        let (target, had_userinfo) = base.redirect(b"http://u:p@example.org/").expect("target");
        assert_eq!((target.as_str(), had_userinfo), ("http://example.org/#frag", true));
        assert_eq!(base.redirect(b"ftp://x/"), Err(Fault::RedirectScheme("ftp".to_owned())));
        assert_eq!(base.redirect(b"file:///etc/passwd"), Err(Fault::RedirectScheme("file".to_owned())));
        assert!(matches!(base.redirect(b"http://[::1"), Err(Fault::BadRedirect(_))));
    }
}
