//! What the tests share.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use procfs::process::Process;
use socketscope::net::report::Waker;
use socketscope::net::server::{Model, Server, Settings};
use socketscope::recording::Recorder;

/// After this long a test has failed. Nothing that passes takes it.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Who may wait to be accepted: nobody of those who come at once is lost.
pub const BACKLOG: u32 = 4_096;

/// The models that serve many at once.
pub const MODELS: [(&str, Model); 2] = [("events", Model::Events), ("threads", Model::Threads)];

/// A line for who reads the results; the harness would keep it to itself.
pub fn tell(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "  {text}");
}

/// This program again, to run one of its tests alone.
fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "--nocapture", test]);
    command
}

/// Runs the test of this name for each model, each time in a process of its own: what it costs is its own.
pub fn for_each_model(test: &str, body: impl FnOnce(Model)) {
    const NAME: &str = "HEAVY_MODEL";
    socketscope::net::limits::raise();
    if let Ok(name) = std::env::var(NAME) {
        let (name, model) = MODELS.into_iter().find(|(one, _)| *one == name).expect("a model");
        tell(&format!("{test}, {name}"));
        return body(model);
    }
    for (name, _) in MODELS {
        let ended = again(test).env(NAME, name).stderr(Stdio::inherit()).output().expect("started");
        assert!(ended.status.success(), "{test}, {name}: {}", String::from_utf8_lossy(&ended.stdout));
    }
}

pub fn settings(model: Model) -> Settings {
    Settings {
        model,
        pause: Duration::ZERO,
        backlog: BACKLOG,
        most_connections: socketscope::net::server::MOST_CONNECTIONS,
        ..Settings::default()
    }
}

/// A server that listens and records.
pub fn serve(settings: Settings) -> (Server, SocketAddr, Arc<Recorder>) {
    let recorder = Recorder::new(Recorder::BUDGET);
    let server = Server::start("127.0.0.1", 0, settings, &recorder, Waker::none());
    let address = server.wait_listening().expect("listening");
    (server, address, recorder)
}

/// Waits until `happened`; for what has no event.
#[track_caller]
pub fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !happened() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Stops a server: it ends at once, all of it, and its port is free.
pub fn stop(server: &Server, address: SocketAddr) {
    let begin = Instant::now();
    server.stop();
    server.wait_stopped();
    tell(&format!("stopped in {:?}", begin.elapsed()));
    assert_eq!(server.totals().open, 0);
    std::net::TcpListener::bind(address).expect("the port is free");
}

/// A process: this one, or one that was started here.
pub fn process(id: u32) -> Process {
    Process::new(i32::try_from(id).expect("an id")).expect("a process")
}

pub fn this() -> Process {
    Process::myself().expect("this process")
}

/// Bytes of its memory that are there, and the most that ever were.
pub fn memory(process: &Process) -> (u64, u64) {
    let status = process.status().expect("status");
    (status.vmrss.expect("known") << 10, status.vmhwm.expect("known") << 10)
}

/// How many descriptors and threads it has.
pub fn holdings(process: &Process) -> (usize, usize) {
    (process.fd_count().expect("descriptors"), process.tasks().expect("threads").count())
}

/// What a process did in a second.
#[derive(Debug)]
pub struct Second {
    /// The processor's time that it used.
    pub used: Duration,
    /// The processor's time that who does not rest could have: less than a second where others work as well.
    pub all: Duration,
    /// How often one of its threads went to sleep.
    pub rests: u64,
}

/// Looks at a process for a second.
pub fn second(process: &Process) -> Second {
    let (before, rested) = (processor(process), rests(process));
    // Beside a thread that does not rest.
    let (own, begin) = (processor(&this()), Instant::now());
    while begin.elapsed() < Duration::from_secs(1) {
        std::hint::spin_loop();
    }
    let all = processor(&this()) - own;
    Second { used: processor(process) - before, all, rests: rests(process) - rested }
}

/// The processor's time that it has used.
fn processor(process: &Process) -> Duration {
    let stat = process.stat().expect("stat");
    Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
}

/// How often its threads have gone to sleep.
fn rests(process: &Process) -> u64 {
    let tasks = process.tasks().expect("threads").filter_map(Result::ok);
    tasks.filter_map(|task| task.status().ok()?.voluntary_ctxt_switches).sum()
}

/// Clients that connect, are welcomed, and stay: in a process of their own, which ends with its standard input.
pub struct Crowd {
    child: Child,
    commands: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

const CROWD: &str = "HEAVY_CROWD";

impl Crowd {
    /// Comes back once all of them have been welcomed.
    pub fn of(clients: usize, address: SocketAddr) -> Self {
        let mut child = again("tools::the_clients_of_the_other_tests")
            .env(CROWD, format!("{clients} {address}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let mut crowd = Self { commands: child.stdin.take(), child, said };
        crowd.hear("welcomed");
        crowd
    }

    /// Until it says this.
    #[track_caller]
    fn hear(&mut self, wanted: &str) {
        let mut all = String::new();
        while !all.ends_with(&format!("{wanted}\n")) {
            assert_ne!(self.said.read_line(&mut all).expect("a line"), 0, "{wanted:?} was not said: {all}");
        }
    }

    /// Waits until the server has closed every connection; nothing came before.
    #[track_caller]
    pub fn all_ended(mut self) {
        writeln!(self.commands.as_mut().expect("piped"), "end").expect("told");
        self.hear("all have ended");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.commands.take());
        // It has been told to end.
        _ = self.child.wait();
    }
}

#[test]
#[ignore = "heavy: only as a part of others"]
fn the_clients_of_the_other_tests() {
    let Ok(wanted) = std::env::var(CROWD) else { return };
    socketscope::net::limits::raise();
    let (count, address) = wanted.split_once(' ').expect("how many, and where");
    let count: usize = count.parse().expect("a number");
    let address: SocketAddr = address.parse().expect("an address");
    let clients: Vec<_> = (0..count).map(|_| crate::good::welcomed(address)).collect();
    let mut out = std::io::stdout();
    writeln!(out, "welcomed").expect("said");
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).expect("a line") > 0 {
        clients.into_iter().for_each(crate::good::ended);
        writeln!(out, "all have ended").expect("said");
    }
}
