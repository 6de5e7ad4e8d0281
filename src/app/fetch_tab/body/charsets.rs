//! In which charset a body is read: as found, or as a person knows better.

use egui::Ui;
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, ISO_8859_2, ISO_8859_15, KOI8_R, SHIFT_JIS, UTF_8,
    UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255,
    WINDOWS_1256,
};

use crate::app::widgets::choose;
use crate::i18n::{t, tf};
use crate::net::fetch::{Body, CharsetBy};

/// What the web is written in.
const COMMON: [&Encoding; 20] = [
    UTF_8,
    UTF_16LE,
    UTF_16BE,
    WINDOWS_1252,
    ISO_8859_15,
    WINDOWS_1250,
    ISO_8859_2,
    WINDOWS_1251,
    KOI8_R,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1255,
    WINDOWS_1256,
    GBK,
    GB18030,
    BIG5,
    SHIFT_JIS,
    EUC_JP,
    ISO_2022_JP,
    EUC_KR,
];

/// The choice; `None` is as found.
pub fn choose_encoding(ui: &mut Ui, chosen: &mut Option<&'static Encoding>, body: &Body) {
    let how = match body.charset_by() {
        CharsetBy::Header => "charset-by-header",
        CharsetBy::Mark => "charset-by-mark",
        CharsetBy::Meta => "charset-by-meta",
        CharsetBy::Text => "charset-by-look",
    };
    let args = [("name", body.charset().name().into()), ("how", t(how).into())];
    let mut all = vec![(None, tf("charset-as-found", &args))];
    all.extend(COMMON.iter().map(|one| (Some(*one), one.name().to_owned())));
    choose(ui, "body-charset", chosen, &all, 190.0);
}
