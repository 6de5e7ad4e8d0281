//! Recordings as a file that can be passed on: text to read, JSON Lines for programs, pcapng for Wireshark.
//!
//! Pure: recordings in, bytes out. Several recordings are merged on one time axis. They may grow and shrink meanwhile:
//! a little is copied at a time under a recording's lock, and what went before its turn came is counted and said.
//! So memory is bounded however large a recording is, by [`SLICE_BYTES`] or one segment where that is larger.
//!
//! Wall times are those of the first recording, counted on by a clock that never jumps: so they never jump either.
//!
//! # JSON Lines
//!
//! One JSON object a line, UTF-8. Every line has `type` and `connection`, the number of the recording.
//!
//! * `connection`, before the first line of each: `local` and `peer` (null where it was not connected yet: then the event
//!   that says so has them), `opened`.
//! * `read` and `write`, one for each that returned: `n` (its number among both, from 0), `time` (RFC 3339, UTC,
//!   microseconds), `since_us` (microseconds since `opened`), `position` (where its bytes begin in the stream of its
//!   direction), `size` (bytes), `data` (base64, RFC 4648 §4). A read of size 0 says that the peer is done.
//! * `event`: `event`, `time`, `since_us`, `before` (the `n` that came next); the `event` is one of `accepted` and
//!   `connected` (with `local`, `peer`), `tried` (`address`, `took_us`, `failed`: null, or why), `secured` (`version`),
//!   `half_closed`, `reset`, `timed_out` (`direction`: `read` or `write`, `after_us`), `failed` (`text`), `closed` (`by`:
//!   `us` or `peer`).
//! * `gone`, where something is missing because it was not kept: `time`, `since_us`, `segments` (null where that is not
//!   known: in a selection), `bytes_in`, `bytes_out`.
//!
//! # pcapng
//!
//! What a capture of the connection could have looked like: each read and write is a TCP segment (RFC 9293) in an IP
//! packet (link type 101, RAW), or several where it exceeds what a packet can carry; handshake, ends and acknowledgements
//! are made up. Sequence number less one is the position in the stream, modulo 2^32. A comment on each packet says
//! which read or write it is, and what else happened before it. What is inside TLS is there as it was said, not as it
//! was sent. Recordings that never connected have no packets.

mod jsonl;
mod pcapng;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::{Direction, Ends, Log, Recording, What};

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A line for each read, write and event, to be read by people.
    Text,
    /// An object for each read, write and event, to be read by programs.
    JsonLines,
    /// Packets, to be opened with Wireshark.
    Pcapng,
}

impl Format {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Text, Self::JsonLines, Self::Pcapng];

    /// How the names of such files end, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::JsonLines => "jsonl",
            Self::Pcapng => "pcapng",
        }
    }

    /// The kind of file that a name asks for, in upper or lower case.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL.into_iter().find(|format| extension.eq_ignore_ascii_case(format.extension()))
    }
}

/// The words for people in an export. They are one line each; what a peer wrote in them is made visible here.
pub trait Words {
    /// Above the lines of one connection; `opened` is a time.
    fn connection(&self, number: u64, ends: Option<Ends>, opened: &str) -> String;
    /// One read or write of `size` bytes.
    fn segment(&self, direction: Direction, size: u64) -> String;
    /// What else happened.
    fn event(&self, what: &What) -> String;
    /// So many bytes are missing, both directions together.
    fn gone(&self, bytes: u64) -> String;
    /// On a packet: it is read or write `number`, from 0; or of several packets, part so much of so many.
    fn packet(&self, direction: Direction, number: u64, part: Option<(u64, u64)>) -> String;
    /// On top of a file of packets: what they are.
    fn packets(&self) -> String;
}

/// What to export.
#[derive(Clone, Debug)]
pub enum Extent<'a> {
    /// Whole recordings, merged by time. As packets, a connection of which both ends are among them is there once, as
    /// the end that connected saw it.
    Whole(&'a [Arc<Recording>]),
    /// The bytes at these positions of one direction's stream, read by read or write by write, without events.
    Selection(&'a Arc<Recording>, Direction, Range<u64>),
}

/// How much was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Connections, also those that never connected.
    pub connections: u64,
    /// Reads and writes.
    pub segments: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Bytes that had gone before they could be written, and are missing.
    pub gone: u64,
}

/// Writes `extent` to `out` as far as it has come by now, and says how much that was.
///
/// # Errors
/// Those of `out`.
pub fn export(
    format: Format,
    words: &'static (dyn Words + Sync),
    extent: &Extent<'_>,
    out: impl Write,
) -> io::Result<Written> {
    let now = Instant::now();
    let mut exporter = Exporter::new(format, words, out)?;
    match extent {
        Extent::Whole(recordings) => {
            let left_out = if format == Format::Pcapng { second_ends(recordings) } else { Vec::new() };
            for (index, recording) in recordings.iter().enumerate() {
                if left_out.binary_search(&index).is_err() {
                    exporter.add(Arc::clone(recording));
                }
            }
        }
        Extent::Selection(recording, direction, range) => {
            exporter.add_source(Source::new(Arc::clone(recording), Some((*direction, range.clone()))));
        }
    }
    exporter.write_until(now)?;
    exporter.finish()
}

/// Which of `recordings` are the accepting end of a connection whose connecting end is there too, in ascending order.
fn second_ends(recordings: &[Arc<Recording>]) -> Vec<usize> {
    let mut accepted: HashMap<Ends, Vec<usize>> = HashMap::new();
    let mut connected = Vec::new();
    for (index, recording) in recordings.iter().enumerate() {
        let Some(ends) = recording.ends() else { continue };
        let has_accepted = |log: &Log| log.events().iter().any(|event| event.what == What::Accepted);
        if recording.read(has_accepted) {
            accepted.entry(ends).or_default().push(index);
        } else {
            connected.push((recording, ends.mirrored()));
        }
    }
    let mut found = Vec::new();
    for (recording, wanted) in connected {
        let Some(candidates) = accepted.get_mut(&wanted) else { continue };
        // Ports are used again after a while: the one that began nearest is it.
        let apart = |index: &usize| distance(recordings[*index].origin(), recording.origin()).abs();
        if let Some(nearest) = (0..candidates.len()).min_by_key(|at| apart(&candidates[*at])) {
            found.push(candidates.swap_remove(nearest));
        }
    }
    found.sort_unstable();
    found
}

/// Writes recordings as they grow. What is written is in the order of time; only a `write` that took long to return
/// can come after what happened meanwhile, with the time at which it began.
pub struct Exporter<W> {
    out: W,
    words: &'static (dyn Words + Sync),
    form: Box<dyn Form + Send>,
    axis: Option<Axis>,
    sources: Vec<Source>,
    slice: Slice,
    written: Written,
}

impl<W> std::fmt::Debug for Exporter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").field("written", &self.written).finish_non_exhaustive()
    }
}

impl<W: Write> Exporter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(format: Format, words: &'static (dyn Words + Sync), mut out: W) -> io::Result<Self> {
        let form: Box<dyn Form + Send> = match format {
            Format::Text => Box::new(text::Lines::default()),
            Format::JsonLines => Box::new(jsonl::Objects),
            Format::Pcapng => Box::new(pcapng::Packets::begin(words, &mut out)?),
        };
        let (sources, slice) = (Vec::new(), Slice::default());
        Ok(Self { out, words, form, axis: None, sources, slice, written: Written::default() })
    }

    /// More connections may come than are added at first: in a text each line has the number of its own from the start.
    pub fn expect_several(&mut self) {
        self.form.expect(2);
    }

    /// Takes a whole recording in, which may still grow. It is let go once it is written to its end. The first one's
    /// clock is that of all.
    ///
    /// Whatever is added is written: of connections with both ends here, add one (see [`Extent::Whole`]).
    pub fn add(&mut self, recording: Arc<Recording>) {
        self.add_source(Source::new(recording, None));
    }

    fn add_source(&mut self, mut source: Source) {
        let recording = &source.connection.recording;
        let axis = self.axis.get_or_insert_with(|| {
            let opened = jiff::Timestamp::try_from(recording.opened()).unwrap_or_default();
            Axis { origin: recording.origin(), opened: opened.as_microsecond() }
        });
        source.offset = distance(axis.origin, recording.origin());
        source.connection.opened = axis.wall(source.offset);
        self.written.connections += 1;
        self.form.expect(1);
        self.sources.push(source);
    }

    /// Writes everything that is there from up to `cut`, merged by time. Says whether there was something later.
    ///
    /// # Errors
    /// Those of the file.
    pub fn write_until(&mut self, cut: Instant) -> io::Result<bool> {
        let cut = self.axis.as_ref().map_or(i64::MAX, |axis| distance(axis.origin, cut));
        self.write_up_to(cut)
    }

    fn write_up_to(&mut self, cut: i64) -> io::Result<bool> {
        // Asked first: who alone has a recording now will not see it grow later.
        let complete: Vec<_> = self.sources.iter().map(Source::is_complete).collect();
        let mut later = false;
        let mut turns = BinaryHeap::new();
        for (index, source) in self.sources.iter().enumerate() {
            turns.extend(source.peek().map(|time| Reverse((time, index))));
        }
        while let Some(Reverse((time, index))) = turns.pop() {
            if time > cut {
                later = true;
                break;
            }
            let until = turns.peek().map_or(cut, |Reverse((next, _))| (*next).min(cut));
            let next = self.sources[index].take(until, &mut self.slice);
            self.write_slice(index)?;
            turns.extend(next.map(|time| Reverse((time, index))));
        }
        // What is written and will not grow is let go.
        let sources = std::mem::take(&mut self.sources);
        for (source, complete) in sources.into_iter().zip(complete) {
            if source.closed || complete && source.peek().is_none() {
                self.end(source)?;
            } else {
                self.sources.push(source);
            }
        }
        Ok(later)
    }

    fn write_slice(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.sources[index].connection;
        let Some(axis) = &self.axis else { return Ok(()) };
        for Item { at, time, piece } in self.slice.items.drain(..) {
            let moment = Moment { wall: axis.wall(time), since: at };
            begin(&mut *self.form, self.words, &mut self.out, connection)?;
            let piece = match piece {
                Piece::Segment { number, direction, position, bytes } => {
                    self.written.segments += 1;
                    self.written.bytes += bytes.len() as u64;
                    Piece::Segment { number, direction, position, bytes: &self.slice.bytes[bytes] }
                }
                Piece::Event { before, what } => Piece::Event { before, what },
                Piece::Gone { segments, streams } => {
                    self.written.gone += streams.iter().map(|gone| gone.end - gone.start).sum::<u64>();
                    Piece::Gone { segments, streams }
                }
            };
            self.form.piece(&mut self.out, self.words, connection, moment, &piece)?;
        }
        self.slice.bytes.clear();
        self.slice.bytes.shrink_to(SLICE_BYTES);
        Ok(())
    }

    /// Also one of which nothing is known but that it was opened is there.
    fn end(&mut self, mut source: Source) -> io::Result<()> {
        begin(&mut *self.form, self.words, &mut self.out, &mut source.connection)?;
        self.form.end(&mut self.out, &mut source.connection)
    }

    /// How much was written so far.
    #[must_use]
    pub fn written(&self) -> Written {
        self.written
    }

    /// Writes what an interrupted reader should find now.
    ///
    /// # Errors
    /// Those of the file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the file; what was not written before is left out.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(mut self) -> io::Result<Written> {
        for source in std::mem::take(&mut self.sources) {
            self.end(source)?;
        }
        self.out.flush()?;
        Ok(self.written)
    }
}

fn begin(form: &mut dyn Form, words: &dyn Words, out: &mut dyn Write, connection: &mut Connection) -> io::Result<()> {
    if std::mem::replace(&mut connection.begun, true) { Ok(()) } else { form.connection(out, words, connection) }
}

/// The one clock of an export.
struct Axis {
    origin: Instant,
    /// The wall time of `origin`, in microseconds since 1970.
    opened: i64,
}

impl Axis {
    /// The wall time that is so many nanoseconds after the origin, in microseconds since 1970.
    fn wall(&self, nanos: i64) -> i64 {
        self.opened.saturating_add(nanos.div_euclid(1_000))
    }
}

/// How long after `from` `to` is, in nanoseconds; negative if before.
fn distance(from: Instant, to: Instant) -> i64 {
    let nanos = |later: Instant, earlier| {
        i64::try_from(later.saturating_duration_since(earlier).as_nanos()).unwrap_or(i64::MAX)
    };
    nanos(to, from) - nanos(from, to)
}

/// How one kind of file is written.
trait Form {
    /// So many more connections will be written.
    fn expect(&mut self, _connections: u64) {}
    /// Before the first piece of a connection.
    fn connection(&mut self, out: &mut dyn Write, words: &dyn Words, connection: &mut Connection) -> io::Result<()>;
    /// What comes next, of any connection.
    fn piece(
        &mut self,
        out: &mut dyn Write,
        words: &dyn Words,
        connection: &mut Connection,
        moment: Moment,
        piece: &Piece<&[u8]>,
    ) -> io::Result<()>;
    /// Nothing more comes of this connection.
    fn end(&mut self, _out: &mut dyn Write, _connection: &mut Connection) -> io::Result<()> {
        Ok(())
    }
}

/// A recording as it is being written.
struct Connection {
    recording: Arc<Recording>,
    /// Wall time, in microseconds since 1970.
    opened: i64,
    begun: bool,
    /// Its packets, for [`Format::Pcapng`].
    flow: Option<pcapng::Flow>,
    /// What is to be said with its next packet.
    comments: Vec<String>,
}

/// When.
#[derive(Clone, Copy)]
struct Moment {
    /// Wall time, in microseconds since 1970.
    wall: i64,
    /// Microseconds since the recording began.
    since: u64,
}

/// What is written one after the other. `Bytes` are those of a segment, or where in a slice they are.
enum Piece<Bytes> {
    Segment {
        number: u64,
        direction: Direction,
        position: u64,
        bytes: Bytes,
    },
    Event {
        before: u64,
        what: What,
    },
    /// Not kept.
    Gone {
        segments: Option<u64>,
        /// Positions: in, out.
        streams: [Range<u64>; 2],
    },
}

/// How much is copied at a time under a recording's lock, in bytes, unless one segment is larger.
pub const SLICE_BYTES: usize = 256 << 10;

/// How many pieces are copied at a time.
const SLICE_ITEMS: usize = 1_024;

/// What was copied out of a recording.
#[derive(Default)]
struct Slice {
    items: Vec<Item>,
    bytes: Vec<u8>,
}

struct Item {
    /// Microseconds since the recording began.
    at: u64,
    /// The same on the axis of all, in nanoseconds.
    time: i64,
    piece: Piece<Range<usize>>,
}

/// What comes next in a recording.
enum Next {
    Segment { number: u64, range: Range<u64>, direction: Direction },
    Event { number: u64, before: u64, what: What },
    Gone { until: u64, segments: Option<u64>, streams: [Range<u64>; 2] },
}

/// A recording and how far it has been written.
struct Source {
    connection: Connection,
    /// When it began on the axis of all, in nanoseconds.
    offset: i64,
    selection: Option<(Direction, Range<u64>)>,
    /// The numbers of what comes next.
    segment: u64,
    event: u64,
    /// How far the streams have come: in, out.
    positions: [u64; 2],
    /// The time of what came last, in microseconds since the recording began.
    at: u64,
    /// It was written to its end.
    closed: bool,
}

impl Source {
    fn new(recording: Arc<Recording>, selection: Option<(Direction, Range<u64>)>) -> Self {
        let mut positions = [0; 2];
        if let Some((direction, range)) = &selection {
            positions[*direction as usize] = range.start;
        }
        let connection = Connection { recording, opened: 0, begun: false, flow: None, comments: Vec::new() };
        Self { connection, offset: 0, selection, segment: 0, event: 0, positions, at: 0, closed: false }
    }

    /// Whether nobody else has it, so that nothing can be added to it.
    fn is_complete(&self) -> bool {
        Arc::strong_count(&self.connection.recording) == 1
    }

    fn time(&self, at: u64) -> i64 {
        let nanos = i64::try_from(at).unwrap_or(i64::MAX).saturating_mul(1_000);
        self.offset.saturating_add(nanos)
    }

    /// The time of what comes next.
    fn peek(&self) -> Option<i64> {
        let next = self.connection.recording.read(|log| self.next(log).map(|(at, _)| at));
        next.map(|at| self.time(at))
    }

    /// Moves what comes next, up to and with the time `until`, into `slice`, as much as may be copied at a time. Gives
    /// back the time of what comes then.
    fn take(&mut self, until: i64, slice: &mut Slice) -> Option<i64> {
        let recording = Arc::clone(&self.connection.recording);
        recording.read(|log| {
            loop {
                let (at, next) = self.next(log)?;
                let time = self.time(at);
                if time > until || slice.items.len() >= SLICE_ITEMS || slice.bytes.len() >= SLICE_BYTES {
                    return Some(time);
                }
                self.at = at;
                let piece = self.step(log, next, &mut slice.bytes);
                slice.items.push(Item { at, time, piece });
            }
        })
    }

    /// What comes next, and when.
    fn next(&self, log: &Log) -> Option<(u64, Next)> {
        let (at, next) = match &self.selection {
            Some((direction, range)) => self.next_selected(log, *direction, range)?,
            None => self.next_of_all(log)?,
        };
        // What is missing has no time.
        Some((at.max(self.at), next))
    }

    fn next_of_all(&self, log: &Log) -> Option<(u64, Next)> {
        let number = self.event.max(log.first_event());
        let event = usize::try_from(number - log.first_event()).ok().and_then(|index| log.events().get(index));
        let kept = log.kept();
        let micros = |at: std::time::Duration| u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        match event {
            Some(event) if event.before <= self.segment => {
                let (before, what) = (event.before, event.what.clone());
                return Some((micros(event.at), Next::Event { number, before, what }));
            }
            _ => {}
        }
        if self.segment < kept.start {
            let gone = |direction: Direction| {
                let start = self.positions[direction as usize];
                start..log.position(direction, kept.start).max(start)
            };
            let streams = [gone(Direction::In), gone(Direction::Out)];
            let at = log.segment(kept.start).map(|one| one.at).or(event.map(|one| one.at)).map_or(0, micros);
            return Some((at, Next::Gone { until: kept.start, segments: Some(kept.start - self.segment), streams }));
        }
        let segment = log.segment(self.segment)?;
        let (number, range, direction) = (self.segment, segment.range(), segment.direction);
        Some((micros(segment.at), Next::Segment { number, range, direction }))
    }

    fn next_selected(&self, log: &Log, direction: Direction, wanted: &Range<u64>) -> Option<(u64, Next)> {
        let stream = log.stream(direction);
        let position = self.positions[direction as usize];
        if position >= wanted.end.min(stream.end) {
            return None;
        }
        if position < stream.start {
            let mut streams = [0..0, 0..0];
            streams[direction as usize] = position..stream.start.min(wanted.end);
            return Some((0, Next::Gone { until: self.segment, segments: None, streams }));
        }
        let number = log.segment_at(direction, position)?;
        let segment = log.segment(number)?;
        let range = position..segment.range().end.min(wanted.end);
        let at = u64::try_from(segment.at.as_micros()).unwrap_or(u64::MAX);
        Some((at, Next::Segment { number, range, direction }))
    }

    /// Goes past `next`.
    fn step(&mut self, log: &Log, next: Next, bytes: &mut Vec<u8>) -> Piece<Range<usize>> {
        match next {
            Next::Segment { number, range, direction } => {
                let start = bytes.len();
                log.bytes(direction, range.clone()).for_each(|slice| bytes.extend_from_slice(slice));
                self.segment = number + 1;
                self.positions[direction as usize] = range.end;
                Piece::Segment { number, direction, position: range.start, bytes: start..bytes.len() }
            }
            Next::Event { number, before, what } => {
                self.event = number + 1;
                self.closed = matches!(what, What::Closed(_));
                Piece::Event { before, what }
            }
            Next::Gone { until, segments, streams } => {
                self.segment = until;
                for (position, gone) in self.positions.iter_mut().zip(&streams) {
                    *position = gone.end.max(*position);
                }
                Piece::Gone { segments, streams }
            }
        }
    }
}
