//! A list of rows of one height, as long as it likes: only the visible rows are drawn.
//!
//! The place is kept as the number of the top row, not as a distance in points: that would be exact for some 100,000
//! rows only. So the list moves by whole rows, and the number of rows costs nothing.

use std::ops::Range;

use egui::accesskit::{Action, ActionData};
use egui::emath::GuiRounding;
use egui::{Align, EventFilter, Id, Key, Layout, Modifiers, Rangef, Rect, Response, Role, Sense, StrokeKind, Ui};
use egui::{UiBuilder, WidgetInfo, pos2};

use crate::app::style;

/// Where a list stands. A new one stands at the end if it follows, else at the start.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The number of the row at the top edge.
    top: u64,
    /// A row before the end is being looked at: what comes shall not push it away.
    away: bool,
    /// Away although the last row is in view, because a row was asked for.
    pinned: bool,
    /// What the wheel turned that was too little for a row, in points; down is positive.
    turned: f32,
    /// The row to bring into view.
    wanted: Option<u64>,
    /// The row to put at the top edge.
    wanted_top: Option<u64>,
    hold: Option<Hold>,
}

/// What the pointer holds of the scroll bar.
#[derive(Clone, Copy, Debug)]
enum Hold {
    /// The handle, at this part of its length; the list was last moved with the pointer at this height.
    Handle { part: f32, y: f32 },
    /// The trough: a press is one page, however long it lasts.
    Trough,
}

/// The rows that exist, and how many of them fit.
#[derive(Debug)]
struct Extent {
    all: Range<u64>,
    /// Whole rows that fit; at least one.
    fit: u64,
    /// Rows that are at least partly in view when there are enough of them.
    partly: u64,
}

impl Extent {
    fn new(all: Range<u64>, height: f32) -> Self {
        // Heights are sums of fractions: a row that lacks a hundredth is whole.
        let rows = height / style::ROW;
        let fit = ((rows + 0.01).floor() as u64).max(1);
        Self { all: all.start..all.end.max(all.start), fit, partly: ((rows - 0.01).ceil() as u64).max(fit) }
    }

    /// The top row when the last row is in view, and whole.
    fn end_top(&self) -> u64 {
        self.all.end.saturating_sub(self.fit).max(self.all.start)
    }

    /// How many rows the top can move.
    fn span(&self) -> u64 {
        self.end_top() - self.all.start
    }

    /// A page keeps one row of the page before.
    fn page(&self) -> u64 {
        (self.fit - 1).max(1)
    }
}

/// Where the handle of the scroll bar can go.
#[derive(Clone, Copy, Debug)]
struct Track {
    y: Rangef,
    /// Length of the handle.
    handle: f32,
}

impl Track {
    fn new(y: Rangef, least: f32, extent: &Extent) -> Self {
        let count = (extent.all.end - extent.all.start).max(1);
        let part = extent.fit as f64 / count as f64;
        Self { y, handle: ((f64::from(y.span()) * part) as f32).max(least).min(y.span()) }
    }

    /// How far the handle can move.
    fn travel(&self) -> f32 {
        self.y.span() - self.handle
    }

    /// The top of the handle when `top` is the top row.
    fn handle_top(&self, top: u64, extent: &Extent) -> f32 {
        let part = (top - extent.all.start) as f64 / extent.span().max(1) as f64;
        self.y.min + (f64::from(self.travel()) * part) as f32
    }

    /// The top of the handle when the pointer at `y` holds it at `part` of its length.
    fn held_top(&self, y: f32, part: f32) -> f32 {
        (y - part * self.handle).clamp(self.y.min, self.y.min + self.travel())
    }

    /// The top row when the handle's top is at `y`.
    fn row(&self, y: f32, extent: &Extent) -> u64 {
        let way = y - self.y.min;
        // The very bottom is the end, whatever became of the last fraction.
        if way + 0.5 >= self.travel() {
            return extent.end_top();
        }
        let part = f64::from(way) / f64::from(self.travel());
        extent.all.start + (part * extent.span() as f64).round() as u64
    }
}

impl Rows {
    /// Shows the rows of `all`, filling the space there is, and gives what `draw` gives.
    ///
    /// `all` are the numbers of the rows that exist. Both ends may move between frames: a row keeps its number when
    /// older rows go. With `follow` the list stays at the end while it is there. `name` is the accessible name of the
    /// list and of its scroll bar, and tells lists in the same `Ui` apart.
    ///
    /// `draw` is called once, with the numbers of the rows in view and a `Ui` for them: the first row begins at its top
    /// edge, each is [`style::ROW`] high, and the last may be cut at the bottom. A widget of its own for each row, like
    /// [`super::list_row`], keeps what egui remembers of it when the list moves.
    pub fn ui<R>(
        &mut self,
        ui: &mut Ui,
        name: &str,
        all: Range<u64>,
        follow: bool,
        draw: impl FnOnce(&mut Ui, Range<u64>) -> R,
    ) -> R {
        let outer = space(ui);
        let right = (outer.max.x - Self::bar_width(ui)).max(outer.min.x);
        let area = Rect::from_min_max(outer.min, pos2(right, outer.max.y));
        let extent = Extent::new(all, area.height());
        self.place(&extent, follow);

        // Before its rows, so that these are above it.
        let list = ui.interact(area, ui.make_persistent_id((name, "rows")), Sense::click());
        if list.clicked() || (list.enabled() && list.container_clicked()) {
            list.request_focus();
        }
        list.widget_info(|| WidgetInfo::labeled(Role::List, ui.is_enabled(), name));
        self.keys(ui, &list, &extent);
        self.wheel(ui, outer, &extent);
        self.bar(ui, name, outer, &extent);
        self.pinned &= self.top == extent.end_top();
        self.away = self.pinned || self.top < extent.end_top();

        let layout = Layout::top_down(Align::Min);
        let builder = UiBuilder::new().id_salt((name, "content")).max_rect(area).layout(layout);
        let mut content = ui.new_child(builder.accessibility_parent(list.id));
        content.shrink_clip_rect(area);
        content.spacing_mut().item_spacing.y = 0.0;
        content.spacing_mut().interact_size.y = style::ROW;
        // A row's widget stays the same widget wherever the row is shown.
        content.skip_ahead_auto_ids(self.top as usize);
        let result = draw(&mut content, self.top..self.top.saturating_add(extent.partly).min(extent.all.end));

        if list.has_focus() {
            let visuals = ui.visuals();
            let (ring, radius) = (outer.expand(style::RING), visuals.widgets.active.corner_radius);
            ui.painter().rect_stroke(ring, radius, visuals.selection.stroke, StrokeKind::Inside);
        }
        ui.advance_cursor_after_rect(outer);
        result
    }

    /// Brings a row into view at the next [`Rows::ui`], about a third from the top if it is not in view already. New
    /// rows do not push it away, unless it is the last row. A number past the end is the last row.
    pub fn scroll_to(&mut self, row: u64) {
        self.wanted = Some(row);
    }

    /// A list that stands at the start although it follows the end once it is there.
    #[must_use]
    pub fn at_start() -> Self {
        Self { away: true, pinned: true, ..Self::default() }
    }

    /// Puts a row at the top edge at the next [`Rows::ui`]: the row that is there has this number now.
    pub fn set_top(&mut self, row: u64) {
        self.wanted_top = Some(row);
    }

    /// Whether the list stands at its end, where new rows are followed; as of the last [`Rows::ui`].
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        !self.away
    }

    /// The number of the row at the top edge, as of the last [`Rows::ui`].
    #[must_use]
    pub fn top(&self) -> u64 {
        self.top
    }

    /// How much of the width the scroll bar takes, in points; also when there is nothing to scroll, so that the rows
    /// keep their width.
    #[must_use]
    pub fn bar_width(ui: &Ui) -> f32 {
        ui.spacing().scroll.allocated_width()
    }

    /// Before anyone moves it: at the row that is wanted, at the end, or where it was if that still exists.
    fn place(&mut self, extent: &Extent, follow: bool) {
        if extent.all.is_empty() {
            *self = Self { top: extent.all.start, ..Self::default() };
            return;
        }
        let last = extent.all.end - 1;
        if let Some(top) = self.wanted_top.take() {
            self.top = top;
            self.pinned = top >= extent.end_top();
            self.away = true;
        }
        if let Some(row) = self.wanted.take() {
            let row = row.clamp(extent.all.start, last);
            self.pinned = row != last;
            if row == last {
                self.top = extent.end_top();
            } else if row < self.top || row - self.top >= extent.fit {
                self.top = row.saturating_sub(extent.fit / 3);
            }
        } else if follow && !self.away {
            self.top = extent.end_top();
        }
        self.top = self.top.clamp(extent.all.start, extent.end_top());
    }

    /// Moves because a person asked for it.
    fn move_to(&mut self, top: u64, extent: &Extent) {
        self.top = top.clamp(extent.all.start, extent.end_top());
        self.pinned = false;
    }

    fn move_by(&mut self, rows: i64, extent: &Extent) {
        if rows != 0 {
            self.move_to(self.top.saturating_add_signed(rows), extent);
        }
    }

    fn keys(&mut self, ui: &Ui, list: &Response, extent: &Extent) {
        if !list.has_focus() || !list.enabled() {
            return;
        }
        // Else the arrows would move the focus to another widget.
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(list.id, filter));
        let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as i64;
        let page = extent.page() as i64;
        let rows = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        let rows = rows + (pressed(Key::PageDown) - pressed(Key::PageUp)) * page;
        let (home, end) = (pressed(Key::Home) > 0, pressed(Key::End) > 0);
        self.move_by(rows, extent);
        if home {
            self.move_to(extent.all.start, extent);
        }
        if end {
            self.move_to(extent.end_top(), extent);
        }
    }

    fn wheel(&mut self, ui: &Ui, outer: Rect, extent: &Extent) {
        // With nothing to scroll here, the wheel is for what is around the list.
        if extent.span() == 0 || !ui.is_enabled() || !ui.rect_contains_pointer(outer) {
            self.turned = 0.0;
            return;
        }
        self.turned -= ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
        // A notch comes in many small parts, whose sum may lack a little.
        let rows = ((self.turned.abs() / style::ROW + 0.001).floor()).copysign(self.turned);
        self.turned -= rows * style::ROW;
        self.move_by(rows as i64, extent);
    }

    /// The scroll bar, if there is something to scroll: like those of egui's scroll areas.
    fn bar(&mut self, ui: &Ui, name: &str, outer: Rect, extent: &Extent) {
        if extent.span() == 0 {
            self.hold = None;
            return;
        }
        let scroll = &ui.spacing().scroll;
        let right = outer.max.x - scroll.bar_outer_margin;
        let rect = Rect::from_x_y_ranges(right - scroll.bar_width..=right, outer.y_range());
        let track = Track::new(rect.y_range(), scroll.handle_min_length, extent);
        // Not for the Tab key: the list is.
        let bar = ui.interact(rect, ui.make_persistent_id((name, "bar")), Sense::CLICK | Sense::DRAG);
        if bar.enabled() {
            self.asked(ui, bar.id, extent);
            self.drag(&bar, track, extent);
        }

        bar.widget_info(|| WidgetInfo {
            value: Some(self.top as f64),
            ..WidgetInfo::labeled(Role::ScrollBar, ui.is_enabled(), name)
        });
        ui.ctx().accesskit_node_builder(bar.id, |node| {
            node.set_orientation(egui::accesskit::Orientation::Vertical);
            node.set_min_numeric_value(extent.all.start as f64);
            node.set_max_numeric_value(extent.end_top() as f64);
            node.set_numeric_value_step(1.0);
            node.set_numeric_value_jump(extent.page() as f64);
            for action in [Action::SetValue, Action::Increment, Action::Decrement] {
                node.add_action(action);
            }
        });

        let top = match (self.hold, bar.interact_pointer_pos()) {
            // Under the pointer, also when rows that come would put it elsewhere.
            (Some(Hold::Handle { part, .. }), Some(pointer)) => track.held_top(pointer.y, part),
            _ => track.handle_top(self.top, extent),
        };
        let handle = Rect::from_x_y_ranges(rect.x_range(), top..=top + track.handle);
        let widgets = &ui.visuals().widgets;
        let visuals = match bar.hover_pos() {
            _ if bar.is_pointer_button_down_on() => &widgets.active,
            Some(pointer) if handle.contains(pointer) => &widgets.hovered,
            _ => &widgets.inactive,
        };
        ui.painter().rect_filled(rect, visuals.corner_radius, ui.visuals().extreme_bg_color);
        ui.painter().rect_filled(handle, visuals.corner_radius, visuals.bg_fill);
    }

    /// Does what a screen reader asks of the scroll bar.
    fn asked(&mut self, ui: &Ui, bar: Id, extent: &Extent) {
        let (steps, value) = ui.input(|input| {
            let count = |action| input.num_accesskit_action_requests(bar, action) as i64;
            let values = input.accesskit_action_requests(bar, Action::SetValue).filter_map(|one| match one.data {
                Some(ActionData::NumericValue(value)) => Some(value),
                _ => None,
            });
            (count(Action::Increment) - count(Action::Decrement), values.last())
        });
        if let Some(value) = value {
            self.move_to(value.round() as u64, extent);
        }
        self.move_by(steps, extent);
    }

    /// Moves as the pointer drags the handle, or pages as it presses the trough.
    fn drag(&mut self, bar: &Response, track: Track, extent: &Extent) {
        let Some(pointer) = bar.interact_pointer_pos() else {
            self.hold = None;
            return;
        };
        match self.hold {
            None => {
                let top = track.handle_top(self.top, extent);
                let page = extent.page() as i64;
                if pointer.y < top {
                    self.move_by(-page, extent);
                    self.hold = Some(Hold::Trough);
                } else if pointer.y > top + track.handle {
                    self.move_by(page, extent);
                    self.hold = Some(Hold::Trough);
                } else {
                    let part = (pointer.y - top) / track.handle;
                    self.hold = Some(Hold::Handle { part, y: pointer.y });
                }
            }
            // A pointer that rests moves nothing, so that rows that come do not either.
            Some(Hold::Handle { part, y }) if y != pointer.y => {
                self.move_to(track.row(track.held_top(pointer.y, part), extent), extent);
                self.hold = Some(Hold::Handle { part, y: pointer.y });
            }
            Some(Hold::Handle { .. } | Hold::Trough) => {}
        }
    }
}

/// All the space there is, from a whole pixel on, so that every row begins at the same part of a pixel.
fn space(ui: &Ui) -> Rect {
    let mut space = ui.available_rect_before_wrap();
    if !space.is_finite() {
        space = space.intersect(ui.clip_rect());
    }
    space.min.y = space.min.y.round_to_pixels(ui.pixels_per_point());
    space.max = space.max.max(space.min);
    space
}

#[cfg(test)]
mod tests {
    use egui::{Event, MouseWheelUnit, Pos2, TouchPhase, vec2};
    use egui_kittest::kittest::{NodeT, Queryable};
    use egui_kittest::{Harness, HarnessBuilder};

    use super::*;

    const TRILLION: u64 = 1_000_000_000_000;

    /// A list below a text field, and what was seen of it.
    struct List {
        rows: Rows,
        all: Range<u64>,
        follow: bool,
        disabled: bool,
        field: String,
        /// What `draw` was given.
        seen: Range<u64>,
        area: Rect,
        /// What the widgets of these rows are to egui.
        ids: Vec<Id>,
        /// How often `draw` was called in the last frame.
        calls: usize,
        /// What is left of the wheel for what is around the list.
        wheel: f32,
    }

    type Window = Harness<'static, List>;

    /// Room for ten rows and most of another.
    fn window(all: Range<u64>, follow: bool) -> Window {
        sized(all, follow, 10.0 * style::ROW + 15.0, 1.0)
    }

    fn sized(all: Range<u64>, follow: bool, height: f32, pixels: f32) -> Window {
        built(Harness::builder().with_pixels_per_point(pixels), all, follow, height)
    }

    fn built(builder: HarnessBuilder<List>, all: Range<u64>, follow: bool, height: f32) -> Window {
        let show = move |ui: &mut Ui, list: &mut List| {
            ui.add(egui::TextEdit::singleline(&mut list.field).hint_text("Field"));
            let space = vec2(200.0, height);
            list.calls = 0;
            ui.allocate_ui(space, |ui| {
                ui.set_min_size(space);
                if list.disabled {
                    ui.disable();
                }
                let List { rows, all, follow, seen, area, ids, calls, .. } = list;
                rows.ui(ui, "Lines", all.clone(), *follow, |ui, range| {
                    *calls += 1;
                    (*seen, *area) = (range.clone(), ui.max_rect());
                    ids.clear();
                    for row in range {
                        ids.push(ui.next_auto_id());
                        super::super::list_row(ui, format!("row {row}"));
                    }
                });
            });
            list.wheel = ui.input(|input| input.smooth_scroll_delta().y);
        };
        let (rows, field, seen) = (Rows::default(), String::new(), 0..0);
        let list = List {
            rows,
            all,
            follow,
            disabled: false,
            field,
            seen,
            area: Rect::NOTHING,
            ids: Vec::new(),
            calls: 0,
            wheel: 0.0,
        };
        let builder = builder.with_size([260.0, height + 80.0]).with_context_setup(style::install);
        let mut window = builder.build_ui_state(show, list);
        window.run();
        window
    }

    fn seen(window: &mut Window) -> Range<u64> {
        window.run();
        assert_eq!(window.state().calls, 1);
        assert_eq!(window.state().rows.top(), window.state().seen.start);
        window.state().seen.clone()
    }

    fn press(window: &mut Window, key: Key) -> Range<u64> {
        window.key_press(key);
        seen(window)
    }

    fn bar(window: &Window) -> egui_kittest::Node<'_> {
        window.get_by_role_and_label(Role::ScrollBar, "Lines")
    }

    fn turn(unit: MouseWheelUnit, down: f32) -> Event {
        let (phase, source) = (TouchPhase::Move, egui::MouseWheelSource::Unknown);
        Event::MouseWheel { unit, delta: vec2(0.0, -down), phase, source, modifiers: Modifiers::NONE }
    }

    fn wheel(window: &mut Window, unit: MouseWheelUnit, down: f32) -> Range<u64> {
        window.hover_at(window.state().area.center());
        window.event(turn(unit, down));
        seen(window)
    }

    /// Presses the handle of a list that stands at its start, and gives where.
    fn grab(window: &mut Window) -> Pos2 {
        let pos = bar(window).rect().center_top() + vec2(0.0, 3.0);
        window.hover_at(pos);
        window.drag_at(pos);
        window.run();
        pos
    }

    #[test]
    fn a_trillion_rows_are_shown_exactly() {
        for pixels in [1.0, 1.25, 1.5] {
            let mut window = sized(5..TRILLION, false, 215.0, pixels);
            assert_eq!(seen(&mut window), 5..16);
            for row in [777_777_777_777, 123_456_789_013, 16_777_217, TRILLION - 20] {
                window.state_mut().rows.scroll_to(row);
                assert_eq!(seen(&mut window), row - 3..row + 8);
                let top = window.state().area.top();
                let first = window.get_by_label(&format!("row {}", row - 3)).rect().top();
                assert!((first - top).abs() < 0.04, "{first} is not {top}");
                for (n, row) in (row - 3..row + 8).enumerate() {
                    let way = window.get_by_label(&format!("row {row}")).rect().top() - first;
                    assert!((way - n as f32 * style::ROW).abs() < 0.001, "row {row} is {way} below the first");
                }
            }
        }
    }

    #[test]
    fn the_end_is_followed_while_it_is_shown_and_only_then() {
        let mut window = window(0..TRILLION, true);
        assert_eq!(seen(&mut window), TRILLION - 10..TRILLION);
        window.state_mut().all.end += 7;
        assert_eq!(seen(&mut window), TRILLION - 3..TRILLION + 7);
        assert!(window.state().rows.is_at_end());
        wheel(&mut window, MouseWheelUnit::Point, -style::ROW);
        window.state_mut().all.end += 1;
        assert_eq!(seen(&mut window), TRILLION - 4..TRILLION + 7);
        assert!(!window.state().rows.is_at_end());
        wheel(&mut window, MouseWheelUnit::Point, 3.0 * style::ROW);
        window.state_mut().all.end += 1;
        assert_eq!(seen(&mut window), TRILLION - 1..TRILLION + 9);

        // Switched off at the end, and on again when there are more rows.
        window.state_mut().follow = false;
        window.state_mut().all.end += 5;
        assert_eq!(seen(&mut window), TRILLION - 1..TRILLION + 10);
        window.state_mut().follow = true;
        window.state_mut().all.end += 5;
        assert_eq!(seen(&mut window), TRILLION - 1..TRILLION + 10);

        // Emptied, it begins anew.
        window.state_mut().all = 0..0;
        assert_eq!(seen(&mut window), 0..0);
        window.state_mut().all = 0..100;
        assert_eq!(seen(&mut window), 90..100);
    }

    #[test]
    fn a_short_list_is_at_its_end_and_follows_when_it_grows() {
        let mut window = window(0..3, true);
        assert_eq!(seen(&mut window), 0..3);
        assert!(window.query_by_role(Role::ScrollBar).is_none());
        window.state_mut().all.end = 30;
        assert_eq!(seen(&mut window), 20..30);
        let mut window = self::window(0..3, false);
        window.state_mut().all.end = 30;
        assert_eq!(seen(&mut window), 0..11);
    }

    #[test]
    fn a_row_stays_where_it_is_when_rows_come_and_the_oldest_go() {
        let mut window = window(0..1_000, true);
        window.state_mut().rows.scroll_to(500);
        assert_eq!(seen(&mut window), 497..508);
        window.state_mut().all = 400..9_000;
        assert_eq!(seen(&mut window), 497..508);
        window.state_mut().all = 600..9_000;
        assert_eq!(seen(&mut window), 600..611);
        // What is gone does not come back to mind.
        window.state_mut().all = 300..9_000;
        assert_eq!(seen(&mut window), 600..611);
    }

    #[test]
    fn the_wheel_moves_whole_rows_and_small_turns_add_up() {
        let mut window = window(0..TRILLION, false);
        assert_eq!(wheel(&mut window, MouseWheelUnit::Point, 7.0).start, 0);
        assert_eq!(wheel(&mut window, MouseWheelUnit::Point, 7.0).start, 0);
        assert_eq!(wheel(&mut window, MouseWheelUnit::Point, 7.0).start, 1);
        assert_eq!(wheel(&mut window, MouseWheelUnit::Point, -1.0).start, 1);
        // Two rows for each notch, none late, however many frames it takes.
        for frames in [30.0, 60.0, 144.0] {
            let builder = Harness::builder().with_step_dt(1.0 / frames).with_max_steps(200);
            let mut window = built(builder, 0..TRILLION, false, 215.0);
            for n in 1..8 {
                assert_eq!(wheel(&mut window, MouseWheelUnit::Line, 1.0).start, 2 * n);
            }
            for n in (0..7).rev() {
                assert_eq!(wheel(&mut window, MouseWheelUnit::Line, -1.0).start, 2 * n);
            }
        }
    }

    #[test]
    fn the_wheel_is_for_others_when_there_is_nothing_to_scroll_or_the_pointer_is_elsewhere() {
        let turn = turn(MouseWheelUnit::Point, 7.0);
        let mut window = window(0..3, false);
        window.hover_at(window.state().area.center());
        window.event(turn.clone());
        window.step();
        assert_eq!(window.state().wheel, -7.0);
        let mut window = self::window(0..100, false);
        window.hover_at(window.state().area.center_top() - vec2(0.0, 10.0));
        window.event(turn);
        window.step();
        assert_eq!(window.state().wheel, -7.0);
        window.hover_at(window.state().area.center());
        window.event(self::turn(MouseWheelUnit::Point, 7.0));
        window.step();
        assert_eq!(window.state().wheel, 0.0, "it is the list's");
    }

    #[test]
    fn the_handle_reaches_every_place_from_the_start_to_the_very_end() {
        let mut window = window(7..TRILLION, true);
        window.state_mut().rows.scroll_to(7);
        assert_eq!(seen(&mut window).start, 7);
        let track = bar(&window).rect();
        let pos = grab(&mut window);
        window.hover_at(pos + vec2(0.0, (track.height() - 12.0) / 2.0));
        let middle = seen(&mut window).start;
        assert!(middle.abs_diff(TRILLION / 2) < TRILLION / 1_000, "{middle} is not in the middle");
        assert!(!window.state().rows.is_at_end());
        // Far below the window.
        window.hover_at(pos + vec2(50.0, 3_000.0));
        assert_eq!(seen(&mut window), TRILLION - 10..TRILLION);
        window.state_mut().all.end += 3;
        assert_eq!(seen(&mut window), TRILLION - 7..TRILLION + 3);
        window.hover_at(pos);
        assert_eq!(seen(&mut window).start, 7);
        window.hover_at(pos + vec2(0.0, track.height() - 12.0));
        assert_eq!(seen(&mut window).end, TRILLION + 3);
        window.drop_at(pos);
        seen(&mut window);
        window.hover_at(pos + vec2(0.0, 50.0));
        assert_eq!(seen(&mut window).start, 7, "let go at the start");
    }

    #[test]
    fn rows_that_come_move_neither_the_rows_nor_the_handle_that_is_held() {
        let mut window = window(0..100, true);
        window.state_mut().rows.scroll_to(0);
        seen(&mut window);
        let pos = grab(&mut window);
        window.hover_at(pos + vec2(0.0, 60.0));
        let held = seen(&mut window);
        let painted = handle(&window);
        window.state_mut().all.end = 200;
        assert_eq!(seen(&mut window), held);
        let half = handle(&window);
        assert!(half.height() < painted.height(), "there are more rows, so it is shorter");
        let pointer = pos.y + 60.0;
        assert!(half.y_range().contains(pointer), "{half} is not at {pointer}");
        // And from there on it goes on without a jump: a point is about a row.
        window.hover_at(pos + vec2(0.0, 61.0));
        let moved = seen(&mut window).start;
        let part = (handle(&window).top() - bar(&window).rect().top()) / (215.0 - half.height());
        assert_eq!(moved, (part * 190.0).round() as u64);
    }

    /// Where the handle is painted: the last filled shape as wide as the bar.
    fn handle(window: &Window) -> Rect {
        let bar = bar(window).rect();
        let rects = window.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Rect(one) => Some(one.rect),
            _ => None,
        });
        rects.rev().find(|rect| rect.x_range() == bar.x_range()).unwrap()
    }

    #[test]
    fn a_press_on_the_trough_is_a_page() {
        let mut window = window(0..TRILLION, false);
        let below = bar(&window).rect().center();
        window.hover_at(below);
        window.drag_at(below);
        assert_eq!(seen(&mut window).start, 9);
        window.hover_at(below + vec2(0.0, 9.0));
        assert_eq!(seen(&mut window).start, 9, "however long it lasts");
        window.drop_at(below);
        seen(&mut window);
        window.state_mut().rows.scroll_to(u64::MAX);
        seen(&mut window);
        window.hover_at(below);
        window.drag_at(below);
        window.drop_at(below);
        assert_eq!(seen(&mut window).start, TRILLION - 19);
    }

    #[test]
    fn keys_move_the_list_that_has_the_focus_and_no_other() {
        let mut window = window(0..TRILLION, false);
        window.key_press(Key::Tab);
        window.run();
        assert_eq!(press(&mut window, Key::End).start, 0);
        assert!(!window.get_by_role_and_label(Role::List, "Lines").accesskit_node().is_focused());
        window.key_press(Key::Tab);
        window.run();
        assert!(window.get_by_role_and_label(Role::List, "Lines").accesskit_node().is_focused());
        assert_eq!(press(&mut window, Key::ArrowDown).start, 1);
        assert_eq!(press(&mut window, Key::ArrowDown).start, 2);
        assert_eq!(press(&mut window, Key::PageDown).start, 11);
        assert_eq!(press(&mut window, Key::ArrowUp).start, 10);
        assert_eq!(press(&mut window, Key::PageUp).start, 1);
        assert_eq!(press(&mut window, Key::End), TRILLION - 10..TRILLION);
        assert_eq!(press(&mut window, Key::ArrowDown), TRILLION - 10..TRILLION);
        assert_eq!(press(&mut window, Key::Home).start, 0);
        assert_eq!(press(&mut window, Key::PageUp).start, 0);

        window.get_by_role(Role::TextInput).focus();
        window.run();
        assert_eq!(press(&mut window, Key::PageDown).start, 0);
        // A click on a row is a click into the list.
        window.get_by_label("row 3").click();
        window.run();
        assert_eq!(press(&mut window, Key::PageDown).start, 9);
    }

    #[test]
    fn a_row_keeps_its_widget_when_the_list_moves() {
        let mut window = window(0..TRILLION, false);
        let before = window.state().ids.clone();
        assert_eq!(wheel(&mut window, MouseWheelUnit::Point, 3.0 * style::ROW).start, 3);
        assert_eq!(window.state().ids[..8], before[3..]);
    }

    #[test]
    fn a_list_that_is_switched_off_is_left_alone() {
        let mut window = window(0..TRILLION, false);
        window.state_mut().disabled = true;
        window.run();
        assert_eq!(wheel(&mut window, MouseWheelUnit::Line, 1.0).start, 0);
        let below = bar(&window).rect().center();
        window.hover_at(below);
        window.drag_at(below);
        window.hover_at(below + vec2(0.0, 20.0));
        window.drop_at(below);
        bar(&window).increment_accesskit();
        assert_eq!(seen(&mut window).start, 0);
    }

    #[test]
    fn a_focused_list_has_a_ring() {
        let mut window = window(0..TRILLION, false);
        let rings = |window: &Window| {
            let strokes = window.output().shapes.iter().filter(|clipped| match &clipped.shape {
                egui::Shape::Rect(one) => one.stroke.width > 0.0 && one.rect.height() > 215.0,
                _ => false,
            });
            strokes.count()
        };
        assert_eq!(rings(&window), 0);
        window.get_by_role_and_label(Role::List, "Lines").focus();
        window.run();
        assert_eq!(rings(&window), 1);
    }

    #[test]
    fn a_row_that_is_asked_for_comes_into_view_and_stays() {
        let mut window = window(0..TRILLION, true);
        let ask = |window: &mut Window, row| {
            window.state_mut().rows.scroll_to(row);
            seen(window)
        };
        assert_eq!(ask(&mut window, 2), 0..11);
        assert_eq!(ask(&mut window, 9), 0..11);
        assert_eq!(ask(&mut window, 10), 7..18, "it was cut at the bottom");
        assert_eq!(ask(&mut window, 6), 3..14);
        assert_eq!(ask(&mut window, u64::MAX), TRILLION - 10..TRILLION);
        assert!(window.state().rows.is_at_end());
        // In view, but not the last: what comes shall not push it away.
        assert_eq!(ask(&mut window, TRILLION - 2), TRILLION - 10..TRILLION);
        assert!(!window.state().rows.is_at_end());
        window.state_mut().all.end += 5;
        assert_eq!(seen(&mut window), TRILLION - 10..TRILLION + 1);
        // Whoever goes on to the end is there, although nothing moves.
        assert_eq!(ask(&mut window, u64::MAX), TRILLION - 5..TRILLION + 5);
        ask(&mut window, TRILLION);
        assert!(!window.state().rows.is_at_end());
        wheel(&mut window, MouseWheelUnit::Point, style::ROW);
        assert!(window.state().rows.is_at_end());
        assert_eq!(ask(&mut window, TRILLION + 4), TRILLION - 5..TRILLION + 5);
        assert!(window.state().rows.is_at_end());
    }

    #[test]
    fn the_last_row_is_whole_at_the_end_whatever_the_height() {
        for pixels in [1.0, 1.25, 1.5] {
            for height in [19.0, 20.0, 33.3, 100.0, 119.9, 211.7] {
                let mut window = sized(0..TRILLION, true, height, pixels);
                assert_eq!(seen(&mut window).end, TRILLION);
                let area = window.state().area;
                let whole = ((area.height() / style::ROW + 0.01).floor() as u64).max(1);
                assert_eq!(window.state().seen.start, TRILLION - whole);
                let last = window.get_by_label(&format!("row {}", TRILLION - 1)).rect();
                assert!(height < 20.0 || last.bottom() < area.bottom() + 0.04, "{last} leaves {area}");
            }
        }
    }

    #[test]
    fn a_screen_reader_reads_and_moves_the_bar() {
        let mut window = window(5..TRILLION, false);
        window.state_mut().rows.scroll_to(500);
        seen(&mut window);
        let node = bar(&window).accesskit_node();
        let values = (node.min_numeric_value(), node.numeric_value(), node.max_numeric_value());
        assert_eq!(values, (Some(5.0), Some(497.0), Some((TRILLION - 10) as f64)));
        bar(&window).increment_accesskit();
        assert_eq!(seen(&mut window).start, 498);
        bar(&window).decrement_accesskit();
        bar(&window).decrement_accesskit();
        assert_eq!(seen(&mut window).start, 496);
        bar(&window).set_value_accesskit(777_777_777_777.0);
        assert_eq!(seen(&mut window).start, 777_777_777_777);
        bar(&window).set_value_accesskit(-3.0);
        assert_eq!(seen(&mut window).start, 5);
        // The rows are children of the list.
        let row = window.get_by_label("row 6").accesskit_node();
        let list = row.parent().and_then(|content| content.parent()).unwrap();
        assert_eq!((list.role(), list.label().as_deref()), (Role::List, Some("Lines")));
    }

    #[test]
    fn nothing_asks_for_frames_while_nothing_changes() {
        let mut window = window(0..TRILLION, true);
        window.run();
        assert_eq!(window.run(), 1);
    }
}
