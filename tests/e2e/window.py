"""The window as a whole: keys alone are enough, choices survive a restart, odd settings files do no harm."""

from lib import *


@scenario("keys alone are enough: tabs by shortcut, fields and buttons by Tab, a chat is held")
def keys():
    def serve(connection):
        connection.sendall(b"who?")
        connection.sendall(b"Hello, " + connection.recv(100) + b"!")
        connection.recv(100)

    peer = Peer(serve)
    window = Window()
    for key, field in (("ctrl+3", "URL"), ("ctrl+1", "Address"), ("ctrl+2", "Host")):
        window.key(key)
        window.find(field, ENTRY)
    window.focus("Host", ENTRY)
    window.key("ctrl+a", *"127.0.0.1".replace(".", " period ").replace("127", "1 2 7").split())
    until("the host is typed", lambda: window.content("Host") == "127.0.0.1")
    window.focus("Port", ENTRY)
    window.key("ctrl+a", *str(peer.port))
    until("the port is typed", lambda: window.content("Port") == str(peer.port))
    window.focus("Connect", BUTTON)
    window.key("space")
    window.wait_text("who\\?")
    window.focus("Message", ENTRY)
    window.key("h", "i", "Return")
    window.wait_text("^Hello, hi!$")


@scenario("settings survive a restart, closed by the program's own shortcut")
def restart():
    window = Window()
    window.tab("Server")
    window.set_text("Port", "45678")
    window.tab("Fetch")
    window.set_text("URL", "http://localhost:8080/中文.html")
    window.tab("Client")
    window.set_text("Host", "localhost")
    window.set_text("Port", "45679")
    window.theme("Light")
    window.quit()
    check(list((window.home / "data" / "socketscope").iterdir()), "nothing was kept in the data folder")

    again = Window(window.home)
    again.tab("Client")
    same((again.content("Host"), again.content("Port")), ("localhost", "45679"), "the Client tab's fields")
    again.tab("Server")
    same(again.content("Port"), "45678", "the Server tab's port")
    again.tab("Fetch")
    same(again.content("URL"), "http://localhost:8080/中文.html", "the URL")
    again.quit()


@scenario("a damaged settings file costs the settings, not the program")
def damaged():
    window = Window()
    window.tab("Server")
    window.set_text("Port", "45678")
    window.quit()
    kept = [path for path in (window.home / "data" / "socketscope").rglob("*") if path.is_file()]
    check(kept, "nothing was kept in the data folder")
    for path in kept:
        path.write_bytes(b"\xff\x00(((" + path.read_bytes()[:20])
    again = Window(window.home)
    again.tab("Server")
    again.find_enabled("Start", BUTTON)
    again.quit()


@scenario("closing the window with a server and a client running ends the program cleanly")
def close_busy():
    window = Window()
    window.tab("Server")
    window.set_text("Address", "127.0.0.1")
    window.set_text("Port", "0")
    window.press("Start")
    port = int(window.wait_text(r"Server \D*127\.0\.0\.1:(\d+)")[1])
    window.tab("Client")
    window.set_text("Host", "127.0.0.1")
    window.set_text("Port", str(port))
    window.press("Connect")
    window.wait_text("Welcome!")
    window.quit()
    check(not accepts(port), "somebody still listens")


@scenario("a request of the system to end, or Ctrl-C where it was started, closes the window in good order")
def signals():
    nginx = Nginx()
    place = folder("saved")
    for number in (signal.SIGTERM, signal.SIGINT):
        window = Window()
        window.tab("Server")
        window.set_text("Port", "45677")
        window.tab("Fetch")
        window.press("To a file")
        window.set_text("Download to file", str(place / "big.bin"))
        window.set_text("URL", nginx.base + "/slow.bin")
        window.press("Fetch", BUTTON)
        window.wait_text(r"[1-9][0-9.]* .?B of ")
        window.process.send_signal(number)
        same(window.process.wait(10), 0, f"exit code after {number.name}")
        same(list(place.iterdir()), [], "what is in the folder")
        again = Window(window.home)
        again.tab("Server")
        same(again.content("Port"), "45677", "the Server tab's port")
        again.quit()


if __name__ == "__main__":
    run_scenarios()
