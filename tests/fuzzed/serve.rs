//! Talks with the greeting, its rules and a server that misbehaves, whatever the bytes of `data` say, and checks what must always hold.
//! The fuzzer drives this, and `cargo test` with a few thousand inputs of its own.

use std::path::Path;
use std::time::{Duration, SystemTime};

use arbitrary::{Arbitrary, Result, Unstructured};
use socketscope::net::server::conversation::{Conversation, Do};
use socketscope::net::server::greeting::{Answers, Greeting, LONGEST_LINE, Next, SAMPLE};
use socketscope::net::server::misbehave::Misbehave;
use socketscope::net::server::rules::{Ready, Reply, Rule, Rules, When, from_toml, to_toml};
use socketscope::net::server::{Boundary, Settings};
use socketscope::recording::Ends;

/// Goes as far as `data` reaches.
pub fn drive(data: &[u8]) {
    // Too little input is no mistake.
    _ = talk(&mut Unstructured::new(data));
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(rules) = from_toml(text)
    {
        assert_eq!(from_toml(&to_toml(&rules)), Ok(rules));
    }
}

/// Text in which places, escapes and digits are frequent.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    const PARTS: [&str; 16] = [
        "{message}",
        "{MESSAGE}",
        "{peer}",
        "{n}",
        "{1}",
        "{0}",
        "{",
        "\\n",
        "\\x00",
        "\\u{1}",
        "\\",
        "a",
        "(a|b)*",
        "61",
        "ß",
        "[",
    ];
    let parts = input.int_in_range(0..=4)?;
    (0..parts)
        .map(|_| if input.ratio(1, 6)? { String::arbitrary(input) } else { Ok((*input.choose(&PARTS)?).to_owned()) })
        .collect()
}

fn rules(input: &mut Unstructured<'_>) -> Result<Vec<Rule>> {
    let count = input.int_in_range(0..=4)?;
    let rule = |input: &mut Unstructured<'_>| {
        Ok(Rule {
            when: *input.choose(&When::ALL)?,
            pattern: text(input)?,
            reply: *input.choose(&Reply::ALL)?,
            with: text(input)?,
            delay_ms: if input.arbitrary()? { input.arbitrary()? } else { 0 },
            close: input.ratio(1, 8)?,
        })
    };
    if input.ratio(1, 8)? { Ok(input.choose(&Ready::ALL)?.rules()) } else { (0..count).map(|_| rule(input)).collect() }
}

/// What was answered, and how it went on: as long as it went on, whatever was said in one read or in several.
fn answers(boundary: Boundary, rules: &Rules, reads: &[&[u8]]) -> (Vec<u8>, u64, Next) {
    let mut greeting = Greeting::new(boundary, rules, ([127, 0, 0, 1], 1).into(), || SystemTime::UNIX_EPOCH);
    let (mut all, mut one) = (Vec::new(), Answers::default());
    for read in reads {
        one.clear();
        let next = greeting.read(read, &mut one);
        // So much is not made of so little here.
        assert!(!matches!(next, Next::Rest(_)));
        assert!(one.delays.is_sorted_by_key(|delay| delay.0));
        assert!(one.delays.last().is_none_or(|delay| delay.0 <= one.bytes.len()));
        assert!(one.told.matched.as_ref().is_none_or(|(rule, message)| *rule > 0 && message.len() <= SAMPLE));
        assert!(greeting.begun() <= LONGEST_LINE);
        all.extend_from_slice(&one.bytes);
        if next != Next::Read {
            return (all, greeting.answered(), next);
        }
    }
    (all, greeting.answered(), Next::Read)
}

fn misbehave(input: &mut Unstructured<'_>) -> Result<Misbehave> {
    let mut some = |most| if input.ratio(1, 4)? { input.int_in_range(0..=most) } else { Ok(0) };
    Ok(Misbehave {
        greet_late_ms: some(1)?,
        drip_ms: some(1)?,
        split: some(1)? == 1,
        glue: some(5)?,
        stall_after: some(9)?,
        reset_after: some(99)?.into(),
        never_read: some(1)? == 1,
        close_silently: some(1)? == 1,
    })
}

/// The most that one write is asked to take: what is answered at once, and what was held back, with their last replies.
const MOST_WRITE: usize = 3 << 20;

/// The bytes of a whole conversation, in which writes take `takes` bytes by turns, and the step at which it ended. Where more can
/// be heard before an answer of fewer than `enough` bytes is sent, it is.
fn conversation(
    settings: &Settings,
    rules: &Rules,
    reads: &[&[u8]],
    takes: &[usize],
    enough: usize,
) -> (Vec<u8>, String) {
    let at = |port| ([127, 0, 0, 1], port).into();
    let mut talk = Conversation::new(settings, rules, Ends { local: at(1), peer: at(2) });
    let mut takes = takes.iter().copied().cycle();
    let mut said = Vec::new();
    // The last is the empty read.
    let mut reads = reads.iter().copied().chain([&b""[..]]);
    loop {
        match talk.next() {
            Do::Write(bytes) => {
                assert!((1..=MOST_WRITE).contains(&bytes.len()), "a write of {} bytes", bytes.len());
                let again = bytes.to_vec();
                assert_eq!(talk.next(), Do::Write(&again), "nothing has been sent");
                if said.len() >= settings.welcome.len() && talk.takes_more(enough) {
                    talk.heard(reads.next().expect("nothing is to be heard after the empty read"));
                    continue;
                }
                let n = takes.next().map_or(1, |most| most.min(again.len()));
                said.extend_from_slice(&again[..n]);
                talk.sent(n);
            }
            Do::Wait(time) => assert!((1..=u128::from(u32::MAX)).contains(&time.as_millis()), "{time:?}"),
            Do::Answered => {
                let matched = talk.answers().told.matched.take();
                assert!(matched.is_none_or(|(rule, message)| rule > 0 && message.len() <= SAMPLE));
            }
            Do::Read => match reads.next() {
                Some(read) => talk.heard(read),
                None => panic!("nothing comes after the empty read"),
            },
            last @ (Do::Stall | Do::Close(_)) => {
                let last = format!("{last:?}");
                assert_eq!(format!("{:?}", talk.next()), last, "it is over");
                return (said, last);
            }
        }
    }
}

fn talk(input: &mut Unstructured<'_>) -> Result<()> {
    let mut written = rules(input)?;
    assert_eq!(from_toml(&to_toml(&written)).as_ref(), Ok(&written));
    let reply = text(input)?;
    let Ok(rules) = Rules::new(&written, &reply, |_: &Path| Ok(b"file".to_vec())) else { return Ok(()) };
    let mut settings = Settings {
        welcome: text(input)?,
        misbehave: misbehave(input)?,
        pause: Duration::from_millis(input.int_in_range(0..=1)?),
        ..Settings::default()
    };
    let large = settings.misbehave.drip_ms == 0 && input.ratio(1, 8)?;
    let sizes: Vec<usize> = (0..3).map(|_| input.int_in_range(1..=20)).collect::<Result<_>>()?;
    let words: [&[u8]; 8] = [b"\n", b"\r\n", b"\r", b"exit", b"a", b"ab", b"\0", "ß".as_bytes()];
    let mut stream = Vec::new();
    while !input.is_empty() {
        stream.extend_from_slice(if input.ratio(1, 5)? { input.bytes(1)? } else { input.choose(&words)? });
    }
    let mut reads = Vec::new();
    let mut rest = stream.as_slice();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, after) = rest.split_at((*size).min(rest.len()));
        reads.push(read);
        rest = after;
    }
    assert_eq!(
        answers(Boundary::Line, &rules, &reads),
        answers(Boundary::Line, &rules, &[&stream]),
        "with lines it does not matter how the bytes are cut: {written:?}"
    );
    for boundary in [Boundary::Automatic, Boundary::AsRead] {
        answers(boundary, &rules, &reads);
    }
    // A few bytes may ask for much.
    let file = if large { vec![b'f'; 200 << 10] } else { b"file".to_vec() };
    let takes = if large { vec![usize::MAX, 300_000] } else { sizes };
    if large {
        let (pattern, with) = (String::new(), "file".to_owned());
        written.insert(0, Rule { when: When::Contains, pattern, reply: Reply::File, with, ..Rule::default() });
    }
    let Ok(rules) = Rules::new(&written, &reply, |_: &Path| Ok(file.clone())) else { return Ok(()) };
    // The time goes on between two conversations.
    let tells_time = written.iter().any(|rule| rule.with.contains("{time}"));
    for boundary in [Boundary::Line, Boundary::Automatic, Boundary::AsRead] {
        settings.boundary = boundary;
        let pieces = conversation(&settings, &rules, &reads, &takes, 0);
        let uncut: &[&[u8]] = if boundary == Boundary::Line { &[&stream] } else { &reads };
        let whole = conversation(&settings, &rules, uncut, &[usize::MAX], 0);
        // With lines no cut matters, otherwise those of writes do not.
        assert!(tells_time || pieces == whole, "the cuts matter: {settings:?}, {written:?}");
        let together = conversation(&settings, &rules, &reads, &takes, 40);
        assert!(tells_time || pieces == together, "it matters when answers are sent: {settings:?}, {written:?}");
    }
    Ok(())
}
