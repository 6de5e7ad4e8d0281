//! Exporting recordings: what, as what, and where to; through the platform's dialog or to a typed path.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Align, Grid, Label, Layout, TextEdit, Ui};

use super::command::Command;
use super::dialogs::{self, Asking};
use super::jobs::{Done, Jobs};
use super::widgets::notices::Notices;
use super::widgets::{dialog, entered, take_escape, weak};
use crate::capture;
use crate::i18n::{bytes, count, t, tf};
use crate::net::Error;
use crate::recording::export::{Extent, Format, Written};
use crate::recording::{Direction, Recorder, Recording};

/// What the wire of a tab shows: the connection, and the bytes that are chosen.
pub struct Source {
    /// The connection.
    pub recording: Arc<Recording>,
    /// The bytes of one direction's stream that are chosen.
    pub chosen: Option<(Direction, Range<u64>)>,
}

/// Width of the window, in points.
const WIDTH: f32 = 520.0;

/// How much to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum What {
    Chosen,
    #[default]
    Connection,
    Everything,
}

/// The window that exports, while it is open.
#[derive(Default)]
pub struct Exporting {
    source: Option<Source>,
    what: What,
    format: Option<Format>,
    folder: PathBuf,
    path: String,
    asking: Asking,
    writing: bool,
}

impl Exporting {
    /// Opens the window for what a wire shows.
    pub fn open(&mut self, source: Source, folder: PathBuf) {
        self.what = if source.chosen.is_some() { What::Chosen } else { What::Connection };
        self.source = Some(source);
        if self.path.is_empty() {
            self.folder = folder;
            self.path = self.folder.join("socketscope").display().to_string();
            self.set_format(Format::Pcapng);
        }
    }

    /// The typed path asks for the format: so the choice changes the path.
    fn set_format(&mut self, format: Format) {
        self.format = Some(format);
        let path = Path::new(self.path.trim());
        // Other dots belong to the name.
        let stem = if Format::of(path).is_some() { path.with_extension("") } else { path.to_owned() };
        self.path = format!("{}.{}", stem.display(), format.extension());
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.source = None;
    }

    /// Closes the window on Escape, before anything below it sees the key.
    pub fn take_escape(&mut self, ctx: &egui::Context) {
        if self.source.is_some() && take_escape(ctx) {
            self.source = None;
        }
    }

    /// Shows the window.
    pub fn ui(&mut self, ctx: &egui::Context, recorder: &Arc<Recorder>) -> Option<Command> {
        self.source.as_ref()?;
        let mut command = None;
        let mut stay = true;
        dialog(t("export-title"), &mut stay).show(ctx, |ui| {
            ui.set_width(WIDTH);
            Grid::new("export").num_columns(2).spacing([16.0, 10.0]).show(ui, |ui| {
                top_label(ui, "export-what");
                ui.vertical(|ui| self.whats(ui, recorder));
                ui.end_row();
                top_label(ui, "export-format");
                ui.vertical(|ui| self.formats(ui));
                ui.end_row();
                let name = top_label(ui, "export-path");
                ui.vertical(|ui| {
                    let field = TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY);
                    let field = ui.add(field).labelled_by(name.id).on_hover_text(t("export-path-hover"));
                    if field.changed() {
                        self.format = Format::of(Path::new(self.path.trim()));
                    }
                    if entered(ui, &field) && self.is_ready() {
                        command = Some(Command::ExportHere);
                    }
                    ui.horizontal(|ui| {
                        let here = Command::ExportHere.main_button(ui, self.is_ready());
                        command = command.or(here);
                        command = command.or(Command::ExportTo.button(ui, !self.asking.is_open() && !self.writing));
                        if self.writing {
                            weak(ui, t("export-writing"));
                        } else if self.asking.is_open() {
                            weak(ui, t("dialog-open"));
                        } else if self.format.is_none() {
                            weak(ui, t("export-no-format"));
                        } else if self.target().is_file() {
                            weak(ui, t("replaces"));
                        }
                    });
                });
                ui.end_row();
            });
        });
        if !stay {
            self.close();
        }
        command
    }

    fn is_ready(&self) -> bool {
        !self.writing && self.format.is_some() && !self.path.trim().is_empty()
    }

    fn whats(&mut self, ui: &mut Ui, recorder: &Arc<Recorder>) {
        let Some(source) = &self.source else { return };
        let chosen = source.chosen.as_ref().map_or(0, |(_, range)| range.end - range.start);
        let size = |recording: &Recording| -> u64 {
            let len = |kept: Range<u64>| kept.end - kept.start;
            recording.read(|log| len(log.stream(Direction::In)) + len(log.stream(Direction::Out)))
        };
        let all = recorder.all();
        for (what, id, possible, size) in [
            (What::Chosen, if chosen > 0 { "export-chosen" } else { "export-none-chosen" }, chosen > 0, chosen),
            (What::Connection, "export-one", true, size(&source.recording)),
            (What::Everything, "export-everything", true, all.iter().map(|one| size(one)).sum()),
        ] {
            let text = tf(
                id,
                &[
                    ("size", bytes(size).into()),
                    ("n", all.len().into()),
                    ("connections", count(all.len() as u64).into()),
                ],
            );
            ui.add_enabled_ui(possible, |ui| {
                ui.radio_value(&mut self.what, what, text).on_hover_text(t(&format!("{id}-hover")));
            });
        }
    }

    fn formats(&mut self, ui: &mut Ui) {
        for (format, id) in
            [(Format::Pcapng, "export-pcapng"), (Format::JsonLines, "export-jsonl"), (Format::Text, "export-txt")]
        {
            let radio = ui.radio(self.format == Some(format), t(id));
            if radio.on_hover_text(t(&format!("{id}-hover"))).clicked() {
                self.set_format(format);
            }
        }
    }

    /// What does not begin at the root is below the usual folder.
    fn target(&self) -> PathBuf {
        dialogs::typed_path(&self.folder, &self.path)
    }

    /// Opens the dialog.
    pub fn ask(&mut self, jobs: &Jobs, frame: &eframe::Frame, notices: &mut Notices) {
        let target = self.target();
        self.asking.begin(notices, || dialogs::ask_where_to_save(frame, jobs, &target, Done::ExportPathChosen));
    }

    /// The dialog was closed; with a path the export begins.
    pub fn chosen(&mut self, path: Option<PathBuf>, recorder: &Arc<Recorder>, jobs: &Jobs, notices: &mut Notices) {
        self.asking.end();
        let Some(mut path) = path else { return };
        // The dialog adds no ending.
        if Format::of(&path).is_none() {
            let mut name = path.into_os_string();
            name.push(".");
            name.push(self.format.unwrap_or(Format::Pcapng).extension());
            path = name.into();
        }
        self.path = path.display().to_string();
        self.format = Format::of(&path);
        self.start(recorder, jobs, notices);
    }

    /// Exports to the typed path, on a thread of its own.
    pub fn start(&mut self, recorder: &Arc<Recorder>, jobs: &Jobs, notices: &mut Notices) {
        let Some(Source { recording, chosen }) = &self.source else { return };
        if self.writing {
            return;
        }
        let (recording, chosen, path) = (Arc::clone(recording), chosen.clone(), self.target());
        let (what, all) = (self.what, recorder.all());
        self.writing = true;
        let started = jobs.start("export", move || {
            let written = match (what, chosen) {
                (What::Chosen, Some((direction, range))) => {
                    capture::save(&path, &Extent::Selection(&recording, direction, range))
                }
                (What::Everything, _) => capture::save(&path, &Extent::Whole(&all)),
                _ => capture::save(&path, &Extent::Whole(&[recording])),
            };
            Some(Done::Exported(written.map(|written| (path, written))))
        });
        if let Err(error) = started {
            self.writing = false;
            notices.bad(error.to_string());
        }
    }

    /// The export has ended.
    pub fn done(&mut self, result: Result<(PathBuf, Written), Error>, notices: &mut Notices) {
        self.writing = false;
        match result {
            Ok((path, written)) => {
                self.source = None;
                let path = path.display().to_string();
                notices.good(tf("exported", &[("size", bytes(written.bytes).into()), ("path", path.into())]));
            }
            Err(error) => notices.bad(error.to_string()),
        }
    }
}

/// What stands at the left of several rows: beside the first of them.
fn top_label(ui: &mut Ui, id: &str) -> egui::Response {
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.add_space(4.0);
        ui.add(Label::new(t(id)).extend())
    })
    .inner
}
