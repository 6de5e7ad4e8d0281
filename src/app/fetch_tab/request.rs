//! What is asked for besides the URL: method, header fields, body, who asks, and on which way. One row says what is set;
//! each part of it unfolds below. Kept until the window closes and no longer: any of it may be secret.

mod body;
mod choices;
mod fields;
mod parts;
mod sign_in;
mod target;
mod ways;

use std::path::Path;

use egui::{RichText, TextEdit, Ui};

use crate::app::command::Command;
use crate::app::settings::FetchForm;
use crate::app::style;
use crate::app::widgets::choose;
use crate::i18n::{count, t, tf};
use crate::net::fetch::{Jar, Payload, Request};
use body::BodyForm;
use fields::Fields;
use sign_in::SignIn;
use target::TargetForm;

/// The methods to choose from; any other can be typed (RFC 9110 §9, RFC 5789).
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Width of the field for another one, in points.
const METHOD_WIDTH: f32 = 90.0;

/// A part that can be unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sheet {
    Fields,
    Body,
    SignIn,
    Ways,
    Cookies,
    Target,
    Options,
}

/// The form.
#[derive(Debug)]
pub(super) struct RequestForm {
    /// As typed.
    method: String,
    /// Another one than those to choose from.
    typed: bool,
    fields: Fields,
    pub(super) body: BodyForm,
    sign_in: SignIn,
    pub(super) target: TargetForm,
    open: Option<Sheet>,
}

impl Default for RequestForm {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            typed: false,
            fields: Fields::default(),
            body: BodyForm::default(),
            sign_in: SignIn::default(),
            target: TargetForm::default(),
            open: None,
        }
    }
}

impl RequestForm {
    /// What it asks of `url`; a file whose path does not begin at the root is below `folder`.
    pub(super) fn request(&self, url: &str, folder: &Path) -> Request {
        Request {
            method: self.method.trim().to_owned(),
            url: url.to_owned(),
            fields: self.fields.all(),
            payload: self.body.payload(folder),
            auth: self.sign_in.auth(),
        }
    }

    /// Takes all from `request` but the URL.
    pub(super) fn load(&mut self, request: &Request) {
        self.method = request.method.clone();
        self.typed = !METHODS.contains(&self.method.as_str());
        self.fields = Fields::of(&request.fields);
        self.body.load(&request.payload);
        self.sign_in = SignIn::of(&request.auth);
    }

    /// The choice of the method, in front of the URL.
    pub(super) fn method(&mut self, ui: &mut Ui) {
        let chosen = if self.typed { "" } else { self.method.as_str() };
        let place = METHODS.iter().position(|one| *one == chosen).unwrap_or(METHODS.len());
        let names = METHODS.iter().map(|one| (*one).to_owned()).chain([t("method-other")]);
        let all: Vec<_> = names.enumerate().collect();
        let mut picked = place;
        choose(ui, "request-method", &mut picked, &all, 0.0);
        if picked != place {
            self.typed = picked == METHODS.len();
            METHODS.get(picked).copied().unwrap_or_default().clone_into(&mut self.method);
        }
        if self.typed {
            let edit = TextEdit::singleline(&mut self.method).desired_width(METHOD_WIDTH).id_salt("typed-method");
            ui.add(edit).on_hover_text(t("typed-method-hover")).accessible_name(t("typed-method"));
        }
    }

    /// The row that says what is set. Gives the command that a person chose.
    pub(super) fn row(&mut self, ui: &mut Ui, form: &FetchForm, jar: &Jar) -> Option<Command> {
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            crate::app::widgets::small_row(ui);
            let sheets = [
                (Sheet::Fields, "request-headers", self.fields.title()),
                (Sheet::Body, "request-body", self.body.title()),
                (Sheet::SignIn, "sign-in", self.sign_in.title()),
                (Sheet::Ways, "ways", ways::title(form)),
                (Sheet::Cookies, "cookies", cookies_title(form, jar)),
                (Sheet::Target, "target", self.target.title()),
                (Sheet::Options, "fetch-options", None),
            ];
            for (sheet, id, set) in sheets {
                self.toggle(ui, sheet, id, set);
            }
            for one in [Command::CopyCurl, Command::PasteCurl] {
                let button = egui::Button::new(RichText::new(one.label()).small());
                if ui.add(button).on_hover_text(one.tooltip(ui.ctx())).clicked() {
                    command = Some(one);
                }
            }
        });
        command
    }

    fn toggle(&mut self, ui: &mut Ui, sheet: Sheet, id: &str, set: Option<String>) {
        let is_open = self.open == Some(sheet);
        let name = match &set {
            Some(set) => tf("sheet-set", &[("name", t(id).into()), ("set", set.as_str().into())]),
            None => t(id),
        };
        let text = RichText::new(format!("{} {name}", if is_open { "▾" } else { "▸" })).small();
        let text = if set.is_some() { text.strong() } else { text };
        let button = ui.add(egui::Button::selectable(is_open, text));
        if button.on_hover_text(t(&format!("{id}-hover"))).accessible_name(name).clicked() {
            self.open = (!is_open).then_some(sheet);
        }
    }

    /// What is unfolded.
    pub(super) fn sheet(
        &mut self,
        ui: &mut Ui,
        form: &mut FetchForm,
        jar: &Jar,
        folder: &Path,
        accept_any_certificate: &mut bool,
    ) -> Option<Command> {
        let open = self.open?;
        let mut command = None;
        let frame = style::well(ui).fill(style::palette(ui).faint);
        frame.show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            match open {
                Sheet::Fields => self.fields.ui(ui),
                Sheet::Body => {
                    let had_none = self.body.is_none();
                    command = self.body.ui(ui);
                    // Nobody means to send a body with GET.
                    if had_none && !self.body.is_none() && self.method == "GET" {
                        "POST".clone_into(&mut self.method);
                    }
                }
                Sheet::SignIn => self.sign_in.ui(ui),
                Sheet::Ways => ways::ui(ui, form),
                Sheet::Cookies => cookies(ui, form, jar),
                Sheet::Target => command = self.target.ui(ui, folder),
                Sheet::Options => command = choices::ui(ui, form, accept_any_certificate),
            }
        });
        command
    }
}

fn cookies_title(form: &FetchForm, jar: &Jar) -> Option<String> {
    match (form.keep_cookies, jar.len()) {
        (false, _) => Some(t("cookies-off")),
        (true, 0) => None,
        (true, n) => Some(count(n as u64)),
    }
}

fn cookies(ui: &mut Ui, form: &mut FetchForm, jar: &Jar) {
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut form.keep_cookies, t("keep-cookies")).on_hover_text(t("keep-cookies-hover"));
        ui.label(tf("cookies-kept", &[("n", jar.len().into())]));
        let clear = ui.add_enabled(!jar.is_empty(), egui::Button::new(t("clear-cookies")));
        if clear.on_hover_text(t("clear-cookies-hover")).clicked() {
            jar.clear();
        }
    });
}

/// Whether there is a body to send.
fn has_body(payload: &Payload) -> bool {
    !matches!(payload, Payload::None)
}
