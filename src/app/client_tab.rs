//! The Client tab: a chat with any TCP server, with every try and every read shown as it came.

pub mod tls;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, ScrollArea, TextEdit, Ui};

use super::command::Command;
use super::settings::{ClientForm, Compose, remember};
use super::widgets::certificate::Card;
use super::widgets::log_list::clock;
use super::widgets::wire::{self, Wire};
use super::widgets::{bad, choose, entered, field_width, hint, recent_menu, state_label, text_field, weak};
use super::{Tools, style};
use crate::i18n::{bytes, t, tf};
use crate::net::address::{HostPort, parse, parse_host, parse_port, port_meaning, split_typed};
use crate::net::client::{Ended, Event, LineEnd, Options, Session, State};
use crate::recording::{Direction, Recording, hex, text};
use crate::typed::mistake_text;

/// How many pieces the conversation keeps.
const MOST: usize = 2_000;
/// How much of one read or write a bubble shows, in bytes; the wire shows it all.
const SHOWN: usize = 4_096;
/// How many events one frame takes at most.
const DRAIN: usize = 2_000;

/// What the tab remembers.
#[derive(Debug, Default)]
pub struct ClientTab {
    session: Option<Session>,
    /// Why the form or a message could not be used.
    mistake: Option<String>,
    message: String,
    conversation: VecDeque<Piece>,
    /// Pieces that made room for newer ones.
    gone: u64,
    /// The number of the next segment to take from the recording.
    next: u64,
    wire: Wire,
    focus_message: bool,
    /// Counts the sessions: each conversation is scrolled for itself.
    sessions: u64,
}

/// A line or bubble of the conversation.
#[derive(Debug)]
struct Piece {
    at: SystemTime,
    what: What,
    /// As it was drawn last, and for which width; what is out of sight only takes its space.
    height: Option<(f32, f32)>,
}

#[derive(Debug)]
enum What {
    Note { text: String, bad: bool },
    Moved { direction: Direction, text: String, len: usize },
}

impl ClientTab {
    /// Takes what the session reported and recorded.
    pub fn drain(&mut self, tools: &Tools<'_>) {
        let mut taken = 0;
        while let Some(report) = self.session.as_ref().and_then(|session| session.inbox().next()) {
            // What was recorded before the event comes before it.
            self.take_recorded(Some(report.at));
            if let Some(text) = report.event.text() {
                let bad = tls::is_bad(&report.event) || matches!(report.event, Event::Ended(Ended::Failed(_)));
                self.push(report.at, What::Note { text, bad });
            }
            taken += 1;
            if taken == DRAIN {
                tools.ctx.request_repaint();
                return;
            }
        }
        self.take_recorded(None);
    }

    /// Makes bubbles of the segments that came, up to a moment.
    fn take_recorded(&mut self, until: Option<SystemTime>) {
        let Some(recording) = self.recording() else { return };
        let opened = recording.opened();
        let mut new = Vec::new();
        let next = recording.read(|log| {
            let kept = log.kept();
            // More than the conversation keeps would only be thrown away again.
            let mut number = self.next.max(kept.start).max(kept.end.saturating_sub(MOST as u64));
            while let Some(segment) = log.segment(number) {
                let at = opened + segment.at;
                if until.is_some_and(|until| at > until) {
                    break;
                }
                let range = segment.range();
                let shown = log.joined(segment.direction, range.start..range.end.min(range.start + SHOWN as u64));
                new.push((at, segment.direction, shown, segment.len));
                number += 1;
            }
            number
        });
        self.next = next;
        for (at, direction, shown, len) in new {
            let mut text = bubble_text(&shown);
            if len > shown.len() {
                text += &tf("bubble-cut", &[("size", bytes((len - shown.len()) as u64).into())]);
            }
            self.push(at, What::Moved { direction, text, len });
        }
    }

    fn push(&mut self, at: SystemTime, what: What) {
        if self.conversation.len() == MOST {
            self.conversation.pop_front();
            self.gone += 1;
        }
        self.conversation.push_back(Piece { at, what, height: None });
    }

    fn recording(&self) -> Option<Arc<Recording>> {
        self.session.as_ref().and_then(Session::recording)
    }

    /// Does what a person asked for.
    pub fn apply(&mut self, command: Command, form: &mut ClientForm, tools: &Tools<'_>) {
        match command {
            Command::Main if self.is_open() => self.apply(Command::Disconnect, form, tools),
            Command::Main => self.apply(Command::Connect, form, tools),
            Command::Connect if !self.is_open() => self.connect(form, tools),
            Command::GiveUp | Command::Disconnect => {
                if let Some(session) = &self.session {
                    session.disconnect();
                }
            }
            Command::HalfClose => {
                if let Some(session) = &self.session {
                    session.half_close();
                }
            }
            Command::Reset => {
                if let Some(session) = &self.session {
                    session.reset();
                }
            }
            Command::PlayTutorial => {
                // One press is enough: it connects first where there is no connection.
                if !self.is_open() {
                    self.connect(form, tools);
                }
                if let Some(session) = self.session.as_ref().filter(|session| !session.playing()) {
                    session.play_tutorial_with(form.line_end);
                }
            }
            _ => {}
        }
    }

    fn connect(&mut self, form: &mut ClientForm, tools: &Tools<'_>) {
        match parse_host(&form.host).and_then(|host| Ok(HostPort { host, port: parse_port(&form.port)? })) {
            Ok(to) => {
                self.mistake = None;
                self.conversation.clear();
                self.gone = 0;
                self.next = 0;
                self.sessions += 1;
                remember(&mut form.recent, to.to_string());
                let options = Options { tls: form.tls.take(), ..Options::default() };
                let waker = tools.waker.clone();
                self.session = Some(Session::connect(&to.host, to.port, options, tools.recorder, waker, None));
                self.focus_message = true;
            }
            Err(error) => self.mistake = Some(error.to_string()),
        }
    }

    fn send(&mut self, form: &ClientForm) {
        let Some(session) = &self.session else { return };
        self.focus_message = true;
        // What is wrong is said below the field.
        let Ok(mut whole) = form.compose.bytes(&self.message) else { return };
        whole.extend_from_slice(form.line_end.bytes());
        if whole.is_empty() {
            return;
        }
        match session.send(whole) {
            Ok(()) => {
                self.message.clear();
                self.mistake = None;
            }
            Err(error) => self.mistake = Some(error.to_string()),
        }
    }

    fn state(&self) -> Option<State> {
        self.session.as_ref().map(Session::state)
    }

    fn is_open(&self) -> bool {
        matches!(self.state(), Some(State::Resolving | State::Connecting | State::Connected(_)))
    }

    /// What the status bar says.
    #[must_use]
    pub fn status(&self) -> String {
        match self.state() {
            None => t("status-client-idle"),
            Some(State::Resolving | State::Connecting) => t("status-client-connecting"),
            Some(State::Connected(ends)) => tf("status-client-connected", &[("peer", ends.peer.to_string().into())]),
            Some(State::Ended(_)) => t("status-client-ended"),
        }
    }

    /// What the wire shows, and the bytes of it that are chosen.
    #[must_use]
    pub fn shown(&self) -> Option<wire::Shown> {
        self.wire.shown()
    }

    /// Opens the bar that looks for bytes in the wire.
    pub fn find(&mut self) {
        self.wire.open_find();
    }

    /// Shows the tab.
    pub fn ui(&mut self, ui: &mut Ui, form: &mut ClientForm) -> Option<Command> {
        let mut command = None;
        Panel::top("client-form").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = self.form(ui, form);
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
                let wanted = self.wire.ui(ui, &title, recording.as_ref(), &mut form.wire, true, None);
                command = command.or(wanted);
            });
        CentralPanel::default().frame(Frame::new().inner_margin(Margin { right: 8, ..Default::default() })).show(
            ui,
            |ui| {
                Panel::bottom("client-message").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
                    ui.add_space(style::GAP);
                    command = command.or(self.composer(ui, form));
                });
                ui.horizontal(|ui| ui.strong(t("conversation")).on_hover_text(t("conversation-hover")));
                self.conversation(ui);
            },
        );
        command
    }

    fn form(&mut self, ui: &mut Ui, form: &mut ClientForm) -> Option<Command> {
        let mut command = None;
        let open = self.is_open();
        ui.horizontal_wrapped(|ui| {
            ui.add_enabled_ui(!open, |ui| {
                let host = text_field(ui, "client-host", &mut form.host, 190.0);
                if let Some(HostPort { host, port }) =
                    recent_menu(ui, &form.recent).and_then(|one| parse(&one, "", 0).ok())
                {
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
            let main = match self.state() {
                Some(State::Resolving | State::Connecting) => Command::GiveUp,
                Some(State::Connected(_)) => Command::Disconnect,
                _ => Command::Connect,
            };
            command = command.or(main.main_button(ui, true));
            let palette = style::palette(ui);
            let (colour, text) = match self.state() {
                None => (palette.weak, t("state-client-idle")),
                Some(State::Resolving) => (palette.warn, t("state-client-resolving")),
                Some(State::Connecting) => (palette.warn, t("state-client-connecting")),
                Some(State::Connected(ends)) => {
                    let args = [("local", ends.local.to_string().into()), ("peer", ends.peer.to_string().into())];
                    (palette.good, tf("state-client-connected", &args))
                }
                Some(State::Ended(Ended::Failed(_))) => (palette.bad, t("state-client-failed")),
                Some(State::Ended(Ended::Reset)) => (palette.bad, Ended::Reset.text()),
                Some(State::Ended(ended)) => (palette.weak, ended.text()),
            };
            state_label(ui, colour, &text);
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
    #[must_use]
    pub fn card(&self) -> Option<Card> {
        self.session.as_ref().and_then(Session::security).map(|security| tls::card(&security))
    }

    fn composer(&mut self, ui: &mut Ui, form: &mut ClientForm) -> Option<Command> {
        let connected = matches!(self.state(), Some(State::Connected(_)));
        let can_send = connected && !self.session.as_ref().is_some_and(Session::is_half_closed);
        let mut command = None;
        ui.horizontal(|ui| {
            let name = ui.label(t("client-message"));
            let width = field_width(ui, &[t("send")]);
            let field =
                TextEdit::singleline(&mut self.message).desired_width(width).hint_text(t("client-message-hint"));
            let field = ui.add_enabled(can_send, field).labelled_by(name.id);
            if can_send && std::mem::take(&mut self.focus_message) {
                field.request_focus();
            }
            let send = entered(ui, &field);
            let pressed =
                ui.add_enabled(can_send, egui::Button::new(t("send"))).on_hover_text(t("send-hover")).clicked();
            if can_send && (send || pressed) {
                self.send(form);
            }
        });
        if form.compose != Compose::Plain && !self.message.is_empty() {
            preview(ui, form, &self.message);
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(t("line-end")).on_hover_text(t("line-end-hover"));
            let ends = [
                (LineEnd::None, t("line-end-none")),
                (LineEnd::Lf, t("line-end-lf")),
                (LineEnd::CrLf, t("line-end-crlf")),
            ];
            choose(ui, "line-end", &mut form.line_end, &ends, 0.0);
            let ways = [
                (Compose::Plain, t("compose-plain")),
                (Compose::Escapes, t("compose-escapes")),
                (Compose::Hex, t("compose-hex")),
            ];
            choose(ui, "compose", &mut form.compose, &ways, 0.0);
            let playing = self.session.as_ref().is_some_and(Session::playing) && self.is_open();
            command = Command::PlayTutorial.button(ui, !playing);
            command = command.or(Command::HalfClose.button(ui, can_send)).or(Command::Reset.button(ui, connected));
            let unsent = self.session.as_ref().map_or(0, Session::unsent);
            if unsent > 0 && connected {
                weak(ui, tf("unsent", &[("size", bytes(unsent).into())]));
            }
        });
        command
    }

    fn conversation(&mut self, ui: &mut Ui) {
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.conversation.is_empty() {
                hint(ui, t("conversation-empty"));
                return;
            }
            if self.gone > 0 {
                weak(ui, tf("conversation-gone", &[("count", crate::i18n::count(self.gone).into())]));
            }
            ScrollArea::vertical()
                .auto_shrink(false)
                .stick_to_bottom(true)
                .id_salt(("conversation", self.sessions))
                .show(ui, |ui| {
                    let width = ui.available_width();
                    for piece in &mut self.conversation {
                        if let Some((height, for_width)) = piece.height
                            && for_width == width
                        {
                            let rect = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(width, height));
                            if !ui.is_rect_visible(rect) {
                                ui.allocate_space(rect.size());
                                continue;
                            }
                        }
                        let height = ui.scope(|ui| piece_ui(ui, piece)).response.rect.height();
                        piece.height = Some((height, width));
                    }
                });
        });
    }
}

/// The bytes that a message will be, or what is wrong with it.
fn preview(ui: &mut Ui, form: &ClientForm, message: &str) {
    /// So many bytes are shown.
    const MOST: usize = 48;
    match form.compose.bytes(message) {
        Ok(mut all) => {
            all.extend_from_slice(form.line_end.bytes());
            let shown = &all[..all.len().min(MOST)];
            let what = if form.compose == Compose::Hex { text::visible(shown) } else { hex::row(shown) };
            let more = if shown.len() < all.len() { " …" } else { "" };
            let args = [("size", bytes(all.len() as u64).into()), ("what", (what + more).into())];
            let line = egui::RichText::new(tf("preview", &args)).small().weak();
            ui.add(egui::Label::new(line).truncate());
        }
        Err(mistake) => _ = bad(ui, mistake_text(mistake)),
    }
}

/// Text to be read: lines stand below each other, with their ends still to be seen. What is mostly not text is left to the
/// wire.
fn bubble_text(shown: &[u8]) -> String {
    let strange: usize = shown.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    let control = shown.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    if (strange + control) * 4 > shown.len() && shown.len() >= 16 {
        return tf("bubble-binary", &[("size", bytes(shown.len() as u64).into())]);
    }
    let lines: Vec<_> = shown.split_inclusive(|byte| *byte == b'\n').map(text::visible).collect();
    lines.join("\n")
}

fn piece_ui(ui: &mut Ui, piece: &Piece) {
    let palette = style::palette(ui);
    ui.spacing_mut().interact_size.y = style::ROW;
    match &piece.what {
        What::Note { text, bad } => {
            ui.horizontal_wrapped(|ui| {
                weak(ui, clock(piece.at));
                let colour = if *bad { palette.bad } else { palette.weak };
                ui.label(egui::RichText::new(text).small().color(colour));
            });
        }
        What::Moved { len: 0, .. } => {
            ui.horizontal_wrapped(|ui| {
                weak(ui, clock(piece.at));
                weak(ui, t("bubble-empty-read")).on_hover_text(t("bubble-empty-read-hover"));
            });
        }
        What::Moved { direction, text, len } => {
            let (layout, fill) = match direction {
                Direction::In => (Layout::top_down(Align::Min), palette.bubble_in),
                Direction::Out => (Layout::top_down(Align::Max), palette.bubble_out),
            };
            ui.with_layout(layout, |ui| {
                ui.set_max_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = 2.0;
                Frame::new().fill(fill).corner_radius(8).inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
                    ui.set_max_width((ui.available_width() * 0.8).max(120.0));
                    ui.label(text);
                });
                let args = [("time", clock(piece.at).into()), ("size", bytes(*len as u64).into())];
                weak(ui, tf("bubble-note", &args));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bubbles_show_lines_and_leave_what_is_not_text_to_the_wire() {
        assert_eq!(bubble_text(b"220 ready\r\nhelp\n"), "220 ready\\r\\n\nhelp\\n");
        assert_eq!(bubble_text("Hello, 好!".as_bytes()), "Hello, 好!");
        assert_eq!(bubble_text(b"\xe5\xa5"), "\\xe5\\xa5", "little is shown as it is");
        assert!(bubble_text(&[0; 256]).starts_with("256 B"));
    }
}
