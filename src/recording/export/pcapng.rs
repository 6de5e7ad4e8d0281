//! Recordings as packets: the blocks of a pcapng file (draft-ietf-opsawg-pcapng), with TCP over IP in them.
//!
//! Three kinds of block are needed and written here. The library for it, pcap-file, has no release in which times are right
//! (2.0.0 takes every unit for a nanosecond); it reads the blocks back in the tests, where that can be undone.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use etherparse::{IpNumber, Ipv4Header, Ipv6Header, TcpHeader, TcpOptionElement};

use super::{Connection, Direction, Ends, Form, Moment, Piece, What, Words};
use crate::recording::text::visible;

/// IPv4 or IPv6, told apart by the first byte.
const LINKTYPE_RAW: u16 = 101;
/// Hops that a packet may take; what many systems begin with.
const TTL: u8 = 64;
/// The most that a side says it has room for. With [`WINDOW_SCALE`] that is a gigabyte, which is never on its way.
const WINDOW: u16 = u16::MAX;
/// RFC 7323 §2.3.
const WINDOW_SCALE: u8 = 14;
/// An acknowledgement is made up at the latest after so many bytes, so that sequence numbers stay comparable.
const MOST_UNACKNOWLEDGED: u32 = 1 << 20;
/// The most bytes of comments on one packet.
const MOST_COMMENTS: usize = 16 << 10;

/// A pcapng file.
pub(super) struct Packets {
    /// The time of the newest packet, in microseconds since 1970: times never run backwards.
    newest: u64,
}

/// The packets of one connection.
pub(super) struct Flow {
    ends: Ends,
    /// The next sequence number of each direction: in, out.
    next: [u32; 2],
    /// Up to where the other side has acknowledged each direction.
    acknowledged: [u32; 2],
    finished: [bool; 2],
    reset: bool,
}

/// What a packet says besides its bytes.
#[derive(Clone, Copy, Default)]
struct Flags {
    syn: bool,
    fin: bool,
    rst: bool,
    /// Only the first packet of all acknowledges nothing.
    first: bool,
}

impl Packets {
    /// Begins a file: a section header and one interface, with times in microseconds.
    pub(super) fn begin(words: &dyn Words, out: &mut dyn Write) -> io::Result<Self> {
        let mut section = Vec::new();
        section.extend(0x1a2b_3c4d_u32.to_le_bytes());
        section.extend(1_u16.to_le_bytes());
        section.extend(0_u16.to_le_bytes());
        // The length of the section is not known.
        section.extend(u64::MAX.to_le_bytes());
        option(&mut section, 1, words.packets().as_bytes());
        option(&mut section, 4, concat!("Socketscope ", env!("CARGO_PKG_VERSION")).as_bytes());
        end_options(&mut section);
        block(out, 0x0a0d_0d0a, &section)?;

        let mut interface = Vec::new();
        interface.extend(LINKTYPE_RAW.to_le_bytes());
        interface.extend(0_u16.to_le_bytes());
        // No limit to the size of a packet. Times are in microseconds unless an option says otherwise.
        interface.extend(0_u32.to_le_bytes());
        option(&mut interface, 2, b"Socketscope");
        end_options(&mut interface);
        block(out, 1, &interface)?;
        Ok(Self { newest: 0 })
    }
}

/// Writes packets of one connection, all at the same time.
struct Pen<'a> {
    out: &'a mut dyn Write,
    /// In microseconds since 1970.
    wall: i64,
    packets: &'a mut Packets,
    flow: &'a mut Flow,
}

impl Pen<'_> {
    /// One packet, with its sequence numbers counted on.
    fn packet(&mut self, direction: Direction, flags: Flags, data: &[u8], comments: &[String]) -> io::Result<()> {
        let flow = &mut *self.flow;
        let (from, to) = match direction {
            Direction::In => (flow.ends.peer, flow.ends.local),
            Direction::Out => (flow.ends.local, flow.ends.peer),
        };
        let (own, other) = (direction as usize, direction.other() as usize);
        let mut tcp = TcpHeader::new(from.port(), to.port(), flow.next[own], WINDOW);
        (tcp.syn, tcp.fin, tcp.rst, tcp.psh, tcp.ack) =
            (flags.syn, flags.fin, flags.rst, !data.is_empty(), !flags.first);
        if tcp.ack {
            tcp.acknowledgment_number = flow.next[other];
            flow.acknowledged[other] = flow.next[other];
        }
        if flags.syn {
            let most = u16::try_from(flow.most_data()).map_err(io::Error::other)?;
            let options = [TcpOptionElement::MaximumSegmentSize(most), TcpOptionElement::WindowScale(WINDOW_SCALE)];
            tcp.set_options(&options).map_err(io::Error::other)?;
        }
        flow.next[own] = flow.next[own].wrapping_add(data.len() as u32 + u32::from(flags.syn) + u32::from(flags.fin));
        let packet = ip_packet(from, to, tcp, data)?;
        self.packets.newest = self.packets.newest.max(u64::try_from(self.wall).unwrap_or(0));
        packet_block(self.out, self.packets.newest, direction, &packet, comments)
    }

    /// A packet that only acknowledges.
    fn acknowledge(&mut self, direction: Direction, comments: &[String]) -> io::Result<()> {
        self.packet(direction, Flags::default(), &[], comments)
    }

    /// The three packets with which a connection begins (RFC 9293 §3.5).
    fn handshake(&mut self, from: Direction, comments: &[String]) -> io::Result<()> {
        self.flow.next = [0; 2];
        let syn = Flags { syn: true, ..Flags::default() };
        self.packet(from, Flags { first: true, ..syn }, &[], &[])?;
        self.packet(from.other(), syn, &[], &[])?;
        self.acknowledge(from, comments)
    }

    /// That `direction` is done.
    fn finish(&mut self, direction: Direction, comments: &[String]) -> io::Result<()> {
        if std::mem::replace(&mut self.flow.finished[direction as usize], true) {
            return Ok(());
        }
        self.packet(direction, Flags { fin: true, ..Flags::default() }, &[], comments)
    }

    /// That the peer broke it off.
    fn reset(&mut self, comments: &[String]) -> io::Result<()> {
        if std::mem::replace(&mut self.flow.reset, true) {
            return Ok(());
        }
        self.packet(Direction::In, Flags { rst: true, ..Flags::default() }, &[], comments)
    }

    /// The last words: our end where it was not said before, and what was not acknowledged yet.
    fn close(&mut self, mut comments: &[String]) -> io::Result<()> {
        if self.flow.reset {
            return Ok(());
        }
        if !self.flow.finished[Direction::Out as usize] {
            self.finish(Direction::Out, comments)?;
            comments = &[];
        }
        for direction in [Direction::Out, Direction::In] {
            let other = direction.other() as usize;
            if self.flow.finished[other] && self.flow.acknowledged[other] != self.flow.next[other] {
                self.acknowledge(direction, comments)?;
                comments = &[];
            }
        }
        Ok(())
    }

    /// One read or write, in as many packets as it takes. `name` says what each is, which part of how many.
    fn segment(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        mut comments: Vec<String>,
        name: impl Fn(Option<(u64, u64)>) -> String,
    ) -> io::Result<()> {
        let (own, most) = (direction as usize, self.flow.most_data());
        let parts = bytes.len().div_ceil(most) as u64;
        for (n, part) in (1..).zip(bytes.chunks(most)) {
            comments.push(name((parts > 1).then_some((n, parts))));
            self.packet(direction, Flags::default(), part, &comments)?;
            comments.clear();
            if self.flow.next[own].wrapping_sub(self.flow.acknowledged[own]) >= MOST_UNACKNOWLEDGED {
                self.acknowledge(direction.other(), &[])?;
            }
        }
        Ok(())
    }
}

impl Flow {
    fn new(ends: Ends) -> Self {
        let ends = ends.canonical();
        // Positions count from 1, after the handshake.
        Self { ends, next: [1; 2], acknowledged: [1; 2], finished: [false; 2], reset: false }
    }

    /// The most bytes that one packet can carry.
    fn most_data(&self) -> usize {
        // The length of an IPv4 packet has its header in it (RFC 791 §3.1), that of an IPv6 packet has not (RFC 8200 §3).
        let headers = TcpHeader::MIN_LEN + if self.ends.local.is_ipv4() { Ipv4Header::MIN_LEN } else { 0 };
        usize::from(u16::MAX) - headers
    }

    /// Goes to a position in the stream of `direction`.
    fn go_to(&mut self, direction: Direction, position: u64) {
        self.next[direction as usize] = sequence(position);
    }

    fn pass(&mut self, direction: Direction, gone: &Range<u64>) {
        if !gone.is_empty() {
            self.go_to(direction, gone.end);
        }
    }
}

/// The sequence number of the byte at `position` of a stream: it counts from 1, modulo 2^32 (RFC 9293 §3.4).
fn sequence(position: u64) -> u32 {
    (position as u32).wrapping_add(1)
}

impl Form for Packets {
    fn connection(&mut self, _: &mut dyn Write, _: &dyn Words, _: &mut Connection) -> io::Result<()> {
        Ok(())
    }

    fn piece(
        &mut self,
        out: &mut dyn Write,
        words: &dyn Words,
        connection: &mut Connection,
        moment: Moment,
        piece: &Piece<&[u8]>,
    ) -> io::Result<()> {
        let event = |what: &What| visible(words.event(what).as_bytes());
        // Before a connection is there only tries happen, which are told with its first packet.
        let begins = !matches!(piece, Piece::Event { what: What::Tried(_) | What::Failed(_) | What::TimedOut(..), .. });
        if connection.flow.is_none()
            && begins
            && let Some(ends) = connection.recording.ends()
        {
            connection.flow = Some(Flow::new(ends));
        }
        let Some(flow) = &mut connection.flow else {
            if let Piece::Event { what, .. } = piece {
                keep(&mut connection.comments, event(what));
            }
            return Ok(());
        };
        let mut comments = std::mem::take(&mut connection.comments);
        let mut pen = Pen { out, wall: moment.wall, packets: self, flow };
        match piece {
            Piece::Segment { number, direction, position, bytes } => {
                let name = |part| words.packet(*direction, *number, part);
                if !bytes.is_empty() {
                    pen.flow.go_to(*direction, *position);
                    return pen.segment(*direction, bytes, comments, name);
                }
                keep(&mut comments, format!("{}: {}", name(None), words.segment(*direction, 0)));
                if *direction == Direction::In {
                    return pen.finish(Direction::In, &comments);
                }
            }
            Piece::Event { what, .. } => {
                keep(&mut comments, event(what));
                match what {
                    What::Connected => return pen.handshake(Direction::Out, &comments),
                    What::Accepted => return pen.handshake(Direction::In, &comments),
                    What::HalfClosed => return pen.finish(Direction::Out, &comments),
                    What::Reset => return pen.reset(&comments),
                    What::Closed(_) => return pen.close(&comments),
                    _ => {}
                }
            }
            Piece::Gone { streams, .. } => {
                let bytes = streams.iter().map(|gone| gone.end - gone.start).sum();
                pen.flow.pass(Direction::In, &streams[Direction::In as usize]);
                pen.flow.pass(Direction::Out, &streams[Direction::Out as usize]);
                keep(&mut comments, words.gone(bytes));
            }
        }
        connection.comments = comments;
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, connection: &mut Connection) -> io::Result<()> {
        let comments = std::mem::take(&mut connection.comments);
        match &mut connection.flow {
            // What happened after the last packet.
            Some(flow) if !comments.is_empty() && !flow.reset => {
                let wall = i64::try_from(self.newest).unwrap_or(i64::MAX);
                Pen { out, wall, packets: self, flow }.acknowledge(Direction::Out, &comments)
            }
            _ => Ok(()),
        }
    }
}

/// Adds a comment, as long as there is room.
fn keep(comments: &mut Vec<String>, comment: String) {
    if comments.iter().map(String::len).sum::<usize>() + comment.len() <= MOST_COMMENTS {
        comments.push(comment);
    }
}

/// A TCP segment in an IP packet, with all lengths and checksums.
fn ip_packet(from: SocketAddr, to: SocketAddr, mut tcp: TcpHeader, data: &[u8]) -> io::Result<Vec<u8>> {
    let len = tcp.header_len() + data.len();
    let payload_length = u16::try_from(len).map_err(io::Error::other)?;
    let mut packet = Vec::with_capacity(Ipv6Header::LEN + len);
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let (from, to) = (from.octets(), to.octets());
            tcp.checksum = tcp.calc_checksum_ipv4_raw(from, to, data).map_err(io::Error::other)?;
            let mut ip = Ipv4Header::new(payload_length, TTL, IpNumber::TCP, from, to).map_err(io::Error::other)?;
            ip.header_checksum = ip.calc_header_checksum();
            packet.extend_from_slice(&ip.to_bytes());
        }
        (from, to) => {
            let (source, destination) = (as_ipv6(from), as_ipv6(to));
            tcp.checksum = tcp.calc_checksum_ipv6_raw(source, destination, data).map_err(io::Error::other)?;
            let (next_header, hop_limit) = (IpNumber::TCP, TTL);
            let ip =
                Ipv6Header { payload_length, next_header, hop_limit, source, destination, ..Ipv6Header::default() };
            packet.extend_from_slice(&ip.to_bytes());
        }
    }
    packet.extend_from_slice(&tcp.to_bytes());
    packet.extend_from_slice(data);
    Ok(packet)
}

fn as_ipv6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// An Enhanced Packet Block.
fn packet_block(
    out: &mut dyn Write,
    micros: u64,
    direction: Direction,
    packet: &[u8],
    comments: &[String],
) -> io::Result<()> {
    let mut body = Vec::with_capacity(packet.len() + 128);
    let (high, low) = ((micros >> 32) as u32, micros as u32);
    let len = packet.len() as u32;
    // Interface, time, how much was captured, how much there was.
    for word in [0, high, low, len, len] {
        body.extend(word.to_le_bytes());
    }
    body.extend_from_slice(packet);
    pad(&mut body);
    let flags: u32 = if direction == Direction::In { 1 } else { 2 };
    option(&mut body, 2, &flags.to_le_bytes());
    comments.iter().for_each(|comment| option(&mut body, 1, comment.as_bytes()));
    end_options(&mut body);
    block(out, 6, &body)
}

/// One block: its kind and its length, on both sides of what is in it.
fn block(out: &mut dyn Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let len = (body.len() as u32 + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&len)?;
    out.write_all(body)?;
    out.write_all(&len)
}

/// One option of a block, of at most [`MOST_COMMENTS`] bytes.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(MOST_COMMENTS)];
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    pad(body);
}

fn end_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

/// Everything in a block begins at a multiple of four bytes.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
