//! The servers that are compared, each in a process of its own: what it costs is its own, and it is alone with its memory.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use socketscope::net::server::Model;

use crate::bare;
use crate::ours::Ours;

/// A way to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// The library's server, a thread for each connection.
    OursThreads,
    /// The library's server, one thread for all connections.
    OursEvents,
    /// The bare one with a thread for each connection.
    Std,
    /// The bare one with a task for each connection, all in one thread.
    Tokio,
    /// The same in two threads.
    Tokio2,
    /// The bare one with one thread and an event loop.
    Mio,
}

impl Way {
    /// As it is given on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A server, and how much it reads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub way: Way,
    pub receive: usize,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}k", self.way.name(), self.receive >> 10)
    }
}

/// The server's own process: says its port on standard output, and ends when standard input does. The line `stop` stops
/// ours, and what comes then is how many microseconds that took.
pub fn serve(subject: Subject) -> ExitCode {
    let served = match subject.way {
        Way::OursThreads => ours(Model::Threads, subject.receive),
        Way::OursEvents => ours(Model::Events, subject.receive),
        Way::Std => until_told(|| bare::threads::run(subject.receive, ready)),
        Way::Tokio => until_told(|| bare::tokio::run(1, subject.receive, ready)),
        Way::Tokio2 => until_told(|| bare::tokio::run(2, subject.receive, ready)),
        Way::Mio => until_told(|| bare::mio::run(subject.receive, ready)),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{subject}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ready(port: u16) -> io::Result<()> {
    say(port)
}

fn say(what: impl fmt::Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{what}")?;
    out.flush()
}

/// Ends the process when standard input ends.
fn until_told(run: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    std::thread::Builder::new().name("end".to_owned()).spawn(|| {
        // Whatever comes, the process ends.
        _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    })?;
    run()
}

fn ours(model: Model, receive: usize) -> io::Result<()> {
    let mut server = Ours::start(model, receive, 0)?;
    say(server.port())?;
    for line in io::stdin().lines() {
        if line? == "stop" {
            let (took, port) = (server.stop(), server.port());
            // The port must be free at once.
            server = Ours::start(model, receive, port)?;
            say(took.as_micros())?;
        }
    }
    // It is not stopped with care: whoever measures has seen what it wanted.
    std::process::exit(0);
}

/// A server that runs.
pub struct Running {
    pub subject: Subject,
    child: Child,
    said: BufReader<ChildStdout>,
    commands: Option<ChildStdin>,
    pub address: SocketAddr,
}

impl Running {
    /// Starts this program again, as a server.
    pub fn start(subject: Subject, on_one_core: bool) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", &subject.way.name(), "--receive", &subject.receive.to_string()])
            .args(on_one_core.then_some("--on-one-core"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(out), commands) = (child.stdout.take(), child.stdin.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut running = Self { subject, child, said: BufReader::new(out), commands, address };
        let port = running.number()?;
        running.address.set_port(port);
        Ok(running)
    }

    /// The next line that the server says.
    fn number<T: std::str::FromStr>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        line.trim().parse().map_err(|_| io::Error::other(format!("{} said “{}”", self.subject, line.trim())))
    }

    /// How long its stopping took; it serves again.
    pub fn stop(&mut self) -> io::Result<Duration> {
        self.commands.as_mut().ok_or(ErrorKind::BrokenPipe)?.write_all(b"stop\n")?;
        Ok(Duration::from_micros(self.number()?))
    }

    /// How many bytes of its memory are there.
    #[cfg(target_os = "linux")]
    pub fn memory(&self) -> io::Result<u64> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        let status =
            procfs::process::Process::new(id).and_then(|process| process.status()).map_err(io::Error::other)?;
        Ok(status.vmrss.unwrap_or_default() << 10)
    }

    /// Unknown elsewhere.
    #[cfg(not(target_os = "linux"))]
    pub fn memory(&self) -> io::Result<u64> {
        Err(ErrorKind::Unsupported.into())
    }

    /// The processor's time that it has used.
    #[cfg(target_os = "linux")]
    pub fn processor(&self) -> Duration {
        let stat =
            i32::try_from(self.child.id()).ok().and_then(|id| procfs::process::Process::new(id).ok()?.stat().ok());
        stat.map_or(Duration::ZERO, |stat| {
            Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
        })
    }

    /// Unknown elsewhere.
    #[cfg(not(target_os = "linux"))]
    pub fn processor(&self) -> Duration {
        Duration::ZERO
    }

    /// Waits until it does nothing any more.
    pub fn settle(&self) {
        let begin = Instant::now();
        let mut before = self.processor();
        while begin.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(60));
            let now = self.processor();
            if now == before {
                return;
            }
            before = now;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.commands.take());
        // It has been told to end.
        _ = self.child.wait();
    }
}
