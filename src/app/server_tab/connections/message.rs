//! The window in which a person writes a message to connections, and the sending of it, a part in each frame.

use std::sync::Arc;

use egui::Ui;

use crate::app::widgets::wire::Typed;
use crate::app::widgets::{dialog, entered, take_escape, weak};
use crate::i18n::{bytes, t, tf};
use crate::net::Error;
use crate::net::server::Connection;
use crate::recording::encoding::Encoding;

/// To so many connections a message is sent in one frame.
const A_FRAME: usize = 500;

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// To those that are chosen.
    Chosen,
    /// To all that are open.
    All,
}

/// The window, while it is open, and what is being sent.
#[derive(Debug, Default)]
pub(super) struct Message {
    to: Option<To>,
    typed: Typed,
    sending: Option<Sending>,
}

/// A message on its way.
#[derive(Debug)]
struct Sending {
    bytes: Vec<u8>,
    left: Vec<Arc<Connection>>,
    sent: usize,
    failed: Option<Error>,
}

impl Message {
    /// The same text for another server: its window is closed, and nothing more is sent.
    pub(super) fn renewed(&mut self) -> Self {
        Self { typed: std::mem::take(&mut self.typed), ..Self::default() }
    }

    /// Opens the window.
    pub(super) fn open(&mut self, to: To) {
        self.to = Some(to);
    }

    /// Closes the window.
    pub(super) fn close(&mut self) {
        self.to = None;
    }

    /// Closes the window on Escape, before anything below it sees the key.
    pub(super) fn take_escape(&mut self, ctx: &egui::Context) {
        if self.to.is_some() && take_escape(ctx) {
            self.close();
        }
    }

    /// Shows the window. `open` gives the open connections to which a message would go.
    pub(super) fn ui(&mut self, ctx: &egui::Context, open: impl FnOnce(To) -> Vec<Arc<Connection>>) {
        let Some(to) = self.to else { return };
        let open = open(to);
        let (mut stay, mut send) = (true, None);
        dialog(t("message-title"), &mut stay).show(ctx, |ui| {
            ui.set_width(440.0);
            send = self.form(ui, open.len(), to);
        });
        if !stay {
            self.close();
        }
        if let Some(bytes) = send {
            // Taken from the end: the oldest first.
            let left = open.into_iter().rev().collect();
            self.sending = Some(Sending { bytes, left, sent: 0, failed: None });
        }
    }

    /// What is typed, and the message once it is to be sent.
    fn form(&mut self, ui: &mut Ui, many: usize, to: To) -> Option<Vec<u8>> {
        let mut send = None;
        let id = if to == To::All { "message-to-all" } else { "message-to" };
        ui.label(tf(id, &[("n", many.into())]));
        ui.horizontal(|ui| {
            let field = self.typed.ui(ui, "message-bytes", 300.0, Encoding::Utf8);
            let message = self.typed.bytes(Encoding::Utf8).ok().filter(|message| !message.is_empty());
            let ready = message.is_some() && many > 0 && self.sending.is_none();
            let is_entered = entered(ui, &field);
            let button = ui.add_enabled(ready, egui::Button::new(t("message-send")));
            if (button.clicked() || is_entered) && ready {
                send = message;
            }
        });
        let size = self.typed.bytes(Encoding::Utf8).map_or(0, |message| message.len());
        weak(ui, tf("message-size", &[("size", bytes(size as u64).into())]));
        send
    }

    /// Sends a part of what is on its way; a line for the log once all has gone, and whether something went wrong.
    pub(super) fn send_some(&mut self, ctx: &egui::Context) -> Option<(String, bool)> {
        let Sending { bytes: message, left, sent, failed } = self.sending.as_mut()?;
        for one in left.split_off(left.len().saturating_sub(A_FRAME)).into_iter().rev() {
            match one.send(message) {
                Ok(()) => *sent += 1,
                Err(error) => *failed = Some(error),
            }
        }
        if !left.is_empty() {
            ctx.request_repaint();
            return None;
        }
        let (size, sent) = (bytes(message.len() as u64), *sent);
        let said = match failed.take() {
            Some(error) => (error.to_string(), true),
            None => (tf("message-sent", &[("size", size.into()), ("n", sent.into())]), false),
        };
        self.sending = None;
        Some(said)
    }
}
