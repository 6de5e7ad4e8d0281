//! A form whose fields may be files: `multipart/form-data` (RFC 7578), each part behind its own small head.

use std::borrow::Cow;
use std::path::PathBuf;

use super::Payload;

/// One field of such a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    /// The name of the field, in any characters.
    pub name: String,
    /// What is sent of it.
    pub content: Content,
    /// What the server is told that the file is called; `None`: that it is no file (RFC 7578 §4.2).
    pub file_name: Option<String>,
    /// For `Content-Type`; empty: after the name of the file, and none for what is no file (RFC 7578 §4.4).
    pub media_type: String,
}

/// What is sent of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of a regular file, streamed.
    File(PathBuf),
}

impl FormPart {
    /// A field with this text.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Self {
        let content = Content::Bytes(text.as_bytes().to_owned());
        Self { name: name.to_owned(), content, file_name: None, media_type: String::new() }
    }

    /// A file, which is told by its own name.
    #[must_use]
    pub fn file(name: &str, path: PathBuf) -> Self {
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { name: name.to_owned(), content: Content::File(path), file_name, media_type: String::new() }
    }

    /// What its head says of its type; `None` for nothing.
    #[must_use]
    pub fn media_type(&self) -> Option<Cow<'_, str>> {
        match &self.file_name {
            _ if !self.media_type.is_empty() => Some((&self.media_type).into()),
            Some(name) => Some(Payload::type_of(name.as_ref()).into()),
            None => None,
        }
    }

    /// What stands before its bytes: the boundary and its head.
    pub(super) fn head(&self, boundary: &str) -> String {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", in_quotes(&self.name));
        if let Some(name) = &self.file_name {
            head += &format!("; filename=\"{}\"", in_quotes(name));
        }
        if let Some(media_type) = self.media_type() {
            head += &format!("\r\nContent-Type: {media_type}");
        }
        head + "\r\n\r\n"
    }
}

/// As browsers write a name between quotes: in UTF-8, only what would end it is encoded (HTML, multipart form data).
fn in_quotes(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// What separates the parts: the one that a person typed for `Content-Type`, else one that no content has by chance.
pub(super) fn boundary(typed: Option<&str>) -> String {
    let typed = typed.and_then(|typed| mailparse::parse_content_type(typed).params.remove("boundary"));
    typed.unwrap_or_else(|| format!("socketscope-{:032x}", fastrand::u128(..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_what_it_is_and_names_end_nothing() {
        let part = FormPart::text("a\"b\r\nc", "x");
        assert_eq!(part.head("B"), "--B\r\nContent-Disposition: form-data; name=\"a%22b%0D%0Ac\"\r\n\r\n");
        let part = FormPart { media_type: "text/csv".into(), ..part };
        assert!(part.head("B").ends_with("c\"\r\nContent-Type: text/csv\r\n\r\n"), "{}", part.head("B"));
        let file = FormPart::file("f", "dir/ä \"1\".html".into());
        let head = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"ä %221%22.html\"\r\nContent-Type: text/html\r\n\r\n";
        assert_eq!(file.head("B"), head);
        let unknown = FormPart { file_name: Some("x".into()), ..file };
        assert!(unknown.head("B").ends_with("\r\nContent-Type: application/octet-stream\r\n\r\n"));
    }

    #[test]
    fn a_boundary_is_the_typed_one_or_never_the_same() {
        assert_eq!(boundary(Some("multipart/form-data; boundary=\"a b\"")), "a b");
        assert_ne!(boundary(Some("multipart/form-data")), boundary(None));
        assert_eq!(boundary(None).len(), 44);
    }
}
