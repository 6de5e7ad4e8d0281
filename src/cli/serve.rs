//! `socketscope serve`: the greeting server in a terminal.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;
use crossbeam_channel::{bounded, select};

use super::{parse_seconds, record, say};
use crate::i18n::{count, t, tf};
use crate::net::address::HostPort;
use crate::net::cancel::{Cancel, Never};
use crate::net::report::{Report, Waited, Waker};
use crate::net::server::misbehave::Misbehave;
use crate::net::server::profile::{self, Profile};
use crate::net::server::rules::{Ready, Rule, load};
use crate::net::server::{Boundary, Event, LARGEST_RECEIVE, MOST_CONNECTIONS, Model, Server, Settings, State, Tls};
use crate::net::tls::Certificate;
use crate::net::{Error, Operation, address, spawn};
use crate::recording::Recorder;

/// How to serve.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(value_name = "ADDR:PORT", help = t("cli-serve-address"))]
    address: Option<String>,
    /// What is not said by the other options.
    #[arg(long, value_name = "FILE", help = t("cli-serve-profile"))]
    profile: Option<PathBuf>,
    /// Which thread serves whom.
    #[arg(long, value_enum, help = t("cli-serve-model"))]
    model: Option<Way>,
    /// Pause before each answer.
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, help = t("cli-serve-pause"))]
    pause: Option<Duration>,
    /// Message boundary.
    #[arg(long, value_enum, help = t("cli-serve-framing"))]
    framing: Option<Framing>,
    /// Sent on accept.
    #[arg(long, value_name = "TEXT", help = t("cli-serve-welcome"))]
    welcome: Option<String>,
    /// The answer.
    #[arg(long, value_name = "TEXT", help = t("cli-serve-reply"))]
    reply: Option<String>,
    /// What to answer besides the greeting.
    #[arg(long, value_name = "RULES", help = t("cli-serve-rules"))]
    rules: Option<String>,
    /// What to do wrong on purpose.
    #[arg(long, value_name = "WAY", value_delimiter = ',', value_parser = parse_way, help = t("cli-serve-misbehave"))]
    misbehave: Option<Vec<String>>,
    /// Bytes of one read.
    #[arg(long, value_name = "BYTES", help = t("cli-serve-receive-size"),
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=LARGEST_RECEIVE as u64))]
    receive_size: Option<usize>,
    /// How many may wait to be accepted.
    #[arg(long, value_name = "N", help = t("cli-serve-backlog"),
        value_parser = clap::value_parser!(u32).range(0..=65_535))]
    backlog: Option<u32>,
    /// How many are served at the same time.
    #[arg(long, value_name = "N", help = t("cli-serve-max-connections"),
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_CONNECTIONS as u64))]
    max_connections: Option<usize>,
    /// TLS with a certificate that is made.
    #[arg(long, help = t("cli-serve-tls"))]
    tls: bool,
    /// TLS with a certificate from a file.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "tls", help = t("cli-serve-certificate"))]
    certificate: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", requires = "certificate", help = t("cli-serve-key"))]
    key: Option<PathBuf>,
    /// Where the certificate is written to.
    #[arg(long, value_name = "FILE", help = t("cli-serve-save-certificate"))]
    save_certificate: Option<PathBuf>,
    /// No log.
    #[arg(long, help = t("cli-serve-quiet"))]
    quiet: bool,
    #[command(flatten)]
    record: record::RecordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Framing {
    Auto,
    Read,
    Line,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    Threads,
    Single,
    Events,
}

impl From<Way> for Model {
    fn from(way: Way) -> Self {
        match way {
            Way::Threads => Self::Threads,
            Way::Single => Self::Single,
            Way::Events => Self::Events,
        }
    }
}

impl From<Framing> for Boundary {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Auto => Self::Automatic,
            Framing::Read => Self::AsRead,
            Framing::Line => Self::Line,
        }
    }
}

impl Args {
    /// TLS as it was asked for; `--save-certificate` alone asks for a made certificate, unless a profile names files.
    fn tls(&self, profile: &Tls) -> Option<Tls> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(Tls::Files { certificate: certificate.clone(), key: key.clone() }),
            _ if self.tls || self.save_certificate.is_some() && *profile == Tls::Off => Some(Tls::Made),
            _ => None,
        }
    }

    /// Where to listen and how to behave: what was typed, else what the profile says.
    fn asked(&self) -> Result<(HostPort, Settings), Error> {
        let Profile { address, port, server: mut settings, .. } =
            self.profile.as_deref().map(profile::load).transpose()?.unwrap_or_default();
        let at = match &self.address {
            Some(typed) => address::parse(typed, &address, port)?,
            None => HostPort { host: address::parse_host(&address)?, port },
        };
        let (rules, welcome) = self.rules.as_deref().map(rules_of).transpose()?.unzip();
        set(&mut settings.model, self.model.map(Model::from));
        set(&mut settings.rules, rules);
        set(&mut settings.welcome, self.welcome.clone().or(welcome.flatten()));
        set(&mut settings.reply, self.reply.clone());
        set(&mut settings.misbehave, self.misbehave.as_deref().map(misbehave));
        set(&mut settings.receive_size, self.receive_size);
        set(&mut settings.pause, self.pause);
        set(&mut settings.boundary, self.framing.map(Boundary::from));
        set(&mut settings.backlog, self.backlog);
        set(&mut settings.most_connections, self.max_connections);
        let tls = self.tls(&settings.tls);
        set(&mut settings.tls, tls);
        Ok((at, settings))
    }
}

/// Puts what was typed in place of what is there.
fn set<T>(value: &mut T, typed: Option<T>) {
    if let Some(typed) = typed {
        *value = typed;
    }
}

/// All these ways together.
fn misbehave(ways: &[String]) -> Misbehave {
    let mut all = Misbehave::default();
    // Each was looked at when the arguments were read.
    ways.iter().for_each(|way| _ = all.set(way));
    all
}

fn parse_way(way: &str) -> Result<String, String> {
    Misbehave::default().set(way).map(|()| way.to_owned())
}

/// How long stopping waits for the log to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves until `stop`; the exit code.
pub fn run(args: &Args, stop: &Cancel) -> i32 {
    // Nobody looks at the recording.
    args.record.run(0, |recorder| serve(args, stop, recorder)).unwrap_or_else(|error| {
        say(&error.to_string());
        1
    })
}

fn serve(args: &Args, stop: &Cancel, recorder: &Arc<Recorder>) -> i32 {
    let (at, settings) = match args.asked() {
        Ok(asked) => asked,
        Err(error) => {
            say(&error.to_string());
            return 1;
        }
    };
    let server = Arc::new(Server::start(&at.host, at.port, settings, recorder, Waker::none()));
    if let Err(error) = save_certificate(args, &server, stop) {
        say(&error.to_string());
        return 1;
    }
    // Standard error may be stuck: it must not hold up stopping. The channel ends when all has been told.
    let (telling, told) = bounded::<Never>(0);
    let begun = spawn("log", {
        let (server, quiet) = (Arc::clone(&server), args.quiet);
        move || {
            tell(&server, quiet);
            drop(telling);
        }
    });
    if let Err(error) = begun {
        say(&Error::io(Operation::Work, at.to_string(), error).to_string());
        return 1;
    }
    select! {
        recv(told) -> _ => {}
        recv(stop.ended()) -> _ => {
            server.stop();
            server.wait_stopped();
            // What is still to be told then is told to nobody.
            _ = told.recv_timeout(PATIENCE);
        }
    }
    i32::from(matches!(server.state(), State::Failed(_)))
}

/// Writes the certificate down, once there is one, before it is told that clients can come.
fn save_certificate(args: &Args, server: &Arc<Server>, stop: &Cancel) -> Result<(), Error> {
    let Some(path) = &args.save_certificate else { return Ok(()) };
    let _stop = stop.on_cancel({
        let server = Arc::downgrade(server);
        move || _ = server.upgrade().map(|server| server.stop())
    });
    // What went wrong with listening is told with the log.
    if server.wait_listening().is_ok()
        && let Some(chain) = server.certificate()
    {
        Certificate::save(&chain, path)?;
    }
    Ok(())
}

/// The ready-made rules of this name with the welcome that they need, or the rules in the file of this name.
fn rules_of(name: &str) -> Result<(Vec<Rule>, Option<String>), Error> {
    match Ready::named(name) {
        Some(ready) => Ok((ready.rules(), ready.welcome().map(str::to_owned))),
        None => Ok((load(Path::new(name))?, None)),
    }
}

/// Tells what happens until the server has ended.
fn tell(server: &Server, quiet: bool) {
    let mut lost = 0;
    while let Waited::Event(Report { at, event }) = server.inbox().wait(None) {
        match &event {
            Event::Listening(_) => {
                let mut out = std::io::stdout().lock();
                // Nobody listens there: the server serves all the same.
                _ = writeln!(out, "{}", event.text()).and_then(|()| out.flush());
                drop(out);
                if let (false, Some(chain)) = (quiet, server.certificate()) {
                    chain.first().iter().for_each(|one| say(&stamped(at, &shows(one))));
                }
            }
            // Said below, as the one line of the failure.
            Event::Failed(_) => {}
            _ if quiet => {}
            _ => say(&stamped(at, &event.text())),
        }
        let now_lost = server.inbox().lost();
        if now_lost > lost && !quiet {
            let more = now_lost - lost;
            let text = tf("cli-events-lost", &[("n", more.into()), ("count", count(more).into())]);
            say(&stamped(SystemTime::now(), &text));
        }
        lost = now_lost;
    }
    match server.state() {
        State::Failed(error) => say(&error.to_string()),
        _ if quiet => {}
        _ => say(&stamped(SystemTime::now(), &server.totals().text())),
    }
}

/// What clients are shown.
fn shows(one: &Certificate) -> String {
    let names = one.names().join(", ");
    tf("cli-serve-shows", &[("names", names.into()), ("sha256", one.sha256().to_owned().into())])
}

/// A line of the log with its local time.
fn stamped(at: SystemTime, text: &str) -> String {
    let time = jiff::Timestamp::try_from(at).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
    format!("{} {text}", time.strftime("%Y-%m-%d %H:%M:%S%.3f"))
}
