//! The Client tab: chats with any TCP servers side by side, with every try and every read shown as it came.

mod composer;
mod conversation;
pub mod form;
mod repeating;
mod saved;
mod sending;
mod session;
pub mod tls;

use std::path::{Path, PathBuf};

use egui::{ScrollArea, Ui};

use super::command::Command;
use super::jobs::Jobs;
use super::widgets::certificate::Card;
use super::widgets::notices::Notices;
use super::widgets::{self, field_width, wire};
use super::{Tools, style};
use crate::i18n::{t, tf};
use crate::recording::Ends;
use form::{ClientForm, MOST_SESSIONS, SessionForm};
use session::{SessionView, Standing};

/// The sessions, one at least.
#[derive(Debug)]
pub struct ClientTab {
    sessions: Vec<SessionView>,
    shown: usize,
    /// The number of the next one.
    next: u64,
}

/// What a person does with the list of sessions.
enum Change {
    Show(usize),
    Close(usize),
    Add,
}

impl ClientTab {
    /// The sessions as they were left, not connected.
    #[must_use]
    pub fn new(form: &ClientForm) -> Self {
        let mut tab = Self { sessions: Vec::new(), shown: 0, next: 0 };
        form.sessions.iter().take(MOST_SESSIONS).for_each(|one| tab.add(one.clone()));
        if tab.sessions.is_empty() {
            tab.add(SessionForm::default());
        }
        tab.shown = form.shown.min(tab.sessions.len() - 1);
        tab
    }

    /// Puts what is to survive a restart into `form`.
    pub fn keep(&self, form: &mut ClientForm) {
        form.sessions = self.sessions.iter().map(|one| one.form.clone()).collect();
        form.shown = self.shown;
    }

    /// Adds one and shows it.
    fn add(&mut self, form: SessionForm) {
        self.sessions.push(SessionView::new(self.next, form));
        self.next += 1;
        self.shown = self.sessions.len() - 1;
    }

    /// Takes what all sessions reported and recorded.
    pub fn drain(&mut self, tools: &Tools<'_>) {
        self.sessions.iter_mut().for_each(|one| one.drain(tools));
    }

    /// Does what a person asked for, with the session that is shown.
    pub fn apply(&mut self, command: Command, form: &mut ClientForm, tools: &Tools<'_>) {
        if let Some(session) = self.sessions.get_mut(self.shown) {
            session.apply(command, &mut form.recent, tools);
        }
    }

    /// Asks which file the session that is shown shall send.
    pub fn ask_file(&mut self, folder: &Path, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        if let Some(session) = self.sessions.get_mut(self.shown) {
            session.ask_file(folder, jobs, frame, notices);
        }
    }

    /// The dialog that asks for a file was closed. The session may have been, meanwhile.
    pub fn file_chosen(&mut self, session: u64, path: Option<PathBuf>) {
        if let Some(session) = self.sessions.iter_mut().find(|one| one.id == session) {
            session.file_chosen(path);
        }
    }

    /// Sends the file whose path is typed; what does not begin at the root is below `folder`.
    pub fn send_file(&mut self, folder: &Path) {
        if let Some(session) = self.sessions.get_mut(self.shown) {
            session.send_typed_file(folder);
        }
    }

    /// The ends of all that are connected.
    fn connected(&self) -> Vec<Ends> {
        let ends = |one: &SessionView| match one.standing() {
            Standing::Connected(ends) => Some(ends),
            _ => None,
        };
        self.sessions.iter().filter_map(ends).collect()
    }

    /// What the status bar says, and what more it says where the pointer rests.
    #[must_use]
    pub fn status(&self) -> (String, Option<String>) {
        match self.connected().as_slice() {
            [] => (self.status_unconnected(), None),
            [one] => (tf("status-client-connected", &[("peer", one.peer.to_string().into())]), None),
            all => {
                let lines: Vec<_> = all.iter().map(|ends| format!("{} → {}", ends.local, ends.peer)).collect();
                (tf("status-client-many", &[("n", all.len().into())]), Some(lines.join("\n")))
            }
        }
    }

    fn status_unconnected(&self) -> String {
        let mut all = self.sessions.iter().map(SessionView::standing);
        if all.any(|one| matches!(one, Standing::Resolving | Standing::Connecting | Standing::Waiting)) {
            return t("status-client-connecting");
        }
        match self.sessions.get(self.shown).map(SessionView::standing) {
            Some(Standing::Ended(_)) => t("status-client-ended"),
            _ => t("status-client-idle"),
        }
    }

    /// What the wire shows, and the bytes of it that are chosen.
    #[must_use]
    pub fn shown(&self) -> Option<wire::Shown> {
        self.sessions.get(self.shown).and_then(|one| one.wire.shown())
    }

    /// Opens the bar that looks for bytes in the wire.
    pub fn find(&mut self) {
        if let Some(session) = self.sessions.get_mut(self.shown) {
            session.wire.open_find();
        }
    }

    /// Shows the tab.
    pub fn ui(&mut self, ui: &mut Ui, form: &mut ClientForm) -> Option<Command> {
        match self.tabs(ui) {
            Some(Change::Show(index)) => self.shown = index,
            Some(Change::Close(index)) => self.close(index),
            Some(Change::Add) => {
                // As the one that is shown.
                let form = self.sessions.get(self.shown).map(|one| one.form.for_another()).unwrap_or_default();
                self.add(form);
            }
            None => {}
        }
        self.sessions.get_mut(self.shown).and_then(|session| session.ui(ui, &form.recent, &mut form.saved))
    }

    /// The certificate that the server of the shown session showed.
    #[must_use]
    pub fn card(&self) -> Option<Card> {
        self.sessions.get(self.shown).and_then(SessionView::card)
    }

    /// The number of the shown session.
    #[must_use]
    pub fn shown_id(&self) -> u64 {
        self.sessions.get(self.shown).map_or(0, |session| session.id)
    }

    /// A file of roots was chosen for the session with this number.
    pub fn roots_chosen(&mut self, id: u64, path: String) {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.id == id) {
            session.form.tls.roots = path;
        }
    }

    /// Disconnects one and takes it away; a new one stands in for the last.
    fn close(&mut self, index: usize) {
        let closed = self.sessions.remove(index);
        if self.sessions.is_empty() {
            self.add(closed.form.clone());
        } else if self.shown > index || self.shown == self.sessions.len() {
            self.shown -= 1;
        }
    }

    fn tabs(&self, ui: &mut Ui) -> Option<Change> {
        let mut change = None;
        ui.horizontal(|ui| {
            widgets::small_row(ui);
            let room = field_width(ui, &[t("session-add-sign")]);
            // As many as there may be: where they are too many for one row, they scroll.
            ScrollArea::horizontal().id_salt("sessions").max_width(room).auto_shrink(true).show(ui, |ui| {
                ui.horizontal(|ui| {
                    for (index, one) in self.sessions.iter().enumerate() {
                        let tab = session_tab(ui, one, index == self.shown);
                        if tab.clicked() {
                            change = Some(Change::Show(index));
                        }
                        if tab.middle_clicked() || index == self.shown && close_button(ui) {
                            change = Some(Change::Close(index));
                        }
                    }
                });
            });
            let has_room = self.sessions.len() < MOST_SESSIONS;
            let add = ui.add_enabled(has_room, egui::Button::new(t("session-add-sign")));
            let add = add.on_hover_text(t("session-add-hover")).on_disabled_hover_text(t("session-add-full"));
            if add.accessible_name(t("session-add")).clicked() {
                change = Some(Change::Add);
            }
        });
        change
    }
}

fn session_tab(ui: &mut Ui, session: &SessionView, is_shown: bool) -> egui::Response {
    let (colour, state) = session.sign(style::palette(ui));
    let title = session.title();
    let what = tf("session-name", &[("title", title.as_str().into()), ("state", state.into())]);
    widgets::small_tab(ui, is_shown, colour, &title, what)
}

fn close_button(ui: &mut Ui) -> bool {
    widgets::cross(ui, t("session-close"), t("session-close-hover")).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(ports: &[&str], shown: usize) -> ClientForm {
        let one = |port: &&str| SessionForm { port: (*port).to_owned(), ..SessionForm::default() };
        ClientForm { sessions: ports.iter().map(one).collect(), shown, ..ClientForm::default() }
    }

    #[track_caller]
    fn kept(tab: &ClientTab, ports: &[&str], shown: usize) {
        let mut kept = ClientForm::default();
        tab.keep(&mut kept);
        assert_eq!(kept, form(ports, shown));
    }

    #[test]
    fn sessions_survive_a_restart_and_one_is_always_there() {
        let mut tab = ClientTab::new(&form(&["1", "2", "3"], 1));
        kept(&tab, &["1", "2", "3"], 1);
        tab.close(0);
        kept(&tab, &["2", "3"], 0);
        tab.close(1);
        tab.close(0);
        kept(&tab, &["2"], 0);
        kept(&ClientTab::new(&form(&[], 5)), &["9999"], 0);
        let many = ClientTab::new(&form(&["1"; MOST_SESSIONS + 1], MOST_SESSIONS));
        kept(&many, &["1"; MOST_SESSIONS], MOST_SESSIONS - 1);
    }
}
