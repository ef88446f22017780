"""What vulnerability scans find: nothing, but what two files in the state directory say.

`vulnerabilities.json` is a list of what scanners know of packages; which of it an image has, its own packages tell (packages.py):

    [{"id": "CVE-2026-0001", "package": "zlib1g", "versions": ["1:1.3-1"], "severity": "HIGH", "fixed": "1:1.3.1-1"}]

Without `versions` all versions are vulnerable, without `fixed` there is no fix.

`scans.json` has the last word: an object whose keys are repositories, or single images as `repository:tag`, and whose values
are ECR's own words for `DescribeImageScanFindings`: `imageScanStatus` and, after a scan with a result, `imageScanFindings`. So a
scan that fails can be had, too.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from localcloud.ecr.packages import Package

FILE = "scans.json"
KNOWN = "vulnerabilities.json"
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNTRIAGED")
CLEAN: dict[str, Any] = {
    "imageScanStatus": {
        "status": "COMPLETE",
        "description": f"The local cloud knows of no vulnerabilities: there is no {KNOWN} in its state directory.",
    },
    "imageScanFindings": {"findings": []},
}
READING: dict[str, Any] = {
    "imageScanStatus": {"status": "IN_PROGRESS", "description": "The image's packages are being read."}
}
CONTINUOUS = {"status": "ACTIVE", "description": "Continuous scan is selected for image."}


class UnreadableScansError(ServiceException):
    """A file can't be read; the message says why."""

    code = "ServerException"


@dataclass(frozen=True, kw_only=True)
class Vulnerability:
    """What is known of a package. No versions: all of them; no fixed version: there is no fix."""

    id: str
    package: str
    severity: str
    versions: tuple[str, ...] = ()
    fixed: str = ""

    def concerns(self, package: Package) -> bool:
        """Whether a package is vulnerable."""
        return package.name == self.package and (not self.versions or package.version in self.versions)

    def finding(self, package: Package) -> dict[str, Any]:
        """Return the finding in a package, in the words of enhanced scanning."""
        fixed = {"fixedInVersion": self.fixed} if self.fixed else {}
        return {
            "type": "PACKAGE_VULNERABILITY",
            "status": "ACTIVE",
            "title": f"{self.id} - {package.name}",
            "severity": self.severity,
            "fixAvailable": "YES" if self.fixed else "NO",
            "packageVulnerabilityDetails": {
                "vulnerabilityId": self.id,
                "vulnerablePackages": [
                    {
                        "name": package.name,
                        "version": package.version,
                        "packageManager": package.manager,
                        **fixed,
                    }
                ],
            },
        }


def written(state: Path, *, repository: str, tags: Sequence[str]) -> dict[str, Any] | None:
    """Return what `scans.json` says of an image, None where it says nothing. Raises UnreadableScansError."""
    file = state / FILE
    try:
        found = json.loads(file.read_text())
        for key in (*(f"{repository}:{tag}" for tag in tags), repository):
            if key in found:
                found[key]["imageScanStatus"]["status"]
                return dict(found[key])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableScansError(
            f"{file} is no object of repositories, each with imageScanStatus.status ({error!r}): correct or remove it"
        ) from error
    return None


def known(state: Path) -> list[Vulnerability]:
    """Return what `vulnerabilities.json` lists; nothing where there is none. Raises UnreadableScansError."""
    file = state / KNOWN
    try:
        found = [_vulnerability(entry) for entry in json.loads(file.read_text())]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableScansError(
            f"{file} is no list of vulnerabilities, each with id, package, severity ({', '.join(SEVERITIES)}) and perhaps "
            f"versions and fixed ({error!r}): correct or remove it"
        ) from error
    return found


def _vulnerability(entry: dict[str, Any]) -> Vulnerability:
    found = Vulnerability(**{**entry, "versions": tuple(entry.get("versions", ()))})
    if found.severity not in SEVERITIES:
        raise ValueError(found.severity)
    return found


def result(vulnerabilities: Iterable[Vulnerability], packages: Iterable[Package]) -> dict[str, Any]:
    """Return the scan of an image that has these packages."""
    listed = list(vulnerabilities)
    findings = [one.finding(package) for package in packages for one in listed if one.concerns(package)]
    return {"imageScanStatus": CONTINUOUS, "imageScanFindings": {"enhancedFindings": findings}}


def counts(findings: dict[str, Any]) -> dict[str, int]:
    """Count findings by their severity, of basic and enhanced scanning."""
    entries = [*findings.get("findings", []), *findings.get("enhancedFindings", [])]
    return dict(Counter(entry["severity"] for entry in entries))
