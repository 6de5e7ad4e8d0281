//! The bar that looks for bytes. The search runs on a thread: the recording may be long.

use std::sync::Arc;

use egui::{Key, Ui};

use super::form::{Typed, WireForm};
use super::job::Job;
use crate::app::widgets;
use crate::i18n::t;
use crate::recording::search::{Found, Search};
use crate::recording::{Direction, Recording};

/// The bar, while it is open.
#[derive(Debug, Default)]
pub(super) struct Find {
    open: bool,
    /// The field shall have the keyboard.
    wants_focus: bool,
    typed: Typed,
    job: Option<Job<Option<Found>>>,
    said: Said,
}

/// What the last search came to.
#[derive(Clone, Copy, Debug, Default)]
enum Said {
    #[default]
    Nothing,
    NotFound,
    Wrapped,
}

impl Find {
    /// Shows the bar with the keyboard in its field.
    pub(super) fn open(&mut self) {
        (self.open, self.wants_focus) = (true, true);
    }

    /// Whether somebody has just asked for it.
    pub(super) fn was_opened(&self) -> bool {
        self.wants_focus
    }

    /// Forgets what is being looked for in another recording.
    pub(super) fn forget(&mut self) {
        (self.job, self.said) = (None, Said::Nothing);
    }

    /// Shows the bar; what was found comes out, once. `from` is where to go on.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        recording: &Arc<Recording>,
        form: &WireForm,
        from: Option<(Direction, u64)>,
    ) -> Option<Found> {
        if !self.open {
            return None;
        }
        let mut go = None;
        ui.horizontal_wrapped(|ui| {
            ui.label(t("find"));
            let field = self.typed.ui(ui, "find-bytes", 200.0, form.encoding);
            if std::mem::take(&mut self.wants_focus) {
                field.request_focus();
            }
            if field.changed() {
                self.forget();
            }
            let (entered, shift) = (widgets::entered(ui, &field), ui.input(|input| input.modifiers.shift));
            if entered {
                go = Some(!shift);
                // The next Enter finds the next one.
                field.request_focus();
            }
            let closed = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
            let ready = self.typed.bytes(form.encoding).is_ok_and(|bytes| !bytes.is_empty());
            for (id, forward) in [("find-previous", false), ("find-next", true)] {
                let button = ui.add_enabled(ready, egui::Button::new(t(id)));
                if button.on_hover_text(t(&format!("{id}-hover"))).clicked() {
                    go = Some(forward);
                }
            }
            if closed || ui.button(t("find-close")).on_hover_text(t("find-close-hover")).clicked() {
                self.open = false;
            }
            let said = match (&self.job, self.said) {
                (Some(_), _) => "find-running",
                (None, Said::NotFound) => "find-none",
                (None, Said::Wrapped) => "find-wrapped",
                (None, Said::Nothing) => return,
            };
            widgets::weak(ui, t(said));
        });
        if let Some(forward) = go
            && let Ok(needle) = self.typed.bytes(form.encoding)
            && !needle.is_empty()
        {
            let search = Search { needle, only: form.only.direction(), forward, from };
            let recording = Arc::clone(recording);
            self.job = Job::start(ui.ctx(), "find", move |stop| Some(search.run(&recording, || stop.is_asked())));
        }
        self.take()
    }

    /// What the thread found.
    fn take(&mut self) -> Option<Found> {
        // Nothing to find is a result as well.
        let found = Job::take(&mut self.job)?;
        self.said = match &found {
            None => Said::NotFound,
            Some(Found { wrapped: true, .. }) => Said::Wrapped,
            Some(_) => Said::Nothing,
        };
        found
    }
}
