//! The row with which a small file, such as rules, is read or written: its path, and what to do with it. Reading and writing
//! are jobs; this remembers that one is under way.

use std::path::PathBuf;

use egui::{TextEdit, Ui};

use super::notices::Notices;
use super::{entered, field_width, weak};
use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::i18n::t;

/// What it remembers.
#[derive(Debug, Default)]
pub struct FileRow {
    /// The file, as typed.
    path: String,
    folder: PathBuf,
    asking: Asking,
    working: bool,
}

/// The commands of its buttons.
#[derive(Clone, Copy, Debug)]
pub struct Buttons {
    /// Opens the dialog, whose file is read.
    pub choose: Command,
    /// Reads the typed file.
    pub import: Command,
    /// Writes it.
    pub export: Command,
}

impl FileRow {
    /// Proposes a file called `name` in `folder`, unless there is one already.
    pub fn propose(&mut self, folder: PathBuf, name: &str) {
        if self.path.is_empty() {
            self.folder = folder;
            self.path = self.folder.join(name).display().to_string();
        }
    }

    /// Shows the row; `label` is the id of what stands before the path. What can be read and written now is said by
    /// `can_import` and `can_export`.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        label: &str,
        buttons: Buttons,
        can_import: bool,
        can_export: bool,
    ) -> Option<Command> {
        let mut command = None;
        let Buttons { choose, import, export } = buttons;
        ui.horizontal(|ui| {
            let name = ui.label(t(label));
            let width = field_width(ui, &[choose, import, export].map(Command::label));
            let edit = TextEdit::singleline(&mut self.path).desired_width(width);
            let edit = ui.add(edit).labelled_by(name.id).on_hover_text(t(&format!("{label}-hover")));
            let ready = !self.working && !self.path.trim().is_empty();
            if entered(ui, &edit) && ready && can_import {
                command = Some(import);
            }
            command = command.or(choose.button(ui, !self.asking.is_open() && !self.working && can_import));
            command = command.or(import.button(ui, ready && can_import));
            command = command.or(export.button(ui, ready && can_export));
        });
        if self.asking.is_open() {
            weak(ui, t("dialog-open"));
        } else if can_export && self.target().is_file() {
            weak(ui, t("export-replaces"));
        }
        command
    }

    /// The file. What does not begin at the root is below the usual folder.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        dialogs::typed_path(&self.folder, &self.path)
    }

    /// Opens the dialog; `done` makes its answer of the path.
    pub fn ask(
        &mut self,
        jobs: &Jobs,
        frame: &eframe::Frame,
        notices: &mut Notices,
        done: impl FnOnce(Option<PathBuf>) -> Done + Send + 'static,
    ) {
        let folder = self.target();
        let folder = folder.parent().unwrap_or(&self.folder);
        self.asking.begin(notices, || dialogs::ask_what_to_open(frame, jobs, folder, done));
    }

    /// The dialog was closed; whether there is a file to read.
    pub fn chosen(&mut self, path: Option<PathBuf>) -> bool {
        self.asking.end();
        let chosen = path.is_some();
        if let Some(path) = path {
            self.path = path.display().to_string();
        }
        chosen
    }

    /// Reads or writes, on a thread called `name`, unless that is being done already.
    pub fn start(
        &mut self,
        name: &str,
        jobs: &Jobs,
        notices: &mut Notices,
        work: impl FnOnce() -> Done + Send + 'static,
    ) {
        if self.working {
            return;
        }
        match jobs.start(name, move || Some(work())) {
            Ok(()) => self.working = true,
            Err(error) => notices.bad(error.to_string()),
        }
    }

    /// It was read or written, or not.
    pub fn done(&mut self) {
        self.working = false;
    }
}
