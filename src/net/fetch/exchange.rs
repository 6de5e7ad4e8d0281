//! One hop: what opens the connection is in `transport`, what sends the request in `send`, what reads the body in
//! `receive`.

use std::io;
use std::sync::Arc;

use super::ask::Ask;
use super::proxy::Via;
use super::state::Worker;
use super::tls;
use super::trouble::{self, Trouble};
use super::url::Target;
use super::wire::Wire;
use super::{Cookie, Event, Fault, Head, Phase, head};
use crate::net::tls::explained;
use crate::net::{Cause, Error, Operation};
use crate::recording::text;

/// The most 1xx answers before the final one, and the most bytes of all of them together.
pub(super) const MOST_INTERIM: (usize, usize) = (100, 256 << 10);

/// One exchange with the server of `target`.
pub(super) struct Exchange<'a> {
    pub(super) worker: &'a Worker,
    pub(super) target: &'a Target,
    pub(super) ask: &'a Ask<'a>,
    /// With https.
    pub(super) tls: Option<&'a tls::Client>,
    /// Where it is not reached directly.
    pub(super) via: Option<&'a Via>,
}

/// The heads of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// How many 1xx answers, and how many bytes they had.
    pub(super) interim: (usize, usize),
    /// Whether `100 Continue` was among them.
    pub(super) goes_on: bool,
    /// The final one.
    pub(super) last: Option<Head>,
}

impl Exchange<'_> {
    /// Connects, sends the request, and reads up to the end of the final head.
    pub(super) fn ask(&self) -> Result<(Wire, Head), Error> {
        let worker = self.worker;
        // A file that cannot be sent bothers no server.
        let body = self.ask.body()?;
        worker.counters.set_to_send(body.as_ref().map_or(0, |body| body.len));
        let mut wire = self.open()?;
        worker.phase(Phase::Sending);
        let jar = worker.options.cookies.as_ref().map(|jar| jar.for_request(self.target.url()));
        let request = self.ask.head(self.target, self.via, body.as_ref(), &jar.unwrap_or_default());
        worker.hop(|hop| hop.request = request.shown);
        let mut heads = Heads::default();
        self.send(&mut wire, &request.bytes, body, &mut heads)?;
        worker.phase(Phase::Waiting);
        let head = self.final_head(&mut wire, &mut heads)?;
        self.take_cookies(&head);
        Ok((wire, head))
    }

    /// The head of the final answer; reads on up to its end if need be.
    pub(super) fn final_head(&self, wire: &mut Wire, heads: &mut Heads) -> Result<Head, Error> {
        // For all heads together, however many there are.
        wire.socket().set_limit(Some(self.worker.options.head_timeout));
        loop {
            if let Some(head) = heads.last.take() {
                wire.socket().set_limit(None);
                return Ok(head);
            }
            self.next_head(wire, heads)?;
        }
    }

    /// Reads one head.
    pub(super) fn next_head(&self, wire: &mut Wire, heads: &mut Heads) -> Result<(), Error> {
        let mut raw = Vec::new();
        let head = head::read_into(wire, &mut raw)
            .map_err(|e| self.head_error(e, raw.len() as u64, wire.socket().is_late()))?;
        wire.parts().note_head(heads.interim.0, &head.raw);
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
                Err(self.fault(Fault::SwitchingProtocols))
            }
            100..=199 => {
                let (count, bytes) = &mut heads.interim;
                (*count, *bytes) = (*count + 1, *bytes + head.raw.len());
                heads.goes_on |= head.status == 100;
                self.worker.hop(|hop| hop.interim.push(head));
                let too_many = *count > MOST_INTERIM.0 || *bytes > MOST_INTERIM.1;
                if too_many { Err(self.fault(Fault::TooManyInterim)) } else { Ok(()) }
            }
            _ => {
                self.worker.hop(|hop| hop.head = Some(head.clone()));
                heads.last = Some(head);
                Ok(())
            }
        }
    }

    /// Keeps the cookies that the answer sets, and tells of them.
    fn take_cookies(&self, head: &Head) {
        let jar = self.worker.options.cookies.as_ref();
        let cookies = head.values("set-cookie").map(|value| Cookie {
            text: text::visible(value),
            kept: jar.is_some_and(|jar| jar.take(value, self.target.url())),
        });
        let cookies: Vec<_> = cookies.collect();
        if !cookies.is_empty() {
            self.worker.hop(|hop| hop.cookies = cookies);
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
