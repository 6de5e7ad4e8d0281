//! One HTTP/1.1 fetch over our own sockets.

mod fault;

pub use fault::Fault;
