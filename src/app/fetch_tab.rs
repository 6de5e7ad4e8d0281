//! The Fetch tab: get a page, see every hop, its headers, its body and its wire, and save the body.

mod body;
mod connection;
mod delivery;
mod head_view;
mod history;
mod hops;
mod marks;
mod part_list;
mod request;
mod saving;
mod timing;
mod values;
mod wire_view;

use std::sync::Arc;
use std::time::SystemTime;

use egui::{CentralPanel, Frame, Panel, ProgressBar, TextEdit, Ui};

use super::command::Command;
use super::jobs::Jobs;
use super::settings::{FetchForm, ProxyKind, remember};
use super::widgets::notices::Notices;
use super::widgets::wire::{Shown, WireForm};
use super::widgets::{bad, entered, field_width, hint, recent_menu, state_label, tab, weak};
use super::{Tools, style};
use crate::curl;
use crate::i18n::{bytes, t, tf};
use crate::net::Error;
use crate::net::fetch::{
    Body, Bound, Fetch, Jar, Options, Outcome, Pace, Phase, Progress, Proxy, Request, View, without_userinfo,
};
use crate::net::tls::Certificate;
use crate::recording::text::visible;
pub use body::Made;
use body::{BodyView, Browser};
use delivery::DeliveryView;
use head_view::HeadView;
use history::{Entry, History, Pick};
use hops::HopList;
use request::RequestForm;
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
    /// What it asks for, and when it began.
    asked: Option<(Request, SystemTime)>,
    /// How far it was when it was looked at last.
    progress: Progress,
    /// How fast it goes.
    pace: Pace,
    /// The earlier fetch that is shown, where its body is no longer kept.
    gone: Option<Entry>,
    /// An earlier fetch is to be shown: its body is to be looked at first.
    body_wanted: bool,
    request: RequestForm,
    jar: Jar,
    history: History,
    /// A curl command that was pasted.
    pasted: String,
    /// The fetch's state as it was looked at last, and its version then.
    view: View,
    version: u64,
    /// Holds for one fetch; never kept.
    accept_any_certificate: bool,
    /// Those that were refused and then accepted by a person: for the same request, and no other.
    accepted_certificates: Vec<Certificate>,
    part: Part,
    /// The hop that is shown; the last if none was chosen.
    hop: Option<usize>,
    hop_list: HopList,
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
    pub fn drain(&mut self, tools: &Tools<'_>, notices: &mut Notices) {
        if std::mem::take(&mut self.body_wanted) {
            self.show_body(tools.jobs);
        }
        self.body.work(tools.jobs);
        let Some(fetch) = &self.fetch else { return };
        // The events only say that there is something to look at: the state says what.
        let taken = std::iter::from_fn(|| fetch.inbox().next()).take(DRAIN).count();
        if taken == DRAIN {
            tools.ctx.request_repaint();
        }
        if self.view.outcome.is_none() {
            self.pace.note(std::time::Instant::now(), fetch.progress().received);
        }
        let version = fetch.version();
        if version == self.version {
            return;
        }
        self.version = version;
        let was_over = self.view.outcome.is_some();
        self.view = fetch.view(View::clone);
        self.progress = fetch.progress();
        self.heads.forget();
        if !was_over && self.view.outcome.is_some() {
            self.show_body(tools.jobs);
            self.tell_where(notices);
            let refused = self.view.hops.last().is_some_and(|hop| hop.refused.is_some());
            if refused && self.view.outcome.as_ref().and_then(Outcome::body).is_none() {
                self.part = Part::Connection;
            }
            let entry =
                self.asked.clone().and_then(|(request, at)| Entry::new(at, request, self.view.clone(), self.progress));
            entry.into_iter().for_each(|entry| self.history.push(entry));
        }
    }

    /// Says where a body is that went to the file that was chosen for it.
    fn tell_where(&mut self, notices: &mut Notices) {
        let body = self.view.outcome.as_ref().and_then(Outcome::body);
        if let Some((body, path)) = body.and_then(|body| Some((body, body.saved_to()?))) {
            let text = if body.is_complete() { "saved" } else { "kept-partial" };
            notices.good(tf(text, &[("path", path.display().to_string().into())]));
            if body.is_complete() {
                self.request.target.complete();
            }
        }
        self.request.target.look(&self.saving.folder());
    }

    /// The body of the fetch that is over.
    fn show_body(&mut self, jobs: &Jobs) {
        let body = self.view.outcome.as_ref().and_then(Outcome::body);
        self.body = BodyView::new(body);
        self.body.work(jobs);
        self.saving.offer(body);
        self.delivery = DeliveryView::new(body, jobs);
    }

    /// Does what a person does with the history.
    fn go_back(&mut self, pick: Pick, form: &mut FetchForm) {
        self.accepted_certificates.clear();
        match pick {
            Pick::Clear => self.history.clear(),
            Pick::FillIn(place) => {
                let Some(entry) = self.history.get(place) else { return };
                form.url.clone_from(&entry.request.url);
                self.request.load(&entry.request);
            }
            Pick::Show(place) => {
                let Some(entry) = self.history.get(place).cloned() else { return };
                self.forget(form);
                self.view = entry.view.clone();
                self.progress = entry.progress;
                self.gone = Some(entry).filter(|entry| entry.gone);
                self.body_wanted = true;
            }
        }
    }

    /// Nothing of the last fetch is shown any more.
    fn forget(&mut self, form: &FetchForm) {
        let Self { part, request, jar, history, browser, accepted_certificates, .. } = std::mem::take(self);
        let saving = Saving::new(form);
        *self = Self { part, request, jar, history, browser, accepted_certificates, saving, ..Self::default() };
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
            Command::CancelFetch | Command::StopHere => self.cancel(),
            Command::GoOn => self.fetch.iter().for_each(Fetch::go_on),
            Command::Main | Command::Fetch if !self.is_running() => {
                notices.clear();
                if curl::is_curl(&form.url) {
                    self.pasted = std::mem::take(&mut form.url);
                    self.paste(form, notices);
                } else {
                    self.accepted_certificates.clear();
                    self.start(form, tools);
                }
            }
            Command::FetchAccepting if !self.is_running() => {
                notices.clear();
                let shown = self.view.hops.last().and_then(|hop| hop.chain.first());
                self.accepted_certificates.extend(shown.cloned());
                match self.asked.take() {
                    // What was refused, whatever is in the form now.
                    Some((request, _)) => self.send(request, form, tools),
                    None => self.start(form, tools),
                }
            }
            Command::OpenInBrowser => {
                if let Some(page) = self.body.page() {
                    self.browser.open(page, tools.jobs, notices);
                }
            }
            // What is on the clipboard comes with one of the next frames, as if it were pasted into the field.
            Command::PasteCurl if self.pasted.is_empty() => {
                tools.ctx.memory_mut(|memory| memory.request_focus(url_id()));
                tools.ctx.send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            }
            Command::PasteCurl if !self.is_running() => self.paste(form, notices),
            Command::CopyCurl => {
                let request = self.request.request(&form.url, &self.saving.folder());
                tools.ctx.copy_text(curl::to_curl(&request, &self.options(form)));
                notices.good(t("curl-copied"));
            }
            Command::ChooseBody => self.request.body.ask(&self.saving.folder(), tools.jobs, frame, notices),
            Command::ChooseTarget => {
                self.request.target.ask(&form.url, &self.saving.folder(), tools.jobs, frame, notices);
            }
            Command::SaveBody => self.saving.ask(tools.jobs, frame, notices),
            Command::SaveHere => self.saving.save_here(tools.jobs, notices),
            Command::OpenSaved => self.saving.open(tools.jobs, notices),
            Command::ShowInFolder => self.saving.show_in_folder(tools.jobs, notices),
            _ => {}
        }
    }

    fn options(&self, form: &FetchForm) -> Options {
        let seconds = std::time::Duration::from_secs_f64;
        Options {
            connect_timeout: seconds(form.connect_seconds),
            silence: seconds(form.silence_seconds),
            max_redirects: form.max_redirects,
            follow: form.follow,
            extra_roots: Some(form.extra_roots.trim()).filter(|path| !path.is_empty()).map(Into::into),
            accept_any_certificate: self.accept_any_certificate,
            accepted_certificates: self.accepted_certificates.clone(),
            proxy: form.proxy(),
            ip: form.ip,
            stop_at_hops: form.stop_at_hops,
            bound: Bound { size: form.unpack_mib.saturating_mul(1 << 20), ratio: form.unpack_ratio },
            cookies: form.keep_cookies.then(|| self.jar.clone()),
            destination: self.request.target.destination(&self.saving.folder()),
            transferred: self.request.target.transferred,
            keep_transferred: true,
            ..Options::default()
        }
    }

    fn start(&mut self, form: &mut FetchForm, tools: &Tools<'_>) {
        let request = self.request.request(&form.url, &self.saving.folder());
        self.send(request, form, tools);
    }

    fn send(&mut self, request: Request, form: &mut FetchForm, tools: &Tools<'_>) {
        let options = self.options(form);
        self.forget(form);
        self.asked = Some((request.clone(), SystemTime::now()));
        self.fetch = Some(Fetch::start(request, options, tools.recorder, tools.waker.clone()));
        if !form.url.trim().is_empty() {
            remember(&mut form.recent, without_userinfo(&form.url));
        }
    }

    /// Fills the form from the curl command that was pasted. Whatever is wrong with it leaves the form as it was.
    fn paste(&mut self, form: &mut FetchForm, notices: &mut Notices) {
        let text = std::mem::take(&mut self.pasted);
        let curl::Understood { request, options, notes } = match curl::from_curl(&text) {
            Ok(understood) => understood,
            Err(mistake) => {
                form.url = text;
                return notices.bad(mistake.to_string());
            }
        };
        form.url.clone_from(&request.url);
        self.request.load(&request);
        form.follow = options.follow;
        if options.follow {
            form.max_redirects = options.max_redirects;
        }
        form.connect_seconds = options.connect_timeout.as_secs_f64();
        form.ip = options.ip;
        (form.proxy, form.proxy_url) = match options.proxy {
            Proxy::Environment => (ProxyKind::Environment, String::new()),
            Proxy::None => (ProxyKind::None, String::new()),
            Proxy::Url(url) => (ProxyKind::Typed, url),
        };
        form.extra_roots = options.extra_roots.map(|path| path.display().to_string()).unwrap_or_default();
        self.accept_any_certificate = options.accept_any_certificate;
        if notes.is_empty() {
            notices.good(t("curl-understood"));
        } else {
            notices.bad(tf("curl-understood-but", &[("notes", notes.join(" · ").into())]));
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

    /// The dialog that asks for a file to send was closed.
    pub fn body_chosen(&mut self, path: Option<std::path::PathBuf>) {
        self.request.body.chosen(path);
    }

    /// The dialog that asks for the file to download to was closed.
    pub fn target_chosen(&mut self, path: Option<std::path::PathBuf>) {
        self.request.target.chosen(path, &self.saving.folder());
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
        if let Some(gone) = &self.gone {
            return gone.end.text();
        }
        match (&self.fetch, &self.view.outcome) {
            (None, None) => t("status-fetch-idle"),
            (Some(fetch), None) => {
                let got = fetch.progress().received;
                tf("status-fetch-running", &[("phase", self.phase().into()), ("size", bytes(got).into())])
            }
            (_, Some(Outcome::Complete(body))) => {
                tf("status-fetch-complete", &[("status", self.statuses().into()), ("size", bytes(body.len()).into())])
            }
            (_, Some(Outcome::Failed { error, .. })) if error.is_cancelled() => t("status-fetch-cancelled"),
            (_, Some(Outcome::Failed { .. })) => t("status-fetch-failed"),
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
            if !self.view.hops.is_empty() {
                self.outcome(ui);
            }
            command = command.or(hops::stopped(ui, &self.view));
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
                self.request.method(ui);
                let name = ui.label(t("fetch-url"));
                let width = field_width(ui, &[t("recent"), t("history")]) - style::MAIN_WIDTH - style::GAP;
                let url = TextEdit::singleline(&mut form.url).desired_width(width).hint_text(t("fetch-url-hint"));
                if let Some(text) = pasted_curl(ui) {
                    self.pasted = text;
                    command = Some(Command::PasteCurl);
                }
                let url = ui.add(url.id(url_id())).labelled_by(name.id);
                let url = url.on_hover_text(t("fetch-url-hover"));
                if entered(ui, &url) {
                    command = Some(Command::Fetch);
                }
                if let Some(one) = recent_menu(ui, &form.recent) {
                    form.url = one;
                }
            });
            if let Some(pick) = self.history.menu(ui, running) {
                self.go_back(pick, form);
                ui.request_repaint();
            }
            let main = if running { Command::CancelFetch } else { Command::Fetch };
            command = command.or(main.main_button(ui, true));
        });
        ui.add_enabled_ui(!running, |ui| {
            let wanted = self.request.row(ui, form, &self.jar);
            command = command.or(wanted);
            let wanted =
                self.request.sheet(ui, form, &self.jar, &self.saving.folder(), &mut self.accept_any_certificate);
            command = command.or(wanted);
        });
        if self.accept_any_certificate {
            bad(ui, t("accepting-any-certificate"));
        }
        command
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
        let progress = self.fetch.as_ref().map_or(self.progress, Fetch::progress);
        let palette = style::palette(ui);
        ui.horizontal_wrapped(|ui| {
            let statuses = self.statuses();
            if !statuses.is_empty() {
                ui.strong(statuses);
            }
            match &self.view.outcome {
                None if let Some(gone) = &self.gone => {
                    ui.label(bytes(gone.size));
                    state_label(ui, gone.end.colour(palette), &gone.end.text());
                    weak(ui, t("history-body-gone"));
                }
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
                                ui.label(self.pace.tell(format!("{:.0} %", part * 100.0), progress));
                            }
                            None => {
                                ui.label(self.pace.tell(tf("progress-so-far", &[("got", got.into())]), progress));
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
            if let Some(delivery) = &self.view.delivery {
                self.delivery.ui(ui, delivery);
            }
        });
        for note in self.view.hops.iter().flat_map(|hop| &hop.notes) {
            ui.colored_label(palette.warn, note);
        }
    }

    fn hops(&mut self, ui: &mut Ui) {
        let last = self.view.hops.len() - 1;
        let shown = self.hop.unwrap_or(last).min(last);
        self.hop = self.hop_list.ui(ui, &self.view.hops, shown).or(self.hop);
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
            Part::Body if self.gone.is_some() => hint(ui, t("history-body-gone")),
            Part::Body => return self.body.ui(ui, self.is_running()),
            Part::Wire => return self.wire.ui(ui, shown, hop, form),
            Part::Timing => timing::ui(ui, &self.view.hops),
            Part::Connection => return connection::ui(ui, hop, shown == last && !self.is_running()),
        }
        None
    }
}

/// The field with the URL.
fn url_id() -> egui::Id {
    egui::Id::unique("fetch-url")
}

/// A curl command that is being pasted into that field, which would make one line of it.
fn pasted_curl(ui: &Ui) -> Option<String> {
    if !ui.memory(|memory| memory.has_focus(url_id())) {
        return None;
    }
    ui.input_mut(|input| {
        let is_curl = |event: &egui::Event| matches!(event, egui::Event::Paste(text) if curl::is_curl(text));
        let at = input.events.iter().position(is_curl)?;
        match input.events.remove(at) {
            egui::Event::Paste(text) => Some(text),
            _ => None,
        }
    })
}
