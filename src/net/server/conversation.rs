//! What the server says and does to one client, step by step: no sockets, no threads. Whoever serves the client, a thread
//! of its own or the one that serves all, does each step and tells what came of it.

use std::time::{Duration, SystemTime};

use super::greeting::{Answers, Greeting, LONGEST_LINE, Next};
use super::misbehave::{Manners, Step};
use super::rules::Rules;
use super::{Ended, Settings};
use crate::net::{Cause, Error, Operation};
use crate::recording::Ends;

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Do<'a> {
    /// Read, and tell it with [`Conversation::heard`].
    Read,
    /// Write these bytes, and tell with [`Conversation::sent`] how many went. Never empty.
    Write(&'a [u8]),
    /// Let so much time pass.
    Wait(Duration),
    /// Nothing more, though the connection stays.
    Stall,
    /// Nothing: the answers to what was heard have been sent, see [`Conversation::answers`].
    Answered,
    /// Close.
    Close(Why),
}

/// Why the conversation is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The client is done; of a line without its end so many bytes have come.
    PeerClosed(usize),
    /// The client said `exit`.
    Exit,
    /// A rule says so.
    Rule,
    /// A line is longer than [`LONGEST_LINE`].
    LineTooLong,
    /// The server misbehaves.
    OnPurpose,
    /// The server misbehaves: this close is to be a reset.
    Reset,
}

impl Why {
    /// Whether our last words are to reach the client.
    pub(super) fn is_polite(self) -> bool {
        matches!(self, Self::Exit | Self::Rule | Self::LineTooLong)
    }

    /// How the connection ended.
    pub(super) fn ended(self, ends: Ends) -> Ended {
        match self {
            Self::PeerClosed(0) => Ended::PeerClosed,
            Self::PeerClosed(begun) => Ended::PeerClosedInLine(begun),
            Self::Exit => Ended::Exit,
            Self::Rule => Ended::Rule,
            Self::LineTooLong => {
                let cause = Cause::LineTooLong(LONGEST_LINE as u64);
                Ended::Failed(Error::new(Operation::Receive, ends.peer, cause).into())
            }
            Self::OnPurpose | Self::Reset => Ended::OnPurpose,
        }
    }
}

/// The conversation with one client.
#[derive(Debug)]
pub struct Conversation<'a> {
    greeting: Greeting<'a>,
    manners: Manners<'a>,
    /// What is being sent.
    answers: Answers,
    /// How it is sent, and how many of these steps have been done.
    steps: Vec<Step>,
    done: usize,
    /// What is being sent answers something.
    answering: bool,
    /// What was heard and is still to be answered.
    rest: Vec<u8>,
    /// After that.
    end: Option<Why>,
}

impl<'a> Conversation<'a> {
    /// One that begins with the welcome.
    #[must_use]
    pub fn new(settings: &'a Settings, rules: &'a Rules, ends: Ends) -> Self {
        let mut manners = Manners::new(&settings.misbehave, settings.pause);
        let welcome = settings.welcome.as_bytes();
        let answers = Answers { bytes: welcome.to_vec(), ..Answers::default() };
        // One is enough for who behaves.
        let mut steps = Vec::with_capacity(1);
        manners.welcome(welcome, &mut steps);
        Self {
            greeting: Greeting::new(settings.boundary, rules, ends.peer, SystemTime::now),
            manners,
            answers,
            steps,
            done: 0,
            answering: false,
            rest: Vec::new(),
            end: None,
        }
    }

    /// What is to be done next. Asked again, it is the same until it is told that something was heard or sent; but a wait is
    /// asked for once.
    #[allow(clippy::should_implement_trait, reason = "it lends what is to be written, which an iterator cannot")]
    pub fn next(&mut self) -> Do<'_> {
        loop {
            let Some(step) = self.steps.get(self.done) else {
                self.steps.clear();
                self.done = 0;
                if std::mem::take(&mut self.answering) {
                    return Do::Answered;
                }
                if self.rest.is_empty() {
                    return self.end.map_or(Do::Read, Do::Close);
                }
                let rest = std::mem::take(&mut self.rest);
                self.answer(&rest);
                continue;
            };
            match step {
                Step::Send(range) => return Do::Write(&self.answers.bytes[range.clone()]),
                Step::Drip(range, every) => {
                    let (byte, rest, every) = (range.start..range.start + 1, range.start + 1..range.end, *every);
                    let rest = (!rest.is_empty()).then_some(Step::Drip(rest, every));
                    let now = [Step::Send(byte), Step::Wait(every)].into_iter().chain(rest);
                    self.steps.splice(..=self.done, now);
                    self.done = 0;
                }
                Step::Wait(time) => {
                    self.done += 1;
                    return Do::Wait(*time);
                }
                Step::Stall => return Do::Stall,
                Step::Reset => return Do::Close(Why::Reset),
                Step::Close => return Do::Close(Why::OnPurpose),
            }
        }
    }

    /// Of what was to be written, so many bytes have been.
    pub fn sent(&mut self, bytes: usize) {
        if let Some(Step::Send(range)) = self.steps.get_mut(self.done) {
            range.start += bytes;
            if range.start == range.end {
                self.done += 1;
            }
        }
    }

    /// A read has returned this; nothing is the empty read.
    pub fn heard(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.manners.last(&mut self.answers, &mut self.steps);
            self.end = Some(Why::PeerClosed(self.greeting.begun()));
        } else {
            self.answer(bytes);
        }
    }

    fn answer(&mut self, bytes: &[u8]) {
        self.answers.clear();
        self.answers.most = self.manners.most();
        let next = self.greeting.read(bytes, &mut self.answers);
        self.manners.answer(&mut self.answers, next, &mut self.steps);
        self.answering = true;
        self.end = match next {
            Next::Read => None,
            Next::Rest(used) => {
                self.rest = bytes[used..].to_vec();
                None
            }
            Next::Exit => Some(Why::Exit),
            Next::Close => Some(Why::Rule),
            Next::LineTooLong => Some(Why::LineTooLong),
        };
    }

    /// Takes room for answers from a common one, if it has none; before something is heard.
    pub(super) fn take_room(&mut self, common: &mut Vec<u8>) {
        if self.answers.bytes.capacity() == 0 {
            std::mem::swap(common, &mut self.answers.bytes);
        }
    }

    /// Gives its room back, the larger of both; when there is nothing to do before something is heard.
    pub(super) fn give_room(&mut self, common: &mut Vec<u8>) {
        let own = std::mem::take(&mut self.answers.bytes);
        if own.capacity() > common.capacity() {
            *common = own;
        }
    }

    /// What was sent last; what of it has been told to others can be taken out.
    pub fn answers(&mut self) -> &mut Answers {
        &mut self.answers
    }

    /// How many replies have been sent, or are about to be.
    #[must_use]
    pub fn replied(&self) -> u64 {
        self.manners.replied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::server::Boundary;
    use crate::net::server::misbehave::Misbehave;

    /// What is done from now until it wants to read or close, with at most `most` bytes a write.
    fn doings(talk: &mut Conversation<'_>, most: usize) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            match talk.next() {
                Do::Write(bytes) => {
                    let n = bytes.len().min(most);
                    all.push(bytes[..n].escape_ascii().to_string());
                    talk.sent(n);
                }
                Do::Wait(time) => all.push(format!("{time:?}")),
                Do::Answered => all.push("answered".to_owned()),
                last => {
                    all.push(format!("{last:?}"));
                    return all;
                }
            }
        }
    }

    fn settings(misbehave: Misbehave) -> Settings {
        Settings { pause: Duration::ZERO, misbehave, ..Settings::default() }
    }

    fn ends() -> Ends {
        Ends { local: ([127, 0, 0, 1], 1).into(), peer: ([127, 0, 0, 1], 2).into() }
    }

    #[test]
    fn it_welcomes_answers_and_closes_after_exit() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        let mut talk = Conversation::new(&settings, &rules, ends());
        assert_eq!(doings(&mut talk, 5), ["Welco", "me!", "Read"]);
        assert_eq!(doings(&mut talk, 5), ["Read"], "as long as nothing was heard");
        talk.heard(b"a\nb\n");
        assert_eq!(doings(&mut talk, 99), ["Hello, a!\\nHello, b!\\n", "answered", "Read"]);
        assert_eq!(talk.replied(), 2);
        talk.heard(b"exit");
        assert_eq!(doings(&mut talk, 99), ["answered", "Close(Exit)"]);
    }

    #[test]
    fn room_for_answers_is_lent_and_given_back() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        let mut common = Vec::new();
        for client in 0..3 {
            let mut talk = Conversation::new(&settings, &rules, ends());
            assert_eq!(doings(&mut talk, 99), ["Welcome!", "Read"]);
            talk.give_room(&mut common);
            for _ in 0..2 {
                let room = common.capacity();
                assert!(room >= 8, "as much as a welcome needs");
                talk.take_room(&mut common);
                talk.heard(format!("client {client}\n").as_bytes());
                assert_eq!(common.capacity(), 0, "it is lent");
                assert_eq!(
                    doings(&mut talk, 99),
                    [format!("Hello, client {client}!\\n"), "answered".into(), "Read".into()]
                );
                talk.give_room(&mut common);
                assert!(common.capacity() >= room && talk.answers().bytes.capacity() == 0, "it is given back");
            }
        }
    }

    #[test]
    fn a_drip_is_a_byte_and_a_wait_by_turns() {
        let dripping = Misbehave { drip_ms: 3, ..Misbehave::default() };
        let settings = Settings { welcome: "Hi".to_owned(), ..settings(dripping) };
        let rules = Rules::greeting("{message}");
        let mut talk = Conversation::new(&settings, &rules, ends());
        assert_eq!(doings(&mut talk, 99), ["H", "3ms", "i", "3ms", "Read"]);
        talk.heard(b"");
        assert_eq!(doings(&mut talk, 99), ["Close(PeerClosed(0))"]);
    }

    #[test]
    fn many_short_lines_are_answered_in_pieces_and_all_of_them() {
        let settings = Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) };
        let rules = Rules::greeting(&"x".repeat(1_000));
        let mut talk = Conversation::new(&settings, &rules, ends());
        doings(&mut talk, usize::MAX);
        talk.heard(&b"\n".repeat(2_500));
        let mut sent = 0;
        let mut pieces = 0;
        loop {
            match talk.next() {
                Do::Write(bytes) => {
                    assert!(bytes.len() < 2 << 20);
                    let n = bytes.len();
                    (sent, pieces) = (sent + n, pieces + 1);
                    talk.sent(n);
                }
                Do::Answered => {}
                next => break assert_eq!(next, Do::Read),
            }
        }
        assert_eq!((sent, pieces, talk.replied()), (2_500 * 1_001, 3, 2_500));
    }
}
