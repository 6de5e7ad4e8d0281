//! What a server does second by second: greetings, bytes, connections and how long clients wait, as numbers and plotted over
//! the last two minutes.

use std::time::{Duration, Instant};

use egui::{Align, Color32, Label, Layout, RichText, Ui};

use crate::app::style;
use crate::app::widgets::plot::{Plot, Step, plot, round_top};
use crate::app::widgets::weak;
use crate::i18n::{bytes, count, t, tf};
use crate::net::server::meter::{Meter, SPAN, Sample};

/// A plot is not shown if it would be less high than this, in points.
const LOWEST: f32 = 18.0;
/// Height of the numbers above a plot, in points.
const NUMBERS: f32 = 18.0;
/// Space between two plots, in points.
const APART: f32 = 4.0;

/// What is remembered of the plots.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    /// The time that the pointer is at, in seconds before the right edge.
    pointed: Option<f32>,
}

/// One value of a sample: what it is called, how it is written and drawn.
struct Line {
    id: &'static str,
    colour: Color32,
    value: fn(&Sample) -> Option<f64>,
}

/// One plot with its lines.
struct Row {
    id: &'static str,
    lines: Vec<Line>,
    /// The least value at the top edge.
    least: f64,
    text: fn(f64) -> String,
}

impl Throughput {
    /// Shows all of it in the space there is.
    pub(super) fn ui(&mut self, ui: &mut Ui, meter: Option<&Meter>) {
        let samples: Vec<_> = meter.map(|meter| meter.samples().iter().copied().collect()).unwrap_or_default();
        let edge = samples.last().map(|last| last.to);
        let at = self.pointed.zip(edge).and_then(|(ago, edge)| {
            let time = edge.checked_sub(Duration::from_secs_f32(ago))?;
            samples.iter().find(|one| one.from <= time && time <= one.to)
        });
        ui.horizontal(|ui| {
            ui.strong(t("throughput")).on_hover_text(t("throughput-hover"));
            let ago = self.pointed.map(|ago| tf("throughput-ago", &[("n", f64::from(ago.round()).into())]));
            weak(ui, ago.unwrap_or_else(|| t("throughput-now")));
        });
        let shown = if self.pointed.is_some() { at } else { samples.last() };
        let rows = rows(style::palette(ui));
        ui.spacing_mut().item_spacing.y = 0.0;
        let room = ui.available_height() / rows.len() as f32 - NUMBERS - APART;
        let mut pointed = None;
        for row in &rows {
            ui.allocate_ui(egui::vec2(ui.available_width(), NUMBERS), |ui| numbers(ui, row, shown));
            if room >= LOWEST {
                pointed = pointed.or(draw(ui, row, room.floor(), &samples, edge, self.pointed));
            }
            ui.add_space(APART);
        }
        self.pointed = pointed;
    }
}

/// All plots.
fn rows(palette: &style::Palette) -> [Row; 4] {
    let line = |id, colour, value| Line { id, colour, value };
    [
        Row {
            id: "plot-greetings",
            lines: vec![line("plot-a-second", palette.accent, |one| Some(one.greetings))],
            least: 1.0,
            text: rate,
        },
        Row {
            id: "plot-bytes",
            lines: vec![
                line("plot-bytes-in", palette.incoming, |one| Some(one.bytes_in)),
                line("plot-bytes-out", palette.outgoing, |one| Some(one.bytes_out)),
            ],
            least: 100.0,
            text: |value| bytes(value.round() as u64),
        },
        Row {
            id: "plot-connections",
            lines: vec![line("plot-open", palette.good, |one| Some(one.open as f64))],
            least: 1.0,
            text: |value| count(value.round() as u64),
        },
        Row {
            id: "plot-latency",
            lines: vec![
                line("plot-half", palette.accent, |one| one.p50.map(|time| time.as_secs_f64())),
                line("plot-99", palette.warn, |one| one.p99.map(|time| time.as_secs_f64())),
            ],
            least: 1e-6,
            text: wait,
        },
    ]
}

/// What is measured, and its values.
fn numbers(ui: &mut Ui, row: &Row, shown: Option<&Sample>) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().interact_size.y = NUMBERS;
        weak(ui, t(row.id)).on_hover_text(t(&format!("{}-hover", row.id)));
        for line in &row.lines {
            let value = shown.and_then(line.value).map_or_else(|| t("plot-none"), row.text);
            let text = RichText::new(tf(line.id, &[("value", value.into())])).small().color(line.colour);
            ui.add(Label::new(text).truncate()).on_hover_text(t(&format!("{}-hover", line.id)));
        }
    });
}

fn draw(
    ui: &mut Ui,
    row: &Row,
    height: f32,
    samples: &[Sample],
    edge: Option<Instant>,
    marked: Option<f32>,
) -> Option<f32> {
    let ago = |time| edge.map_or(0.0, |edge| edge.saturating_duration_since(time).as_secs_f32());
    let steps = |line: &Line| -> Vec<Step> {
        samples.iter().map(|one| Step { from: ago(one.from), to: ago(one.to), value: (line.value)(one) }).collect()
    };
    let lines: Vec<_> = row.lines.iter().map(|line| (line.colour, steps(line))).collect();
    let values = lines.iter().flat_map(|(_, steps)| steps).filter_map(|step| step.value);
    let top = round_top(values, row.least);
    let name = tf("plot-of", &[("what", t(row.id).into())]);
    let top_text = if samples.is_empty() { String::new() } else { (row.text)(top) };
    let span = SPAN.as_secs_f32();
    plot(ui, height, &Plot { name: &name, span, lines: &lines, top, top_text: &top_text, marked })
}

/// How many a second; few of them with a decimal.
fn rate(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { count(value.round() as u64) }
}

/// A time in three digits or less.
fn wait(seconds: f64) -> String {
    let (id, value) = match seconds {
        ..999.5e-6 => ("plot-us", seconds * 1e6),
        ..0.9995 => ("plot-ms", seconds * 1e3),
        _ => ("plot-s", seconds),
    };
    let decimals = if value < 9.95 { 1 } else { 0 };
    tf(id, &[("n", format!("{value:.decimals$}").into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_short() {
        assert_eq!([0.0, 0.25, 9.0, 12.6, 1_234.0].map(rate), ["0", "0.2", "9", "13", "1,234"]);
        let times = [1.5e-6, 0.000_123, 0.000_999_7, 0.012, 0.9996, 1.0, 61.2].map(wait);
        assert_eq!(times, ["1.5 µs", "123 µs", "1.0 ms", "12 ms", "1.0 s", "1.0 s", "61 s"]);
    }
}
