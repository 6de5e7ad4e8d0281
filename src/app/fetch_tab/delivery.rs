//! What was delivered of a body: whether it is all of it, and every number, so that nobody has to guess.

use std::sync::Arc;

use egui::{Grid, Ui};

use super::values::value;
use crate::app::jobs::{Done, Jobs};
use crate::app::style;
use crate::app::widgets::{form_menu, state_label, weak};
use crate::i18n::{count, t, tf};
use crate::net::Error;
use crate::net::fetch::{Body, Delivery};

/// The badge, and the digest of the body that it is about.
#[derive(Debug, Default)]
pub struct DeliveryView {
    body: Option<Arc<Body>>,
    digest: Option<Digest>,
    /// Work for a body that is no longer shown ends with it.
    _shown: Arc<()>,
}

/// The SHA-256 of a body.
#[derive(Debug)]
enum Digest {
    Working,
    Done(String),
    Failed(String),
}

impl DeliveryView {
    /// For this body, whole or cut short; a thread computes its digest.
    pub fn new(body: Option<&Arc<Body>>, jobs: &Jobs) -> Self {
        let Some(body) = body else { return Self::default() };
        let shown = Arc::new(());
        let (job, still) = (Arc::clone(body), Arc::downgrade(&shown));
        let started = jobs.start("digest", move || {
            let sha256 = job.sha256(|| still.strong_count() > 0).transpose()?;
            Some(Done::Digest { body: job, sha256 })
        });
        let digest = match started {
            Ok(()) => Digest::Working,
            Err(error) => Digest::Failed(error.to_string()),
        };
        Self { body: Some(Arc::clone(body)), digest: Some(digest), _shown: shown }
    }

    /// The digest of `body` is there, or cannot be.
    pub fn computed(&mut self, body: &Arc<Body>, sha256: Result<String, Error>) {
        if self.body.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, body)) {
            self.digest = Some(match sha256 {
                Ok(sha256) => Digest::Done(sha256),
                Err(error) => Digest::Failed(error.to_string()),
            });
        }
    }

    /// Shows the badge, and the button for the numbers.
    pub fn ui(&self, ui: &mut Ui, delivery: &Delivery) {
        let palette = style::palette(ui);
        let (good, text) = badge(delivery);
        let colour = if good { palette.good } else { palette.bad };
        state_label(ui, colour, &text).on_hover_text(t(if good { "complete-hover" } else { "cut-short-hover" }));
        form_menu(ui, t("delivery"), t("delivery-hover"), |ui| self.numbers(ui, delivery));
    }

    fn numbers(&self, ui: &mut Ui, delivery: &Delivery) {
        Grid::new("delivery").num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
            for (id, number) in numbers(delivery) {
                ui.label(t(id)).on_hover_text(t(&format!("{id}-hover")));
                match number {
                    Some(n) => _ = value(ui, id, &tf("exact-bytes", &[("n", count(n).into())]), &n.to_string()),
                    None => _ = weak(ui, t("delivery-not-said")),
                }
                ui.end_row();
            }
            let Some(digest) = &self.digest else { return };
            ui.label(t("delivery-sha256")).on_hover_text(t("delivery-sha256-hover"));
            match digest {
                Digest::Working => _ = weak(ui, t("delivery-working")),
                Digest::Done(sha256) => _ = value(ui, "delivery-sha256", sha256, sha256),
                Digest::Failed(why) => _ = weak(ui, why),
            }
            ui.end_row();
        });
    }
}

/// Whether all of it came, in a word or two.
fn badge(delivery: &Delivery) -> (bool, String) {
    if delivery.complete {
        return (true, t("complete"));
    }
    let missing = delivery.declared.map_or(0, |declared| declared.saturating_sub(delivery.received));
    let text = match missing {
        // The length was not declared, or what came does not unpack.
        0 => t("cut-short"),
        missing => tf("cut-short-by", &[("n", count(missing).into())]),
    };
    (false, text)
}

/// The ids of the names of all numbers, with the numbers.
fn numbers(delivery: &Delivery) -> [(&'static str, Option<u64>); 5] {
    [
        ("delivery-declared", delivery.declared),
        ("delivery-on-the-wire", Some(delivery.on_the_wire)),
        ("delivery-received", Some(delivery.received)),
        ("delivery-decoded", Some(delivery.decoded)),
        ("delivery-on-disk", Some(delivery.on_disk)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_badge_says_complete_only_of_what_is_complete() {
        let cut = Delivery { declared: Some(1_100), received: 100, ..Delivery::default() };
        assert_eq!(badge(&cut), (false, "cut short by 1,000 B".to_owned()));
        // All that was declared came, but it does not unpack; nothing was declared.
        let broken = Delivery { declared: Some(100), ..cut.clone() };
        let open = Delivery { declared: None, ..cut.clone() };
        assert_eq!([badge(&broken), badge(&open)], [(false, "cut short".to_owned()), (false, "cut short".to_owned())]);
        assert_eq!(badge(&Delivery { complete: true, ..cut }), (true, "complete".to_owned()));
    }
}
