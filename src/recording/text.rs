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
    fn what_could_act_is_made_visible() {
        assert_eq!(visible(b"a\r\nb\tc\0\x1b[2J\x7f"), "a\\r\\nb\\tc\\x00\\x1b[2J\\x7f");
        assert_eq!(visible("\u{202e}evil\u{9b}".as_bytes()), "\\u{202e}evil\\x9b");
        assert_eq!(visible(b"\xe5\xa5"), "\\xe5\\xa5");
        assert_eq!(visible_lines("a\r\nb\rc\x1b"), "a\nb\\rc\\x1b");
    }
}
