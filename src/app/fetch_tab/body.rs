//! The body: as text in its charset, laid out, as a picture, or byte by byte. What is shown is made on a thread, a piece of
//! bounded size at a time, however large the body is.

mod browser;
mod charsets;
mod hex_rows;
mod kind;
mod laid;
mod made;
mod picture;
mod text;

use std::sync::Arc;

use egui::{RichText, TextStyle, TextureOptions, Ui};
use encoding_rs::Encoding;

use crate::app::command::Command;
use crate::app::jobs::{Done, Jobs};
use crate::app::style;
use crate::app::widgets::rows::Rows;
use crate::app::widgets::{bad, hint, list_row, tab, weak};
use crate::i18n::{bytes, count, t, tf};
use crate::net::fetch::Body;
use crate::recording::text::visible;
pub use browser::Browser;
use hex_rows::HexRows;
use kind::{Kind, Look};
pub use made::Made;
use made::{Shown, Want};
use picture::OnCard;

/// What is looked at, and how.
#[derive(Debug, Default)]
pub struct BodyView {
    body: Option<Arc<Body>>,
    /// What it is, once its begin has been read.
    kind: Option<Kind>,
    look: Option<Look>,
    /// Chosen; else as found.
    encoding: Option<&'static Encoding>,
    window: u64,
    rows: Rows,
    hex: HexRows,
    /// What is there to show.
    have: Option<(Want, Shown)>,
    texture: Option<OnCard>,
    /// What a thread is making.
    working: Option<Want>,
}

impl BodyView {
    /// For `body`.
    #[must_use]
    pub fn new(body: Option<&Arc<Body>>) -> Self {
        Self { body: body.cloned(), ..Self::default() }
    }

    /// Starts what is to be shown and is not there.
    pub fn work(&mut self, jobs: &Jobs) {
        let Some(body) = self.body.clone().filter(|body| !body.is_empty()) else { return };
        let want = self.want();
        if self.working.is_some() || self.have.as_ref().is_some_and(|(have, _)| *have == want) {
            return;
        }
        self.working = Some(want);
        let started = jobs.start("body", move || Some(Done::BodyMade(Box::new(made::make(body, want)))));
        if let Err(error) = started {
            self.working = None;
            self.have = Some((want, Shown::Failed(error.to_string())));
        }
    }

    fn want(&self) -> Want {
        let (Some(kind), Some(look)) = (self.kind, self.look) else { return Want::Begin };
        match look {
            Look::Laid => Want::Laid { kind, encoding: self.encoding() },
            Look::Text => Want::Text { encoding: self.encoding(), window: self.window },
            Look::Image => Want::Image,
            Look::Hex => Want::Hex { begin: self.hex.wanted() },
        }
    }

    fn encoding(&self) -> &'static Encoding {
        self.encoding.or(self.body.as_ref().map(|body| body.charset())).unwrap_or(encoding_rs::UTF_8)
    }

    /// Takes what a thread has made.
    pub fn made(&mut self, made: Made) {
        let Made { body, want, shown } = made;
        if self.body.as_ref().is_none_or(|own| !Arc::ptr_eq(own, &body)) {
            return;
        }
        self.working = None;
        match shown {
            Shown::Begin(kind) => {
                self.kind = Some(kind);
                let best = kind.looks().iter().find(|look| **look != Look::Laid || body.len() <= text::WINDOW);
                self.look = best.copied();
            }
            shown => {
                self.texture = None;
                self.have = Some((want, shown));
            }
        }
    }

    /// Shows it.
    pub fn ui(&mut self, ui: &mut Ui, running: bool) -> Option<Command> {
        let Some(body) = self.body.clone().filter(|body| !body.is_empty()) else {
            style::well(ui).show(ui, |ui| {
                ui.take_available_space();
                hint(ui, t(if running { "body-not-yet" } else { "body-none" }));
            });
            return None;
        };
        let before = self.want();
        let command = ui.horizontal_wrapped(|ui| self.controls(ui, &body)).inner;
        self.place(ui, &body);
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            self.shown(ui, &body);
        });
        if self.want() != before {
            ui.ctx().request_repaint();
        }
        command
    }

    /// How to look at it, and what it is.
    fn controls(&mut self, ui: &mut Ui, body: &Body) -> Option<Command> {
        let mut command = None;
        let kind = self.kind?;
        for look in kind.looks() {
            // Only what is in memory as a whole can be laid out.
            let can = *look != Look::Laid || body.len() <= text::WINDOW;
            let id = look_id(*look);
            let chosen = self.look == Some(*look);
            let response = ui.add_enabled_ui(can, |ui| tab(ui, chosen, t(id))).inner;
            let response = response.on_disabled_hover_text(t("look-laid-not"));
            if response.on_hover_text(t(&format!("{id}-hover"))).clicked() {
                self.look = Some(*look);
                self.rows = Rows::default();
            }
        }
        if matches!(self.look, Some(Look::Text | Look::Laid)) {
            let before = self.encoding;
            charsets::choose_encoding(ui, &mut self.encoding, body);
            if self.encoding != before {
                self.rows = Rows::default();
            }
        }
        if let Some((_, Shown::Page { page, .. })) = &self.have
            && ui.button(t("body-copy")).on_hover_text(t("body-copy-hover")).clicked()
        {
            ui.copy_text(page.text().to_owned());
        }
        if kind == Kind::Html {
            command = Command::OpenInBrowser.button(ui, body.is_complete());
        }
        let media_type = body.media_type();
        let media_type = if media_type.is_empty() { t("unknown-type") } else { visible(media_type.as_bytes()) };
        weak(ui, format!("{media_type} · {}", bytes(body.len()))).on_hover_text(t("body-about-hover"));
        command
    }

    /// Which part of it is shown, where that is not all; and what is wrong with it.
    fn place(&mut self, ui: &mut Ui, body: &Body) {
        let all = text::windows(body.len());
        if self.look == Some(Look::Text) && all > 1 {
            ui.horizontal_wrapped(|ui| {
                let before = self.window;
                let earlier = ui.add_enabled(self.window > 0, egui::Button::new(t("body-earlier")));
                if earlier.on_hover_text(t("body-earlier-hover")).clicked() {
                    self.window -= 1;
                }
                let later = ui.add_enabled(self.window + 1 < all, egui::Button::new(t("body-later")));
                if later.on_hover_text(t("body-later-hover")).clicked() {
                    self.window += 1;
                }
                if self.window != before {
                    self.rows = Rows::default();
                }
                if let Some((_, Shown::Page { begin, end, .. })) = &self.have {
                    let args = [
                        ("begin", count(*begin).into()),
                        ("end", count(*end).into()),
                        ("size", count(body.len()).into()),
                    ];
                    weak(ui, tf("body-window", &args));
                }
            });
        }
        match &self.have {
            Some((_, Shown::Page { note: Some(note), .. })) => _ = bad(ui, note),
            Some((_, Shown::Picture { about, .. })) => _ = weak(ui, about),
            _ => {}
        }
    }

    fn shown(&mut self, ui: &mut Ui, body: &Body) {
        let want = self.want();
        let Some((have, shown)) = &mut self.have else {
            hint(ui, t("body-working"));
            return;
        };
        // Rows of bytes have their places also while their bytes are being read.
        let fits = match want {
            Want::Hex { .. } => true,
            _ => *have == want,
        };
        match shown {
            Shown::Failed(why) if *have == want => hint(ui, why.as_str()),
            _ if !fits => hint(ui, t("body-working")),
            Shown::Page { page, .. } if *have == want => {
                let font = TextStyle::Monospace.resolve(ui.style());
                let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')).max(1.0);
                let columns = ((ui.available_width() - Rows::bar_width(ui)) / glyph) as usize;
                let all = page.fit(columns.max(20));
                let page = &*page;
                self.rows.ui(ui, &t("part-body"), 0..all, false, |ui, range| {
                    for row in range {
                        list_row(ui, RichText::new(page.row(row)).monospace());
                    }
                });
            }
            Shown::Picture { pixels, about } if *have == want => {
                let texture = self.texture.get_or_insert_with(|| {
                    let pixels = std::mem::take(pixels);
                    OnCard(ui.ctx().load_texture("body", pixels, TextureOptions::LINEAR))
                });
                let room = ui.available_size();
                ui.centered_and_justified(|ui| {
                    let size = texture.0.size_vec2();
                    // Small ones as they are.
                    let scale = (room.x / size.x).min(room.y / size.y).min(1.0);
                    let image = egui::Image::from_texture(&texture.0).fit_to_exact_size(size * scale);
                    ui.add(image.alt_text(about.as_str()));
                });
            }
            shown => {
                let piece = match shown {
                    Shown::Hex { begin, bytes } => Some((*begin, bytes.as_slice())),
                    _ => None,
                };
                self.hex.ui(ui, body.len(), piece);
            }
        }
    }

    /// The body, to open it in the browser.
    pub fn page(&self) -> Option<Arc<Body>> {
        self.body.clone().filter(|body| body.is_complete())
    }
}

fn look_id(look: Look) -> &'static str {
    match look {
        Look::Laid => "look-laid",
        Look::Text => "look-text",
        Look::Image => "look-image",
        Look::Hex => "look-hex",
    }
}
