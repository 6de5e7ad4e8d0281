//! A list of lines with times, bounded, following its end.

use std::collections::VecDeque;
use std::time::SystemTime;

use egui::{RichText, ScrollArea, Ui};

use crate::app::style;
use crate::i18n::{count, t, tf};

/// How many lines are kept.
const MOST: usize = 5_000;

#[derive(Debug)]
struct Line {
    at: SystemTime,
    text: String,
    bad: bool,
}

/// Lines with the time at which each happened; the oldest go first, and are counted.
#[derive(Debug, Default)]
pub struct LogList {
    lines: VecDeque<Line>,
    gone: u64,
}

impl LogList {
    /// Adds a line; `bad` if it tells of a failure.
    pub fn push(&mut self, at: SystemTime, text: String, bad: bool) {
        if self.lines.len() == MOST {
            self.lines.pop_front();
            self.gone += 1;
        }
        self.lines.push_back(Line { at, text, bad });
    }

    /// Shows the lines. `lost` is how many events never arrived.
    pub fn ui(&self, ui: &mut Ui, lost: u64) {
        ui.horizontal(|ui| {
            ui.strong(t("log-title"));
            if self.gone + lost > 0 {
                super::weak(ui, tf("log-gone", &[("count", count(self.gone + lost).into())]));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let copy = ui.add_enabled(!self.lines.is_empty(), egui::Button::new(t("copy-log")));
                if copy.on_hover_text(t("copy-log-hover")).clicked() {
                    ui.copy_text(self.text());
                }
            });
        });
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.lines.is_empty() {
                super::hint(ui, t("log-empty"));
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.spacing_mut().interact_size.y = style::ROW;
            ScrollArea::both().auto_shrink(false).stick_to_bottom(true).id_salt("log").show_rows(
                ui,
                style::ROW,
                self.lines.len(),
                |ui, rows| {
                    for line in self.lines.range(rows) {
                        ui.horizontal(|ui| {
                            // The milliseconds and the end of a long line are a hover away.
                            let whole = || format!("{}  {}", clock(line.at), line.text);
                            ui.label(RichText::new(short_clock(line.at)).monospace().weak()).on_hover_text(whole());
                            let palette = style::palette(ui);
                            let text =
                                RichText::new(&line.text).color(if line.bad { palette.bad } else { palette.text });
                            ui.add(egui::Label::new(text).extend()).on_hover_text(whole());
                        });
                    }
                },
            );
        });
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{}  {}\n", clock(line.at), line.text)).collect()
    }
}

/// Local time of day, to the millisecond.
#[must_use]
pub fn clock(at: SystemTime) -> String {
    local(at, "%H:%M:%S%.3f")
}

/// Local time of day, to the second.
#[must_use]
pub fn short_clock(at: SystemTime) -> String {
    local(at, "%H:%M:%S")
}

fn local(at: SystemTime, format: &str) -> String {
    let zoned = jiff::Timestamp::try_from(at).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map(|at| at.strftime(format).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_says_how_much_is_gone() {
        let mut log = LogList::default();
        for n in 0..MOST + 3 {
            log.push(SystemTime::UNIX_EPOCH, n.to_string(), false);
        }
        assert_eq!((log.lines.len(), log.gone), (MOST, 3));
        assert!(log.text().starts_with(&format!("{}  3\n", clock(SystemTime::UNIX_EPOCH))));
    }
}
