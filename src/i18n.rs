//! Every text that a person reads, from `assets/i18n/LANGUAGE/*.ftl` (Project Fluent).
//!
//! The files are built into the program, and each is read when the first of its texts is asked for. A text is looked for
//! first in the files whose name begins like its id. Both because a command in a terminal needs few of them, and reading
//! all would take it longer than all else until it begins.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::iter;
use std::sync::{LazyLock, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use include_dir::{Dir, include_dir};
use memchr::memchr_iter;
use rustc_hash::FxBuildHasher;
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue;

static ENGLISH: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/i18n/en");

/// One `.ftl` file.
struct Texts {
    name: &'static str,
    source: &'static str,
    read: OnceLock<FluentBundle<FluentResource>>,
}

static FILES: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let texts = ENGLISH.files().filter_map(|file| {
        let name = file.path().file_stem().and_then(OsStr::to_str).unwrap_or_default();
        Some(Texts { name, source: file.contents_utf8()?, read: OnceLock::new() })
    });
    texts.collect()
});

/// In which of [`FILES`] the text with an id is.
static PLACES: OnceLock<HashMap<&str, &Texts, FxBuildHasher>> = OnceLock::new();

fn places() -> &'static HashMap<&'static str, &'static Texts, FxBuildHasher> {
    PLACES.get_or_init(|| {
        let mut places = HashMap::with_capacity_and_hasher(TEXTS, FxBuildHasher);
        FILES.iter().for_each(|texts| places.extend(texts.ids().map(|id| (id, texts))));
        places
    })
}

/// The file that has the text `id`, if there is one.
fn file_of(id: &str) -> Option<&'static Texts> {
    let near = || {
        let start = id.split('-').next().unwrap_or(id);
        FILES.iter().filter(|texts| texts.name.starts_with(start)).find(|texts| texts.bundle().has_message(id))
    };
    let known = PLACES.get().is_none().then(near).flatten();
    known.or_else(|| places().get(id).copied())
}

/// About how many texts there are.
const TEXTS: usize = 1_700;

impl Texts {
    /// What its texts are called.
    fn ids(&self) -> impl Iterator<Item = &'static str> {
        let starts = memchr_iter(b'\n', self.source.as_bytes()).map(|end| end + 1);
        let lines = iter::once(0).chain(starts).filter_map(|start| self.source.get(start..));
        let named = lines.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        named.filter_map(|rest| rest.split_once([' ', '=', '\n'])).map(|(id, _)| id)
    }

    fn bundle(&self) -> &FluentBundle<FluentResource> {
        self.read.get_or_init(|| {
            let mut bundle = FluentBundle::new_concurrent("en".parse::<LanguageIdentifier>().into_iter().collect());
            // The isolation marks would be sent to terminals and files as stray characters.
            bundle.set_use_isolating(false);
            // What cannot be read is left out; a test finds it.
            let resource = FluentResource::try_new(self.source.to_owned()).unwrap_or_else(|(read, _)| read);
            bundle.add_resource_overriding(resource);
            bundle
        })
    }
}

/// The text with this id. A missing id is a mistake that `tests/house.rs` finds; the id itself is shown.
#[must_use]
pub fn t(id: &str) -> String {
    find(id).unwrap_or_else(|| id.to_owned())
}

/// The text with this id, its `{ $name }` places filled from `args`.
#[must_use]
pub fn tf(id: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
    let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
    filled(id, Some(&args)).unwrap_or_else(|| id.to_owned())
}

/// The text with this id if there is one: for tables that live in the texts alone, such as known ports.
#[must_use]
pub fn find(id: &str) -> Option<String> {
    filled(id, None)
}

fn filled(id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let bundle = file_of(id)?.bundle();
    let pattern = bundle.get_message(id)?.value()?;
    // A place that nothing fills keeps its name.
    Some(bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned())
}

/// A whole number with its thousands parted: `1204` → `1,204`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes: exact below 10,000 (`1,204 B`), rounded above (`48.2 kB`).
#[must_use]
pub fn bytes(n: u64) -> String {
    if n < 10_000 { format!("{} B", count(n)) } else { humansize::format_size(n, humansize::DECIMAL.decimal_places(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parted_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(bytes(9_999), "9,999 B");
        assert_eq!(bytes(48_213), "48.2 kB");
    }

    #[test]
    fn every_file_can_be_read_and_every_text_in_it_is_found() {
        assert!(FILES.len() > 10);
        for file in FILES.iter() {
            assert_eq!(FluentResource::try_new(file.source.to_owned()).err().map(|(_, errors)| errors), None);
        }
        let lost: Vec<_> = places().keys().filter(|id| find(id).is_none()).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn a_missing_text_shows_its_id_and_never_fails() {
        assert_eq!(t("no-such-text"), "no-such-text");
        assert_eq!(tf("no-such-text", &[("a", 1.into())]), "no-such-text");
    }
}
