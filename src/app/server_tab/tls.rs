//! Whether the server speaks TLS, and what it shows to clients.

use std::path::PathBuf;

use egui::{Label, RichText, Ui};

use crate::app::command::Command;
use crate::app::tls_files::TlsFile;
use crate::app::widgets::certificate::Card;
use crate::app::widgets::{choose, text_field, weak};
use crate::i18n::{t, tf};
use crate::net::server::{Server, State, Tls};

/// Which of the ways of [`Tls`], without what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Off,
    Made,
    Files,
}

/// The form.
pub(super) fn form(ui: &mut Ui, tls: &mut Tls) -> Option<Command> {
    let mut command = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(t("server-tls")).on_hover_text(t("server-tls-hover"));
        let before = match tls {
            Tls::Off => Way::Off,
            Tls::Made => Way::Made,
            Tls::Files { .. } => Way::Files,
        };
        let mut way = before;
        let ways =
            [(Way::Off, t("server-tls-off")), (Way::Made, t("server-tls-made")), (Way::Files, t("server-tls-files"))];
        choose(ui, "server-tls", &mut way, &ways, 0.0);
        if way != before {
            *tls = match way {
                Way::Off => Tls::Off,
                Way::Made => Tls::Made,
                Way::Files => Tls::Files { certificate: PathBuf::new(), key: PathBuf::new() },
            };
        }
        if let Tls::Files { certificate, key } = tls {
            path(ui, "server-tls-certificate", certificate);
            command = Command::ChooseTlsCertificate.button(ui, true);
            path(ui, "server-tls-key", key);
            command = command.or(Command::ChooseTlsKey.button(ui, true));
        }
    });
    if *tls == Tls::Made {
        weak(ui, t("server-tls-made-hint"));
    }
    command
}

fn path(ui: &mut Ui, label: &str, path: &mut PathBuf) {
    let mut typed = path.display().to_string();
    if text_field(ui, label, &mut typed, 200.0).on_hover_text(t(&format!("{label}-hover"))).changed() {
        *path = typed.into();
    }
}

/// A file was chosen in the dialog.
pub(super) fn chosen(tls: &mut Tls, which: TlsFile, path: String) {
    if let Tls::Files { certificate, key } = tls {
        match which {
            TlsFile::Certificate => *certificate = path.into(),
            TlsFile::Key => *key = path.into(),
            TlsFile::Roots | TlsFile::FetchRoots => {}
        }
    }
}

/// The row that says what clients are shown, while it runs.
pub(super) fn shown(ui: &mut Ui, server: Option<&Server>) -> Option<Command> {
    let chain =
        server.filter(|server| matches!(server.state(), State::Listening(_) | State::Stopping))?.certificate()?;
    let sha256 = chain.first()?.sha256().to_owned();
    ui.horizontal(|ui| {
        let command = Command::ShowCertificate.button(ui, true);
        let text = RichText::new(tf("server-tls-shown", &[("sha256", sha256.into())])).small().weak();
        ui.add(Label::new(text).truncate()).on_hover_text(t("certificate-sha256-hover"));
        command
    })
    .inner
}

/// What the window of certificates is to show.
pub(super) fn card(server: Option<&Server>) -> Option<Card> {
    Some(Card { chain: server?.certificate()?, trust: None })
}
