//! The window in which a person writes the rules of the server that is shown, and takes them from a file or puts them there.

use std::path::{Path, PathBuf};

use egui::{Button, Checkbox, DragValue, ScrollArea, TextEdit, Ui};

use super::command::Command;
use super::jobs::{Done, Jobs};
use super::widgets::file_row::{Buttons, FileRow};
use super::widgets::notices::Notices;
use super::widgets::{bad, choose, dialog, take_escape, weak};
use crate::i18n::{t, tf};
use crate::net::Error;
use crate::net::server::Settings;
use crate::net::server::rules::{LONGEST_DELAY_MS, MOST_RULES, Ready, Reply, Rule, Rules, When, load, save};

/// Width of the window, in points: it fits into the smallest one.
const WIDTH: f32 = 700.0;
/// The most that its list is high, in points.
const HEIGHT: f32 = 300.0;
/// Width of the two choices of a rule, in points.
const CHOICE: f32 = 132.0;

/// What is done with a file of rules.
const BUTTONS: Buttons =
    Buttons { choose: Command::ChooseRules, import: Command::ImportRules, export: Command::ExportRules };

/// The window, while it is open.
#[derive(Debug, Default)]
pub struct RulesWindow {
    open: bool,
    file: FileRow,
    /// What is wrong with each rule, as it was when that was found out.
    checked: Vec<(Rule, Option<String>)>,
}

/// Width of a rule's number, in points.
const NUMBER: f32 = 26.0;

/// What a person does with one rule.
enum Change {
    Up(usize),
    Down(usize),
    Remove(usize),
}

impl RulesWindow {
    /// Opens the window; files are in `folder` unless a person says otherwise.
    pub fn open(&mut self, folder: PathBuf) {
        self.open = true;
        self.file.propose(folder, "rules.toml");
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Closes the window on Escape, before anything below it sees the key.
    pub fn take_escape(&mut self, ctx: &egui::Context) {
        if self.open && take_escape(ctx) {
            self.open = false;
        }
    }

    /// Shows the window.
    pub fn ui(&mut self, ctx: &egui::Context, behaviour: &mut Settings, is_running: bool) -> Option<Command> {
        let mut stay = self.open;
        let mut command = None;
        dialog(t("rules-title"), &mut stay).show(ctx, |ui| {
            ui.set_width(WIDTH);
            ui.add(egui::Label::new(egui::RichText::new(t("rules-hint")).small().weak()).wrap());
            ui.add_space(4.0);
            ui.horizontal(|ui| top(ui, behaviour, is_running));
            let rules = &mut behaviour.rules;
            ui.add_space(4.0);
            ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| self.list(ui, rules));
            ui.add_space(6.0);
            ui.label(tf("rules-last", &[("number", (rules.len() + 1).into())])).on_hover_text(t("rules-last-hover"));
            ui.separator();
            command = self.file.ui(ui, "rules-path", BUTTONS, true, true);
        });
        self.open = stay;
        command
    }

    fn list(&mut self, ui: &mut Ui, rules: &mut Vec<Rule>) {
        self.check(rules);
        let mut change = None;
        let last = rules.len().saturating_sub(1);
        for (index, (rule, (_, mistake))) in rules.iter_mut().zip(&self.checked).enumerate() {
            ui.push_id(index, |ui| {
                egui::Frame::group(ui.style()).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        let (number, _) = ui.allocate_exact_size(egui::vec2(NUMBER, 26.0), egui::Sense::hover());
                        ui.put(number, egui::Label::new((index + 1).to_string()));
                        choose(ui, "rule-when", &mut rule.when, &When::ALL.map(|one| (one, one.text())), CHOICE);
                        let room = (ui.available_width() - 120.0).max(100.0);
                        if rule.when == When::Any {
                            ui.add_space(room + ui.spacing().item_spacing.x);
                        } else {
                            field(ui, "rule-pattern", &mut rule.pattern, room);
                        }
                        for (id, sign, possible, what) in [
                            ("rule-up", "↑", index > 0, Change::Up(index)),
                            ("rule-down", "↓", index < last, Change::Down(index)),
                            ("rule-remove", "×", true, Change::Remove(index)),
                        ] {
                            let button = ui.add_enabled(possible, Button::new(sign)).on_hover_text(t(id));
                            if button.accessible_name(t(id)).clicked() {
                                change = Some(what);
                            }
                        }
                    });
                    ui.horizontal(|ui| {
                        ui.add_space(NUMBER + ui.spacing().item_spacing.x);
                        choose(ui, "rule-reply", &mut rule.reply, &Reply::ALL.map(|one| (one, one.text())), CHOICE);
                        let room = (ui.available_width() - 240.0).max(100.0);
                        if rule.reply == Reply::Nothing {
                            ui.add_space(room + ui.spacing().item_spacing.x);
                        } else {
                            field(ui, "rule-with", &mut rule.with, room);
                        }
                        let delay = DragValue::new(&mut rule.delay_ms).range(0..=LONGEST_DELAY_MS).suffix(" ms");
                        let name = ui.label(t("rule-after")).on_hover_text(t("rule-after-hover"));
                        ui.add(delay).labelled_by(name.id);
                        ui.add(Checkbox::new(&mut rule.close, t("rule-close"))).on_hover_text(t("rule-close-hover"));
                    });
                    if let Some(mistake) = mistake {
                        bad(ui, mistake);
                    }
                });
            });
        }
        match change {
            Some(Change::Up(index)) => rules.swap(index, index - 1),
            Some(Change::Down(index)) => rules.swap(index, index + 1),
            Some(Change::Remove(index)) => _ = rules.remove(index),
            None => {}
        }
    }

    /// Looks for mistakes in what has changed. A file is read when the server starts.
    fn check(&mut self, rules: &[Rule]) {
        self.checked.truncate(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            if self.checked.get(index).is_some_and(|(checked, _)| checked == rule) {
                continue;
            }
            let mistake = Rules::new(std::slice::from_ref(rule), "", |_| Ok(Vec::new())).err();
            let checked = (rule.clone(), mistake.map(|mistake| mistake.what));
            if index < self.checked.len() { self.checked[index] = checked } else { self.checked.push(checked) }
        }
    }

    /// Opens the dialog for the rules of `server`.
    pub fn ask(&mut self, server: u64, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        self.file.ask(jobs, frame, notices, move |path| Done::RulesPathChosen(server, path));
    }

    /// The dialog was closed; the rules of the chosen file are read.
    pub fn chosen(&mut self, server: u64, path: Option<PathBuf>, jobs: &Jobs, notices: &mut Notices) {
        if self.file.chosen(path) {
            self.import(server, jobs, notices);
        }
    }

    /// Reads the rules of the typed file for `server`, on a thread of its own.
    pub fn import(&mut self, server: u64, jobs: &Jobs, notices: &mut Notices) {
        let path = self.file.target();
        let read = move || Done::RulesRead(server, load(&path).map(|rules| (path, rules)));
        self.file.start("rules", jobs, notices, read);
    }

    /// Writes the rules to the typed file, on a thread of its own.
    pub fn export(&mut self, rules: &[Rule], jobs: &Jobs, notices: &mut Notices) {
        let (path, rules) = (self.file.target(), rules.to_vec());
        let write = move || Done::RulesWritten(save(&path, &rules).map(|()| (path, rules.len())));
        self.file.start("rules", jobs, notices, write);
    }

    /// The file was read, or not. `rules` are those of the server that it was read for, if that is still there.
    pub fn read(
        &mut self,
        result: Result<(PathBuf, Vec<Rule>), Error>,
        rules: Option<&mut Vec<Rule>>,
        notices: &mut Notices,
    ) {
        self.file.done();
        let Some(rules) = rules else { return };
        match result {
            Ok((path, read)) => {
                say(notices, "rules-read", &path, read.len());
                *rules = read;
            }
            Err(error) => notices.bad(error.to_string()),
        }
    }

    /// The file was written, or not.
    pub fn written(&mut self, result: Result<(PathBuf, usize), Error>, notices: &mut Notices) {
        self.file.done();
        match result {
            Ok((path, rules)) => say(notices, "rules-written", &path, rules),
            Err(error) => notices.bad(error.to_string()),
        }
    }
}

fn say(notices: &mut Notices, id: &str, path: &Path, rules: usize) {
    notices.good(tf(id, &[("n", rules.into()), ("path", path.display().to_string().into())]));
}

/// What changes the list as a whole.
fn top(ui: &mut Ui, behaviour: &mut Settings, is_running: bool) {
    let rules = &mut behaviour.rules;
    if ui
        .add_enabled(rules.len() < MOST_RULES, Button::new(t("rules-add")))
        .on_hover_text(t("rules-add-hover"))
        .clicked()
    {
        rules.push(Rule::default());
    }
    let menu = ui.menu_button(t("rules-ready"), |ui| {
        for ready in Ready::ALL {
            if ui.button(ready.text()).clicked() {
                let had_none = *rules == Ready::Http.rules() && behaviour.welcome.is_empty();
                *rules = ready.rules();
                match ready.welcome() {
                    Some(welcome) => behaviour.welcome = welcome.to_owned(),
                    // It went with the rules that needed none.
                    None if had_none => behaviour.welcome = Settings::default().welcome,
                    None => {}
                }
                ui.close();
            }
        }
    });
    menu.response.on_hover_text(t("rules-ready-hover"));
    if is_running {
        weak(ui, t("rules-running"));
    }
}

fn field(ui: &mut Ui, name: &str, text: &mut String, width: f32) {
    let edit = TextEdit::singleline(text).desired_width(width).font(egui::TextStyle::Monospace).hint_text(t(name));
    ui.add(edit).on_hover_text(t(&format!("{name}-hover"))).accessible_name(t(name));
}
