//! Recordings as lines of text, for people.

use std::io::{self, Write};

use super::{Connection, Direction, Form, Moment, Piece, What, Words};
use crate::recording::Ends;
use crate::recording::text::visible;

/// Lines of text. Once there are several connections each line has the number of its own.
#[derive(Default)]
pub(super) struct Lines {
    connections: u64,
}

impl Form for Lines {
    fn expect(&mut self, connections: u64) {
        self.connections += connections;
    }

    fn connection(&mut self, out: &mut dyn Write, words: &dyn Words, connection: &mut Connection) -> io::Result<()> {
        let recording = &connection.recording;
        writeln!(out, "{}", words.connection(recording.number(), recording.ends(), &local(connection.opened)))
    }

    fn piece(
        &mut self,
        out: &mut dyn Write,
        words: &dyn Words,
        connection: &mut Connection,
        moment: Moment,
        piece: &Piece<&[u8]>,
    ) -> io::Result<()> {
        let (seconds, micros) = (moment.since / 1_000_000, moment.since % 1_000_000);
        write!(out, "{} +{seconds}.{micros:06} ", local(moment.wall))?;
        if self.connections > 1 {
            write!(out, "#{} ", connection.recording.number())?;
        }
        match piece {
            Piece::Segment { direction, bytes, .. } => {
                let arrow = match direction {
                    Direction::In => '←',
                    Direction::Out => '→',
                };
                write!(out, "{arrow} {}", words.segment(*direction, bytes.len() as u64))?;
                if !bytes.is_empty() {
                    write!(out, " {}", visible(bytes))?;
                }
            }
            Piece::Event { what, .. } => {
                write!(out, "· {}", visible(words.event(what).as_bytes()))?;
                // The line above all was written before they were known.
                if let (What::Connected | What::Accepted, Some(ends)) = (what, connection.recording.ends()) {
                    let Ends { local, peer } = ends;
                    write!(out, " {local} → {peer}")?;
                }
            }
            Piece::Gone { streams, .. } => {
                let bytes = streams.iter().map(|gone| gone.end - gone.start).sum();
                write!(out, "· {}", words.gone(bytes))?;
            }
        }
        writeln!(out)
    }
}

/// A wall time in microseconds since 1970, as this computer's clock shows it (RFC 3339).
fn local(wall: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(wall).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}
