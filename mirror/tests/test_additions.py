"""Our files in a module that lacks them."""

import gzip
from pathlib import Path

import pytest

from mirror.additions import STORED_BYTES, brotli_stored, content, with_additions
from mirror.errors import MirrorError


def test_a_stored_brotli_stream_is_the_one_of_the_specification() -> None:
    # made by hand from RFC 7932: header 0x100020 (length 3, stored), the bytes, an empty last block
    assert brotli_stored(b"abc") == bytes.fromhex("200010") + b"abc" + b"\x03"


@pytest.mark.parametrize("size", [0, STORED_BYTES + 1])
def test_what_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(MirrorError, match=rf"{size} bytes don't fit"):
        brotli_stored(b"x" * size)


def test_the_ending_decides_the_form() -> None:
    assert gzip.decompress(content("page.html.gz", b"text")) == b"text"
    assert content("page.html.gz", b"text") == content("page.html.gz", b"text"), "a build has to be reproducible"
    assert content("page.html", b"text") == b"text"


def test_a_file_that_the_module_has_is_not_replaced(tmp_path: Path) -> None:
    module = tmp_path / "module"
    (module / "dist").mkdir(parents=True)
    (module / "dist" / "index.html").write_text("the publisher's")
    (tmp_path / "page.html").write_text("ours")
    with pytest.raises(MirrorError, match=r"dist/index.html is in the module already"):
        with_additions(module, {"dist/index.html": "page.html"}, tmp_path, tmp_path / "copy")
