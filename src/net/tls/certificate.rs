//! One certificate as a person reads it. What it says is the other side's: bounded, and made visible.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use data_encoding::HEXUPPER;
use jiff::Timestamp;
use pem::{EncodeConfig, LineEnding, Pem};
use ring::digest::{SHA256, digest};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::i18n::{bytes, t, tf};
use crate::net::{Error, save};
use crate::recording::text::visible;

/// The longest text of a row, in characters.
const LONGEST: usize = 400;

/// The most alternative names that are listed.
const MOST_NAMES: usize = 100;

/// The most certificates of a chain that are read.
const MOST_CERTIFICATES: usize = 20;

/// A certificate: its bytes, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    sha256: String,
    /// Not there where the bytes are no X.509 certificate.
    says: Option<Says>,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Says {
    subject: String,
    names: Vec<String>,
    /// Alternative names that are not listed.
    more_names: usize,
    issuer: String,
    self_issued: bool,
    from: String,
    until: String,
    key: String,
    serial: String,
}

/// A line of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The id of its name in `tls.ftl`; with `-hover` behind it, the id of what explains it.
    pub id: &'static str,
    /// What it says, safe to show.
    pub text: String,
}

impl Certificate {
    /// Reads a certificate (DER). What is none still has a fingerprint.
    #[must_use]
    pub fn new(der: &[u8]) -> Self {
        let says = X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty());
        Self { der: der.to_vec(), sha256: fingerprint(der), says: says.map(|(_, one)| Says::new(&one)) }
    }

    /// Reads the certificates of a chain, the first 20 of them.
    #[must_use]
    pub fn chain<T: AsRef<[u8]>>(ders: &[T]) -> Vec<Self> {
        ders.iter().take(MOST_CERTIFICATES).map(|der| Self::new(der.as_ref())).collect()
    }

    /// Whose it is; where that is empty or unreadable, its fingerprint.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.says.as_ref().map(|says| says.subject.as_str()).filter(|text| !text.is_empty()).unwrap_or(&self.sha256)
    }

    /// Whom it is for: its alternative names, the first 100 of them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.says.as_ref().map_or(&[], |says| &says.names)
    }

    /// Who vouches for it. Not there where it cannot be read; the same goes for what follows.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.says.as_ref().map(|says| says.issuer.as_str())
    }

    /// Since when it is valid, such as `2001-02-03 00:00:00 UTC`.
    #[must_use]
    pub fn valid_from(&self) -> Option<&str> {
        self.says.as_ref().map(|says| says.from.as_str())
    }

    /// Until when it is valid.
    #[must_use]
    pub fn valid_until(&self) -> Option<&str> {
        self.says.as_ref().map(|says| says.until.as_str())
    }

    /// Kind and size of its key, such as `ECDSA P-256`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.says.as_ref().map(|says| says.key.as_str())
    }

    /// Its serial number, as `01:AB`.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.says.as_ref().map(|says| says.serial.as_str())
    }

    /// Its bytes as the server sent them: DER (X.690).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of its bytes, as `AB:CD:…`.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The certificate as PEM, with a line's end at its end.
    #[must_use]
    pub fn pem(&self) -> String {
        let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
        pem::encode_config(&Pem::new("CERTIFICATE", self.der.as_slice()), lines)
    }

    /// The certificates of a chain as PEM, one after the other.
    #[must_use]
    pub fn pem_of(chain: &[Self]) -> String {
        chain.iter().map(Self::pem).collect()
    }

    /// Saves the certificates of a chain as a PEM file, in place of what has that name.
    ///
    /// # Errors
    /// `path` cannot be written; then it is as it was.
    pub fn save(chain: &[Self], path: &Path) -> Result<(), Error> {
        save::replace(path, |file| file.write_all(Self::pem_of(chain).as_bytes()))
    }

    /// All that it says, line by line.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut row = |id, text: String| rows.push(Row { id, text });
        match &self.says {
            None => {
                row("certificate-unreadable", tf("certificate-size", &[("size", bytes(self.der.len() as u64).into())]))
            }
            Some(says) => {
                row("certificate-subject", says.subject.clone());
                let mut names = says.names.join(", ");
                if says.more_names > 0 {
                    names += &tf("certificate-more-names", &[("n", says.more_names.into())]);
                }
                row("certificate-names", names);
                let issuer = if says.self_issued { t("certificate-itself") } else { says.issuer.clone() };
                row("certificate-issuer", issuer);
                row("certificate-from", says.from.clone());
                row("certificate-until", says.until.clone());
                row("certificate-key", says.key.clone());
                row("certificate-serial", says.serial.clone());
            }
        }
        row("certificate-sha256", self.sha256.clone());
        rows
    }
}

impl Says {
    fn new(one: &X509Certificate<'_>) -> Self {
        let alternative = one.subject_alternative_name().ok().flatten();
        let names = alternative.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
        Self {
            subject: shown(&one.subject().to_string()),
            names: names.iter().take(MOST_NAMES).map(|name| shown(&name_text(name))).collect(),
            more_names: names.len().saturating_sub(MOST_NAMES),
            issuer: shown(&one.issuer().to_string()),
            self_issued: one.issuer() == one.subject(),
            from: time_text(one.validity().not_before.timestamp()),
            until: time_text(one.validity().not_after.timestamp()),
            key: key_text(one),
            serial: shown(&pairs(one.raw_serial())),
        }
    }
}

/// Safe to show, and not too long.
fn shown(text: &str) -> String {
    let visible = visible(text.as_bytes());
    match visible.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &visible[..end]),
        None => visible,
    }
}

fn name_text(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|v4| Ipv4Addr::from(v4).to_string());
            let v6 = || <[u8; 16]>::try_from(*bytes).map(|v6| Ipv6Addr::from(v6).to_string());
            v4.or_else(|_| v6()).unwrap_or_else(|_| pairs(bytes))
        }
        GeneralName::DirectoryName(name) => name.to_string(),
        _ => t("certificate-other-name"),
    }
}

/// A moment as seconds since 1970, in words.
fn time_text(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds);
    time.map_or_else(|_| t("certificate-odd-time"), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn key_text(one: &X509Certificate<'_>) -> String {
    let key = one.public_key();
    let curve = key.algorithm.parameters.as_ref().and_then(|one| one.as_oid().ok()).map(|oid| oid.to_id_string());
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => tf("certificate-bits", &[("kind", "RSA".into()), ("bits", rsa.key_size().into())]),
        Ok(PublicKey::EC(_)) => match curve.as_deref() {
            Some("1.2.840.10045.3.1.7") => "ECDSA P-256".to_owned(),
            Some("1.3.132.0.34") => "ECDSA P-384".to_owned(),
            Some("1.3.132.0.35") => "ECDSA P-521".to_owned(),
            other => shown(&format!("ECDSA {}", other.unwrap_or_default())),
        },
        _ => match key.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            "1.3.101.113" => "Ed448".to_owned(),
            other => shown(other),
        },
    }
}

fn fingerprint(der: &[u8]) -> String {
    pairs(digest(&SHA256, der).as_ref())
}

/// `AB:CD:EF`.
fn pairs(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519, SanType, date_time_ymd};

    fn text<'a>(rows: &'a [Row], id: &str) -> &'a str {
        &rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{id} in {rows:?}")).text
    }

    #[test]
    fn a_certificate_says_whose_it_is_how_long_and_by_whom() {
        let names = ["example.org".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "a\x1b[2Jb");
        params.not_before = date_time_ymd(2001, 2, 3);
        params.not_after = date_time_ymd(2999, 1, 1);
        params.serial_number = Some(vec![1, 0xab].into());
        let key = KeyPair::generate().expect("key");
        let made = params.self_signed(&key).expect("certificate");
        let one = Certificate::new(made.der());
        let rows = one.rows();
        assert_eq!(text(&rows, "certificate-subject"), "CN=a\\x1b[2Jb");
        assert_eq!(text(&rows, "certificate-names"), "example.org, 127.0.0.1, ::1");
        assert_eq!(text(&rows, "certificate-issuer"), "itself, nobody else vouches for it");
        assert_eq!(text(&rows, "certificate-from"), "2001-02-03 00:00:00 UTC");
        assert_eq!(text(&rows, "certificate-until"), "2999-01-01 00:00:00 UTC");
        assert_eq!(text(&rows, "certificate-key"), "ECDSA P-256");
        assert_eq!(text(&rows, "certificate-serial"), "01:AB");
        assert_eq!(one.sha256().len(), 32 * 3 - 1);
        assert_eq!(one.pem().replace("\r\n", "\n"), made.pem().replace("\r\n", "\n"));
    }

    #[test]
    fn what_is_long_is_cut_and_counted() {
        let mut params = CertificateParams::new(vec![]).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "x".repeat(10_000));
        let name = |n: usize| SanType::DnsName(format!("n{n}.example").try_into().expect("a name"));
        params.subject_alt_names = (0..150).map(name).collect();
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("key");
        let one = Certificate::new(params.self_signed(&key).expect("certificate").der());
        assert!(one.subject().chars().count() == LONGEST + 1, "{}", one.subject());
        assert_eq!(one.names().len(), 100);
        assert!(text(&one.rows(), "certificate-names").ends_with("n99.example and 50 more"));
        assert_eq!(text(&one.rows(), "certificate-key"), "Ed25519");
    }

    #[test]
    fn what_is_no_certificate_has_a_fingerprint_all_the_same() {
        for bytes in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"text"] {
            let one = Certificate::new(bytes);
            assert_eq!((one.subject(), one.names().len()), (one.sha256(), 0));
            assert_eq!(one.rows().len(), 2);
        }
        let sha256 = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
        assert_eq!(Certificate::new(b"abc").sha256(), sha256);
    }
}
