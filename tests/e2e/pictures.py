"""Renders the pictures of the README from the live window, doing real work, at 1180 × 760."""

from client import connect as connect_client
from client import say
from fetch import fetch, view
from lib import *
from server import connect, start_server
from wire import FOLD, Tutor, choose, line_with, point_at, press_in_wire, rows, set_number

PICTURES = Path(os.environ["E2E_PICTURES"])


def look_calm(window, pointed=None):
    """Nothing hovered but `pointed`, nothing still moving."""
    point_at(window, pointed) if pointed else window.point_away()
    last = None

    def still():
        # Two equal pictures in a row: fonts are loaded, nothing fades any more.
        nonlocal last
        window.picture(WORK / "still.rgb.png")
        now = run(["convert", WORK / "still.rgb.png", "-depth", "8", "rgb:-"]).stdout
        same_again, last = now == last, now
        if not same_again:
            time.sleep(0.2)
        return same_again

    until("the picture is still", still, 8)


def take(window, name, pointed=None):
    try:
        look_calm(window, pointed)
    except AssertionError:
        pass  # a clock in the window moves for good reason
    PICTURES.mkdir(parents=True, exist_ok=True)
    target = PICTURES / f"{name}.png"
    window.picture(target)
    size = run(["identify", "-format", "%w %h %k", target]).stdout.split()
    same(size[:2], [b"1180", b"760"], f"size of {name}.png")
    check(int(size[2]) > 50, f"{name}.png is nearly empty: {int(size[2])} colours")


def converse(connection, *messages):
    for message in messages:
        connection.sendall(message.encode())
        same(connection.recv(1000), f"Hello, {message}!".encode(), "the reply")


@scenario("server.png and server-dark.png: three clients, one of them done, one selected")
def server():
    window = Window()
    window.theme("Light")
    port = start_server(window, free_port(9999))
    client = tutorial_client(port)
    same(client.wait(WAIT), 0, "the Python client's end")
    one, two = connect(port), connect(port)
    converse(one, "Ada", "世界")
    converse(two, "Grace")
    window.tab("Server")
    window.press("#2")
    window.wait_text("^Wire of #2$")
    take(window, "server")
    window.theme("Dark")
    take(window, "server-dark")


@scenario("client.png and client-chinese.png: the tutorial played, then Chinese in the other theme")
def client():
    _, port = tutorial_server(9998)
    window = Window()
    window.theme("Light")
    connect_client(window, port)
    window.wait_text("Welcome!")
    window.press("Play the tutorial")
    window.wait_text("Hello, Sarah!")
    window.find_enabled("Connect", BUTTON)
    take(window, "client")
    window.theme("Dark")
    connect_client(window, port)
    window.wait_text("^Welcome!$")
    for message in ("你好，世界", "网络编程", "一个Socket"):
        say(window, message)
        window.wait_text(f"^Hello, {message}!$")
    window.set_text("Message", "再见")
    take(window, "client-chinese")


@scenario("fetch.png and fetch-chinese.png: redirects and headers, then a GBK page as text")
def fetch_pages():
    nginx = Nginx(8080)
    window = Window()
    window.theme("Light")
    fetch(window, nginx.base + "/old")
    window.wait_text("200 OK")
    window.find_enabled("Save body…", BUTTON)
    view(window, "Headers")
    window.wait_text("(?i)content-type")
    window.set_text("Path to save to", "/home/ada/Downloads/index.html")
    take(window, "fetch")
    window.theme("Dark")
    fetch(window, nginx.base + "/gbk.html")
    view(window, "Body")
    window.wait_text("TCP编程")
    window.set_text("Path to save to", "/home/ada/Downloads/gbk.html")
    take(window, "fetch-chinese")


@scenario("wire-glued.png and export.png: lines of one read told apart, one that two reads cut; then the export window")
def wire_glued():
    window = Window()
    window.theme("Light")
    window.tab("Server")
    window.press("Behaviour", FOLD)
    choose(window, "A message is", "each line, waiting for its end")
    window.press("Behaviour", FOLD)
    port = start_server(window, free_port(9999))
    client = connect(port)
    window.press("#1")
    client.sendall(b"Ada\n")
    until("Ada is read", lambda: any(row.text == r"Ada\n" for row in rows(window)))
    client.sendall(b"Bob\nEve\nI")
    until("both are greeted", lambda: rows(window)[-1].text.endswith(r"Hello, Eve!\n"))
    client.sendall(b"an\n")
    until("Ian is greeted", lambda: rows(window)[-1].text == r"Hello, Ian!\n")
    choose(window, "Show as", "lines")
    until("the lines are told apart", lambda: any(row.text == r"Ian\n" for row in rows(window)))
    take(window, "wire-glued")
    press_in_wire(window, "Export…")
    window.set_text("Path", "/home/ada/greetings.pcapng")
    take(window, "export")


@scenario("wire-cut.png and wire-gbk.png: a character that two reads cut, and text in GBK")
def wire_cut():
    window = Window()
    window.theme("Light")
    tutor = Tutor()
    tutor.meet(window)
    data = "你好，世界！".encode()
    for number, begin in enumerate(range(0, len(data), 5), 1):
        tutor.send(data[begin : begin + 5])
        until(f"read {number}", lambda: len(rows(window)) == number)
    until("all is whole", lambda: (rows(window)[0].text, rows(window)[-1].text) == ("你好", "！"))
    take(window, "wire-cut")
    window.theme("Dark")
    window.press("Disconnect")
    tutor.meet(window)
    choose(window, "Encoding", "GBK")
    for text in ("欢迎！", "网络编程", "一个Socket"):
        tutor.send(text.encode("gbk"))
        until(f"{text} is read", lambda: rows(window)[-1].text == text)
    take(window, "wire-gbk")


@scenario("wire-both-ends.png: the server's and the client's end of one socket, with glued and cut writes")
def wire_both_ends():
    window = Window()
    window.theme("Dark")
    window.tab("Server")
    window.press("Behaviour", FOLD)
    set_number(window, "Pause before a reply", 3)
    set_number(window, "Read at most", 12)
    port = start_server(window, free_port(9999))
    connect_client(window, port)
    window.wait_text("^Welcome!$")
    window.press("Both ends")
    say(window, "Michael")
    line_with(window, "Both ends", "server ← 7 B")
    say(window, "Tracy")
    say(window, "Sarah")
    line_with(window, "Both ends", "server ← 10 B .*2 writes")
    say(window, "and all the others")
    line_with(window, "Both ends", "client → 18 B .*2 reads")
    read = line_with(window, "Both ends", "server ← 10 B")
    point_at(window, read)
    window.wait_text("is made of 2 writes")
    take(window, "wire-both-ends", read)


@scenario("wire-fetch.png: the parts of a page's wire")
def wire_fetch():
    nginx = Nginx(8080)
    window = Window()
    window.theme("Light")
    fetch(window, nginx.base + "/zipped.html")
    window.wait_text("200 OK")
    window.find_enabled("Save body…", BUTTON)
    view(window, "Wire")
    window.set_text("Path to save to", "/home/ada/Downloads/zipped.html")
    window.press("GET /zipped.html HTTP/1.1")
    window.wait_text("request line")
    window.press("Content-Type: text/html")
    window.wait_text("header Content-Type")
    take(window, "wire-fetch")


if __name__ == "__main__":
    run_scenarios()
