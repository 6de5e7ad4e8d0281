//! What the TLS library says, in our words.

use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError, OtherError};

use super::Trouble;
use super::trust::SelfSigned;
use crate::net::fetch::Fault;

/// What TLS has against the connection to `host`, if `error` is TLS's.
pub(crate) fn explained(error: &io::Error, host: &str) -> Option<Fault> {
    error.get_ref()?.downcast_ref::<TlsError>().map(|error| explain(error, host))
}

/// What a client of `host` has against the server.
pub(crate) fn explain(error: &TlsError, host: &str) -> Fault {
    match error {
        TlsError::InvalidCertificate(error) => explain_certificate(error, host),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => Fault::NoCommonTls,
        TlsError::InvalidMessage(_) => Fault::NotTls,
        other => Fault::TlsOther(other.to_string()),
    }
}

/// What a server has against a client, or the client against the server.
pub(crate) fn explain_client(error: &TlsError) -> Trouble {
    use AlertDescription as Alert;
    match error {
        TlsError::InvalidMessage(_) => Trouble::ClientNotTls,
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            Trouble::ClientTooOld
        }
        TlsError::AlertReceived(
            alert @ (Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::AccessDenied
            | Alert::UnrecognisedName),
        ) => Trouble::Distrusted(format!("{alert:?}")),
        TlsError::AlertReceived(alert) => Trouble::Alert(format!("{alert:?}")),
        other => Trouble::Other(other.to_string()),
    }
}

fn explain_certificate(error: &CertificateError, host: &str) -> Fault {
    use CertificateError as E;
    let wrong_host = |names: &[String]| Fault::WrongHost {
        host: host.to_owned(),
        // A certificate can have hundreds.
        names: names.iter().take(3).map(|name| shorn(name)).collect::<Vec<_>>().join(", "),
    };
    match error {
        E::Expired | E::ExpiredContext { .. } => Fault::CertificateExpired,
        E::NotValidYet | E::NotValidYetContext { .. } => Fault::CertificateNotYetValid,
        E::NotValidForName => wrong_host(&[]),
        E::NotValidForNameContext { presented, .. } => wrong_host(presented),
        E::UnknownIssuer => Fault::UnknownIssuer,
        E::Revoked => Fault::Revoked,
        E::Other(OtherError(inner)) if inner.is::<SelfSigned>() => Fault::SelfSigned,
        E::BadSignature => Fault::BadSignature,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => Fault::WrongPurpose,
        other => {
            // The library's words for these are those of its source.
            log::info!("certificate of {host}: {other}");
            Fault::OddCertificate
        }
    }
}

/// `DnsName("example.org")` → `example.org`.
fn shorn(presented: &str) -> String {
    presented.split('"').nth(1).unwrap_or(presented).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn tls_trouble_has_plain_words() {
        let explained = |error: CertificateError| explain(&error.into(), "example.org");
        assert_eq!(explained(CertificateError::Revoked), Fault::Revoked);
        assert_eq!(explained(CertificateError::NotValidYet), Fault::CertificateNotYetValid);
        assert_eq!(explained(CertificateError::BadEncoding), Fault::OddCertificate);
        let old = CertificateError::Other(OtherError(Arc::new(webpki::Error::UnsupportedCertVersion)));
        assert_eq!(explained(old), Fault::OddCertificate);
        assert_eq!(explained(CertificateError::BadSignature), Fault::BadSignature);
        assert_eq!(explained(CertificateError::InvalidPurpose), Fault::WrongPurpose);
        let nameless = explained(CertificateError::NotValidForName).to_string();
        assert_eq!(nameless, "the server’s certificate is not for example.org");
        let named = Fault::WrongHost { host: "a".to_owned(), names: "b, c".to_owned() }.to_string();
        assert_eq!(named, "the server’s certificate is not for a but for b, c");
        let alert = TlsError::AlertReceived(AlertDescription::ProtocolVersion);
        assert_eq!(explain(&alert, ""), Fault::NoCommonTls);
    }

    #[test]
    fn a_client_that_does_not_trust_us_is_told_from_one_that_is_too_old() {
        let alert = |alert| explain_client(&TlsError::AlertReceived(alert));
        assert_eq!(alert(AlertDescription::UnknownCA), Trouble::Distrusted("UnknownCA".to_owned()));
        assert_eq!(alert(AlertDescription::ProtocolVersion), Trouble::ClientTooOld);
        assert_eq!(alert(AlertDescription::InternalError), Trouble::Alert("InternalError".to_owned()));
    }
}
