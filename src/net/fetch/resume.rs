//! Going on with a body that came only in part: what is kept beside it for that, what is asked for, and whether the
//! answer fits (RFC 9110 §13.1.5, §14).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::fmt::rfc2822;
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::{Body, Destination, Fault, Field, Head};
use crate::i18n::{t, tf};
use crate::net::{Error, Operation, save};

/// The most bytes of what is kept beside a partial.
const MOST: u64 = 64 << 10;

/// Why a partial cannot be gone on with. Its text is `resume-…` in `resume.ftl`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeFault {
    /// Nothing beside it says what it is a part of, in a way that a change would show.
    #[error("{}", t("resume-no-mark"))]
    NoMark,
    /// It is a part of what another URL had.
    #[error("{}", tf("resume-other-url", &[("url", (&**.0).into())]))]
    OtherUrl(String),
    /// Another fetch writes to it.
    #[error("{}", t("resume-busy"))]
    Busy,
    /// The method is not GET, or a range was typed.
    #[error("{}", t("resume-not-plain"))]
    NotPlain,
    /// 200: the whole, because it is another one now or because the server has no ranges.
    #[error("{}", t("resume-whole"))]
    Whole,
    /// 416: nothing is left of it.
    #[error("{}", t("resume-nothing-left"))]
    NothingLeft,
    /// Neither the rest nor the whole.
    #[error("{}", tf("resume-status", &[("status", (*.0).to_string().into())]))]
    Status(u16),
    /// 206, but not the rest of the same.
    #[error("{}", t("resume-other-part"))]
    OtherPart,
}

impl ResumeFault {
    /// What to do about it.
    pub(super) fn advice(&self) -> Option<String> {
        match self {
            Self::Status(_) => None,
            Self::Busy => Some(t("resume-busy-advice")),
            Self::NotPlain => Some(t("resume-not-plain-advice")),
            _ => Some(t("resume-advice")),
        }
    }
}

/// What a partial is a part of; kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// As it was asked for, without userinfo.
    url: String,
    /// A strong one, with its quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// So many bytes are known to be on the disk.
    length: u64,
}

/// Where the mark of a partial is.
pub(super) fn mark_path(partial: &Path) -> PathBuf {
    let mut path = partial.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

/// The partial is another one from now on.
pub(super) fn forget(partial: &Path) -> io::Result<()> {
    match fs::remove_file(mark_path(partial)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

impl Mark {
    /// Of what `url` has, if a change of it would show, and if the bytes kept are those that a range counts.
    pub(super) fn of(url: String, head: &Head) -> Option<Self> {
        let last_modified = one(head, "last-modified").filter(|text| is_strong_date(text, one(head, "date")));
        let mark = Self {
            url,
            etag: one(head, "etag").filter(|etag| is_strong(etag)).map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            length: 0,
        };
        (head.status == 200 && !is_coded(head) && mark.validator().is_some()).then_some(mark)
    }

    fn validator(&self) -> Option<&str> {
        self.etag.as_deref().or(self.last_modified.as_deref())
    }

    fn read(partial: &Path) -> Option<Self> {
        let mut text = String::new();
        let file = File::open(mark_path(partial)).ok()?;
        file.take(MOST).read_to_string(&mut text).ok()?;
        let mark: Self = serde_json::from_str(&text).ok()?;
        let is_line = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        (mark.validator().is_some_and(is_line) && mark.length > 0).then_some(mark)
    }

    /// Puts it beside `partial`, of which `length` bytes are on the disk.
    pub(super) fn write(mut self, partial: &Path, length: u64) -> Result<(), Error> {
        self.length = length;
        let path = mark_path(partial);
        let text = serde_json::to_string_pretty(&self);
        let text = text.map_err(|e| Error::io(Operation::Save, path.display(), e.into()))?;
        save::replace(&path, |file| file.write_all(text.as_bytes()))
    }
}

/// A partial that is gone on with.
#[derive(Clone, Debug)]
pub(super) struct Resume {
    pub(super) partial: PathBuf,
    pub(super) mark: Mark,
}

impl Resume {
    /// What `destination` has of `url`; `None`: nothing, so it is fetched from its start.
    ///
    /// # Errors
    /// What there is cannot be gone on with.
    pub(super) fn find(destination: &Destination, url: &str, ask: &Ask<'_>) -> Result<Option<Self>, Error> {
        let partial = Body::partial_path(&destination.path);
        let error = |fault: Fault| Error::new(Operation::Save, partial.display(), fault);
        let found = match fs::symlink_metadata(&partial) {
            Ok(found) => found,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(Operation::Save, partial.display(), e)),
        };
        if !found.is_file() {
            return Err(error(Fault::NotAFile));
        }
        if ask.method != "GET" || ask.has("Range") || ask.has("If-Range") {
            return Err(error(ResumeFault::NotPlain.into()));
        }
        let mark = Mark::read(&partial).filter(|mark| mark.length <= found.len());
        let mark = mark.ok_or_else(|| error(ResumeFault::NoMark.into()))?;
        if mark.url != url {
            return Err(error(ResumeFault::OtherUrl(mark.url).into()));
        }
        Ok(Some(Self { partial, mark }))
    }

    /// How much there is.
    pub(super) fn start(&self) -> u64 {
        self.mark.length
    }

    /// Asks for the rest, if it is still the same.
    pub(super) fn ask_for_rest(&self, fields: &mut Vec<Field>) {
        let validator = self.mark.validator().unwrap_or_default().to_owned();
        let range = format!("bytes={}-", self.start());
        for (name, value) in [("Range", range), ("If-Range", validator), ("Accept-Encoding", "identity".to_owned())] {
            fields.retain(|one| !one.name.eq_ignore_ascii_case(name));
            fields.push(Field { name: name.to_owned(), value: Some(value) });
        }
    }

    /// Whether `head` is that of the rest; gives the length of the whole.
    pub(super) fn check(&self, head: &Head) -> Result<u64, ResumeFault> {
        match head.status {
            206 => {}
            200 => return Err(ResumeFault::Whole),
            416 => return Err(ResumeFault::NothingLeft),
            other => return Err(ResumeFault::Status(other)),
        }
        let is_same = |name, had: Option<&str>| had.is_none() || one(head, name).is_none_or(|has| Some(has) == had);
        // An entity tag must be there again, the date need not be (RFC 9110 §15.3.7).
        let is_tagged = self.mark.etag.is_none() || one(head, "etag").is_some();
        let is_same = is_tagged
            && is_same("etag", self.mark.etag.as_deref())
            && is_same("last-modified", self.mark.last_modified.as_deref());
        let range = one(head, "content-range").and_then(content_range);
        match range {
            Some((first, last, whole))
                if first == self.start() && last.checked_add(1) == Some(whole) && is_same && !is_coded(head) =>
            {
                Ok(whole)
            }
            _ => Err(ResumeFault::OtherPart),
        }
    }
}

/// The value of the only field of this name.
fn one<'a>(head: &'a Head, name: &'a str) -> Option<&'a str> {
    let mut values = head.values(name);
    let value = values.next().and_then(|value| std::str::from_utf8(value).ok());
    value.filter(|value| values.next().is_none() && value.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

/// Whether what came is not the thing itself but its code.
fn is_coded(head: &Head) -> bool {
    head.values("content-encoding").any(|value| !value.is_empty() && !value.eq_ignore_ascii_case(b"identity"))
}

/// Whether two of the same are the same byte by byte (RFC 9110 §8.8.3).
fn is_strong(etag: &str) -> bool {
    etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).is_some_and(|tag| !tag.contains('"'))
}

/// Whether it can have changed only before the second in which it was sent (RFC 9110 §8.8.2.2).
fn is_strong_date(modified: &str, sent: Option<&str>) -> bool {
    let (modified, sent) = (rfc2822::parse(modified), sent.map(rfc2822::parse));
    matches!((modified, sent), (Ok(modified), Some(Ok(sent))) if modified.timestamp() < sent.timestamp())
}

/// First, last, and length of the whole: `bytes 4-9/10` (RFC 9110 §14.4).
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (unit, range) = text.split_once(' ')?;
    let (range, whole) = range.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some((number(first)?, number(last)?, number(whole)?))
}
