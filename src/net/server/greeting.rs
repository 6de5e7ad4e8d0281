//! The tutorial's protocol as bytes in, bytes out: no sockets, no threads, no clock of its own.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use wide::u8x32;

use super::Boundary;
use super::rules::{Piece, Plain, Rules, SHORT};
use super::template::Facts;

/// How long a line may be, its line end not counted, with [`Boundary::Line`]: 64 KiB.
pub const LONGEST_LINE: usize = 64 << 10;

/// What comes after the replies to one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next read.
    Read,
    /// So many bytes of this read have been answered; the rest is to be read again, once these answers have been sent.
    Rest(usize),
    /// The client said `exit`: close.
    Exit,
    /// A rule says so: close.
    Close,
    /// A line is longer than [`LONGEST_LINE`]: close, it is an error.
    LineTooLong,
}

/// What answers one read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// All replies, one after the other.
    pub bytes: Vec<u8>,
    /// How many replies that are.
    pub replies: usize,
    /// If so many are given, the messages that follow have none.
    pub most: Option<usize>,
    /// Before the byte at this position of `bytes` is sent, rules ask for a pause of so long. In ascending order.
    pub delays: Vec<(usize, Duration)>,
    /// What is to be told besides.
    pub told: Told,
}

/// What is to be told of an answer once it has been sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What goes to all other clients, one after the other. Each is one of the replies.
    pub others: Vec<Vec<u8>>,
    /// The last message that a rule answered: the rule's number, from 1, and the begin of the message.
    pub matched: Option<(usize, Vec<u8>)>,
}

impl Told {
    /// Whether there is something to tell.
    #[must_use]
    pub fn is_some(&self) -> bool {
        !self.others.is_empty() || self.matched.is_some()
    }
}

/// Once the answers to one read have so many bytes, they are sent before there are more: a few bytes can ask for much.
const ENOUGH: usize = 1 << 20;

/// How much of a message [`Told::matched`] has, in bytes.
pub const SAMPLE: usize = 80;

impl Answers {
    /// Ready for the next read; the room is used again, unless there is much more of it than was needed.
    pub fn clear(&mut self) {
        if self.bytes.capacity() > (4 << 10).max(8 * self.bytes.len()) {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.replies = 0;
        self.most = None;
        self.delays.clear();
        // Rarely: to forget nothing takes its time, too.
        if self.told.is_some() {
            self.told = Told::default();
        }
    }

    /// Whether there may be another reply.
    fn has_room(&self) -> bool {
        self.most.is_none_or(|most| self.replies < most)
    }
}

/// The conversation with one client.
#[derive(Debug)]
pub struct Greeting<'a> {
    boundary: Boundary,
    rules: &'a Rules,
    peer: SocketAddr,
    clock: fn() -> SystemTime,
    answered: u64,
    /// With [`Boundary::Line`]: the begun line, never longer than [`LONGEST_LINE`].
    begun: Vec<u8>,
}

impl<'a> Greeting<'a> {
    /// A conversation in which nothing has been said yet. `peer` is what `{peer}` stands for, and `clock` tells `{time}`.
    #[must_use]
    pub fn new(boundary: Boundary, rules: &'a Rules, peer: SocketAddr, clock: fn() -> SystemTime) -> Self {
        Self { boundary, rules, peer, clock, answered: 0, begun: Vec::new() }
    }

    /// How many messages have been answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// How many bytes of a line have come whose end has not.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.begun.len()
    }

    /// Takes what one read returned and appends the replies to `out`. What follows `exit`, or a message after which a rule
    /// closes, in the same read is ignored. After anything but [`Next::Read`] and [`Next::Rest`] the conversation is over.
    pub fn read(&mut self, bytes: &[u8], out: &mut Answers) -> Next {
        if self.boundary == Boundary::AsRead {
            return self.message(bytes, b"", out);
        }
        let greeted = self.greet_lines(bytes, out);
        if greeted == bytes.len() { Next::Read } else { self.read_rest(bytes, greeted, out) }
    }

    /// Like [`Greeting::read`]; so many bytes have been answered.
    #[inline(never)]
    fn read_rest(&mut self, bytes: &[u8], mut used: usize, out: &mut Answers) -> Next {
        for piece in bytes[used..].split_inclusive(|byte| *byte == b'\n') {
            if out.bytes.len() >= ENOUGH {
                return Next::Rest(used);
            }
            used += piece.len();
            let next = match self.boundary {
                Boundary::Line => self.line(piece, out),
                _ => self.split(piece, out),
            };
            if next != Next::Read {
                return next;
            }
        }
        Next::Read
    }

    /// Greets the lines that `bytes` begin with, where nothing but the greeting answers them: fast, as there may be millions.
    /// Says how many bytes that were; what is left needs a closer look.
    fn greet_lines(&mut self, bytes: &[u8], out: &mut Answers) -> usize {
        let Some(Plain { before, between, between_crlf }) = self.rules.plain() else { return 0 };
        if !self.begun.is_empty() || out.most.is_some() {
            return 0;
        }
        let (mut used, mut lines) = (0, 0);
        append(&mut out.bytes, before);
        for end in LineEnds::new(bytes) {
            let (message, between) = match &bytes[used..end] {
                [message @ .., b'\r'] => (message, between_crlf),
                message => (message, between),
            };
            if message == b"exit" || message.len() > LONGEST_LINE || out.bytes.len() >= ENOUGH {
                break;
            }
            match bytes[used..].first_chunk() {
                Some(chunk) if message.len() <= SHORT => append_short(&mut out.bytes, chunk, message.len()),
                _ => out.bytes.extend_from_slice(message),
            }
            append(&mut out.bytes, between);
            used = end + 1;
            lines += 1;
        }
        // What would begin another reply.
        out.bytes.truncate(out.bytes.len() - before.bytes.len());
        out.replies += lines;
        self.answered += lines as u64;
        used
    }

    /// A piece of a line, up to its line end if it has come.
    fn line(&mut self, piece: &[u8], out: &mut Answers) -> Next {
        let ends = piece.ends_with(b"\n");
        if self.begun.len() + piece.len() - usize::from(ends) > LONGEST_LINE {
            return Next::LineTooLong;
        }
        if ends && self.begun.is_empty() {
            return self.split(piece, out);
        }
        self.begun.extend_from_slice(piece);
        if !ends {
            return Next::Read;
        }
        let line = std::mem::take(&mut self.begun);
        let next = self.split(&line, out);
        // The room is used again, unless one long line would hold it for as long as the client stays.
        if line.capacity() <= 4 << 10 {
            self.begun = line;
            self.begun.clear();
        }
        next
    }

    /// A message with its line end, if it has one.
    fn split(&mut self, piece: &[u8], out: &mut Answers) -> Next {
        let (message, end) = split_line_end(piece);
        self.message(message, end, out)
    }

    /// One message.
    #[inline(never)]
    fn message(&mut self, message: &[u8], end: &[u8], out: &mut Answers) -> Next {
        let facts = Facts { peer: self.peer, number: self.answered + 1, clock: self.clock };
        let begin = out.bytes.len();
        let answer = match self.rules.answer(message, &facts, &mut out.bytes) {
            Some(answer) => answer,
            None if split_line_end(message).0 == b"exit" => return Next::Exit,
            None => self.rules.greet(message, &facts, &mut out.bytes),
        };
        self.answered += 1;
        if answer.ends_as_message {
            out.bytes.extend_from_slice(end);
        }
        if out.has_room() {
            out.replies += 1;
            if answer.to_others {
                out.told.others.push(out.bytes.split_off(begin));
            }
            if !answer.delay.is_zero() {
                out.delays.push((begin, answer.delay));
            }
        } else {
            out.bytes.truncate(begin);
        }
        if let Some(rule) = answer.rule {
            out.told.matched = Some((rule, message[..message.len().min(SAMPLE)].to_vec()));
        }
        if answer.close { Next::Close } else { Next::Read }
    }
}

/// Where lines end, in ascending order. For short lines it is quicker than to look for one after the other.
struct LineEnds<'a> {
    bytes: &'a [u8],
    /// So many bytes have been looked at.
    looked: usize,
    /// Those of the last [`LineEnds::WIDTH`] that are line ends and were not given yet: a bit each.
    found: u32,
}

impl<'a> LineEnds<'a> {
    /// How many bytes are looked at together.
    const WIDTH: usize = 32;

    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, looked: 0, found: 0 }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self.bytes.get(self.looked..).filter(|rest| !rest.is_empty())?;
            // Filled up with what is no line end.
            let mut last = [0; Self::WIDTH];
            let chunk = rest.first_chunk().unwrap_or_else(|| {
                last[..rest.len()].copy_from_slice(rest);
                &last
            });
            self.found = u8x32::new(*chunk).simd_eq(u8x32::splat(b'\n')).to_bitmask();
            self.looked += Self::WIDTH;
        }
        let end = self.looked - Self::WIDTH + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(end)
    }
}

fn append(to: &mut Vec<u8>, piece: &Piece) {
    match &piece.padded {
        Some(chunk) => append_short(to, chunk, piece.bytes.len()),
        None => to.extend_from_slice(&piece.bytes),
    }
}

/// Appends the first `len` bytes of `chunk`, which are at most [`SHORT`]. Copying all of them, and giving back those that are
/// too many, is quicker than copying a number of them that is not known before.
fn append_short(to: &mut Vec<u8>, chunk: &[u8; SHORT], len: usize) {
    let end = to.len() + len;
    to.extend_from_slice(chunk);
    to.truncate(end);
}

/// Without its last LF or CRLF, and that line end; a CR alone is no line end.
fn split_line_end(bytes: &[u8]) -> (&[u8], &[u8]) {
    let len = match bytes {
        [.., b'\r', b'\n'] => bytes.len() - 2,
        [.., b'\n'] => bytes.len() - 1,
        _ => bytes.len(),
    };
    bytes.split_at(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::server::rules::Rule;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

    /// The replies to `reads` joined, how it went on, and how many messages were answered.
    fn talk<'a>(boundary: Boundary, reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Next, u64) {
        let rules = Rules::greeting("Hello, {message}!");
        let mut greeting = Greeting::new(boundary, &rules, PEER, SystemTime::now);
        let mut out = Answers::default();
        for read in reads {
            let next = greeting.read(read, &mut out);
            if next != Next::Read {
                return (out.bytes, next, greeting.answered());
            }
        }
        (out.bytes, Next::Read, greeting.answered())
    }

    #[track_caller]
    fn check(boundary: Boundary, reads: &[&[u8]], replies: &[u8], next: Next) {
        let (out, came, _) = talk(boundary, reads.iter().copied());
        assert_eq!((out.escape_ascii().to_string(), came), (replies.escape_ascii().to_string(), next));
    }

    #[test]
    fn no_more_replies_are_given_than_there_may_be() {
        let rules = Rules::greeting("Hello, {message}!");
        let mut greeting = Greeting::new(Boundary::Automatic, &rules, PEER, SystemTime::now);
        let mut out = Answers { most: Some(2), ..Answers::default() };
        assert_eq!(greeting.read(b"a\nb\nc\nd", &mut out), Next::Read);
        assert_eq!((out.bytes.as_slice(), out.replies), (b"Hello, a!\nHello, b!\n".as_slice(), 2));
    }

    #[test]
    fn what_answered_one_read_is_forgotten_before_the_next() {
        let told = Told { others: vec![b"to others".to_vec()], matched: None };
        let delays = vec![(1, Duration::from_secs(1))];
        let mut answers = Answers { bytes: b"a".to_vec(), replies: 1, most: Some(1), delays, told };
        answers.clear();
        assert_eq!(answers, Answers::default());
        answers.told.matched = Some((1, b"a".to_vec()));
        answers.clear();
        assert_eq!(answers, Answers::default());
    }

    #[test]
    fn the_tutorials_words_are_answered_byte_for_byte() {
        for boundary in [Boundary::Automatic, Boundary::AsRead] {
            check(
                boundary,
                &[b"Michael", b"Tracy", b"Sarah", b"exit"],
                b"Hello, Michael!Hello, Tracy!Hello, Sarah!",
                Next::Exit,
            );
        }
    }

    #[test]
    fn automatic_takes_each_line_as_a_message_and_ends_the_reply_the_same_way() {
        let check = |reads: &[&[u8]], replies: &[u8], next| check(Boundary::Automatic, reads, replies, next);
        check(&[b"a\nb\r\nc"], b"Hello, a!\nHello, b!\r\nHello, c!", Next::Read);
        check(&[b"\n\r\n"], b"Hello, !\nHello, !\r\n", Next::Read);
        check(&[b"a\rb\n"], b"Hello, a\rb!\n", Next::Read);
        check(&[b"\xff\x00\xe4\xb8\n"], b"Hello, \xff\x00\xe4\xb8!\n", Next::Read);
        check(&[b"a\nexit\nb\n"], b"Hello, a!\n", Next::Exit);
        check(&[b"exit\r\n"], b"", Next::Exit);
        check(&[b"exit\n\n"], b"", Next::Exit);
        check(&[b"ex", b"it"], b"Hello, ex!Hello, it!", Next::Read);
        for not_exit in ["Exit", "exit ", " exit", "exit\r", "exits", "exi"] {
            let reply = format!("Hello, {not_exit}!");
            check(&[not_exit.as_bytes()], reply.as_bytes(), Next::Read);
        }
    }

    #[test]
    fn as_read_takes_each_read_as_a_message_with_all_its_bytes() {
        let check = |reads: &[&[u8]], replies: &[u8], next| check(Boundary::AsRead, reads, replies, next);
        check(&[b"a\nb\n", b"c\r\n"], b"Hello, a\nb\n!Hello, c\r\n!", Next::Read);
        check(&[b"exit\n"], b"", Next::Exit);
        check(&[b"exit\r\n"], b"", Next::Exit);
        check(&[b"exit\n\n"], b"Hello, exit\n\n!", Next::Read);
        check(&[b"a\nexit"], b"Hello, a\nexit!", Next::Read);
    }

    #[test]
    fn line_waits_for_the_line_end() {
        let check = |reads: &[&[u8]], replies: &[u8], next| check(Boundary::Line, reads, replies, next);
        check(&[b"Mich", b"ael"], b"", Next::Read);
        check(&[b"Mich", b"ael\r", b"\nTr", b"acy\n"], b"Hello, Michael!\r\nHello, Tracy!\n", Next::Read);
        check(&[b"ex", b"it\r", b"\n"], b"", Next::Exit);
    }

    #[test]
    fn a_line_may_be_64_kib_and_not_a_byte_more() {
        let longest = [vec![b'x'; LONGEST_LINE], b"\n".to_vec()].concat();
        for size in [1_024, usize::MAX] {
            let (out, next, answered) = talk(Boundary::Line, longest.chunks(size.min(longest.len())));
            assert_eq!((out.len(), next, answered), (LONGEST_LINE + 9, Next::Read, 1));
            let longer = [b"a\nx", longest.as_slice()].concat();
            let (out, next, answered) = talk(Boundary::Line, longer.chunks(size.min(longer.len())));
            assert_eq!((out.as_slice(), next, answered), (b"Hello, a!\n".as_slice(), Next::LineTooLong, 1));
        }
        let (_, next, _) = talk(Boundary::Line, [[b'x'; LONGEST_LINE + 1].as_slice()]);
        assert_eq!(next, Next::LineTooLong, "it need not wait for a line end");
    }

    #[test]
    fn the_template_fills_its_places_and_leaves_other_braces_alone() {
        let rules = Rules::greeting("{n}. {peer} 说 {message}{message} {{n}} {x} {1} {message {");
        let mut greeting =
            Greeting::new(Boundary::Automatic, &rules, "[::1]:5".parse().expect("address"), SystemTime::now);
        let mut out = Answers::default();
        assert_eq!(greeting.read(b"a\n{n}\n", &mut out), Next::Read);
        assert_eq!(
            String::from_utf8_lossy(&out.bytes),
            "1. [::1]:5 说 aa {1} {x} {1} {message {\n2. [::1]:5 说 {n}{n} {2} {x} {1} {message {\n"
        );
        let empty = Rules::greeting("");
        let mut greeting = Greeting::new(Boundary::Automatic, &empty, PEER, SystemTime::now);
        out.clear();
        assert_eq!(greeting.read(b"a", &mut out), Next::Read);
        assert_eq!((out.bytes.len(), greeting.answered()), (0, 1));
    }

    /// A line about as long as what is copied at once.
    fn short_or_long_line() -> impl Strategy<Value = Vec<u8>> {
        (SHORT - 3..SHORT + 3, prop_oneof![Just("\n"), Just("\r\n")])
            .prop_map(|(len, end)| [b"0123456789".repeat(4)[..len].to_vec(), end.into()].concat())
    }

    /// Bytes that are often line ends and often `exit`.
    fn talkative() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"exit".to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
    }

    fn cut(bytes: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
        let mut rest = bytes;
        let mut reads = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (read, after) = rest.split_at((*size).min(rest.len()));
            reads.push(read.to_vec());
            rest = after;
        }
        reads
    }

    proptest! {
        #[test]
        fn every_line_end_is_found(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200)) {
            let found: Vec<_> = LineEnds::new(&bytes).collect();
            let wanted: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn fast_or_slow_the_greeting_is_the_same(
            bytes in prop_oneof![talkative(), prop::collection::vec(short_or_long_line(), 0..9).prop_map(|all| all.concat())],
            behind in 0..2 * SHORT,
        ) {
            let greeting = format!("Hello, {{message}}{}", "!".repeat(behind));
            let rules = Rules::greeting(&greeting);
            // Where there are rules, each message is looked at on its own.
            let never = Rule { pattern: "never said".to_owned(), ..Rule::default() };
            let with_rules = Rules::new(&[never], &greeting, |_| Ok(Vec::new())).expect("no mistake");
            let read = |rules| {
                let mut out = Answers::default();
                let mut greeting = Greeting::new(Boundary::Line, rules, PEER, SystemTime::now);
                let next = greeting.read(&bytes, &mut out);
                (next, out, greeting.answered(), greeting.begun())
            };
            prop_assert_eq!(read(&rules), read(&with_rules));
        }

        #[test]
        fn with_lines_it_does_not_matter_how_the_bytes_are_cut(
            bytes in talkative(),
            sizes in prop::collection::vec(1..9_usize, 1..6),
        ) {
            let reads = cut(&bytes, &sizes);
            let pieces = talk(Boundary::Line, reads.iter().map(Vec::as_slice));
            prop_assert_eq!(pieces, talk(Boundary::Line, [bytes.as_slice()]));
        }

        #[test]
        fn whole_lines_are_answered_alike_by_automatic_and_line(mut bytes in talkative()) {
            bytes.push(b'\n');
            prop_assert_eq!(talk(Boundary::Automatic, [bytes.as_slice()]), talk(Boundary::Line, [bytes.as_slice()]));
        }

        #[test]
        fn the_replies_to_two_reads_are_those_to_each_joined(first in talkative(), second in talkative()) {
            for boundary in [Boundary::Automatic, Boundary::AsRead] {
                if first.is_empty() || second.is_empty() {
                    continue;
                }
                let (mut joined, next, answered) = talk(boundary, [first.as_slice()]);
                let mut all = answered;
                if next == Next::Read {
                    let (more, _, answered) = talk(boundary, [second.as_slice()]);
                    joined.extend(more);
                    all += answered;
                }
                let (out, _, answered) = talk(boundary, [first.as_slice(), second.as_slice()]);
                prop_assert_eq!((out, answered), (joined, all));
            }
        }
    }
}
