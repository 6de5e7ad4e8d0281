//! The tutorial's client: what it says when. No sockets, no threads.

use std::time::Duration;

use super::LineEnd;

const SAYS: [&str; 4] = ["Michael", "Tracy", "Sarah", "exit"];

/// How long nothing more must come until a reply is taken for complete: TCP may bring it in several reads.
pub(super) const QUIET: Duration = Duration::from_millis(150);

/// Told of every read and of the quiet after it, says what to send next.
#[derive(Debug, Default)]
pub(super) struct Tutorial {
    /// Something was received: the welcome has come.
    welcomed: bool,
    /// Something was received, and more may follow: it has not been quiet since.
    hearing: bool,
    /// Which of [`SAYS`] comes next, while it is played.
    next: Option<usize>,
    line_end: LineEnd,
}

impl Tutorial {
    /// Begins, unless it is being played; what to send now, if the whole welcome has come.
    pub(super) fn begin(&mut self, line_end: LineEnd) -> Option<Vec<u8>> {
        if self.playing() {
            return None;
        }
        self.line_end = line_end;
        self.next = Some(0);
        if self.welcomed && !self.hearing { self.say() } else { None }
    }

    /// Something was received.
    pub(super) fn heard(&mut self) {
        (self.welcomed, self.hearing) = (true, true);
    }

    /// Whether [`QUIET`] would be news: also while it is not played, so that one that begins in the middle of the
    /// welcome waits for the rest.
    pub(super) fn waits_for_quiet(&self) -> bool {
        self.hearing
    }

    /// Nothing more was received for [`QUIET`]; what to send now.
    pub(super) fn quiet(&mut self) -> Option<Vec<u8>> {
        if std::mem::take(&mut self.hearing) { self.say() } else { None }
    }

    fn say(&mut self) -> Option<Vec<u8>> {
        let step = self.next?;
        self.next = (step + 1 < SAYS.len()).then_some(step + 1);
        Some([SAYS.get(step)?.as_bytes(), self.line_end.bytes()].concat())
    }

    pub(super) fn playing(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn stop(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(tutorial: &mut Tutorial) -> String {
        // In two reads.
        tutorial.heard();
        tutorial.heard();
        let says = String::from_utf8(tutorial.quiet().unwrap_or_default()).expect("text");
        assert_eq!(tutorial.quiet(), None, "one reply, one message");
        says
    }

    #[test]
    fn it_waits_for_the_welcome_and_then_for_each_reply() {
        let mut tutorial = Tutorial::default();
        assert_eq!(tutorial.begin(LineEnd::None), None);
        let said = [(); 4].map(|()| heard(&mut tutorial));
        assert_eq!(said, ["Michael", "Tracy", "Sarah", "exit"]);
        assert!(!tutorial.playing());
        assert_eq!(heard(&mut tutorial), "");
    }

    #[test]
    fn begun_in_the_middle_of_the_welcome_it_waits_for_the_rest() {
        let mut tutorial = Tutorial::default();
        tutorial.heard();
        assert_eq!(tutorial.begin(LineEnd::None), None);
        assert_eq!(heard(&mut tutorial), "Michael");
    }

    #[test]
    fn begun_after_the_welcome_it_speaks_at_once_and_once() {
        let mut tutorial = Tutorial::default();
        assert_eq!(heard(&mut tutorial), "");
        assert_eq!(tutorial.begin(LineEnd::CrLf).as_deref(), Some(b"Michael\r\n".as_slice()));
        assert_eq!(tutorial.begin(LineEnd::None), None, "it is being played");
        assert_eq!(heard(&mut tutorial), "Tracy\r\n");
        tutorial.stop();
        assert!(!tutorial.playing());
    }
}
