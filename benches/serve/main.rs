//! How fast the server is, beside bare ones that show nothing: round trips, connections, floods.
//! `cargo bench --bench serve`, see `benches/README.md`.
//!
//! Machines are shared, and what is measured in one minute cannot be compared with what is measured in the next. So all
//! servers are measured in turn, round after round, each round in another order, and what is compared is what they did in the
//! same round; the median of these ratios counts.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is run to be read")]

mod bare;
mod crowd;
mod load;
mod ours;
mod subject;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use load::Done;
use subject::{Running, Subject, Way, serve};

/// Compares the server with bare ones.
#[derive(Debug, Parser)]
struct Options {
    /// Only loads with one of these in their name
    #[arg(long, value_name = "LOAD", value_delimiter = ',')]
    only: Vec<String>,
    /// Only these servers
    #[arg(long, value_name = "SERVER", value_delimiter = ',', value_enum)]
    servers: Vec<Way>,
    /// How often each server is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// How long one measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
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
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

const KIB: usize = 1 << 10;

/// The library's ways to serve.
const OURS: &[Way] = &[Way::OursThreads];

/// What is measured.
struct Load {
    name: &'static str,
    /// What is counted.
    unit: &'static str,
    run: fn(SocketAddr, Duration) -> io::Result<Done>,
    /// What ours read at once.
    receive: usize,
    /// The bare servers, and what they read at once.
    bare: &'static [(Way, usize)],
    /// What part of which bare one each of ours must reach.
    required: &'static [(Way, Way, f64)],
}

const SMALL: &[(Way, usize)] = &[(Way::Std, KIB), (Way::Tokio, 4 * KIB), (Way::Tokio2, 4 * KIB), (Way::Mio, 4 * KIB)];
const LARGE: &[(Way, usize)] = &[(Way::Std, 64 * KIB), (Way::Tokio, 64 * KIB), (Way::Mio, 64 * KIB)];
const TRIPS: &[(Way, Way, f64)] = &[(Way::OursThreads, Way::Std, 0.95)];
const CHURN: &[(Way, Way, f64)] = &[(Way::OursThreads, Way::Std, 1.3)];
const FLOOD: &[(Way, Way, f64)] = &[(Way::OursThreads, Way::Std, 0.95)];
const LARGE_FLOOD: &[(Way, Way, f64)] = &[(Way::OursThreads, Way::Mio, 0.85)];

#[rustfmt::skip]
const LOADS: &[Load] = &[
    Load { name: "trips-1", unit: "round trips", run: |at, time| load::trips::run(at, 1, time), receive: KIB, bare: SMALL, required: TRIPS },
    Load { name: "trips-64", unit: "round trips", run: |at, time| load::trips::run(at, 64, time), receive: KIB, bare: SMALL, required: TRIPS },
    Load { name: "trips-1000", unit: "round trips", run: |at, time| load::trips::run(at, 1_000, time), receive: KIB, bare: SMALL, required: TRIPS },
    Load { name: "churn", unit: "connections", run: load::churn::run, receive: KIB, bare: SMALL, required: CHURN },
    Load { name: "flood-1-1k", unit: "bytes", run: |at, time| load::flood::run(at, 1, time), receive: KIB, bare: SMALL, required: FLOOD },
    Load { name: "flood-16-1k", unit: "bytes", run: |at, time| load::flood::run(at, 16, time), receive: KIB, bare: SMALL, required: FLOOD },
    Load { name: "flood-1-64k", unit: "bytes", run: |at, time| load::flood::run(at, 1, time), receive: 64 * KIB, bare: LARGE, required: LARGE_FLOOD },
    Load { name: "flood-16-64k", unit: "bytes", run: |at, time| load::flood::run(at, 16, time), receive: 64 * KIB, bare: LARGE, required: LARGE_FLOOD },
];

/// The name of what is measured with many idle connections.
const CROWD: &str = "crowd";

/// Who is measured with many idle connections, and how many bytes each of these may take.
const CROWDS: &[(Way, usize, Option<u64>)] = &[
    (Way::OursThreads, KIB, Some(12 << 10)),
    (Way::Std, KIB, None),
    (Way::Tokio, 4 * KIB, None),
    (Way::Mio, 4 * KIB, None),
];

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(way) = options.serve {
        return serve(Subject { way, receive: options.receive });
    }
    let chosen = |load: &&Load| options.only.is_empty() || options.only.iter().any(|part| load.name.contains(part));
    let mut failed = Vec::new();
    for load in LOADS.iter().filter(chosen) {
        match load.measure(&options) {
            Ok(true) => {}
            Ok(false) => failed.push(load.name),
            Err(error) => {
                println!("  {error}");
                failed.push(load.name);
            }
        }
    }
    if options.only.is_empty() || options.only.iter().any(|part| CROWD.contains(part)) {
        println!("\n{CROWD}: many idle connections");
        let subjects = CROWDS.iter().filter(|(way, ..)| options.servers.is_empty() || options.servers.contains(way));
        for (way, receive, most) in subjects {
            match crowd::measure(Subject { way: *way, receive: *receive }, *most) {
                Ok(true) => {}
                Ok(false) => failed.push(CROWD),
                Err(error) => {
                    println!("  {error}");
                    failed.push(CROWD);
                }
            }
        }
    }
    match failed.as_slice() {
        [] => println!("\nPASS"),
        failed => println!("\nFAIL: {}", failed.join(", ")),
    }
    if failed.is_empty() || options.report_only { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a server did in each round.
#[derive(Default)]
struct Results {
    /// How many a second.
    rates: Vec<f64>,
    /// The processor's time for each of them, in seconds.
    costs: Vec<f64>,
}

impl Load {
    /// Measures all servers, prints what they did, and says whether it is enough.
    fn measure(&self, options: &Options) -> io::Result<bool> {
        println!("\n{}: {} a second, {} rounds of {} s", self.name, self.unit, options.rounds, options.seconds);
        let time = Duration::try_from_secs_f64(options.seconds).map_err(io::Error::other)?;
        let ours = OURS.iter().map(|way| (*way, self.receive));
        let subjects = ours.chain(self.bare.iter().copied()).map(|(way, receive)| Subject { way, receive });
        let servers: Vec<_> = subjects
            .filter(|subject| options.servers.is_empty() || options.servers.contains(&subject.way))
            .map(Running::start)
            .collect::<io::Result<_>>()?;
        let mut results: Vec<Results> = servers.iter().map(|_| Results::default()).collect();
        // The first is to warm up: memory that is asked for once, ports, threads.
        for round in 0..=options.rounds {
            for turn in 0..servers.len() {
                let number = (round + turn) % servers.len();
                let (server, results) = (&servers[number], &mut results[number]);
                server.settle();
                let before = server.processor();
                let done = (self.run)(server.address, time)
                    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", server.subject)))?;
                let used = server.processor() - before;
                if round > 0 {
                    results.rates.push(done.count as f64 / done.time.as_secs_f64());
                    results.costs.push(used.as_secs_f64() / (done.count as f64).max(1.0));
                }
            }
        }
        let ways: Vec<_> = servers.iter().map(|server| server.subject.way).collect();
        let mut good = true;
        for (server, result) in servers.iter().zip(&results) {
            print!(
                "  {:<18} {:>14.0} {:>9.2} µs of the processor",
                server.subject.to_string(),
                median(&result.rates),
                median(&result.costs) * 1e6 * if self.unit == "bytes" { 1e3 } else { 1.0 },
            );
            for (_, reference, required) in self.required.iter().filter(|(way, ..)| *way == server.subject.way) {
                let Some(other) = ways.iter().position(|way| way == reference).map(|at| &results[at]) else { continue };
                let mut ratios: Vec<_> =
                    result.rates.iter().zip(&other.rates).map(|(ours, bare)| ours / bare).collect();
                ratios.sort_by(f64::total_cmp);
                let ratio = median(&ratios);
                let enough = ratio >= *required;
                good &= enough;
                let range = ratios.first().zip(ratios.last());
                let (least, most) = range.unwrap_or((&0.0, &0.0));
                print!(
                    "   {ratio:.2} ({least:.2} to {most:.2}) × {reference:?}, {required} required: {}",
                    if enough { "pass" } else { "FAIL" }
                );
            }
            println!();
        }
        Ok(good)
    }
}

fn median(all: &[f64]) -> f64 {
    let mut all = all.to_vec();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
