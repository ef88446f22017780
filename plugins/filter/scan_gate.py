"""Filter scan_gate: which findings of an image's scan are not waived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: scan_gate
author: The Beacon authors
short_description: Findings that stop a run
description:
  - Takes the findings of M(beacon.platform.ecr_image_info), and returns those that are severe enough and not waived, as
    C(open), and the ids of waivers that would have counted but have expired, as C(lapsed).
positional: threshold, waivers
options:
  _input:
    description: The findings.
    type: list
    elements: dict
    required: true
  threshold:
    description: The least severity that counts.
    type: str
    required: true
  waivers:
    description: Each with C(id) and C(expires), the last day on which it counts.
    type: list
    elements: dict
    required: true
"""

RETURN = r"""
_value:
  description: C(open), a list of findings, and C(lapsed), a list of ids.
  type: dict
"""

EXAMPLES = r"""
- name: Show what is open
  ansible.builtin.debug:
    msg: "{{ (scan.findings | beacon.platform.scan_gate('HIGH', waivers)).open }}"
"""

SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")


def scan_gate(
    findings: list[dict[str, Any]], threshold: str, waivers: list[dict[str, Any]], today: str = ""
) -> dict[str, list[Any]]:
    """Sort findings out; a severity that nobody knows counts, as the safe side."""
    today = today or f"{datetime.now(UTC):%Y-%m-%d}"
    harmless = SEVERITIES[: SEVERITIES.index(threshold)]
    # YAML reads a day without quotes as a date: its text is the same
    valid = {waiver["id"] for waiver in waivers if str(waiver["expires"]) >= today}
    severe = [finding for finding in findings if finding["severity"] not in harmless]
    still_open = [finding for finding in severe if finding["id"] not in valid]
    known = {waiver["id"] for waiver in waivers}
    return {"open": still_open, "lapsed": sorted({finding["id"] for finding in still_open} & known)}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, list[Any]]]]:
        """Return it by its name."""
        return {"scan_gate": scan_gate}
