//! What can be wrong with a URL, with TLS, or with what an HTTP server sends.

use crate::i18n::t;

/// Its text is `fault-…` in `fetch.ftl`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a URL that can be fetched.
    #[error("{}", t("fault-bad-url"))]
    BadUrl,
}

impl Fault {
    /// What to do about it, if there is something.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::BadUrl => Some(t("fault-bad-url-advice")),
        }
    }
}
