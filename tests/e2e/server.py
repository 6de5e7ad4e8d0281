"""The Server tab: greets the tutorial's client, shows it, stops, and costs nothing while nothing happens."""

from lib import *

COMBO = ("combo box",)
CHECK = ("check box",)


def start_server(window, port=0, host="127.0.0.1"):
    """Presses Start and returns the port that the status bar says."""
    window.tab("Server")
    window.set_text("Address", host)
    window.set_text("Port", str(port))
    window.press("Start")
    window.find("Stop", BUTTON)
    return int(window.wait_text(r"Server \D*" + host.replace(".", r"\.") + r"\]?:(\d+)")[1])


def connect(port, host="127.0.0.1"):
    connection = socket.create_connection((host, port), timeout=WAIT)
    clean_up(connection.close)
    same(connection.recv(8), b"Welcome!", "the welcome")
    return connection


@scenario("the tutorial's Python client is greeted byte for byte; table and log show it; Stop frees the port")
def tutorial():
    window = Window()
    port = start_server(window)
    client = tutorial_client(port)
    peer = window.wait_text(r"Accept new connection from 127\.0\.0\.1:(\d+)")[1]
    out, err = client.communicate(timeout=WAIT)
    same(out, b"Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n", "what the Python client printed")
    same((client.returncode, err), (0, b""), "the Python client's end")
    window.wait_text(rf"Connection from 127\.0\.0\.1:{peer} closed")

    def in_table():
        # Once in each of two lines of the log, and at least once more: in the table.
        return sum(f"127.0.0.1:{peer}" in line for line in window.texts()) >= 3

    until("the connection table shows the client's address", in_table)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", port))
            check(False, "two sockets have the same port")
        except OSError:
            pass
    window.press("Stop")
    window.find_enabled("Start", BUTTON)
    until("nobody listens any more", lambda: not accepts(port), 3)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
    same(start_server(window, port), port, "the port after starting again")
    connect(port)


@scenario("several clients at once are all shown; Stop closes them at once")
def several():
    window = Window()
    port = start_server(window)
    clients = [connect(port) for _ in range(3)]
    for client in clients:
        window.wait_text(rf"Accept new connection from 127\.0\.0\.1:{client.getsockname()[1]}")
    for number, client in enumerate(clients):
        client.sendall(f"client {number}".encode())
    for number, client in enumerate(clients):
        same(client.recv(100), f"Hello, client {number}!".encode(), "the reply")
    clients[0].sendall(b"in the pause")
    time.sleep(0.1)
    began = time.monotonic()
    window.press("Stop")
    for client in clients:
        try:
            same(client.recv(100), b"", "what a held client gets at the end")
        except ConnectionResetError:
            pass
    check(time.monotonic() - began < 2, f"Stop took {time.monotonic() - began:.1f} s")
    window.find_enabled("Start", BUTTON)


@scenario("a port in use is said, with the way out")
def in_use():
    window = Window()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        window.tab("Server")
        window.set_text("Address", "127.0.0.1")
        window.set_text("Port", str(port))
        window.press("Start")
        window.wait_text(rf"127\.0\.0\.1:{port}.*in use")
    same(start_server(window, port), port, "the port once it is free")


def unfold(window):
    """Shows how the server behaves."""
    window.press("Behaviour")
    window.find("Rules…", BUTTON)


@scenario("rules answer, ready-made ones and a file's; the log says which; misbehaving is told as long as it is on")
def rules():
    window = Window()
    file = folder("rules") / "mine.toml"
    file.write_text('[[rule]]\nwhen = "regex"\npattern = "^(.+) plus$"\nwith = "{1}+{1}"\nclose = true\n')
    window.tab("Server")
    unfold(window)
    window.press("Rules…")
    window.set_text("File", str(file))
    window.press("Import")
    window.wait_text("1 rule read from")
    window.key("Escape")
    port = start_server(window)
    client = connect(port)
    client.sendall("好 plus\n".encode())
    same(client.makefile("rb").read(), "好+好\n".encode(), "the reply, and the close")
    window.wait_text("said “好 plus”, rule 1 answered")
    window.wait_text("closed: a rule closed it")
    window.press("Stop")
    window.find_enabled("Start", BUTTON)
    window.press("Rules…")
    window.press("Ready-made")
    window.press("HTTP hello")
    window.key("Escape")
    window.press("Misbehave…")
    window.press("Cut characters in two", CHECK)
    window.key("Escape")
    window.wait_text("Misbehaving on purpose: characters cut in two")
    port = start_server(window)
    got = run(["curl", "-sS", f"http://127.0.0.1:{port}/"])
    check(got.stdout == b"Hello\n" and got.returncode == 0, f"what curl got: {got}")


@scenario("one client after the other: who waits is told; connections are sent to, held, half-closed, disconnected and reset")
def by_hand():
    window = Window()
    port = start_server(window)
    first, second = connect(port), connect(port)
    window.press("#1")
    window.press("With #1")
    window.press("Send…")
    window.set_text("Message to them", "a\\x21\\n")
    window.press("Send")
    same(first.recv(100), b"a!\n", "the message")
    window.wait_text("3 B sent to 1 connection")
    window.key("Escape")
    window.press("With #1")
    window.press("Hold")
    window.wait_text("reading, held then")
    first.sendall(b"x")
    window.wait_text(r"held \d")
    window.press("With #1")
    window.press("Go on")
    same(first.recv(100), b"Hello, x!", "the reply once it goes on")
    window.press("With #1")
    window.press("Half-close")
    same(first.recv(100), b"", "the end")
    window.press("With #1")
    window.press("Disconnect")
    window.wait_text("closed: disconnected here")
    window.press("#2")
    window.press("With #2")
    window.press("Reset")
    try:
        second.recv(100)
        check(False, "a reset is an error")
    except ConnectionResetError:
        pass
    window.press("Stop")
    window.find_enabled("Start", BUTTON)

    unfold(window)
    window.press("Serve", COMBO)
    window.press("one client after the other")
    port = start_server(window)
    first = connect(port)
    waiting = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    clean_up(waiting.close)
    window.wait_text(rf"1 client waits to be accepted: 127\.0\.0\.1:{waiting.getsockname()[1]}")
    first.close()
    same(waiting.recv(8), b"Welcome!", "the welcome, at last")
    until("nobody waits", lambda: not any("to be accepted" in line for line in window.texts()))


def servers(window):
    """The servers in the row, as a screen reader is told."""
    return [node.name for node in window.all(role=TAB) if ", " in node.name]


@scenario("two servers at once, each with its own replies, table and log; one is kept as a profile, found after a restart, and served")
def two_servers():
    window = Window()
    first = start_server(window)
    ann = connect(first)
    window.press("New server")
    until("there are two", lambda: len(servers(window)) == 2)
    unfold(window)
    window.set_text("Reply", "<{message}>")
    window.set_text("Port", "0")
    window.press("Start")
    window.wait_text(r"● listening on 127\.0\.0\.1:")
    second = int(window.wait_text(rf"● listening on 127\.0\.0\.1:(?!{first}$)(\d+)")[1])
    bob = connect(second)
    bob.sendall("好\n".encode())
    same(bob.recv(100), "<好>\n".encode(), "the second server's reply")
    ann.sendall("好\n".encode())
    same(ann.recv(100), "Hello, 好!\n".encode(), "the first server's reply")
    for port in (first, second):
        window.wait_text(rf"Server 127\.0\.0\.1:{port} · 1 connection")
    window.wait_text(rf"Accept new connection from 127\.0\.0\.1:{bob.getsockname()[1]}")
    check(not any(f":{ann.getsockname()[1]}" in line for line in window.texts()), "the other server's client is shown")
    window.tab(f"127.0.0.1:{first}, listening, 1 connection")
    window.wait_text(rf"Accept new connection from 127\.0\.0\.1:{ann.getsockname()[1]}")

    window.tab(f"127.0.0.1:{second}, listening, 1 connection")
    window.press("Profiles")
    window.set_text("Name", "尖括号")
    window.press("Save")
    window.wait_text("Saved as it is now")
    file = folder("profile") / "mine.toml"
    window.set_text("File", str(file))
    window.press("Export")
    window.wait_text("Profile written to")
    window.key("Escape")
    window.press("Stop")
    window.find_enabled("Start", BUTTON)
    window.press("Close 尖括号")
    until("there is one", lambda: len(servers(window)) == 1)
    same(ann.fileno() > 0 and accepts(first), True, "the first server goes on")
    window.press("Stop")
    window.find_enabled("Start", BUTTON)
    window.quit()

    again = Window(home=window.home)
    same(len(servers(again)), 1, "the servers after a restart")
    again.press("Profiles")
    again.press("尖括号, 127.0.0.1:0")
    again.find("尖括号, off", TAB)
    again.press("Start")
    port = int(again.wait_text(r"● listening on 127\.0\.0\.1:(\d+)")[1])
    bob = connect(port)
    bob.sendall(b"Bob")
    same(bob.recv(100), b"<Bob>", "the profile's reply")

    served = start([BINARY, "serve", "--profile", file, "--pause", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    port = int(served.stdout.readline().decode().rsplit(":", 1)[1])
    bob = connect(port)
    bob.sendall(b"Bob")
    same(bob.recv(100), b"<Bob>", "the profile's reply in the terminal")


@scenario("all clients in one thread, with TLS: openssl trusts the saved certificate, the Client tab what it is told to trust")
def one_thread_with_tls():
    window = Window()
    own = folder("tls") / "own.pem"
    unfold(window)
    window.press("Serve", COMBO)
    window.press("all clients in one thread")
    window.press("TLS", COMBO)
    window.press("with a certificate made for this run")
    port = start_server(window)
    window.wait_text("clients are shown SHA-256")
    window.press("Certificate…")
    window.set_text("Path to save to", str(own))
    window.press("Save")
    window.wait_text("Saved to")
    window.key("Escape")
    command = ["openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", str(own), "-connect", f"127.0.0.1:{port}"]
    talk = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    same(talk.stdout.read(8), b"Welcome!", "the welcome inside TLS")
    talk.stdin.write(b"Michael\n")
    talk.stdin.flush()
    same(talk.stdout.read(16), b"Hello, Michael!\n", "the reply inside TLS")
    window.wait_text("^events$")
    window.tab("Client")
    window.set_text("Host", "127.0.0.1")
    window.set_text("Port", str(port))
    window.press("TLS", CHECK)
    window.press("Connect")
    window.wait_text("signed by itself, nobody vouches for it")
    window.press("TLS options")
    window.set_text("More trusted certificates", str(own))
    window.press("Connect")
    window.wait_text("TLS 1.3, verified")
    window.wait_text("Welcome!")
    window.press("Disconnect")
    window.find_enabled("Connect", BUTTON)
    window.tab("Server")
    window.press("Stop")
    window.find_enabled("Start", BUTTON)
    same(talk.stdout.read(), b"", "a regular end")


@scenario("what goes on is told second by second, and comes to its end")
def throughput():
    window = Window()
    port = start_server(window)
    client = connect(port)
    window.wait_text(r"^1 open$")

    def waits():
        client.sendall(b"a\n")
        same(client.recv(100), b"Hello, a!\n", "the reply")
        return any(re.match(r"p50 \d", line) for line in window.texts())

    until("the wait for a reply is told", waits)
    client.close()
    window.wait_text(r"^0 open$")
    window.wait_text(r"^p50 –$")


def idle_ticks(window):
    window.point_away()
    time.sleep(2)
    before = window.ticks()
    time.sleep(5)
    return window.ticks() - before


@scenario("listening without traffic costs no processor time")
def idle():
    window = Window()
    port = start_server(window)
    used = idle_ticks(window)
    check(used <= 3, f"{used} clock ticks in 5 seconds, listening with nobody connected")
    held = connect(port)
    window.wait_text(rf"Accept new connection from 127\.0\.0\.1:{held.getsockname()[1]}")
    window.tab("Fetch")  # the table of connections counts seconds; elsewhere nothing moves
    used = idle_ticks(window)
    check(used <= 3, f"{used} clock ticks in 5 seconds, with a client that says nothing")


if __name__ == "__main__":
    run_scenarios()
