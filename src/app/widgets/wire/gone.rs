//! Where the row stands that says what is not kept any more: below the events of the begin, above what is kept.

use std::ops::Range;

/// The places of rows in a list that has one row more, or room for one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    /// It is above this row; `None` while nothing is gone.
    above: Option<u64>,
}

/// The most events of the begin that are looked for.
pub(super) const MOST_LEADING: u64 = 64;

impl Gone {
    /// Of rows that begin with `leading` ones from before anything was gone.
    pub(super) fn new(is_gone: bool, rows: &Range<u64>, leading: usize) -> Self {
        Self { above: is_gone.then_some(rows.start + leading as u64) }
    }

    /// The places in the list, for these rows: each has the place after its number, so that it keeps it when something
    /// goes; only those above the row itself have not.
    pub(super) fn places(self, rows: &Range<u64>) -> Range<u64> {
        rows.start + u64::from(self.above.is_none())..rows.end + 1
    }

    /// The rows at these places.
    pub(super) fn rows(self, places: &Range<u64>) -> Range<u64> {
        let row =
            |place: u64| if self.above.is_some_and(|above| place <= above) { place } else { place.saturating_sub(1) };
        row(places.start)..row(places.end)
    }

    /// `rows`, which are those at these places, with `None` where it stands, if it is among them.
    pub(super) fn with<T>(self, places: &Range<u64>, rows: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
        let mut all: Vec<_> = rows.into_iter().map(Some).collect();
        if let Some(above) = self.among(places) {
            all.insert(above.min(all.len()), None);
        }
        all
    }

    /// How many of the rows at these places stand above it, if it is among them.
    fn among(self, places: &Range<u64>) -> Option<usize> {
        self.above.filter(|above| places.contains(above)).map(|above| (above - places.start) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_below_the_events_of_the_begin() {
        let rows = 10..20;
        let gone = Gone::new(true, &rows, 2);
        assert_eq!(gone.places(&rows), 10..21);
        assert_eq!((gone.rows(&(10..21)), gone.among(&(10..21))), (10..20, Some(2)));
        assert_eq!((gone.rows(&(10..12)), gone.among(&(10..12))), (10..12, None));
        assert_eq!((gone.rows(&(10..13)), gone.among(&(10..13))), (10..12, Some(2)));
        assert_eq!((gone.rows(&(12..14)), gone.among(&(12..14))), (12..13, Some(0)));
        assert_eq!((gone.rows(&(13..15)), gone.among(&(13..15))), (12..14, None));
        assert_eq!(gone.with(&(11..14), [11, 12]), [Some(11), None, Some(12)]);
        assert_eq!(gone.with(&(10..14), [10]), [Some(10), None], "fewer rows than there were");
    }

    #[test]
    fn without_it_each_row_has_the_place_after_its_number() {
        let rows = 10..20;
        let gone = Gone::new(false, &rows, 0);
        assert_eq!(gone.places(&rows), 11..21);
        assert_eq!((gone.rows(&(11..21)), gone.among(&(11..21))), (10..20, None));
    }
}
