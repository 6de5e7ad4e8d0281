//! The request on its way to the server, which may answer before it has all of it (RFC 9112 §9.5).

use std::io;
use std::time::{Duration, Instant};

use super::PartKind;
use super::exchange::{Exchange, Heads};
use super::payload::Outgoing;
use super::trouble;
use super::wire::Wire;
use crate::i18n::{count, t, tf};
use crate::net::{Error, Operation};
use crate::recording::Direction;

/// How long a body waits for `100 Continue` before it is sent all the same (RFC 9110 §10.1.1).
const CONTINUE: Duration = Duration::from_secs(1);

impl Exchange<'_> {
    /// Sends `head` and `body`. A final answer that comes before all has gone is in `heads` then; a refusal ends the
    /// sending, as does the end of the connection, and a note says that not all was sent.
    ///
    /// # Errors
    /// The connection broke and brought no answer, the answer's head is none, the file cannot be read or became shorter.
    pub(super) fn send(
        &self,
        wire: &mut Wire,
        head: &[u8],
        body: Option<Outgoing<'_>>,
        heads: &mut Heads,
    ) -> Result<(), Error> {
        let sent = wire.send(head);
        wire.parts().note_request(head, wire.sent());
        if let Err(error) = sent {
            return self.answer_instead(wire, heads, error, t("note-request-cut"));
        }
        let Some(body) = body.filter(|body| body.len > 0 || self.ask.is_chunked()) else { return Ok(()) };
        if self.ask.waits_for_continue() {
            self.wait_for_continue(wire, heads)?;
            if heads.last.is_some() {
                self.worker.note(cut(0, body.len));
                return Ok(());
            }
        }
        wire.socket().set_watchful(true);
        let sent = self.send_body(wire, body, heads);
        wire.socket().set_watchful(false);
        sent
    }

    /// Waits until the server wants the body, has answered, or has had its time.
    fn wait_for_continue(&self, wire: &mut Wire, heads: &mut Heads) -> Result<(), Error> {
        let until = Instant::now() + CONTINUE;
        while heads.last.is_none() && !heads.goes_on {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.look_for_answer(wire, heads, left)?;
        }
        Ok(())
    }

    fn send_body(&self, wire: &mut Wire, mut body: Outgoing<'_>, heads: &mut Heads) -> Result<(), Error> {
        let begun = wire.sent();
        let length = body.len;
        while let Some(piece) = body.next()? {
            let mut rest = piece;
            while !rest.is_empty() {
                let sent = (wire.sent() - begun).min(length);
                if self.is_refused(wire, heads)? {
                    self.worker.note(cut(sent, length));
                    return Ok(());
                }
                match wire.send_some(rest) {
                    Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                    // It is time to look for an answer.
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return self.answer_instead(wire, heads, e, cut(sent, length)),
                }
                wire.parts().note(Direction::Out, begun..wire.sent(), PartKind::RequestBody);
                self.worker.counters.set_sent((wire.sent() - begun).min(length));
                self.worker.wake();
            }
        }
        // TLS keeps some of it back until it can be written.
        loop {
            match wire.flush() {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {
                    if self.is_refused(wire, heads)? {
                        return Ok(());
                    }
                }
                Err(e) => return self.answer_instead(wire, heads, e, t("note-request-cut")),
            }
        }
    }

    /// Whether the server has answered that it does not want it: then it need not have the rest. Any other answer may
    /// go on while the body does.
    fn is_refused(&self, wire: &mut Wire, heads: &mut Heads) -> Result<bool, Error> {
        self.look_for_answer(wire, heads, Duration::ZERO)?;
        Ok(heads.last.as_ref().is_some_and(|head| head.status >= 400))
    }

    /// Reads a head if one begins to come within `limit`; none after the final one.
    fn look_for_answer(&self, wire: &mut Wire, heads: &mut Heads, limit: Duration) -> Result<(), Error> {
        let waits =
            |wire: &mut Wire| wire.answer_waits(limit).map_err(|e| self.error(Operation::Receive, trouble::wire(e)));
        if heads.last.is_some() || !waits(wire)? {
            return Ok(());
        }
        wire.socket().set_limit(Some(self.worker.options.head_timeout));
        let read = self.next_head(wire, heads);
        wire.socket().set_limit(None);
        read
    }

    /// What comes of a write that failed: the answer that came instead, if one did; else its error.
    fn answer_instead(&self, wire: &mut Wire, heads: &mut Heads, error: io::Error, note: String) -> Result<(), Error> {
        let error = self.error(Operation::Send, trouble::wire(error));
        while heads.last.is_none() {
            let waits = !error.is_cancelled() && wire.answer_waits(Duration::ZERO).unwrap_or(false);
            if !waits || self.look_for_answer(wire, heads, Duration::ZERO).is_err() {
                return Err(error);
            }
        }
        self.worker.note(note);
        Ok(())
    }
}

/// So much of the body was sent.
fn cut(sent: u64, length: u64) -> String {
    tf("note-body-cut", &[("sent", count(sent).into()), ("length", count(length).into())])
}
