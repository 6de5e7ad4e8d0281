//! The cookies of a run (RFC 6265): kept in memory alone.

use std::sync::{Arc, Mutex};

use cookie_store::CookieStore;

use crate::net::lock;

/// Cookies, shared by the fetches that use them. They go with the last of its owners; nothing is written to disk.
#[derive(Clone, Debug, Default)]
pub struct Jar(Arc<Mutex<CookieStore>>);

impl Jar {
    /// Forgets all.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// How many there are that have not expired.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.0).iter_unexpired().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
