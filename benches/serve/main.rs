//! How fast the server is, beside bare ones that show nothing: round trips, connections, floods.
//! `cargo bench --bench serve`, see `benches/README.md`.
//!
//! Machines are shared, and what is measured in one minute cannot be compared with what is measured in the next. So all
//! servers are measured in turn, round after round, each round in another order, and what is compared is what they did in the
//! same round; the median of these ratios counts.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is run to be read")]

mod bare;
#[path = "../clock/mod.rs"]
mod clock;
mod contest;
mod crowd;
mod load;
mod one_core;
mod ours;
mod subject;
mod window;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use contest::{KIB, LOADS};
use one_core::OneCore;
use subject::{Subject, Way, serve};

/// Compares the server with bare ones.
#[derive(Debug, Parser)]
struct Options {
    /// Only these loads; `trips` are all of them
    #[arg(long, value_name = "LOAD", value_delimiter = ',')]
    only: Vec<String>,
    /// Only these servers
    #[arg(long, value_name = "SERVER", value_delimiter = ',', value_enum)]
    servers: Vec<Way>,
    /// How often each server is measured
    #[arg(long, value_name = "N", default_value_t = 9)]
    rounds: usize,
    /// How long one measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    seconds: f64,
    /// End well also where a server is slower than required
    #[arg(long)]
    report_only: bool,
    /// Be a server
    #[arg(long, hide = true)]
    serve: Option<Way>,
    /// What the server reads at once
    #[arg(long, hide = true, default_value_t = KIB)]
    receive: usize,
    /// Stay on one core
    #[arg(long, hide = true)]
    on_one_core: bool,
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Many who only stay.
const CROWD: &str = "crowd";
/// The window while many greet.
const WINDOW: &str = "window";

impl Options {
    /// Whether this is to be measured.
    fn names(&self, name: &str) -> bool {
        let is_named = |part: &String| name == part || name.starts_with(&format!("{part}-"));
        self.only.is_empty() || self.only.iter().any(is_named)
    }

    /// How long one measurement takes.
    fn time(&self) -> io::Result<Duration> {
        Duration::try_from_secs_f64(self.seconds).map_err(io::Error::other)
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(way) = options.serve {
        let _stay = options.on_one_core.then(OneCore::stay);
        return serve(Subject { way, receive: options.receive });
    }
    let mut failed = Vec::new();
    let mut measure = |name: &'static str, run: &dyn Fn() -> io::Result<bool>| {
        if options.names(name) && !run().unwrap_or_else(told) {
            failed.push(name);
        }
    };
    for load in LOADS {
        measure(load.name, &|| load.measure(&options));
    }
    measure(CROWD, &|| contest::crowd(&options));
    measure(WINDOW, &|| window::measure(options.time()?));
    match failed.as_slice() {
        [] => println!("\nPASS"),
        failed => println!("\nFAIL: {}", failed.join(", ")),
    }
    if failed.is_empty() || options.report_only { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What went wrong is as bad as what is too slow.
fn told(error: io::Error) -> bool {
    println!("  {error}");
    false
}

fn word(good: bool) -> &'static str {
    if good { "pass" } else { "FAIL" }
}
