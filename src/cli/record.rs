//! `--record`: everything that crosses the sockets of a run goes to a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PathBufValueParser, TypedValueParser as _};

use super::say;
use crate::capture::{Capture, formats_text};
use crate::i18n::t;
use crate::net::Error;
use crate::recording::Recorder;
use crate::recording::export::Format;

/// Whether to record.
#[derive(Clone, Debug, clap::Args)]
pub struct RecordArgs {
    /// The file to write to.
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(in_a_format),
          help = t("cli-record"))]
    record: Option<PathBuf>,
}

/// A path whose name says in which format.
fn in_a_format(path: PathBuf) -> Result<PathBuf, String> {
    if Format::of(&path).is_some() { Ok(path) } else { Err(formats_text()) }
}

impl RecordArgs {
    /// Begins the file, if there is to be one, does `work` with a recorder for its sockets, and finishes the file. Where
    /// nothing is to be written, at most `kept` bytes stay in memory. Gives the exit code: a file that a person asked for
    /// and does not get is a failure, also where everything else went well.
    ///
    /// # Errors
    /// The file cannot be written; nothing was done.
    pub(super) fn run(&self, kept: u64, work: impl FnOnce(&Arc<Recorder>) -> i32) -> Result<i32, Error> {
        let begin = |path: &Path| Capture::begin(path, Recorder::BUDGET, say);
        let capture = self.record.as_deref().map(begin).transpose()?;
        let recorder = capture.as_ref().map_or_else(|| Recorder::new(kept), |one| Arc::clone(one.recorder()));
        let code = work(&recorder);
        let is_there = capture.is_none_or(Capture::end);
        Ok(if code == 0 && !is_there { 1 } else { code })
    }
}
