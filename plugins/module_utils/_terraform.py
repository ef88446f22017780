"""Reads Terraform's machine-readable UI, one JSON object a line, and words it as progress.

The format: https://developer.hashicorp.com/terraform/internals/v1.11.x/machine-readable-ui
Values of attributes and outputs are never taken over: a line names resources, actions and seconds only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UI_MAJOR = "1"
NAMED_AT_ONCE = 3
LONGEST_TEXT = 40
"""Lines that are no JSON: what Terraform says before its UI begins, or when it crashes."""
ACTIONS = {
    "create": ("creating", "created"),
    "update": ("changing", "changed"),
    "delete": ("destroying", "destroyed"),
    "read": ("reading", "read"),
}
MINUTE = 60


class UnknownFormatError(ValueError):
    """Terraform speaks another major version of its machine-readable UI."""


@dataclass(frozen=True)
class Change:
    """What a plan does to a resource, or to an output."""

    address: str
    action: str

    def __str__(self) -> str:
        return f"{self.address} ({self.action})"


def duration(seconds: float) -> str:
    """Word seconds for a person: `31 s`, `5 min 12 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < MINUTE else f"{whole // MINUTE} min {whole % MINUTE} s"


def diagnostic(message: dict[str, Any]) -> str:
    """Word an error or a warning as Terraform does, without the values of its snippet."""
    lines = [f"{str(message['severity']).capitalize()}: {message['summary']}"]
    lines += [f"  with {message['address']}"] if message.get("address") else []
    lines += (
        [f"  on {message['range']['filename']} line {message['range']['start']['line']}"]
        if message.get("range")
        else []
    )
    lines += [message["detail"]] if message.get("detail") else []
    return "\n".join(lines)


class Progress:
    """What a run of Terraform does, line by line; `say` gets each line that is meant for a person."""

    def __init__(self, *, say: Callable[[str], None], clock: Callable[[], float], interval: float) -> None:
        self.say = say
        self.clock = clock
        self.interval = interval
        self.changes: list[Change] = []
        self.counts: dict[str, int] = {}
        self.errors: list[str] = []
        self.text: list[str] = []
        self._stage = ""
        self._began = self._said = clock()
        self._running: dict[str, tuple[str, float]] = {}
        self._warned: set[str] = set()
        self._done = 0

    def begin(self, stage: str) -> None:
        """Begin a stage, `planning` or `applying`, with its own messages."""
        self._stage, self._began, self._said = stage, self.clock(), self.clock()
        self.errors, self.text, self._running, self._done = [], [], {}, 0
        if stage == "planning":
            self.changes, self.counts = [], {}

    def line(self, line: str) -> None:
        """Take a line of Terraform's output. Raises UnknownFormatError."""
        try:
            message = json.loads(line)
            kind = message["type"]
        except (ValueError, TypeError, KeyError):
            self.text = [*self.text, line][-LONGEST_TEXT:]
            return
        handler = getattr(self, f"_on_{kind}", None)  # kinds that nobody waits for are left out
        if handler:
            handler(message)

    def tick(self) -> None:
        """Give a sign of life when nothing was said for the interval."""
        if self.clock() - self._said >= self.interval:
            waited = duration(self.clock() - self._began)
            self._tell(f"Still {self._stage} after {waited}" + (f": {self.running()}" if self._running else ""))

    def running(self) -> str:
        """Name what is being made now, the longest first; empty when nothing is."""
        longest = sorted(self._running.items(), key=lambda item: item[1][1])
        named = [
            f"{address} ({action}, {duration(self.clock() - since)})"
            for address, (action, since) in longest[:NAMED_AT_ONCE]
        ]
        more = len(longest) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")

    def problem(self) -> str:
        """Return the errors, or what was printed besides when there are none."""
        return "\n\n".join(self.errors) or "\n".join(self.text)

    def _tell(self, line: str) -> None:
        self._said = self.clock()
        self.say(line)

    def _on_version(self, message: dict[str, Any]) -> None:
        if str(message["ui"]).partition(".")[0] != UI_MAJOR:
            raise UnknownFormatError(
                f"Terraform {message['terraform']} writes version {message['ui']} of its machine-readable UI, but version "
                f"{UI_MAJOR} is what can be read. Use a Terraform of the versions that versions.tf allows. Nothing was changed."
            )

    def _on_planned_change(self, message: dict[str, Any]) -> None:
        if self._stage == "planning":  # applying a plan tells it again
            change = message["change"]
            self.changes.append(Change(change["resource"]["addr"], change["action"]))

    def _on_outputs(self, message: dict[str, Any]) -> None:
        if self._stage == "planning":
            changed = [(name, output.get("action", "noop")) for name, output in message["outputs"].items()]
            self.changes += [Change(f"output.{name}", action) for name, action in changed if action != "noop"]

    def _on_change_summary(self, message: dict[str, Any]) -> None:
        if self._stage == "planning":
            self.counts = {name: count for name, count in message["changes"].items() if isinstance(count, int)}
        self._tell(message["@message"])

    def _on_apply_start(self, message: dict[str, Any]) -> None:
        address, action = message["hook"]["resource"]["addr"], message["hook"]["action"]
        doing = ACTIONS.get(action, (action, action))[0]
        self._running[address] = (doing, self.clock())
        self._tell(f"{address}: {doing}…")

    def _on_apply_complete(self, message: dict[str, Any]) -> None:
        hook = message["hook"]
        address, action = hook["resource"]["addr"], hook["action"]
        self._running.pop(address, None)
        self._done += action != "read"
        total = sum(self.counts.get(name, 0) for name in ("add", "change", "remove"))
        tally = f" ({self._done} of {total})" if action != "read" else ""
        self._tell(
            f"{address}: {ACTIONS.get(action, (action, action))[1]} after {duration(hook['elapsed_seconds'])}{tally}"
        )

    def _on_apply_errored(self, message: dict[str, Any]) -> None:
        hook = message["hook"]
        address = hook["resource"]["addr"]
        self._running.pop(address, None)
        doing = ACTIONS.get(hook["action"], (hook["action"],))[0]
        self._tell(f"{address}: {doing} failed after {duration(hook['elapsed_seconds'])}")

    def _on_diagnostic(self, message: dict[str, Any]) -> None:
        found = message["diagnostic"]
        if found["severity"] == "error":
            self.errors.append(diagnostic(found))
        elif found["summary"] not in self._warned:
            self._warned.add(found["summary"])
            self._tell(f"Warning of Terraform: {found['summary']}")
