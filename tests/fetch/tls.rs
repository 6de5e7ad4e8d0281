//! TLS: trusted, and why not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use socketscope::net::fetch::{Fault, Hop, Options};
use socketscope::net::tls::Certificate;
use socketscope::recording::Direction;

use super::server::{Server, answer, answer_tls};
use super::{Done, fetch_with};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nbody";

/// An authority of our own, with its certificate in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("key");
        let name = format!("Authority {:?}", &rcgen::PublicKeyData::der_bytes(&key)[..8]);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).expect("certificate").pem();
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("ca.pem"), pem).expect("written");
        Self { issuer: Issuer::new(params, key), folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server whose certificate is for `name` and was changed by `change`.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().expect("key");
        let certificate = params.signed_by(&key, &self.issuer).expect("certificate");
        config(certificate, &key)
    }
}

fn config(certificate: rcgen::Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    showing(vec![certificate.der().clone()], key)
}

fn showing(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key).expect("config"))
}

pub fn self_signed() -> Arc<ServerConfig> {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
    config(own.cert, &own.signing_key)
}

fn fetched(config: &Arc<ServerConfig>, answer: &[u8], farewell: bool, options: Options) -> Done {
    let server = Server::new(vec![answer_tls(Arc::clone(config), answer, farewell)]);
    fetch_with(&format!("https://localhost:{}/", server.port), options)
}

fn trusting(path: &Path) -> Options {
    Options { extra_roots: Some(path.to_owned()), ..Options::default() }
}

#[test]
fn a_trusted_server_is_spoken_to_and_recorded_above_tls() {
    let authority = Authority::new();
    let config = authority.server("localhost", |_| {});
    for answer in [ANSWER, ENDLESS] {
        let done = fetched(&config, answer, true, trusting(&authority.path()));
        assert_eq!(done.bytes(), b"body");
        let tls = done.last().tls.as_ref().expect("TLS");
        assert!(tls.verified && tls.version == "TLS 1.3" && tls.cipher.starts_with("TLS13_"), "{tls:?}");
        shows(done.last(), None);
        assert_eq!(done.last().recording.as_ref().expect("recording").joined(Direction::In), answer);
    }
}

#[test]
fn tls_that_ends_without_farewell_is_cut_unless_the_length_is_known() {
    let authority = Authority::new();
    let config = authority.server("localhost", |_| {});
    let done = fetched(&config, ENDLESS, false, trusting(&authority.path()));
    assert_eq!(done.fault(), &Fault::TlsCut(4));
    assert_eq!(done.failure().1.expect("partial").len(), 4);
    assert_eq!(fetched(&config, ANSWER, false, trusting(&authority.path())).bytes(), b"body");
    let done = fetched(&config, b"HTTP/1.1 200 OK\r\nX: y", false, trusting(&authority.path()));
    assert_eq!(done.fault(), &Fault::HeadCut(21));
    assert_eq!(fetched(&config, b"", false, trusting(&authority.path())).fault(), &Fault::NoAnswer);
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let done = fetched(&config, short, false, trusting(&authority.path()));
    assert_eq!(done.fault(), &Fault::Short { got: 4, length: 10 });
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    assert_eq!(fetched(&config, chunks, false, trusting(&authority.path())).fault(), &Fault::ChunksCut(4));
}

/// The server's own certificate is shown, and what is wrong with it.
fn shows(hop: &Hop, fault: Option<&Fault>) {
    let name = if matches!(fault, Some(Fault::WrongHost { .. })) { "other.example" } else { "localhost" };
    assert_eq!(hop.chain.len(), 1, "{fault:?}");
    assert_eq!(hop.chain[0].names(), [name], "{fault:?}");
    assert_eq!(hop.refused, fault.map(ToString::to_string));
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_refused_in_plain_words() {
    let authority = Authority::new();
    let trust = || trusting(&authority.path());
    let refused = |config: &Arc<ServerConfig>, options| {
        let done = fetched(config, ANSWER, true, options);
        assert!(done.failure().0.to_string().contains("localhost"), "{}", done.failure().0);
        assert!(done.last().request.is_empty(), "the request was sent");
        let fault = done.fault().clone();
        shows(done.last(), Some(&fault));
        // The page can be had all the same, and then too the reason is said.
        let anyone =
            Options { accept_any_certificate: true, extra_roots: Some(authority.path()), ..Options::default() };
        let extra_roots = if fault == Fault::UnknownIssuer { None } else { anyone.extra_roots.clone() };
        let done = fetched(config, ANSWER, true, Options { extra_roots, ..anyone });
        assert_eq!(done.bytes(), b"body");
        shows(done.last(), Some(&fault));
        assert!(!done.last().tls.as_ref().expect("TLS").verified);
        let notes = &done.last().notes;
        assert!(notes[0].contains("NOT verified") && notes[0].contains(&fault.to_string()), "{notes:?}");
        fault
    };
    let good = authority.server("localhost", |_| {});
    // Without our authority there may be no roots at all on this machine.
    assert!(matches!(refused(&good, trusting(&Authority::new().path())), Fault::UnknownIssuer));
    assert_eq!(refused(&self_signed(), trust()), Fault::SelfSigned);
    let expired = authority.server("localhost", |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    assert_eq!(refused(&expired, trust()), Fault::CertificateExpired);
    let early = authority.server("localhost", |params| params.not_before = date_time_ymd(2999, 1, 1));
    assert_eq!(refused(&early, trust()), Fault::CertificateNotYetValid);
    let other = authority.server("other.example", |_| {});
    let names = Fault::WrongHost { host: "localhost".to_owned(), names: "other.example".to_owned() };
    assert_eq!(refused(&other, trust()), names);
}

#[test]
fn any_certificate_can_be_accepted_loudly() {
    let options = Options { accept_any_certificate: true, ..Options::default() };
    let done = fetched(&self_signed(), ANSWER, true, options);
    assert_eq!(done.bytes(), b"body");
    assert!(!done.last().tls.as_ref().expect("TLS").verified);
    assert!(done.last().notes[0].contains("NOT verified"));
}

#[test]
fn the_certificate_that_was_accepted_is_taken_and_no_other() {
    let config = self_signed();
    let refused = fetched(&config, ANSWER, true, Options::default());
    assert_eq!(refused.fault(), &Fault::SelfSigned);
    let accepting = || Options { accepted_certificates: refused.last().chain[..1].to_vec(), ..Options::default() };
    let done = fetched(&config, ANSWER, true, accepting());
    assert_eq!(done.bytes(), b"body");
    assert!(!done.last().tls.as_ref().expect("TLS").verified);
    assert!(done.last().notes[0].contains("NOT verified"));
    shows(done.last(), Some(&Fault::SelfSigned));

    let done = fetched(&self_signed(), ANSWER, true, accepting());
    assert_eq!(done.fault(), &Fault::SelfSigned);
    assert!(done.last().request.is_empty(), "the request was sent");
    assert!(done.last().notes[0].contains("another certificate than"), "{:?}", done.last().notes);
}

#[test]
fn the_whole_chain_is_shown_its_own_certificate_first() {
    let authority = Authority::new();
    let root = CertificateDer::from_pem_file(authority.path()).expect("a certificate");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
    let key = KeyPair::generate().expect("key");
    let own = params.signed_by(&key, &authority.issuer).expect("certificate");
    let chain = vec![own.der().clone(), root];
    let shown = Certificate::chain(&chain);
    let config = showing(chain, &key);
    for options in [trusting(&authority.path()), trusting(&Authority::new().path())] {
        let trusted = options.extra_roots == Some(authority.path());
        let done = fetched(&config, ANSWER, true, options);
        assert_eq!(done.last().chain, shown);
        assert_eq!(done.last().refused.is_none(), trusted);
    }
}

#[test]
fn accepting_any_says_so_only_where_one_is_refused() {
    let authority = Authority::new();
    let good = authority.server("localhost", |_| {});
    let elsewhere = Server::new(vec![answer_tls(self_signed(), ANSWER, true)]);
    let to = format!("HTTP/1.1 302 Found\r\nLocation: https://localhost:{}/\r\n\r\n", elsewhere.port);
    let options = Options { accept_any_certificate: true, ..trusting(&authority.path()) };
    let done = fetched(&good, to.as_bytes(), true, options);
    assert_eq!(done.bytes(), b"body");
    let [first, second] = &done.hops[..] else { panic!("{} hops", done.hops.len()) };
    shows(first, None);
    shows(second, Some(&Fault::SelfSigned));
    let verified = |hop: &Hop| hop.tls.as_ref().expect("TLS").verified;
    assert!(verified(first) && first.notes.is_empty(), "{:?}", first.notes);
    assert!(!verified(second) && second.notes.len() == 1, "{:?}", second.notes);
    assert_ne!(first.chain, second.chain);
}

#[test]
fn each_hop_to_one_server_shows_its_certificate() {
    let authority = Authority::new();
    let config = authority.server("localhost", |_| {});
    let to = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    let server = Server::new(vec![
        answer_tls(Arc::clone(&config), to, true),
        answer_tls(Arc::clone(&config), to, true),
        answer_tls(config, ANSWER, true),
    ]);
    let done = fetch_with(&format!("https://localhost:{}/", server.port), trusting(&authority.path()));
    assert_eq!((done.hops.len(), done.bytes()), (3, b"body".to_vec()));
    done.hops.iter().for_each(|hop| shows(hop, None));
}

#[test]
fn a_hop_that_shows_no_certificate_has_none_of_the_one_before() {
    let authority = Authority::new();
    let nobody = Server::new(vec![Box::new(super::server::close)]);
    let to = format!("HTTP/1.1 302 Found\r\nLocation: https://localhost:{}/\r\n\r\n", nobody.port);
    let options = trusting(&authority.path());
    let done = fetched(&authority.server("localhost", |_| {}), to.as_bytes(), true, options);
    assert_eq!(done.fault(), &Fault::TlsClosed);
    shows(&done.hops[0], None);
    assert!(done.last().chain.is_empty() && done.last().refused.is_none());
}

#[test]
fn what_is_not_tls_is_said() {
    let server = Server::new(vec![Box::new(|mut stream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        super::server::close(stream)
    })]);
    let options = Options { accept_any_certificate: true, ..Options::default() };
    let done = fetch_with(&format!("https://localhost:{}/", server.port), options.clone());
    assert_eq!(done.fault(), &Fault::NotTls);
    let server = Server::new(vec![Box::new(super::server::close)]);
    let done = fetch_with(&format!("https://localhost:{}/", server.port), options);
    assert_eq!(done.fault(), &Fault::TlsClosed);
}

#[test]
fn a_bad_file_of_roots_is_said() {
    let folder = tempfile::tempdir().expect("folder");
    let (none, empty) = (folder.path().join("none.pem"), folder.path().join("empty.pem"));
    std::fs::write(&empty, "nothing").expect("written");
    let done = fetch_with("https://localhost:1/", trusting(&none));
    assert!(matches!(done.fault(), Fault::UnreadableRoots(_)));
    let text = done.failure().0.to_string();
    assert!(text.contains("check its name") && !text.contains("PEM"), "{text}");
    let done = fetch_with("https://localhost:1/", trusting(&empty));
    assert_eq!(done.fault(), &Fault::BadRoots);
    assert!(done.failure().0.to_string().contains("empty.pem"), "{}", done.failure().0);
}

#[test]
fn a_redirect_from_https_to_http_is_said_aloud() {
    let authority = Authority::new();
    let config = authority.server("localhost", |_| {});
    let plain = Server::new(vec![answer(ANSWER)]);
    let location = format!("HTTP/1.1 301 Moved\r\nLocation: {}\r\n\r\n", plain.url("/"));
    let done = fetched(&config, location.as_bytes(), true, trusting(&authority.path()));
    assert_eq!(done.bytes(), b"body");
    assert!(done.last().notes[0].contains("from https to http"), "{:?}", done.last().notes);
}

#[test]
fn a_servers_own_certificate_can_be_chosen_to_trust() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("own.pem");
    // As `openssl req -x509` makes them: it calls itself an authority.
    let own = |name: &str, change: fn(&mut CertificateParams)| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().expect("key");
        let certificate = params.self_signed(&key).expect("certificate");
        std::fs::write(&path, certificate.pem()).expect("written");
        config(certificate, &key)
    };
    let good = own("localhost", |_| {});
    let done = fetched(&good, ANSWER, true, trusting(&path));
    assert_eq!(done.bytes(), b"body");
    assert!(done.last().tls.as_ref().expect("TLS").verified);
    let other = own("other.example", |_| {});
    assert!(matches!(fetched(&other, ANSWER, true, trusting(&path)).fault(), Fault::WrongHost { .. }));
    assert_eq!(fetched(&good, ANSWER, true, trusting(&path)).fault(), &Fault::SelfSigned);
    let expired = own("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    assert_eq!(fetched(&expired, ANSWER, true, trusting(&path)).fault(), &Fault::CertificateExpired);
}
