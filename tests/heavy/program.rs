//! `socketscope serve`, in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use procfs::process::Process;

use crate::tools::{BACKLOG, process, wait_for};

/// The models, as in a terminal.
pub const MODELS: [&str; 3] = ["threads", "single", "events"];

/// A server that runs; it is ended by force if its test fails.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    /// The lines of its log so far.
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts it in a shell that has done `first`, for limits, and waits until it listens.
    pub fn serve(first: &str, model: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_socketscope");
        let script = format!(
            "{first}; exec '{program}' serve :0 --pause 0 --backlog {BACKLOG} --max-connections 12000 --model {model}"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let read = {
            let (lines, log) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::clone(&log));
            move || {
                for line in lines {
                    log.lock().unwrap_or_else(PoisonError::into_inner).push(line.expect("text"));
                }
            }
        };
        let reader = std::thread::Builder::new().name("log".to_owned()).spawn(read).expect("thread");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.strip_prefix("listening on ").expect("where it listens").trim_end();
        Self { child, address: address.parse().expect("an address"), log, reader: Some(reader) }
    }

    pub fn process(&self) -> Process {
        process(self.child.id())
    }

    /// How many lines of the log contain this.
    pub fn said(&self, words: &str) -> usize {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|line| line.contains(words)).count()
    }

    #[track_caller]
    pub fn wait_said(&self, words: &str) {
        wait_for(words, || self.said(words) > 0);
    }

    /// Ends it by a signal: it ends cleanly. Its log is whole then.
    #[track_caller]
    pub fn end(&mut self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        assert_eq!(self.child.wait().expect("ended").code(), Some(0));
        if let Some(reader) = self.reader.take() {
            reader.join().expect("read");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
