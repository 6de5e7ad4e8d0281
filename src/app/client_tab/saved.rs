//! The menu of messages that are kept.

use egui::{Button, Grid, ScrollArea, Ui};

use super::form::{Compose, LONGEST_SAVED, MOST_SAVED, Saved};
use crate::app::widgets::{form_menu, weak};
use crate::i18n::{count, t, tf};
use crate::recording::text;

/// How many characters of a message are shown.
const SHOWN: usize = 36;
/// The most that the list is high, in points.
const HEIGHT: f32 = 240.0;

/// What a person does with saved messages.
pub(super) enum Pick {
    /// Put it into the field.
    Edit(Saved),
    /// Send it as it is.
    Send(Saved),
}

/// The menu. `typed` is what is in the field; `can_send` whether there is somebody to send to.
pub(super) fn menu(ui: &mut Ui, saved: &mut Vec<Saved>, typed: &Saved, can_send: bool) -> Option<Pick> {
    let mut pick = None;
    form_menu(ui, t("saved-menu"), t("saved-menu-hover"), |ui| {
        let possible = !typed.text.is_empty() && typed.text.len() <= LONGEST_SAVED && saved.len() < MOST_SAVED;
        let save = ui.add_enabled(possible, Button::new(t("saved-save"))).on_hover_text(t("saved-save-hover"));
        if save.on_disabled_hover_text(t("saved-save-not")).clicked() {
            keep(saved, typed.clone());
            ui.close();
        }
        ui.separator();
        if saved.is_empty() {
            weak(ui, t("saved-none"));
        }
        pick = ScrollArea::vertical().max_height(HEIGHT).show(ui, |ui| list(ui, saved, can_send)).inner;
        if pick.is_some() {
            ui.close();
        }
    });
    pick
}

/// Puts one first, once.
fn keep(saved: &mut Vec<Saved>, new: Saved) {
    saved.retain(|one| *one != new);
    saved.insert(0, new);
    saved.truncate(MOST_SAVED);
}

fn list(ui: &mut Ui, saved: &mut Vec<Saved>, can_send: bool) -> Option<Pick> {
    let mut pick = None;
    let mut delete = None;
    Grid::new("saved").num_columns(3).spacing([6.0, 4.0]).show(ui, |ui| {
        for (index, one) in saved.iter().enumerate() {
            let what = shown(one);
            if ui.add(Button::new(&what)).on_hover_text(t("saved-edit-hover")).clicked() {
                pick = Some(Pick::Edit(one.clone()));
            }
            let name = tf("saved-send", &[("what", what.as_str().into())]);
            let send = ui.add_enabled(can_send, Button::new(t("send"))).on_hover_text(t("saved-send-hover"));
            if send.accessible_name(name).clicked() {
                pick = Some(Pick::Send(one.clone()));
            }
            let name = tf("saved-delete", &[("what", what.into())]);
            if ui.button("×").on_hover_text(&name).accessible_name(name).clicked() {
                delete = Some(index);
            }
            ui.end_row();
        }
    });
    if let Some(index) = delete {
        saved.remove(index);
    }
    if saved.len() == MOST_SAVED {
        weak(ui, tf("saved-full", &[("count", count(MOST_SAVED as u64).into())]));
    }
    pick
}

/// The begin of a message, and how it is typed unless it is as it is.
fn shown(saved: &Saved) -> String {
    let begin: String = saved.text.chars().take(SHOWN).collect();
    let more = if begin.len() < saved.text.len() { "…" } else { "" };
    let text = text::visible(begin.as_bytes()) + more;
    match saved.compose {
        Compose::Plain => text,
        Compose::Escapes => format!("{text} · {}", t("compose-escapes")),
        Compose::Hex => format!("{text} · {}", t("compose-hex")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_once_the_newest_first_and_not_for_ever() {
        let one = |n: usize| Saved { text: n.to_string(), compose: Compose::Plain };
        let mut saved = Vec::new();
        (0..MOST_SAVED + 5).for_each(|n| keep(&mut saved, one(n)));
        keep(&mut saved, one(50));
        assert_eq!((saved.len(), saved[0].text.as_str()), (MOST_SAVED, "50"));
        assert_eq!(saved.iter().filter(|saved| saved.text == "50").count(), 1);
        keep(&mut saved, Saved { compose: Compose::Hex, ..one(50) });
        assert_eq!(shown(&saved[0]), "50 · hexadecimal", "typed otherwise, it is another");
    }
}
