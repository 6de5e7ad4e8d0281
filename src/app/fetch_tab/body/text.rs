//! A body as text, a window of it at a time.

use encoding_rs::{Encoding, UTF_8};

use crate::net::Error;
use crate::net::fetch::Body;
use crate::recording::text::visible_lines;

/// The size of a window, in bytes.
pub const WINDOW: u64 = 1 << 20;
/// A window begins at the begin of a line, if one is as near as this, in bytes.
const NEAR: usize = 4 << 10;

/// How many windows a body of so many bytes has; at least one.
pub fn windows(len: u64) -> u64 {
    len.div_ceil(WINDOW).max(1)
}

/// The text of a window.
#[derive(Debug, Default)]
pub struct Page {
    /// Safe to show.
    text: String,
    /// Where rows begin, for the width below.
    starts: Vec<u32>,
    columns: usize,
}

/// A window as it was decoded.
#[derive(Debug)]
pub struct Decoded {
    /// The text itself.
    pub text: String,
    /// Where in the body it begins, in bytes.
    pub begin: u64,
    /// Where it ends.
    pub end: u64,
    /// There are bytes that are no text in this encoding.
    pub misfits: bool,
}

/// Reads the window with this number.
///
/// # Errors
/// The body cannot be read.
pub fn read(body: &Body, encoding: &'static Encoding, window: u64) -> Result<Decoded, Error> {
    let begin = begin(body, encoding, window)?;
    let end = begin_of_next(body, encoding, window)?;
    let bytes = body.read_at(begin, usize::try_from(end - begin).unwrap_or(0))?;
    // What cannot be decoded becomes U+FFFD.
    let (text, misfits) = if begin == 0 {
        encoding.decode_with_bom_removal(&bytes)
    } else {
        encoding.decode_without_bom_handling(&bytes)
    };
    Ok(Decoded { text: text.into_owned(), begin, end, misfits })
}

fn begin_of_next(body: &Body, encoding: &'static Encoding, window: u64) -> Result<u64, Error> {
    if window + 1 < windows(body.len()) { begin(body, encoding, window + 1) } else { Ok(body.len()) }
}

/// Where a window begins: with a line, or at least with a character.
fn begin(body: &Body, encoding: &'static Encoding, window: u64) -> Result<u64, Error> {
    let nominal = window * WINDOW;
    if window == 0 {
        return Ok(0);
    }
    let near = body.read_at(nominal, NEAR)?;
    Ok(nominal + skipped(&near, encoding) as u64)
}

/// How many bytes belong to the window before.
fn skipped(near: &[u8], encoding: &'static Encoding) -> usize {
    // The unit of UTF-16 is two bytes, and the window's size is even.
    if !encoding.is_ascii_compatible() {
        return 0;
    }
    match near.iter().position(|byte| *byte == b'\n') {
        Some(line_end) => line_end + 1,
        None if encoding == UTF_8 => near.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count(),
        None => 0,
    }
}

impl Page {
    /// With what could act made visible.
    pub fn new(text: &str) -> Self {
        Self { text: visible_lines(text).replace('\t', "    "), ..Self::default() }
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many rows it has when they have so many columns. Longer lines go on in the next row.
    pub fn fit(&mut self, columns: usize) -> u64 {
        if self.columns != columns {
            self.columns = columns;
            self.starts = starts(&self.text, columns);
        }
        self.starts.len() as u64
    }

    /// A row, as of the last [`Page::fit`].
    pub fn row(&self, row: u64) -> &str {
        let at = |index: usize| self.starts.get(index).map_or(self.text.len(), |start| *start as usize);
        let index = usize::try_from(row).unwrap_or(usize::MAX - 1);
        self.text.get(at(index)..at(index + 1)).unwrap_or_default().trim_end_matches('\n')
    }
}

fn starts(text: &str, columns: usize) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut used = columns;
    let mut new_line = true;
    for (at, c) in text.char_indices() {
        // Characters of East Asia are about twice as wide.
        let width = if c >= '\u{1100}' { 2 } else { 1 };
        if new_line || (c != '\n' && used + width > columns) {
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
            used = 0;
        }
        used += width;
        new_line = c == '\n';
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<String> {
        let mut page = Page::new(text);
        let count = page.fit(columns);
        (0..count).map(|row| page.row(row).to_owned()).collect()
    }

    #[test]
    fn long_lines_go_on_in_the_next_row_and_control_characters_are_seen() {
        assert_eq!(rows("a\r\n\nbcdef\n", 4), ["a", "", "bcde", "f"]);
        assert_eq!(rows("好好好\nabcd\n", 4), ["好好", "好", "abcd"]);
        assert_eq!(rows("\x1b[2J\tb", 40), ["\\x1b[2J    b"]);
        assert!(rows("", 40).is_empty());
    }

    #[test]
    fn a_window_begins_with_a_line_or_at_least_with_a_character() {
        assert_eq!(skipped(b"rest\nnext", UTF_8), 5);
        assert_eq!(skipped(&"好a".as_bytes()[1..], UTF_8), 2);
        assert_eq!(skipped(b"abc", UTF_8), 0);
        assert_eq!(skipped(b"\xbd\xe7", encoding_rs::GBK), 0);
        assert_eq!(skipped(b"a\0\n\0", encoding_rs::UTF_16LE), 0);
        assert_eq!([0, 1, WINDOW, WINDOW + 1].map(windows), [1, 1, 1, 2]);
    }
}
