"""Bodies in chunks, as they come."""

from __future__ import annotations

import io

import pytest
from werkzeug.exceptions import BadRequest

from localcloud.http.framing import Chunks


class Source(io.BytesIO):
    """Knows the largest number of bytes that was wanted at once."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.largest = max(self.largest, size if size is not None and size >= 0 else 1 << 60)
        return super().read(size)


def test_chunks_are_put_together_and_what_follows_is_left() -> None:
    source = Source(b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\n\r\nGET /")
    assert io.BufferedReader(Chunks(source)).read() == b"abc0123456789"
    assert source.read() == b"GET /"


def test_no_more_is_read_at_once_than_is_wanted() -> None:
    """Else the size of a chunk, which its sender chooses, would be that of our memory."""
    source = Source(b"FFFFFFFFFF\r\n" + b"x" * 100_000)
    assert io.BufferedReader(Chunks(source)).read(20_000) == b"x" * 20_000
    assert source.largest <= 20_000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "begins with b''"),
        (b"-1\r\n", "begins with b'-1"),
        (b"0x1\r\na\r\n", "begins with b'0x1"),
        (b"1\na\n", "begins with b'1"),
        (b"1" * 16 + b"\r\n", "begins with b'1111"),
        (b"1;" + b"x" * 300 + b"\r\n", "begins with b'1;xx"),
        (b"5\r\nabc", "ended within a chunk"),
        (b"3\r\nabc", "After a chunk of the body comes b''"),
    ],
)
def test_what_is_no_chunk_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        io.BufferedReader(Chunks(Source(body))).read()
    assert told in str(refused.value.description)
