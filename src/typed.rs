//! What is wrong with something that a person typed, in words.

use crate::i18n::{count, t, tf};
use crate::recording::escapes::{Mistake, MistakeKind};

/// What is wrong with bytes typed as escapes or as hexadecimal digits.
#[must_use]
pub fn mistake_text(mistake: Mistake) -> String {
    let place = count(mistake.at as u64 + 1);
    let with = |id, c: char| tf(id, &[("place", place.clone().into()), ("found", c.to_string().into())]);
    match mistake.what {
        MistakeKind::UnknownEscape { found } => with("mistake-escape", found),
        MistakeKind::UnfinishedEscape => t("mistake-unfinished"),
        MistakeKind::NotHex { found } => with("mistake-hex", found),
        MistakeKind::OddDigits => t("mistake-odd"),
        MistakeKind::NoSuchCharacter => t("mistake-no-character"),
        MistakeKind::NotInEncoding { character } => with("mistake-encoding", character),
    }
}
