//! The program itself, as a person or a script runs it in a terminal.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::tools::{Client, LIMIT, accept, listener, quick, serve};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_socketscope");

/// A program that ends with its test, or by force where it would keep the test waiting.
pub struct Running {
    pub child: Child,
    /// Dropped with it, which ends the watch.
    _watch: Sender<Infallible>,
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("started");
        let id = child.id().to_string();
        let (watch, ended) = bounded(0);
        let guard = move || {
            if ended.recv_timeout(2 * LIMIT) == Err(RecvTimeoutError::Timeout) {
                _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        };
        std::thread::Builder::new().name("watch".to_owned()).spawn(guard).expect("thread");
        Self { child, _watch: watch }
    }

    fn output(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().expect("piped"))
    }

    /// Its exit code and what it wrote, once it has ended by itself.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut out).expect("text");
        }
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut err).expect("text");
        }
        (self.child.wait().expect("ended").code(), out, err)
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }
}

/// `socketscope serve`, once it accepts.
pub fn serving(args: &[&str]) -> (Running, SocketAddr, BufReader<ChildStdout>) {
    serving_as(Command::new(PROGRAM).arg("serve").args(args))
}

pub fn serving_as(command: &mut Command) -> (Running, SocketAddr, BufReader<ChildStdout>) {
    let mut running = Running::start(command);
    let mut out = running.output();
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let Some(address) = line.strip_prefix("listening on ") else {
        panic!("{line:?}: {:?}", running.end());
    };
    let address = address.trim_end().parse().expect("an address");
    (running, address, out)
}

pub fn run(args: &[&str], input: &[u8]) -> Output {
    let mut running = Running::start(Command::new(PROGRAM).args(args));
    let mut stdin = running.child.stdin.take().expect("piped");
    // It may end without reading it.
    _ = stdin.write_all(input);
    drop(stdin);
    let mut child = running;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    child.child.stdout.take().expect("piped").read_to_end(&mut out).expect("read");
    child.child.stderr.take().expect("piped").read_to_end(&mut err).expect("read");
    Output { status: child.child.wait().expect("ended"), stdout: out, stderr: err }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\n", "\n")
}

#[test]
#[cfg(unix)]
fn serve_stops_also_while_nobody_takes_its_log() {
    let (mut running, address, _out) = serving(&["127.0.0.1:0", "--pause", "0"]);
    // Nobody reads standard error: its pipe is full after 64 KiB, which is some 500 connections.
    for _ in 0..700 {
        let mut client = Client::to(address);
        client.hear("Welcome!");
    }
    running.signal("-TERM");
    assert_eq!(running.child.wait().expect("ended").code(), Some(0));
    std::net::TcpListener::bind(address).expect("the port is free");
}

#[test]
#[cfg(unix)]
fn chat_says_that_the_tutorial_was_not_played_to_its_end() {
    let (listener, address) = listener();
    let mut running = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string(), "--tutorial"]));
    let mut server = accept(&listener);
    server.say("Welcome!");
    server.hear("Michael");
    drop((server, running.child.stdin.take()));
    let (code, out, err) = running.end();
    assert_eq!((code, out.as_str()), (Some(1), "Welcome!"), "{err}");
    assert!(err.contains("The tutorial was not played to its end"), "{err}");
}

#[test]
#[cfg(unix)]
fn serve_tells_where_it_listens_logs_what_happens_and_stops_by_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let (running, address, _out) = serving(&["127.0.0.1:0", "--pause", "0"]);
        let mut client = Client::to(address);
        let peer = client.address();
        client.hear("Welcome!");
        client.say("Michael");
        client.hear("Hello, Michael!");
        client.say("exit");
        client.hear_end();
        let mut idle = Client::to(address);
        idle.hear("Welcome!");
        running.signal(signal);
        idle.hear_end();
        let (code, _, log) = running.end();
        assert_eq!(code, Some(0), "{log}");
        for line in [
            format!("Accept new connection from {peer}"),
            format!("Connection from {peer} closed: exit"),
            format!("Connection from {} closed: stopped", idle.address()),
            "2 connections, 1 greeting, 11 B in, 31 B out".to_owned(),
        ] {
            let found = log.lines().find(|one| one.ends_with(&line));
            let stamp = found.unwrap_or_else(|| panic!("{line:?} is missing in\n{log}")).strip_suffix(&line);
            assert_eq!(stamp.expect("found").len(), "2026-11-22 12:34:56.789 ".len(), "{log}");
        }
    }
}

#[test]
fn serve_takes_every_setting() {
    let (_running, address, _out) = serving(&[
        "0",
        "--pause=0",
        "--framing=line",
        "--welcome=Hi\n",
        "--reply={n} {message}",
        "--receive-size=2",
        "--backlog=7",
        "--max-connections=1",
        "--quiet",
    ]);
    assert_eq!(address.ip().to_string(), "127.0.0.1");
    let mut client = Client::to(address);
    client.hear("Hi\n");
    client.say("Michael\nTra");
    client.hear("1 Michael\n");
    client.say("cy\r\n");
    client.hear("2 Tracy\r\n");
}

#[test]
fn serve_answers_by_rules_ready_made_or_of_a_file_and_misbehaves() {
    let (_running, address, _out) = serving(&[":0", "--pause=0", "--rules=echo"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("exit\n");
    client.hear("exit\n");
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, "[[rule]]\npattern = \"a\"\nwith = \"b\"\n").expect("written");
    let (_running, address, _out) = serving(&[":0", "--pause=0", "--rules", file.to_str().expect("a path")]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("a\nb\n");
    client.hear("b\nHello, b!\n");
    let (_running, address, _out) = serving(&[":0", "--pause=0", "--misbehave=glue=2,drip=1", "--misbehave=stall=2"]);
    let mut client = Client::to(address);
    client.hear("Welcome!");
    client.say("a\nb\nc\n");
    client.hear("Hello, a!\nHello, b!\n");
    assert_eq!(run(&["serve", ":0", "--misbehave=rude"], b"").status.code(), Some(2));
    std::fs::write(&file, "[[rule]]\nwhom = 1\n").expect("written");
    for (rules, part) in [(file.to_str().expect("a path"), "whom"), ("/nowhere", "/nowhere")] {
        let ended = run(&["serve", ":0", "--rules", rules], b"");
        let err = text(&ended.stderr);
        assert!(ended.status.code() == Some(1) && err.contains(part) && ended.stdout.is_empty(), "{err}");
    }
}

#[test]
fn serve_behaves_as_a_profile_says_unless_an_option_says_otherwise() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("mine.toml");
    let profile = "address = 'localhost'\nport = 0\n[server]\npause = 0\nwelcome = 'Hi!'\nreply = '<{message}>'\n\
                   [server.misbehave]\nstall_after = 1\n[[server.rules]]\npattern = 'a'\nwith = 'b'\n";
    std::fs::write(&file, profile).expect("written");
    let path = file.to_str().expect("a path");
    let (_running, address, _out) = serving(&["--profile", path]);
    assert!(address.ip().is_loopback() && address.port() != 9_999);
    let mut client = Client::to(address);
    client.hear("Hi!");
    client.say("a\n");
    client.hear("b\n");
    let (_running, address, _out) =
        serving(&["127.0.0.1:0", "--profile", path, "--reply=[{message}]", "--misbehave=glue=2"]);
    let mut client = Client::to(address);
    client.hear("Hi!");
    client.say("a\nc\n");
    client.hear("b\n[c]\n");
    // Rules that want no welcome take away that of the profile.
    let (_running, address, _out) = serving(&["--profile", path, "--rules=http", "--misbehave=glue=1"]);
    let mut client = Client::to(address);
    client.say("GET / HTTP/1.1\r\n\r\n");
    client.hear("HTTP/1.1 200 OK");
    std::fs::write(&file, "port = 0\n[server]\nmodel = 'both'\n").expect("written");
    for (profile, part) in [(path, "line 3, column 9: unknown variant `both`"), ("/nowhere", "/nowhere")] {
        let ended = run(&["serve", "--profile", profile], b"");
        let err = text(&ended.stderr);
        assert!(ended.status.code() == Some(1) && err.contains(part) && ended.stdout.is_empty(), "{err}");
        assert!(err.contains(profile) && err.lines().count() == 1, "{err}");
    }
}

#[test]
#[cfg(unix)]
fn quiet_is_quiet_and_a_closed_standard_error_harms_nobody() {
    let (running, address, _out) = serving(&[":0", "--pause=0", "--quiet"]);
    Client::to(address).hear("Welcome!");
    running.signal("-TERM");
    let (code, out, err) = running.end();
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));

    let (mut running, address, out) = serving(&[":0", "--pause=0"]);
    drop((running.child.stderr.take(), out));
    for _ in 0..3 {
        let mut client = Client::to(address);
        client.hear("Welcome!");
        client.say("exit");
        client.hear_end();
    }
    running.signal("-TERM");
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn serve_that_cannot_listen_says_one_line_and_exits_with_1() {
    let (_listener, address) = listener();
    let ended = run(&["serve", &address.to_string()], b"");
    let err = text(&ended.stderr);
    assert_eq!((ended.status.code(), text(&ended.stdout).as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
    assert!(err.contains(&address.to_string()) && err.contains("in use"), "{err}");
    let ended = run(&["serve", "127.0.0.1:x"], b"");
    let err = text(&ended.stderr);
    assert_eq!((ended.status.code(), err.lines().count()), (Some(1), 1), "{err}");
}

#[test]
fn arguments_that_make_no_sense_are_refused_and_help_is_given() {
    for args in [
        ["serve", "--pause=-1"],
        ["serve", "--pause=soon"],
        ["serve", "--framing=x"],
        ["serve", "--receive-size=0"],
        ["serve", "--receive-size=65537"],
        ["serve", "--max-connections=12001"],
        ["chat", "--eol=cr"],
        ["chat", "--linger=x"],
        ["dance", "127.0.0.1"],
        ["chat", "--tutorial"],
        ["chat", "--send-file"],
    ] {
        let ended = run(&args, b"");
        assert_eq!(ended.status.code(), Some(2), "{args:?}");
        assert!(text(&ended.stderr).contains("error:"), "{args:?}");
    }
    for args in [&["--help"][..], &["serve", "--help"], &["chat", "--help"]] {
        let ended = run(args, b"");
        assert_eq!(ended.status.code(), Some(0), "{args:?}");
        assert!(text(&ended.stdout).contains("Usage: socketscope"), "{args:?}");
    }
    let ended = run(&["--version"], b"");
    assert_eq!(text(&ended.stdout), format!("socketscope {}\n", env!("CARGO_PKG_VERSION")));
}

/// The names of its threads.
#[cfg(target_os = "linux")]
fn threads(running: &Running) -> Vec<String> {
    std::fs::read_dir(format!("/proc/{}/task", running.child.id()))
        .expect("tasks")
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .collect()
}

#[test]
#[cfg(target_os = "linux")]
fn every_connection_has_a_thread_of_its_name_and_few_stay_for_the_next() {
    let (running, address, _out) = serving(&[":0", "--pause=0", "--backlog=100"]);
    let mut clients: Vec<_> = (0..50).map(|_| Client::to(address)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
    let names = threads(&running);
    for n in 1..=50 {
        assert!(names.contains(&format!("conn-{n}")), "{names:?}");
    }
    drop(clients);
    let conns = || threads(&running).iter().filter(|name| name.starts_with("conn-")).count();
    crate::tools::wait_for("the end of most threads", || conns() == 32);
    // They are what serves the next ones.
    let mut clients: Vec<_> = (0..10).map(|_| Client::to(address)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
    assert_eq!(conns(), 32);
}

/// How many of its connections' threads interrupt others when something has come for them, and how many do not.
#[cfg(target_os = "linux")]
fn quick_and_patient(running: &Running) -> (usize, usize) {
    let process = procfs::process::Process::new(running.child.id() as i32).expect("process");
    let threads = process.tasks().expect("tasks").filter_map(|task| task.ok()?.stat().ok());
    let policies: Vec<_> = threads.filter(|one| one.comm.starts_with("conn-")).filter_map(|one| one.policy).collect();
    let count = |policy| policies.iter().filter(|one| **one == policy).count();
    (count(libc::SCHED_OTHER as u32), count(libc::SCHED_BATCH as u32))
}

#[test]
#[cfg(target_os = "linux")]
fn who_serves_one_of_more_clients_than_there_are_processors_does_not_interrupt_the_others() {
    let processors = std::thread::available_parallelism().expect("known").get();
    let (running, address, _out) = serving(&[":0", "--pause=0", "--backlog=100"]);
    let client = || {
        let mut client = Client::to(address);
        client.hear("Welcome!");
        client
    };
    let few: Vec<_> = (0..processors).map(|_| client()).collect();
    assert_eq!(quick_and_patient(&running), (processors, 0));
    let more: Vec<_> = (0..2).map(|_| client()).collect();
    assert_eq!(quick_and_patient(&running), (processors, 2));
    drop((few, more));
    // Each of the threads has one client after the other alone now.
    crate::tools::wait_for("all to be quick again", || {
        client();
        quick_and_patient(&running).1 == 0
    });
}

#[test]
#[cfg(target_os = "linux")]
fn without_descriptors_clients_wait_and_it_is_said_once() {
    let script = format!("ulimit -n 24; exec '{PROGRAM}' serve :0 --pause 0 --backlog 100");
    let (mut running, address, _out) = serving_as(Command::new("sh").args(["-c", &script]));
    let mut clients: Vec<_> = (0..40).map(|_| Client::to(address)).collect();
    let mut err = BufReader::new(running.child.stderr.take().expect("piped"));
    let mut log = String::new();
    while !log.contains("too many files and sockets open") {
        assert_ne!(err.read_line(&mut log).expect("text"), 0, "{log}");
    }
    // As many as it has descriptors for are served, in the order they came; when they go, the others are.
    for round in 0..4 {
        for client in &mut clients.iter_mut().skip(round * 10).take(10) {
            client.hear("Welcome!");
            client.say("exit");
            client.hear_end();
        }
        clients.iter().skip(round * 10).take(10).for_each(|client| {
            client.0.shutdown(std::net::Shutdown::Both).expect("shut");
        });
    }
    Client::to(address).hear("Welcome!");
    while !log.contains("accepted again") {
        assert_ne!(err.read_line(&mut log).expect("text"), 0, "{log}");
    }
    running.signal("-TERM");
    err.read_to_string(&mut log).expect("text");
    assert_eq!(running.end().0, Some(0), "{log}");
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("too many files and sockets open"), 1, "{log}");
    assert_eq!(count("accepted again"), 1, "{log}");
    assert_eq!(count("Accept new connection"), 41, "{log}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_low_limit_that_may_be_raised_is_none() {
    let script = format!("ulimit -S -n 24; exec '{PROGRAM}' serve :0 --pause 0 --backlog 100 --quiet");
    let (_running, address, _out) = serving_as(Command::new("sh").args(["-c", &script]));
    let mut clients: Vec<_> = (0..60).map(|_| Client::to(address)).collect();
    clients.iter_mut().for_each(|client| client.hear("Welcome!"));
}

#[test]
fn chat_sends_each_line_and_writes_what_comes_as_it_is() {
    for (eol, end) in [("none", ""), ("lf", "\n"), ("crlf", "\r\n")] {
        let (listener, address) = listener();
        let mut chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string(), "--eol", eol]));
        let mut server = accept(&listener);
        let mut stdin = chat.child.stdin.take().expect("piped");
        stdin.write_all(b"Michael\n").expect("written");
        server.hear(format!("Michael{end}"));
        stdin.write_all(b"\xff\0 last").expect("written");
        drop(stdin);
        server.hear([b"\xff\0 last", end.as_bytes()].concat());
        server.say(b"\xfe\x1b[2J\r\nbye");
        drop(server);
        let mut out = Vec::new();
        chat.output().read_to_end(&mut out).expect("read");
        assert_eq!(text(&out), text(b"\xfe\x1b[2J\r\nbye"));
        let (code, _, err) = chat.end();
        assert_eq!(code, Some(0), "{err}");
        assert!(err.contains(&address.to_string()) && err.contains("The other side closed"), "{err}");
    }
}

#[test]
fn chat_ends_when_the_replies_have_come_in() {
    let (_server, address) = serve(quick());
    let ended = run(&["chat", &address.to_string(), "--eol=lf", "--linger=0.3"], b"Michael\nTracy\n");
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert_eq!(text(&ended.stdout), "Welcome!Hello, Michael!\nHello, Tracy!\n");
    assert!(text(&ended.stderr).contains("Disconnected"));
}

#[test]
fn chat_sends_megabytes_whole_and_takes_as_many() {
    let (_server, address) = serve(quick());
    let lines: Vec<u8> = (0..200_000).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    // No other letter: of `exit` that was cut some is greeted.
    let input = [lines.as_slice(), &[b'z'; 300_000], b"\nexit\n"].concat();
    // Its own output must be read while it is fed.
    let mut chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string(), "--eol=lf"]));
    let mut stdin = chat.child.stdin.take().expect("piped");
    let feeder = std::thread::Builder::new().name("feeder".to_owned());
    let feeder = feeder.spawn(move || stdin.write_all(&input)).expect("thread");
    let mut out = Vec::new();
    chat.output().read_to_end(&mut out).expect("read");
    feeder.join().expect("joined").expect("all taken");
    assert_eq!(chat.end().0, Some(0));
    // A line that was cut by a read is answered in two: every digit comes back, whatever the cuts.
    let digits = |bytes: &[u8]| bytes.iter().copied().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    assert!(digits(&out) == digits(&lines), "something was lost");
    assert_eq!(out.iter().filter(|byte| **byte == b'z').count(), 300_000);
}

#[test]
fn chat_sends_a_file_before_standard_input_or_fails() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("file.bin");
    let bytes: Vec<u8> = (0..200_000).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &bytes).expect("written");
    let file = path.display().to_string();
    let (listener, address) = listener();
    let mut chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string(), "--send-file", &file]));
    let mut stdin = chat.child.stdin.take().expect("piped");
    stdin.write_all(b"typed").expect("taken");
    drop(stdin);
    let mut server = accept(&listener);
    let mut received = vec![0; bytes.len()];
    server.0.read_exact(&mut received).expect("received");
    assert!(received == bytes, "altered on the way");
    server.hear("typed");
    drop(server);
    let (code, out, err) = chat.end();
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains(&format!("Sent {file}, 200 kB")), "{err}");

    let chat =
        Running::start(Command::new(PROGRAM).args(["chat", &address.to_string(), "--send-file", "no-such-file"]));
    let mut server = accept(&listener);
    server.hear_end();
    let (code, _, err) = chat.end();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("Cannot send no-such-file: there is no such file"), "{err}");
}

#[test]
fn chat_plays_the_tutorial() {
    let (_server, address) = serve(quick());
    let ended = run(&["chat", &address.to_string(), "--tutorial"], b"not read\n");
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert_eq!(text(&ended.stdout), "Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!");
}

#[test]
fn chat_that_fails_exits_with_1_and_says_why() {
    let (closed, address) = listener();
    drop(closed);
    let ended = run(&["chat", &address.to_string()], b"");
    let err = text(&ended.stderr);
    assert_eq!((ended.status.code(), err.lines().count()), (Some(1), 1), "{err}");
    assert!(err.contains("refused") && err.contains(&address.to_string()), "{err}");

    let (listener, address) = listener();
    let chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string()]));
    accept(&listener).reset();
    let (code, _, err) = chat.end();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("reset"), "{err}");

    let ended = run(&["chat", "no-such-host.invalid:1"], b"");
    assert_eq!((ended.status.code(), text(&ended.stderr).lines().count()), (Some(1), 1));
    let ended = run(&["chat", "a b:1"], b"");
    assert_eq!((ended.status.code(), text(&ended.stderr).lines().count()), (Some(1), 1));
}

#[test]
fn chat_whose_output_nobody_reads_ends() {
    let (listener, address) = listener();
    let mut chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string()]));
    drop(chat.output());
    let mut server = accept(&listener);
    server.say("to nobody");
    let (code, _, err) = chat.end();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("standard output"), "{err}");
}

#[test]
#[cfg(unix)]
fn chat_ends_at_ctrl_c() {
    let (listener, address) = listener();
    let chat = Running::start(Command::new(PROGRAM).args(["chat", &address.to_string()]));
    let mut server = accept(&listener);
    chat.signal("-INT");
    server.hear_end();
    assert_eq!(chat.end().0, Some(130));
}

/// Python 3, or a loud word that there is none.
fn python(script: &str, args: &[&str]) -> Option<Command> {
    if !Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no python3 here for tests/tutorial/{script}");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(format!("{}/tests/tutorial/{script}", env!("CARGO_MANIFEST_DIR"))).args(args);
    Some(command)
}

#[test]
fn the_tutorials_client_is_greeted() {
    let (_running, address, _out) = serving(&[":0", "--pause=0"]);
    let Some(mut client) = python("client.py", &["127.0.0.1", &address.port().to_string()]) else { return };
    let (code, out, err) = Running::start(&mut client).end();
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out.replace("\r\n", "\n"), "Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n");
}

#[test]
fn the_tutorials_server_is_talked_to() {
    let Some(mut server) = python("server.py", &["127.0.0.1", "0", "0"]) else { return };
    let mut server = Running::start(&mut server);
    let mut lines = server.output().lines().map(|line| line.expect("text"));
    let first = lines.next().expect("a line");
    let port = first.trim_start_matches("Waiting for connection on port ").trim_end_matches("...");
    let ended = run(&["chat", &format!("127.0.0.1:{port}"), "--tutorial"], b"");
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert_eq!(text(&ended.stdout), "Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!");
    assert!(lines.next().expect("a line").starts_with("Accept new connection from 127.0.0.1:"));
    assert!(lines.next().expect("a line").ends_with(" closed."));
}
