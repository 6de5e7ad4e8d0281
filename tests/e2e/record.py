"""--record: what it writes is read back by tshark and by Python, and must be the bytes that both ends know of."""

import base64
import json
import struct

from lib import *
from terminal import Serve

GREETINGS = b"Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!"
NAMES = b"MichaelTracySarahexit"


def tshark(path, *arguments):
    done = run(["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", *arguments],
               timeout=120)
    same(done.returncode, 0, f"tshark's exit code ({done.stderr!r})")
    return done.stdout.decode()


def fields(path, *names, only=None):
    """These fields of each packet, or of those that fit."""
    wanted = [part for name in names for part in ("-e", name)]
    lines = tshark(path, "-T", "fields", *wanted, *(["-Y", only] if only else [])).splitlines()
    return [tuple(line.split("\t")) for line in lines]


def sound(path):
    """Nothing in it looks like anything but a good capture."""
    packets = fields(path, "tcp.checksum.status", "ip.checksum.status", "frame.time_epoch")
    same({tcp for tcp, _, _ in packets}, {"1"}, "TCP checksums, all of them good")
    check({ip for _, ip, _ in packets} <= {"1", ""}, "an IP checksum is bad")
    same(fields(path, "frame.number", "_ws.expert.message", only="tcp.analysis.flags || _ws.malformed"), [], "trouble")
    times = [float(at) for _, _, at in packets]
    same(times, sorted(times), "times")
    check(abs(times[-1] - time.time()) < 60, f"the clock of the last packet, {times[-1]}")


def followed(path, stream=0):
    """The bytes of one connection: of the side that connected, and of the other."""
    sides, got = [], {"": [], "\t": []}
    for line in tshark(path, "-q", "-z", f"follow,tcp,raw,{stream}").splitlines():
        if line.startswith("Node "):
            sides.append(line.split(": ", 1)[1])
        elif digits := re.fullmatch(r"(\t?)([0-9a-f]+)", line):
            got[digits[1]].append(digits[2])
    return sides, bytes.fromhex("".join(got[""])), bytes.fromhex("".join(got["\t"]))


def tuples(path):
    """The connections that were begun: version-independent source and destination of each first packet."""
    packets = fields(path, "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
                     only="tcp.flags.syn == 1 && tcp.flags.ack == 0")
    return [(four or six, int(port), to_four or to_six, int(to_port)) for four, six, port, to_four, to_six, to_port in packets]


def one_side(data, ending=None):
    """A peer that reads up to `ending` and then sends `data`; what it has read is kept."""
    got = []

    def serve(connection):
        heard = b""
        while not heard.endswith(ending):
            heard += connection.recv(65536)
        got.append(heard)
        connection.sendall(data)

    return Peer(serve), got


@scenario("a greeting server and a chat, both recorded, over IPv4 and IPv6: tshark follows the same bytes in both files")
def both_ends():
    for number, host in enumerate(("127.0.0.1", "::1")):
        place = folder(f"both-{number}")
        ours, theirs = place / "server.pcapng", place / "chat.pcapng"
        at = f"[{host}]" if ":" in host else host
        server = Serve(f"{at}:0", "--pause", "0", "--record", ours)
        done = socketscope("chat", f"{at}:{server.port}", "--tutorial", "--record", theirs)
        same((done.returncode, done.stdout), (0, GREETINGS), f"the chat ({done.stderr!r})")
        same(sorted(path.name for path in place.iterdir() if not path.name.startswith(".")), ["chat.pcapng"], "files")
        server.stop()
        check(str(ours) in server.err.read_text().splitlines()[-1], "serve does not say where the file is")
        check(str(theirs).encode() in done.stderr.splitlines()[-1], "chat does not say where the file is")
        same(sorted(path.name for path in place.iterdir()), ["chat.pcapng", "server.pcapng"], "what is left")
        for path in (ours, theirs):
            sound(path)
            sides, sent, replied = followed(path)
            same((sent, replied), (NAMES, GREETINGS), f"the bytes in {path.name}")
            check(sides[1].endswith(f":{server.port}"), f"the sides are {sides}")
        same(tuples(ours), tuples(theirs), "the four things that tell the connection")
        ((source, _, to, port),) = tuples(ours)
        same((source, to, port), (host, host, server.port), "who connected to whom")
        flags = [flag for (flag,) in fields(theirs, "tcp.flags.str")]
        check("S" in flags[0] and "S" in flags[1] and any("F" in flag for flag in flags), f"no begin or no end: {flags}")
        comments = [comment for (comment,) in fields(theirs, "frame.comment", only="tcp.len > 0")]
        same(comments, [f"{'write' if n % 2 else 'read'} {n}" for n in range(8)], "the comments of the packets with bytes")


@scenario("many connections of a server are told apart")
def many():
    place = folder("many")
    path = place / "wire.pcapng"
    server = Serve("127.0.0.1:0", "--pause", "0", "--record", path)
    ports = []
    for number in range(30):
        with server.connect() as connection:
            ports.append(connection.getsockname()[1])
            connection.sendall(b"%d" % number)
            reply = b"Welcome!Hello, %d!" % number
            heard = b""
            while len(heard) < len(reply):
                heard += connection.recv(1024)
            same(heard, reply, "the reply")
    until("all have ended", lambda: server.err.read_text().count(" closed: ") == 30)
    server.stop()
    sound(path)
    same([port for _, port, _, _ in tuples(path)], ports, "the clients' ports")
    for number in (0, 29):
        _, sent, replied = followed(path, number)
        same((sent, replied), (b"%d" % number, b"Welcome!Hello, %d!" % number), f"connection {number}")


@scenario("a fetch from nginx: its request, the head and 8 MB, and the body itself is there too")
def fetch_from_nginx():
    nginx = Nginx()
    place = folder("fetched")
    path, body = place / "wire.pcapng", place / "body"
    done = socketscope("fetch", nginx.base + "/big.bin", "-o", body, "--record", path)
    same(done.returncode, 0, f"exit code ({done.stderr!r})")
    big = (nginx.pages / "big.bin").read_bytes()
    same(body.read_bytes() == big, True, "the body")
    sound(path)
    _, sent, replied = followed(path)
    check(sent.startswith(b"GET /big.bin HTTP/1.1\r\n") and sent.endswith(b"\r\n\r\n"), f"the request: {sent!r}")
    head, _, rest = replied.partition(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 200 OK\r\n") and rest == big, "the answer")
    same(tuples(path)[0][2:], ("127.0.0.1", nginx.http), "where the fetch connected to")

    # Each hop of a redirect, and one line for each read and write in the text.
    hops, text = place / "hops.pcapng", place / "hops.txt"
    for record in (hops, text):
        same(socketscope("fetch", nginx.base + "/old", "--record", record).returncode, 0, "exit code with redirects")
    sound(hops)
    same(len(tuples(hops)), 3, "connections")
    lines = text.read_text().splitlines()
    check([line for line in lines if "HTTP/1.1 301 Moved" in line and "#1 ←" in line], f"no first answer in {lines[:9]}")


@scenario("several megabytes both ways, byte for byte, as packets and as JSON Lines")
def megabytes():
    sent, replied = os.urandom(3 << 20).replace(b"\n", b"x") + b"\n", os.urandom(5 << 20)
    place = folder("megabytes")
    for name in ("wire.pcapng", "wire.jsonl"):
        peer, got = one_side(replied, b"\n")
        done = socketscope("chat", f"127.0.0.1:{peer.port}", "--eol", "lf", "--record", place / name, input=sent)
        same(done.returncode, 0, f"exit code ({done.stderr!r})")
        check(done.stdout == replied and got == [sent], "the chat itself")
        same(peer.trouble, None, "trouble of the peer")
    sound(place / "wire.pcapng")
    _, out, back = followed(place / "wire.pcapng")
    check((out, back) == (sent, replied), f"{len(out)} and {len(back)} bytes that are not those")
    joined = {"read": b"", "write": b""}
    for line in (place / "wire.jsonl").read_text().splitlines():
        line = json.loads(line)
        if line["type"] in joined:
            same(line["position"], len(joined[line["type"]]), "where the bytes begin")
            joined[line["type"]] += base64.b64decode(line["data"])
            same(line["position"] + line["size"], len(joined[line["type"]]), "where the bytes end")
    check(joined == {"read": replied, "write": sent}, "the bytes in JSON Lines")


@scenario("a reset is a reset, a refusal is recorded without packets")
def reset():
    def serve(connection):
        connection.sendall(b"bye")
        connection.recv(1024)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    peer = Peer(serve)
    path = folder("reset") / "wire.pcapng"
    done = socketscope("chat", f"127.0.0.1:{peer.port}", "--record", path, input=b"hello\n")
    same(done.returncode, 1, f"exit code ({done.stderr!r})")
    sound(path)
    _, sent, replied = followed(path)
    same((sent, replied), (b"hello", b"bye"), "the bytes")
    flags = fields(path, "tcp.flags.reset", "tcp.srcport")
    same(flags[-1], ("1", str(peer.port)), "the last packet")

    refused = path.parent / "refused.pcapng"
    same(socketscope("chat", f"127.0.0.1:{free_port()}", "--record", refused).returncode, 1, "exit code when refused")
    same(fields(refused, "frame.number"), [], "packets")


@scenario("an old file stays until the end, and is replaced after SIGTERM and Ctrl-C")
def ended():
    for how in (signal.SIGTERM, signal.SIGINT):
        path = folder("ended") / "wire.txt"
        path.write_text("old")
        server = Serve("127.0.0.1:0", "--record", path)
        connection = server.connect()
        same(connection.recv(8), b"Welcome!", "the welcome")
        same(path.read_text(), "old", "the file while the server runs")
        server.stop(how)
        check("→ write 8 B Welcome!" in path.read_text(), f"after {how.name}: {path.read_text()!r}")
        same([one.name for one in path.parent.iterdir()], ["wire.txt"], "what is left")


if __name__ == "__main__":
    run_scenarios()
