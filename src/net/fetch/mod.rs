//! One HTTP/1.1 fetch over our own sockets: hop by hop, every byte recorded, nothing incomplete called complete.
//!
//! From the handle down to the bytes:
//!
//! * [`Fetch`] — the handle; its thread runs `follow`, which goes from redirect to redirect.
//! * `exchange` — one hop: `transport` opens `wire` (socket, TLS, tap, buffer), then `head`, then `receive` takes the
//!   body through `framing` (what the head says), `unframe` (RFC 9112 §6.3, §7.1) and `decode` into `spool`, which
//!   becomes the [`Body`]; `writer` is its file.
//! * [`Request`] — what is asked for; `ask` is what becomes of it at each hop, with `auth`, [`Jar`] and `payload`;
//!   `send` brings it to the server.
//! * [`Parts`] — which bytes on the wire are which part of it all, noted while they are parsed.
//! * `proxy` — through what the server is reached; `tunnel` — what that is told; `clock` — when the request went and the answer came.
//! * `resume` — going on with a body that came only in part.
//! * `url`, `tls`, `name`, `charset`, `save` — what their names say.

mod ask;
mod auth;
mod body;
mod charset;
mod clock;
mod cookie_date;
mod cookies;
mod decode;
mod exchange;
mod fault;
mod follow;
mod framing;
mod head;
mod json;
mod keeping;
mod multipart;
mod name;
mod pace;
mod parts;
mod payload;
mod proxy;
mod receive;
mod request;
mod resume;
mod room;
mod send;
mod spool;
mod state;
mod tap;
#[cfg(test)]
mod test_pieces;
mod tls;
mod transport;
mod trouble;
mod tunnel;
mod unframe;
mod url;
mod view;
mod wire;
mod writer;
mod zstd;

pub use ask::CODINGS;
pub use body::Body;
pub use charset::CharsetBy;
pub use cookies::{Jar, StoredCookie};
pub use decode::Bound;
pub use fault::{Fault, HeadPart};
pub use json::report;
pub use multipart::{Content, FormPart};
pub use name::name_in;
pub use pace::Pace;
pub use parts::{Part, PartKind, Parts};
pub use proxy::ProxyFault;
pub use request::{Auth, Field, Payload, Request};
pub use resume::ResumeFault;
pub use url::without_userinfo;
pub use view::{
    Change, Cookie, Delivery, Destination, Event, Framing, Head, Header, Hop, IpVersion, Options, Outcome, Phase,
    Progress, Proxy, Span, Step, Tls, View,
};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Sender, bounded};

use super::cancel::Cancel;
use super::report::{Inbox, Waker, channel};
use super::{Error, Operation, lock, spawn};
use crate::recording::Recorder;
use state::{Counters, Shared, Worker};

/// So many events wait at most to be taken. The view has all that matters, and room for more is room to be made.
const EVENTS: usize = 256;

/// A fetch. Dropping it cancels it and joins its thread.
#[derive(Debug)]
pub struct Fetch {
    shared: Arc<Shared>,
    counters: Arc<Counters>,
    inbox: Inbox<Event>,
    cancel: Cancel,
    /// Lets it go on to the next hop.
    steps: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Fetch {
    /// Starts to fetch what is asked for; returns at once. Whatever is wrong is told by the outcome.
    #[must_use]
    pub fn start(request: impl Into<Request>, options: Options, recorder: &Arc<Recorder>, waker: Waker) -> Self {
        let request = request.into();
        let (reporter, inbox) = channel(EVENTS, waker);
        // What is wrong with it is told by the outcome.
        let shown =
            url::parse(&request.url).map_or_else(|error| error.target, |(target, _)| target.as_str().to_owned());
        let first = Hop { url: shown.clone(), method: request.method.clone(), ..Hop::default() };
        let shared = Arc::new(Shared::default());
        lock(&shared.view).hops.push(first);
        let counters = Arc::new(Counters::default());
        let cancel = Cancel::default();
        let (steps, stepped) = bounded(1);
        let worker = Worker {
            options: options.sane(),
            shared: Arc::clone(&shared),
            counters: Arc::clone(&counters),
            cancel: cancel.clone(),
            steps: stepped,
            recorder: Arc::clone(recorder),
            reporter,
            begun: Instant::now(),
            guard: Default::default(),
            partial: Default::default(),
        };
        let target = shown.clone();
        let thread = spawn("fetch", move || work(&worker, &request, &target));
        let thread = thread
            .map_err(|error| {
                let error = Arc::new(Error::io(Operation::Work, shown, error));
                let mut view = lock(&shared.view);
                view.phase = Phase::Done;
                view.outcome = Some(Outcome::Failed { error, partial: None });
            })
            .ok();
        Self { shared, counters, inbox, cancel, steps, thread }
    }

    /// Looks at the state. The worker waits meanwhile: copy, do not draw.
    pub fn view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&lock(&self.shared.view))
    }

    /// Counts up whenever the view changes: to know when to look again.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.counters.get()
    }

    /// The events; ends when the thread has ended.
    #[must_use]
    pub fn inbox(&self) -> &Inbox<Event> {
        &self.inbox
    }

    /// Asks it to end, in whatever phase, and returns at once.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Goes on to [`View::next`], where it waits for that.
    pub fn go_on(&self) {
        // A fetch that does not wait has no use for it.
        _ = self.steps.try_send(());
    }

    /// What [`Fetch::cancel`] cancels, for those who cannot keep the handle.
    #[must_use]
    pub fn canceller(&self) -> Cancel {
        self.cancel.clone()
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.cancel.cancel();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            log::error!("the thread of a fetch ended in a panic");
        }
    }
}

/// The thread of a fetch: also a panic becomes an outcome.
fn work(worker: &Worker, request: &Request, shown: &str) {
    let result = catch_unwind(AssertUnwindSafe(|| follow::run(worker, request)))
        .unwrap_or_else(|panic| Err(Error::panic(shown, &*panic)));
    worker.unguard_stream();
    let outcome = match result {
        Ok(body) => Outcome::Complete(Arc::new(body)),
        Err(error) => {
            log::info!("{error}");
            Outcome::Failed { error: Arc::new(error), partial: lock(&worker.partial).take().map(Arc::new) }
        }
    };
    let at = worker.begun.elapsed();
    worker.update(|view| {
        view.phase = Phase::Done;
        view.outcome = Some(outcome);
        if let Some(hop) = view.hops.last_mut() {
            hop.phases.push((Phase::Done, at));
        }
    });
    worker.report(Event::Phase(Phase::Done));
    worker.report(Event::Ended);
}
