//! From a target to an open connection: names, addresses, TLS.

use std::sync::Arc;

use super::exchange::Exchange;
use super::wire::{Socket, Stream, Wire};
use super::{Event, Phase, tls};
use crate::i18n::t;
use crate::net::{Error, Operation, connect};
use crate::recording::What;

impl Exchange<'_> {
    /// Opens the connection that the request goes over.
    pub(super) fn open(&self) -> Result<Wire, Error> {
        let (worker, target) = (self.worker, self.target);
        let options = &worker.options;
        worker.phase(Phase::Resolving);
        let (host, port) = (target.host(), target.port());
        let addresses = connect::resolve(host, port, options.connect_timeout, &worker.cancel)?;
        worker.phase(Phase::Connecting);
        // There from the first try on, so that a connect that fails can be seen too.
        let recording = worker.recorder.open();
        worker.hop(|hop| hop.recording = Some(Arc::clone(&recording)));
        let (stream, ends) = connect::connect(&addresses, options.connect_timeout, &worker.cancel, |tried| {
            recording.note(tried.as_event());
            let tried = Arc::new(tried);
            worker.hop(|hop| hop.tries.push(Arc::clone(&tried)));
            worker.report(Event::Tried(tried));
        })
        .map_err(|error| self.name_host(error))?;
        let failed = |e| Error::io(Operation::Connect, target.host_port(), e);
        recording.connected(ends);
        worker.hop(|hop| hop.ends = Some(ends));
        worker.guard_stream(stream.try_clone().map_err(failed)?);
        let mut socket = Socket::new(stream, options.silence, worker.cancel.clone());
        let Some(config) = self.tls else { return Ok(Wire::new(Stream::Plain(socket), recording)) };

        worker.phase(Phase::Tls);
        if options.accept_any_certificate {
            worker.note(t("note-insecure"));
        }
        socket.set_limit(Some(options.silence));
        let mut stream = tls::handshake(config, host, socket).map_err(|e| {
            let error = self.error(Operation::Tls, e);
            recording.note(error.as_event());
            recording.closed();
            error
        })?;
        stream.sock.set_limit(None);
        let agreed = tls::agreed(&stream.conn, !options.accept_any_certificate);
        recording.note(What::Secured(agreed.version.as_str().into()));
        worker.hop(|hop| hop.tls = Some(agreed));
        Ok(Wire::new(Stream::Tls(Box::new(stream)), recording))
    }

    /// Where a name was asked for, an address alone would say too little.
    fn name_host(&self, error: Error) -> Error {
        let named = self.target.host_port();
        let target = if error.target == named { named } else { format!("{named} ({})", error.target) };
        Error { target, ..error }
    }
}
