//! Saving the body: through the platform's dialog, or to a typed path where no dialog can open; and opening the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{TextEdit, Ui};

use crate::app::command::Command;
use crate::app::dialogs;
use crate::app::jobs::{Done, Jobs};
use crate::app::settings::FetchForm;
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{entered, weak};
use crate::i18n::t;
use crate::net::fetch::Body;
use crate::net::{Error, Operation};

/// What can be saved, and how far that is.
#[derive(Debug, Default)]
pub struct Saving {
    body: Option<Arc<Body>>,
    /// The body was cut short: it may be kept, but only under a name that says so.
    partial: bool,
    folder: PathBuf,
    path: String,
    asking: bool,
    writing: bool,
    saved: Option<PathBuf>,
}

impl Saving {
    /// Nothing to save yet.
    #[must_use]
    pub fn new(form: &FetchForm) -> Self {
        let folder = if form.folder.is_empty() { usual_folder() } else { PathBuf::from(&form.folder) };
        Self { folder, ..Self::default() }
    }

    /// There is a body now, whole or `partial`.
    pub fn offer(&mut self, body: Option<&Arc<Body>>, partial: bool) {
        self.body = body.cloned();
        self.partial = partial;
        self.path = body.map(|body| self.folder.join(self.name(body)).display().to_string()).unwrap_or_default();
    }

    fn name(&self, body: &Body) -> PathBuf {
        let name = Path::new(body.suggested_name());
        if self.partial { Body::partial_path(name) } else { name.to_owned() }
    }

    /// Shows the row for it, once there is something to save.
    pub fn ui(&mut self, ui: &mut Ui) -> Option<Command> {
        self.body.as_ref()?;
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            let free = !self.writing;
            command = Command::SaveBody.button(ui, free && !self.asking);
            let opens = Command::OpenSaved.button(ui, self.saved.is_some());
            command = command.or(opens);
            ui.add_space(10.0);
            let name = ui.label(t("save-path")).on_hover_text(t("save-path-hover"));
            let width = (ui.available_width() - 110.0).clamp(120.0, 520.0);
            let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(width)).labelled_by(name.id);
            if entered(ui, &field) && free {
                command = Some(Command::SaveHere);
            }
            let here = Command::SaveHere.button(ui, free && !self.path.trim().is_empty());
            command = command.or(here);
            if self.asking {
                weak(ui, t("dialog-open"));
            }
            if self.partial {
                weak(ui, t("partial-only"));
            }
        });
        command
    }

    /// Opens the dialog.
    pub fn ask(&mut self, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        let Some(body) = self.body.clone().filter(|_| !self.asking && !self.writing) else { return };
        let name = self.name(&body).display().to_string();
        match dialogs::ask_where_to_save(frame, jobs, &self.folder, &name, body) {
            Ok(()) => self.asking = true,
            Err(error) => notices.bad(error.to_string()),
        }
    }

    /// The dialog was closed without a choice.
    pub fn dialog_closed(&mut self) {
        self.asking = false;
    }

    /// Saves to the typed path.
    pub fn save_here(&mut self, jobs: &Jobs, notices: &mut Notices) {
        let path = PathBuf::from(self.path.trim());
        if let Some(body) = self.body.clone().filter(|_| !self.writing && !self.path.trim().is_empty()) {
            self.save(body, path, jobs, notices);
        }
    }

    /// Saves `body` to `path`, on a thread of its own.
    pub fn save(&mut self, body: Arc<Body>, path: PathBuf, jobs: &Jobs, notices: &mut Notices) {
        self.asking = false;
        self.writing = true;
        let saved = jobs.start("save", move || Some(Done::Saved(body.save(&path).map(|()| path))));
        if let Err(error) = saved {
            self.writing = false;
            notices.bad(error.to_string());
        }
    }

    /// The body is at `path`.
    pub fn saved(&mut self, path: PathBuf, form: &mut FetchForm) {
        self.writing = false;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            self.folder = folder.to_owned();
            form.folder = folder.display().to_string();
        }
        self.path = path.display().to_string();
        self.saved = Some(path);
    }

    /// The body could not be saved.
    pub fn not_saved(&mut self) {
        self.writing = false;
    }

    /// Hands the saved file to the browser, or whatever opens such files.
    pub fn open(&self, jobs: &Jobs, notices: &mut Notices) {
        let Some(path) = self.saved.clone() else { return };
        let opened = jobs.start("open", move || {
            let opened = open::that_detached(&path);
            Some(Done::Opened(opened.map_err(|error| Error::io(Operation::Open, path.display(), error))))
        });
        if let Err(error) = opened {
            notices.bad(error.to_string());
        }
    }
}

/// Where browsers save to.
fn usual_folder() -> PathBuf {
    let home = std::env::home_dir().unwrap_or_default();
    let downloads = home.join("Downloads");
    if downloads.is_dir() { downloads } else { home }
}
