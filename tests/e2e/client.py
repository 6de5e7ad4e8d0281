"""The Client tab: plays the tutorial against a Python server, sends what is typed in any script, says how it ends."""

from lib import *


def connect(window, port, host="127.0.0.1"):
    window.tab("Client")
    window.set_text("Host", host)
    window.set_text("Port", str(port))
    window.press("Connect")


def say(window, message):
    window.set_text("Message", message)
    window.press("Send")


@scenario("plays the tutorial against the Python server; the window shows every reply in order")
def tutorial():
    _, port = tutorial_server()
    window = Window()
    connect(window, port)
    window.find("Disconnect", BUTTON)
    window.wait_text("Welcome!")
    window.press("Play the tutorial")
    window.wait_text("Hello, Sarah!")
    log = WORK / "tutorial-server.log"
    until("the Python server saw exit", lambda: b" closed." in log.read_bytes())
    window.find_enabled("Connect", BUTTON)
    texts = window.texts()
    order = []
    for said in ("Welcome!", "Michael", "Hello, Michael!", "Tracy", "Hello, Tracy!", "Sarah", "Hello, Sarah!", "exit"):
        found = [place for place, line in enumerate(texts) if line == said]
        check(found, f"no bubble says exactly “{said}”: {texts}")
        order.append(found[0])
    same(order, sorted(order), "the order of the bubbles")


@scenario("Chinese text is typed, sent and comes back")
def chinese():
    _, port = tutorial_server()
    window = Window()
    connect(window, port)
    window.wait_text("Welcome!")
    say(window, "你好，世界")
    window.wait_text("^Hello, 你好，世界!$")
    until("the message field is empty again", lambda: window.content("Message") == "")
    say(window, "Μιχαήλ żółw")
    window.wait_text("^Hello, Μιχαήλ żółw!$")
    window.press("Disconnect")
    window.find_enabled("Connect", BUTTON)


@scenario("what is sent arrives whole and in order; the peer's end is said; escape bytes do nothing")
def whole():
    got = []

    def keep(connection):
        connection.sendall(b"one\x1b[31m\x00two")
        got.append(connection.recv(1000))
        connection.sendall(b"bye")

    peer = Peer(keep)
    window = Window()
    connect(window, peer.port)
    window.wait_text("one.*two")
    long = "0123456789" * 50
    say(window, long)
    same(until("the peer has read", lambda: got)[0], long.encode(), "what was sent")
    window.wait_text("bye")
    window.find_enabled("Connect", BUTTON)
    check(not any("\x1b" in line or "\0" in line for line in window.texts()), "raw control bytes in the window")


@scenario("a refused connection is said, with what was tried")
def refused():
    port = free_port()
    window = Window()
    connect(window, port)
    window.wait_text(rf"127\.0\.0\.1:{port}.*refused")
    window.find_enabled("Connect", BUTTON)
    _, port = tutorial_server()
    connect(window, port, "localhost")
    window.wait_text("Welcome!")
    # The name stood for more than one address: the one that answered is shown.
    window.wait_text(rf"127\.0\.0\.1:{port}")


@scenario("two sessions stand side by side; each has its own conversation and can be closed")
def sessions():
    def echo(connection):
        while message := connection.recv(1000):
            connection.sendall(b"echo of " + message)

    ports = [Peer(echo).port, Peer(echo).port]
    window = Window()
    connect(window, ports[0])
    say(window, "first")
    window.wait_text("^echo of first$")
    window.press("New session")
    until("the new one is empty", lambda: "echo of first" not in window.texts())
    connect(window, ports[1])
    say(window, "second")
    window.wait_text("^echo of second$")
    window.find("2 clients connected", BUTTON)
    window.tab(f"127.0.0.1:{ports[0]} connected")
    window.wait_text("^echo of first$")
    check("echo of second" not in window.texts(), "the other conversation is shown too")
    window.press("Close session")
    window.wait_text("^echo of second$")
    window.find(f"Client connected to 127.0.0.1:{ports[1]}", BUTTON)


@scenario("a file is sent from its typed path, in order with the messages; a folder is refused with a reason")
def file():
    got = []

    def keep(connection):
        while piece := connection.recv(1 << 16):
            got.append(piece)

    peer = Peer(keep)
    path = WORK / "to-send.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    window = Window()
    connect(window, peer.port)
    say(window, "before;")
    window.press("Send file…")
    window.set_text("File", str(path))
    window.press("Send file")
    window.wait_text("Sent .*to-send.bin, 256 kB")
    say(window, ";after")
    expected = b"before;" + path.read_bytes() + b";after"
    until("all of it has come", lambda: len(b"".join(got)) >= len(expected))
    check(b"".join(got) == expected, "something else has come")
    window.press("Send file…")
    window.set_text("File", str(WORK))
    window.press("Send file")
    window.wait_text("Cannot send .*: it is not a regular file")


@scenario("a message that repeats goes on until it is stopped, and is told")
def repeats():
    _, port = tutorial_server()
    window = Window()
    connect(window, port)
    window.wait_text("Welcome!")
    window.set_text("Message", "again")
    window.press("Repeat…")
    window.press("Start repeating")
    window.wait_text("^Hello, again!$")
    window.wait_text("[12] of 10")
    window.press("Stop")
    window.wait_text("Repeating stopped after [0-9]+ of 10")


if __name__ == "__main__":
    run_scenarios()
