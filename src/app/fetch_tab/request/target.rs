//! Where the body goes while it comes: into a file that is chosen first, or into a temporary one that can be saved
//! afterwards.

use std::path::{Path, PathBuf};

use egui::{TextEdit, Ui};

use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{field_width, weak};
use crate::i18n::{t, tf};
use crate::net::fetch::{Body, Destination, name_in};

/// The form.
#[derive(Debug, Default)]
pub(in crate::app::fetch_tab) struct TargetForm {
    /// As typed; empty for a temporary file.
    path: String,
    keep_partial: bool,
    resume: bool,
    /// Not unpacked.
    pub(in crate::app::fetch_tab) transferred: bool,
    asking: Asking,
    /// Whether there is a file of that name, and what was kept of it, as they were looked for last.
    is_there: bool,
    partial: Option<PathBuf>,
}

impl TargetForm {
    /// The file, if one was chosen; a path that does not begin at the root is below `folder`.
    pub(in crate::app::fetch_tab) fn destination(&self, folder: &Path) -> Option<Destination> {
        let path = self.path(folder)?;
        Some(Destination { path, resume: self.resume, keep_partial: self.keep_partial })
    }

    fn path(&self, folder: &Path) -> Option<PathBuf> {
        let typed = self.path.trim();
        (!typed.is_empty()).then(|| dialogs::typed_path(folder, typed))
    }

    /// What is set, in short.
    pub(super) fn title(&self) -> Option<String> {
        let typed = Path::new(self.path.trim());
        let name = typed.file_name().map(|name| name.to_string_lossy().into_owned());
        name.or_else(|| self.transferred.then(|| t("target-packed")))
    }

    /// Looks for what is there already.
    pub(in crate::app::fetch_tab) fn look(&mut self, folder: &Path) {
        let path = self.path(folder);
        self.is_there = path.as_deref().is_some_and(Path::is_file);
        self.partial = path.as_deref().map(Body::partial_path).filter(|partial| partial.is_file());
    }

    /// The file is complete: the next fetch is neither to replace it unasked nor to go on with it.
    pub(in crate::app::fetch_tab) fn complete(&mut self) {
        self.path.clear();
        self.resume = false;
    }

    /// Shows it. Gives the command that a person chose.
    pub(super) fn ui(&mut self, ui: &mut Ui, folder: &Path) -> Option<Command> {
        let mut command = None;
        ui.horizontal(|ui| {
            let name = ui.label(t("target-file"));
            let width = field_width(ui, &[Command::ChooseTarget.label()]);
            let edit = TextEdit::singleline(&mut self.path).desired_width(width).id_salt("target-file");
            let edit = edit.hint_text(t("target-file-hint"));
            let edit = ui.add(edit).labelled_by(name.id).on_hover_text(t("target-file-hover"));
            if edit.changed() {
                self.look(folder);
            }
            command = Command::ChooseTarget.button(ui, !self.asking.is_open());
        });
        ui.horizontal_wrapped(|ui| {
            ui.add_enabled_ui(!self.path.trim().is_empty(), |ui| {
                ui.checkbox(&mut self.keep_partial, t("keep-partial")).on_hover_text(t("keep-partial-hover"));
                ui.checkbox(&mut self.resume, t("resume")).on_hover_text(t("resume-hover"));
            });
            ui.checkbox(&mut self.transferred, t("as-transferred")).on_hover_text(t("as-transferred-hover"));
        });
        if self.asking.is_open() {
            weak(ui, t("dialog-open"));
        }
        if self.is_there {
            weak(ui, t("target-is-there"));
        }
        if let Some(partial) = &self.partial {
            let name = partial.file_name().unwrap_or_default().to_string_lossy().into_owned();
            weak(ui, tf("target-partial", &[("name", name.into())]));
        }
        command
    }

    /// Opens the dialog for the file, which proposes a name for what is at `url`.
    pub(in crate::app::fetch_tab) fn ask(
        &mut self,
        url: &str,
        folder: &Path,
        jobs: &Jobs,
        frame: &eframe::Frame,
        notices: &mut Notices,
    ) {
        let proposed =
            self.path(folder).unwrap_or_else(|| folder.join(name_in(url).unwrap_or_else(|| t("target-name"))));
        self.asking.begin(notices, || dialogs::ask_where_to_save(frame, jobs, &proposed, Done::TargetPathChosen));
    }

    /// The dialog was closed.
    pub(in crate::app::fetch_tab) fn chosen(&mut self, path: Option<PathBuf>, folder: &Path) {
        self.asking.end();
        if let Some(path) = path {
            self.path = path.display().to_string();
            self.look(folder);
        }
    }
}
