//! What survives a restart: the forms as they were left, recent addresses, the theme. Nothing secret.

use serde::{Deserialize, Deserializer, Serialize};

use crate::curl::is_curl;
use crate::net::Error;
use crate::net::address::{join, parse_host, parse_port};
use crate::net::fetch::{Bound, IpVersion, Proxy, without_userinfo};
use crate::net::server;
use crate::net::server::profile::{self, Profile, tidy_name};
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
    pub servers: Servers,
    /// The only server, as files had it before there could be several.
    #[serde(skip_serializing, deserialize_with = "some")]
    server: Option<ServerForm>,
    /// Servers kept under a name, by name: at most [`profile::MOST`].
    pub profiles: Vec<Profile>,
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
            servers: Servers::default(),
            server: None,
            profiles: Vec::new(),
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

impl ServerForm {
    /// All of it that can be kept under its name.
    ///
    /// # Errors
    /// The address or the port cannot be one.
    pub fn profile(&self) -> Result<Profile, Error> {
        Ok(Profile {
            name: tidy_name(&self.name),
            address: parse_host(&self.host)?,
            port: parse_port(&self.port)?,
            server: self.behaviour.clone(),
        })
    }

    /// Takes all from a profile; how the wire is read stays.
    pub fn load(&mut self, profile: Profile) {
        let Profile { name, address, port, server } = profile;
        (self.name, self.host, self.port, self.behaviour) = (name, address, port.to_string(), server);
    }

    /// What it is called: its name, or its address as typed.
    #[must_use]
    pub fn called(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        join(self.host.trim(), self.port.trim())
    }
}

/// What is there.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The servers of the Server tab as a person left them: one to [`Servers::MOST`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Servers {
    /// In their order.
    pub all: Vec<ServerForm>,
    /// The place of the one that is shown.
    pub shown: usize,
    /// Whether the throughput is shown; where there is room for it, if a person did not say.
    pub throughput: Option<bool>,
}

impl Default for Servers {
    fn default() -> Self {
        Self { all: vec![ServerForm::default()], shown: 0, throughput: None }
    }
}

impl Servers {
    /// The most servers.
    pub const MOST: usize = 20;

    /// Keeps within its bounds what was read from a file.
    fn mend(&mut self) {
        self.all.truncate(Self::MOST);
        if self.all.is_empty() {
            self.all.push(ServerForm::default());
        }
        self.shown = self.shown.min(self.all.len() - 1);
    }

    /// Adds a server and shows it: like the one that is shown, at the next port that no other has, without a name. Whether
    /// there was room for it.
    pub fn add(&mut self) -> bool {
        if self.all.len() >= Self::MOST {
            return false;
        }
        let mut form = self.all.get(self.shown).cloned().unwrap_or_default();
        form.name.clear();
        // Port 0 is a free one however often it is asked for.
        if let Ok(port @ 1..) = parse_port(&form.port) {
            let taken = |port: u16| self.all.iter().any(|one| parse_port(&one.port).is_ok_and(|other| other == port));
            form.port = (port..=u16::MAX).find(|port| !taken(*port)).unwrap_or(0).to_string();
        }
        self.all.push(form);
        self.shown = self.all.len() - 1;
        true
    }

    /// Takes a server out; the last one stays. Whether it is gone.
    pub fn remove(&mut self, place: usize) -> bool {
        if self.all.len() < 2 || place >= self.all.len() {
            return false;
        }
        self.all.remove(place);
        if self.shown > place || self.shown == self.all.len() {
            self.shown -= 1;
        }
        true
    }
}

/// One server as a person left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerForm {
    /// What it is called; empty if it goes by its address.
    pub name: String,
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
            name: String::new(),
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
    /// Whether the fetch waits at each redirect.
    pub stop_at_hops: bool,
    /// How many MiB may come out of a compressed body, if it is also more than `unpack_ratio` times what came.
    pub unpack_mib: u64,
    /// See `unpack_mib`.
    pub unpack_ratio: u64,
    /// Through what servers are reached.
    pub proxy: ProxyKind,
    /// As typed; kept without userinfo.
    pub proxy_url: String,
    /// Over which version of IP.
    pub ip: IpVersion,
    /// Whether cookies are kept until the window closes.
    pub keep_cookies: bool,
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
            stop_at_hops: false,
            unpack_mib: Bound::DEFAULT.size >> 20,
            unpack_ratio: Bound::DEFAULT.ratio,
            proxy: ProxyKind::default(),
            proxy_url: String::new(),
            ip: IpVersion::default(),
            keep_cookies: true,
            folder: String::new(),
            wire: WireForm::default(),
        }
    }
}

/// Through what servers are reached, as it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProxyKind {
    /// As the environment says.
    #[default]
    Environment,
    /// Directly.
    None,
    /// Through the one that is typed.
    Typed,
}

impl FetchForm {
    /// Through what servers are reached.
    #[must_use]
    pub fn proxy(&self) -> Proxy {
        match self.proxy {
            ProxyKind::Environment => Proxy::Environment,
            ProxyKind::None => Proxy::None,
            ProxyKind::Typed => Proxy::Url(self.proxy_url.trim().to_owned()),
        }
    }

    /// Without what could be secret: user names and passwords in URLs, and a command that may have any.
    fn without_secrets(&mut self) {
        self.url = if is_curl(&self.url) { String::new() } else { without_userinfo(&self.url) };
        self.proxy_url = without_userinfo(&self.proxy_url);
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
        let kept: Option<Self> = storage.and_then(|storage| eframe::get_value(storage, KEY));
        let mut settings = kept.unwrap_or_default();
        if let Some(only) = settings.server.take() {
            settings.servers = Servers { all: vec![only], ..Servers::default() };
        }
        settings.servers.mend();
        settings.profiles.truncate(profile::MOST);
        settings
    }

    /// Keeps them, without what could be secret. What is asked for besides the URL is not among them at all.
    pub fn save(&self, storage: &mut dyn eframe::Storage) {
        let mut kept = self.clone();
        kept.fetch.without_secrets();
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
        settings.servers.all[0].port = "1234".to_owned();
        settings.fetch.url = "http://me:secret@localhost/page".to_owned();
        settings.servers.all[0].host = "主机".to_owned();
        settings.profiles.push(Profile { name: "echo".to_owned(), port: 7, ..Profile::default() });
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
    fn the_only_server_of_an_older_file_is_the_first_of_several() {
        let mut storage = Memory::default();
        let old = "(tab:Client,server:(host:\"主机\",port:\"80\",behaviour:(model:Single,welcome:\"Salut!\",boundary:AsRead,\
                   pause:(secs:2,nanos:500000000),rules:[(when:any,with:\"x\")])))";
        storage.0.insert(KEY.to_owned(), old.to_owned());
        let settings = Settings::load(Some(&storage));
        assert_eq!(settings.tab, Tab::Client);
        let [only] = settings.servers.all.as_slice() else { panic!("{settings:?}") };
        assert_eq!((only.host.as_str(), only.port.as_str(), only.behaviour.welcome.as_str()), ("主机", "80", "Salut!"));
        assert_eq!((only.behaviour.model, only.behaviour.boundary), (server::Model::Single, server::Boundary::AsRead));
        assert_eq!((only.behaviour.pause, only.behaviour.rules.len()), (std::time::Duration::from_millis(2_500), 1));
        settings.save(&mut storage);
        assert_eq!(Settings::load(Some(&storage)), settings, "as it is kept now");
        // Whatever a file says, there is a server to show.
        storage.0.insert(KEY.to_owned(), "(servers:(all:[],shown:7))".to_owned());
        assert_eq!(Settings::load(Some(&storage)), Settings::default());
    }

    #[test]
    fn a_new_server_is_like_the_one_shown_at_the_next_port() {
        let mut servers = Servers::default();
        servers.all[0].name = "first".to_owned();
        servers.all[0].behaviour.welcome = "Salut!".to_owned();
        assert!(servers.add());
        servers.shown = 0;
        assert!(servers.add());
        let ports = |servers: &Servers| servers.all.iter().map(|one| one.port.clone()).collect::<Vec<_>>();
        assert_eq!(ports(&servers), ["9999", "10000", "10001"]);
        assert_eq!((servers.shown, servers.all[2].name.as_str()), (2, ""));
        assert_eq!(servers.all[2].behaviour.welcome, "Salut!");
        for (port, next) in [("65535", "0"), ("0", "0"), ("x", "x")] {
            servers.all[2].port = port.to_owned();
            assert!(servers.add());
            assert_eq!(servers.all.last().map(|one| one.port.as_str()), Some(next));
            assert!(servers.remove(3));
            assert_eq!(servers.shown, 2);
        }
        assert!(servers.remove(0));
        assert_eq!((ports(&servers), servers.shown), (vec!["10000".to_owned(), "x".to_owned()], 1));
        servers.shown = 0;
        assert!(servers.remove(1) && !servers.remove(0), "the last one stays");
        let added = (0..100).filter(|_| servers.add()).count();
        assert_eq!(added, Servers::MOST - 1);
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
