//! What header fields are for, and what the words in their values mean: a table that lives in the texts alone.

use std::time::Duration;

use crate::i18n::{find, tf};

/// What the field with this name is for, and what its value says; `None` where nothing is known of it.
pub fn explain(name: &str, value: &str) -> Option<String> {
    let name = word(name)?;
    let about = find(&format!("header-field-{name}"));
    let parts = value.split([',', ';']).filter_map(|part| directive(&name, part));
    let lines: Vec<_> = about.into_iter().chain(parts).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What one word of a value says, with the time that it gives.
fn directive(name: &str, part: &str) -> Option<String> {
    let (said, argument) = part.split_once('=').unwrap_or((part, ""));
    let about = find(&format!("header-value-{name}-{}", word(said)?))?;
    let args = [("said", said.trim().to_owned().into()), ("about", about.into())];
    let line = tf("header-says", &args);
    let seconds =
        argument.trim().trim_matches('"').parse().ok().filter(|_| said.trim().to_ascii_lowercase().ends_with("age"));
    Some(match seconds {
        Some(seconds) => format!("{line} ({})", length(Duration::from_secs(seconds))),
        None => line,
    })
}

/// In the largest unit that it has one of.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let (n, id) = match seconds {
        172_800.. => (seconds / 86_400, "length-days"),
        7_200.. => (seconds / 3_600, "length-hours"),
        120.. => (seconds / 60, "length-minutes"),
        _ => (seconds, "length-seconds"),
    };
    tf(id, &[("n", n.into())])
}

/// In lower case, if it could be a part of an id.
fn word(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let fits = !text.is_empty() && text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_fields_are_explained_with_the_words_of_their_values() {
        let about = explain("Cache-CONTROL", "public, Max-Age=86400, x=1").expect("known");
        let lines: Vec<_> = about.lines().collect();
        assert_eq!(lines.len(), 3, "{about}");
        assert!(lines[1].starts_with("public: ") && lines[2].ends_with("(24 hours)"), "{about}");
    }

    #[test]
    fn what_is_not_known_is_not_explained_whatever_it_is_called() {
        for name in ["X-Odd", "", "\0", "a b", "ä", "content-type-hover"] {
            assert_eq!(explain(name, "no-store=\"\u{202e}\""), None, "{name}");
        }
    }
}
