//! The words for what crossed a socket and what else happened to it, for the window and for files.

use std::time::Duration;

use crate::i18n::{bytes, count, t, tf};
use crate::recording::export::Words;
use crate::recording::{By, Direction, Ends, Tried, What};

/// What happened to a socket, in a few words without a full stop. What a peer wrote in it is not made visible.
#[must_use]
pub fn event_text(what: &What) -> String {
    match what {
        What::Accepted => t("event-accepted"),
        What::Connected => t("event-connected"),
        What::Tried(tried) => {
            let Tried { address, took, failed } = &**tried;
            let (address, took) = (address.to_string(), milliseconds(*took));
            match failed {
                None => tf("event-tried", &[("address", address.into()), ("took", took.into())]),
                Some(cause) => tf(
                    "event-tried-failed",
                    &[("address", address.into()), ("took", took.into()), ("cause", cause.as_ref().into())],
                ),
            }
        }
        What::Secured(version) => tf("event-secured", &[("version", version.as_ref().into())]),
        What::HalfClosed => t("event-half-closed"),
        What::Reset => t("event-reset"),
        What::TimedOut(Direction::In, time) => tf("event-timed-out-in", &[("seconds", seconds(*time).into())]),
        What::TimedOut(Direction::Out, time) => tf("event-timed-out-out", &[("seconds", seconds(*time).into())]),
        What::Failed(cause) => tf("event-failed", &[("cause", cause.as_ref().into())]),
        What::Closed(By::Us) => t("event-closed-us"),
        What::Closed(By::Peer) => t("event-closed-peer"),
    }
}

/// A read or write without bytes, in a few words without a full stop.
#[must_use]
pub fn empty_text(direction: Direction) -> String {
    match direction {
        Direction::In => t("event-empty-read"),
        Direction::Out => t("event-empty-write"),
    }
}

/// Tenths at most.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// The words of the files that recordings are exported to.
#[derive(Clone, Copy, Debug)]
pub struct ExportWords;

impl Words for ExportWords {
    fn connection(&self, number: u64, ends: Option<Ends>, opened: &str) -> String {
        match ends {
            Some(Ends { local, peer }) => tf(
                "export-connection",
                &[
                    ("number", number.to_string().into()),
                    ("ends", format!("{local} → {peer}").into()),
                    ("time", opened.into()),
                ],
            ),
            None => tf("export-connection-none", &[("number", number.to_string().into()), ("time", opened.into())]),
        }
    }

    fn segment(&self, direction: Direction, size: u64) -> String {
        let id = match direction {
            _ if size == 0 => return empty_text(direction),
            Direction::In => "export-read",
            Direction::Out => "export-write",
        };
        tf(id, &[("size", format!("{} B", count(size)).into())])
    }

    fn event(&self, what: &What) -> String {
        event_text(what)
    }

    fn gone(&self, size: u64) -> String {
        tf("export-gone", &[("size", bytes(size).into())])
    }

    fn packet(&self, direction: Direction, number: u64, part: Option<(u64, u64)>) -> String {
        let id = match direction {
            Direction::In => "export-packet-read",
            Direction::Out => "export-packet-write",
        };
        let packet = tf(id, &[("number", number.to_string().into())]);
        let Some((part, parts)) = part else { return packet };
        tf(
            "export-packet-part",
            &[("packet", packet.into()), ("part", part.to_string().into()), ("parts", parts.to_string().into())],
        )
    }

    fn packets(&self) -> String {
        t("export-packets")
    }
}

/// `0.2`, `12`: whole ones are enough above ten.
fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn everything_that_can_happen_has_its_words() {
        let address = ([127, 0, 0, 1], 80).into();
        let took = Duration::from_millis(12);
        for (what, text) in [
            (What::Accepted, "accepted"),
            (What::Connected, "connected"),
            (
                What::Tried(Box::new(Tried { address, took, failed: None })),
                "tried 127.0.0.1:80: it answered after 12 ms",
            ),
            (
                What::Tried(Box::new(Tried { address, took, failed: Some("refused".into()) })),
                "tried 127.0.0.1:80 for 12 ms: refused",
            ),
            (What::Secured("TLS 1.3".into()), "secured by TLS 1.3; what follows is what was said inside"),
            (What::HalfClosed, "half-closed: we are done sending"),
            (What::Reset, "the other side reset the connection"),
            (What::TimedOut(Direction::In, Duration::from_secs(1)), "nothing came for 1 second"),
            (What::TimedOut(Direction::Out, Duration::from_millis(2_500)), "nothing could be sent for 2.5 seconds"),
            (What::Failed(Arc::from("broken")), "failed: broken"),
            (What::Closed(By::Us), "closed; we ended it"),
            (What::Closed(By::Peer), "closed; the other side ended it"),
        ] {
            assert_eq!(event_text(&what), text);
        }
        assert_eq!(empty_text(Direction::In), "empty read: the other side is done");
        assert_eq!(empty_text(Direction::Out), "empty write: nothing was taken");
    }
}
