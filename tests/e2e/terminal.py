"""The terminal commands against real peers: Python programs after the tutorial, nc, curl and nginx."""

import gzip
import re
import signal
import ssl
import struct
import subprocess

from lib import *


# --- serve -----------------------------------------------------------------------------------------------------


class Serve:
    """A running `socketscope serve`, once it has said that it listens."""

    def __init__(self, address="127.0.0.1:0", *options):
        self.out, self.err = WORK / "serve.out", WORK / "serve.err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = start([BINARY, "serve", address, *options], stdin=subprocess.DEVNULL, stdout=out, stderr=err)

        def listening():
            if self.process.poll() is not None:
                raise Hopeless("serve ended: " + self.err.read_text(errors="replace"))
            return re.fullmatch(rb"listening on (\S+):(\d+)\n", self.out.read_bytes())

        said = until("serve listens", listening)
        self.host, self.port = said[1].decode().strip("[]"), int(said[2])

    def connect(self):
        connection = socket.create_connection((self.host, self.port), timeout=WAIT)
        clean_up(connection.close)
        return connection

    def stop(self, how=signal.SIGTERM):
        began = time.monotonic()
        self.process.send_signal(how)
        same(self.process.wait(10), 0, f"exit code after {how.name}")
        check(time.monotonic() - began < 3, f"{how.name} took {time.monotonic() - began:.1f} s")
        same(self.out.read_bytes().count(b"\n"), 1, "lines on stdout")


def receive(connection, count):
    """Exactly `count` bytes, or what came before the end."""
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            break
        data += piece
    return data


def ask(connection, message, reply):
    connection.sendall(message)
    same(receive(connection, len(reply)), reply, f"the reply to {message!r}")


@scenario("serve greets the tutorial's client byte for byte and says so; Ctrl-C stops it, the port is free")
def serve_tutorial():
    server = Serve()
    client = tutorial_client(server.port)
    out, err = client.communicate(timeout=WAIT)
    same(out, b"Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n", "what the Python client printed")
    same((client.returncode, err), (0, b""), "the Python client's end")
    log = until("the log has both lines", lambda: (s := server.err.read_text()).count("\n") >= 2 and s)
    peer = re.search(r"Accept new connection from 127\.0\.0\.1:(\d+)", log)
    check(peer, f"no accepted connection in the log: {log!r}")
    check(re.search(rf"Connection from 127\.0\.0\.1:{peer[1]} closed", log), f"no closed connection in the log: {log!r}")
    server.stop(signal.SIGINT)
    again = Serve(f"127.0.0.1:{server.port}")
    same(again.port, server.port, "the port that was asked for")
    again.stop()


@scenario("serve: the pause is one second by default, SIGTERM does not wait for it and closes held connections")
def serve_stops():
    server = Serve()
    held = [server.connect() for _ in range(5)]
    for connection in held:
        same(receive(connection, 8), b"Welcome!", "the welcome")
    began = time.monotonic()
    ask(held[0], b"Michael", b"Hello, Michael!")
    check(0.95 <= time.monotonic() - began < 3, f"the reply came after {time.monotonic() - began:.2f} s")
    held[1].sendall(b"Tracy")
    time.sleep(0.1)
    server.stop()
    for connection in held[2:]:
        try:
            same(connection.recv(1), b"", "what a held client gets at the end")
        except ConnectionResetError:
            pass


@scenario("serve greets nc, and lines, joined and split messages and any bytes")
def serve_boundaries():
    server = Serve("127.0.0.1:0", "--pause", "0")
    told = run(["nc.openbsd", "-N", "127.0.0.1", server.port], input=b"Michael\nTracy\nexit\n", timeout=WAIT)
    same(told.stdout, b"Welcome!Hello, Michael!\nHello, Tracy!\n", "what nc got")
    connection = server.connect()
    same(receive(connection, 8), b"Welcome!", "the welcome")
    ask(connection, b"Michael", b"Hello, Michael!")
    ask(connection, b"Sarah\r\n", b"Hello, Sarah!\r\n")
    ask(connection, b"a\nb\n", b"Hello, a!\nHello, b!\n")
    ask(connection, "你好".encode(), "Hello, 你好!".encode())
    ask(connection, b"\xff\x00\x80", b"Hello, \xff\x00\x80!")
    connection.sendall(b"exit\r\n")
    same(connection.recv(1), b"", "what follows exit")
    server.stop()

    strict = Serve("127.0.0.1:0", "--pause", "0", "--framing", "read")
    connection = strict.connect()
    receive(connection, 8)
    ask(connection, b"Michael\n", b"Hello, Michael\n!")
    strict.stop()

    lines = Serve("127.0.0.1:0", "--pause", "0", "--framing", "line")
    connection = lines.connect()
    receive(connection, 8)
    connection.sendall(b"Mich")
    time.sleep(0.2)
    ask(connection, b"ael\n", b"Hello, Michael!\n")
    lines.stop()


@scenario("serve: a client that says nothing costs 16 KiB with a thread, 2 KiB in one thread for all")
def idle_clients():
    def resident(process):
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1])

    clients = 400
    for model, allowed in (("threads", 16), ("events", 2)):
        serve = Serve("127.0.0.1:0", "--model", model, "--quiet")

        def welcomed():
            connection = serve.connect()
            same(receive(connection, 8), b"Welcome!", "the welcome")
            return connection

        # What is needed once, for whoever comes first.
        first = [welcomed() for _ in range(50)]
        before = resident(serve.process)
        idle = [welcomed() for _ in range(clients)]
        each = (resident(serve.process) - before) / clients
        # A quarter of a page is what the system itself may add.
        check(each <= allowed + 1, f"{model}: {each:.1f} KiB for each client, {allowed} allowed")
        for connection in first + idle:
            connection.close()
        serve.stop()


@scenario("serve: welcome, reply and quiet; IPv6; most connections")
def serve_options():
    server = Serve("127.0.0.1:0", "--pause", "0", "--quiet", "--welcome", "Hi\n", "--reply", "{n} {message} {peer}")
    connection = server.connect()
    same(receive(connection, 3), b"Hi\n", "the welcome")
    peer = "%s:%s" % connection.getsockname()
    ask(connection, b"a", f"1 a {peer}".encode())
    ask(connection, b"b", f"2 b {peer}".encode())
    server.stop()
    same(server.err.read_bytes(), b"", "stderr of a quiet server")

    few = Serve("127.0.0.1:0", "--pause", "0", "--max-connections", "1", "--backlog", "7")
    first = few.connect()
    same(receive(first, 8), b"Welcome!", "the first client's welcome")
    second = few.connect()
    second.settimeout(0.7)
    try:
        check(False, f"a second client got {second.recv(8)!r}")
    except TimeoutError:
        pass
    second.settimeout(WAIT)
    first.close()
    same(receive(second, 8), b"Welcome!", "the second client's welcome, when there is room")
    few.stop()

    try:
        free_port(host="::1")
    except (AssertionError, OSError):
        print("        no IPv6 here: that part is left out")
        return
    six = Serve("[::1]:0", "--pause", "0")
    connection = six.connect()
    same(receive(connection, 8), b"Welcome!", "the welcome over IPv6")
    six.stop()


def one_line(done, *words, code=1):
    """The command failed with one clear line, naming all the words."""
    text = done.stderr.decode()
    same(done.returncode, code, f"exit code (stderr {text!r})")
    lines = text.rstrip("\n").split("\n")
    same(len(lines), 1, f"lines on stderr ({text!r})")
    last_line(done, *words)


def last_line(done, *words):
    """Whatever else is on stderr, its last line says what went wrong."""
    text = done.stderr.decode()
    check("panicked" not in text and "RUST_BACKTRACE" not in text, f"a panic: {text!r}")
    line = text.rstrip("\n").split("\n")[-1]
    for word in words:
        check(word.lower() in line.lower(), f"“{word}” is not in {line!r}")


@scenario("serve says in one line why it cannot listen")
def serve_refused():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        one_line(socketscope("serve", f"127.0.0.1:{port}"), f"127.0.0.1:{port}", "in use")
    one_line(socketscope("serve", "192.0.2.1:9999"), "192.0.2.1:9999", "not an address of this computer")
    done = socketscope("serve", "127.0.0.1:port")
    check(done.returncode in (1, 2), f"exit code {done.returncode} for a port that is none")
    last_line(done)


# --- chat ------------------------------------------------------------------------------------------------------


@scenario("chat plays the tutorial against the Python server and writes what arrives as it is")
def chat_tutorial():
    server, port = tutorial_server()
    done = socketscope("chat", f"127.0.0.1:{port}", "--tutorial")
    same(done.stdout, b"Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!", "stdout")
    same(done.returncode, 0, f"exit code (stderr {done.stderr!r})")
    until("the server saw the end", lambda: b" closed." in (WORK / "tutorial-server.log").read_bytes())
    same(server.poll(), None, "the server still runs")


@scenario("chat sends each line as one message, with the line ending that was asked for, and waits for the replies")
def chat_lines():
    server = Serve("127.0.0.1:0", "--pause", "0.3")
    done = socketscope("chat", f"127.0.0.1:{server.port}", "--eol", "lf", input="Michael\n世界\n".encode())
    same(done.stdout, "Welcome!Hello, Michael!\nHello, 世界!\n".encode(), "stdout")
    same(done.returncode, 0, f"exit code (stderr {done.stderr!r})")
    server.stop()

    for eol, wanted in [("none", b"onetwo"), ("lf", b"one\ntwo\n"), ("crlf", b"one\r\ntwo\r\n")]:
        got = []

        def keep(connection):
            data = b""
            while piece := connection.recv(1024):
                data += piece
            got.append(data)

        peer = Peer(keep)
        done = socketscope("chat", f"127.0.0.1:{peer.port}", "--eol", eol, "--linger", "0.3", input=b"one\ntwo\n")
        same(done.returncode, 0, f"exit code (stderr {done.stderr!r})")
        same(until("the peer saw the end", lambda: got)[0], wanted, f"what was sent with --eol {eol}")


@scenario("chat ends with the peer; it is refused in one line")
def chat_ends():
    def say_and_close(connection):
        connection.sendall(b"\x1b[2Jbye\x00")

    peer = Peer(say_and_close)
    client = start([BINARY, "chat", f"127.0.0.1:{peer.port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE)
    # Standard input stays open: it is the peer's close that ends the program.
    same(client.wait(WAIT), 0, "exit code")
    same(client.stdout.read(), b"\x1b[2Jbye\x00", "stdout, byte for byte")
    port = free_port()
    one_line(socketscope("chat", f"127.0.0.1:{port}"), f"127.0.0.1:{port}", "refused")
    same(socketscope("chat", "no-such-host.invalid:9999").returncode, 1, "exit code for an unknown host")


# --- fetch -----------------------------------------------------------------------------------------------------


def curl(*arguments):
    done = run(["curl", "-sS", "--max-time", "30", *arguments])
    same(done.returncode, 0, f"curl's exit code ({done.stderr!r})")
    return done.stdout


def fetched(*arguments, **options):
    done = socketscope("fetch", *arguments, **options)
    same(done.returncode, 0, f"exit code of fetch {arguments} (stderr {done.stderr!r})")
    return done


def nothing_left(place, *names):
    same(sorted(path.name for path in place.iterdir()), sorted(names), f"what is in {place.name}")
    same([path.name for path in Path(os.environ["TMPDIR"]).iterdir()], [], "temporary files left behind")


@scenario("fetch gives curl's bytes: plain, empty, large, compressed, GBK, 404; the heads go to stderr")
def fetch_bytes():
    nginx = Nginx()
    place = folder("out")
    for path in ("/index.html", "/empty.txt", "/big.bin", "/zipped.html", "/gbk.html", "/missing"):
        url = nginx.base + path
        wanted = curl("--compressed", url)
        same(fetched(url).stdout, wanted, f"stdout of {path}")
        target = place / "page"
        done = fetched(url, "-o", target)
        same(done.stdout, b"", f"stdout with -o for {path}")
        same(target.read_bytes(), wanted, f"the file for {path}")
        head = done.stderr.decode()
        status = "404 Not Found" if path == "/missing" else "200 OK"
        check(f"HTTP/1.1 {status}" in head and "Server: nginx" in head, f"the head is not on stderr: {head!r}")
    same((place / "page").read_bytes(), curl(nginx.base + "/missing"), "the last page")
    same(fetched(nginx.base + "/gbk.html").stdout, (nginx.pages / "gbk.html").read_bytes(), "GBK bytes as sent")
    check(fetched(nginx.base + "/big.bin", "--progress", "-o", place / "page").stderr, "progress")
    same(fetched(f"127.0.0.1:{nginx.http}/index.html").stdout, curl(nginx.base + "/index.html"), "without http://")
    secret = fetched(f"http://user:secret@127.0.0.1:{nginx.http}/index.html")
    check(b"secret" not in secret.stderr, f"the password is shown: {secret.stderr!r}")
    nothing_left(place, "page")


@scenario("fetch follows redirects hop by hop, to a limit")
def fetch_redirects():
    nginx = Nginx()
    done = fetched(nginx.base + "/old")
    same(done.stdout, curl("-L", nginx.base + "/old"), "the page behind two redirects")
    head = done.stderr.decode()
    order = [head.find(text) for text in ("HTTP/1.1 301", "HTTP/1.1 302", "HTTP/1.1 200")]
    check(-1 not in order and order == sorted(order), f"the heads of three hops in order: {head!r}")
    stay = fetched(nginx.base + "/old", "--no-follow")
    same(stay.stdout, curl(nginx.base + "/old"), "the redirect's own body")
    for arguments in ([nginx.base + "/loop"], [nginx.base + "/old", "--max-redirects", "1"]):
        done = socketscope("fetch", *arguments)
        same((done.returncode, done.stdout), (1, b""), f"too many redirects: {done.stderr!r}")
        last_line(done, "redirect")


@scenario("fetch --remote-name keeps a server's name in this folder and overwrites nothing")
def fetch_names():
    nginx = Nginx()
    page = (nginx.pages / "index.html").read_bytes()
    place = folder("out")
    inside = place / "inside"
    inside.mkdir()
    fetched(nginx.base + "/index.html", "--remote-name", cwd=inside)
    same((inside / "index.html").read_bytes(), page, "the file named after the path")
    fetched(nginx.base + "/attached", "--remote-name", cwd=inside)
    same((inside / "escape.html").read_bytes(), page, "the file named by the server, reduced to one segment")
    (inside / "index.html").write_bytes(b"mine")
    socketscope("fetch", nginx.base + "/index.html", "--remote-name", cwd=inside)
    same((inside / "index.html").read_bytes(), b"mine", "a file that was there")
    same([path.name for path in place.iterdir()], ["inside"], "what is outside the folder")


@scenario("fetch over TLS: a local authority with --cacert; expired, wrong host and self-signed are refused")
def fetch_tls():
    nginx = Nginx()
    page = (nginx.pages / "index.html").read_bytes()
    good = f"https://localhost:{nginx.https}/index.html"
    same(fetched(good, "--cacert", nginx.ca).stdout, page, "the page over TLS")
    same(fetched(f"https://127.0.0.1:{nginx.https}/index.html", "--cacert", nginx.ca).stdout, page, "by IP address")
    place = folder("out")
    target = place / "page"
    target.write_bytes(b"old")
    for url, words, arguments in [
        (good, ("certificate",), ()),
        (f"https://localhost:{nginx.expired}/", ("certificate", "expired"), ("--cacert", nginx.ca)),
        (f"https://localhost:{nginx.wrong_host}/", ("certificate", "localhost"), ("--cacert", nginx.ca)),
        (f"https://localhost:{nginx.self_signed}/", ("certificate",), ("--cacert", nginx.ca)),
    ]:
        done = socketscope("fetch", url, "-o", target, *arguments)
        one_line(done, *words)
        same(target.read_bytes(), b"old", "the old file")
    for port in (nginx.expired, nginx.wrong_host, nginx.self_signed):
        done = fetched(f"https://localhost:{port}/index.html", "-k")
        same(done.stdout, page, "the page with -k")
        check(b"certificate" in done.stderr.lower(), f"-k is not loud: {done.stderr!r}")
    nothing_left(place, "page")


def answer(*pieces, reset=False):
    """A peer that reads one request, sends the pieces, then closes (or resets)."""

    def serve(connection):
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return Peer(serve)


@scenario("fetch: a body that ends early is exit 1, said, and the old file is untouched")
def fetch_cut_off():
    squeezed = gzip.compress(os.urandom(2000))
    place = folder("out")
    target = place / "page"
    target.write_bytes(b"old")
    cases = [
        ("length", (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x" * 137), False, ("137", "1,000|1000")),
        ("length, reset", (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x" * 137), True, ()),
        ("no last chunk", (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n"), False, ()),
        ("inside a chunk", (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"50\r\nhello"), False, ()),
        ("until close, reset", (b"HTTP/1.1 200 OK\r\n\r\n", b"hello"), True, ()),
        ("gzip cut", (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", squeezed[:-20]), False, ()),
        ("inside the head", (b"HTTP/1.1 200 OK\r\nContent-", b"Le"), False, ()),
        ("nothing at all", (), False, ()),
        ("two lengths", (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", b"hello!"), False, ()),
        ("bad chunk size", (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\nhello\r\n0\r\n\r\n"), False, ()),
    ]
    for what, pieces, reset, words in cases:
        peer = answer(*pieces, reset=reset)
        done = socketscope("fetch", f"http://127.0.0.1:{peer.port}/page", "-o", target)
        same((what, done.returncode), (what, 1), f"exit code (stderr {done.stderr!r})")
        last_line(done, f"127.0.0.1:{peer.port}")
        line = done.stderr.decode().rstrip("\n").split("\n")[-1]
        for word in words:
            check(re.search(word, line), f"“{word}” is not in {line!r}")
        same((what, target.read_bytes()), (what, b"old"), "the old file")
        nothing_left(place, "page")


@scenario("fetch shows heads as received, with control bytes made visible")
def fetch_heads():
    peer = answer(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                  b"HTTP/1.1 200 \xc7\xe5\r\nX-CaSe: one\r\nx-case: two \xff\r\nContent-Length: 2\r\n\r\n", b"ok")
    done = fetched(f"http://127.0.0.1:{peer.port}/")
    same(done.stdout, b"ok", "the body")
    for text in (b"103 Early Hints", b"X-CaSe: one", b"x-case: two"):
        check(text in done.stderr, f"{text!r} is not in {done.stderr!r}")
    for head in (b"HTTP/1.1 200 \x1b[31mFine\r\n", b"HTTP/1.1 200 OK\r\nX: \x1b[2J\r\n", b"\x1b[2J no HTTP at all\r\n"):
        peer = answer(head + b"Content-Length: 2\r\n\r\n", b"ok")
        done = socketscope("fetch", f"http://127.0.0.1:{peer.port}/")
        check(done.returncode in (0, 1), f"exit code {done.returncode}")
        check(b"\x1b" not in done.stderr, f"a control byte reaches the terminal: {done.stderr!r}")


@scenario("fetch gives up on silence, and says in one line what it cannot reach or understand")
def fetch_refused():
    peer = Peer(lambda connection: time.sleep(8))
    began = time.monotonic()
    one_line(socketscope("fetch", f"http://127.0.0.1:{peer.port}/", "--timeout", "1"), f"127.0.0.1:{peer.port}")
    check(time.monotonic() - began < 5, f"it took {time.monotonic() - began:.1f} s to give up")
    port = free_port()
    one_line(socketscope("fetch", f"http://127.0.0.1:{port}/"), f"127.0.0.1:{port}", "refused")
    for bad in ("ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y"):
        same((bad, socketscope("fetch", bad).returncode), (bad, 1), "exit code for a bad URL")
    place = folder("out")
    nginx = Nginx()
    missing = socketscope("fetch", nginx.base + "/index.html", "-o", place / "no" / "page")
    same(missing.returncode, 1, "exit code for a missing folder")
    last_line(missing, "folder")
    taken = socketscope("fetch", nginx.base + "/index.html", "-o", place)
    same(taken.returncode, 1, "exit code when a folder has the name")
    last_line(taken, "folder")
    nothing_left(place)


@scenario("fetch stops on Ctrl-C and SIGTERM at once, without a trace")
def fetch_interrupted():
    nginx = Nginx()
    place = folder("out")
    target = place / "page"
    target.write_bytes(b"old")
    for how in (signal.SIGINT, signal.SIGTERM):
        with open(WORK / "fetch.err", "wb") as err:
            process = start([BINARY, "fetch", nginx.base + "/slow.bin", "-o", target], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=err)
        until("the head has come", lambda: b"200 OK" in (WORK / "fetch.err").read_bytes())
        began = time.monotonic()
        process.send_signal(how)
        check(process.wait(10) != 0, f"{how.name} is called a success")
        check(time.monotonic() - began < 2, f"{how.name} took {time.monotonic() - began:.1f} s")
        same(target.read_bytes(), b"old", "the old file")
        nothing_left(place, "page")


# --- the program itself ----------------------------------------------------------------------------------------


@scenario("without a display the program says so in one line and exits with 1")
def no_display():
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    for environment, word in (
        (bare, "display"),
        (dict(bare, DISPLAY=":4711"), "window"),
        (dict(bare, WAYLAND_DISPLAY="nowhere"), "window"),
    ):
        done = run([BINARY], env=dict(environment, RUST_BACKTRACE="1"))
        one_line(done, word)
        check(b"backtrace" not in done.stderr.lower(), f"a backtrace: {done.stderr!r}")
        same(done.stdout, b"", "stdout")


# --- TLS -------------------------------------------------------------------------------------------------------


def s_client(server, *options):
    """`openssl s_client` connected to a server; what it sends is its standard input."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-quiet", "-verify_return_error", *options]
    return start([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@scenario("serve speaks TLS with a made certificate: openssl and Python trust it once it was saved, and not before")
def serve_tls():
    own = folder("serve-tls") / "own.pem"
    for model in ("threads", "events"):
        server = Serve("127.0.0.1:0", "--pause", "0", "--model", model, "--tls", "--save-certificate", own)
        sha256 = run(["openssl", "x509", "-in", own, "-noout", "-fingerprint", "-sha256"]).stdout.decode()
        until("the fingerprint is told", lambda: sha256.strip().rpartition("=")[2] in server.err.read_text())
        for version in ("-tls1_2", "-tls1_3"):
            client = s_client(server, "-CAfile", own, "-verify_hostname", "localhost", version)
            client.stdin.write(b"Michael\n")
            client.stdin.flush()
            same(client.stdout.read(24), b"Welcome!Hello, Michael!\n", f"what openssl got with {version}")
            out, err = client.communicate(b"exit\n", timeout=WAIT)
            same((client.returncode, out), (0, b""), f"openssl's end, {err!r}")
        # As strict as Python is on its own.
        context = ssl.create_default_context(cafile=own)
        with context.wrap_socket(server.connect(), server_hostname="127.0.0.1") as connection:
            same(receive(connection, 8), b"Welcome!", "the welcome inside TLS")
            ask(connection, b"Tracy", b"Hello, Tracy!")
            connection.sendall(b"exit")
            same(connection.recv(1), b"", "a clean end")
        client = s_client(server)
        client.communicate(b"", timeout=WAIT)
        check(client.returncode != 0, "openssl trusts what it does not know")
        until("the server says why", lambda: "does not trust our certificate" in server.err.read_text())
        plain = server.connect()
        plain.sendall(b"Michael, who speaks no TLS")
        until("the server says so", lambda: "what the client sent is not TLS" in server.err.read_text())
        server.stop()


@scenario("serve: a certificate from files; files that are no pair are one clear line")
def serve_tls_files():
    made = folder("tls")
    certificates(made)
    server = Serve("127.0.0.1:0", "--certificate", made / "good.pem", "--key", made / "good.key")
    client = s_client(server, "-CAfile", made / "ca.pem", "-verify_hostname", "localhost")
    same(client.stdout.read(8), b"Welcome!", "what openssl got")
    client.communicate(b"exit\n", timeout=WAIT)
    same(client.returncode, 0, "openssl's end")
    server.stop()
    for certificate, key, word in (
        ("good.pem", "self-signed.key", "does not belong"),
        ("good.pem", "none.key", "none.key"),
        ("good.key", "good.key", "no certificate"),
    ):
        done = socketscope("serve", "127.0.0.1:0", "--certificate", made / certificate, "--key", made / key)
        one_line(done, word)
    same(socketscope("serve", "--certificate", made / "good.pem").returncode, 2, "a certificate without its key")


@scenario("chat speaks TLS with openssl: verified, refused, or loudly not verified")
def chat_tls():
    made = folder("tls")
    certificates(made)
    port = free_port()
    # It sends each line back, reversed.
    server = start(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(made / "good.pem"), "-key",
                    str(made / "good.key"), "-rev", "-quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until("openssl listens", listens)
    chat = ["chat", f"127.0.0.1:{port}", "--tls", "--eol", "lf", "--linger", "0.5"]
    trusting = ["--cacert", made / "ca.pem", "--server-name", "localhost"]
    done = socketscope(*chat, *trusting, input=b"hello\n")
    same((done.returncode, done.stdout), (0, b"olleh\n"), f"a verified chat, {done.stderr!r}")
    check(b"is verified" in done.stderr and b"TLS 1.3" in done.stderr, f"what it says: {done.stderr!r}")
    for options, word in (
        ([], b"not trust"),
        (["--cacert", made / "ca.pem", "--server-name", "other.example"], b"not for other.example"),
    ):
        done = socketscope(*chat, *options, input=b"hello\n")
        same((done.returncode, done.stdout), (1, b""), f"a refused chat, {done.stderr!r}")
        check(word in done.stderr and b"SHA-256" in done.stderr, f"{word!r} in {done.stderr!r}")
    done = socketscope(*chat, "--insecure", input=b"hello\n")
    same((done.returncode, done.stdout), (0, b"olleh\n"), f"a chat with anyone, {done.stderr!r}")
    check(b"NOT verified" in done.stderr, f"what it says: {done.stderr!r}")
    server.terminate()
    plain = Serve()
    done = socketscope("chat", f"127.0.0.1:{plain.port}", "--tls", "--insecure", input=b"hello\n")
    check(done.returncode == 1 and b"is not TLS" in done.stderr, f"chat with a server without TLS: {done.stderr!r}")
    plain.stop()


@scenario("help, version and wrong arguments")
def arguments():
    done = socketscope("--help")
    same(done.returncode, 0, "exit code of --help")
    for command in ("serve", "chat", "fetch"):
        check(command.encode() in done.stdout, f"{command} is not in the help")
        same(socketscope(command, "--help").returncode, 0, f"exit code of {command} --help")
    same(socketscope("--version").returncode, 0, "exit code of --version")
    for wrong in (["fetch"], ["chat"], ["serve", "--framing", "nonsense"], ["juggle"]):
        same(socketscope(*wrong).returncode, 2, f"exit code of {wrong}")


@scenario("eight chats at once with the own server")
def together():
    server = Serve("127.0.0.1:0", "--pause", "0")
    clients = [
        start([BINARY, "chat", f"127.0.0.1:{server.port}", "--tutorial"], stdin=subprocess.DEVNULL,
              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(8)
    ]
    for client in clients:
        out, _ = client.communicate(timeout=WAIT)
        same((client.returncode, out), (0, b"Welcome!Hello, Michael!Hello, Tracy!Hello, Sarah!"), "one of eight at once")
    server.stop()
    same(server.err.read_text().count("Accept new connection from"), 8, "accepted connections in the log")


if __name__ == "__main__":
    run_scenarios()
