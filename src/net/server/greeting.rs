//! The tutorial's protocol as bytes in, bytes out: no sockets, no threads, no clock.

use super::Boundary;

/// How long a line may be, its line end not counted, with [`Boundary::Line`]: 64 KiB.
pub const LONGEST_LINE: usize = 64 << 10;

/// The reply as a person wrote it, taken apart once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Message,
    Peer,
    Number,
}

impl Template {
    /// `{message}` is the message's bytes, `{peer}` the client's address, `{n}` the number of the message on its
    /// connection, from 1. Any other brace is text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let places = [("{message}", Piece::Message), ("{peer}", Piece::Peer), ("{n}", Piece::Number)];
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((place, piece)) = places.iter().find(|(place, _)| rest.starts_with(place)) {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(piece.clone());
                rest = &rest[place.len()..];
            } else {
                plain.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    fn fill(&self, message: &[u8], peer: &str, number: u64, out: &mut Vec<u8>) {
        use std::io::Write as _;
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Message => out.extend_from_slice(message),
                Piece::Peer => out.extend_from_slice(peer.as_bytes()),
                // Writing to a Vec cannot fail.
                Piece::Number => _ = write!(out, "{number}"),
            }
        }
    }
}

/// What comes after the replies to one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next read.
    Read,
    /// The client said `exit`: close.
    Exit,
    /// A line is longer than [`LONGEST_LINE`]: close, it is an error.
    LineTooLong,
}

/// The conversation with one client.
#[derive(Debug)]
pub struct Greeting<'a> {
    boundary: Boundary,
    template: &'a Template,
    peer: String,
    answered: u64,
    /// With [`Boundary::Line`]: the begun line, never longer than [`LONGEST_LINE`].
    begun: Vec<u8>,
}

impl<'a> Greeting<'a> {
    /// A conversation in which nothing has been said yet. `peer` is what `{peer}` stands for.
    #[must_use]
    pub fn new(boundary: Boundary, template: &'a Template, peer: String) -> Self {
        Self { boundary, template, peer, answered: 0, begun: Vec::new() }
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

    /// Takes what one read returned and appends the replies to `out`. What follows `exit` in the same read is
    /// ignored. After anything but [`Next::Read`] the conversation is over.
    pub fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Next {
        if self.boundary == Boundary::AsRead {
            return if split_line_end(bytes).0 == b"exit" { Next::Exit } else { self.answer(bytes, b"", out) };
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let next = match self.boundary {
                Boundary::Line => self.line(piece, out),
                _ => self.message(piece, out),
            };
            if next != Next::Read {
                return next;
            }
        }
        Next::Read
    }

    /// A piece of a line, up to its line end if it has come.
    fn line(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Next {
        let ends = piece.ends_with(b"\n");
        if self.begun.len() + piece.len() - usize::from(ends) > LONGEST_LINE {
            return Next::LineTooLong;
        }
        if ends && self.begun.is_empty() {
            return self.message(piece, out);
        }
        self.begun.extend_from_slice(piece);
        if !ends {
            return Next::Read;
        }
        let line = std::mem::take(&mut self.begun);
        let next = self.message(&line, out);
        // The room is used again, unless one long line would hold it for as long as the client stays.
        if line.capacity() <= 4 << 10 {
            self.begun = line;
            self.begun.clear();
        }
        next
    }

    /// One message with its line end, if it has one.
    fn message(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Next {
        let (message, end) = split_line_end(piece);
        if message == b"exit" { Next::Exit } else { self.answer(message, end, out) }
    }

    fn answer(&mut self, message: &[u8], end: &[u8], out: &mut Vec<u8>) -> Next {
        self.answered += 1;
        self.template.fill(message, &self.peer, self.answered, out);
        out.extend_from_slice(end);
        Next::Read
    }
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
    use proptest::prelude::*;

    /// The replies to `reads` joined, how it went on, and how many messages were answered.
    fn talk<'a>(boundary: Boundary, reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Next, u64) {
        let template = Template::new("Hello, {message}!");
        let mut greeting = Greeting::new(boundary, &template, "peer".to_owned());
        let mut out = Vec::new();
        for read in reads {
            let next = greeting.read(read, &mut out);
            if next != Next::Read {
                return (out, next, greeting.answered());
            }
        }
        (out, Next::Read, greeting.answered())
    }

    #[track_caller]
    fn check(boundary: Boundary, reads: &[&[u8]], replies: &[u8], next: Next) {
        let (out, came, _) = talk(boundary, reads.iter().copied());
        assert_eq!((out.escape_ascii().to_string(), came), (replies.escape_ascii().to_string(), next));
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
        let template = Template::new("{n}. {peer} 说 {message}{message} {{n}} {x} {message {");
        let mut greeting = Greeting::new(Boundary::Automatic, &template, "[::1]:5".to_owned());
        let mut out = Vec::new();
        assert_eq!(greeting.read(b"a\n{n}\n", &mut out), Next::Read);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "1. [::1]:5 说 aa {1} {x} {message {\n2. [::1]:5 说 {n}{n} {2} {x} {message {\n"
        );
        let empty = Template::new("");
        let mut greeting = Greeting::new(Boundary::Automatic, &empty, String::new());
        out.clear();
        assert_eq!(greeting.read(b"a", &mut out), Next::Read);
        assert_eq!((out.len(), greeting.answered()), (0, 1));
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
