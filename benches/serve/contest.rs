//! The loads, who is measured under each, and what is required of ours.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::load::{self, Done};
use crate::one_core::OneCore;
use crate::subject::{Running, Subject, Way};
use crate::{CROWD, Options, crowd, word};

pub const KIB: usize = 1 << 10;

/// One of the library's models, and what is required of it.
pub struct Ours {
    pub way: Way,
    /// The bare server that works in the same way.
    like: Subject,
    /// How many times as many connections as that one it must serve.
    churn: f64,
    /// How many bytes an idle connection may take.
    crowd: u64,
}

/// The library's models.
pub const OURS: &[Ours] = &[
    Ours { way: Way::OursThreads, like: Subject { way: Way::Std, receive: KIB }, churn: 1.3, crowd: 12 << 10 },
    Ours { way: Way::OursEvents, like: Subject { way: Way::Mio, receive: 4 * KIB }, churn: 0.95, crowd: 2 << 10 },
];

/// The bare servers under loads of small reads, and how much they read at once.
const SMALL: &[Subject] = &[
    Subject { way: Way::Std, receive: KIB },
    Subject { way: Way::Tokio, receive: 4 * KIB },
    Subject { way: Way::Tokio2, receive: 4 * KIB },
    Subject { way: Way::Mio, receive: 4 * KIB },
];

/// The same, under floods that are read in small pieces.
const PIECES: &[Subject] = &[
    Subject { way: Way::Std, receive: KIB },
    Subject { way: Way::Tokio, receive: 4 * KIB },
    Subject { way: Way::Tokio2, receive: 4 * KIB },
    Subject { way: Way::Mio, receive: KIB },
    Subject { way: Way::Mio, receive: 4 * KIB },
];

/// The same, under floods that are read in large pieces.
const LARGE: &[Subject] = &[
    Subject { way: Way::Std, receive: 64 * KIB },
    Subject { way: Way::Tokio, receive: 64 * KIB },
    Subject { way: Way::Tokio2, receive: 64 * KIB },
    Subject { way: Way::Mio, receive: 64 * KIB },
];

/// What is done to a server.
pub struct Load {
    pub name: &'static str,
    kind: Kind,
}

enum Kind {
    /// Round trips on so many connections.
    Trips(usize),
    Churn,
    /// Lines on so many connections, ours reading so many bytes at once.
    Flood(usize, usize),
}

/// All loads.
pub const LOADS: &[Load] = &[
    Load { name: "trips-1", kind: Kind::Trips(1) },
    Load { name: "trips-64", kind: Kind::Trips(64) },
    Load { name: "trips-1000", kind: Kind::Trips(1_000) },
    Load { name: "churn", kind: Kind::Churn },
    Load { name: "flood-1-1k", kind: Kind::Flood(1, KIB) },
    Load { name: "flood-16-1k", kind: Kind::Flood(16, KIB) },
    Load { name: "flood-1-64k", kind: Kind::Flood(1, 64 * KIB) },
    Load { name: "flood-16-64k", kind: Kind::Flood(16, 64 * KIB) },
];

/// What a server did in each round.
#[derive(Default)]
struct Results {
    /// How many a second.
    rates: Vec<f64>,
    /// The processor's time for each of them, in seconds.
    costs: Vec<f64>,
}

impl Load {
    /// Measures the servers, prints what they did, and says whether it is enough.
    pub fn measure(&self, options: &Options) -> io::Result<bool> {
        let (receive, bare) = match self.kind {
            Kind::Flood(_, KIB) => (KIB, PIECES),
            Kind::Flood(_, receive) => (receive, LARGE),
            Kind::Trips(_) | Kind::Churn => (KIB, SMALL),
        };
        let subjects = chosen(receive, bare, options);
        println!("\n{}: {} a second, {} rounds of {} s", self.name, self.unit(), options.rounds, options.seconds);
        // Client and server take turns: on two cores it would count most how long each takes to wake up.
        let on_one_core = matches!(self.kind, Kind::Trips(1));
        let start = |subject: &Subject| Running::start(*subject, on_one_core);
        let servers: Vec<_> = subjects.iter().map(start).collect::<io::Result<_>>()?;
        let _stay = on_one_core.then(OneCore::stay);
        let results = self.rounds(&servers, options.rounds, options.time()?)?;
        Ok(self.tell(&subjects.into_iter().zip(results).collect::<Vec<_>>()))
    }

    /// Measures all servers in turn, in each round in another order.
    fn rounds(&self, servers: &[Running], rounds: usize, time: Duration) -> io::Result<Vec<Results>> {
        let mut results: Vec<_> = servers.iter().map(|_| Results::default()).collect();
        // The first is to warm up: memory that is asked for once, threads, ports.
        for round in 0..=rounds {
            for turn in 0..servers.len() {
                let number = (round + turn) % servers.len();
                let (server, results) = (&servers[number], &mut results[number]);
                server.settle();
                let before = server.processor();
                let done = self.run(server.address, time).map_err(|error| about(server.subject, &error))?;
                let used = server.processor() - before;
                if round > 0 {
                    results.rates.push(done.count as f64 / done.time.as_secs_f64());
                    results.costs.push(used.as_secs_f64() / (done.count as f64).max(1.0));
                }
            }
        }
        Ok(results)
    }

    /// Prints what they did, and says whether it is enough.
    fn tell(&self, all: &[(Subject, Results)]) -> bool {
        let (unit, units) = if matches!(self.kind, Kind::Flood(..)) { ("ns", 1e9) } else { ("µs", 1e6) };
        let mut good = true;
        for (subject, results) in all {
            let (rate, each) = (median(results.rates.clone()), median(results.costs.clone()) * units);
            print!("  {:<16} {rate:>12.0} {each:>7.2} {unit} of the processor each", subject.to_string());
            if let Some((reference, required)) = self.required(subject.way)
                && let Some((reference, bare)) = all.iter().find(|(other, _)| *other == reference)
            {
                good &= results.compare(*reference, bare, required);
            }
            println!();
        }
        good
    }

    fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Trips(_) => "round trips",
            Kind::Flood(..) => "bytes",
            Kind::Churn => "connections",
        }
    }

    fn run(&self, server: SocketAddr, time: Duration) -> io::Result<Done> {
        match self.kind {
            Kind::Trips(connections) => load::trips::run(server, connections, time),
            Kind::Flood(connections, _) => load::flood::run(server, connections, time),
            Kind::Churn => load::churn::run(server, time),
        }
    }

    /// What part of which bare server's speed this one must reach, if it is one of ours.
    fn required(&self, way: Way) -> Option<(Subject, f64)> {
        let ours = OURS.iter().find(|ours| ours.way == way)?;
        let (way, receive, part) = match self.kind {
            Kind::Flood(_, KIB) => (Way::Std, KIB, 0.95),
            Kind::Flood(_, receive) => (Way::Mio, receive, 0.85),
            Kind::Churn => (ours.like.way, ours.like.receive, ours.churn),
            Kind::Trips(_) => (ours.like.way, ours.like.receive, 0.95),
        };
        Some((Subject { way, receive }, part))
    }
}

/// Many who only stay: what each costs ours and the bare servers.
pub fn crowd(options: &Options) -> io::Result<bool> {
    println!("\n{CROWD}: {} idle connections", crowd::CLIENTS);
    let mut good = true;
    for subject in chosen(KIB, SMALL, options) {
        let most = OURS.iter().find(|ours| ours.way == subject.way).map(|ours| ours.crowd);
        good &= crowd::measure(subject, most).map_err(|error| about(subject, &error))?;
    }
    Ok(good)
}

/// Ours, reading so much at once, and the bare ones, as far as they are asked for.
fn chosen(receive: usize, bare: &[Subject], options: &Options) -> Vec<Subject> {
    let ours = OURS.iter().map(|ours| Subject { way: ours.way, receive });
    let is_chosen = |subject: &Subject| options.servers.is_empty() || options.servers.contains(&subject.way);
    ours.chain(bare.iter().copied()).filter(is_chosen).collect()
}

impl Results {
    /// Prints how this compares with a bare server, and says whether it is enough.
    fn compare(&self, reference: Subject, bare: &Self, required: f64) -> bool {
        let mut ratios = in_rounds(&self.rates, &bare.rates);
        ratios.sort_by(f64::total_cmp);
        let ratio = median(ratios.clone());
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { return true };
        let cost = median(in_rounds(&self.costs, &bare.costs));
        print!(
            "   {ratio:.2} ({least:.2} to {most:.2}) of {reference}, {required:.2} required: {}; {cost:.2} of its processor",
            word(ratio >= required)
        );
        ratio >= required
    }
}

/// The ratio of what two did in each round.
fn in_rounds(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one / other).collect()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn about(subject: Subject, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{subject}: {error}"))
}
