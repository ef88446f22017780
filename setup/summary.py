"""What `make up` says at its end, on one screen: where everything is, how to log in, what stands in for what, what may come next."""

from __future__ import annotations

import json
import subprocess
import textwrap
from typing import TYPE_CHECKING, Any

from . import paths, ports
from .durations import spoken
from .phases import local_cloud_environment, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LINES, COLUMNS = 24, 100
LABEL = 12  # columns of what a paragraph is about
PATHS = ("/gandalf", "/colombo")
LOG_IN = r"""
eval "$(.venv/bin/python -m localcloud env)"
.venv/bin/aws ssm get-parameter --name /beacon/local/grafana-viewer \
    --with-decryption --query Parameter.Value --output text
""".strip()
# origins of what is not the publisher's own, as `python -m mirror provenance` has them, and what they are
STAND_INS = {
    "double": "doubles, which answer as the programs do",
    "stub": "modules of ours with the official ones' interface",
}
QUICK = 1.0  # seconds; steps below are not worth a word
NEXT = """\
Next        make status    what runs, since when, how well
            make verify    ask the public interfaces again
            make down      remove everything but the cache"""


def text(addresses: Sequence[str], sources: Iterable[Mapping[str, Any]], seconds: Mapping[str, float]) -> str:
    """Return the screen; `sources` are the mirror's, `seconds` those of each step."""
    first, *others = addresses
    also = f"   also at {', '.join(others)}" if others else ""
    parts = [
        *paragraph("Web pages", "   ".join(f"http://{first}{path}" for path in PATHS) + also),
        *paragraph("Grafana", f"https://{first}:{ports.GRAFANA}   users admin and viewer; the password of viewer:"),
        *(" " * LABEL + line for line in LOG_IN.splitlines()),
        *paragraph("", "TLS by the environment's own CA: /beacon/local/ca-certificate"),
        *paragraph("Cluster", ".venv/bin/ansible-playbook playbooks/access.yml -i inventories/local"),
        "",
        *stand_ins(list(sources)),
        *paragraph("Took", took(seconds)),
        "",
        NEXT,
    ]
    return "\n".join(parts)


def paragraph(label: str, words: str) -> list[str]:
    """Return a line or two that fit, with their label before the first."""
    return textwrap.wrap(
        words,
        COLUMNS,
        initial_indent=label.ljust(LABEL),
        subsequent_indent=" " * LABEL,
        break_long_words=False,
        break_on_hyphens=False,
        max_lines=2,
        placeholder=" …",
    )


def stand_ins(sources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a paragraph for each kind of thing that stands in for another; one line says that there is none."""
    found = {
        origin: [f"{source['name']} {source['version']}" for source in sources if source["origin"] == origin]
        for origin in STAND_INS
    }
    label = "Stands in"
    for origin, names in found.items():
        if names:
            yield from paragraph(label, f"{', '.join(names)}: {STAND_INS[origin]}")
            label = ""
    if label:
        yield from paragraph(label, "nothing: all programs and modules are their publishers'")
    built = sum(source["origin"] == "built" for source in sources)
    yield from paragraph(
        "",
        f"{f'{built} others are built here from their sources; a' if built else 'A'}ll: .venv/bin/python -m mirror provenance",
    )


def took(seconds: Mapping[str, float]) -> str:
    """Say what the steps took that took long."""
    steps = ", ".join(f"{name} {spoken(taken)}" for name, taken in seconds.items() if taken >= QUICK)
    return f"{spoken(sum(seconds.values()))}: {steps}" if steps else spoken(sum(seconds.values()))


def of_the_stack(seconds: Mapping[str, float]) -> str:
    """Return the screen of what runs. Raises subprocess.SubprocessError when the local cloud or its monitoring does not answer."""
    command = [program("python"), "-m", "setup.centre"]
    answer = subprocess.run(
        command,
        check=True,
        cwd=paths.CHECKOUT,
        env=local_cloud_environment(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    sources = json.loads((paths.state() / "mirror" / "provenance.json").read_text())
    return text(json.loads(answer.stdout)["addresses"], sources, seconds)
