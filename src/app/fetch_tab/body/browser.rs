//! Pages handed to the browser: each as a temporary file that lives as long as the program.

use std::sync::Arc;

use tempfile::TempDir;

use crate::app::dialogs;
use crate::app::jobs::{Done, Jobs};
use crate::app::widgets::notices::Notices;
use crate::net::fetch::Body;
use crate::net::{Error, Operation};

/// Where they are.
#[derive(Debug, Default)]
pub struct Browser {
    folder: Option<Arc<TempDir>>,
    pages: usize,
}

impl Browser {
    /// Puts `body` into a file that ends in .html and opens that, on a thread of its own.
    pub fn open(&mut self, body: Arc<Body>, jobs: &Jobs, notices: &mut Notices) {
        if self.folder.is_none() {
            match tempfile::Builder::new().prefix("socketscope-").tempdir() {
                Ok(folder) => self.folder = Some(Arc::new(folder)),
                Err(error) => {
                    let target = tempfile::env::temp_dir().display().to_string();
                    return notices.bad(Error::io(Operation::Spool, target, error).to_string());
                }
            }
        }
        let Some(folder) = self.folder.clone() else { return };
        self.pages += 1;
        let path = folder.path().join(format!("page-{}.html", self.pages));
        let opened = jobs.start("browser", move || {
            let opened = body.save(&path).and_then(|()| dialogs::show(&path));
            Some(Done::Opened(opened))
        });
        if let Err(error) = opened {
            notices.bad(error.to_string());
        }
    }
}
