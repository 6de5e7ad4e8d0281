//! The exchanges of a fetch above what is shown of one of them: status, where to, what changed on the way.

use egui::{Button, Frame, Label, Margin, RichText, ScrollArea, Stroke, Ui};

use crate::app::command::Command;
use crate::app::style;
use crate::app::widgets::small_row;
use crate::i18n::{t, tf};
use crate::net::fetch::{Change, Hop, View};
use crate::recording::text::visible;

/// How many hops are seen at once; more scroll.
const SEEN: f32 = 6.0;
/// How much of a URL is shown, in characters; all of it is in its hover.
const URL: usize = 44;

/// The line where the fetch waits until it is told to go on. Gives the command that a person chose.
pub(super) fn stopped(ui: &mut Ui, view: &View) -> Option<Command> {
    let next = view.next.as_ref()?;
    let palette = style::palette(ui);
    let frame = Frame::new().fill(palette.faint).stroke(Stroke::new(1.0, palette.warn)).corner_radius(5);
    let mut command = None;
    frame.inner_margin(Margin::symmetric(10, 5)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let text = tf("stopped-before", &[("url", shortened(next, 2 * URL).into())]);
            ui.label(RichText::new(text).color(palette.warn).strong()).on_hover_text(next);
            command = Command::GoOn.main_button(ui, true);
            command = command.or(Command::StopHere.button(ui, true));
        });
    });
    command
}

/// The list of the hops.
#[derive(Debug, Default)]
pub(super) struct HopList {
    /// How many there were when the one that is shown was brought into sight.
    seen: usize,
}

impl HopList {
    /// A row for each hop, where there are several. Gives the one that a person picked.
    pub(super) fn ui(&mut self, ui: &mut Ui, hops: &[Hop], shown: usize) -> Option<usize> {
        if hops.len() < 2 {
            return None;
        }
        let mut picked = None;
        let row_height = style::SMALL_ROW + ui.spacing().item_spacing.y;
        // What is shown of one of them needs the room more.
        let seen = (ui.available_height() / row_height / 4.0).floor().clamp(2.0, SEEN);
        let scroll = ScrollArea::vertical().max_height(row_height * seen).auto_shrink([false, true]);
        scroll.id_salt("fetch-hops").show(ui, |ui| {
            small_row(ui);
            for (index, hop) in hops.iter().enumerate() {
                let before = index.checked_sub(1).and_then(|index| hops.get(index));
                let line = ui.horizontal_wrapped(|ui| row(ui, index, hop, before, index == shown));
                if line.inner {
                    picked = Some(index);
                }
                if index == shown && self.seen != hops.len() {
                    self.seen = hops.len();
                    line.response.scroll_to_me(None);
                }
            }
        });
        picked
    }
}

/// One hop; whether it was picked.
fn row(ui: &mut Ui, index: usize, hop: &Hop, before: Option<&Hop>, shown: bool) -> bool {
    let palette = style::palette(ui);
    let small = |text: String| RichText::new(text).small();
    let status = hop.head.as_ref().map_or_else(|| "…".to_owned(), |head| head.status.to_string());
    let button = Button::selectable(shown, small(format!("{} · {status}", index + 1)));
    let picked = ui.add(button).on_hover_text(t("hops-hover")).clicked();
    let url = shortened(&hop.url, URL);
    let what = if hop.method.is_empty() { url } else { format!("{} {url}", hop.method) };
    ui.add(Label::new(small(what).monospace()).extend()).on_hover_text(&hop.url);
    if let Some(to) = hop.head.as_ref().and_then(location) {
        let text = format!("→ {}", shortened(below(&to, &hop.url), URL / 2));
        ui.add(Label::new(small(text).monospace().color(palette.weak)).extend()).on_hover_text(to);
    }
    if before.is_some_and(|before| before.url.starts_with("https:") && hop.url.starts_with("http:")) {
        ui.label(small(t("hop-downgrade")).color(palette.bad).strong()).on_hover_text(t("note-downgrade"));
    }
    for change in &hop.changes {
        let (text, hover) = change_text(change);
        ui.label(small(text).color(palette.warn)).on_hover_text(hover);
    }
    if !hop.cookies.is_empty() {
        let lines = hop.cookies.iter().map(|one| {
            tf(if one.kept { "hop-cookie-kept" } else { "hop-cookie-refused" }, &[("text", one.text.as_str().into())])
        });
        let hover = lines.collect::<Vec<_>>().join("\n");
        let text = tf("hop-cookies", &[("n", hop.cookies.len().into())]);
        ui.label(small(text).color(palette.weak)).on_hover_text(hover);
    }
    picked
}

/// Where an answer sends us, as it says.
fn location(head: &crate::net::fetch::Head) -> Option<String> {
    let redirects = matches!(head.status, 301 | 302 | 303 | 307 | 308);
    head.values("location").next().filter(|_| redirects).map(visible)
}

/// What is different, and why.
fn change_text(change: &Change) -> (String, String) {
    let text = match change {
        Change::Method { from, to } => {
            tf("change-method", &[("from", from.as_str().into()), ("to", to.as_str().into())])
        }
        Change::BodyDropped => t("change-body"),
        Change::FieldDropped(name) => tf("change-field", &[("name", name.as_str().into())]),
        Change::CredentialsDropped => t("change-credentials"),
        Change::Authorized => t("change-authorized"),
    };
    let hover = t(match change {
        Change::Method { .. } => "change-method-hover",
        Change::BodyDropped => "change-body-hover",
        Change::FieldDropped(_) => "change-field-hover",
        Change::CredentialsDropped => "change-credentials-hover",
        Change::Authorized => "change-authorized-hover",
    });
    (text, hover)
}

/// `to` without the server that `url` has too.
fn below<'a>(to: &'a str, url: &str) -> &'a str {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    to.strip_prefix(&url[..end]).filter(|path| path.starts_with('/')).unwrap_or(to)
}

/// At most so many characters of a URL: its begin and its end.
pub(super) fn shortened(url: &str, most: usize) -> String {
    let all: Vec<char> = visible(url.as_bytes()).chars().collect();
    if all.len() <= most {
        return all.into_iter().collect();
    }
    let end = most / 3;
    let begin = &all[..most - end - 1];
    begin.iter().chain(&['…']).chain(&all[all.len() - end..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_server_is_not_said_twice() {
        for (to, shown) in [
            ("http://a:1/x/y", "/x/y"),
            ("http://a:1", "http://a:1"),
            ("http://a:12/x", "http://a:12/x"),
            ("https://a:1/x", "https://a:1/x"),
            ("../x", "../x"),
        ] {
            assert_eq!(below(to, "http://a:1/old/place"), shown);
        }
    }

    #[test]
    fn a_long_url_keeps_its_begin_and_its_end() {
        assert_eq!(shortened("http://a/", 9), "http://a/");
        assert_eq!(shortened("http://好/abcdefghij", 12), "http://…ghij");
        assert_eq!(shortened("http://a/\n", 20), "http://a/\\n");
        for most in 1..30 {
            assert!(shortened("http://example.org/page", most).chars().count() <= most, "{most}");
        }
    }
}
