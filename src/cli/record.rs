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

/// What records a run.
pub(super) struct Record {
    recorder: Arc<Recorder>,
    capture: Option<Capture>,
}

impl RecordArgs {
    /// Begins the file, if there is to be one; else nothing looks at the recording, of which `otherwise` bytes are kept.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn begin(&self, otherwise: u64) -> Result<Record, Error> {
        let begin = |path: &Path| Capture::begin(path, Recorder::BUDGET, say);
        let capture = self.record.as_deref().map(begin).transpose()?;
        let recorder = capture.as_ref().map_or_else(|| Recorder::new(otherwise), |one| Arc::clone(one.recorder()));
        Ok(Record { recorder, capture })
    }
}

impl Record {
    /// For the sockets of the run.
    pub(super) fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Finishes the file after a run that ended with `code`; the exit code of all. A file that a person asked for and
    /// does not get is a failure, also where everything else went well.
    pub(super) fn end(self, code: i32) -> i32 {
        let is_there = self.capture.is_none_or(Capture::end);
        if code == 0 && !is_there { 1 } else { code }
    }
}
