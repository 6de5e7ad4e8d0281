//! Both ends of one connection side by side, on one time axis: what one wrote, and how the other one read it.

use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use egui::text::LayoutJob;
use egui::{Color32, FontId, Rangef, Rect, RichText, Role, Sense, Stroke, TextFormat, TextStyle, Ui, WidgetInfo};
use egui::{pos2, vec2};

use super::form::Time;
use super::gone::{self, Gone};
use super::in_step::Pairing;
use super::{WireForm, is_closed, line};
use crate::app::style::{self, Palette};
use crate::app::widgets::{self, rows::Rows};
use crate::events::{empty_text, event_text};
use crate::i18n::{bytes, count, t, tf};
use crate::recording::encoding::{self, Kind as Shows};
use crate::recording::pair::{self, Kind, Pair, Row, Sources, Two};
use crate::recording::{Direction, Recording, What};

/// The view of both ends, and what it remembers.
#[derive(Debug, Default)]
pub(super) struct Both {
    of: Weak<Recording>,
    partner: Weak<Recording>,
    /// There was a partner.
    had: bool,
    pairing: Pairing,
    rows: Rows,
    pointed: Option<Pointed>,
}

/// The read or write that the pointer is over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointed {
    side: usize,
    number: u64,
    direction: Direction,
    range: Range<u64>,
}

impl Pointed {
    /// Which of these bytes are those that are pointed at, at whichever end they are.
    fn touches(&self, side: usize, direction: Direction, range: &Range<u64>) -> bool {
        let same = (side == self.side) == (direction == self.direction);
        same && self.range.start < range.end && range.start < self.range.end
    }
}

impl Both {
    /// The other end of `recording`, where it is ours too.
    pub(super) fn partner(&mut self, recording: Option<&Arc<Recording>>) -> Option<Arc<Recording>> {
        let recording = recording?;
        if !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(recording)) {
            *self = Self { of: Arc::downgrade(recording), ..Self::default() };
        }
        if let Some(partner) = self.partner.upgrade() {
            return Some(partner);
        }
        let found = recording.partner()?;
        self.partner = Arc::downgrade(&found);
        self.had = true;
        Some(found)
    }

    /// The switch between one end and both, or why there is none any more.
    pub(super) fn toggle(&self, ui: &mut Ui, on: &mut bool, has_partner: bool) {
        if has_partner {
            let button = egui::Button::selectable(*on, t("both-ends")).frame_when_inactive(true);
            let switch = ui.add(button).on_hover_text(t("both-ends-hover"));
            *on ^= switch.clicked();
        } else if *on && self.had {
            widgets::weak(ui, t("both-gone"));
        }
    }

    /// Shows both, in place of the wire of one.
    pub(super) fn ui(&mut self, ui: &mut Ui, two: [&Arc<Recording>; 2], form: &mut WireForm, follow: bool) {
        form.ui_both(ui);
        // Who connected is the client, at the left.
        let two = if is_client(two[1]) { [two[1], two[0]] } else { two };
        egui::Panel::bottom("wire-status").frame(egui::Frame::new()).show_separator_line(false).show(ui, |ui| {
            let text = self.pointed.as_ref().and_then(|pointed| status(pair_of(two), pointed));
            let text = RichText::new(text.unwrap_or_else(|| t("both-hint"))).small().weak();
            ui.add(egui::Label::new(text).truncate());
        });
        style::well(ui).show(ui, |ui| self.list(ui, two, form, follow));
    }

    fn list(&mut self, ui: &mut Ui, arcs: [&Arc<Recording>; 2], form: &WireForm, follow: bool) {
        ui.take_available_space();
        let two = pair_of(arcs);
        let font = TextStyle::Monospace.resolve(ui.style());
        let columns = Columns::new(ui, &font, form.time);
        columns.headings(ui, two);
        let top = self.top(two);
        if self.pairing.sync(ui.ctx(), &arcs.map(Arc::clone), &columns.per_row)
            && let Some((side, number, position)) = top
            && !self.rows.is_at_end()
            && let Some(row) = self.pairing.known().row_of(two, side, number, position)
        {
            self.rows.set_top(row + 1);
        }
        let pair = self.pairing.known();
        let (all, gone) = (pair.rows(), pair.gone(two));
        if all.is_empty() {
            widgets::hint(ui, t("wire-empty"));
            return;
        }
        let base = pair::base(two);
        let older = two[usize::from(two[1].origin() == base)];
        let look = Look {
            form,
            columns,
            font,
            per_row: pair.per_row(),
            opened: older.opened(),
            begun: two[0].origin().saturating_duration_since(base) + two[0].read(super::begun),
            closed: two.map(is_closed),
            pointed: self.pointed.clone(),
        };
        let is_gone = gone != [0, 0];
        let leading = if is_gone { leading(pair, two) } else { 0 };
        let says = Gone::new(is_gone, &all, leading);
        let mut rows = std::mem::take(&mut self.rows);
        let pointed = rows.ui(ui, &t("both-ends"), says.places(&all), follow, |ui, places| {
            let rows = pair.look(two, says.rows(&places));
            let windows = windows(two, &rows, form);
            let mut pointed = None;
            for row in says.with(&places, rows.iter().zip(windows)) {
                let Some((row, window)) = row else {
                    gone_row(ui, &look, gone);
                    continue;
                };
                if look.row(ui, two, row, window) {
                    pointed = pointed_at(row);
                }
            }
            pointed
        });
        self.rows = rows;
        if self.pointed != pointed {
            self.pointed = pointed;
            ui.ctx().request_repaint();
        }
    }

    /// The segment of the first row, and where in it, to find the place again when the rows change.
    fn top(&self, two: Two<'_>) -> Option<(usize, u64, u64)> {
        // See [`Gone::places`].
        let top = self.rows.top().saturating_sub(1);
        let rows = self.pairing.known().look(two, top..top + 20);
        rows.into_iter().find_map(|row| match row.entry.kind {
            Kind::Moved { number, .. } => Some((row.entry.side, number, row.bytes.start)),
            Kind::Event(_) => None,
        })
    }
}

/// How many rows at the begin are of events.
fn leading(pair: &Pair, two: Two<'_>) -> usize {
    let first = pair.rows().start;
    let rows = pair.look(two, first..first + gone::MOST_LEADING);
    rows.iter().take_while(|row| matches!(row.entry.kind, Kind::Event(_))).count()
}

fn pair_of(two: [&Arc<Recording>; 2]) -> Two<'_> {
    [two[0].as_ref(), two[1].as_ref()]
}

fn is_client(recording: &Recording) -> bool {
    recording.read(|log| log.events().iter().any(|event| event.what == What::Connected))
}

fn side_name(side: usize) -> String {
    t(if side == 0 { "both-client" } else { "both-server" })
}

fn pointed_at(row: &Row) -> Option<Pointed> {
    match &row.entry.kind {
        Kind::Moved { direction, number, range } if !range.is_empty() => {
            Some(Pointed { side: row.entry.side, number: *number, direction: *direction, range: range.clone() })
        }
        _ => None,
    }
}

/// The bytes of each row, with those around it that its text depends on, and where they begin.
fn windows(two: Two<'_>, rows: &[Row], form: &WireForm) -> Vec<(u64, Vec<u8>)> {
    let (before, after) = form.encoding.context();
    let mut windows = vec![(0, Vec::new()); rows.len()];
    for (side, recording) in two.into_iter().enumerate() {
        recording.read(|log| {
            for (row, window) in rows.iter().zip(&mut windows).filter(|(row, _)| row.entry.side == side) {
                let Kind::Moved { direction, .. } = row.entry.kind else { continue };
                let start = row.bytes.start.saturating_sub(before as u64).max(log.stream(direction).start);
                *window = (start, log.joined(direction, start..row.bytes.end + after as u64));
            }
        });
    }
    windows
}

/// Where things stand, in points from the left edge and in characters.
#[derive(Clone, Copy, Debug)]
struct Columns {
    glyph: f32,
    /// Where the column of each side begins and ends.
    sides: [Rangef; 2],
    /// The line between them.
    between: f32,
    per_row: u64,
    hex: bool,
}

/// Arrow and size, then the number.
const SIZE: usize = 10;
const HEAD: usize = SIZE + 5;
/// The fewest bytes of a row for which hexadecimal digits are shown besides.
const FEWEST_HEX: usize = 8;

impl Columns {
    fn new(ui: &Ui, font: &FontId, time: Time) -> Self {
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(font, '0')).max(1.0);
        let width = (ui.available_width() - Rows::bar_width(ui)).max(0.0);
        let characters = (width / glyph) as usize;
        let times = match time {
            Time::Begin | Time::Before => 12,
            Time::Day => 16,
        };
        let space = characters.saturating_sub(times);
        let column = (space / 2).saturating_sub(1).max(HEAD);
        let room = column - HEAD;
        let hex = room > FEWEST_HEX * 4;
        let per_row = if hex { (room - 1) / 4 / 4 * 4 } else { room };
        let (left, column) = (times as f32 * glyph, column as f32 * glyph);
        let right = left + column + 2.0 * glyph;
        let sides = [Rangef::new(left, left + column), Rangef::new(right, right + column)];
        Self { glyph, sides, between: right - glyph, per_row: per_row.clamp(4, 32) as u64, hex }
    }

    /// Who is who.
    fn headings(&self, ui: &mut Ui, two: Two<'_>) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), style::ROW), Sense::hover());
        for (side, recording) in two.into_iter().enumerate() {
            let address = recording.ends().map(|ends| ends.local.to_string()).unwrap_or_default();
            let text = tf("both-heading", &[("side", side_name(side).into()), ("address", address.into())]);
            let x = rect.min.x + self.sides[side].min..=rect.min.x + self.sides[side].max;
            let rect = Rect::from_x_y_ranges(x, rect.y_range());
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(layout), |ui| {
                ui.add(egui::Label::new(RichText::new(text).small().strong()).truncate());
            });
        }
    }
}

/// What all rows of one frame are drawn with.
struct Look<'a> {
    form: &'a WireForm,
    columns: Columns,
    font: FontId,
    per_row: u64,
    /// The wall time that [`pair::Entry::at`] counts from.
    opened: SystemTime,
    /// When the client was connected, counted likewise.
    begun: Duration,
    closed: [bool; 2],
    pointed: Option<Pointed>,
}

impl Look<'_> {
    /// Paints a row in the column of its side; true if the pointer is over it.
    fn row(&self, ui: &mut Ui, two: Two<'_>, row: &Row, window: (u64, Vec<u8>)) -> bool {
        let (rect, mut response) = ui.allocate_exact_size(vec2(ui.available_width(), style::ROW), Sense::hover());
        let palette = style::palette(ui);
        let side = row.entry.side;
        let range = self.columns.sides[side];
        let column = Rect::from_x_y_ranges(rect.min.x + range.min..=rect.min.x + range.max, rect.y_range());
        let painter = ui.painter().clone();
        let between = (rect.min.x + self.columns.between).round() - 0.5;
        painter.vline(between, rect.y_range(), Stroke::new(1.0, palette.line));
        if self.is_lit(row) {
            painter.rect_filled(column.expand2(vec2(3.0, 0.0)), 3, palette.hover);
        }
        let middle = |height: f32| rect.min.y + (rect.height() - height) / 2.0;
        let time = if row.first { self.time(row) } else { String::new() };
        if row.first {
            let galley = painter.layout_no_wrap(time.clone(), self.font.clone(), palette.weak);
            painter.galley(pos2(rect.min.x, middle(galley.size().y)), galley, palette.weak);
        }
        let note = self.note(two, row, palette);
        if let Some((text, colour)) = &note {
            // On the side that it tells of, where this row is empty.
            let font = TextStyle::Small.resolve(ui.style());
            let galley = painter.layout_no_wrap(text.clone(), font, *colour);
            let (width, gap) = (galley.size().x, self.columns.glyph);
            let x = if side == 0 { between + gap } else { between - gap - width };
            painter.galley(pos2(x, middle(galley.size().y)), galley, *colour);
        }
        let mut job = self.job(row, window, palette);
        job.wrap = egui::text::TextWrapping::truncate_at_width(column.width());
        let text = job.text.clone();
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let elided = galley.elided;
        painter.galley(pos2(column.min.x, middle(galley.size().y)), galley, palette.text);
        let note = note.map(|(text, _)| text).unwrap_or_default();
        let name = format!("{time} {} {} {note}", side_name(side), text.trim());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name.trim()));
        if elided {
            // What did not fit.
            response = response.on_hover_text(RichText::new(text.trim()).monospace());
        }
        response.hovered()
    }

    fn time(&self, row: &Row) -> String {
        let at = row.entry.at;
        match self.form.time {
            Time::Begin => line::since(at, self.begun),
            Time::Before => line::seconds(at.saturating_sub(row.before.unwrap_or(at))),
            Time::Day => super::time_of_day(self.opened + at),
        }
    }

    fn is_lit(&self, row: &Row) -> bool {
        let Kind::Moved { direction, range, .. } = &row.entry.kind else { return false };
        self.pointed.as_ref().is_some_and(|pointed| pointed.touches(row.entry.side, *direction, range))
    }

    /// What is to be seen at a glance of how writes became reads.
    fn note(&self, two: Two<'_>, row: &Row, palette: &Palette) -> Option<(String, Color32)> {
        let Kind::Moved { direction, number, range } = &row.entry.kind else { return None };
        if !row.first || range.is_empty() {
            return None;
        }
        let sources = Pair::sources(two, row.entry.side, *number)?;
        let many = |id| (tf(id, &[("count", how_many(&sources).into())]), palette.warn);
        match direction {
            Direction::In if sources.count > 1 => Some(many("both-writes")),
            Direction::In => {
                let [(number, whole), _] = sources.ends.as_ref()?;
                let part = tf("both-part", &[("number", number.to_string().into())]);
                (whole != range).then_some((part, palette.warn))
            }
            Direction::Out if sources.count > 1 => Some(many("both-reads")),
            Direction::Out if sources.missing > 0 => {
                let id = if self.closed[1 - row.entry.side] { "both-never" } else { "both-unread" };
                Some((tf(id, &[("size", bytes(sources.missing).into())]), palette.weak))
            }
            Direction::Out => None,
        }
    }

    fn job(&self, row: &Row, (start, window): (u64, Vec<u8>), palette: &Palette) -> LayoutJob {
        let clear = Color32::TRANSPARENT;
        let mut job = LayoutJob::default();
        let mut add = |text: &str, colour: Color32, background: Color32| {
            job.append(text, 0.0, TextFormat { background, ..TextFormat::simple(self.font.clone(), colour) });
        };
        let (direction, number, range) = match &row.entry.kind {
            Kind::Event(what) => {
                add(&format!("• {}", event_text(what)), palette.weak, clear);
                return job;
            }
            Kind::Moved { direction, number, range } => (*direction, *number, range),
        };
        let colour = if direction == Direction::In { palette.incoming } else { palette.outgoing };
        let arrow = super::arrow(direction);
        if range.is_empty() {
            add(&format!("{arrow} "), colour, clear);
            add(&empty_text(direction), palette.weak, clear);
            return job;
        }
        if row.first {
            let size = format!("{arrow} {} ", bytes(range.end - range.start));
            add(&format!("{size:SIZE$}"), colour, clear);
            let number = format!("#{number} ");
            let left = HEAD.saturating_sub(size.chars().count().max(SIZE));
            add(&format!("{number:left$}"), palette.weak, clear);
        } else {
            add(&" ".repeat(HEAD), clear, clear);
        }
        // The bytes that are pointed at, at the other end.
        let lit = |range: &Range<u64>| {
            let pointed = self.pointed.as_ref().filter(|one| one.side != row.entry.side);
            pointed.is_some_and(|one| one.touches(row.entry.side, direction, range))
        };
        let behind = |range: &Range<u64>| if lit(range) { palette.selection } else { clear };
        if self.columns.hex {
            for position in row.bytes.clone() {
                // What has gone since the rows were counted is no byte.
                let byte = position.checked_sub(start).and_then(|at| window.get(at as usize));
                let digits = byte.map_or_else(|| "··".to_owned(), |byte| format!("{byte:02x}"));
                add(&digits, palette.weak, behind(&(position..position + 1)));
                add(" ", clear, clear);
            }
            let missing = self.per_row.saturating_sub(row.bytes.end - row.bytes.start);
            add(&" ".repeat(missing as usize * 3 + 1), clear, clear);
        }
        let decoded = encoding::decode(self.form.encoding, &window, start, row.bytes.clone());
        for cell in &decoded.cells {
            let colour = match cell.kind {
                Shows::Text => palette.text,
                Shows::Control | Shows::Rest => palette.weak,
                Shows::Bad | Shows::Unfinished => palette.bad,
            };
            let text = if cell.kind == Shows::Rest { "·" } else { &decoded.text[cell.text.clone()] };
            add(text, colour, behind(&cell.bytes));
        }
        job
    }
}

/// How much of either side is not kept any more.
fn gone_row(ui: &mut Ui, look: &Look<'_>, gone: [u64; 2]) {
    let parts = (0..2).filter(|side| gone[*side] > 0).map(|side| {
        let size = bytes(gone[side]);
        tf("both-gone-of", &[("side", side_name(side).into()), ("size", size.into())])
    });
    let text = parts.collect::<Vec<_>>().join(" · ");
    ui.horizontal(|ui| {
        ui.add_space(look.columns.sides[0].min);
        widgets::list_row(ui, RichText::new(text).color(style::palette(ui).warn));
    });
}

fn how_many(sources: &Sources) -> String {
    let more = if sources.more { "+" } else { "" };
    format!("{}{more}", count(sources.count))
}

/// What became of a write, or what a read is made of, in words.
fn status(two: Two<'_>, pointed: &Pointed) -> Option<String> {
    let Pointed { side, number, direction, range } = pointed;
    let sources = Pair::sources(two, *side, *number)?;
    let [first, last] = sources.ends.clone().unwrap_or_default();
    let args = [
        ("side", side_name(*side).into()),
        ("number", number.to_string().into()),
        ("size", bytes(range.end - range.start).into()),
        ("first", first.0.to_string().into()),
        ("last", last.0.to_string().into()),
        ("count", how_many(&sources).into()),
    ];
    let mut parts = Vec::new();
    match direction {
        Direction::In => {
            let is_part = sources.count == 1 && first.1 != *range;
            let whole = bytes(first.1.end - first.1.start);
            let more = [("writes", sources.count.into()), ("part", u64::from(is_part).into()), ("whole", whole.into())];
            parts.push(tf("both-status-read", &[args.as_slice(), &more].concat()));
        }
        Direction::Out => {
            if sources.count > 0 || sources.missing == 0 {
                parts.push(tf("both-status-write", &[args.as_slice(), &[("reads", sources.count.into())]].concat()));
            }
            // What else is in that read.
            let read = Pair::sources(two, 1 - side, first.0).filter(|_| sources.count == 1);
            if let Some(Sources { ends: Some([one, other]), count: writes, .. }) = &read {
                let neighbour = if one.0 == *number { other.0 } else { one.0 };
                let others = ("others", writes.saturating_sub(1).into());
                let number = ("number", neighbour.to_string().into());
                parts.extend((*writes > 1).then(|| {
                    tf("both-status-with", &[others, number, ("count", count(writes.saturating_sub(1)).into())])
                }));
                parts.extend((first.1 == *range).then(|| t("both-status-alone")));
            }
            if sources.missing > 0 {
                let id = if is_closed(two[1 - side]) { "both-never" } else { "both-unread" };
                let unread = tf(id, &[("size", bytes(sources.missing).into())]);
                parts.push(match parts.is_empty() {
                    true => tf("both-status-unread", &[args.as_slice(), &[("unread", unread.into())]].concat()),
                    false => format!("· {unread}"),
                });
            }
        }
    }
    Some(parts.join(" "))
}
