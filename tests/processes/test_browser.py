"""What a real browser does with documents: it shows some, and runs scripts of none."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.parsing.documents.made_pdf import pdf, text
from tests.processes import serving

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")

# If this runs, the server gets to know.
TELL = "fetch('/ran')"
HTML = f"<!doctype html><html><body>Hello<script>{TELL}</script><img src=x onerror={TELL}>".encode()
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{TELL}"><script>{TELL}</script>'
    f'<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="{TELL}"/></foreignObject>'
    "</svg>"
).encode()
XHTML = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
    f"<script>{TELL}</script></head><body>Hello</body></html>"
).encode()
LETTER = pdf(text((5, 50, "The oak posts"), size=4))


class SignsIn(BaseHTTPRequestHandler):
    """Passes on a browser's requests, with the header that a browser cannot be told to send."""

    def do_GET(self):
        if self.path == "/ran":
            self.server.ran.append(self.headers["Referer"])
        if self.path.startswith("/frame"):
            self._frame(self.path.removeprefix("/frame"))
            return
        conn = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        conn.request("GET", self.path, headers={"X-Dev-User-Id": "ana"})
        answer = conn.getresponse()
        body = answer.read()
        conn.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _frame(self, path):
        """Send a page that embeds an address in every way that a page can."""
        body = "".join(
            f"<{tag}='{path}'></{tag.split()[0]}>"
            for tag in ("iframe src", "object data", "embed src", "img src", "script src")
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def listening(handler, **more):
    """A server on loopback; `ran` lists where scripts ran."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.ran = []
        vars(server).update(more)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(database, settings):
    """Coffer behind a server that signs in as Ana."""
    with (
        serving(database, STORAGE_URL=settings.storage_url) as api,
        listening(SignsIn, behind=api.port) as front,
    ):
        yield front


def upload(site, content, name):
    conn = http.client.HTTPConnection("127.0.0.1", site.behind, timeout=30)
    conn.request(
        "POST",
        f"/api/documents?name={name}",
        content,
        {"X-Dev-User-Id": "ana", "Content-Type": "application/pdf"},
    )
    answer = json.loads(conn.getresponse().read())
    conn.close()
    return f"/api/documents/{answer['id']}"


def look(site, path, folder):
    """The page that a browser shows for an address. A browser that downloads something does not
    end by itself."""
    # It leaves a folder behind, whose path must be short: it has a socket in it.
    with (
        tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as left,
        subprocess.Popen(
            [
                BROWSER,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                f"--user-data-dir={folder}",
                # Time in the page passes at once, so that everything that would run has run.
                *("--virtual-time-budget=3000", "--dump-dom"),
                f"http://127.0.0.1:{site.server_port}{path}",
            ],
            env={**os.environ, "TMPDIR": left},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as browser,
    ):
        end = functools.partial(os.killpg, browser.pid, signal.SIGKILL)
        too_late = threading.Timer(120, end)
        too_late.start()
        shown = ""
        while "</html>" not in shown and (line := browser.stdout.readline()):
            shown += line
        too_late.cancel()
        with contextlib.suppress(ProcessLookupError):
            end()
    assert shown, "the browser showed nothing in time"
    return shown


class Plain(BaseHTTPRequestHandler):
    """Serves a page and a PDF without any headers."""

    def do_GET(self):
        if self.path == "/ran":
            self.server.ran.append(self.path)
        is_pdf = self.path == "/letter.pdf"
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf" if is_pdf else "text/html")
        self.end_headers()
        self.wfile.write(LETTER if is_pdf else HTML)

    def log_message(self, *_):
        pass


@pytest.fixture
def plain():
    with listening(Plain) as server:
        yield server


def test_scripts_run_elsewhere(plain, tmp_path):
    """Otherwise the next test would prove nothing."""
    look(plain, "/", tmp_path)
    assert plain.ran


@pytest.mark.parametrize(
    ("content", "name"), [(HTML, "page.html"), (SVG, "letter.pdf"), (XHTML, "picture.svg")]
)
def test_nothing_of_a_page_or_an_svg_runs(site, tmp_path, content, name):
    document = upload(site, content, name)
    look(site, f"{document}/preview", tmp_path)
    for path in ("preview", "download"):  # embedded, because a browser waits for those
        look(site, f"/frame{document}/{path}", tmp_path)
    assert site.ran == []


def test_plain_text_and_pdf_are_shown(site, plain, tmp_path):
    page = upload(site, b"The oak <b>posts</b><script>fetch('/ran')</script>", "notes.txt")
    shown = look(site, f"{page}/preview", tmp_path)
    assert "The oak &lt;b&gt;posts" in shown
    letter = upload(site, LETTER, "letter.pdf")
    shown = look(site, f"{letter}/preview", tmp_path)
    assert shown == look(plain, "/letter.pdf", tmp_path)
    assert site.ran == []
