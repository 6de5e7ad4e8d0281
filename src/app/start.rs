//! Opens the window, or says in one line why it cannot.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::App;
use super::jobs::Done;
use crate::i18n::{t, tf};

/// The program's name for the desktop: its `.desktop` file, its icon and its settings folder go by it.
const APP_ID: &str = "socketscope";

/// How long the desktop may take to say whether it is light or dark.
const THEME_WAIT: Duration = Duration::from_secs(3);

/// Opens the window and stays until it is closed. Where no window can open, one line says why.
#[must_use]
pub fn run() -> ExitCode {
    if !has_display() {
        return refuse(&t("no-display"));
    }
    // A worker's panic is shown in the window, the window's own is told below: not by a dump on the terminal.
    std::panic::set_hook(Box::new(|panic| log::info!("{panic}")));
    let shown = Arc::new(AtomicBool::new(false));
    let create = {
        let shown = Arc::clone(&shown);
        move |cc: &eframe::CreationContext<'_>| {
            shown.store(true, Ordering::Relaxed);
            Ok(Box::new(app(cc)) as Box<dyn eframe::App>)
        }
    };
    // Where a library of the desktop is missing, the window's library panics instead of giving an error.
    let run = move || eframe::run_native(APP_ID, options(), Box::new(create));
    match std::panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            // The library puts the place in its own source first; the last part is what went wrong.
            let text = error.to_string();
            let why = text.rsplit(": ").next().unwrap_or(&text);
            refuse(&tf("no-window", &[("why", why.into())]))
        }
        Err(panic) => {
            let id = if shown.load(Ordering::Relaxed) { "window-failed" } else { "no-window" };
            refuse(&tf(id, &[("why", crate::net::panic_text(&*panic).into())]))
        }
    }
}

fn refuse(why: &str) -> ExitCode {
    use std::io::Write as _;
    // Without standard error there is nobody to tell.
    _ = writeln!(std::io::stderr(), "socketscope: {}", crate::recording::text::visible(why.as_bytes()));
    ExitCode::FAILURE
}

/// Whether there is a screen to open a window on.
fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(set)
}

fn options() -> eframe::NativeOptions {
    let mut viewport = egui::ViewportBuilder::default()
        .with_title(t("window-title"))
        .with_app_id(APP_ID)
        .with_inner_size([1180.0, 760.0])
        .with_min_inner_size([800.0, 560.0]);
    match eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => log::warn!("icon: {error}"),
    }
    eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..Default::default() }
}

fn app(cc: &eframe::CreationContext<'_>) -> App {
    let app = App::new(cc);
    let asked = app.jobs.start("theme", || {
        let answer = mundy::Preferences::once_blocking(mundy::Interest::ColorScheme, THEME_WAIT)?;
        match answer.color_scheme {
            mundy::ColorScheme::Light => Some(Done::SystemTheme(egui::Theme::Light)),
            mundy::ColorScheme::Dark => Some(Done::SystemTheme(egui::Theme::Dark)),
            mundy::ColorScheme::NoPreference => None,
        }
    });
    if let Err(error) = asked {
        log::warn!("{error}");
    }
    let ctx = cc.egui_ctx.clone();
    crate::signal::on_stop(move || ctx.send_viewport_cmd(egui::ViewportCommand::Close));
    app
}
