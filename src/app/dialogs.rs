//! The platform's own dialogs: made on the window's thread, awaited on a worker.

use std::path::Path;
use std::sync::Arc;

use super::jobs::{Done, Jobs};
use crate::net::Error;
use crate::net::fetch::Body;

/// Asks where to save `body`. A dialog that cannot open, or never answers, holds nothing up: the answer is
/// [`Done::PathChosen`], whenever it comes.
///
/// # Errors
/// No thread could be started.
pub fn ask_where_to_save(
    frame: &eframe::Frame,
    jobs: &Jobs,
    folder: &Path,
    name: &str,
    body: Arc<Body>,
) -> Result<(), Error> {
    let dialog = rfd::AsyncFileDialog::new().set_parent(frame).set_directory(folder).set_file_name(name).save_file();
    jobs.start("save-dialog", move || {
        let path = pollster::block_on(dialog).map(|file| file.path().to_owned());
        Some(Done::PathChosen { body, path })
    })
}

/// Asks where to export recordings to, as [`ask_where_to_save`] does; the answer is [`Done::ExportPathChosen`].
///
/// # Errors
/// No thread could be started.
pub fn ask_where_to_export(frame: &eframe::Frame, jobs: &Jobs, folder: &Path, name: &str) -> Result<(), Error> {
    let dialog = rfd::AsyncFileDialog::new().set_parent(frame).set_directory(folder).set_file_name(name).save_file();
    jobs.start("export-dialog", move || {
        let path = pollster::block_on(dialog).map(|file| file.path().to_owned());
        Some(Done::ExportPathChosen(path))
    })
}
