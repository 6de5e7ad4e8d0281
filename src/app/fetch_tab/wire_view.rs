//! The wire of a hop, with the parts of its exchange beside it where both fit.

use std::ops::Range;

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use super::marks::HopMarks;
use super::part_list::PartList;
use crate::app::command::Command;
use crate::app::style;
use crate::app::widgets::wire::{self, Wire, WireForm};
use crate::net::fetch::{Hop, PartKind};
use crate::recording::Direction;

/// The least width of the list and of the wire, in points.
const LEAST: (f32, f32) = (180.0, 480.0);

/// The wire and the list.
#[derive(Debug, Default)]
pub struct WireView {
    /// Which hop is shown.
    of: usize,
    wire: Wire,
    list: PartList,
    /// The part whose bytes shall be seen.
    wanted: Option<PartKind>,
}

impl WireView {
    /// Chooses the bytes of this part when the wire is shown.
    pub fn show(&mut self, kind: PartKind) {
        self.wanted = Some(kind);
    }

    /// The wire alone.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Shows `hop`, the hop with this index. Gives the command that a person chose.
    pub fn ui(&mut self, ui: &mut Ui, index: usize, hop: &Hop, form: &mut WireForm) -> Option<Command> {
        let mut command = None;
        if self.of != index {
            *self = Self { of: index, wanted: self.wanted, ..Self::default() };
        }
        let mut shown = self.wanted.take().and_then(|kind| {
            let part = hop.parts.get(hop.parts.find(kind)?)?;
            Some((part.direction, part.range))
        });
        let mut lit = None;
        let width = ui.available_width();
        let both = width >= LEAST.0 + LEAST.1;
        if both {
            Panel::left("fetch-parts")
                .resizable(true)
                // The list leaves it comfortable, as long as nobody moves the line between them.
                .default_size((width * 0.3).min(width - wire::COMFORTABLE_WIDTH).max(LEAST.0))
                .size_range(LEAST.0..=width - LEAST.1)
                .frame(Frame::new().inner_margin(Margin { right: 8, ..Default::default() }))
                .show(ui, |ui| {
                    let wanted = self.list.ui(ui, hop, &self.wire);
                    lit = wanted.lit;
                    shown = shown.take().or(wanted.shown);
                });
        }
        self.wire.light(lit);
        let left = if both { 8 } else { 0 };
        CentralPanel::default().frame(Frame::new().inner_margin(Margin { left, ..Default::default() })).show(
            ui,
            |ui| {
                let marks = HopMarks::new(hop, style::palette(ui));
                // The request and the head are at the begin.
                command = self.wire.ui(ui, &wire::title(hop.ends), hop.recording.as_ref(), form, false, Some(&marks));
            },
        );
        // The wire must have seen this recording before it can find bytes in it.
        if let Some((direction, range)) = shown {
            if form.only.direction().is_some_and(|only| only != direction) {
                form.only = Default::default();
            }
            let range = kept(hop, direction, range);
            self.wire.show(direction, range);
            ui.ctx().request_repaint();
        }
        command
    }
}

/// What the recording still has of `range`, or all of it if that is nothing.
fn kept(hop: &Hop, direction: Direction, range: Range<u64>) -> Range<u64> {
    let first = hop.recording.as_ref().map_or(0, |one| one.read(|log| log.stream(direction).start));
    if first < range.end { range.start.max(first)..range.end } else { range }
}
