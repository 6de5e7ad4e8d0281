//! Files are read back with other programs' libraries and must give the recordings' bytes.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::recording::{By, Recorder, Tried};

struct Plain;

impl Words for Plain {
    fn connection(&self, number: u64, ends: Option<Ends>, _: &str) -> String {
        format!("connection {number} {}", ends.is_some())
    }

    fn segment(&self, direction: Direction, size: u64) -> String {
        format!("{direction:?} {size}")
    }

    fn event(&self, what: &What) -> String {
        match what {
            // As a peer wrote it.
            What::Failed(text) => text.to_string(),
            what => format!("{what:?}"),
        }
    }

    fn gone(&self, bytes: u64) -> String {
        format!("gone {bytes}")
    }

    fn packet(&self, direction: Direction, number: u64, part: Option<(u64, u64)>) -> String {
        format!("{direction:?} {number} {part:?}")
    }

    fn packets(&self) -> String {
        "made up".to_owned()
    }
}

fn ends(version: u8) -> Ends {
    let (local, peer) = match version {
        4 => (IpAddr::from([10, 0, 0, 1]), IpAddr::from([192, 0, 2, 7])),
        _ => ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(), [0xfe80, 0, 0, 0, 1, 2, 3, 4].into()),
    };
    Ends { local: SocketAddr::new(local, 40_000), peer: SocketAddr::new(peer, 80) }
}

/// A recording that began at another time.
fn recording_from(recorder: &Arc<Recorder>, origin: Instant) -> Arc<Recording> {
    Arc::new(Recording {
        number: 1,
        ends: OnceLock::new(),
        origin,
        opened: SystemTime::now(),
        recorder: Arc::clone(recorder),
        cost: AtomicU64::default(),
        newest: AtomicU64::default(),
        log: Mutex::default(),
    })
}

fn exported(format: Format, extent: &Extent<'_>) -> (Vec<u8>, Written) {
    let mut out = Vec::new();
    let written = export(format, &Plain, extent, &mut out).expect("written");
    (out, written)
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn objects(extent: &Extent<'_>) -> Vec<Value> {
    lines(&exported(Format::JsonLines, extent).0)
}

fn text(extent: &Extent<'_>) -> Vec<String> {
    let text = String::from_utf8(exported(Format::Text, extent).0).expect("UTF-8");
    // The times are told apart by nothing that a test could know.
    let timeless = |line: &str| match line.split_once(" +") {
        Some((_, line)) => line.split_once(' ').expect("a time").1.to_owned(),
        None => line.to_owned(),
    };
    text.lines().map(timeless).collect()
}

#[derive(Clone, Debug)]
struct Packet {
    micros: u64,
    from: SocketAddr,
    to: SocketAddr,
    flags: String,
    sequence: u32,
    acknowledgement: u32,
    data: Vec<u8>,
    comments: Vec<String>,
}

fn packets(extent: &Extent<'_>) -> Vec<Packet> {
    read_packets(&exported(Format::Pcapng, extent).0)
}

fn read_packets(file: &[u8]) -> Vec<Packet> {
    let mut reader = PcapNgReader::new(file).expect("a section");
    let mut found = Vec::new();
    while let Some(block) = reader.next_block() {
        match block.expect("a block") {
            Block::InterfaceDescription(interface) => assert_eq!(u32::from(interface.linktype), 101),
            Block::EnhancedPacket(packet) => {
                assert_eq!(packet.original_len as usize, packet.data.len());
                let comment = |option: &EnhancedPacketOption<'_>| match option {
                    EnhancedPacketOption::Comment(text) => Some(text.to_string()),
                    _ => None,
                };
                let comments = packet.options.iter().filter_map(comment).collect();
                // The library takes the microseconds for nanoseconds.
                found.push(read_packet(packet.timestamp.as_nanos() as u64, &packet.data, comments));
            }
            other => panic!("{other:?}"),
        }
    }
    found
}

/// The sum of RFC 1071 over everything; 0 where a checksum in it is right.
fn sum(parts: &[&[u8]]) -> u16 {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

fn read_packet(micros: u64, bytes: &[u8], comments: Vec<String>) -> Packet {
    let sliced = SlicedPacket::from_ip(bytes).expect("an IP packet");
    let (from, to, header): (IpAddr, IpAddr, usize) = match sliced.net.expect("IP") {
        NetSlice::Ipv4(ip) => {
            assert_eq!(sum(&[ip.header().slice()]), 0, "checksum of the IP header");
            assert_eq!(usize::from(ip.header().total_len()), bytes.len());
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), 20)
        }
        NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into(), 40),
        NetSlice::Arp(_) => panic!("ARP"),
    };
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let len = (bytes.len() - header) as u32;
    let pseudo = [&octets(from)[..], &octets(to), &len.to_be_bytes(), &[0, 0, 0, 6]].concat();
    assert_eq!(sum(&[&pseudo, &bytes[header..]]), 0, "checksum of TCP");
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { panic!("TCP") };
    let flags = [(tcp.syn(), 'S'), (tcp.fin(), 'F'), (tcp.rst(), 'R'), (tcp.psh(), 'P'), (tcp.ack(), '.')];
    Packet {
        micros,
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        flags: flags.into_iter().filter(|flag| flag.0).map(|flag| flag.1).collect(),
        sequence: tcp.sequence_number(),
        acknowledgement: tcp.acknowledgment_number(),
        data: tcp.payload().to_vec(),
        comments,
    }
}

/// What each side sent, as a receiver would put it together; checks that numbers and times fit.
#[track_caller]
fn reassembled(packets: &[Packet]) -> BTreeMap<SocketAddr, Vec<u8>> {
    let mut streams: BTreeMap<SocketAddr, Vec<u8>> = BTreeMap::new();
    let mut next: BTreeMap<SocketAddr, u32> = BTreeMap::new();
    assert!(packets.is_sorted_by_key(|packet| packet.micros));
    for packet in packets {
        let stream = streams.entry(packet.from).or_default();
        let expected = next.entry(packet.from).or_insert(packet.sequence);
        assert_eq!(packet.sequence, *expected, "{packet:?}");
        stream.extend_from_slice(&packet.data);
        let more = packet.data.len() + packet.flags.matches(['S', 'F']).count();
        *expected = expected.wrapping_add(more as u32);
        if packet.flags.contains('.') {
            let there = next.get(&packet.to).copied().unwrap_or(packet.acknowledgement);
            assert_eq!(packet.acknowledgement, there, "{packet:?}");
        }
    }
    streams
}

/// `> S`, `< P. Michael`: of each packet the way, seen from `local`, flags and bytes.
fn script(packets: &[Packet], local: SocketAddr) -> Vec<String> {
    let shown = |packet: &Packet| {
        let way = if packet.from == local { '>' } else { '<' };
        format!("{way} {} {}", packet.flags, packet.data.escape_ascii()).trim_end().to_owned()
    };
    packets.iter().map(shown).collect()
}

#[test]
fn names_say_the_format() {
    for format in Format::ALL {
        assert_eq!(Format::of(Path::new(&format!("a.b.{}", format.extension().to_uppercase()))), Some(format));
    }
    assert_eq!([".txt", "txt", "a.json", "a.pcap", "a.", ""].map(|name| Format::of(Path::new(name))), [None; 6]);
}

#[test]
fn a_conversation_is_told_in_every_format() {
    for version in [4, 6] {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let address = ends(version).peer;
        recording.note(What::Tried(Box::new(Tried {
            address,
            took: Duration::from_millis(3),
            failed: Some("no".into()),
        })));
        recording.connected(ends(version));
        recording.push(Direction::In, b"Welcome!");
        recording.push(Direction::Out, b"Micha\x1bel");
        recording.note(What::TimedOut(Direction::In, Duration::from_secs(2)));
        recording.push(Direction::In, b"");
        recording.closed();
        let all = [recording];
        let extent = Extent::Whole(&all);

        let shown = text(&extent);
        assert_eq!(shown[0], "connection 1 true");
        assert!(shown[1].starts_with("· Tried") && shown[2].starts_with("· Connected ") && shown.len() == 8);
        assert_eq!(shown[3..5], ["← In 8 Welcome!", "→ Out 8 Micha\\x1bel"]);
        assert_eq!(shown[5..], ["· TimedOut(In, 2s)", "← In 0", "· Closed(Peer)"]);

        let found = objects(&extent);
        let kinds: Vec<_> = found.iter().map(|line| line["type"].as_str().expect("a type")).collect();
        assert_eq!(kinds, ["connection", "event", "event", "read", "write", "event", "read", "event"]);
        assert_eq!(found[0]["peer"], address.to_string());
        assert_eq!((&found[1]["event"], &found[1]["took_us"]), (&"tried".into(), &3_000.into()));
        assert_eq!((&found[4]["n"], &found[4]["size"], &found[4]["position"]), (&1.into(), &8.into(), &0.into()));
        assert_eq!((&found[5]["direction"], &found[5]["after_us"]), (&"read".into(), &2_000_000.into()));
        assert_eq!((&found[7]["by"], &found[7]["before"]), (&"peer".into(), &3.into()));
        let opened: jiff::Timestamp = found[0]["opened"].as_str().expect("text").parse().expect("RFC 3339");
        let closed: jiff::Timestamp = found[7]["time"].as_str().expect("text").parse().expect("RFC 3339");
        let since = found[7]["since_us"].as_i64().expect("a number");
        assert_eq!(closed.as_microsecond() - opened.as_microsecond(), since);

        let found = packets(&extent);
        let wanted = ["> S", "< S.", "> .", "< P. Welcome!", "> P. Micha\\x1bel", "< F.", "> F.", "< ."];
        assert_eq!(script(&found, ends(version).local), wanted);
        assert_eq!((found[0].from, found[0].to), (ends(version).local, ends(version).peer));
        assert!(found[2].comments[0].starts_with("Tried") && found[2].comments[1] == "Connected", "{found:?}");
        assert_eq!(found[4].comments, ["Out 1 None"]);
        assert_eq!(found[5].comments, ["TimedOut(In, 2s)", "In 2 None: In 0"]);
        assert_eq!(found[6].comments, ["Closed(Peer)"]);
        assert_eq!(found[7].micros, u64::try_from(closed.as_microsecond()).expect("after 1970"));
        reassembled(&found);
    }
}

#[test]
fn each_way_to_end_has_its_packets() {
    let check = |what: &dyn Fn(&Recording), wanted: &[&str]| {
        let recording = Recorder::new(Recorder::BUDGET).open();
        recording.accepted(ends(4));
        what(&recording);
        let all = [recording];
        let found = packets(&Extent::Whole(&all));
        reassembled(&found);
        assert_eq!(script(&found[..3], ends(4).local), ["< S", "> S.", "< ."]);
        assert_eq!(script(&found[3..], ends(4).local), wanted);
    };
    check(&Recording::closed, &["> F.", "< ."]);
    let half_closed = |recording: &Recording| {
        recording.note(What::HalfClosed);
        recording.push(Direction::In, b"late");
        recording.push(Direction::In, b"");
        recording.closed();
    };
    check(&half_closed, &["> F.", "< P. late", "< F.", "> ."]);
    let reset = |recording: &Recording| {
        recording.note(What::Reset);
        recording.note(What::Reset);
        recording.closed();
    };
    check(&reset, &["< R."]);
    let failed = |recording: &Recording| recording.note(What::Failed("no".into()));
    check(&failed, &["> ."]);
    // Half an end: the other side may still read.
    check(&|recording| recording.push(Direction::In, b""), &["< F."]);
}

#[test]
fn who_never_connected_has_no_packets() {
    let recording = Recorder::new(Recorder::BUDGET).open();
    recording.note(What::Tried(Box::new(Tried {
        address: ends(4).peer,
        took: Duration::ZERO,
        failed: Some("no".into()),
    })));
    let unused = Recorder::new(0).open();
    let all = [recording, unused];
    let extent = Extent::Whole(&all);
    assert!(packets(&extent).is_empty());
    assert_eq!(objects(&extent).len(), 3);
    let found = text(&extent);
    assert!(found[1].starts_with("#1 · Tried") && found[2] == "connection 1 false", "{found:?}");
    assert_eq!(exported(Format::Text, &extent).1, Written { connections: 2, ..Written::default() });
}

#[test]
fn recordings_are_merged_by_time_on_one_axis() {
    let recorder = Recorder::new(Recorder::BUDGET);
    let began = Instant::now();
    let milliseconds = |n| began + Duration::from_millis(n);
    let (first, second) = (recording_from(&recorder, began), recording_from(&recorder, milliseconds(10)));
    for n in 0..50 {
        first.push_at(Direction::Out, b"a", first.micros(milliseconds(20 + 3 * n)));
        second.push_at(Direction::In, b"b", second.micros(milliseconds(21 + 3 * n)));
    }
    let mut out = Vec::new();
    let mut exporter = Exporter::new(Format::JsonLines, &Plain, &mut out).expect("begun");
    exporter.add(Arc::clone(&second));
    exporter.add(Arc::clone(&first));
    assert!(exporter.write_until(milliseconds(23)).expect("written"), "there is more");
    assert_eq!(exporter.written().segments, 3, "at 20, 21 and 23 ms");
    exporter.write_up_to(i64::MAX).expect("written");
    exporter.finish().expect("written");
    let order: Vec<_> = lines(&out).iter().filter(|line| line["n"].is_u64()).map(|line| line["data"].clone()).collect();
    assert_eq!(order, ["YQ==", "Yg=="].repeat(50));
    let times: Vec<String> = lines(&out).iter().filter_map(|line| line["time"].as_str().map(str::to_owned)).collect();
    assert!(times.is_sorted());
    let origin: jiff::Timestamp = jiff::Timestamp::try_from(second.opened()).expect("a time");
    let last: jiff::Timestamp = times.last().expect("one").parse().expect("a time");
    assert_eq!(
        last.as_microsecond() - origin.as_microsecond(),
        158_000,
        "by the clock of the one that was added first"
    );
}

#[test]
fn of_both_ends_the_one_that_connected_is_there() {
    let recorder = Recorder::new(Recorder::BUDGET);
    let began = Instant::now();
    let at = |seconds| recording_from(&recorder, began + Duration::from_secs(seconds));
    let all = [4, 5, 6, 7, 8, 9].map(at);
    // The ports of 0 and 1 are used again by 4, whose connecting end is not there.
    all[0].accepted(ends(4).mirrored());
    all[1].connected(ends(4));
    all[2].accepted(ends(6));
    all[4].accepted(ends(4).mirrored());
    all[5].connected(Ends { local: ends(4).peer, peer: ends(6).local });
    assert_eq!(second_ends(&all), [0]);
    let both = [recorder.open(), recorder.open()];
    both[0].accepted(ends(4).mirrored());
    both[1].connected(ends(4));
    both[1].push(Direction::Out, b"once");
    both[0].push(Direction::In, b"once");
    let found = packets(&Extent::Whole(&both));
    assert_eq!(script(&found, ends(4).local), ["> S", "< S.", "> .", "> P. once"]);
    assert_eq!(objects(&Extent::Whole(&both)).len(), 6, "both");
}

#[test]
fn a_selection_is_cut_to_its_range() {
    let recording = Recorder::new(Recorder::BUDGET).open();
    recording.connected(ends(4));
    for text in ["Mich", "ael", "", "Tracy"] {
        recording.push(Direction::In, text.as_bytes());
        recording.push(Direction::Out, b"Hello");
    }
    let selected = |range| -> Vec<String> {
        let extent = Extent::Selection(&recording, Direction::In, range);
        let found = text(&extent);
        let bytes: String = packets(&extent).iter().map(|packet| packet.data.escape_ascii().to_string()).collect();
        let json: String = objects(&extent)
            .iter()
            .filter_map(|line| line["data"].as_str())
            .map(|data| String::from_utf8(BASE64.decode(data.as_bytes()).expect("base64")).expect("text"))
            .collect();
        assert_eq!(bytes, json);
        assert_eq!(found[0], "connection 1 true");
        found[1..].to_vec()
    };
    assert_eq!(selected(2..8), ["← In 2 ch", "← In 3 ael", "← In 1 T"]);
    assert_eq!(selected(4..7), ["← In 3 ael"]);
    assert_eq!(selected(11..u64::MAX), ["← In 1 y"]);
    assert!(selected(12..20).is_empty() && selected(3..3).is_empty());
    let found = packets(&Extent::Selection(&recording, Direction::In, 5..9));
    assert_eq!((found[0].sequence, found[0].comments.as_slice()), (6, &["In 2 None".to_owned()][..]));
}

#[test]
fn what_has_gone_is_counted_and_leaves_a_gap() {
    let recording = Recorder::new(10_000).open();
    recording.connected(ends(4));
    for n in 0..30u8 {
        recording.push(Direction::Out, &[n; 700]);
    }
    recording.push(Direction::In, b"end");
    let kept = recording.kept().start;
    let gone = 700 * kept;
    let selection = Extent::Selection(&recording, Direction::Out, gone - 7..gone + 5);
    let bytes = crate::recording::text::visible(&[kept as u8; 5]);
    assert_eq!(text(&selection)[1..], ["· gone 7".to_owned(), format!("→ Out 5 {bytes}")]);
    let all = [Arc::clone(&recording)];
    let extent = Extent::Whole(&all);
    let (_, written) = exported(Format::Text, &extent);
    assert_eq!((written.gone, written.bytes), (gone, 21_003 - gone));
    assert_eq!(text(&extent)[2], format!("· gone {gone}"));
    let other = Recorder::new(0).open();
    other.push(Direction::In, b"never kept");
    assert_eq!(exported(Format::Text, &Extent::Whole(&[all[0].clone(), other])).1.gone, gone + 10);
    let line = &objects(&extent)[2];
    assert_eq!((&line["segments"], &line["bytes_out"], &line["bytes_in"]), (&kept.into(), &gone.into(), &0.into()));
    let found = packets(&extent);
    assert_eq!((found[3].sequence, found[3].comments[0].clone()), (1 + gone as u32, format!("gone {gone}")));
    // Nothing at all is left.
    recording.recorder.set_budget(0);
    assert_eq!(text(&extent)[2..], ["· gone 21003"]);
    recording.closed();
    assert_eq!(text(&extent)[2..], ["· gone 21003", "· Closed(Us)"]);
    let found = packets(&extent);
    assert_eq!((found[3].sequence, found[3].flags.as_str()), (21_001, "F."));
}

/// Takes room away from a recorder as soon as something is written.
struct Meddler {
    recorder: Arc<Recorder>,
    out: Vec<u8>,
}

impl Write for Meddler {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.recorder.set_budget(1 << 20);
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_goes_while_it_is_written_is_counted_too() {
    let recorder = Recorder::new(Recorder::BUDGET);
    let recording = recorder.open();
    (0..100).for_each(|_| recording.push(Direction::In, &[b'x'; 100_000]));
    let mut out = Meddler { recorder, out: Vec::new() };
    let all = [recording];
    let written = export(Format::JsonLines, &Plain, &Extent::Whole(&all), &mut out).expect("written");
    assert_eq!(written.bytes + written.gone, 10_000_000);
    let found = lines(&out.out);
    let sizes: u64 = found.iter().filter_map(|line| line["size"].as_u64()).sum();
    let gone: u64 = found.iter().filter_map(|line| line["bytes_in"].as_u64()).sum();
    assert_eq!((sizes, gone), (written.bytes, written.gone));
    assert!(gone > 8_000_000, "the first slice and the last megabyte are there: {gone} have gone");
    let positions: Vec<_> = found.iter().filter_map(|line| line["position"].as_u64()).collect();
    assert_eq!((positions[0], positions[positions.len() - 1]), (0, 9_900_000));
}

#[test]
fn little_is_copied_at_a_time() {
    let recording = Recorder::new(Recorder::BUDGET).open();
    (0..100).for_each(|_| recording.push(Direction::In, &[0; 60_000]));
    (0..5_000).for_each(|_| recording.push(Direction::Out, b"x"));
    recording.push(Direction::Out, &[0; 3_000_000]);
    let mut source = Source::new(recording, None);
    let mut slice = Slice::default();
    let mut slices = Vec::new();
    loop {
        let more = source.take(i64::MAX, &mut slice);
        slices.push((slice.items.len(), slice.bytes.len()));
        slice.items.clear();
        slice.bytes.clear();
        if more.is_none() {
            break;
        }
    }
    assert_eq!(slices.iter().map(|slice| slice.1).sum::<usize>(), 9_005_000);
    let large = slices.iter().filter(|slice| slice.1 > SLICE_BYTES + 60_000).count();
    assert_eq!(large, 1, "one segment is never cut: {slices:?}");
    assert!(slices.iter().all(|slice| slice.0 <= SLICE_ITEMS));
}

#[test]
fn an_export_ends_although_the_recording_grows() {
    let recording = Recorder::new(1 << 20).open();
    let all = [Arc::clone(&recording)];
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                recording.push(Direction::In, &[b'x'; 1_000]);
            }
        });
        for format in Format::ALL {
            exported(format, &Extent::Whole(&all));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_is_sent_is_acknowledged_now_and_then() {
    let recording = Recorder::new(Recorder::BUDGET).open();
    recording.connected(ends(6));
    (0..50).for_each(|_| recording.push(Direction::Out, &[0; 100_000]));
    let found = packets(&Extent::Whole(&[recording]));
    let mut acknowledged = 1;
    for packet in &found[3..] {
        if packet.from == ends(6).peer {
            acknowledged = packet.acknowledgement;
        }
        assert!(packet.from == ends(6).peer || packet.sequence - acknowledged < 1 << 20, "{}", packet.sequence);
    }
    assert_eq!(found.len(), 3 + 2 * 50 + 4, "and no more often than needed");
}

#[test]
fn a_text_that_may_have_several_connections_has_their_numbers_from_the_start() {
    let recording = Recorder::new(Recorder::BUDGET).open();
    recording.push(Direction::In, b"x");
    let mut out = Vec::new();
    let mut exporter = Exporter::new(Format::Text, &Plain, &mut out).expect("begun");
    exporter.expect_several();
    exporter.add(recording);
    exporter.write_up_to(i64::MAX).expect("written");
    exporter.finish().expect("written");
    assert!(String::from_utf8(out).expect("UTF-8").ends_with(" #1 ← In 1 x\n"));
}

#[test]
fn sequence_numbers_begin_again_after_four_gigabytes() {
    let mut out = Vec::new();
    let mut form = pcapng::Packets::begin(&Plain, &mut out).expect("begun");
    let recording = Recorder::new(0).open();
    recording.connected(ends(4));
    let mut connection = Source::new(recording, None).connection;
    let mut piece = |piece: Piece<&[u8]>| {
        let moment = Moment { wall: 1_000_000, since: 0 };
        form.piece(&mut out, &Plain, &mut connection, moment, &piece).expect("written");
    };
    piece(Piece::Event { before: 0, what: What::Connected });
    let before = u64::from(u32::MAX) - 9;
    piece(Piece::Gone { segments: Some(1), streams: [0..0, 0..before] });
    for position in [before, before + 6, before + 12] {
        piece(Piece::Segment { number: 1, direction: Direction::Out, position, bytes: b"abcdef" });
    }
    piece(Piece::Event { before: 4, what: What::Closed(By::Us) });
    let found = read_packets(&out);
    let numbers: Vec<_> = found[3..].iter().filter(|one| one.from == ends(4).local).map(|one| one.sequence).collect();
    assert_eq!(numbers, [u32::MAX - 8, u32::MAX - 2, 3, 9]);
    reassembled(&found[3..]);
}

#[test]
fn an_address_of_a_socket_for_both_versions_is_the_one_on_the_wire() {
    let recording = Recorder::new(0).open();
    let mapped = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    };
    recording.accepted(Ends { local: mapped(ends(4).local), peer: mapped(ends(4).peer) });
    let found = packets(&Extent::Whole(&[recording]));
    assert_eq!((found[0].from, found[0].to), (ends(4).peer, ends(4).local));
}

#[derive(Clone, Debug)]
enum Deed {
    Push(Direction, usize),
    Note(What),
}

fn deed() -> impl Strategy<Value = Deed> {
    let direction = || prop_oneof![Just(Direction::In), Just(Direction::Out)];
    let size = prop_oneof![0..4_usize, 0..2_000_usize, 60_000..70_000_usize, 0..200_000_usize];
    let what = prop_oneof![
        direction().prop_map(|direction| What::TimedOut(direction, Duration::from_secs(1))),
        Just(What::Secured("TLS 1.3".into())),
        Just(What::Failed("\x1b[2J".into())),
    ];
    prop_oneof![
        6 => (direction(), size).prop_map(|(direction, size)| Deed::Push(direction, size)),
        1 => what.prop_map(Deed::Note),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_byte_is_found_again(
        deeds in prop::collection::vec(deed(), 0..14),
        version in prop_oneof![Just(4), Just(6)],
        connects in any::<bool>(),
        steps in any::<bool>(),
        closes in any::<bool>(),
    ) {
        let recording = Recorder::new(Recorder::BUDGET).open();
        let all = [Arc::clone(&recording)];
        let formats = Format::ALL.map(|format| {
            let mut exporter = Exporter::new(format, &Plain, Vec::new()).expect("begun");
            exporter.add(Arc::clone(&recording));
            exporter
        });
        let [mut shown, mut objects, mut packets] = formats;
        if connects { recording.connected(ends(version)) } else { recording.accepted(ends(version)) }
        let mut streams = [Vec::new(), Vec::new()];
        for (n, deed) in deeds.iter().enumerate() {
            match deed {
                // An empty read is the end: there is nothing after it.
                Deed::Push(Direction::In, 0) => {}
                Deed::Push(direction, size) => {
                    let bytes: Vec<u8> = (0..*size).map(|i| (i * 7 + i / 251 + n) as u8).collect();
                    streams[*direction as usize].extend_from_slice(&bytes);
                    recording.push(*direction, &bytes);
                }
                Deed::Note(what) => recording.note(what.clone()),
            }
            if steps {
                for exporter in [&mut shown, &mut objects, &mut packets] {
                    exporter.write_until(Instant::now()).expect("written");
                }
            }
        }
        if closes {
            recording.push(Direction::In, b"");
            recording.closed();
        }
        for exporter in [&mut shown, &mut objects, &mut packets] {
            exporter.write_up_to(i64::MAX).expect("written");
        }
        let Exporter { out: objects, .. } = objects;
        let mut joined = [Vec::new(), Vec::new()];
        for line in lines(&objects) {
            let index = match line["type"].as_str() {
                Some("read") => 0,
                Some("write") => 1,
                _ => continue,
            };
            let stream: &mut Vec<u8> = &mut joined[index];
            prop_assert_eq!(line["position"].as_u64(), Some(stream.len() as u64));
            stream.extend(BASE64.decode(line["data"].as_str().expect("text").as_bytes()).expect("base64"));
        }
        prop_assert!(joined == streams, "JSON Lines");
        let Exporter { out: packets, .. } = packets;
        let found = read_packets(&packets);
        let sent = reassembled(&found);
        prop_assert!(sent[&ends(version).peer] == streams[0] && sent[&ends(version).local] == streams[1], "pcapng");
        prop_assert!(found.iter().all(|packet| packet.comments.iter().all(|text| !text.contains('\x1b'))));
        let Exporter { out: shown, .. } = shown;
        let (objects, shown) = (lines(&objects).len(), String::from_utf8(shown).expect("UTF-8"));
        prop_assert_eq!(shown.lines().count(), objects);
        if !closes {
            // Written little by little or at once, it is the same.
            prop_assert!(exported(Format::Text, &Extent::Whole(&all)).0 == shown.into_bytes());
        }
    }
}
