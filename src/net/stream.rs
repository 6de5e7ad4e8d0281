//! The socket under a [`super::duplex::Duplex`].

use std::io;
use std::net::{Shutdown, TcpStream};

#[cfg(unix)]
use rustix::net::{RecvFlags, SendFlags};

use super::tls::Socket;

/// The socket.
#[derive(Debug)]
pub(super) enum Stream {
    /// Its reads and writes wait.
    Waits(TcpStream),
    /// Its reads and writes never wait: a poll tells when it is time.
    Polled(mio::net::TcpStream),
}

impl Stream {
    pub(super) fn shutdown(&self, half: Shutdown) -> io::Result<()> {
        match self {
            Self::Waits(stream) => stream.shutdown(half),
            Self::Polled(stream) => stream.shutdown(half),
        }
    }

    /// How many bytes have come that nobody has read, if the system tells.
    pub(super) fn unread(&self) -> Option<u64> {
        #[cfg(unix)]
        return rustix::io::ioctl_fionread(&*self.socket()).ok();
        #[cfg(not(unix))]
        return None;
    }

    pub(super) fn socket(&self) -> socket2::SockRef<'_> {
        match self {
            Self::Waits(stream) => stream.into(),
            Self::Polled(stream) => stream.into(),
        }
    }
}

/// On Linux the calls of the system themselves: around them the C library prepares for a thread that is ended within one, and a small
/// message takes so little time that this counts.
#[cfg(unix)]
impl Stream {
    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv(buf, RecvFlags::empty())
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes, SendFlags::empty())
    }

    /// One read that does not wait. Where the system has no such read, nothing has come.
    pub(super) fn read_at_once(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv(buf, RecvFlags::DONTWAIT)
    }

    /// One write that does not wait; `None` where the system has no such write.
    pub(super) fn write_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        Some(self.send(bytes, SendFlags::DONTWAIT))
    }

    fn recv(&self, buf: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        let (read, _) = match self {
            Self::Waits(stream) => rustix::net::recv(stream, buf, flags)?,
            Self::Polled(stream) => rustix::net::recv(stream, buf, flags)?,
        };
        Ok(read)
    }

    /// Rust programs ignore the signal of a write to a connection that has ended: it fails.
    fn send(&self, bytes: &[u8], flags: SendFlags) -> io::Result<usize> {
        Ok(match self {
            Self::Waits(stream) => rustix::net::send(stream, bytes, flags)?,
            Self::Polled(stream) => rustix::net::send(stream, bytes, flags)?,
        })
    }
}

#[cfg(not(unix))]
impl Stream {
    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        use std::io::Read;
        match self {
            Self::Waits(stream) => (&mut &*stream).read(buf),
            Self::Polled(stream) => (&mut &*stream).read(buf),
        }
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        use std::io::Write;
        match self {
            Self::Waits(stream) => (&mut &*stream).write(bytes),
            Self::Polled(stream) => (&mut &*stream).write(bytes),
        }
    }

    pub(super) fn read_at_once(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Waits(_) => Err(io::ErrorKind::WouldBlock.into()),
            Self::Polled(_) => self.read(buf),
        }
    }

    pub(super) fn write_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        match self {
            Self::Waits(_) => None,
            Self::Polled(_) => Some(self.write(bytes)),
        }
    }
}

impl Socket for Stream {
    fn peek(&self) -> io::Result<usize> {
        match self {
            Self::Waits(stream) => stream.peek(&mut [0]),
            Self::Polled(stream) => stream.peek(&mut [0]),
        }
    }

    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn write_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        self.write_at_once(bytes)
    }

    fn can_write_at_once(&self) -> bool {
        cfg!(unix) || matches!(self, Self::Polled(_))
    }
}

/// A stream that gets the limit for each wait.
pub(super) struct Armed<'a, F> {
    pub(super) stream: &'a Stream,
    /// Gives it.
    pub(super) arm: F,
}

impl<F: Fn() -> io::Result<()>> Socket for Armed<'_, F> {
    fn peek(&self) -> io::Result<usize> {
        (self.arm)()?;
        self.stream.peek()
    }

    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }

    fn write_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        self.stream.write_at_once(bytes)
    }

    fn can_write_at_once(&self) -> bool {
        self.stream.can_write_at_once()
    }
}
