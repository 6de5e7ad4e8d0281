//! The Fetch tab: get a page, see every hop, its headers, its body and its wire, and save the body.

mod body;
mod connection;
mod delivery;
mod head_view;
mod marks;
mod part_list;
mod saving;
mod timing;
mod values;
mod wire_view;

use std::sync::Arc;

use egui::{CentralPanel, DragValue, Frame, Panel, ProgressBar, TextEdit, Ui};

use super::command::Command;
use super::jobs::Jobs;
use super::settings::{FetchForm, remember};
use super::widgets::notices::Notices;
use super::widgets::wire::{Shown, WireForm};
use super::widgets::{bad, entered, field_width, hint, recent_menu, state_label, tab, text_field};
use super::{Tools, style};
use crate::i18n::{bytes, t, tf};
use crate::net::Error;
use crate::net::fetch::{Body, Fetch, Options, Outcome, Phase, View, without_userinfo};
use crate::recording::text::visible;
pub use body::Made;
use body::{BodyView, Browser};
use delivery::DeliveryView;
use head_view::HeadView;
use saving::Saving;
use wire_view::WireView;

/// How many events one frame takes at most.
const DRAIN: usize = 2_000;

/// What is shown of a hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Headers,
    Body,
    Wire,
    Timing,
    Connection,
}

/// What the tab remembers.
#[derive(Debug, Default)]
pub struct FetchTab {
    fetch: Option<Fetch>,
    /// The fetch's state as it was looked at last, and its version then.
    view: View,
    version: u64,
    /// Holds for one fetch; never kept.
    accept_any_certificate: bool,
    part: Part,
    /// The hop that is shown; the last if none was chosen.
    hop: Option<usize>,
    heads: HeadView,
    body: BodyView,
    wire: WireView,
    delivery: DeliveryView,
    browser: Browser,
    saving: Saving,
}

impl FetchTab {
    /// As it was left.
    #[must_use]
    pub fn new(form: &FetchForm) -> Self {
        Self { saving: Saving::new(form), ..Self::default() }
    }

    /// Takes what the fetch reported.
    pub fn drain(&mut self, tools: &Tools<'_>) {
        self.body.work(tools.jobs);
        let Some(fetch) = &self.fetch else { return };
        // The events only say that there is something to look at: the state says what.
        let taken = std::iter::from_fn(|| fetch.inbox().next()).take(DRAIN).count();
        if taken == DRAIN {
            tools.ctx.request_repaint();
        }
        let version = fetch.version();
        if version == self.version {
            return;
        }
        self.version = version;
        let was_over = self.view.outcome.is_some();
        self.view = fetch.view(View::clone);
        self.heads.forget();
        if let (false, Some(outcome)) = (was_over, &self.view.outcome) {
            let body = match outcome {
                Outcome::Complete(body) => Some(body),
                Outcome::Failed { partial, .. } => partial.as_ref(),
            };
            self.body = BodyView::new(body, self.view.hops.last().and_then(|hop| hop.head.as_ref()));
            self.body.work(tools.jobs);
            self.saving.offer(body);
            self.delivery = DeliveryView::new(body, tools.jobs);
            if body.is_none() && self.view.hops.last().is_some_and(|hop| hop.refused.is_some()) {
                self.part = Part::Connection;
            }
        }
    }

    /// Does what a person asked for.
    pub fn apply(
        &mut self,
        command: Command,
        form: &mut FetchForm,
        tools: &Tools<'_>,
        frame: &eframe::Frame,
        notices: &mut Notices,
    ) {
        match command {
            Command::Main if self.is_running() => self.cancel(),
            Command::CancelFetch => self.cancel(),
            Command::Main | Command::Fetch if !self.is_running() => {
                notices.clear();
                self.start(form, tools);
            }
            Command::FetchAccepting if !self.is_running() => {
                notices.clear();
                self.accept_any_certificate = true;
                self.start(form, tools);
            }
            Command::OpenInBrowser => {
                if let Some(page) = self.body.page() {
                    self.browser.open(page, tools.jobs, notices);
                }
            }
            Command::SaveBody => self.saving.ask(tools.jobs, frame, notices),
            Command::SaveHere => self.saving.save_here(tools.jobs, notices),
            Command::OpenSaved => self.saving.open(tools.jobs, notices),
            _ => {}
        }
    }

    fn start(&mut self, form: &mut FetchForm, tools: &Tools<'_>) {
        let seconds = std::time::Duration::from_secs_f64;
        let options = Options {
            connect_timeout: seconds(form.connect_seconds),
            silence: seconds(form.silence_seconds),
            max_redirects: form.max_redirects,
            follow: form.follow,
            extra_roots: Some(form.extra_roots.trim()).filter(|path| !path.is_empty()).map(Into::into),
            accept_any_certificate: self.accept_any_certificate,
            ..Options::default()
        };
        let browser = std::mem::take(&mut self.browser);
        *self = Self { part: self.part, saving: Saving::new(form), browser, ..Self::default() };
        self.fetch = Some(Fetch::start(&form.url, options, tools.recorder, tools.waker.clone()));
        if !form.url.trim().is_empty() {
            remember(&mut form.recent, without_userinfo(&form.url));
        }
    }

    fn cancel(&self) {
        if let Some(fetch) = &self.fetch {
            fetch.cancel();
        }
    }

    /// Saves `body` where the person chose.
    pub fn save(&mut self, body: Arc<Body>, path: std::path::PathBuf, jobs: &Jobs, notices: &mut Notices) {
        self.saving.save(body, path, jobs, notices);
    }

    /// The dialog was closed without a choice.
    pub fn dialog_closed(&mut self) {
        self.saving.dialog_closed();
    }

    /// The body is at `path`.
    pub fn saved(&mut self, path: std::path::PathBuf, form: &mut FetchForm) {
        self.saving.saved(path, form);
    }

    /// The body could not be saved.
    pub fn not_saved(&mut self) {
        self.saving.not_saved();
    }

    /// What is to be shown of a body is there.
    pub fn made(&mut self, made: Made, jobs: &Jobs) {
        self.body.made(made);
        self.body.work(jobs);
    }

    /// The digest of `body` is there, or cannot be.
    pub fn computed(&mut self, body: &Arc<Body>, sha256: Result<String, Error>) {
        self.delivery.computed(body, sha256);
    }

    fn is_running(&self) -> bool {
        self.fetch.is_some() && self.view.outcome.is_none()
    }

    /// What the status bar says.
    #[must_use]
    pub fn status(&self) -> String {
        match (&self.fetch, &self.view.outcome) {
            (None, _) => t("status-fetch-idle"),
            (Some(fetch), None) => {
                let got = fetch.progress().received;
                tf("status-fetch-running", &[("phase", self.phase().into()), ("size", bytes(got).into())])
            }
            (Some(_), Some(Outcome::Complete(body))) => {
                tf("status-fetch-complete", &[("status", self.statuses().into()), ("size", bytes(body.len()).into())])
            }
            (Some(_), Some(Outcome::Failed { error, .. })) if error.is_cancelled() => t("status-fetch-cancelled"),
            (Some(_), Some(Outcome::Failed { .. })) => t("status-fetch-failed"),
        }
    }

    /// Where bodies are saved to.
    #[must_use]
    pub fn folder(&self) -> std::path::PathBuf {
        self.saving.folder()
    }

    /// What the wire shows, and the bytes of it that are chosen.
    #[must_use]
    pub fn shown(&mut self) -> Option<Shown> {
        self.wire.wire().shown()
    }

    /// Leads to where headers are looked for while they are shown; else opens the bar that looks for bytes in the wire.
    pub fn find(&mut self) {
        if self.part == Part::Headers && !self.view.hops.is_empty() {
            return self.heads.find();
        }
        self.part = Part::Wire;
        self.wire.wire().open_find();
    }

    /// Shows the tab.
    pub fn ui(&mut self, ui: &mut Ui, form: &mut FetchForm) -> Option<Command> {
        let mut command = None;
        Panel::top("fetch-form").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            command = self.form(ui, form);
            if self.fetch.is_some() {
                self.outcome(ui);
            }
            let wanted = self.saving.ui(ui);
            command = command.or(wanted);
            ui.add_space(style::GAP);
        });
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            if self.view.hops.is_empty() {
                style::well(ui).show(ui, |ui| {
                    ui.take_available_space();
                    hint(ui, t("fetch-empty"));
                });
                return;
            }
            let nothing = self.view.hops.iter().all(|hop| hop.tries.is_empty());
            if nothing && self.view.outcome.is_some() {
                style::well(ui).show(ui, |ui| {
                    ui.take_available_space();
                    hint(ui, t("fetch-nothing"));
                });
                return;
            }
            self.hops(ui);
            let wanted = self.shown_part(ui, &mut form.wire);
            command = command.or(wanted);
        });
        command
    }

    fn form(&mut self, ui: &mut Ui, form: &mut FetchForm) -> Option<Command> {
        let mut command = None;
        let running = self.is_running();
        ui.horizontal(|ui| {
            ui.add_enabled_ui(!running, |ui| {
                let name = ui.label(t("fetch-url"));
                let width = field_width(ui, &[t("recent")]) - style::MAIN_WIDTH - style::GAP;
                let url = TextEdit::singleline(&mut form.url).desired_width(width).hint_text(t("fetch-url-hint"));
                let url = ui.add(url).labelled_by(name.id);
                let url = url.on_hover_text(t("fetch-url-hover"));
                if entered(ui, &url) {
                    command = Some(Command::Fetch);
                }
                if let Some(one) = recent_menu(ui, &form.recent) {
                    form.url = one;
                }
            });
            let main = if running { Command::CancelFetch } else { Command::Fetch };
            command = command.or(main.main_button(ui, true));
        });
        let options = egui::CollapsingHeader::new(t("fetch-options")).id_salt("fetch-options");
        options.show(ui, |ui| {
            ui.add_enabled_ui(!running, |ui| self.options(ui, form));
        });
        if self.accept_any_certificate {
            bad(ui, t("accepting-any-certificate"));
        }
        command
    }

    fn options(&mut self, ui: &mut Ui, form: &mut FetchForm) {
        ui.horizontal_wrapped(|ui| {
            ui.checkbox(&mut form.follow, t("follow-redirects"));
            let number = |ui: &mut Ui, id: &str, value: DragValue<'_>| {
                let name = ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
                ui.add(value).labelled_by(name.id);
            };
            number(ui, "max-redirects", DragValue::new(&mut form.max_redirects).range(0..=100));
            let seconds = |value| DragValue::new(value).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
            number(ui, "connect-limit", seconds(&mut form.connect_seconds));
            number(ui, "silence-limit", seconds(&mut form.silence_seconds));
        });
        ui.horizontal_wrapped(|ui| {
            text_field(ui, "extra-roots", &mut form.extra_roots, 300.0).on_hover_text(t("extra-roots-hover"));
            ui.checkbox(&mut self.accept_any_certificate, t("accept-any")).on_hover_text(t("accept-any-hover"));
        });
    }

    fn phase(&self) -> String {
        t(match self.view.phase {
            Phase::Resolving => "phase-resolving",
            Phase::Connecting => "phase-connecting",
            Phase::Tls => "phase-tls",
            Phase::Sending => "phase-sending",
            Phase::Waiting => "phase-waiting",
            Phase::Receiving => "phase-receiving",
            Phase::Done => "phase-done",
        })
    }

    /// `301 → 200 OK`.
    fn statuses(&self) -> String {
        let heads: Vec<_> = self.view.hops.iter().filter_map(|hop| hop.head.as_ref()).collect();
        let last = heads.len().saturating_sub(1);
        let each = heads.iter().enumerate().map(|(index, head)| {
            let reason = visible(&head.reason);
            if index == last && !reason.is_empty() {
                format!("{} {reason}", head.status)
            } else {
                head.status.to_string()
            }
        });
        each.collect::<Vec<_>>().join(" → ")
    }

    /// The line that tells how it stands or how it ended.
    fn outcome(&self, ui: &mut Ui) {
        let Some(fetch) = &self.fetch else { return };
        let progress = fetch.progress();
        let palette = style::palette(ui);
        ui.horizontal_wrapped(|ui| {
            let statuses = self.statuses();
            if !statuses.is_empty() {
                ui.strong(statuses);
            }
            match &self.view.outcome {
                None => {
                    state_label(ui, palette.warn, &self.phase());
                    if self.view.phase == Phase::Receiving {
                        let got = bytes(progress.received);
                        match progress.length.filter(|length| *length > 0) {
                            Some(length) => {
                                let part = progress.received as f32 / length as f32;
                                let args = [("got", got.into()), ("length", bytes(length).into())];
                                let bar = ProgressBar::new(part).text(tf("progress-of", &args)).desired_width(280.0);
                                ui.add(bar);
                                ui.label(format!("{:.0} %", part * 100.0));
                            }
                            None => {
                                ui.label(tf("progress-so-far", &[("got", got.into())]));
                            }
                        }
                    }
                }
                Some(Outcome::Complete(body)) => _ = ui.label(bytes(body.len())),
                Some(Outcome::Failed { error, .. }) if error.is_cancelled() => {
                    state_label(ui, palette.warn, &t("cancelled"));
                }
                Some(Outcome::Failed { error, .. }) => {
                    ui.colored_label(palette.bad, error.to_string());
                }
            }
            let guess = || delivery::guess(progress, self.view.outcome.as_ref());
            if let Some(delivery) = self.view.delivery.clone().or_else(guess) {
                self.delivery.ui(ui, &delivery);
            }
        });
        for note in self.view.hops.iter().flat_map(|hop| &hop.notes) {
            ui.colored_label(palette.warn, note);
        }
    }

    fn hops(&mut self, ui: &mut Ui) {
        let last = self.view.hops.len() - 1;
        let shown = self.hop.unwrap_or(last).min(last);
        if last > 0 {
            ui.horizontal_wrapped(|ui| {
                ui.label(t("hops")).on_hover_text(t("hops-hover"));
                for (index, hop) in self.view.hops.iter().enumerate() {
                    let status = hop.head.as_ref().map_or_else(|| "…".to_owned(), |head| head.status.to_string());
                    let text = format!("{} · {status}", index + 1);
                    if ui.selectable_label(index == shown, text).on_hover_text(&hop.url).clicked() {
                        self.hop = Some(index);
                    }
                }
            });
        }
        ui.horizontal_wrapped(|ui| {
            for (part, id) in [
                (Part::Headers, "part-headers"),
                (Part::Body, "part-body"),
                (Part::Wire, "part-wire"),
                (Part::Timing, "part-timing"),
                (Part::Connection, "part-connection"),
            ] {
                if tab(ui, self.part == part, t(id)).on_hover_text(t(&format!("{id}-hover"))).clicked() {
                    self.part = part;
                }
            }
        });
    }

    fn shown_part(&mut self, ui: &mut Ui, form: &mut WireForm) -> Option<Command> {
        let last = self.view.hops.len() - 1;
        let shown = self.hop.unwrap_or(last).min(last);
        let hop = &self.view.hops[shown];
        match self.part {
            Part::Headers => {
                if let Some(kind) = self.heads.ui(ui, shown, hop) {
                    self.part = Part::Wire;
                    self.wire.show(kind);
                    ui.ctx().request_repaint();
                }
            }
            Part::Body => return self.body.ui(ui, self.is_running()),
            Part::Wire => return self.wire.ui(ui, shown, hop, form),
            Part::Timing => timing::ui(ui, &self.view.hops),
            Part::Connection => return connection::ui(ui, hop, shown == last && !self.is_running()),
        }
        None
    }
}
