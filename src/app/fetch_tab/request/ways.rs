//! The way to the server: through a proxy or not, over IPv4, IPv6 or both.

use egui::{TextEdit, Ui};

use crate::app::settings::{FetchForm, ProxyKind};
use crate::app::widgets::{choose, weak};
use crate::i18n::t;
use crate::net::fetch::IpVersion;

/// What is not as usual.
pub(super) fn title(form: &FetchForm) -> Option<String> {
    let proxy = match form.proxy {
        ProxyKind::Environment => None,
        ProxyKind::None => Some(t("proxy-none")),
        ProxyKind::Typed => Some(t("proxy-typed")),
    };
    let ip = match form.ip {
        IpVersion::Both => None,
        IpVersion::V4 => Some(t("ip-v4")),
        IpVersion::V6 => Some(t("ip-v6")),
    };
    let all: Vec<_> = proxy.into_iter().chain(ip).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Shows it.
pub(super) fn ui(ui: &mut Ui, form: &mut FetchForm) {
    ui.horizontal_wrapped(|ui| {
        ui.label(t("proxy")).on_hover_text(t("proxy-hover"));
        let proxies = [
            (ProxyKind::Environment, t("proxy-environment")),
            (ProxyKind::None, t("proxy-none")),
            (ProxyKind::Typed, t("proxy-typed")),
        ];
        choose(ui, "proxy", &mut form.proxy, &proxies, 0.0);
        if form.proxy == ProxyKind::Typed {
            let edit = TextEdit::singleline(&mut form.proxy_url).desired_width(260.0).id_salt("proxy-url");
            let edit = ui.add(edit.hint_text("http://127.0.0.1:3128"));
            edit.on_hover_text(t("proxy-url-hover")).accessible_name(t("proxy-url"));
        }
        ui.label(t("ip-version")).on_hover_text(t("ip-version-hover"));
        let versions = [(IpVersion::Both, t("ip-both")), (IpVersion::V4, t("ip-v4")), (IpVersion::V6, t("ip-v6"))];
        choose(ui, "ip-version", &mut form.ip, &versions, 0.0);
    });
    if form.proxy == ProxyKind::Environment {
        weak(ui, t("proxy-environment-hint"));
    }
}
