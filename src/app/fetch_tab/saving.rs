//! Saving the body: through the platform's dialog, or to a typed path where no dialog can open; and opening the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{TextEdit, Ui};

use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::app::settings::FetchForm;
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{entered, field_width, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::fetch::Body;

/// What can be saved, and how far that is.
#[derive(Debug, Default)]
pub struct Saving {
    body: Option<Arc<Body>>,
    /// What is saved is the body as it was transferred.
    transferred: bool,
    folder: PathBuf,
    path: String,
    /// There is a file at `path` already.
    replaces: bool,
    asking: Asking,
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

    /// The folder that was saved to last, or the usual one.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// There is a body now, whole or cut short; or there is none. It may be where it was to go already.
    pub fn offer(&mut self, body: Option<&Arc<Body>>) {
        self.body = body.cloned();
        self.transferred = false;
        self.saved = body.and_then(|body| body.saved_to()).map(Path::to_owned);
        let path = body.map(|body| self.saved.clone().unwrap_or_else(|| self.folder.join(name(body))));
        self.path = path.map(|path| path.display().to_string()).unwrap_or_default();
        self.replaces = body.is_some() && self.saved.is_none() && self.target().is_file();
    }

    /// What is saved.
    fn chosen(&self) -> Option<&Arc<Body>> {
        let body = self.body.as_ref()?;
        if self.transferred { body.transferred() } else { Some(body) }
    }

    /// The path that is proposed for it.
    fn proposed(&self) -> String {
        self.chosen().map(|body| self.folder.join(name(body)).display().to_string()).unwrap_or_default()
    }

    /// Chooses whether it is what was transferred; a path of one's own stays.
    fn choose(&mut self, transferred: bool) {
        let is_own = self.path != self.proposed();
        self.transferred = transferred;
        if !is_own {
            self.path = self.proposed();
            self.replaces = self.target().is_file();
        }
    }

    fn target(&self) -> PathBuf {
        dialogs::typed_path(&self.folder, &self.path)
    }

    /// Shows the row for it, once there is something to save.
    pub fn ui(&mut self, ui: &mut Ui) -> Option<Command> {
        let partial = !self.body.as_ref()?.is_complete();
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            let free = !self.writing;
            command = Command::SaveBody.button(ui, free && !self.asking.is_open());
            let opens = Command::OpenSaved.button(ui, self.saved.is_some());
            command = command.or(opens);
            if self.saved.is_some() {
                let shows = Command::ShowInFolder.button(ui, true);
                command = command.or(shows);
            }
            ui.add_space(10.0);
            let field = ui.horizontal(|ui| {
                let name = ui.label(t("save-path")).on_hover_text(t("save-path-hover"));
                let width = field_width(ui, &[Command::SaveHere.label()]).min(520.0);
                ui.add(TextEdit::singleline(&mut self.path).desired_width(width)).labelled_by(name.id)
            });
            let field = field.inner;
            if field.changed() {
                self.replaces = self.target().is_file();
            }
            if entered(ui, &field) && free {
                command = Some(Command::SaveHere);
            }
            let here = Command::SaveHere.button(ui, free && !self.path.trim().is_empty());
            command = command.or(here);
            if let Some(size) = self.body.as_ref().and_then(|body| body.transferred()).map(|one| bytes(one.len())) {
                let mut transferred = self.transferred;
                let packed = ui.checkbox(&mut transferred, tf("save-transferred", &[("size", size.into())]));
                if packed.on_hover_text(t("save-transferred-hover")).changed() {
                    self.choose(transferred);
                }
            }
            if self.asking.is_open() {
                weak(ui, t("dialog-open"));
            }
            if self.replaces {
                weak(ui, t("replaces"));
            }
            if partial && self.saved.is_none() {
                weak(ui, t("partial-only"));
            }
        });
        command
    }

    /// Opens the dialog.
    pub fn ask(&mut self, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        let Some(body) = self.chosen().cloned().filter(|_| !self.writing) else { return };
        let target = self.folder.join(name(&body));
        let done = |path| Done::PathChosen { body, path };
        self.asking.begin(notices, || dialogs::ask_where_to_save(frame, jobs, &target, done));
    }

    /// The dialog was closed without a choice.
    pub fn dialog_closed(&mut self) {
        self.asking.end();
    }

    /// Saves to the typed path.
    pub fn save_here(&mut self, jobs: &Jobs, notices: &mut Notices) {
        let path = self.target();
        if let Some(body) = self.chosen().cloned().filter(|_| !self.writing && !self.path.trim().is_empty()) {
            self.save(body, path, jobs, notices);
        }
    }

    /// Saves `body` to `path`, on a thread of its own.
    pub fn save(&mut self, body: Arc<Body>, path: PathBuf, jobs: &Jobs, notices: &mut Notices) {
        self.asking.end();
        self.writing = true;
        let saved = jobs.start("save", move || {
            // A body that was cut short goes only to a name that says so.
            let saved = if body.is_complete() { body.save(&path).map(|()| path) } else { body.save_partial(&path) };
            Some(Done::Saved(saved))
        });
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
        self.replaces = true;
        self.saved = Some(path);
    }

    /// The body could not be saved.
    pub fn not_saved(&mut self) {
        self.writing = false;
    }

    /// Hands the saved file to the browser, or whatever opens such files.
    pub fn open(&self, jobs: &Jobs, notices: &mut Notices) {
        if let Some(path) = self.saved.clone() {
            open(path, jobs, notices);
        }
    }

    /// Hands the folder of the saved file to whatever shows folders.
    pub fn show_in_folder(&self, jobs: &Jobs, notices: &mut Notices) {
        if let Some(folder) = self.saved.as_deref().and_then(Path::parent) {
            open(folder.to_owned(), jobs, notices);
        }
    }
}

fn open(path: PathBuf, jobs: &Jobs, notices: &mut Notices) {
    let opened = jobs.start("open", move || Some(Done::Opened(dialogs::show(&path))));
    if let Err(error) = opened {
        notices.bad(error.to_string());
    }
}

fn name(body: &Body) -> PathBuf {
    let name = Path::new(body.suggested_name());
    if body.is_complete() { name.to_owned() } else { Body::partial_path(name) }
}

/// Where browsers save to.
fn usual_folder() -> PathBuf {
    let home = std::env::home_dir().unwrap_or_default();
    let downloads = home.join("Downloads");
    if downloads.is_dir() { downloads } else { home }
}
