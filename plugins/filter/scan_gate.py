"""Filter scan_gate: whether what is known of an image's vulnerabilities lets a run go on, and what to say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: scan_gate
author: The Beacon authors (@beacon)
short_description: Whether an image's scan lets a run go on
version_added: 0.1.0
description:
  - Judges the result of M(beacon.platform.ecr_image_info). A finding stops a run when it is severe enough, has a known fix and
    is not waived. One without a known fix is reported, since nobody can act on it.
  - A scan without a result (an image that the scanner doesn't support, a scan that failed) stops the run, too, unless a
    waiver's id is the scan's outcome, such as C(UNSUPPORTED_IMAGE).
positional: image, threshold, waivers
options:
  _input:
    description: What the module returned.
    type: dict
    required: true
  image:
    description: The image's name for the text.
    type: str
    required: true
  threshold:
    description: The least severity that counts. A severity that ECR doesn't rank, such as UNTRIAGED, counts as UNDEFINED.
    type: str
    choices: [UNDEFINED, INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL]
    required: true
  waivers:
    description: Each with C(id), C(reason) and C(expires), the last day on which it counts.
    type: list
    elements: dict
    required: true
  source:
    description: Where waivers are written down, for the text.
    type: str
    required: true
  unfixed:
    description: Whether findings without a known fix count, too.
    type: bool
    default: false
"""

RETURN = r"""
_value:
  description: C(passes), and C(text), which is empty when there is nothing to say.
  type: dict
"""

EXAMPLES = r"""
- name: Stop at what can be fixed
  ansible.builtin.assert:
    that: gate.passes
    fail_msg: "{{ gate.text }}"
  vars:
    gate: "{{ info | beacon.platform.scan_gate('webapp:1.0.0', 'HIGH', waivers, source='waivers.yml') }}"
"""

SEVERITIES = ("UNDEFINED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
WITH_FINDINGS = ("COMPLETE", "ACTIVE")
NEXT_STEPS = {
    "UNFINISHED": "Does the repository scan on push? Start one: aws ecr start-image-scan. Then run the playbook again.",
    "UNSUPPORTED_IMAGE": "The scanner knows nothing of this image's system: scan it by another tool, then waive this.",
}
NEXT_STEP = "Start it again (aws ecr start-image-scan; with enhanced scanning look at Amazon Inspector), or waive this."


def scan_gate(
    info: dict[str, Any],
    image: str,
    threshold: str,
    waivers: list[dict[str, Any]],
    *,
    source: str,
    unfixed: bool = False,
    today: str = "",
) -> dict[str, Any]:
    """Judge one image's scan: return whether it `passes`, and a `text` for people."""
    today = today or f"{datetime.now(UTC):%Y-%m-%d}"
    # YAML reads a day without quotes as a date: its text is the same
    valid = {waiver["id"] for waiver in waivers if str(waiver["expires"]) >= today}
    expired = {waiver["id"] for waiver in waivers} - valid
    scan = info["scan"]
    if scan["outcome"] not in WITH_FINDINGS:
        return _without_result(scan, image, waived=scan["outcome"] in valid, source=source)
    severe = [
        finding
        for finding in info["findings"]
        if _rank(finding["severity"]) >= _rank(threshold) and finding["id"] not in valid
    ]
    stopping = [finding for finding in severe if unfixed or finding["fix"] == "yes"]
    rest = [finding for finding in severe if finding not in stopping]
    texts = []
    if stopping:
        texts += [f"{image} has {len(stopping)} finding(s) of {threshold} or above{'' if unfixed else ' with a fix'}:"]
        texts += [
            f"- {finding['id']} {finding['severity']} {finding['package']} {finding['version']} {finding['uri']}".rstrip()
            for finding in stopping
        ]
        texts += [f"Update the package, or add its id with a reason and an end date to {source}."]
        lapsed = sorted(expired & {finding["id"] for finding in stopping})
        texts += [f"These waivers have expired: {', '.join(lapsed)}."] if lapsed else []
    if rest:
        names = ", ".join(sorted({finding["id"] for finding in rest}))
        texts += [
            f"{image} has {len(rest)} finding(s) of {threshold} or above without a known fix, which stop nothing: {names}"
        ]
    return {"passes": not stopping, "text": "\n".join(texts)}


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def _without_result(scan: dict[str, str], image: str, *, waived: bool, source: str) -> dict[str, Any]:
    outcome = scan["outcome"]
    text = f"The scan of {image} has no result: {outcome}, {scan['reason'].rstrip('.')}."
    if waived:
        return {"passes": True, "text": f"{text} It is waived."}
    waiver = f"{{id: {outcome}, reason: ..., expires: YYYY-MM-DD}}"
    return {
        "passes": False,
        "text": f"{text} {NEXT_STEPS.get(outcome, NEXT_STEP)} What lets it pass is the waiver {waiver} in {source}.",
    }


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Return it by its name."""
        return {"scan_gate": scan_gate}
