//! The rows of what is shown, kept in step with what is recorded: in the frame where that is quick, otherwise on a thread
//! of its own, while the view stays as it was.

use std::sync::Arc;

use super::job::Job;
use crate::recording::Recording;
use crate::recording::framing::Lens;
use crate::recording::index::{Index, View};
use crate::recording::pair::Pair;

/// What counts rows by walking through recordings.
pub(super) trait Walk: Clone + Send + Sync + 'static {
    /// What it walks through.
    type Of: Clone + Send + 'static;
    /// What its rows depend on besides.
    type View: Clone + PartialEq;
    /// The name of the thread.
    const NAME: &'static str;

    /// One that knows nothing yet.
    fn new(view: &Self::View) -> Self;
    /// What it was made for.
    fn view(&self) -> Self::View;
    /// The numbers of the recordings.
    fn numbers(of: &Self::Of) -> [u64; 2];
    /// Takes a step of a millisecond or two at most, mostly much less; true when there is no more.
    fn step(&mut self, of: &Self::Of) -> bool;
    /// Another number whenever the rows got others.
    fn restarts(&self) -> u64 {
        0
    }
    /// What it takes of memory: how many places it remembers.
    fn marks(&self) -> usize;
}

/// The rows of one recording, read through a lens.
pub(super) type Reading = InStep<Index>;
/// The rows of both ends of a connection.
pub(super) type Pairing = InStep<Pair>;

impl Walk for Index {
    type Of = Arc<Recording>;
    type View = View;
    const NAME: &'static str = "lens";

    fn new(view: &View) -> Self {
        Self::new(view.clone())
    }

    fn view(&self) -> View {
        self.view().clone()
    }

    fn numbers(of: &Arc<Recording>) -> [u64; 2] {
        [of.number(); 2]
    }

    fn step(&mut self, of: &Arc<Recording>) -> bool {
        /// See [`crate::recording::framing::Framer::step`].
        const FUEL: u64 = 64 << 10;
        of.read(|log| self.advance(log, FUEL))
    }

    fn restarts(&self) -> u64 {
        self.restarts()
    }

    fn marks(&self) -> usize {
        self.marks()
    }
}

impl Walk for Pair {
    type Of = [Arc<Recording>; 2];
    /// Bytes of one row.
    type View = u64;
    const NAME: &'static str = "both ends";

    fn new(per_row: &u64) -> Self {
        Self::new(*per_row)
    }

    fn view(&self) -> u64 {
        self.per_row()
    }

    fn numbers(of: &[Arc<Recording>; 2]) -> [u64; 2] {
        [of[0].number(), of[1].number()]
    }

    fn step(&mut self, of: &[Arc<Recording>; 2]) -> bool {
        /// Entries.
        const FUEL: u64 = 16 << 10;
        self.advance([&of[0], &of[1]], FUEL)
    }

    fn marks(&self) -> usize {
        self.marks()
    }
}

/// What remembers more places than this is large.
const MANY: usize = 4_096;

/// Rows, as far as they are known.
#[derive(Debug)]
pub(super) struct InStep<W: Walk> {
    /// The numbers of the recordings.
    of: [u64; 2],
    /// Shared with a thread that makes a newer one of it, which it copies there: a copy may take long.
    walk: Arc<W>,
    job: Option<(W::View, Job<W>)>,
}

impl Default for Reading {
    fn default() -> Self {
        Self::at(View { lens: Lens::Reads, only: None, per_row: 1 })
    }
}

impl Default for Pairing {
    fn default() -> Self {
        Self::at(1)
    }
}

impl<W: Walk> InStep<W> {
    fn at(view: W::View) -> Self {
        // No recording has the number 0.
        Self { of: [0; 2], walk: Arc::new(W::new(&view)), job: None }
    }

    /// What is known now.
    pub(super) fn known(&self) -> &W {
        &self.walk
    }

    /// Whether a thread is still at it.
    pub(super) fn is_behind(&self) -> bool {
        self.job.is_some()
    }

    /// Goes on with `of` as `view` has it. True if the rows have other numbers from now on.
    pub(super) fn sync(&mut self, ctx: &egui::Context, of: &W::Of, view: &W::View) -> bool {
        let mut changed = false;
        if self.of != W::numbers(of) {
            (self.of, self.job) = (W::numbers(of), None);
            self.show(W::new(view));
            changed = true;
        }
        self.job.take_if(|(wanted, _)| wanted != view);
        if let Some((wanted, job)) = self.job.take() {
            let mut job = Some(job);
            if let Some(walk) = Job::take(&mut job) {
                changed |= self.walk.view() != walk.view() || self.walk.restarts() != walk.restarts();
                self.show(walk);
            }
            self.job = job.map(|job| (wanted, job));
        }
        if self.job.is_some() {
            return changed;
        }
        if self.walk.view() != *view {
            let mut next = W::new(view);
            if next.step(of) {
                self.show(next);
                return true;
            }
            // What is shown stays until the thread is done.
            self.start(ctx, of, view, Arc::new(next));
        } else {
            let restarts = self.walk.restarts();
            if !Arc::make_mut(&mut self.walk).step(of) {
                self.start(ctx, of, view, Arc::clone(&self.walk));
            }
            changed |= self.walk.restarts() != restarts;
        }
        changed
    }

    /// Walks to the end on a thread.
    fn start(&mut self, ctx: &egui::Context, of: &W::Of, view: &W::View, walk: Arc<W>) {
        let of = of.clone();
        let job = Job::start(ctx, W::NAME, move |stop| {
            let mut walk = Arc::unwrap_or_clone(walk);
            stop.walk(|| walk.step(&of)).then_some(walk)
        });
        self.job = job.map(|job| (view.clone(), job));
    }

    /// Shows other rows from now on.
    fn show(&mut self, walk: W) {
        let old = std::mem::replace(&mut self.walk, Arc::new(walk));
        // To give so much memory back takes longer than a frame may.
        if old.marks() > MANY
            && let Err(error) = crate::net::spawn("rows-end", move || drop(old))
        {
            log::debug!("rows went on the window's thread: {error}");
        }
    }
}
