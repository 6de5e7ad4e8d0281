//! What a body is, and in which ways it can be looked at.

/// What a body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// JSON, as its type says.
    Json,
    /// XML, as its type says.
    Xml,
    /// A page.
    Html,
    /// Other text.
    Text,
    /// A picture of a kind that is read.
    Image,
    /// Anything else.
    #[default]
    Bytes,
}

/// A way to look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// JSON and XML with a line for each value.
    Laid,
    /// As text, exactly as it is.
    Text,
    /// As a picture.
    Image,
    /// Byte by byte.
    Hex,
}

impl Kind {
    /// By its type, and where that says nothing by its first bytes.
    pub fn of(media_type: &str, first: &[u8]) -> Self {
        let subtype = media_type.split('/').nth(1).unwrap_or_default();
        let is = |name: &str| subtype == name || subtype.strip_suffix(name).is_some_and(|rest| rest.ends_with('+'));
        if matches!(media_type, "text/html" | "application/xhtml+xml") {
            Self::Html
        } else if is("json") {
            Self::Json
        } else if is("xml") {
            Self::Xml
        } else if is_image(media_type, first) {
            Self::Image
        } else if is_text(media_type, first) {
            Self::Text
        } else {
            Self::Bytes
        }
    }

    /// The ways to look at it, the best first.
    pub fn looks(self) -> &'static [Look] {
        match self {
            Self::Json | Self::Xml => &[Look::Laid, Look::Text, Look::Hex],
            Self::Html | Self::Text => &[Look::Text, Look::Hex],
            Self::Image => &[Look::Image, Look::Hex],
            Self::Bytes => &[Look::Hex, Look::Text],
        }
    }
}

fn is_silent(media_type: &str) -> bool {
    media_type.is_empty() || media_type == "application/octet-stream"
}

/// Whether its first bytes are those of a picture that can be read, and its type does not say that it is something else.
fn is_image(media_type: &str, first: &[u8]) -> bool {
    (is_silent(media_type) || media_type.starts_with("image/"))
        && image::guess_format(first).is_ok_and(|format| format.reading_enabled())
}

/// Whether it is better read as text: its type says so, or, where the type says nothing, it has no NUL and is UTF-8.
fn is_text(media_type: &str, first: &[u8]) -> bool {
    let said = media_type.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded", "yaml", "toml"]
            .iter()
            .any(|one| media_type.contains(one));
    let looks = || {
        // The last character may be cut.
        !first.contains(&0) && std::str::from_utf8(first).map_or_else(|e| e.error_len().is_none(), |_| true)
    };
    said || (is_silent(media_type) && !first.is_empty() && looks())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_bytes() {
        assert!(is_text("text/html", b"\0"));
        assert!(is_text("application/ld+json", b""));
        assert!(is_text("", "好".as_bytes()));
        assert!(is_text("", &"好".as_bytes()[..2]));
        assert!(!is_text("", b"a\0b"));
        assert!(!is_text("", b"\xff\xfe"));
        assert!(!is_text("image/png", b"abc"));
    }

    #[test]
    fn a_kind_is_what_the_type_says_and_what_the_bytes_do_not_deny() {
        let png = b"\x89PNG\r\n\x1a\n";
        for (media_type, first, kind) in [
            ("application/json", &b"{}"[..], Kind::Json),
            ("application/problem+json", b"{}", Kind::Json),
            ("image/svg+xml", b"<svg/>", Kind::Xml),
            ("application/xhtml+xml", b"<html/>", Kind::Html),
            ("image/png", png, Kind::Image),
            ("", png, Kind::Image),
            ("text/plain", png, Kind::Text),
            ("image/png", b"<html>", Kind::Bytes),
            ("application/x-notjson", b"\0", Kind::Text),
            ("video/mp4", b"\0", Kind::Bytes),
        ] {
            assert_eq!(Kind::of(media_type, first), kind, "{media_type}");
        }
    }
}
