"""What is being done: a moving line for each step where a terminal is there (rich), else plain lines, and no minute without one."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from . import durations
from .durations import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

SILENT = 60.0  # seconds without a line, after which one says that it lives
WORTH_A_LINE = 2.0  # steps that are quicker than this need none
LOOK = 0.5
POLL = b"FAILED - RETRYING: "  # Ansible's, each time that it asks again


@dataclass
class Step:
    """A step that is being done."""

    name: str
    text: str
    started: float
    expected: float | None
    told: bool = False

    def elapsed(self, now: float) -> str:
        """Say how far it is."""
        taken, known = now - self.started, self.expected or 0.0
        total = f"{' of about' if taken <= known else ', longer than'} {spoken(known)}" if known else ""
        return f"{spoken(taken)}{total}"


@dataclass
class Progress:
    """Steps that are being done, several at once, said in plain lines."""

    output: IO[str]
    clock: Callable[[], float] = time.monotonic
    steps: dict[str, Step] = field(default_factory=dict)
    heard: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._rest = b""
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick_until_over, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self.heard = self.clock()
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join()
        self.close()

    def begin(self, name: str, text: str, *, told: bool = False) -> None:
        """Begin a step; its name is that of its duration, the text what it is called while it goes on."""
        with self._lock:
            self.steps[name] = Step(name, text, self.clock(), durations.expected(name), told)
            self.draw()

    def end(self, name: str, *, remember: bool = True) -> float:
        """End a step, and remember how long it took; return its seconds."""
        with self._lock:
            step = self.steps.pop(name)
            self.draw()
        seconds = self.clock() - step.started
        if remember:
            durations.took(name, seconds)
        return seconds

    def say(self, text: str) -> None:
        """Print a line."""
        with self._lock:
            self.heard = self.clock()
            self.write(text)

    def pass_on(self, piece: bytes) -> None:
        """Print the lines of a program that are complete, but for those that say no more than that it waits."""
        with self._lock:
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                if POLL not in line:
                    self.say(line.decode(errors="replace").rstrip("\r"))

    def tick(self) -> None:
        """Announce what has begun; after a silent minute, say what is still going on."""
        with self._lock:
            now = self.clock()
            for step in self.steps.values():
                if not step.told and now - step.started >= WORTH_A_LINE:
                    step.told = True
                    self.say(f"    {step.text}{durations.hint(step.name)}")
            if self.steps and now - self.heard >= SILENT:
                self.say("    still " + "; ".join(f"{step.text}, {step.elapsed(now)}" for step in self.steps.values()))

    def write(self, text: str) -> None:
        """Put a line out."""
        print(text, file=self.output, flush=True)

    def draw(self) -> None:
        """Show the steps that are being done."""

    def close(self) -> None:
        """Show nothing more; what a program wrote last may have no end of line."""
        with self._lock:
            self.steps.clear()
            self.draw()
            if self._rest:
                self.write(self._rest.decode(errors="replace"))
                self._rest = b""

    def _tick_until_over(self) -> None:
        while not self._over.wait(LOOK):
            self.tick()


class Screen(Progress):
    """The same on a terminal: what is being done moves below what was said."""

    def __post_init__(self) -> None:
        super().__post_init__()
        from rich.console import Console  # noqa: PLC0415 - only .venv has it, and plain lines need none
        from rich.live import Live  # noqa: PLC0415
        from rich.spinner import Spinner  # noqa: PLC0415

        self._console = Console(file=self.output)
        self._live = Live(console=self._console, transient=True, auto_refresh=False)
        self._spinner = Spinner("dots")
        self._shown = False

    def tick(self) -> None:
        """Move."""
        with self._lock:
            self.draw()

    def write(self, text: str) -> None:
        """Put a line out above what moves."""
        from rich.text import Text  # noqa: PLC0415

        self._console.print(Text.from_ansi(text), soft_wrap=True)

    def draw(self) -> None:
        """Draw a line for each step: a sign of life, what it is, how far."""
        if self.steps and not self._shown:
            self._live.start()
        elif self._shown and not self.steps:
            self._live.stop()
        self._shown = bool(self.steps)
        if self._shown:
            self._live.update(self._table(), refresh=True)

    def _table(self) -> Any:
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        now = self.clock()
        table = Table.grid(padding=(0, 1))
        for step in self.steps.values():
            known = step.expected or 0.0
            # never full before it is done
            done = min(now - step.started, known * 0.98)
            bar = ProgressBar(total=known, completed=done, width=24) if known else ""
            table.add_row(self._spinner, step.text, bar, step.elapsed(now))
        return table


@contextmanager
def step(name: str, text: str) -> Iterator[None]:
    """Show a step that says nothing itself; how long it took is remembered unless it fails."""
    with show() as progress:
        progress.begin(name, text)
        yield
        progress.end(name)


def show(output: IO[str] | None = None) -> Progress:
    """Return what shows progress there: on a terminal by rich, where this Python has it."""
    output = output or sys.stdout
    return Screen(output) if output.isatty() and importlib.util.find_spec("rich") else Progress(output)
