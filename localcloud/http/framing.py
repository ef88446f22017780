"""A body that comes in chunks (RFC 9112, 7.1), read piece by piece: cheroot's own reader reads each chunk whole, however large."""

from __future__ import annotations

import io
import re
from typing import Protocol, override

from werkzeug.exceptions import BadRequest

END = b"\r\n"
LONGEST_LINE = 256  # of a chunk's size and extensions
SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class Source(Protocol):
    """What the chunks come from."""

    def read(self, size: int, /) -> bytes:
        """Return that many bytes, fewer at the end."""

    def readline(self, size: int, /) -> bytes:
        """Return a line, or that many bytes of it."""


class Chunks(io.RawIOBase):
    """The bytes within the chunks. What is no chunk raises BadRequest; trailers are not taken."""

    def __init__(self, source: Source) -> None:
        """Read from there."""
        self.source = source
        self.left = 0  # of the present chunk
        self.over = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # any buffer; BufferedReader gives this one
        if not self.left and not self.over:
            self._begin()
        if self.over:
            return 0
        piece = self.source.read(min(len(buffer), self.left))
        if not piece:
            raise BadRequest("The body ended within a chunk.")
        buffer[: len(piece)] = piece
        self.left -= len(piece)
        if not self.left:
            self._expect_end("a chunk")
        return len(piece)

    def _begin(self) -> None:
        line = self.source.readline(LONGEST_LINE)
        size = line.removesuffix(END).partition(b";")[0].strip()
        if not line.endswith(END) or not SIZE.fullmatch(size):
            raise BadRequest(
                f"A chunk of the body begins with {line[:40]!r}: needed is its size, a hexadecimal number."
            )
        self.left = int(size, 16)
        if not self.left:
            self._expect_end("the last chunk")
            self.over = True

    def _expect_end(self, what: str) -> None:
        if (found := self.source.read(len(END))) != END:
            raise BadRequest(f"After {what} of the body comes {found!r}: needed is CR LF, as trailers are not taken.")
