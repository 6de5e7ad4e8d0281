//! How long each step of each hop took: one bar for each hop on a common axis, and every value beside its colour.

use std::time::Duration;

use egui::{Color32, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::connection;
use super::values::{milliseconds, named};
use crate::app::style::{self, Palette};
use crate::app::widgets::{hint, weak};
use crate::i18n::{t, tf};
use crate::net::fetch::{Hop, Span, Step};
use crate::recording::text::visible;

/// Height of a bar, in points.
const BAR: f32 = 16.0;
/// The least width of a step that took any time at all, in points.
const LEAST: f32 = 1.5;

/// Shows the times of all hops.
pub fn ui(ui: &mut Ui, hops: &[Hop]) {
    let whole = whole(hops);
    ui.horizontal(|ui| {
        weak(ui, tf("timing-axis", &[("ms", milliseconds(whole).into())])).on_hover_text(t("timing-axis-hover"))
    });
    style::well(ui).show(ui, |ui| {
        ui.take_available_space();
        if hops.iter().all(|hop| hop.spans.is_empty() && hop.tries.is_empty()) {
            hint(ui, t("timing-none"));
            return;
        }
        ScrollArea::vertical().auto_shrink(false).id_salt("timing").show(ui, |ui| {
            for (index, hop) in hops.iter().enumerate() {
                ui.push_id(index, |ui| one(ui, index, hop, whole));
                ui.add_space(style::GAP);
            }
        });
    });
}

/// From the start of the fetch to the end of the last step.
fn whole(hops: &[Hop]) -> Duration {
    hops.iter().flat_map(|hop| &hop.spans).map(|span| span.begun + span.took).max().unwrap_or_default()
}

fn one(ui: &mut Ui, index: usize, hop: &Hop, whole: Duration) {
    let status = hop.head.as_ref().map(|head| head.status.to_string()).unwrap_or_default();
    let args = [
        ("number", (index + 1).into()),
        ("method", visible(hop.method.as_bytes()).into()),
        ("url", visible(hop.url.as_bytes()).into()),
        ("status", status.into()),
    ];
    let title = tf("timing-hop", &args);
    ui.add(egui::Label::new(egui::RichText::new(title.trim()).strong()).truncate());
    bar(ui, &hop.spans, whole, index);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = style::SMALL_ROW;
        ui.spacing_mut().button_padding = style::SMALL_PADDING;
        for span in &hop.spans {
            let took = milliseconds(span.took);
            let text = tf("timing-ms", &[("ms", took.as_str().into())]);
            named(ui, colour(style::palette(ui), span.step), id(span.step), &text, &took);
        }
    });
    connection::tries(ui, hop);
}

/// The bar of one hop. What it shows is also beside it in words.
fn bar(ui: &mut Ui, spans: &[Span], whole: Duration, index: usize) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
    let name = tf("timing-bar", &[("number", (index + 1).into())]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let palette = style::palette(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, palette.faint);
    let mut pointed = None;
    for span in spans {
        let place = place(rect, span, whole);
        painter.rect_filled(place, 0.0, colour(palette, span.step));
        if response.hover_pos().is_some_and(|pointer| place.contains(pointer)) {
            pointed = Some(span);
        }
    }
    if let Some(span) = pointed {
        let args = [("name", t(id(span.step)).into()), ("ms", milliseconds(span.took).into())];
        response.on_hover_text_at_pointer(tf("timing-pointed", &args));
    }
}

/// Where a step is within a bar.
fn place(rect: Rect, span: &Span, whole: Duration) -> Rect {
    let part = |time: Duration| (time.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE)).min(1.0) as f32;
    let left = rect.left() + part(span.begun) * rect.width();
    let width = part(span.took) * rect.width();
    let width = if span.took.is_zero() { 0.0 } else { width.max(LEAST) };
    // What is too short to see at the very end still has to fit.
    let left = left.min(rect.right() - width);
    Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()))
}

/// The id of the name of a step.
fn id(step: Step) -> &'static str {
    match step {
        Step::Dns => "step-dns",
        Step::Tcp => "step-tcp",
        Step::Proxy => "step-proxy",
        Step::Tls => "step-tls",
        Step::Request => "step-request",
        Step::FirstByte => "step-first-byte",
        Step::LastByte => "step-last-byte",
    }
}

fn colour(palette: &Palette, step: Step) -> Color32 {
    match step {
        Step::Dns => palette.step_dns,
        Step::Tcp => palette.step_tcp,
        Step::Proxy => palette.step_proxy,
        Step::Tls => palette.step_tls,
        Step::Request => palette.step_request,
        Step::FirstByte => palette.step_first_byte,
        Step::LastByte => palette.step_last_byte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(step: Step, begun: u64, took: u64) -> Span {
        Span { step, begun: Duration::from_millis(begun), took: Duration::from_millis(took) }
    }

    #[test]
    fn a_step_has_its_place_in_proportion_to_the_whole_fetch() {
        let hop = |spans| Hop { spans, ..Hop::default() };
        let hops = [hop(vec![span(Step::Dns, 0, 25)]), hop(vec![span(Step::LastByte, 50, 50)])];
        let whole = whole(&hops);
        assert_eq!(whole, Duration::from_millis(100));
        let rect = Rect::from_min_max(pos2(10.0, 0.0), pos2(410.0, BAR));
        let places: Vec<_> = hops.iter().map(|hop| place(rect, &hop.spans[0], whole).x_range()).collect();
        assert_eq!(places, [egui::Rangef::new(10.0, 110.0), egui::Rangef::new(210.0, 410.0)]);
    }

    #[test]
    fn a_step_that_took_next_to_no_time_is_still_seen() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(400.0, BAR));
        let short = Span { took: Duration::from_nanos(1), ..span(Step::Tls, 1_000, 0) };
        let place = place(rect, &short, Duration::from_secs(1));
        assert_eq!(place.x_range(), egui::Rangef::new(400.0 - LEAST, 400.0));
    }
}
