"""`page.py` serves a page that tells its version and path; `page.py URL` asks for one. Version `broken` ends at once."""

from __future__ import annotations

import os
import signal
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

VERSION = os.environ["PAGE_VERSION"]


class Page(BaseHTTPRequestHandler):
    """Answers every path, probes included."""

    def do_GET(self) -> None:
        """Tell version, path, and who calls as a proxy says."""
        self.send_response(200)
        self.end_headers()
        callers = [self.headers.get(name, "nobody") for name in ("X-Real-IP", "X-Forwarded-For")]
        self.wfile.write(f"page {VERSION} at {self.path}\ncaller {callers[0]}, by way of {callers[1]}\n".encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet: probes come each second."""


def serve() -> None:
    """Answer at the ports of pages and of metrics."""
    if VERSION == "broken":
        sys.exit("made to fail")
    pages, metrics = (
        ThreadingHTTPServer(("", int(os.environ.get(name, default))), Page)
        for name, default in (("WEBAPP_HTTP_PORT", "8080"), ("WEBAPP_METRICS_PORT", "9090"))
    )
    # the first process of a container ends by no signal that it doesn't take
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Thread(target=metrics.serve_forever, daemon=True).start()
    pages.serve_forever()


def ask(url: str) -> None:
    """Print what is answered; end with 1 where nothing is."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - of the scenario
            print(answer.read().decode(), end="")  # noqa: T201 - this is the answer
    except OSError as error:
        sys.exit(f"no answer: {error}")


if __name__ == "__main__":
    ask(sys.argv[1]) if sys.argv[1:] else serve()
