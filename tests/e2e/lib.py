"""Drives the built program as a person would: finds widgets by role and accessible name, presses, types, reads.

Nothing here sleeps for luck: every wait polls for what it waits for, up to a deadline.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAIT = float(os.environ.get("E2E_WAIT", "20"))
BINARY = os.environ["E2E_BINARY"]
WORK = Path(os.environ["E2E_WORK"])
FAILURES = Path(os.environ["E2E_FAILURES"])
PYTHON = "/usr/bin/python3"

# --- scenarios -------------------------------------------------------------------------------------------------

_scenarios = []
_clean_ups = []


def scenario(title):
    """Registers a function as a scenario; `title` says what is promised."""

    def register(function):
        if function.__module__ == "__main__":  # not those of a file that is only imported from
            _scenarios.append((title, function))
        return function

    return register


def clean_up(action):
    """Calls `action` when the scenario is over, however it ends; the latest first."""
    _clean_ups.append(action)


def run_scenarios():
    """Runs what was registered, each on its own, and adds to the counts of the whole run."""
    only = os.environ.get("E2E_ONLY", "")
    name = Path(sys.argv[0]).stem
    for number, (title, function) in enumerate(_scenarios, 1):
        if only and only not in title:
            continue
        began = time.monotonic()
        for left in Path(os.environ["TMPDIR"]).iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            function()
            verdict = "passed"
        except BaseException as trouble:
            verdict = "failed"
            traceback.print_exc(file=sys.stdout)
            _leave_evidence(f"{name}-{number}", title, trouble)
            if isinstance(trouble, KeyboardInterrupt):
                raise
        finally:
            while _clean_ups:
                try:
                    _clean_ups.pop()()
                except Exception:
                    traceback.print_exc(file=sys.stdout)
        print(f"{verdict}  {name}: {title} ({time.monotonic() - began:.1f} s)", flush=True)
        with open(WORK / "results", "a") as results:
            results.write(verdict + "\n")


def _leave_evidence(stem, title, trouble):
    FAILURES.mkdir(parents=True, exist_ok=True)
    report = [title, "", "".join(traceback.format_exception(trouble))]
    for window in list(Window.open):
        report += [f"window, exit code {window.process.poll()}", window.dump(), "", "its stderr:", window.errors()]
    (FAILURES / f"{stem}.txt").write_text("\n".join(report), errors="replace")
    if os.environ.get("DISPLAY"):
        subprocess.run(["import", "-window", "root", str(FAILURES / f"{stem}.png")], timeout=20, check=False)
    print(f"        see {FAILURES}/{stem}.txt and .png", flush=True)


class Hopeless(AssertionError):
    """Waiting longer cannot help."""


def until(what, test, timeout=WAIT):
    """Polls until `test` gives something true, and returns it."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            found = test()
            if found:
                return found
        except Hopeless:
            raise
        except Exception as trouble:  # the tree may change while it is read
            last = trouble
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:g} s still not: {what}" + (f" ({last!r})" if last else ""))
        time.sleep(0.05)


def same(got, wanted, what="value"):
    """Fails, showing both, unless they are equal."""
    if got != wanted:
        shown = [repr(x) if len(repr(x)) < 2000 else repr(x)[:2000] + "…" for x in (got, wanted)]
        raise AssertionError(f"{what}: got {shown[0]}, wanted {shown[1]}")


def check(truth, what):
    """Fails, saying `what`, unless `truth`."""
    if not truth:
        raise AssertionError(what)


# --- processes and sockets -------------------------------------------------------------------------------------

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    PR_SET_PDEATHSIG = 1
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command, **options):
    """Starts a process that ends with the scenario, and with this script if that is killed."""
    process = subprocess.Popen([str(part) for part in command], preexec_fn=_die_with_parent, **options)
    clean_up(lambda: end(process))
    return process


def end(process, patience=5):
    """Ends a process that was started here."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(patience)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            try:
                pipe.close()
            except OSError:
                pass


def run(command, timeout=30, **options):
    """Runs a command to its end, keeping what it prints as bytes."""
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if options["stdin"] is None:
        del options["stdin"]
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        check=False,
        preexec_fn=_die_with_parent,
        **options,
    )


def socketscope(*arguments, **options):
    """Runs a terminal command of the program to its end."""
    return run([BINARY, *arguments], **options)


def folder(name):
    """A fresh folder of this name, outside the sources."""
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def free_port(preferred=None, host="127.0.0.1", unused=False):
    """A port nobody listens on; the preferred one if it can be had. `unused`: no connection lingers there either."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0 if unused else 1)
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError:
                continue
            return probe.getsockname()[1]
    raise AssertionError("no port is free")


def accepts(port, host="127.0.0.1"):
    """Whether somebody listens there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


class Peer(threading.Thread):
    """A TCP server for one odd peer: each connection is handled by `serve(socket)`; what it raises is kept."""

    def __init__(self, serve, host="127.0.0.1"):
        super().__init__(name="peer", daemon=True)
        self.serve = serve
        self.trouble = None
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        clean_up(self.listener.close)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(WAIT)
                try:
                    self.serve(connection)
                except Exception as trouble:
                    self.trouble = trouble


def tutorial_server(preferred=None):
    """The Python server written after the tutorial, listening on a free port; returns process and port."""
    port = free_port(preferred, unused=True)  # the chapter's server does not share a lingering port
    process = start(
        [PYTHON, "-u", ROOT / "tests/tutorial/server.py", "127.0.0.1", port],
        stdout=open(WORK / "tutorial-server.log", "wb"),
        stderr=subprocess.STDOUT,
    )
    # Its own words tell that it listens: probing would leave it a connection that nobody asked for.
    log = WORK / "tutorial-server.log"
    until("the Python server waits", lambda: process.poll() is None and b"Waiting for connection" in log.read_bytes())
    return process, port


def tutorial_client(port, host="127.0.0.1"):
    """Starts the Python client written after the tutorial."""
    return start(
        [PYTHON, "-u", ROOT / "tests/tutorial/client.py", host, port],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


# --- nginx -----------------------------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>TCP programming</title></head>
<body>
<h1>A page for Socketscope</h1>
<p>A socket is told apart by four things: server address, server port, client address, client port.</p>
<p>{paragraphs}</p>
</body>
</html>
"""
CHINESE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><title>TCP编程</title></head>
<body>
<h1>TCP编程</h1>
<p>Socket是网络编程的一个抽象概念。通常我们用一个Socket表示“打开了一个网络链接”，而打开一个Socket需要知道目标计算机的IP地址和端口号，再指定协议类型即可。</p>
<p>大多数连接都是可靠的TCP连接。创建TCP连接时，主动发起连接的叫客户端，被动响应连接的叫服务器。</p>
<p>服务器进程首先要绑定一个端口并监听来自其他客户端的连接。如果某个客户端连接过来了，服务器就与该客户端建立Socket连接，随后的通信就靠这个Socket连接了。</p>
</body>
</html>
"""


def certificates(place):
    """A local authority with a good, an expired and a wrong-host certificate, and a self-signed one."""

    def openssl(*arguments):
        done = run(["openssl", *arguments], cwd=place)
        check(done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode(errors='replace')}")

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=Socketscope test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    (place / "index").write_text("")
    (place / "serial").write_text("1000\n")
    (place / "ca.cnf").write_text(
        "[ca]\ndefault_ca=c\n[c]\ndir=.\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
    )
    day = 24 * 60 * 60

    def stamp(offset):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + offset))

    for name, names, since, to in [
        ("good", "DNS:localhost,IP:127.0.0.1,IP:::1", -day, 30 * day),
        ("expired", "DNS:localhost,IP:127.0.0.1", -30 * day, -day),
        ("wrong-host", "DNS:elsewhere.example", -day, 30 * day),
    ]:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        (place / f"{name}.ext").write_text(
            f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
        )
        openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                "-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext",
                "-startdate", stamp(since), "-enddate", stamp(to))
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "self-signed.key", "-out", "self-signed.pem",
            "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")


class Nginx:
    """A real nginx on loopback ports of its own, with the pages and certificates that the scenarios need."""

    def __init__(self, preferred=None):
        self.place = folder("nginx")
        certificates(self.place)
        self.pages = self.place / "pages"
        self.pages.mkdir()
        sentences = "Receiving is a loop: at most so many bytes a call, until an empty read says that the peer is done. "
        (self.pages / "index.html").write_text(PAGE.format(paragraphs=sentences * 400), encoding="utf-8")
        (self.pages / "gbk.html").write_bytes(CHINESE.encode("gbk"))
        (self.pages / "big.bin").write_bytes(os.urandom(1 << 20) * 8)
        (self.pages / "empty.txt").write_bytes(b"")
        self.http = free_port(preferred)
        ports = {self.http}
        for name in ("https", "expired", "wrong_host", "self_signed"):
            port = free_port()
            while port in ports:
                port = free_port()
            ports.add(port)
            setattr(self, name, port)
        self.ca = self.place / "ca.pem"
        self.base = f"http://127.0.0.1:{self.http}"
        (self.place / "nginx.conf").write_text(self.configuration())
        self.log = self.place / "error.log"
        self.process = start(
            ["nginx", "-p", self.place, "-c", self.place / "nginx.conf", "-e", self.log],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def answering():
            if self.process.poll() is not None:
                raise Hopeless("nginx ended: " + self.log.read_text(errors="replace"))
            return all(accepts(port) for port in ports)

        until("nginx answers", answering)

    def configuration(self):
        secure = "".join(
            f"""
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {name}.pem;
        ssl_certificate_key {name}.key;
        root pages;
    }}"""
            for port, name in [
                (self.https, "good"),
                (self.expired, "expired"),
                (self.wrong_host, "wrong-host"),
                (self.self_signed, "self-signed"),
            ]
        )
        # One process without a master: ended by its id, nothing of it stays.
        return f"""
daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/plain txt; application/octet-stream bin; }}
    default_type application/octet-stream;
    access_log access.log;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server {{
        listen 127.0.0.1:{self.http};
        root pages;
        location = /gbk.html {{ charset off; types {{ }} default_type "text/html; charset=gbk"; }}
        location = /zipped.html {{ alias pages/index.html; gzip on; gzip_min_length 1; gzip_types text/html; }}
        location = /old {{ return 301 /older; }}
        location = /older {{ return 302 /index.html; }}
        location = /loop {{ return 302 /loop; }}
        location = /attached {{ alias pages/index.html; add_header Content-Disposition 'attachment; filename="../../up/escape.html"'; }}
        location = /slow.bin {{ alias pages/big.bin; limit_rate 200k; }}
        location = /steady.bin {{ alias pages/big.bin; limit_rate 1m; }}
    }}{secure}
}}
"""


class Httpbin:
    """A real httpbin on a loopback port of its own."""

    def __init__(self):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        log = WORK / "httpbin.log"
        serve = Path(os.environ["E2E_HTTPBIN"]) / "bin" / "waitress-serve"
        with open(log, "wb") as out:
            self.process = start([serve, f"--listen=127.0.0.1:{self.port}", "--threads=8", "httpbin:app"],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=out)

        def answering():
            if self.process.poll() is not None:
                raise Hopeless("httpbin ended: " + log.read_text(errors="replace"))
            return accepts(self.port)

        until("httpbin answers", answering)


# --- the window ------------------------------------------------------------------------------------------------

# The same thing has different names in old and new versions of the accessibility library.
_ROLE_NAMES = {"button": "push button", "text": "entry", "text box": "entry", "tab": "page tab"}
BUTTON = ("push button", "toggle button")
ENTRY = ("entry",)
TAB = ("page tab",)
CHOICE = ("combo box",)
_tools = None


def _accessibility():
    global _tools
    if _tools is None:
        import pyatspi  # only where there is a session bus

        _tools = pyatspi
    return _tools


def _uncached(node):
    # What the library remembers is only corrected by events, which nobody pumps here.
    try:
        node.clear_cache_single()
    except AttributeError:
        node.clear_cache()
    return node


def role_of(node):
    name = node.getRoleName()
    return _ROLE_NAMES.get(name, name)


def content_of(node):
    """The text inside a widget, or nothing."""
    try:
        return node.queryText().getText(0, -1)
    except NotImplementedError:
        return ""


def has_state(node, *names):
    states = node.getState()
    return all(states.contains(getattr(_accessibility(), "STATE_" + name)) for name in names)


def walk(node, depth=0):
    """All widgets below and including `node`, with their depth."""
    yield node, depth
    for index in range(_uncached(node).childCount):
        child = node.getChildAtIndex(index)
        if child is not None:
            yield from walk(_uncached(child), depth + 1)


def application(name, pid=None):
    """The application of that name on the accessibility bus, or nothing."""
    desktop = _uncached(_accessibility().Registry.getDesktop(0))
    for index in range(desktop.childCount):
        child = desktop.getChildAtIndex(index)
        if child is not None and child.name == name and pid in (None, child.get_process_id()):
            return child
    return None


class Tree:
    """An application's widgets as a screen reader sees them."""

    def __init__(self, root):
        self.root = root

    def all(self, name=None, role=None, showing=True):
        """Every widget of that accessible name and one of the roles."""
        found = []
        for node, _ in walk(self.root):
            if name is not None and node.name != name:
                continue
            if role is not None and role_of(node) not in role:
                continue
            if showing and not has_state(node, "SHOWING"):
                continue
            found.append(node)
        return found

    def has(self, name, role=None):
        return bool(self.all(name, role))

    def find(self, name, role=None, timeout=WAIT):
        """Waits for a widget."""
        return until(f"there is “{name}” ({'/'.join(role or ('any role',))})", lambda: self.all(name, role), timeout)[0]

    def find_enabled(self, name, role, timeout=WAIT):
        def test():
            return [node for node in self.all(name, role) if has_state(node, "SENSITIVE")]

        return until(f"“{name}” can be used", test, timeout)[0]

    def press(self, name, role=BUTTON, timeout=WAIT):
        """Presses a button (or tab), once it can be pressed."""
        node = self.find_enabled(name, role, timeout)
        check(node.queryAction().doAction(0), f"“{name}” cannot be pressed")

    def set_text(self, name, text, role=ENTRY, timeout=WAIT):
        """Replaces what is in a text field, as an input method does: any script."""
        node = self.find_enabled(name, role, timeout)
        node.queryEditableText().setTextContents(text)
        until(f"“{name}” holds “{text}”", lambda: self.content(name, role) == text)

    def content(self, name, role=ENTRY):
        """What is in a text field."""
        return content_of(self.find(name, role))

    def texts(self):
        """Every text that can be read in the window, widget by widget."""
        lines = []
        for node, _ in walk(self.root):
            if has_state(node, "SHOWING"):
                lines += [text for text in dict.fromkeys((node.name, content_of(node))) if text]
        return lines

    def wait_text(self, pattern, timeout=WAIT):
        """Waits until some widget's text matches the regular expression, and returns the match."""
        def test():
            return next((m for m in (re.search(pattern, line) for line in self.texts()) if m), None)

        return until(f"the window says /{pattern}/", test, timeout)

    def dump(self):
        """The whole tree, for a person to read after a failure."""
        lines = []
        try:
            for node, depth in walk(self.root):
                states = [s for s in ("SHOWING", "SENSITIVE", "FOCUSED", "SELECTED", "CHECKED") if has_state(node, s)]
                lines.append(f"{'  ' * depth}{role_of(node)} {node.name!r} {content_of(node)!r} {' '.join(states)}")
        except Exception as trouble:
            lines.append(f"… {trouble!r}")
        return "\n".join(lines)


class Window(Tree):
    """The program's window, started from the release binary."""

    open = []

    def __init__(self, home=None, arguments=()):
        self.home = home or folder("home")
        environment = dict(os.environ, HOME=str(self.home), RUST_BACKTRACE="1")
        for kind in ("CONFIG", "DATA", "CACHE"):
            environment[f"XDG_{kind}_HOME"] = str(self.home / kind.lower())
            (self.home / kind.lower()).mkdir(exist_ok=True)
        self.point_away()
        self._stderr = self.home / "stderr"
        with open(self._stderr, "ab") as stderr:
            self.process = start([BINARY, *arguments], env=environment, cwd=self.home, stdin=subprocess.DEVNULL,
                                 stdout=stderr, stderr=stderr)
        Window.open.append(self)
        clean_up(lambda: Window.open.remove(self) if self in Window.open else None)

        def appeared():
            if self.process.poll() is not None:
                raise Hopeless(f"the program ended with {self.process.poll()}: {self.errors()}")
            return application(Path(BINARY).name, self.process.pid)

        self._id = None
        super().__init__(until("the window is on the accessibility bus", appeared, 60))
        self.find("Server", TAB, timeout=60)

    def errors(self):
        return self._stderr.read_text(errors="replace")

    def tab(self, name):
        """Goes to a tab as by a click."""
        self.press(name, TAB)
        until(f"tab “{name}” is selected", lambda: has_state(self.find(name, TAB), "SELECTED"))

    def theme(self, name):
        """Chooses Light, Dark or System, behind a menu or not."""
        roles = BUTTON + ("radio button", "check box", "menu item", "radio menu item", "check menu item", "menu")
        in_menu = not self.has(name, roles)
        if in_menu:
            self.press("Settings", roles)
        self.press(name, roles)
        if in_menu:
            until("the menu is closed", lambda: not self.has(name, roles))

    def id(self):
        """The X window: the one whose process is ours and whose size is not a helper's."""
        if self._id is None:
            def search():
                done = run(["xdotool", "search", "--onlyvisible", "--pid", self.process.pid])
                return done.stdout.split()

            self._id = until("the window is on the screen", search)[-1].decode()
        return self._id

    def key(self, *keys):
        """Presses keys on the real keyboard; without a window manager the focus has to be given by hand."""
        done = run(["xdotool", "windowfocus", "--sync", self.id(), "key", "--delay", "60", *keys], timeout=20)
        check(done.returncode == 0, f"xdotool: {done.stderr.decode()}")

    def point_away(self):
        """Puts the pointer where it touches nothing."""
        run(["xdotool", "mousemove", "1179", "759"])

    def picture(self, path):
        """The screen as a picture; the pointer is not on it."""
        done = run(["import", "-window", "root", "-strip", "-define", "png:compression-level=9", path])
        check(done.returncode == 0, f"import: {done.stderr.decode()}")

    def ticks(self):
        """CPU time used so far, all threads, in clock ticks."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def focus(self, name, role, most=80):
        """Goes to a widget with the Tab key alone."""
        for _ in range(most):
            if any(has_state(node, "FOCUSED") for node in self.all(name, role)):
                return
            before = self.focused()
            self.key("Tab")
            until("the focus moves", lambda: self.focused() != before, 3)
        raise AssertionError(f"{most} times Tab did not reach “{name}”")

    def focused(self):
        """Where the keyboard goes now, as something to compare."""
        for node, depth in walk(self.root):
            if has_state(node, "FOCUSED"):
                place = node.queryComponent().getExtents(0)
                return role_of(node), node.name, depth, place.x, place.y
        return None

    def quit(self):
        """Closes it by its own shortcut and waits for a clean end."""
        self.key("ctrl+q")
        until("the program has ended", lambda: self.process.poll() is not None)
        same(self.process.returncode, 0, "exit code of the window")
        Window.open.remove(self)


def choose(window, name, choice):
    """Chooses one of a list that opens."""
    window.press(name, CHOICE)
    window.press(choice, BUTTON)
    window.key("Escape")
    until("the list is closed", lambda: not window.has(choice, BUTTON))


class SaveDialog(Tree):
    """The desktop's own save dialog, opened by the portal in a process of its own."""

    def name(self):
        """The suggested file name."""
        return content_of(self._field())

    def _field(self):
        def test():
            # The label beside it says “Name:”; of all fields it alone is shown.
            return [node for node in self.all(role=ENTRY) if has_state(node, "SENSITIVE")]

        return until("the dialog has its name field", test)[0]

    def save(self, path):
        """Types a path and presses Save."""
        self._field().queryEditableText().setTextContents(str(path))
        until(f"the dialog holds {path}", lambda: self.name() == str(path))
        self.press("Save")

    def replace(self):
        """Says yes to overwriting a file."""
        self.press("Replace")


def save_dialog():
    """Waits until the portal shows it."""
    def test():
        portal = application("xdg-desktop-portal-gtk")
        return portal if portal and Tree(portal).all(role=("file chooser", "dialog")) else None

    return SaveDialog(until("the save dialog is open", test, 45))


def save_dialog_gone():
    def test():
        portal = application("xdg-desktop-portal-gtk")
        return not portal or not Tree(portal).all(role=("file chooser", "dialog", "alert"))

    until("the save dialog is closed", test)
