//! The greeting server.
