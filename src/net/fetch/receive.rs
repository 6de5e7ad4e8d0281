//! The body of an answer: unframed, decoded, into a temporary file or to where it is to be.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead};
use std::rc::Rc;
use std::sync::Arc;

use super::body::About;
use super::exchange::Exchange;
use super::framing::{self, Plan};
use super::keeping::{Keeping, Kept, packed_name};
use super::resume::Mark;
use super::spool::{self, Spool};
use super::trouble::{self, Trouble};
use super::unframe::Unframed;
use super::wire::Wire;
use super::writer::SharedBytes;
use super::{Body, Delivery, Fault, Framing, Head, PartKind, Phase, Progress, charset, decode, head, name};
use crate::i18n::t;
use crate::net::{Error, Operation};
use crate::recording::Direction;

impl Exchange<'_> {
    /// Reads the body after `head` into a file. What had come of it when it failed goes to the worker's
    /// `partial`.
    pub(super) fn body(&self, mut wire: Wire, head: &Head) -> Result<Body, Error> {
        let worker = self.worker;
        let plan = framing::plan(head, &self.ask.method).map_err(|fault| self.fault(fault))?;
        worker.phase(Phase::Receiving);
        worker.hop(|hop| hop.framing = Some(plan.framing));
        plan.notes.iter().for_each(|note| worker.note(note.clone()));
        worker.counters.set_length(match plan.framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        });
        let destination = worker.options.destination.as_ref();
        let resume = self.ask.resume.as_ref();
        let whole = resume.map(|resume| resume.check(head)).transpose().map_err(|fault| self.fault(fault.into()))?;
        let mut spool = match destination {
            Some(destination) if let Some(resume) = resume => Spool::after(resume, destination)?,
            Some(destination) => Spool::beside(destination)?,
            None => Spool::new().map_err(|e| spool::spool_error(self.target.as_str(), e))?,
        };
        if let Framing::Length(length) = plan.framing {
            spool.check_room_for(length).map_err(|fault| self.fault(fault))?;
        }
        let begin = wire.parts().end(Direction::In);
        let packed = self.packed(&plan);
        let received = self.receive(&mut wire, &plan, Rc::clone(&packed), &mut spool);
        let settled = spool.settle().map_err(|e| spool.error(self.target.as_str(), e));
        let received = received.and(settled);
        let packed = packed.take();
        let on_the_wire = wire.parts().end(Direction::In) - begin;
        if received.is_ok() {
            wire.note_rest(PartKind::Extra);
        }
        let received = received.and_then(|()| match head.status {
            // No range was asked for: this is not the page.
            206 if !self.ask.has("Range") => Err(self.fault(Fault::UnaskedPart)),
            _ => match whole {
                Some(length) if length != spool.whole_len() => {
                    Err(self.fault(Fault::Short { got: spool.whole_len(), length }))
                }
                _ => Ok(()),
            },
        });
        let on_disk = spool.whole_len();
        let deliver = |complete| {
            let Progress { received, length, decoded, .. } = worker.counters.get();
            let delivery = Delivery { declared: length, on_the_wire, received, decoded, on_disk, complete };
            worker.update(|view| view.delivery = Some(delivery));
        };
        let (media_type, charset) = charset::content_type(head);
        let about = |suggested_name| About {
            url: self.target.as_str().to_owned(),
            suggested_name,
            media_type: media_type.clone(),
            charset,
        };
        let name = name::suggest(head, self.target.url(), &media_type);
        let packed_about = about(packed_name(&name, &plan.codings));
        let about = about(name);
        if let Err(error) = received {
            deliver(false);
            if spool.len() > 0 {
                // More than there is cannot be the rest of it.
                let mark = match resume {
                    Some(resume) => Some(resume.mark.clone()).filter(|_| whole >= Some(spool.whole_len())),
                    None => Mark::of(worker.asked_for(), head),
                };
                let packed = packed.and_then(|packed| packed.finish_partial(packed_about, false, None).ok());
                match spool.finish_partial(about, destination.is_some_and(|one| one.keep_partial), mark) {
                    Ok(partial) => worker.keep_partial(partial.with_transferred(packed)),
                    Err(error) => log::warn!("{error}"),
                }
            }
            return Err(error);
        }
        if wire.has_more() {
            worker.note(t("note-extra-bytes"));
        }
        wire.close();
        let packed = packed.and_then(|packed| packed.finish(packed_about).ok());
        let body = spool.finish(about).map(|body| body.with_transferred(packed));
        deliver(body.is_ok());
        body
    }

    /// Where the body is kept as it is transferred, if it is to be and is to be unpacked too.
    fn packed(&self, plan: &Plan) -> Kept {
        let options = &self.worker.options;
        let wanted = options.keep_transferred && !options.transferred && !plan.codings.is_empty();
        Rc::new(RefCell::new(wanted.then(Spool::new).and_then(Result::ok)))
    }

    fn receive(&self, wire: &mut Wire, plan: &Plan, packed: Kept, spool: &mut Spool) -> Result<(), Error> {
        let counters = Arc::clone(&self.worker.counters);
        let parts = Arc::clone(wire.parts());
        let block = wire.block();
        let unframed = Unframed::new(wire, plan.framing, parts, move |got| counters.set_received(got));
        let trailer = unframed.trailer();
        let padding = Rc::new(Cell::new(false));
        let codings = if self.worker.options.transferred { &[][..] } else { &plan.codings };
        let mut body = decode::decoded(Keeping::new(unframed, packed), codings, &padding);
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
            let shared = block.borrow().as_ref().and_then(|block| SharedBytes::of(block, bytes));
            let written = match shared {
                Some(shared) => spool.write_shared(shared),
                None => spool.write(bytes),
            };
            written.map_err(|e| spool.error(self.target.as_str(), e))?;
            body.consume(n);
            counters.set_decoded(spool.len());
            spool.check_room().map_err(|fault| self.fault(fault))?;
            self.worker.options.bound.check(counters.get().received, spool.len()).map_err(|fault| self.fault(fault))?;
            self.worker.wake();
        }
        if !trailer.borrow().is_empty() {
            match head::trailer(&trailer.borrow()) {
                Some(trailers) => self.worker.hop(|hop| hop.trailers = trailers),
                None => self.worker.note(t("note-odd-trailer")),
            }
        }
        if padding.get() {
            self.worker.note(t("note-zero-padding"));
        }
        Ok(())
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
}
