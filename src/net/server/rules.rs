//! What the server answers besides the greeting: an ordered list of rules, of which the first that matches a message answers
//! it. No sockets, no threads, no clock of its own.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem::Finder;
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::template::{Facts, Template};
use crate::i18n::{t, tf};
use crate::net::{Cause, Error, Operation, regular};
use crate::recording::encoding::Encoding;
use crate::recording::escapes::{parse_escapes, parse_hex};
use crate::typed::mistake_text;

/// The most rules of a list.
pub const MOST_RULES: usize = 1_000;

/// The longest delay of a rule: an hour.
pub const LONGEST_DELAY_MS: u32 = 3_600_000;

/// The largest file that can be a reply: 16 MiB.
pub const LARGEST_FILE: u64 = 16 << 20;

/// How much memory a pattern may take once it is compiled, in bytes.
const LARGEST_PATTERN: usize = 1 << 20;

/// One rule as a person wrote it: which messages it is for, and what answers them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// How `pattern` is compared with a message, which is without its line end.
    pub when: When,
    /// What to look for. With [`When::Hex`] hexadecimal digits, with [`When::Regex`] a regular expression, otherwise text
    /// with escapes such as `\r` and `\x00`.
    pub pattern: String,
    /// What kind of reply `with` is.
    pub reply: Reply,
    /// The reply: with [`Reply::Text`] a [`Template`], with [`Reply::Hex`] hexadecimal digits, with [`Reply::File`] a path.
    pub with: String,
    /// How long to wait before this reply, in milliseconds: up to [`LONGEST_DELAY_MS`].
    pub delay_ms: u32,
    /// Close the connection after the reply.
    pub close: bool,
}

/// How a pattern is compared with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Every message.
    Any,
    /// The message is the pattern.
    #[default]
    Exact,
    /// The pattern is somewhere in the message.
    Contains,
    /// The message starts with the pattern.
    Starts,
    /// The message ends with the pattern.
    Ends,
    /// The regular expression matches somewhere in the message; what it captures is `{1}`, `{2}` … of the reply.
    Regex,
    /// The bytes are somewhere in the message.
    Hex,
}

/// What a rule replies with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// A text with places to fill in and escapes. It ends as the message did.
    #[default]
    Text,
    /// A text like that, to which no line end is added.
    Exactly,
    /// Bytes as hexadecimal digits.
    Hex,
    /// The bytes of a file, read when the server starts.
    File,
    /// A text like the first, which goes to all other clients instead of this one.
    Others,
    /// Nothing.
    Nothing,
}

impl When {
    /// All there are.
    pub const ALL: [Self; 7] =
        [Self::Any, Self::Exact, Self::Contains, Self::Starts, Self::Ends, Self::Regex, Self::Hex];

    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        t(match self {
            Self::Any => "rule-any",
            Self::Exact => "rule-exact",
            Self::Contains => "rule-contains",
            Self::Starts => "rule-starts",
            Self::Ends => "rule-ends",
            Self::Regex => "rule-regex",
            Self::Hex => "rule-hex",
        })
    }
}

impl Reply {
    /// All there are.
    pub const ALL: [Self; 6] = [Self::Text, Self::Exactly, Self::Hex, Self::File, Self::Others, Self::Nothing];

    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        t(match self {
            Self::Text => "rule-reply-text",
            Self::Exactly => "rule-reply-exactly",
            Self::Hex => "rule-reply-hex",
            Self::File => "rule-reply-file",
            Self::Others => "rule-reply-others",
            Self::Nothing => "rule-reply-nothing",
        })
    }
}

/// A ready-made list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// None: every message is greeted.
    Greeting,
    /// Each message comes back.
    Echo,
    /// Each message comes back in upper case.
    Upper,
    /// Whatever comes, the time.
    Time,
    /// A small page for any browser.
    Http,
    /// Each message goes to all others.
    Chat,
}

impl Ready {
    /// All there are.
    pub const ALL: [Self; 6] = [Self::Greeting, Self::Echo, Self::Upper, Self::Time, Self::Http, Self::Chat];

    /// In words.
    #[must_use]
    pub fn text(self) -> String {
        t(match self {
            Self::Greeting => "rules-greeting",
            Self::Echo => "rules-echo",
            Self::Upper => "rules-upper",
            Self::Time => "rules-time",
            Self::Http => "rules-http",
            Self::Chat => "rules-chat",
        })
    }

    /// The one that is called so in a terminal.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let names = ["greeting", "echo", "upper", "time", "http", "chat"];
        names.into_iter().zip(Self::ALL).find(|(one, _)| *one == name).map(|(_, ready)| ready)
    }

    /// The welcome that it needs, if not any will do: an HTTP client waits for none.
    #[must_use]
    pub fn welcome(self) -> Option<&'static str> {
        (self == Self::Http).then_some("")
    }

    /// Its rules.
    #[must_use]
    pub fn rules(self) -> Vec<Rule> {
        let any = |with: &str| Rule { when: When::Any, with: with.to_owned(), ..Rule::default() };
        match self {
            Self::Greeting => Vec::new(),
            Self::Echo => vec![any("{message}")],
            Self::Upper => vec![any("{MESSAGE}")],
            Self::Time => vec![any("{time}")],
            Self::Chat => vec![Rule { reply: Reply::Others, ..any("{peer}: {message}") }],
            Self::Http => vec![
                // The empty line after the headers.
                Rule {
                    when: When::Exact,
                    reply: Reply::Exactly,
                    with: "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\
                           \\r\\nHello\\n"
                        .to_owned(),
                    close: true,
                    ..Rule::default()
                },
                Rule { when: When::Any, reply: Reply::Nothing, ..Rule::default() },
            ],
        }
    }
}

/// The file of a list of rules.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

/// Rules as TOML: a `[[rule]]` each.
#[must_use]
pub fn to_toml(rules: &[Rule]) -> String {
    // It has nothing that TOML could not say.
    toml::to_string_pretty(&File { rule: rules.to_vec() }).unwrap_or_default()
}

/// Reads what [`to_toml`] wrote, or a person.
///
/// # Errors
/// What is wrong, in words, with the place.
pub fn from_toml(text: &str) -> Result<Vec<Rule>, String> {
    let file: File = toml::from_str(text).map_err(|error| toml_mistake(text, &error))?;
    check_number(&file.rule)?;
    Ok(file.rule)
}

/// There are not too many rules.
///
/// # Errors
/// There are; in words.
pub(super) fn check_number(rules: &[Rule]) -> Result<(), String> {
    if rules.len() > MOST_RULES {
        return Err(tf("rules-too-many", &[("most", crate::i18n::count(MOST_RULES as u64).into())]));
    }
    Ok(())
}

/// What is wrong with `text` and where, in one line.
pub(super) fn toml_mistake(text: &str, error: &toml::de::Error) -> String {
    let what = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return what };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    tf("toml-mistake", &[("line", line.into()), ("column", column.into()), ("what", what.into())])
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The number of the rule, from 1.
    pub rule: usize,
    /// What is wrong, in words.
    pub what: String,
}

impl Mistake {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        tf("rule-mistake", &[("rule", self.rule.into()), ("what", self.what.clone().into())])
    }
}

/// Rules, taken apart once and ready to answer, with the greeting as the last one.
#[derive(Clone, Debug)]
pub struct Rules {
    all: Vec<Compiled>,
    greeting: Template,
    /// Where there is nothing but it.
    plain: Option<Plain>,
}

/// A greeting that is the message with something before it and something behind, cut so that what stands between two messages
/// is one piece.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    /// Before the first message.
    pub(super) before: Piece,
    /// After a message that ended with LF, up to the next one.
    pub(super) between: Piece,
    /// After one that ended with CRLF.
    pub(super) between_crlf: Piece,
}

/// Up to so many bytes are copied quicker than others.
pub(super) const SHORT: usize = 32;

/// What stands before a message or between two.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// It is short: with something behind it.
    pub(super) padded: Option<[u8; SHORT]>,
}

impl Piece {
    fn new(bytes: Vec<u8>) -> Self {
        let mut padded = [0; SHORT];
        let is_short = padded.get_mut(..bytes.len()).map(|begin| begin.copy_from_slice(&bytes)).is_some();
        Self { bytes, padded: is_short.then_some(padded) }
    }
}

#[derive(Clone, Debug)]
struct Compiled {
    when: Matcher,
    reply: Content,
    to_others: bool,
    ends_as_message: bool,
    delay: Duration,
    close: bool,
}

#[derive(Clone, Debug)]
enum Matcher {
    Any,
    Exact(Vec<u8>),
    Contains(Box<Finder<'static>>),
    Starts(Vec<u8>),
    Ends(Vec<u8>),
    Regex(Regex),
}

#[derive(Clone, Debug)]
enum Content {
    Template(Template),
    Bytes(Arc<[u8]>),
}

/// What a message is answered with, besides the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The number of the rule that matched, from 1; `None` for the greeting.
    pub(super) rule: Option<usize>,
    /// How long to wait before it.
    pub(super) delay: Duration,
    /// The reply is not for this client, but for all others.
    pub(super) to_others: bool,
    /// The reply ends as the message did.
    pub(super) ends_as_message: bool,
    /// Close the connection afterwards.
    pub(super) close: bool,
}

impl Rules {
    /// The greeting alone. `greeting` is a [`Template`] without escapes.
    #[must_use]
    pub fn greeting(greeting: &str) -> Self {
        let greeting = Template::new(greeting);
        let plain = greeting.around_message().map(|(before, behind)| Plain {
            before: Piece::new(before.to_vec()),
            between: Piece::new([behind, b"\n", before].concat()),
            between_crlf: Piece::new([behind, b"\r\n", before].concat()),
        });
        Self { all: Vec::new(), greeting, plain }
    }

    /// `rules` in their order, then the greeting. `read` reads the files that replies are made of.
    ///
    /// # Errors
    /// The first mistake.
    pub fn new(rules: &[Rule], greeting: &str, read: impl Fn(&Path) -> io::Result<Vec<u8>>) -> Result<Self, Mistake> {
        let numbered = (1..).zip(rules);
        let compiled =
            numbered.map(|(number, rule)| compile(rule, &read).map_err(|what| Mistake { rule: number, what }));
        Ok(Self { all: compiled.collect::<Result<_, _>>()?, ..Self::greeting(greeting) })
    }

    /// What answers everything, if that is the same for every message.
    pub(super) fn plain(&self) -> Option<&Plain> {
        self.plain.as_ref().filter(|_| self.all.is_empty())
    }

    /// Appends the reply of the first rule that is for `message` to `out`, without the line end.
    pub(super) fn answer(&self, message: &[u8], facts: &Facts, out: &mut Vec<u8>) -> Option<Answer> {
        for (number, rule) in (1..).zip(&self.all) {
            let Some(captures) = rule.when.find(message) else { continue };
            match &rule.reply {
                Content::Template(template) => template.fill(message, captures.as_ref(), facts, out),
                Content::Bytes(bytes) => out.extend_from_slice(bytes),
            }
            let Compiled { delay, close, to_others, ends_as_message, .. } = *rule;
            return Some(Answer { rule: Some(number), delay, to_others, ends_as_message, close });
        }
        None
    }

    /// Appends the greeting.
    pub(super) fn greet(&self, message: &[u8], facts: &Facts, out: &mut Vec<u8>) -> Answer {
        self.greeting.fill(message, None, facts, out);
        Answer { ends_as_message: true, ..Answer::default() }
    }
}

impl Matcher {
    /// Whether it is for `message`, with what a regular expression captured.
    fn find<'m>(&self, message: &'m [u8]) -> Option<Option<Captures<'m>>> {
        let is_match = match self {
            Self::Any => true,
            Self::Exact(bytes) => message == bytes,
            Self::Contains(finder) => finder.find(message).is_some(),
            Self::Starts(bytes) => message.starts_with(bytes),
            Self::Ends(bytes) => message.ends_with(bytes),
            Self::Regex(regex) => return regex.captures(message).map(Some),
        };
        is_match.then_some(None)
    }
}

fn compile(rule: &Rule, read: impl Fn(&Path) -> io::Result<Vec<u8>>) -> Result<Compiled, String> {
    let text = |text: &str| parse_escapes(text, Encoding::Utf8).map_err(mistake_text);
    let hex = |text: &str| parse_hex(text).map_err(mistake_text);
    let finder = |bytes: &[u8]| Box::new(Finder::new(bytes).into_owned());
    let when = match rule.when {
        When::Any => Matcher::Any,
        When::Exact => Matcher::Exact(text(&rule.pattern)?),
        When::Contains => Matcher::Contains(finder(&text(&rule.pattern)?)),
        When::Starts => Matcher::Starts(text(&rule.pattern)?),
        When::Ends => Matcher::Ends(text(&rule.pattern)?),
        When::Hex => Matcher::Contains(finder(&hex(&rule.pattern)?)),
        When::Regex => {
            let regex = RegexBuilder::new(&rule.pattern).size_limit(LARGEST_PATTERN).build();
            Matcher::Regex(regex.map_err(|error| error.to_string())?)
        }
    };
    let reply = match rule.reply {
        Reply::Text | Reply::Exactly | Reply::Others => {
            Content::Template(Template::with_escapes(&rule.with).map_err(mistake_text)?)
        }
        Reply::Hex => Content::Bytes(hex(&rule.with)?.into()),
        Reply::Nothing => Content::Bytes(Arc::default()),
        Reply::File => {
            let cause = |cause: String| tf("rule-file", &[("path", rule.with.clone().into()), ("cause", cause.into())]);
            let bytes = read(Path::new(&rule.with)).map_err(|error| cause(error.to_string()))?;
            if bytes.len() as u64 > LARGEST_FILE {
                return Err(cause(tf("rule-file-large", &[("most", crate::i18n::bytes(LARGEST_FILE).into())])));
            }
            Content::Bytes(bytes.into())
        }
    };
    Ok(Compiled {
        when,
        reply,
        to_others: rule.reply == Reply::Others,
        ends_as_message: matches!(rule.reply, Reply::Text | Reply::Others),
        delay: Duration::from_millis(rule.delay_ms.min(LONGEST_DELAY_MS).into()),
        close: rule.close,
    })
}

/// Reads a file for a reply, no more of it than shows that it is too large, and nothing that is not a regular file: a device
/// or a pipe might never end.
///
/// # Errors
/// What the system says.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    regular::read(path, LARGEST_FILE)
}

/// Reads the rules of a file.
///
/// # Errors
/// It cannot be read, or has no rules in it.
pub fn load(path: &Path) -> Result<Vec<Rule>, Error> {
    let bytes = read_file(path).map_err(|error| Error::io(Operation::Understand, path.display(), error))?;
    let rules = from_toml(&String::from_utf8_lossy(&bytes));
    rules.map_err(|what| Error::new(Operation::Understand, path.display(), Cause::Rule(what)))
}

/// Writes rules to a file, which is there whole or as it was.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, rules: &[Rule]) -> Result<(), Error> {
    crate::net::save::write_whole(path, |out| out.write_all(to_toml(rules).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn rule(when: When, pattern: &str, with: &str) -> Rule {
        Rule { when, pattern: pattern.to_owned(), with: with.to_owned(), ..Rule::default() }
    }

    fn compiled(rules: &[Rule]) -> Result<Rules, Mistake> {
        Rules::new(rules, "Hello, {message}!", |_| Ok(b"of a file".to_vec()))
    }

    /// The reply to the third message, and the rule that gave it.
    fn reply(rules: &[Rule], message: &[u8]) -> (String, Option<usize>) {
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let facts = Facts { peer: "[::1]:5".parse().expect("address"), number: 3, clock };
        let rules = compiled(rules).expect("no mistake");
        let mut out = Vec::new();
        let answer = rules.answer(message, &facts, &mut out);
        let answer = answer.unwrap_or_else(|| rules.greet(message, &facts, &mut out));
        (String::from_utf8_lossy(&out).escape_debug().to_string(), answer.rule)
    }

    #[test]
    fn the_first_rule_that_matches_answers_and_the_greeting_is_the_last() {
        let rules = [
            rule(When::Exact, "a\\tb", "exact"),
            rule(When::Starts, "GET ", "starts"),
            rule(When::Ends, "?", "ends"),
            rule(When::Contains, "时间", "contains"),
            rule(When::Hex, "ff 00", "hex"),
            rule(When::Regex, "^(\\w+)=(\\w+)$", "{2}={1} of {0}{3}"),
            rule(When::Exact, "", "empty"),
        ];
        for (message, text, number) in [
            (b"a\tb".as_slice(), "exact", Some(1)),
            (b"GET me?", "starts", Some(2)),
            (b"what?", "ends", Some(3)),
            ("是时间了".as_bytes(), "contains", Some(4)),
            (b"\x01\xff\x00", "hex", Some(5)),
            (b"x=y", "y=x of x=y", Some(6)),
            (b"", "empty", Some(7)),
            (b"a\tb ", "Hello, a\\tb !", None),
        ] {
            assert_eq!(reply(&rules, message), (text.to_owned(), number));
        }
        let all = [rule(When::Any, "", "any"), rules[0].clone()];
        assert_eq!(reply(&all, b"a\tb"), ("any".to_owned(), Some(1)));
    }

    #[test]
    fn a_reply_has_its_places_filled_and_its_escapes_undone() {
        let reply = |with: &str| reply(&[rule(When::Any, "", with)], "Grüße".as_bytes()).0;
        assert_eq!(reply("{n} {peer} {x} {1}{{n}}"), "3 [::1]:5 {x} {3}");
        assert_eq!(reply("\\x00\\u{41}\\u{5}\\\\{n}"), "\\0A\\u{5}\\\\3");
        assert_eq!(reply("{message}{MESSAGE}"), "GrüßeGRÜSSE");
        assert!(reply("{time}").starts_with("2001-09-"), "{}", reply("{time}"));
    }

    #[test]
    fn replies_are_also_bytes_of_a_file_or_nothing() {
        let with = |of: Reply, with: &str| {
            let rule = Rule { reply: of, ..rule(When::Any, "", with) };
            reply(&[rule], b"x").0
        };
        assert_eq!(with(Reply::Hex, "00 41"), "\\0A");
        assert_eq!(with(Reply::File, "any"), "of a file");
        assert_eq!(with(Reply::Nothing, "not this"), "");
    }

    #[test]
    fn a_mistake_says_in_which_rule_it_is() {
        let good = rule(When::Any, "", "");
        for wrong in [
            rule(When::Exact, "\\q", ""),
            rule(When::Hex, "0", ""),
            rule(When::Regex, "(", ""),
            rule(When::Regex, "((a{1000}){1000}){1000}", ""),
            rule(When::Any, "", "12345\\q"),
            Rule { reply: Reply::Hex, ..rule(When::Any, "", "xy") },
        ] {
            let mistake = compiled(&[good.clone(), wrong.clone()]).expect_err("a mistake");
            assert_eq!(mistake.rule, 2, "{wrong:?}");
        }
        let place = compiled(&[rule(When::Any, "", "{n}时5\\q")]).expect_err("a mistake");
        assert!(place.what.contains('6'), "{place:?}");
        let unread = Rules::new(&[Rule { reply: Reply::File, ..good }], "", read_file);
        assert_eq!(unread.expect_err("no file has no name").rule, 1);
        assert!(read_file(Path::new(".")).is_err(), "a folder is no file");
    }

    #[test]
    fn rules_are_the_same_after_a_file() {
        let mut rules: Vec<_> = Ready::ALL.into_iter().flat_map(Ready::rules).collect();
        rules.push(Rule { delay_ms: 5, reply: Reply::File, ..rule(When::Regex, "a\"'''b", "C:\\x\n") });
        assert_eq!(from_toml(&to_toml(&rules)).as_deref(), Ok(rules.as_slice()));
        assert_eq!(from_toml(""), Ok(Vec::new()));
        let typed = from_toml("[[rule]]\nwhen = 'any'\nwith = 'x'").expect("short");
        assert_eq!(typed, [rule(When::Any, "", "x")]);
        let wrong = from_toml("[[rule]]\nwhen = 'never'").expect_err("unknown");
        assert!(wrong.contains("line 2"), "{wrong}");
        assert!(from_toml(&"[[rule]]\n".repeat(MOST_RULES + 1)).is_err());
    }

    #[test]
    fn what_is_ready_made_does_what_it_is_called() {
        let reply = |ready: Ready, message: &[u8]| reply(&ready.rules(), message).0;
        assert_eq!((Ready::named("http"), Ready::named("HTTP")), (Some(Ready::Http), None));
        assert_eq!(reply(Ready::Greeting, b"x"), "Hello, x!");
        assert_eq!(reply(Ready::Echo, b"exit\0"), "exit\\0");
        assert_eq!(reply(Ready::Upper, b"x"), "X");
        assert_eq!(reply(Ready::Time, b"x").len(), "2001-09-09 00:00:00".len());
        assert_eq!(reply(Ready::Http, b"GET / HTTP/1.1"), "");
        assert_eq!(reply(Ready::Chat, b"x"), "[::1]:5: x");
        assert!(reply(Ready::Http, b"").ends_with("\\r\\n\\r\\nHello\\n"));
    }
}
