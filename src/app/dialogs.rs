//! The platform's own dialogs: made on the window's thread, awaited on a worker.

use std::path::{Path, PathBuf};

use super::jobs::{Done, Jobs};
use super::widgets::notices::Notices;
use crate::net::{Cause, Error, Operation};

/// Whether a dialog of somebody who asks is open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking(bool);

impl Asking {
    /// Whether it is.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.0
    }

    /// It opens by `ask`, unless it is open already, or a notice says why it cannot.
    pub fn begin(&mut self, notices: &mut Notices, ask: impl FnOnce() -> Result<(), Error>) {
        if self.0 {
            return;
        }
        match ask() {
            Ok(()) => self.0 = true,
            Err(error) => notices.bad(error.to_string()),
        }
    }

    /// It was closed.
    pub fn end(&mut self) {
        self.0 = false;
    }
}

/// A path as typed: `~` is the home folder, and what does not begin at the root is below `folder`.
#[must_use]
pub fn typed_path(folder: &Path, typed: &str) -> PathBuf {
    let typed = Path::new(typed.trim());
    let below_home = typed.strip_prefix("~").ok().and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    // Joining leaves a path that begins at the root as it is.
    folder.join(below_home.as_deref().unwrap_or(typed))
}

/// Asks where to save; `target` is what is proposed, a file in a folder. A dialog that cannot open, or never answers, holds nothing up: the
/// answer is what `done` makes of the path, whenever it comes; `None` if the person thought better of it, or no dialog
/// could open.
///
/// # Errors
/// No thread could be started.
pub fn ask_where_to_save(
    frame: &eframe::Frame,
    jobs: &Jobs,
    target: &Path,
    done: impl FnOnce(Option<PathBuf>) -> Done + Send + 'static,
) -> Result<(), Error> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let folder = target.parent().unwrap_or(target);
    let dialog = rfd::AsyncFileDialog::new().set_parent(frame).set_directory(folder).set_file_name(name).save_file();
    jobs.start("save-dialog", move || {
        let path = pollster::block_on(dialog).map(|file| file.path().to_owned());
        Some(done(path))
    })
}

/// Asks which file to open, as [`ask_where_to_save`] does.
///
/// # Errors
/// No thread could be started.
pub fn ask_what_to_open(
    frame: &eframe::Frame,
    jobs: &Jobs,
    folder: &Path,
    done: impl FnOnce(Option<PathBuf>) -> Done + Send + 'static,
) -> Result<(), Error> {
    let dialog = rfd::AsyncFileDialog::new().set_parent(frame).set_directory(folder).pick_file();
    jobs.start("open-dialog", move || {
        let path = pollster::block_on(dialog).map(|file| file.path().to_owned());
        Some(done(path))
    })
}

/// Hands what is at `path` to whatever shows such things: a browser, a file manager. It may wait for that.
///
/// # Errors
/// There is nothing that does.
pub fn show(path: &Path) -> Result<(), Error> {
    open::that_detached(path).map_err(|error| {
        // It names launchers that nobody has heard of.
        log::info!("open {}: {error}", path.display());
        Error::new(Operation::Open, path.display(), Cause::NoOpener)
    })
}
