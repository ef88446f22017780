"""The build: what is fetched is checked, and nothing half-made stays."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from doubles.grafana import build

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = json.loads((build.HERE / "npm.json").read_text())


def test_a_file_of_another_integrity_is_refused_and_not_kept(tmp_path: Path) -> None:
    archive = tmp_path / "uplot-1.6.32.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(build.BuildError, match=r"integrity is sha512-.*npm.json says sha512-KIMV"):
        build.fetch_npm(PACKAGE, cache=tmp_path)
    assert not archive.exists()


def test_a_missing_npm_is_named_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match=r"npm is missing.*apt-get install npm"):
        build.fetch_npm(PACKAGE, cache=tmp_path)


def test_files_are_taken_from_the_archive_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "thing-1.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/a.js")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"alert"))
    digest = hashlib.sha512((tmp_path / "thing-1.tgz").read_bytes()).digest()
    integrity = "sha512-" + base64.b64encode(digest).decode()
    package = {"name": "thing", "version": "1", "integrity": integrity, "files": {"package/a.js": "public/lib/b.js"}}
    monkeypatch.setattr(build, "HERE", tmp_path)
    (tmp_path / "npm.json").write_text(json.dumps(package))
    build.install_npm(tmp_path / "target", cache=tmp_path)
    assert (tmp_path / "target/public/lib/b.js").read_text() == "alert"


def test_an_existing_target_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(build.BuildError, match="exists already"):
        build.build(tmp_path, version="12.4.0", cache=tmp_path)


def test_the_double_says_the_version_of_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("install_packages", "install_npm"):
        monkeypatch.setattr(build, step, lambda *_, **__: None)
    build.build(tmp_path / "older", version="12.3.0", cache=tmp_path)
    told = subprocess.run(
        [sys.executable, tmp_path / "older/bin/grafana", "--version"],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == "grafana version 12.3.0 (beacon-double)\n", told.stderr


def test_every_package_is_locked_by_hash_and_no_index_is_named() -> None:
    lines = (build.HERE / "requirements.txt").read_text().splitlines()
    names = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert all("==" in name and name.endswith("\\") for name in names)
    assert not [line for line in lines if "index-url" in line or "https://" in line]
