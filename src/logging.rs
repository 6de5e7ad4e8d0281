//! What the program and its libraries say about themselves, on standard error: warnings and errors of our own, errors of
//! the libraries; or all of one level with `SOCKETSCOPE_LOG` set to `off`, `error`, `warn`, `info`, `debug` or `trace`.

use std::io::Write as _;
use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::recording::text::visible;

struct Logger {
    /// As asked for; otherwise our own warnings and everybody's errors.
    level: Option<LevelFilter>,
}

impl Logger {
    fn is_shown(&self, metadata: &Metadata<'_>) -> bool {
        let from = |library| metadata.target().starts_with(library);
        let usual = match () {
            () if from(env!("CARGO_PKG_NAME")) => LevelFilter::Warn,
            // A certificate that is refused is told by the fetch, in one line.
            () if from("rustls") => LevelFilter::Off,
            () => LevelFilter::Error,
        };
        metadata.level() <= self.level.unwrap_or(usual)
    }
}

/// The last error of the file dialogs, which they tell nobody but the log.
static DIALOG_ERROR: Mutex<Option<String>> = Mutex::new(None);

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.is_shown(metadata) || is_dialog_error(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let text = visible(record.args().to_string().as_bytes());
        if self.is_shown(record.metadata()) {
            // Nobody listens: nothing to be done about it.
            _ = writeln!(std::io::stderr(), "{} {}: {text}", record.level(), record.target());
        }
        if is_dialog_error(record.metadata()) {
            *crate::net::lock(&DIALOG_ERROR) = Some(text);
        }
    }

    fn flush(&self) {}
}

fn is_dialog_error(metadata: &Metadata<'_>) -> bool {
    metadata.level() == Level::Error && metadata.target().starts_with("rfd")
}

/// Starts logging; to be called once, first of all.
pub fn install() {
    let level = std::env::var("SOCKETSCOPE_LOG").ok().and_then(|text| text.parse().ok());
    // It fails where a logger is in place already: then that one goes on.
    if log::set_boxed_logger(Box::new(Logger { level })).is_ok() {
        // Errors always come through: why a dialog did not open must be known.
        log::set_max_level(level.unwrap_or(LevelFilter::Warn).max(LevelFilter::Error));
    }
}

/// Why a file dialog did not open, if it said so since the last call.
#[must_use]
pub fn take_dialog_error() -> Option<String> {
    crate::net::lock(&DIALOG_ERROR).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_of_a_dialog_is_kept_until_taken_and_no_other() {
        let logger = Logger { level: Some(LevelFilter::Off) };
        let log = |level, target, text: &str| {
            logger.log(&Record::builder().level(level).target(target).args(format_args!("{text}")).build());
        };
        log(Level::Error, "rfd::backend::xdg", "first");
        log(Level::Error, "rfd::backend::xdg", "no\x1b portal");
        log(Level::Warn, "rfd", "a warning");
        log(Level::Error, "winit", "something else");
        assert_eq!(take_dialog_error().as_deref(), Some("no\\x1b portal"));
        assert_eq!(take_dialog_error(), None);
    }
}
