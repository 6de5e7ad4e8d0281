//! JSON and XML laid out: only blanks between tokens change, never a token. Where it is neither, the reason is given.

use std::io::{self, Write};

use quick_xml::events::{BytesText, Event};
use quick_xml::{Reader, Writer};
use serde::de::IgnoredAny;

use super::kind::Kind;
use crate::i18n::{t, tf};

/// How large it may become, in bytes: what is nested very deeply is mostly blanks.
const MOST: usize = 8 << 20;
/// Blanks for each level.
const INDENT: usize = 2;

/// `text` laid out.
///
/// # Errors
/// It is not what its type says, in words; or it would become too large.
pub fn lay_out(kind: Kind, text: &str) -> Result<String, String> {
    match kind {
        Kind::Json => json(text),
        Kind::Xml => xml(text),
        _ => Err(String::new()),
    }
}

/// Takes bytes until there are too many.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bounded {
    fn text(self) -> Result<String, String> {
        String::from_utf8(self.0).map_err(|error| error.to_string())
    }
}

fn too_large(_: io::Error) -> String {
    t("body-too-deep")
}

fn json(text: &str) -> Result<String, String> {
    // Numbers, names that come twice and their order stay: it is only looked at, and laid out token by token.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| tf("body-not-json", &[("reason", error.to_string().into())]))?;
    let mut out = Bounded(Vec::new());
    let mut formatter = jsonxf::Formatter::pretty_printer();
    formatter.indent = " ".repeat(INDENT);
    formatter.format_stream_unbuffered(&mut text.as_bytes(), &mut out).map_err(too_large)?;
    out.text()
}

fn xml(text: &str) -> Result<String, String> {
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new_with_indent(Bounded(Vec::new()), b' ', INDENT);
    // Of each open element: whether it has text, so that a line end would become a part of it.
    let mut open = Vec::new();
    let wrong = |reason: String, at: u64| {
        let line = 1 + text.as_bytes().iter().take(at as usize).filter(|byte| **byte == b'\n').count();
        tf("body-not-xml", &[("reason", reason.into()), ("line", line.into())])
    };
    loop {
        let event = reader.read_event().map_err(|error| wrong(error.to_string(), reader.error_position()))?;
        let has_text = match &event {
            Event::Start(_) => open.last().copied(),
            Event::End(_) => open.pop(),
            Event::Eof => break,
            // Line ends between elements are layout: ours takes their place.
            Event::Text(blank) if is_layout(blank) && open.last() != Some(&true) => continue,
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                open.last_mut().map(|has_text| std::mem::replace(has_text, true))
            }
            _ => open.last().copied(),
        };
        if has_text == Some(true) {
            // After text the writer begins no line.
            writer.write_event(Event::Text(BytesText::from_escaped(""))).map_err(too_large)?;
        }
        match event {
            Event::GeneralRef(name) => {
                // It is part of the text around it.
                let text = format!("&{};", &*name);
                writer.write_event(Event::Text(BytesText::from_escaped(text))).map_err(too_large)?;
            }
            event => {
                if matches!(event, Event::Start(_)) {
                    open.push(false);
                }
                writer.write_event(event).map_err(too_large)?;
            }
        }
    }
    if !open.is_empty() {
        return Err(wrong(t("body-open-elements"), reader.buffer_position()));
    }
    writer.into_inner().text()
}

fn is_layout(text: &str) -> bool {
    text.contains('\n') && text.bytes().all(|byte| byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_laid_out_and_no_value_changes() {
        let text = r#"{"b":1.0e5, "a" : 12345678901234567890.10,"a":[],"c":[{"x":"{,:[\"\u00e9"},-0]}"#;
        let laid = json(text).expect("laid out");
        assert_eq!(
            laid,
            "{\n  \"b\": 1.0e5,\n  \"a\": 12345678901234567890.10,\n  \"a\": [],\n  \"c\": [\n    {\n      \
             \"x\": \"{,:[\\\"\\u00e9\"\n    },\n    -0\n  ]\n}"
        );
    }

    #[test]
    fn what_is_no_json_says_why() {
        for (text, reason) in
            [("{\"a\":1,}", "line 1 column 8"), ("[1", "line 1"), ("", "EOF"), ("1 2", "line 1 column 3")]
        {
            let error = json(text).expect_err(text);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn xml_is_laid_out_token_by_token() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE a><a x='1'  y=\"2\"><b>Tom &amp; &#x43;o</b>\n<c/><!-- n --><d><![CDATA[<]]></d></a>";
        let laid = xml(text).expect("laid out");
        assert_eq!(
            laid,
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a>\n<a x='1'  y=\"2\">\n  <b>Tom &amp; &#x43;o</b>\n  <c/>\n  <!-- n -->\n  \
             <d><![CDATA[<]]></d>\n</a>"
        );
        assert_eq!(xml("<p>one <b>two</b> <i>three</i></p>").expect("laid out"), "<p>one <b>two</b> <i>three</i></p>");
    }

    #[test]
    fn what_is_no_xml_says_why_and_where() {
        for (text, line) in [("<a>\n</b>", "line 2"), ("<a>\n<b>", "line 2"), ("<a", "line 1")] {
            let error = xml(text).expect_err(text);
            assert!(error.contains(line), "{error}");
        }
    }

    #[test]
    fn what_would_become_too_large_is_not_laid_out() {
        let deep = 20_000;
        let text = "[".repeat(deep) + &"]".repeat(deep);
        assert_eq!(json(&text), Err(t("body-too-deep")));
        let text = "<a>".repeat(deep) + &"</a>".repeat(deep);
        assert_eq!(xml(&text), Err(t("body-too-deep")));
    }
}
