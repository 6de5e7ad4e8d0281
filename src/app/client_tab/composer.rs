//! Where messages are typed, and how.

use egui::{TextEdit, Ui};

use super::form::{Compose, Saved, SessionForm};
use super::repeating::Repeating;
use super::saved::{self, Pick};
use super::sending::FileSending;
use crate::app::command::Command;
use crate::app::widgets::{bad, choose, entered, field_width, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::Error;
use crate::net::client::{LineEnd, Session, State};
use crate::recording::encoding::{Encoding, decode};
use crate::recording::hex;
use crate::typed::mistake_text;

/// How many bytes of a message are shown before it goes.
const PREVIEW: usize = 48;

/// The message that is being typed.
#[derive(Debug, Default)]
pub(super) struct Composer {
    message: String,
    /// Why the last one could not be sent.
    mistake: Option<String>,
    wants_focus: bool,
    repeating: Repeating,
    pub(super) file: FileSending,
}

impl Composer {
    /// What a person asked for could not be done.
    pub(super) fn failed(&mut self, error: &Error) {
        self.mistake = Some(error.to_string());
    }

    /// The field takes the keyboard's focus as soon as something can be sent.
    pub(super) fn focus(&mut self) {
        self.wants_focus = true;
        self.mistake = None;
    }

    /// Shows it. Gives the command that a person chose.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        form: &mut SessionForm,
        saved: &mut Vec<Saved>,
        session: Option<&Session>,
    ) -> Option<Command> {
        let connected = session.filter(|one| matches!(one.state(), State::Connected(_)));
        let open = connected.filter(|one| !one.is_half_closed());
        self.field(ui, form, saved, open);
        self.below_field(ui, form);
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            choices(ui, form);
            if self.repeating.menu(ui, form, open.is_some() && !self.message.is_empty()) {
                self.repeat(form, open);
            }
            command = self.file.menu(ui, open.is_some());
            let playing = session.is_some_and(Session::playing);
            command = command.or(Command::PlayTutorial.button(ui, !playing));
            command = command.or(Command::HalfClose.button(ui, open.is_some()));
            command = command.or(Command::Reset.button(ui, connected.is_some()));
            let unsent = connected.map_or(0, Session::unsent);
            if unsent > 0 {
                weak(ui, tf("unsent", &[("size", bytes(unsent).into())]));
            }
        });
        // Last, so that nothing else moves when they come and go.
        self.repeating.progress(ui);
        self.file.progress(ui);
        command
    }

    fn field(&mut self, ui: &mut Ui, form: &mut SessionForm, saved: &mut Vec<Saved>, open: Option<&Session>) {
        ui.horizontal(|ui| {
            let width = field_width(ui, &[t("saved-menu"), t("send")]);
            let edit = TextEdit::singleline(&mut self.message).desired_width(width).id_salt("client-message");
            let field = ui.add_enabled(open.is_some(), edit.hint_text(t("client-message-hint")));
            let field = field.accessible_name(t("client-message"));
            if open.is_some() && std::mem::take(&mut self.wants_focus) {
                field.request_focus();
            }
            if field.changed() {
                self.mistake = None;
            }
            let entered = entered(ui, &field);
            let typed = Saved { text: self.message.clone(), compose: form.compose };
            match saved::menu(ui, saved, &typed, open.is_some()) {
                Some(Pick::Edit(one)) => {
                    (self.message, form.compose) = (one.text, one.compose);
                    self.focus();
                }
                Some(Pick::Send(one)) => _ = self.send(form, &one, open),
                None => {}
            }
            let send = ui.add_enabled(open.is_some(), egui::Button::new(t("send"))).on_hover_text(t("send-hover"));
            if entered || send.clicked() {
                self.wants_focus = true;
                if self.send(form, &typed, open) {
                    self.message.clear();
                }
            }
        });
    }

    /// What is wrong, or what the message will be.
    fn below_field(&self, ui: &mut Ui, form: &SessionForm) {
        match &self.mistake {
            Some(mistake) => _ = bad(ui, mistake),
            None if !self.message.is_empty() && preview(ui, form, &self.message) => {}
            // What follows stays what it is: what has the keyboard's focus.
            None => ui.skip_ahead_auto_ids(1),
        }
    }

    /// Sends a message, if there is something to send; whether that is done.
    fn send(&mut self, form: &SessionForm, message: &Saved, open: Option<&Session>) -> bool {
        let Some(session) = open else { return false };
        match form.bytes(&message.text, message.compose) {
            Ok(whole) if whole.is_empty() => false,
            Ok(whole) => self.done(session.send(whole)),
            Err(mistake) => {
                self.mistake = Some(mistake_text(mistake));
                false
            }
        }
    }

    fn repeat(&mut self, form: &SessionForm, open: Option<&Session>) {
        // What is wrong with it is said below the field.
        if let (Some(session), Ok(whole)) = (open, form.bytes(&self.message, form.compose)) {
            let begun = self.repeating.start(session, form, whole);
            self.done(begun);
        }
    }

    fn done(&mut self, result: Result<(), Error>) -> bool {
        self.mistake = result.err().map(|error| error.to_string());
        self.mistake.is_none()
    }
}

/// How a message becomes bytes.
fn choices(ui: &mut Ui, form: &mut SessionForm) {
    ui.label(t("line-end")).on_hover_text(t("line-end-hover"));
    let ends =
        [(LineEnd::None, t("line-end-none")), (LineEnd::Lf, t("line-end-lf")), (LineEnd::CrLf, t("line-end-crlf"))];
    choose(ui, "line-end", &mut form.line_end, &ends, 0.0);
    let ways = [
        (Compose::Plain, t("compose-plain")),
        (Compose::Escapes, t("compose-escapes")),
        (Compose::Hex, t("compose-hex")),
    ];
    choose(ui, "compose", &mut form.compose, &ways, 0.0);
    let encodings = Encoding::ALL.map(|one| (one, one.name().to_owned()));
    choose(ui, "client-encoding", &mut form.encoding, &encodings, 0.0);
}

/// One line with the bytes that a message will be, where they are not what is typed, or with what is wrong with it; false
/// where there is none.
fn preview(ui: &mut Ui, form: &SessionForm, message: &str) -> bool {
    match form.bytes(message, form.compose) {
        Err(mistake) => _ = bad(ui, mistake_text(mistake)),
        Ok(_) if form.compose == Compose::Plain && form.encoding == Encoding::Utf8 => return false,
        Ok(all) => {
            let shown = &all[..all.len().min(PREVIEW)];
            let what = match form.compose {
                Compose::Hex => decode(form.encoding, shown, 0, 0..shown.len() as u64).text,
                Compose::Plain | Compose::Escapes => hex::row(shown),
            };
            let more = if shown.len() < all.len() { " …" } else { "" };
            let args = [("size", bytes(all.len() as u64).into()), ("what", (what + more).into())];
            let line = egui::RichText::new(tf("preview", &args)).small().weak();
            ui.add(egui::Label::new(line).truncate());
        }
    }
    true
}
