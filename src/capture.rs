//! Recordings to files: one that is there, at once, or all of a run, while it runs.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};

use crate::events::ExportWords;
use crate::i18n::{bytes, count, t, tf};
use crate::net::cancel::Never;
use crate::net::save::{Unfinished, write_whole};
use crate::net::{Cause, Error, Operation, spawn};
use crate::recording::Recorder;
use crate::recording::export::{Exporter, Extent, Format, Written, export};
use crate::recording::text::visible;

/// Writes `extent`, as far as it has come by now, to `path`, in the format that its name asks for. The file is there
/// whole or not at all; an old one is replaced in one step. May take long: not for the window's thread.
///
/// # Errors
/// The name asks for no format; or the file cannot be written (see [`crate::net::save::can_save`]).
pub fn save(path: &Path, extent: &Extent<'_>) -> Result<Written, Error> {
    let format = format_of(path)?;
    write_whole(path, |out| export(format, &ExportWords, extent, out))
}

fn format_of(path: &Path) -> Result<Format, Error> {
    Format::of(path).ok_or_else(|| Error::new(Operation::Save, path.display(), Cause::NoFormat))
}

/// After it was woken the writer waits so long for what belongs to the same time: a write is recorded when it has
/// returned, with the time at which it began.
const PAUSE: Duration = Duration::from_millis(20);

/// Writes down everything that one recorder records, while it is recorded, in a thread of its own. The file has its name
/// once it is whole: dropped before [`Capture::end`], nothing is left. A program that is killed leaves what there is
/// as `.socketscope-….tmp`.
///
/// What cannot be written does not end the run, which may serve others: it is told at once.
pub struct Capture {
    recorder: Arc<Recorder>,
    path: PathBuf,
    tell: Tell,
    /// Dropped to end the thread.
    stop: Option<Sender<Never>>,
    thread: Option<JoinHandle<Option<(Unfinished, Written)>>>,
}

/// Takes one line for a person.
type Tell = Arc<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capture").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Capture {
    /// Begins a file that is to have the name `path`, in the format that it asks for, and a recorder with `budget` bytes
    /// as the buffer between. `tell` gets a line for each thing that a person should know, on any thread.
    ///
    /// # Errors
    /// The name asks for no format; the file cannot be written; there can be no thread.
    pub fn begin(path: &Path, budget: u64, tell: impl Fn(&str) + Send + Sync + 'static) -> Result<Self, Error> {
        let format = format_of(path)?;
        let file = Unfinished::begin(path)?;
        let (wake, woken) = bounded(1);
        let recorder = Recorder::watched(budget, move || {
            // It is awake already.
            _ = wake.try_send(());
        });
        let (stop, stopped) = bounded(0);
        let tell: Tell = Arc::new(tell);
        let writer = Writer { recorder: Arc::clone(&recorder), tell: Arc::clone(&tell), woken, stopped, said: false };
        let thread = spawn("record", move || writer.run(format, file))
            .map_err(|error| Error::io(Operation::Save, path.display(), error))?;
        Ok(Self { recorder, path: path.to_owned(), tell, stop: Some(stop), thread: Some(thread) })
    }

    /// What is to record what the file shall have.
    #[must_use]
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Writes what is left, gives the file its name and tells how much there is. Whether that went well; if not, that
    /// has been told.
    #[must_use]
    pub fn end(mut self) -> bool {
        let ended = match self.join() {
            Some(Ok(Some((file, written)))) => file.finish().map(|()| written),
            Some(Err(panic)) => Err(Error::panic(self.path.display(), &*panic)),
            // Told already.
            Some(Ok(None)) | None => return false,
        };
        (self.tell)(&match &ended {
            Ok(written) => self.summary(written),
            Err(error) => error.to_string(),
        });
        ended.is_ok()
    }

    fn join(&mut self) -> Option<std::thread::Result<Option<(Unfinished, Written)>>> {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join)
    }

    fn summary(&self, written: &Written) -> String {
        tf(
            "record-saved",
            &[
                ("n", written.connections.into()),
                ("connections", count(written.connections).into()),
                ("size", bytes(written.bytes).into()),
                ("segments", count(written.segments).into()),
                ("path", shown(&self.path).into()),
            ],
        )
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        drop(self.join());
    }
}

fn shown(path: &Path) -> String {
    visible(path.display().to_string().as_bytes())
}

/// The thread `record`.
struct Writer {
    recorder: Arc<Recorder>,
    tell: Tell,
    woken: Receiver<()>,
    stopped: Receiver<Never>,
    /// That something is missing has been told.
    said: bool,
}

impl Writer {
    /// Writes until it is stopped; the file, unless that failed: then it has been told.
    fn run(mut self, format: Format, mut file: Unfinished) -> Option<(Unfinished, Written)> {
        let path = file.path().to_owned();
        let written = self.write(format, &mut file, &path);
        // What nobody writes any more is not kept either.
        self.recorder.unwatch();
        self.recorder.set_budget(0);
        match written {
            Ok(written) => Some((file, written)),
            Err(error) => {
                (self.tell)(&Error::io(Operation::Save, path.display(), error).to_string());
                None
            }
        }
    }

    fn write(&mut self, format: Format, file: &mut Unfinished, path: &Path) -> std::io::Result<Written> {
        let mut exporter = Exporter::new(format, &ExportWords, BufWriter::new(file.file()))?;
        exporter.expect_several();
        let mut later = false;
        loop {
            if !later {
                select! {
                    recv(self.woken) -> _ => {}
                    recv(self.stopped) -> _ => break,
                }
            }
            self.recorder.heed();
            let cut = Instant::now();
            if self.stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            self.recorder.take_opened().into_iter().for_each(|recording| exporter.add(recording));
            later = exporter.write_until(cut)?;
            exporter.flush()?;
            self.look_for_gaps(exporter.written(), path);
        }
        self.recorder.take_opened().into_iter().for_each(|recording| exporter.add(recording));
        // No more than this: somebody may be left who still records.
        exporter.write_until(Instant::now())?;
        let written = exporter.finish()?;
        self.look_for_gaps(written, path);
        Ok(written)
    }

    /// Tells once that something is missing.
    fn look_for_gaps(&mut self, written: Written, path: &Path) {
        if !self.said && (written.gone > 0 || self.recorder.missed() > 0) {
            self.said = true;
            (self.tell)(&tf("record-gone", &[("path", shown(path).into())]));
        }
    }
}

/// The words for a name that asks for no format.
#[must_use]
pub fn formats_text() -> String {
    t("record-formats")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Direction, What};
    use std::fs;
    use std::sync::Mutex;

    type Lines = Arc<Mutex<Vec<String>>>;

    fn begun(path: &Path, budget: u64) -> (Capture, Lines) {
        let lines = Lines::default();
        let tell = {
            let lines = Arc::clone(&lines);
            move |line: &str| lines.lock().expect("lines").push(line.to_owned())
        };
        (Capture::begin(path, budget, tell).expect("begun"), lines)
    }

    fn wait_for(what: impl Fn() -> bool) {
        let began = Instant::now();
        while !what() {
            assert!(began.elapsed() < Duration::from_secs(30), "it did not happen");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_recorded_is_written_while_it_comes_and_let_go() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("wire.jsonl");
        fs::write(&path, "old").expect("written");
        let (capture, lines) = begun(&path, Recorder::BUDGET);
        let recording = capture.recorder().open();
        recording.push(Direction::In, b"Michael");
        recording.closed();
        let weak = Arc::downgrade(&recording);
        drop(recording);
        wait_for(|| weak.strong_count() == 0);
        // One that never connected ends with its owner.
        let tried = capture.recorder().open();
        tried.note(What::Reset);
        let weak = Arc::downgrade(&tried);
        drop(tried);
        capture.recorder().open().push(Direction::Out, b"wakes");
        wait_for(|| weak.strong_count() == 0);
        assert_eq!(fs::read(&path).expect("read"), b"old");
        assert!(capture.end());
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text.lines().filter(|line| line.contains(r#""type":"connection""#)).count(), 3, "{text}");
        assert!(text.contains(r#""data":"TWljaGFlbA==""#), "{text}");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
        let lines = lines.lock().expect("lines");
        assert!(lines.len() == 1 && lines[0].contains("3 connections") && lines[0].contains("12 B"), "{lines:?}");
    }

    #[test]
    fn what_is_missing_is_told_once_and_said_in_the_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("wire.txt");
        let (capture, lines) = begun(&path, 10_000);
        for _ in 0..2 {
            let recording = capture.recorder().open();
            recording.push(Direction::In, &[b'x'; 20_000]);
            recording.push(Direction::In, b"end");
            recording.closed();
            drop(recording);
            wait_for(|| capture.recorder().all().is_empty());
        }
        assert_eq!(lines.lock().expect("lines").len(), 1);
        assert!(capture.end());
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text.matches("20 kB earlier not kept").count(), 2, "{text}");
        assert_eq!(text.matches("read 3 B end").count(), 2, "{text}");
        let lines = lines.lock().expect("lines");
        assert!(lines.len() == 2 && lines[0].contains("missing"), "{lines:?}");
    }

    #[test]
    fn a_capture_that_is_not_ended_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        drop(begun(&folder.path().join("wire.txt"), 1_000));
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
        let wrong = Capture::begin(&folder.path().join("wire.doc"), 1_000, |_| {}).expect_err("no format");
        assert!(matches!(wrong.cause, Cause::NoFormat));
        let wrong = Capture::begin(&folder.path().join("none/wire.txt"), 1_000, |_| {}).expect_err("no folder");
        assert!(matches!(wrong.cause, Cause::NoFolder));
    }

    #[test]
    fn a_recording_is_saved_in_the_format_of_the_name() {
        let folder = tempfile::tempdir().expect("folder");
        let recording = Recorder::new(Recorder::BUDGET).open();
        recording.push(Direction::In, b"Mich");
        recording.push(Direction::In, b"ael");
        let selection = Extent::Selection(&recording, Direction::In, 2..6);
        let written = save(&folder.path().join("part.TXT"), &selection).expect("saved");
        assert_eq!((written.segments, written.bytes), (2, 4));
        let text = fs::read_to_string(folder.path().join("part.TXT")).expect("text");
        assert!(text.contains("read 2 B ch\n") && text.contains("read 2 B ae\n"), "{text}");
        let wrong = save(&folder.path().join("part"), &selection).expect_err("no format");
        assert!(wrong.to_string().contains("pcapng"), "{wrong}");
    }
}
