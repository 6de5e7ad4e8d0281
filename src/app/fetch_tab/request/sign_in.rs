//! Who asks: nobody, or with a user name and a password, or a token. Never kept on disk.

use egui::{TextEdit, Ui};

use crate::app::widgets::{choose, text_field, weak};
use crate::i18n::t;
use crate::net::fetch::Auth;

/// Width of its fields, in points.
const WIDTH: f32 = 170.0;

/// The way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    None,
    Basic,
    Bearer,
    Digest,
}

/// The form. What was typed for one way stays while another is chosen.
#[derive(Default)]
pub(in crate::app::fetch_tab) struct SignIn {
    kind: Kind,
    user: String,
    password: String,
    token: String,
    /// Whether the secret can be read.
    shown: bool,
}

impl std::fmt::Debug for SignIn {
    /// Without any secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl SignIn {
    /// Of a request.
    pub(super) fn of(auth: &Auth) -> Self {
        let pair = |kind, user: &str, password: &str| Self {
            kind,
            user: user.to_owned(),
            password: password.to_owned(),
            ..Self::default()
        };
        match auth {
            Auth::None => Self::default(),
            Auth::Basic { user, password } => pair(Kind::Basic, user, password),
            Auth::Digest { user, password } => pair(Kind::Digest, user, password),
            Auth::Bearer(token) => Self { kind: Kind::Bearer, token: token.clone(), ..Self::default() },
        }
    }

    /// As it is asked for.
    pub(super) fn auth(&self) -> Auth {
        let (user, password) = (self.user.clone(), self.password.clone());
        match self.kind {
            Kind::None => Auth::None,
            Kind::Basic => Auth::Basic { user, password },
            Kind::Digest => Auth::Digest { user, password },
            Kind::Bearer => Auth::Bearer(self.token.trim().to_owned()),
        }
    }

    /// The way, if there is one.
    pub(super) fn title(&self) -> Option<String> {
        match self.kind {
            Kind::None => None,
            Kind::Basic => Some(t("auth-basic")),
            Kind::Digest => Some(t("auth-digest")),
            Kind::Bearer => Some(t("auth-bearer")),
        }
    }

    /// Shows it.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let kinds = [
                (Kind::None, t("auth-none")),
                (Kind::Basic, t("auth-basic")),
                (Kind::Bearer, t("auth-bearer")),
                (Kind::Digest, t("auth-digest")),
            ];
            choose(ui, "auth-kind", &mut self.kind, &kinds, 0.0);
            let shown = self.shown;
            let secret = |ui: &mut Ui, id: &str, text: &mut String, width: f32| {
                let name = ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
                let edit = TextEdit::singleline(text).password(!shown).desired_width(width).id_salt(id);
                ui.add(edit).labelled_by(name.id);
            };
            match self.kind {
                Kind::None => return,
                Kind::Basic | Kind::Digest => {
                    text_field(ui, "auth-user", &mut self.user, WIDTH);
                    secret(ui, "auth-password", &mut self.password, WIDTH);
                }
                Kind::Bearer => secret(ui, "auth-token", &mut self.token, 2.0 * WIDTH),
            }
            ui.checkbox(&mut self.shown, t("auth-show")).on_hover_text(t("auth-show-hover"));
        });
        weak(
            ui,
            t(match self.kind {
                Kind::None => "auth-none-hint",
                Kind::Basic | Kind::Bearer => "auth-clear-hint",
                Kind::Digest => "auth-digest-hint",
            }),
        );
    }
}
