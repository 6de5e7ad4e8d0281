//! What survives a restart: the forms as they were left, recent addresses, the theme. Nothing secret.

use serde::{Deserialize, Serialize};

use crate::net::fetch::without_userinfo;
use crate::net::server;
use crate::recording::Recorder;

pub use super::client_tab::form::ClientForm;
use super::widgets::wire::WireForm;

/// How many recent addresses are kept.
const RECENT: usize = 12;

/// Where the settings are kept in eframe's storage.
const KEY: &str = "settings";

/// Everything that is kept. A field that an older file lacks takes its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The form of this structure, should its meaning ever change.
    pub version: u32,
    /// Light, dark, or the system's.
    pub theme: egui::ThemePreference,
    /// How much of all recordings is kept, in MiB.
    pub keep_mib: u64,
    /// The open tab.
    pub tab: Tab,
    /// The Server tab.
    pub server: ServerForm,
    /// The Client tab.
    pub client: ClientForm,
    /// The Fetch tab.
    pub fetch: FetchForm,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: 0,
            theme: egui::ThemePreference::default(),
            keep_mib: Recorder::BUDGET >> 20,
            tab: Tab::default(),
            server: ServerForm::default(),
            client: ClientForm::default(),
            fetch: FetchForm::default(),
        }
    }
}

/// The three tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// The greeting server.
    #[default]
    Server,
    /// The chat.
    Client,
    /// The page fetcher.
    Fetch,
}

/// The Server tab as a person left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerForm {
    /// As typed.
    pub host: String,
    /// As typed.
    pub port: String,
    /// How the server behaves.
    pub behaviour: server::Settings,
    /// How the wire is read.
    pub wire: WireForm,
}

impl Default for ServerForm {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: "9999".to_owned(),
            behaviour: server::Settings::default(),
            wire: WireForm::default(),
        }
    }
}

/// The Fetch tab as a person left it. "Accept any certificate" is not kept: it is for one fetch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchForm {
    /// As typed, without userinfo.
    pub url: String,
    /// URLs of earlier fetches, the newest first.
    pub recent: Vec<String>,
    /// Whether redirects are followed.
    pub follow: bool,
    /// How many.
    pub max_redirects: u32,
    /// Seconds until a connect is given up.
    pub connect_seconds: f64,
    /// Seconds without any progress until the fetch is given up.
    pub silence_seconds: f64,
    /// A PEM file of further roots; empty for none.
    pub extra_roots: String,
    /// The folder that was saved to last; empty at first.
    pub folder: String,
    /// How the wire is read.
    pub wire: WireForm,
}

impl Default for FetchForm {
    fn default() -> Self {
        Self {
            url: String::new(),
            recent: Vec::new(),
            follow: true,
            max_redirects: 10,
            connect_seconds: 5.0,
            silence_seconds: 10.0,
            extra_roots: String::new(),
            folder: String::new(),
            wire: WireForm::default(),
        }
    }
}

/// Puts `new` first in a list of recent things, once.
pub fn remember(recent: &mut Vec<String>, new: String) {
    recent.retain(|one| *one != new);
    recent.insert(0, new);
    recent.truncate(RECENT);
}

impl Settings {
    /// How much may be kept, in MiB.
    pub const KEEP: std::ops::RangeInclusive<u64> = 1..=65_536;

    /// How much of all recordings is kept, in bytes.
    #[must_use]
    pub fn budget(&self) -> u64 {
        self.keep_mib.clamp(*Self::KEEP.start(), *Self::KEEP.end()) << 20
    }

    /// The kept settings; what cannot be read takes its default.
    #[must_use]
    pub fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default()
    }

    /// Keeps them, without the user name and password that a URL may have.
    pub fn save(&self, storage: &mut dyn eframe::Storage) {
        let mut kept = self.clone();
        kept.fetch.url = without_userinfo(&kept.fetch.url);
        eframe::set_value(storage, KEY, &kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::client_tab::form::SessionForm;
    use crate::net::client::LineEnd;

    #[derive(Default)]
    struct Memory(std::collections::HashMap<String, String>);

    impl eframe::Storage for Memory {
        fn get_string(&self, key: &str) -> Option<String> {
            self.0.get(key).cloned()
        }
        fn set_string(&mut self, key: &str, value: String) {
            self.0.insert(key.to_owned(), value);
        }
        fn remove_string(&mut self, key: &str) {
            self.0.remove(key);
        }
        fn flush(&mut self) {}
    }

    #[test]
    fn settings_survive_a_restart_and_a_broken_file_gives_defaults() {
        let mut settings = Settings { tab: Tab::Fetch, ..Settings::default() };
        settings.server.port = "1234".to_owned();
        settings.fetch.url = "http://me:secret@localhost/page".to_owned();
        settings.server.host = "主机".to_owned();
        settings.client.sessions.push(SessionForm { line_end: LineEnd::CrLf, ..SessionForm::default() });
        remember(&mut settings.client.recent, "主机:1".to_owned());
        let mut storage = Memory::default();
        settings.save(&mut storage);
        assert!(!storage.0[KEY].contains("secret"), "{}", storage.0[KEY]);
        settings.fetch.url = "http://localhost/page".to_owned();
        assert_eq!(Settings::load(Some(&storage)), settings);
        storage.0.insert(KEY.to_owned(), "(tab: ".to_owned());
        assert_eq!(Settings::load(Some(&storage)), Settings::default());
        // An older file that knows less.
        storage.0.insert(KEY.to_owned(), "(tab: Client)".to_owned());
        assert_eq!(Settings::load(Some(&storage)), Settings { tab: Tab::Client, ..Settings::default() });
    }

    #[test]
    fn recent_things_are_listed_once_and_not_for_ever() {
        let mut recent = Vec::new();
        (0..20).for_each(|n| remember(&mut recent, n.to_string()));
        remember(&mut recent, "15".to_owned());
        assert_eq!(recent.len(), RECENT);
        assert_eq!(recent[0], "15");
        assert_eq!(recent.iter().filter(|one| *one == "15").count(), 1);
    }
}
