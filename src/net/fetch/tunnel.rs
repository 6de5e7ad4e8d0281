//! What a proxy is told so that it passes bytes on: CONNECT (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928, RFC 1929).

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};

use super::exchange::{Exchange, MOST_INTERIM};
use super::proxy::{Kind, Via};
use super::trouble::{self, Trouble};
use super::wire::Wire;
use super::{Fault, PartKind, ProxyFault, head};
use crate::i18n::tf;
use crate::net::{Cause, Error, Operation};
use crate::recording::Direction;
use crate::recording::text::visible;

/// The version of SOCKS, and that of its login (RFC 1929).
const SOCKS: u8 = 5;
const LOGIN: u8 = 1;

impl Exchange<'_> {
    /// Has `via` connect to the target, at `address` where that was looked up here. From then on it passes bytes on.
    pub(super) fn tunnel(&self, via: &Via, wire: &mut Wire, address: Option<SocketAddr>) -> Result<(), Error> {
        wire.socket().set_limit(Some(self.worker.options.head_timeout));
        let told = match via.kind() {
            Kind::Http => self.connect(via, wire),
            Kind::Socks { .. } => self.socks(via, wire, address),
        };
        // TLS waits for us: what comes before is not the server's.
        let told = match told {
            Ok(()) if self.tls.is_some() && wire.has_more() => Err(trouble::fault(ProxyFault::TooMuch.into())),
            told => told,
        };
        if told.is_err() {
            wire.note_rest(PartKind::ProxyAnswer);
        }
        let is_late = wire.socket().is_late();
        wire.socket().set_limit(None);
        told.map_err(|error| self.proxy_error(via, error, is_late))
    }

    /// Sends `bytes` to the proxy; what is shown of them is `shown`.
    fn tell(&self, wire: &mut Wire, bytes: &[u8], shown: &[u8]) -> io::Result<()> {
        self.worker.hop(|hop| hop.to_proxy.extend_from_slice(shown));
        let sent = wire.send(bytes);
        let begin = wire.parts().end(Direction::Out);
        wire.parts().note(Direction::Out, begin..wire.sent(), PartKind::ProxyRequest);
        sent.map_err(trouble::wire)
    }

    fn connect(&self, via: &Via, wire: &mut Wire) -> io::Result<()> {
        let to = self.target.host_port();
        let request = |secret: Option<&str>| {
            let login = secret.map_or_else(String::new, |value| format!("Proxy-Authorization: {value}\r\n"));
            format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{login}\r\n").into_bytes()
        };
        let secret = via.authorization();
        let covered = secret.as_ref().map(|value| format!("Basic {}", "*".repeat(value.len() - "Basic ".len())));
        self.tell(wire, &request(secret.as_deref()), &request(covered.as_deref()))?;
        for _ in 0..MOST_INTERIM.0 {
            let answer = head::read_into(wire, &mut Vec::new())?;
            wire.note_taken(PartKind::ProxyAnswer);
            let line = || visible(answer.first_line());
            return match answer.status {
                101 => Err(trouble::fault(ProxyFault::Refused(line()).into())),
                100..=199 => continue,
                200..=299 => Ok(()),
                407 => Err(trouble::fault(ProxyFault::LoginWanted(line()).into())),
                _ => Err(trouble::fault(ProxyFault::Refused(line()).into())),
            };
        }
        Err(trouble::fault(Fault::TooManyInterim))
    }

    fn socks(&self, via: &Via, wire: &mut Wire, address: Option<SocketAddr>) -> io::Result<()> {
        let fault = |fault: ProxyFault| trouble::fault(fault.into());
        // No login, and one with user name and password where there is one.
        let greeting: &[u8] = if via.login().is_some() { &[SOCKS, 2, 0, 2] } else { &[SOCKS, 1, 0] };
        self.tell(wire, greeting, greeting)?;
        match (read(wire)?, via.login()) {
            ([SOCKS, 0], _) => {}
            ([SOCKS, 2], Some((user, password))) => {
                let said = |user: &[u8], password: &[u8]| {
                    [&[LOGIN, user.len() as u8], user, &[password.len() as u8], password].concat()
                };
                let covered = said(&vec![b'*'; user.len()], &vec![b'*'; password.len()]);
                self.tell(wire, &said(user, password), &covered)?;
                let [_, status] = read(wire)?;
                if status != 0 {
                    return Err(fault(ProxyFault::WrongLogin));
                }
            }
            ([SOCKS, _], _) => return Err(fault(ProxyFault::NoMethod)),
            _ => return Err(fault(ProxyFault::NotSocks)),
        }
        let request = self.socks_request(address).map_err(trouble::fault)?;
        self.tell(wire, &request, &request)?;
        match read(wire)? {
            [SOCKS, 0, _, kind] => {
                // Where the proxy connected from tells us nothing.
                let rest = match kind {
                    1 => 4,
                    4 => 16,
                    3 => u64::from(read::<1>(wire)?[0]),
                    _ => return Err(fault(ProxyFault::NotSocks)),
                };
                io::copy(&mut wire.take(rest), &mut io::sink())?;
                read::<2>(wire).map(drop)
            }
            [SOCKS, code, ..] => Err(fault(ProxyFault::Reply(code))),
            _ => Err(fault(ProxyFault::NotSocks)),
        }
    }

    /// RFC 1928 §4: connect to `address`, or else to the target as it is named.
    fn socks_request(&self, address: Option<SocketAddr>) -> Result<Vec<u8>, Fault> {
        let mut request = vec![SOCKS, 1, 0];
        let host = self.target.host();
        match address.map(|address| address.ip()).or_else(|| host.parse().ok()) {
            Some(IpAddr::V4(ip)) => {
                request.push(1);
                request.extend(ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                request.push(4);
                request.extend(ip.octets());
            }
            None => {
                request.extend([3, u8::try_from(host.len()).map_err(|_| Fault::BadHost)?]);
                request.extend(host.as_bytes());
            }
        }
        request.extend(self.target.port().to_be_bytes());
        Ok(request)
    }

    /// What went wrong with a proxy, in our words; `is_late` if its time was up.
    fn proxy_error(&self, via: &Via, error: io::Error, is_late: bool) -> Error {
        let options = &self.worker.options;
        let proxy = via.host_port();
        let named = || tf("proxy-named", &[("proxy", proxy.as_str().into())]);
        let through = |fault: Fault| {
            let target = self.target.host_port();
            let target = tf("proxy-through", &[("target", target.into()), ("proxy", proxy.as_str().into())]);
            Error::new(Operation::Connect, target, fault)
        };
        match trouble::take(error) {
            _ if self.worker.cancel.is_cancelled() => self.cancelled(),
            Trouble::Fault(Fault::NoAnswer) => through(ProxyFault::Closed.into()),
            Trouble::Fault(fault) => through(fault),
            Trouble::Wire(e) => match e.kind() {
                io::ErrorKind::TimedOut => {
                    let limit = if is_late { options.head_timeout } else { options.silence };
                    Error::new(Operation::Receive, named(), Cause::TimedOut(limit))
                }
                io::ErrorKind::UnexpectedEof => through(ProxyFault::Closed.into()),
                _ => Error::io(Operation::Receive, named(), e),
            },
        }
    }
}

/// The next bytes of what a proxy says.
fn read<const N: usize>(wire: &mut Wire) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    wire.read_exact(&mut bytes)?;
    wire.note_taken(PartKind::ProxyAnswer);
    Ok(bytes)
}
