//! The fetch engine and its terminal command against scripted servers on the loopback.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod auth;
mod bodies;
mod cookies;
mod delivery;
mod hostile;
mod limits;
mod parts;
mod proxy;
mod redirects;
mod requests;
mod resume;
mod saving;
mod server;
mod terminal;
mod timing;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use socketscope::net::fetch::{Body, Fault, Fetch, Hop, Options, Outcome, Request};
use socketscope::net::report::Waker;
use socketscope::net::{Cause, Error};
use socketscope::recording::Recorder;

/// Long enough for any machine; nothing waits for so long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fetch that is over.
struct Done {
    hops: Vec<Hop>,
    outcome: Outcome,
}

impl Done {
    fn of(fetch: &Fetch) -> Self {
        assert!(fetch.inbox().wait_end(PATIENCE), "it hangs: {:?}", fetch.view(|view| view.phase));
        fetch.view(|view| Self { hops: view.hops.clone(), outcome: view.outcome.clone().expect("an outcome") })
    }

    fn body(&self) -> Arc<Body> {
        match &self.outcome {
            Outcome::Complete(body) => Arc::clone(body),
            Outcome::Failed { error, .. } => panic!("{error}"),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.body().read_at(0, usize::MAX).expect("bytes")
    }

    fn failure(&self) -> (&Error, Option<&Arc<Body>>) {
        match &self.outcome {
            Outcome::Complete(body) => panic!("complete with {} bytes", body.len()),
            Outcome::Failed { error, partial } => (error, partial.as_ref()),
        }
    }

    fn fault(&self) -> &Fault {
        match &self.failure().0.cause {
            Cause::Fetch(fault) => fault,
            other => panic!("{other}"),
        }
    }

    fn last(&self) -> &Hop {
        self.hops.last().expect("a hop")
    }
}

/// Waits for what nobody tells of.
fn wait_until(mut it_is: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !it_is() {
        assert!(std::time::Instant::now() < deadline, "it never came");
        std::thread::yield_now();
    }
}

fn recorder() -> Arc<Recorder> {
    Recorder::new(Recorder::BUDGET)
}

fn fetch_with(url: &str, options: Options) -> Done {
    Done::of(&Fetch::start(url, options, &recorder(), Waker::none()))
}

fn ask(request: Request) -> Done {
    Done::of(&Fetch::start(request, Options::default(), &recorder(), Waker::none()))
}

fn fetch(url: &str) -> Done {
    fetch_with(url, Options::default())
}
