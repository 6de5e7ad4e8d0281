//! Short messages above the status bar, for what no tab has a place for. Real widgets: they can be read and dismissed
//! by keyboard and screen reader.

use std::time::{Duration, Instant};

use egui::{Frame, Margin, Stroke, Ui};

use crate::app::style;
use crate::i18n::t;

/// How long a good message stays. A bad one stays until it is dismissed.
const STAY: Duration = Duration::from_secs(8);
/// The message that is shown now: the last one, until it is dismissed, replaced or out of date.
#[derive(Debug, Default)]
pub struct Notices(Option<Notice>);

#[derive(Debug)]
struct Notice {
    text: String,
    bad: bool,
    until: Option<Instant>,
}

impl Notices {
    /// Something went well.
    pub fn good(&mut self, text: String) {
        self.0 = Some(Notice { text, bad: false, until: Some(Instant::now() + STAY) });
    }

    /// Something went wrong.
    pub fn bad(&mut self, text: String) {
        self.0 = Some(Notice { text, bad: true, until: None });
    }

    /// A dialog gave no path. One that cannot open looks like one that was closed; only the log knows.
    pub fn no_path(&mut self) {
        if crate::logging::take_dialog_error().is_some() {
            self.bad(t("no-dialog"));
        }
    }

    /// Something new begins: what was said of the old is out of date.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Shows it.
    pub fn ui(&mut self, ui: &mut Ui) {
        let now = Instant::now();
        let Some(one) = self.0.take_if(|one| one.until.is_none_or(|until| now < until)) else { return self.clear() };
        if let Some(until) = one.until {
            ui.ctx().request_repaint_after(until.saturating_duration_since(now));
        }
        let palette = style::palette(ui);
        let colour = if one.bad { palette.bad } else { palette.good };
        let frame = Frame::new().fill(palette.faint).stroke(Stroke::new(1.0, colour)).corner_radius(5);
        let dismissed = frame.inner_margin(Margin::symmetric(10, 5)).show(ui, |ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let dismissed = ui.button(t("dismiss")).clicked();
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center).with_main_wrap(true), |ui| {
                    ui.colored_label(colour, &one.text);
                });
                dismissed
            })
            .inner
        });
        if !dismissed.inner {
            self.0 = Some(one);
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
