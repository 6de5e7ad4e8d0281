//! What can be wrong with a URL, with TLS, or with what an HTTP server sends.

use std::time::Duration;

use super::{ProxyFault, ResumeFault};
use crate::i18n::{FluentValue, bytes, count, t, tf};

/// Something wrong that is not the network's doing. Its text is `fault-…` in `fetch.ftl`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a URL that can be fetched.
    #[error("{}", t("fault-bad-url"))]
    BadUrl,
    /// Nothing was typed.
    #[error("{}", t("fault-empty-url"))]
    EmptyUrl,
    /// A blank, a line end or another control character inside a URL.
    #[error("{}", t("fault-blank-in-url"))]
    BlankInUrl,
    /// Neither http nor https.
    #[error("{}", text("fault-other-scheme", "scheme", .0))]
    OtherScheme(String),
    /// The part between scheme and path names no host.
    #[error("{}", t("fault-bad-host"))]
    BadHost,
    /// A port that is not a number from 0 to 65535.
    #[error("{}", t("fault-bad-port"))]
    BadPort,

    /// Neither address nor name fits the version of IP that is to be used.
    #[error("{}", other_ip(*literal, wanted, other))]
    OtherIp {
        /// It is an address, not a name.
        literal: bool,
        /// The version that is to be used, such as `IPv4`.
        wanted: &'static str,
        /// The one that it has.
        other: &'static str,
    },
    /// Wrong with a proxy, or said by it.
    #[error(transparent)]
    Proxy(#[from] ProxyFault),
    /// Not a method: no token (RFC 9110 §9.1).
    #[error("{}", t("fault-bad-method"))]
    BadMethod,
    /// CONNECT, which asks for no page (RFC 9110 §9.3.6).
    #[error("{}", t("fault-connect-method"))]
    ConnectMethod,
    /// Not the name of a header field: no token (RFC 9110 §5.1).
    #[error("{}", t("fault-bad-field-name"))]
    BadFieldName,
    /// A control character inside the value of a header field of the request.
    #[error("{}", t("fault-bad-field-value"))]
    BadFieldValue,
    /// A user name that basic authentication cannot send (RFC 7617 §2).
    #[error("{}", t("fault-colon-in-user"))]
    ColonInUser,
    /// The file that is sent has become shorter since it was opened.
    #[error("{}", tf("fault-file-shrank", &[("got", count(*got).into()), ("length", count(*length).into())]))]
    FileShrank {
        /// Bytes that were there.
        got: u64,
        /// Bytes when it was opened.
        length: u64,
    },

    /// The certificate's time is over.
    #[error("{}", t("fault-certificate-expired"))]
    CertificateExpired,
    /// The certificate's time has not begun.
    #[error("{}", t("fault-certificate-not-yet-valid"))]
    CertificateNotYetValid,
    /// The certificate is for other names.
    #[error("{}", wrong_host(host, names))]
    WrongHost {
        /// The host that was asked for.
        host: String,
        /// The names that the certificate is for; a few of them, parted by commas; empty if it has none.
        names: String,
    },
    /// No trusted root has signed it.
    #[error("{}", t("fault-unknown-issuer"))]
    UnknownIssuer,
    /// It vouches for itself.
    #[error("{}", t("fault-self-signed"))]
    SelfSigned,
    /// Its issuer has withdrawn it.
    #[error("{}", t("fault-revoked"))]
    Revoked,
    /// Its signature does not fit.
    #[error("{}", t("fault-bad-signature"))]
    BadSignature,
    /// It is for something other than servers.
    #[error("{}", t("fault-wrong-purpose"))]
    WrongPurpose,
    /// It is broken or of a kind that is not supported, such as X.509 version 1.
    #[error("{}", t("fault-odd-certificate"))]
    OddCertificate,
    /// No version or cipher that both sides speak.
    #[error("{}", t("fault-no-common-tls"))]
    NoCommonTls,
    /// What came is not TLS.
    #[error("{}", t("fault-not-tls"))]
    NotTls,
    /// The connection was closed while TLS was being agreed on.
    #[error("{}", t("fault-tls-closed"))]
    TlsClosed,
    /// Any other trouble with TLS, in the TLS library's words.
    #[error("{}", text("fault-tls-other", "text", .0))]
    TlsOther(String),
    /// The file of further roots holds no certificate.
    #[error("{}", t("fault-bad-roots"))]
    BadRoots,
    /// The file of further roots cannot be read.
    #[error("{}", text("fault-unreadable-roots", "text", .0))]
    UnreadableRoots(String),
    /// The system has no trusted roots.
    #[error("{}", t("fault-no-roots"))]
    NoRoots,

    /// Closed before any byte of an answer.
    #[error("{}", t("fault-no-answer"))]
    NoAnswer,
    /// Closed inside the head of the answer, after so many bytes of it.
    #[error("{}", text("fault-head-cut", "got", &bytes(*.0)))]
    HeadCut(u64),
    /// Broken off (reset) inside the head of the answer, after so many bytes of it.
    #[error("{}", text("fault-head-broken", "got", &bytes(*.0)))]
    HeadBroken(u64),
    /// Silence inside the head of the answer.
    #[error("{}", tf("fault-head-stalled", &[("got", bytes(*got).into()), ("seconds", time.as_secs_f64().into())]))]
    HeadStalled {
        /// Bytes received of it.
        got: u64,
        /// How long nothing came.
        time: Duration,
    },
    /// The head did not come in this time.
    #[error("{}", tf("fault-head-slow", &[("seconds", .0.as_secs_f64().into())]))]
    HeadSlow(Duration),
    /// More bytes of head than anyone needs.
    #[error("{}", text("fault-head-too-large", "most", &bytes(super::head::MOST_BYTES as u64)))]
    HeadTooLarge,
    /// More header fields than anyone needs.
    #[error("{}", text("fault-too-many-headers", "most", &count(super::head::MOST_HEADERS as u64)))]
    TooManyHeaders,
    /// What came does not begin as HTTP/1 does; the first bytes of it, made visible.
    #[error("{}", text("fault-not-http", "text", .0))]
    NotHttp(String),
    /// The head breaks the rules.
    #[error("{}", text(part.id(), "line", line))]
    BadHead {
        /// The part that does.
        part: HeadPart,
        /// The line that it is in, made visible and shortened.
        line: String,
    },
    /// More 1xx answers than anyone needs.
    #[error("{}", t("fault-too-many-interim"))]
    TooManyInterim,
    /// 101: another protocol than the one we speak.
    #[error("{}", t("fault-switching-protocols"))]
    SwitchingProtocols,

    /// Content-Length is not a number.
    #[error("{}", text("fault-not-a-length", "value", .0))]
    NotALength(String),
    /// Several of Content-Length, which differ.
    #[error("{}", text("fault-two-lengths", "value", .0))]
    TwoLengths(String),
    /// A Transfer-Encoding that is unknown or badly ordered.
    #[error("{}", text("fault-bad-transfer-coding", "value", .0))]
    BadTransferCoding(String),
    /// Too many codings one over the other.
    #[error("{}", t("fault-too-many-codings"))]
    TooManyCodings,
    /// A chunk's size is not a hexadecimal number.
    #[error("{}", text("fault-bad-chunk-size", "value", .0))]
    BadChunkSize(String),
    /// A chunk's size is a number beyond all there is.
    #[error("{}", text("fault-huge-chunk", "value", .0))]
    HugeChunk(String),
    /// A chunk is longer than it said.
    #[error("{}", t("fault-bad-chunk-end"))]
    BadChunkEnd,
    /// A chunk's extension over 16 KiB, or a trailer over 64 KiB.
    #[error("{}", t("fault-chunk-line-too-long"))]
    ChunkLineTooLong,
    /// The body ended before its Content-Length.
    #[error("{}", tf("fault-short", &[("got", count(*got).into()), ("length", count(*length).into())]))]
    Short {
        /// Bytes received.
        got: u64,
        /// Bytes announced.
        length: u64,
    },
    /// The body ended before its last chunk.
    #[error("{}", text("fault-chunks-cut", "got", &bytes(*.0)))]
    ChunksCut(u64),
    /// Broken off (reset) inside a body of this length, after this many bytes.
    #[error("{}", broken(*got, *length))]
    Broken {
        /// Bytes received.
        got: u64,
        /// Bytes announced, where a length was.
        length: Option<u64>,
    },
    /// Silence inside a body.
    #[error("{}", stalled(*got, *length, *time))]
    Stalled {
        /// Bytes received.
        got: u64,
        /// Bytes announced, where a length was.
        length: Option<u64>,
        /// How long nothing came.
        time: Duration,
    },
    /// 206: a part of something, where the whole was asked for.
    #[error("{}", t("fault-unasked-part"))]
    UnaskedPart,
    /// TLS ended without saying so (close_notify): whether all has come cannot be known.
    #[error("{}", text("fault-tls-cut", "got", &bytes(*.0)))]
    TlsCut(u64),
    /// A compressed body is broken or ends early.
    #[error("{}", text("fault-broken-coding", "coding", .0))]
    BrokenCoding(&'static str),
    /// Bytes after the end of a compressed body.
    #[error("{}", text("fault-after-coding", "coding", .0))]
    AfterCoding(&'static str),
    /// So much comes out of so little that it can only be meant to fill the disk.
    #[error("{}", tf("fault-bomb", &[
        ("from", bytes(*from).into()),
        ("to", bytes(*to).into()),
        ("size", bytes(*size).into()),
        ("ratio", count(*ratio).into()),
    ]))]
    Bomb {
        /// Bytes received.
        from: u64,
        /// Bytes after decompression so far.
        to: u64,
        /// So many bytes may come out in any case.
        size: u64,
        /// Beyond that, so many times what was received.
        ratio: u64,
    },

    /// More redirects than were allowed.
    #[error("{}", tf("fault-too-many-redirects", &[("count", (*.0).into())]))]
    TooManyRedirects(u32),
    /// A redirect to something that is not a URL.
    #[error("{}", text("fault-bad-redirect", "location", .0))]
    BadRedirect(String),
    /// A redirect to neither http nor https.
    #[error("{}", text("fault-redirect-scheme", "scheme", .0))]
    RedirectScheme(String),
    /// Several redirects at once, to different places.
    #[error("{}", t("fault-two-redirects"))]
    TwoRedirects,

    /// The disk has too little room for what still comes.
    #[error("{}", no_room(*more, *free, *kept, folder))]
    NoRoom {
        /// What still comes, in bytes; 0 where that is not known.
        more: u64,
        /// What the disk has left, in bytes.
        free: u64,
        /// What of that is left to others, in bytes.
        kept: u64,
        /// Where the body was to go.
        folder: String,
    },
    /// The temporary file of a body cannot be written or read.
    #[error("{}", tf("fault-spool", &[("cause", cause.as_str().into()), ("folder", folder.as_str().into())]))]
    Spool {
        /// Why, ready to show.
        cause: String,
        /// The folder of such files.
        folder: String,
    },
    /// Wrong with what is to be gone on with.
    #[error(transparent)]
    Resume(#[from] ResumeFault),
    /// A body that ended early was to be saved as if it were whole.
    #[error("{}", t("fault-only-partial"))]
    OnlyPartial,
    /// A path that does not end in the name of a file.
    #[error("{}", t("fault-no-file-name"))]
    NoFileName,
    /// A file that this user may not write to has the name to save under.
    #[error("{}", t("fault-write-protected"))]
    WriteProtected,
    /// A device, a pipe or the like has the name to save under.
    #[error("{}", t("fault-not-a-file"))]
    NotAFile,
    /// Every numbered variant of a name is taken.
    #[error("{}", t("fault-names-taken"))]
    NamesTaken,
}

/// The part of a head that breaks the rules of RFC 9112.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadPart {
    /// The HTTP version.
    Version,
    /// The status code: three digits, 100 or more.
    Status,
    /// A header field's name, or a line without a colon.
    Name,
    /// A header field's value, such as one with a NUL in it.
    Value,
    /// A line's end.
    LineEnd,
}

impl HeadPart {
    fn id(self) -> &'static str {
        match self {
            Self::Version => "fault-head-version",
            Self::Status => "fault-head-status",
            Self::Name => "fault-head-name",
            Self::Value => "fault-head-value",
            Self::LineEnd => "fault-head-line-end",
        }
    }
}

fn text(id: &str, name: &'static str, value: &str) -> String {
    tf(id, &[(name, FluentValue::from(value))])
}

fn broken(got: u64, length: Option<u64>) -> String {
    match length {
        Some(length) => tf("fault-broken-of", &[("got", count(got).into()), ("length", count(length).into())]),
        None => text("fault-broken", "got", &bytes(got)),
    }
}

fn wrong_host(host: &str, names: &str) -> String {
    if names.is_empty() {
        return text("fault-wrong-host-nameless", "host", host);
    }
    tf("fault-wrong-host", &[("host", host.into()), ("names", names.into())])
}

fn no_room(more: u64, free: u64, kept: u64, folder: &str) -> String {
    let id = if more == 0 { "fault-no-room" } else { "fault-no-room-for" };
    let args = [("more", bytes(more)), ("free", bytes(free)), ("kept", bytes(kept)), ("folder", folder.to_owned())];
    tf(id, &args.map(|(name, text)| (name, text.into())))
}

fn other_ip(literal: bool, wanted: &'static str, other: &'static str) -> String {
    let id = if literal { "fault-other-ip-literal" } else { "fault-other-ip-name" };
    tf(id, &[("wanted", wanted.into()), ("other", other.into())])
}

fn stalled(got: u64, length: Option<u64>, time: Duration) -> String {
    let seconds = time.as_secs_f64().into();
    match length {
        Some(length) => {
            let (got, length) = (count(got).into(), count(length).into());
            tf("fault-stalled-of", &[("got", got), ("length", length), ("seconds", seconds)])
        }
        None => tf("fault-stalled", &[("got", bytes(got).into()), ("seconds", seconds)]),
    }
}

impl Fault {
    /// What to do about it, if there is something.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let id = match self {
            Self::BadUrl | Self::EmptyUrl | Self::OtherScheme(_) | Self::BadHost => "fault-bad-url-advice",
            Self::BlankInUrl => "fault-blank-in-url-advice",
            Self::BadPort => "advice-bad-port",
            Self::OtherIp { .. } => "fault-other-ip-advice",
            Self::Proxy(fault) => return fault.advice(),
            Self::Resume(fault) => return fault.advice(),
            Self::BadMethod => "fault-bad-method-advice",
            Self::ConnectMethod => "fault-connect-method-advice",
            Self::BadFieldName => "fault-bad-field-name-advice",
            Self::BadFieldValue => "fault-bad-field-value-advice",
            Self::FileShrank { .. } => "fault-file-shrank-advice",
            Self::CertificateExpired | Self::CertificateNotYetValid => "fault-certificate-time-advice",
            Self::WrongHost { .. } => "fault-wrong-host-advice",
            Self::UnknownIssuer | Self::SelfSigned => "fault-unknown-issuer-advice",
            Self::NotTls => "fault-not-tls-advice",
            Self::NoCommonTls => "fault-no-common-tls-advice",
            Self::BadRoots => "fault-bad-roots-advice",
            Self::UnreadableRoots(_) => "fault-unreadable-roots-advice",
            Self::NoRoots => "fault-no-roots-advice",
            Self::NotHttp(_) => "fault-not-http-advice",
            Self::HeadSlow(_) | Self::HeadStalled { .. } | Self::Stalled { .. } => "fault-stalled-advice",
            Self::Short { .. }
            | Self::ChunksCut(_)
            | Self::Broken { .. }
            | Self::TlsCut(_)
            | Self::HeadCut(_)
            | Self::HeadBroken(_)
            | Self::UnaskedPart
            | Self::NoAnswer => "fault-try-again-advice",
            Self::TooManyRedirects(0) => "fault-no-redirects-advice",
            Self::TooManyRedirects(_) => "fault-too-many-redirects-advice",
            Self::Spool { .. } => "fault-spool-advice",
            Self::NoRoom { .. } => "advice-disk-full",
            Self::OnlyPartial => "fault-only-partial-advice",
            Self::NoFileName => "fault-no-file-name-advice",
            Self::NotAFile | Self::NamesTaken | Self::WriteProtected => "advice-is-folder",
            _ => return None,
        };
        Some(t(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_text_in_plain_words() {
        let s = || "this".to_owned();
        let faults = [
            Fault::BadUrl,
            Fault::EmptyUrl,
            Fault::BlankInUrl,
            Fault::OtherScheme(s()),
            Fault::BadHost,
            Fault::BadPort,
            Fault::OtherIp { literal: true, wanted: "IPv4", other: "IPv6" },
            Fault::OtherIp { literal: false, wanted: "IPv6", other: "IPv4" },
            Fault::BadMethod,
            Fault::ConnectMethod,
            Fault::BadFieldName,
            Fault::BadFieldValue,
            Fault::ColonInUser,
            Fault::FileShrank { got: 1, length: 2 },
            Fault::CertificateExpired,
            Fault::CertificateNotYetValid,
            Fault::WrongHost { host: s(), names: s() },
            Fault::UnknownIssuer,
            Fault::SelfSigned,
            Fault::Revoked,
            Fault::WrongHost { host: s(), names: String::new() },
            Fault::BadSignature,
            Fault::WrongPurpose,
            Fault::OddCertificate,
            Fault::NoCommonTls,
            Fault::NotTls,
            Fault::TlsClosed,
            Fault::TlsOther(s()),
            Fault::BadRoots,
            Fault::UnreadableRoots(s()),
            Fault::NoRoots,
            Fault::NoAnswer,
            Fault::HeadCut(1),
            Fault::HeadBroken(1),
            Fault::HeadStalled { got: 1, time: Duration::from_secs(1) },
            Fault::HeadSlow(Duration::from_secs(30)),
            Fault::HeadTooLarge,
            Fault::TooManyHeaders,
            Fault::NotHttp(s()),
            Fault::BadHead { part: HeadPart::Version, line: s() },
            Fault::BadHead { part: HeadPart::Status, line: s() },
            Fault::BadHead { part: HeadPart::Name, line: s() },
            Fault::BadHead { part: HeadPart::Value, line: s() },
            Fault::BadHead { part: HeadPart::LineEnd, line: s() },
            Fault::TooManyInterim,
            Fault::SwitchingProtocols,
            Fault::NotALength(s()),
            Fault::TwoLengths(s()),
            Fault::BadTransferCoding(s()),
            Fault::TooManyCodings,
            Fault::BadChunkSize(s()),
            Fault::HugeChunk(s()),
            Fault::BadChunkEnd,
            Fault::ChunkLineTooLong,
            Fault::Short { got: 1, length: 2 },
            Fault::ChunksCut(1),
            Fault::Broken { got: 1, length: None },
            Fault::Broken { got: 1, length: Some(2) },
            Fault::Stalled { got: 1, length: None, time: Duration::from_secs(1) },
            Fault::Stalled { got: 1, length: Some(2), time: Duration::from_secs(2) },
            Fault::UnaskedPart,
            Fault::TlsCut(1),
            Fault::BrokenCoding("gzip"),
            Fault::AfterCoding("gzip"),
            Fault::Bomb { from: 1, to: 2, size: 1, ratio: 1 },
            Fault::TooManyRedirects(0),
            Fault::TooManyRedirects(10),
            Fault::BadRedirect(s()),
            Fault::RedirectScheme(s()),
            Fault::TwoRedirects,
            Fault::Spool { cause: s(), folder: s() },
            Fault::NoRoom { more: 0, free: 1, kept: 2, folder: s() },
            Fault::NoRoom { more: 3, free: 1, kept: 2, folder: s() },
            Fault::Resume(ResumeFault::NoMark),
            Fault::Resume(ResumeFault::OtherUrl(s())),
            Fault::Resume(ResumeFault::Busy),
            Fault::Resume(ResumeFault::NotPlain),
            Fault::Resume(ResumeFault::Whole),
            Fault::Resume(ResumeFault::NothingLeft),
            Fault::Resume(ResumeFault::Status(404)),
            Fault::Resume(ResumeFault::OtherPart),
            Fault::OnlyPartial,
            Fault::NoFileName,
            Fault::WriteProtected,
            Fault::NotAFile,
            Fault::NamesTaken,
        ];
        for fault in faults {
            for text in [Some(fault.to_string()), fault.advice()].into_iter().flatten() {
                assert!(text.contains(' ') && !text.contains("{ $") && !text.ends_with('.'), "{fault:?}: {text:?}");
            }
        }
        assert_eq!(Fault::Short { got: 12, length: 100 }.to_string(), "got 12 of 100 bytes, then the connection ended");
        let time = Duration::from_secs(1);
        let stalled = Fault::Stalled { got: 137, length: Some(2_000), time };
        assert_eq!(stalled.to_string(), "got 137 of 2,000 bytes, then nothing for 1 second");
        let stalled = Fault::Stalled { got: 137, length: None, time: 10 * time };
        assert_eq!(stalled.to_string(), "got 137 B, then nothing for 10 seconds");
        let bomb = Fault::Bomb { from: 9_000, to: 2 << 30, size: 1 << 30, ratio: 200 }.to_string();
        assert!(bomb.contains("1.1 GB") && bomb.contains("200 times"), "{bomb}");
    }
}
