//! The menu of profiles: servers under a name, kept for another time, and written to and read from files.

use std::path::PathBuf;

use egui::{Button, RichText, ScrollArea, TextEdit, Ui};

use crate::app::command::Command;
use crate::app::jobs::{Done, Jobs};
use crate::app::settings::ServerForm;
use crate::app::widgets::file_row::{Buttons, FileRow};
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{bad, cross, entered, field_width, form_menu, weak};
use crate::i18n::{t, tf};
use crate::net::Error;
use crate::net::server::profile::{self, LONGEST_NAME, MOST, Profile};

/// Width of the menu, in points: it fits into the smallest window.
const WIDTH: f32 = 420.0;
/// The most that its list is high, in points.
const HEIGHT: f32 = 220.0;

const BUTTONS: Buttons =
    Buttons { choose: Command::ChooseProfile, import: Command::ImportProfile, export: Command::ExportProfile };

/// What the menu remembers.
#[derive(Debug, Default)]
pub struct Profiles {
    file: FileRow,
}

impl Profiles {
    /// Files are in `folder` unless a person says otherwise.
    pub fn propose(&mut self, folder: PathBuf) {
        self.file.propose(folder, "server.toml");
    }

    /// Shows the button of the menu, and the menu while it is open. `form` is that of the server that is shown, `kept` are
    /// all profiles, by name.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        form: &mut ServerForm,
        kept: &mut Vec<Profile>,
        running: bool,
    ) -> Option<Command> {
        let mut command = None;
        form_menu(ui, RichText::new(t("profiles")).small(), t("profiles-hover"), |ui| {
            ui.set_width(WIDTH);
            name_row(ui, form, kept);
            ui.separator();
            list(ui, form, kept, running);
            ui.separator();
            command = self.file.ui(ui, "profile-path", BUTTONS, !running, form.profile().is_ok());
        });
        command
    }

    /// Does what a person asked for with the file, for the server with this id.
    pub fn apply(
        &mut self,
        command: Command,
        (server, form): (u64, &ServerForm),
        jobs: &Jobs,
        frame: &eframe::Frame,
        notices: &mut Notices,
    ) {
        match command {
            Command::ChooseProfile => {
                self.file.ask(jobs, frame, notices, move |path| Done::ProfilePathChosen(server, path));
            }
            Command::ImportProfile => self.import(server, jobs, notices),
            Command::ExportProfile => {
                let Ok(profile) = form.profile() else { return };
                let path = self.file.target();
                let write = move || Done::ProfileWritten(profile::save(&path, &profile).map(|()| path));
                self.file.start("profile", jobs, notices, write);
            }
            _ => {}
        }
    }

    fn import(&mut self, server: u64, jobs: &Jobs, notices: &mut Notices) {
        let path = self.file.target();
        let read = move || Done::ProfileRead(server, profile::load(&path).map(|profile| (path, Box::new(profile))));
        self.file.start("profile", jobs, notices, read);
    }

    /// The dialog was closed; the chosen file is read.
    pub fn chosen(&mut self, server: u64, path: Option<PathBuf>, jobs: &Jobs, notices: &mut Notices) {
        if self.file.chosen(path) {
            self.import(server, jobs, notices);
        }
    }

    /// The file was read, or not. `form` is that of the server that it was read for, if that is there and does not run.
    pub fn read(
        &mut self,
        result: Result<(PathBuf, Box<Profile>), Error>,
        form: Option<&mut ServerForm>,
        notices: &mut Notices,
    ) {
        self.file.done();
        match (result, form) {
            (Ok((path, profile)), Some(form)) => {
                say(notices, "profile-read", &path);
                form.load(*profile);
            }
            (Ok(_), None) => notices.bad(t("profile-running")),
            (Err(error), _) => notices.bad(error.to_string()),
        }
    }

    /// The file was written, or not.
    pub fn written(&mut self, result: Result<PathBuf, Error>, notices: &mut Notices) {
        self.file.done();
        match result {
            Ok(path) => say(notices, "profile-written", &path),
            Err(error) => notices.bad(error.to_string()),
        }
    }
}

fn say(notices: &mut Notices, id: &str, path: &std::path::Path) {
    notices.good(tf(id, &[("path", path.display().to_string().into())]));
}

/// The server's name, and the button that keeps it under that name.
fn name_row(ui: &mut Ui, form: &mut ServerForm, kept: &mut Vec<Profile>) {
    let profile = form.profile();
    let name = profile::tidy_name(&form.name);
    let is_there = kept.iter().any(|one| one.name == name);
    let has_room = is_there || kept.len() < MOST;
    let ready = profile.is_ok() && !name.is_empty() && has_room;
    ui.horizontal(|ui| {
        let label = ui.label(t("server-name"));
        let width = field_width(ui, &[t("profile-save")]);
        let edit = TextEdit::singleline(&mut form.name).desired_width(width).char_limit(LONGEST_NAME);
        let edit = ui.add(edit.hint_text(t("server-name-hint"))).labelled_by(label.id);
        let edit = edit.on_hover_text(t("server-name-hover"));
        let save = ui.add_enabled(ready, Button::new(t("profile-save"))).on_hover_text(t("profile-save-hover"));
        if (save.clicked() || entered(ui, &edit))
            && ready
            && let Ok(profile) = &profile
        {
            form.name = name.clone();
            keep(kept, Profile { name: name.clone(), ..profile.clone() });
        }
    });
    match &profile {
        Err(error) => _ = bad(ui, error.to_string()),
        Ok(_) if name.is_empty() => _ = weak(ui, t("profile-no-name")),
        Ok(_) if !has_room => _ = weak(ui, tf("profile-full", &[("most", MOST.into())])),
        Ok(profile) if kept.iter().any(|one| one == profile) => {
            _ = weak(ui, t("profile-saved"));
        }
        Ok(_) if is_there => _ = weak(ui, t("profile-replaces")),
        Ok(_) => _ = weak(ui, t("profile-not-saved")),
    }
}

/// Puts a profile in its place by name, instead of the one that has its name.
fn keep(kept: &mut Vec<Profile>, profile: Profile) {
    let key = |one: &Profile| (one.name.to_lowercase(), one.name.clone());
    match kept.binary_search_by_key(&key(&profile), key) {
        Ok(place) => kept[place] = profile,
        Err(place) => kept.insert(place, profile),
    }
}

/// All profiles: a press loads one.
fn list(ui: &mut Ui, form: &mut ServerForm, kept: &mut Vec<Profile>, running: bool) {
    if kept.is_empty() {
        weak(ui, t("profiles-none"));
    }
    let mut delete = None;
    ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
        for (place, profile) in kept.iter().enumerate() {
            ui.horizontal(|ui| {
                let address = crate::net::address::join(&profile.address, profile.port);
                let text = (RichText::new(&profile.name), RichText::new(&address).small().weak());
                let load = ui.add_enabled(!running, Button::new(text).frame_when_inactive(false));
                let load = load.on_hover_text(t("profile-load-hover")).on_disabled_hover_text(t("profile-running"));
                let what = tf("profile-load", &[("name", profile.name.clone().into()), ("address", address.into())]);
                if load.accessible_name(what).clicked() {
                    form.load(profile.clone());
                    ui.close();
                }
                let what = tf("profile-delete", &[("name", profile.name.clone().into())]);
                if cross(ui, what.clone(), what).clicked() {
                    delete = Some(place);
                }
            });
        }
    });
    if let Some(place) = delete {
        kept.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_kept_by_name_and_each_name_once() {
        let mut kept = Vec::new();
        for (name, port) in [("b", 1), ("A", 2), ("c", 3), ("b", 4), ("B", 5)] {
            keep(&mut kept, Profile { name: name.to_owned(), port, ..Profile::default() });
        }
        let found: Vec<_> = kept.iter().map(|one| (one.name.as_str(), one.port)).collect();
        assert_eq!(found, [("A", 2), ("B", 5), ("b", 4), ("c", 3)]);
    }
}
