//! Through what a server is reached: which proxy, and what its URL says.

use std::fmt;
use std::net::IpAddr;

use no_proxy::NoProxyItem;
use percent_encoding::percent_decode_str;
use url::Url;

use super::url::{Target, shown};
use super::{Fault, Proxy};
use crate::i18n::{FluentValue, t, tf};
use crate::net::{Error, Operation, address};

/// The port of a proxy whose URL has none, as in curl.
const PORT: u16 = 1080;

/// What is wrong with a proxy or what it says. Its text is `proxy-…` in `proxy.ftl`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// A kind of proxy that is not spoken to.
    #[error("{}", text("proxy-other-scheme", "scheme", .0))]
    OtherScheme(String),
    /// TLS to the proxy itself.
    #[error("{}", t("proxy-https"))]
    Https,
    /// Not a URL with a host.
    #[error("{}", t("proxy-bad-url"))]
    BadUrl,
    /// User name or password cannot be said in SOCKS: each has 1 to 255 bytes (RFC 1929).
    #[error("{}", t("proxy-long-login"))]
    LongLogin,
    /// CONNECT was not answered with 2xx: the status line, made visible.
    #[error("{}", text("proxy-refused", "line", .0))]
    Refused(String),
    /// CONNECT was answered with 407: the status line, made visible.
    #[error("{}", text("proxy-refused", "line", .0))]
    LoginWanted(String),
    /// It closed the connection before it had answered.
    #[error("{}", t("proxy-closed"))]
    Closed,
    /// More came than its answer, before TLS has begun.
    #[error("{}", t("proxy-too-much"))]
    TooMuch,
    /// What came is not SOCKS 5.
    #[error("{}", t("proxy-not-socks"))]
    NotSocks,
    /// None of the ways to log in that were offered is good enough (RFC 1928 §3).
    #[error("{}", t("proxy-no-method"))]
    NoMethod,
    /// User name or password are wrong (RFC 1929).
    #[error("{}", t("proxy-wrong-login"))]
    WrongLogin,
    /// The reply code (RFC 1928 §6), 1 or more.
    #[error("{}", reply(*.0))]
    Reply(u8),
}

impl ProxyFault {
    /// What to do about it, if there is something.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let id = match self {
            Self::OtherScheme(_) | Self::Https | Self::BadUrl => "proxy-url-advice",
            Self::LoginWanted(_) | Self::NoMethod | Self::WrongLogin | Self::LongLogin => "proxy-login-advice",
            Self::NotSocks => "proxy-kind-advice",
            _ => return None,
        };
        Some(t(id))
    }
}

fn text(id: &str, name: &'static str, value: &str) -> String {
    tf(id, &[(name, FluentValue::from(value))])
}

/// RFC 1928 §6.
fn reply(code: u8) -> String {
    match code {
        1 => t("proxy-reply-failure"),
        2 => t("proxy-reply-not-allowed"),
        3 => t("proxy-reply-network"),
        4 => t("proxy-reply-host"),
        5 => t("proxy-reply-refused"),
        6 => t("proxy-reply-expired"),
        7 => t("proxy-reply-command"),
        8 => t("proxy-reply-address"),
        other => tf("proxy-reply-other", &[("code", other.into())]),
    }
}

/// What is spoken to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RFC 9110 §9.3.6, RFC 9112 §3.2.2.
    Http,
    /// RFC 1928, with the name of the server or an address that was found here.
    Socks {
        /// The proxy finds the address.
        by_name: bool,
    },
}

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Via {
    kind: Kind,
    /// A name or a literal address, without brackets.
    host: String,
    port: u16,
    /// User name and password.
    login: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Display for Via {
    /// Its URL, without userinfo.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks { by_name: false } => "socks5",
            Kind::Socks { by_name: true } => "socks5h",
        };
        write!(f, "{scheme}://{}", self.host_port())
    }
}

impl Via {
    /// Reads the URL of a proxy.
    ///
    /// # Errors
    /// No URL, or of a kind that is not spoken to. The error shows no userinfo.
    fn parse(typed: &str) -> Result<Self, Error> {
        let typed = typed.trim();
        let error = |fault: ProxyFault| Error::new(Operation::Understand, shown(typed), Fault::from(fault));
        let (scheme, rest) = typed.split_once("://").unwrap_or(("http", typed));
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => Kind::Http,
            "socks5" => Kind::Socks { by_name: false },
            "socks5h" => Kind::Socks { by_name: true },
            "https" => return Err(error(ProxyFault::Https)),
            other => return Err(error(ProxyFault::OtherScheme(other.to_owned()))),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(error(ProxyFault::BadUrl));
        }
        let url = Url::parse(&format!("http://{authority}/")).map_err(|_| error(ProxyFault::BadUrl))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        // The library forgets the port that its scheme has anyway.
        let is_80 = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse() == Ok(80_u16));
        let port = url.port().unwrap_or(if is_80 { 80 } else { PORT });
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let has_login = !url.username().is_empty() || url.password().is_some();
        let login = has_login.then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        let is_sayable = |part: &Vec<u8>| (1..=255).contains(&part.len());
        let via = Self { kind, host, port, login };
        match &via.login {
            Some((user, password)) if kind != Kind::Http && !(is_sayable(user) && is_sayable(password)) => {
                Err(error(ProxyFault::LongLogin))
            }
            _ => Ok(via),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn host_port(&self) -> String {
        address::join(&self.host, self.port)
    }

    /// User name and password.
    pub(super) fn login(&self) -> Option<(&[u8], &[u8])> {
        self.login.as_ref().map(|(user, password)| (user.as_slice(), password.as_slice()))
    }

    /// The value of `Proxy-Authorization` (RFC 9110 §11.7.2, RFC 7617).
    pub(super) fn authorization(&self) -> Option<String> {
        let (user, password) = self.login()?;
        Some(format!("Basic {}", data_encoding::BASE64.encode(&[user, b":", password].concat())))
    }

    /// Whether the requests to `target` are for the proxy itself (RFC 9112 §3.2.2).
    pub(super) fn is_asked_for(&self, target: &Target) -> bool {
        self.kind == Kind::Http && !target.is_tls()
    }
}

/// The value of an environment variable; one that is empty is as good as none.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Through what `target` is reached, `None`: directly. `variable` reads the environment.
///
/// # Errors
/// The proxy's URL is none, or of a kind that is not spoken to.
pub(super) fn choose(
    proxy: &Proxy,
    target: &Target,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Via>, Error> {
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let url = match proxy {
        Proxy::None => None,
        Proxy::Url(url) => Some(url.clone()),
        Proxy::Environment => {
            let own = if target.is_tls() { &["https_proxy", "HTTPS_PROXY"][..] } else { &["http_proxy"] };
            let url = first(own).or_else(|| first(&["all_proxy", "ALL_PROXY"]));
            let excepted = || first(&["no_proxy", "NO_PROXY"]).is_some_and(|list| is_listed(&list, target));
            url.filter(|_| !excepted())
        }
    };
    url.map(|url| Via::parse(&url)).transpose()
}

/// Whether a `no_proxy` has `target`: `*`, or a name with all below it, an address or a range of them (CIDR), each
/// perhaps with a port, parted by commas or blanks.
fn is_listed(list: &str, target: &Target) -> bool {
    let host = target.host().trim_end_matches('.').to_ascii_lowercase();
    list.split([',', ' ', '\t']).filter(|item| !item.is_empty()).any(|item| {
        let (name, port) = split_port(item);
        let name = name.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
        let everything = name.is_empty() && item.starts_with('*');
        port.is_none_or(|port| port == target.port())
            && (everything || !name.is_empty() && NoProxyItem::from(name).matches(&host))
    })
}

/// `[::1]:80` → `::1` and 80. What has several colons and no brackets is an address.
fn split_port(item: &str) -> (&str, Option<u16>) {
    let bare = |host: &'_ str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    match item.rsplit_once(':') {
        Some((host, port)) if !bare(item) && !host.contains(':') | host.ends_with(']') => {
            (host.trim_matches(['[', ']']), port.parse().ok())
        }
        _ => (item.trim_matches(['[', ']']), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Cause;
    use crate::net::fetch::url::parse;

    fn target(url: &str) -> Target {
        parse(url).expect("URL").0
    }

    /// The proxy for `url` where the environment is `variables`.
    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let value = |name: &str| variables.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned());
        choose(&Proxy::Environment, &target(url), value).expect("a proxy").map(|via| via.to_string())
    }

    #[test]
    fn the_environment_says_which_proxy_it_is() {
        let (http, https) = ("http://example.org/", "https://example.org/");
        assert_eq!(chosen(http, &[]), None);
        let all = [("http_proxy", "http://a"), ("https_proxy", "b:1"), ("HTTPS_PROXY", "c:2"), ("all_proxy", "d")];
        assert_eq!(chosen(http, &all).as_deref(), Some("http://a:1080"));
        assert_eq!(chosen(https, &all).as_deref(), Some("http://b:1"));
        assert_eq!(chosen(https, &all[2..]).as_deref(), Some("http://c:2"));
        assert_eq!(chosen(http, &all[1..]).as_deref(), Some("http://d:1080"));
        assert_eq!(chosen(https, &[("ALL_PROXY", "socks5h://[::1]:9")]).as_deref(), Some("socks5h://[::1]:9"));
        // A web server may have put it there, on behalf of its client.
        assert_eq!(chosen(http, &[("HTTP_PROXY", "http://evil")]), None);
        // As curl does: only `no_proxy` takes loopback out.
        let local = "http://127.0.0.1/";
        assert_eq!(chosen(local, &all).as_deref(), Some("http://a:1080"));
        assert_eq!(chosen(local, &[all[0], ("no_proxy", "127.0.0.1")]), None);
        assert_eq!(chosen(local, &[all[0], ("NO_PROXY", "x, 127.0.0.1")]), None);
        let typed = Proxy::Url("socks5://e:3".to_owned());
        let via = choose(&typed, &target(http), |_| Some("*".to_owned())).expect("a proxy").expect("a proxy");
        assert_eq!(via.to_string(), "socks5://e:3");
        assert!(choose(&Proxy::None, &target(http), |_| Some("a".to_owned())).expect("none").is_none());
    }

    #[test]
    fn no_proxy_takes_names_addresses_ranges_and_ports() {
        for (list, url, listed) in [
            ("*", "http://a.b/", true),
            ("example.org", "http://example.org/", true),
            ("Example.ORG", "http://WWW.example.org./", true),
            (".example.org", "http://example.org/", true),
            ("*.example.org", "http://a.example.org/", true),
            ("example.org", "http://notexample.org/", false),
            ("example.org", "http://example.org.evil/", false),
            ("a,b c", "http://c/", true),
            ("example.org:81", "http://example.org:81/", true),
            ("example.org:81", "http://example.org/", false),
            ("example.org:443", "https://example.org/", true),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("10.1.2.3:80", "http://10.1.2.3/", true),
            ("::1", "http://[::1]/", true),
            ("[::1]", "http://[::1]/", true),
            ("[::1]:80", "http://[::1]/", true),
            ("[::1]:81", "http://[::1]/", false),
            ("fe80::/10", "http://[fe80::1]/", true),
            ("127.0.0.1", "http://localhost/", false),
            (",, .", "http://a/", false),
            ("", "http://a/", false),
        ] {
            assert_eq!(is_listed(list, &target(url)), listed, "{list} {url}");
        }
    }

    #[test]
    fn the_url_of_a_proxy_is_read_and_its_userinfo_never_shown() {
        let via = Via::parse(" SOCKS5://us%65r:p%40ss@Proxy.example:80/x ").expect("a proxy");
        assert_eq!(via.to_string(), "socks5://proxy.example:80");
        assert_eq!(via.login(), Some((&b"user"[..], &b"p@ss"[..])));
        assert_eq!(via.authorization().as_deref(), Some("Basic dXNlcjpwQHNz"));
        assert_eq!(Via::parse("proxy:8080").expect("a proxy").to_string(), "http://proxy:8080");
        let refused = |text: &str| {
            let error = Via::parse(text).map(|via| via.to_string()).expect_err(text);
            assert!(!error.to_string().contains("sec"), "{error}");
            let Cause::Fetch(Fault::Proxy(fault)) = error.cause else { unreachable!("{text}") };
            fault
        };
        assert_eq!(refused("https://user:secret@proxy"), ProxyFault::Https);
        assert_eq!(refused("socks4://user:secret@proxy"), ProxyFault::OtherScheme("socks4".to_owned()));
        for text in ["http://user:secret@", "http://user:sec ret@a", "", "http://a:99999", "user:secret@[::1"] {
            assert_eq!(refused(text), ProxyFault::BadUrl, "{text}");
        }
        let long = format!("socks5://user:sec{}@a", "x".repeat(253));
        assert_eq!(refused(&long), ProxyFault::LongLogin);
        assert_eq!(refused("socks5://user@a"), ProxyFault::LongLogin);
        assert!(Via::parse(&long.replace("socks5", "http")).is_ok());
    }

    #[test]
    fn every_fault_of_a_proxy_has_a_text_in_plain_words() {
        let s = || "this".to_owned();
        let mut faults = vec![
            ProxyFault::OtherScheme(s()),
            ProxyFault::Https,
            ProxyFault::BadUrl,
            ProxyFault::LongLogin,
            ProxyFault::Refused(s()),
            ProxyFault::LoginWanted(s()),
            ProxyFault::Closed,
            ProxyFault::TooMuch,
            ProxyFault::NotSocks,
            ProxyFault::NoMethod,
            ProxyFault::WrongLogin,
        ];
        faults.extend((1..=9).map(ProxyFault::Reply));
        let mut texts = std::collections::HashSet::new();
        for fault in faults {
            for text in [Some(fault.to_string()), fault.advice()].into_iter().flatten() {
                assert!(text.contains(' ') && !text.contains("{ $") && !text.ends_with('.'), "{fault:?}: {text:?}");
            }
            if !matches!(fault, ProxyFault::LoginWanted(_)) {
                assert!(texts.insert(fault.to_string()), "{fault:?}");
            }
        }
        let is_unknown = |code| ProxyFault::Reply(code).to_string().contains("unknown");
        assert!((1..=8).all(|code| !is_unknown(code)) && is_unknown(9));
    }
}
