//! Every command of the window once: its text, its tooltip, its keys. Buttons, menus and the help derive from it.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::i18n::{t, tf};

/// Something a person can tell the program to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the Server tab.
    ShowServer,
    /// Show the Client tab.
    ShowClient,
    /// Show the Fetch tab.
    ShowFetch,
    /// The main thing of the open tab: start or stop, connect or disconnect, fetch or cancel.
    Main,
    /// Start the server.
    StartServer,
    /// Stop the server.
    StopServer,
    /// Show the server at this place.
    ShowOneServer(usize),
    /// Add a server.
    NewServer,
    /// Stop the server at this place and take it out.
    CloseServer(usize),
    /// Connect the client.
    Connect,
    /// Give up connecting.
    GiveUp,
    /// Disconnect the client.
    Disconnect,
    /// Say that the client sends nothing more.
    HalfClose,
    /// Break the client's connection off.
    Reset,
    /// Play the tutorial's client.
    PlayTutorial,
    /// Choose a file for the client to send.
    ChooseFileToSend,
    /// Send the file whose path is typed.
    SendFile,
    /// Fetch the URL.
    Fetch,
    /// Fetch again, and accept the certificate that was refused.
    FetchAccepting,
    /// Open the page in the browser.
    OpenInBrowser,
    /// Cancel the fetch.
    CancelFetch,
    /// Go on to the next hop.
    GoOn,
    /// Do not go on to the next hop.
    StopHere,
    /// Choose a file to send as the body of the request.
    ChooseBody,
    /// Choose the file to download to.
    ChooseTarget,
    /// Copy what is asked for as a curl command.
    CopyCurl,
    /// Take what is asked for from the curl command that was pasted.
    PasteCurl,
    /// Save the body through the platform's dialog.
    SaveBody,
    /// Save the body to the typed path.
    SaveHere,
    /// Open the saved file.
    OpenSaved,
    /// Open the folder of the saved file.
    ShowInFolder,
    /// Use the light theme.
    LightTheme,
    /// Use the dark theme.
    DarkTheme,
    /// Use the system's theme.
    SystemTheme,
    /// Look for bytes in the wire of the open tab.
    Find,
    /// Show what can be exported of the wire of the open tab.
    Export,
    /// Choose a file to export to.
    ExportTo,
    /// Export to the typed path.
    ExportHere,
    /// Show what the server answers besides the greeting.
    Rules,
    /// Choose a file of rules.
    ChooseRules,
    /// Take the rules from the typed file.
    ImportRules,
    /// Put the rules into the typed file.
    ExportRules,
    /// Show the certificate of the tab's connection.
    ShowCertificate,
    /// Choose a file and save the certificate to it.
    SaveCertificate,
    /// Save the certificate to the typed path.
    SaveCertificateHere,
    /// Choose the file of the server's certificate.
    ChooseTlsCertificate,
    /// Choose the file of the server's private key.
    ChooseTlsKey,
    /// Choose the file of roots that the client trusts.
    ChooseTlsRoots,
    /// Choose the file of a profile.
    ChooseProfile,
    /// Load the profile of the typed file.
    ImportProfile,
    /// Put the server's profile into the typed file.
    ExportProfile,
    /// Show or hide the help.
    Help,
}

impl Command {
    /// All commands that have keys, in the order of the help.
    pub const WITH_KEYS: [Self; 10] = [
        Self::ShowServer,
        Self::ShowClient,
        Self::ShowFetch,
        Self::Main,
        Self::PlayTutorial,
        Self::SaveBody,
        Self::OpenSaved,
        Self::Find,
        Self::Export,
        Self::Help,
    ];

    /// The id of its text.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::ShowServer => "command-show-server",
            Self::ShowClient => "command-show-client",
            Self::ShowFetch => "command-show-fetch",
            Self::Main => "command-main",
            Self::StartServer => "command-start-server",
            Self::StopServer => "command-stop-server",
            Self::ShowOneServer(_) => "command-show-one-server",
            Self::NewServer => "command-new-server",
            Self::CloseServer(_) => "command-close-server",
            Self::Connect => "command-connect",
            Self::GiveUp => "command-give-up",
            Self::Disconnect => "command-disconnect",
            Self::HalfClose => "command-half-close",
            Self::Reset => "command-reset",
            Self::PlayTutorial => "command-play-tutorial",
            Self::ChooseFileToSend => "command-choose-file-to-send",
            Self::SendFile => "command-send-file",
            Self::Fetch => "command-fetch",
            Self::FetchAccepting => "command-fetch-accepting",
            Self::OpenInBrowser => "command-open-in-browser",
            Self::CancelFetch => "command-cancel-fetch",
            Self::GoOn => "command-go-on",
            Self::StopHere => "command-stop-here",
            Self::ChooseBody => "command-choose-body",
            Self::ChooseTarget => "command-choose-target",
            Self::CopyCurl => "command-copy-curl",
            Self::PasteCurl => "command-paste-curl",
            Self::SaveBody => "command-save-body",
            Self::SaveHere => "command-save-here",
            Self::OpenSaved => "command-open-saved",
            Self::ShowInFolder => "command-show-in-folder",
            Self::LightTheme => "command-light-theme",
            Self::DarkTheme => "command-dark-theme",
            Self::SystemTheme => "command-system-theme",
            Self::Find => "command-find",
            Self::Export => "command-export",
            Self::ExportTo => "command-export-to",
            Self::ExportHere => "command-export-here",
            Self::Rules => "command-rules",
            Self::ChooseRules => "command-choose-rules",
            Self::ImportRules => "command-import-rules",
            Self::ExportRules => "command-export-rules",
            Self::ShowCertificate => "command-show-certificate",
            Self::SaveCertificate => "command-save-certificate",
            Self::SaveCertificateHere => "command-save-certificate-here",
            Self::ChooseTlsCertificate => "command-choose-tls-certificate",
            Self::ChooseTlsKey => "command-choose-tls-key",
            Self::ChooseTlsRoots => "command-choose-tls-roots",
            Self::ChooseProfile => "command-choose-profile",
            Self::ImportProfile => "command-import-profile",
            Self::ExportProfile => "command-export-profile",
            Self::Help => "command-help",
        }
    }

    /// What is written on its button.
    #[must_use]
    pub fn label(self) -> String {
        t(self.id())
    }

    /// What it does, with its keys.
    #[must_use]
    pub fn tooltip(self, ctx: &egui::Context) -> String {
        let what = t(&format!("{}-hover", self.id()));
        match self.keys_text(ctx) {
            Some(keys) => tf("hover-with-keys", &[("what", what.into()), ("keys", keys.into())]),
            None => what,
        }
    }

    /// Its keys in words, such as `Ctrl+1`.
    #[must_use]
    pub fn keys_text(self, ctx: &egui::Context) -> Option<String> {
        let own = match self {
            Self::StartServer
            | Self::StopServer
            | Self::Connect
            | Self::GiveUp
            | Self::Disconnect
            | Self::Fetch
            | Self::CancelFetch => Self::Main,
            other => other,
        };
        own.shortcut().map(|shortcut| ctx.format_shortcut(&shortcut))
    }

    fn shortcut(self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::ShowServer => command(Key::Num1),
            Self::ShowClient => command(Key::Num2),
            Self::ShowFetch => command(Key::Num3),
            Self::Main => command(Key::Enter),
            Self::PlayTutorial => command(Key::T),
            Self::SaveBody => command(Key::S),
            Self::OpenSaved => command(Key::O),
            Self::Find => command(Key::F),
            Self::Export => command(Key::E),
            Self::Help => Some(KeyboardShortcut::new(Modifiers::NONE, Key::F1)),
            _ => None,
        }
    }

    /// The commands whose keys were pressed, taken from the input.
    #[must_use]
    pub fn pressed(ctx: &egui::Context) -> Vec<Self> {
        let taken =
            |input: &mut egui::InputState, one: Self| one.shortcut().is_some_and(|keys| input.consume_shortcut(&keys));
        ctx.input_mut(|input| Self::WITH_KEYS.into_iter().filter(|one| taken(input, *one)).collect())
    }

    /// A button for it.
    pub fn button(self, ui: &mut egui::Ui, enabled: bool) -> Option<Self> {
        self.place(ui, enabled, egui::Button::new(self.label()))
    }

    /// The tab's main button for it.
    pub fn main_button(self, ui: &mut egui::Ui, enabled: bool) -> Option<Self> {
        let button = super::style::main_button(ui, self.label());
        self.place(ui, enabled, button)
    }

    fn place(self, ui: &mut egui::Ui, enabled: bool, button: egui::Button<'_>) -> Option<Self> {
        let response = ui.add_enabled(enabled, button);
        let response = response.on_hover_text(self.tooltip(ui.ctx()));
        response.clicked().then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_keys_and_each_has_its_texts() {
        let ctx = egui::Context::default();
        let keys: std::collections::HashSet<_> = Command::WITH_KEYS.iter().map(|one| one.keys_text(&ctx)).collect();
        assert_eq!(keys.len(), Command::WITH_KEYS.len());
        for one in Command::WITH_KEYS {
            assert_ne!(one.label(), one.id());
            assert!(!one.tooltip(&ctx).contains("-hover"), "{}", one.tooltip(&ctx));
        }
    }
}
