//! A complete body on its way to standard output.

use std::io::{self, Write};

use crossbeam_channel::{bounded, select};

use crate::i18n::t;
use crate::net::cancel::Cancel;
use crate::net::fetch::Body;
use crate::net::{Cause, Error, Operation, spawn};
use crate::recording::text::visible_lines;

/// How much of a body is shown at once, in bytes.
const PIECE: usize = 1 << 20;

/// Has `write` done by a thread of its own, until that is done or `stop`: a write to a pipe that nobody reads cannot be
/// interrupted, its thread is then left to itself.
pub(super) fn write(stop: &Cancel, write: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Result<(), Error> {
    let (done, is_done) = bounded(1);
    spawn("stdout", move || {
        // Nobody waits any more: it was stopped.
        _ = done.send(write());
    })
    .map_err(stdout_error)?;
    let stopped = || Err(Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Cancelled));
    select! {
        // The thread says how it went, unless it panicked.
        recv(is_done) -> written => written.unwrap_or_else(|_| Err(stdout_error(io::ErrorKind::Other.into()))),
        recv(stop.ended()) -> _ => is_done.try_recv().unwrap_or_else(|_| stopped()),
    }
}

/// In the system's own words: what helps with files does not help here.
fn stdout_error(error: io::Error) -> Error {
    Error::new(Operation::Save, t("cli-fetch-stdout"), Cause::Os(error))
}

/// A text, such as the report.
pub(super) fn text(text: &str, out: &mut dyn Write) -> Result<(), Error> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(stdout_error)
}

/// The bytes as received.
pub(super) fn copy(body: &Body, out: &mut dyn Write) -> Result<(), Error> {
    for piece in body.pieces() {
        out.write_all(&piece?).map_err(stdout_error)?;
    }
    out.flush().map_err(stdout_error)
}

/// As text, for a terminal: what could act on it is made visible.
pub(super) fn show(body: &Body, out: &mut dyn Write) -> Result<(), Error> {
    let mut decoder = body.charset().new_decoder();
    let mut offset = 0;
    // A CR whose LF may be in the next piece.
    let mut held = "";
    loop {
        let piece = body.read_at(offset, PIECE)?;
        offset += piece.len() as u64;
        let last = offset >= body.len();
        let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(PIECE);
        let mut text = String::with_capacity(held.len() + room);
        text.push_str(held);
        let (result, ..) = decoder.decode_to_string(&piece, &mut text, last);
        debug_assert_eq!(result, encoding_rs::CoderResult::InputEmpty);
        held = if !last && text.ends_with('\r') {
            text.pop();
            "\r"
        } else {
            ""
        };
        out.write_all(visible_lines(&text).as_bytes()).map_err(stdout_error)?;
        if last {
            return out.flush().map_err(stdout_error);
        }
    }
}
