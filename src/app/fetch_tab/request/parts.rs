//! The fields of a form that may be files (`multipart/form-data`), as rows.

use std::path::Path;

use egui::{Button, Response, ScrollArea, TextEdit, Ui};

use super::body::{HEIGHT, MOST, add_row};
use crate::app::command::Command;
use crate::app::dialogs::typed_path;
use crate::app::widgets::{choose, cross, field_width};
use crate::i18n::{t, tf};
use crate::net::fetch::{Content, FormPart};

/// Widths of the fields, in points; the one of the value takes what is left.
const NAME_WIDTH: f32 = 120.0;
const KIND_WIDTH: f32 = 110.0;
const FILE_NAME_WIDTH: f32 = 100.0;
const TYPE_WIDTH: f32 = 100.0;
/// What stands at the end of each row.
const CROSS_WIDTH: f32 = 40.0;
const SHORTEST: f32 = 80.0;

/// The rows.
#[derive(Debug, Default)]
pub(super) struct PartRows {
    rows: Vec<Row>,
    /// Whose file is being chosen.
    choosing: Option<usize>,
}

/// What the value of a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    File,
    TextOfFile,
}

#[derive(Clone, Debug, Default)]
struct Row {
    name: String,
    kind: Kind,
    /// The text, or the path.
    value: String,
    /// Empty: after the path.
    file_name: String,
    media_type: String,
}

/// What a person wants of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Choose,
    Remove,
}

impl PartRows {
    /// The fields of a request.
    pub(super) fn of(parts: &[FormPart]) -> Self {
        Self { rows: parts.iter().take(MOST).map(Row::of).collect(), choosing: None }
    }

    /// Those that are meant; a path that does not begin at the root is below `folder`.
    pub(super) fn all(&self, folder: &Path) -> Vec<FormPart> {
        let meant = self.rows.iter().filter(|row| !row.name.is_empty() || !row.value.is_empty());
        meant.map(|row| row.part(folder)).collect()
    }

    /// Shows them. Gives the command that a person chose.
    pub(super) fn ui(&mut self, ui: &mut Ui, can_choose: bool) -> Option<Command> {
        let mut wish = None;
        ScrollArea::vertical().max_height(HEIGHT).id_salt("request-parts").show(ui, |ui| {
            for (index, row) in self.rows.iter_mut().enumerate() {
                ui.push_id(index, |ui| {
                    if let Some(wanted) = row.ui(ui, index + 1, can_choose) {
                        wish = Some((wanted, index));
                    }
                });
            }
        });
        add_row(ui, &mut self.rows);
        match wish? {
            (Wish::Choose, index) => {
                self.choosing = Some(index);
                Some(Command::ChooseBody)
            }
            (Wish::Remove, index) => {
                self.remove(index);
                None
            }
        }
    }

    fn remove(&mut self, index: usize) {
        self.rows.remove(index);
        self.choosing = self.choosing.filter(|one| *one != index).map(|one| one - usize::from(index < one));
    }

    /// A file was chosen.
    pub(super) fn chosen(&mut self, path: String) {
        if let Some(row) = self.choosing.take().and_then(|index| self.rows.get_mut(index)) {
            row.value = path;
        }
    }
}

impl Row {
    fn of(part: &FormPart) -> Self {
        let (kind, value) = match &part.content {
            Content::Bytes(bytes) => (Kind::Text, String::from_utf8_lossy(bytes).into_owned()),
            Content::File(path) if part.file_name.is_some() => (Kind::File, path.display().to_string()),
            Content::File(path) => (Kind::TextOfFile, path.display().to_string()),
        };
        let (name, media_type) = (part.name.clone(), part.media_type.clone());
        let own = Path::new(&value).file_name().filter(|_| kind == Kind::File);
        let told = part.file_name.as_deref().filter(|told| own.is_none_or(|own| own != *told));
        let file_name = told.unwrap_or_default().to_owned();
        Self { name, kind, value, file_name, media_type }
    }

    fn part(&self, folder: &Path) -> FormPart {
        let path = || typed_path(folder, &self.value);
        let mut part = match self.kind {
            Kind::Text => FormPart::text(&self.name, &self.value),
            Kind::File => FormPart::file(&self.name, path()),
            Kind::TextOfFile => FormPart { file_name: None, ..FormPart::file(&self.name, path()) },
        };
        if !self.file_name.is_empty() && self.kind != Kind::TextOfFile {
            part.file_name = Some(self.file_name.clone());
        }
        self.media_type.trim().clone_into(&mut part.media_type);
        part
    }

    /// Shows it as the `n`th.
    fn ui(&mut self, ui: &mut Ui, n: usize, can_choose: bool) -> Option<Wish> {
        let mut wish = None;
        ui.horizontal(|ui| {
            field(ui, n, "form-name", &mut self.name, NAME_WIDTH, t("form-name-hint"));
            let kinds = [
                (Kind::Text, t("form-kind-text")),
                (Kind::File, t("form-kind-file")),
                (Kind::TextOfFile, t("form-kind-text-of-file")),
            ];
            choose(ui, "form-kind", &mut self.kind, &kinds, KIND_WIDTH);
            // What is told of a file of which nothing is typed.
            let usual = (self.kind == Kind::File).then(|| FormPart::file("", self.value.trim().into()));
            let gap = ui.spacing().item_spacing.x;
            let has_file_name = self.kind != Kind::TextOfFile;
            let mut rest = TYPE_WIDTH + gap + CROSS_WIDTH;
            if has_file_name {
                rest += FILE_NAME_WIDTH + gap;
            }
            if self.kind == Kind::Text {
                let width = (ui.available_width() - rest).max(SHORTEST);
                field(ui, n, "form-value", &mut self.value, width, t("form-value-hint"));
            } else {
                let label = Command::ChooseBody.label();
                let width = field_width(ui, std::slice::from_ref(&label)) - rest;
                field(ui, n, "form-file", &mut self.value, width.max(SHORTEST), t("form-file-hint"));
                let button = ui.add_enabled(can_choose, Button::new(label));
                let button = button.on_hover_text(Command::ChooseBody.tooltip(ui.ctx()));
                if button.accessible_name(called("choose-form-file", n)).clicked() {
                    wish = Some(Wish::Choose);
                }
            }
            if has_file_name {
                let own = usual.as_ref().and_then(|file| file.file_name.clone());
                let hint = own.unwrap_or_else(|| t("form-file-name-hint"));
                let edit = field(ui, n, "form-file-name", &mut self.file_name, FILE_NAME_WIDTH, hint);
                edit.on_hover_text(t("form-file-name-hover"));
            }
            let own = usual.as_ref().and_then(FormPart::media_type);
            let hint = own.map_or_else(|| t("form-media-type-hint"), |own| own.into_owned());
            let edit = field(ui, n, "form-media-type", &mut self.media_type, TYPE_WIDTH, hint);
            edit.on_hover_text(t("form-media-type-hover"));
            if cross(ui, called("remove-form-field", n), t("remove-form-field-hover")).clicked() {
                wish = Some(Wish::Remove);
            }
        });
        wish
    }
}

/// A field of the `n`th row; `id` is that of its name. The hint is what stands for nothing typed, or what is to be typed.
fn field(ui: &mut Ui, n: usize, id: &str, text: &mut String, width: f32, hint: String) -> Response {
    let edit = TextEdit::singleline(text).desired_width(width).hint_text(hint);
    ui.add(edit).accessible_name(called(id, n))
}

fn called(id: &str, n: usize) -> String {
    tf(id, &[("n", n.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_file_goes_to_the_row_that_asked_if_it_is_still_there() {
        let rows = || PartRows::of(&["a", "b", "c"].map(|name| FormPart::text(name, "")));
        let values = |rows: &PartRows| rows.rows.iter().map(|row| row.value.clone()).collect::<Vec<_>>();
        for (removed, expected) in [(0, ["x", ""]), (1, ["", ""]), (2, ["", "x"])] {
            let mut rows = PartRows { choosing: Some(1), ..rows() };
            rows.remove(removed);
            rows.chosen("x".into());
            rows.chosen("y".into());
            assert_eq!(values(&rows), expected, "{removed}");
        }
    }

    #[test]
    fn what_comes_from_a_request_goes_back_into_it() {
        let folder = Path::new("/folder");
        let file = FormPart::file("f", "/a/b.txt".into());
        let parts = [
            FormPart::text("t", " text "),
            FormPart { file_name: Some("n".into()), media_type: "a/b".into(), ..FormPart::text("t", "") },
            FormPart { file_name: Some("other".into()), ..file.clone() },
            FormPart { file_name: None, ..file.clone() },
            file,
        ];
        assert_eq!(PartRows::of(&parts).all(folder), parts);
        let below = PartRows::of(&[FormPart::file("f", "b".into())]).all(folder);
        assert_eq!(below, [FormPart::file("f", "/folder/b".into())]);
    }
}
