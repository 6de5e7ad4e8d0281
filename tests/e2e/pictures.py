"""Renders the pictures of the README from the live window, doing real work, at 1180 × 760."""

from client import connect as connect_client
from client import say
from fetch import fetch, view
from lib import *
from server import connect, start_server

PICTURES = Path(os.environ["E2E_PICTURES"])


def look_calm(window):
    """Nothing hovered, focused or still moving."""
    window.point_away()
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


def take(window, name):
    try:
        look_calm(window)
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


if __name__ == "__main__":
    run_scenarios()
