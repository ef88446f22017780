"""Style and script, written into each page, and the policy that allows just them.

One page is one request: nothing else has to be routed, and a count of pages is a count of requests.
"""

import base64
import functools
import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup

STYLES: Final = ("style.css",)
SCRIPTS: Final = ("clock.js",)
_FOLDER: Final = Path(__file__).with_name("assets")


@functools.cache
def asset(name: str) -> Markup:
    """Return a file of assets/ to be written into a page as it is."""
    return Markup((_FOLDER / name).read_text())  # noqa: S704 - our own file, no input


def _source(name: str) -> str:
    digest = hashlib.sha256(asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def content_security_policy() -> str:
    """Allow the assets by their digests, pictures by data: addresses (the icon), and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            "style-src " + " ".join(map(_source, STYLES)),
            "script-src " + " ".join(map(_source, SCRIPTS)),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
