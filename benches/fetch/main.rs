//! How fast `socketscope fetch URL -o FILE` is beside `curl -s -o FILE URL`: a large file and a tiny one, from nginx on this
//! computer to a folder in memory. `cargo bench --bench fetch`, see `benches/README.md`.
//!
//! Machines are shared: both are measured in turn, round after round, each round in the other order, and what is compared is
//! what they did in the same round; the median of these ratios counts.
#![allow(clippy::print_stdout, reason = "it is run to be read")]

mod server;

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use socketscope::net::fetch::{self, Destination, Fetch};
use socketscope::net::report::Waker;
use socketscope::recording::Recorder;
use wait4::Wait4 as _;

use server::Server;

/// Compares `fetch` with curl.
#[derive(Debug, Parser)]
struct Options {
    /// How often each fetches the large file
    #[arg(long, value_name = "N", default_value_t = 7)]
    large: usize,
    /// How often each fetches the tiny file
    #[arg(long, value_name = "N", default_value_t = 60)]
    small: usize,
    /// The program that is measured
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_socketscope"))]
    program: PathBuf,
    /// End well also where something is not reached
    #[arg(long)]
    report_only: bool,
    /// Said by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// The most memory that a fetch may have, in bytes.
const MOST_MEMORY: u64 = 10 << 20;

/// A file that is fetched, and the most that we may take of what curl takes.
struct Load {
    name: &'static str,
    len: u64,
    time: f64,
    cpu: Option<f64>,
}

const LARGE: Load = Load { name: "1 GiB", len: 1 << 30, time: 0.65, cpu: Some(0.65) };
const SMALL: Load = Load { name: "1 KiB", len: 1 << 10, time: 0.4, cpu: None };

/// The least that the window's fetch may reach of the terminal's.
const WINDOW: f64 = 0.9;

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    time: Duration,
    cpu: Duration,
    /// The most memory that it had at once, in bytes.
    memory: u64,
}

/// As the first argument: run what follows and print what it took.
const LAUNCH: &str = "launch";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let done = if arguments.next().is_some_and(|first| first == LAUNCH) { launch(arguments) } else { compare() };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn compare() -> io::Result<ExitCode> {
    let options = Options::parse();
    let reached = measure(&options)?;
    println!("\n{}", if reached { "PASS" } else { "FAIL" });
    Ok(if reached || options.report_only { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures everything, and says whether all is reached.
fn measure(options: &Options) -> io::Result<bool> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { tempfile::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("fetch-bench").tempdir_in(folder)?;
    let server = Server::start(folder.path())?;
    // As it is installed, and as curl was: how the linker wrote it, a program starts more slowly.
    let installed = tempfile::tempdir()?;
    let program = installed.path().join("socketscope");
    fs::copy(&options.program, &program)?;
    let mut reached = true;
    println!("                     curl        ours   ratio  at most");
    for (load, rounds) in [(LARGE, options.large), (SMALL, options.small)] {
        server.has(load.name, load.len)?;
        let mut took = [Vec::new(), Vec::new()];
        for round in 0..rounds {
            for which in [round % 2, (round + 1) % 2] {
                took[which].push(run(which, &load, &server, &program)?);
            }
        }
        reached &= load.show(&took);
    }
    Ok(reached & window(options.large, &server, &program)?)
}

/// Compares the fetch of the window, which records as much as a person never changed, with that of the terminal.
fn window(rounds: usize, server: &Server, program: &Path) -> io::Result<bool> {
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let terminal = run(1, &LARGE, server, program)?.time;
        let path = server.folder().join("window");
        let destination = Some(Destination { path: path.clone(), resume: false, keep_partial: false });
        let options = fetch::Options { destination, keep_transferred: true, ..Default::default() };
        let recorder = Recorder::new(Recorder::BUDGET);
        let begun = Instant::now();
        let fetch = Fetch::start(&server.url(LARGE.name), options, &recorder, Waker::none());
        if !fetch.inbox().wait_end(Duration::from_secs(600)) {
            return Err(io::Error::other("the fetch does not end"));
        }
        let time = begun.elapsed();
        if !same(&path, &server.path(LARGE.name))? {
            return Err(io::Error::other("not what the server has"));
        }
        fs::remove_file(path)?;
        ratios.push(terminal.as_secs_f64() / time.as_secs_f64());
    }
    let ratio = median(ratios);
    let reached = ratio >= WINDOW;
    println!(
        "{} in the window, as fast as {ratio:.3} of the terminal's, {WINDOW} required: {}",
        LARGE.name,
        word(reached)
    );
    Ok(reached)
}

/// Runs `command` and prints what it took: microseconds of time and of CPU, bytes of memory.
///
/// In a process of its own, as the memory of a program is at least that of the one which starts it.
fn launch(mut command: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    let program = command.next().ok_or(io::ErrorKind::InvalidInput)?;
    let begun = Instant::now();
    let used = Command::new(program).args(command).stdout(Stdio::null()).spawn()?.wait4()?;
    let time = begun.elapsed();
    if !used.status.success() {
        return Err(io::Error::other(used.status.to_string()));
    }
    let cpu = used.rusage.utime + used.rusage.stime;
    println!("{} {} {}", time.as_micros(), cpu.as_micros(), used.rusage.maxrss);
    Ok(ExitCode::SUCCESS)
}

/// One run of curl, 0, or of ours, 1.
fn run(which: usize, load: &Load, server: &Server, program: &Path) -> io::Result<Took> {
    let (url, target) = (server.url(load.name), server.folder().join(["curl", "ours"][which]));
    let mut command = Command::new(env::current_exe()?);
    command.arg(LAUNCH).arg(if which == 0 { Path::new("curl") } else { program });
    command.arg(["-s", "fetch"][which]).arg(url).arg("-o").arg(&target);
    // What is said goes to a file, as nobody reads it.
    let said = server.folder().join("said");
    let launched = command.stdin(Stdio::null()).stderr(File::create(&said)?).output()?;
    let took: Vec<u64> =
        String::from_utf8_lossy(&launched.stdout).split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let &[time, cpu, memory] = took.as_slice() else {
        return Err(io::Error::other(format!("{command:?}: {}\n{}", launched.status, fs::read_to_string(said)?)));
    };
    if !same(&target, &server.path(load.name))? {
        return Err(io::Error::other(format!("{command:?}: not what the server has")));
    }
    // Each writes a new file in each run.
    fs::remove_file(target)?;
    Ok(Took { time: Duration::from_micros(time), cpu: Duration::from_micros(cpu), memory })
}

/// Whether two files have the same bytes.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    const PIECE: usize = 64 << 10;
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let n = one.read(&mut left)?;
        if n == 0 {
            return Ok(true);
        }
        other.read_exact(&mut right[..n])?;
        if left[..n] != right[..n] {
            return Ok(false);
        }
    }
}

impl Load {
    /// Prints what curl and ours took, and says whether ours took little enough.
    fn show(&self, took: &[Vec<Took>; 2]) -> bool {
        let time = self.show_ratio("time", took, |one| one.time, Some(self.time));
        let cpu = self.show_ratio("CPU", took, |one| one.cpu, self.cpu);
        let [curl, ours] = [0, 1].map(|which| took[which].iter().map(|one| one.memory).max().unwrap_or_default());
        let fits = ours <= MOST_MEMORY;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        println!("{} memory {:7.1} MiB {:7.1} MiB          10 MiB  {}", self.name, mib(curl), mib(ours), word(fits));
        time && cpu && fits
    }

    fn show_ratio(&self, what: &str, took: &[Vec<Took>; 2], of: fn(&Took) -> Duration, most: Option<f64>) -> bool {
        let [curl, ours] = [0, 1].map(|which| took[which].iter().map(|one| of(one).as_secs_f64()).collect::<Vec<_>>());
        let ratio = median(curl.iter().zip(&ours).map(|(curl, ours)| ours / curl).collect());
        let reached = most.is_none_or(|most| ratio <= most);
        let bound = most.map_or_else(String::new, |most| format!("{most:7.2}  {}", word(reached)));
        let [curl, ours] = [curl, ours].map(|times| median(times) * 1_000.0);
        println!("{} {what:<6} {curl:8.2} ms {ours:8.2} ms  {ratio:6.3} {bound}", self.name);
        reached
    }
}

/// The middle one; of none, nothing that could be compared.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn word(good: bool) -> &'static str {
    if good { "pass" } else { "FAIL" }
}
