"""What a client accepts, by its headers; remembered for the few values that browsers and programs send."""

import functools
from typing import Final

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.http import parse_accept_header

HTML: Final = "text/html"
JSON: Final = "application/json"
_REMEMBERED: Final = 32  # clients choose these values: bounded


@functools.lru_cache(_REMEMBERED)
def accepts_json_first(accept: str) -> bool:
    """Tell whether JSON is preferred to a page; a browser and `*/*` get the page."""
    return parse_accept_header(accept, MIMEAccept).best_match([HTML, JSON]) == JSON


@functools.lru_cache(_REMEMBERED)
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is accepted, and not less than identity (RFC 9110, 12.5.3). Without the header, identity is safe."""
    codings = parse_accept_header(accept_encoding.lower().replace("x-gzip", "gzip"), Accept)
    return codings.quality("gzip") > 0 and codings.quality("gzip") >= codings.quality("identity")
