//! Bytes as text in the encoding that a person chose, any range of a long stream at a time.
//!
//! `encoding_rs` knows the encodings; this module finds where in a stream a character begins, without reading the stream
//! from its start, so that a row of a view costs no more than its own bytes and a few before them.

use std::fmt::Write as _;
use std::ops::Range;

use super::text::push_visible;
use encoding_rs::{Decoder, DecoderResult};
use serde::{Deserialize, Serialize};

/// How bytes stand for characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Unicode, one to four bytes.
    #[default]
    Utf8,
    /// Simplified Chinese, one or two bytes. Reading it, the four bytes of GB 18030 are known too.
    Gbk,
    /// All of Unicode in a form that GBK is a part of: one, two or four bytes.
    Gb18030,
    /// Traditional Chinese, with the additions of Hong Kong.
    Big5,
    /// Japanese as Windows writes it.
    ShiftJis,
    /// Japanese as Unix wrote it.
    EucJp,
    /// Korean, with the additions of Windows.
    EucKr,
    /// Unicode in units of two bytes, the low byte first.
    Utf16Le,
    /// Unicode in units of two bytes, the high byte first.
    Utf16Be,
    /// Every byte is the character of that number.
    Latin1,
    /// Western European as Windows writes it.
    Windows1252,
    /// Cyrillic as Windows writes it.
    Windows1251,
    /// Russian as Unix wrote it.
    Koi8R,
}

/// How far back a character boundary is looked for where the bytes around a place do not tell.
const REACH: usize = 16 << 10;

impl Encoding {
    /// All of them, in the order in which to offer them.
    pub const ALL: [Self; 13] = [
        Self::Utf8,
        Self::Gbk,
        Self::Gb18030,
        Self::Big5,
        Self::ShiftJis,
        Self::EucJp,
        Self::EucKr,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Latin1,
        Self::Windows1252,
        Self::Windows1251,
        Self::Koi8R,
    ];

    /// The name by which people know it, the same in every language.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.known().0
    }

    /// The bytes of `text`; nothing if a character of it does not exist here. What comes out reads as the same text again:
    /// a character for which the standard has only bytes that mean another (the yen sign in Shift_JIS) does not exist.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            _ => {
                let Some(standard) = self.standard() else {
                    return text.chars().map(|c| u8::try_from(c).ok()).collect();
                };
                // What does not exist becomes `&#…;` here, and so does not come back.
                let (bytes, ..) = standard.encode(text);
                let back = standard.decode_without_bom_handling_and_without_replacement(&bytes)?;
                (back == text).then(|| bytes.into_owned())
            }
        }
    }

    /// How many bytes before and after a range [`decode`] may need, at most.
    #[must_use]
    pub fn context(self) -> (usize, usize) {
        match self {
            // The longest character has four bytes, and UTF-16 must see whether two units are a pair.
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => (3, 3),
            Self::Gbk | Self::Gb18030 => (REACH, 3),
            Self::EucJp => (REACH, 2),
            Self::Big5 | Self::ShiftJis | Self::EucKr => (REACH, 1),
            Self::Latin1 | Self::Windows1252 | Self::Windows1251 | Self::Koi8R => (0, 0),
        }
    }

    /// What decodes it; nothing for Latin-1, which the web's standard takes for Windows-1252.
    fn standard(self) -> Option<&'static encoding_rs::Encoding> {
        self.known().1
    }

    fn known(self) -> (&'static str, Option<&'static encoding_rs::Encoding>) {
        match self {
            Self::Utf8 => ("UTF-8", Some(encoding_rs::UTF_8)),
            Self::Gbk => ("GBK", Some(encoding_rs::GBK)),
            Self::Gb18030 => ("GB18030", Some(encoding_rs::GB18030)),
            Self::Big5 => ("Big5", Some(encoding_rs::BIG5)),
            Self::ShiftJis => ("Shift_JIS", Some(encoding_rs::SHIFT_JIS)),
            Self::EucJp => ("EUC-JP", Some(encoding_rs::EUC_JP)),
            Self::EucKr => ("EUC-KR", Some(encoding_rs::EUC_KR)),
            Self::Utf16Le => ("UTF-16 LE", Some(encoding_rs::UTF_16LE)),
            Self::Utf16Be => ("UTF-16 BE", Some(encoding_rs::UTF_16BE)),
            Self::Latin1 => ("Latin-1 (ISO 8859-1)", None),
            Self::Windows1252 => ("Windows-1252", Some(encoding_rs::WINDOWS_1252)),
            Self::Windows1251 => ("Windows-1251", Some(encoding_rs::WINDOWS_1251)),
            Self::Koi8R => ("KOI8-R", Some(encoding_rs::KOI8_R)),
        }
    }
}

/// What a [`Cell`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A character that shows itself. (A few of Big5 are two in Unicode: a letter and its accent.)
    Text,
    /// A control or invisible character, shown as an escape.
    Control,
    /// One byte that belongs to no character, shown as `\xHH`.
    Bad,
    /// One byte, shown as `\xHH`, of a character whose other bytes have not come.
    Unfinished,
    /// What belongs to a character that began before the range; its text is empty.
    Rest,
}

/// Some bytes and what is shown for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Their positions in the stream.
    pub bytes: Range<u64>,
    /// Where their text is in [`Decoded::text`].
    pub text: Range<usize>,
    /// What they are.
    pub kind: Kind,
}

/// A range of a stream as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The text, safe to show: what could act is visible instead, as in [`super::text::visible`].
    pub text: String,
    /// What it is made of, in order and without gaps, from the start of the range.
    pub cells: Vec<Cell>,
}

/// The characters that begin in `wanted`, of a stream of which `window`, beginning at `window_start`, is known. A character
/// belongs whole to the range in which it begins: its cell may reach beyond the end of `wanted`.
///
/// The window must have [`Encoding::context`] on both sides of `wanted`, or reach the ends of what is kept of the stream.
/// Then the answer is what decoding all that is kept would give, with one exception: where an encoding of the Far East has
/// 16 KiB without a byte after which a character surely begins (an ASCII one, mostly), one is taken to begin an even number
/// of bytes before `wanted`. `wanted` is cut to the window.
#[must_use]
pub fn decode(encoding: Encoding, window: &[u8], window_start: u64, wanted: Range<u64>) -> Decoded {
    let mut out = Decoded::default();
    walk(encoding, window, window_start, wanted, |bytes, kind, text| {
        let begin = out.text.len();
        out.text.push_str(text);
        out.cells.push(Cell { bytes, text: begin..out.text.len(), kind });
    });
    out
}

/// Like [`decode`], but gives the cells away one by one: all of a long stream needs no memory then.
pub(super) fn walk(
    encoding: Encoding,
    window: &[u8],
    window_start: u64,
    wanted: Range<u64>,
    mut give: impl FnMut(Range<u64>, Kind, &str),
) {
    let index = |position: u64| position.saturating_sub(window_start).min(window.len() as u64) as usize;
    let (from, to) = (index(wanted.start), index(wanted.end));
    let position = |index: usize| window_start + index as u64;
    let mut steps = Steps::new(encoding, window, boundary(encoding, window, window_start, from));
    let mut shown = String::new();
    // Where the first character begins after `from`, half a unit of UTF-16 is there, whose first half is gone.
    let (mut begin, mut kind) = (from, Kind::Bad);
    loop {
        let end = steps.at;
        match kind {
            Kind::Bad | Kind::Unfinished => {
                let start = begin.max(from);
                let bytes = window.get(start..end.min(to)).unwrap_or_default();
                for (byte, at) in bytes.iter().zip(position(start)..) {
                    shown.clear();
                    // Writing to a String cannot fail.
                    _ = write!(shown, "\\x{byte:02x}");
                    give(at..at + 1, kind, &shown);
                }
            }
            _ if end <= from => {}
            _ if begin < from => give(position(from)..position(end.min(to)), Kind::Rest, ""),
            _ => {
                shown.clear();
                steps.character.chars().for_each(|c| push_visible(&mut shown, c));
                let kind = if shown == steps.character { Kind::Text } else { Kind::Control };
                give(position(begin)..position(end), kind, &shown);
            }
        }
        if end >= to {
            return;
        }
        (begin, kind) = (end, steps.next());
    }
}

/// A place at or before `from` where a character begins, and the last such one or nearly so.
fn boundary(encoding: Encoding, window: &[u8], window_start: u64, from: usize) -> usize {
    match encoding {
        Encoding::Utf8 => {
            // Four bytes that only continue belong to no character all together: the last stands for itself then.
            let begins = |index: &usize| window.get(*index).is_none_or(|byte| byte & 0xc0 != 0x80);
            (from.saturating_sub(3)..=from).rev().find(begins).unwrap_or(from)
        }
        Encoding::Utf16Le | Encoding::Utf16Be => {
            // Units begin at even positions of the stream. The one before may be the first of a pair; what it is taken for
            // if it is the second of another does not matter.
            let first = (window_start % 2) as usize;
            let unit = first + from.saturating_sub(first) / 2 * 2;
            if unit >= first + 2 { unit - 2 } else { unit }
        }
        Encoding::Latin1 | Encoding::Windows1252 | Encoding::Windows1251 | Encoding::Koi8R => from,
        Encoding::Gbk | Encoding::Gb18030 | Encoding::Big5 | Encoding::ShiftJis | Encoding::EucJp | Encoding::EucKr => {
            let furthest = from.saturating_sub(REACH);
            let back = &window[furthest..from];
            let ends = |index: &usize| ends_character(encoding, index.checked_sub(1).map(|i| back[i]), back[*index]);
            let near = (0..back.len()).rev().find(ends).map_or(furthest, |index| furthest + index + 1);
            encoding.standard().map_or(from, |standard| last_boundary(standard, window, near, from))
        }
    }
}

/// Whether `byte` surely ends a character, in an encoding of the Far East. An ASCII byte there stands for itself or is the
/// last of a character; but the digits of GB 18030 may be the second of four, after a byte that is not ASCII.
fn ends_character(encoding: Encoding, before: Option<u8>, byte: u8) -> bool {
    let four = matches!(encoding, Encoding::Gbk | Encoding::Gb18030);
    byte.is_ascii() && !(four && byte.is_ascii_digit() && before.is_none_or(|before| !before.is_ascii()))
}

/// The last place at or before `from` where a character begins, if one begins at `at`: the whole way there at full speed.
fn last_boundary(standard: &'static encoding_rs::Encoding, window: &[u8], mut at: usize, from: usize) -> usize {
    if at == from {
        return from;
    }
    let mut unwanted = String::with_capacity(4 << 10);
    let mut decoder = standard.new_decoder_without_bom_handling();
    loop {
        unwanted.clear();
        let (result, read) = decoder.decode_to_string_without_replacement(&window[at..from], &mut unwanted, false);
        at += read;
        match result {
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(_, after) => {
                at -= usize::from(after);
                decoder = standard.new_decoder_without_bom_handling();
            }
            DecoderResult::InputEmpty => break,
        }
    }
    // Told that nothing more comes, it says how many bytes it has of a character.
    unwanted.clear();
    match decoder.decode_to_string_without_replacement(&[], &mut unwanted, true).0 {
        DecoderResult::Malformed(begun, after) => from - usize::from(begun) - usize::from(after),
        DecoderResult::InputEmpty | DecoderResult::OutputFull => from,
    }
}

/// Goes from character to character.
struct Steps<'a> {
    standard: Option<&'static encoding_rs::Encoding>,
    decoder: Option<Decoder>,
    bytes: &'a [u8],
    /// Where the next one begins.
    at: usize,
    /// The last one, if it was one.
    character: String,
}

impl<'a> Steps<'a> {
    fn new(encoding: Encoding, bytes: &'a [u8], at: usize) -> Self {
        let standard = encoding.standard();
        let decoder = standard.map(encoding_rs::Encoding::new_decoder_without_bom_handling);
        // A decoder writes only where it has room for the longest that could come.
        Self { standard, decoder, bytes, at, character: String::with_capacity(64) }
    }

    /// Goes on by one character, or by bytes that are none. There must be a byte left.
    fn next(&mut self) -> Kind {
        self.character.clear();
        let Some(decoder) = &mut self.decoder else {
            self.character.extend(self.bytes.get(self.at).copied().map(char::from));
            self.at += 1;
            return Kind::Text;
        };
        // Byte by byte, since nothing else tells how long a character is.
        let mut fed = self.at;
        loop {
            let input = self.bytes.get(fed..=fed).unwrap_or_default();
            let at_end = input.is_empty();
            let (result, read) = decoder.decode_to_string_without_replacement(input, &mut self.character, at_end);
            fed += read;
            if let DecoderResult::Malformed(bad, _) = result {
                // The bad bytes are the first ones since the last character. What the decoder has read beyond them, it
                // will read again: its second number, and what it remembers, do not matter.
                self.at += usize::from(bad);
                self.decoder = self.standard.map(encoding_rs::Encoding::new_decoder_without_bom_handling);
                return if at_end { Kind::Unfinished } else { Kind::Bad };
            }
            if !self.character.is_empty() || at_end {
                self.at = fed;
                return Kind::Text;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::text;
    use proptest::prelude::*;

    /// Bytes at which the encodings differ, whole long characters, and any bytes.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let odd = b" 09@Aaz~\r\n\x80\x81\x87\x88\x8e\x8f\x90\xa1\xa4\xc2\xd8\xdc\xe5\xed\xf0\xfe\xff";
        let long =
            [&b"\x90\x30\x81\x30"[..], b"\x81\x39\xfe\x39", b"\xf0\x9f\x98\x80", b"\x8f\xa2\xaf", b"\x3d\xd8\0\xde"];
        let piece = prop_oneof![
            3 => prop::sample::select(odd.to_vec()).prop_map(|byte| vec![byte]),
            1 => any::<u8>().prop_map(|byte| vec![byte]),
            1 => prop::sample::select(long.to_vec()).prop_map(<[u8]>::to_vec),
        ];
        prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
    }

    fn encoding() -> impl Strategy<Value = Encoding> {
        prop::sample::select(Encoding::ALL.to_vec())
    }

    fn whole(encoding: Encoding, bytes: &[u8]) -> Decoded {
        decode(encoding, bytes, 0, 0..bytes.len() as u64)
    }

    /// All of a stream by one decoder of the library, in one go.
    fn by_the_library(encoding: Encoding, bytes: &[u8]) -> String {
        let Some(standard) = encoding.standard() else {
            return bytes.iter().map(|byte| text::visible(char::from(*byte).to_string().as_bytes())).collect();
        };
        let (mut out, mut at) = (String::new(), 0);
        let mut decoder = standard.new_decoder_without_bom_handling();
        loop {
            let mut part = String::with_capacity(bytes.len() * 4 + 64);
            let (result, read) = decoder.decode_to_string_without_replacement(&bytes[at..], &mut part, true);
            at += read;
            out += &text::visible(part.as_bytes());
            let DecoderResult::Malformed(bad, after) = result else { return out };
            let end = at - usize::from(after);
            bytes[end - usize::from(bad)..end].iter().for_each(|byte| write!(out, "\\x{byte:02x}").expect("a string"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn the_whole_is_what_the_library_makes_of_it(encoding in encoding(), bytes in stream()) {
            prop_assert_eq!(whole(encoding, &bytes).text, by_the_library(encoding, &bytes));
        }

        #[test]
        fn any_ranges_give_together_what_the_whole_gives(
            encoding in encoding(), bytes in stream(), start in 0..9u64, sizes in prop::collection::vec(1..20usize, 320),
        ) {
            let all = decode(encoding, &bytes, start, start..start + bytes.len() as u64);
            let (before, after) = encoding.context();
            let (mut text, mut cells, mut at) = (String::new(), Vec::new(), 0);
            for size in sizes {
                let end = (at + size).min(bytes.len());
                let window = at.saturating_sub(before)..(end + after).min(bytes.len());
                let wanted = start + at as u64..start + end as u64;
                let row = decode(encoding, &bytes[window.clone()], start + window.start as u64, wanted.clone());
                let covered = row.cells.iter().fold(wanted.start, |at, cell| {
                    assert_eq!(cell.bytes.start, at, "no gap");
                    assert!(cell.bytes.start < wanted.end && cell.bytes.end > at);
                    cell.bytes.end
                });
                prop_assert!(covered >= wanted.end);
                for (index, mut cell) in row.cells.into_iter().enumerate() {
                    if cell.kind == Kind::Rest {
                        prop_assert!(index == 0 && cell.text.is_empty() && cell.bytes.end <= wanted.end);
                    } else {
                        cell.text = cell.text.start + text.len()..cell.text.end + text.len();
                        cells.push(cell);
                    }
                }
                text += &row.text;
                at = end;
            }
            prop_assert_eq!(at, bytes.len(), "enough ranges");
            prop_assert_eq!(Decoded { text, cells }, all);
        }

        #[test]
        fn text_is_the_same_after_its_way_through_bytes(
            encoding in encoding(), bytes in stream(), more in any::<String>(),
        ) {
            let known = encoding.standard().map_or(String::new(), |one| one.decode_without_bom_handling(&bytes).0.into_owned());
            let exists = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).is_some();
            let text: String = known.chars().chain(more.chars()).filter(exists).collect();
            let bytes = encoding.encode(&text).expect("each of its characters exists");
            let decoded = whole(encoding, &bytes);
            prop_assert_eq!(decoded.text, text::visible(text.as_bytes()));
            prop_assert!(decoded.cells.iter().all(|cell| matches!(cell.kind, Kind::Text | Kind::Control)));
        }

        #[test]
        fn a_range_that_is_not_there_is_empty(
            encoding in encoding(), bytes in stream(), start: u64, wanted: Range<u64>,
        ) {
            let start = start.min(u64::MAX - 1_000);
            for cell in decode(encoding, &bytes, start, wanted).cells {
                prop_assert!(cell.bytes.start >= start && cell.bytes.end <= start + bytes.len() as u64);
            }
        }
    }

    fn cells(encoding: Encoding, bytes: &[u8], start: u64, wanted: Range<u64>) -> Vec<(u64, String, Kind)> {
        let decoded = decode(encoding, bytes, start, wanted);
        let cell =
            |cell: &Cell| (cell.bytes.end - cell.bytes.start, decoded.text[cell.text.clone()].to_owned(), cell.kind);
        decoded.cells.iter().map(cell).collect()
    }

    fn cell(len: u64, text: &str, kind: Kind) -> (u64, String, Kind) {
        (len, text.to_owned(), kind)
    }

    #[test]
    fn every_kind_of_cell_is_what_it_says() {
        let bytes = b"a\xe4\xb8\xad\r\xef\xbb\xbf\xff\xe4\xb8";
        let (text, rest) = (cell(3, "中", Kind::Text), cell(2, "", Kind::Rest));
        let tail = [
            cell(1, "\\r", Kind::Control),
            cell(3, "\\u{feff}", Kind::Control),
            cell(1, "\\xff", Kind::Bad),
            cell(1, "\\xe4", Kind::Unfinished),
            cell(1, "\\xb8", Kind::Unfinished),
        ];
        assert_eq!(cells(Encoding::Utf8, bytes, 7, 8..9), std::slice::from_ref(&text));
        assert_eq!(cells(Encoding::Utf8, bytes, 7, 9..18), [&[rest][..], &tail].concat());
        assert_eq!(cells(Encoding::Utf8, bytes, 7, 10..11), [cell(1, "", Kind::Rest)]);
        assert_eq!(cells(Encoding::Big5, b"\x88\x62", 0, 0..2), [cell(2, "\u{ca}\u{304}", Kind::Text)]);
        assert_eq!(
            cells(Encoding::Latin1, b"\xe9\x80", 0, 0..2),
            [cell(1, "é", Kind::Text), cell(1, "\\x80", Kind::Control)]
        );
        assert_eq!(cells(Encoding::Windows1252, b"\x80", 0, 0..1), [cell(1, "€", Kind::Text)]);
        // Kept from the middle of a unit on.
        let pair = [cell(1, "\\x00", Kind::Bad), cell(4, "😀", Kind::Text)];
        assert_eq!(cells(Encoding::Utf16Be, b"\0\xd8\x3d\xde\x00", 1, 1..6), pair);
        assert_eq!(cells(Encoding::Utf16Be, b"\0\xd8\x3d\xde\x00", 1, 5..6), [cell(1, "", Kind::Rest)]);
        // The lead of what would have four bytes is bad alone.
        let four = [cell(1, "\\x81", Kind::Bad), cell(1, "0", Kind::Text), cell(2, "丂", Kind::Text)];
        assert_eq!(cells(Encoding::Gb18030, b"\x810\x81\x40", 0, 0..4), four);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        assert_eq!(Encoding::Gbk.encode("中文"), Some(b"\xd6\xd0\xce\xc4".to_vec()));
        assert_eq!(Encoding::Utf16Le.encode("😀"), Some(b"\x3d\xd8\x00\xde".to_vec()));
        assert_eq!(Encoding::Latin1.encode("é"), Some(b"\xe9".to_vec()));
        assert_eq!(Encoding::Latin1.encode("€"), None);
        assert_eq!(Encoding::Big5.encode("a😀"), None);
        assert_eq!(Encoding::ShiftJis.encode("¥"), None, "its byte means a backslash");
    }

    #[test]
    fn far_from_any_ascii_the_even_step_is_taken() {
        let bytes = [b"a".to_vec(), Encoding::Gbk.encode(&"中".repeat(20_000)).expect("exists")].concat();
        let far = 30_001..30_005u64;
        assert_eq!(decode(Encoding::Gbk, &bytes, 0, far.clone()).text, "中中");
        // A longer window does not change the answer.
        let window = far.start as usize - REACH;
        assert_eq!(decode(Encoding::Gbk, &bytes[window..], window as u64, far).text, "中中");
        // Within reach of the ASCII byte, a range may begin anywhere.
        assert_eq!(decode(Encoding::Gbk, &bytes, 0, 10_000..10_004).text, "中中");
    }
}
