//! The cookies of a run (RFC 6265): kept in memory alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cookie_store::{Cookie, CookieDomain, CookieStore, StoreAction};
use url::Url;

use super::cookie_date::with_plain_dates;
use crate::net::lock;

/// The most cookies of all hosts together (RFC 6265 §6.1).
const MOST: usize = 3_000;
/// The most of one host.
const MOST_OF_HOST: usize = 50;
/// The most bytes of one `Set-Cookie`.
const MOST_BYTES: usize = 4_096;

/// Cookies, shared by the fetches that use them; at most 3,000, 50 of one host, the oldest go first. They go with the
/// last of its owners; nothing is written to disk.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<Kept>>);

impl std::fmt::Debug for Jar {
    /// Without any secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Jar").field(&self.len()).finish()
    }
}

/// A cookie as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredCookie {
    /// The host that it is for, and those below it where the server said so.
    pub domain: String,
    /// The paths that it is for begin with this.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Any text.
    pub value: String,
}

#[derive(Default)]
struct Kept {
    store: CookieStore,
    /// Which came first: the library does not know.
    born: HashMap<Key, u64>,
    next: u64,
}

/// Domain, path, name.
type Key = (String, String, String);

impl Jar {
    /// Forgets all.
    pub fn clear(&self) {
        *lock(&self.0) = Kept::default();
    }

    /// How many there are that have not expired.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.0).store.iter_unexpired().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that have not expired, sorted.
    #[must_use]
    pub fn list(&self) -> Vec<StoredCookie> {
        let stored = |cookie: &Cookie<'_>| {
            let (domain, path, name) = key(cookie);
            StoredCookie { domain, path, name, value: cookie.value().to_owned() }
        };
        let mut all: Vec<_> = lock(&self.0).store.iter_unexpired().map(stored).collect();
        all.sort();
        all
    }

    /// Names and values of those for a request to `url`, in the order of RFC 6265 §5.4: long paths first, then old ones.
    pub(super) fn for_request(&self, url: &Url) -> Vec<(String, String)> {
        let kept = lock(&self.0);
        let mut fitting = kept.store.matches(url);
        // The library takes this computer's own addresses for safe.
        fitting.retain(|cookie| url.scheme() == "https" || !cookie.secure().unwrap_or(false));
        fitting.sort_by_cached_key(|cookie| {
            (std::cmp::Reverse(cookie.path.len()), kept.born.get(&key(cookie)).copied().unwrap_or(u64::MAX))
        });
        fitting.into_iter().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()
    }

    /// Takes what `Set-Cookie` says in an answer of `url`; whether it is kept for later requests.
    pub(super) fn take(&self, value: &[u8], url: &Url) -> bool {
        let Some(cookie) = read(value, url) else { return false };
        let key = key(&cookie);
        let mut kept = lock(&self.0);
        match kept.store.insert(cookie, url) {
            Ok(StoreAction::Inserted | StoreAction::UpdatedExisting) => {
                let next = kept.next;
                kept.next += 1;
                kept.born.entry(key.clone()).or_insert(next);
                kept.make_room(&key.0);
                true
            }
            Ok(StoreAction::ExpiredExisting) => {
                kept.remove(&key);
                false
            }
            Err(error) => {
                log::debug!("a cookie was refused: {error}");
                false
            }
        }
    }
}

impl Kept {
    fn remove(&mut self, (domain, path, name): &Key) {
        self.store.remove(domain, path, name);
        self.born.remove(&(domain.clone(), path.clone(), name.clone()));
    }

    /// Removes what is too much: of `domain`, then of all.
    fn make_room(&mut self, domain: &str) {
        for (most, domain) in [(MOST_OF_HOST, Some(domain)), (MOST, None)] {
            if self.count(domain) > most {
                let expired: Vec<_> = self.store.iter_any().filter(|cookie| cookie.is_expired()).map(key).collect();
                expired.iter().for_each(|key| self.remove(key));
            }
            if self.count(domain) > most
                && let Some(oldest) = self.of(domain).min_by_key(|(_, born)| **born).map(|(key, _)| key.clone())
            {
                self.remove(&oldest);
            }
        }
    }

    /// Those of `domain`, or all.
    fn of(&self, domain: Option<&str>) -> impl Iterator<Item = (&Key, &u64)> {
        self.born.iter().filter(move |(key, _)| domain.is_none_or(|domain| key.0 == domain))
    }

    fn count(&self, domain: Option<&str>) -> usize {
        self.of(domain).count()
    }
}

fn key(cookie: &Cookie<'_>) -> Key {
    (String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned())
}

/// `org`, `co.uk`, `github.io`: whose names below belong to many (publicsuffix.org).
fn is_public_suffix(domain: &str) -> bool {
    let listed = psl::suffix(domain.as_bytes()).filter(psl::Suffix::is_known);
    !domain.contains('.') || listed.is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}

/// The cookie, unless there is a reason to refuse it that the library does not know.
fn read(value: &[u8], url: &Url) -> Option<Cookie<'static>> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= MOST_BYTES)?;
    // It would be sent back as it is.
    if text.chars().any(char::is_control) {
        return None;
    }
    let mut cookie = Cookie::parse(with_plain_dates(text), url).ok()?.into_owned();
    let is_tls = url.scheme() == "https";
    let is_secure = cookie.secure().unwrap_or(false);
    // Where everybody has names: only the host of that name can mean itself (RFC 6265 §5.3).
    if let CookieDomain::Suffix(domain) = &cookie.domain
        && is_public_suffix(domain.trim_end_matches('.'))
    {
        if url.host_str() != Some(domain) {
            return None;
        }
        cookie.domain = CookieDomain::host_only(url).ok()?;
    }
    let says = |name: &str| cookie.name().get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let is_host_only = matches!(cookie.domain, CookieDomain::HostOnly(_)) && cookie.path.as_ref() == "/";
    // What its name promises must hold (RFC 6265bis §4.1.3), and nobody on the way may set what is for https.
    let holds = (!is_secure || is_tls)
        && (!says("__Secure-") || is_secure)
        && (!says("__Host-") || is_secure && is_host_only && cookie.domain().is_none());
    (holds && !cookie.name().is_empty()).then_some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    fn sent(jar: &Jar, to: &str) -> String {
        let pairs: Vec<_> =
            jar.for_request(&url(to)).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    #[test]
    fn cookies_go_where_they_fit_long_paths_and_old_ones_first() {
        let jar = Jar::default();
        let from = url("http://www.example.org/a/b");
        for value in ["z=1; Path=/", "y=2; Path=/a", "x=3; Path=/", "w=4; Domain=example.org; Path=/", "v=5"] {
            assert!(jar.take(value.as_bytes(), &from), "{value}");
        }
        assert!(jar.take(b"z=6; Path=/", &from));
        assert_eq!(sent(&jar, "http://www.example.org/a/c"), "y=2; v=5; z=6; x=3; w=4");
        assert_eq!(sent(&jar, "http://other.example.org/a/c"), "w=4");
        assert_eq!(sent(&jar, "http://example.com/a/c"), "");
        let first =
            StoredCookie { domain: "example.org".into(), path: "/".into(), name: "w".into(), value: "4".into() };
        assert_eq!((jar.list().len(), &jar.list()[0]), (5, &first));
        assert!(!jar.take(b"z=; Path=/; Max-Age=0", &from));
        assert_eq!(jar.len(), 4);
        assert!(!jar.take(b"x=; Path=/; Expires=Thu Jan  1 00:00:00 GMT 1970", &from));
        assert_eq!(jar.len(), 3);
        jar.clear();
        assert!(jar.is_empty() && jar.list().is_empty());
    }

    #[test]
    fn secure_ones_are_for_https_alone() {
        let jar = Jar::default();
        assert!(!jar.take(b"a=1; Secure", &url("http://127.0.0.1/")));
        assert!(jar.take(b"a=1; Secure", &url("https://127.0.0.1/")));
        assert_eq!(sent(&jar, "http://127.0.0.1/"), "");
        assert_eq!(sent(&jar, "https://127.0.0.1/"), "a=1");
    }

    #[test]
    fn nobody_sets_cookies_for_all_names_below_a_public_suffix() {
        let jar = Jar::default();
        let from = url("https://shop.example.co.uk/");
        for domain in ["uk", "co.uk", ".co.uk", "co.uk."] {
            assert!(!jar.take(format!("a=1; Domain={domain}").as_bytes(), &from), "{domain}");
        }
        assert!(jar.take(b"a=1; Domain=example.co.uk", &from));
        assert_eq!(sent(&jar, "https://other.example.co.uk/"), "a=1");
        assert_eq!(sent(&jar, "https://other.co.uk/"), "");
        // The host of that very name means itself.
        assert!(jar.take(b"b=1; Domain=github.io", &url("https://github.io/")));
        assert_eq!(sent(&jar, "https://someone.github.io/"), "");
    }

    #[test]
    fn what_is_refused() {
        let jar = Jar::default();
        let long = format!("a={}", "x".repeat(MOST_BYTES));
        for value in [
            "a=1; Domain=org",
            "a=1; Domain=.org",
            "a=1; Domain=org.",
            "a=1; Domain=example.com",
            "a=1; Domain=b.example.org",
            "a=1; Max-Age=0",
            "=1",
            "a",
            "",
            "a=\x01",
            "__Secure-a=1",
            "__host-a=1; Secure; Path=/; Domain=example.org",
            "__Host-a=1; Secure; Path=/a",
            long.as_str(),
        ] {
            assert!(!jar.take(value.as_bytes(), &url("https://example.org/")), "{value}");
        }
        assert!(!jar.take(b"a=\xff", &url("https://example.org/")));
        assert!(jar.is_empty());
        assert!(jar.take(b"__Host-a=1; Secure; Path=/", &url("https://example.org/")));
        assert!(jar.take(b"a=1; Domain=localhost", &url("http://localhost/")));
        assert_eq!(sent(&jar, "http://sub.localhost/"), "");
        assert_eq!(sent(&jar, "http://localhost/"), "a=1");
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let jar = Jar::default();
        for n in 0..MOST_OF_HOST + 2 {
            assert!(jar.take(format!("c{n}=x").as_bytes(), &url("http://example.org/")));
        }
        assert_eq!(jar.len(), MOST_OF_HOST);
        assert!(sent(&jar, "http://example.org/").starts_with("c2=x; c3=x"));
        for n in 0..MOST {
            assert!(jar.take(b"a=x", &url(&format!("http://h{n}.example/"))));
        }
        assert_eq!((jar.len(), lock(&jar.0).born.len()), (MOST, MOST));
        assert_eq!(sent(&jar, "http://example.org/"), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn no_bytes_make_it_panic_and_nothing_makes_a_line_of_its_own(
            bytes in any::<Vec<u8>>(), attribute in "(Max-Age|Expires|Domain|Path|Secure)=[ -~]{0,24}", digits in "-?[0-9]{0,30}",
        ) {
            let jar = Jar::default();
            let from = url("http://example.org/");
            jar.take(&bytes, &from);
            jar.take(format!("a=1; {attribute}").as_bytes(), &from);
            jar.take(format!("a=1; Max-Age={digits}").as_bytes(), &from);
            for (name, value) in jar.for_request(&from) {
                prop_assert!(!name.chars().chain(value.chars()).any(char::is_control));
            }
        }
    }
}
