//! The certificate that our server shows: made for this run, or from files.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXUPPER;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use ring::digest::{SHA256, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{Error as TlsError, InconsistentKeys, ServerConfig};

use super::{Certificate, Trouble};
use crate::i18n::t;
use crate::net::regular::{self, NotRegular};
use crate::net::{Error, Operation, address};

/// No file of certificates or of a key is larger: 1 MiB.
const MOST: u64 = 1 << 20;

/// A made certificate is valid from so long ago, for clocks that are late.
const BEFORE: Duration = Duration::from_secs(60 * 60);

/// A made certificate is valid for so long.
const AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a TLS server shows, with the key to it.
#[derive(Clone, Debug)]
pub struct Own {
    config: Arc<ServerConfig>,
    chain: Arc<[Certificate]>,
}

impl Own {
    /// A certificate with a new key, for all names and addresses that this machine has now. It vouches for itself: a client
    /// trusts it only where it has been told to.
    ///
    /// # Errors
    /// The system gives no random numbers, or the like.
    pub fn made() -> Result<Self, Error> {
        Self::made_for(own_names(), SystemTime::now())
    }

    /// A certificate for `names`, as made at `now`.
    fn made_for(names: Vec<String>, now: SystemTime) -> Result<Self, Error> {
        let error = |error: &dyn std::fmt::Display| {
            Error::new(Operation::Work, t("certificate-made"), Trouble::Other(error.to_string()))
        };
        let since =
            |time: SystemTime| rcgen::date_time_ymd(1970, 1, 1) + time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut params = CertificateParams::new(names).map_err(|e| error(&e))?;
        let key = KeyPair::generate().map_err(|e| error(&e))?;
        // Of its own for each: clients look for the one to trust by this name, and would find an older one.
        let number = HEXUPPER.encode(&digest(&SHA256, key.public_key_raw()).as_ref()[..4]);
        params.distinguished_name.push(DnType::CommonName, format!("Socketscope {number}"));
        params.not_before = since(now - BEFORE);
        params.not_after = since(now + AFTER);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).map_err(|e| error(&e))?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self::new(vec![certificate.der().clone()], key).map_err(|e| error(&e))
    }

    /// A certificate with the chain above it, and its key, from two PEM files, which may be one.
    ///
    /// # Errors
    /// Names the file and what is wrong with it, also where certificate and key do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let error = |path: &Path, trouble| Error::new(Operation::Understand, path.display(), trouble);
        let pem = read(certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.map_err(|e| error(certificate, Trouble::BadCertificate(e.to_string())))?;
        if chain.is_empty() {
            return Err(error(certificate, Trouble::NoCertificate));
        }
        let pem = read(key)?;
        let is_locked = [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"];
        if is_locked.iter().any(|mark| memchr::memmem::find(&pem, mark).is_some()) {
            return Err(error(key, Trouble::LockedKey));
        }
        let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|e| match e {
            rustls::pki_types::pem::Error::NoItemsFound => error(key, Trouble::NoKey),
            e => error(key, Trouble::BadKey(e.to_string())),
        })?;
        Self::new(chain, private).map_err(|e| match e {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                error(key, Trouble::KeyOfAnother(certificate.display().to_string()))
            }
            TlsError::InvalidCertificate(e) => error(certificate, Trouble::BadCertificate(e.to_string())),
            e => error(key, Trouble::BadKey(e.to_string())),
        })
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsError> {
        let cards = Certificate::chain(&chain);
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { config: Arc::new(config), chain: cards.into() })
    }

    /// The settings of a server that shows it.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What is shown: the certificate itself, then those above it.
    #[must_use]
    pub fn chain(&self) -> Arc<[Certificate]> {
        Arc::clone(&self.chain)
    }
}

/// A regular file, whole.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let error = |trouble| Error::new(Operation::Understand, path.display(), trouble);
    let pem = regular::read(path, MOST).map_err(|e| match e.get_ref() {
        Some(inner) if inner.is::<NotRegular>() => error(Trouble::NotAFile),
        _ => error(Trouble::Unreadable(e.to_string())),
    })?;
    if pem.len() as u64 > MOST { Err(error(Trouble::TooLarge(MOST))) } else { Ok(pem) }
}

/// What this machine is called, and its addresses.
fn own_names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let host = gethostname::gethostname().to_string_lossy().to_ascii_lowercase();
    if matches!(ServerName::try_from(host.as_str()), Ok(ServerName::DnsName(_))) && host != "localhost" {
        names.push(host);
    }
    let addresses = address::local_addresses().into_iter().map(|one| one.address);
    names.extend(addresses.filter(|one| !one.is_unspecified()).map(|one: IpAddr| one.to_string()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Cause;

    #[test]
    fn a_made_certificate_is_for_this_machine_and_new_each_time() {
        let own = Own::made().expect("made");
        let one = &own.chain()[0];
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(one.names().iter().any(|own| own == name), "{:?}", one.names());
        }
        assert_ne!(one.sha256(), Own::made().expect("made").chain()[0].sha256());
    }

    #[test]
    fn files_that_are_no_pair_are_named_with_what_is_wrong() {
        let folder = tempfile::tempdir().expect("folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
        let (one, other) = (made(), made());
        let certificate = file("one.pem", &one.cert.pem());
        let key = file("one.key", &one.signing_key.serialize_pem());
        let wrong = file("other.key", &other.signing_key.serialize_pem());
        let both = file("both.pem", &(one.signing_key.serialize_pem() + &one.cert.pem()));
        let empty = file("empty.pem", "");
        let locked =
            file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n");
        let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
        let large = file("large.pem", &" ".repeat(MOST as usize + 1));
        let missing = folder.path().join("missing.pem");
        Own::read(&certificate, &key).expect("a pair");
        assert_eq!(Own::read(&both, &both).expect("a pair").chain().len(), 1);
        for (certificate, key, at, is_it) in [
            (&certificate, &wrong, &wrong, (|one| matches!(one, Trouble::KeyOfAnother(_))) as fn(&Trouble) -> bool),
            (&empty, &key, &empty, |one| *one == Trouble::NoCertificate),
            (&broken, &key, &broken, |one| matches!(one, Trouble::BadCertificate(_))),
            (&certificate, &empty, &empty, |one| *one == Trouble::NoKey),
            (&certificate, &locked, &locked, |one| *one == Trouble::LockedKey),
            (&large, &key, &large, |one| *one == Trouble::TooLarge(MOST)),
            (&missing, &key, &missing, |one| matches!(one, Trouble::Unreadable(_))),
            (&certificate, &folder.path().to_owned(), &folder.path().to_owned(), |one| *one == Trouble::NotAFile),
        ] {
            let error = Own::read(certificate, key).expect_err("no pair");
            assert!(error.to_string().contains(&at.display().to_string()), "{error}");
            assert!(matches!(&error.cause, Cause::Tls(trouble) if is_it(trouble)), "{error:?}");
        }
    }
}
