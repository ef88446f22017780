"""The last screen of `make up` fits, is the one that the README shows, and what it says to type works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from setup import clean, paths, summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESSES = ["198.51.100.65", "198.51.100.66"]
SECONDS = {
    "mirror": 0.7,
    "images": 0.6,
    "terraform": 0.3,
    "local cloud": 2.3,
    "serve": 0.5,
    "site": 222.6,
    "verify": 42.0,
}


def sources() -> list[dict[str, Any]]:
    """Return where things came from on a machine without upstream."""
    origins = {
        "double": [("grafana", "12.4.0"), ("image nginx-ingress", "5.5.4")],
        "stub": [("module eks", "20.37.2"), ("module vpc", "5.21.0")],
        "built": [(f"program {number}", "1.0") for number in range(17)],
        "debian": [("image host", "1")],
    }
    return [
        {"name": name, "version": version, "origin": origin}
        for origin, found in origins.items()
        for name, version in found
    ]


def test_the_readme_shows_what_is_printed() -> None:
    readme = (paths.CHECKOUT / "README.md").read_text()
    shown = readme.partition("`make up` ends like this:\n\n")[2].partition("\n\nHow long ")[0]
    assert textwrap.dedent(shown) == summary.text(ADDRESSES, sources(), SECONDS)


@pytest.mark.parametrize(
    ("addresses", "count", "long"),
    [(ADDRESSES, 1, ""), (["203.0.113.250"] * 3, 3, "-with-a-name-as-long-as-some-have")],
)
def test_it_fits_a_screen(addresses: list[str], count: int, long: str) -> None:
    found = [{**source, "name": f"{source['name']}{long}"} for source in sources() for _ in range(count)]
    lines = summary.text(addresses, found, {**SECONDS, "installing": 1000.0}).splitlines()
    assert len(lines) <= summary.LINES
    assert max(map(len, lines)) <= summary.COLUMNS


def test_with_upstream_nothing_stands_in() -> None:
    upstream = [{**source, "origin": "upstream"} for source in sources()]
    printed = summary.text(ADDRESSES[:1], upstream, {"site": 0.2})
    assert "Stands in   nothing: all programs and modules are their publishers'\n" in printed
    assert "            All: .venv/bin/python -m mirror provenance\n" in printed
    assert "also at" not in printed


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run moto where the local cloud would; return the variables of who has set its port and state."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    (tmp_path / "credentials.json").write_text(json.dumps({"access_key_id": "AKIA", "secret_access_key": "a secret"}))
    client = boto3.client(
        "ssm",
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-west-1",
        aws_access_key_id="AKIA",
        aws_secret_access_key="a secret",
    )
    client.put_parameter(Name="/beacon/local/grafana-viewer", Value="open sesame", Type="SecureString")
    person = {name: os.environ[name] for name in clean.PERSON if name in os.environ}
    yield {**person, "LOCALCLOUD_STATE": str(tmp_path), "LOCALCLOUD_PORT": str(port)}
    server.stop()


@pytest.mark.skipif(not shutil.which("bash"), reason="what is printed is for a shell")
def test_what_it_says_to_type_prints_the_password(cloud: dict[str, str]) -> None:
    """Pasted as it is printed, into the shell of somebody who works for another account."""
    printed = summary.text(ADDRESSES, sources(), SECONDS).splitlines()
    begin = next(number for number, line in enumerate(printed) if "eval" in line)
    pasted = "\n".join(printed[begin : begin + 3])
    hostile = {**cloud, "AWS_PROFILE": "work", "AWS_DEFAULT_OUTPUT": "json", "AWS_SESSION_TOKEN": "stale"}
    done = subprocess.run(
        ["bash", "-c", pasted], cwd=paths.CHECKOUT, env=hostile, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "open sesame\n", done.stderr
