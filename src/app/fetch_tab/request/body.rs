//! The body of a request: none, text, a form, or a file.

use std::path::{Path, PathBuf};

use egui::{Button, ScrollArea, TextEdit, Ui};

use super::has_body;
use super::parts::PartRows;
use crate::app::command::Command;
use crate::app::dialogs::{self, Asking};
use crate::app::jobs::{Done, Jobs};
use crate::app::widgets::notices::Notices;
use crate::app::widgets::{choose, cross, field_width, weak};
use crate::i18n::{t, tf};
use crate::net::fetch::Payload;

/// The most characters of a body that is typed: more would hold the window up, and can come from a file.
const LONGEST: usize = 256 << 10;
/// The most rows of a form.
pub(super) const MOST: usize = 200;
/// The height of what scrolls, in points.
pub(super) const HEIGHT: f32 = 120.0;

/// What the body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    None,
    Text,
    Form,
    Parts,
    File,
}

/// What text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Media {
    #[default]
    Json,
    Plain,
    Xml,
    Other,
}

impl Media {
    const ALL: [Self; 3] = [Self::Json, Self::Plain, Self::Xml];

    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Plain => "text/plain; charset=utf-8",
            Self::Xml => "application/xml",
            Self::Other => "",
        }
    }
}

/// The form. What was typed for one kind stays while another is chosen.
#[derive(Debug, Default)]
pub(in crate::app::fetch_tab) struct BodyForm {
    kind: Kind,
    media: Media,
    /// As typed, where it is another one.
    typed_media: String,
    text: String,
    rows: Vec<(String, String)>,
    parts: PartRows,
    path: String,
    /// Empty: after the file's name.
    file_media: String,
    asking: Asking,
}

impl BodyForm {
    pub(super) fn is_none(&self) -> bool {
        self.kind == Kind::None
    }

    /// What is sent; a path that does not begin at the root is below `folder`.
    pub(super) fn payload(&self, folder: &Path) -> Payload {
        match self.kind {
            Kind::None => Payload::None,
            Kind::Text => Payload::Bytes { media_type: self.media_type(), bytes: self.text.clone().into_bytes() },
            Kind::Form => {
                let is_meant = |(name, value): &&(String, String)| !name.is_empty() || !value.is_empty();
                Payload::Form(self.rows.iter().filter(is_meant).cloned().collect())
            }
            Kind::Parts => Payload::Multipart(self.parts.all(folder)),
            Kind::File => Payload::File {
                media_type: self.file_media.trim().to_owned(),
                path: dialogs::typed_path(folder, &self.path),
            },
        }
    }

    fn media_type(&self) -> String {
        match self.media {
            Media::Other => self.typed_media.trim().to_owned(),
            known => known.name().to_owned(),
        }
    }

    /// Takes all from `payload`; text that is not UTF-8 cannot be edited and becomes what it looks like.
    pub(super) fn load(&mut self, payload: &Payload) {
        let asking = self.asking;
        *self = Self { asking, ..Self::default() };
        match payload {
            Payload::None => {}
            Payload::Bytes { media_type, bytes } => {
                self.kind = Kind::Text;
                self.media = Media::ALL.into_iter().find(|one| one.name() == media_type).unwrap_or(Media::Other);
                self.typed_media.clone_from(media_type);
                self.text = String::from_utf8_lossy(bytes).into_owned();
            }
            Payload::Form(rows) => {
                self.kind = Kind::Form;
                self.rows = rows.iter().take(MOST).cloned().collect();
            }
            Payload::Multipart(parts) => {
                self.kind = Kind::Parts;
                self.parts = PartRows::of(parts);
            }
            Payload::File { media_type, path } => {
                self.kind = Kind::File;
                self.file_media.clone_from(media_type);
                self.path = path.display().to_string();
            }
        }
    }

    /// What it is, if there is one.
    pub(super) fn title(&self) -> Option<String> {
        has_body(&self.payload(Path::new(""))).then(|| t(self.kind_id()))
    }

    fn kind_id(&self) -> &'static str {
        match self.kind {
            Kind::None => "body-kind-none",
            Kind::Text => "body-kind-text",
            Kind::Form => "body-kind-form",
            Kind::Parts => "body-kind-parts",
            Kind::File => "body-kind-file",
        }
    }

    /// Shows it. Gives the command that a person chose.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<Command> {
        let mut command = None;
        ui.horizontal_wrapped(|ui| {
            let kinds = [
                (Kind::None, t("body-kind-none")),
                (Kind::Text, t("body-kind-text")),
                (Kind::Form, t("body-kind-form")),
                (Kind::Parts, t("body-kind-parts")),
                (Kind::File, t("body-kind-file")),
            ];
            choose(ui, "body-kind", &mut self.kind, &kinds, 0.0);
            match self.kind {
                Kind::None => _ = weak(ui, t("body-kind-none-hint")),
                Kind::Text => self.media(ui),
                Kind::Form => _ = weak(ui, t("body-kind-form-hint")),
                Kind::Parts => _ = weak(ui, t("body-kind-parts-hint")),
                Kind::File => media_field(ui, "file-media-type", t("file-media-type-hint"), &mut self.file_media),
            }
        });
        match self.kind {
            Kind::None => {}
            Kind::Text => {
                ScrollArea::vertical().max_height(HEIGHT).id_salt("request-text").show(ui, |ui| {
                    let edit = TextEdit::multiline(&mut self.text).code_editor().desired_width(f32::INFINITY);
                    let edit = edit.desired_rows(4).char_limit(LONGEST).hint_text(t("body-text-hint"));
                    ui.add(edit).accessible_name(t("body-text"));
                });
            }
            Kind::Form => self.form(ui),
            Kind::Parts => command = self.parts.ui(ui, !self.asking.is_open()),
            Kind::File => {
                ui.horizontal(|ui| {
                    let name = ui.label(t("body-file"));
                    let width = field_width(ui, &[Command::ChooseBody.label()]);
                    let edit = TextEdit::singleline(&mut self.path).desired_width(width).id_salt("body-file");
                    ui.add(edit).labelled_by(name.id).on_hover_text(t("body-file-hover"));
                    command = Command::ChooseBody.button(ui, !self.asking.is_open());
                });
            }
        }
        if self.asking.is_open() {
            weak(ui, t("dialog-open"));
        }
        command
    }

    fn media(&mut self, ui: &mut Ui) {
        let all = [
            (Media::Json, "JSON".to_owned()),
            (Media::Plain, t("media-plain")),
            (Media::Xml, "XML".to_owned()),
            (Media::Other, t("media-other")),
        ];
        choose(ui, "media-type", &mut self.media, &all, 0.0);
        if self.media == Media::Other {
            media_field(ui, "typed-media-type", t("typed-media-type-hint"), &mut self.typed_media);
        }
    }

    fn form(&mut self, ui: &mut Ui) {
        let mut gone = None;
        ScrollArea::vertical().max_height(HEIGHT).id_salt("request-form").show(ui, |ui| {
            for (index, (name, value)) in self.rows.iter_mut().enumerate() {
                ui.push_id(index, |ui| {
                    ui.horizontal(|ui| {
                        let called = |id| tf(id, &[("n", (index + 1).into())]);
                        let edit = TextEdit::singleline(name).desired_width(190.0).hint_text(t("form-name-hint"));
                        ui.add(edit).accessible_name(called("form-name"));
                        let width = (ui.available_width() - 40.0).max(100.0);
                        let edit = TextEdit::singleline(value).desired_width(width).hint_text(t("form-value-hint"));
                        ui.add(edit).accessible_name(called("form-value"));
                        if cross(ui, called("remove-form-field"), t("remove-form-field-hover")).clicked() {
                            gone = Some(index);
                        }
                    });
                });
            }
        });
        if let Some(index) = gone {
            self.rows.remove(index);
        }
        add_row(ui, &mut self.rows);
    }

    /// Opens the dialog for the file.
    pub(in crate::app::fetch_tab) fn ask(
        &mut self,
        folder: &Path,
        jobs: &Jobs,
        frame: &eframe::Frame,
        notices: &mut Notices,
    ) {
        self.asking.begin(notices, || dialogs::ask_what_to_open(frame, jobs, folder, Done::BodyPathChosen));
    }

    /// The dialog was closed.
    pub(in crate::app::fetch_tab) fn chosen(&mut self, path: Option<PathBuf>) {
        self.asking.end();
        let Some(path) = path.map(|path| path.display().to_string()) else { return };
        match self.kind {
            Kind::Parts => self.parts.chosen(path),
            _ => self.path = path,
        }
    }
}

/// The button that adds a row to a form.
pub(super) fn add_row<T: Default>(ui: &mut Ui, rows: &mut Vec<T>) {
    let add = ui.add_enabled(rows.len() < MOST, Button::new(t("add-form-field")));
    if add.on_hover_text(t("add-form-field-hover")).clicked() {
        rows.push(T::default());
    }
}

fn media_field(ui: &mut Ui, id: &str, hint: String, media_type: &mut String) {
    let edit = TextEdit::singleline(media_type).desired_width(240.0).hint_text(hint).id_salt(id);
    ui.add(edit).on_hover_text(t(&format!("{id}-hover"))).accessible_name(t(id));
}
