"""What vulnerability scans find: nothing, but what a file in the state directory says of a repository.

The local cloud has no scanner. Whoever wants to see what a run does with findings writes `scans.json`: an object whose keys
are repositories, or single images as `repository:tag`, and whose values are ECR's own words for
`DescribeImageScanFindings`: `imageScanStatus` and, after a scan with a result, `imageScanFindings`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "scans.json"
CLEAN: dict[str, Any] = {
    "imageScanStatus": {
        "status": "COMPLETE",
        "description": "The local cloud has no scanner: every scan completes without findings.",
    },
    "imageScanFindings": {"findings": []},
}


class UnreadableScansError(ServiceException):
    """The file can't be read; the message says why."""

    code = "ServerException"


def result(state: Path, *, repository: str, tags: Sequence[str]) -> dict[str, Any]:
    """Return the scan of an image, `imageScanStatus` and perhaps `imageScanFindings`. Raises UnreadableScansError."""
    file = state / FILE
    try:
        written = json.loads(file.read_text())
        found = next(
            (written[key] for key in (*(f"{repository}:{tag}" for tag in tags), repository) if key in written), CLEAN
        )
        found["imageScanStatus"]["status"]
    except FileNotFoundError:
        return CLEAN
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableScansError(
            f"{file} is no object of repositories, each with imageScanStatus.status ({error!r}): correct or remove it"
        ) from error
    return dict(found)


def counts(findings: dict[str, Any]) -> dict[str, int]:
    """Count findings by their severity, of basic and enhanced scanning."""
    entries = [*findings.get("findings", []), *findings.get("enhancedFindings", [])]
    return dict(Counter(entry["severity"] for entry in entries))
