//! The Server tab: start and stop the greeting server, see who is connected, what was logged, and the wire.

mod behaviour;

use std::sync::Arc;

use egui::{CentralPanel, Frame, Panel, RichText, Role, ScrollArea, Sense, Ui};
use egui_extras::{Column, TableBuilder};

use super::command::Command;
use super::settings::ServerForm;
use super::widgets::address_picker::address_picker;
use super::widgets::log_list::LogList;
use super::widgets::wire::{self, Wire, WireForm};
use super::widgets::{bad, entered, hint, state_label, text_field, weak};
use super::{Tools, style};
use crate::i18n::{bytes, count, t, tf};
use crate::net::address::{parse_host, parse_port, port_meaning, split_typed};
use crate::net::server::{Connection, Doing, Ended, Event, Server, State};

/// The columns of the table with the least width that each needs, in points.
const COLUMNS: [(&str, f32); 9] = [
    ("column-number", 44.0),
    ("column-client", 134.0),
    ("column-server", 134.0),
    ("column-thread", 58.0),
    ("column-doing", 118.0),
    ("column-in", 56.0),
    ("column-out", 56.0),
    ("column-greeted", 56.0),
    ("column-since", 60.0),
];

/// How many events one frame takes from the server at most.
const DRAIN: usize = 2_000;

/// What the tab remembers.
#[derive(Debug, Default)]
pub struct ServerTab {
    server: Option<Server>,
    /// Why the form could not be used.
    mistake: Option<String>,
    log: LogList,
    wire: Wire,
    /// The window of the ways to misbehave is open.
    misbehave: bool,
    /// The number of the connection whose wire is shown; the newest if none was chosen.
    chosen: Option<u64>,
}

impl ServerTab {
    /// Takes what the server reported.
    pub fn drain(&mut self, tools: &Tools<'_>) {
        let Some(server) = &self.server else { return };
        for _ in 0..DRAIN {
            let Some(report) = server.inbox().next() else { return };
            let bad = is_bad(&report.event);
            self.log.push(report.at, report.event.text(), bad);
        }
        // There may be more: come again, after the frame has been shown.
        tools.ctx.request_repaint();
    }

    /// Does what a person asked for.
    pub fn apply(&mut self, command: Command, form: &ServerForm, tools: &Tools<'_>) {
        match command {
            Command::Main if self.is_running() => self.apply(Command::StopServer, form, tools),
            Command::Main => self.apply(Command::StartServer, form, tools),
            Command::StartServer if !self.is_running() => {
                let start = parse_host(&form.host).and_then(|host| Ok((host, parse_port(&form.port)?)));
                match start {
                    Ok((host, port)) => {
                        self.mistake = None;
                        self.chosen = None;
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
    pub fn is_running(&self) -> bool {
        self.server.as_ref().is_some_and(|one| !matches!(one.state(), State::Stopped | State::Failed(_)))
    }

    /// What the status bar says.
    #[must_use]
    pub fn status(&self) -> String {
        let Some(server) = &self.server else { return t("status-server-idle") };
        match server.state() {
            State::Starting => t("status-server-starting"),
            State::Listening(address) => tf(
                "status-server-listening",
                &[("address", address.to_string().into()), ("count", server.totals().open.into())],
            ),
            State::Stopping => t("status-server-stopping"),
            State::Failed(_) => t("status-server-failed"),
            State::Stopped => t("status-server-idle"),
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
    pub fn ui(&mut self, ui: &mut Ui, form: &mut ServerForm) -> Option<Command> {
        let mut command = None;
        Panel::top("server-form").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = self.form(ui, form);
            ui.add_space(style::GAP);
        });
        let connections = self.server.as_ref().map(Server::connections).unwrap_or_default();
        Panel::bottom("server-below")
            .resizable(true)
            .default_size((ui.available_height() * 0.52).max(260.0))
            .min_size(120.0)
            .max_size((ui.available_height() - 150.0).max(120.0))
            .frame(Frame::new().inner_margin(egui::Margin { top: 8, ..Default::default() }))
            .show(ui, |ui| {
                Panel::left("server-log")
                    .resizable(true)
                    .default_size(ui.available_width() * 0.38)
                    .min_size(180.0)
                    .max_size(ui.available_width() * 0.7)
                    .frame(Frame::new().inner_margin(egui::Margin { right: 8, ..Default::default() }))
                    .show(ui, |ui| {
                        let lost = self.server.as_ref().map_or(0, |server| server.inbox().lost());
                        self.log.ui(ui, lost);
                    });
                CentralPanel::default()
                    .frame(Frame::new().inner_margin(egui::Margin { left: 8, ..Default::default() }))
                    .show(ui, |ui| {
                        let wanted = self.wire_of_chosen(ui, &mut form.wire, &connections);
                        command = command.or(wanted);
                    });
            });
        CentralPanel::default()
            .frame(Frame::new().inner_margin(egui::Margin { bottom: 8, ..Default::default() }))
            .show(ui, |ui| self.connections(ui, &connections));
        if connections.iter().any(|one| one.ended().is_none()) {
            // "reading 4.2 s" grows.
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
        command
    }

    fn form(&mut self, ui: &mut Ui, form: &mut ServerForm) -> Option<Command> {
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
            let state = self.server.as_ref().map(Server::state);
            let stopping = matches!(state, Some(State::Stopping));
            let main = if running { Command::StopServer } else { Command::StartServer };
            command = command.or(main.main_button(ui, !stopping));
            self.state(ui, state);
            // Last, so that nothing else moves while a port is typed.
            if let (false, Ok(port)) = (running, parse_port(&form.port)) {
                weak(ui, port_meaning(port));
            }
        });
        if let Some(mistake) = &self.mistake {
            bad(ui, mistake);
        }
        if let Some(State::Failed(error)) = self.server.as_ref().map(Server::state) {
            bad(ui, error.to_string());
        }
        let behaviour = egui::CollapsingHeader::new(t("behaviour")).id_salt("behaviour");
        if form.behaviour.misbehave.is_on() {
            let text = tf("misbehave-now", &[("how", form.behaviour.misbehave.text().into())]);
            ui.add(egui::Label::new(RichText::new(text).color(style::palette(ui).warn)).wrap());
        }
        behaviour.show(ui, |ui| {
            ui.add_enabled_ui(!running, |ui| behaviour::form(ui, form));
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
        });
        behaviour::misbehave_window(ui.ctx(), &mut self.misbehave, &mut form.behaviour.misbehave, running);
        command
    }

    fn state(&self, ui: &mut Ui, state: Option<State>) {
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

    fn connections(&mut self, ui: &mut Ui, connections: &[Arc<Connection>]) {
        let totals = self.server.as_ref().map(Server::totals).unwrap_or_default();
        ui.horizontal(|ui| {
            ui.strong(tf("connections", &[("count", count(totals.open).into())])).on_hover_text(t("connections-hover"));
            if totals.connections > 0 {
                weak(ui, tf("totals-in-all", &[("totals", totals.text().into())]));
            }
        });
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if connections.is_empty() {
                hint(ui, t(if self.is_running() { "no-connections-yet" } else { "no-connections" }));
                return;
            }
            let chosen = self.chosen(connections).map(|one| one.id);
            let width = ui.available_width();
            ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                self.table(ui, connections, chosen, width);
            });
        });
    }

    fn table(&mut self, ui: &mut Ui, connections: &[Arc<Connection>], chosen: Option<u64>, width: f32) {
        let mut table = TableBuilder::new(ui).striped(true).sense(Sense::click()).id_salt("connections");
        table = table.cell_layout(egui::Layout::left_to_right(egui::Align::Center)).auto_shrink(false);
        table = table.min_scrolled_height(0.0);
        // As wide as the window allows, but never so narrow that an IPv4 address is cut: then it scrolls.
        let scale = (width / COLUMNS.iter().map(|(_, width)| width + 4.0).sum::<f32>()).max(1.0);
        for (_, width) in COLUMNS {
            table = table.column(Column::initial(width * scale).at_least(40.0).clip(true).resizable(true));
        }
        table
            .header(style::ROW + 2.0, |mut row| {
                for (id, _) in COLUMNS {
                    row.col(|ui| {
                        ui.label(RichText::new(t(id)).small().weak()).on_hover_text(t(&format!("{id}-hover")));
                    });
                }
            })
            .body(|body| {
                // The newest first: it is the one that a person looks for.
                body.rows(style::ROW + 6.0, connections.len(), |mut row| {
                    let one = &connections[connections.len() - 1 - row.index()];
                    row.set_selected(chosen == Some(one.id));
                    let open = one.ended().is_none();
                    let mut pressed = false;
                    row.col(|ui| pressed = number_button(ui, one, chosen == Some(one.id)));
                    for cell in cells(one) {
                        row.col(|ui| {
                            let text = if open { RichText::new(&cell) } else { RichText::new(&cell).weak() };
                            let label = ui.add(egui::Label::new(text).selectable(false).truncate());
                            label.on_hover_text(cell);
                        });
                    }
                    if pressed || row.response().clicked() {
                        self.chosen = Some(one.id);
                    }
                });
            });
    }

    fn chosen<'a>(&self, connections: &'a [Arc<Connection>]) -> Option<&'a Arc<Connection>> {
        let chosen = self.chosen.and_then(|id| connections.iter().find(|one| one.id == id));
        chosen.or_else(|| connections.last())
    }

    fn wire_of_chosen(&mut self, ui: &mut Ui, form: &mut WireForm, connections: &[Arc<Connection>]) -> Option<Command> {
        let chosen = self.chosen(connections).cloned();
        let title = match &chosen {
            Some(one) => tf("wire-of", &[("number", one.id.to_string().into())]),
            None => t("wire-title"),
        };
        self.wire.ui(ui, &title, chosen.as_ref().map(|one| &one.recording), form, true, None)
    }
}

/// `#3`, which can be reached by keyboard: the wire follows the focus.
fn number_button(ui: &mut Ui, one: &Connection, chosen: bool) -> bool {
    let response = ui.add(egui::Button::selectable(chosen, format!("#{}", one.id)));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_role(Role::Button));
    response.clicked() || response.gained_focus()
}

/// Whether a line of the log tells of a failure.
fn is_bad(event: &Event) -> bool {
    matches!(
        event,
        Event::Failed(_) | Event::AcceptFails(_) | Event::Closed { ended: Ended::Reset | Ended::Failed(_), .. }
    )
}

fn cells(one: &Connection) -> [String; 8] {
    let (doing, time) = one.doing();
    let doing = match one.ended() {
        Some(ended) => tf("closed-how", &[("how", ended.text().into())]),
        None if doing == Doing::Closed => doing.text(),
        None => {
            let seconds = format!("{:.1}", time.as_secs_f64());
            tf("doing-for", &[("doing", doing.text().into()), ("seconds", seconds.into())])
        }
    };
    [
        one.ends.peer.to_string(),
        one.ends.local.to_string(),
        one.thread.clone(),
        doing,
        bytes(one.bytes_in()),
        bytes(one.bytes_out()),
        count(one.greetings()),
        super::widgets::log_list::short_clock(one.since),
    ]
}
