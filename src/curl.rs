//! What a fetch asks for as a `curl` command for a POSIX shell, and back: for the clipboard.

mod form;
mod known;
mod options;
mod words;

use crate::i18n::{t, tf};
use crate::net::fetch::{Auth, CODINGS, Field, IpVersion, Options, Payload, Proxy, Request};

pub use form::{Fields, fields};
pub use options::from_curl;

/// A curl command as it was understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// What it asks for.
    pub request: Request,
    /// What it says about redirects, proxy, IP version, certificates and the time to connect; the rest is as usual.
    pub options: Options,
    /// What it says besides and means something else here, or nothing; ready to show.
    pub notes: Vec<String>,
}

/// Why a text is no curl command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// It does not begin with `curl`.
    #[error("{}", t("curl-not-curl"))]
    NotCurl,
    /// A quotation is not closed.
    #[error("{}", t("curl-open-quote"))]
    OpenQuote,
    /// It is quoted for the prompt of Windows.
    #[error("{}", t("curl-windows"))]
    Windows,
    /// It names no URL.
    #[error("{}", t("curl-no-url"))]
    NoUrl,
    /// It has more words than anyone types or a browser writes.
    #[error("{}", t("curl-too-long"))]
    TooLong,
    /// This option lacks its value.
    #[error("{}", tf("curl-no-value", &[("option", .0.as_str().into())]))]
    NoValue(String),
    /// Something in it cannot be an argument on this system.
    #[error("{}", t("curl-not-text"))]
    NotText,
}

/// Whether `text` looks like a curl command, perhaps with the prompt in front of it.
#[must_use]
pub fn is_curl(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix(['$', '%']).map_or(text, str::trim_start);
    ["curl", "curl.exe"]
        .iter()
        .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\t', '\\', '\n', '\r'])))
}

/// The command that asks for the same, with passwords in the clear. A file that is sent is named as it is.
#[must_use]
pub fn to_curl(request: &Request, options: &Options) -> String {
    let url = words::quoted(request.url.as_bytes());
    let mut line =
        Line(vec![if request.url.starts_with('-') { format!("curl --url {url}") } else { format!("curl {url}") }]);
    // Its own patterns; brackets of an IPv6 address are none, and do no harm.
    if request.url.contains(['[', ']', '{', '}']) {
        line.flag("-g");
    }
    let has_body = !matches!(request.payload, Payload::None);
    match request.method.as_str() {
        "HEAD" if !has_body => line.flag("-I"),
        "GET" if !has_body => {}
        "POST" if has_body => {}
        method => line.value("-X", method),
    }
    for Field { name, value } in &request.fields {
        line.value(
            "-H",
            match value.as_deref() {
                None => format!("{name}:"),
                Some("") => format!("{name};"),
                Some(value) => format!("{name}: {value}"),
            },
        );
    }
    match &request.auth {
        Auth::None => {}
        Auth::Basic { user, password } => line.value("-u", format!("{user}:{password}")),
        Auth::Digest { user, password } => line.value("--digest -u", format!("{user}:{password}")),
        Auth::Bearer(token) => line.value("--oauth2-bearer", token),
    }
    line.body(request);
    line.options(options);
    if !request.fields.iter().any(|one| one.name.eq_ignore_ascii_case("Accept-Encoding")) {
        if options.transferred {
            // With that, curl would undo it.
            line.value("-H", format!("Accept-Encoding: {CODINGS}"));
        } else {
            line.flag("--compressed");
        }
    }
    // As browsers write it.
    line.0.join(if line.0.len() > 3 { " \\\n  " } else { " " })
}

/// Options with their values, each quoted.
struct Line(Vec<String>);

impl Line {
    fn flag(&mut self, option: &str) {
        self.0.push(option.to_owned());
    }

    fn value(&mut self, option: &str, value: impl AsRef<[u8]>) {
        self.0.push(format!("{option} {}", words::quoted(value.as_ref())));
    }

    fn body(&mut self, request: &Request) {
        let typed = request.fields.iter().any(|one| one.name.eq_ignore_ascii_case("Content-Type"));
        let is_usual = |media_type: &str| [Payload::FORM, Payload::MULTIPART].contains(&media_type);
        if let Some(media_type) = request.payload.media_type().filter(|one| !is_usual(one) && !typed) {
            let colon = if media_type.is_empty() { ":" } else { ": " };
            self.value("-H", format!("Content-Type{colon}{media_type}"));
        }
        match &request.payload {
            Payload::None => {}
            Payload::Bytes { bytes, .. } => self.value("--data-raw", bytes),
            Payload::File { path, .. } => {
                self.value("--data-binary", [b"@", path.as_os_str().as_encoded_bytes()].concat());
            }
            Payload::Multipart(parts) => {
                for part in parts {
                    self.value("-F", form::written(part));
                }
            }
            Payload::Form(pairs) if !pairs.is_empty() && pairs.iter().all(|(name, _)| !name.is_empty()) => {
                for (name, value) in pairs {
                    self.value("--data-urlencode", format!("{}={value}", words::encoded(name.as_bytes())));
                }
            }
            // curl has no words for a field without a name.
            Payload::Form(pairs) => {
                let pair = |(name, value): &(String, String)| {
                    format!("{}={}", words::encoded(name.as_bytes()), words::encoded(value.as_bytes()))
                };
                self.value("--data-raw", pairs.iter().map(pair).collect::<Vec<_>>().join("&"));
            }
        }
    }

    fn options(&mut self, options: &Options) {
        if let Some(destination) = &options.destination {
            self.value("-o", destination.path.as_os_str().as_encoded_bytes());
        }
        if options.follow {
            self.flag("-L");
            self.value("--max-redirs", options.max_redirects.to_string());
        }
        if options.accept_any_certificate {
            self.flag("-k");
        }
        match &options.proxy {
            Proxy::Environment => {}
            Proxy::None => self.value("--noproxy", "*"),
            Proxy::Url(url) => self.value("-x", url),
        }
        match options.ip {
            IpVersion::Both => {}
            IpVersion::V4 => self.flag("-4"),
            IpVersion::V6 => self.flag("-6"),
        }
        if let Some(roots) = &options.extra_roots {
            self.value("--cacert", roots.as_os_str().as_encoded_bytes());
        }
        if options.connect_timeout != Options::default().connect_timeout {
            self.value("--connect-timeout", options.connect_timeout.as_secs_f64().to_string());
        }
    }
}

#[cfg(test)]
mod tests;
