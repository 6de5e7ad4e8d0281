"""The wire: what one read brought is told apart, read in any encoding, found, copied, exported and bounded."""

import binascii
from typing import NamedTuple

from client import connect as connect_client
from client import say
from fetch import fetch, view
from lib import *
from record import followed, sound, tshark, tuples
from server import connect, start_server

LIST = ("list",)
NUMBER = ("spin button",)
FOLD = BUTTON + ("check box", "list item", "panel", "section", "label")


class Row(NamedTuple):
    """One piece of the wire: what stands in front of it, its bytes and their text."""

    arrow: str
    size: str
    numbers: str
    data: bytes
    text: str


def row_of(line):
    """A row as it is read out; those below the first of a piece have nothing in front of the bytes."""
    found = re.fullmatch(r"(?:([←→]) (.+?) +(?:\+[0-9.]+|[0-9:.]+) +(#[0-9…]+(?:, #[0-9]+)?) +)?((?:[0-9a-f]{2} )+) +(.+)", line)
    return found and Row(found[1], found[2], found[3], binascii.unhexlify(found[4].replace(" ", "")), found[5])


def lines(window):
    """What the wire says, row by row."""
    return [node.name for node, depth in walk(window.find("Wire", LIST)) if node.name and depth]


def rows(window):
    """The pieces with bytes that are in view, each of however many rows."""
    pieces = []
    for row in filter(None, map(row_of, lines(window))):
        if row.arrow or not pieces:
            pieces.append(row)
        else:
            begin = pieces.pop()
            pieces.append(begin._replace(data=begin.data + row.data, text=begin.text + row.text))
    return pieces


def wait_rows(window, *wanted):
    """Waits until the rows have these bytes and texts; with numbers too where those are given."""
    def seen():
        return [(row.numbers, row.text)[2 - len(one):] for row, one in zip(rows(window), wanted)]

    try:
        until(f"the wire has {wanted}", lambda: seen() == list(wanted) and len(rows(window)) == len(wanted))
    except AssertionError as trouble:
        raise AssertionError(f"{trouble}; it has {rows(window)}") from None


def set_number(window, name, number):
    """Sets a number as a screen reader does."""
    value = window.find_enabled(name, NUMBER).queryValue()
    value.currentValue = number
    until(f"“{name}” is {number}", lambda: window.find(name, NUMBER).queryValue().currentValue == number)


def press_in_wire(window, name):
    """The last button of this name: those of the wire come last."""
    window.find_enabled(name, BUTTON)
    check(window.all(name, BUTTON)[-1].queryAction().doAction(0), f"“{name}” cannot be pressed")


def point_at(window, node):
    """Puts the real pointer on a widget."""
    place = node.queryComponent().getExtents(0)
    run(["xdotool", "mousemove", "--sync", place.x + place.width // 2, place.y + place.height // 2])


def line_with(window, name, pattern):
    """The row of a list that fits."""
    def test():
        return [node for node, _ in walk(window.find(name, LIST)) if re.search(pattern, node.name)]

    return until(f"a row of “{name}” fits /{pattern}/", test)[0]


def copied():
    """What the X clipboard has, or nothing where it cannot be asked."""
    if not shutil.which("xclip"):
        return None
    return run(["xclip", "-o", "-selection", "clipboard", "-target", "UTF8_STRING"], timeout=10).stdout.decode()


def copy_as(window, form, wanted):
    press_in_wire(window, "Copy")
    window.press(form)
    until("the menu is closed", lambda: not window.has(form, BUTTON))
    if shutil.which("xclip"):
        until(f"the clipboard has {wanted!r}", lambda: copied() == wanted, 5)


@scenario("sends that were glued are one read with one greeting; lenses tell them apart, the numbers tell the reads")
def glued():
    window = Window()
    port = start_server(window)
    client = connect(port)
    window.tab("Server")
    window.press("#1")
    client.sendall(b"Eve")
    until("the server has read it and pauses", lambda: ("#1", "Eve") in [(row.numbers, row.text) for row in rows(window)])
    client.sendall(b"Bob")
    client.sendall(b"Alice")
    same(client.recv(100), b"Hello, Eve!", "the first reply")
    same(client.recv(100), b"Hello, BobAlice!", "the reply to both")
    wait_rows(window, ("#0", "Welcome!"), ("#1", "Eve"), ("#2", "Hello, Eve!"), ("#3", "BobAlice"),
              ("#4", "Hello, BobAlice!"))
    same([row.size for row in rows(window) if row.arrow == "←"], ["3 B", "8 B"], "the sizes of the reads")

    choose(window, "Directions", "received only")
    choose(window, "Show as", "fixed size")
    set_number(window, "Size", 3)
    wait_rows(window, ("#1", "Eve"), ("#3", "Bob"), ("#3", "Ali"), ("#3", "ce"))
    set_number(window, "Size", 11)
    wait_rows(window, ("#1, #3", "EveBobAlice"))

    # A line of two reads, and two lines that one read brought.
    client.sendall(b"\nCarol\n")
    wait_rows(window, ("#1, #3", "EveBobAlice"), ("#5", r"\nCarol\n"))
    choose(window, "Show as", "lines")
    wait_rows(window, ("#1…5", r"EveBobAlice\n"), ("#5", r"Carol\n"))


class Tutor:
    """A server for one client that sends what it is told to, when it is told to."""

    def __init__(self, host="127.0.0.1"):
        self.connection = None
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        clean_up(self.listener.close)

    def meet(self, window):
        connect_client(window, self.port)
        self.listener.settimeout(WAIT)
        self.connection, self.peer = self.listener.accept()
        self.connection.settimeout(WAIT)
        clean_up(self.connection.close)
        window.find("Disconnect", BUTTON)

    def send(self, data):
        self.connection.sendall(data)


@scenario("a character that two reads cut is shown whole, whatever the encoding: UTF-8, GBK, Big5, Latin-1")
def encodings():
    window = Window()
    tutor = Tutor()
    tutor.meet(window)
    good = "好".encode()
    tutor.send(good[:2])
    wait_rows(window, ("#0", r"\xe5\xa5"))
    tutor.send(good[2:] + b"!")
    wait_rows(window, ("#0", "好"), ("#1", "·!"))
    same(rows(window)[0].data + rows(window)[1].data, good + b"!", "the bytes, each in its row")
    choose(window, "Encoding", "Latin-1 (ISO 8859-1)")
    wait_rows(window, ("#0", "å¥"), ("#1", "½!"))
    choose(window, "Encoding", "GBK")
    text = "你好，网络编程"
    tutor.send(text.encode("gbk"))
    until("the GBK text is read", lambda: rows(window)[-1].text == text)
    same(rows(window)[-1].data, text.encode("gbk"), "its bytes")
    choose(window, "Encoding", "Big5")
    until("it is something else", lambda: len(rows(window)) == 3 and rows(window)[-1].text != text)
    tutor.send("網路".encode("big5"))
    until("the Big5 text is read", lambda: rows(window)[-1].text == "網路")


@scenario("bytes are found, copied as they are or as a program's literal, and one direction can be hidden")
def found():
    window = Window()
    tutor = Tutor()
    tutor.meet(window)
    tutor.send(b"one tw")
    wait_rows(window, ("#0", "one tw"))
    tutor.send("o\r\n世界".encode())
    wait_rows(window, ("#0", "one tw"), ("#1", r"o\r\n世界"))
    window.key("ctrl+f")
    window.set_text("What to find", r"two\r")
    window.press("Next")
    window.wait_text("received bytes 4 to 7, 4 B · of #0 to #1")
    copy_as(window, "Text", "two\\r")
    copy_as(window, "Hex", "74 77 6f 0d")
    copy_as(window, "Python literal", r'b"two\r"')
    window.set_text("What to find", "世界")
    window.press("Next")
    window.wait_text("received bytes 9 to 14, 6 B · of #1")
    copy_as(window, "Text", "世界")
    window.set_text("What to find", "nowhere")
    window.press("Next")
    window.wait_text("not found")
    window.press("Close")
    say(window, "you")
    same(tutor.connection.recv(100), b"you", "what was sent")
    wait_rows(window, ("one tw",), (r"o\r\n世界",), ("you",))
    choose(window, "Directions", "sent only")
    wait_rows(window, ("#2", "you"))
    choose(window, "Directions", "received only")
    wait_rows(window, ("one tw",), (r"o\r\n世界",))


@scenario("both ends of one socket: a write that became two reads, one of which is made of two writes")
def both_ends():
    window = Window()
    window.tab("Server")
    window.press("Behaviour", FOLD)
    set_number(window, "Pause before a reply", 3)
    set_number(window, "Read at most", 12)
    port = start_server(window)
    connect_client(window, port)
    window.wait_text("^Welcome!$")
    window.press("Both ends")
    for side, event in (("client", "connected"), ("server", "accepted")):
        window.wait_text(rf"^{side} \S*127\.0\.0\.1:\d+")
        line_with(window, "Both ends", f"{side} • {event}")
    say(window, "a long message")
    line_with(window, "Both ends", "server ← 12 B +#1 .*a long messa.*part of write #1")
    say(window, "Bob")  # while the server pauses
    line_with(window, "Both ends", "client → 3 B .*Bob.*3 B not read yet")
    read = line_with(window, "Both ends", "server ← 5 B .*geBob.*2 writes")
    line_with(window, "Both ends", "client → 14 B .*a long message.*2 reads")
    point_at(window, read)
    window.wait_text(r"server’s read #3 \(5 B\) is made of 2 writes, #1 and #2")
    window.press("Both ends")
    window.find("Wire", LIST)


@scenario("the wire of a page from nginx has its parts beside it, each linked with its bytes both ways")
def parts():
    nginx = Nginx()
    window = Window()
    fetch(window, nginx.base + "/zipped.html")
    window.wait_text("200 OK")
    window.find_enabled("Save body…", BUTTON)
    view(window, "Wire")
    for part in ("GET /zipped.html HTTP/1.1", f"Host: 127.0.0.1:{nginx.http}", "HTTP/1.1 200 OK",
                 "Content-Encoding: gzip", "Transfer-Encoding: chunked"):
        window.find(part, BUTTON)
    window.press("Content-Encoding: gzip")
    window.wait_text(r"received bytes \d+ to \d+, 24 B · .*header Content-Encoding")
    copy_as(window, "Text", "Content-Encoding: gzip\r\n")
    chunk = window.wait_text("^chunk of (.*) B$")
    window.press(chunk[0])
    window.wait_text("received bytes .*chunk size")
    copy_as(window, "Text", f"{int(chunk[1].replace(',', '')):x}\r\n")
    window.press("last chunk")
    window.wait_text("received bytes .*chunk size")

    # From the headers to the wire, and from the bytes to their part.
    view(window, "Headers")
    window.press("Show Server in the wire")
    window.wait_text("received bytes .*header Server")
    window.key("Escape")
    window.press("HTTP/1.1 200 OK")
    window.key("Escape")
    point_at(window, line_with(window, "Wire", "HTTP/1.1 200"))
    window.wait_text("received byte .*(status line|header)")


def export(window, path, everything=False):
    """Exports through the desktop's dialog, as packets."""
    press_in_wire(window, "Export…")
    if everything:
        window.press(window.wait_text(r"^everything \(.*\)$")[0], ("radio button",))
    window.press("Choose a file…")
    dialog = save_dialog()
    suggested = dialog.name()
    dialog.save(path)
    save_dialog_gone()
    window.wait_text(r"Exported .* to .*" + re.escape(path.name))
    window.press("Dismiss")
    until("all is as before", lambda: not window.has("Choose a file…", BUTTON) and not window.has("Dismiss", BUTTON))
    return suggested


@scenario("a connection is exported through the desktop's dialog as packets that tshark finds sound")
def exported():
    window = Window()
    place = folder("exported")
    tutor = Tutor()
    tutor.meet(window)
    tutor.send("Welcome, 世界!".encode())
    until("it is read", lambda: len(rows(window)) == 1)
    say(window, "Ada")
    same(tutor.connection.recv(100), b"Ada", "what was sent")
    until("it is written", lambda: len(rows(window)) == 2)
    same(export(window, place / "wire.pcapng"), "socketscope.pcapng", "the suggested name")
    same([path.name for path in place.iterdir()], ["wire.pcapng"], "what is in the folder")
    path = place / "wire.pcapng"
    sound(path)
    same(tuples(path), [("127.0.0.1", tutor.peer[1], "127.0.0.1", tutor.port)], "the four things that tell it")
    _, sent, replied = followed(path)
    same((sent, replied), (b"Ada", "Welcome, 世界!".encode()), "the bytes of both directions")


@scenario("everything is exported with each packet once, although both ends are ours: IPv4 and IPv6")
def exported_once():
    window = Window()
    place = folder("everything")
    window.tab("Server")
    window.press("Behaviour", FOLD)
    set_number(window, "Pause before a reply", 0)
    for number, host in enumerate(("127.0.0.1", "::1")):
        if number:
            window.press("Disconnect")
            window.find_enabled("Connect", BUTTON)
            window.tab("Server")
            window.press("Stop")
            window.find_enabled("Start", BUTTON)
        port = start_server(window, host=host)
        other = connect(port, host)
        connect_client(window, port, host)
        window.wait_text("^Welcome!$")
        say(window, "Ada")
        window.wait_text("^Hello, Ada!$")
        path = place / f"{number}.pcapng"
        export(window, path, everything=True)
        sound(path)
        met = tuples(path)
        same(len(met), 2, f"connections, each once, in {met}")
        same({one[0:1] + one[2:] for one in met}, {(host, host, port)}, "who connected to whom")
        check(other.getsockname()[1] in [one[1] for one in met], "the other client is missing")
        mine = next(stream for stream, one in enumerate(met) if one[1] != other.getsockname()[1])
        same(followed(path, mine)[1:], (b"Ada", b"Welcome!Hello, Ada!"), "the bytes of our connection")
        with_bytes = [line for line in tshark(path, "-Y", "tcp.len > 0").splitlines() if line]
        same(len(with_bytes), 4, "packets with bytes")


@scenario("more than the budget in the settings is not kept; the wire says so at its begin, and counts on")
def budget():
    window = Window()
    window.press("Settings")
    window.find("Keep of all recordings at most", NUMBER).queryComponent().grabFocus()
    window.key("ctrl+a", "1", "Return", "Escape")
    until("the menu is closed", lambda: not window.has("Keep of all recordings at most", NUMBER))
    tutor = Tutor()
    tutor.meet(window)
    flood = b"0123456789abcde\n" * (3 << 16)  # 3 MiB
    tutor.send(flood + b"(end)")
    until("all is read", lambda: rows(window)[-1].text.endswith("(end)"))
    check(not any("not kept" in line for line in lines(window)), "it is said at the end, where nothing is missing")
    window.find("Wire", LIST).queryComponent().grabFocus()

    def said():
        # What is kept may still move on, and with it what stands at the begin.
        window.key("Home")
        at = next((n for n, line in enumerate(lines(window)) if "earlier not kept" in line), 0)
        above = lines(window)[:at]
        return at and re.fullmatch(r"2\.\d+ MB earlier not kept", lines(window)[at]) and "connected" in above[-1]

    until("what is missing is said, below the events of the begin", said)
    check("#0" not in [row.numbers for row in rows(window)], "the first read is there although it is not kept")
    window.key("End")
    until("the end is there again", lambda: rows(window)[-1].text.endswith("(end)"))


if __name__ == "__main__":
    run_scenarios()
