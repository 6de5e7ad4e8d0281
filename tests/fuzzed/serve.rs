//! Talks with the greeting and its rules, whatever the bytes of `data` say, and checks what must always hold.
//! The fuzzer drives this, and `cargo test` with a few thousand inputs of its own.

use std::path::Path;
use std::time::SystemTime;

use arbitrary::{Arbitrary, Result, Unstructured};
use socketscope::net::server::Boundary;
use socketscope::net::server::greeting::{Answers, Greeting, LONGEST_LINE, Next, SAMPLE};
use socketscope::net::server::rules::{Ready, Reply, Rule, Rules, When, from_toml, to_toml};

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
    let mut greeting = Greeting::new(boundary, rules, "peer".to_owned(), || SystemTime::UNIX_EPOCH);
    let (mut all, mut one) = (Vec::new(), Answers::default());
    for read in reads {
        one.clear();
        let next = greeting.read(read, &mut one);
        // So much is not made of so little here.
        assert!(!matches!(next, Next::Rest(_)));
        assert!(one.delays.is_sorted_by_key(|delay| delay.0));
        assert!(one.delays.last().is_none_or(|delay| delay.0 <= one.bytes.len()));
        assert!(one.matched.as_ref().is_none_or(|(rule, message)| *rule > 0 && message.len() <= SAMPLE));
        assert!(greeting.begun() <= LONGEST_LINE);
        all.extend_from_slice(&one.bytes);
        if next != Next::Read {
            return (all, greeting.answered(), next);
        }
    }
    (all, greeting.answered(), Next::Read)
}

fn talk(input: &mut Unstructured<'_>) -> Result<()> {
    let written = rules(input)?;
    assert_eq!(from_toml(&to_toml(&written)).as_ref(), Ok(&written));
    let Ok(rules) = Rules::new(&written, &text(input)?, |_: &Path| Ok(b"file".to_vec())) else { return Ok(()) };
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
    Ok(())
}
