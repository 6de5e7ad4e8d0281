//! The window that shows certificates, with what is known of them, and saves them as PEM.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, TextEdit, Ui};

use super::notices::Notices;
use super::{bad, dialog, entered, field_width, take_escape, weak};
use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::app::style;
use crate::i18n::{t, tf};
use crate::net::Error;
use crate::net::tls::Certificate;

/// Width of the window, in points: it fits into the smallest one.
const WIDTH: f32 = 620.0;
/// The most that its certificates are high, in points.
const HEIGHT: f32 = 380.0;
/// Width of what a certificate says, in points.
const VALUE: f32 = 460.0;

/// What the window shows.
#[derive(Clone, Debug)]
pub struct Card {
    /// The certificate itself, then those above it.
    pub chain: Arc<[Certificate]>,
    /// Whether it is trusted, in words; nothing where that is not the question.
    pub trust: Option<Trust>,
}

/// Whether a certificate is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is, and for whom.
    Verified(String),
    /// It is not, and why.
    Refused(String),
}

/// The window, while it is open.
#[derive(Debug, Default)]
pub struct CertificateWindow {
    card: Option<Card>,
    /// The file to save to, as typed.
    path: String,
    folder: PathBuf,
    asking: Asking,
    working: bool,
}

impl CertificateWindow {
    /// Opens the window; a file is saved in `folder` unless a person says otherwise.
    pub fn open(&mut self, card: Card, folder: PathBuf) {
        self.card = Some(card);
        if self.path.is_empty() {
            self.folder = folder;
            self.path = self.folder.join("certificate.pem").display().to_string();
        }
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.card = None;
    }

    /// Closes the window on Escape, before anything below it sees the key.
    pub fn take_escape(&mut self, ctx: &egui::Context) {
        if self.card.is_some() && take_escape(ctx) {
            self.card = None;
        }
    }

    /// Shows the window.
    pub fn ui(&mut self, ctx: &egui::Context) -> Option<Command> {
        let card = self.card.clone()?;
        let mut command = None;
        let mut stay = true;
        dialog(t("certificate-title"), &mut stay).show(ctx, |ui| {
            ui.set_width(WIDTH);
            match &card.trust {
                Some(Trust::Verified(text)) => _ = ui.colored_label(style::palette(ui).good, text),
                Some(Trust::Refused(text)) => _ = bad(ui, text),
                None => {}
            }
            ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| chain(ui, &card.chain));
            ui.separator();
            command = self.file(ui);
        });
        if !stay {
            self.close();
        }
        command
    }

    fn file(&mut self, ui: &mut Ui) -> Option<Command> {
        let mut command = None;
        let ready = !self.working && !self.path.trim().is_empty();
        ui.horizontal(|ui| {
            let name = ui.label(t("certificate-path"));
            let buttons = [Command::SaveCertificateHere, Command::SaveCertificate].map(Command::label);
            let field = TextEdit::singleline(&mut self.path).desired_width(field_width(ui, &buttons));
            let field = ui.add(field).labelled_by(name.id).on_hover_text(t("certificate-path-hover"));
            if entered(ui, &field) && ready {
                command = Some(Command::SaveCertificateHere);
            }
            command = command.or(Command::SaveCertificateHere.button(ui, ready));
            command = command.or(Command::SaveCertificate.button(ui, !self.asking.is_open() && !self.working));
        });
        if self.asking.is_open() {
            weak(ui, t("dialog-open"));
        } else if self.target().is_file() {
            weak(ui, t("replaces"));
        }
        command
    }

    /// What does not begin at the root is below the usual folder.
    fn target(&self) -> PathBuf {
        dialogs::typed_path(&self.folder, &self.path)
    }

    /// Opens the dialog.
    pub fn ask(&mut self, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        let target = self.target();
        self.asking.begin(notices, || dialogs::ask_where_to_save(frame, jobs, &target, Done::CertificatePathChosen));
    }

    /// The dialog was closed; with a path it is saved.
    pub fn chosen(&mut self, path: Option<PathBuf>, jobs: &Jobs, notices: &mut Notices) {
        self.asking.end();
        if let Some(path) = path {
            self.path = path.display().to_string();
            self.save(jobs, notices);
        }
    }

    /// Saves to the typed path, on a thread of its own.
    pub fn save(&mut self, jobs: &Jobs, notices: &mut Notices) {
        let Some(card) = self.card.as_ref().filter(|_| !self.working) else { return };
        let (chain, path) = (Arc::clone(&card.chain), self.target());
        let work = move || Some(Done::CertificateSaved(Certificate::save(&chain, &path).map(|()| path)));
        match jobs.start("certificate", work) {
            Ok(()) => self.working = true,
            Err(error) => notices.bad(error.to_string()),
        }
    }

    /// It was saved, or not.
    pub fn saved(&mut self, result: Result<PathBuf, Error>, notices: &mut Notices) {
        self.working = false;
        match result {
            Ok(path) => notices.good(tf("saved", &[("path", path.display().to_string().into())])),
            Err(error) => notices.bad(error.to_string()),
        }
    }
}

/// A card for each certificate, one below the other.
pub fn chain(ui: &mut Ui, chain: &[Certificate]) {
    if chain.is_empty() {
        weak(ui, t("certificate-none"));
    }
    for (index, one) in chain.iter().enumerate() {
        if chain.len() > 1 {
            ui.add_space(4.0);
            let args = [("number", (index + 1).into()), ("count", chain.len().into())];
            ui.strong(tf("certificate-of", &args));
        }
        Grid::new(("certificate", index)).num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
            for row in one.rows() {
                ui.label(t(row.id)).on_hover_text(t(&format!("{}-hover", row.id)));
                ui.scope(|ui| {
                    ui.set_max_width(VALUE);
                    ui.add(Label::new(RichText::new(row.text).monospace()).wrap().selectable(true));
                });
                ui.end_row();
            }
        });
    }
}
