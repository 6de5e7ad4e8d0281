"""The Server tab: greets the tutorial's client, shows it, stops, and costs nothing while nothing happens."""

from lib import *


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
