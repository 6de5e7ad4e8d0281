//! The Server tab: several servers, of which one is shown, each with a form, connections, log and wire of its own.

mod behaviour;
mod connections;
mod one;
mod profiles;
mod throughput;
mod tls;

use egui::{Align, Button, Color32, Frame, Layout, Panel, TextStyle, Ui, vec2};

use super::command::Command;
use super::settings::{ServerForm, Servers};
use super::tls_files::TlsFile;
use super::widgets::certificate::Card;
use super::widgets::{self, CROSS, SIGN, small_row, small_tab, wire};
use super::{Tools, style};
use crate::i18n::{t, tf};
use crate::net::server::profile::Profile;
use crate::net::server::{Server, State};

use one::One;
use profiles::Profiles;

/// Distance between a server's name and the cross that closes it, in points.
const NEAR: f32 = 1.0;

/// What the tab remembers: as many servers as there are forms, in the same order.
#[derive(Debug)]
pub struct ServerTab {
    all: Vec<One>,
    /// The id of the next one.
    next: u64,
    /// They were closed, and have connections to end still.
    leaving: Vec<Server>,
    /// The menu of servers that are kept under a name.
    pub profiles: Profiles,
}

impl ServerTab {
    /// The servers of these forms; none of them runs.
    #[must_use]
    pub fn new(forms: &Servers) -> Self {
        let ids = 0..forms.all.len() as u64;
        Self { next: ids.end, all: ids.map(One::new).collect(), leaving: Vec::new(), profiles: Profiles::default() }
    }

    fn one(&self, forms: &Servers) -> Option<&One> {
        self.all.get(forms.shown)
    }

    /// The form of the server with this id, if it is still there.
    pub fn form_of<'a>(&self, id: u64, forms: &'a mut Servers) -> Option<&'a mut ServerForm> {
        let place = self.all.iter().position(|one| one.id == id)?;
        forms.all.get_mut(place)
    }

    /// The form of the server with this id, if it is still there and does not run.
    pub fn idle_form_of<'a>(&self, id: u64, forms: &'a mut Servers) -> Option<&'a mut ServerForm> {
        self.all.iter().find(|one| one.id == id).filter(|one| !one.is_running())?;
        self.form_of(id, forms)
    }

    /// The id of the server that is shown, and its form.
    pub fn shown_form<'a>(&self, forms: &'a mut Servers) -> Option<(u64, &'a mut ServerForm)> {
        let id = self.one(forms)?.id;
        Some((id, forms.all.get_mut(forms.shown)?))
    }

    /// Takes what all servers reported.
    pub fn drain(&mut self, tools: &Tools<'_>) {
        for one in &mut self.all {
            one.drain(tools);
        }
        // Dropped when nothing is left to wait for.
        self.leaving.retain(|server| !matches!(server.state(), State::Stopped | State::Failed(_)));
    }

    /// Does what a person asked for.
    pub fn apply(&mut self, command: Command, forms: &mut Servers, tools: &Tools<'_>) {
        match command {
            Command::NewServer => {
                if forms.add() {
                    self.all.push(One::new(self.next));
                    self.next += 1;
                }
            }
            Command::CloseServer(place) => {
                if forms.remove(place) {
                    self.leaving.extend(self.all.remove(place).close());
                }
            }
            Command::ShowOneServer(place) if place < self.all.len() => forms.shown = place,
            _ => {
                if let (Some(one), Some(form)) = (self.all.get_mut(forms.shown), forms.all.get(forms.shown)) {
                    one.apply(command, form, tools);
                }
            }
        }
    }

    /// Something else is about to be shown: closes the small windows.
    pub fn leave(&mut self) {
        self.all.iter_mut().for_each(One::leave);
    }

    /// Whether the server that is shown is starting, listening or stopping.
    #[must_use]
    pub fn is_running(&self, forms: &Servers) -> bool {
        self.one(forms).is_some_and(One::is_running)
    }

    /// What the status bar says, with what shows more of it: every server that runs, or could not.
    #[must_use]
    pub fn status(&self, forms: &Servers) -> Vec<(String, Command)> {
        let status = |(place, (one, form)): (usize, (&One, &ServerForm))| {
            let plain = match one.state() {
                None | Some(State::Stopped) => return None,
                Some(State::Listening(address)) => {
                    let server = [form.name.as_str(), &address.to_string()].join(" ").trim_start().to_owned();
                    let args = [("server", server.into()), ("count", one.open().into())];
                    return Some((tf("status-server-listening", &args), Command::ShowOneServer(place)));
                }
                Some(State::Starting) => t("status-server-starting"),
                Some(State::Stopping) => t("status-server-stopping"),
                Some(State::Failed(_)) => t("status-server-failed"),
            };
            let which =
                tf("status-server-which", &[("status", plain.clone().into()), ("name", name(one, form).into())]);
            Some((if self.all.len() > 1 { which } else { plain }, Command::ShowOneServer(place)))
        };
        let found: Vec<_> = self.all.iter().zip(&forms.all).enumerate().filter_map(status).collect();
        if found.is_empty() { vec![(t("status-server-idle"), Command::ShowServer)] } else { found }
    }

    /// The certificate that clients of the shown server are shown.
    #[must_use]
    pub fn card(&self, forms: &Servers) -> Option<Card> {
        self.one(forms)?.card()
    }

    /// A file of TLS was chosen in the dialog for the server with this id.
    pub fn tls_chosen(&self, id: u64, forms: &mut Servers, which: TlsFile, path: String) {
        if let Some(form) = self.idle_form_of(id, forms) {
            tls::chosen(&mut form.behaviour.tls, which, path);
        }
    }

    /// What the wire shows, and the bytes of it that are chosen.
    #[must_use]
    pub fn shown(&self, forms: &Servers) -> Option<wire::Shown> {
        self.one(forms)?.shown()
    }

    /// Opens the bar that looks for bytes in the wire.
    pub fn find(&mut self, forms: &Servers) {
        if let Some(one) = self.all.get_mut(forms.shown) {
            one.find();
        }
    }

    /// Shows the tab.
    pub fn ui(&mut self, ui: &mut Ui, forms: &mut Servers, kept: &mut Vec<Profile>) -> Option<Command> {
        let mut command = None;
        Panel::top("servers").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = self.row(ui, forms, kept);
            ui.add_space(style::GAP);
        });
        let (one, form) = (self.all.get_mut(forms.shown)?, forms.all.get_mut(forms.shown)?);
        let wanted = one.ui(ui, form, &mut forms.throughput);
        command.or(wanted)
    }

    /// The row of all servers.
    fn row(&mut self, ui: &mut Ui, forms: &mut Servers, kept: &mut Vec<Profile>) -> Option<Command> {
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            small_row(ui);
            ui.spacing_mut().item_spacing.y = 4.0;
            for (place, (one, form)) in self.all.iter().zip(&forms.all).enumerate() {
                let name = name(one, form);
                let close = self.all.len() > 1;
                // As one piece, so that a name and its cross stay together.
                let size = vec2(width(ui, &name, close), style::SMALL_ROW);
                let piece = ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = NEAR;
                    let show = server_tab(ui, place, one, &name, place == forms.shown);
                    show.or_else(|| if close { cross(ui, place, &name) } else { None })
                });
                command = command.or(piece.inner);
            }
            let new = ui.add_enabled(self.all.len() < Servers::MOST, Button::new("+"));
            let new = new.on_hover_text(Command::NewServer.tooltip(ui.ctx()));
            if new.accessible_name(Command::NewServer.label()).clicked() {
                command = Some(Command::NewServer);
            }
            // At the right end, if it fits into this row.
            let needed = text_width(ui, &t("profiles"), TextStyle::Small) + 2.0 * style::SMALL_PADDING.x;
            ui.add_space((ui.available_size_before_wrap().x - needed - 0.5).max(0.0));
            let running = self.is_running(forms);
            if let Some(form) = forms.all.get_mut(forms.shown) {
                command = command.or(self.profiles.ui(ui, form, kept, running));
            }
        });
        command
    }
}

/// How wide a server's piece of the row is, in points.
fn width(ui: &Ui, name: &str, close: bool) -> f32 {
    let small = |text| text_width(ui, text, TextStyle::Small);
    let tab = small(SIGN) + ui.spacing().icon_spacing + small(name) + 2.0 * style::SMALL_PADDING.x;
    let cross =
        if close { NEAR + text_width(ui, CROSS, TextStyle::Button) + 2.0 * style::SMALL_PADDING.x } else { 0.0 };
    tab + cross
}

/// How wide a text is, in points.
fn text_width(ui: &Ui, text: &str, style: TextStyle) -> f32 {
    let font = style.resolve(ui.style());
    ui.fonts_mut(|fonts| fonts.layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x)
}

/// The button that closes a server.
fn cross(ui: &mut Ui, place: usize, name: &str) -> Option<Command> {
    let close = Command::CloseServer(place);
    let what = tf("server-close", &[("name", name.into())]);
    let hover = close.tooltip(ui.ctx());
    widgets::cross(ui, what, hover).clicked().then_some(close)
}

/// What a server is called: its name, or its address.
fn name(one: &One, form: &ServerForm) -> String {
    match one.state() {
        Some(State::Listening(address)) if form.name.is_empty() => address.to_string(),
        _ => form.called(),
    }
}

/// A server in the row: its name, and a dot whose colour says how it stands.
fn server_tab(ui: &mut Ui, place: usize, one: &One, name: &str, shown: bool) -> Option<Command> {
    let palette = style::palette(ui);
    let (colour, state) = match one.state() {
        None | Some(State::Stopped) => (palette.weak, t("server-is-off")),
        Some(State::Starting) => (palette.warn, t("state-server-starting")),
        Some(State::Listening(_)) => (palette.good, tf("server-is-on", &[("n", one.open().into())])),
        Some(State::Stopping) => (palette.warn, t("state-server-stopping")),
        Some(State::Failed(_)) => (palette.bad, t("state-server-failed")),
    };
    let what = tf("server-and-state", &[("name", name.into()), ("state", state.into())]);
    small_tab(ui, shown, colour, name, what).clicked().then_some(Command::ShowOneServer(place))
}
