//! Which rows a recording has under a lens: counted once as it comes, so that any of millions is found at once.
//!
//! Not every row is remembered. Now and then the walk through the recording leaves a mark; what lies between two marks
//! is walked through again when it is looked at. So the index stays small whatever is recorded.

use std::collections::VecDeque;
use std::ops::Range;

use super::framing::{Framer, Item, Lens, Piece, Place, Step};
use super::{Direction, Log};

/// A mark is left after so many items …
const MARK_ITEMS: u64 = 1_024;
/// … or when the walk has used up so much fuel, see [`Framer::step`].
const MARK_FUEL: u64 = 256 << 10;

/// What the rows of a recording depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What a message is.
    pub lens: Lens,
    /// The only direction to show; `None` for both. Events are always shown.
    pub only: Option<Direction>,
    /// Bytes of one row: 1 to 65,536.
    pub per_row: u64,
}

/// The rows of one recording in one view.
#[derive(Clone, Debug)]
pub struct Index {
    view: View,
    framer: Framer,
    /// How far the recording was walked through.
    head: Place,
    /// The row after those that were counted.
    end: u64,
    /// The rows of the pieces whose end has not come, which follow; none while there is more to walk through.
    open: u64,
    marks: VecDeque<Mark>,
    /// Items and fuel since the last mark.
    since: (u64, u64),
    /// How often it had to begin anew.
    restarts: u64,
}

/// A place that a walk can begin at.
#[derive(Clone, Debug)]
struct Mark {
    /// The first row of `item`.
    row: u64,
    item: Option<Item>,
    /// After it.
    place: Place,
}

/// A row to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: rows are numbered from 0 as they came, and keep their numbers when the oldest go, unless the index had
    /// to begin anew.
    pub number: u64,
    /// What it is a row of.
    pub item: Item,
    /// The bytes on this row, as positions in the stream of the piece; empty where `item` is no piece.
    pub bytes: Range<u64>,
    /// Whether it is the first row of `item`.
    pub first: bool,
}

impl Index {
    /// An index that knows nothing yet.
    #[must_use]
    pub fn new(view: View) -> Self {
        let view = View { per_row: view.per_row.clamp(1, 1 << 16), ..view };
        let framer = Framer::new(view.lens.clone());
        Self {
            view,
            framer,
            head: Place::default(),
            end: 0,
            open: 0,
            marks: VecDeque::new(),
            since: (0, 0),
            restarts: 0,
        }
    }

    /// What it was made for.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Walks on with so much fuel; true when all that is recorded has been walked through.
    pub fn advance(&mut self, log: &Log, mut fuel: u64) -> bool {
        self.forget(log);
        self.open = 0;
        loop {
            let before = fuel;
            let step = self.framer.step(log, &mut self.head, &mut fuel);
            self.since.1 += before - fuel;
            match step {
                Step::Item(item) => {
                    let rows = self.rows_of(&item);
                    self.since.0 += 1;
                    if self.since.0 >= MARK_ITEMS || self.since.1 >= MARK_FUEL {
                        self.marks.push_back(Mark { row: self.end, item: Some(item), place: self.head.clone() });
                        self.since = (0, 0);
                    }
                    self.end += rows;
                }
                Step::Pause => return false,
                Step::End => break,
            }
        }
        self.open = self.head.open().map(|piece| self.rows_of(&Item::Piece(piece))).sum();
        true
    }

    /// Forgets the marks that lead into what is not kept any more. Begins anew where none is left.
    fn forget(&mut self, log: &Log) {
        let kept = log.kept().start;
        while self.marks.front().is_some_and(|mark| mark.place.segment() < kept) {
            self.marks.pop_front();
        }
        if self.marks.is_empty() {
            self.head = Place::start(log);
            self.since = (0, 0);
            self.restarts += 1;
            self.marks.push_back(Mark { row: self.end, item: None, place: self.head.clone() });
        }
    }

    /// How often it had to begin anew, as all that it knew had gone: then the rows have other numbers than before.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// How many marks it has: what it takes of memory.
    #[must_use]
    pub fn marks(&self) -> usize {
        self.marks.len()
    }

    /// The rows that there are.
    #[must_use]
    pub fn rows(&self, log: &Log) -> Range<u64> {
        let end = self.end + self.open;
        let start = self.marks.front().map_or(end, |mark| {
            let gone = match &mark.item {
                Some(Item::Piece(piece)) => {
                    let kept = log.stream(piece.direction).start.min(piece.range.end);
                    kept.saturating_sub(piece.range.start) / self.view.per_row
                }
                _ => 0,
            };
            mark.row + gone
        });
        start.min(end)..end
    }

    /// How many bytes, of both directions, are not shown as they were not kept.
    #[must_use]
    pub fn gone(&self, log: &Log) -> u64 {
        let Some(mark) = self.marks.front() else { return log.dropped_bytes() };
        let before = |direction| mark.begin(direction).max(log.stream(direction).start);
        before(Direction::In) + before(Direction::Out)
    }

    /// The rows of these numbers, as far as there are such.
    #[must_use]
    pub fn look(&self, log: &Log, wanted: Range<u64>) -> Vec<Row> {
        let mut rows = Vec::new();
        self.walk(log, self.mark(|mark| mark.row <= wanted.start), |row, item| {
            let count = self.rows_of(&item);
            for number in row.max(wanted.start)..(row + count).min(wanted.end) {
                let bytes = match &item {
                    Item::Piece(piece) => {
                        let start = piece.range.start + (number - row) * self.view.per_row;
                        let end = (start + self.view.per_row).min(piece.range.end);
                        // Of the first row some bytes may have gone.
                        start.max(log.stream(piece.direction).start).min(end)..end
                    }
                    Item::Empty(_) | Item::Event(_) => 0..0,
                };
                rows.push(Row { number, item: item.clone(), bytes, first: number == row });
            }
            row + count < wanted.end
        });
        rows
    }

    /// The row that has the byte at `position` of `direction`'s stream.
    #[must_use]
    pub fn row_of(&self, log: &Log, direction: Direction, position: u64) -> Option<u64> {
        // Nothing would end the walk.
        if !self.is_shown(direction) {
            return None;
        }
        let mut found = None;
        self.walk(log, self.mark(|mark| mark.begin(direction) <= position), |row, item| match item {
            Item::Piece(piece) if piece.direction == direction => {
                if piece.range.contains(&position) {
                    found = Some(row + (position - piece.range.start) / self.view.per_row);
                }
                piece.range.end <= position
            }
            _ => true,
        });
        found
    }

    /// The index of the last mark that is still `before`.
    fn mark(&self, before: impl Fn(&Mark) -> bool) -> usize {
        self.marks.partition_point(before).saturating_sub(1)
    }

    /// Tells the row and the item of all that is shown from a mark on, until `see` says that it is enough.
    fn walk(&self, log: &Log, mut mark: usize, mut see: impl FnMut(u64, Item) -> bool) {
        let mut fuel = u64::MAX;
        // From mark to mark: between two there may be much that is not shown.
        while let Some(Mark { row, item, place }) = self.marks.get(mark) {
            let (mut row, mut item, mut place) = (*row, item.clone(), place.clone());
            if place.segment() < log.kept().start {
                return;
            }
            // No further than the rows were counted.
            let end = self.marks.get(mark + 1).map_or(self.end, |next| next.row);
            loop {
                if let Some(item) = item {
                    let count = self.rows_of(&item);
                    if count > 0 && !see(row, item) {
                        return;
                    }
                    row += count;
                }
                if row >= end {
                    break;
                }
                let Step::Item(next) = self.framer.step(log, &mut place, &mut fuel) else { return };
                item = Some(next);
            }
            mark = self.mark(|mark| mark.row <= end).max(mark + 1);
        }
        let mut row = self.end;
        for piece in self.head.open().filter(|_| self.open > 0) {
            let item = Item::Piece(piece);
            let count = self.rows_of(&item);
            if count > 0 && !see(row, item) {
                return;
            }
            row += count;
        }
    }

    fn is_shown(&self, direction: Direction) -> bool {
        self.view.only.is_none_or(|only| only == direction)
    }

    fn rows_of(&self, item: &Item) -> u64 {
        match item {
            Item::Piece(Piece { direction, range, .. }) if self.is_shown(*direction) => {
                (range.end - range.start).div_ceil(self.view.per_row)
            }
            Item::Piece(_) => 0,
            Item::Empty(_) | Item::Event(_) => 1,
        }
    }
}

impl Mark {
    /// Where in the stream of a direction what is shown from here on begins.
    fn begin(&self, direction: Direction) -> u64 {
        match &self.item {
            Some(Item::Piece(piece)) if piece.direction == direction => piece.range.start,
            _ => self.place.given(direction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::framing::{LineEnd, Prefix};
    use super::super::{By, Recorder, Recording, What};
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::time::Duration;

    fn lens() -> impl Strategy<Value = Lens> {
        let end = prop_oneof![Just(LineEnd::Any), Just(LineEnd::Lf), Just(LineEnd::CrLf), Just(LineEnd::Cr)];
        let prefix = (1..5u8, any::<bool>(), 0..4u32, any::<bool>());
        prop_oneof![
            Just(Lens::Reads),
            end.prop_map(Lens::Lines),
            (0..20u32).prop_map(Lens::Fixed),
            prefix.prop_map(|(width, little_endian, offset, whole)| {
                Lens::Prefix(Prefix { width, little_endian, offset, whole })
            }),
            prop::collection::vec(byte(), 0..4).prop_map(Lens::Delimiter),
            (0..3u64).prop_map(|ms| Lens::Idle(Duration::from_millis(ms))),
        ]
    }

    /// Few values, so that delimiters and small lengths are met.
    fn byte() -> impl Strategy<Value = u8> {
        prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a'), 0..4u8, any::<u8>()]
    }

    #[derive(Clone, Debug)]
    enum Act {
        Push(Direction, Vec<u8>),
        Happen,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let direction = prop_oneof![Just(Direction::In), Just(Direction::Out)];
        let push = (direction, prop::collection::vec(byte(), 0..30)).prop_map(|(d, b)| Act::Push(d, b));
        prop::collection::vec(prop_oneof![8 => push, 1 => Just(Act::Happen)], 0..60)
    }

    fn act(recording: &Recording, act: &Act) {
        match act {
            Act::Push(direction, bytes) => recording.push(*direction, bytes),
            Act::Happen => recording.note(What::Closed(By::Us)),
        }
    }

    fn recorded(acts: &[Act], budget: u64) -> Arc<Recording> {
        let recording = Recorder::new(budget).open();
        acts.iter().for_each(|one| act(&recording, one));
        recording
    }

    fn all(index: &Index, log: &Log) -> Vec<Row> {
        index.look(log, 0..u64::MAX)
    }

    fn joined(rows: &[Row], log: &Log, wanted: Direction) -> Vec<u8> {
        let of = |row: &Row| match &row.item {
            Item::Piece(piece) if piece.direction == wanted => log.joined(wanted, row.bytes.clone()),
            _ => Vec::new(),
        };
        rows.iter().flat_map(of).collect()
    }

    proptest! {
        #[test]
        fn the_pieces_of_any_lens_are_the_recording(
            acts in acts(), lens in lens(), per_row in 1..20u64, fuel in 1..50u64, from in 0..200u64, many in 0..30u64,
        ) {
            let recording = recorded(&acts, Recorder::BUDGET);
            recording.read(|log| {
                let mut index = Index::new(View { lens, only: None, per_row });
                while !index.advance(log, fuel) {}
                let rows = all(&index, log);
                assert_eq!(index.rows(log), 0..rows.len() as u64);
                for direction in [Direction::In, Direction::Out] {
                    assert_eq!(joined(&rows, log, direction), log.joined(direction, 0..u64::MAX));
                    // Every byte is found on its row.
                    for row in &rows {
                        if matches!(&row.item, Item::Piece(piece) if piece.direction == direction) {
                            assert_eq!(index.row_of(log, direction, row.bytes.start), Some(row.number));
                            assert_eq!(index.row_of(log, direction, row.bytes.end - 1), Some(row.number));
                        }
                    }
                    assert_eq!(index.row_of(log, direction, log.stream(direction).end), None);
                    // Alone, it is the same.
                    let mut one = Index::new(View { only: Some(direction), ..index.view().clone() });
                    assert!(one.advance(log, u64::MAX));
                    let shown = |row: &&Row| !matches!(&row.item, Item::Piece(p) if p.direction != direction);
                    let (here, there) = (all(&one, log), rows.iter().filter(shown));
                    assert!(here.iter().map(|row| &row.bytes).eq(there.map(|row| &row.bytes)));
                }
                let count = |wanted: fn(&Item) -> bool| rows.iter().filter(|row| wanted(&row.item)).count();
                assert_eq!(count(|item| matches!(item, Item::Event(_))), log.events().len());
                let empty = log.kept().filter_map(|n| log.segment(n)).filter(|one| one.len == 0).count();
                assert_eq!(count(|item| matches!(item, Item::Empty(_))), empty);
                for row in &rows {
                    if let Item::Piece(piece) = &row.item {
                        let (first, last) = (piece.segments.start, piece.segments.end - 1);
                        assert_eq!(log.segment_at(piece.direction, piece.range.start), Some(first));
                        assert_eq!(log.segment_at(piece.direction, piece.range.end - 1), Some(last));
                        assert_eq!(piece.at, log.segment(last).expect("kept").at);
                    }
                }
                // Any part of the rows is that part.
                let part = from.min(rows.len() as u64)..(from + many).min(rows.len() as u64);
                assert_eq!(index.look(log, part.clone()), &rows[part.start as usize..part.end as usize]);
            });
        }

        #[test]
        fn watching_it_come_or_looking_at_the_end_is_the_same(acts in acts(), lens in lens(), per_row in 1..20u64) {
            let view = View { lens, only: None, per_row };
            let recording = Recorder::new(Recorder::BUDGET).open();
            let mut live = Index::new(view.clone());
            for one in &acts {
                act(&recording, one);
                recording.read(|log| assert!(live.advance(log, u64::MAX)));
            }
            recording.read(|log| {
                live.advance(log, u64::MAX);
                let mut late = Index::new(view);
                late.advance(log, u64::MAX);
                assert_eq!(all(&live, log), all(&late, log));
            });
        }

        #[test]
        fn any_cut_into_reads_gives_the_same_pieces(
            bytes in prop::collection::vec(byte(), 0..300), cuts in prop::collection::vec(1..40usize, 1..20), lens in lens(),
        ) {
            prop_assume!(!matches!(lens, Lens::Reads | Lens::Idle(_)));
            let pieces = |reads: Vec<&[u8]>| -> Vec<Range<u64>> {
                let recording = Recorder::new(Recorder::BUDGET).open();
                reads.iter().for_each(|one| recording.push(Direction::In, one));
                recording.read(|log| {
                    let mut index = Index::new(View { lens: lens.clone(), only: None, per_row: u64::MAX });
                    index.advance(log, u64::MAX);
                    all(&index, log).into_iter().map(|row| row.bytes).collect()
                })
            };
            let mut rest = bytes.as_slice();
            let mut reads = Vec::new();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                reads.push(now);
                rest = later;
            }
            let whole = if bytes.is_empty() { Vec::new() } else { vec![bytes.as_slice()] };
            prop_assert_eq!(pieces(reads), pieces(whole));
        }

        #[test]
        fn what_is_not_kept_is_counted_and_the_rest_is_shown(
            acts in acts(), lens in lens(), per_row in 1..20u64, budget in 100..800u64, every in 1..10usize,
        ) {
            let recording = Recorder::new(budget).open();
            let mut index = Index::new(View { lens, only: None, per_row });
            for (number, one) in acts.iter().enumerate() {
                act(&recording, one);
                if number % every == 0 {
                    recording.read(|log| index.advance(log, u64::MAX));
                }
            }
            recording.read(|log| {
                assert!(index.advance(log, u64::MAX));
                let range = index.rows(log);
                let rows = index.look(log, range.clone());
                assert!(rows.iter().map(|row| row.number).eq(range), "rows have their numbers");
                let shown: u64 = rows.iter().map(|row| row.bytes.end - row.bytes.start).sum();
                let ever = log.stream(Direction::In).end + log.stream(Direction::Out).end;
                assert_eq!(shown + index.gone(log), ever);
            });
        }
    }

    #[test]
    fn many_rows_are_found_by_few_marks() {
        let recording = Recorder::new(u64::MAX).open();
        for n in 0..100_000u32 {
            recording.push(if n % 3 == 0 { Direction::Out } else { Direction::In }, &n.to_be_bytes());
        }
        recording.push(Direction::Out, &vec![b'x'; 3 << 20]);
        recording.push(Direction::In, b"end");
        recording.read(|log| {
            let mut index = Index::new(View { lens: Lens::Reads, only: None, per_row: 16 });
            assert!(index.advance(log, u64::MAX));
            assert!(index.marks.len() < 110, "{} marks", index.marks.len());
            let big = (3 << 20) / 16;
            assert_eq!(index.rows(log), 0..100_000 + big + 1);
            for row in [0, 1, 1_023, 1_024, 50_000, 99_999, 100_000, 100_001, 99_999 + big, 100_000 + big] {
                let found = &index.look(log, row..row + 1)[0];
                assert_eq!(found.number, row);
                let Item::Piece(piece) = &found.item else { panic!("{found:?}") };
                assert_eq!(piece.segments.start, row.min(100_000) + u64::from(row == 100_000 + big));
                assert_eq!(index.row_of(log, piece.direction, found.bytes.start), Some(row));
            }
            // A long stretch that is not shown is not walked through for each look.
            let mut only = Index::new(View { lens: Lens::Reads, only: Some(Direction::In), per_row: 16 });
            assert!(only.advance(log, u64::MAX));
            let end = only.rows(log).end;
            assert_eq!(only.look(log, end - 2..end).len(), 2);
        });
    }
}
