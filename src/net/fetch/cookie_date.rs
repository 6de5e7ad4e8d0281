//! When a cookie expires, as servers write it (RFC 6265 §5.1.1): brought into the one form that the library reads.

/// As the form of the library has them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a date is made of, as far as it has been found.
#[derive(Default)]
struct Found {
    time: Option<[u32; 3]>,
    day: Option<u32>,
    month: Option<&'static str>,
    year: Option<u32>,
}

/// `Set-Cookie` with each `Expires` in the form `01 Jan 1970 00:00:00 GMT`; one that is no date stays as it is.
pub(super) fn with_plain_dates(text: &str) -> String {
    let plain = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let date = plain(value).filter(|_| name.trim().eq_ignore_ascii_case("Expires"))?;
        Some(format!("Expires={date}"))
    };
    // The first part is the cookie itself.
    let parts = text.split(';').enumerate();
    let parts = parts.map(|(at, part)| if at == 0 { None } else { plain(part) }.unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join(";")
}

fn plain(text: &str) -> Option<String> {
    let mut found = Found::default();
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    let Found { time: Some([hour, minute, second]), day: Some(day), month: Some(month), year: Some(year) } = found
    else {
        return None;
    };
    let year = match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    };
    let is_date = (1..=31).contains(&day) && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    is_date.then(|| format!("{day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT"))
}

impl Found {
    /// What comes first counts, and what cannot be one of these says nothing.
    fn take(&mut self, token: &str) {
        if self.time.is_none() {
            self.time = time(token);
            if self.time.is_some() {
                return;
            }
        }
        if self.day.is_none() {
            self.day = number(token, 1, 2);
            if self.day.is_some() {
                return;
            }
        }
        if self.month.is_none() {
            let is_month = |month: &&&str| token.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(month));
            self.month = MONTHS.iter().find(is_month).copied();
            if self.month.is_some() {
                return;
            }
        }
        self.year = self.year.or_else(|| number(token, 2, 4));
    }
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `1:2:3` with one or two digits each.
fn time(token: &str) -> Option<[u32; 3]> {
    let mut parts = token.splitn(3, ':');
    let mut whole = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute) = (number(whole()?, 1, 2)?, number(whole()?, 1, 2)?);
    Some([hour, minute, number(parts.next()?, 1, 2)?])
}

/// The number at the start of `token`, if it has so many digits.
fn number(token: &str, least: usize, most: usize) -> Option<u32> {
    let end = token.find(|c: char| !c.is_ascii_digit()).unwrap_or(token.len());
    token[..end].parse().ok().filter(|_| (least..=most).contains(&end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_as_servers_write_them() {
        let newyear = "01 Jan 1970 00:00:00 GMT";
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", newyear),
            ("Thu, 01-Jan-70 00:00:00 GMT", newyear),
            ("Thursday, 1-January-1970 0:0:0 GMT", newyear),
            ("Thu Jan  1 00:00:00 GMT 1970", newyear),
            ("Thu Jan  1 00:00:00 1970", newyear),
            ("1970 1 jan 00:00:00", newyear),
            ("Thu\tJan\t1\t00:00:00\t1970", newyear),
            (" Sat, 02-May-09 23:38:25utc 2010", "02 May 2009 23:38:25 GMT"),
            ("Fri Feb 13 11:56:27 ....GMT 2132", "13 Feb 2132 11:56:27 GMT"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "soon",
            "Thu, 01 Jan 1970",
            "Thu, 01 Jan 1970 00:00",
            "Thu, 01 Jan 1970 24:00:00 GMT",
            "Thu, 01 Jan 1970 00:60:00 GMT",
            "Thu, 01 Jan 1970 00:00:60 GMT",
            "Thu, 01 Jan 1970 00:00:000 GMT",
            "Thu, 32 Jan 1970 00:00:00 GMT",
            "Thu, 00 Jan 1970 00:00:00 GMT",
            "Thu, 01 Jan 1600 00:00:00 GMT",
            "Thu, 01 Jan 19700 00:00:00 GMT",
            "Thu, 01 Foo 1970 00:00:00 GMT",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_but_the_date_is_touched() {
        let text = "Expires=Thu Jan 1 00:00:00 GMT 1970; path=Feb 2 11:56:27 2037 ;expires = Fri Feb 13 11:56:27 GMT 2037; Expires=x; =";
        let expected = "Expires=Thu Jan 1 00:00:00 GMT 1970; path=Feb 2 11:56:27 2037 ;Expires=13 Feb 2037 11:56:27 GMT; Expires=x; =";
        assert_eq!(with_plain_dates(text), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn every_text_is_read_without_panic(any in any::<String>(), near in "[0-9:; ,\u{e9}a-fJn=-]{0,40}") {
            for text in [&any, &near] {
                prop_assert_eq!(plain(text).map_or(24, |date| date.len()), 24);
                prop_assert_eq!(with_plain_dates(text).split(';').count(), text.split(';').count());
            }
        }
    }
}
