//! One row of the wire: where it begins, its bytes as hexadecimal digits and as text, and which byte stands where.

use std::ops::Range;
use std::time::Duration;

use egui::text::LayoutJob;
use egui::{Color32, FontId, TextFormat, Ui};

use super::form::Time;
use super::{Lit, Look};
use crate::app::style;
use crate::events::{empty_text, event_text};
use crate::i18n::bytes;
use crate::recording::encoding::{self, Decoded, Encoding, Kind};
use crate::recording::framing::{Item, Piece};
use crate::recording::index::Row;
use crate::recording::{Direction, Log, What, text};

/// What one row shows, copied out of the recording.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) direction: Option<Direction>,
    /// Positions in the stream of its direction.
    pub(super) bytes: Range<u64>,
    /// The bytes of the whole piece.
    whole: Range<u64>,
    /// On the first row of an item.
    begin: Option<Begin>,
    /// The bytes of the row, and as many around it as its text depends on.
    window: Vec<u8>,
    window_start: u64,
    /// Where reads or writes begin, on this row and inside its last character.
    begins: Vec<u64>,
    what: Option<Note>,
}

/// Where a character is known to begin in the streams of both directions, from the row before: so that its text need not
/// be looked for again far back.
pub(super) type Steps = [Option<Step>; 2];

/// The last character up to the end of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The end of the row.
    row_end: u64,
    /// Where the character begins.
    character: u64,
}

/// What stands where bytes would.
#[derive(Debug)]
enum Note {
    Empty,
    Event(What),
}

/// What stands in front of an item.
#[derive(Debug)]
struct Begin {
    size: u64,
    /// Its end has not come.
    is_open: bool,
    /// Since the recording began.
    at: Duration,
    /// Since the segment or event before.
    since: Duration,
    /// Its segments, by their numbers.
    segments: String,
    /// Whether there are several.
    several: bool,
}

impl Line {
    /// Copies what `row` shows.
    pub(super) fn new(log: &Log, row: &Row, encoding: Encoding) -> Self {
        let bytes = row.bytes.clone();
        let mut line = Self {
            direction: None,
            bytes: bytes.clone(),
            whole: 0..0,
            begin: None,
            window: Vec::new(),
            window_start: 0,
            begins: Vec::new(),
            what: None,
        };
        let begin = match &row.item {
            Item::Piece(piece) => {
                let direction = piece.direction;
                line.direction = Some(direction);
                line.whole = piece.range.clone();
                let (before, after) = encoding.context();
                line.window_start = bytes.start.saturating_sub(before as u64).max(log.stream(direction).start);
                line.window = log.joined(direction, line.window_start..bytes.end + after as u64);
                line.begins = begins(log, direction, bytes.start..bytes.end + after as u64, usize::MAX);
                let last = piece.segments.end - 1;
                Begin {
                    size: piece.range.end - piece.range.start,
                    is_open: !piece.whole,
                    at: piece.at,
                    since: piece.at.saturating_sub(before_segment(log, last)),
                    segments: numbers(log, piece),
                    several: piece.segments.start < last,
                }
            }
            Item::Empty(number) => {
                let segment = log.segment(*number);
                line.direction = segment.map(|one| one.direction);
                line.what = Some(Note::Empty);
                let at = segment.map_or(Duration::ZERO, |one| one.at);
                let since = at.saturating_sub(before_segment(log, *number));
                Begin { size: 0, is_open: false, at, since, segments: format!("#{number}"), several: false }
            }
            Item::Event(number) => {
                let index = number.saturating_sub(log.first_event()) as usize;
                let event = log.events().get(index);
                let before = index.checked_sub(1).and_then(|index| log.events().get(index)).map(|event| event.at);
                let at = event.map_or(Duration::ZERO, |event| event.at);
                let segment = event.and_then(|event| log.segment(event.before.checked_sub(1)?)).map(|one| one.at);
                line.what = event.map(|event| Note::Event(event.what.clone()));
                Begin {
                    size: 0,
                    is_open: false,
                    at,
                    since: at.saturating_sub(before.max(segment).unwrap_or_default()),
                    segments: String::new(),
                    several: false,
                }
            }
        };
        line.begin = row.first.then_some(begin);
        line
    }

    /// It has ended if nothing has come for `gap`; otherwise says how long that may still take. `now` counts like its time.
    pub(super) fn settle(&mut self, gap: Duration, now: Duration) -> Option<Duration> {
        let begin = self.begin.as_mut().filter(|begin| begin.is_open)?;
        let end = begin.at.saturating_add(gap);
        begin.is_open = now < end;
        end.checked_sub(now).filter(|rest| !rest.is_zero())
    }

    /// The bytes of the whole piece.
    pub(super) fn whole(&self) -> Range<u64> {
        self.whole.clone()
    }

    /// Whether this byte is of its piece.
    pub(super) fn has(&self, direction: Direction, position: u64) -> bool {
        self.direction == Some(direction) && self.whole.contains(&position)
    }

    fn decoded(&self, direction: Direction, encoding: Encoding, steps: &mut Steps) -> Decoded {
        let known = steps[direction as usize].filter(|known| known.row_end == self.bytes.start);
        let known = known.filter(|known| known.character >= self.window_start);
        let start = known.map_or(self.window_start, |known| known.character);
        let window = &self.window[(start - self.window_start) as usize..];
        let decoded = encoding::decode(encoding, window, start, self.bytes.clone());
        // A byte that cannot be decoded may be one of several that are bad together: no character begins there for sure.
        let last = decoded.cells.iter().rfind(|cell| matches!(cell.kind, Kind::Text | Kind::Control));
        let character = last.map(|last| last.bytes.start).or(known.map(|known| known.character));
        steps[direction as usize] = character.map(|character| Step { row_end: self.bytes.end, character });
        decoded
    }

    fn byte(&self, position: u64) -> u8 {
        self.window.get((position - self.window_start) as usize).copied().unwrap_or_default()
    }
}

/// The segments that a piece has bytes of, in no more room than [`SEGMENTS`] where that is possible.
fn numbers(log: &Log, piece: &Piece) -> String {
    let (first, last) = (piece.segments.start, piece.segments.end - 1);
    // Between the two there may be some of the other direction.
    let inner =
        if first == last { 0 } else { begins(log, piece.direction, piece.range.start + 1..piece.range.end, 2).len() };
    let numbers = match inner {
        0 => format!("#{first}"),
        1 => format!("#{first}, #{last}"),
        _ => format!("#{first}…{last}"),
    };
    if numbers.chars().count() < SEGMENTS { numbers } else { format!("#{first}…") }
}

/// The time of what came right before segment `number`.
fn before_segment(log: &Log, number: u64) -> Duration {
    let segment = number.checked_sub(1).and_then(|before| log.segment(before)).map(|one| one.at);
    let events = log.events();
    let event = events[..events.partition_point(|event| event.before <= number)].last().map(|event| event.at);
    segment.max(event).unwrap_or_default()
}

/// Where segments begin within `bytes`, at most so many of them.
fn begins(log: &Log, direction: Direction, bytes: Range<u64>, most: usize) -> Vec<u64> {
    let mut begins = Vec::new();
    let mut position = bytes.start;
    while position < bytes.end
        && begins.len() < most
        && let Some(segment) = log.segment_at(direction, position).and_then(|number| log.segment(number))
    {
        begins.extend(Some(segment.start).filter(|start| bytes.contains(start)));
        position = segment.range().end;
    }
    begins
}

/// A row, laid out: what is drawn, and which bytes its characters stand for.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) job: LayoutJob,
    /// As it is read out.
    pub(super) name: String,
    /// For the characters of the row, in order: where they begin, and the bytes that they are.
    pub(super) cells: Vec<(usize, Range<u64>)>,
    /// Characters where a read or write begins: in the hexadecimal digits, and in the text.
    pub(super) ticks: Vec<usize>,
    /// Characters that two reads or writes cut.
    pub(super) cut: Vec<Range<usize>>,
}

/// The width of what stands before the bytes, in characters.
pub(super) fn begin_width(time: Time) -> usize {
    SIZE + time_width(time) + SEGMENTS
}

/// Space for the bar where a read or write begins in the text, in points.
const TICK: f32 = 4.0;
/// Arrow and size.
const SIZE: usize = 11;
/// Numbers of segments.
const SEGMENTS: usize = 9;

fn time_width(time: Time) -> usize {
    match time {
        Time::Begin | Time::Before => 13,
        Time::Day => 17,
    }
}

/// Time since the connection began; addresses are tried before, and a server may accept before its client knows.
pub(super) fn since(at: Duration, begun: Duration) -> String {
    if at < begun { seconds(begun - at).replacen('+', "−", 1) } else { seconds(at - begun) }
}

/// `+1.002345`: seconds.
pub(super) fn seconds(time: Duration) -> String {
    format!("+{}.{:06}", time.as_secs(), time.subsec_micros())
}

/// Builds a layout job and counts its characters.
struct Writer {
    job: LayoutJob,
    /// The row as it is read out: with blanks where the job has space, which takes no time to lay out.
    name: String,
    font: FontId,
    /// The width of a character, in points.
    glyph: f32,
    characters: usize,
    columns: usize,
    /// Space before what comes next, in points.
    space: f32,
}

impl Writer {
    fn add(&mut self, text: &str, colour: Color32, behind: Color32) {
        let characters = text.chars().count();
        (self.characters, self.columns) = (self.characters + characters, self.columns + characters);
        self.name.push_str(text);
        // One section for a run that looks the same: laying out takes as long as there are sections.
        if self.space == 0.0
            && let Some(last) = self.job.sections.last_mut()
            && (last.format.color, last.format.background) == (colour, behind)
        {
            self.job.text.push_str(text);
            last.byte_range.end = egui::text::ByteIndex(self.job.text.len());
            return;
        }
        let format = TextFormat { background: behind, ..TextFormat::simple(self.font.clone(), colour) };
        self.job.append(text, std::mem::take(&mut self.space), format);
    }

    fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.columns);
        self.name.extend(std::iter::repeat_n(' ', missing));
        self.columns += missing;
        self.space += missing as f32 * self.glyph;
    }
}

impl Line {
    /// Lays the row out. `steps` goes from row to row.
    pub(super) fn draw(&self, ui: &Ui, look: &Look<'_>, font: &FontId, steps: &mut Steps) -> Drawn {
        let palette = style::palette(ui);
        let clear = Color32::TRANSPARENT;
        let mut out = Writer {
            job: LayoutJob::default(),
            name: String::new(),
            font: font.clone(),
            glyph: ui.fonts_mut(|fonts| fonts.glyph_width(font, '0')),
            characters: 0,
            columns: 0,
            space: 0.0,
        };
        let mut drawn = Drawn {
            job: LayoutJob::default(),
            name: String::new(),
            cells: Vec::new(),
            ticks: Vec::new(),
            cut: Vec::new(),
        };
        let colour = match self.direction {
            Some(Direction::In) => palette.incoming,
            Some(Direction::Out) => palette.outgoing,
            None => palette.weak,
        };
        if let Some(begin) = &self.begin {
            let arrow = self.direction.map_or("•", super::arrow);
            let size = if self.what.is_some() { String::new() } else { bytes(begin.size) };
            let size = if begin.is_open { size + " …" } else { size };
            out.add(&format!("{arrow} {size}"), colour, clear);
            out.pad_to(SIZE);
            let time = match look.form.time {
                Time::Begin => since(begin.at, look.begun),
                Time::Before => seconds(begin.since),
                Time::Day => super::time_of_day(look.opened + begin.at),
            };
            out.add(&time, palette.weak, clear);
            out.pad_to(SIZE + time_width(look.form.time));
            out.add(&begin.segments, if begin.several { palette.warn } else { palette.weak }, clear);
        }
        out.pad_to(begin_width(look.form.time));
        match &self.what {
            Some(Note::Event(what)) => {
                let text = text::visible(event_text(what).as_bytes());
                out.add(&text, palette.weak, clear);
            }
            Some(Note::Empty) => {
                out.add(&empty_text(self.direction.unwrap_or(Direction::In)), palette.weak, clear);
            }
            None => self.draw_bytes(look, palette, &mut out, &mut drawn, steps),
        }
        (drawn.job, drawn.name) = (out.job, out.name);
        drawn
    }

    fn draw_bytes(
        &self,
        look: &Look<'_>,
        palette: &style::Palette,
        out: &mut Writer,
        drawn: &mut Drawn,
        steps: &mut Steps,
    ) {
        let Some(direction) = self.direction else { return };
        let begins_at = |position| self.begins.contains(&position);
        let lit = |range: &Range<u64>| look.lit(direction, range);
        let behind = |range: &Range<u64>| match lit(range) {
            Some(Lit::Selected) => palette.selection,
            Some(Lit::Pointed) => palette.hover,
            None => Color32::TRANSPARENT,
        };
        for position in self.bytes.clone() {
            let byte = position..position + 1;
            if begins_at(position) {
                drawn.ticks.push(out.characters);
            }
            drawn.cells.push((out.characters, byte.clone()));
            let colour = look.colour(direction, position).unwrap_or(palette.weak);
            out.add(&format!("{:02x}", self.byte(position)), colour, behind(&byte));
            // Between two lit bytes the light goes on.
            let next = position + 1..position + 2;
            let gap = if position + 1 < self.bytes.end && lit(&byte) == lit(&next) {
                behind(&byte)
            } else {
                Color32::TRANSPARENT
            };
            out.add(" ", colour, gap);
        }
        out.pad_to(begin_width(look.form.time) + look.per_row as usize * 3 + 1);
        let decoded = self.decoded(direction, look.form.encoding, steps);
        for cell in &decoded.cells {
            let is_cut = cell.kind != Kind::Rest && (cell.bytes.start + 1..cell.bytes.end).any(begins_at);
            let colour = match cell.kind {
                Kind::Text => look.colour(direction, cell.bytes.start).unwrap_or(palette.text),
                Kind::Control | Kind::Rest => palette.weak,
                Kind::Bad | Kind::Unfinished => palette.bad,
            };
            let text = if cell.kind == Kind::Rest { "·" } else { &decoded.text[cell.text.clone()] };
            if out.columns > look.columns {
                // Beyond the edge it is only read out: laying it out would take its time.
                out.name.push_str(text);
                continue;
            }
            if begins_at(cell.bytes.start) {
                drawn.ticks.push(out.characters);
                out.space += TICK;
            }
            let begin = out.characters;
            drawn.cells.push((begin, cell.bytes.clone()));
            out.add(text, if is_cut { palette.warn } else { colour }, behind(&cell.bytes));
            if is_cut {
                drawn.cut.push(begin..out.characters);
            }
        }
    }
}
