//! What happened to a socket, in plain words; the window, the terminal and exports say it alike.

use crate::i18n::{t, tf};
use crate::recording::{By, Direction, What};

/// What happened, as a short text without an end.
#[must_use]
pub fn event_text(what: &What) -> String {
    let seconds = |time: &std::time::Duration| format!("{:.3}", time.as_secs_f64());
    match what {
        What::Tried { address, took, failed: None } => {
            tf("event-tried", &[("address", address.to_string().into()), ("seconds", seconds(took).into())])
        }
        What::Tried { address, took, failed: Some(why) } => tf(
            "event-tried-failed",
            &[
                ("address", address.to_string().into()),
                ("seconds", seconds(took).into()),
                ("why", why.to_string().into()),
            ],
        ),
        What::Connected => t("event-connected"),
        What::Accepted => t("event-accepted"),
        What::Secured(version) => tf("event-secured", &[("version", version.to_string().into())]),
        What::HalfClosed => t("event-half-closed"),
        What::Reset => t("event-reset"),
        What::TimedOut(Direction::In, time) => tf("event-timed-out-in", &[("seconds", seconds(time).into())]),
        What::TimedOut(Direction::Out, time) => tf("event-timed-out-out", &[("seconds", seconds(time).into())]),
        What::Failed(why) => tf("event-failed", &[("why", why.to_string().into())]),
        What::Closed(By::Us) => t("event-closed-us"),
        What::Closed(By::Peer) => t("event-closed-peer"),
    }
}

/// What a read or write without bytes means.
#[must_use]
pub fn empty_text(direction: Direction) -> String {
    t(match direction {
        Direction::In => "event-empty-read",
        Direction::Out => "event-empty-write",
    })
}
