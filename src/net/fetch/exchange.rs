//! One hop: what opens the connection is in `transport`, what reads the body in `receive`.

use std::io::{self};
use std::sync::Arc;

use super::proxy::Via;
use super::state::Worker;
use super::tls;
use super::trouble::{self, Trouble};
use super::url::{Credentials, Target};
use super::wire::Wire;
use super::{Event, Fault, Head, Phase, head};
use crate::net::tls::explained;
use crate::net::{Cause, Error, Operation};

/// The most 1xx answers before the final one, and the most bytes of all of them together.
pub(super) const MOST_INTERIM: (usize, usize) = (100, 256 << 10);

/// One exchange with the server of `target`.
pub(super) struct Exchange<'a> {
    pub(super) worker: &'a Worker,
    pub(super) target: &'a Target,
    /// With https.
    pub(super) tls: Option<&'a tls::Client>,
    /// Where it is not reached directly.
    pub(super) via: Option<&'a Via>,
}

impl Exchange<'_> {
    /// Connects, sends the request, and reads up to the end of the final head.
    pub(super) fn ask(&self, credentials: Option<&Credentials>) -> Result<(Wire, Head), Error> {
        let mut wire = self.open()?;
        self.worker.phase(Phase::Sending);
        let authorization = credentials.and_then(|credentials| credentials.for_target(self.target));
        let for_proxy = self.proxy_authorization();
        let request = request(&self.request_target(), self.target, authorization, for_proxy.as_deref());
        let shown = covered(&covered(&request, authorization), for_proxy.as_deref());
        self.worker.hop(|hop| hop.request = shown);
        let sent = wire.send(&request);
        wire.parts().note_request(&request, wire.sent());
        sent.map_err(|e| self.error(Operation::Send, trouble::wire(e)))?;
        self.worker.phase(Phase::Waiting);
        let head = self.heads(&mut wire)?;
        Ok((wire, head))
    }

    /// What is asked for, as the request line has it (RFC 9112 §3.2): a proxy is told the whole URL.
    pub(super) fn request_target(&self) -> String {
        let for_proxy = self.via.is_some_and(|via| via.is_asked_for(self.target));
        if for_proxy { self.target.absolute() } else { self.target.on_the_wire() }.to_owned()
    }

    /// The value of `Proxy-Authorization`, where the request is for the proxy itself: a secret.
    pub(super) fn proxy_authorization(&self) -> Option<String> {
        self.via.filter(|via| via.is_asked_for(self.target))?.authorization()
    }

    /// Reads the 1xx answers and the final head.
    fn heads(&self, wire: &mut Wire) -> Result<Head, Error> {
        let mut interim = (0, 0);
        // For all heads together, however many there are.
        wire.socket().set_limit(Some(self.worker.options.head_timeout));
        loop {
            let mut raw = Vec::new();
            let head = head::read_into(wire, &mut raw)
                .map_err(|e| self.head_error(e, raw.len() as u64, wire.socket().is_late()))?;
            wire.parts().note_head(interim.0, &head.raw);
            self.worker.hop(|hop| {
                if hop.interim.is_empty() {
                    hop.early_notes = hop.notes.len();
                }
            });
            let hop = self.worker.hop_index();
            self.worker.report(Event::Head { hop, head: Arc::new(head.clone()) });
            match head.status {
                101 => {
                    self.worker.hop(|hop| hop.head = Some(head));
                    return Err(self.fault(Fault::SwitchingProtocols));
                }
                100..=199 => {
                    interim = (interim.0 + 1, interim.1 + head.raw.len());
                    self.worker.hop(|hop| hop.interim.push(head));
                    if interim.0 > MOST_INTERIM.0 || interim.1 > MOST_INTERIM.1 {
                        return Err(self.fault(Fault::TooManyInterim));
                    }
                }
                _ => {
                    wire.socket().set_limit(None);
                    self.worker.hop(|hop| hop.head = Some(head.clone()));
                    return Ok(head);
                }
            }
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> Error {
        Error::new(Operation::Fetch, self.target.as_str(), fault)
    }

    pub(super) fn cancelled(&self) -> Error {
        Error::new(Operation::Fetch, self.target.as_str(), Cause::Cancelled)
    }

    /// An error inside a head, of which `got` bytes had come; `late` if the time for all heads was up.
    fn head_error(&self, error: io::Error, got: u64, late: bool) -> Error {
        use io::ErrorKind as Kind;
        let options = &self.worker.options;
        let fault = match error.get_ref().and_then(|e| e.downcast_ref::<Trouble>()) {
            Some(Trouble::Wire(e)) => match e.kind() {
                Kind::TimedOut if late => Some(Fault::HeadSlow(options.head_timeout)),
                Kind::TimedOut if got > 0 => Some(Fault::HeadStalled { got, time: options.silence }),
                // TLS without its farewell.
                Kind::UnexpectedEof if got > 0 => Some(Fault::HeadCut(got)),
                Kind::UnexpectedEof => Some(Fault::NoAnswer),
                Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe if got > 0 => {
                    Some(Fault::HeadBroken(got))
                }
                _ => None,
            },
            _ => None,
        };
        self.error(Operation::Receive, fault.map_or(error, trouble::fault))
    }

    /// What a reader or writer said, in our words.
    pub(super) fn error(&self, operation: Operation, error: io::Error) -> Error {
        let at = |cause| Error::new(operation, self.target.host_port(), cause);
        match trouble::take(error) {
            _ if self.worker.cancel.is_cancelled() => self.cancelled(),
            Trouble::Fault(fault) if operation == Operation::Tls => at(fault.into()),
            Trouble::Fault(fault) => self.fault(fault),
            Trouble::Wire(e) => match explained(&e, self.target.host()) {
                Some(fault) => Error::new(Operation::Tls, self.target.host_port(), fault),
                None if e.kind() == io::ErrorKind::TimedOut => at(Cause::TimedOut(self.worker.options.silence)),
                None => Error::io(operation, self.target.host_port(), e),
            },
        }
    }
}

/// The request as it goes out (RFC 9112 §3).
fn request(line: &str, target: &Target, authorization: Option<&str>, for_proxy: Option<&str>) -> Vec<u8> {
    let field =
        |name: &str, value: Option<&str>| value.map_or_else(String::new, |value| format!("{name}: {value}\r\n"));
    let authorization = field("Authorization", authorization) + &field("Proxy-Authorization", for_proxy);
    format!(
        "GET {line} HTTP/1.1\r\nHost: {}\r\nUser-Agent: socketscope/{}\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n\
         {authorization}Connection: close\r\n\r\n",
        target.host_header(),
        env!("CARGO_PKG_VERSION"),
    )
    .into_bytes()
}

/// The request with a `*` for each byte of the credentials.
fn covered(request: &[u8], authorization: Option<&str>) -> Vec<u8> {
    let mut shown = request.to_vec();
    if let Some(secret) = authorization.and_then(|value| value.strip_prefix("Basic ")) {
        let found = shown.windows(secret.len()).rposition(|window| window == secret.as_bytes());
        if let Some(at) = found {
            shown[at..at + secret.len()].fill(b'*');
        }
    }
    shown
}
