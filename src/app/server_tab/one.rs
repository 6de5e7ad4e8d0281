//! One server of the Server tab: start and stop it, see who is connected, what was logged, and the wire.

use std::time::{Instant, SystemTime};

use egui::{CentralPanel, Frame, Panel, RichText, ScrollArea, Ui};

use super::behaviour;
use super::connections::Connections;
use super::throughput::Throughput;
use super::tls;
use crate::app::command::Command;
use crate::app::settings::ServerForm;
use crate::app::widgets::address_picker::address_picker;
use crate::app::widgets::certificate::Card;
use crate::app::widgets::log_list::LogList;
use crate::app::widgets::wire::{self, Wire, WireForm};
use crate::app::widgets::{bad, entered, state_label, text_field, weak};
use crate::app::{Tools, style};
use crate::i18n::{t, tf};
use crate::net::address::{parse_host, parse_port, port_meaning, split_typed};
use crate::net::server::meter::Meter;
use crate::net::server::{Ended, Event, Server, State};

/// How many events one frame takes from the server at most.
const DRAIN: usize = 2_000;

/// From this width on there is room for plots beside the table, in points.
const ROOM_FOR_PLOTS: f32 = 1_000.0;

/// The least width of the log beside the wire, in points.
const LEAST_LOG: f32 = 180.0;

/// Below this height of the window, in points, the form of the behaviour scrolls.
const LOW: f32 = 640.0;

/// How much of the height it takes then.
const BEHAVIOUR: f32 = 0.36;

/// What the tab remembers of one server.
#[derive(Debug, Default)]
pub(super) struct One {
    /// Tells it from all others that there are or were.
    pub(super) id: u64,
    server: Option<Server>,
    /// Why the form could not be used.
    mistake: Option<String>,
    log: LogList,
    wire: Wire,
    /// The window of the ways to misbehave is open.
    misbehave: bool,
    connections: Connections,
    /// What it does second by second.
    meter: Option<Meter>,
    throughput: Throughput,
}

impl One {
    /// A server that does not run.
    pub(super) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// Another server is about to be shown: closes the small windows.
    pub(super) fn leave(&mut self) {
        self.misbehave = false;
        self.connections.leave();
    }

    /// Tells the server to stop; gives it back, if it needs time for that.
    pub(super) fn close(self) -> Option<Server> {
        let server = self.server?;
        server.stop();
        Some(server)
    }

    /// Takes what the server reported.
    pub(super) fn drain(&mut self, tools: &Tools<'_>) {
        let Some(server) = &self.server else { return };
        if let Some(meter) = &mut self.meter {
            meter.look(Instant::now(), || (server.totals(), server.latency().snapshot()));
        }
        for _ in 0..DRAIN {
            let Some(report) = server.inbox().next() else { return };
            let bad = is_bad(&report.event);
            self.log.push(report.at, report.event.text(), bad);
        }
        // There may be more: come again, after the frame has been shown.
        tools.ctx.request_repaint();
    }

    /// Does what a person asked for.
    pub(super) fn apply(&mut self, command: Command, form: &ServerForm, tools: &Tools<'_>) {
        match command {
            Command::Main if self.is_running() => self.apply(Command::StopServer, form, tools),
            Command::Main => self.apply(Command::StartServer, form, tools),
            Command::StartServer if !self.is_running() => {
                let start = parse_host(&form.host).and_then(|host| Ok((host, parse_port(&form.port)?)));
                match start {
                    Ok((host, port)) => {
                        self.mistake = None;
                        self.connections.clear();
                        self.meter = Some(Meter::new(Instant::now()));
                        let settings = form.behaviour.clone();
                        self.server = Some(Server::start(&host, port, settings, tools.recorder, tools.waker.clone()));
                    }
                    Err(error) => self.mistake = Some(error.to_string()),
                }
            }
            Command::StopServer => {
                if let Some(server) = &self.server {
                    server.stop();
                }
            }
            _ => {}
        }
    }

    /// Whether a server is starting, listening or stopping.
    #[must_use]
    pub(super) fn is_running(&self) -> bool {
        self.server.as_ref().is_some_and(|one| !matches!(one.state(), State::Stopped | State::Failed(_)))
    }

    /// Where the server stands; none has been started yet if there is nothing.
    pub(super) fn state(&self) -> Option<State> {
        self.server.as_ref().map(Server::state)
    }

    /// How many of its connections are open.
    pub(super) fn open(&self) -> u64 {
        self.server.as_ref().map_or(0, Server::open)
    }

    /// The certificate that clients are shown.
    pub(super) fn card(&self) -> Option<Card> {
        tls::card(self.server.as_ref())
    }

    /// What the wire shows, and the bytes of it that are chosen.
    #[must_use]
    pub(super) fn shown(&self) -> Option<wire::Shown> {
        self.wire.shown()
    }

    /// Opens the bar that looks for bytes in the wire.
    pub(super) fn find(&mut self) {
        self.wire.open_find();
    }

    /// Shows the server. Its parts are as wide and high as those of the server that was shown before.
    pub(super) fn ui(&mut self, ui: &mut Ui, form: &mut ServerForm, throughput: &mut Option<bool>) -> Option<Command> {
        let mut command = None;
        let (id, running) = (self.id, self.is_running());
        self.connections.take_escape(ui.ctx());
        Panel::top("server-form").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = self.form(ui, form);
            ui.add_space(style::GAP);
        });
        self.connections.keep_up(ui.ctx(), self.server.as_ref());
        Panel::bottom("server-below")
            .resizable(true)
            .default_size((ui.available_height() * 0.52).max(260.0))
            .min_size(120.0)
            .max_size((ui.available_height() - 150.0).max(120.0))
            .frame(Frame::new().inner_margin(egui::Margin { top: 8, ..Default::default() }))
            .show(ui, |ui| {
                let width = ui.available_width();
                Panel::left("server-log")
                    .resizable(true)
                    .default_size(width * 0.38)
                    .size_range(LEAST_LOG..=(width - wire::COMFORTABLE_WIDTH).max(LEAST_LOG))
                    .frame(Frame::new().inner_margin(egui::Margin { right: 8, ..Default::default() }))
                    .show(ui, |ui| {
                        let lost = self.server.as_ref().map_or(0, |server| server.inbox().lost());
                        ui.push_id(id, |ui| self.log.ui(ui, lost));
                    });
                CentralPanel::default()
                    .frame(Frame::new().inner_margin(egui::Margin { left: 8, ..Default::default() }))
                    .show(ui, |ui| {
                        let wire = |ui: &mut Ui| self.wire_of_chosen(ui, &mut form.wire);
                        command = command.or(ui.push_id(id, wire).inner);
                    });
            });
        CentralPanel::default()
            .frame(Frame::new().inner_margin(egui::Margin { bottom: 8, ..Default::default() }))
            .show(ui, |ui| {
                let mut plots = throughput.unwrap_or(ui.available_width() >= ROOM_FOR_PLOTS);
                let before = plots;
                if plots {
                    Panel::right("server-throughput")
                        .resizable(true)
                        .default_size(230.0)
                        .min_size(150.0)
                        .max_size((ui.available_width() * 0.5).max(150.0))
                        .frame(Frame::new().inner_margin(egui::Margin { left: 8, ..Default::default() }))
                        .show(ui, |ui| self.throughput.ui(ui, self.meter.as_ref()));
                }
                CentralPanel::default()
                    .frame(
                        Frame::new()
                            .inner_margin(egui::Margin { right: if plots { 8 } else { 0 }, ..Default::default() }),
                    )
                    .show(ui, |ui| {
                        ui.push_id(id, |ui| self.connections.ui(ui, running, &mut plots));
                    });
                if plots != before {
                    *throughput = Some(plots);
                }
            });
        if let Some((text, bad)) = self.connections.take_said() {
            self.log.push(SystemTime::now(), text, bad);
        }
        let open = self.open();
        if open > 0 || self.meter.as_ref().is_some_and(|meter| meter.is_unsettled(open)) {
            // "reading 4.2 s" grows; what went on comes to its end.
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
        command
    }

    fn form(&mut self, ui: &mut Ui, form: &mut ServerForm) -> Option<Command> {
        let mut command = None;
        let running = self.is_running();
        // Each server's fields have an undo of their own; whether the behaviour is folded is the same for all.
        command = command.or(ui.push_id(self.id, |ui| self.address_row(ui, form)).inner);
        if let Some(mistake) = &self.mistake {
            bad(ui, mistake);
        }
        if let Some(State::Failed(error)) = self.state() {
            bad(ui, error.to_string());
        }
        command = command.or(tls::shown(ui, self.server.as_ref()));
        let behaviour = egui::CollapsingHeader::new(t("behaviour")).id_salt("behaviour");
        if form.behaviour.misbehave.is_on() {
            let text = tf("misbehave-now", &[("how", form.behaviour.misbehave.text().into())]);
            ui.add(egui::Label::new(RichText::new(text).color(style::palette(ui).warn)).wrap());
        }
        let height = ui.ctx().content_rect().height();
        let mut content = |ui: &mut Ui| {
            ui.push_id(self.id, |ui| {
                ui.add_enabled_ui(!running, |ui| {
                    behaviour::form(ui, form);
                    command = command.or(tls::form(ui, &mut form.behaviour.tls));
                });
            });
            ui.horizontal(|ui| {
                command = command.or(Command::Rules.button(ui, true));
                weak(ui, tf("rules-count", &[("n", form.behaviour.rules.len().into())]));
                ui.add_space(style::GAP);
                let button = ui.button(t("misbehave-button")).on_hover_text(t("misbehave-hover"));
                self.misbehave |= button.clicked();
                if !form.behaviour.misbehave.is_on() {
                    weak(ui, t("misbehave-off"));
                }
            });
        };
        behaviour.show(ui, |ui| {
            // In a low window the rest of the tab needs room, too.
            if height < LOW {
                let scrolls = ScrollArea::vertical().max_height(height * BEHAVIOUR).auto_shrink([false, true]);
                scrolls.show(ui, content);
            } else {
                content(ui);
            }
        });
        behaviour::misbehave_window(ui.ctx(), &mut self.misbehave, &mut form.behaviour.misbehave, running);
        command
    }

    fn address_row(&self, ui: &mut Ui, form: &mut ServerForm) -> Option<Command> {
        let mut command = None;
        let running = self.is_running();
        ui.horizontal_wrapped(|ui| {
            ui.add_enabled_ui(!running, |ui| {
                let host = address_picker(ui, &mut form.host);
                let port = text_field(ui, "server-port", &mut form.port, 64.0).on_hover_text(t("server-port-hover"));
                if host.lost_focus() {
                    split_typed(&mut form.host, &mut form.port);
                }
                if entered(ui, &host) || entered(ui, &port) {
                    command = Some(Command::StartServer);
                }
            });
            let state = self.state();
            let stopping = matches!(state, Some(State::Stopping));
            let main = if running { Command::StopServer } else { Command::StartServer };
            command = command.or(main.main_button(ui, !stopping));
            state_line(ui, state);
            // Last, so that nothing else moves while a port is typed.
            if let (false, Ok(port)) = (running, parse_port(&form.port)) {
                weak(ui, port_meaning(port));
            }
        });
        command
    }

    fn wire_of_chosen(&mut self, ui: &mut Ui, form: &mut WireForm) -> Option<Command> {
        let chosen = self.connections.shown().cloned();
        let title = match &chosen {
            Some(one) => tf("wire-of", &[("number", one.id.to_string().into())]),
            None => t("wire-title"),
        };
        self.wire.ui(ui, &title, chosen.as_ref().map(|one| &one.recording), form, true, None)
    }
}

/// Where it stands, in words.
fn state_line(ui: &mut Ui, state: Option<State>) {
    let palette = style::palette(ui);
    let (colour, text) = match state {
        None | Some(State::Stopped) => (palette.weak, t("state-server-stopped")),
        Some(State::Starting) => (palette.warn, t("state-server-starting")),
        Some(State::Listening(address)) => {
            (palette.good, tf("state-server-listening", &[("address", address.to_string().into())]))
        }
        Some(State::Stopping) => (palette.warn, t("state-server-stopping")),
        Some(State::Failed(_)) => (palette.bad, t("state-server-failed")),
    };
    state_label(ui, colour, &text);
}

/// Whether a line of the log tells of a failure.
fn is_bad(event: &Event) -> bool {
    matches!(
        event,
        Event::Failed(_) | Event::AcceptFails(_) | Event::Closed { ended: Ended::Reset | Ended::Failed(_), .. }
    )
}
