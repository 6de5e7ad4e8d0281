//! Does with a recording, and with what reads it, whatever the bytes of `data` say, and checks what must always hold.
//! The fuzzer drives this, and `cargo test` with a few thousand inputs of its own.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use socketscope::events::ExportWords;
use socketscope::recording::encoding::{Cell, Decoded, Encoding, Kind, decode};
use socketscope::recording::escapes::{escaped, parse_escapes, parse_hex};
use socketscope::recording::export::{Extent, Format, export};
use socketscope::recording::framing::{Item, Lens, LineEnd, Prefix};
use socketscope::recording::index::{Index, Row, View};
use socketscope::recording::literal::{self, Form};
use socketscope::recording::pair::{self, Pair};
use socketscope::recording::search::Search;
use socketscope::recording::{By, Direction, Ends, Log, Recorder, Recording, What, hex, text};

/// Goes as far as `data` reaches.
pub fn drive(data: &[u8]) {
    let mut input = Unstructured::new(data);
    // Too little input is no mistake.
    _ = match input.int_in_range(0..=9) {
        Ok(0..=3) => wire(&mut input),
        Ok(4) => cuts(&mut input),
        Ok(5 | 6) => decoder(&mut input),
        Ok(7 | 8) => both_ends(&mut input),
        _ => typed(&mut input),
    };
}

const BOTH: [Direction; 2] = [Direction::In, Direction::Out];

fn direction(input: &mut Unstructured<'_>) -> Result<Direction> {
    Ok(*input.choose(&BOTH)?)
}

fn encoding(input: &mut Unstructured<'_>) -> Result<Encoding> {
    Ok(*input.choose(&Encoding::ALL)?)
}

/// Any bytes, or such as line ends, delimiters and lengths are made of.
fn bytes(input: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let len = input.int_in_range(0..=most)?;
    let any: bool = input.arbitrary()?;
    let byte = |input: &mut Unstructured<'_>| {
        if any { input.arbitrary() } else { input.choose(b"\r\na\0\x01\x02\x05").copied() }
    };
    // What the input lacks is left out: bytes that are made up tell nothing.
    let mut bytes = Vec::new();
    while bytes.len() < len && !input.is_empty() {
        bytes.push(byte(input)?);
    }
    Ok(bytes)
}

fn lens(input: &mut Unstructured<'_>) -> Result<Lens> {
    Ok(match input.int_in_range(0..=6)? {
        0 => Lens::Reads,
        1 => Lens::Lines(*input.choose(&[LineEnd::Any, LineEnd::Lf, LineEnd::CrLf, LineEnd::Cr])?),
        2 => Lens::Fixed(if input.ratio(1, 8)? { input.arbitrary()? } else { input.int_in_range(0..=40)? }),
        3 => {
            let width = input.int_in_range(0..=5)?;
            let (little_endian, whole) = input.arbitrary()?;
            let offset = if input.ratio(1, 8)? { input.arbitrary()? } else { input.int_in_range(0..=6)? };
            Lens::Prefix(Prefix { width, little_endian, offset, whole })
        }
        4 | 5 => Lens::Delimiter(bytes(input, 5)?),
        _ => Lens::Idle(Duration::from_millis(input.int_in_range(0..=4)?)),
    })
}

/// A recording that comes bit by bit, of which the oldest may go, and indexes of it.
fn wire(input: &mut Unstructured<'_>) -> Result<()> {
    let budget = if input.arbitrary()? { u64::MAX } else { input.int_in_range(0..=6_000)? };
    let per_row = if input.ratio(1, 16)? { input.arbitrary()? } else { input.int_in_range(0..=40)? };
    let only = if input.ratio(1, 3)? { Some(direction(input)?) } else { None };
    let view = View { lens: lens(input)?, only, per_row };
    // So many that marks are left, and left behind.
    let most_times = if input.ratio(1, 20)? { 1_400 } else { 10 };
    let recorder = Recorder::new(budget);
    let recording = recorder.open();
    let mut live = Index::new(view);
    let mut time = recording.origin();
    while !input.is_empty() {
        time += Duration::from_millis(input.int_in_range(0..=3)?);
        match input.int_in_range(0..=11)? {
            0..=4 => recording.push_at(direction(input)?, &bytes(input, 40)?, recording.micros(time)),
            5 => {
                let (direction, bytes) = (direction(input)?, bytes(input, 20)?);
                let times = input.int_in_range(0..=most_times)?;
                (0..times).for_each(|_| recording.push_at(direction, &bytes, recording.micros(time)));
            }
            6 => recording.note(happening(input)?),
            7 => recording.closed(),
            8 if budget != u64::MAX => recorder.set_budget(input.int_in_range(0..=6_000)?),
            9 => _ = recording.read(|log| live.advance(log, 0)),
            10 => {
                let fuel = input.int_in_range(0..=200)?;
                recording.read(|log| live.advance(log, fuel));
                // Behind or not, whatever is looked at.
                let (from, many) = (input.arbitrary::<u16>()?, input.int_in_range(0..=50)?);
                let wanted = u64::from(from)..u64::from(from) + many;
                recording.read(|log| rows_are_whole(&live, log, wanted));
            }
            _ => recording.read(|log| all_holds(&mut live, log)),
        }
    }
    recording.read(|log| all_holds(&mut live, log));
    Ok(())
}

fn happening(input: &mut Unstructured<'_>) -> Result<What> {
    let all = [
        What::Connected,
        What::Secured("TLSv1.3".into()),
        What::HalfClosed,
        What::Reset,
        What::TimedOut(Direction::In, Duration::from_secs(1)),
        What::Failed("why".into()),
        What::Closed(By::Peer),
    ];
    input.choose_iter(all)
}

/// Bytes of one row, as positions; none for what is no piece of this direction.
fn shown(row: &Row, wanted: Direction) -> Range<u64> {
    match &row.item {
        Item::Piece(piece) if piece.direction == wanted => row.bytes.clone(),
        _ => 0..0,
    }
}

/// What any look gives, also while there is more to walk through.
fn rows_are_whole(index: &Index, log: &Log, wanted: Range<u64>) -> Vec<Row> {
    let rows = index.look(log, wanted.clone());
    let all = index.rows(log);
    assert!(rows.len() as u64 <= wanted.end - wanted.start);
    for row in &rows {
        assert!(wanted.contains(&row.number) && row.number < all.end);
        let Item::Piece(piece) = &row.item else {
            assert!(row.bytes.is_empty() && row.first);
            continue;
        };
        let (start, len) = (row.bytes.start - piece.range.start, row.bytes.end - row.bytes.start);
        assert!(len > 0 && len <= index.view().per_row && row.bytes.end <= piece.range.end);
        assert!(start.is_multiple_of(index.view().per_row) && row.first == (start == 0));
        assert!(index.view().only.is_none_or(|only| only == piece.direction));
        let segments = piece.segments.start..piece.segments.end;
        assert!(!segments.is_empty() && segments.end <= log.kept().end);
        if let Some(last) = log.segment(segments.end - 1) {
            assert_eq!((last.at, last.direction), (piece.at, piece.direction));
        }
        for position in [row.bytes.start, row.bytes.end - 1] {
            assert!(log.segment_at(piece.direction, position).is_none_or(|number| segments.contains(&number)));
        }
    }
    assert!(rows.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
    rows
}

/// What must hold once all has been walked through.
fn all_holds(live: &mut Index, log: &Log) {
    let mut steps = 0;
    while !live.advance(log, 1_000) {
        steps += 1;
        assert!(steps < 1_000, "each step gets on");
    }
    let range = live.rows(log);
    let rows = rows_are_whole(live, log, range.clone());
    assert!(rows.iter().map(|row| row.number).eq(range.clone()), "rows have their numbers");
    let View { only, per_row, .. } = live.view().clone();

    // Together they are what is kept, to the end, and what is not shown is counted.
    let mut gone = 0;
    for way in BOTH {
        let stream = log.stream(way);
        if only.is_some_and(|only| only != way) {
            continue;
        }
        let pieces: Vec<Range<u64>> =
            rows.iter().map(|row| shown(row, way)).filter(|bytes| !bytes.is_empty()).collect();
        assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start), "without gaps");
        assert_eq!(pieces.last().map_or(stream.end, |last| last.end), stream.end);
        let first = pieces.first().map_or(stream.end, |first| first.start);
        assert!(first + per_row > stream.start);
        gone += first.max(stream.start);
    }
    if only.is_none() {
        assert_eq!(gone, live.gone(log), "what is not shown is counted");
    }

    // Some of them are found again, and are the same when looked at alone.
    for row in rows.iter().step_by(rows.len() / 16 + 1).chain(rows.last()) {
        assert_eq!(live.look(log, row.number..row.number + 1), std::slice::from_ref(row));
        for way in BOTH {
            let bytes = shown(row, way);
            if !bytes.is_empty() {
                assert_eq!(live.row_of(log, way, bytes.start), Some(row.number));
                assert_eq!(live.row_of(log, way, bytes.end - 1), Some(row.number));
            }
        }
    }
    for way in BOTH {
        assert_eq!(live.row_of(log, way, log.stream(way).end), None);
        assert_eq!(live.row_of(log, way, u64::MAX), None);
    }

    if log.kept().start == 0 && log.first_event() == 0 {
        nothing_is_missing(live, log, &rows);
    }
}

/// Of a recording that is kept from its begin.
fn nothing_is_missing(live: &Index, log: &Log, rows: &[Row]) {
    let mut late = Index::new(live.view().clone());
    assert!(late.advance(log, u64::MAX));
    assert_eq!(late.look(log, 0..u64::MAX), rows, "watching it come or looking at the end is the same");
    let count = |wanted: fn(&Item) -> bool| rows.iter().filter(|row| wanted(&row.item)).count();
    assert_eq!(count(|item| matches!(item, Item::Event(_))), log.events().len());
    let empty = log.kept().filter_map(|n| log.segment(n)).filter(|one| one.len == 0).count();
    assert_eq!(count(|item| matches!(item, Item::Empty(_))), empty);
    for way in BOTH.into_iter().filter(|way| live.view().only.is_none_or(|only| only == *way)) {
        let joined: Vec<u8> = rows.iter().flat_map(|row| log.joined(way, shown(row, way))).collect();
        assert_eq!(joined, log.joined(way, 0..u64::MAX), "the pieces are the recording");
    }
}

/// The same bytes cut into reads in two ways, and mixed with what went the other way in two ways.
fn cuts(input: &mut Unstructured<'_>) -> Result<()> {
    let lens = lens(input)?;
    if matches!(lens, Lens::Reads | Lens::Idle(_)) {
        return Ok(());
    }
    let streams = [bytes(input, 300)?, bytes(input, 300)?];
    let pieces = |recording: &Recording, way| -> Vec<(Range<u64>, bool)> {
        recording.read(|log| {
            let mut index = Index::new(View { lens: lens.clone(), only: Some(way), per_row: 1 << 16 });
            while !index.advance(log, 7) {}
            let of = |item| if let Item::Piece(piece) = item { Some((piece.range, piece.whole)) } else { None };
            index.look(log, 0..u64::MAX).into_iter().filter_map(|row| of(row.item)).collect()
        })
    };
    let cut = |input: &mut Unstructured<'_>| -> Result<Arc<Recording>> {
        let recording = Recorder::new(u64::MAX).open();
        let mut rests = [streams[0].as_slice(), streams[1].as_slice()];
        while rests.iter().any(|rest| !rest.is_empty()) {
            let way = direction(input)?;
            let rest = &mut rests[way as usize];
            let (now, later) = rest.split_at(input.int_in_range(1..=40)?.min(rest.len()));
            *rest = later;
            if now.is_empty() {
                break;
            }
            recording.push(way, now);
        }
        for way in BOTH {
            let rest = rests[way as usize];
            if !rest.is_empty() {
                recording.push(way, rest);
            }
        }
        Ok(recording)
    };
    let (one, other) = (cut(input)?, cut(input)?);
    for way in BOTH {
        assert_eq!(pieces(&one, way), pieces(&other, way), "{lens:?}");
    }
    Ok(())
}

/// Both ends of a connection, of which the oldest may go: on one time axis, looked through, and exported.
fn both_ends(input: &mut Unstructured<'_>) -> Result<()> {
    let budget = if input.arbitrary()? { u64::MAX } else { input.int_in_range(0..=6_000)? };
    let recorder = Recorder::new(budget);
    let two = [recorder.open(), recorder.open()];
    let two_of = [two[0].as_ref(), two[1].as_ref()];
    let ends = Ends { local: ([127, 0, 0, 1], 5).into(), peer: ([127, 0, 0, 1], 6).into() };
    two[0].connected(ends);
    two[1].accepted(ends.mirrored());
    let mut live = Pair::new(input.int_in_range(0..=40)?);
    let mut time = two[0].origin();
    while !input.is_empty() {
        time += Duration::from_nanos(input.int_in_range(0..=3_000)?);
        let one = input.choose(&two)?;
        match input.int_in_range(0..=10)? {
            0..=6 => one.push_at(direction(input)?, &bytes(input, 40)?, one.micros(time)),
            7 => one.note(happening(input)?),
            8 => one.closed(),
            9 if budget != u64::MAX => recorder.set_budget(input.int_in_range(0..=6_000)?),
            _ => {
                live.advance(two_of, input.int_in_range(0..=20)?);
                let (from, many) = (input.arbitrary::<u16>()?, input.int_in_range(0..=50)?);
                assert!(live.look(two_of, u64::from(from)..u64::from(from) + many).len() as u64 <= many);
            }
        }
    }
    let mut steps = 0;
    while !live.advance(two_of, 100) {
        steps += 1;
        assert!(steps < 1_000, "each step gets on");
    }
    let rows = live.look(two_of, live.rows());
    assert!(rows.iter().map(|row| row.number).eq(live.rows()), "rows have their numbers");
    assert!(rows.windows(2).all(|pair| pair[0].entry.at <= pair[1].entry.at), "in the order of time");
    for row in &rows {
        let pair::Kind::Moved { number, .. } = row.entry.kind else { continue };
        let (side, at) = (row.entry.side, row.bytes.start);
        assert_eq!(live.row_of(two_of, side, number, at), Some(row.number));
        if let Some(sources) = Pair::sources(two_of, side, number) {
            assert_eq!(sources.count > 0, sources.ends.is_some());
        }
    }
    for (side, one) in two.iter().enumerate() {
        let shown = |way| {
            let of = |row: &&pair::Row| {
                row.entry.side == side
                    && matches!(row.entry.kind, pair::Kind::Moved { direction, .. } if direction == way)
            };
            let bytes = rows.iter().filter(of).map(|row| row.bytes.clone()).filter(|bytes| !bytes.is_empty());
            bytes.collect::<Vec<_>>()
        };
        for way in BOTH {
            let (pieces, stream) = (shown(way), one.read(|log| log.stream(way)));
            assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start), "without gaps");
            assert_eq!(pieces.last().map_or(stream.end, |last| last.end), stream.end);
        }
        search(input, one)?;
    }
    exported(&two);
    Ok(())
}

/// What is found is there, and what is not found is not.
fn search(input: &mut Unstructured<'_>, recording: &Recording) -> Result<()> {
    let from = if input.arbitrary()? { Some((direction(input)?, input.int_in_range(0..=200)?)) } else { None };
    let search = Search { needle: bytes(input, 3)?, only: None, forward: input.arbitrary()?, from };
    let found = search.run(recording, || false);
    recording.read(|log| match found {
        Some(found) => assert_eq!(log.joined(found.direction, found.range), search.needle),
        None => {
            for way in BOTH.into_iter().filter(|_| !search.needle.is_empty()) {
                let all = log.joined(way, 0..u64::MAX);
                assert!(!all.windows(search.needle.len()).any(|part| part == search.needle), "it is there");
            }
        }
    });
    Ok(())
}

/// All that is kept, and no more, is in each kind of file.
fn exported(two: &[Arc<Recording>; 2]) {
    for format in Format::ALL {
        let mut file = Vec::new();
        let written = export(format, &ExportWords, &Extent::Whole(two), &mut file).expect("memory takes all");
        // Of packets one end's are enough.
        let ends = if format == Format::Pcapng { &two[..1] } else { &two[..] };
        let kept = |one: &Arc<Recording>| one.kept().end - one.kept().start;
        assert_eq!(written.segments, ends.iter().map(kept).sum::<u64>(), "{format:?}");
        let kept = |one: &Arc<Recording>| one.read(|log| BOTH.map(|way| log.joined(way, 0..u64::MAX).len()));
        assert_eq!(written.bytes, ends.iter().flat_map(kept).sum::<usize>() as u64, "{format:?}");
        assert!(!file.is_empty());
    }
}

/// A stream decoded at once, in parts, and through the least window.
fn decoder(input: &mut Unstructured<'_>) -> Result<()> {
    let encoding = encoding(input)?;
    // Half a unit of UTF-16 may have gone.
    let start = input.int_in_range(0..=9)?;
    let mut stream = bytes(input, 200)?;
    if input.ratio(1, 16)? {
        stream = stream.repeat(input.int_in_range(1..=200)?);
    }
    let end = start + stream.len() as u64;
    let whole = decode(encoding, &stream, start, start..end);
    covers(&whole, start..end, end);

    let (before, after) = encoding.context();
    let mut joined = Decoded::default();
    let mut at = start;
    while at < end {
        let to = (at + input.int_in_range(1..=(stream.len() as u64 / 8).max(40))?).min(end);
        let part = decode(encoding, &stream, start, at..to);
        covers(&part, at..to, end);
        let window = at.saturating_sub(before as u64).max(start)..(to + after as u64).min(end);
        let cut = &stream[(window.start - start) as usize..(window.end - start) as usize];
        assert_eq!(decode(encoding, cut, window.start, at..to), part, "a longer window tells nothing new");
        for cell in part.cells.iter().filter(|cell| cell.kind != Kind::Rest) {
            let text = cell.text.start + joined.text.len()..cell.text.end + joined.text.len();
            joined.cells.push(Cell { text, ..cell.clone() });
        }
        joined.text += &part.text;
        at = to;
    }
    // Farther from an ASCII byte than it looks, an encoding of the Far East guesses.
    if stream.len() < 16 << 10 {
        assert_eq!(joined, whole, "the parts are the whole");
    }
    let wanted = Range::<u64>::arbitrary(input)?;
    _ = decode(encoding, &stream, start, wanted);
    Ok(())
}

fn covers(decoded: &Decoded, wanted: Range<u64>, end: u64) {
    let (mut at, mut text) = (wanted.start, 0);
    for cell in &decoded.cells {
        assert!(cell.bytes.start == at && cell.bytes.end > at && cell.text.start == text, "without gaps: {decoded:?}");
        assert!(cell.bytes.start < wanted.end && cell.bytes.end <= end);
        assert_eq!(cell.kind == Kind::Rest, cell.text.is_empty());
        (at, text) = (cell.bytes.end, cell.text.end);
    }
    assert!(at >= wanted.end && text == decoded.text.len());
    assert!(!decoded.text.chars().any(|c| c.is_control() || text::is_invisible(c)), "safe to show");
}

/// What a person types, and bytes written down.
fn typed(input: &mut Unstructured<'_>) -> Result<()> {
    let encoding = encoding(input)?;
    let bytes = bytes(input, 200)?;
    let form =
        input.choose_iter([Form::Text(encoding), Form::Hex, Form::HexDump, Form::C, Form::Rust, Form::Python])?;
    _ = literal::write(form, &bytes);

    assert_eq!(parse_hex(&hex::row(&bytes)).as_deref(), Ok(bytes.as_slice()));
    let text = escaped(&bytes);
    assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    if !matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        assert_eq!(parse_escapes(&text, encoding).as_deref(), Ok(bytes.as_slice()));
    }

    let mut like = String::new();
    while !input.is_empty() {
        match input.int_in_range(0..=3)? {
            0 => like.push(input.arbitrary()?),
            _ => {
                like.push(*input.choose(&[
                    '\\', '\\', 'x', 'u', '0', '1', 'f', 'A', '{', '}', 'r', 'n', ' ', ',', ':', '中', '€',
                ])?)
            }
        }
    }
    let characters = like.chars().count();
    for mistake in [parse_escapes(&like, encoding).err(), parse_hex(&like).err()].into_iter().flatten() {
        assert!(mistake.at < characters, "{mistake:?} in {like:?}");
    }
    if let Some(bytes) = encoding.encode(&like) {
        let decoded = decode(encoding, &bytes, 0, 0..bytes.len() as u64);
        assert_eq!(decoded.text, text::visible(like.as_bytes()), "it reads as the same text again");
    }
    Ok(())
}
