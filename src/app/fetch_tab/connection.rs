//! What is known of the connection of a hop: the addresses tried, both ends, TLS, and what the server showed of itself.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::values::{milliseconds, value};
use crate::app::command::Command;
use crate::app::style;
use crate::app::widgets::certificate::chain;
use crate::app::widgets::{bad, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::fetch::{Framing, Hop};
use crate::recording::text::visible;

/// Shows what is known of the connection of `hop`. A hop that is the `last` of a fetch that failed may be fetched again
/// with its certificate accepted: that is the command it gives.
pub fn ui(ui: &mut Ui, hop: &Hop, last: bool) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| weak(ui, visible(hop.url.as_bytes())));
    style::well(ui).show(ui, |ui| {
        ui.take_available_space();
        ScrollArea::vertical().auto_shrink(false).id_salt("connection").show(ui, |ui| {
            if let Some(reason) = &hop.refused {
                bad(ui, tf("certificate-is-refused", &[("reason", reason.as_str().into())]));
                if last && hop.head.is_none() {
                    command = Command::FetchAccepting.button(ui, true);
                }
                ui.add_space(style::GAP);
            }
            tries(ui, hop);
            Grid::new("connection").num_columns(2).spacing([18.0, 2.0]).show(ui, |ui| rows(ui, hop));
            if !hop.chain.is_empty() {
                ui.add_space(style::GAP);
                ui.strong(t("chain")).on_hover_text(t("chain-hover"));
                chain(ui, &hop.chain);
            }
        });
    });
    command
}

/// Every address that was tried, with what came of it.
pub fn tries(ui: &mut Ui, hop: &Hop) {
    for one in &hop.tries {
        let took = milliseconds(one.took);
        let result = match &one.error {
            None => tf("try-connected", &[("ms", took.into())]),
            Some(error) => tf("try-failed", &[("why", error.cause.to_string().into()), ("ms", took.into())]),
        };
        let address = tf("tried", &[("address", one.address.to_string().into())]);
        ui.horizontal_wrapped(|ui| {
            weak(ui, address).on_hover_text(t("tried-hover"));
            let colour = if one.error.is_some() { style::palette(ui).bad } else { style::palette(ui).text };
            ui.label(RichText::new(result).small().color(colour));
        });
    }
}

fn rows(ui: &mut Ui, hop: &Hop) {
    let mut row = |id: &str, text: &str| {
        ui.label(RichText::new(t(id)).weak()).on_hover_text(t(&format!("{id}-hover")));
        value(ui, id, text, text);
        ui.end_row();
    };
    if let Some(ends) = hop.ends {
        row("local-end", &ends.local.to_string());
        row("peer-end", &ends.peer.to_string());
    }
    if let Some(proxy) = &hop.proxy {
        row("connection-proxy", &visible(proxy.as_bytes()));
    }
    if let Some(tls) = &hop.tls {
        row("tls-version", &tls.version);
        row("tls-cipher", &tls.cipher);
        row("tls-alpn", &if tls.alpn.is_empty() { t("tls-no-alpn") } else { visible(tls.alpn.as_bytes()) });
        row("certificate", &t(if tls.verified { "certificate-verified" } else { "certificate-not-verified" }));
    } else if hop.ends.is_some() && hop.chain.is_empty() {
        row("tls-version", &t("tls-none"));
    }
    if let Some(framing) = hop.framing {
        let text = match framing {
            Framing::None => t("framing-none"),
            Framing::Length(length) => tf("framing-length", &[("size", bytes(length).into())]),
            Framing::Chunked => t("framing-chunked"),
            Framing::UntilClose => t("framing-until-close"),
        };
        row("body-end", &text);
    }
    for note in &hop.notes {
        row("note", note);
    }
}
