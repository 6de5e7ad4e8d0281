//! The parts of an exchange as a list beside the wire: point at one to see its bytes, press it to go to them.

use std::ops::Range;

use egui::text::{LayoutJob, TextWrapping};
use egui::{EventFilter, Key, Modifiers, Response, Role, Sense, StrokeKind, TextFormat, TextStyle, Ui, WidgetInfo};
use egui::{pos2, vec2};

use super::marks::{self, Item, Seen};
use crate::app::style::{self, Palette};
use crate::app::widgets::hint;
use crate::app::widgets::rows::Rows;
use crate::app::widgets::wire::{Wire, arrow};
use crate::i18n::t;
use crate::net::fetch::{Hop, Part};
use crate::recording::{Direction, Log};

/// Bytes of one direction.
type Bytes = (Direction, Range<u64>);

/// What the list remembers of the hop that is shown.
#[derive(Debug, Default)]
pub struct PartList {
    rows: Rows,
    /// The part that the Tab key leads to.
    current: usize,
    /// Gets the keyboard's focus when it is shown.
    next_focus: Option<usize>,
    /// What is chosen in the wire and was come after.
    followed: Option<Bytes>,
}

/// What a person does with the list.
#[derive(Debug, Default)]
pub struct Wanted {
    /// These bytes shall light up.
    pub lit: Option<Bytes>,
    /// These shall be chosen and seen.
    pub shown: Option<Bytes>,
}

/// What the rows of one frame are drawn with.
struct Look<'a> {
    palette: &'a Palette,
    /// What is chosen in the wire.
    chosen: Option<Bytes>,
    /// The part under the pointer in the wire.
    pointed: Option<usize>,
}

impl PartList {
    /// Shows the parts of `hop`, whose bytes `wire` shows.
    pub fn ui(&mut self, ui: &mut Ui, hop: &Hop, wire: &Wire) -> Wanted {
        ui.horizontal(|ui| ui.strong(t("parts")).on_hover_text(t("parts-hover")));
        style::well(ui).show(ui, |ui| self.list(ui, hop, wire)).inner
    }

    fn list(&mut self, ui: &mut Ui, hop: &Hop, wire: &Wire) -> Wanted {
        ui.take_available_space();
        if hop.parts.is_empty() {
            hint(ui, t("parts-none"));
            return Wanted::default();
        }
        let chosen = wire.selected();
        if chosen != self.followed {
            self.followed = chosen.clone();
            if let Some(index) = chosen.as_ref().and_then(|(way, range)| hop.parts.at(*way, range.start)) {
                self.current = index;
                self.rows.scroll_to(index as u64);
            }
        }
        let pointed = wire.pointed().and_then(|(direction, position)| hop.parts.at(direction, position));
        let look = Look { palette: style::palette(ui), chosen, pointed };
        let mut rows = std::mem::take(&mut self.rows);
        let all = 0..hop.parts.len() as u64;
        let wanted = rows.ui(ui, &t("parts"), all, false, |ui, range| {
            self.parts(ui, hop, &look, range.start as usize..range.end as usize)
        });
        self.rows = rows;
        if let Some(index) = self.next_focus {
            self.rows.scroll_to(index as u64);
            ui.ctx().request_repaint();
        }
        wanted
    }

    /// The parts in view.
    fn parts(&mut self, ui: &mut Ui, hop: &Hop, look: &Look<'_>, range: Range<usize>) -> Wanted {
        let parts = hop.parts.range(range.clone());
        let seen = |log: Option<&Log>| -> Vec<Seen> { parts.into_iter().map(|part| Seen::new(part, log)).collect() };
        let seen = match &hop.recording {
            Some(recording) => recording.read(|log| seen(Some(log))),
            None => seen(None),
        };
        let reached = self.current.clamp(range.start, range.end.saturating_sub(1).max(range.start));
        let (mut hovered, mut focused, mut shown) = (None, None, None);
        for (index, seen) in range.zip(&seen) {
            let response = row(ui, seen, &seen.item(hop), look, index, index == reached);
            let bytes = || Some((seen.part.direction, seen.part.range.clone()));
            if self.next_focus == Some(index) {
                self.next_focus = None;
                response.request_focus();
            }
            if response.hovered() {
                hovered = bytes();
            }
            if response.has_focus() {
                self.current = index;
                self.next_focus = keys(ui, &response, index, hop.parts.len() - 1);
                focused = bytes();
            }
            if response.clicked() {
                response.request_focus();
                self.current = index;
                shown = bytes();
                // It is in view, so the list need not come after it.
                self.followed = bytes();
            }
        }
        // The pointer in the wire wins over the keyboard here.
        let lit = hovered.or(focused.filter(|_| look.pointed.is_none()));
        Wanted { lit, shown }
    }
}

/// Where the keys lead from the part `index`, which has the focus.
fn keys(ui: &Ui, response: &Response, index: usize, last: usize) -> Option<usize> {
    // Else the arrows would move the focus to another widget.
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
    let (down, up) = (pressed(Key::ArrowDown), pressed(Key::ArrowUp));
    let next = if pressed(Key::Home) > 0 {
        0
    } else if pressed(Key::End) > 0 {
        last
    } else {
        index.saturating_add(down).saturating_sub(up).min(last)
    };
    (next != index).then_some(next)
}

/// One part. Only the one that is `reached` is for the Tab key: the arrows lead to the others.
fn row(ui: &mut Ui, seen: &Seen, item: &Item, look: &Look<'_>, index: usize, reached: bool) -> Response {
    let sense = if reached { Sense::click() } else { Sense::CLICK };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), style::ROW), sense);
    let is_chosen = look.chosen.as_ref().is_some_and(|chosen| touches(chosen, &seen.part));
    let behind = if is_chosen {
        Some(look.palette.selection)
    } else if response.hovered() || look.pointed == Some(index) {
        Some(look.palette.hover)
    } else {
        None
    };
    if let Some(behind) = behind {
        ui.painter().rect_filled(rect, 3, behind);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 3, ui.visuals().selection.stroke, StrokeKind::Inside);
    }
    let mut job = layout(ui, seen, item, look.palette);
    job.wrap = TextWrapping::truncate_at_width(rect.width() - 2.0 * MARGIN);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let top = rect.min.y + (rect.height() - galley.size().y) / 2.0;
    let is_cut = galley.elided;
    ui.painter().galley(pos2(rect.min.x + MARGIN, top), galley, look.palette.text);

    let text = item.text();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_selected(is_chosen));
    if !response.hovered() {
        return response;
    }
    let about = marks::about(seen.part.kind);
    response.on_hover_text(if is_cut { format!("{text}\n\n{about}") } else { about })
}

/// Between the edge of a row and its text, in points.
const MARGIN: f32 = 4.0;

fn touches((direction, range): &Bytes, part: &Part) -> bool {
    *direction == part.direction && range.start < part.range.end && part.range.start < range.end
}

fn layout(ui: &Ui, seen: &Seen, item: &Item, palette: &Palette) -> LayoutJob {
    let mono = TextStyle::Monospace.resolve(ui.style());
    let small = TextStyle::Small.resolve(ui.style());
    let font = if item.literal { mono.clone() } else { small.clone() };
    let way = if seen.part.direction == Direction::In { palette.incoming } else { palette.outgoing };
    let mut job = LayoutJob::default();
    let mut add = |text: &str, space, font, colour| {
        let format = TextFormat { valign: egui::Align::Center, ..TextFormat::simple(font, colour) };
        job.append(text, space, format);
    };
    add(arrow(seen.part.direction), 0.0, mono, way);
    add(&item.lead, 6.0, font.clone(), marks::colour(palette, seen.part.kind));
    add(&item.rest, 0.0, font, palette.text);
    if !item.note.is_empty() {
        add(&item.note, 8.0, small, palette.part_end);
    }
    job
}
