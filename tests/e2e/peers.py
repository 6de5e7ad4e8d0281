"""The terminal commands against the tools that people have: nc, ncat, telnet, socat, and the tutorial's client."""

import re
import subprocess

from lib import *
from terminal import Serve

MODELS = ("threads", "single", "events")


def serve(model):
    return Serve("127.0.0.1:0", "--pause", "0", "--model", model)


def ended(server, how, count=1):
    """The log says so often that a connection closed this way; then the server is stopped."""
    until(f"{count} closed: {how}", lambda: server.err.read_text().count(f"closed: {how}\n") == count)
    server.stop()


@scenario("nc, ncat and socat are greeted line by line, in all three ways of serving, and closed after exit")
def line_by_line():
    for model in MODELS:
        server = serve(model)
        at = ("127.0.0.1", server.port)
        for client in (["nc.openbsd", "-N", *at], ["ncat", *at], ["socat", "-t", WAIT, "-", "TCP:%s:%s" % at]):
            done = run(client, input=b"Michael\nTracy\nexit\n", timeout=WAIT)
            got = (done.returncode, done.stdout, done.stderr)
            same(got, (0, b"Welcome!Hello, Michael!\nHello, Tracy!\n", b""), f"{client[0]}, {model}")
        done = run(["ncat", "-C", *at], input=b"Michael\nexit\n", timeout=WAIT)
        same(done.stdout, b"Welcome!Hello, Michael!\r\n", f"ncat with CRLF, {model}")
        ended(server, "exit", 4)


@scenario("a half-close by nc, ncat and socat ends the conversation after the last reply")
def half_closed():
    for model in MODELS:
        server = serve(model)
        at = ("127.0.0.1", server.port)
        for client in (["nc.openbsd", "-N", *at], ["ncat", *at], ["socat", "-t", WAIT, "-", "TCP:%s:%s" % at]):
            done = run(client, input="Michael\n你好".encode(), timeout=WAIT)
            same(done.stdout.decode(), "Welcome!Hello, Michael!\nHello, 你好!", f"{client[0]}, {model}")
        ended(server, "they closed", 3)


@scenario("telnet is greeted, and told that it was closed")
def telnet():
    for model in MODELS:
        server = serve(model)
        # At the end of its input telnet would leave before it has read the rest.
        client = start(["telnet", "127.0.0.1", server.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
        client.stdin.write(b"Michael\nexit\n")
        client.stdin.flush()
        client.wait(WAIT)
        out = client.stdout.read()
        # Whether it sends lines with LF or CRLF depends on the program; both come back.
        check(re.search(rb"\nWelcome!Hello, Michael!\r?\n$", out), f"telnet, {model}: {out!r}")
        same(client.stderr.read().strip(), b"Connection closed by foreign host.", f"the end, {model}")
        ended(server, "exit")


@scenario("the tutorial's client is greeted in all three ways of serving")
def tutorial():
    for model in MODELS:
        server = serve(model)
        client = tutorial_client(server.port)
        out, err = client.communicate(timeout=WAIT)
        same((client.returncode, out), (0, b"Welcome!\nHello, Michael!\nHello, Tracy!\nHello, Sarah!\n"), f"{model}: {err!r}")
        ended(server, "exit")


def listening(command, pattern):
    """Starts a server that says on standard error where it listens, as `pattern` has it; process and port."""
    log = WORK / "peer.err"
    with open(WORK / "peer.out", "wb") as out, open(log, "wb") as err:
        peer = start(command, stdin=subprocess.PIPE, stdout=out, stderr=err)
    return peer, until(f"{command[0]} listens", lambda: re.search(pattern, log.read_text()))[1]


@scenario("chat talks with nc -l and ncat -l, in both directions, byte for byte")
def chat_with_listeners():
    for command in (["nc.openbsd", "-l", "-v", "-N", "127.0.0.1"], ["ncat", "-l", "-v", "127.0.0.1"]):
        peer, port = listening([*command, free_port()], r"Listening on \S+?[: ](\d+)")
        client = start([BINARY, "chat", f"127.0.0.1:{port}", "--eol", "crlf"], stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdin.write("Michael\n你好\n".encode())
        client.stdin.flush()
        wanted = "Michael\r\n你好\r\n".encode()
        until(f"{command[0]} got both lines", lambda: (WORK / "peer.out").read_bytes() == wanted)
        peer.stdin.write(b"\x1b[2J\x00bye\r\n")
        peer.stdin.close()  # a half-close
        same(client.wait(WAIT), 0, f"exit code of chat with {command[0]}")
        same(client.stdout.read(), b"\x1b[2J\x00bye\r\n", f"what {command[0]} sent")
        peer.wait(WAIT)


@scenario("chat with socat that echoes: all comes back, also what is large")
def chat_with_echo():
    lines = "".join(f"{n} 再见\n" for n in range(20_000)).encode()
    peer, port = listening(["socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "PIPE"], r"listening on .*:(\d+)")
    done = run([BINARY, "chat", f"127.0.0.1:{port}", "--eol", "lf", "--linger", "2"], input=lines, timeout=60)
    same((done.returncode, done.stdout), (0, lines), f"what came back ({done.stderr!r})")
    same(peer.wait(WAIT), 0, "socat's exit code")


if __name__ == "__main__":
    run_scenarios()
