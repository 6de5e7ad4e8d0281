//! From a target to an open connection: names, addresses, proxy, TLS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::clock::Clock;
use super::exchange::Exchange;
use super::proxy::Kind;
use super::wire::{Socket, Wire};
use super::{Event, Fault, IpVersion, Phase, Step, tls};
use crate::i18n::{t, tf};
use crate::net::{Cause, Error, Operation, address, connect};
use crate::recording::What;

impl Exchange<'_> {
    /// Opens the connection that the request goes over.
    pub(super) fn open(&self) -> Result<Wire, Error> {
        let worker = self.worker;
        let options = &worker.options;
        worker.hop(|hop| hop.proxy = self.via.map(ToString::to_string));
        worker.phase(Phase::Resolving);
        let (addresses, beyond) = self.addresses()?;
        worker.phase(Phase::Connecting);
        // There from the first try on, so that a connect that fails can be seen too.
        let recording = worker.recorder.open();
        worker.hop(|hop| hop.recording = Some(Arc::clone(&recording)));
        let tried = |tried: connect::Try| {
            recording.note(tried.as_event());
            let tried = Arc::new(tried);
            worker.hop(|hop| hop.tries.push(Arc::clone(&tried)));
            worker.report(Event::Tried(tried));
        };
        let connected = worker
            .timed(Step::Tcp, || connect::connect(&addresses, options.connect_timeout, &worker.cancel, tried))
            .map_err(|error| self.name_host(error));
        let (stream, ends) = connected?;
        let failed = |e| Error::io(Operation::Connect, self.peer(), e);
        recording.connected(ends);
        worker.hop(|hop| hop.ends = Some(ends));
        worker.guard_stream(stream.try_clone().map_err(failed)?);
        let socket = Socket::new(stream, options.silence, worker.cancel.clone());
        let mut wire = Wire::new(socket, Arc::clone(&recording), worker.parts());
        if let Some(via) = self.via.filter(|via| !via.is_asked_for(self.target)) {
            worker.timed(Step::Proxy, || self.tunnel(via, &mut wire, beyond)).inspect_err(|error| {
                // What the socket said has been noted where it said it.
                if matches!(error.cause, Cause::Fetch(_)) {
                    recording.note(error.as_event());
                }
            })?;
        }
        if let Some(tls) = self.tls {
            let version = self.secure(tls, &mut wire).inspect_err(|error| recording.note(error.as_event()))?;
            recording.note(What::Secured(version.into()));
        }
        wire.time_with(Clock::new(worker));
        Ok(wire)
    }

    /// Agrees on TLS: on which version.
    fn secure(&self, tls: &tls::Client, wire: &mut Wire) -> Result<String, Error> {
        let (worker, host) = (self.worker, self.target.host());
        worker.phase(Phase::Tls);
        let socket = wire.socket();
        socket.set_limit(Some(worker.options.silence));
        let agreed = worker.timed(Step::Tls, || tls.agree(host, socket));
        socket.set_limit(None);
        let (chain, refused) = tls.shown(host);
        let why = refused.as_ref().map(ToString::to_string);
        worker.hop(|hop| (hop.chain, hop.refused) = (chain, why.clone()));
        let accepted = &worker.options.accepted_certificates;
        if agreed.is_err() && refused.is_some() && !accepted.is_empty() {
            worker.note(t("note-other-certificate"));
        }
        let connection = agreed.map_err(|e| self.error(Operation::Tls, e))?;
        // Known before anything is said.
        if let Some(why) = why {
            worker.note(tf("note-insecure", &[("why", why.into())]));
        }
        let agreed = tls::agreed(&connection, refused.is_none());
        let version = agreed.version.clone();
        worker.hop(|hop| hop.tls = Some(agreed));
        wire.secure(connection);
        Ok(version)
    }

    /// The addresses to connect to, and that of the server beyond the proxy where it has to be told that.
    fn addresses(&self) -> Result<(Vec<SocketAddr>, Option<SocketAddr>), Error> {
        let target = (self.target.host(), self.target.port());
        let peer = self.via.map_or(target, |via| (via.host(), via.port()));
        let beyond = self.via.filter(|via| via.kind() == Kind::Socks { by_name: false }).map(|_| target);
        let find = || {
            let beyond = beyond.map(|(host, port)| self.look_up(host, port)).transpose()?;
            let found = self.look_up(peer.0, peer.1)?;
            Ok((found, beyond.and_then(|found| found.first().copied())))
        };
        if is_literal(peer.0) && beyond.is_none_or(|(host, _)| is_literal(host)) {
            find()
        } else {
            self.worker.timed(Step::Dns, find)
        }
    }

    /// The addresses of `host` of the version that is to be used.
    fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let options = &self.worker.options;
        let mut found = connect::resolve(host, port, options.connect_timeout, &self.worker.cancel)?;
        let (wanted, other) = match options.ip {
            IpVersion::Both => return Ok(found),
            IpVersion::V4 => ("IPv4", "IPv6"),
            IpVersion::V6 => ("IPv6", "IPv4"),
        };
        found.retain(|address| address.is_ipv4() == (options.ip == IpVersion::V4));
        if found.is_empty() {
            let literal = is_literal(host);
            let (operation, named) = if literal {
                (Operation::Connect, address::join(host, port))
            } else {
                (Operation::Resolve, host.to_owned())
            };
            return Err(Error::new(operation, named, Fault::OtherIp { literal, wanted, other }));
        }
        Ok(found)
    }

    /// Who is connected to, to name it in errors.
    fn peer(&self) -> String {
        match self.via {
            Some(via) => tf("proxy-named", &[("proxy", via.host_port().into())]),
            None => self.target.host_port(),
        }
    }

    /// Where a name was asked for, an address alone would say too little.
    fn name_host(&self, error: Error) -> Error {
        let asked = self.via.map_or_else(|| self.target.host_port(), |via| via.host_port());
        let target = if error.target == asked { self.peer() } else { format!("{} ({})", self.peer(), error.target) };
        Error { target, ..error }
    }
}

fn is_literal(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}
