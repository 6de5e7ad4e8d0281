//! TLS of one hop: the settings, the handshake, and what was agreed on.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::trouble::{fault, wire};
use super::wire::Socket;
use super::{Fault, Options, Tls};
use crate::net::Error;
use crate::net::tls::{Trust, client_config, explain, explained};

/// Reads the roots and makes the settings for all hops of one fetch.
///
/// # Errors
/// The file of further roots is unreadable or holds no certificate; there are no roots at all.
pub(super) fn config(options: &Options) -> Result<Arc<ClientConfig>, Error> {
    let trust = Trust { roots: options.extra_roots.as_deref(), accept_any: options.accept_any_certificate };
    let (mut config, _) = client_config(trust)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
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
    let alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    Tls {
        version: version.unwrap_or_default(),
        cipher: cipher.unwrap_or_default(),
        verified,
        alpn: alpn.unwrap_or_default(),
    }
}
