//! What a fetch shows of itself: options in; heads, hops, phase and outcome out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Body, Bound, Jar, Parts};
use crate::net::Error;
use crate::net::connect::Try;
use crate::net::tls::Certificate;
use crate::recording::{Ends, Recording};

/// Limits and choices of one fetch. Times are kept between a millisecond and 30 days, redirects to 100.
#[derive(Clone, Debug)]
pub struct Options {
    /// For the name look-up, and again for all addresses together.
    pub connect_timeout: Duration,
    /// How long nothing may arrive (or leave) before the fetch is given up; also for the TLS handshake as a whole.
    pub silence: Duration,
    /// For all heads of one exchange together, however they drip.
    pub head_timeout: Duration,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// Whether redirects are followed at all.
    pub follow: bool,
    /// A PEM file of further roots to trust.
    pub extra_roots: Option<PathBuf>,
    /// Whether a body that was unpacked is kept as it was transferred, too ([`Body::transferred`](super::Body::transferred)).
    pub keep_transferred: bool,
    /// Accept any certificate.
    pub accept_any_certificate: bool,
    /// Accept these, whatever is wrong with them.
    pub accepted_certificates: Vec<Certificate>,
    /// Through what the servers are reached.
    pub proxy: Proxy,
    /// Over which of the two.
    pub ip: IpVersion,
    /// Whether the fetch waits at each redirect until it is told to go on ([`View::next`]).
    pub stop_at_hops: bool,
    /// How much may come out of a compressed body.
    pub bound: Bound,
    /// Where cookies come from and go to; `None`: none are sent, and those that are set are only shown.
    pub cookies: Option<Jar>,
    /// Keep the body as it was transferred: compression is not undone.
    pub transferred: bool,
    /// Where the body is put while it comes; `None`: into a temporary file.
    pub destination: Option<Destination>,
}

/// A file that a body goes to while it comes. Until all of it is there it stands beside it under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The file; what was there stays whole until the body is complete.
    pub path: PathBuf,
    /// Go on after what `path.partial` has, if the server still has the same (RFC 9110 §13.1.5, §14.2).
    pub resume: bool,
    /// Keep what has come as `path.partial` when the fetch fails or is cancelled.
    pub keep_partial: bool,
}

/// Through what the servers are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As `http_proxy` (in lower case only: a web server hands a client's `Proxy` on as `HTTP_PROXY`), `https_proxy`,
    /// `all_proxy` and `no_proxy` say.
    #[default]
    Environment,
    /// Directly, whatever the environment says.
    None,
    /// This one, whatever the environment says: a URL with `http` (CONNECT for https, RFC 9110 §9.3.6), `socks5` (names resolved here) or `socks5h`
    /// (names resolved there, RFC 1928); without a scheme it is http, without a port 1080.
    Url(String),
}

/// Over which version of IP servers are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum IpVersion {
    /// Whichever answers first, in the system's order.
    #[default]
    Both,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            silence: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            max_redirects: 10,
            follow: true,
            extra_roots: None,
            keep_transferred: false,
            accept_any_certificate: false,
            accepted_certificates: Vec::new(),
            proxy: Proxy::default(),
            ip: IpVersion::default(),
            stop_at_hops: false,
            bound: Bound::DEFAULT,
            cookies: None,
            transferred: false,
            destination: None,
        }
    }
}

impl Options {
    /// Within what clocks, sockets and memory can do.
    pub(super) fn sane(mut self) -> Self {
        // Every hop keeps its heads.
        self.max_redirects = self.max_redirects.min(100);
        for time in [&mut self.connect_timeout, &mut self.silence, &mut self.head_timeout] {
            *time = (*time).clamp(Duration::from_millis(1), Duration::from_secs(30 * 24 * 3600));
        }
        self
    }
}

/// One header field as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// With its case.
    pub name: String,
    /// Without the blanks around it; may be any bytes (obs-text). A folded one is joined by single blanks.
    pub value: Vec<u8>,
}

/// Status line and header fields of one answer, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Exactly the bytes received, with the empty line.
    pub raw: Vec<u8>,
    /// The minor version of HTTP/1.
    pub minor_version: u8,
    /// 100 to 999.
    pub status: u16,
    /// May be empty or any bytes.
    pub reason: Vec<u8>,
    /// In order, duplicates kept.
    pub headers: Vec<Header>,
}

impl Head {
    /// The status line without its line end.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        // Empty lines may come first (RFC 9112 §2.2).
        let mut lines = self.raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }

    /// The values of all fields with this name, whatever its case, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |one| one.name.eq_ignore_ascii_case(name)).map(|one| one.value.as_slice())
    }
}

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// Until the connection is closed.
    UntilClose,
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// Whether the certificate was verified.
    pub verified: bool,
    /// The protocol that both agreed on (RFC 7301), such as `http/1.1`; empty if none.
    pub alpn: String,
}

/// What is different about a request that follows a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The method (RFC 9110 §15.4).
    Method {
        /// Of the request before.
        from: String,
        /// Of this one.
        to: String,
    },
    /// The body is not sent again.
    BodyDropped,
    /// This header field is not sent on: it was meant for the host before, or describes the body that was dropped.
    FieldDropped(String),
    /// User name, password or token are not sent on: they are meant for the host before.
    CredentialsDropped,
    /// The same request again with the answer to the server's challenge (RFC 7616).
    Authorized,
}

/// A cookie that an answer set (RFC 6265 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The whole value of `Set-Cookie`, safe to show.
    pub text: String,
    /// Whether it is kept for later requests; else it was refused (another domain, a public suffix, no name …) or
    /// there is nothing to keep it in.
    pub kept: bool,
}

/// A step of one hop that takes time, each measured where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The look-up of the name.
    Dns,
    /// From the first try to the connection.
    Tcp,
    /// What a proxy had to be told first.
    Proxy,
    /// TLS.
    Tls,
    /// From the first byte of the request to the last one.
    Request,
    /// From the last byte of the request to the first one of the answer.
    FirstByte,
    /// From the first byte of the answer to the last one.
    LastByte,
}

/// When a step was and how long it took, counted from the start of the fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which.
    pub step: Step,
    /// When it began.
    pub begun: Duration,
    /// How long it took.
    pub took: Duration,
}

/// What was delivered of a body, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// What the head said it would be (Content-Length); `None` where it did not say.
    pub declared: Option<u64>,
    /// On the wire, with the framing of chunks.
    pub on_the_wire: u64,
    /// Without that framing, still compressed.
    pub received: u64,
    /// After decompression.
    pub decoded: u64,
    /// In the file that it was put into.
    pub on_disk: u64,
    /// Whether all of it came. Where it did not and a length was declared, `declared - received` are missing.
    pub complete: bool,
}

/// One exchange: the first request, or one after a redirect.
#[derive(Clone, Debug, Default)]
pub struct Hop {
    /// Without userinfo.
    pub url: String,
    /// Of this request.
    pub method: String,
    /// What is different from the hop before; empty for the first.
    pub changes: Vec<Change>,
    /// The proxy that it went through, without userinfo.
    pub proxy: Option<String>,
    /// What that had to be told first (CONNECT, SOCKS), as sent; name and password are covered by `*`, one for each
    /// byte. The request follows it on the wire.
    pub to_proxy: Vec<u8>,
    /// Every address tried.
    pub tries: Vec<Arc<Try>>,
    /// Both ends, once connected.
    pub ends: Option<Ends>,
    /// With https.
    pub tls: Option<Tls>,
    /// What the server showed of itself, its own certificate first; also where it was refused.
    pub chain: Vec<Certificate>,
    /// What is wrong with it, ready to show; also where it was accepted all the same.
    pub refused: Option<String>,
    /// The head of the request as sent; only what says who asks (`Authorization`, `Proxy-Authorization`) is covered by
    /// `*`, one for each byte. The recording has the bytes that crossed the socket, and the body.
    pub request: Vec<u8>,
    /// 1xx answers before the final one.
    pub interim: Vec<Head>,
    /// The final answer's head.
    pub head: Option<Head>,
    /// What came after the last chunk (RFC 9112 §7.1.2).
    pub trailers: Vec<Header>,
    /// Cookies that the answer set.
    pub cookies: Vec<Cookie>,
    /// How the body's end is known.
    pub framing: Option<Framing>,
    /// What is worth saying aloud: https → http, chunks won over a length, …; ready to show.
    pub notes: Vec<String>,
    /// How many of them there were when the first head came.
    pub early_notes: usize,
    /// Every read and write, above TLS.
    pub recording: Option<Arc<Recording>>,
    /// Which of its bytes are what (RFC 9112 §2.1); shared with the worker, which adds to it.
    pub parts: Arc<Parts>,
    /// When each phase of this hop began, counted from the start of the fetch; in order. [`Phase::Done`] ends the
    /// last hop.
    pub phases: Vec<(Phase, Duration)>,
    /// The steps that are over, in order and none over another; what did not happen is not there. The step in which the
    /// hop failed is there up to then; but of an answer only what came.
    pub spans: Vec<Span>,
}

/// What the fetch is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Looking the name up.
    #[default]
    Resolving,
    /// Trying addresses.
    Connecting,
    /// Agreeing on TLS.
    Tls,
    /// Sending the request.
    Sending,
    /// Waiting for the answer's head.
    Waiting,
    /// Receiving the body.
    Receiving,
    /// Over.
    Done,
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The whole body is there.
    Complete(Arc<Body>),
    /// It went wrong, or was cancelled.
    Failed {
        /// What went wrong.
        error: Arc<Error>,
        /// What had come of the body, if anything: to be kept only as a marked partial.
        partial: Option<Arc<Body>>,
    },
}

impl Outcome {
    /// What there is of the body, whole or not.
    #[must_use]
    pub fn body(&self) -> Option<&Arc<Body>> {
        match self {
            Self::Complete(body) => Some(body),
            Self::Failed { partial, .. } => partial.as_ref(),
        }
    }
}

/// How far it is; exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Body bytes received, before decompression, without chunk framing.
    pub received: u64,
    /// Of how many, where that is known.
    pub length: Option<u64>,
    /// Body bytes after decompression.
    pub decoded: u64,
    /// Bytes of the body of the current hop's request that were sent.
    pub sent: u64,
    /// Of how many; 0 where there is none.
    pub to_send: u64,
}

/// The state of a fetch, to look at.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What it is doing.
    pub phase: Phase,
    /// The exchanges so far; at least one.
    pub hops: Vec<Hop>,
    /// Where it waits to go ([`Options::stop_at_hops`]): a URL, without userinfo.
    pub next: Option<String>,
    /// What was delivered of the last hop's body, once it is over or has failed.
    pub delivery: Option<Delivery>,
    /// Once it is over.
    pub outcome: Option<Outcome>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The fetch is in another phase.
    Phase(Phase),
    /// An address was tried.
    Tried(Arc<Try>),
    /// The head of hop `hop` is there (1xx answers too).
    Head {
        /// Index into [`View::hops`].
        hop: usize,
        /// The head.
        head: Arc<Head>,
    },
    /// Something worth saying aloud; ready to show.
    Note(String),
    /// Over: see [`View::outcome`].
    Ended,
}
