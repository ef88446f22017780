"""What the verbs asked of AWS: recorded from the access log of the local cloud by `make permissions`.

Play the verbs that the record is to cover, then `make permissions`: it adds what is new to `calls.json` and writes the table in
terraform/permissions/README.md. Names are those of an environment `test` in an account 123456789012, as the tests use.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.contracts.terraform_files import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("calls.json")
README = PERMISSIONS / "README.md"
MARKER = "<!-- calls: written by make permissions -->"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
CONTEXT = ("iam:passedtoservice", "kms:viaservice")  # the keys that our policies ask for, but for tags
ADMINISTRATOR = "provision"
OPERATOR = "operator"
SESSION = re.compile(r"arn:aws:sts::\d+:assumed-role/(?P<role>[^/]+)/")
# What is another in each environment, in the order in which it is replaced
GENERAL = (
    (re.compile(r"arn:aws:kms:[^:]+:\d+:key/[0-9a-f-]{36}"), KEY),
    (re.compile(r"(?<=-)[0-9a-f]{8}(?:[0-9a-f]{9})?\b"), "1"),  # identifiers of EC2
    (re.compile(r"/[0-9a-f]{16}\b"), "/1"),  # of load balancers
    (re.compile(r"-\d{20,26}\b"), "-1"),  # Terraform's name prefixes
)

Call = dict[str, Any]


def caller(principal: str, environment: str) -> str | None:
    """Return whose policy a principal has; None for whoever is none of the project's."""
    if session := SESSION.match(principal):
        role = session["role"].removeprefix(f"beacon-{environment}-")
        return "nodes" if role.startswith("workers-") else role
    return {"administrator": ADMINISTRATOR}.get(principal.rpartition("/")[2])


def general(text: str, environment: str) -> str:
    """Return a resource's name as it is in an environment `test`."""
    for name in (f"beacon-{environment}", f"/beacon/{environment}/"):
        text = text.replace(name, name.replace(environment, "test"))
    for pattern, instead in GENERAL:
        text = pattern.sub(instead, text)
    return text


def record(lines: Iterable[str], *, environment: str) -> dict[str, list[Call]]:
    """Return what each caller was allowed to do, each call once, sorted."""
    found: dict[str, dict[str, Call]] = {}
    for line in lines:
        entry = json.loads(line)
        who = caller(entry["principal"], environment)
        if who is None or not entry["allowed"]:
            continue
        call: Call = {"action": entry["action"], "resource": general(entry["resource"] or "*", environment)}
        if context := {key: entry.get("context", {}).get(key) for key in CONTEXT if entry.get("context", {}).get(key)}:
            call["context"] = context
        found.setdefault(who, {})[json.dumps(call, sort_keys=True)] = call
    return {who: [calls[key] for key in sorted(calls)] for who, calls in sorted(found.items())}


def merged(one: dict[str, list[Call]], other: dict[str, list[Call]]) -> dict[str, list[Call]]:
    """Return the calls of both records."""
    found: dict[str, list[Call]] = {}
    for who in sorted(one.keys() | other.keys()):
        calls = {json.dumps(call, sort_keys=True): call for call in (*one.get(who, ()), *other.get(who, ()))}
        found[who] = [calls[key] for key in sorted(calls)]
    return found


def calls() -> dict[str, list[Call]]:
    """Return the record."""
    found: dict[str, list[Call]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def table(found: dict[str, list[Call]]) -> str:
    """Return the actions by service, and who asks for them, as a Markdown table."""
    whose: dict[str, set[str]] = {}
    for who, asked in found.items():
        for call in asked:
            whose.setdefault(call["action"], set()).add(who)
    lines = ["| action | asked by |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{action}` | {', '.join(sorted(whose[action]))} |" for action in sorted(whose))])


def main() -> None:
    """Add the access log on standard input to the record, and write the table."""
    found = merged(calls(), record(sys.stdin, environment=sys.argv[1] if len(sys.argv) > 1 else "local"))
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    text = README.read_text()
    README.write_text(f"{text[: text.index(MARKER)]}{MARKER}\n{table(found)}\n")
    sys.stdout.write(f"{FILE.name}: " + ", ".join(f"{who} {len(asked)}" for who, asked in found.items()) + "\n")


if __name__ == "__main__":
    main()
