//! What can be wrong with TLS besides what [`crate::net::fetch::Fault`] says of a server's certificate.

use std::time::Duration;

use crate::i18n::{bytes, t, tf};

/// Trouble with TLS, or with the files for it. Its text is `tls-…` in `tls.ftl`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// What the server sent is not TLS.
    #[error("{}", t("tls-not-tls"))]
    NotTls,
    /// What the client sent is not TLS.
    #[error("{}", t("tls-client-not-tls"))]
    ClientNotTls,
    /// No version or cipher that the client and we speak.
    #[error("{}", t("tls-client-too-old"))]
    ClientTooOld,
    /// The client refused our certificate: with which alert.
    #[error("{}", tf("tls-distrusted", &[("alert", .0.as_str().into())]))]
    Distrusted(String),
    /// The client closed while TLS was being agreed on.
    #[error("{}", t("tls-client-left"))]
    ClientLeft,
    /// TLS was not agreed on in this time.
    #[error("{}", tf("tls-late", &[("seconds", .0.as_secs_f64().into())]))]
    Late(Duration),
    /// The connection ended without the farewell of TLS (close_notify): something may be missing.
    #[error("{}", t("tls-cut"))]
    Cut,
    /// The other side ended TLS with this alert.
    #[error("{}", tf("tls-alert", &[("alert", .0.as_str().into())]))]
    Alert(String),
    /// Any other trouble with TLS, in the library's words.
    #[error("{}", tf("tls-other", &[("text", .0.as_str().into())]))]
    Other(String),

    /// A file that cannot be read.
    #[error("{}", tf("tls-unreadable", &[("text", .0.as_str().into())]))]
    Unreadable(String),
    /// A folder, a device, a pipe.
    #[error("{}", t("tls-not-a-file"))]
    NotAFile,
    /// A file larger than this, in bytes.
    #[error("{}", tf("tls-too-large", &[("most", bytes(*.0).into())]))]
    TooLarge(u64),
    /// A file without a certificate in it.
    #[error("{}", t("tls-no-certificate"))]
    NoCertificate,
    /// A certificate that cannot be used.
    #[error("{}", tf("tls-bad-certificate", &[("text", .0.as_str().into())]))]
    BadCertificate(String),
    /// A file without a private key in it.
    #[error("{}", t("tls-no-key"))]
    NoKey,
    /// The private key needs a password.
    #[error("{}", t("tls-locked-key"))]
    LockedKey,
    /// A private key that cannot be used.
    #[error("{}", tf("tls-bad-key", &[("text", .0.as_str().into())]))]
    BadKey(String),
    /// The private key is that of another certificate than the one in this file.
    #[error("{}", tf("tls-key-of-another", &[("certificate", .0.as_str().into())]))]
    KeyOfAnother(String),
}

impl Trouble {
    /// What to do about it, if there is something.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let id = match self {
            Self::NotTls => "tls-not-tls-advice",
            Self::ClientNotTls => "tls-client-not-tls-advice",
            Self::ClientTooOld => "tls-client-too-old-advice",
            Self::Distrusted(_) => "tls-distrusted-advice",
            Self::ClientLeft => "tls-client-left-advice",
            Self::Late(_) => "tls-late-advice",
            Self::Unreadable(_) => "tls-unreadable-advice",
            Self::NotAFile | Self::TooLarge(_) => "tls-not-a-file-advice",
            Self::NoCertificate | Self::BadCertificate(_) => "tls-no-certificate-advice",
            Self::NoKey | Self::BadKey(_) => "tls-no-key-advice",
            Self::LockedKey => "tls-locked-key-advice",
            Self::KeyOfAnother(_) => "tls-key-of-another-advice",
            Self::Cut | Self::Alert(_) | Self::Other(_) => return None,
        };
        Some(t(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_text_in_plain_words() {
        let s = || "this".to_owned();
        for trouble in [
            Trouble::NotTls,
            Trouble::ClientNotTls,
            Trouble::ClientTooOld,
            Trouble::Distrusted(s()),
            Trouble::ClientLeft,
            Trouble::Late(Duration::from_secs(1)),
            Trouble::Cut,
            Trouble::Alert(s()),
            Trouble::Other(s()),
            Trouble::Unreadable(s()),
            Trouble::NotAFile,
            Trouble::TooLarge(1),
            Trouble::NoCertificate,
            Trouble::BadCertificate(s()),
            Trouble::NoKey,
            Trouble::LockedKey,
            Trouble::BadKey(s()),
            Trouble::KeyOfAnother(s()),
        ] {
            for text in [Some(trouble.to_string()), trouble.advice()].into_iter().flatten() {
                assert!(text.contains(' ') && !text.contains("{ $") && !text.ends_with('.'), "{trouble:?}: {text:?}");
            }
        }
        assert_eq!(Trouble::Late(Duration::from_secs(10)).to_string(), "TLS was not agreed on within 10 seconds");
    }
}
