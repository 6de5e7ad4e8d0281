//! All that is known of a fetch as one JSON document, for programs. `docs/fetch-report.md` describes it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use serde::Serialize;

use super::{Body, Change, CharsetBy, Cookie, Delivery, Framing, Head, Header, Hop, Outcome, Span, Step, Tls, View};
use crate::net::Error;
use crate::net::connect::Try;
use crate::net::tls::Certificate;
use crate::recording::text::visible;

/// The report of what `view` shows. `saved`: where the body is now, if it was saved. `trouble`: what went wrong
/// after the fetch; else it is what the view says.
///
/// Reads the body, for its SHA-256. Secrets are covered as in the view. Characters that could act on a terminal are escaped, so that the report may be
/// shown as it is.
#[must_use]
pub fn report(view: &View, saved: Option<&Path>, trouble: Option<&Error>) -> String {
    // Keys are all text: there is nothing that could fail.
    let json = serde_json::to_string_pretty(&Report::of(view, saved, trouble)).unwrap_or_default();
    escaped(&json) + "\n"
}

#[derive(Serialize)]
struct Report<'a> {
    program: &'static str,
    outcome: &'static str,
    error: Option<String>,
    hops: Vec<HopIs<'a>>,
    delivery: Option<DeliveryIs>,
    body: Option<BodyIs<'a>>,
}

#[derive(Serialize)]
struct HopIs<'a> {
    url: &'a str,
    method: &'a str,
    changes: Vec<ChangeIs<'a>>,
    proxy: Option<&'a str>,
    /// What that was told first, as visible text; null where nothing was.
    proxy_request: Option<String>,
    tries: Vec<TryIs>,
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
    tls: Option<TlsIs<'a>>,
    refused: Option<&'a str>,
    certificates: Vec<CertificateIs<'a>>,
    #[serde(flatten)]
    request: Request<'a>,
    interim: Vec<HeadIs<'a>>,
    head: Option<HeadIs<'a>>,
    trailers: Vec<FieldIs<'a>>,
    cookies: Vec<CookieIs<'a>>,
    framing: Option<&'static str>,
    notes: &'a [String],
    spans: Vec<SpanIs>,
}

#[derive(Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
enum ChangeIs<'a> {
    Method { from: &'a str, to: &'a str },
    BodyDropped,
    FieldDropped { name: &'a str },
    CredentialsDropped,
    Authorized,
}

#[derive(Serialize)]
struct TryIs {
    address: SocketAddr,
    took_ms: f64,
    error: Option<String>,
}

#[derive(Serialize)]
struct TlsIs<'a> {
    version: &'a str,
    cipher: &'a str,
    alpn: Option<&'a str>,
    verified: bool,
}

#[derive(Serialize)]
struct CertificateIs<'a> {
    subject: &'a str,
    names: &'a [String],
    issuer: Option<&'a str>,
    valid_from: Option<&'a str>,
    valid_until: Option<&'a str>,
    key: Option<&'a str>,
    serial: Option<&'a str>,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Request<'a> {
    request: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_base64: Option<String>,
}

#[derive(Serialize)]
struct HeadIs<'a> {
    version: String,
    status: u16,
    reason: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_base64: Option<String>,
    fields: Vec<FieldIs<'a>>,
    raw: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

#[derive(Serialize)]
struct FieldIs<'a> {
    name: &'a str,
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

#[derive(Serialize)]
struct CookieIs<'a> {
    text: &'a str,
    kept: bool,
}

#[derive(Serialize)]
struct SpanIs {
    step: &'static str,
    begun_ms: f64,
    took_ms: f64,
}

#[derive(Serialize)]
struct DeliveryIs {
    declared: Option<u64>,
    on_the_wire: u64,
    received: u64,
    decoded: u64,
    on_disk: u64,
    complete: bool,
    missing: Option<u64>,
}

#[derive(Serialize)]
struct BodyIs<'a> {
    length: u64,
    complete: bool,
    media_type: Option<&'a str>,
    charset: &'static str,
    charset_by: &'static str,
    suggested_name: &'a str,
    sha256: Option<String>,
    saved_as: Option<String>,
}

impl<'a> Report<'a> {
    fn of(view: &'a View, saved: Option<&Path>, trouble: Option<&'a Error>) -> Self {
        let failed = match &view.outcome {
            Some(Outcome::Failed { error, .. }) => Some(&**error),
            _ => None,
        };
        let body = view.outcome.as_ref().and_then(Outcome::body);
        let error = failed.or(trouble);
        Self {
            program: concat!("socketscope ", env!("CARGO_PKG_VERSION")),
            outcome: match error {
                Some(error) if error.is_cancelled() => "cancelled",
                Some(_) => "failed",
                None if view.outcome.is_none() => "running",
                None => "complete",
            },
            error: error.map(Error::to_string),
            hops: view.hops.iter().map(HopIs::of).collect(),
            delivery: view.delivery.as_ref().map(DeliveryIs::of),
            body: body.map(|body| BodyIs::of(body, saved)),
        }
    }
}

impl<'a> HopIs<'a> {
    fn of(hop: &'a Hop) -> Self {
        let (request, request_base64) = text(&hop.request);
        Self {
            url: &hop.url,
            method: &hop.method,
            changes: hop.changes.iter().map(ChangeIs::of).collect(),
            proxy: hop.proxy.as_deref(),
            proxy_request: (!hop.to_proxy.is_empty()).then(|| visible(&hop.to_proxy)),
            tries: hop.tries.iter().map(|one| TryIs::of(one)).collect(),
            local: hop.ends.map(|ends| ends.local),
            peer: hop.ends.map(|ends| ends.peer),
            tls: hop.tls.as_ref().map(TlsIs::of),
            refused: hop.refused.as_deref(),
            certificates: hop.chain.iter().map(CertificateIs::of).collect(),
            request: Request { request, request_base64 },
            interim: hop.interim.iter().map(HeadIs::of).collect(),
            head: hop.head.as_ref().map(HeadIs::of),
            trailers: hop.trailers.iter().map(FieldIs::of).collect(),
            cookies: hop.cookies.iter().map(|Cookie { text, kept }| CookieIs { text, kept: *kept }).collect(),
            framing: hop.framing.map(|framing| match framing {
                Framing::None => "none",
                Framing::Length(_) => "length",
                Framing::Chunked => "chunked",
                Framing::UntilClose => "until_close",
            }),
            notes: &hop.notes,
            spans: hop.spans.iter().map(SpanIs::of).collect(),
        }
    }
}

impl<'a> ChangeIs<'a> {
    fn of(change: &'a Change) -> Self {
        match change {
            Change::Method { from, to } => Self::Method { from, to },
            Change::BodyDropped => Self::BodyDropped,
            Change::FieldDropped(name) => Self::FieldDropped { name },
            Change::CredentialsDropped => Self::CredentialsDropped,
            Change::Authorized => Self::Authorized,
        }
    }
}

impl TryIs {
    fn of(one: &Try) -> Self {
        Self { address: one.address, took_ms: ms(one.took), error: one.error.as_ref().map(|e| e.cause.to_string()) }
    }
}

impl<'a> TlsIs<'a> {
    fn of(tls: &'a Tls) -> Self {
        let alpn = Some(tls.alpn.as_str()).filter(|alpn| !alpn.is_empty());
        Self { version: &tls.version, cipher: &tls.cipher, alpn, verified: tls.verified }
    }
}

impl<'a> CertificateIs<'a> {
    fn of(one: &'a Certificate) -> Self {
        Self {
            subject: one.subject(),
            names: one.names(),
            issuer: one.issuer(),
            valid_from: one.valid_from(),
            valid_until: one.valid_until(),
            key: one.key(),
            serial: one.serial(),
            sha256: one.sha256(),
        }
    }
}

impl<'a> HeadIs<'a> {
    fn of(head: &'a Head) -> Self {
        let (reason, reason_base64) = text(&head.reason);
        let (raw, raw_base64) = text(&head.raw);
        Self {
            version: format!("HTTP/1.{}", head.minor_version),
            status: head.status,
            reason,
            reason_base64,
            fields: head.headers.iter().map(FieldIs::of).collect(),
            raw,
            raw_base64,
        }
    }
}

impl<'a> FieldIs<'a> {
    fn of(field: &'a Header) -> Self {
        let (value, value_base64) = text(&field.value);
        Self { name: &field.name, value, value_base64 }
    }
}

impl SpanIs {
    fn of(span: &Span) -> Self {
        let step = match span.step {
            Step::Dns => "dns",
            Step::Tcp => "tcp",
            Step::Proxy => "proxy",
            Step::Tls => "tls",
            Step::Request => "request",
            Step::FirstByte => "first_byte",
            Step::LastByte => "last_byte",
        };
        Self { step, begun_ms: ms(span.begun), took_ms: ms(span.took) }
    }
}

impl DeliveryIs {
    fn of(delivery: &Delivery) -> Self {
        let Delivery { declared, on_the_wire, received, decoded, on_disk, complete } = *delivery;
        let missing = declared.filter(|_| !complete).map(|declared| declared.saturating_sub(received));
        Self { declared, on_the_wire, received, decoded, on_disk, complete, missing }
    }
}

impl<'a> BodyIs<'a> {
    fn of(body: &'a Body, saved: Option<&Path>) -> Self {
        Self {
            length: body.len(),
            complete: body.is_complete(),
            media_type: Some(body.media_type()).filter(|media_type| !media_type.is_empty()),
            charset: body.charset().name(),
            charset_by: match body.charset_by() {
                CharsetBy::Header => "header",
                CharsetBy::Mark => "byte_order_mark",
                CharsetBy::Meta => "meta",
                CharsetBy::Text => "detected",
            },
            suggested_name: body.suggested_name(),
            // Not where the file that it is in cannot be read.
            sha256: body.sha256(|| true).ok().flatten(),
            saved_as: saved.map(|path| path.display().to_string()),
        }
    }
}

/// Milliseconds, to the microsecond.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

/// Bytes as text. What is no UTF-8 is escaped, and there again in Base64.
fn text(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(_) => (visible(bytes).into(), Some(BASE64.encode(bytes))),
    }
}

/// JSON whose characters outside ASCII that could act on a terminal are escaped. They stand within strings alone; those
/// of ASCII are escaped already, but for DEL.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for piece in json.split_inclusive(|c: char| !c.is_ascii() || c == '\x7f') {
        let odd = piece.chars().next_back().filter(|c| !c.is_ascii() || *c == '\x7f');
        match odd.filter(|c| visible(c.encode_utf8(&mut [0; 4]).as_bytes()).starts_with('\\')) {
            Some(odd) => {
                out.push_str(&piece[..piece.len() - odd.len_utf8()]);
                odd.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            }
            None => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_could_act_on_a_terminal_is_escaped_and_reads_the_same() {
        let odd = "a\x1b\x7f\u{85}\u{202e}\u{e0001}清\"\\\n";
        let json = serde_json::to_string(odd).expect("json");
        let escaped = escaped(&json);
        assert!(escaped.contains("\\u001b\\u007f\\u0085\\u202e"), "{escaped}");
        assert!(escaped.contains('清') && visible(escaped.as_bytes()) == escaped, "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).expect("read again"), odd);
    }

    #[test]
    fn bytes_that_are_no_text_are_there_twice() {
        let field = Header { name: "X".into(), value: b"a\xff".into() };
        let json = serde_json::to_value(FieldIs::of(&field)).expect("json");
        assert_eq!(json, serde_json::json!({ "name": "X", "value": "a\\xff", "value_base64": "Yf8=" }));
    }

    #[test]
    fn a_fetch_that_has_just_begun_has_a_report_too() {
        let view = View { hops: vec![Hop::default()], ..View::default() };
        let json: Value = serde_json::from_str(&report(&view, None, None)).expect("json");
        assert_eq!(json["outcome"], "running");
        assert_eq!(json["hops"][0]["head"], Value::Null);
    }

    #[test]
    fn what_is_missing_is_counted() {
        let delivery = Delivery { declared: Some(10), received: 4, on_the_wire: 4, ..Delivery::default() };
        assert_eq!(DeliveryIs::of(&delivery).missing, Some(6));
        let all = Delivery { received: 10, complete: true, ..delivery };
        assert_eq!(DeliveryIs::of(&all).missing, None);
    }
}
