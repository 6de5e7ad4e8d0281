//! Front door 1: `serve`, `chat` and `fetch` in a terminal, with the engine and the words of the window.

pub mod chat;
pub mod fetch;
pub mod serve;
