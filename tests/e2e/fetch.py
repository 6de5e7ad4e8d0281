"""The Fetch tab against a real nginx: heads, bodies, redirects, and saving through the desktop's own dialog."""

import filecmp

from lib import *

CHECK = ("check box",)


def fetch(window, url):
    window.tab("Fetch")
    window.set_text("URL", url)
    window.press("Fetch", BUTTON)


def view(window, name):
    """Chooses one of Headers, Body, Wire, Connection."""
    window.press(name, TAB + BUTTON + ("radio button",))


def saved_as(window, path):
    """Waits until the window says where it saved; the file must be whole by then."""
    window.wait_text("Saved to .*" + re.escape(path.name))


@scenario("a page from nginx: heads as received, saved through the desktop's dialog, byte for byte")
def save():
    nginx = Nginx()
    window = Window()
    place = folder("saved")
    target = place / "page.html"
    fetch(window, nginx.base + "/index.html")
    window.wait_text("200 OK")
    view(window, "Headers")
    window.wait_text("(?i)content-type")
    window.wait_text("text/html")
    window.press("Save body…")
    dialog = save_dialog()
    same(dialog.name(), "index.html", "the suggested name")
    dialog.save(target)
    save_dialog_gone()
    saved_as(window, target)
    check(filecmp.cmp(target, nginx.pages / "index.html", shallow=False), "the saved bytes differ")
    same([path.name for path in place.iterdir()], ["page.html"], "what is in the folder")

    # Once more over the same file: the dialog asks, the file is replaced as a whole.
    fetch(window, nginx.base + "/gbk.html")
    view(window, "Body")
    window.wait_text("TCP编程")
    window.press("Save body…")
    dialog = save_dialog()
    dialog.save(target)
    dialog.replace()
    save_dialog_gone()
    until("the other page is there", lambda: target.read_bytes() == (nginx.pages / "gbk.html").read_bytes())

    # Cancelled: nothing changes, and it can be opened again.
    window.press("Save body…")
    save_dialog().press("Cancel")
    save_dialog_gone()
    window.press("Save body…")
    dialog = save_dialog()
    dialog.save(place / "中文.html")
    save_dialog_gone()
    until("the page has its Chinese name", lambda: (place / "中文.html").exists())
    check(filecmp.cmp(place / "中文.html", nginx.pages / "gbk.html", shallow=False), "the saved bytes differ")


@scenario("a compressed page is saved decoded, by the path field where no dialog can open")
def path_field():
    nginx = Nginx()
    window = Window()
    target = folder("saved") / "page.html"
    fetch(window, nginx.base + "/zipped.html")
    window.wait_text("200 OK")
    view(window, "Headers")
    window.wait_text("(?i)content-encoding")
    window.set_text("Path to save to", str(target))
    window.press("Save here")
    saved_as(window, target)
    check(filecmp.cmp(target, nginx.pages / "index.html", shallow=False), "the saved bytes differ")
    nowhere = target.parent / "no" / "page.html"
    window.set_text("Path to save to", str(nowhere))
    window.press("Save here")
    window.wait_text("(?i)cannot save.*folder")
    same([path.name for path in target.parent.iterdir()], ["page.html"], "what is in the folder")


@scenario("a download to a chosen file is cancelled, kept as a partial, and gone on with")
def download():
    nginx = Nginx()
    window = Window()
    place = folder("saved")
    target, partial = place / "big.bin", place / "big.bin.partial"
    window.tab("Fetch")
    window.press("To a file")
    window.set_text("Download to file", str(target))
    window.press("Keep what came if it is cut short", CHECK)
    fetch(window, nginx.base + "/steady.bin")
    window.wait_text(r"[1-9][0-9.]* .?B of ")
    window.press("Cancel")
    window.wait_text("What came is kept as .*big.bin.partial")
    had, page = partial.read_bytes(), (nginx.pages / "big.bin").read_bytes()
    check(0 < len(had) < len(page) and page.startswith(had), f"a partial of {len(had)} bytes")
    check(not target.exists(), "half a body has the name of the whole")
    window.press("Go on with what was kept", CHECK)
    fetch(window, nginx.base + "/steady.bin")
    window.wait_text("206")
    saved_as(window, target)
    check(filecmp.cmp(target, nginx.pages / "big.bin", shallow=False), "the bytes differ")
    same([path.name for path in place.iterdir()], ["big.bin"], "what is in the folder")
    window.find_enabled("Show in folder", BUTTON)


@scenario("redirects are shown hop by hop, with the request as sent")
def redirects():
    nginx = Nginx()
    window = Window()
    fetch(window, nginx.base + "/old")
    for status in ("301", "302", "200 OK"):
        window.wait_text(status)
    view(window, "Headers")
    window.wait_text("^GET /index.html HTTP/1.1")
    view(window, "Wire")
    window.wait_text("GET /index.html")
    view(window, "Body")
    window.wait_text("A page for Socketscope")
    fetch(window, nginx.base + "/loop")
    window.wait_text("(?i)redirect")
    window.find_enabled("Fetch", BUTTON)


@scenario("a form is posted with a header of one's own, and httpbin says that it got both; all of its answer came")
def posted():
    httpbin = Httpbin()
    window = Window()
    window.tab("Fetch")
    window.press("Request headers")
    window.press("Add a header")
    window.set_text("Name of header 1", "X-Lesson")
    window.set_text("Value of header 1", "seven")
    window.press("Request body")
    choose(window, "Kind of body", "form")
    window.press("Add a field")
    window.set_text("Name of field 1", "name")
    window.set_text("Value of field 1", "Ada & 世界")
    window.press("Request body: form")
    fetch(window, httpbin.base + "/post")
    window.wait_text("^200 OK$")
    window.wait_text(r"\bcomplete$")
    view(window, "Headers")
    window.wait_text("^POST /post HTTP/1.1")
    view(window, "Body")
    window.wait_text('"X-Lesson": "seven"')
    window.wait_text('"name": "Ada & (世界|.u4e16.u754c)"')


@scenario("a curl command with -F fills the form with files, and httpbin says that it got the file")
def posted_files():
    httpbin = Httpbin()
    file = folder("form") / "a page.html"
    file.write_text("<p>lesson</p>")
    window = Window()
    window.tab("Fetch")
    fetch(window, f"curl -F 'name=Ada & 世界' -F 'page=@{file};type=text/x-mine' {httpbin.base}/post")
    window.press("Request body: form with files")
    same(window.content("File of field 2"), str(file), "the file")
    same(window.content("Type of field 2"), "text/x-mine", "its type")
    window.set_text("File name of field 2", "other.html")
    window.press("Add a field")
    window.set_text("Name of field 3", "third")
    window.set_text("Value of field 3", "typed here")
    fetch(window, httpbin.base + "/post")
    window.wait_text("^200 OK$")
    view(window, "Headers")
    window.wait_text("^Content-Type: multipart/form-data; boundary=socketscope-")
    view(window, "Body")
    window.wait_text('"page": "<p>lesson</p>"')
    window.wait_text('"third": "typed here"')


@scenario("a password is proved by digest, with the question and the answer as two hops")
def digest():
    httpbin = Httpbin()
    window = Window()
    window.tab("Fetch")
    window.press("Sign-in")
    choose(window, "Kind of sign-in", "digest")
    window.set_text("User name", "ada")
    # What is in it cannot be read again.
    window.find_enabled("Password", ("password text",)).queryEditableText().setTextContents("lovelace")
    window.press("Sign-in: digest")
    fetch(window, httpbin.base + "/digest-auth/auth/ada/lovelace")
    window.wait_text("^401 → 200 OK$")
    window.wait_text("^signed in$")


@scenario("a fetch waits at each hop until it is told to go on, or to stop there")
def stops():
    nginx = Nginx()
    window = Window()
    window.tab("Fetch")
    window.press("Options")
    window.press("Stop at each hop", CHECK)
    window.press("Options")
    fetch(window, nginx.base + "/old")
    window.wait_text("^Stopped before going to .*/older$")
    check(not window.has("2 · 302"), "the next hop was asked for unbidden")
    window.press("Go on")
    window.wait_text("^Stopped before going to .*/index.html$")
    window.press("Go on")
    window.wait_text("^301 → 302 → 200 OK$")
    fetch(window, nginx.base + "/old")
    window.wait_text("^Stopped before going to .*/older$")
    window.press("Stop here")
    window.find_enabled("Fetch", BUTTON)
    check(not window.has("2 · 302"), "it went on")


@scenario("over TLS an unknown authority is refused and the reason is said")
def tls():
    nginx = Nginx()
    window = Window()
    fetch(window, f"https://localhost:{nginx.self_signed}/")
    window.wait_text(rf"(?i)localhost:{nginx.self_signed}.*certificate")
    fetch(window, f"https://localhost:{nginx.expired}/")
    window.wait_text(rf"(?i)localhost:{nginx.expired}.*certificate")

    # For this once, once it was refused.
    fetch(window, f"https://localhost:{nginx.self_signed}/")
    window.wait_text(rf"(?i)localhost:{nginx.self_signed}.*certificate")
    view(window, "Connection")
    window.press("Fetch again and accept this certificate")
    window.wait_text("^200 OK$")
    window.wait_text(r"\bcomplete$")
    fetch(window, f"https://localhost:{nginx.self_signed}/")
    window.wait_text(rf"(?i)localhost:{nginx.self_signed}.*certificate")


@scenario("a body that ends early is an error, said as so many of so many bytes")
def cut_off():
    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n" + b"x" * 137)

    peer = Peer(serve)
    window = Window()
    fetch(window, f"http://127.0.0.1:{peer.port}/page.txt")
    window.wait_text(r"137(.B)? of 1[,.]?000")
    window.wait_text(r"cut short by 863.B$")
    check(not any(re.search(r"\bcomplete\b", line) and not re.search("(?i)not complete|incomplete", line)
                  for line in window.texts()), "something incomplete is called complete")
    # It may be kept, but never under the plain name as if it were whole.
    target = folder("saved") / "page.txt"
    target.write_bytes(b"old")
    if window.has("Save here", BUTTON):
        window.set_text("Path to save to", str(target))
        window.press("Save here")
        window.wait_text("(?i)saved to|cannot save")
    same(target.read_bytes(), b"old", "the file that half a body was to be saved to")
    for path in target.parent.iterdir():
        if path != target:
            same(path.read_bytes(), b"x" * 137, "the marked partial")
            window.wait_text(re.escape(path.name))


@scenario("a slow fetch is cancelled within a second and the next one works")
def cancel():
    nginx = Nginx()
    window = Window()
    fetch(window, nginx.base + "/slow.bin")
    window.wait_text("200 OK")
    began = time.monotonic()
    window.press("Cancel")
    window.wait_text("(?i)cancelled")
    window.find_enabled("Fetch", BUTTON)
    check(time.monotonic() - began < 2, f"cancelling took {time.monotonic() - began:.1f} s")
    fetch(window, nginx.base + "/index.html")
    window.wait_text("200 OK")
    window.find_enabled("Save body…", BUTTON)


if __name__ == "__main__":
    run_scenarios()
