//! Sending a file: which, through the platform's dialog or a typed path, and how far it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Label, RichText, TextEdit, Ui};

use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{entered, form_menu, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::Error;
use crate::net::client::{Sending, Session};
use crate::recording::text;

/// Width of the field for the path, in points.
const WIDTH: f32 = 340.0;

/// The file of one session.
#[derive(Debug, Default)]
pub(super) struct FileSending {
    /// As typed.
    path: String,
    asking: Asking,
    now: Option<Arc<Sending>>,
}

impl FileSending {
    /// The menu in which a file is chosen. Gives the command that a person chose.
    pub(super) fn menu(&mut self, ui: &mut Ui, can_send: bool) -> Option<Command> {
        let mut command = None;
        let can_send = can_send && !self.is_running();
        form_menu(ui, t("send-file"), t("send-file-hover"), |ui| {
            let name = ui.label(t("send-file-path"));
            let edit = TextEdit::singleline(&mut self.path).desired_width(WIDTH).id_salt("send-file-path");
            let edit = ui.add(edit).labelled_by(name.id).on_hover_text(t("send-file-path-hover"));
            let ready = can_send && !self.path.trim().is_empty();
            if entered(ui, &edit) && ready {
                command = Some(Command::SendFile);
            }
            ui.horizontal(|ui| {
                command = command.or(Command::SendFile.main_button(ui, ready));
                if command.is_some() {
                    ui.close();
                }
                command = command.or(Command::ChooseFileToSend.button(ui, can_send && !self.asking.is_open()));
                if self.asking.is_open() {
                    weak(ui, t("dialog-open"));
                }
            });
        });
        command
    }

    /// Opens the dialog, for the session of this number.
    pub(super) fn ask(&mut self, id: u64, folder: &Path, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        let target = dialogs::typed_path(folder, &self.path);
        let folder = target.parent().unwrap_or(folder);
        let done = move |path| Done::SendPathChosen { session: id, path };
        self.asking.begin(notices, || dialogs::ask_what_to_open(frame, jobs, folder, done));
    }

    /// The dialog was closed.
    pub(super) fn chosen(&mut self, path: Option<&PathBuf>) {
        self.asking.end();
        if let Some(path) = path {
            self.path = path.display().to_string();
        }
    }

    /// Sends what is typed; what does not begin at the root is below `folder`.
    pub(super) fn send_typed(&mut self, session: &Session, folder: &Path) -> Result<(), Error> {
        let path = dialogs::typed_path(folder, &self.path);
        self.send(session, &path)
    }

    /// Sends a file, one at a time.
    pub(super) fn send(&mut self, session: &Session, path: &Path) -> Result<(), Error> {
        if !self.is_running() {
            self.now = Some(session.send_file(path)?);
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.now.as_ref().is_some_and(|now| now.ended().is_none())
    }

    /// How far it is, while it is being sent.
    pub(super) fn progress(&mut self, ui: &mut Ui) {
        if !self.is_running() {
            self.now = None;
        }
        let Some(now) = &self.now else { return };
        ui.horizontal(|ui| {
            let cancel = ui.add_enabled(!now.is_cancelled(), egui::Button::new(t("send-file-cancel")));
            if cancel.on_hover_text(t("send-file-cancel-hover")).clicked() {
                now.cancel();
            }
            let (sent, size) = now.progress();
            let name = now.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
            let args = [
                ("name", text::visible(name.as_bytes()).into()),
                ("sent", bytes(sent).into()),
                ("size", bytes(size).into()),
            ];
            let id = if size > 0 { "send-file-progress" } else { "send-file-waiting" };
            ui.add(Label::new(RichText::new(tf(id, &args)).small().weak()).truncate());
        });
    }
}
