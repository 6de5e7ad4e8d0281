//! The server under load, beside which a good client must go on: what takes long, and much of a machine.
//!
//! Each test that measures runs in a process of its own, and thousands of clients are in another one: both sides of so many
//! connections are more descriptors than a process may have.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bad;
mod crowd;
mod good;
mod program;
mod scarce;
mod signals;
mod tools;
