//! Front door 2: the window.
//!
//! `logic()` drains what workers report, `ui()` draws and gives back the [`Command`] that a person chose, `apply()`
//! does it. A tab knows no other tab.

mod client_tab;
pub mod command;
mod dialogs;
mod exporting;
mod fetch_tab;
mod help;
mod jobs;
mod rules_window;
mod server_tab;
pub mod settings;
mod start;
pub mod style;
mod tls_files;
pub mod widgets;

use std::sync::Arc;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{CentralPanel, DragValue, Frame, Margin, Panel, PopupCloseBehavior, ThemePreference};

use client_tab::ClientTab;
use command::Command;
use exporting::{Exporting, Source};
use fetch_tab::FetchTab;
use jobs::{Done, Jobs};
use rules_window::RulesWindow;
use server_tab::ServerTab;
use settings::{Settings, Tab};
use tls_files::{TlsFile, TlsFiles};
use widgets::certificate::CertificateWindow;
use widgets::notices::Notices;

use crate::i18n::{bytes, t, tf};
use crate::net::report::Waker;
use crate::recording::Recorder;

pub use start::run;

/// What every tab may use.
pub struct Tools<'a> {
    /// The window's context, to ask for another frame.
    pub ctx: &'a egui::Context,
    /// Where connections are recorded.
    pub recorder: &'a Arc<Recorder>,
    /// Wakes the window from workers.
    pub waker: &'a Waker,
    /// Runs what must not hold the window up.
    pub jobs: &'a Jobs,
}

/// The window and all that it holds.
pub struct App {
    settings: Settings,
    server: ServerTab,
    client: ClientTab,
    fetch: FetchTab,
    recorder: Arc<Recorder>,
    waker: Waker,
    jobs: Jobs,
    notices: Notices,
    exporting: Exporting,
    rules: RulesWindow,
    certificate: CertificateWindow,
    tls_files: TlsFiles,
    help: bool,
}

impl App {
    /// A window as it was left last time.
    #[must_use]
    pub fn new(cc: &eframe::CreationContext<'_>) -> Self {
        let ctx = &cc.egui_ctx;
        style::install(ctx);
        let settings = Settings::load(cc.storage);
        ctx.set_theme(settings.theme);
        let waker = {
            let ctx = ctx.clone();
            Waker::new(move || ctx.request_repaint())
        };
        let fetch = FetchTab::new(&settings.fetch);
        let mut server = ServerTab::new(&settings.servers);
        server.profiles.propose(fetch.folder());
        Self {
            server,
            client: ClientTab::new(&settings.client),
            fetch,
            recorder: Recorder::new(settings.budget()),
            jobs: Jobs::new(waker.clone()),
            notices: Notices::default(),
            exporting: Exporting::default(),
            rules: RulesWindow::default(),
            certificate: CertificateWindow::default(),
            tls_files: TlsFiles::default(),
            help: false,
            settings,
            waker,
        }
    }

    fn drain(&mut self, ctx: &egui::Context) {
        self.waker.rearm();
        let tools = Tools { ctx, recorder: &self.recorder, waker: &self.waker, jobs: &self.jobs };
        self.server.drain(&tools);
        self.client.drain(&tools);
        self.fetch.drain(&tools, &mut self.notices);
        while let Some(done) = self.jobs.next() {
            if done.is_without_path() {
                self.notices.no_path();
            }
            match done {
                Done::SystemTheme(theme) => ctx.options_mut(|options| options.fallback_theme = theme),
                Done::PathChosen { body, path: Some(path) } => {
                    self.fetch.save(body, path, &self.jobs, &mut self.notices);
                }
                Done::PathChosen { path: None, .. } => {
                    self.fetch.dialog_closed();
                }
                Done::Saved(Ok(path)) => {
                    let text = tf("saved", &[("path", path.display().to_string().into())]);
                    self.fetch.saved(path, &mut self.settings.fetch);
                    self.notices.good(text);
                }
                Done::Saved(Err(error)) => {
                    self.fetch.not_saved();
                    self.notices.bad(error.to_string());
                }
                Done::BodyMade(made) => self.fetch.made(*made, &self.jobs),
                Done::Digest { body, sha256 } => self.fetch.computed(&body, sha256),
                Done::ExportPathChosen(path) => {
                    self.exporting.chosen(path, &self.recorder, &self.jobs, &mut self.notices);
                }
                Done::Exported(result) => self.exporting.done(result, &mut self.notices),
                Done::SendPathChosen { session, path } => {
                    self.client.file_chosen(session, path);
                }
                Done::BodyPathChosen(path) => self.fetch.body_chosen(path),
                Done::TargetPathChosen(path) => self.fetch.target_chosen(path),
                Done::RulesPathChosen(server, path) => {
                    self.rules.chosen(server, path, &self.jobs, &mut self.notices);
                }
                Done::RulesRead(server, result) => {
                    let form = self.server.form_of(server, &mut self.settings.servers);
                    self.rules.read(result, form.map(|form| &mut form.behaviour.rules), &mut self.notices);
                }
                Done::RulesWritten(result) => self.rules.written(result, &mut self.notices),
                Done::ProfilePathChosen(server, path) => {
                    self.server.profiles.chosen(server, path, &self.jobs, &mut self.notices);
                }
                Done::CertificatePathChosen(path) => {
                    self.certificate.chosen(path, &self.jobs, &mut self.notices);
                }
                Done::CertificateSaved(result) => self.certificate.saved(result, &mut self.notices),
                Done::TlsPathChosen { which, number, path } => {
                    if let Some(path) = self.tls_files.chosen(path) {
                        match which {
                            TlsFile::Roots => self.client.roots_chosen(number, path),
                            TlsFile::FetchRoots => self.settings.fetch.extra_roots = path,
                            _ => self.server.tls_chosen(number, &mut self.settings.servers, which, path),
                        }
                    }
                }
                Done::ProfileRead(server, result) => {
                    let form = self.server.idle_form_of(server, &mut self.settings.servers);
                    self.server.profiles.read(result, form, &mut self.notices);
                }
                Done::ProfileWritten(result) => self.server.profiles.written(result, &mut self.notices),
                Done::Opened(Ok(())) => {}
                Done::Opened(Err(error)) => self.notices.bad(error.to_string()),
            }
        }
    }

    fn apply(&mut self, command: Command, ctx: &egui::Context, frame: &eframe::Frame) {
        let tools = Tools { ctx, recorder: &self.recorder, waker: &self.waker, jobs: &self.jobs };
        let settings = &mut self.settings;
        match command {
            Command::ShowServer => self.show(Tab::Server),
            Command::ShowClient => self.show(Tab::Client),
            Command::ShowFetch => self.show(Tab::Fetch),
            Command::Help => self.help = !self.help,
            Command::Export => {
                let source = match settings.tab {
                    Tab::Server => self.server.shown(&settings.servers),
                    Tab::Client => self.client.shown(),
                    Tab::Fetch => self.fetch.shown(),
                };
                if let Some((recording, chosen)) = source {
                    self.exporting.open(Source { recording, chosen }, self.fetch.folder());
                }
            }
            Command::ExportTo => self.exporting.ask(&self.jobs, frame, &mut self.notices),
            Command::ExportHere => self.exporting.start(&self.recorder, &self.jobs, &mut self.notices),
            Command::Rules => self.rules.open(self.fetch.folder()),
            Command::ChooseRules | Command::ImportRules | Command::ExportRules => {
                let Some((server, form)) = self.server.shown_form(&mut settings.servers) else { return };
                match command {
                    Command::ChooseRules => self.rules.ask(server, &self.jobs, frame, &mut self.notices),
                    Command::ImportRules => self.rules.import(server, &self.jobs, &mut self.notices),
                    _ => self.rules.export(&form.behaviour.rules, &self.jobs, &mut self.notices),
                }
            }
            Command::ChooseProfile | Command::ImportProfile | Command::ExportProfile => {
                let Some((server, form)) = self.server.shown_form(&mut settings.servers) else { return };
                self.server.profiles.apply(command, (server, form), &self.jobs, frame, &mut self.notices);
            }
            Command::ShowCertificate => {
                let card = match settings.tab {
                    Tab::Server => self.server.card(&settings.servers),
                    Tab::Client => self.client.card(),
                    Tab::Fetch => None,
                };
                if let Some(card) = card {
                    self.certificate.open(card, self.fetch.folder());
                }
            }
            Command::SaveCertificate => self.certificate.ask(&self.jobs, frame, &mut self.notices),
            Command::SaveCertificateHere => self.certificate.save(&self.jobs, &mut self.notices),
            Command::ChooseTlsCertificate | Command::ChooseTlsKey | Command::ChooseTlsRoots => {
                let which = match command {
                    Command::ChooseTlsCertificate => TlsFile::Certificate,
                    Command::ChooseTlsKey => TlsFile::Key,
                    _ if settings.tab == Tab::Fetch => TlsFile::FetchRoots,
                    _ => TlsFile::Roots,
                };
                let number = match which {
                    TlsFile::FetchRoots => 0,
                    TlsFile::Roots => self.client.shown_id(),
                    TlsFile::Certificate | TlsFile::Key => {
                        self.server.shown_form(&mut settings.servers).map_or(0, |(id, _)| id)
                    }
                };
                self.tls_files.ask((which, number), &self.fetch.folder(), &self.jobs, frame, &mut self.notices);
            }
            Command::Find => match settings.tab {
                Tab::Server => self.server.find(&settings.servers),
                Tab::Client => self.client.find(),
                Tab::Fetch => self.fetch.find(),
            },
            Command::LightTheme => set_theme(ctx, settings, ThemePreference::Light),
            Command::DarkTheme => set_theme(ctx, settings, ThemePreference::Dark),
            Command::SystemTheme => set_theme(ctx, settings, ThemePreference::System),
            Command::StartServer | Command::StopServer => self.server.apply(command, &mut settings.servers, &tools),
            Command::ShowOneServer(_) | Command::NewServer | Command::CloseServer(_) => {
                self.server.apply(command, &mut settings.servers, &tools);
                self.show(Tab::Server);
            }
            Command::Connect | Command::GiveUp | Command::Disconnect | Command::HalfClose | Command::Reset => {
                self.client.apply(command, &mut settings.client, &tools)
            }
            Command::ChooseFileToSend => {
                self.client.ask_file(&self.fetch.folder(), &self.jobs, frame, &mut self.notices);
            }
            Command::SendFile => self.client.send_file(&self.fetch.folder()),
            Command::PlayTutorial => {
                settings.tab = Tab::Client;
                self.client.apply(command, &mut settings.client, &tools);
            }
            Command::Fetch
            | Command::FetchAccepting
            | Command::OpenInBrowser
            | Command::CancelFetch
            | Command::GoOn
            | Command::StopHere
            | Command::ChooseBody
            | Command::ChooseTarget
            | Command::CopyCurl
            | Command::PasteCurl
            | Command::SaveBody
            | Command::SaveHere
            | Command::OpenSaved
            | Command::ShowInFolder => {
                self.fetch.apply(command, &mut settings.fetch, &tools, frame, &mut self.notices);
            }
            Command::Main => match settings.tab {
                Tab::Server => self.server.apply(command, &mut settings.servers, &tools),
                Tab::Client => self.client.apply(command, &mut settings.client, &tools),
                Tab::Fetch => self.fetch.apply(command, &mut settings.fetch, &tools, frame, &mut self.notices),
            },
        }
    }

    fn show(&mut self, tab: Tab) {
        self.settings.tab = tab;
        // They are about what was shown before.
        self.exporting.close();
        self.rules.close();
        self.certificate.close();
        self.server.leave();
    }

    fn top(&mut self, ui: &mut egui::Ui) -> Option<Command> {
        let mut command = None;
        ui.horizontal(|ui| {
            for (tab, show) in TABS {
                let response = widgets::tab(ui, self.settings.tab == tab, show.label());
                if response.on_hover_text(show.tooltip(ui.ctx())).clicked() {
                    command = Some(show);
                }
            }
            // At the right end, but reached by keyboard in the order in which they are read.
            let room = widgets::field_width(ui, &[t("settings"), Command::Help.label()]);
            // Nothing follows the last of them.
            ui.add_space(room + ui.spacing().item_spacing.x);
            let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
            let (button, _) = MenuButton::new(t("settings")).config(stays).ui(ui, |ui| {
                command = command.or(self.settings_menu(ui));
            });
            button.on_hover_text(t("settings-hover"));
            command = command.or(Command::Help.button(ui, true));
        });
        command
    }

    fn settings_menu(&mut self, ui: &mut egui::Ui) -> Option<Command> {
        let mut command = None;
        ui.horizontal(|ui| {
            ui.label(t("theme"));
            for (theme, set) in [
                (ThemePreference::Light, Command::LightTheme),
                (ThemePreference::Dark, Command::DarkTheme),
                (ThemePreference::System, Command::SystemTheme),
            ] {
                let response = ui.selectable_label(self.settings.theme == theme, set.label());
                if response.on_hover_text(set.tooltip(ui.ctx())).clicked() {
                    command = Some(set);
                    ui.close();
                }
            }
        });
        ui.horizontal(|ui| {
            let name = ui.label(t("keep"));
            let value = DragValue::new(&mut self.settings.keep_mib).range(Settings::KEEP).suffix(" MiB");
            let value = ui.add(value).labelled_by(name.id).on_hover_text(t("keep-hover"));
            // Not before it is meant: what has gone does not come back.
            let is_set = value.changed() && !value.dragged() && !value.has_focus();
            if is_set || value.drag_stopped() || value.lost_focus() {
                self.recorder.set_budget(self.settings.budget());
            }
            widgets::weak(ui, tf("keep-now", &[("size", bytes(self.recorder.used()).into())]));
        });
        command
    }

    /// What runs, whichever tab is open; a press shows it.
    fn status(&self, ui: &mut egui::Ui) -> Option<Command> {
        let servers = self.server.status(&self.settings.servers).into_iter();
        let mut all: Vec<_> = servers.map(|(text, show)| ((text, None), show)).collect();
        all.push((self.client.status(), Command::ShowClient));
        all.push(((self.fetch.status(), None), Command::ShowFetch));
        // Several servers may need more than one line; a few texts share one.
        let wrap = all.len() > TABS.len();
        let mut command = None;
        let bar = |ui: &mut egui::Ui| {
            for (index, ((text, more), show)) in all.into_iter().enumerate() {
                if index > 0 && wrap {
                    ui.add_space(style::GAP);
                } else if index > 0 {
                    ui.separator();
                }
                let mode = if wrap { egui::TextWrapMode::Extend } else { egui::TextWrapMode::Truncate };
                let button = egui::Button::new(egui::RichText::new(text).small()).frame(false).wrap_mode(mode);
                let hover = show.tooltip(ui.ctx());
                let hover = more.map_or_else(|| hover.clone(), |more| format!("{more}\n{hover}"));
                if ui.add(button).on_hover_text(hover).clicked() {
                    command = Some(show);
                }
            }
        };
        if wrap {
            ui.horizontal_wrapped(bar)
        } else {
            ui.horizontal(bar)
        };
        command
    }
}

/// The tabs with the command that shows each, in their order.
const TABS: [(Tab, Command); 3] =
    [(Tab::Server, Command::ShowServer), (Tab::Client, Command::ShowClient), (Tab::Fetch, Command::ShowFetch)];

fn set_theme(ctx: &egui::Context, settings: &mut Settings, theme: ThemePreference) {
    settings.theme = theme;
    ctx.set_theme(theme);
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.drain(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut commands = Command::pressed(&ctx);
        self.exporting.take_escape(&ctx);
        self.rules.take_escape(&ctx);
        self.certificate.take_escape(&ctx);
        let fill = style::palette(ui).panel;
        let bar = |y| Frame::new().fill(fill).inner_margin(Margin::symmetric(12, y));
        Panel::top("top").frame(bar(7)).show(ui, |ui| commands.extend(self.top(ui)));
        Panel::bottom("status").frame(bar(4)).show(ui, |ui| commands.extend(self.status(ui)));
        if !self.notices.is_empty() {
            Panel::bottom("notices").frame(bar(6)).show(ui, |ui| self.notices.ui(ui));
        } else {
            // What follows stays what it is when a notice goes: what has the keyboard's focus, and what is being pressed.
            ui.skip_ahead_auto_ids(1);
        }
        CentralPanel::default().frame(bar(10)).show(ui, |ui| {
            let settings = &mut self.settings;
            commands.extend(match settings.tab {
                Tab::Server => self.server.ui(ui, &mut settings.servers, &mut settings.profiles),
                Tab::Client => self.client.ui(ui, &mut settings.client),
                Tab::Fetch => self.fetch.ui(ui, &mut settings.fetch),
            });
        });
        commands.extend(self.exporting.ui(&ctx, &self.recorder));
        let is_running = self.server.is_running(&self.settings.servers);
        if let Some((_, form)) = self.server.shown_form(&mut self.settings.servers) {
            commands.extend(self.rules.ui(&ctx, &mut form.behaviour, is_running));
        }
        commands.extend(self.certificate.ui(&ctx));
        help::window(&ctx, &mut self.help);
        for command in commands {
            self.apply(command, &ctx, frame);
            // Show what came of it at once.
            ctx.request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.client.keep(&mut self.settings.client);
        self.settings.save(storage);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
