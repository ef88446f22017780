"""The region is the one that AWS's own clients take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleLookupError

from plugins.lookup.region import LookupModule

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = "[default]\nregion = eu-north-1\n[profile work]\nregion = ap-south-1\n"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2", "AWS_PROFILE": "work"}, "us-east-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2", "AWS_PROFILE": "work"}, "us-east-2"),
        ({"AWS_PROFILE": "work"}, "ap-south-1"),
        ({}, "eu-north-1"),
        ({"AWS_CONFIG_FILE": "/dev/null"}, "eu-west-1"),
    ],
)
def test_the_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], expected: str) -> None:
    (tmp_path / "config").write_text(PROFILES)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert look() == [expected]


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(AnsibleLookupError, match=r"\(gone\) could not be found.*aws configure list-profiles"):
        look()


def look() -> list[str]:
    return list(LookupModule().run([], default="eu-west-1"))
