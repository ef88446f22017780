from __future__ import annotations

import io
import json
import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core import runtime
from localcloud.ecr import policy, scans
from localcloud.ecr.models import backend_of
from localcloud.ecr.packages import Package, packages_of
from localcloud.ecr.proxy import record_push
from localcloud.ecr.registry import Registry, place_of

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

ZLIB = "Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.3-1\n"
GONE = "Package: gone\nStatus: deinstall ok config-files\nVersion: 2\n"
FLASK = "Metadata-Version: 2.4\nName: Flask\nVersion: 3.1.0\n\nVersion: none\n"
STATUS, FLASK_FILE = "var/lib/dpkg/status", "opt/app/lib/flask-3.1.0.dist-info/METADATA"
FIXABLE = {"id": "CVE-2026-0001", "package": "zlib1g", "versions": ["1:1.3-1"], "severity": "HIGH", "fixed": "1:1.3-2"}
UNFIXED = {"id": "CVE-2026-0002", "package": "Flask", "severity": "CRITICAL"}
OTHER = {"id": "CVE-2026-0003", "package": "zlib1g", "versions": ["1:1.2-1"], "severity": "CRITICAL"}


def layer(files: dict[str, str], *, kind: str = "gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def read(*layers: dict[str, str]) -> tuple[Package, ...]:
    return packages_of(io.BytesIO(layer(files, kind="" if number else "gz")) for number, files in enumerate(layers))


def test_packages_are_those_of_dpkg_and_python() -> None:
    found = read({f"./{STATUS}": f"{ZLIB}\n{GONE}", "etc/passwd": ZLIB}, {FLASK_FILE: FLASK})
    assert found == (Package("Flask", "3.1.0", "PYTHONPKG"), Package("zlib1g", "1:1.3-1", "OS"))
    one_each = read({"var/lib/dpkg/status.d/zlib1g": "Package: zlib1g\nVersion: 1:1.3-1\n"})
    assert one_each == (Package("zlib1g", "1:1.3-1", "OS"),)


@pytest.mark.parametrize("upper", [f"{STATUS[:13]}.wh.status", "var/lib/.wh.dpkg", "var/lib/dpkg/.wh..wh..opq"])
def test_what_an_upper_layer_removes_is_not_there(upper: str) -> None:
    assert read({STATUS: ZLIB}, {upper: ""}) == ()


def test_an_upper_layer_s_file_replaces_the_lower_one_s() -> None:
    assert read({STATUS: ZLIB}, {STATUS: ZLIB.replace("1:1.3-1", "1:1.3-2")}) == (Package("zlib1g", "1:1.3-2", "OS"),)


@pytest.fixture
def pushed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An image with two packages; the list is what was asked of the registry."""
    content = layer({STATUS: ZLIB, FLASK_FILE: FLASK})
    digest = f"sha256:{sha256(content).hexdigest()}"
    asked: list[str] = []

    def opened(_: Registry, place: str, wanted: str) -> io.BytesIO:
        assert wanted == digest
        with runtime.current().model.lock:
            assert place == place_of(backend_of(cloud.config.region).repositories["team/app"])
        assert not runtime.current().model.lock._lock._is_owned()  # type: ignore[attr-defined]
        asked.append(wanted)
        return io.BytesIO(content)

    monkeypatch.setattr(Registry, "layer", opened)
    cloud.client("ecr").create_repository(repositoryName="team/app", imageScanningConfiguration={"scanOnPush": True})
    layers = [
        {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "digest": digest, "size": len(content)}
    ]
    config = {"size": 24, "digest": f"sha256:{'0' * 64}"}
    body = json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode()
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = policy.read_manifest(body, digest=f"sha256:{sha256(body).hexdigest()}", media_type=kind)
    record_push(cloud.config.region, "team/app", "v1", manifest)
    return asked


def scan(cloud: Cloud) -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("ecr").describe_image_scan_findings(
        repositoryName="team/app", imageId={"imageTag": "v1"}
    )
    return found


def write(cloud: Cloud, name: str, content: object) -> None:
    (cloud.config.state / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_a_scan_finds_what_is_known_of_the_image_s_own_packages(cloud: Cloud, pushed: list[str]) -> None:
    assert scan(cloud)["imageScanStatus"]["status"] == "COMPLETE"
    assert pushed == []  # nothing is read for nothing
    write(cloud, scans.KNOWN, [FIXABLE, UNFIXED, OTHER])
    assert scan(cloud)["imageScanStatus"]["status"] == "IN_PROGRESS"
    cloud.settle()
    found = scan(cloud)
    assert found["imageScanStatus"]["status"] == "ACTIVE"
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1, "HIGH": 1}
    told = {
        entry["packageVulnerabilityDetails"]["vulnerabilityId"]: (
            entry["severity"],
            entry["fixAvailable"],
            entry["packageVulnerabilityDetails"]["vulnerablePackages"],
        )
        for entry in found["imageScanFindings"]["enhancedFindings"]
    }
    zlib = {"name": "zlib1g", "version": "1:1.3-1", "packageManager": "OS", "fixedInVersion": "1:1.3-2"}
    assert told == {
        "CVE-2026-0001": ("HIGH", "YES", [zlib]),
        "CVE-2026-0002": ("CRITICAL", "NO", [{"name": "Flask", "version": "3.1.0", "packageManager": "PYTHONPKG"}]),
    }
    details = cloud.client("ecr").describe_images(repositoryName="team/app")["imageDetails"][0]
    assert details["imageScanFindingsSummary"]["findingSeverityCounts"] == {"CRITICAL": 1, "HIGH": 1}
    cloud.boot()
    assert scan(cloud)["imageScanFindings"]["enhancedFindings"] == found["imageScanFindings"]["enhancedFindings"]
    assert len(pushed) == 1
    (cloud.config.state / scans.KNOWN).unlink()
    assert scan(cloud)["imageScanStatus"]["status"] == "COMPLETE"


def test_what_is_written_of_an_image_has_the_last_word(cloud: Cloud, pushed: list[str]) -> None:
    write(cloud, scans.KNOWN, [FIXABLE])
    write(cloud, scans.FILE, {"team/app": {"imageScanStatus": {"status": "FAILED"}}})
    assert scan(cloud)["imageScanStatus"]["status"] == "FAILED"
    assert pushed == []


@pytest.mark.parametrize(
    "text", ["[", "{}1", '["x"]', '[{"id": "a", "package": "b"}]', '[{"id": "a", "package": "b", "severity": "BAD"}]']
)
def test_a_list_that_can_t_be_read_is_named(cloud: Cloud, pushed: list[str], text: str) -> None:
    write(cloud, scans.KNOWN, text)
    message = r"ServerException.*vulnerabilities.json is no list of vulnerabilities, each with .*correct or remove it"
    with pytest.raises(ClientError, match=message):
        scan(cloud)
    assert pushed == []
