//! Bytes as something to paste: text, hexadecimal digits, or a literal of a programming language.

use std::fmt::Write as _;

use super::encoding::{self, Encoding, Kind};
use super::hex;

/// What bytes are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Text in this encoding: line ends and tabs do their work, what else could act or is no character is made visible.
    Text(Encoding),
    /// `4d 69 63`, all in one line.
    Hex,
    /// Lines of a position, sixteen bytes and what of them is ASCII.
    HexDump,
    /// A string of C; its array has a zero byte more.
    C,
    /// A byte string of Rust.
    Rust,
    /// A `bytes` of Python.
    Python,
}

/// About how many characters of a literal are put in one line.
const WIDTH: usize = 72;

/// `bytes` in this form. Only [`Form::Text`] may lose something; there is no line end after the last line.
#[must_use]
pub fn write(form: Form, bytes: &[u8]) -> String {
    match form {
        Form::Text(encoding) => text(encoding, bytes),
        Form::Hex => hex::row(bytes),
        Form::HexDump => hex_dump(bytes),
        // Literals beside each other are one.
        Form::C => format!("\"{}\"", lines(bytes, push_c).join("\"\n\"")),
        // A backslash before the line end takes it away, and the blanks after it.
        Form::Rust => format!("b\"{}\"", lines(bytes, push_rust).join("\\\n")),
        Form::Python => match lines(bytes, push_python).as_slice() {
            [line] => format!("b\"{line}\""),
            lines => format!("(\n    b\"{}\"\n)", lines.join("\"\n    b\"")),
        },
    }
}

fn text(encoding: Encoding, bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    // A CR keeps its meaning only before a LF.
    let mut held = false;
    encoding::walk(encoding, bytes, 0, 0..bytes.len() as u64, |_, kind, shown| {
        let control = if kind == Kind::Control { shown } else { "" };
        if std::mem::take(&mut held) {
            out.push_str(if control == "\\n" { "\r" } else { "\\r" });
        }
        match control {
            "\\n" => out.push('\n'),
            "\\t" => out.push('\t'),
            "\\r" => held = true,
            _ => out.push_str(shown),
        }
    });
    if held {
        out.push_str("\\r");
    }
    out
}

fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 5);
    for (number, row) in bytes.chunks(hex::ROW).enumerate() {
        let end = if number == 0 { "" } else { "\n" };
        // Writing to a String cannot fail.
        _ = write!(out, "{end}{:08x}  {:<width$}  ", number * hex::ROW, hex::row(row), width = hex::ROW * 3 - 1);
        out.extend(row.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }));
    }
    out
}

/// Writes one byte into a literal. It is given the byte before it too: nothing where a line after the first begins.
type Push = fn(out: &mut String, before: Option<u8>, byte: u8);

/// What stands between the quotes, line by line; at least one.
fn lines(bytes: &[u8], push: Push) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut before = Some(b'"');
    for &byte in bytes {
        let end = line.len();
        push(&mut line, before, byte);
        if line.len() > WIDTH {
            line.truncate(end);
            lines.push(std::mem::take(&mut line));
            push(&mut line, None, byte);
        }
        before = Some(byte);
    }
    lines.push(line);
    lines
}

fn push_c(out: &mut String, before: Option<u8>, byte: u8) {
    match byte {
        // Two question marks could be the beginning of a trigraph.
        b'?' if before == Some(b'?') => out.push_str("\\?"),
        // A hexadecimal escape would go on with the digits after it; an octal one ends after three.
        _ => push(out, byte, |out| _ = write!(out, "\\{byte:03o}")),
    }
}

fn push_rust(out: &mut String, before: Option<u8>, byte: u8) {
    match byte {
        0 => out.push_str("\\0"),
        // A blank with which a line begins would not count.
        b' ' if before.is_none() => out.push_str("\\x20"),
        _ => push(out, byte, |out| _ = write!(out, "\\x{byte:02x}")),
    }
}

fn push_python(out: &mut String, _before: Option<u8>, byte: u8) {
    push(out, byte, |out| _ = write!(out, "\\x{byte:02x}"));
}

/// What all these languages write alike, and else `number`.
fn push(out: &mut String, byte: u8, number: impl FnOnce(&mut String)) {
    match byte {
        b'\r' => out.push_str("\\r"),
        b'\n' => out.push_str("\\n"),
        b'\t' => out.push_str("\\t"),
        b'\\' => out.push_str("\\\\"),
        b'"' => out.push_str("\\\""),
        b' '..=b'~' => out.push(char::from(byte)),
        _ => number(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::escapes::parse_hex;
    use proptest::prelude::*;

    /// Reads a literal as its language does, as far as it is written here.
    fn read(form: Form, literal: &str) -> Vec<u8> {
        let (mut out, mut chars) = (Vec::new(), literal.chars().peekable());
        let mut inside = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => inside = !inside,
                _ if !inside => assert!("b()\n ".contains(c), "{c} outside of the quotes"),
                '\\' => match chars.next().expect("an escape") {
                    'r' => out.push(b'\r'),
                    'n' => out.push(b'\n'),
                    't' => out.push(b'\t'),
                    c @ ('\\' | '"' | '?') => out.push(c as u8),
                    '\n' => while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {},
                    // As many digits as the language takes.
                    c => {
                        let (radix, most) = match (form, c) {
                            (Form::C, 'x') => (16, usize::MAX),
                            (_, 'x') => (16, 2),
                            (Form::Rust, _) => (8, 1),
                            _ => (8, 3),
                        };
                        let mut digits = if c == 'x' { String::new() } else { c.to_string() };
                        while digits.len() < most
                            && let Some(digit) = chars.next_if(|c| c.is_digit(radix))
                        {
                            digits.push(digit);
                        }
                        out.push(u8::from_str_radix(&digits, radix).expect("one byte"));
                    }
                },
                '\n' => panic!("a line end inside the quotes"),
                c => out.push(u8::try_from(c).expect("ASCII")),
            }
        }
        assert!(!inside);
        out
    }

    #[test]
    fn what_is_short_is_one_plain_line() {
        let bytes = b"Mic\"h\\ael\r\n\t\0\x0ab\x1b7\xff????=";
        assert_eq!(write(Form::Hex, &bytes[..3]), "4d 69 63");
        assert_eq!(write(Form::C, bytes), r#""Mic\"h\\ael\r\n\t\000\nb\0337\377?\?\?\?=""#);
        assert_eq!(write(Form::Rust, bytes), r#"b"Mic\"h\\ael\r\n\t\0\nb\x1b7\xff????=""#);
        assert_eq!(write(Form::Python, bytes), r#"b"Mic\"h\\ael\r\n\t\x00\nb\x1b7\xff????=""#);
        for (form, empty) in [(Form::C, r#""""#), (Form::Rust, r#"b"""#), (Form::Python, r#"b"""#), (Form::HexDump, "")]
        {
            assert_eq!(write(form, b""), empty);
        }
    }

    #[test]
    fn what_is_long_has_several_lines() {
        let bytes = [&[b'a'; 72][..], b" b"].concat();
        let a = "a".repeat(72);
        assert_eq!(write(Form::C, &bytes), format!("\"{a}\"\n\" b\""));
        assert_eq!(write(Form::Rust, &bytes), format!("b\"{a}\\\n\\x20b\""));
        assert_eq!(write(Form::Python, &bytes), format!("(\n    b\"{a}\"\n    b\" b\"\n)"));
    }

    #[test]
    fn a_dump_has_positions_bytes_and_ascii() {
        let dump = write(Form::HexDump, b"Hello, Michael!\r\n~\x7f");
        let expected = "00000000  48 65 6c 6c 6f 2c 20 4d 69 63 68 61 65 6c 21 0d  Hello, Michael!.\n\
                        00000010  0a 7e 7f                                         .~.";
        assert_eq!(dump, expected);
    }

    #[test]
    fn text_keeps_its_lines_and_shows_what_could_act() {
        let bytes = b"a\tb\r\nc\rd\r\r\n\x1b[2J\xd6\xd0\xff\nz\\n\r";
        assert_eq!(write(Form::Text(Encoding::Gbk), bytes), "a\tb\r\nc\\rd\\r\r\n\\x1b[2J中\\xff\nz\\n\\r");
        assert_eq!(write(Form::Text(Encoding::Utf16Be), b"\0\r\0\n\0a"), "\r\na");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn every_literal_is_read_as_the_same_bytes(
            any: Vec<u8>, odd in prop::collection::vec(prop::sample::select(b"  \t\r\n\0\x07\x1b\xff019af?=\\\"'nx".to_vec()), 0..400),
        ) {
            for bytes in [any, odd] {
                for form in [Form::C, Form::Rust, Form::Python] {
                    let literal = write(form, &bytes);
                    prop_assert_eq!(read(form, &literal), &bytes[..], "{}", literal);
                    prop_assert!(literal.lines().all(|line| line.len() <= WIDTH + 8), "{}", literal);
                    prop_assert!(!literal.contains("??") || form != Form::C, "{}", literal);
                }
                prop_assert_eq!(parse_hex(&write(Form::Hex, &bytes)), Ok(bytes));
            }
        }
    }
}
