//! `socketscope fetch`: one fetch, its heads on standard error, its body to a file or standard output.

use crate::net::cancel::Cancel;

/// What to fetch.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Fetches.
pub fn run(_args: &Args, _stop: &Cancel) -> i32 {
    1
}
