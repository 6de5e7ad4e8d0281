//! TLS, for all who speak it: whom to trust, who the other side says it is, and in plain words why it failed.
//!
//! * `trust` — which certificates are believed, and a verifier that keeps what it was shown.
//! * [`Certificate`] — one certificate as a person reads it.
//! * `own` — the certificate that our server shows.
//! * `layer` — TLS between a socket and those who read and write it.
//! * `explain` — what the TLS library says, in our words; [`Trouble`] — those that HTTP does not share.

mod certificate;
mod explain;
mod layer;
mod own;
mod trouble;
mod trust;

pub use certificate::{Certificate, Row};
pub use layer::Agreed;
pub use own::Own;
pub use trouble::Trouble;

pub(crate) use explain::{explain, explained};
pub(crate) use layer::{Layer, Socket};
pub(crate) use trust::{Trust, Witness, client_config};

/// `TLSv1_3` → `TLS 1.3`.
pub(crate) fn version_name(version: rustls::ProtocolVersion) -> String {
    format!("{version:?}").replace("TLSv", "TLS ").replace('_', ".")
}
