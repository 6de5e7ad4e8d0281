//! A list of lines with times, bounded, following its end.

use std::collections::VecDeque;
use std::time::SystemTime;

use egui::{RichText, ScrollArea, Ui};

use crate::app::style;
use crate::i18n::{count, t, tf};

/// How many lines are kept.
const MOST: usize = 5_000;

/// Lines with the time at which each happened; the oldest go first, and are counted.
#[derive(Debug, Default)]
pub struct LogList {
    lines: VecDeque<(SystemTime, String)>,
    gone: u64,
}

impl LogList {
    /// Adds a line.
    pub fn push(&mut self, at: SystemTime, text: String) {
        if self.lines.len() == MOST {
            self.lines.pop_front();
            self.gone += 1;
        }
        self.lines.push_back((at, text));
    }

    /// Shows the lines. `lost` is how many events never arrived.
    pub fn ui(&self, ui: &mut Ui, lost: u64) {
        ui.horizontal(|ui| {
            ui.strong(t("log-title"));
            if self.gone + lost > 0 {
                super::weak(ui, tf("log-gone", &[("count", count(self.gone + lost).into())]));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let copy = ui.add_enabled(!self.lines.is_empty(), egui::Button::new(t("copy-log")).small());
                if copy.on_hover_text(t("copy-log-hover")).clicked() {
                    ui.copy_text(self.text());
                }
            });
        });
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.lines.is_empty() {
                super::weak(ui, t("log-empty"));
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::both().auto_shrink(false).stick_to_bottom(true).id_salt("log").show_rows(
                ui,
                style::ROW,
                self.lines.len(),
                |ui, rows| {
                    for (at, text) in self.lines.range(rows) {
                        ui.horizontal(|ui| {
                            ui.set_height(style::ROW);
                            ui.label(RichText::new(clock(*at)).monospace().weak());
                            ui.add(egui::Label::new(text).extend());
                        });
                    }
                },
            );
        });
    }

    fn text(&self) -> String {
        self.lines.iter().map(|(at, text)| format!("{}  {text}\n", clock(*at))).collect()
    }
}

/// Local time of day, to the millisecond.
#[must_use]
pub fn clock(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S%.3f").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_says_how_much_is_gone() {
        let mut log = LogList::default();
        for n in 0..MOST + 3 {
            log.push(SystemTime::UNIX_EPOCH, n.to_string());
        }
        assert_eq!((log.lines.len(), log.gone), (MOST, 3));
        assert!(log.text().starts_with(&format!("{}  3\n", clock(SystemTime::UNIX_EPOCH))));
    }
}
