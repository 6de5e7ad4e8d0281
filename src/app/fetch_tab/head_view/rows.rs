//! What was sent and received as rows, exactly as it crossed the wire.

use crate::i18n::t;
use crate::net::fetch::{Head, Hop, PartKind};
use crate::recording::text::visible;

/// One row of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// What the rows below it are.
    Title(String),
    /// Between two heads.
    Blank,
    /// What it is on the wire, and its text.
    Line(PartKind, String),
    /// What it is on the wire, its name and its value.
    Field(PartKind, String, String),
    /// A further line of a folded field, with the blanks that it begins with.
    Folded(PartKind, String),
}

impl Row {
    /// What it is on the wire, and what to call it there.
    pub fn part(&self) -> Option<(PartKind, &str)> {
        match self {
            Self::Title(_) | Self::Blank => None,
            Self::Line(kind, text) | Self::Field(kind, text, _) | Self::Folded(kind, text) => {
                Some((*kind, text.trim()))
            }
        }
    }

    /// The row as text.
    pub fn text(&self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Title(text) | Self::Line(_, text) | Self::Folded(_, text) => text.clone(),
            Self::Field(_, name, value) => format!("{name}: {value}"),
        }
    }

    /// The name and the value of a field, of the request or of the answer.
    pub fn field(&self) -> Option<(&str, &str)> {
        match self {
            Self::Field(_, name, value) => Some((name, value)),
            Self::Line(PartKind::RequestField(_), text) => {
                let (name, value) = text.split_once(':')?;
                Some((name, value.strip_suffix("\\r\\n").unwrap_or(value).trim()))
            }
            _ => None,
        }
    }

    /// Whether it is one of those that are looked for; titles always stay.
    pub fn has(&self, wanted: &str) -> bool {
        self.part().is_none() || self.text().to_lowercase().contains(wanted)
    }
}

/// The rows of a hop.
pub fn rows(hop: &Hop) -> Vec<Row> {
    let mut rows = vec![Row::Title(t("request-sent"))];
    // Exactly the bytes: with the line ends, and the empty line that ends it.
    let lines = hop.request.split_inclusive(|byte| *byte == b'\n').enumerate();
    rows.extend(lines.map(|(number, line)| {
        let kind = match number.checked_sub(1) {
            None => PartKind::RequestLine,
            Some(_) if line.trim_ascii().is_empty() => PartKind::RequestEnd,
            Some(field) => PartKind::RequestField(field),
        };
        Row::Line(kind, visible(line))
    }));
    for (number, head) in hop.interim.iter().enumerate() {
        push_head(&mut rows, t("interim-received"), number, head);
    }
    if let Some(head) = &hop.head {
        push_head(&mut rows, t("answer-received"), hop.interim.len(), head);
    }
    if !hop.trailers.is_empty() {
        rows.push(Row::Blank);
        rows.push(Row::Title(t("trailers-received")));
        rows.extend(hop.trailers.iter().enumerate().map(|(number, one)| {
            Row::Field(PartKind::Trailer(number), visible(one.name.as_bytes()), visible(&one.value))
        }));
    }
    rows
}

/// `number` is that of the head as the parts of the wire count them.
fn push_head(rows: &mut Vec<Row>, title: String, number: usize, head: &Head) {
    rows.push(Row::Blank);
    rows.push(Row::Title(title));
    rows.push(Row::Line(PartKind::StatusLine { head: number }, visible(head.first_line())));
    let folds = folds(&head.raw);
    // What is folded otherwise than it looks is shown as it was understood.
    let folds = folds.filter(|folds| folds.len() == head.headers.len());
    for (field, header) in head.headers.iter().enumerate() {
        let kind = PartKind::Field { head: number, field };
        let name = visible(header.name.as_bytes());
        match folds.as_ref().map(|folds| folds[field].as_slice()) {
            Some([first, more @ ..]) if !more.is_empty() => {
                rows.push(Row::Field(kind, name, visible(first)));
                rows.extend(more.iter().map(|line| Row::Folded(kind, visible(line).replace("\\t", "    "))));
            }
            _ => rows.push(Row::Field(kind, name, visible(&header.value))),
        }
    }
}

/// The lines of the value of each field of a head; `None` where it does not look like one.
fn folds(raw: &[u8]) -> Option<Vec<Vec<&[u8]>>> {
    let mut fields: Vec<Vec<&[u8]>> = Vec::new();
    let lines = raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.skip_while(|line| line.is_empty());
    lines.next()?;
    for line in lines.take_while(|line| !line.is_empty()) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            fields.last_mut()?.push(line.trim_ascii_end());
        } else {
            let colon = line.iter().position(|byte| *byte == b':')?;
            fields.push(vec![line[colon + 1..].trim_ascii()]);
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fetch::Header;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.to_owned(), value: value.as_bytes().to_vec() }
    }

    fn hop(raw: &str, headers: Vec<Header>) -> Hop {
        let head =
            Head { raw: raw.as_bytes().to_vec(), minor_version: 1, status: 200, reason: b"OK".to_vec(), headers };
        Hop { head: Some(head), ..Hop::default() }
    }

    fn texts(hop: &Hop) -> Vec<String> {
        rows(hop).iter().map(Row::text).collect()
    }

    #[test]
    fn a_folded_field_is_shown_with_its_lines_as_received() {
        let raw = "HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\n\tthree\r\nB: c\r\n\r\n";
        let hop = hop(raw, vec![header("X-Long", "one two three"), header("B", "c")]);
        let shown = texts(&hop);
        assert_eq!(shown[3..], ["HTTP/1.1 200 OK", "X-Long: one", "  two", "    three", "B: c"]);
        // All lines lead to the same bytes.
        let kinds: Vec<_> = rows(&hop)[4..7].iter().filter_map(|row| row.part().map(|part| part.0)).collect();
        assert_eq!(kinds, vec![PartKind::Field { head: 0, field: 0 }; 3]);
    }

    #[test]
    fn what_does_not_look_as_it_was_understood_is_shown_as_understood() {
        for raw in ["HTTP/1.1 200 OK\nA: b\n c\nno colon\n\n", "HTTP/1.1 200 OK\nX: y\n z\nA: b c\n\n"] {
            let hop = hop(raw, vec![header("A", "b c")]);
            assert_eq!(texts(&hop)[3..], ["HTTP/1.1 200 OK", "A: b c"], "{raw}");
        }
    }

    #[test]
    fn trailers_have_a_title_of_their_own() {
        let trailers = vec![header("X-Sum", "42"), header("x-sum", "43")];
        let hop = Hop { trailers, ..hop("HTTP/1.1 200 OK\r\n\r\n", Vec::new()) };
        assert_eq!(texts(&hop)[5..], [t("trailers-received"), "X-Sum: 42".to_owned(), "x-sum: 43".to_owned()]);
    }

    #[test]
    fn what_is_looked_for_is_found_whatever_its_case_and_titles_stay() {
        let row = Row::Field(PartKind::Trailer(0), "X-Odd".into(), "Yes".into());
        assert!(row.has("odd: yes") && row.has("x-") && !row.has("no"));
        assert!(Row::Title("a".into()).has("b"));
    }

    #[test]
    fn a_field_of_the_request_has_a_name_and_a_value_too() {
        let row = Row::Line(PartKind::RequestField(0), "Host: a:80\\r\\n".into());
        assert_eq!(row.field(), Some(("Host", "a:80")));
    }
}
