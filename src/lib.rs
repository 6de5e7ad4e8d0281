//! Socketscope: see what sockets really do.
//!
//! One crate with three wings and two front doors:
//!
//! * [`recording`] — WHAT crossed a socket. Pure data: no sockets, no threads, no screen.
//! * [`net`] — the ENGINE: sockets and worker threads. Knows no egui.
//! * [`i18n`] — every text that a person reads; [`events`] — the words for what crossed a socket.
//! * [`typed`] — what is wrong with what a person typed, in words.
//! * [`capture`] — recordings to files.
//! * [`curl`] — what a fetch asks for as a `curl` command, and back.
//! * `prefetch` — hints to the processor which memory is about to be needed.
//! * [`cli`] — front door 1: `serve`, `chat` and `fetch` in a terminal.
//! * [`app`] — front door 2: the window.
//! * [`logging`] — what the program says about itself, on standard error.
//!
//! Data flows one way round: a person acts → a command to a handle of `net` → a worker thread → the
//! socket → the [`recording::Recording`] (bytes), counters and a [`net::report`] → the front door shows it.
//! `ARCHITECTURE.md` has the whole map.

pub mod app;
pub mod capture;
pub mod cli;
pub mod curl;
pub mod events;
pub mod i18n;
pub mod logging;
mod prefetch;
pub mod typed;

pub mod net;
pub mod recording;
pub mod signal;
