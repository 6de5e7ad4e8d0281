//! Server, session and terminal commands on real loopback sockets. One program, because linking takes long.

#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod binary;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod record;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod sending;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod server;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod session;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tools;
