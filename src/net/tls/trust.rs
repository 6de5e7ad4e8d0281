//! Which certificates are believed.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme};

use super::Certificate;
use crate::net::fetch::Fault;
use crate::net::{Error, Operation, lock};

/// No file of root certificates is larger, in bytes.
const MOST_ROOTS: u64 = 16 << 20;

/// Whom a client believes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust<'a> {
    /// A PEM file of roots to trust besides the system's own.
    pub(crate) roots: Option<&'a Path>,
    /// Any certificate is taken.
    pub(crate) accept_any: bool,
    /// These are taken, whatever is wrong with them.
    pub(crate) accepted: &'a [Certificate],
}

/// What the verifier of one [`client_config`] was shown last, and what it had against it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    refused: Option<TlsError>,
}

impl Witness {
    /// Nobody has been seen yet.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = Shown::default();
    }

    /// The certificates that the server showed, its own first; also where they were refused.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        lock(&self.0).chain.clone()
    }

    /// What is wrong with them; `None` also where nobody looked.
    pub(crate) fn refused(&self) -> Option<TlsError> {
        lock(&self.0).refused.clone()
    }
}

/// Reads the roots and makes the settings of a client, and the witness of what servers will show it.
///
/// # Errors
/// The file of further roots is unreadable or holds no certificate; there are no roots at all.
pub(crate) fn client_config(trust: Trust<'_>) -> Result<(ClientConfig, Witness), Error> {
    let provider = Arc::new(ring::default_provider());
    let (named, extra) = match trust.roots {
        Some(path) => (path.display().to_string(), read_roots(path)?),
        None => (String::new(), Vec::new()),
    };
    let error = |fault| Error::new(Operation::Understand, &named, fault);
    let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(extra.clone(), Arc::clone(&provider));
    let platform = match platform {
        Ok(platform) => Some(platform),
        // Nobody is asked.
        Err(_) if trust.accept_any || !trust.accepted.is_empty() => None,
        Err(TlsError::General(text)) => {
            log::warn!("trusted roots: {text}");
            return Err(Error::new(Operation::Tls, "", Fault::NoRoots));
        }
        Err(_) => return Err(error(Fault::BadRoots)),
    };
    let witness = Witness::default();
    let judge = platform.map(|platform| Explaining { platform, extra });
    let verifier = Verifier {
        judge,
        accept_any: trust.accept_any,
        accepted: trust.accepted.to_vec(),
        provider: Arc::clone(&provider),
        witness: witness.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| error(Fault::TlsOther(e.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, witness))
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

/// Keeps what it is shown, and lets [`Explaining`] judge it. Where a certificate is taken, only someone who has its key
/// is believed all the same.
#[derive(Debug)]
struct Verifier {
    /// Not there only where any certificate is taken and the system has no roots.
    judge: Option<Explaining>,
    accept_any: bool,
    accepted: Vec<Certificate>,
    provider: Arc<CryptoProvider>,
    witness: Witness,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let judged = match &self.judge {
            Some(judge) => judge.judge(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let chain = std::iter::once(end_entity).chain(intermediates);
        *lock(&self.witness.0) = Shown {
            chain: chain.map(|one| one.clone().into_owned()).collect(),
            refused: judged.as_ref().err().cloned(),
        };
        let is_accepted = self.accept_any || self.accepted.iter().any(|one| one.der() == end_entity.as_ref());
        if is_accepted { Ok(ServerCertVerified::assertion()) } else { judged }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
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
    fn judge(
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

    /// Whether `certificate` is one that was chosen, and is refused only because it calls itself an authority, as
    /// those do that `openssl req -x509` makes. Its time was checked before that was complained about; its name
    /// is checked by who asks.
    fn is_chosen(&self, certificate: &CertificateDer<'_>, error: &CertificateError) -> bool {
        let CertificateError::Other(OtherError(inner)) = error else { return false };
        matches!(inner.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
            && self.extra.iter().any(|one| one == certificate)
    }
}

/// A certificate that vouches for itself.
#[derive(Debug, thiserror::Error)]
#[error("self-signed")]
pub(super) struct SelfSigned;

/// Whether a certificate names itself as its issuer (RFC 5280 §4.1.2.4).
fn is_self_issued(certificate: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(certificate).is_ok_and(|(_, one)| one.issuer() == one.subject())
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
    fn what_is_no_certificate_is_not_self_issued() {
        for bytes in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"text"] {
            assert!(!is_self_issued(bytes));
        }
    }
}
