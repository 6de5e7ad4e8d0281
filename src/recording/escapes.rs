//! What a person types, as bytes: text with escapes, or hexadecimal digits.

use std::fmt::Write as _;

use super::encoding::Encoding;

/// Why something typed stands for no bytes, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The number of the character that is wrong, or with which what is wrong begins.
    pub at: usize,
    /// What is wrong with it.
    pub what: MistakeKind,
}

/// What can be wrong with something typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    /// A backslash before a character that makes no escape with it.
    UnknownEscape {
        /// That character.
        found: char,
    },
    /// The text ends before the escape does.
    UnfinishedEscape,
    /// Something else where a hexadecimal digit should be.
    NotHex {
        /// What is there.
        found: char,
    },
    /// A hexadecimal digit alone: a byte has two.
    OddDigits,
    /// An escape with a number that is no character's in Unicode.
    NoSuchCharacter,
    /// A character that the chosen encoding does not have.
    NotInEncoding {
        /// That character.
        character: char,
    },
}

/// The bytes of text with escapes. `\xHH` is that byte in every encoding; `\r \n \t \0 \a \b \e \f \v \\ \" \'`, `\uHHHH` and
/// `\u{H…}` are characters, and like all others they become the bytes that they have in `encoding`.
///
/// # Errors
/// The first mistake.
pub fn parse_escapes(text: &str, encoding: Encoding) -> Result<Vec<u8>, Mistake> {
    let mut typed = Typed::new(text);
    let mut out = Vec::with_capacity(text.len());
    loop {
        let begin = typed.at;
        let mistake = |what| Mistake { at: begin, what };
        let character = match typed.next() {
            None => return Ok(out),
            Some('\\') => match typed.next().ok_or(mistake(MistakeKind::UnfinishedEscape))? {
                'x' => {
                    out.push((typed.digit(begin)? << 4 | typed.digit(begin)?) as u8);
                    continue;
                }
                'u' => typed.code_point(begin)?,
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                '0' => '\0',
                'a' => '\x07',
                'b' => '\x08',
                'e' => '\x1b',
                'f' => '\x0c',
                'v' => '\x0b',
                same @ ('\\' | '"' | '\'') => same,
                found => return Err(mistake(MistakeKind::UnknownEscape { found })),
            },
            Some(character) => character,
        };
        let bytes = encoding.encode(character.encode_utf8(&mut [0; 4]));
        out.extend(bytes.ok_or(mistake(MistakeKind::NotInEncoding { character }))?);
    }
}

/// The bytes of hexadecimal digits, two for each: `4d 69`, `4d69`, `0x4d, 0x69`, `4D:69`, `4d-69`, `\x4d\x69`. Between two
/// bytes there may be blanks and line ends, commas, colons and dashes, and before one `0x` or `\x`.
///
/// # Errors
/// The first mistake.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, Mistake> {
    let mut typed = Typed::new(text);
    let mut out = Vec::with_capacity(text.len() / 2);
    let parts = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '-');
    loop {
        while typed.peek(0).is_some_and(parts) {
            typed.at += 1;
        }
        let begin = typed.at;
        let prefixed = matches!((typed.peek(0), typed.peek(1)), (Some('0'), Some('x' | 'X')) | (Some('\\'), Some('x')));
        if prefixed {
            typed.at += 2;
        } else if typed.peek(0).is_none() {
            return Ok(out);
        }
        let alone = typed.at;
        let high = typed.digit(begin)?;
        if typed.peek(0).is_none_or(parts) {
            return Err(Mistake { at: alone, what: MistakeKind::OddDigits });
        }
        out.push((high << 4 | typed.digit(begin)?) as u8);
    }
}

/// `bytes` as text of visible ASCII alone, from which [`parse_escapes`] gets the same bytes back, in every encoding but UTF-16.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => _ = write!(out, "\\x{byte:02x}"),
        }
    }
    out
}

/// The characters that were typed, and how far they have been read.
struct Typed {
    characters: Vec<char>,
    at: usize,
}

impl Typed {
    fn new(text: &str) -> Self {
        Self { characters: text.chars().collect(), at: 0 }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0);
        self.at += 1;
        next
    }

    /// One hexadecimal digit of an escape that began at `begin`.
    fn digit(&mut self, begin: usize) -> Result<u32, Mistake> {
        let at = self.at;
        let found = self.next().ok_or(Mistake { at: begin, what: MistakeKind::UnfinishedEscape })?;
        found.to_digit(16).ok_or(Mistake { at, what: MistakeKind::NotHex { found } })
    }

    /// What comes after `\u`: four digits, or any number of them in braces.
    fn code_point(&mut self, begin: usize) -> Result<char, Mistake> {
        let mut number = 0u32;
        if self.peek(0) == Some('{') {
            self.at += 1;
            loop {
                number = number.saturating_mul(16).saturating_add(self.digit(begin)?);
                if self.peek(0) == Some('}') {
                    self.at += 1;
                    break;
                }
            }
        } else {
            for _ in 0..4 {
                number = number << 4 | self.digit(begin)?;
            }
        }
        char::from_u32(number).ok_or(Mistake { at: begin, what: MistakeKind::NoSuchCharacter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::hex;
    use proptest::prelude::*;

    #[test]
    fn every_escape_is_its_byte() {
        let utf8 = |text| parse_escapes(text, Encoding::Utf8).expect(text);
        assert_eq!(utf8(r#"Michael\r\n\t\0\a\b\e\f\v\\\"\'"#), b"Michael\r\n\t\0\x07\x08\x1b\x0c\x0b\\\"'");
        assert_eq!(utf8(r"\x00\xfF\x4d5"), b"\x00\xff\x4d5");
        assert_eq!(utf8(r"\u4e2d\u{4E2d}\u{1f600}\u{0000000041}"), "中中😀A".as_bytes());
        assert_eq!(utf8("中\n"), "中\n".as_bytes());
        assert_eq!(parse_escapes(r"中\n\x01", Encoding::Gbk).expect("exists"), b"\xd6\xd0\n\x01");
        assert_eq!(parse_escapes(r"a\n\x01", Encoding::Utf16Be).expect("exists"), b"\0a\0\n\x01");
    }

    #[test]
    fn a_mistake_says_what_it_is_and_where() {
        use MistakeKind::*;
        let cases = [
            (r"a\q", 1, UnknownEscape { found: 'q' }),
            ("ab\\", 2, UnfinishedEscape),
            (r"a\x4", 1, UnfinishedEscape),
            (r"é\x4g", 4, NotHex { found: 'g' }),
            (r"\u12", 0, UnfinishedEscape),
            (r"\u{12", 0, UnfinishedEscape),
            (r"\u{}", 3, NotHex { found: '}' }),
            (r"a\ud800", 1, NoSuchCharacter),
            (r"\u{110000}", 0, NoSuchCharacter),
            (r"\u{4100000000}", 0, NoSuchCharacter),
            (r"ab😀", 2, NotInEncoding { character: '😀' }),
            (r"ab\u{20ac}", 2, NotInEncoding { character: '€' }),
        ];
        for (text, at, what) in cases {
            assert_eq!(parse_escapes(text, Encoding::Latin1), Err(Mistake { at, what }), "{text}");
        }
        let cases = [
            ("4d 6", 3, OddDigits),
            ("4d6", 2, OddDigits),
            ("4 d", 0, OddDigits),
            ("0x4,", 2, OddDigits),
            ("4d 0x", 3, UnfinishedEscape),
            ("4d 0x 4d", 5, NotHex { found: ' ' }),
            ("4d;69", 2, NotHex { found: ';' }),
            ("4h", 1, NotHex { found: 'h' }),
            (r"4d\n", 2, NotHex { found: '\\' }),
            ("中", 0, NotHex { found: '中' }),
        ];
        for (text, at, what) in cases {
            assert_eq!(parse_hex(text), Err(Mistake { at, what }), "{text}");
        }
    }

    #[test]
    fn hexadecimal_digits_are_read_as_people_write_them() {
        for text in ["4d 69", "4d69", "0x4d, 0x69", "4D:69", "4d-69", r"\x4d\x69", " 4d\r\n\t69,", "0X4D69", "0x4d0x69"]
        {
            assert_eq!(parse_hex(text).as_deref(), Ok(&b"Mi"[..]), "{text}");
        }
        assert_eq!(parse_hex(" \n"), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn nothing_typed_makes_it_panic(
            text: String, like in r#"[\\xu0-9a-f{} rn,中]{0,30}"#, encoding in prop::sample::select(Encoding::ALL.to_vec()),
        ) {
            for text in [text, like] {
                for mistake in [parse_escapes(&text, encoding).err(), parse_hex(&text).err()].into_iter().flatten() {
                    prop_assert!(mistake.at < text.chars().count());
                }
            }
        }

        #[test]
        fn escaped_bytes_come_back(bytes: Vec<u8>, encoding in prop::sample::select(Encoding::ALL.to_vec())) {
            prop_assume!(!matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be));
            let text = escaped(&bytes);
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(parse_escapes(&text, encoding), Ok(bytes));
        }

        #[test]
        fn hexadecimal_rows_come_back(bytes: Vec<u8>) {
            let row = hex::row(&bytes);
            for text in [row.replace(' ', ""), row.to_uppercase(), row] {
                prop_assert_eq!(parse_hex(&text), Ok(bytes.clone()));
            }
        }
    }
}
