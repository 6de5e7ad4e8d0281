//! A server under a name: where it listens and how it behaves, to be kept and given to others as a TOML file. No sockets, no
//! threads, no clock.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::rules::{check_number, read_file, toml_mistake};
use crate::i18n::tf;
use crate::net::{Cause, Error, Operation};

/// The most profiles that are kept.
pub const MOST: usize = 100;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 40;

/// A server that can be started again. What a file does not say takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// What it is called: up to [`LONGEST_NAME`] characters.
    pub name: String,
    /// The address or host name to listen on.
    pub address: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How it behaves.
    pub server: Settings,
}

impl Default for Profile {
    fn default() -> Self {
        Self { name: String::new(), address: "127.0.0.1".to_owned(), port: 9_999, server: Settings::default() }
    }
}

/// A name without blanks around it and control characters in it, and not too long.
#[must_use]
pub fn tidy_name(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

/// A profile as TOML.
#[must_use]
pub fn to_toml(profile: &Profile) -> String {
    // It has nothing that TOML could not say.
    toml::to_string_pretty(profile).unwrap_or_default()
}

/// Reads what [`to_toml`] wrote, or a person.
///
/// # Errors
/// What is wrong, in words, with the place.
pub fn from_toml(text: &str) -> Result<Profile, String> {
    let mistake = |error| toml_mistake(text, &error);
    let document = toml::Deserializer::parse(text).map_err(mistake)?;
    let mut unknown = None;
    let found = serde_ignored::deserialize(document, |path| _ = unknown.get_or_insert_with(|| path.to_string()));
    let mut profile: Profile = found.map_err(mistake)?;
    if let Some(path) = unknown {
        return Err(tf("profile-unknown", &[("setting", path.into())]));
    }
    check_number(&profile.server.rules)?;
    profile.name = tidy_name(&profile.name);
    Ok(profile)
}

/// Reads the profile of a file; without a name in it, it is called as the file is.
///
/// # Errors
/// It cannot be read, or has no profile in it.
pub fn load(path: &Path) -> Result<Profile, Error> {
    let bytes = read_file(path).map_err(|error| Error::io(Operation::Understand, path.display(), error))?;
    let wrong = |what| Error::new(Operation::Understand, path.display(), Cause::Rule(what));
    let mut profile = from_toml(&String::from_utf8_lossy(&bytes)).map_err(wrong)?;
    if profile.name.is_empty() {
        profile.name = tidy_name(&path.file_stem().unwrap_or_default().to_string_lossy());
    }
    Ok(profile)
}

/// Writes a profile to a file, which is there whole or as it was.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, profile: &Profile) -> Result<(), Error> {
    crate::net::save::write_whole(path, |out| out.write_all(to_toml(profile).as_bytes()))
}

/// A time as a number of seconds; what was kept with seconds and nanoseconds apart is read as well.
pub(super) mod seconds {
    use std::fmt;
    use std::time::Duration;

    use serde::de::{Deserialize as _, Error, MapAccess, Visitor, value::MapAccessDeserializer};
    use serde::{Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_secs_f64())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        deserializer.deserialize_any(Seconds)
    }

    struct Seconds;

    impl<'de> Visitor<'de> for Seconds {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds")
        }

        fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
            Duration::try_from_secs_f64(seconds).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
            Ok(Duration::from_secs(seconds))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Duration, A::Error> {
            Duration::deserialize(MapAccessDeserializer::new(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::misbehave::Misbehave;
    use super::super::rules::{MOST_RULES, Ready};
    use super::super::{Boundary, Model};
    use super::*;

    fn whole() -> Profile {
        let misbehave = Misbehave { drip_ms: 20, split: true, ..Misbehave::default() };
        let server = Settings {
            model: Model::Single,
            welcome: "好\r\n\"x\"".to_owned(),
            rules: Ready::ALL.into_iter().flat_map(Ready::rules).collect(),
            misbehave,
            pause: Duration::from_millis(1_250),
            boundary: Boundary::AsRead,
            backlog: 7,
            ..Settings::default()
        };
        Profile { name: "my – server".to_owned(), address: "::1".to_owned(), port: 0, server }
    }

    #[test]
    fn a_profile_is_the_same_after_a_file() {
        for profile in [whole(), Profile::default()] {
            assert_eq!(from_toml(&to_toml(&profile)).as_ref(), Ok(&profile), "{}", to_toml(&profile));
        }
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("mine.toml");
        save(&path, &whole()).expect("saved");
        assert_eq!(load(&path).expect("loaded"), whole());
    }

    #[test]
    fn what_a_person_leaves_out_is_as_in_the_tutorial() {
        let typed =
            "port = 80\n[server]\nmodel = 'single'\nboundary = 'as_read'\npause = 2\n[[server.rules]]\nwith = 'x'\n";
        let profile = from_toml(typed).expect("short");
        assert_eq!((profile.address.as_str(), profile.port), ("127.0.0.1", 80));
        let Settings { model, boundary, pause, ref welcome, ref rules, .. } = profile.server;
        assert_eq!((model, boundary, pause), (Model::Single, Boundary::AsRead, Duration::from_secs(2)));
        assert_eq!((welcome.as_str(), rules.len()), ("Welcome!", 1));
        assert_eq!(from_toml(""), Ok(Profile::default()));
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("my echo.toml");
        std::fs::write(&path, "").expect("written");
        assert_eq!(load(&path).expect("loaded").name, "my echo");
        assert_eq!(tidy_name(&format!(" a\u{7}b{}", "c".repeat(100))), format!("ab{}", "c".repeat(38)));
    }

    #[test]
    fn a_mistake_is_one_line_that_says_where() {
        for (text, where_and_why) in [
            ("name = 'x'\nport = 'y'", "line 2, column 8: invalid type"),
            ("port = 65536", "line 1, column 8: "),
            ("[server]\n\nmodel = 'both'", "line 3, column 9: unknown variant `both`"),
            ("[server]\npause = -1", "line 2, column 9: "),
            ("[server]\npause = 'long'", "a number of seconds"),
            ("[[server.rules]]\nwhen = 'any'\nwiht = 'x'", "line 3, column 1: unknown field `wiht`"),
            ("[server]\nwelcom = 'x'", "server.welcom"),
            ("adress = 'x'", "adress"),
            ("name = ", "line 1, column "),
            ("\u{1b}", "line 1, column "),
        ] {
            let wrong = from_toml(text).expect_err(text);
            assert!(wrong.contains(where_and_why) && !wrong.contains('\n'), "{text:?}: {wrong:?}");
        }
        let many = "[[server.rules]]\n".repeat(MOST_RULES + 1);
        assert!(from_toml(&many).expect_err("too many").contains("1,000"));
        let missing = load(Path::new("no/such.toml")).expect_err("missing").to_string();
        assert!(missing.contains("no/such.toml"), "{missing}");
    }
}
