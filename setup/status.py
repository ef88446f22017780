"""`make status`: what runs, since when, how well, and what may come next, in one screen and a few seconds."""

from __future__ import annotations

from . import shown, stack, summary

SECONDS = 4.0  # for each question; they are asked at once
WELL, ILL, NOTHING_RUNS = 0, 1, 3  # the last as `systemctl status` has it


def status() -> int:
    """Print what runs; return 0 when all is well, 1 when something is not, 3 when nothing runs."""
    answers = stack.look(SECONDS)
    if not any(answer.ours for answer in answers.values()):
        print("nothing runs; `make up` starts it")
        return NOTHING_RUNS
    for name, answer in answers.items():
        print(shown.row(name, answer.well, answer.text))
    print(f"\n{summary.NEXT}")
    return ILL if any(answer.well is False for answer in answers.values()) else WELL
