//! One session of the Client tab: where to, how it stands, its conversation and its wire.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use egui::{CentralPanel, Color32, Frame, Margin, Panel, Ui};

use super::composer::Composer;
use super::conversation::Conversation;
use super::form::{Saved, SessionForm};
use super::sending::FileSending;
use super::tls;
use crate::app::command::Command;
use crate::app::jobs::Jobs;
use crate::app::settings::remember;
use crate::app::style::Palette;
use crate::app::widgets::certificate::Card;
use crate::app::widgets::notices::Notices;
use crate::app::widgets::wire::{self, Wire};
use crate::app::widgets::{bad, entered, recent_menu, state_label, text_field, weak};
use crate::app::{Tools, style};
use crate::i18n::{t, tf};
use crate::net::Error;
use crate::net::address::{HostPort, join, parse, parse_host, parse_port, port_meaning, split_typed};
use crate::net::client::{Ended, Event, FileEnd, RepeatEnd, Session, State, Waits};
use crate::recording::{Ends, Recording, text};

/// How many events one frame takes at most.
const DRAIN: usize = 2_000;
/// The most characters of a host that a tab shows.
const HOST_SHOWN: usize = 28;

/// One session, before, while and after it is connected.
#[derive(Debug)]
pub(super) struct SessionView {
    /// Its number, for what must be told apart from that of others.
    pub(super) id: u64,
    /// As a person left it.
    pub(super) form: SessionForm,
    session: Option<Session>,
    /// Why the form could not be used.
    mistake: Option<String>,
    conversation: Conversation,
    composer: Composer,
    pub(super) wire: Wire,
    again: Again,
    waits: Waits,
}

/// Whether it connects again by itself.
#[derive(Clone, Copy, Debug, Default)]
enum Again {
    /// Nothing is going on.
    #[default]
    No,
    /// When the connection ends, that is to be decided.
    AtEnd,
    /// It connects at this moment.
    At(Instant),
}

/// How it stands.
pub(super) enum Standing {
    Idle,
    Resolving,
    Connecting,
    Connected(Ends),
    Waiting,
    Ended(Ended),
}

impl Standing {
    fn colour(&self, palette: &Palette) -> Color32 {
        match self {
            Self::Idle => palette.weak,
            Self::Resolving | Self::Connecting | Self::Waiting => palette.warn,
            Self::Connected(_) => palette.good,
            Self::Ended(Ended::Failed(_) | Ended::Reset) => palette.bad,
            Self::Ended(_) => palette.weak,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Idle => t("state-client-idle"),
            Self::Resolving => t("state-client-resolving"),
            Self::Connecting => t("state-client-connecting"),
            Self::Connected(ends) => {
                let args = [("local", ends.local.to_string().into()), ("peer", ends.peer.to_string().into())];
                tf("state-client-connected", &args)
            }
            Self::Waiting => t("state-client-waiting"),
            Self::Ended(Ended::Failed(_)) => t("state-client-failed"),
            Self::Ended(ended) => ended.text(),
        }
    }

    /// In a word or two, for its tab.
    fn short_text(&self) -> String {
        match self {
            Self::Connected(_) => t("session-connected"),
            other => other.text(),
        }
    }

    /// Whether there is something to end.
    fn is_open(&self) -> bool {
        matches!(self, Self::Resolving | Self::Connecting | Self::Connected(_) | Self::Waiting)
    }
}

impl SessionView {
    pub(super) fn new(id: u64, form: SessionForm) -> Self {
        Self {
            id,
            form,
            session: None,
            mistake: None,
            conversation: Conversation::default(),
            composer: Composer::default(),
            wire: Wire::default(),
            again: Again::No,
            waits: Waits::default(),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self.session.as_ref().map(Session::state) {
            _ if matches!(self.again, Again::At(_)) => Standing::Waiting,
            None => Standing::Idle,
            Some(State::Resolving) => Standing::Resolving,
            Some(State::Connecting) => Standing::Connecting,
            Some(State::Connected(ends)) => Standing::Connected(ends),
            Some(State::Ended(ended)) => Standing::Ended(ended),
        }
    }

    /// Takes what the session reported and recorded, and connects again where that is wanted.
    pub(super) fn drain(&mut self, tools: &Tools<'_>) {
        self.conversation.set_encoding(self.form.encoding);
        let mut taken = 0;
        while let Some(report) = self.session.as_ref().and_then(|session| session.inbox().next()) {
            // What was recorded before the event comes before it.
            self.take_recorded(Some(report.at));
            if let Event::Connected(_) = &report.event {
                self.waits.connected();
            }
            if let Some(text) = report.event.text() {
                self.conversation.note(report.at, text, is_bad(&report.event));
            }
            taken += 1;
            if taken == DRAIN {
                tools.ctx.request_repaint();
                return;
            }
        }
        self.take_recorded(None);
        self.connect_again(tools);
    }

    fn take_recorded(&mut self, until: Option<SystemTime>) {
        if let Some(recording) = self.recording() {
            self.conversation.take(&recording, until);
        }
    }

    /// Once the connection has ended other than by a person, and all of it has been told: waits, and connects again.
    fn connect_again(&mut self, tools: &Tools<'_>) {
        let has_ended = self.session.as_ref().is_some_and(|session| session.inbox().ended());
        match (self.again, self.standing()) {
            (Again::AtEnd, Standing::Ended(ended)) if has_ended => {
                let by_person = matches!(ended, Ended::Disconnected | Ended::ResetHere);
                if by_person || !self.form.again {
                    self.again = Again::No;
                    return;
                }
                let wait = self.waits.next_wait();
                self.again = Again::At(Instant::now() + wait);
                let text = tf("connecting-again", &[("seconds", wait.as_secs().into())]);
                self.conversation.note(SystemTime::now(), text, false);
                tools.ctx.request_repaint_after(wait);
            }
            (Again::At(_), _) if !self.form.again => self.stop_waiting(),
            (Again::At(at), _) => match at.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => tools.ctx.request_repaint_after(left),
                _ => self.open(tools),
            },
            _ => {}
        }
    }

    fn stop_waiting(&mut self) {
        self.again = Again::No;
        self.conversation.note(SystemTime::now(), t("not-connecting-again"), false);
    }

    pub(super) fn recording(&self) -> Option<Arc<Recording>> {
        self.session.as_ref().and_then(Session::recording)
    }

    /// Does what a person asked for.
    pub(super) fn apply(&mut self, command: Command, recent: &mut Vec<String>, tools: &Tools<'_>) {
        let is_open = self.standing().is_open();
        match (command, &self.session) {
            (Command::Main, _) if is_open => self.apply(Command::Disconnect, recent, tools),
            (Command::Main, _) => self.connect(recent, tools),
            (Command::Connect, _) if !is_open => self.connect(recent, tools),
            (Command::GiveUp | Command::Disconnect, _) if matches!(self.again, Again::At(_)) => self.stop_waiting(),
            (Command::GiveUp | Command::Disconnect, Some(session)) => session.disconnect(),
            (Command::HalfClose, Some(session)) => session.half_close(),
            (Command::Reset, Some(session)) => session.reset(),
            (Command::PlayTutorial, _) => {
                // One press is enough: it connects first where there is no connection.
                if !is_open || matches!(self.again, Again::At(_)) {
                    self.connect(recent, tools);
                }
                if let Some(session) = self.session.as_ref().filter(|session| !session.playing()) {
                    session.play_tutorial_with(self.form.line_end);
                }
            }
            _ => {}
        }
    }

    /// Connects to what is typed, in a new conversation.
    fn connect(&mut self, recent: &mut Vec<String>, tools: &Tools<'_>) {
        match self.target() {
            Ok(to) => {
                remember(recent, to.to_string());
                self.conversation.clear();
                self.composer.focus();
                self.waits = Waits::default();
                self.open(tools);
            }
            Err(error) => self.mistake = Some(error.to_string()),
        }
    }

    fn target(&self) -> Result<HostPort, Error> {
        Ok(HostPort { host: parse_host(&self.form.host)?, port: parse_port(&self.form.port)? })
    }

    /// Connects, in the conversation that is there.
    fn open(&mut self, tools: &Tools<'_>) {
        let Ok(to) = self.target() else { return self.again = Again::No };
        self.mistake = None;
        self.again = Again::AtEnd;
        let (options, waker) = (self.form.options(), tools.waker.clone());
        self.session = Some(Session::connect(&to.host, to.port, options, tools.recorder, waker, None));
    }

    /// Where it goes, for its tab.
    pub(super) fn title(&self) -> String {
        let host = text::visible(self.form.host.trim().as_bytes());
        let mut shown: String = host.chars().take(HOST_SHOWN).collect();
        if shown.len() < host.len() {
            shown.push('…');
        }
        let port = text::visible(self.form.port.trim().as_bytes());
        join(&shown, port)
    }

    /// How it stands, for its tab: the colour and the words.
    pub(super) fn sign(&self, palette: &Palette) -> (Color32, String) {
        let standing = self.standing();
        (standing.colour(palette), standing.short_text())
    }

    /// Asks which file to send.
    pub(super) fn ask_file(&mut self, folder: &Path, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        self.composer.file.ask(self.id, folder, jobs, frame, notices);
    }

    /// The dialog that asks for it was closed: the file is sent.
    pub(super) fn file_chosen(&mut self, path: Option<PathBuf>) {
        self.composer.file.chosen(path.as_ref());
        if let Some(path) = path {
            self.send_file(|file, session| file.send(session, &path));
        }
    }

    /// Sends the typed file; what does not begin at the root is below `folder`.
    pub(super) fn send_typed_file(&mut self, folder: &Path) {
        self.send_file(|file, session| file.send_typed(session, folder));
    }

    fn send_file(&mut self, send: impl FnOnce(&mut FileSending, &Session) -> Result<(), Error>) {
        if let Some(session) = &self.session
            && let Err(error) = send(&mut self.composer.file, session)
        {
            self.composer.failed(&error);
        }
    }

    /// Shows it below its tab.
    pub(super) fn ui(&mut self, ui: &mut Ui, recent: &[String], saved: &mut Vec<Saved>) -> Option<Command> {
        let mut command = None;
        Panel::top("client-form").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = ui.push_id(self.id, |ui| self.form_ui(ui, recent)).inner;
            ui.add_space(style::GAP);
        });
        Panel::right("client-wire")
            .resizable(true)
            .default_size(ui.available_width() * 0.61)
            .min_size(200.0)
            .max_size(ui.available_width() * 0.7)
            .frame(Frame::new().inner_margin(Margin { left: 8, ..Default::default() }))
            .show(ui, |ui| {
                let recording = self.recording();
                let title = wire::title(recording.as_ref().and_then(|one| one.ends()));
                let (wire, form) = (&mut self.wire, &mut self.form.wire);
                let wanted = ui.push_id(self.id, |ui| wire.ui(ui, &title, recording.as_ref(), form, true, None)).inner;
                command = command.or(wanted);
            });
        let left = Frame::new().inner_margin(Margin { right: 8, ..Default::default() });
        CentralPanel::default().frame(left).show(ui, |ui| {
            Panel::bottom("client-message").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
                ui.add_space(style::GAP);
                let (form, session) = (&mut self.form, self.session.as_ref());
                let wanted = ui.push_id(self.id, |ui| self.composer.ui(ui, form, saved, session)).inner;
                command = command.or(wanted);
            });
            ui.horizontal(|ui| ui.strong(t("conversation")).on_hover_text(t("conversation-hover")));
            ui.push_id(self.id, |ui| self.conversation.ui(ui));
        });
        command
    }

    fn form_ui(&mut self, ui: &mut Ui, recent: &[String]) -> Option<Command> {
        let mut command = None;
        let standing = self.standing();
        let open = standing.is_open();
        let form = &mut self.form;
        ui.horizontal_wrapped(|ui| {
            ui.add_enabled_ui(!open, |ui| {
                let host = text_field(ui, "client-host", &mut form.host, 190.0);
                if let Some(HostPort { host, port }) = recent_menu(ui, recent).and_then(|one| parse(&one, "", 0).ok()) {
                    (form.host, form.port) = (host, port.to_string());
                }
                if host.lost_focus() {
                    split_typed(&mut form.host, &mut form.port);
                }
                let port = text_field(ui, "client-port", &mut form.port, 64.0);
                if entered(ui, &host) || entered(ui, &port) {
                    command = Some(Command::Connect);
                }
                form.tls.check_box(ui);
            });
            let main = match standing {
                Standing::Resolving | Standing::Connecting | Standing::Waiting => Command::GiveUp,
                Standing::Connected(_) => Command::Disconnect,
                Standing::Idle | Standing::Ended(_) => Command::Connect,
            };
            command = command.or(main.main_button(ui, true));
            ui.checkbox(&mut form.again, t("connect-again")).on_hover_text(t("connect-again-hover"));
            state_label(ui, standing.colour(style::palette(ui)), &standing.text());
            if let Some(security) = self.session.as_ref().and_then(Session::security) {
                command = command.or(tls::state(ui, &security));
            }
            // Last, so that nothing else moves while a port is typed.
            if let (false, Ok(port)) = (open, parse_port(&form.port)) {
                weak(ui, port_meaning(port));
            }
        });
        command = command.or(form.tls.fold(ui, open));
        if let Some(mistake) = &self.mistake {
            bad(ui, mistake);
        }
        command
    }

    /// The certificate that the server showed.
    pub(super) fn card(&self) -> Option<Card> {
        self.session.as_ref().and_then(Session::security).map(|security| tls::card(&security))
    }
}

/// Whether a line of the conversation tells of a failure.
fn is_bad(event: &Event) -> bool {
    match event {
        event if tls::is_bad(event) => true,
        Event::Ended(Ended::Failed(_)) | Event::RepeatEnded { end: RepeatEnd::Failed(_), .. } => true,
        Event::FileEnded(file) => matches!(file.ended(), Some(FileEnd::Cut | FileEnd::Failed(_))),
        _ => false,
    }
}
