//! A file name for a body. What a server says is only a name: one safe segment of a path, whatever it contains.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Head;
use crate::recording::text::is_invisible;

/// The most bytes of a name.
const MOST: usize = 200;
/// The most bytes of what is kept as an extension when a name is cut.
const MOST_EXTENSION: usize = 20;

/// Content-Disposition (RFC 6266), else the last segment of the path, else `index` with an extension for the type.
pub(super) fn suggest(head: &Head, url: &Url, media_type: &str) -> String {
    let from_head = || head.values("content-disposition").find_map(from_disposition);
    from_head().or_else(|| from_url(url)).unwrap_or_else(|| match mime2ext::mime2ext(media_type) {
        Some(extension) => format!("index.{extension}"),
        None => "index".to_owned(),
    })
}

/// The last segment of the path of a URL as typed, as a file name; `None` where that says nothing.
#[must_use]
pub fn name_in(typed: &str) -> Option<String> {
    from_url(super::url::parse(typed).ok()?.0.url())
}

fn from_url(url: &Url) -> Option<String> {
    let last = url.path_segments()?.next_back()?;
    safe(&percent_decode_str(last).decode_utf8().map_or_else(|_| last.to_owned(), Into::into))
}

/// `filename*` (RFC 8187), else `filename`.
fn from_disposition(value: &[u8]) -> Option<String> {
    // Old servers send ISO 8859-1.
    let text = String::from_utf8(value.to_vec()).unwrap_or_else(|_| value.iter().map(|b| char::from(*b)).collect());
    let params = mailparse::parse_content_disposition(&text).params;
    // The library leaves `filename*` as it is where there is a `filename` too: ask it again without that.
    let extended = params.get("filename*").and_then(|raw| {
        mailparse::parse_content_disposition(&format!("attachment; filename*=\"{raw}\"")).params.remove("filename")
    });
    let named = |name: &String| safe(name);
    extended.as_ref().and_then(named).or_else(|| params.get("filename").and_then(named))
}

/// `name` as one safe segment of a path; `None` where nothing is left of it.
fn safe(name: &str) -> Option<String> {
    let name = last_component(name);
    let visible = name.chars().filter(|c| !c.is_control() && !is_invisible(*c));
    let name: String = visible.map(|c| if is_forbidden(c) { '_' } else { c }).collect();
    let name = name.trim().trim_start_matches(['.', ' ']).trim_start();
    let name = if is_reserved(name) { format!("_{name}") } else { name.to_owned() };
    let name = trim_end(&shorten(trim_end(&name))).to_owned();
    // Of nothing but replacements nobody would know what it is.
    if name.chars().all(|c| c == '_') { None } else { Some(name) }
}

/// What Windows has in no name.
fn is_forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*')
}

/// Windows drops blanks and dots at the end.
fn trim_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// What comes after the last separator of any system, also an encoded one, however often it was encoded.
fn last_component(name: &str) -> String {
    const SEPARATORS: [char; 2] = ['/', '\\'];
    let mut last = name.rsplit(SEPARATORS).next().unwrap_or_default().to_owned();
    let mut decoded = last.clone();
    // Each round makes it shorter.
    loop {
        let next = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
        if next == decoded || next.len() >= decoded.len() {
            return last;
        }
        decoded = next;
        if decoded.contains(SEPARATORS) || decoded.contains('\0') {
            last = decoded.rsplit(SEPARATORS).next().unwrap_or_default().to_owned();
            decoded.clone_from(&last);
        }
    }
}

/// Names that mean a device to Windows, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix| stem.strip_prefix(prefix).is_some_and(|n| matches!(n, "¹" | "²" | "³") || is_digit(n));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

fn is_digit(text: &str) -> bool {
    text.len() == 1 && text.bytes().all(|b| b.is_ascii_digit())
}

/// At most [`MOST`] bytes, the extension kept.
fn shorten(name: &str) -> String {
    if name.len() <= MOST {
        return name.to_owned();
    }
    let extension = name.rfind('.').map(|at| &name[at..]).filter(|it| it.len() <= MOST_EXTENSION).unwrap_or_default();
    let stem = &name[..name.len() - extension.len()];
    format!("{}{extension}", trim_end(&stem[..stem.floor_char_boundary(MOST - extension.len())]))
}

/// `name (1).ext` for 1, as browsers number what is there already; still at most [`MOST`] bytes.
pub(super) fn numbered(name: &str, number: u32) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= MOST_EXTENSION => name.split_at(at),
        _ => (name, ""),
    };
    let number = format!(" ({number})");
    let room = MOST.saturating_sub(number.len() + extension.len());
    format!("{}{number}{extension}", &stem[..stem.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::Header;
    use proptest::prelude::*;

    fn name(disposition: Option<&[u8]>, url: &str, media_type: &str) -> String {
        let headers = disposition.map(|value| Header { name: "Content-Disposition".into(), value: value.to_vec() });
        let head =
            Head { raw: vec![], minor_version: 1, status: 200, reason: vec![], headers: headers.into_iter().collect() };
        suggest(&head, &Url::parse(url).expect("URL"), media_type)
    }

    #[test]
    fn a_url_alone_may_say_a_name() {
        for (typed, said) in [
            ("http://h/a/b.iso?x=/y#z", Some("b.iso")),
            ("h/b%20c.iso", Some("b c.iso")),
            ("http://h", None),
            ("http://h/a/..", None),
            ("not a url", None),
        ] {
            assert_eq!(name_in(typed).as_deref(), said, "{typed}");
        }
    }

    fn disposed(value: &str) -> String {
        name(Some(value.as_bytes()), "http://h/url.bin", "")
    }

    #[test]
    fn the_name_comes_from_the_best_source() {
        assert_eq!(disposed("attachment; filename=a.txt"), "a.txt");
        assert_eq!(disposed("inline; FileName=\"a \\\"b\\\"; c.txt\""), "a _b_; c.txt");
        assert_eq!(disposed("attachment; filename=old.txt; filename*=UTF-8''%e4%bd%a0%20%E5%A5%BD.txt"), "你 好.txt");
        assert_eq!(disposed("attachment; filename*=iso-8859-1'en'%A3.txt; filename=old.txt"), "£.txt");
        assert_eq!(disposed("attachment; filename*=no-such-charset''x; filename=old.txt"), "old.txt");
        assert_eq!(name(Some(b"attachment; filename=\"\xe4.txt\""), "http://h/", ""), "ä.txt");
        assert_eq!(disposed("attachment"), "url.bin");
        assert_eq!(disposed("attachment; filename=\"..\""), "url.bin");
        assert_eq!(name(None, "http://h/a/b%20c.tar.gz?d=e/f#g/h", "text/html"), "b c.tar.gz");
        assert_eq!(name(None, "http://h/a/", "text/html"), "index.html");
        assert_eq!(name(None, "http://h", "application/json"), "index.json");
        assert_eq!(name(None, "http://h/", "x/unknown"), "index");
    }

    #[test]
    fn a_name_is_only_a_name() {
        for (said, safe) in [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("..%2f..%2fetc%2fpasswd", "passwd"),
            ("%252e%252e%255cx", "x"),
            ("/etc/cron.d/x", "x"),
            ("C:evil.exe", "C_evil.exe"),
            (".bashrc", "bashrc"),
            ("...x", "x"),
            ("a\u{202e}cod.exe", "acod.exe"),
            ("a\u{1b}[2Jb", "a[2Jb"),
            ("con.txt", "_con.txt"),
            ("COM1", "_COM1"),
            ("x. . .", "x"),
            ("a<b>|c?*.txt", "a_b__c__.txt"),
            ("100%25.txt", "100%25.txt"),
        ] {
            assert_eq!(super::safe(said).as_deref(), Some(safe), "{said:?}");
        }
        for nothing in ["", "..", "/", "a/", "\u{200b}", "%2f", "???"] {
            assert_eq!(super::safe(nothing), None, "{nothing:?}");
        }
        let long = super::safe(&format!("{}.tar.gz", "界".repeat(300))).expect("name");
        assert!(long.len() <= MOST && long.len() > MOST - 3 && long.ends_with("界.gz"), "{long}");
    }

    #[test]
    fn what_is_there_already_is_numbered_as_browsers_do() {
        assert_eq!(numbered("a.txt", 1), "a (1).txt");
        assert_eq!(numbered("README", 12), "README (12)");
        assert!(numbered(&format!("{}.txt", "x".repeat(196)), 1).len() <= MOST);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn it_is_always_one_safe_segment(
            disposition in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "(attachment|inline); ?filename\\*?=\"?(UTF-8'')?[./\\\\%25f2ceE\u{202e} CONaux0-9]{0,30}\"?"
                    .prop_map(String::into_bytes),
                "attachment; filename=\"\\PC{0,120}\"".prop_map(String::into_bytes),
            ],
            path in "[-./\\\\%25f2ceE a-z]{0,20}",
        ) {
            let name = name(Some(&disposition), &format!("http://h/{path}"), "text/plain");
            prop_assert!(!name.is_empty() && name.len() <= MOST);
            prop_assert!(!name.contains(['/', '\\', ':', '\0']) && !name.starts_with('.'));
            prop_assert!(!name.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert!(!name.ends_with(['.', ' ']) && !is_reserved(&name));
            let mut components = std::path::Path::new(&name).components();
            prop_assert!(matches!(components.next(), Some(std::path::Component::Normal(_))));
            prop_assert!(components.next().is_none());
        }
    }
}
