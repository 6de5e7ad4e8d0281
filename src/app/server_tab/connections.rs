//! The table of connections: which are shown in which order, which are chosen, and what is done with those.

mod listing;
mod message;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use egui::{RichText, Role, ScrollArea, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::app::style;
use crate::app::widgets::hint;
use crate::app::widgets::log_list::short_clock;
use crate::i18n::{bytes, count, t, tf};
use crate::net::server::{Connection, Server};

use listing::{How, Listing, Row, doing_text};
use message::{Message, To};

/// The columns of the table with the least width that each needs, in points.
const COLUMNS: [(&str, f32); 9] = [
    ("column-number", 66.0),
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
#[derive(Debug, Default)]
pub(super) struct Connections {
    listing: Listing,
    how: How,
    chosen: BTreeSet<u64>,
    /// The one that was chosen last: its wire is shown. The newest if none was.
    last: Option<u64>,
    message: Message,
    /// What became of the last thing that was done, and whether it went wrong.
    said: Option<(String, bool)>,
}

/// What is done with the chosen connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Of this connection.
    Wire(u64),
    Write,
    WriteAll,
    HalfClose,
    Disconnect,
    Reset,
    Hold,
    GoOn,
    CopyAddress,
    All,
}

impl Act {
    /// Those that can be done whichever are chosen.
    const ALL: [(Self, &str); 9] = [
        (Self::Write, "act-write"),
        (Self::WriteAll, "act-write-all"),
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
        *self = Self { message: self.message.renewed(), ..Self::default() };
    }

    /// Closes the window of the message.
    pub(super) fn leave(&mut self) {
        self.message.close();
    }

    /// Closes the window of the message on Escape, before anything below it sees the key.
    pub(super) fn take_escape(&mut self, ctx: &egui::Context) {
        self.message.take_escape(ctx);
    }

    /// A line for the log, once.
    pub(super) fn take_said(&mut self) -> Option<(String, bool)> {
        self.said.take()
    }

    /// Lists what the server has now, if it was not done just before.
    pub(super) fn keep_up(&mut self, ctx: &egui::Context, server: Option<&Server>) {
        match self.listing.keep_up(server, &self.how) {
            // What came meanwhile must be seen, too.
            Err(rest) => ctx.request_repaint_after(rest),
            Ok(true) => self.chosen.retain(|id| self.listing.find(*id).is_some()),
            Ok(false) => {}
        }
        if let Some(said) = self.message.send_some(ctx) {
            self.said = Some(said);
        }
    }

    /// The connection whose wire is shown.
    pub(super) fn shown(&self) -> Option<&Arc<Connection>> {
        let last = self.last.and_then(|id| self.listing.find(id));
        last.or_else(|| self.listing.all.last())
    }

    /// Those that are chosen; the one whose wire is shown if there are none.
    fn chosen(&self) -> Vec<&Arc<Connection>> {
        if self.chosen.is_empty() {
            return self.shown().into_iter().collect();
        }
        self.chosen.iter().filter_map(|id| self.listing.find(*id)).collect()
    }

    /// Those to which a message would go.
    fn open(&self, to: To) -> Vec<Arc<Connection>> {
        let is_open = |one: &&Arc<Connection>| one.ended().is_none();
        match to {
            To::Chosen => self.chosen().into_iter().filter(is_open).cloned().collect(),
            To::All => self.listing.all.iter().filter(is_open).cloned().collect(),
        }
    }

    /// Shows the table with what is above it, as of the last [`Connections::keep_up`]; `plots` can be switched on and off.
    pub(super) fn ui(&mut self, ui: &mut Ui, running: bool, plots: &mut bool) {
        let mut act = None;
        ui.horizontal(|ui| act = self.top(ui, plots));
        let waiting = &self.listing.waiting;
        if !waiting.is_empty() {
            let who: Vec<_> = waiting.iter().take(3).map(ToString::to_string).collect();
            let more = if waiting.len() > who.len() { " …" } else { "" };
            let text = tf("waiting", &[("n", waiting.len().into()), ("who", (who.join(", ") + more).into())]);
            let text = RichText::new(text).color(style::palette(ui).warn);
            ui.add(egui::Label::new(text).truncate()).on_hover_text(t("waiting-hover"));
        }
        style::well(ui).show(ui, |ui| {
            ui.take_available_space();
            if self.is_empty() {
                hint(ui, t(if running { "no-connections-yet" } else { "no-connections" }));
                return;
            }
            if self.listing.len() == 0 {
                hint(ui, t("filter-none"));
                return;
            }
            let width = ui.available_width();
            ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                act = act.or(self.table(ui, width));
            });
        });
        if let Some(act) = act {
            self.act(ui, act);
        }
        let mut message = std::mem::take(&mut self.message);
        message.ui(ui.ctx(), |to| self.open(to));
        self.message = message;
    }

    /// Nobody is or was here, or waits.
    fn is_empty(&self) -> bool {
        self.listing.all.is_empty() && self.listing.waiting.is_empty()
    }

    /// How many there are, and what is done with them.
    fn top(&mut self, ui: &mut Ui, plots: &mut bool) -> Option<Act> {
        let mut act = None;
        let totals = self.listing.totals;
        ui.strong(tf("connections", &[("count", count(totals.open).into())])).on_hover_text(t("connections-hover"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let switch = egui::Button::selectable(*plots, t("throughput-show")).frame_when_inactive(true);
            *plots ^= ui.add(switch).on_hover_text(t("throughput-show-hover")).clicked();
            if self.is_empty() {
                return;
            }
            let number = self.shown().map_or(0, |one| one.id);
            let title = tf("act-with", &[("n", self.chosen.len().max(1).into()), ("number", number.into())]);
            let menu = ui.menu_button(title, |ui| act = act.or(menu(ui)));
            menu.response.on_hover_text(t("act-with-hover"));
            let filter = TextEdit::singleline(&mut self.how.filter).desired_width(FILTER).hint_text(t("filter-hint"));
            ui.add(filter).on_hover_text(t("filter-hover")).accessible_name(t("filter"));
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = tf("totals-in-all", &[("totals", totals.text().into())]);
                ui.add(egui::Label::new(RichText::new(text).small().weak()).truncate());
            });
        });
        act
    }

    fn table(&mut self, ui: &mut Ui, width: f32) -> Option<Act> {
        let mut table = TableBuilder::new(ui).striped(true).sense(Sense::click()).id_salt("connections");
        table = table.cell_layout(egui::Layout::left_to_right(egui::Align::Center)).auto_shrink(false);
        table = table.min_scrolled_height(0.0);
        // As wide as the window allows, but never so narrow that an IPv4 address is cut: then it scrolls.
        let scale = (width / COLUMNS.iter().map(|(_, width)| width + 4.0).sum::<f32>()).max(1.0);
        for (_, width) in COLUMNS {
            table = table.column(Column::initial(width * scale).at_least(40.0).clip(true).resizable(true));
        }
        let mut act = None;
        let mut pressed = None;
        table
            .header(style::ROW + 2.0, |mut row| {
                for (column, (id, _)) in COLUMNS.into_iter().enumerate() {
                    row.col(|ui| self.heading(ui, column, id));
                }
            })
            .body(|body| {
                let shown = self.shown().map(|one| one.id).filter(|_| self.chosen.is_empty());
                body.rows(style::ROW + 6.0, self.listing.len(), |mut row| {
                    let index = row.index();
                    match self.listing.row(index) {
                        Some(Row::Connection(one)) => {
                            let is_chosen = shown == Some(one.id) || self.chosen.contains(&one.id);
                            let (press, wanted) = connection_row(&mut row, one, is_chosen);
                            act = act.or(wanted);
                            if press != Press::None {
                                pressed = Some((index, one.id, press));
                            }
                        }
                        Some(Row::Waiting(who)) => waiting_row(&mut row, who),
                        None => {}
                    }
                });
            });
        if let Some((index, id, press)) = pressed {
            self.choose(ui, index, id, press);
        }
        act
    }

    /// The name of a column, which sorts by it.
    fn heading(&mut self, ui: &mut Ui, column: usize, id: &str) {
        let sign = match (self.how.sorted_by == column, self.how.descending) {
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
            self.how.descending = if self.how.sorted_by == column { !self.how.descending } else { first };
            self.how.sorted_by = column;
        }
    }

    /// What a press on a row chooses: that one alone, with Ctrl one more or less, with Shift all between.
    fn choose(&mut self, ui: &Ui, index: usize, id: u64, press: Press) {
        let modifiers = ui.input(|input| input.modifiers);
        match press {
            Press::Clicked if modifiers.command => {
                if self.chosen.is_empty() {
                    self.chosen.extend(self.last);
                }
                if !self.chosen.remove(&id) {
                    self.chosen.insert(id);
                }
            }
            Press::Clicked if modifiers.shift => {
                if let Some(from) = self.last.and_then(|last| self.listing.row_of(last)) {
                    let between = from.min(index)..=from.max(index);
                    self.chosen = self.listing.between(between).map(|one| one.id).collect();
                    return;
                }
                self.chosen = BTreeSet::from([id]);
            }
            _ => self.chosen = BTreeSet::from([id]),
        }
        self.last = Some(id);
    }

    fn act(&mut self, ui: &Ui, act: Act) {
        let chosen = self.chosen();
        match act {
            Act::Wire(id) => self.last = Some(id),
            Act::Write => self.message.open(To::Chosen),
            Act::WriteAll => self.message.open(To::All),
            Act::HalfClose => chosen.iter().for_each(|one| one.half_close()),
            Act::Disconnect => chosen.iter().for_each(|one| one.disconnect()),
            Act::Reset => chosen.iter().for_each(|one| one.reset()),
            Act::Hold => chosen.iter().for_each(|one| one.hold(true)),
            Act::GoOn => chosen.iter().for_each(|one| one.hold(false)),
            Act::CopyAddress => {
                let lines: Vec<_> = chosen.iter().map(|one| one.ends.peer.to_string()).collect();
                ui.copy_text(lines.join("\n"));
            }
            Act::All => {
                self.chosen = self.listing.between(0..=self.listing.len()).map(|one| one.id).collect();
            }
        }
    }
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    None,
    Clicked,
    /// By keyboard, or by the button that opens its menu.
    Focused,
}

/// The row of a connection; what was pressed in it, and what is to be done.
fn connection_row(row: &mut TableRow<'_, '_>, one: &Connection, is_chosen: bool) -> (Press, Option<Act>) {
    row.set_selected(is_chosen);
    let open = one.ended().is_none();
    let (mut press, mut act) = (Press::None, None);
    row.col(|ui| press = number_button(ui, one, is_chosen));
    for text in cells(one) {
        row.col(|ui| cell(ui, text, !open));
    }
    let response = row.response();
    if response.secondary_clicked() && !is_chosen {
        press = Press::Focused;
    } else if response.clicked() {
        press = Press::Clicked;
    }
    response.context_menu(|ui| {
        let wire = item(ui, "act-wire").then_some(Act::Wire(one.id));
        act = wire.or_else(|| menu(ui));
    });
    (press, act)
}

/// The row of a client that nobody has accepted yet.
fn waiting_row(row: &mut TableRow<'_, '_>, who: SocketAddr) {
    let mut cells = [const { String::new() }; COLUMNS.len()];
    (cells[0], cells[1], cells[4]) = (t("row-no-number"), who.to_string(), t("row-waiting"));
    for text in cells {
        row.col(|ui| cell(ui, text, true));
    }
}

fn cell(ui: &mut Ui, text: String, weak: bool) {
    let shown = if weak { RichText::new(&text).weak() } else { RichText::new(&text) };
    ui.add(egui::Label::new(shown).selectable(false).truncate()).on_hover_text(text);
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
        if item(ui, id) {
            chosen = Some(act);
        }
    }
    chosen
}

/// An entry of a menu; whether it was pressed.
fn item(ui: &mut Ui, id: &str) -> bool {
    let pressed = ui.button(t(id)).on_hover_text(t(&format!("{id}-hover"))).clicked();
    if pressed {
        // Also where it was pressed by keyboard or screen reader.
        ui.close();
    }
    pressed
}

fn cells(one: &Connection) -> [String; 8] {
    [
        one.ends.peer.to_string(),
        one.ends.local.to_string(),
        one.thread().to_owned(),
        doing_text(one),
        bytes(one.bytes_in()),
        bytes(one.bytes_out()),
        count(one.greetings()),
        short_clock(one.since()),
    ]
}
