//! TLS of the greeting server and the chat session.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use socketscope::net::client::{ClientTls, Ended as Over, Event as Said, Options, Security, Session, Sink, State};
use socketscope::net::fetch::Fault;
use socketscope::net::report::{Waited, Waker};
use socketscope::net::server::misbehave::Misbehave;
use socketscope::net::server::rules::Ready;
use socketscope::net::server::{Boundary, Doing, Ended, Model, Server, Settings, Tls};
use socketscope::net::tls::{Certificate, Trouble};
use socketscope::net::{Cause, Operation};
use socketscope::recording::{Direction, Recording, What};

use crate::tools::{Client, LIMIT, ended, failed, listener, quick, recorder, script, serve, until_closed, wait_for};

const MODELS: [Model; 3] = [Model::Threads, Model::Single, Model::Events];

/// A server with a certificate that was made for it, which is in a file.
struct Made {
    server: Server,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Made {
    fn new(model: Model) -> Self {
        Self::with(Settings { model, ..quick() })
    }

    fn with(settings: Settings) -> Self {
        let (server, address) = serve(Settings { tls: Tls::Made, ..settings });
        let folder = tempfile::tempdir().expect("folder");
        Certificate::save(&server.certificate().expect("shown"), &folder.path().join("own.pem")).expect("saved");
        Self { server, address, folder }
    }

    fn roots(&self) -> PathBuf {
        self.folder.path().join("own.pem")
    }

    /// A client that trusts the certificate.
    fn client(&self) -> Session {
        self.client_with(None)
    }

    fn client_with(&self, sink: Option<Sink>) -> Session {
        let session = connect(self.address, ClientTls { roots: Some(self.roots()), ..ClientTls::default() }, sink);
        until_connected(&session);
        session
    }

    /// A client that is no part of the program.
    fn other(&self) -> StreamOwned<ClientConnection, TcpStream> {
        other_client(self.address, &self.roots(), rustls::ALL_VERSIONS)
    }
}

fn other_client(
    address: SocketAddr,
    roots: &Path,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> StreamOwned<ClientConnection, TcpStream> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from_pem_file(roots).expect("certificate")).expect("added");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_protocol_versions(versions).expect("versions").with_root_certificates(store);
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).expect("client");
    StreamOwned::new(connection, Client::to(address).0)
}

fn connect(address: SocketAddr, tls: ClientTls, sink: Option<Sink>) -> Session {
    let options = Options { tls: Some(tls), ..Options::default() };
    Session::connect(&address.ip().to_string(), address.port(), options, &recorder(), Waker::none(), sink)
}

/// What was said until it was connected.
#[track_caller]
fn until_connected(session: &Session) -> Vec<String> {
    let deadline = Instant::now() + LIMIT;
    let mut said = Vec::new();
    loop {
        match session.inbox().wait(Some(deadline)) {
            Waited::Event(report) if matches!(report.event, Said::Connected(_)) => return said,
            Waited::Event(report) => said.extend(report.event.text()),
            other => panic!("{other:?} before it was connected: {:?}", session.state()),
        }
    }
}

fn security(session: &Session) -> Arc<Security> {
    session.security().expect("known")
}

fn own(session: &Session) -> SocketAddr {
    session.recording().expect("recording").ends().expect("connected").local
}

/// What is wrong with TLS, by how a connection ended.
#[track_caller]
fn trouble(ended: Ended) -> Trouble {
    match ended {
        Ended::Failed(error) => match &error.cause {
            Cause::Tls(trouble) => trouble.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn secured(recording: &Recording) -> Vec<String> {
    let secured = |what: &What| match what {
        What::Secured(version) => Some(version.to_string()),
        _ => None,
    };
    recording.read(|log| log.events().iter().filter_map(|event| secured(&event.what)).collect())
}

#[track_caller]
fn wait_for_bytes(session: &Session, bytes: u64) {
    let recording = session.recording().expect("recording");
    let received = || recording.joined(Direction::In).len() as u64;
    wait_for("the reply", || received() >= bytes);
}

#[test]
fn our_client_and_our_server_talk_and_the_recordings_have_the_plain_text() {
    for model in MODELS {
        let made = Made::new(model);
        let session = connect(made.address, ClientTls { roots: Some(made.roots()), ..ClientTls::default() }, None);
        let said = until_connected(&session);
        assert!(
            said.iter().any(|line| line.contains("TLS 1.3") && line.ends_with("for 127.0.0.1 is verified")),
            "{said:?}"
        );
        let known = security(&session);
        assert!(known.verified && known.reason.is_none(), "{known:?}");
        assert_eq!(known.agreed.as_ref().expect("agreed").version, "TLS 1.3");
        assert_eq!(known.chain, made.server.certificate().expect("shown"));
        wait_for_bytes(&session, 8);
        session.send(b"Michael".to_vec()).expect("sent");
        wait_for_bytes(&session, 23);
        session.send(b"exit".to_vec()).expect("sent");
        assert!(matches!(ended(&session), Over::PeerClosed));
        assert!(matches!(until_closed(&made.server, own(&session)), Ended::Exit));
        let recording = session.recording().expect("recording");
        assert_eq!(script(&recording), ["← Welcome!", "→ Michael", "← Hello, Michael!", "→ exit", "← "], "{model:?}");
        let theirs = &made.server.connections()[0].recording;
        assert_eq!(script(theirs)[..4], ["→ Welcome!", "← Michael", "→ Hello, Michael!", "← exit"], "{model:?}");
        for recording in [&recording, theirs] {
            assert_eq!(secured(recording), ["TLS 1.3"]);
        }
    }
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_refused_and_shown_all_the_same() {
    let made = Made::new(Model::Threads);
    let shown = made.server.certificate().expect("shown");
    let trusting =
        |name: &str| ClientTls { server_name: Some(name.to_owned()), roots: Some(made.roots()), accept_any: false };
    let refused = |address: SocketAddr, tls: ClientTls| {
        let session = connect(address, tls, None);
        let error = failed(&session);
        assert_eq!(error.operation, Operation::Tls, "{error}");
        let Cause::Fetch(fault) = &error.cause else { panic!("{error:?}") };
        let known = security(&session);
        assert_eq!((known.verified, known.reason.clone()), (false, Some(fault.to_string())));
        assert!(known.agreed.is_none() && known.chain.len() == 1);
        (fault.clone(), own(&session), known)
    };
    // Another authority is trusted, for this machine may have none.
    let other = Made::new(Model::Threads);
    let (fault, client, known) =
        refused(made.address, ClientTls { roots: Some(other.roots()), ..ClientTls::default() });
    assert_eq!((fault, &known.chain), (Fault::SelfSigned, &shown));
    // The server says so too, and what to do.
    let ended = until_closed(&made.server, client);
    assert!(ended.text().contains("does not trust our certificate") && ended.text().contains("save the certificate"));
    assert!(matches!(trouble(ended), Trouble::Distrusted(_)));

    assert!(matches!(refused(made.address, trusting("other.example")).0, Fault::WrongHost { .. }));
    let session = connect(made.address, trusting("localhost"), None);
    until_connected(&session);

    let folder = tempfile::tempdir().expect("folder");
    let (certificate, key) = (folder.path().join("old.pem"), folder.path().join("old.key"));
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("params");
    (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    let pair = KeyPair::generate().expect("key");
    std::fs::write(&certificate, params.self_signed(&pair).expect("certificate").pem()).expect("written");
    std::fs::write(&key, pair.serialize_pem()).expect("written");
    let tls = Tls::Files { certificate: certificate.clone(), key };
    let (_server, address) = serve(Settings { tls, ..quick() });
    let roots = ClientTls { roots: Some(certificate), ..ClientTls::default() };
    assert_eq!(refused(address, roots).0, Fault::CertificateExpired);
}

#[test]
fn any_certificate_can_be_accepted_and_what_is_wrong_with_it_is_said() {
    let made = Made::new(Model::Threads);
    let session = connect(made.address, ClientTls { accept_any: true, ..ClientTls::default() }, None);
    let said = until_connected(&session);
    assert!(said.iter().any(|line| line.contains("NOT verified") && line.contains("signed by itself")), "{said:?}");
    let known = security(&session);
    assert!(!known.verified && known.agreed.is_some() && known.reason.is_some(), "{known:?}");
    wait_for_bytes(&session, 8);
}

#[test]
fn who_speaks_no_tls_is_told_from_who_does() {
    for model in MODELS {
        let made = Made::new(model);
        let mut plain = Client::to(made.address);
        plain.say("Michael, who speaks no TLS");
        let ended = until_closed(&made.server, plain.address());
        assert!(ended.text().contains("what the client sent is not TLS"), "{}", ended.text());
        assert_eq!(trouble(ended), Trouble::ClientNotTls, "{model:?}");
        let mut leaving = Client::to(made.address);
        let peer = leaving.address();
        leaving.0.shutdown(std::net::Shutdown::Write).expect("shut");
        leaving.hear_end();
        assert_eq!(trouble(until_closed(&made.server, peer)), Trouble::ClientLeft, "{model:?}");
        wait_for_bytes(&made.client(), 8);
    }
    let (server, address) = serve(quick());
    let session = connect(address, ClientTls { accept_any: true, ..ClientTls::default() }, None);
    let error = failed(&session);
    assert!(matches!(error.cause, Cause::Tls(Trouble::NotTls)), "{error:?}");
    assert!(security(&session).chain.is_empty());
    drop(server);
}

#[test]
fn a_handshake_that_never_comes_delays_nobody_and_ends_with_the_server() {
    for model in MODELS {
        let made = Made::new(model);
        let mut silent = Client::to(made.address);
        if model == Model::Single {
            wait_for("the handshake", || {
                made.server.connections().first().is_some_and(|one| one.doing().0 == Doing::Securing)
            });
        } else {
            wait_for_bytes(&made.client(), 8);
        }
        let first = &made.server.connections()[0];
        assert_eq!(first.doing().0, Doing::Securing, "{model:?}");
        assert!(first.send(b"early").is_err(), "nothing can be sent yet");
        made.server.stop();
        made.server.wait_stopped();
        assert!(matches!(first.ended(), Some(Ended::Stopped)), "{model:?}: {:?}", first.ended());
        silent.hear_end();
    }
}

#[test]
fn a_person_can_end_a_handshake_that_never_comes() {
    for model in MODELS {
        let made = Made::new(model);
        let silent = Client::to(made.address);
        wait_for("the handshake", || {
            made.server.connections().first().is_some_and(|one| one.doing().0 == Doing::Securing)
        });
        made.server.connections()[0].disconnect();
        assert!(matches!(until_closed(&made.server, silent.address()), Ended::Disconnected), "{model:?}");
    }
    let (listener, address) = listener();
    let session = connect(address, ClientTls { accept_any: true, ..ClientTls::default() }, None);
    let (mut server, _) = listener.accept().expect("accepted");
    server.read_exact(&mut [0; 5]).expect("its hello");
    assert!(matches!(session.state(), State::Connecting));
    session.disconnect();
    assert!(matches!(ended(&session), Over::Disconnected));
}

#[test]
fn a_handshake_that_never_comes_ends_by_its_limit() {
    let made = Made::new(Model::Events);
    let silent = Client::to(made.address);
    let ended = until_closed(&made.server, silent.address());
    assert_eq!(trouble(ended), Trouble::Late(Duration::from_secs(10)));
}

#[test]
fn who_sends_more_than_a_read_takes_is_answered() {
    for model in MODELS {
        let made = Made::with(Settings { model, receive_size: 10, ..quick() });
        let session = made.client();
        wait_for_bytes(&session, 8);
        session.send(b"a message\n".repeat(40)).expect("sent");
        let replies = b"Hello, a message!\n".repeat(40);
        wait_for_bytes(&session, 8 + replies.len() as u64);
        let said = session.recording().expect("recording").joined(Direction::In);
        assert_eq!(said[8..].escape_ascii().to_string(), replies.escape_ascii().to_string(), "{model:?}");
    }
}

#[test]
fn a_half_close_is_told_inside_tls_and_replies_still_come() {
    for model in MODELS {
        let made = Made::new(model);
        let session = made.client();
        wait_for_bytes(&session, 8);
        session.send(b"Michael".to_vec()).expect("sent");
        session.half_close();
        assert!(matches!(ended(&session), Over::PeerClosed), "{model:?}");
        let recording = session.recording().expect("recording");
        let said = script(&recording);
        assert!(said.contains(&"← Hello, Michael!".to_owned()), "{model:?}: {said:?}");
        assert!(matches!(until_closed(&made.server, own(&session)), Ended::PeerClosed), "{model:?}");
        let half_closed = |one: &Recording| one.read(|log| log.events().iter().any(|one| one.what == What::HalfClosed));
        assert!(half_closed(&recording));

        let session = made.client();
        wait_for_bytes(&session, 8);
        made.server.connections().last().expect("open").half_close();
        assert!(matches!(ended(&session), Over::PeerClosed), "{model:?}");
    }
}

#[test]
fn an_end_without_a_farewell_is_no_clean_end() {
    for model in MODELS {
        let made = Made::new(model);
        let mut other = made.other();
        let mut buf = [0; 8];
        other.read_exact(&mut buf).expect("welcome");
        let peer = other.sock.local_addr().expect("address");
        other.write_all(b"Michael").expect("sent");
        let mut buf = [0; 15];
        other.read_exact(&mut buf).expect("reply");
        other.sock.shutdown(std::net::Shutdown::Write).expect("shut");
        assert_eq!(trouble(until_closed(&made.server, peer)), Trouble::Cut, "{model:?}");

        let mut other = made.other();
        other.read_exact(&mut [0; 8]).expect("welcome");
        let peer = other.sock.local_addr().expect("address");
        Client(other.sock).reset();
        assert!(matches!(until_closed(&made.server, peer), Ended::Reset), "{model:?}");
    }
}

/// A server that is no part of the program, for one client; what it does with it.
fn other_server(work: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) + Send + 'static) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("config");
    let (listener, address) = listener();
    std::thread::Builder::new()
        .name("other-server".to_owned())
        .spawn(move || {
            let (stream, _) = listener.accept().expect("accepted");
            let connection = ServerConnection::new(Arc::new(config)).expect("server");
            work(StreamOwned::new(connection, stream));
        })
        .expect("thread");
    address
}

#[test]
fn a_server_that_ends_without_a_farewell_has_cut_the_connection() {
    let any = || ClientTls { accept_any: true, ..ClientTls::default() };
    let address = other_server(|mut stream| {
        stream.write_all(b"half of ").expect("sent");
        stream.sock.shutdown(std::net::Shutdown::Write).expect("shut");
        // Until the client has gone.
        _ = stream.sock.read_to_end(&mut Vec::new());
    });
    let session = connect(address, any(), None);
    let error = failed(&session);
    assert!(matches!(error.cause, Cause::Tls(Trouble::Cut)), "{error:?}");
    assert_eq!(script(&session.recording().expect("recording")), ["← half of "]);

    let address = other_server(|mut stream| {
        stream.write_all(b"all").expect("sent");
        stream.conn.send_close_notify();
        stream.flush().expect("sent");
        // The client answers with its own farewell.
        let farewell = stream.read(&mut [0]);
        assert!(matches!(farewell, Ok(0)), "{farewell:?}");
    });
    assert!(matches!(ended(&connect(address, any(), None)), Over::PeerClosed));
}

#[test]
fn both_say_farewell() {
    for model in MODELS {
        let made = Made::new(model);
        let mut other = made.other();
        other.read_exact(&mut [0; 8]).expect("welcome");
        other.write_all(b"exit").expect("sent");
        assert_eq!(other.read(&mut [0]).expect("a farewell"), 0, "{model:?}");
        // Also where the client goes first, and where the server is stopped.
        let mut other = made.other();
        other.read_exact(&mut [0; 8]).expect("welcome");
        other.conn.send_close_notify();
        other.flush().expect("sent");
        other.sock.shutdown(std::net::Shutdown::Write).expect("shut");
        assert_eq!(other.read(&mut [0]).expect("a farewell"), 0, "{model:?}");
        let mut other = made.other();
        other.read_exact(&mut [0; 8]).expect("welcome");
        // Whoever stops it does not wait for a write that is on its way.
        wait_for("the server to read", || {
            made.server.connections().get(2).is_some_and(|one| one.doing().0 == Doing::Reading)
        });
        made.server.stop();
        assert_eq!(other.read(&mut [0]).expect("a farewell"), 0, "{model:?}");
        // A reset is none.
        let made = Made::new(model);
        let mut other = made.other();
        other.read_exact(&mut [0; 8]).expect("welcome");
        let connection = &made.server.connections()[0];
        wait_for("the server to read", || connection.doing().0 == Doing::Reading);
        connection.reset();
        let error = other.read(&mut [0]).expect_err("no farewell");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{model:?}");
        let misbehave = Misbehave { reset_after: 8, ..Misbehave::default() };
        let made = Made::with(Settings { model, misbehave, ..quick() });
        let mut other = made.other();
        let heard = other.read_to_end(&mut Vec::new()).expect_err("no farewell");
        assert_eq!(heard.kind(), ErrorKind::ConnectionReset, "{model:?}");
    }
}

#[test]
fn what_a_client_says_with_the_end_of_the_handshake_is_heard() {
    for model in MODELS {
        let made = Made::new(model);
        let mut other = made.other();
        // It goes with the client's last word of the handshake.
        other.conn.writer().write_all(b"Michael").expect("room");
        let mut heard = [0; 23];
        other.read_exact(&mut heard).expect("both");
        assert_eq!(&heard, b"Welcome!Hello, Michael!", "{model:?}");
    }
}

#[test]
fn tls_1_2_is_spoken_too() {
    let made = Made::new(Model::Events);
    let mut other = other_client(made.address, &made.roots(), &[&rustls::version::TLS12]);
    other.read_exact(&mut [0; 8]).expect("welcome");
    assert_eq!(secured(&made.server.connections()[0].recording), ["TLS 1.2"]);
}

/// Bytes that repeat nowhere in the same place.
fn pattern(len: usize) -> Vec<u8> {
    (0..len / 4).flat_map(|n| (n as u32).to_be_bytes()).collect()
}

#[test]
fn much_goes_both_ways_at_once_and_what_a_person_sends_comes_between_whole() {
    for model in MODELS {
        let made = Made::with(Settings {
            model,
            welcome: String::new(),
            rules: Ready::named("echo").expect("known").rules(),
            boundary: Boundary::AsRead,
            receive_size: 64 << 10,
            ..quick()
        });
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (go, may_go) = sync_channel::<()>(0);
        let sink: Sink = Box::new({
            let heard = Arc::clone(&heard);
            move |bytes| {
                // The first time, until the test lets it go on; later at once, as nobody is there.
                _ = may_go.recv();
                heard.lock().expect("heard").extend_from_slice(bytes);
            }
        });
        let session = made.client_with(Some(sink));
        // Where the test fails this goes before the session, which waits for its sink.
        let go = go;
        let sent = pattern(24 << 20);
        for message in sent.chunks(1 << 20) {
            session.send(message.to_vec()).expect("room");
        }
        // The client reads nothing, so the server cannot write, and so reads nothing either.
        let connection = Arc::clone(&made.server.connections()[0]);
        wait_for("the server to be stuck", || {
            let (doing, since) = connection.doing();
            doing == Doing::Writing && since > Duration::from_millis(200)
        });
        let by_hand = b"a message by hand, in one piece";
        connection.send(by_hand).expect("room");
        drop(go);
        let all = sent.len() + by_hand.len();
        wait_for("all to be heard", || heard.lock().expect("heard").len() >= all);
        session.half_close();
        assert!(matches!(ended(&session), Over::PeerClosed), "{model:?}");
        let mut heard = std::mem::take(&mut *heard.lock().expect("heard"));
        let at = heard.windows(by_hand.len()).position(|window| window == by_hand).expect("in one piece");
        heard.drain(at..at + by_hand.len());
        assert!(heard == sent, "{model:?}: something was lost, doubled or mixed");
    }
}

#[test]
fn wrong_files_are_a_clear_failure_to_start() {
    let tls = Tls::Files { certificate: "/no/such/certificate.pem".into(), key: "/no/such/key.pem".into() };
    let server = Server::start("127.0.0.1", 0, Settings { tls, ..quick() }, &recorder(), Waker::none());
    let error = server.wait_listening().expect_err("no certificate");
    assert!(error.to_string().contains("/no/such/certificate.pem"), "{error}");
    assert!(server.certificate().is_none());
    let roots = Some("/no/such/roots.pem".into());
    let session = connect(([127, 0, 0, 1], 1).into(), ClientTls { roots, ..ClientTls::default() }, None);
    assert!(failed(&session).to_string().contains("/no/such/roots.pem"));
    let name = Some("no host name".to_owned());
    let tls = ClientTls { server_name: name, accept_any: true, ..ClientTls::default() };
    assert!(failed(&connect(([127, 0, 0, 1], 1).into(), tls, None)).to_string().contains("no host name"));
}
