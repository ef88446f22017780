"""Take what Alertmanager posts: one line a notification, with its path, user and body, in the file that is the argument.

Besides, the seconds since its receiver was told before.
"""

import base64
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

RECEIVED = Path(sys.argv[1])
told: dict[str, float] = {}


class Handler(BaseHTTPRequestHandler):
    """Writes down, and answers 200."""

    def do_POST(self) -> None:
        """Write a notification down."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        user = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        now = time.monotonic()
        after = now - told.get(self.path, now)
        told[self.path] = now
        with RECEIVED.open("a") as file:
            file.write(json.dumps({"path": self.path, "user": user, "after": after, "body": body}) + "\n")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")  # what Slack says


HTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
