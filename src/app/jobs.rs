//! Work that must not hold the window up: each job runs on a thread of its own and reports through one channel.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::fetch_tab::Made;
use super::tls_files::TlsFile;
use crate::net::fetch::Body;
use crate::net::report::Waker;
use crate::net::server::profile::Profile;
use crate::net::server::rules::Rule;
use crate::net::{Error, Operation};
use crate::recording::export::Written;

/// How many answers wait at most. A person starts jobs one by one: it never fills.
const CAPACITY: usize = 64;

/// What a job came back with.
#[derive(Debug)]
pub enum Done {
    /// The save dialog was closed.
    PathChosen {
        /// What is to be saved.
        body: Arc<Body>,
        /// Where to; `None` if the person thought better of it, or no dialog could open.
        path: Option<PathBuf>,
    },
    /// The body was saved, or not.
    Saved(Result<PathBuf, Error>),
    /// The saved file was handed to the browser, or not.
    Opened(Result<(), Error>),
    /// What is to be shown of a body.
    BodyMade(Box<Made>),
    /// The SHA-256 of this body, in hexadecimal digits, or why there is none.
    Digest {
        /// The body.
        body: Arc<Body>,
        /// Its digest.
        sha256: Result<String, Error>,
    },
    /// The dialog that asks where to export to was closed; `None` as with [`Done::PathChosen`].
    ExportPathChosen(Option<PathBuf>),
    /// Recordings were exported, or not.
    Exported(Result<(PathBuf, Written), Error>),
    /// The dialog that asks for a file to send was closed; `path` as with [`Done::PathChosen`].
    SendPathChosen {
        /// The number of the session that is to send it.
        session: u64,
        /// The file.
        path: Option<PathBuf>,
    },
    /// The dialog that asks for a file to send as the body of a request was closed; `None` as with [`Done::PathChosen`].
    BodyPathChosen(Option<PathBuf>),
    /// The dialog that asks for the file to download to was closed; `None` as with [`Done::PathChosen`].
    TargetPathChosen(Option<PathBuf>),
    /// The dialog that asks where to save a certificate was closed; `None` as with [`Done::PathChosen`].
    CertificatePathChosen(Option<PathBuf>),
    /// A certificate was saved, or not.
    CertificateSaved(Result<PathBuf, Error>),
    /// The dialog that asks for a file of TLS was closed; `path` as with [`Done::PathChosen`].
    TlsPathChosen {
        /// Which file.
        which: TlsFile,
        /// Which server or session it is for.
        number: u64,
        /// The file.
        path: Option<PathBuf>,
    },
    /// The dialog that asks for a file of rules for this server was closed; `None` as with [`Done::PathChosen`].
    RulesPathChosen(u64, Option<PathBuf>),
    /// Rules for this server were read, or not.
    RulesRead(u64, Result<(PathBuf, Vec<Rule>), Error>),
    /// So many rules were written, or not.
    RulesWritten(Result<(PathBuf, usize), Error>),
    /// The dialog that asks for the file of a profile for this server was closed; `None` as with [`Done::PathChosen`].
    ProfilePathChosen(u64, Option<PathBuf>),
    /// A profile for this server was read, or not.
    ProfileRead(u64, Result<(PathBuf, Box<Profile>), Error>),
    /// A profile was written, or not.
    ProfileWritten(Result<PathBuf, Error>),
    /// What the system's theme is.
    SystemTheme(egui::Theme),
}

impl Done {
    /// Whether a dialog was closed that gave no path.
    #[must_use]
    pub fn is_without_path(&self) -> bool {
        matches!(
            self,
            Self::PathChosen { path: None, .. }
                | Self::ExportPathChosen(None)
                | Self::SendPathChosen { path: None, .. }
                | Self::BodyPathChosen(None)
                | Self::TargetPathChosen(None)
                | Self::RulesPathChosen(_, None)
                | Self::ProfilePathChosen(_, None)
                | Self::CertificatePathChosen(None)
                | Self::TlsPathChosen { path: None, .. }
        )
    }
}

/// Starts jobs and takes their answers.
#[derive(Debug)]
pub struct Jobs {
    done: Sender<Done>,
    answers: Receiver<Done>,
    waker: Waker,
}

impl Jobs {
    /// Wakes the window through `waker` when a job is done.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        let (done, answers) = bounded(CAPACITY);
        Self { done, answers, waker }
    }

    /// Runs `work` on a thread called `name`; what it gives, if anything, comes out of [`Jobs::next`].
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(&self, name: &str, work: impl FnOnce() -> Option<Done> + Send + 'static) -> Result<(), Error> {
        let (done, waker) = (self.done.clone(), self.waker.clone());
        let run = move || {
            if let Some(answer) = work() {
                // The window has gone: nobody waits for the answer.
                _ = done.send(answer);
                waker.wake();
            }
        };
        crate::net::spawn(name, run).map(drop).map_err(|error| Error::io(Operation::Work, name, error))
    }

    /// The next answer that has come.
    #[must_use]
    pub fn next(&self) -> Option<Done> {
        self.answers.try_recv().ok()
    }
}
