//! The table of connections: which are shown in which order, which are chosen, and what is done with those.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use egui::{RichText, Role, ScrollArea, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::style;
use crate::app::widgets::log_list::short_clock;
use crate::app::widgets::wire::Typed;
use crate::app::widgets::{dialog, entered, hint, take_escape, weak};
use crate::i18n::{bytes, count, t, tf};
use crate::net::server::{Connection, Doing, Server};
use crate::recording::encoding::Encoding;

/// The columns of the table with the least width that each needs, in points.
const COLUMNS: [(&str, f32); 9] = [
    ("column-number", 44.0),
    ("column-client", 134.0),
    ("column-server", 134.0),
    ("column-thread", 58.0),
    ("column-doing", 118.0),
    ("column-in", 56.0),
    ("column-out", 56.0),
    ("column-greeted", 56.0),
    ("column-since", 60.0),
];

/// Width of the field that filters, in points.
const FILTER: f32 = 130.0;

/// What the table remembers.
#[derive(Debug)]
pub(super) struct Connections {
    chosen: BTreeSet<u64>,
    /// The one that was chosen last: its wire is shown. The newest if none was.
    last: Option<u64>,
    /// The column by which they are sorted.
    sorted_by: usize,
    descending: bool,
    filter: String,
    /// The window in which a message is written is open.
    writing: bool,
    message: Typed,
    /// What became of the last thing that was done, and whether it went wrong.
    said: Option<(String, bool)>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            chosen: BTreeSet::new(),
            last: None,
            sorted_by: 0,
            // The newest first: it is the one that a person looks for.
            descending: true,
            filter: String::new(),
            writing: false,
            message: Typed::default(),
            said: None,
        }
    }
}

/// What is done with the chosen connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Write,
    HalfClose,
    Disconnect,
    Reset,
    Hold,
    GoOn,
    CopyAddress,
    All,
}

impl Act {
    const ALL: [(Self, &str); 8] = [
        (Self::Write, "act-write"),
        (Self::HalfClose, "act-half-close"),
        (Self::Disconnect, "act-disconnect"),
        (Self::Reset, "act-reset"),
        (Self::Hold, "act-hold"),
        (Self::GoOn, "act-go-on"),
        (Self::CopyAddress, "act-copy-address"),
        (Self::All, "act-all"),
    ];
}

impl Connections {
    /// Forgets those of a server that was there before.
    pub(super) fn clear(&mut self) {
        *self = Self { message: std::mem::take(&mut self.message), ..Self::default() };
    }

    /// Closes the window of the message.
    pub(super) fn leave(&mut self) {
        self.writing = false;
    }

    /// Closes the window of the message on Escape, before anything below it sees the key.
    pub(super) fn take_escape(&mut self, ctx: &egui::Context) {
        if self.writing && take_escape(ctx) {
            self.writing = false;
        }
    }

    /// A line for the log, once.
    pub(super) fn take_said(&mut self) -> Option<(String, bool)> {
        self.said.take()
    }

    /// The connection whose wire is shown.
    pub(super) fn shown<'a>(&self, all: &'a [Arc<Connection>]) -> Option<&'a Arc<Connection>> {
        let last = self.last.and_then(|id| find(all, id));
        last.or_else(|| all.last())
    }

    /// Those that are chosen; the one whose wire is shown if there are none.
    fn chosen<'a>(&self, all: &'a [Arc<Connection>]) -> Vec<&'a Arc<Connection>> {
        let chosen: Vec<_> = self.chosen.iter().filter_map(|id| find(all, *id)).collect();
        if chosen.is_empty() { self.shown(all).into_iter().collect() } else { chosen }
    }

    /// Shows the table with what is above it. `all` are in the order of their numbers; `plots` can be switched on and off.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        all: &[Arc<Connection>],
        server: Option<&Server>,
        running: bool,
        plots: &mut bool,
    ) {
        let totals = &server.map(Server::totals).unwrap_or_default();
        let mut act = None;
        ui.horizontal(|ui| {
            ui.strong(tf("connections", &[("count", count(totals.open).into())])).on_hover_text(t("connections-hover"));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let switch = egui::Button::selectable(*plots, t("throughput-show")).frame_when_inactive(true);
                *plots ^= ui.add(switch).on_hover_text(t("throughput-show-hover")).clicked();
                if all.is_empty() {
                    return;
                }
                let many = self.chosen(all).len();
                let title =
                    tf("act-with", &[("n", many.into()), ("number", self.shown(all).map_or(0, |one| one.id).into())]);
                let menu = ui.menu_button(title, |ui| act = act.or(menu(ui)));
                menu.response.on_hover_text(t("act-with-hover"));
                let filter = TextEdit::singleline(&mut self.filter).desired_width(FILTER).hint_text(t("filter-hint"));
                ui.add(filter).on_hover_text(t("filter-hover")).accessible_name(t("filter"));
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let text = tf("totals-in-all", &[("totals", totals.text().into())]);
                    ui.add(egui::Label::new(RichText::new(text).small().weak()).truncate());
                });
            });
        });
        let waiting = server.map(Server::waiting).unwrap_or_default();
        if !waiting.is_empty() {
            let who: Vec<_> = waiting.iter().take(3).map(ToString::to_string).collect();
            let more = if waiting.len() > who.len() { " …" } else { "" };
            let text = tf("waiting", &[("n", waiting.len().into()), ("who", (who.join(", ") + more).into())]);
            let text = RichText::new(text).color(style::palette(ui).warn);
            ui.add(egui::Label::new(text).truncate()).on_hover_text(t("waiting-hover"));
        }
        let rows = self.rows(all);
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if all.is_empty() {
                hint(ui, t(if running { "no-connections-yet" } else { "no-connections" }));
                return;
            }
            if rows.is_empty() {
                hint(ui, t("filter-none"));
                return;
            }
            let width = ui.available_width();
            ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                act = act.or(self.table(ui, &rows, all, width));
            });
        });
        if let Some(act) = act {
            self.act(ui, act, &rows, all);
        }
        self.message_window(ui.ctx(), all);
    }

    /// Those that the filter lets through, in their order.
    fn rows<'a>(&self, all: &'a [Arc<Connection>]) -> Vec<&'a Arc<Connection>> {
        let wanted = self.filter.trim().to_lowercase();
        let mut rows: Vec<_> = all.iter().filter(|one| wanted.is_empty() || fits(one, &wanted)).collect();
        // By their numbers they are sorted already.
        if self.sorted_by > 0 {
            rows.sort_by_cached_key(|one| SortKey::new(one, self.sorted_by));
        }
        if self.descending {
            rows.reverse();
        }
        rows
    }

    fn table(&mut self, ui: &mut Ui, rows: &[&Arc<Connection>], all: &[Arc<Connection>], width: f32) -> Option<Act> {
        let mut table = TableBuilder::new(ui).striped(true).sense(Sense::click()).id_salt("connections");
        table = table.cell_layout(egui::Layout::left_to_right(egui::Align::Center)).auto_shrink(false);
        table = table.min_scrolled_height(0.0);
        // As wide as the window allows, but never so narrow that an IPv4 address is cut: then it scrolls.
        let scale = (width / COLUMNS.iter().map(|(_, width)| width + 4.0).sum::<f32>()).max(1.0);
        for (_, width) in COLUMNS {
            table = table.column(Column::initial(width * scale).at_least(40.0).clip(true).resizable(true));
        }
        let mut act = None;
        let chosen: BTreeSet<u64> = self.chosen(all).iter().map(|one| one.id).collect();
        let mut pressed = None;
        table
            .header(style::ROW + 2.0, |mut row| {
                for (column, (id, _)) in COLUMNS.into_iter().enumerate() {
                    row.col(|ui| self.heading(ui, column, id));
                }
            })
            .body(|body| {
                body.rows(style::ROW + 6.0, rows.len(), |mut row| {
                    let index = row.index();
                    let one = rows[index];
                    let is_chosen = chosen.contains(&one.id);
                    row.set_selected(is_chosen);
                    let open = one.ended().is_none();
                    let mut press = Press::None;
                    row.col(|ui| press = number_button(ui, one, is_chosen));
                    for cell in cells(one) {
                        row.col(|ui| {
                            let text = if open { RichText::new(&cell) } else { RichText::new(&cell).weak() };
                            let label = ui.add(egui::Label::new(text).selectable(false).truncate());
                            label.on_hover_text(cell);
                        });
                    }
                    let response = row.response();
                    if response.secondary_clicked() && !is_chosen {
                        press = Press::Focused;
                    } else if response.clicked() {
                        press = Press::Clicked;
                    }
                    response.context_menu(|ui| act = act.or(menu(ui)));
                    if press != Press::None {
                        pressed = Some((index, press));
                    }
                });
            });
        if let Some((index, press)) = pressed {
            self.choose(ui, rows, index, press);
        }
        act
    }

    /// The name of a column, which sorts by it.
    fn heading(&mut self, ui: &mut Ui, column: usize, id: &str) {
        let sign = match (self.sorted_by == column, self.descending) {
            (false, _) => "",
            (true, true) => " ↓",
            (true, false) => " ↑",
        };
        let text = RichText::new(t(id) + sign).small().weak();
        let button = ui.add(egui::Button::new(text).frame(false).truncate());
        let hover = tf("sort-by-column", &[("column", t(&format!("{id}-hover")).into())]);
        if button.on_hover_text(hover).clicked() {
            // The largest and latest first, unless it is a name.
            let first = !(1..=3).contains(&column);
            self.descending = if self.sorted_by == column { !self.descending } else { first };
            self.sorted_by = column;
        }
    }

    /// What a press on a row chooses: that one alone, with Ctrl one more or less, with Shift all between.
    fn choose(&mut self, ui: &Ui, rows: &[&Arc<Connection>], index: usize, press: Press) {
        let id = rows[index].id;
        let modifiers = ui.input(|input| input.modifiers);
        if press == Press::Clicked && modifiers.command {
            if self.chosen.is_empty() {
                self.chosen.extend(self.last);
            }
            if !self.chosen.remove(&id) {
                self.chosen.insert(id);
            }
        } else if press == Press::Clicked
            && modifiers.shift
            && let Some(from) = self.last.and_then(|last| rows.iter().position(|one| one.id == last))
        {
            self.chosen = rows[from.min(index)..=from.max(index)].iter().map(|one| one.id).collect();
            return;
        } else {
            self.chosen = BTreeSet::from([id]);
        }
        self.last = Some(id);
    }

    fn act(&mut self, ui: &Ui, act: Act, rows: &[&Arc<Connection>], all: &[Arc<Connection>]) {
        let chosen = self.chosen(all);
        match act {
            Act::Write => self.writing = true,
            Act::HalfClose => chosen.iter().for_each(|one| one.half_close()),
            Act::Disconnect => chosen.iter().for_each(|one| one.disconnect()),
            Act::Reset => chosen.iter().for_each(|one| one.reset()),
            Act::Hold => chosen.iter().for_each(|one| one.hold(true)),
            Act::GoOn => chosen.iter().for_each(|one| one.hold(false)),
            Act::CopyAddress => {
                let lines: Vec<_> = chosen.iter().map(|one| one.ends.peer.to_string()).collect();
                ui.copy_text(lines.join("\n"));
            }
            Act::All => self.chosen = rows.iter().map(|one| one.id).collect(),
        }
    }

    /// The window in which a message to the chosen connections is written.
    fn message_window(&mut self, ctx: &egui::Context, all: &[Arc<Connection>]) {
        let open: Vec<_> = self.chosen(all).into_iter().filter(|one| one.ended().is_none()).collect();
        let (mut stay, mut send) = (self.writing, None);
        dialog(t("message-title"), &mut stay).show(ctx, |ui| {
            ui.set_width(440.0);
            ui.label(tf("message-to", &[("n", open.len().into())]));
            ui.horizontal(|ui| {
                let field = self.message.ui(ui, "message-bytes", 300.0, Encoding::Utf8);
                let message = self.message.bytes(Encoding::Utf8).ok().filter(|message| !message.is_empty());
                let ready = message.is_some() && !open.is_empty();
                let is_entered = entered(ui, &field);
                let button = ui.add_enabled(ready, egui::Button::new(t("message-send")));
                if (button.clicked() || is_entered) && ready {
                    send = message;
                }
            });
            let size = self.message.bytes(Encoding::Utf8).map_or(0, |message| message.len());
            weak(ui, tf("message-size", &[("size", bytes(size as u64).into())]));
        });
        self.writing = stay;
        if let Some(message) = send {
            let mut failed = None;
            let sent =
                open.iter().filter(|one| one.send(&message).map_err(|error| failed = Some(error)).is_ok()).count();
            let size = bytes(message.len() as u64);
            self.said = Some(match failed {
                Some(error) => (error.to_string(), true),
                None => (tf("message-sent", &[("size", size.into()), ("n", sent.into())]), false),
            });
        }
    }
}

/// `all` are in the order of their numbers.
fn find(all: &[Arc<Connection>], id: u64) -> Option<&Arc<Connection>> {
    all.binary_search_by_key(&id, |one| one.id).ok().map(|at| &all[at])
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    None,
    Clicked,
    /// By keyboard, or by the button that opens its menu.
    Focused,
}

/// `#3`, which can be reached by keyboard: the wire follows the focus.
fn number_button(ui: &mut Ui, one: &Connection, chosen: bool) -> Press {
    let response = ui.add(egui::Button::selectable(chosen, format!("#{}", one.id)));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_role(Role::Button));
    if response.clicked() {
        Press::Clicked
    } else if response.gained_focus() && !ui.input(|input| input.pointer.any_down()) {
        Press::Focused
    } else {
        Press::None
    }
}

fn menu(ui: &mut Ui) -> Option<Act> {
    let mut chosen = None;
    for (act, id) in Act::ALL {
        if matches!(act, Act::HalfClose | Act::Hold | Act::CopyAddress) {
            ui.separator();
        }
        if ui.button(t(id)).on_hover_text(t(&format!("{id}-hover"))).clicked() {
            chosen = Some(act);
            // Also where it was pressed by keyboard or screen reader.
            ui.close();
        }
    }
    chosen
}

/// Whether some cell of a row has this text, in lower case.
fn fits(one: &Connection, wanted: &str) -> bool {
    let number = format!("#{}", one.id);
    number == wanted
        || one.ends.peer.to_string().contains(wanted)
        || one.ends.local.to_string().contains(wanted)
        || one.thread.contains(wanted)
        || doing_text(one).to_lowercase().contains(wanted)
}

/// What a row is sorted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(u64),
    Address(std::net::SocketAddr),
    Doing(u8, std::time::Duration),
    Time(SystemTime),
}

impl SortKey {
    fn new(one: &Connection, column: usize) -> Self {
        match column {
            1 => Self::Address(one.ends.peer),
            2 => Self::Address(one.ends.local),
            4 => {
                let (doing, time) = one.doing();
                Self::Doing(doing as u8, time)
            }
            5 => Self::Number(one.bytes_in()),
            6 => Self::Number(one.bytes_out()),
            7 => Self::Number(one.greetings()),
            8 => Self::Time(one.since),
            _ => Self::Number(one.id),
        }
    }
}

fn doing_text(one: &Connection) -> String {
    let (doing, time) = one.doing();
    match one.ended() {
        Some(ended) => tf("closed-how", &[("how", ended.text().into())]),
        None if doing == Doing::Closed => doing.text(),
        None if doing == Doing::Reading && one.is_held() => t("held-soon"),
        None => {
            let seconds = format!("{:.1}", time.as_secs_f64());
            tf("doing-for", &[("doing", doing.text().into()), ("seconds", seconds.into())])
        }
    }
}

fn cells(one: &Connection) -> [String; 8] {
    [
        one.ends.peer.to_string(),
        one.ends.local.to_string(),
        one.thread.clone(),
        doing_text(one),
        bytes(one.bytes_in()),
        bytes(one.bytes_out()),
        count(one.greetings()),
        short_clock(one.since),
    ]
}
