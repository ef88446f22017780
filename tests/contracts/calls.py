"""What the playbooks asked of AWS: recorded from the access log of the local cloud by `make permissions`.

Run the playbooks that the record is to cover, then `make permissions`: it adds what is new to `calls.json` and writes the
policies of terraform/permissions and the tables of its README. Names are those of an environment `test` in an account 123456789012, as the tests use.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.contracts import policies
from tests.contracts.terraform_files import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.contracts.policies import Call

FILE = Path(__file__).with_name("calls.json")
README = PERMISSIONS / "README.md"
MARKER = "<!-- calls: written by make permissions -->"
UNRECORDED = "## What no run asks for"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
# the keys that our policies ask for, but for tags
CONTEXT = ("iam:passedtoservice", "kms:viaservice", "kms:encryptioncontext:aws:s3:arn")
ADMINISTRATOR = "provision"
OPERATOR = "operator"
SESSION = re.compile(r"arn:aws:sts::\d+:assumed-role/(?P<role>[^/]+)/")
# What is another in each environment, in the order in which it is replaced
GENERAL = (
    (re.compile(r"arn:aws:kms:[^:]+:\d+:key/[0-9a-f-]{36}"), KEY),
    (re.compile(r"(?<=[a-z-])\d{18}[0-9a-f]{8}(?![0-9a-f])"), "1"),  # Terraform's name prefixes
    (re.compile(r"(?<=-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "1"),  # node groups
    (re.compile(r"(?<=-)[0-9a-f]{8}(?:[0-9a-f]{9})?\b"), "1"),  # identifiers of EC2
    (re.compile(r"/[0-9a-f]{16}\b"), "/1"),  # of load balancers
    (re.compile(r"/([0-9a-f]{2}/)?[0-9a-f]{64}\b"), "/1"),  # of restic's objects
)
# What the end-to-end tests do as the administrator: no playbook makes users
OF_TESTS = re.compile(r"iam:(?!GetUser$)\w*(User|AccessKey)\w*")


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
        if who is None or not entry["allowed"] or OF_TESTS.fullmatch(entry["action"]):
            continue
        resource = entry["resource"] and general(entry["resource"], environment)
        call: Call = {"action": entry["action"], "resource": resource}
        given = entry.get("context", {})
        if context := {key: [general(value, environment) for value in given[key]] for key in CONTEXT if given.get(key)}:
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
    """Return which actions who asks for on which resources, as a Markdown table."""
    resources: dict[tuple[str, str], set[str]] = {}
    for who, asked in found.items():
        for call in asked:
            if call["action"] not in policies.NOT_NEEDED:
                resources.setdefault((call["action"], who), set()).update(policies.patterns(who, call))
    whose: dict[tuple[str, str], list[str]] = {}
    for (action, who), named in sorted(resources.items()):
        whose.setdefault((action, _short(named)), []).append(who)
    lines = ["| action | resource | asked by |", "|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{action}` | {named} | {', '.join(whose[action, named])} |" for action, named in whose)]
    )


def _short(named: Iterable[str]) -> str:
    """Return ARN patterns without what all have in common."""
    return ", ".join(f"`{name.split(':', 5)[-1]}`" for name in sorted(named))


def unrecorded_table() -> str:
    """Return the rights that no run asks for, as a Markdown table."""
    lines = ["| actions | whose | why |", "|---|---|---|"]
    return "\n".join(
        [
            *lines,
            *(
                f"| {', '.join(f'`{action}`' for action in right.actions)} | {', '.join(right.whose)} "
                f"| {right.reason} ([AWS]({right.source})) |"
                for right in policies.unrecorded()
            ),
        ]
    )


def written(text: str, found: dict[str, list[Call]]) -> str:
    """Return the README with the record's tables."""
    head = text[: text.index(MARKER)]
    return f"{head}{MARKER}\n{table(found)}\n\n{UNRECORDED}\n\n{unrecorded_table()}\n"


def main() -> None:
    """Add the access log on standard input to the record, and write policies and tables."""
    found = merged(calls(), record(sys.stdin, environment=sys.argv[1] if len(sys.argv) > 1 else "local"))
    policies.write(found)
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    README.write_text(written(README.read_text(), found))
    sys.stdout.write(f"{FILE.name}: " + ", ".join(f"{who} {len(asked)}" for who, asked in found.items()) + "\n")


if __name__ == "__main__":
    main()
