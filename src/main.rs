//! Arguments in, exit code out: opens the window or runs a terminal command.

use std::process::ExitCode;

fn main() -> ExitCode {
    socketscope::logging::install();
    socketscope::net::limits::raise();
    match socketscope::cli::parse() {
        Ok(Some(command)) => socketscope::cli::run(&command),
        Ok(None) => socketscope::app::run(),
        Err(code) => code,
    }
}
