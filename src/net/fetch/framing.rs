//! How the end of a body is known, strictly by RFC 9112 §6.3: what is ambiguous is an error.

use super::{Fault, Framing, Head};
use crate::i18n::t;
use crate::recording::text;

/// The most codings one over the other.
const MOST_CODINGS: usize = 8;

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or bare RFC 1951.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// What a head says about the body after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) framing: Framing,
    /// In the order in which they were applied: the last one is undone first.
    pub(super) codings: Vec<Coding>,
    /// Ready to show.
    pub(super) notes: Vec<String>,
}

/// Reads the plan for the answer to a request with this method.
///
/// # Errors
/// A length that is no number, or several that differ; a transfer coding that is unknown or badly ordered.
pub(super) fn plan(head: &Head, method: &str) -> Result<Plan, Fault> {
    let mut notes = Vec::new();
    if method == "HEAD" || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok(Plan { framing: Framing::None, codings: Vec::new(), notes });
    }
    let transfer = elements(head, "transfer-encoding");
    // Always in use, says an old draft, and means nothing.
    let mut transfer: Vec<&str> = transfer.iter().map(String::as_str).filter(|one| *one != "identity").collect();
    // A server and what stands before it both say so; nobody puts chunks into chunks (RFC 9112 §6.1).
    let said = transfer.len();
    transfer.dedup_by(|next, one| *next == "chunked" && next == one);
    if transfer.len() < said {
        notes.push(t("note-chunked-twice"));
    }
    let (framing, transfer_codings) = if transfer.is_empty() {
        (length(head)?, Vec::new())
    } else {
        if head.values("content-length").next().is_some() {
            notes.push(t("note-chunks-won"));
        }
        if head.minor_version == 0 {
            notes.push(t("note-chunks-in-1-0"));
        }
        by_transfer_coding(&transfer)?
    };
    let mut codings = content_codings(head, &mut notes)?;
    codings.extend(transfer_codings);
    Ok(Plan { framing, codings, notes })
}

/// The elements of a list field (RFC 9110 §5.6.1) over all its lines, in lower case; empty ones count for nothing.
fn elements(head: &Head, name: &str) -> Vec<String> {
    head.values(name)
        .flat_map(|value| value.split(|b| *b == b','))
        .map(|one| String::from_utf8_lossy(one.trim_ascii()).to_ascii_lowercase())
        .filter(|one| !one.is_empty())
        .collect()
}

fn length(head: &Head) -> Result<Framing, Fault> {
    let mut length = None;
    // Every element counts here, an empty one too: a length must be one or more digits.
    for text in head.values("content-length").flat_map(|value| value.split(|b| *b == b',')) {
        let digits = text.trim_ascii();
        let number = digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok());
        let all = || {
            let all: Vec<_> = head.values("content-length").map(text::visible).collect();
            shortened(&all.join(", "))
        };
        match (number.flatten(), length) {
            (None, _) => return Err(Fault::NotALength(all())),
            (Some(new), None) => length = Some(new),
            (Some(new), Some(known)) if new == known => {}
            (Some(_), Some(_)) => return Err(Fault::TwoLengths(all())),
        }
    }
    Ok(length.map_or(Framing::UntilClose, Framing::Length))
}

fn by_transfer_coding(transfer: &[&str]) -> Result<(Framing, Vec<Coding>), Fault> {
    let bad = || Fault::BadTransferCoding(shortened(&transfer.join(", ")));
    let (framing, before) = match transfer {
        [before @ .., "chunked"] => (Framing::Chunked, before),
        // The server ends it by closing (RFC 9112 §6.3, 4.3).
        all => (Framing::UntilClose, all),
    };
    if before.len() > MOST_CODINGS {
        return Err(Fault::TooManyCodings);
    }
    let codings = before.iter().map(|one| match *one {
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        "deflate" => Ok(Coding::Deflate),
        _ => Err(bad()),
    });
    Ok((framing, codings.collect::<Result<_, _>>()?))
}

/// RFC 9110 §8.4. With an unknown one among them nothing is undone: the body is kept as received.
fn content_codings(head: &Head, notes: &mut Vec<String>) -> Result<Vec<Coding>, Fault> {
    let mut codings = Vec::new();
    for one in elements(head, "content-encoding") {
        match one.as_str() {
            "identity" => {}
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" => codings.push(Coding::Deflate),
            "br" => codings.push(Coding::Brotli),
            "zstd" => codings.push(Coding::Zstd),
            unknown => {
                let unknown = shortened(&text::visible(unknown.as_bytes()));
                notes.push(crate::i18n::tf("note-unknown-coding", &[("coding", unknown.into())]));
                return Ok(Vec::new());
            }
        }
        if codings.len() > MOST_CODINGS {
            return Err(Fault::TooManyCodings);
        }
    }
    Ok(codings)
}

/// What a peer wrote, short enough for one line.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::head;

    fn of(head: &str) -> Result<Plan, Fault> {
        plan(&head::read(&mut format!("{head}\r\n\r\n").as_bytes()).expect("head"), "GET")
    }

    fn framing(fields: &str) -> Result<Framing, Fault> {
        of(&format!("HTTP/1.1 200 OK\r\n{fields}")).map(|plan| plan.framing)
    }

    #[test]
    fn the_end_of_a_body_follows_the_standard() {
        assert_eq!(framing("X: y"), Ok(Framing::UntilClose));
        assert_eq!(framing("content-length: 12"), Ok(Framing::Length(12)));
        assert_eq!(framing("Content-Length: 12, 12\r\nContent-Length: 012"), Ok(Framing::Length(12)));
        assert_eq!(framing("Transfer-Encoding: Chunked"), Ok(Framing::Chunked));
        assert_eq!(framing("Transfer-Encoding: identity\r\nContent-Length: 3"), Ok(Framing::Length(3)));
        assert_eq!(framing("Transfer-Encoding: ,\r\nContent-Length: 3"), Ok(Framing::Length(3)));
        for status in [204, 304] {
            let plan = of(&format!("HTTP/1.1 {status} X\r\nContent-Length: 12\r\nTransfer-Encoding: chunked"));
            assert_eq!(plan.expect("plan").framing, Framing::None);
        }
        let raw = b"HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: foo\r\n\r\n";
        let head = head::read(&mut &raw[..]).expect("head");
        assert_eq!(plan(&head, "HEAD").expect("plan").framing, Framing::None);
        assert!(plan(&head, "GET").is_err());
    }

    #[test]
    fn what_is_ambiguous_is_an_error() {
        for value in ["x", "+5", "-5", "5 6", "5,", "", "0x10", "99999999999999999999"] {
            let framing = framing(&format!("Content-Length: {value}"));
            assert_eq!(framing, Err(Fault::NotALength(value.to_owned())));
        }
        for value in ["5,6", "5\r\nContent-Length: 6"] {
            assert!(matches!(framing(&format!("Content-Length: {value}")), Err(Fault::TwoLengths(_))), "{value:?}");
        }
        for value in ["foo", "chunked, gzip", "chunked, gzip, chunked", "compress, chunked", "chunked;q=1", "xchunked"]
        {
            let framing = framing(&format!("Transfer-Encoding: {value}\r\nContent-Length: 5"));
            assert!(matches!(framing, Err(Fault::BadTransferCoding(_))), "{value:?}: {framing:?}");
        }
    }

    #[test]
    fn chunks_win_over_a_length_and_it_is_said() {
        let plan = of("HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked").expect("plan");
        assert_eq!((plan.framing, plan.notes), (Framing::Chunked, vec![t("note-chunks-won")]));
        let plan = of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked").expect("plan");
        assert_eq!((plan.framing, plan.notes), (Framing::Chunked, vec![t("note-chunks-in-1-0")]));
        for value in ["chunked, Chunked", "chunked\r\nTransfer-Encoding: chunked", "identity, chunked,chunked,chunked"]
        {
            let plan = of(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}")).expect("plan");
            assert_eq!((plan.framing, plan.notes), (Framing::Chunked, vec![t("note-chunked-twice")]), "{value:?}");
            assert!(plan.codings.is_empty());
        }
    }

    #[test]
    fn codings_are_known_by_any_case_and_kept_in_order() {
        let of = |fields: &str| of(&format!("HTTP/1.1 200 OK\r\n{fields}"));
        let plan = of("Content-Encoding: BR, X-Gzip\r\nTransfer-Encoding: gzip, chunked").expect("plan");
        assert_eq!(plan.codings, [Coding::Brotli, Coding::Gzip, Coding::Gzip]);
        assert_eq!(of("Content-Encoding: identity").expect("plan").codings, []);
        let plan = of("Content-Encoding: gzip, sdch").expect("plan");
        assert_eq!((plan.codings.len(), plan.notes.len()), (0, 1));
        assert!(plan.notes[0].contains("sdch"));
        assert_eq!(of(&format!("Content-Encoding: {}", "gzip,".repeat(9))), Err(Fault::TooManyCodings));
        let plan = of("Content-Encoding: zstd, deflate\r\nTransfer-Encoding: deflate, chunked").expect("plan");
        assert_eq!(plan.codings, [Coding::Zstd, Coding::Deflate, Coding::Deflate]);
        assert_eq!(of("Transfer-Encoding: gzip").expect("plan").framing, Framing::UntilClose);
    }
}
