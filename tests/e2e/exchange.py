"""The terminal's fetch against real servers: httpbin, nginx, Python's http.server, and proxies; it is judged by what
they say they got, by curl's bytes, and by its own report."""

import gzip
import hashlib
import json
import re
import signal
import subprocess

from lib import *
from terminal import curl, fetched, nothing_left, one_line


def echoed(*arguments, **options):
    """What httpbin says that it was asked."""
    return json.loads(fetched(*arguments, **options).stdout)


def reported(*arguments, code=0, **options):
    """The report of a fetch."""
    done = socketscope("fetch", *arguments, "--json-report", **options)
    same(done.returncode, code, f"exit code of fetch {arguments} (stderr {done.stderr!r})")
    return json.loads(done.stdout)


def whole(report, path, what):
    """The body is complete, and the file that it is saved as is what the report says of it."""
    body, saved = report["body"], path.read_bytes()
    same((body["complete"], body["length"], body["saved_as"]), (True, len(saved), str(path)), what)
    same(body["sha256"], hashlib.sha256(saved).hexdigest(), f"SHA-256 of {what}")


# --- what is asked for -----------------------------------------------------------------------------------------


@scenario("fetch: methods, headers and data arrive at httpbin as they were typed")
def methods():
    bin = Httpbin()
    anything = bin.base + "/anything"
    for arguments, method in (
        ([], "GET"),
        (["-X", "DELETE"], "DELETE"),
        (["-d", "a=b c"], "POST"),
        (["-X", "PATCH", "-d", "a=b c"], "PATCH"),
        (["-X", "PUT", "-d", "a=b c"], "PUT"),
    ):
        got = echoed(anything + "?q=1", *arguments)
        same((got["method"], got["args"]), (method, {"q": "1"}), "what was asked for")
        same(got["form"], {"a": "b c"} if "-d" in arguments else {}, f"the form of {method}")
    head = fetched("-I", bin.base + "/get")
    same(head.stdout, b"", "the body of HEAD")
    check(b"* HEAD " in head.stderr and b"\nContent-Length: " in head.stderr, f"the head alone: {head.stderr!r}")
    check(b"PATCH" in fetched("-X", "OPTIONS", bin.base + "/anything").stderr, "what OPTIONS tells")

    got = echoed(anything, "-H", "Host: elsewhere.example", "-H", "user-agent: Mine/1", "-H", "X-Empty;", "-H", "Accept:",
                 "-H", "X-Two: one", "-H", "X-Two: two")["headers"]
    same([got.get(name) for name in ("Host", "User-Agent", "X-Empty", "Accept", "X-Two")],
         ["elsewhere.example", "Mine/1", "", None, "one, two"], f"header fields of {got}")

    place = folder("out")
    data = "{\"语\": 1}\r\n".encode()
    (place / "data.json").write_bytes(data)
    got = echoed(anything, "--data-file", place / "data.json")
    same((got["method"], got["json"], got["headers"]["Content-Type"]), ("POST", {"语": 1}, "application/json"), "a file")
    got = echoed(anything + "/", "-T", place / "data.json", "-H", "Content-Type: text/x-mine")
    same((got["method"], got["url"], got["headers"]["Content-Type"], got["data"]),
         ("PUT", anything + "/data.json", "text/x-mine", data.decode()), "a file that was put there")
    got = echoed(anything, "-d", f"@{place / 'data.json'}", "-d", "x", "-H", "Content-Type: application/octet-stream")
    same(got["data"], data.strip().decode() + "&x", "data from a file, without line ends")
    got = echoed(anything, "-d", "@-", input=b"from=stdin\n")
    same(got["form"], {"from": "stdin"}, "data from standard input")
    large = place / "large.bin"
    large.write_bytes(os.urandom(3 << 20))
    report = reported(bin.base + "/post", "--data-file", large, "-X", "POST")
    check(f"Content-Length: {3 << 20}\r\n" in report["hops"][0]["request"], f"the request {report['hops'][0]['request']!r}")
    one_line(socketscope("fetch", anything, "--data-file", place / "none"), "none", "no such file")
    nothing_left(place, "data.json", "large.bin")


@scenario("fetch: forms with files arrive at httpbin as curl's do, also a large file and standard input")
def forms():
    bin = Httpbin()
    anything = bin.base + "/anything"
    place = folder("form")
    (place / "语.txt").write_text("one\ntwo\n")
    (place / "it.json").write_text('{"a": 1}')
    text, file = f"t=<{place / '语.txt'}", f"f=@{place / '语.txt'}"
    for fields in (
        ["a=b", "a=c", "ü \"x\"= y ", "empty="],
        [file, text, 'q=" a;b\\"c"'],
        [f"g=@\"{place / 'it.json'}\";filename=\"o;\\\"ther\";type=x/y", "typed=z;type=text/x-mine; charset=utf-8"],
        ["in=<-"],
    ):
        arguments = [one for field in fields for one in ("-F", field)] + ["-H", "Content-Type: multipart/form-data"]
        wanted = json.loads(subprocess.run(["curl", "-sS", *arguments, anything], input=b"piped", capture_output=True).stdout)
        got = echoed(anything, *arguments, input=b"piped")
        same([got[part] for part in ("method", "form", "files", "data")],
             [wanted[part] for part in ("method", "form", "files", "data")], f"the form {fields}")
        check(got["form"] or got["files"], f"something came of {fields}")
    large = place / "large.bin"
    large.write_bytes(b"0123456789abcdef" * (3 << 16))
    got = echoed(anything, "-F", f"large=@{large};type=text/plain", "-X", "PUT")
    same((got["method"], hashlib.sha256(got["files"]["large"].encode()).digest()),
         ("PUT", hashlib.sha256(large.read_bytes()).digest()), "a large file of a form")
    one_line(socketscope("fetch", anything, "-F", f"x=@{place / 'none'}"), "none", "no such file")
    nothing_left(place, "语.txt", "it.json", "large.bin")


@scenario("fetch: redirects of httpbin, absolute and relative; what changes on the way is said and reported")
def redirects():
    bin = Httpbin()
    for path in ("/absolute-redirect/3", "/relative-redirect/3", "/redirect/3"):
        report = reported(bin.base + path)
        same([hop["head"]["status"] for hop in report["hops"]], [302, 302, 302, 200], f"the hops of {path}")
        same(report["hops"][-1]["url"], bin.base + "/get", f"the end of {path}")
    for status, method in ((301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")):
        url = f"{bin.base}/redirect-to?url=/anything&status_code={status}"
        got = echoed(url, "-d", "a=b")
        same((got["method"], got["form"]), (method, {"a": "b"} if method == "POST" else {}), f"after {status}")
        changes = [one["change"] for one in reported(url, "-d", "a=b")["hops"][1]["changes"]]
        same("method" in changes and "body_dropped" in changes, method == "GET", f"the changes after {status}: {changes}")
    done = fetched(f"{bin.base}/redirect-to?url=/get&status_code=303", "-d", "a=b")
    check(b"GET instead of POST" in done.stderr, f"the change is not said: {done.stderr!r}")

    # To another host by name: what was meant for the first is not for the second.
    away = f"{bin.base}/redirect-to?url=http://localhost:{bin.port}/headers"
    for arguments in (["-u", "me:secret"], ["--bearer", "secret"], ["-b", "a=secret"], ["-H", "Authorization: secret"]):
        done = fetched(away, *arguments)
        got = json.loads(done.stdout)["headers"]
        check("Authorization" not in got and "Cookie" not in got, f"{arguments} crossed to another host: {got}")
        check(b"secret" not in done.stderr, f"a secret is shown: {done.stderr!r}")
    got = echoed(f"{bin.base}/redirect-to?url=/headers", "-u", "me:secret")["headers"]
    check(got.get("Authorization", "").startswith("Basic "), f"nobody asks at the same host any more: {got}")


@scenario("fetch: basic, bearer and digest auth of httpbin; passwords from files and the environment; none is shown")
def auth():
    bin = Httpbin()
    place = folder("out")
    (place / "user").write_text("me:sesame\n")
    (place / "token").write_text("sesame\n")
    basic, bearer = bin.base + "/basic-auth/me/sesame", bin.base + "/bearer"
    environment = dict(os.environ, SOCKETSCOPE_PASSWORD="sesame")
    for url, arguments, options in (
        (basic, ["-u", "me:sesame"], {}),
        (basic, ["--user-file", place / "user"], {}),
        (basic, ["-u", "me"], {"env": environment}),
        (basic.replace("//", "//me:sesame@", 1), [], {}),
        (bearer, ["--bearer", "sesame"], {}),
        (bearer, ["--bearer-file", place / "token"], {}),
        *((f"{bin.base}/digest-auth/{qop}/me/sesame/{algorithm}", ["--digest", "-u", "me:sesame"], {})
          for qop in ("auth", "auth-int") for algorithm in ("MD5", "SHA-256")),
    ):
        report = reported(url, *arguments, **options)
        same(report["hops"][-1]["head"]["status"], 200, f"the status of {url} with {arguments}")
        sent = report["hops"][-1]["request"]
        check(re.search(r"\r\nAuthorization: (\w+ )?\*+\r\n", sent), f"who asks is not covered: {sent!r}")
        same(len(report["hops"]), 2 if "digest" in url else 1, f"exchanges with {url}")
    changes = report["hops"][1]["changes"]
    check({"change": "authorized"} in changes, f"what is different about the second request: {changes}")
    for url, arguments in ((basic, []), (basic, ["-u", "me:wrong"]), (bearer, []),
                           (f"{bin.base}/digest-auth/auth/me/sesame/MD5", ["--digest", "-u", "me:wrong"])):
        done = fetched(url, *arguments)
        check(b"HTTP/1.1 401 " in done.stderr and b"wrong" not in done.stderr, f"a refusal is an answer: {done.stderr!r}")
    one_line(socketscope("fetch", basic, "-u", "me"), "me", "SOCKETSCOPE_PASSWORD")


@scenario("fetch: cookies that httpbin sets on the way are sent on, shown and reported")
def cookies():
    bin = Httpbin()
    report = reported(bin.base + "/cookies/set?a=b&c=d")
    same([hop["url"] for hop in report["hops"]], [bin.base + "/cookies/set?a=b&c=d", bin.base + "/cookies"], "the hops")
    kept = [(one["text"].split(";")[0], one["kept"]) for one in report["hops"][0]["cookies"]]
    same(sorted(kept), [("a=b", True), ("c=d", True)], "the cookies that were set")
    same(echoed(bin.base + "/cookies/set?a=b&c=d"), {"cookies": {"a": "b", "c": "d"}}, "the cookies that came back")
    same(echoed(bin.base + "/cookies", "-b", "x=y"), {"cookies": {"x": "y"}}, "a typed cookie")
    same(echoed(bin.base + "/cookies/set?a=b", "-b", "x=y"), {"cookies": {"a": "b", "x": "y"}}, "both")


# --- what comes ------------------------------------------------------------------------------------------------


@scenario("fetch: gzip, deflate and brotli of httpbin are undone, or kept as transferred; streams, drips, statuses")
def bodies():
    bin = Httpbin()
    place = folder("out")
    for path, key in (("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli")):
        url = f"{bin.base}/{path}"
        same(echoed(url)[key], True, f"what {path} decodes to")
        report = reported(url, "-o", place / path)
        whole(report, place / path, path)
        length = next(field["value"] for field in report["hops"][0]["head"]["fields"] if field["name"] == "Content-Length")
        check(report["body"]["length"] > int(length), f"{path} was not compressed")
        fetched(url, "--as-transferred", "-o", place / path)
        same((place / path).stat().st_size, int(length), f"{path} as transferred")
    fetched(bin.base + "/gzip", "--as-transferred", "-o", place / "gzip")
    same(json.loads(gzip.decompress((place / "gzip").read_bytes()))["gzipped"], True, "gzip as transferred")

    lines = fetched(bin.base + "/stream/20").stdout.splitlines()
    same([json.loads(line)["id"] for line in lines], list(range(20)), "the lines of a stream")
    report = reported(bin.base + "/stream-bytes/5000?chunk_size=100&seed=1")
    same((report["hops"][0]["framing"], report["body"]["length"], report["body"]["complete"]), ("chunked", 5000, True),
         "a chunked body")
    same(fetched(bin.base + "/drip?numbytes=10&duration=1&delay=0").stdout, b"*" * 10, "what dripped")
    began = time.monotonic()
    done = socketscope("fetch", bin.base + "/delay/6", "--timeout", "0.5")
    one_line(done, f"127.0.0.1:{bin.port}", "0.5")
    check(time.monotonic() - began < 4, "giving up took too long")
    for status in (200, 204, 304, 404, 418, 500, 503):
        done = fetched(f"{bin.base}/status/{status}")
        check(f"HTTP/1.1 {status} ".encode() in done.stderr, f"the status {status}: {done.stderr!r}")
    for path in ("/image/png", "/encoding/utf8", "/json", "/xml", "/bytes/100000?seed=1"):
        same(fetched(bin.base + path).stdout, curl(bin.base + path), f"the bytes of {path}")


@scenario("fetch: Python's http.server in HTTP/1.0; a file, a folder, nothing there")
def python_server():
    pages = folder("pages")
    (pages / "文.txt").write_bytes(os.urandom(300_000))
    port = free_port()
    start([PYTHON, "-u", "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", pages],
          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until("http.server answers", lambda: accepts(port))
    base = f"http://127.0.0.1:{port}"
    place = folder("out")
    report = reported(base + "/文.txt", "-o", place / "文.txt")
    same((place / "文.txt").read_bytes(), (pages / "文.txt").read_bytes(), "the file")
    same(report["hops"][0]["head"]["version"], "HTTP/1.0", "the version")
    whole(report, place / "文.txt", "the file")
    check("文.txt" in fetched(base + "/").stdout.decode(), "the list of the folder")
    check(b"HTTP/1.0 404 " in fetched(base + "/none").stderr, "nothing there")
    nothing_left(place, "文.txt")


@scenario("fetch: a download that is stopped is kept as a marked partial only if asked")
def partials():
    nginx = Nginx()
    place = folder("out")
    target, partial = place / "big.bin", place / "big.bin.partial"
    for options in ([], ["--keep-partial"]):
        with open(WORK / "fetch.err", "wb") as err:
            process = start([BINARY, "fetch", nginx.base + "/slow.bin", "-o", target, *options],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        until("the head has come", lambda: b"200 OK" in (WORK / "fetch.err").read_bytes())
        time.sleep(0.5)  # for some of the body
        process.send_signal(signal.SIGINT)
        same(process.wait(10), 130, "exit code after Ctrl-C")
        nothing_left(place, *(["big.bin.partial", "big.bin.partial.json"] if options else []))
    had, page = partial.read_bytes(), (nginx.pages / "big.bin").read_bytes()
    check(0 < len(had) < len(page) and page.startswith(had), f"a partial of {len(had)} bytes")


@scenario("fetch: nginx compresses without a length; the report says how the end was known, what came of it, and how long it took")
def chunked():
    nginx = Nginx()
    place = folder("out")
    report = reported(nginx.base + "/zipped.html", "-o", place / "page")
    page = (nginx.pages / "index.html").read_bytes()
    same(report["hops"][0]["framing"], "chunked", "how the end is known")
    whole(report, place / "page", "the page")
    same((place / "page").read_bytes(), page, "the page")
    fetched(nginx.base + "/zipped.html", "--as-transferred", "-o", place / "page")
    same(gzip.decompress((place / "page").read_bytes()), page, "as transferred")
    steps = [span["step"] for span in report["hops"][0]["spans"]]
    same([step for step in steps if step in ("tcp", "request", "first_byte", "last_byte")],
         ["tcp", "request", "first_byte", "last_byte"], "the steps that were measured")
    check(all(span["took_ms"] >= 0 for span in report["hops"][0]["spans"]), "time that runs backwards")


@scenario("fetch: the report has the certificates that nginx showed, also where they were refused")
def certificates_reported():
    nginx = Nginx()
    for port, arguments, code, subject, refused in (
        (nginx.https, ["--cacert", nginx.ca], 0, "CN=good", None),
        (nginx.expired, ["--cacert", nginx.ca], 1, "CN=expired", "expired"),
        (nginx.wrong_host, ["--cacert", nginx.ca], 1, "CN=wrong-host", "localhost"),
        (nginx.self_signed, [], 1, "CN=localhost", ""),
        (nginx.self_signed, ["-k"], 0, "CN=localhost", ""),
        (nginx.expired, ["-k", "--cacert", nginx.ca], 0, "CN=expired", "expired"),
    ):
        hop = reported(f"https://localhost:{port}/index.html", *arguments, code=code)["hops"][0]
        first = hop["certificates"][0]
        same(first["subject"], subject, f"the certificate at {port} with {arguments}")
        pem = nginx.place / (subject[3:] if subject != "CN=localhost" else "self-signed")
        print_ = run(["openssl", "x509", "-in", f"{pem}.pem", "-noout", "-fingerprint", "-sha256"]).stdout.decode()
        same(first["sha256"], print_.strip().rpartition("=")[2], "SHA-256")
        check("2048" in first["key"] and first["valid_from"] < first["valid_until"], f"what it says: {first}")
        if refused is None:
            same((hop["refused"], hop["tls"]["verified"], hop["tls"]["alpn"]), (None, True, "http/1.1"), "trusted")
            check("localhost" in first["names"] and first["issuer"] == "CN=Socketscope test authority", f"{first}")
        else:
            check(refused in hop["refused"], f"why it was refused: {hop['refused']!r}")
            same(hop["tls"]["verified"] if hop["tls"] else False, False, "verified")


# --- on the way ------------------------------------------------------------------------------------------------


@scenario("fetch: through an HTTP proxy (ncat) and a SOCKS proxy (microsocks), typed, from the environment, and not")
def proxies():
    nginx = Nginx()
    page = (nginx.pages / "index.html").read_bytes()
    ports = []
    for command in (["ncat", "-l", "127.0.0.1", "PORT", "--proxy-type", "http", "-k"],
                    ["microsocks", "-i", "127.0.0.1", "-p", "PORT"]):
        ports.append(free_port())
        start([ports[-1] if part == "PORT" else part for part in command], stdin=subprocess.DEVNULL,
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(f"{command[0]} listens", lambda: accepts(ports[-1]))
    http, socks = (f"127.0.0.1:{port}" for port in ports)
    plain, secure = nginx.base + "/index.html", f"https://localhost:{nginx.https}/index.html"
    for proxy in (f"http://{http}", f"socks5://{socks}", f"socks5h://{socks}"):
        for url in (plain, secure):
            report = reported(url, "-x", proxy, "--cacert", nginx.ca)
            hop = report["hops"][0]
            same((hop["head"]["status"], hop["peer"]), (200, proxy.split("//")[1]), f"{url} through {proxy}")
            check(proxy.split("//")[1] in hop["proxy"], f"the proxy that is reported: {hop['proxy']}")
            same(report["body"]["length"], len(page), f"the page through {proxy}")
    closed = free_port()
    clean = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"}
    through = dict(clean, http_proxy=f"http://{http}", https_proxy=f"socks5h://{socks}")
    same(reported(plain, env=through)["hops"][0]["peer"], http, "the environment's proxy for http")
    same(reported(secure, "--cacert", nginx.ca, env=through)["hops"][0]["peer"], socks, "and for https")
    nowhere = dict(clean, http_proxy=f"http://127.0.0.1:{closed}")
    one_line(socketscope("fetch", plain, env=nowhere), f"127.0.0.1:{closed}", "refused")
    same(fetched(plain, "--no-proxy", env=nowhere).stdout, page, "directly")
    same(fetched(plain, env=dict(nowhere, no_proxy="127.0.0.1")).stdout, page, "where no_proxy says so")
    for name, option in ((f"http://localhost:{nginx.http}/index.html", "-4"),):
        same(fetched(name, option).stdout, page, f"with {option}")
    done = socketscope("fetch", plain, "-6")
    same(done.returncode, 1, "an IPv4 address over IPv6")


if __name__ == "__main__":
    run_scenarios()
