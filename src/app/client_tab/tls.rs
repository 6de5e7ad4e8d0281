//! Whether the client speaks TLS, whom it trusts, and what came of it.

use egui::{CollapsingHeader, Ui};
use serde::{Deserialize, Serialize};

use crate::app::command::Command;
use crate::app::style;
use crate::app::widgets::certificate::{Card, Trust};
use crate::app::widgets::{bad, state_label, text_field};
use crate::i18n::{t, tf};
use crate::net::client::{ClientTls, Event, Security};

/// TLS as a person left it. "Accept any certificate" is not kept: it is for one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsForm {
    /// Speak TLS.
    pub on: bool,
    /// What the certificate must be for, if that is not the host.
    pub server_name: String,
    /// A PEM file of further roots; empty for none.
    pub roots: String,
    #[serde(skip)]
    accept_any: bool,
}

impl TlsForm {
    /// What is asked for, for the connection that is about to be made.
    pub fn take(&mut self) -> Option<ClientTls> {
        let typed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let accept_any = std::mem::take(&mut self.accept_any);
        self.on.then(|| ClientTls {
            server_name: typed(&self.server_name),
            roots: typed(&self.roots).map(Into::into),
            accept_any,
        })
    }

    /// The same for another session: what was accepted for one connection is not for others.
    #[must_use]
    pub fn for_another(&self) -> Self {
        Self { accept_any: false, ..self.clone() }
    }

    /// The box beside the port.
    pub fn check_box(&mut self, ui: &mut Ui) {
        ui.checkbox(&mut self.on, t("client-tls")).on_hover_text(t("client-tls-hover"));
    }

    /// What else there is to say, folded away.
    pub fn fold(&mut self, ui: &mut Ui, open: bool) -> Option<Command> {
        if !self.on {
            return None;
        }
        let mut command = None;
        CollapsingHeader::new(t("client-tls-options")).id_salt("client-tls").show(ui, |ui| {
            ui.add_enabled_ui(!open, |ui| {
                ui.horizontal_wrapped(|ui| {
                    text_field(ui, "client-tls-name", &mut self.server_name, 180.0)
                        .on_hover_text(t("client-tls-name-hover"));
                    text_field(ui, "extra-roots", &mut self.roots, 220.0).on_hover_text(t("extra-roots-hover"));
                    command = Command::ChooseTlsRoots.button(ui, true);
                    ui.checkbox(&mut self.accept_any, t("client-tls-any")).on_hover_text(t("client-tls-any-hover"));
                });
            });
        });
        if self.accept_any {
            bad(ui, t("accepting-any-certificate"));
        }
        command
    }
}

/// What came of it, in a few words, and a button for the certificate.
pub(super) fn state(ui: &mut Ui, security: &Security) -> Option<Command> {
    if let Some(agreed) = &security.agreed {
        let version = [("version", agreed.version.as_str().into())];
        let palette = style::palette(ui);
        if security.verified {
            state_label(ui, palette.good, &tf("client-tls-verified", &version));
        } else {
            state_label(ui, palette.bad, &tf("client-tls-not-verified", &version));
        }
    }
    if security.chain.is_empty() { None } else { Command::ShowCertificate.button(ui, true) }
}

/// Whether an event tells that nobody vouches for the server.
pub(super) fn is_bad(event: &Event) -> bool {
    matches!(event, Event::Secured(security) if !security.verified)
}

/// What the window of certificates is to show.
pub(super) fn card(security: &Security) -> Card {
    let trust = if security.verified {
        Trust::Verified(tf("certificate-is-verified", &[("name", security.server_name.as_str().into())]))
    } else {
        let reason = security.reason.as_deref().unwrap_or_default();
        Trust::Refused(tf("certificate-is-refused", &[("reason", reason.into())]))
    };
    Card { chain: security.chain.clone(), trust: Some(trust) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepting_any_certificate_is_for_one_connection_of_one_session() {
        let mut form = TlsForm { on: true, accept_any: true, ..TlsForm::default() };
        let accepts = |form: &mut TlsForm| form.take().is_some_and(|tls| tls.accept_any);
        assert!(!accepts(&mut form.for_another()));
        assert!(accepts(&mut form));
        assert!(!accepts(&mut form));
    }
}
