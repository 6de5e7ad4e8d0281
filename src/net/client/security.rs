//! TLS of a session: what is asked for, and what came of it.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;

use super::Shared;
use crate::i18n::tf;
use crate::net::duplex::Duplex;
use crate::net::tls::{Agreed, Certificate, Layer, Trust, Witness, client_config, explain};
use crate::net::{Error, Operation};

/// How to speak TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// What the certificate must be for, and what the server is told (SNI); `None` is the host that is connected to.
    pub server_name: Option<String>,
    /// A PEM file of root certificates to trust besides the system's own.
    pub roots: Option<PathBuf>,
    /// Any certificate is accepted: anyone could be at the other end. What is wrong with it is told all the same.
    pub accept_any: bool,
}

/// What is known of the TLS of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// What the certificate had to be for.
    pub server_name: String,
    /// What was agreed on; `None` where it came to nothing.
    pub agreed: Option<Agreed>,
    /// Whether the certificate was looked at and is trusted.
    pub verified: bool,
    /// Why it is not, where that is known: ready to show.
    pub reason: Option<String>,
    /// The certificates that the server showed, its own first; also where they are not trusted.
    pub chain: Arc<[Certificate]>,
}

impl Security {
    /// The line for the log.
    #[must_use]
    pub fn text(&self) -> String {
        let Some(agreed) = &self.agreed else { return self.shown_text().unwrap_or_default() };
        let version = ("version", agreed.version.as_str().into());
        let cipher = ("cipher", agreed.cipher.as_str().into());
        if self.verified {
            return tf("client-secured", &[version, cipher, ("name", self.server_name.as_str().into())]);
        }
        let reason = ("reason", self.reason.as_deref().unwrap_or_default().into());
        tf("client-secured-unverified", &[version, cipher, reason])
    }

    /// Which certificate the server showed, if it did.
    #[must_use]
    pub fn shown_text(&self) -> Option<String> {
        let one = self.chain.first()?;
        let args = [("subject", one.subject().to_owned().into()), ("sha256", one.sha256().to_owned().into())];
        Some(tf("client-shown", &args))
    }
}

/// All that it takes to agree on TLS.
pub(super) struct Asked {
    name: String,
    config: Arc<ClientConfig>,
    witness: Witness,
}

impl Asked {
    /// Reads the roots. `host` is who is connected to.
    pub(super) fn new(tls: &ClientTls, host: &str) -> Result<Self, Error> {
        let name = tls.server_name.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(host);
        let (config, witness) =
            client_config(Trust { roots: tls.roots.as_deref(), accept_any: tls.accept_any, accepted: &[] })?;
        let asked = Self { name: name.to_owned(), config: Arc::new(config), witness };
        // Better told before anything is connected.
        asked.layer()?;
        Ok(asked)
    }

    fn layer(&self) -> Result<Layer, Error> {
        let layer = Layer::client(Arc::clone(&self.config), &self.name);
        layer.map_err(|fault| Error::new(Operation::Understand, &self.name, fault))
    }

    /// The connection with TLS over it, which is not agreed on yet.
    pub(super) fn over(&self, wire: Duplex) -> Result<Duplex, Error> {
        Ok(wire.over_tls(self.layer()?))
    }

    /// Agrees on TLS, and keeps what is known of it.
    pub(super) fn secure(&self, wire: &Duplex, shared: &Shared) -> Result<Arc<Security>, Error> {
        let agreed = wire.secure(super::SECURE_LIMIT);
        let refused = self.witness.refused();
        let chain: Arc<[_]> = Certificate::chain(&self.witness.chain()).into();
        let security = Arc::new(Security {
            server_name: self.name.clone(),
            agreed: agreed.as_ref().ok().cloned().flatten(),
            verified: agreed.is_ok() && refused.is_none(),
            reason: refused.map(|error| explain(&error, &self.name).to_string()),
            chain,
        });
        // A session connects once.
        _ = shared.security.set(Arc::clone(&security));
        agreed.map(|_| security)
    }
}
