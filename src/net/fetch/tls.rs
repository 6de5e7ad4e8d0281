//! TLS: which roots are trusted, the handshake, and in plain words why it failed.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError,
    OtherError, SignatureScheme, StreamOwned,
};

use super::trouble::{fault, wire};
use super::wire::Socket;
use super::{Fault, Options, Tls};
use crate::net::{Error, Operation};

/// No file of root certificates is larger, in bytes.
const MOST_ROOTS: u64 = 16 << 20;

/// Reads the roots and makes the settings for all hops of one fetch.
///
/// # Errors
/// The file of further roots is unreadable or holds no certificate; there are no roots at all.
pub(super) fn config(options: &Options) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let (named, extra) = match &options.extra_roots {
        Some(path) => (path.display().to_string(), read_roots(path)?),
        None => (String::new(), Vec::new()),
    };
    let error = |fault| Error::new(Operation::Understand, &named, fault);
    let verifier: Arc<dyn ServerCertVerifier> = if options.accept_any_certificate {
        Arc::new(AcceptAny(Arc::clone(&provider)))
    } else {
        let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(extra.clone(), Arc::clone(&provider));
        let platform = platform.map_err(|e| match e {
            TlsError::General(text) => {
                log::warn!("trusted roots: {text}");
                Error::new(Operation::Tls, "", Fault::NoRoots)
            }
            _ => error(Fault::BadRoots),
        })?;
        Arc::new(Explaining { platform, extra })
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| error(Fault::TlsOther(e.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let error = |fault| Error::new(Operation::Understand, path.display(), fault);
    let mut pem = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_ROOTS).read_to_end(&mut pem))
        .map_err(|e| error(Fault::UnreadableRoots(e.to_string())))?;
    let roots: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| error(Fault::BadRoots))?;
    if roots.is_empty() { Err(error(Fault::BadRoots)) } else { Ok(roots) }
}

/// Agrees on TLS with `host`; the limits are those of `socket`.
///
/// # Errors
/// Carries a [`Fault`] for what is wrong with TLS or the certificate; else marked as the wire's.
pub(super) fn handshake(
    config: &Arc<ClientConfig>,
    host: &str,
    mut socket: Socket,
) -> io::Result<StreamOwned<ClientConnection, Socket>> {
    // A name may end in a dot; certificates and SNI do not have it (RFC 6066 §3).
    let name = ServerName::try_from(host.trim_end_matches('.').to_owned()).map_err(|_| fault(Fault::BadHost))?;
    let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(|e| fault(explain(&e, host)))?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut socket) {
            return Err(match explained(&error, host) {
                Some(why) => fault(why),
                None if error.kind() == io::ErrorKind::UnexpectedEof => fault(Fault::TlsClosed),
                None => wire(error),
            });
        }
    }
    Ok(StreamOwned::new(connection, socket))
}

/// What was agreed on.
pub(super) fn agreed(connection: &ClientConnection, verified: bool) -> Tls {
    let version = connection.protocol_version().map(|version| format!("{version:?}"));
    let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    Tls { version: version.unwrap_or_default(), cipher: cipher.unwrap_or_default(), verified }
}

/// What TLS has against the connection to `host`, if `error` is TLS's.
pub(super) fn explained(error: &io::Error, host: &str) -> Option<Fault> {
    error.get_ref()?.downcast_ref::<TlsError>().map(|error| explain(error, host))
}

fn explain(error: &TlsError, host: &str) -> Fault {
    match error {
        TlsError::InvalidCertificate(error) => explain_certificate(error, host),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => Fault::NoCommonTls,
        TlsError::InvalidMessage(_) => Fault::NotTls,
        other => Fault::TlsOther(other.to_string()),
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

/// The platform's verifier, which also tells a certificate that vouches for itself from one of an unknown issuer,
/// and takes a server's own certificate where a person chose just that one to trust.
#[derive(Debug)]
struct Explaining {
    platform: rustls_platform_verifier::Verifier,
    /// What a person chose to trust.
    extra: Vec<CertificateDer<'static>>,
}

impl Explaining {
    /// Whether `certificate` is one that was chosen, and is refused only because it calls itself an authority, as
    /// those do that `openssl req -x509` makes. Its time was checked before that was complained about; its name
    /// is checked here.
    fn is_chosen(&self, certificate: &CertificateDer<'_>, error: &CertificateError) -> bool {
        let CertificateError::Other(OtherError(inner)) = error else { return false };
        matches!(inner.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
            && self.extra.iter().any(|one| one == certificate)
    }
}

/// A certificate that vouches for itself.
#[derive(Debug, thiserror::Error)]
#[error("self-signed")]
struct SelfSigned;

impl ServerCertVerifier for Explaining {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified = self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(TlsError::InvalidCertificate(error)) = &verified
            && self.is_chosen(end_entity, error)
        {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        verified.map_err(|error| match error {
            TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                if is_self_issued(end_entity) =>
            {
                CertificateError::Other(OtherError(Arc::new(SelfSigned))).into()
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.platform.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.platform.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

/// Whether a certificate names itself as its issuer (RFC 5280 §4.1.2.4).
fn is_self_issued(certificate: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(certificate).is_ok_and(|(_, one)| one.issuer() == one.subject())
}

/// Takes any certificate, but only from someone who has its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_vouches_for_itself_is_told_from_others() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
        assert!(is_self_issued(own.cert.der()));
        let authority = {
            let key = rcgen::KeyPair::generate().expect("key");
            let mut named = rcgen::CertificateParams::new(vec![]).expect("parameters");
            named.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
            rcgen::Issuer::new(named, key)
        };
        let key = rcgen::KeyPair::generate().expect("key");
        let signed = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("parameters");
        let signed = signed.signed_by(&key, &authority).expect("certificate");
        assert!(!is_self_issued(signed.der()));
    }

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
    fn what_is_no_certificate_is_not_self_issued() {
        for bytes in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"text"] {
            assert!(!is_self_issued(bytes));
        }
    }
}
