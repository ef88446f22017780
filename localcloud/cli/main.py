"""python -m localcloud: verbs for a person and for `make`."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

from localcloud.cli.control import Control
from localcloud.core import config as settings
from localcloud.core.errors import DockerFailedError, LocalCloudError
from localcloud.iam import access_log
from setup import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

VERBS = {
    "up": "start the local cloud, or restore it after a crash",
    "down": "stop it and remove everything that it made",
    "stop": "stop the server only: machines go on, `up` restores",
    "status": "show services, containers, memory and response times",
    "env": "print what AWS clients need in their environment",
    "logs": "print the server's log",
    "access-log": "print who asked for which action, on what, and whether it was allowed",
    "serve": "run the server in the foreground (what `up` starts)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; errors for a person go to standard error as one message."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="A local AWS made real by Docker.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text in VERBS.items():
        added = verbs.add_parser(verb, help=text, description=text)
        if verb in ("status", "access-log"):
            added.add_argument("--json", action="store_true", help="as JSON")
        if verb == "status":
            added.add_argument("--quick", action="store_true", help="without the memory of containers")
        if verb == "logs":
            added.add_argument("-f", "--follow", action="store_true", help="go on as it grows")
    chosen = parser.parse_args(arguments)
    if chosen.verb != "env":  # which is about the caller's
        clean.enter()
    try:
        return _run(chosen)
    except (LocalCloudError, DockerFailedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, LocalCloudError) else 1


def _run(chosen: argparse.Namespace) -> int:
    control = Control(config=settings.from_environment())
    match chosen.verb:
        case "serve":
            from localcloud.serve import serve  # noqa: PLC0415 - imports moto: seconds that other verbs don't need

            serve(control.config)
        case "up":
            print(control.up())
        case "down":
            print(control.down())
        case "stop":
            control.stop()
        case "status":
            found = control.status(memory=not chosen.quick)
            print(json.dumps(found, indent=2) if chosen.json else table(found))
        case "env":
            print("\n".join(shell(control.env(), os.environ)))
        case "access-log":
            entries = access_log.entries(control.config.state)
            print("\n".join(entries if chosen.json else map(access_log.line, entries)))
        case "logs":
            _follow_log(control.log_path, follow=chosen.follow)
    return 0


def shell(ours: Mapping[str, str], caller: Mapping[str, str]) -> list[str]:
    """Return the lines by which a shell's clients see the local cloud alone, whatever it has exported."""
    others = [name for name in clean.client_settings(caller) if name not in ours]
    return [*(f"unset {name}" for name in others), *(f"export {k}={shlex.quote(v)}" for k, v in ours.items())]


def _follow_log(log: Path, *, follow: bool) -> None:
    """Become `tail`: the person's terminal belongs to it from here on."""
    if not log.exists():
        raise LocalCloudError(f"There is no log: {log} does not exist. Start with `up`.")
    command = ["tail", "-n", "200", *(["-F"] if follow else []), str(log)]
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606 - tail is found as any shell would find it


def table(found: dict[str, Any]) -> str:
    """Lay the status out for a person."""
    server = found["server"]
    median = server["read_median_ms"]
    lines = [
        f"endpoint    {found['endpoint']} (account {found['account']}, {found['region']})",
        f"registry    https://{found['registry']}",
        f"server      process {server['pid']}, up {server['uptime_seconds']:.0f} s, {server['memory_mib']:.0f} MiB",
        f"speed       reads {f'{median} ms (median)' if median is not None else 'not measured'}, saves {server['save_ms']} ms",
        *(f"seconds     {taken:<5} {what}" for what, taken in server["seconds"].items()),
        f"real        {', '.join(server['services'])} (all other services are moto's models)",
        f"memory      {found['memory_mib']:.0f} MiB with all containers",
        "",
    ]
    rows = [("CONTAINER", "KIND", "STATE", "MIB", "ADDRESSES")]
    rows += [
        (c["name"], c["kind"], c["state"], f"{c['memory_mib']:.0f}", " ".join(c["addresses"]))
        for c in found["containers"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"failing     {key}: {text}" for key, text in server["failures"].items()]
    return "\n".join(lines)
