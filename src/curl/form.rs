//! A field of a form as `curl -F` takes it: `name=text`, `name=@file` or `name=<file`, then perhaps `;type=` and
//! `;filename=`.

use std::path::Path;

use crate::net::fetch::{Content, FormPart};

/// What was understood of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// One, or one for each file.
    pub parts: Vec<FormPart>,
    /// What it says besides.
    pub left_out: Vec<String>,
}

/// Reads a field; `None` where it is none, or a form inside the form.
#[must_use]
pub fn fields(text: &str) -> Option<Fields> {
    let (name, content) = text.split_once('=')?;
    let is_nested = content.starts_with('(') || name.is_empty() && content == ")";
    if is_nested {
        return None;
    }
    let is_file = content.starts_with('@');
    let of_file = content.strip_prefix(['@', '<']);
    // Several files stand one after the other.
    let ends: &[char] = if is_file { &[';', ','] } else { &[';'] };
    let mut rest = of_file.unwrap_or(content);
    let mut all = Fields::default();
    loop {
        let (value, after) = word(rest, ends);
        let mut part = FormPart::text(name, &value);
        if of_file.is_some() {
            part.file_name =
                Path::new(&value).file_name().filter(|_| is_file).map(|name| name.to_string_lossy().into());
            part.content = Content::File(value.into());
        }
        rest = all.read_rest(&mut part, after, ends)?;
        all.parts.push(part);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some(all),
        }
    }
}

/// What [`fields`] reads as this part. curl has no words for a name with `=` in it.
#[must_use]
pub(super) fn written(part: &FormPart) -> Vec<u8> {
    let mut line = [part.name.as_bytes(), b"="].concat();
    let own_name = match &part.content {
        Content::Bytes(bytes) => {
            line.extend(in_quotes(bytes));
            None
        }
        Content::File(path) => {
            line.push(if part.file_name.is_some() { b'@' } else { b'<' });
            line.extend(in_quotes(path.as_os_str().as_encoded_bytes()));
            path.file_name()
        }
    };
    if let Some(name) = part.file_name.as_deref().filter(|name| own_name.is_none_or(|own| own != *name)) {
        line.extend(b";filename=");
        line.extend(in_quotes(name.as_bytes()));
    }
    // curl guesses otherwise.
    if let Some(media_type) = part.media_type() {
        line.extend(b";type=");
        line.extend(media_type.bytes());
    }
    line
}

impl Fields {
    /// Reads what follows a value, up to the next one. `None` where a type is none.
    fn read_rest<'a>(&mut self, part: &mut FormPart, mut rest: &'a str, ends: &[char]) -> Option<&'a str> {
        // A type has parameters of its own.
        let mut in_type = false;
        while let Some(after) = rest.strip_prefix(';').map(str::trim_start) {
            let plain_end = after.find(ends).unwrap_or(after.len());
            let plain = after[..plain_end].trim_end();
            if let Some(media_type) = plain.strip_prefix("type=").map(str::trim_start) {
                media_type.split_once('/').filter(|(major, minor)| !major.is_empty() && !minor.is_empty())?;
                media_type.clone_into(&mut part.media_type);
                in_type = true;
            } else if let Some(name) = after.strip_prefix("filename=") {
                let (name, after) = word(name, ends);
                part.file_name = Some(name);
                in_type = false;
                rest = after;
                continue;
            } else if in_type && !["headers=", "encoder="].iter().any(|one| plain.starts_with(one)) {
                part.media_type += rest[..rest.len() - after.len() + plain_end].trim_end();
            } else if !plain.is_empty() {
                self.left_out.push(plain.to_owned());
                in_type = false;
            }
            rest = &after[plain_end..];
        }
        Some(rest)
    }
}

/// A value up to one of `ends`, without the blanks around it, or between quotes; and what follows.
fn word<'a>(text: &'a str, ends: &[char]) -> (String, &'a str) {
    let text = text.trim_start();
    let (word, rest) = match text.strip_prefix('"').and_then(quoted) {
        Some((word, rest)) => (Some(word), rest),
        None => (None, text),
    };
    let end = rest.find(ends).unwrap_or(rest.len());
    (word.unwrap_or_else(|| rest[..end].trim_end().to_owned()), &rest[end..])
}

/// What stands up to the closing quote, where a backslash escapes another one and a quote; and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, one)) = chars.next() {
        match one {
            '"' => return Some((word, &text[at + 1..])),
            '\\' => word.push(chars.next_if(|(_, next)| matches!(next, '\\' | '"')).map_or(one, |(_, next)| next)),
            _ => word.push(one),
        }
    }
    None
}

fn in_quotes(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in bytes {
        if matches!(byte, b'\\' | b'"') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> FormPart {
        let Fields { mut parts, left_out } = fields(text).expect("a field");
        assert_eq!((parts.len(), left_out.len()), (1, 0), "{text}: {left_out:?}");
        parts.remove(0)
    }

    #[test]
    fn text_and_files_are_told_apart() {
        assert_eq!(one("a=b=c"), FormPart::text("a", "b=c"));
        assert_eq!(one("a= b "), FormPart::text("a", "b"));
        assert_eq!(one("a="), FormPart::text("a", ""));
        assert_eq!(one(r#"a=" b;\"\\\c" x"#), FormPart::text("a", r#" b;"\\c"#));
        assert_eq!(one(r#"a="b"#), FormPart::text("a", "\"b"));
        assert_eq!(one("a=@d/b.txt"), FormPart::file("a", "d/b.txt".into()));
        let text_of_file = FormPart { file_name: None, ..FormPart::file("a", "d/b,c".into()) };
        assert_eq!(one("a=<d/b,c"), text_of_file);
    }

    #[test]
    fn types_and_names_follow() {
        let part = FormPart { media_type: "text/plain; charset=utf-8".into(), ..FormPart::text("a", "b") };
        assert_eq!(one("a=b;type=text/plain; charset=utf-8"), part);
        let part =
            FormPart { file_name: Some("x;y".into()), media_type: "a/b".into(), ..FormPart::file("a", "f".into()) };
        assert_eq!(one("a=@f;type=a/b;filename=\"x;y\""), part);
        assert_eq!(one("a=@f;filename=\"x;y\" ; type= a/b "), part);
    }

    #[test]
    fn several_files_are_fields_of_one_name() {
        let Fields { parts, left_out } = fields("a=@b;type=x/y, \"c,d\"").expect("fields");
        let first = FormPart { media_type: "x/y".into(), ..FormPart::file("a", "b".into()) };
        assert_eq!((parts, left_out), (vec![first, FormPart::file("a", "c,d".into())], vec![]));
    }

    #[test]
    fn what_is_not_done_is_told() {
        assert_eq!(fields("a=b;c;headers=X: y").map(|one| one.left_out), Some(vec!["c".into(), "headers=X: y".into()]));
        assert_eq!(fields("a=b;type=x/y;encoder=base64").map(|one| one.left_out), Some(vec!["encoder=base64".into()]));
        for none in ["", "a", "@a", "a=(", "=(;type=multipart/mixed", "=)", "a=b;type=", "a=b;type=text", "a=b;type=/x"]
        {
            assert_eq!(fields(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(name in "[^=\0]*", text in "[^\0]*", file_name in proptest::option::of("[^\0]+"),
                                         media_type in "([a-z]+/[a-z]+(; ?charset=[a-z]+)?)?", is_file: bool) {
            let mut part = FormPart { file_name, media_type, ..FormPart::text(&name, &text) };
            if is_file && !text.is_empty() {
                part.content = Content::File(text.into());
            }
            let line = String::from_utf8(written(&part)).expect("text");
            let read = one(&line);
            prop_assert_eq!(read.media_type(), part.media_type());
            prop_assert_eq!((read.name, read.content, read.file_name), (part.name, part.content, part.file_name));
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC*|[a=@<;,\"\\\\ type/filename]*") {
            _ = fields(&text);
        }
    }
}
