//! The fetches of this run, to go back to without fetching again. Bounded: the oldest go first, and their bodies before them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use egui::{Button, RichText, ScrollArea, Ui};

use super::hops::shortened;
use crate::app::style;
use crate::app::widgets::form_menu;
use crate::app::widgets::log_list::short_clock;
use crate::app::widgets::weak;
use crate::i18n::{bytes, count, t, tf};
use crate::net::fetch::{Body, Outcome, Progress, Request, View};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
struct Most {
    entries: usize,
    /// Bytes of all bodies together, in temporary files.
    bodies: u64,
    /// Bytes of all heads and their parts together, in memory.
    heads: usize,
}

const MOST: Most = Most { entries: 100, bodies: 1 << 30, heads: 32 << 20 };
/// How much of a URL is shown, in characters.
const URL: usize = 40;
/// The height of the list, in points.
const HEIGHT: f32 = 300.0;

/// A fetch that is over.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// When it began.
    pub(super) at: SystemTime,
    pub(super) request: Request,
    pub(super) view: View,
    pub(super) progress: Progress,
    /// Its body is no longer kept, and its outcome neither: what it was is in `end`.
    pub(super) gone: bool,
    pub(super) end: End,
    /// Of the body, decoded.
    pub(super) size: u64,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Complete,
    CutShort,
    Failed,
    Cancelled,
}

impl End {
    pub(super) fn text(self) -> String {
        t(match self {
            Self::Complete => "complete",
            Self::CutShort => "cut-short",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        })
    }

    pub(super) fn colour(self, palette: &style::Palette) -> egui::Color32 {
        match self {
            Self::Complete => palette.good,
            Self::Cancelled => palette.warn,
            Self::CutShort | Self::Failed => palette.bad,
        }
    }
}

impl Entry {
    /// `None` as long as it is not over.
    pub(super) fn new(at: SystemTime, request: Request, view: View, progress: Progress) -> Option<Self> {
        let outcome = view.outcome.as_ref()?;
        let size = outcome.body().map_or(0, |body| body.len());
        let end = match outcome {
            Outcome::Complete(_) => End::Complete,
            Outcome::Failed { error, .. } if error.is_cancelled() => End::Cancelled,
            Outcome::Failed { partial: Some(_), .. } => End::CutShort,
            Outcome::Failed { .. } => End::Failed,
        };
        Some(Self { at, request, view, progress, gone: false, end, size })
    }

    fn body(&self) -> Option<&Arc<Body>> {
        self.view.outcome.as_ref().and_then(Outcome::body)
    }

    /// About how much memory it takes, in bytes, besides what the recorder keeps.
    fn heads(&self) -> usize {
        let hop = |hop: &crate::net::fetch::Hop| {
            let heads = hop.interim.iter().chain(&hop.head).map(|head| 3 * head.raw.len()).sum::<usize>();
            heads + hop.request.len() + 64 * hop.parts.len() + hop.notes.iter().map(String::len).sum::<usize>() + 1_000
        };
        self.view.hops.iter().map(hop).sum()
    }

    /// As it is listed.
    fn line(&self) -> String {
        let url = self.view.hops.first().map_or("", |hop| &hop.url);
        let status = self.view.hops.iter().rev().find_map(|hop| hop.head.as_ref());
        let status = status.map_or_else(|| "–".to_owned(), |head| head.status.to_string());
        let (time, method) = (short_clock(self.at), shortened(&self.request.method, 7));
        format!("{time}  {method:<7} {status:>3}  {:<URL$}  {:>9}", shortened(url, URL), bytes(self.size))
    }
}

/// The list, the newest last.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Entry>);

/// What a person does with the list.
pub(super) enum Pick {
    /// Shows the entry at this place.
    Show(usize),
    /// Fills the form from it.
    FillIn(usize),
    Clear,
}

impl History {
    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push_back(entry);
        self.trim(MOST);
    }

    pub(super) fn get(&self, place: usize) -> Option<&Entry> {
        self.0.get(place)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is too much goes, the oldest first; the newest stays as it is.
    fn trim(&mut self, most: Most) {
        let sum = |all: &VecDeque<Entry>| all.iter().map(Entry::heads).sum::<usize>();
        while self.0.len() > most.entries.max(1) || (self.0.len() > 1 && sum(&self.0) > most.heads) {
            self.0.pop_front();
        }
        let kept = |all: &VecDeque<Entry>| all.iter().filter_map(Entry::body).map(kept_len).sum::<u64>();
        let older = self.0.len().saturating_sub(1);
        for place in 0..older {
            if kept(&self.0) <= most.bodies {
                return;
            }
            let entry = &mut self.0[place];
            if entry.size > 0 && entry.body().is_some() {
                entry.view.outcome = None;
                entry.gone = true;
            }
        }
    }

    /// The menu; `running`: nothing can be shown as long as a fetch runs.
    pub(super) fn menu(&self, ui: &mut Ui, running: bool) -> Option<Pick> {
        let mut pick = None;
        form_menu(ui, t("history"), t("history-hover"), |ui| {
            if self.0.is_empty() {
                weak(ui, t("history-none"));
                return;
            }
            ScrollArea::vertical().max_height(HEIGHT).id_salt("history").show(ui, |ui| {
                for (place, entry) in self.0.iter().enumerate().rev() {
                    ui.push_id(place, |ui| ui.horizontal(|ui| pick = pick.take().or(entry.row(ui, place, running))));
                }
            });
            ui.horizontal(|ui| {
                if ui.button(t("history-clear")).on_hover_text(t("history-clear-hover")).clicked() {
                    pick = Some(Pick::Clear);
                }
                let args = [("n", count(self.0.len() as u64).into()), ("size", bytes(MOST.bodies).into())];
                weak(ui, tf("history-bound", &args));
            });
            if pick.is_some() {
                ui.close();
            }
        });
        pick
    }
}

impl Entry {
    fn row(&self, ui: &mut Ui, place: usize, running: bool) -> Option<Pick> {
        let palette = style::palette(ui);
        let line = self.line();
        let name = format!("{} {}", line.split_whitespace().collect::<Vec<_>>().join(" "), self.end.text());
        let url = self.view.hops.first().map_or("", |hop| &hop.url);
        let hover = if self.gone { format!("{url}\n{}", t("history-body-gone")) } else { url.to_owned() };
        let text = RichText::new(line).monospace().small();
        let text = if self.gone { text.weak() } else { text };
        let show = ui.add_enabled(!running, Button::selectable(false, text)).on_hover_text(hover);
        let show = show.on_disabled_hover_text(t("history-running"));
        let mut pick = show.accessible_name(name).clicked().then_some(Pick::Show(place));
        let sign = ui.label(RichText::new("●").small().color(self.end.colour(palette)));
        sign.on_hover_text(self.end.text());
        let fill = Button::new(RichText::new(t("history-fill-in")).small());
        if ui.add_enabled(!running, fill).on_hover_text(t("history-fill-in-hover")).clicked() {
            pick = Some(Pick::FillIn(place));
        }
        pick
    }
}

/// What a body takes on the disk, in bytes.
fn kept_len(body: &Arc<Body>) -> u64 {
    body.len() + body.transferred().map_or(0, |one| one.len())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::net::fetch::{Fetch, Options};
    use crate::net::report::Waker;
    use crate::net::spawn;
    use crate::recording::Recorder;

    /// A fetch of ten bytes that is over.
    fn entry() -> Entry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let request = Request::get(&format!("http://{}/", listener.local_addr().expect("address")));
        let fetch = Fetch::start(request.clone(), Options::default(), &Recorder::new(1 << 20), Waker::none());
        let (mut stream, _) = listener.accept().expect("connection");
        let server = spawn("server", move || {
            assert!(stream.read(&mut [0; 1_000]).expect("request") > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789").expect("sent");
        });
        server.expect("thread").join().expect("server");
        assert!(fetch.inbox().wait_end(std::time::Duration::from_secs(20)));
        Entry::new(SystemTime::now(), request, fetch.view(View::clone), fetch.progress()).expect("over")
    }

    #[test]
    fn the_oldest_go_first_and_their_bodies_before_them() {
        let mut history = History((0..4).map(|_| entry()).collect());
        let gone = |history: &History| history.0.iter().map(|one| one.gone).collect::<Vec<_>>();
        let most = Most { entries: 4, bodies: 40, heads: 1 << 20 };
        history.trim(most);
        assert_eq!(gone(&history), [false; 4]);
        history.trim(Most { bodies: 39, ..most });
        assert_eq!(gone(&history), [true, false, false, false]);
        history.trim(Most { bodies: 20, ..most });
        assert_eq!(gone(&history), [true, true, false, false]);
        let first = &history.0[0];
        assert_eq!((first.body().is_none(), first.end, first.size), (true, End::Complete, 10));
        assert!(first.line().contains("GET     200  http://127.0.0.1:"), "{}", first.line());
        // The newest one stays: it is what is shown.
        history.trim(Most { bodies: 0, ..most });
        assert_eq!(gone(&history), [true, true, true, false]);
        history.trim(Most { entries: 3, ..most });
        assert_eq!(gone(&history), [true, true, false]);
        history.trim(Most { heads: 0, ..most });
        assert_eq!(gone(&history), [false]);
    }
}
