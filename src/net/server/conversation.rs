//! What the server says and does to one client, step by step: no sockets, no threads. Whoever serves the client, a thread
//! of its own or the one that serves all, does each step and tells what came of it.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use super::greeting::{Answers, Greeting, LONGEST_LINE, Next, Told};
use super::misbehave::{Manners, Step};
use super::rules::Rules;
use super::{Ended, Settings};
use crate::net::{Cause, Error, Operation};
use crate::prefetch;
use crate::recording::Ends;

/// So many reads are answered together at the most.
const READ_TOGETHER: u32 = 16;

/// And at the latest when the answers have so many bytes.
const ENOUGH: usize = 32 << 10;

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
    /// What is being said. Between, when there is nothing to do but to read, it can be lent to others.
    response: Option<Box<Response>>,
    /// So many reads in a row have returned as much as they could.
    full_reads: u32,
}

/// What a server says to one read.
#[derive(Debug, Default)]
pub(super) struct Response {
    answers: Answers,
    /// How they are sent, and how many of these steps have been done.
    steps: Vec<Step>,
    done: usize,
    /// What is being sent answers something.
    answering: bool,
    /// What was heard and is still to be answered.
    rest: Vec<u8>,
    /// After that.
    end: Option<Why>,
}

/// Those that nobody has now.
#[derive(Debug, Default)]
pub(super) struct Responses(#[expect(clippy::vec_box, reason = "they are lent as they are")] Vec<Box<Response>>);

impl Responses {
    /// So many are kept.
    const MOST: usize = 64;
    /// All but one have so much memory at the most, in bytes.
    const LARGE: usize = 16 << 10;

    fn keep(&mut self, response: Box<Response>) {
        if self.0.is_empty() || (self.0.len() < Self::MOST && response.memory() <= Self::LARGE) {
            self.0.push(response);
        }
    }
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
            response: Some(Box::new(Response { answers, steps, ..Response::default() })),
            full_reads: 0,
        }
    }

    /// What is to be done next. Asked again, it is the same until it is told that something was heard or sent; but a wait is
    /// asked for once.
    #[allow(clippy::should_implement_trait, reason = "it lends what is to be written, which an iterator cannot")]
    pub fn next(&mut self) -> Do<'_> {
        let Self { greeting, manners, response, .. } = self;
        let Some(response) = response else { return Do::Read };
        loop {
            if response.done < response.steps.len() {
                return response.step();
            }
            response.steps.clear();
            response.done = 0;
            if std::mem::take(&mut response.answering) {
                return Do::Answered;
            }
            if response.rest.is_empty() {
                return response.end.map_or(Do::Read, Do::Close);
            }
            response.answer_rest(greeting, manners);
        }
    }

    /// What is to be written, if that is to be done next. Unlike [`Conversation::next`] it changes nothing.
    pub(super) fn to_write(&self) -> Option<&[u8]> {
        let response = self.response.as_ref()?;
        match response.steps.get(response.done)? {
            Step::Send(range) => Some(&response.answers.bytes[range.clone()]),
            _ => None,
        }
    }

    /// Of what was to be written, so many bytes have been.
    pub fn sent(&mut self, bytes: usize) {
        if let Some(response) = &mut self.response
            && let Some(Step::Send(range)) = response.steps.get_mut(response.done)
        {
            range.start += bytes;
            if range.start == range.end {
                response.done += 1;
            }
        }
    }

    /// A read has returned this; nothing is the empty read. Where something is still to be written, see
    /// [`Conversation::takes_more`], the answer is written with it.
    pub fn heard(&mut self, bytes: &[u8]) {
        let Self { greeting, manners, response, .. } = self;
        let response = response.get_or_insert_default();
        if response.steps.is_empty() {
            response.answers.clear();
        }
        if bytes.is_empty() {
            manners.last(&mut response.answers, &mut response.steps);
            response.end = Some(Why::PeerClosed(greeting.begun()));
        } else {
            response.answer(bytes, greeting, manners);
        }
    }

    /// The newest read returned as much as it could, or less: whether there is to be another one, if more has come, before what was
    /// heard is answered. Who sends more than a read takes goes on so, and a write costs more than anything else. But the first read
    /// is answered at once, as most have no third.
    pub(super) fn hears_on(&mut self, was_full: bool) -> bool {
        self.full_reads = if was_full { self.full_reads.wrapping_add(1) } else { 0 };
        self.full_reads > 1 && self.full_reads % READ_TOGETHER != 1 && self.takes_more(ENOUGH)
    }

    /// Whether more may be heard before what is to be written next has been: all that is to be done is one write, of fewer
    /// than `enough` bytes, and then to read, and nobody else is to be told anything.
    pub fn takes_more(&self, enough: usize) -> bool {
        let Some(response) = self.response.as_deref() else { return false };
        let write = response.only_write().is_some_and(|bytes| bytes.start == 0 && bytes.end < enough);
        // What others are to be told is told for sure once it was heard, whatever comes next.
        write && self.manners.are_plain() && response.answers.told.others.is_empty()
    }

    /// What answering needs is about to be needed.
    pub(super) fn prefetch(&self) {
        if let Some(response) = self.response.as_deref() {
            prefetch::value(response, size_of::<Response>());
            prefetch::room(&response.answers.bytes, 0..prefetch::LINE);
            prefetch::room(&response.steps, 0..1);
        }
    }

    /// Takes one of `free` for what is heard next, if it has none.
    pub(super) fn take_response(&mut self, free: &mut Responses) {
        if self.response.is_none() {
            self.response = free.0.pop();
        }
    }

    /// Gives it back; when there is nothing to do before something is heard.
    pub(super) fn give_response(&mut self, free: &mut Responses) {
        if let Some(response) = self.response.take() {
            debug_assert!(response.steps.is_empty(), "it would be another one's");
            free.keep(response);
        }
    }

    /// Lets go of it; when there is nothing to do before something is heard.
    pub(super) fn drop_response(&mut self) {
        self.response = None;
    }

    /// What was sent last; what of it has been told to others can be taken out.
    pub fn answers(&mut self) -> &mut Answers {
        &mut self.response.get_or_insert_default().answers
    }

    /// Takes out what is to be told of what was sent last.
    pub(super) fn take_told(&mut self) -> Told {
        std::mem::take(&mut self.answers().told)
    }

    /// If all that is to be done is one write of at most `most` bytes, and then to read: appends what is to be written to `to`.
    /// It counts as sent and told, unless some of it is given back.
    pub(super) fn take_answer(&mut self, most: usize, to: &mut Vec<u8>) -> Option<Told> {
        let response = self.response.as_deref_mut()?;
        let bytes = response.only_write().filter(|bytes| bytes.len() <= most)?;
        to.extend_from_slice(&response.answers.bytes[bytes]);
        response.steps.clear();
        response.answering = false;
        Some(self.take_told())
    }

    /// Of the answer that was taken this was not sent, nor was it told.
    pub(super) fn give_back(&mut self, unsent: &[u8], told: Told) {
        let answers = Answers { bytes: unsent.to_vec(), told, ..Answers::default() };
        let steps = vec![Step::Send(0..unsent.len())];
        self.response = Some(Box::new(Response { answers, steps, answering: true, ..Response::default() }));
    }

    /// How many replies have been sent, or are about to be.
    #[must_use]
    pub fn replied(&self) -> u64 {
        self.manners.replied()
    }
}

impl Response {
    /// Bytes of memory that it keeps between what it is used for. What is told to others has been taken out.
    fn memory(&self) -> usize {
        let Answers { bytes, delays, .. } = &self.answers;
        bytes.capacity()
            + delays.capacity() * size_of::<(usize, Duration)>()
            + self.steps.capacity() * size_of::<Step>()
    }

    /// What is to be written, if all that is to be done is one write, and then to read.
    fn only_write(&self) -> Option<Range<usize>> {
        match self.steps.as_slice() {
            [Step::Send(bytes)] if self.done == 0 && self.rest.is_empty() && self.end.is_none() => Some(bytes.clone()),
            _ => None,
        }
    }

    #[inline(never)]
    fn answer_rest(&mut self, greeting: &mut Greeting<'_>, manners: &mut Manners<'_>) {
        let rest = std::mem::take(&mut self.rest);
        self.answers.clear();
        self.answer(&rest, greeting, manners);
    }

    /// The next step; there must be one.
    #[inline(never)]
    fn step(&mut self) -> Do<'_> {
        loop {
            match &self.steps[self.done] {
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

    /// What answers were there already go first.
    fn answer(&mut self, bytes: &[u8], greeting: &mut Greeting<'_>, manners: &mut Manners<'_>) {
        self.steps.clear();
        self.answers.replies = 0;
        self.answers.most = manners.most();
        let next = greeting.read(bytes, &mut self.answers);
        manners.answer(&mut self.answers, next, &mut self.steps);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::server::Boundary;
    use crate::net::server::misbehave::Misbehave;
    use crate::net::server::rules::{Ready, Reply, Rule, When};

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
    fn an_answer_of_one_write_can_be_taken_and_what_was_not_sent_given_back() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        let mut talk = Conversation::new(&settings, &rules, ends());
        assert_eq!(talk.to_write(), Some(b"Welcome!".as_slice()));
        doings(&mut talk, 99);
        assert_eq!(talk.to_write(), None);
        let mut to = b"before ".to_vec();
        assert!(talk.take_answer(99, &mut to).is_none(), "there is none");
        talk.heard(b"a");
        assert_eq!(talk.to_write(), Some(b"Hello, a!".as_slice()));
        assert!(talk.take_answer(8, &mut to).is_none(), "it is too long");
        let told = talk.take_answer(9, &mut to).expect("one");
        assert_eq!(to.escape_ascii().to_string(), "before Hello, a!");
        assert_eq!((doings(&mut talk, 99), talk.replied()), (vec!["Read".to_owned()], 1));
        talk.give_back(b"lo, a!", told);
        assert_eq!(doings(&mut talk, 4), ["lo, ", "a!", "answered", "Read"]);
        talk.heard(b"b\nexit");
        assert!(talk.take_answer(99, &mut to).is_none(), "there is more to do than that");
    }

    #[test]
    fn what_is_heard_before_the_answer_goes_is_answered_with_it() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        let talk = |reads: [&[u8]; 3]| {
            let mut talk = Conversation::new(&settings, &rules, ends());
            assert!(!talk.takes_more(8), "the welcome has as many bytes");
            assert!(talk.takes_more(9));
            doings(&mut talk, 99);
            assert!(!talk.takes_more(99), "nothing is to be written");
            for read in reads {
                talk.heard(read);
            }
            talk
        };
        let mut all = talk([b"a\nb", b"c", b"d"]);
        assert!(!all.takes_more(37) && all.takes_more(38));
        assert_eq!(doings(&mut all, 99), ["Hello, a!\\nHello, b!Hello, c!Hello, d!", "answered", "Read"]);
        assert_eq!(all.replied(), 4);
        for (last, why) in [(b"exit".as_slice(), "Close(Exit)"), (b"", "Close(PeerClosed(0))")] {
            let mut all = talk([b"a", b"b", last]);
            assert!(!all.takes_more(99), "nothing is to be read after that");
            assert_eq!(doings(&mut all, 99), ["Hello, a!Hello, b!", "answered", why]);
        }
        let mut all = talk([b"a", b"b", b"c"]);
        assert_eq!(all.next(), Do::Write(b"Hello, a!Hello, b!Hello, c!"));
        all.sent(1);
        assert!(!all.takes_more(99), "some of it has gone");
        assert_eq!(doings(&mut all, 99), ["ello, a!Hello, b!Hello, c!", "answered", "Read"]);
    }

    #[test]
    fn more_is_heard_first_only_where_all_is_one_write() {
        let later = Rule { when: When::Any, with: "later".to_owned(), delay_ms: 9, ..Rule::default() };
        let greeting = Rules::greeting("Hello, {message}!");
        let delay = Rules::new(
            &[Rule { pattern: "b".to_owned(), when: When::Exact, ..later }],
            "{message}",
            |_| unreachable!(),
        );
        let delay = delay.expect("rules");
        for (settings, rules, heard) in [
            (Settings { pause: Duration::from_secs(1), ..Settings::default() }, &greeting, b"a".as_slice()),
            (settings(Misbehave { stall_after: 5, ..Misbehave::default() }), &greeting, b"a"),
            (Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) }, &greeting, b"no line"),
            (
                Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) },
                &greeting,
                &b"\n".repeat(200_000),
            ),
            (settings(Misbehave::default()), &delay, b"b"),
        ] {
            let mut talk = Conversation::new(&settings, rules, ends());
            doings(&mut talk, 99);
            talk.heard(heard);
            assert!(!talk.takes_more(usize::MAX), "{settings:?}");
        }
        // Nor where others are to be told something besides.
        let all = Rule { pattern: "b".to_owned(), reply: Reply::Others, with: "to all".to_owned(), ..Rule::default() };
        let all = Rules::new(&[all], "{message}", |_| unreachable!()).expect("rules");
        let lines = Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) };
        let mut talk = Conversation::new(&lines, &all, ends());
        doings(&mut talk, 99);
        talk.heard(b"a\n");
        assert!(talk.takes_more(99));
        talk.heard(b"b\n");
        assert!(!talk.takes_more(99));
        assert_eq!(doings(&mut talk, 99), ["a\\n", "answered", "Read"]);
        assert_eq!(talk.take_told().others, [b"to all\n"]);
        // What has a pause before it may also come second.
        let settings = settings(Misbehave::default());
        let mut talk = Conversation::new(&settings, &delay, ends());
        doings(&mut talk, 99);
        talk.heard(b"a");
        assert!(talk.takes_more(99));
        talk.heard(b"b");
        assert_eq!(doings(&mut talk, 99), ["a", "9ms", "later", "answered", "Read"]);
    }

    #[test]
    fn who_fills_reads_is_heard_on_after_the_second_up_to_sixteen_and_not_for_too_long_answers() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        // How many reads of so many bytes are answered together, where the one at `short` returns less than it could.
        let together = |size: usize, short: usize| {
            let mut talk = Conversation::new(&settings, &rules, ends());
            doings(&mut talk, usize::MAX);
            let mut all = vec![0];
            for n in 0..40 {
                talk.heard(&b"x".repeat(size));
                *all.last_mut().expect("one") += 1;
                if !talk.hears_on(n != short) {
                    doings(&mut talk, usize::MAX);
                    all.push(0);
                }
            }
            all
        };
        assert_eq!(together(9, 99), [1, 16, 16, 7]);
        assert_eq!(together(9, 1), [1, 1, 1, 16, 16, 5]);
        assert_eq!(together(9, 5), [1, 5, 1, 16, 16, 1]);
        assert_eq!(together(16 << 10, 99)[..4], [1, 2, 2, 2]);
        let mut talk = Conversation::new(&settings, &rules, ends());
        doings(&mut talk, usize::MAX);
        assert!(!talk.hears_on(true) && !talk.hears_on(true), "there is nothing to answer");
    }

    #[test]
    fn what_is_told_of_an_answer_goes_with_it() {
        let (settings, rules) =
            (settings(Misbehave::default()), Rules::new(&Ready::Echo.rules(), "", |_| unreachable!()).expect("rules"));
        let mut talk = Conversation::new(&settings, &rules, ends());
        doings(&mut talk, 99);
        talk.heard(b"a");
        let told = talk.take_answer(99, &mut Vec::new()).expect("one");
        assert_eq!(told.matched, Some((1, b"a".to_vec())));
        assert_eq!(talk.answers().told.matched, None);
        talk.give_back(b"a", told);
        assert_eq!(doings(&mut talk, 99), ["a", "answered", "Read"]);
        assert_eq!(talk.answers().told.matched, Some((1, b"a".to_vec())));
    }

    #[test]
    fn a_pause_a_drip_and_what_comes_in_pieces_are_not_taken() {
        let rules = Rules::greeting("Hello, {message}!");
        for (settings, heard) in [
            (Settings { pause: Duration::from_secs(1), ..Settings::default() }, b"a".as_slice()),
            (settings(Misbehave { drip_ms: 1, ..Misbehave::default() }), b"a"),
            (Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) }, b"no line"),
            (Settings { boundary: Boundary::Line, ..settings(Misbehave::default()) }, &b"\n".repeat(200_000)),
        ] {
            let mut talk = Conversation::new(&settings, &rules, ends());
            doings(&mut talk, 99);
            talk.heard(heard);
            assert!(talk.take_answer(usize::MAX, &mut Vec::new()).is_none(), "{settings:?}");
        }
    }

    #[test]
    fn responses_are_lent_and_given_back() {
        let (settings, rules) = (settings(Misbehave::default()), Rules::greeting("Hello, {message}!"));
        let mut free = Responses::default();
        for client in 0..3 {
            let mut talk = Conversation::new(&settings, &rules, ends());
            assert_eq!(doings(&mut talk, 99), ["Welcome!", "Read"]);
            talk.give_response(&mut free);
            for _ in 0..2 {
                let many = free.0.len();
                assert_eq!(
                    (many, doings(&mut talk, 99)),
                    (client + 1, vec!["Read".to_owned()]),
                    "nothing is left to do"
                );
                talk.take_response(&mut free);
                assert_eq!(free.0.len(), many - 1, "it is lent");
                talk.heard(format!("client {client}\n").as_bytes());
                assert_eq!(
                    doings(&mut talk, 99),
                    [format!("Hello, client {client}!\\n"), "answered".into(), "Read".into()]
                );
                talk.give_response(&mut free);
            }
        }
    }

    #[test]
    fn few_responses_are_kept_and_few_large_ones() {
        let mut free = Responses::default();
        let with_steps = Box::new(Response { steps: Vec::with_capacity(Responses::LARGE), ..Response::default() });
        let with_room = |size| {
            Box::new(Response {
                answers: Answers { bytes: Vec::with_capacity(size), ..Answers::default() },
                ..Response::default()
            })
        };
        for size in [Responses::LARGE + 1, Responses::LARGE + 1, 10] {
            free.keep(with_room(size));
        }
        free.keep(with_steps);
        assert_eq!(free.0.len(), 2, "a large one, and one that is not");
        (0..2 * Responses::MOST).for_each(|_| free.keep(with_room(10)));
        assert_eq!(free.0.len(), Responses::MOST);
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
