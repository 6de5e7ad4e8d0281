#!/usr/bin/env python3
"""Writes src/start.ld anew: which functions `socketscope fetch` needs, so that the linker puts them side by side.

Needs valgrind. It builds the program with its symbols, lets it fetch a page from here, and notes each function that ran.
"""

import collections
import http.server
import re
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "release" / "socketscope"
# A name with several functions behind it is taken if all of them together have no more bytes.
MOST = 80_000


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"Hello, Michael!\n" * 64
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def pattern(name):
    """The name for the linker, without what changes with each build and each compiler."""
    if name.startswith("_R"):
        return re.sub("Cs[0-9A-Za-z]+_", "Cs*_", re.sub(r"\..*$", "", name)) + "*"
    return re.sub("17h[0-9a-f]{16}E.*$", "17h*", name)


def ran(folder):
    """The functions that a fetch needs, as the compiler named them."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trace = folder / "trace"
    subprocess.run(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={trace}", PROGRAM, "fetch",
                    f"http://127.0.0.1:{server.server_port}/page", "-o", folder / "page"], check=True)
    return set(re.findall(r"^c?fn=\(\d+\) (_(?:ZN|R)[^\s']+)", trace.read_text(), re.MULTILINE))


def main():
    subprocess.run(["cargo", "rustc", "--release", "--locked", "--bin", "socketscope", "--", "-Cstrip=none"],
                   cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        needed = {pattern(name) for name in ran(Path(folder))}
    count, size = collections.Counter(), collections.Counter()
    listed = subprocess.run(["nm", "-S", PROGRAM], check=True, capture_output=True, text=True).stdout
    for _, length, _, name in (line.split() for line in listed.splitlines() if len(line.split()) == 4):
        count[pattern(name)] += 1
        size[pattern(name)] += int(length, 16)
    taken = sorted(name for name in needed if count[name] == 1 or size[name] <= MOST)
    lines = "".join(f"    *(.text.{name})\n" for name in taken)
    (ROOT / "src" / "start.ld").write_text(
        "/* The functions that a fetch in a terminal needs, side by side: a start is mostly loading, and so far fewer pages\n"
        "   are loaded. Written by benches/fetch/order.py; names that are there no more do no harm. */\n"
        f"SECTIONS\n{{\n  .text.start : {{\n{lines}  }}\n}}\nINSERT BEFORE .text;\n")


if __name__ == "__main__":
    main()
