//! Ctrl-C and the system's request to end.

use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of who was ended by Ctrl-C, as shells count.
pub const INTERRUPTED: i32 = 130;

/// Runs `f` at the first Ctrl-C, SIGTERM or SIGHUP, on a thread of its own. The second one ends the program at once, for
/// when the first cannot be followed: standard output may be stuck.
pub fn on_stop(f: impl Fn() + Send + 'static) {
    let again = AtomicBool::new(false);
    let set = ctrlc::set_handler(move || {
        if again.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        f();
    });
    if let Err(error) = set {
        // Then the signal does what it does without us: it ends the program.
        log::warn!("signals: {error}");
    }
}
