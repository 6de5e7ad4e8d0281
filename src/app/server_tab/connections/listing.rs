//! Which connections the table shows, in which order: listed anew when they may have changed, but never so often that it could
//! be felt, however many there are.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::i18n::{bytes, t, tf};
use crate::net::server::{Connection, Doing, Server, Totals};

/// The longest rest between two listings.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How the table is ordered and filtered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct How {
    /// The column by which they are sorted.
    pub(super) sorted_by: usize,
    pub(super) descending: bool,
    pub(super) filter: String,
}

impl Default for How {
    fn default() -> Self {
        // The newest first: it is the one that a person looks for.
        Self { sorted_by: 0, descending: true, filter: String::new() }
    }
}

/// What the table shows, as of the last listing.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// All that the server remembers, in the order of their numbers.
    pub(super) all: Arc<[Arc<Connection>]>,
    /// Those that the filter lets through, in their order: their places in `all`.
    rows: Vec<usize>,
    /// Everyone who waits to be accepted.
    pub(super) waiting: Vec<SocketAddr>,
    /// Those of them that the filter lets through.
    waiting_rows: Vec<SocketAddr>,
    pub(super) totals: Totals,
    /// How it was listed.
    how: How,
    /// Until then it stays as it is.
    rests: Option<Instant>,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    /// A client that the server has accepted.
    Connection(&'a Arc<Connection>),
    /// One that it has not.
    Waiting(SocketAddr),
}

impl Listing {
    /// Lists anew, unless it was done just now. The time that is left until then, if so; whether it was listed, if not.
    pub(super) fn keep_up(&mut self, server: Option<&Server>, how: &How) -> Result<bool, Duration> {
        let Some(server) = server else { return Ok(false) };
        let begin = Instant::now();
        let rest = self.rests.map(|until| until.saturating_duration_since(begin)).unwrap_or_default();
        if !rest.is_zero() && self.how == *how {
            return Err(rest);
        }
        self.all = server.connections();
        self.totals = server.totals();
        self.waiting = server.waiting();
        self.how = how.clone();
        self.arrange();
        self.rests = Some(Instant::now() + rest_after(begin.elapsed()));
        Ok(true)
    }

    /// Filters and sorts.
    fn arrange(&mut self) {
        let mut filter = Filter::new(&self.how.filter);
        let all = &self.all;
        self.rows = (0..all.len()).filter(|place| filter.fits(&all[*place])).collect();
        self.waiting_rows = self.waiting.iter().copied().filter(|who| filter.fits_waiting(*who)).collect();
        // By their numbers they are sorted already.
        if self.how.sorted_by > 0 {
            let column = self.how.sorted_by;
            self.rows.sort_by_cached_key(|place| SortKey::new(&all[*place], column));
        }
        if self.how.descending {
            self.rows.reverse();
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.waiting_rows.len()
    }

    /// A row: who waits to be accepted is the newest.
    pub(super) fn row(&self, index: usize) -> Option<Row<'_>> {
        let (first, then) = (self.waiting_rows.len(), self.rows.len());
        let accepted = |at: usize| self.rows.get(at).map(|place| Row::Connection(&self.all[*place]));
        let waiting = |at: usize| self.waiting_rows.get(at).copied().map(Row::Waiting);
        match self.how.descending {
            true if index < first => waiting(index),
            true => accepted(index - first),
            false if index < then => accepted(index),
            false => waiting(index - then),
        }
    }

    /// The connections of these rows.
    pub(super) fn between(&self, rows: std::ops::RangeInclusive<usize>) -> impl Iterator<Item = &Arc<Connection>> {
        rows.filter_map(|index| match self.row(index)? {
            Row::Connection(one) => Some(one),
            Row::Waiting(_) => None,
        })
    }

    /// The row of a connection.
    pub(super) fn row_of(&self, id: u64) -> Option<usize> {
        (0..self.len()).find(|index| matches!(self.row(*index), Some(Row::Connection(one)) if one.id == id))
    }

    /// The connection with this number.
    pub(super) fn find(&self, id: u64) -> Option<&Arc<Connection>> {
        self.all.binary_search_by_key(&id, |one| one.id).ok().map(|at| &self.all[at])
    }
}

/// How long to rest after a listing that took so long: it shall have a hundredth of the time at most, as it also keeps those
/// waiting who serve.
fn rest_after(took: Duration) -> Duration {
    (took * 100).min(LONGEST_REST)
}

/// What a person typed to find connections by.
struct Filter {
    wanted: String,
    /// The number that was meant, as `#3`.
    number: Option<u64>,
    /// What a thread can be doing that has it in its words.
    doing: Vec<Doing>,
    held_soon: bool,
    waiting: bool,
    /// For texts, so that each is not made anew.
    text: String,
}

impl Filter {
    fn new(typed: &str) -> Self {
        let wanted = typed.trim().to_lowercase();
        let has = |text: String| text.to_lowercase().contains(&wanted);
        let all = [Doing::Reading, Doing::Pausing, Doing::Writing, Doing::Held];
        Self {
            number: wanted.strip_prefix('#').and_then(|number| number.parse().ok()),
            doing: all.into_iter().filter(|one| has(one.text())).collect(),
            held_soon: has(t("held-soon")),
            waiting: has(t("row-waiting")),
            wanted,
            text: String::new(),
        }
    }

    /// Whether some cell of its row has it.
    fn fits(&mut self, one: &Connection) -> bool {
        self.wanted.is_empty()
            || self.number == Some(one.id)
            || one.thread().contains(&self.wanted)
            || self.is_in(one.ends.peer)
            || self.is_in(one.ends.local)
            || match one.doing().0 {
                Doing::Reading if one.is_held() => self.held_soon,
                Doing::Closed => doing_text(one).to_lowercase().contains(&self.wanted),
                doing => self.doing.contains(&doing),
            }
    }

    fn fits_waiting(&mut self, who: SocketAddr) -> bool {
        self.wanted.is_empty() || self.waiting || self.is_in(who)
    }

    fn is_in(&mut self, address: SocketAddr) -> bool {
        self.text.clear();
        // Writing to a string does not fail.
        _ = write!(self.text, "{address}");
        self.text.contains(&self.wanted)
    }
}

/// What a row is sorted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(u64),
    Address(SocketAddr),
    Doing(u8, Duration),
    Time(SystemTime),
}

impl SortKey {
    fn new(one: &Connection, column: usize) -> Self {
        match column {
            1 => Self::Address(one.ends.peer),
            2 => Self::Address(one.ends.local),
            4 => {
                let (doing, time) = one.doing();
                Self::Doing(doing as u8, time)
            }
            5 => Self::Number(one.bytes_in()),
            6 => Self::Number(one.bytes_out()),
            7 => Self::Number(one.greetings()),
            8 => Self::Time(one.since()),
            _ => Self::Number(one.id),
        }
    }
}

/// What the thread of a connection is doing, or how it ended.
pub(super) fn doing_text(one: &Connection) -> String {
    let (doing, time) = one.doing();
    match one.ended() {
        Some(ended) => tf("closed-how", &[("how", ended.text().into())]),
        None if doing == Doing::Closed => doing.text(),
        None if doing == Doing::Reading && one.is_held() => t("held-soon"),
        None => {
            let seconds = format!("{:.1}", time.as_secs_f64());
            let text = tf("doing-for", &[("doing", doing.text().into()), ("seconds", seconds.into())]);
            // Only where nobody reads it: elsewhere it is gone at once.
            let unread = if doing == Doing::Reading { None } else { one.unread().filter(|unread| *unread > 0) };
            let Some(unread) = unread else { return text };
            tf("doing-unread", &[("doing", text.into()), ("size", bytes(unread).into())])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_has_a_hundredth_of_the_time_and_is_never_older_than_a_second() {
        assert_eq!(rest_after(Duration::from_micros(50)), Duration::from_millis(5));
        assert_eq!(rest_after(Duration::from_millis(2)), Duration::from_millis(200));
        assert_eq!(rest_after(Duration::from_secs(9)), Duration::from_secs(1));
    }
}
