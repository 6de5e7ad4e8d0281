//! Choosing the files of TLS through the platform's dialog.

use std::path::{Path, PathBuf};

use super::dialogs::{self, Asking};
use super::jobs::{Done, Jobs};
use super::widgets::notices::Notices;

/// A file of TLS, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// The certificate that the server shows.
    Certificate,
    /// Its private key.
    Key,
    /// The roots that the client trusts.
    Roots,
    /// Those that fetches trust besides the system's.
    FetchRoots,
}

/// Whether a dialog is open.
#[derive(Debug, Default)]
pub struct TlsFiles {
    asking: Asking,
}

impl TlsFiles {
    /// Opens the dialog in `folder`, unless one is open. `number` is handed back: it tells for whom the file is.
    pub fn ask(
        &mut self,
        (which, number): (TlsFile, u64),
        folder: &Path,
        jobs: &Jobs,
        frame: &eframe::Frame,
        notices: &mut Notices,
    ) {
        let done = move |path: Option<PathBuf>| Done::TlsPathChosen { which, number, path };
        self.asking.begin(notices, || dialogs::ask_what_to_open(frame, jobs, folder, done));
    }

    /// The dialog was closed.
    pub fn chosen(&mut self, path: Option<PathBuf>) -> Option<String> {
        self.asking.end();
        path.map(|path| path.display().to_string())
    }
}
