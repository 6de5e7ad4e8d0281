//! What went wrong: operation + address + cause + what to do. One line, for window, terminal and log alike.

use std::fmt;
use std::io;
use std::time::Duration;

use super::fetch::Fault;
use super::tls::Trouble;
use crate::i18n::{self, t, tf};
use crate::recording::What;

/// What was being done. Its text is `operation-…` in `errors.ftl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reading what a person typed as an address or URL.
    Understand,
    /// Turning a host name into addresses.
    Resolve,
    /// Binding and listening.
    Listen,
    /// Taking a waiting connection.
    Accept,
    /// Opening a connection.
    Connect,
    /// Agreeing on TLS.
    Tls,
    /// Reading from a socket.
    Receive,
    /// Writing to a socket.
    Send,
    /// Sending a file.
    SendFile,
    /// One HTTP exchange.
    Fetch,
    /// Writing a file that a person asked for.
    Save,
    /// Keeping a body in a temporary file.
    Spool,
    /// Handing a saved file to the program that shows it.
    Open,
    /// Work inside the program itself.
    Work,
}

impl Operation {
    fn id(self) -> &'static str {
        match self {
            Self::Understand => "operation-understand",
            Self::Resolve => "operation-resolve",
            Self::Listen => "operation-listen",
            Self::Accept => "operation-accept",
            Self::Connect => "operation-connect",
            Self::Tls => "operation-tls",
            Self::Receive => "operation-receive",
            Self::Send => "operation-send",
            Self::SendFile => "operation-send-file",
            Self::Fetch => "operation-fetch",
            Self::Save => "operation-save",
            Self::Spool => "operation-spool",
            Self::Open => "operation-open",
            Self::Work => "operation-work",
        }
    }
}

/// Why it went wrong. Its text is `cause-…` in `errors.ftl`; what to do about it, where something can be done, is
/// `advice-…`.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Nothing was typed.
    #[error("{}", t("cause-empty"))]
    Empty,
    /// No program is there to show the file.
    #[error("{}", t("cause-no-opener"))]
    NoOpener,
    /// Not an address: the text says what is missing or wrong.
    #[error("{}", t("cause-bad-address"))]
    BadAddress,
    /// Not a port: 0 to 65535.
    #[error("{}", t("cause-bad-port"))]
    BadPort,
    /// The name has no address.
    #[error("{}", t("cause-host-not-found"))]
    HostNotFound,
    /// Another socket has this address and port (`EADDRINUSE`).
    #[error("{}", t("cause-port-in-use"))]
    PortInUse,
    /// A port below 1024 without the right to it (`EACCES` from bind).
    #[error("{}", t("cause-port-needs-rights"))]
    PortNeedsRights,
    /// No network card of this machine has this address (`EADDRNOTAVAIL`).
    #[error("{}", t("cause-address-not-ours"))]
    AddressNotOurs,
    /// Nothing listens there (`ECONNREFUSED`).
    #[error("{}", t("cause-refused"))]
    Refused,
    /// No way to that address (`EHOSTUNREACH`, `ENETUNREACH`).
    #[error("{}", t("cause-unreachable"))]
    Unreachable,
    /// Nothing happened for this long.
    #[error("{}", tf("cause-timed-out", &[("seconds", seconds(*.0).into())]))]
    TimedOut(Duration),
    /// The peer broke the connection off (`ECONNRESET`, `EPIPE`).
    #[error("{}", t("cause-reset"))]
    Reset,
    /// A person ended it.
    #[error("{}", t("cause-cancelled"))]
    Cancelled,
    /// The process has no more descriptors (`EMFILE`, `ENFILE`).
    #[error("{}", t("cause-no-descriptors"))]
    NoDescriptors,
    /// No more bytes fit (`ENOSPC`, `EDQUOT`).
    #[error("{}", t("cause-disk-full"))]
    DiskFull,
    /// No right to write there (`EACCES`, `EROFS`).
    #[error("{}", t("cause-no-permission"))]
    NoPermission,
    /// The folder does not exist (`ENOENT`).
    #[error("{}", t("cause-no-folder"))]
    NoFolder,
    /// The name of a file does not say in which format it is to be.
    #[error("{}", t("cause-no-format"))]
    NoFormat,
    /// There is no such file to read (`ENOENT`).
    #[error("{}", t("cause-no-file"))]
    NoFile,
    /// A folder has this name.
    #[error("{}", t("cause-is-folder"))]
    IsFolder,
    /// The peer has read nothing for this long while we had something to send.
    #[error("{}", tf("cause-not-reading", &[("seconds", seconds(*.0).into())]))]
    NotReading(Duration),
    /// A line is longer than this many bytes.
    #[error("{}", tf("cause-line-too-long", &[("limit", i18n::bytes(*.0).into())]))]
    LineTooLong(u64),
    /// A rule of the server is wrong: which and how.
    #[error("{0}")]
    Rule(String),
    /// There is no connection to send on.
    #[error("{}", t("cause-not-connected"))]
    NotConnected,
    /// Too much waits to be sent already.
    #[error("{}", t("cause-queue-full"))]
    QueueFull,
    /// A worker panicked: a mistake of ours.
    #[error("{}", tf("cause-panic", &[("text", text.as_str().into())]))]
    Panic {
        /// What the panic said.
        text: String,
    },
    /// HTTP, TLS or URL trouble.
    #[error(transparent)]
    Fetch(#[from] Fault),
    /// Trouble with TLS of a chat or the server, or with the files for it.
    #[error(transparent)]
    Tls(#[from] Trouble),
    /// Anything else, in the system's own words.
    #[error("{0}")]
    Os(io::Error),
}

impl Cause {
    /// What to do about it, if there is something.
    fn advice(&self) -> Option<String> {
        let id = match self {
            Self::NoOpener => "advice-no-opener",
            Self::BadAddress => "advice-bad-address",
            Self::BadPort => "advice-bad-port",
            Self::HostNotFound => "advice-host-not-found",
            Self::PortInUse => "advice-port-in-use",
            Self::PortNeedsRights => "advice-port-needs-rights",
            Self::AddressNotOurs => "advice-address-not-ours",
            Self::Refused => "advice-refused",
            Self::Unreachable => "advice-unreachable",
            Self::TimedOut(_) => "advice-timed-out",
            Self::NoDescriptors => "advice-no-descriptors",
            Self::DiskFull => "advice-disk-full",
            Self::NoPermission => "advice-no-permission",
            Self::NoFolder => "advice-no-folder",
            Self::NoFormat => "advice-no-format",
            Self::NoFile => "advice-no-file",
            Self::IsFolder => "advice-is-folder",
            Self::Panic { .. } => "advice-panic",
            Self::Fetch(fault) => return fault.advice(),
            Self::Tls(trouble) => return trouble.advice(),
            Self::NotReading(_) => "advice-not-reading",
            Self::LineTooLong(_) => "advice-line-too-long",
            Self::NotConnected => "advice-not-connected",
            Self::Rule(_) => "advice-rule",
            Self::QueueFull => "advice-queue-full",
            Self::Empty | Self::Reset | Self::Cancelled | Self::Os(_) => return None,
        };
        Some(t(id))
    }
}

/// Whole seconds without a fraction, parts of a second with one.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// One failure, with all that a person needs to know about it. [`fmt::Display`] is the whole line.
#[derive(Debug)]
pub struct Error {
    /// What was being done.
    pub operation: Operation,
    /// To what: an address, a host, a URL without its userinfo, a path.
    pub target: String,
    /// Why it failed.
    pub cause: Cause,
}

impl Error {
    /// A failure of `operation` on `target`.
    pub fn new(operation: Operation, target: impl fmt::Display, cause: impl Into<Cause>) -> Self {
        Self { operation, target: target.to_string(), cause: cause.into() }
    }

    /// What the system said about `operation` on `target`, in the terms of that operation.
    pub fn io(operation: Operation, target: impl fmt::Display, error: io::Error) -> Self {
        let cause = match operation {
            Operation::Save | Operation::Spool => file_cause(error),
            _ => socket_cause(operation, error),
        };
        Self::new(operation, target, cause)
    }

    /// A worker's panic, as an error that can be shown.
    #[must_use]
    pub fn panic(target: impl fmt::Display, panic: &(dyn std::any::Any + Send)) -> Self {
        Self::new(Operation::Work, target, Cause::Panic { text: super::panic_text(panic) })
    }

    /// Whether a person ended it: nothing to complain about.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// For the recording of what happened to the socket.
    pub(crate) fn as_event(&self) -> What {
        match &self.cause {
            Cause::Reset => What::Reset,
            cause => What::Failed(cause.to_string().into()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a peer or a person wrote must not act on the screen it is shown on.
        let visible = |text: &str| crate::recording::text::visible(text.as_bytes());
        let what = tf(self.operation.id(), &[("target", visible(&self.target).into())]);
        let cause = visible(&self.cause.to_string());
        f.write_str(&match self.cause.advice() {
            Some(advice) => {
                tf("error-with-advice", &[("what", what.into()), ("cause", cause.into()), ("advice", advice.into())])
            }
            None => tf("error", &[("what", what.into()), ("cause", cause.into())]),
        })
    }
}

impl std::error::Error for Error {}

fn socket_cause(operation: Operation, error: io::Error) -> Cause {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::AddrInUse => Cause::PortInUse,
        Kind::AddrNotAvailable if operation == Operation::Listen => Cause::AddressNotOurs,
        Kind::PermissionDenied if operation == Operation::Listen => Cause::PortNeedsRights,
        Kind::ConnectionRefused => Cause::Refused,
        // Also "no such address family", where IPv6 is switched off.
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable => {
            Cause::Unreachable
        }
        Kind::ConnectionReset | Kind::BrokenPipe | Kind::ConnectionAborted => Cause::Reset,
        _ if is_out_of_descriptors(&error) => Cause::NoDescriptors,
        _ => tls_cause(error),
    }
}

/// What TLS says comes through the errors of reads and writes.
fn tls_cause(error: io::Error) -> Cause {
    let error = match error.downcast::<Trouble>() {
        Ok(trouble) => return trouble.into(),
        Err(error) => error,
    };
    match error.downcast::<Fault>() {
        Ok(fault) => fault.into(),
        Err(error) => Cause::Os(error),
    }
}

fn file_cause(error: io::Error) -> Cause {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Cause::DiskFull,
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Cause::NoPermission,
        Kind::NotFound | Kind::NotADirectory => Cause::NoFolder,
        Kind::IsADirectory => Cause::IsFolder,
        _ if is_out_of_descriptors(&error) => Cause::NoDescriptors,
        _ => Cause::Os(error),
    }
}

/// `EMFILE` (this process) or `ENFILE` (the whole system): std has no kind for them.
#[must_use]
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    // 23 and 24 on Linux, macOS and the BSDs; WSAEMFILE on Windows.
    matches!(error.raw_os_error(), Some(code) if if cfg!(windows) { code == 10_024 } else { code == 23 || code == 24 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(operation: Operation, kind: io::ErrorKind) -> String {
        Error::io(operation, "10.9.8.7:80", kind.into()).to_string()
    }

    #[test]
    fn every_error_names_operation_address_cause_and_what_to_do() {
        use io::ErrorKind as Kind;
        for (operation, kind, words) in [
            (Operation::Listen, Kind::AddrInUse, ["listen", "in use", "another port"]),
            (Operation::Listen, Kind::PermissionDenied, ["listen", "1024", "administrator"]),
            (Operation::Listen, Kind::AddrNotAvailable, ["listen", "this computer", "127.0.0.1"]),
            (Operation::Connect, Kind::ConnectionRefused, ["connect", "refused", "server"]),
            (Operation::Connect, Kind::HostUnreachable, ["connect", "no route", "network"]),
            (Operation::Save, Kind::StorageFull, ["save", "full", "space"]),
            (Operation::Save, Kind::PermissionDenied, ["save", "permission", "folder"]),
        ] {
            let line = line(operation, kind);
            assert!(line.contains("10.9.8.7:80"), "{line}");
            for word in words {
                assert!(line.to_lowercase().contains(word), "{word:?} is missing in {line:?}");
            }
            assert!(!line.contains('\n'));
        }
    }

    #[test]
    fn what_a_peer_wrote_cannot_act_on_the_screen() {
        let error = Error::new(Operation::Connect, "evil\x1b[2J\nhost", Cause::Refused);
        assert!(error.to_string().contains("evil\\x1b[2J\\nhost"));
    }
}
