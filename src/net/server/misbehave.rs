//! Misbehaving on purpose, to test other people's clients: what is sent when, decided without sockets, threads or a clock.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::greeting::{Answers, Next};
use crate::i18n::{bytes, count, t, tf};

/// Ways to misbehave; all are off at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Misbehave {
    /// Milliseconds to wait before the welcome; 0 for none.
    pub greet_late_ms: u32,
    /// Milliseconds between each two bytes that are sent; 0 for none.
    pub drip_ms: u32,
    /// Each reply comes in two writes, cut inside its first character of several bytes.
    pub split: bool,
    /// So many replies are held back and sent in one write; below 2 none.
    pub glue: u32,
    /// After so many replies no more come, though the connection stays open; 0 for never.
    pub stall_after: u32,
    /// After so many bytes the connection is reset; 0 for never.
    pub reset_after: u64,
    /// Nothing is read after the welcome.
    pub never_read: bool,
    /// The first message is answered by closing.
    pub close_silently: bool,
}

/// Between the two writes of a reply that is split: long enough that they come as two reads.
pub const SPLIT_PAUSE: Duration = Duration::from_millis(50);

/// Once so many bytes are held back they are sent, however few replies they are: 1 MiB.
const MOST_HELD: usize = 1 << 20;

impl Misbehave {
    /// Whether it does anything.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self != Self { glue: self.glue.min(1), ..Self::default() }
    }

    /// Sets one way as it is written in a terminal: `late=MS`, `drip=MS`, `split`, `glue=N`, `stall=N`, `reset=BYTES`, `deaf` or
    /// `close`.
    ///
    /// # Errors
    /// It is none of these; in words.
    pub fn set(&mut self, way: &str) -> Result<(), String> {
        let wrong = || tf("misbehave-unknown", &[("way", way.into())]);
        let (name, number) = way.split_once('=').map_or((way, None), |(name, number)| (name, Some(number)));
        let small = || number.and_then(|number| number.parse().ok()).ok_or_else(wrong);
        match (name, number) {
            ("late", _) => self.greet_late_ms = small()?,
            ("drip", _) => self.drip_ms = small()?,
            ("split", None) => self.split = true,
            ("glue", _) => self.glue = small()?,
            ("stall", _) => self.stall_after = small()?,
            ("reset", _) => self.reset_after = small()?.into(),
            ("deaf", None) => self.never_read = true,
            ("close", None) => self.close_silently = true,
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// All that it does, in words.
    #[must_use]
    pub fn text(&self) -> String {
        let ms = |id, value: u32| (value > 0).then(|| tf(id, &[("n", count(value.into()).into())]));
        let on = |id, value: bool| value.then(|| t(id));
        let all = [
            ms("misbehave-says-late", self.greet_late_ms),
            ms("misbehave-says-drip", self.drip_ms),
            on("misbehave-says-split", self.split),
            (self.glue > 1).then(|| tf("misbehave-says-glue", &[("n", self.glue.into())])),
            (self.stall_after > 0).then(|| tf("misbehave-says-stall", &[("n", self.stall_after.into())])),
            (self.reset_after > 0).then(|| tf("misbehave-says-reset", &[("size", bytes(self.reset_after).into())])),
            on("misbehave-says-deaf", self.never_read),
            on("misbehave-says-close", self.close_silently),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What a server does next with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Sends these bytes of the answer, as one write.
    Send(Range<usize>),
    /// Sends these bytes one by one, with so much time between them.
    Drip(Range<usize>, Duration),
    /// Waits.
    Wait(Duration),
    /// Does nothing more, but keeps the connection.
    Stall,
    /// Resets the connection.
    Reset,
    /// Closes the connection without another word.
    Close,
}

/// How a server behaves towards one client.
#[derive(Debug)]
pub(super) struct Manners<'a> {
    misbehave: &'a Misbehave,
    pause: Duration,
    /// There is nothing to do but to send the answers, unless rules ask for pauses.
    is_plain: bool,
    /// Bytes sent, or about to be.
    sent: u64,
    /// Replies sent, or about to be.
    replied: u64,
    /// Replies held back, and how many.
    held: (Vec<u8>, u32),
}

impl<'a> Manners<'a> {
    /// `pause` comes before the answer to each read.
    pub(super) fn new(misbehave: &'a Misbehave, pause: Duration) -> Self {
        let is_plain = pause.is_zero() && !misbehave.is_on();
        Self { misbehave, pause, is_plain, sent: 0, replied: 0, held: (Vec::new(), 0) }
    }

    /// Whether there is nothing to do but to send the answers, unless rules ask for pauses.
    pub(super) fn are_plain(&self) -> bool {
        self.is_plain
    }

    /// How many replies have been sent, or are about to be.
    pub(super) fn replied(&self) -> u64 {
        self.replied
    }

    /// How many more replies there may be.
    pub(super) fn most(&self) -> Option<usize> {
        let stall_after = u64::from(self.misbehave.stall_after);
        let left = usize::try_from(stall_after.saturating_sub(self.replied)).unwrap_or(usize::MAX);
        (stall_after > 0).then_some(left)
    }

    /// What to do with the welcome.
    pub(super) fn welcome(&mut self, text: &[u8], steps: &mut Vec<Step>) {
        wait(Duration::from_millis(self.misbehave.greet_late_ms.into()), steps);
        if self.send(text, 0..text.len(), steps) && self.misbehave.never_read {
            steps.push(Step::Stall);
        }
    }

    /// What to do with the answers to one read; they may become others.
    pub(super) fn answer(&mut self, answers: &mut Answers, next: Next, steps: &mut Vec<Step>) {
        if self.is_plain && answers.delays.is_empty() {
            self.replied += answers.replies as u64;
            steps.extend((!answers.bytes.is_empty()).then_some(Step::Send(0..answers.bytes.len())));
            return;
        }
        self.answer_slowly(answers, next, steps);
    }

    #[inline(never)]
    fn answer_slowly(&mut self, answers: &mut Answers, next: Next, steps: &mut Vec<Step>) {
        let replies = answers.replies;
        if self.misbehave.close_silently && (replies > 0 || next != Next::Read) {
            steps.push(Step::Close);
            return;
        }
        self.replied += replies as u64;
        if self.misbehave.glue > 1 && !self.glue(answers, replies, next) {
            return;
        }
        if answers.bytes.is_empty() && replies == 0 {
            return;
        }
        let mut begin = 0;
        wait(self.pause, steps);
        for (at, delay) in &answers.delays {
            if !self.send(&answers.bytes, begin..*at, steps) {
                return;
            }
            begin = *at;
            wait(*delay, steps);
        }
        self.send(&answers.bytes, begin..answers.bytes.len(), steps);
    }

    /// Holds `answers` back until there are enough; whether it is time to send them.
    fn glue(&mut self, answers: &mut Answers, replies: usize, next: Next) -> bool {
        let (held, many) = &mut self.held;
        held.extend_from_slice(&answers.bytes);
        *many += replies as u32;
        answers.delays.clear();
        if *many < self.misbehave.glue && held.len() < MOST_HELD && next == Next::Read {
            answers.bytes.clear();
            return false;
        }
        *many = 0;
        answers.bytes = std::mem::take(held);
        true
    }

    /// The client has said all: what is still held back comes behind `answers`.
    pub(super) fn last(&mut self, answers: &mut Answers, steps: &mut Vec<Step>) {
        let begin = answers.bytes.len();
        answers.bytes.append(&mut self.held.0);
        self.send(&answers.bytes, begin..answers.bytes.len(), steps);
    }

    /// How these bytes are sent. False if nothing can come after them.
    fn send(&mut self, bytes: &[u8], mut range: Range<usize>, steps: &mut Vec<Step>) -> bool {
        let mut last = false;
        if self.misbehave.reset_after > 0 {
            let left = self.misbehave.reset_after.saturating_sub(self.sent);
            if range.len() as u64 >= left {
                range.end = range.start + left as usize;
                last = true;
            }
        }
        self.sent += range.len() as u64;
        if self.misbehave.drip_ms > 0 {
            let every = Duration::from_millis(self.misbehave.drip_ms.into());
            steps.extend((!range.is_empty()).then_some(Step::Drip(range, every)));
        } else {
            if self.misbehave.split
                && let Some(at) = inside_a_character(&bytes[range.clone()])
            {
                steps.extend([Step::Send(range.start..range.start + at), Step::Wait(SPLIT_PAUSE)]);
                range.start += at;
            }
            steps.extend((!range.is_empty()).then_some(Step::Send(range)));
        }
        steps.extend(last.then_some(Step::Reset));
        !last
    }
}

fn wait(time: Duration, steps: &mut Vec<Step>) {
    steps.extend((!time.is_zero()).then_some(Step::Wait(time)));
}

/// After the first byte of the first character that has several.
fn inside_a_character(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        if let Some((found, _)) = chunk.valid().char_indices().find(|(_, c)| c.len_utf8() > 1) {
            return Some(at + found + 1);
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Close, Drip, Reset, Send, Stall, Wait};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Three replies: `one`, `two`, and Chinese, the last after a delay.
    fn three() -> Answers {
        Answers { bytes: "onetwo再见".into(), replies: 3, delays: vec![(6, ms(9))], ..Answers::default() }
    }

    /// What is done with the welcome `Hi`, and with two reads that have [`three`] each.
    #[track_caller]
    fn check(misbehave: Misbehave, pause: u64, welcome: &[Step], first: &[Step], second: &[Step]) {
        let mut manners = Manners::new(&misbehave, ms(pause));
        let mut steps = Vec::new();
        manners.welcome(b"Hi", &mut steps);
        assert_eq!(steps, welcome);
        for expected in [first, second] {
            steps.clear();
            manners.answer(&mut three(), Next::Read, &mut steps);
            assert_eq!(steps, expected);
        }
    }

    #[test]
    fn well_behaved_it_sends_all_at_once_but_for_what_waits() {
        let answer = [Wait(ms(1)), Send(0..6), Wait(ms(9)), Send(6..12)];
        check(Misbehave::default(), 1, &[Send(0..2)], &answer, &answer);
        check(Misbehave::default(), 0, &[Send(0..2)], &answer[1..], &answer[1..]);
        assert!(!Misbehave { glue: 1, ..Misbehave::default() }.is_on());
    }

    #[test]
    fn each_way_can_be_written_in_a_terminal() {
        let mut all = Misbehave::default();
        for way in ["late=1", "drip=2", "split", "glue=3", "stall=4", "reset=5", "deaf", "close"] {
            assert_eq!(all.set(way), Ok(()), "{way}");
        }
        let expected = Misbehave {
            greet_late_ms: 1,
            drip_ms: 2,
            split: true,
            glue: 3,
            stall_after: 4,
            reset_after: 5,
            never_read: true,
            close_silently: true,
        };
        assert_eq!(all, expected);
        assert_eq!(all.text().split(", ").count(), 8, "{}", all.text());
        for way in ["", "late", "late=", "late=x", "late=-1", "split=1", "rude"] {
            assert!(all.set(way).is_err(), "{way}");
        }
    }

    #[test]
    fn it_is_late_drips_and_splits() {
        let late = Misbehave { greet_late_ms: 5, drip_ms: 2, ..Misbehave::default() };
        let drip = [Drip(0..6, ms(2)), Wait(ms(9)), Drip(6..12, ms(2))];
        check(late, 0, &[Wait(ms(5)), Drip(0..2, ms(2))], &drip, &drip);
        let split = Misbehave { split: true, ..Misbehave::default() };
        let halves = [Send(0..6), Wait(ms(9)), Send(6..7), Wait(SPLIT_PAUSE), Send(7..12)];
        check(split, 0, &[Send(0..2)], &halves, &halves);
    }

    #[test]
    fn it_glues_replies_and_sends_what_is_left_at_the_end() {
        let misbehave = Misbehave { glue: 4, ..Misbehave::default() };
        check(misbehave.clone(), 1, &[Send(0..2)], &[], &[Wait(ms(1)), Send(0..24)]);
        let mut manners = Manners::new(&misbehave, ms(0));
        let (mut steps, mut answers) = (Vec::new(), three());
        manners.answer(&mut answers, Next::Read, &mut steps);
        manners.last(&mut answers, &mut steps);
        assert_eq!((steps, answers.bytes), (vec![Send(0..12)], three().bytes));
        let (mut steps, mut answers) = (Vec::new(), three());
        manners.answer(&mut answers, Next::Exit, &mut steps);
        assert_eq!(steps, [Send(0..12)], "exit waits for no more");
    }

    #[test]
    fn it_stalls_resets_is_deaf_and_closes() {
        let stalling = Misbehave { stall_after: 4, ..Misbehave::default() };
        let mut manners = Manners::new(&stalling, ms(0));
        assert_eq!(manners.most(), Some(4));
        manners.answer(&mut three(), Next::Read, &mut Vec::new());
        assert_eq!(manners.most(), Some(1));
        assert_eq!(Manners::new(&Misbehave::default(), ms(0)).most(), None);
        let resetting = Misbehave { reset_after: 4, ..Misbehave::default() };
        check(resetting, 0, &[Send(0..2)], &[Send(0..2), Reset], &[Reset]);
        let at_once = Misbehave { reset_after: 1, never_read: true, ..Misbehave::default() };
        check(at_once, 0, &[Send(0..1), Reset], &[Reset], &[Reset]);
        let deaf = Misbehave { never_read: true, ..Misbehave::default() };
        let mut steps = Vec::new();
        Manners::new(&deaf, ms(0)).welcome(b"", &mut steps);
        assert_eq!(steps, [Stall]);
        let closing = Misbehave { close_silently: true, ..Misbehave::default() };
        check(closing, 1, &[Send(0..2)], &[Close], &[Close]);
    }
}
