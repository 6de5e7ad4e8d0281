//! In which charset a body is to be read as text. Nothing is rewritten: this is only for showing it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::Head;

/// So much of the begin of a body is looked at, in bytes.
pub(super) const LOOK_AT: usize = 64 << 10;
/// How far into a page `<meta charset>` may be (HTML Standard, "prescan a byte stream").
const META_WITHIN: usize = 1_024;

/// The `Content-Type` in lower case without its parameters, empty if there is none; and its charset.
pub(super) fn content_type(head: &Head) -> (String, Option<&'static Encoding>) {
    let Some(value) = head.values("content-type").find(|value| !value.is_empty()) else {
        return (String::new(), None);
    };
    let parsed = mailparse::parse_content_type(&String::from_utf8_lossy(value));
    let charset = parsed.params.get("charset").and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    (parsed.mimetype.trim().to_ascii_lowercase(), charset)
}

/// What told the charset of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharsetBy {
    /// The `Content-Type`.
    Header,
    /// The byte order mark that it begins with.
    Mark,
    /// What it says of itself in a `<meta>`.
    Meta,
    /// What its bytes look like.
    Text,
}

/// The charset by header, else byte order mark, else `<meta>` where it may be HTML, else by what the bytes look like.
pub(super) fn find(media_type: &str, said: Option<&'static Encoding>, start: &[u8]) -> (&'static Encoding, CharsetBy) {
    if let Some(said) = said {
        return (said, CharsetBy::Header);
    }
    if let Some((marked, _)) = Encoding::for_bom(start) {
        return (marked, CharsetBy::Mark);
    }
    let may_be_html = matches!(media_type, "" | "text/html" | "application/xhtml+xml");
    match may_be_html.then(|| meta(start)).flatten() {
        Some(said) => (said, CharsetBy::Meta),
        None => (look(start), CharsetBy::Text),
    }
}

/// UTF-8 where it can be that, else what it looks like most.
fn look(start: &[u8]) -> &'static Encoding {
    // The last character may be cut.
    if std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // Not the last of it: it may be cut.
    detector.feed(start, false);
    detector.guess(None, Utf8Detection::Allow)
}

/// `charset=…` inside a `<meta …>`, outside of comments.
fn meta(start: &[u8]) -> Option<&'static Encoding> {
    let mut text: &[u8] = &start[..start.len().min(META_WITHIN)].to_ascii_lowercase();
    loop {
        text = &text[text.iter().position(|b| *b == b'<')?..];
        if text.starts_with(b"<!--") {
            text = &text[find_in(&text[2..], b"-->")? + 2..];
        } else if text.starts_with(b"<meta") {
            let end = text.iter().position(|b| *b == b'>').unwrap_or(text.len());
            if let Some(encoding) = charset_in(&text[..end]) {
                return Some(encoding);
            }
            text = &text[end..];
        } else {
            text = &text[1..];
        }
    }
}

fn charset_in(tag: &[u8]) -> Option<&'static Encoding> {
    let after = &tag[find_in(tag, b"charset")? + b"charset".len()..];
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|b| matches!(b, b'"' | b'\'' | b';' | b' ' | b'/' | b'\t' | b'\n' | b'\r'));
    let encoding = Encoding::for_label(&value[..end.unwrap_or(value.len())])?;
    // A page whose bytes spell `<meta` is not in UTF-16, whatever it says.
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

fn find_in(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::Header;

    fn typed(value: &str) -> (String, Option<&'static Encoding>) {
        let headers = vec![Header { name: "content-TYPE".into(), value: value.into() }];
        content_type(&Head { raw: vec![], minor_version: 1, status: 200, reason: vec![], headers })
    }

    fn name(media_type: &str, said: Option<&'static Encoding>, start: &str) -> &'static str {
        find(media_type, said, start.as_bytes()).0.name()
    }

    #[test]
    fn the_header_comes_before_all() {
        let (media_type, said) = typed("Text/HTML; Charset=\"GBK\"");
        assert_eq!((media_type.as_str(), said.map(Encoding::name)), ("text/html", Some("GBK")));
        assert_eq!(name("text/html", said, "\u{feff}<meta charset=big5>"), "GBK");
        assert_eq!(typed("text/html; charset=nonsense").1, None);
        assert_eq!(typed("").0, "");
    }

    #[test]
    fn what_told_it_is_known() {
        let by = |media_type, said, start: &[u8]| find(media_type, said, start).1;
        let meta = b"<meta charset=gbk>";
        assert_eq!(by("text/html", Some(UTF_8), meta), CharsetBy::Header);
        assert_eq!(by("text/html", None, b"\xef\xbb\xbf<meta charset=gbk>"), CharsetBy::Mark);
        assert_eq!(by("text/html", None, meta), CharsetBy::Meta);
        assert_eq!(by("text/plain", None, meta), CharsetBy::Text);
        assert_eq!(by("text/html", None, b"<meta charset=nonsense>"), CharsetBy::Text);
    }

    #[test]
    fn at_last_what_the_bytes_look_like() {
        let text = "网络编程就是如何在程序中实现两台计算机的通信。用户可以在浏览器中访问网页。";
        for (label, expected) in [("gbk", "GBK"), ("utf-8", "UTF-8"), ("big5", "Big5")] {
            let text = if label == "big5" {
                "網路編程就是如何在程式中實現兩台電腦的通信。"
            } else {
                text
            };
            let bytes = Encoding::for_label(label.as_bytes()).expect("known").encode(text).0;
            assert_eq!(find("text/plain", None, &bytes).0.name(), expected);
            // Cut inside a character.
            assert_eq!(find("text/plain", None, &bytes[..bytes.len() - 1]).0.name(), expected);
        }
        assert_eq!(find("", None, "Кто там? Это почтальон Печкин".as_bytes()).0.name(), "UTF-8");
        assert_eq!(find("", None, b"").0.name(), "UTF-8");
    }

    #[test]
    fn then_the_mark_then_meta_then_utf_8() {
        assert_eq!(name("text/html", None, "\u{feff}<meta charset=gbk>"), "UTF-8");
        assert_eq!(find("text/plain", None, b"\xff\xfea\0").0.name(), "UTF-16LE");
        assert_eq!(name("text/html", None, "<html><META CharSet='gbk'/>"), "GBK");
        let old = "<meta http-equiv=Content-Type content=\"text/html; charset=shift_jis\">";
        assert_eq!(name("text/html", None, old), "Shift_JIS");
        assert_eq!(name("text/html", None, "<!-- <meta charset=gbk> --><meta charset=big5>"), "Big5");
        assert_eq!(name("text/html", None, "<meta charset=utf-16>"), "UTF-8");
        assert_eq!(name("text/plain", None, "<meta charset=gbk>"), "UTF-8");
        assert_eq!(name("text/html", None, &format!("{}<meta charset=gbk>", " ".repeat(1_024))), "UTF-8");
        for odd in ["<", "<!--", "<!-->", "<meta", "<meta charset", "<meta charset=", "<meta charset='"] {
            assert_eq!(name("text/html", None, odd), "UTF-8", "{odd}");
        }
    }
}
