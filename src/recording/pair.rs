//! Both ends of one connection as one sequence in time: the reads, writes and events of two recordings, merged.
//!
//! Both locks are never held at once: each recording is copied from in small slices, in turn. So one may have come
//! further than the other while they are looked at, and a write is recorded after it returned, maybe after the read of
//! its bytes, but with the time at which it began. What comes late is put where it belongs: the walk goes back to the
//! mark before it.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::{Direction, Log, Recording, What};

/// A mark is left after so many entries …
const MARK_ENTRIES: u64 = 1_024;
/// … or so many bytes, so that there are some also where few large segments are kept.
const MARK_BYTES: u64 = 256 << 10;
/// Entries that are copied under one lock.
const SLICE: usize = 256;
/// Segments that are looked at to count where bytes came from.
const MOST_COUNTED: u64 = 1_024;

/// The two recordings; each is a side, 0 or 1.
pub type Two<'a> = [&'a Recording; 2];

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A read or write.
    Moved {
        /// Which way, seen from its end.
        direction: Direction,
        /// The number of the segment.
        number: u64,
        /// Its bytes, as positions in the stream of its direction; none for the empty read.
        range: Range<u64>,
    },
    /// What else happened.
    Event(What),
}

/// One read, write or event of one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which recording it is of.
    pub side: usize,
    /// Time since the older recording began, see [`base`].
    pub at: Duration,
    /// What it is.
    pub kind: Kind,
}

/// A row to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: rows keep their numbers when the oldest go.
    pub number: u64,
    /// What it is a row of.
    pub entry: Entry,
    /// The time of the entry before, where there is one.
    pub before: Option<Duration>,
    /// The bytes on this row, as positions in the stream of the entry's direction.
    pub bytes: Range<u64>,
    /// Whether it is the first row of `entry`.
    pub first: bool,
}

/// The segments of the other end that have the bytes of a segment: the k-th byte that one end wrote is the k-th byte
/// that the other one read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The first and the last that are kept: their numbers and bytes.
    pub ends: Option<[(u64, Range<u64>); 2]>,
    /// How many are kept.
    pub count: u64,
    /// There are more than `count`: they were not all counted.
    pub more: bool,
    /// How many of the bytes the other end does not keep any more.
    pub gone: u64,
    /// How many of the bytes have not come there.
    pub missing: u64,
}

/// The time that [`Entry::at`] counts from: when the older recording began.
#[must_use]
pub fn base(two: Two<'_>) -> Instant {
    two[0].origin().min(two[1].origin())
}

/// The next segment and the next event of one recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cursor {
    segment: u64,
    event: u64,
}

impl Cursor {
    /// The begin of what is kept.
    fn start(log: &Log) -> Self {
        Self { segment: log.kept().start, event: log.first_event() }
    }

    /// Whether what comes next is not kept any more.
    fn is_lost(self, start: Self) -> bool {
        self.segment < start.segment || self.event < start.event
    }

    /// What comes next, and moves behind it.
    fn next(&mut self, log: &Log) -> Option<(Duration, Kind)> {
        let event = log.events().get(self.event.checked_sub(log.first_event())? as usize);
        if let Some(event) = event.filter(|event| event.before <= self.segment) {
            self.event += 1;
            return Some((event.at, Kind::Event(event.what.clone())));
        }
        let number = self.segment;
        let segment = log.segment(number)?;
        self.segment += 1;
        Some((segment.at, Kind::Moved { direction: segment.direction, number, range: segment.range() }))
    }

    /// Moves behind `entry`.
    fn pass(&mut self, entry: &Entry) {
        match entry.kind {
            Kind::Moved { .. } => self.segment += 1,
            Kind::Event(_) => self.event += 1,
        }
    }
}

/// A walk through both recordings, the earlier entry first.
struct Merge<'a> {
    two: Two<'a>,
    /// How much later than the base each recording began.
    shift: [Duration; 2],
    /// How far each was copied.
    copied: [Cursor; 2],
    /// Where each walk ends; otherwise where the recording does.
    until: Option<[Cursor; 2]>,
    ahead: [VecDeque<Entry>; 2],
    /// Nothing more was there when it was copied.
    dry: [bool; 2],
    /// What comes next has been dropped.
    lost: bool,
}

impl<'a> Merge<'a> {
    fn new(two: Two<'a>, from: [Cursor; 2], until: Option<[Cursor; 2]>) -> Self {
        let base = base(two);
        let shift = two.map(|one| one.origin().saturating_duration_since(base));
        Self { two, shift, copied: from, until, ahead: Default::default(), dry: [false; 2], lost: false }
    }

    /// Copies the next slice of one side, if it is needed.
    fn fill(&mut self, side: usize, most: usize) {
        if self.dry[side] || !self.ahead[side].is_empty() {
            return;
        }
        let (cursor, until, shift) = (&mut self.copied[side], self.until.map(|until| until[side]), self.shift[side]);
        let ahead = &mut self.ahead[side];
        self.lost |= self.two[side].read(|log| {
            if cursor.is_lost(Cursor::start(log)) {
                return true;
            }
            while ahead.len() < most {
                if until == Some(*cursor) {
                    break;
                }
                let Some((at, kind)) = cursor.next(log) else { break };
                ahead.push_back(Entry { side, at: shift + at, kind });
            }
            false
        });
        self.dry[side] = self.ahead[side].len() < most;
    }

    /// Whether all of a side that was there has been given.
    fn is_dry(&self, side: usize) -> bool {
        self.dry[side] && self.ahead[side].is_empty()
    }

    fn next(&mut self) -> Option<Entry> {
        (0..2).for_each(|side| self.fill(side, SLICE));
        if self.lost {
            return None;
        }
        let side = match (self.ahead[0].front(), self.ahead[1].front()) {
            (Some(one), Some(other)) => usize::from(order(one) > order(other)),
            (one, _) => usize::from(one.is_none()),
        };
        self.ahead[side].pop_front()
    }
}

/// By time; at the same time a write is before the read of its bytes.
fn order(entry: &Entry) -> (Duration, bool) {
    (entry.at, !matches!(entry.kind, Kind::Moved { direction: Direction::Out, .. }))
}

/// A place that a walk can begin at.
#[derive(Clone, Debug)]
struct Mark {
    /// The first row from here on.
    row: u64,
    cursors: [Cursor; 2],
    /// The time of the entry that follows, and of the one before.
    at: Duration,
    before: Option<Duration>,
}

/// The rows of two recordings on one time axis.
#[derive(Clone, Debug)]
pub struct Pair {
    per_row: u64,
    /// How far both were walked through.
    head: [Cursor; 2],
    /// The row after those that were counted, and the time of the last one.
    end: u64,
    last: Option<Duration>,
    marks: VecDeque<Mark>,
    /// Entries and bytes since the last mark, and how many of them make a mark.
    since: (u64, u64),
    every: (u64, u64),
    /// For each side: up to this time there are entries of the other one that were given while nothing more of this
    /// side was there. What comes and is not later belongs between them.
    unsure: [Option<Duration>; 2],
}

impl Pair {
    /// The rows with `per_row` bytes each: 1 to 65,536. It knows nothing yet.
    #[must_use]
    pub fn new(per_row: u64) -> Self {
        Self {
            per_row: per_row.clamp(1, 1 << 16),
            head: [Cursor::default(); 2],
            end: 0,
            last: None,
            marks: VecDeque::new(),
            since: (0, 0),
            every: (MARK_ENTRIES, MARK_BYTES),
            unsure: [None; 2],
        }
    }

    /// How many marks it has: what it takes of memory.
    #[must_use]
    pub fn marks(&self) -> usize {
        self.marks.len()
    }

    /// Bytes of one row.
    #[must_use]
    pub fn per_row(&self) -> u64 {
        self.per_row
    }

    /// Walks on through so many entries; true when all that is recorded has been walked through.
    pub fn advance(&mut self, two: Two<'_>, fuel: u64) -> bool {
        self.forget(two);
        self.go_back(two);
        let mut merge = Merge::new(two, self.head, None);
        for _ in 0..fuel {
            let Some(entry) = merge.next() else { return !merge.lost };
            if merge.is_dry(1 - entry.side) {
                self.unsure[1 - entry.side] = Some(entry.at);
            }
            if self.since.0 >= self.every.0 || self.since.1 >= self.every.1 {
                self.mark(entry.at);
            }
            self.since.0 += 1;
            if let Kind::Moved { range, .. } = &entry.kind {
                self.since.1 += range.end - range.start;
            }
            self.end += self.rows_of(&entry);
            self.last = Some(entry.at);
            self.head[entry.side].pass(&entry);
        }
        false
    }

    fn mark(&mut self, at: Duration) {
        self.marks.push_back(Mark { row: self.end, cursors: self.head, at, before: self.last });
        self.since = (0, 0);
    }

    /// Forgets the marks that lead into what is not kept any more. Begins anew where none is left.
    fn forget(&mut self, two: Two<'_>) {
        let starts = two.map(|one| one.read(Cursor::start));
        let is_lost = |mark: &Mark| (0..2).any(|side| mark.cursors[side].is_lost(starts[side]));
        while self.marks.front().is_some_and(is_lost) {
            self.marks.pop_front();
        }
        if self.marks.is_empty() {
            (self.head, self.last, self.unsure) = (starts, None, [None; 2]);
            self.mark(Duration::ZERO);
        }
    }

    /// Goes back to where what came late belongs.
    fn go_back(&mut self, two: Two<'_>) {
        let mut late: Option<Duration> = None;
        for side in 0..2 {
            let Some(sure) = self.unsure[side] else { continue };
            let mut merge = Merge::new(two, self.head, None);
            merge.fill(side, 1);
            match merge.ahead[side].front() {
                Some(entry) if entry.at <= sure => late = Some(late.map_or(entry.at, |late| late.min(entry.at))),
                // All that follows is later still.
                Some(_) => self.unsure[side] = None,
                None => {}
            }
        }
        let Some(late) = late else { return };
        while self.marks.len() > 1 && self.marks.back().is_some_and(|mark| mark.at >= late) {
            self.marks.pop_back();
        }
        let Some(mark) = self.marks.back() else { return };
        (self.head, self.end, self.last, self.since) = (mark.cursors, mark.row, mark.before, (0, 0));
        // Before the first mark nothing is shown that could be out of place.
        let known = if self.marks.len() > 1 { mark.before } else { None };
        self.unsure = self.unsure.map(|sure| sure.zip(known).map(|(sure, known)| sure.min(known)));
    }

    /// The rows that there are.
    #[must_use]
    pub fn rows(&self) -> Range<u64> {
        self.marks.front().map_or(self.end, |mark| mark.row)..self.end
    }

    /// How many bytes of each side, of both directions, are not shown as they were not kept.
    #[must_use]
    pub fn gone(&self, two: Two<'_>) -> [u64; 2] {
        let Some(mark) = self.marks.front() else { return [0; 2] };
        let gone = |side: usize| {
            let number = mark.cursors[side].segment;
            two[side].read(|log| log.position(Direction::In, number) + log.position(Direction::Out, number))
        };
        [gone(0), gone(1)]
    }

    /// The rows of these numbers, as far as there are such.
    #[must_use]
    pub fn look(&self, two: Two<'_>, wanted: Range<u64>) -> Vec<Row> {
        let mut rows = Vec::new();
        self.walk(two, self.marks.partition_point(|mark| mark.row <= wanted.start), |first, before, entry| {
            let count = self.rows_of(entry);
            for number in first.max(wanted.start)..(first + count).min(wanted.end) {
                let bytes = match &entry.kind {
                    Kind::Moved { range, .. } => {
                        let start = range.start + (number - first) * self.per_row;
                        start..(start + self.per_row).min(range.end)
                    }
                    Kind::Event(_) => 0..0,
                };
                rows.push(Row { number, entry: entry.clone(), before, bytes, first: number == first });
            }
            first + count < wanted.end
        });
        rows
    }

    /// The row of segment `number` of `side` that has the byte at `position` of its stream.
    #[must_use]
    pub fn row_of(&self, two: Two<'_>, side: usize, number: u64, position: u64) -> Option<u64> {
        let mut found = None;
        let mark = self.marks.partition_point(|mark| mark.cursors[side].segment <= number);
        self.walk(two, mark, |row, _, entry| match &entry.kind {
            Kind::Moved { number: this, range, .. } if entry.side == side => {
                if *this == number {
                    found = Some(row + position.saturating_sub(range.start) / self.per_row);
                }
                *this < number
            }
            _ => true,
        });
        found.filter(|row| *row < self.end)
    }

    /// Tells the row, the time before and the entry of all from the mark before `mark` on, until `see` has enough.
    fn walk(&self, two: Two<'_>, mark: usize, mut see: impl FnMut(u64, Option<Duration>, &Entry) -> bool) {
        let Some(mark) = self.marks.get(mark.saturating_sub(1)) else { return };
        let (mut row, mut before) = (mark.row, mark.before);
        // No further than the rows were counted: what came late would be in between.
        let mut merge = Merge::new(two, mark.cursors, Some(self.head));
        while let Some(entry) = merge.next() {
            if !see(row, before, &entry) {
                return;
            }
            row += self.rows_of(&entry);
            before = Some(entry.at);
        }
    }

    fn rows_of(&self, entry: &Entry) -> u64 {
        match &entry.kind {
            Kind::Moved { range, .. } => (range.end - range.start).div_ceil(self.per_row).max(1),
            Kind::Event(_) => 1,
        }
    }

    /// For a read of `side`: the writes of the other end that its bytes came from. For a write: the reads that they
    /// went to.
    #[must_use]
    pub fn sources(two: Two<'_>, side: usize, number: u64) -> Option<Sources> {
        let segment = two[side].read(|log| log.segment(number))?;
        Some(two[1 - side].read(|log| sources(log, segment.direction.other(), segment.range())))
    }
}

/// The segments of `direction` that have these bytes.
fn sources(log: &Log, direction: Direction, range: Range<u64>) -> Sources {
    let stream = log.stream(direction);
    let kept = range.start.max(stream.start)..range.end.min(stream.end);
    let mut sources = Sources {
        gone: stream.start.min(range.end).saturating_sub(range.start),
        missing: range.end.saturating_sub(stream.end.max(range.start)),
        ..Sources::default()
    };
    if kept.is_empty() {
        return sources;
    }
    let at = |position| log.segment_at(direction, position);
    let Some((first, last)) = at(kept.start).zip(at(kept.end - 1)) else { return sources };
    let bytes = |number| log.segment(number).map_or(0..0, |segment| segment.range());
    sources.ends = Some([(first, bytes(first)), (last, bytes(last))]);
    sources.more = last - first >= MOST_COUNTED;
    let counted = (first..=last.min(first + MOST_COUNTED - 1)).filter_map(|number| log.segment(number));
    sources.count = counted.filter(|one| one.direction == direction && one.len > 0).count() as u64;
    sources
}

#[cfg(test)]
mod tests {
    use super::super::{By, Recorder, lock};
    use super::*;
    use Direction::{In, Out};
    use proptest::prelude::*;
    use std::sync::atomic::AtomicU64;
    use std::sync::{Arc, Mutex, OnceLock};

    /// A read, write or event of a side, so many milliseconds after the one before; when it is in a recording, it may be
    /// later than what is in the other one already.
    #[derive(Clone, Debug)]
    struct Act {
        side: usize,
        wait: u64,
        what: Option<(Direction, usize)>,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let direction = prop_oneof![Just(In), Just(Out)];
        let moved = prop_oneof![8 => (direction, 0..30usize).prop_map(Some), 1 => Just(None)];
        let act = (0..2usize, 0..4u64, moved).prop_map(|(side, wait, what)| Act { side, wait, what });
        prop::collection::vec(act, 0..80)
    }

    /// Two recordings, and each side's clock: they run apart, so that entries come late.
    struct Told {
        recordings: [Arc<Recording>; 2],
        clocks: [Duration; 2],
    }

    impl Told {
        fn new(budget: u64) -> Self {
            let recorder = Recorder::new(budget);
            let one = recorder.open();
            // Begun at the same time, so that entries of both can be at the same time.
            let other = Arc::new(Recording {
                newest: AtomicU64::new(0),
                number: 2,
                ends: OnceLock::new(),
                origin: one.origin,
                opened: one.opened,
                recorder: Arc::clone(&recorder),
                cost: AtomicU64::new(0),
                log: Mutex::default(),
            });
            lock(&recorder.recordings).push(Arc::downgrade(&other));
            Self { recordings: [one, other], clocks: [Duration::ZERO; 2] }
        }

        fn act(&mut self, act: &Act) {
            let recording = &self.recordings[act.side];
            // In the future, so that the clock of the recording does not matter.
            self.clocks[act.side] += Duration::from_millis(act.wait);
            let at = self.recordings[0].origin() + Duration::from_secs(60) + self.clocks[act.side];
            match act.what {
                Some((direction, len)) => recording.push_at(direction, &vec![b'x'; len], recording.micros(at)),
                None => recording.note(What::Closed(By::Us)),
            }
        }

        fn two(&self) -> Two<'_> {
            [&self.recordings[0], &self.recordings[1]]
        }
    }

    fn told(acts: &[Act]) -> Told {
        let mut told = Told::new(u64::MAX);
        acts.iter().for_each(|act| told.act(act));
        told
    }

    fn small(per_row: u64) -> Pair {
        Pair { every: (4, 60), ..Pair::new(per_row) }
    }

    fn all(pair: &Pair, two: Two<'_>) -> Vec<Row> {
        pair.look(two, 0..u64::MAX)
    }

    fn entries(rows: &[Row]) -> Vec<Entry> {
        rows.iter().filter(|row| row.first).map(|row| row.entry.clone()).collect()
    }

    /// All of one recording, in its own order.
    fn own(told: &Told, side: usize) -> Vec<Kind> {
        told.recordings[side].read(|log| {
            let mut cursor = Cursor::start(log);
            std::iter::from_fn(|| cursor.next(log)).map(|(_, kind)| kind).collect()
        })
    }

    proptest! {
        #[test]
        fn everything_of_both_ends_is_there_in_time_and_in_its_own_order(
            acts in acts(), per_row in 1..20u64, fuel in 1..20u64, from in 0..200u64, many in 0..30u64,
        ) {
            let told = told(&acts);
            let mut pair = small(per_row);
            while !pair.advance(told.two(), fuel) {}
            let rows = all(&pair, told.two());
            prop_assert_eq!(pair.rows(), 0..rows.len() as u64);
            let entries = entries(&rows);
            prop_assert!(entries.is_sorted_by_key(|entry| entry.at));
            // At the same time a write comes first.
            let is_out = |one: &Entry| matches!(one.kind, Kind::Moved { direction: Out, .. });
            let is_wrong = |two: &[Entry]| {
                two[0].at == two[1].at && two[0].side != two[1].side && !is_out(&two[0]) && is_out(&two[1])
            };
            prop_assert!(!entries.windows(2).any(is_wrong));
            for side in 0..2 {
                let shown: Vec<_> = entries.iter().filter(|one| one.side == side).map(|one| one.kind.clone()).collect();
                prop_assert_eq!(shown, own(&told, side));
            }
            // Each byte stands on one row.
            let mut at = 0;
            for entry in &entries {
                let Kind::Moved { number, range, .. } = &entry.kind else { at += 1; continue };
                let mine: Vec<_> = rows[at..].iter().take_while(|row| row.entry == *entry).collect();
                prop_assert_eq!(mine.len() as u64, (range.end - range.start).div_ceil(per_row).max(1));
                let bytes: Vec<_> = mine.iter().flat_map(|row| row.bytes.clone()).collect();
                prop_assert_eq!(bytes, range.clone().collect::<Vec<_>>());
                for row in &mine {
                    let found = pair.row_of(told.two(), entry.side, *number, row.bytes.start);
                    prop_assert_eq!(found, Some(row.number));
                }
                at += mine.len();
            }
            prop_assert!(rows.windows(2).all(|two| !two[1].first || two[1].before == Some(two[0].entry.at)));
            // Any part of the rows is that part.
            let part = from.min(rows.len() as u64)..(from + many).min(rows.len() as u64);
            prop_assert_eq!(pair.look(told.two(), part.clone()), &rows[part.start as usize..part.end as usize]);
        }

        #[test]
        fn watching_it_come_late_or_looking_at_the_end_is_the_same(
            acts in acts(), per_row in 1..20u64, every in 1..5usize, fuel in 1..30u64,
        ) {
            let mut told = Told::new(u64::MAX);
            let mut live = small(per_row);
            for (n, act) in acts.iter().enumerate() {
                told.act(act);
                if n % every == 0 {
                    live.advance(told.two(), fuel);
                }
            }
            while !live.advance(told.two(), 1_000) {}
            let mut late = small(per_row);
            prop_assert!(late.advance(told.two(), 1_000));
            let rows = all(&late, told.two());
            prop_assert_eq!(&all(&live, told.two()), &rows);
            // From whichever mark they are found.
            prop_assert_eq!(live.rows(), late.rows());
            for row in &rows {
                prop_assert_eq!(&live.look(told.two(), row.number..row.number + 1)[..], std::slice::from_ref(row));
            }
        }

        #[test]
        fn what_is_not_kept_is_counted_and_the_newest_of_both_is_shown(
            acts in acts(), per_row in 1..20u64, budget in 200..1_500u64, every in 1..10usize,
        ) {
            let mut told = Told::new(budget);
            let mut pair = small(per_row);
            for (n, act) in acts.iter().enumerate() {
                told.act(act);
                if n % every == 0 {
                    pair.advance(told.two(), 1_000);
                    // Rows that were counted before something was dropped do no harm.
                    told.act(act);
                    let numbers: Vec<_> = pair.look(told.two(), pair.rows()).iter().map(|row| row.number).collect();
                    prop_assert!(numbers.iter().all(|number| pair.rows().contains(number)));
                }
            }
            prop_assert!(pair.advance(told.two(), 1_000));
            let rows = pair.look(told.two(), pair.rows());
            prop_assert!(rows.iter().map(|row| row.number).eq(pair.rows()), "rows have their numbers");
            let entries = entries(&rows);
            prop_assert!(entries.is_sorted_by_key(|entry| entry.at));
            let gone = pair.gone(told.two());
            for (side, gone) in gone.into_iter().enumerate() {
                let shown: Vec<_> = entries.iter().filter(|one| one.side == side).map(|one| one.kind.clone()).collect();
                let own = own(&told, side);
                prop_assert!(own.ends_with(&shown), "{shown:?} is not the end of {own:?}");
                let of = |row: &&Row| row.entry.side == side;
                let bytes: u64 = rows.iter().filter(of).map(|row| row.bytes.end - row.bytes.start).sum();
                let ever = told.recordings[side].read(|log| log.stream(In).end + log.stream(Out).end);
                prop_assert_eq!(bytes + gone, ever);
            }
        }

        #[test]
        fn sources_are_right_for_any_cut(
            writes in prop::collection::vec(0..20usize, 0..30), reads in prop::collection::vec(1..20usize, 0..30),
            other in 0..3usize,
        ) {
            let told = Told::new(u64::MAX);
            let [client, server] = &told.recordings;
            for len in &writes {
                client.push(Out, &vec![b'x'; *len]);
                (0..other).for_each(|_| client.push(In, b"between"));
            }
            let mut rest: usize = writes.iter().sum();
            for len in &reads {
                server.push(In, &vec![b'x'; (*len).min(rest)]);
                rest -= (*len).min(rest);
            }
            // Byte by byte.
            let owners = |recording: &Recording, direction| -> Vec<u64> {
                recording.read(|log| {
                    let numbers = log.kept().filter(|n| log.segment(*n).is_some_and(|one| one.direction == direction));
                    numbers.flat_map(|n| vec![n; log.segment(n).map_or(0, |one| one.len)]).collect()
                })
            };
            let (wrote, read) = (owners(client, Out), owners(server, In));
            for (side, direction, mine, theirs) in [(0, Out, &wrote, &read), (1, In, &read, &wrote)] {
                for number in told.recordings[side].kept() {
                    let segment = told.recordings[side].read(|log| log.segment(number)).expect("kept");
                    if segment.direction != direction {
                        continue;
                    }
                    let found = Pair::sources(told.two(), side, number).expect("kept");
                    let at = |n: &usize| mine[*n] == number;
                    let mut wanted: Vec<_> = (0..mine.len()).filter(at).filter_map(|n| theirs.get(n)).collect();
                    wanted.dedup();
                    prop_assert_eq!(found.count, wanted.len() as u64);
                    let ends = found.ends.as_ref().map(|[first, last]| (&first.0, &last.0));
                    prop_assert_eq!(ends, wanted.first().copied().zip(wanted.last().copied()));
                    let missing = (0..mine.len()).filter(at).filter(|n| *n >= theirs.len()).count();
                    prop_assert_eq!((found.gone, found.missing, found.more), (0, missing as u64, false));
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_not_kept_have_no_source() {
        let told = Told::new(2_000);
        let [client, server] = &told.recordings;
        server.push(In, &[b'x'; 40]);
        (0..60).for_each(|_| client.push(Out, b"x"));
        let kept = client.read(|log| log.stream(Out).start);
        assert!(kept > 0 && kept < 40, "{kept}");
        let found = Pair::sources(told.two(), 1, 0).expect("kept");
        assert_eq!((found.count, found.gone, found.missing), (40 - kept, kept, 0));
        assert_eq!(found.ends.map(|ends| ends.map(|one| one.0)), Some([kept, 39]));
    }

    #[test]
    fn a_million_segments_cost_few_marks_and_any_row_is_found() {
        let told = Told::new(u64::MAX);
        for n in 0..500_000u32 {
            let at = |later| 1_000_000 + u64::from(n) * 10 + later;
            told.recordings[0].push_at(Out, &n.to_be_bytes(), at(0));
            told.recordings[1].push_at(In, &n.to_be_bytes(), at(5));
        }
        let mut pair = Pair::new(16);
        while !pair.advance(told.two(), 10_000) {}
        assert_eq!(pair.rows(), 0..1_000_000);
        assert!(pair.marks.len() < 1_000, "{} marks", pair.marks.len());
        for row in [0, 1, 1_023, 1_024, 1_025, 499_999, 999_999] {
            let found = &pair.look(told.two(), row..row + 1)[0];
            assert_eq!((found.number, found.entry.side as u64), (row, row % 2));
            assert_eq!(pair.row_of(told.two(), found.entry.side, row / 2, found.bytes.start), Some(row));
        }
    }
}
