//! Bytes as text that is safe to show: what a peer sends is data, never a command to a screen.

use std::fmt::Write as _;

/// UTF-8 text of `bytes`, every byte and character that could do something other than be seen made visible:
/// control characters as `\n`, `\r`, `\t`, `\xHH`, bidirectional and other invisible ones as `\u{HHHH}`, bytes
/// that are not UTF-8 as `\xHH`. Tells the peer's bytes faithfully enough to read; not an encoding to undo
/// (a backslash stays a backslash).
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_visible(&mut out, c));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Like [`visible`], but for text that has lines: line ends and tabs do their work, the rest is made visible.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        if matches!(c, '\n' | '\t') { out.push(c) } else { push_visible(&mut out, c) }
    }
    out
}

/// The visible text of `bytes[range]` as one row of a longer text: a character belongs, whole, to the row in which it
/// begins. `range` is cut to what there is.
#[must_use]
pub fn row(bytes: &[u8], range: std::ops::Range<usize>) -> String {
    let end = range.end.min(bytes.len());
    let start = range.start.min(end);
    // A character has at most four bytes: this window has every character that begins in the row, and UTF-8 finds
    // its step again within it.
    let window_start = start.saturating_sub(3);
    let mut position = window_start;
    let mut out = String::new();
    for chunk in bytes[window_start..(end + 3).min(bytes.len())].utf8_chunks() {
        for c in chunk.valid().chars() {
            if (start..end).contains(&position) {
                push_visible(&mut out, c);
            }
            position += c.len_utf8();
        }
        for byte in chunk.invalid() {
            if (start..end).contains(&position) {
                // Writing to a String cannot fail.
                _ = write!(out, "\\x{byte:02x}");
            }
            position += 1;
        }
    }
    out
}

/// Writes `c` as [`visible`] shows it: as it is, or as an escape, which begins with a backslash.
pub(super) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() && (c as u32) < 0x100 => _ = write!(out, "\\x{:02x}", c as u32),
        c if is_invisible(c) => _ = write!(out, "\\u{{{:04x}}}", c as u32),
        c => out.push(c),
    }
}

/// Characters that change how *others* are shown: bidirectional marks, joiners, line and paragraph separators.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_plain_stays_as_it_is() {
        assert_eq!(visible("Hello, 世界! \\n".as_bytes()), "Hello, 世界! \\n");
    }

    #[test]
    fn a_character_cut_by_rows_is_shown_whole_where_it_begins() {
        let bytes = "ab好c\n😀d".as_bytes();
        let rows = |step: usize| -> Vec<String> {
            (0..bytes.len()).step_by(step).map(|at| row(bytes, at..at + step)).collect()
        };
        assert_eq!(rows(4), ["ab好", "c\\n😀", "d"]);
        for step in 1..12 {
            assert_eq!(rows(step).concat(), visible(bytes), "rows of {step}");
        }
        assert_eq!(row(b"\xe5\xa5", 1..2), "\\xa5");
        assert_eq!(row(b"abc", 5..9), "");
    }

    #[test]
    fn what_could_act_is_made_visible() {
        assert_eq!(visible(b"a\r\nb\tc\0\x1b[2J\x7f"), "a\\r\\nb\\tc\\x00\\x1b[2J\\x7f");
        assert_eq!(visible("\u{202e}evil\u{9b}".as_bytes()), "\\u{202e}evil\\x9b");
        assert_eq!(visible(b"\xe5\xa5"), "\\xe5\\xa5");
        assert_eq!(visible_lines("a\r\nb\rc\x1b"), "a\nb\\rc\\x1b");
    }
}
