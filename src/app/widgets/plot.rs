//! A small plot of values over time, painted by hand: a line for each value, and a mark where the pointer is.

use egui::{Align2, pos2, vec2};
use egui::{Color32, FontId, Rect, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo};

use crate::app::style;

/// A value that lasted for a while. Times are in seconds before the right edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When it began.
    pub from: f32,
    /// When it ended; less than `from`.
    pub to: f32,
    /// What it was; `None` if there was none.
    pub value: Option<f64>,
}

/// What is plotted.
#[derive(Debug)]
pub struct Plot<'a> {
    /// What a screen reader calls it.
    pub name: &'a str,
    /// How many seconds are shown.
    pub span: f32,
    /// Each line with its colour, the oldest step first.
    pub lines: &'a [(Color32, Vec<Step>)],
    /// The value at the top edge.
    pub top: f64,
    /// That value in words.
    pub top_text: &'a str,
    /// The time that is marked, in seconds before the right edge.
    pub marked: Option<f32>,
}

/// Width of a line, in points.
const LINE: f32 = 1.5;

/// Shows a plot as wide as there is room and `height` points high. Gives the time that the pointer is at, in seconds before
/// the right edge.
pub fn plot(ui: &mut Ui, height: f32, plot: &Plot<'_>) -> Option<f32> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), plot.name));
    let palette = style::palette(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, palette.field);
    let area = rect.shrink2(vec2(2.0, 3.0));
    if let Some(marked) = plot.marked {
        painter.vline(x_of(area, marked, plot.span), rect.y_range(), Stroke::new(1.0, palette.weak));
    }
    for (colour, steps) in plot.lines {
        for points in runs(area, steps, plot) {
            painter.add(Shape::line(points, Stroke::new(LINE, *colour)));
        }
    }
    let font = FontId { size: 10.0, ..TextStyle::Small.resolve(ui.style()) };
    painter.text(rect.left_top() + vec2(4.0, 1.0), Align2::LEFT_TOP, plot.top_text, font, palette.weak);
    painter.rect_stroke(rect, 3.0, Stroke::new(1.0, palette.line), egui::StrokeKind::Inside);
    let pointer = response.hover_pos()?;
    Some(((area.right() - pointer.x) / area.width().max(1.0) * plot.span).clamp(0.0, plot.span))
}

fn x_of(area: Rect, seconds: f32, span: f32) -> f32 {
    area.right() - seconds.clamp(0.0, span) / span * area.width()
}

/// The corners of a line, in a piece for each run of steps that have values.
fn runs(area: Rect, steps: &[Step], plot: &Plot<'_>) -> Vec<Vec<egui::Pos2>> {
    let mut all = Vec::new();
    for run in steps.split(|step| step.value.is_none()) {
        let mut points = Vec::with_capacity(run.len() * 2);
        for step in run {
            let part = (step.value.unwrap_or_default() / plot.top.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
            let y = area.bottom() - part as f32 * area.height();
            points.push(pos2(x_of(area, step.from, plot.span), y));
            points.push(pos2(x_of(area, step.to, plot.span), y));
        }
        if !points.is_empty() {
            all.push(points);
        }
    }
    all
}

/// The next 1, 2 or 5 with zeros that is not less than any of these values, and not less than `least`.
#[must_use]
pub fn round_top(values: impl Iterator<Item = f64>, least: f64) -> f64 {
    let most = values.fold(least, f64::max);
    let ten = 10_f64.powf(most.log10().floor());
    // A little less, because powers of ten are not exact.
    [1.0, 2.0, 5.0, 10.0].map(|n| n * ten).into_iter().find(|top| *top * 1.000_001 >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_round_and_never_below_a_value() {
        for (most, top) in
            [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (7.0, 10.0), (1_000.0, 1_000.0), (1_234.0, 2e3)]
        {
            assert!((round_top([0.5, most].into_iter(), 1.0) - top).abs() < top * 1e-9, "{most}");
        }
        assert!((round_top([3e-6].into_iter(), 1e-6) - 5e-6).abs() < 1e-12);
    }

    #[test]
    fn a_line_has_steps_and_is_cut_where_there_is_no_value() {
        let step = |from, to, value| Step { from, to, value };
        let steps =
            [step(8.0, 6.0, Some(5.0)), step(6.0, 4.0, Some(10.0)), step(4.0, 2.0, None), step(1.0, 0.0, Some(99.0))];
        let plot = Plot { name: "", span: 8.0, lines: &[], top: 10.0, top_text: "", marked: None };
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(80.0, 50.0));
        let found = runs(area, &steps, &plot);
        let first = vec![pos2(0.0, 25.0), pos2(20.0, 25.0), pos2(20.0, 0.0), pos2(40.0, 0.0)];
        assert_eq!(found, [first, vec![pos2(70.0, 0.0), pos2(80.0, 0.0)]]);
    }
}
