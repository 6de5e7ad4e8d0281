//! TLS between a socket and those who read and write it.

use std::io::{self, ErrorKind, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, Error as TlsError, ServerConfig, ServerConnection};

use super::explain::{explain, explain_client};
use super::{Trouble, version_name};
use crate::net::fetch::Fault;
use crate::net::{lock, try_lock};

/// The most plain text that goes as one: a record (RFC 8446 §5.1).
const RECORD: usize = 16 << 10;

/// Room for cipher text that is kept while there is none.
const KEPT: usize = 2 << 10;

/// What TLS runs over.
pub(crate) trait Socket {
    /// Waits until there is something to read, where reads wait; 0 where the end has come.
    fn peek(&self) -> io::Result<usize>;
    /// One read.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// One write that does not wait; `None` where the system has no such write.
    fn write_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>>;
    /// Whether the system has such a write.
    fn can_write_at_once(&self) -> bool;
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// The cipher suite, such as `TLS13_AES_128_GCM_SHA256`.
    pub cipher: String,
}

/// TLS over one connection with one reader and one writer. Neither ever waits with what the other needs.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The host that was asked for, where we are the client.
    host: Option<String>,
    /// Held while bytes are encrypted or decrypted, never while anyone waits.
    connection: Mutex<Connection>,
    /// Held while cipher text goes out, also while that waits.
    outgoing: Mutex<Outgoing>,
    /// TLS has been agreed on.
    secured: AtomicBool,
    /// [`Outgoing::plain`] is not 0.
    begun: AtomicBool,
}

/// Cipher text on its way out.
#[derive(Debug, Default)]
struct Outgoing {
    cipher: Vec<u8>,
    /// So much of it has gone.
    gone: usize,
    /// The size of the plain text that is in it: the write that brought it has not been told that it went. Whoever writes
    /// next brings the same bytes again, as after any write that took nothing.
    plain: usize,
}

impl Layer {
    /// The client of `name`: what the certificate must be for, and what the server is told (SNI).
    ///
    /// # Errors
    /// `name` cannot be that of a host.
    pub(crate) fn client(config: Arc<ClientConfig>, name: &str) -> Result<Self, Fault> {
        // A name may end in a dot; certificates and SNI do not have it (RFC 6066 §3).
        let name = name.trim_end_matches('.').to_owned();
        let server = ServerName::try_from(name.clone()).map_err(|_| Fault::BadHost)?;
        let connection = ClientConnection::new(config, server).map_err(|e| explain(&e, &name))?;
        Ok(Self::new(Some(name), connection.into()))
    }

    /// A server's end.
    ///
    /// # Errors
    /// The settings do not fit together.
    // It takes 5 KiB of the stack: never a part of what also those run who speak no TLS, of whom there may be thousands.
    #[inline(never)]
    pub(crate) fn server(config: Arc<ServerConfig>) -> Result<Self, Trouble> {
        let connection = ServerConnection::new(config).map_err(|e| Trouble::Other(e.to_string()))?;
        Ok(Self::new(None, connection.into()))
    }

    fn new(host: Option<String>, connection: Connection) -> Self {
        Self {
            host,
            connection: Mutex::new(connection),
            outgoing: Mutex::default(),
            secured: AtomicBool::new(false),
            begun: AtomicBool::new(false),
        }
    }

    /// Whether TLS has been agreed on.
    pub(crate) fn is_secured(&self) -> bool {
        self.secured.load(Ordering::Acquire)
    }

    /// What was agreed on.
    pub(crate) fn agreed(&self) -> Agreed {
        let connection = lock(&self.connection);
        let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Agreed {
            version: connection.protocol_version().map(version_name).unwrap_or_default(),
            cipher: cipher.unwrap_or_default(),
        }
    }

    /// Agrees on TLS; what is to be sent for it goes to `put`.
    ///
    /// # Errors
    /// What TLS has against it, as [`Trouble`] or [`Fault`]; what the socket says, also that it is not the time: then it is
    /// to be called again.
    pub(crate) fn agree(
        &self,
        socket: &impl Socket,
        mut put: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            self.send(&mut lock(&self.outgoing), &mut put)?;
            if !lock(&self.connection).is_handshaking() {
                self.secured.store(true, Ordering::Release);
                return Ok(());
            }
            let ended = socket.peek()? == 0;
            let processed = {
                let mut connection = lock(&self.connection);
                self.take_cipher(&mut connection, socket)?;
                connection.process_new_packets()
            };
            if let Err(error) = processed {
                self.send_what_goes(socket);
                return Err(self.failed(&error));
            }
            if ended {
                return Err(match self.host {
                    Some(_) => io::Error::other(Fault::TlsClosed),
                    None => io::Error::other(Trouble::ClientLeft),
                });
            }
        }
    }

    /// Reads what was said; 0 is the farewell. It waits as the socket does.
    ///
    /// # Errors
    /// What TLS has against it, as [`Trouble`] or [`Fault`], also where the end came without a farewell; what the socket
    /// says.
    pub(crate) fn read(&self, socket: &impl Socket, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let (processed, read) = {
                let mut connection = lock(&self.connection);
                let processed = connection.process_new_packets();
                (processed, connection.reader().read(buf))
            };
            // Such as the answer to a change of keys, or why we break off.
            self.send_what_goes(socket);
            match (processed, read) {
                // What came before the trouble counts; the trouble is told again next time.
                (_, Ok(n)) if n > 0 => return Ok(n),
                (Err(error), _) => return Err(self.failed(&error)),
                (_, Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(io::Error::other(Trouble::Cut));
                }
                (_, Err(error)) if error.kind() == ErrorKind::WouldBlock => {}
                (_, read) => return read,
            }
            socket.peek()?;
            self.take_cipher(&mut lock(&self.connection), socket)?;
        }
    }

    /// Takes what has come from the socket, which was seen to have something.
    fn take_cipher(&self, connection: &mut Connection, socket: &impl Socket) -> io::Result<()> {
        match connection.read_tls(&mut Reads(socket)) {
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes some of `bytes`, a record at most, to `put`, and says how much that was once its cipher text has gone.
    ///
    /// # Errors
    /// What `put` says, also that it is not the time: then the same bytes are to be written again.
    pub(crate) fn write(&self, bytes: &[u8], put: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<usize> {
        self.write_with(&mut lock(&self.outgoing), bytes, put)
    }

    /// Like [`Layer::write`], but it is not the time either while somebody else sends. `None` where the system has no write
    /// that does not wait.
    pub(crate) fn write_at_once(&self, socket: &impl Socket, bytes: &[u8]) -> Option<io::Result<usize>> {
        socket.can_write_at_once().then(|| {
            let mut outgoing = try_lock(&self.outgoing).ok_or(ErrorKind::WouldBlock)?;
            self.write_with(&mut outgoing, bytes, at_once(socket))
        })
    }

    fn write_with(
        &self,
        outgoing: &mut Outgoing,
        bytes: &[u8],
        mut put: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !self.is_secured() {
            return Err(ErrorKind::WouldBlock.into());
        }
        if outgoing.plain == 0 {
            let record = &bytes[..bytes.len().min(RECORD)];
            outgoing.plain = io::Write::write(&mut lock(&self.connection).writer(), record)?;
            self.begun.store(true, Ordering::Release);
        }
        self.send(outgoing, &mut put)?;
        self.begun.store(false, Ordering::Release);
        Ok(std::mem::take(&mut outgoing.plain))
    }

    /// Whether a write has begun to go, and was not told so.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Says farewell: nothing more will be written.
    ///
    /// # Errors
    /// What `put` says, also that it is not the time, and so while somebody else sends: then it is to be called again.
    pub(crate) fn say_farewell(&self, mut put: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        let mut outgoing = try_lock(&self.outgoing).ok_or(ErrorKind::WouldBlock)?;
        lock(&self.connection).send_close_notify();
        self.send(&mut outgoing, &mut put)
    }

    /// Like [`Layer::say_farewell`], but waits while somebody else sends, and as `put` does.
    pub(crate) fn say_farewell_waiting(&self, mut put: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        let mut outgoing = lock(&self.outgoing);
        lock(&self.connection).send_close_notify();
        self.send(&mut outgoing, &mut put)
    }

    /// Sends all that TLS has to send.
    fn send(&self, outgoing: &mut Outgoing, put: &mut impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        loop {
            {
                let mut connection = lock(&self.connection);
                while connection.wants_write() {
                    connection.write_tls(&mut outgoing.cipher)?;
                }
            }
            let rest = &outgoing.cipher[outgoing.gone..];
            if rest.is_empty() {
                outgoing.gone = 0;
                outgoing.cipher.clear();
                outgoing.cipher.shrink_to(KEPT);
                return Ok(());
            }
            match put(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => outgoing.gone += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends what TLS has to send by itself, if that goes at once: else it goes with the next write.
    fn send_what_goes(&self, socket: &impl Socket) {
        let wants = lock(&self.connection).wants_write();
        // Not locked for nothing: a writer that finds it locked has to go the slow way, out of turn.
        if wants && let Some(mut outgoing) = try_lock(&self.outgoing) {
            // What is wrong with the socket is found out by who reads or writes.
            _ = self.send(&mut outgoing, &mut at_once(socket));
        }
    }

    /// In our words.
    fn failed(&self, error: &TlsError) -> io::Error {
        match self.host.as_deref().map(|host| explain(error, host)) {
            Some(Fault::NotTls) => io::Error::other(Trouble::NotTls),
            Some(fault) => io::Error::other(fault),
            None => io::Error::other(explain_client(error)),
        }
    }
}

/// Writes that do not wait.
fn at_once(socket: &impl Socket) -> impl FnMut(&[u8]) -> io::Result<usize> {
    |bytes| socket.write_at_once(bytes).unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))
}

/// Reads as the TLS library wants them.
struct Reads<'a, S>(&'a S);

impl<S: Socket> Read for Reads<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::duplex::Duplex;
    use crate::net::test_pairs::{connected, reads_while_a_write_waits, records_in_turn};
    use crate::net::tls::{Own, Trust, client_config};
    use crate::net::{Cause, spawn};
    use crate::recording::{Direction, Recording};
    use rustls::StreamOwned;
    use std::io::Write;
    use std::net::TcpStream;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A client with TLS over it, which is not agreed on, its recording, and the other end.
    fn pair() -> (Arc<Duplex>, Arc<Recording>, TcpStream) {
        let (local, ends, recording, remote) = connected();
        let (config, _) = client_config(Trust { roots: None, accept_any: true, accepted: &[] }).expect("settings");
        let layer = Layer::client(Arc::new(config), "localhost").expect("a name");
        let wire = Duplex::new(local, ends.peer, Arc::clone(&recording), PATIENCE).expect("alive").over_tls(layer);
        (Arc::new(wire), recording, remote)
    }

    /// The same with TLS agreed on.
    fn secured() -> (Arc<Duplex>, Arc<Recording>, StreamOwned<ServerConnection, TcpStream>) {
        let (wire, recording, remote) = pair();
        let server = ServerConnection::new(Own::made().expect("made").config()).expect("server");
        let mut remote = StreamOwned::new(server, remote);
        let securing = spawn("securing", {
            let wire = Arc::clone(&wire);
            move || wire.secure(PATIENCE)
        })
        .expect("thread");
        remote.flush().expect("agreed");
        securing.join().expect("joined").expect("agreed").expect("TLS");
        (wire, recording, remote)
    }

    #[test]
    fn agreeing_ends_by_its_limit_or_when_it_is_shut() {
        let limit = Duration::from_millis(50);
        let (wire, _, _remote) = pair();
        let error = wire.secure(limit).expect_err("nobody answers");
        assert!(matches!(error.cause, Cause::Tls(Trouble::Late(late)) if late == limit), "{error}");
        let (wire, _, mut remote) = pair();
        let securing = spawn("securing", {
            let wire = Arc::clone(&wire);
            move || wire.secure(PATIENCE)
        })
        .expect("thread");
        remote.read_exact(&mut [0; 5]).expect("its hello");
        wire.shut();
        assert!(matches!(securing.join().expect("joined").expect_err("shut").cause, Cause::Cancelled));
    }

    #[test]
    fn a_write_that_waits_does_not_keep_the_reader_waiting() {
        let (wire, _, remote) = secured();
        reads_while_a_write_waits(wire, remote);
    }

    #[test]
    fn a_reply_is_never_recorded_before_what_it_replies_to() {
        let (wire, recording, remote) = secured();
        records_in_turn(wire, &recording, remote);
    }

    #[test]
    fn a_half_close_waits_for_what_has_begun_to_go_and_all_of_it_arrives() {
        let (wire, recording, mut remote) = secured();
        let sent: Vec<u8> = (0..8_u32 << 20).map(|n| (n >> 8) as u8).collect();
        // Until nothing more goes at once, most likely within a record.
        let mut gone = 0;
        while let Some(n) = wire.write_at_once(&sent[gone..]).expect("alive") {
            gone += n;
        }
        let begun = wire.has_begun();
        assert!(wire.half_close());
        let reading = spawn("reading", move || {
            let mut all = Vec::new();
            remote.read_to_end(&mut all).expect("a farewell");
            all
        })
        .expect("thread");
        if begun {
            // As whoever writes does: the same bytes again.
            while wire.has_begun() {
                gone += wire.write_at_once(&sent[gone..]).expect("alive").unwrap_or_default();
            }
        }
        wire.half_close_waiting();
        let heard = reading.join().expect("joined");
        assert!(heard == sent[..gone], "{} of {gone}", heard.len());
        assert_eq!(recording.joined(Direction::Out).len(), gone);
    }
}
