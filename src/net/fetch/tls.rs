//! TLS of one hop: the settings, the handshake, what the server showed and what was agreed on.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::trouble::{fault, wire};
use super::wire::Socket;
use super::{Fault, Options, Tls};
use crate::net::Error;
use crate::net::tls::{Certificate, Trust, Witness, client_config, explain, explained, version_name};

/// TLS for all hops of one fetch: whom it believes, and what servers showed it.
#[derive(Debug)]
pub(super) struct Client {
    config: Arc<ClientConfig>,
    witness: Witness,
}

impl Client {
    /// Reads the roots.
    ///
    /// # Errors
    /// The file of further roots is unreadable or holds no certificate; there are no roots at all.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let trust = Trust {
            roots: options.extra_roots.as_deref(),
            accept_any: options.accept_any_certificate,
            accepted: &options.accepted_certificates,
        };
        let (mut config, witness) = client_config(trust)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is taken up again shows no certificates.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), witness })
    }

    /// Agrees on TLS with `host`; the limits are those of `socket`.
    ///
    /// # Errors
    /// Carries a [`Fault`] for what is wrong with TLS or the certificate; else marked as the wire's.
    pub(super) fn agree(&self, host: &str, socket: &mut Socket) -> io::Result<ClientConnection> {
        self.witness.forget();
        // A name may end in a dot; certificates and SNI do not have it (RFC 6066 §3).
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned()).map_err(|_| fault(Fault::BadHost))?;
        let mut connection =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(|e| fault(explain(&e, host)))?;
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(socket) {
                return Err(match explained(&error, host) {
                    Some(why) => fault(why),
                    None if error.kind() == io::ErrorKind::UnexpectedEof => fault(Fault::TlsClosed),
                    None => wire(error),
                });
            }
        }
        Ok(connection)
    }

    /// The certificates that the server of the last handshake showed, and what is wrong with them.
    pub(super) fn shown(&self, host: &str) -> (Vec<Certificate>, Option<Fault>) {
        let refused = self.witness.refused().map(|error| explain(&error, host));
        (Certificate::chain(&self.witness.chain()), refused)
    }
}

/// What was agreed on.
pub(super) fn agreed(connection: &ClientConnection, verified: bool) -> Tls {
    let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    let alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    Tls {
        version: connection.protocol_version().map(version_name).unwrap_or_default(),
        cipher: cipher.unwrap_or_default(),
        verified,
        alpn: alpn.unwrap_or_default(),
    }
}
