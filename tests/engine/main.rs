//! Server, session and terminal commands on real loopback sockets. One program, because linking takes long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::duplicate_mod, reason = "the server's tests run twice, see below")]

mod binary;
mod record;
mod sending;
mod session;
mod tls;
mod tools;

/// The server's tests with a thread for each connection.
#[path = "server"]
mod threads {
    pub const MODEL: socketscope::net::server::Model = socketscope::net::server::Model::Threads;
    #[path = "mod.rs"]
    mod server;
}

/// The same with one thread for all.
#[path = "server"]
mod events {
    pub const MODEL: socketscope::net::server::Model = socketscope::net::server::Model::Events;
    #[path = "mod.rs"]
    mod server;
}
