//! The wire view: every read and write of one connection, to be read through any lens, as hexadecimal digits and as
//! text side by side.
//!
//! Only the visible rows are made, from an [`Index`](crate::recording::index::Index) that is kept in step with the
//! recording. What is chosen are bytes of one direction's stream, so it stays when the lens changes.

mod both;
mod find;
mod form;
mod gone;
mod in_step;
mod job;
mod line;

use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use egui::{
    Color32, Key, Modifiers, PointerButton, Pos2, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo,
};
use egui::{pos2, vec2};

use super::rows::Rows;
use crate::app::command::Command;
use crate::app::style;
use crate::i18n::{bytes, count, t, tf};
use crate::recording::framing::{Item, Lens};
use crate::recording::index::{Index, View};
use crate::recording::literal::{self, Form};
use crate::recording::{Direction, Ends, Log, Recording, What, encoding, hex};

use both::Both;
use find::Find;
pub use form::{Kind, Only, Time, Typed, WireForm};
use gone::Gone;
use in_step::Reading;
use line::{Drawn, Line};

/// The width with its controls in one row, and with eight bytes in each row, in points.
pub const COMFORTABLE_WIDTH: f32 = 556.0;

/// At most this much is copied to the clipboard, in bytes.
const COPY_MOST: usize = 1 << 20;

/// What the window knows of the bytes besides: which part of an exchange they are.
pub trait Marks {
    /// The run of bytes around `position` that is one part, what it is called, and how it is coloured.
    fn mark(&self, direction: Direction, position: u64) -> Option<Mark>;
}

/// One part of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its bytes, as positions in the stream of their direction.
    pub range: Range<u64>,
    /// What it is.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
}

/// A recording, and bytes of one of its directions.
pub type Shown = (Arc<Recording>, Option<(Direction, Range<u64>)>);

/// A wire view, and what it remembers of the recording that it shows.
#[derive(Debug, Default)]
pub struct Wire {
    of: Weak<Recording>,
    reading: Reading,
    rows: Rows,
    selection: Option<Selection>,
    /// The byte that the pointer is over.
    pointed: Option<(Direction, u64)>,
    find: Find,
    /// The row at the top, and a byte of it, to find the place again when the rows change. The byte stays as long as
    /// nobody scrolls: so a lens and back leads to the same place.
    top: Option<(u64, Direction, u64)>,
    /// Bytes that somebody else wants to be seen.
    lit: Option<(Direction, Range<u64>)>,
    /// The bytes to bring into view, as long as their rows may not be known yet.
    wanted: Option<(Direction, Range<u64>)>,
    both: Both,
}

/// Bytes of one direction that a person chose.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selection {
    direction: Direction,
    /// Where it was begun; stays when it is extended.
    anchor: Range<u64>,
    /// Where it was extended to.
    to: Range<u64>,
}

impl Selection {
    fn range(&self) -> Range<u64> {
        self.anchor.start.min(self.to.start)..self.anchor.end.max(self.to.end)
    }
}

/// How bytes stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lit {
    Selected,
    Pointed,
}

/// What all rows of one frame are drawn with.
struct Look<'a> {
    form: &'a WireForm,
    per_row: u64,
    /// How many characters there is room for.
    columns: usize,
    /// The wall time that the recording's times count from.
    opened: SystemTime,
    /// When the connection began, in the recording's time.
    begun: Duration,
    selected: Option<(Direction, Range<u64>)>,
    pointed: Option<(Direction, Range<u64>)>,
    marks: Option<&'a dyn Marks>,
}

impl Look<'_> {
    fn lit(&self, direction: Direction, range: &Range<u64>) -> Option<Lit> {
        let has = |one: &Option<(Direction, Range<u64>)>| {
            let touches = |lit: &Range<u64>| lit.start < range.end && range.start < lit.end;
            one.as_ref().is_some_and(|(way, lit)| *way == direction && touches(lit))
        };
        if has(&self.selected) {
            Some(Lit::Selected)
        } else if has(&self.pointed) {
            Some(Lit::Pointed)
        } else {
            None
        }
    }

    fn colour(&self, direction: Direction, position: u64) -> Option<Color32> {
        self.marks?.mark(direction, position).map(|mark| mark.colour)
    }
}

impl Wire {
    /// Shows `recording` as `form` has it, filling what space there is. `title` names the connection. With `follow` it
    /// begins at the end, otherwise at the begin; it stays at the end while it is there. Gives the command that a person chose.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        title: &str,
        recording: Option<&Arc<Recording>>,
        form: &mut WireForm,
        follow: bool,
        marks: Option<&dyn Marks>,
    ) -> Option<Command> {
        let partner = self.both.partner(recording);
        let command = self.header(ui, title, recording, form, partner.is_some());
        if let Some(recording) = recording
            && !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(recording))
        {
            self.find.forget();
            let (find, both) = (std::mem::take(&mut self.find), std::mem::take(&mut self.both));
            let rows = if follow { Rows::default() } else { Rows::at_start() };
            *self = Self { of: Arc::downgrade(recording), find, both, rows, ..Self::default() };
        }
        // Bytes are found in one end.
        form.both_ends &= !self.find.was_opened();
        if let (true, Some(recording), Some(partner)) = (form.both_ends, recording, partner) {
            self.both.ui(ui, [recording, &partner], form, follow);
            return command;
        }
        form.ui(ui);
        let Some(recording) = recording else {
            self.of = Weak::new();
            style::well(ui).show(ui, |ui| super::hint(ui, t("wire-none")));
            return command;
        };
        let from = self.selected().map(|(direction, range)| (direction, range.start));
        if let Some(found) = self.find.ui(ui, recording, form, from) {
            self.show(found.direction, found.range);
        }
        egui::Panel::bottom("wire-status").frame(egui::Frame::new()).show_separator_line(false).show(ui, |ui| {
            self.status(ui, recording, marks);
        });
        style::well(ui).show(ui, |ui| self.list(ui, recording, form, marks));
        command
    }

    /// What is shown, and the bytes of it that are chosen.
    #[must_use]
    pub fn shown(&self) -> Option<Shown> {
        Some((self.of.upgrade()?, self.selected()))
    }

    /// Shows the bar that looks for bytes.
    pub fn open_find(&mut self) {
        self.find.open();
    }

    /// Chooses bytes and brings them into view.
    pub fn show(&mut self, direction: Direction, range: Range<u64>) {
        let (start, last) = (range.start, range.end.max(range.start + 1) - 1);
        self.selection = Some(Selection { direction, anchor: start..start + 1, to: last..last + 1 });
        self.wanted = Some((direction, range));
    }

    /// The bytes that are chosen.
    #[must_use]
    pub fn selected(&self) -> Option<(Direction, Range<u64>)> {
        self.selection.as_ref().map(|one| (one.direction, one.range()))
    }

    /// Lights bytes for this frame.
    pub fn light(&mut self, lit: Option<(Direction, Range<u64>)>) {
        self.lit = lit;
    }

    /// The byte that the pointer was over in the last frame.
    #[must_use]
    pub fn pointed(&self) -> Option<(Direction, u64)> {
        self.pointed
    }

    /// The rows have other numbers than before: the byte that was at the top is there again.
    fn keep_at_top(&mut self, recording: &Recording, direction: Direction, position: u64) {
        let row = recording.read(|log| {
            // What has gone is before the first row.
            let position = position.max(log.stream(direction).start);
            self.reading.known().row_of(log, direction, position)
        });
        if let Some(row) = row {
            // See [`Gone::places`].
            self.rows.set_top(row + 1);
            self.top = Some((row + 1, direction, position));
        }
    }

    /// Goes to the first of the bytes that are wanted, or to the last if that brings both into view.
    fn go_to_wanted(&mut self, recording: &Recording) {
        let Some((direction, range)) = &self.wanted else { return };
        let row_of = |position| recording.read(|log| self.reading.known().row_of(log, *direction, position));
        let first = row_of(range.start);
        let last = row_of(range.end.saturating_sub(1));
        let close = last.filter(|last| first.is_some_and(|first| first + 1 >= self.rows.top() && *last <= first + 2));
        if let Some(row) = close.or(first) {
            // See [`Gone::places`].
            self.rows.scroll_to(row + 1);
        }
        if !self.reading.is_behind() {
            self.wanted = None;
        }
    }

    fn header(
        &mut self,
        ui: &mut Ui,
        title: &str,
        recording: Option<&Arc<Recording>>,
        form: &mut WireForm,
        has_partner: bool,
    ) -> Option<Command> {
        let mut command = None;
        ui.horizontal(|ui| {
            // What follows it must not cover it.
            let mut buttons = vec![t("copy"), Command::Export.label(), Command::Find.label()];
            buttons.extend(has_partner.then(|| t("both-ends")));
            let room = super::field_width(ui, &buttons);
            ui.scope(|ui| {
                ui.set_max_width(room);
                let title = egui::Label::new(egui::RichText::new(title).strong()).truncate();
                ui.add(title).on_hover_text(t("wire-hover"));
            });
            let Some(recording) = recording else { return };
            if self.reading.is_behind() {
                super::weak(ui, t("wire-behind"));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.menu_button(t("copy"), |ui| {
                    for (as_form, id) in [
                        (Form::Text(form.encoding), "copy-text"),
                        (Form::Hex, "copy-hex"),
                        (Form::HexDump, "copy-dump"),
                        (Form::C, "copy-c"),
                        (Form::Rust, "copy-rust"),
                        (Form::Python, "copy-python"),
                    ] {
                        if ui.button(t(id)).clicked() {
                            let text = self.copied(recording, as_form, form);
                            ui.copy_text(text);
                            ui.close();
                        }
                    }
                })
                .response
                .on_hover_text(t("copy-hover"));
                command = Command::Export.button(ui, true);
                let find = ui.button(Command::Find.label());
                if find.on_hover_text(Command::Find.tooltip(ui.ctx())).clicked() {
                    self.find.open();
                }
                self.both.toggle(ui, &mut form.both_ends, has_partner);
            });
        });
        command
    }

    /// What is chosen, or else every read and write that is shown, in a form to paste; at most [`COPY_MOST`] bytes.
    fn copied(&self, recording: &Recording, as_form: Form, form: &WireForm) -> String {
        let Some((direction, range)) = self.selected() else { return all_as(recording, as_form, form) };
        let bytes = recording.read(|log| {
            let start = range.start.max(log.stream(direction).start);
            log.joined(direction, start..range.end.min(start + COPY_MOST as u64))
        });
        literal::write(as_form, &bytes)
    }

    fn list(&mut self, ui: &mut Ui, recording: &Arc<Recording>, form: &WireForm, marks: Option<&dyn Marks>) {
        ui.take_available_space();
        let font = TextStyle::Monospace.resolve(ui.style());
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
        let width = ((ui.available_width() - Rows::bar_width(ui)) / glyph) as usize;
        let per_row = per_row(width.saturating_sub(line::begin_width(form.time)));
        let view = View { lens: form.lens(), only: form.only.direction(), per_row };
        if self.reading.sync(ui.ctx(), recording, &view)
            && let Some((_, direction, position)) = self.top
            && !self.rows.is_at_end()
        {
            self.keep_at_top(recording, direction, position);
        }
        self.go_to_wanted(recording);
        let index = self.reading.known();
        let (all, gone) = recording.read(|log| (index.rows(log), index.gone(log)));
        if all.is_empty() && gone == 0 {
            super::hint(ui, t("wire-empty"));
            return;
        }
        let look = Look {
            form,
            per_row: index.view().per_row,
            columns: width,
            opened: recording.opened(),
            begun: recording.read(begun),
            selected: self.selected(),
            pointed: self.lit.clone().or_else(|| {
                let (direction, position) = self.pointed?;
                Some((direction, marks?.mark(direction, position)?.range))
            }),
            marks,
        };
        let leading = if gone > 0 { recording.read(|log| leading(log, index)) } else { 0 };
        let says = Gone::new(gone > 0, &all, leading);
        let mut rows = std::mem::take(&mut self.rows);
        let shown = rows.ui(ui, &t("wire-title"), says.places(&all), true, |ui, places| {
            let clip = ui.max_rect();
            let wanted = says.rows(&places);
            let mut lines: Vec<Line> = recording
                .read(|log| index.look(log, wanted).iter().map(|row| Line::new(log, row, form.encoding)).collect());
            if let Lens::Idle(gap) = index.view().lens {
                settle(ui, recording, gap, &mut lines);
            }
            let mut shown = Vec::with_capacity(lines.len());
            let mut steps = line::Steps::default();
            for line in says.with(&places, lines) {
                let Some(line) = line else {
                    let text = tf("wire-gone", &[("size", bytes(gone).into())]);
                    super::list_row(ui, egui::RichText::new(text).color(style::palette(ui).warn));
                    continue;
                };
                let drawn = line.draw(ui, &look, &font, &mut steps);
                shown.push(paint(ui, line, drawn));
            }
            let area = ui.interact(clip, ui.make_persistent_id("bytes"), Sense::click_and_drag());
            (shown, area)
        });
        self.rows = rows;
        let row = self.rows.top();
        if self.top.is_none_or(|(before, ..)| before != row) {
            let first = shown.0.iter().find_map(|one| Some((one.line.direction?, one.line.bytes.start)));
            self.top = first.map(|(direction, position)| (row, direction, position));
        }
        self.point(ui, &shown.0, &shown.1, form);
    }

    /// What the pointer and the keys do with the rows.
    fn point(&mut self, ui: &Ui, shown: &[Painted], area: &Response, form: &WireForm) {
        let at = |pos: Pos2| shown.iter().find(|one| one.rect.y_range().contains(pos.y)).and_then(|one| one.at(pos));
        let before = self.pointed;
        self.pointed = area.hover_pos().and_then(at).map(|(direction, range)| (direction, range.start));
        if self.pointed != before {
            ui.ctx().request_repaint();
        }
        let wide = |one: &&Painted| one.galley.size().x > one.rect.width();
        let under = |pos: Pos2| shown.iter().find(|one| one.rect.y_range().contains(pos.y)).filter(wide);
        if let Some(row) = area.hover_pos().and_then(under) {
            area.clone().on_hover_text_at_pointer(egui::RichText::new(row.name.trim()).monospace());
        }
        if let Some(pos) = area.interact_pointer_pos() {
            let shift = ui.input(|input| input.modifiers.shift);
            let found = at(pos);
            if area.drag_started_by(PointerButton::Primary) || area.clicked() {
                let origin = ui.input(|input| input.pointer.press_origin()).and_then(at).or_else(|| found.clone());
                match (&mut self.selection, origin) {
                    (Some(selection), Some((direction, range))) if shift && selection.direction == direction => {
                        selection.to = range;
                    }
                    (selection, origin) => {
                        *selection =
                            origin.map(|(direction, range)| Selection { direction, anchor: range.clone(), to: range });
                    }
                }
            }
            if area.dragged_by(PointerButton::Primary)
                && let Some(selection) = &mut self.selection
            {
                let to = found.filter(|(direction, _)| *direction == selection.direction).map(|(_, range)| range);
                if let Some(to) = to.or_else(|| nearest(shown, pos, selection.direction)) {
                    selection.to = to;
                }
                self.drag_out(ui, pos, area.rect);
            }
        }
        if area.double_clicked()
            && let Some(selection) = &mut self.selection
            && let Some(piece) = shown.iter().find(|one| one.line.has(selection.direction, selection.to.start))
        {
            let whole = piece.line.whole();
            (selection.anchor, selection.to) = (whole.clone(), whole);
        }
        let typing = ui.ctx().text_edit_focused();
        if !typing && self.selection.is_some() {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
                self.selection = None;
            } else if ui.input(|input| input.events.contains(&egui::Event::Copy))
                && let Some(recording) = self.of.upgrade()
            {
                let copied = self.copied(&recording, Form::Text(form.encoding), form);
                ui.copy_text(copied);
            }
        }
    }

    /// Beyond the edge, dragging moves the list.
    fn drag_out(&mut self, ui: &Ui, pos: Pos2, area: Rect) {
        let top = self.rows.top();
        if pos.y > area.max.y {
            self.rows.scroll_to(top + (area.height() / style::ROW) as u64 + 1);
        } else if pos.y < area.min.y {
            self.rows.scroll_to(top.saturating_sub(1));
        } else {
            return;
        }
        ui.ctx().request_repaint();
    }

    /// What is chosen or pointed at, in one line.
    fn status(&self, ui: &mut Ui, recording: &Recording, marks: Option<&dyn Marks>) {
        let selection = self.selected();
        let pointed = self.pointed.map(|(direction, position)| (direction, position..position + 1));
        let Some((direction, range)) = selection.or(pointed) else {
            super::weak(ui, t("wire-status-hint"));
            return;
        };
        let (numbers, all) = recording.read(|log| {
            let of = |position| log.segment_at(direction, position);
            (of(range.start).zip(of(range.end - 1)), log.joined(direction, range.start..range.end.min(range.start + 8)))
        });
        let mut parts = vec![tf(
            if direction == Direction::In { "wire-status-in" } else { "wire-status-out" },
            &[
                ("first", count(range.start).into()),
                ("last", count(range.end - 1).into()),
                ("size", bytes(range.end - range.start).into()),
                ("one", u64::from(range.end - range.start == 1).into()),
            ],
        )];
        if let Some((first, last)) = numbers {
            parts.push(match first == last {
                true => tf("wire-status-segment", &[("number", first.to_string().into())]),
                false => tf(
                    "wire-status-segments",
                    &[("first", first.to_string().into()), ("last", last.to_string().into())],
                ),
            });
        }
        parts.extend(number_text(&all, range.end - range.start));
        if range.end - range.start > COPY_MOST as u64 {
            parts.push(t("wire-status-much"));
        }
        parts.extend(marks.and_then(|marks| marks.mark(direction, range.start)).map(|mark| mark.name));
        ui.add(egui::Label::new(egui::RichText::new(parts.join(" · ")).small().weak()).truncate());
    }
}

/// What 1, 2 or 4 bytes are as a number, in either order.
fn number_text(bytes: &[u8], len: u64) -> Option<String> {
    if bytes.len() as u64 != len || !matches!(len, 1 | 2 | 4) {
        return None;
    }
    let big = bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let little = bytes.iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let value = |number| ("value", count(number).into());
    Some(match len {
        1 => tf("wire-status-number", &[value(big)]),
        _ => tf("wire-status-numbers", &[("big", count(big).into()), ("little", count(little).into())]),
    })
}

/// A row as it was painted, to find the byte under the pointer.
struct Painted {
    line: Line,
    /// As it is read out.
    name: String,
    rect: Rect,
    galley: Arc<egui::Galley>,
    cells: Vec<(usize, Range<u64>)>,
}

impl Painted {
    /// The bytes of the character under `pos`.
    fn at(&self, pos: Pos2) -> Option<(Direction, Range<u64>)> {
        let x = pos.x - self.rect.min.x;
        let direction = self.line.direction?;
        // The character whose box the pointer is in, not the gap between two that is nearest.
        let cell = self.cells.iter().rev().find(|(begin, _)| x_of(&self.galley, *begin) <= x)?;
        (x <= self.galley.size().x).then(|| (direction, cell.1.clone()))
    }
}

/// Where a character of a row begins.
fn x_of(galley: &egui::Galley, character: usize) -> f32 {
    galley.pos_from_cursor(egui::text::CCursor::new(character)).min.x
}

/// The bytes at the end, or the start, of the nearest row of this direction that is above, or below.
fn nearest(shown: &[Painted], pos: Pos2, direction: Direction) -> Option<Range<u64>> {
    let mut own = shown.iter().filter(|one| one.line.direction == Some(direction) && !one.cells.is_empty());
    let above = own.clone().rev().find(|one| one.rect.min.y <= pos.y);
    match above {
        Some(row) if pos.x < row.rect.min.x || row.cells.is_empty() => row.cells.first().map(|one| one.1.clone()),
        Some(row) => row.cells.last().map(|one| one.1.clone()),
        None => own.next().and_then(|row| row.cells.first()).map(|one| one.1.clone()),
    }
}

/// Paints one row with its ruler: a line wherever a read or write begins, and one below what two of them cut.
fn paint(ui: &mut Ui, line: Line, drawn: Drawn) -> Painted {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), style::ROW), Sense::hover());
    let Drawn { job, name, cells, ticks, cut } = drawn;
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name.trim()));
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let palette = style::palette(ui);
    let painter = ui.painter();
    let top = rect.min.y + (rect.height() - galley.size().y) / 2.0;
    painter.galley(pos2(rect.min.x, top), Arc::clone(&galley), palette.text);
    if galley.size().x > rect.width() {
        // Text with many escapes is wider than the bytes: pointing at it shows all.
        let font = TextStyle::Monospace.resolve(ui.style());
        let more = painter.layout_no_wrap("…".to_owned(), font, palette.weak);
        let place = Rect::from_min_max(pos2(rect.max.x - more.size().x, rect.min.y), rect.max);
        painter.rect_filled(place, 0.0, palette.field);
        painter.galley(pos2(place.min.x, top), more, palette.weak);
    }
    let colour = if line.direction == Some(Direction::In) { palette.incoming } else { palette.outgoing };
    for tick in ticks {
        // Between two characters.
        let x = (rect.min.x + x_of(&galley, tick)).round() - 2.0;
        painter.vline(x, rect.y_range().shrink(2.0), Stroke::new(2.0, colour));
    }
    for range in cut {
        let x = rect.min.x + x_of(&galley, range.start)..=rect.min.x + x_of(&galley, range.end);
        painter.hline(x, rect.max.y - 2.0, Stroke::new(2.0, palette.warn));
    }
    Painted { line, name, rect, galley, cells }
}

/// How many rows at the begin are of events from before what is kept.
fn leading(log: &Log, index: &Index) -> usize {
    let (kept, first) = (log.kept().start, index.rows(log).start);
    let rows = index.look(log, first..first + gone::MOST_LEADING);
    let events = log.events();
    let is_before = |item: &Item| match item {
        Item::Event(number) => {
            let event = events.get(number.saturating_sub(log.first_event()) as usize);
            event.is_some_and(|event| event.before <= kept)
        }
        _ => false,
    };
    rows.iter().take_while(|row| is_before(&row.item)).count()
}

/// Silence ends a message as soon as it has lasted for `gap`, whatever comes after it.
fn settle(ui: &Ui, recording: &Recording, gap: Duration, lines: &mut [Line]) {
    let now = if is_closed(recording) { Duration::MAX } else { recording.origin().elapsed() };
    if let Some(rest) = lines.iter_mut().filter_map(|line| line.settle(gap, now)).min() {
        ui.ctx().request_repaint_after(rest);
    }
}

/// Whether nothing will be read there any more.
fn is_closed(recording: &Recording) -> bool {
    let is_end = |what: &What| matches!(what, What::Closed(_) | What::Reset);
    recording.read(|log| log.events().iter().rev().any(|event| is_end(&event.what)))
}

/// When the connection began, in the recording's time: before that, addresses were tried.
fn begun(log: &Log) -> Duration {
    let begin = log.events().iter().find(|event| matches!(event.what, What::Connected | What::Accepted));
    begin.map_or(Duration::ZERO, |event| event.at)
}

/// How many bytes a row has, where so many characters are left for them: each needs two digits, a blank, and its
/// character.
fn per_row(width: usize) -> u64 {
    ((width.saturating_sub(2) / 4 / 4 * 4) as u64).clamp(4, 32)
}

/// The title of the wire between two ends, once they are known.
#[must_use]
pub fn title(ends: Option<Ends>) -> String {
    match ends {
        Some(Ends { local, peer }) => {
            tf("wire-between", &[("local", local.to_string().into()), ("peer", peer.to_string().into())])
        }
        None => t("wire-title"),
    }
}

/// `←` for what came in, `→` for what went out.
#[must_use]
pub fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "←",
        Direction::Out => "→",
    }
}

/// The newest segments that are shown, a line each, as far as fits into [`COPY_MOST`].
fn all_as(recording: &Recording, as_form: Form, form: &WireForm) -> String {
    let mut cut = None;
    let mut segments = Vec::new();
    let begun = recording.read(|log| {
        let mut size = 0;
        for number in log.kept().rev() {
            let Some(segment) = log.segment(number) else { continue };
            if form.only.direction().is_some_and(|only| only != segment.direction) {
                continue;
            }
            size += segment.len;
            if size > COPY_MOST {
                cut = Some(number + 1);
                break;
            }
            segments.push((segment, log.joined(segment.direction, segment.range())));
        }
        begun(log)
    });
    let cut = cut.map(|count_of| tf("copy-cut", &[("count", count(count_of).into())]));
    let lines = segments.iter().rev().map(|(segment, all)| {
        let shown = match as_form {
            Form::Text(encoding) => encoding::decode(encoding, all, 0, 0..all.len() as u64).text,
            Form::Hex => hex::row(all),
            as_form => format!("\n{}", literal::write(as_form, all)),
        };
        let (arrow, size) = (arrow(segment.direction), bytes(segment.len as u64));
        format!("{arrow} {size} {}  {shown}", line::since(segment.at, begun))
    });
    cut.into_iter().chain(lines).collect::<Vec<_>>().join("\n") + "\n"
}

/// Hours to microseconds in the time zone of this computer.
fn time_of_day(at: SystemTime) -> String {
    let zoned = jiff::Timestamp::try_from(at).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map(|at| at.strftime("%H:%M:%S%.6f").to_string()).unwrap_or_default()
}
