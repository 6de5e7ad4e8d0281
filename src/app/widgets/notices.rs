//! Short messages above the status bar, for what no tab has a place for. Real widgets: they can be read and dismissed
//! by keyboard and screen reader.

use std::time::{Duration, Instant};

use egui::{Frame, Margin, Stroke, Ui};

use crate::app::style;
use crate::i18n::t;

/// How long a good message stays. A bad one stays until it is dismissed.
const STAY: Duration = Duration::from_secs(8);
/// How many are shown; the oldest goes first.
const MOST: usize = 4;

/// The messages that are shown now.
#[derive(Debug, Default)]
pub struct Notices(Vec<Notice>);

#[derive(Debug)]
struct Notice {
    text: String,
    bad: bool,
    until: Option<Instant>,
}

impl Notices {
    /// Something went well.
    pub fn good(&mut self, text: String) {
        self.push(Notice { text, bad: false, until: Some(Instant::now() + STAY) });
    }

    /// Something went wrong.
    pub fn bad(&mut self, text: String) {
        self.push(Notice { text, bad: true, until: None });
    }

    fn push(&mut self, notice: Notice) {
        self.0.retain(|one| one.text != notice.text);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(notice);
    }

    /// Shows them, the newest last.
    pub fn ui(&mut self, ui: &mut Ui) {
        let now = Instant::now();
        self.0.retain(|one| one.until.is_none_or(|until| now < until));
        if let Some(next) = self.0.iter().filter_map(|one| one.until).min() {
            ui.ctx().request_repaint_after(next.saturating_duration_since(now));
        }
        let mut dismissed = None;
        for (index, one) in self.0.iter().enumerate() {
            let palette = style::palette(ui);
            let colour = if one.bad { palette.bad } else { palette.good };
            Frame::new()
                .fill(palette.faint)
                .stroke(Stroke::new(1.0, colour))
                .corner_radius(5)
                .inner_margin(Margin::symmetric(10, 5))
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            if ui.button(t("dismiss")).clicked() {
                                dismissed = Some(index);
                            }
                            ui.with_layout(
                                egui::Layout::left_to_right(egui::Align::Center).with_main_wrap(true),
                                |ui| {
                                    ui.colored_label(colour, &one.text);
                                },
                            );
                        });
                    });
                });
        }
        if let Some(index) = dismissed {
            self.0.remove(index);
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
