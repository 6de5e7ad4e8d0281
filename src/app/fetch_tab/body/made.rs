//! What is shown of a body, made on a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use egui::ColorImage;
use encoding_rs::Encoding;

use super::hex_rows::PIECE;
use super::kind::Kind;
use super::text::{self, Page};
use super::{laid, picture};
use crate::i18n::t;
use crate::net::Error;
use crate::net::fetch::Body;

/// How much of the begin says what a body is, in bytes.
const BEGIN: usize = 4 << 10;

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// What it is.
    Begin,
    /// All of it, laid out.
    Laid {
        /// What it is.
        kind: Kind,
        /// How its bytes are read.
        encoding: &'static Encoding,
    },
    /// A window of it, as text.
    Text {
        /// How its bytes are read.
        encoding: &'static Encoding,
        /// The number of the window.
        window: u64,
    },
    /// A picture.
    Image,
    /// A piece of its bytes.
    Hex {
        /// Where it begins.
        begin: u64,
    },
}

/// What was made of it.
#[derive(Debug)]
pub enum Shown {
    /// What it is.
    Begin(Kind),
    /// Text.
    Page {
        /// Its rows.
        page: Page,
        /// Where in the body it begins and ends, in bytes.
        begin: u64,
        /// See `begin`.
        end: u64,
        /// What is wrong with it.
        note: Option<String>,
    },
    /// A picture.
    Picture {
        /// Its pixels, until they are on the graphics card.
        pixels: ColorImage,
        /// What is known of it.
        about: String,
    },
    /// Bytes.
    Hex {
        /// Where they begin.
        begin: u64,
        /// At most [`PIECE`].
        bytes: Vec<u8>,
    },
    /// It cannot be shown, and why.
    Failed(String),
}

/// An answer of a thread.
#[derive(Debug)]
pub struct Made {
    /// What it was made of.
    pub body: Arc<Body>,
    /// What was to be made.
    pub want: Want,
    /// What it became.
    pub shown: Shown,
}

/// Makes it. What a server sends never ends a thread without an answer.
pub fn make(body: Arc<Body>, want: Want) -> Made {
    let shown = catch_unwind(AssertUnwindSafe(|| shown(&body, want)));
    let shown = shown.unwrap_or_else(|_| Ok(Shown::Failed(t("body-not-shown"))));
    let shown = shown.unwrap_or_else(|error| Shown::Failed(error.to_string()));
    Made { body, want, shown }
}

fn shown(body: &Body, want: Want) -> Result<Shown, Error> {
    Ok(match want {
        Want::Begin => {
            // Found here, so that the window has not to wait for it.
            _ = body.charset();
            Shown::Begin(Kind::of(body.media_type(), &body.read_at(0, BEGIN)?))
        }
        Want::Laid { kind, encoding } => {
            let decoded = text::read(body, encoding, 0)?;
            let (page, note) = match laid::lay_out(kind, &decoded.text) {
                Ok(laid) => (Page::new(&laid), misfits(decoded.misfits)),
                Err(reason) => (Page::new(&decoded.text), Some(reason)),
            };
            Shown::Page { page, begin: decoded.begin, end: decoded.end, note }
        }
        Want::Text { encoding, window } => {
            let text::Decoded { text, begin, end, misfits: bad } = text::read(body, encoding, window)?;
            Shown::Page { page: Page::new(&text), begin, end, note: misfits(bad) }
        }
        Want::Image => match picture::decode(body) {
            Ok(picture) => Shown::Picture { pixels: picture.pixels, about: picture.about },
            Err(why) => Shown::Failed(why),
        },
        Want::Hex { begin } => Shown::Hex { begin, bytes: body.read_at(begin, PIECE)? },
    })
}

fn misfits(misfits: bool) -> Option<String> {
    misfits.then(|| t("body-misfits"))
}
