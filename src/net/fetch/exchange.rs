//! One hop: connect, agree on TLS, send the request, read heads and, of the last hop, the body.

use std::cell::Cell;
use std::io::{self, BufRead};
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;

use super::body::{self, About, Spool};
use super::decode;
use super::framing::{self, Plan};
use super::state::Worker;
use super::trouble::{self, Trouble};
use super::unframe::Unframed;
use super::url::{Credentials, Target};
use super::wire::{Socket, Stream, Wire};
use super::{Body, Event, Fault, Framing, Head, PartKind, Phase, charset, head, name, tls};
use crate::i18n::t;
use crate::net::tls::explained;
use crate::net::{Cause, Error, Operation, connect};
use crate::recording::What;

/// The most 1xx answers before the final one, and the most bytes of all of them together.
const MOST_INTERIM: (usize, usize) = (100, 256 << 10);

/// One exchange with the server of `target`.
pub(super) struct Exchange<'a> {
    pub(super) worker: &'a Worker,
    pub(super) target: &'a Target,
    /// With https.
    pub(super) tls: Option<&'a Arc<ClientConfig>>,
}

impl Exchange<'_> {
    /// Connects, sends the request, and reads up to the end of the final head.
    pub(super) fn ask(&self, credentials: Option<&Credentials>) -> Result<(Wire, Head), Error> {
        let mut wire = self.open()?;
        wire.note_in(self.worker.parts());
        self.worker.phase(Phase::Sending);
        let authorization = credentials.and_then(|credentials| credentials.for_target(self.target));
        let request = request(self.target, authorization);
        let shown = covered(&request, authorization);
        self.worker.hop(|hop| hop.request = shown);
        let sent = wire.send(&request);
        wire.parts().note_request(&request, wire.sent());
        sent.map_err(|e| self.error(Operation::Send, trouble::wire(e)))?;
        self.worker.phase(Phase::Waiting);
        let head = self.heads(&mut wire)?;
        Ok((wire, head))
    }

    fn open(&self) -> Result<Wire, Error> {
        let (worker, target) = (self.worker, self.target);
        let options = &worker.options;
        worker.phase(Phase::Resolving);
        let (host, port) = (target.host(), target.port());
        let addresses = connect::resolve(host, port, options.connect_timeout, &worker.cancel)?;
        worker.phase(Phase::Connecting);
        // There from the first try on, so that a connect that fails can be seen too.
        let recording = worker.recorder.open();
        worker.hop(|hop| hop.recording = Some(Arc::clone(&recording)));
        let (stream, ends) = connect::connect(&addresses, options.connect_timeout, &worker.cancel, |tried| {
            recording.note(tried.as_event());
            let tried = Arc::new(tried);
            worker.hop(|hop| hop.tries.push(Arc::clone(&tried)));
            worker.report(Event::Tried(tried));
        })
        .map_err(|error| self.name_host(error))?;
        let failed = |e| Error::io(Operation::Connect, target.host_port(), e);
        recording.connected(ends);
        worker.hop(|hop| hop.ends = Some(ends));
        worker.guard_stream(stream.try_clone().map_err(failed)?);
        let mut socket = Socket::new(stream, options.silence, worker.cancel.clone());
        let Some(config) = self.tls else { return Ok(Wire::new(Stream::Plain(socket), recording)) };

        worker.phase(Phase::Tls);
        if options.accept_any_certificate {
            worker.note(t("note-insecure"));
        }
        socket.set_limit(Some(options.silence));
        let mut stream = tls::handshake(config, host, socket).map_err(|e| {
            let error = self.error(Operation::Tls, e);
            recording.note(error.as_event());
            recording.closed();
            error
        })?;
        stream.sock.set_limit(None);
        let agreed = tls::agreed(&stream.conn, !options.accept_any_certificate);
        recording.note(What::Secured(agreed.version.as_str().into()));
        worker.hop(|hop| hop.tls = Some(agreed));
        Ok(Wire::new(Stream::Tls(Box::new(stream)), recording))
    }

    /// Where a name was asked for, an address alone would say too little.
    fn name_host(&self, error: Error) -> Error {
        let named = self.target.host_port();
        let target = if error.target == named { named } else { format!("{named} ({})", error.target) };
        Error { target, ..error }
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

    /// Reads the body after `head` into a temporary file. What had come of it when it failed goes to the worker's
    /// `partial`.
    pub(super) fn body(&self, mut wire: Wire, head: &Head) -> Result<Body, Error> {
        let worker = self.worker;
        let plan = framing::plan(head).map_err(|fault| self.fault(fault))?;
        worker.phase(Phase::Receiving);
        worker.hop(|hop| hop.framing = Some(plan.framing));
        plan.notes.iter().for_each(|note| worker.note(note.clone()));
        worker.counters.set_length(match plan.framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        });
        let spool_error = |e| body::spool_error(self.target.as_str(), e);
        let mut spool = Spool::new().map_err(spool_error)?;
        let received = self.receive(&mut wire, &plan, &mut spool);
        if received.is_ok() {
            wire.note_rest(PartKind::Extra);
        }
        let received = received.and_then(|()| match head.status {
            // No range was asked for: this is not the page.
            206 => Err(self.fault(Fault::UnaskedPart)),
            _ => Ok(()),
        });
        let (media_type, charset) = charset::content_type(head);
        let about = About {
            url: self.target.as_str().to_owned(),
            suggested_name: name::suggest(head, self.target.url(), &media_type),
            media_type,
            charset,
        };
        if let Err(error) = received {
            if spool.len() > 0 {
                match spool.finish(about, false) {
                    Ok(partial) => worker.keep_partial(partial),
                    Err(error) => log::warn!("{}", spool_error(error)),
                }
            }
            return Err(error);
        }
        if wire.has_more() {
            worker.note(t("note-extra-bytes"));
        }
        wire.close();
        spool.finish(about, true).map_err(spool_error)
    }

    fn receive(&self, wire: &mut Wire, plan: &Plan, spool: &mut Spool) -> Result<(), Error> {
        let counters = Arc::clone(&self.worker.counters);
        let parts = Arc::clone(wire.parts());
        let unframed = Unframed::new(wire, plan.framing, parts, move |got| counters.set_received(got));
        let padding = Rc::new(Cell::new(false));
        let mut body = decode::decoded(unframed, &plan.codings, &padding);
        let counters = &self.worker.counters;
        loop {
            let bytes = body.fill_buf().map_err(|e| self.body_error(e, plan.framing))?;
            if self.worker.cancel.is_cancelled() {
                return Err(self.cancelled());
            }
            let n = bytes.len();
            if n == 0 {
                break;
            }
            spool.write(bytes).map_err(|e| body::spool_error(self.target.as_str(), e))?;
            body.consume(n);
            counters.set_decoded(spool.len());
            self.worker.bound.check(counters.get().received, spool.len()).map_err(|fault| self.fault(fault))?;
            self.worker.wake();
        }
        if padding.get() {
            self.worker.note(t("note-zero-padding"));
        }
        Ok(())
    }

    fn fault(&self, fault: Fault) -> Error {
        Error::new(Operation::Fetch, self.target.as_str(), fault)
    }

    fn cancelled(&self) -> Error {
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

    /// An error inside a body: how much had come is part of it.
    fn body_error(&self, error: io::Error, framing: Framing) -> Error {
        use io::ErrorKind as Kind;
        let got = self.worker.counters.get().received;
        let length = match framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        match trouble::take(error) {
            _ if self.worker.cancel.is_cancelled() => self.cancelled(),
            Trouble::Wire(e) => match (e.kind(), length) {
                (Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe, _) => {
                    self.fault(Fault::Broken { got, length })
                }
                (Kind::TimedOut, _) => self.fault(Fault::Stalled { got, length, time: self.worker.options.silence }),
                (Kind::UnexpectedEof, Some(length)) => self.fault(Fault::Short { got, length }),
                (Kind::UnexpectedEof, None) if framing == Framing::Chunked => self.fault(Fault::ChunksCut(got)),
                (Kind::UnexpectedEof, None) => self.fault(Fault::TlsCut(got)),
                _ => self.error(Operation::Receive, trouble::wire(e)),
            },
            Trouble::Fault(fault) => self.fault(fault),
        }
    }

    /// What a reader or writer said, in our words.
    fn error(&self, operation: Operation, error: io::Error) -> Error {
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
fn request(target: &Target, authorization: Option<&str>) -> Vec<u8> {
    let authorization = authorization.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: socketscope/{}\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n\
         {authorization}Connection: close\r\n\r\n",
        target.on_the_wire(),
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
