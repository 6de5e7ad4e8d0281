//! Recordings as JSON Lines, for programs. The fields are documented in the module above.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use serde::Serialize;

use super::{Connection, Direction, Form, Moment, Piece, What, Words};
use crate::recording::{By, Tried};

/// JSON Lines.
pub(super) struct Objects;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Connection {
        connection: u64,
        local: Option<SocketAddr>,
        peer: Option<SocketAddr>,
        opened: String,
    },
    Read(Bytes),
    Write(Bytes),
    Event {
        connection: u64,
        time: String,
        since_us: u64,
        before: u64,
        #[serde(flatten)]
        event: Event<'a>,
    },
    Gone {
        connection: u64,
        time: String,
        since_us: u64,
        segments: Option<u64>,
        bytes_in: u64,
        bytes_out: u64,
    },
}

#[derive(Serialize)]
struct Bytes {
    connection: u64,
    n: u64,
    time: String,
    since_us: u64,
    position: u64,
    size: usize,
    data: String,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Accepted { local: Option<SocketAddr>, peer: Option<SocketAddr> },
    Connected { local: Option<SocketAddr>, peer: Option<SocketAddr> },
    Tried { address: SocketAddr, took_us: u64, failed: Option<&'a str> },
    Secured { version: &'a str },
    HalfClosed,
    Reset,
    TimedOut { direction: &'static str, after_us: u64 },
    Failed { text: &'a str },
    Closed { by: &'static str },
}

impl Form for Objects {
    fn connection(&mut self, out: &mut dyn Write, _: &dyn Words, connection: &mut Connection) -> io::Result<()> {
        let (local, peer) = ends(connection);
        let (number, opened) = (connection.recording.number(), utc(connection.opened));
        line(out, &Line::Connection { connection: number, local, peer, opened })
    }

    fn piece(
        &mut self,
        out: &mut dyn Write,
        _: &dyn Words,
        of: &mut Connection,
        moment: Moment,
        piece: &Piece<&[u8]>,
    ) -> io::Result<()> {
        let (connection, time, since_us) = (of.recording.number(), utc(moment.wall), moment.since);
        match piece {
            Piece::Segment { number, direction, position, bytes } => {
                let data = BASE64.encode(bytes);
                let (n, position, size) = (*number, *position, bytes.len());
                let bytes = Bytes { connection, n, time, since_us, position, size, data };
                line(out, &if *direction == Direction::In { Line::Read(bytes) } else { Line::Write(bytes) })
            }
            Piece::Event { before, what } => {
                let event = event(of, what);
                line(out, &Line::Event { connection, time, since_us, before: *before, event })
            }
            Piece::Gone { segments, streams: [r#in, out_] } => {
                let (bytes_in, bytes_out) = (r#in.end - r#in.start, out_.end - out_.start);
                line(out, &Line::Gone { connection, time, since_us, segments: *segments, bytes_in, bytes_out })
            }
        }
    }
}

fn event<'a>(connection: &Connection, what: &'a What) -> Event<'a> {
    let (local, peer) = ends(connection);
    match what {
        What::Accepted => Event::Accepted { local, peer },
        What::Connected => Event::Connected { local, peer },
        What::Tried(tried) => {
            let Tried { address, took, failed } = &**tried;
            Event::Tried { address: *address, took_us: micros(*took), failed: failed.as_deref() }
        }
        What::Secured(version) => Event::Secured { version },
        What::HalfClosed => Event::HalfClosed,
        What::Reset => Event::Reset,
        What::TimedOut(direction, after) => {
            let direction = if *direction == Direction::In { "read" } else { "write" };
            Event::TimedOut { direction, after_us: micros(*after) }
        }
        What::Failed(text) => Event::Failed { text },
        What::Closed(by) => Event::Closed { by: if *by == By::Us { "us" } else { "peer" } },
    }
}

fn line(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn ends(connection: &Connection) -> (Option<SocketAddr>, Option<SocketAddr>) {
    connection.recording.ends().map(|ends| (ends.local, ends.peer)).unzip()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A wall time in microseconds since 1970, in UTC (RFC 3339).
fn utc(wall: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(wall).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
