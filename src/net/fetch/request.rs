//! What is asked for: method, URL, header fields, body, and who asks.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Content, FormPart};

/// What a fetch asks for. Nothing in it is checked before the fetch begins; what is wrong is its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Such as `GET`; a token as typed (RFC 9110 §9.1).
    pub method: String,
    /// As a person typed it; a bare host is http. Userinfo in it stands for [`Auth::Basic`].
    pub url: String,
    /// Header fields besides those that every request has, in order.
    pub fields: Vec<Field>,
    /// What is sent as the body.
    pub payload: Payload,
    /// Who asks; wins over userinfo in the URL.
    pub auth: Auth,
}

/// A header field of the request. One that every request has (`Host`, `User-Agent`, `Accept`, …) takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// In any case; it is sent as written.
    pub name: String,
    /// `None`: the field of this name is not sent at all.
    pub value: Option<String>,
}

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Payload {
    /// No body.
    #[default]
    None,
    /// These bytes.
    Bytes {
        /// For `Content-Type`; empty for none.
        media_type: String,
        /// As they are sent.
        bytes: Vec<u8>,
    },
    /// `application/x-www-form-urlencoded`: names and values, encoded when sent.
    Form(Vec<(String, String)>),
    /// `multipart/form-data`: fields that may be files, streamed as well.
    Multipart(Vec<FormPart>),
    /// The bytes of a file, streamed: its length when it is opened is what is sent.
    File {
        /// For `Content-Type`; empty: after its name.
        media_type: String,
        /// Where it is; a regular file.
        path: PathBuf,
    },
}

impl Payload {
    /// The type of a form, which is also what curl says of data.
    pub const FORM: &'static str = "application/x-www-form-urlencoded";
    /// The type of a form with files; when it is sent, the boundary follows.
    pub const MULTIPART: &'static str = "multipart/form-data";

    /// What `Content-Type` says of it unless a person says otherwise, empty for nothing; `None` where there is no body.
    #[must_use]
    pub fn media_type(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::None => None,
            Self::Form(_) => Some(Self::FORM.into()),
            Self::Multipart(_) => Some(Self::MULTIPART.into()),
            Self::File { media_type, path } if media_type.is_empty() => Some(Self::type_of(path).into()),
            Self::Bytes { media_type, .. } | Self::File { media_type, .. } => Some(media_type.into()),
        }
    }

    /// Whether bytes of it are in a file.
    pub(super) fn has_file(&self) -> bool {
        match self {
            Self::None | Self::Bytes { .. } | Self::Form(_) => false,
            Self::Multipart(parts) => parts.iter().any(|part| matches!(part.content, Content::File(_))),
            Self::File { .. } => true,
        }
    }

    /// What the name of a file says about its type.
    pub(super) fn type_of(path: &Path) -> String {
        mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned()
    }
}

/// Who asks. Sent only to the server (scheme, host and port) that the URL names.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody in particular, unless the URL has userinfo.
    #[default]
    None,
    /// RFC 7617.
    Basic {
        /// Without a colon.
        user: String,
        /// In the clear.
        password: String,
    },
    /// RFC 6750: the token.
    Bearer(String),
    /// RFC 7616: asked once without, then again as the server wants it.
    Digest {
        /// The name.
        user: String,
        /// Never sent itself.
        password: String,
    },
}

impl std::fmt::Debug for Auth {
    /// Without any secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::Digest { .. } => "Digest",
        })
    }
}

impl Request {
    /// `GET` of `url`.
    #[must_use]
    pub fn get(url: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            fields: Vec::new(),
            payload: Payload::None,
            auth: Auth::None,
        }
    }
}

impl<S: AsRef<str>> From<&S> for Request
where
    S: ?Sized,
{
    /// `GET` of it.
    fn from(url: &S) -> Self {
        Self::get(url.as_ref())
    }
}
