//! Errors on their way through readers that know only [`io::Error`]: what came from the wire and what is a fault
//! stays told apart from what a decoder says about its input.

use std::io;

use super::Fault;

/// What went wrong below a decoder.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The socket or TLS under HTTP.
    #[error(transparent)]
    Wire(io::Error),
    /// What came breaks the rules.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// `error` of the socket, marked as such.
pub(super) fn wire(error: io::Error) -> io::Error {
    // A kind that nobody retries.
    io::Error::other(Trouble::Wire(error))
}

/// A fault as an error of a reader.
pub(super) fn fault(fault: Fault) -> io::Error {
    io::Error::other(Trouble::Fault(fault))
}

/// Whether `error` was marked by [`wire`] or [`fault`]; what is not, was said by a decoder itself.
pub(super) fn is_marked(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Trouble>())
}

/// What was marked; a decoder's own words count as the socket's.
pub(super) fn take(error: io::Error) -> Trouble {
    match error.downcast::<Trouble>() {
        Ok(trouble) => trouble,
        Err(error) => Trouble::Wire(error),
    }
}

/// The fault, if `error` is one.
#[cfg(test)]
pub(super) fn take_fault(error: io::Error) -> Option<Fault> {
    match take(error) {
        Trouble::Fault(fault) => Some(fault),
        Trouble::Wire(_) => None,
    }
}
