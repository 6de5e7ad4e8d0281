//! Every text that a person reads, from `assets/i18n/LANGUAGE/*.ftl` (Project Fluent).
//!
//! The files are built into the program. English is the language to fall back to.

use std::borrow::Cow;
use std::collections::HashMap;

pub use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./assets/i18n",
        fallback_language: "en",
        // The isolation marks would be sent to terminals and files as stray characters.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const ENGLISH: LanguageIdentifier = langid!("en");

/// The text with this id. A missing id is a mistake that `tests/texts.rs` finds; the id itself is shown.
#[must_use]
pub fn t(id: &str) -> String {
    find(id).unwrap_or_else(|| id.to_owned())
}

/// The text with this id, its `{ $name }` places filled from `args`.
#[must_use]
pub fn tf(id: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
    let args: HashMap<Cow<'static, str>, FluentValue<'_>> =
        args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    TEXTS.try_lookup_with_args(&ENGLISH, id, &args).unwrap_or_else(|| id.to_owned())
}

/// The text with this id if there is one: for tables that live in the texts alone, such as known ports.
#[must_use]
pub fn find(id: &str) -> Option<String> {
    TEXTS.try_lookup(&ENGLISH, id)
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
    fn a_missing_text_shows_its_id_and_never_fails() {
        assert_eq!(t("no-such-text"), "no-such-text");
        assert_eq!(tf("no-such-text", &[("a", 1.into())]), "no-such-text");
    }
}
