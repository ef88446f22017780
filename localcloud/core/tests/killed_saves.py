# ruff: noqa: T201 - the test reads what is printed
"""Kills a process before each step of a save, and prints what the next start has: one word a step."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.serve import prepare_moto

prepare_moto()

from moto.iam.models import iam_backends  # noqa: E402
from moto.s3.models import s3_backends  # noqa: E402

from localcloud.core import saved  # noqa: E402
from localcloud.core.config import ACCOUNT  # noqa: E402
from localcloud.core.state import Model  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OLD, NEW = b"old" * 50_000, b"new" * 50_000  # bodies of an S3 object: files of their own


class Steps:
    """Counts the steps of a save, and kills this process before one of them."""

    def __init__(self, last: int) -> None:
        self.left = last
        for owner, name in ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
            setattr(owner, name, self.counted(getattr(owner, name)))
        real = saved.write
        saved.write = lambda path, parts: real(path, self.halves(parts))

    def step(self) -> None:
        """Count one step."""
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function a step."""

        def call(*arguments: Any, **options: Any) -> Any:
            self.step()
            return real(*arguments, **options)

        return call

    def halves(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Make each half of what is written a step."""
        for part in parts:
            for half in (part[: len(part) // 2], part[len(part) // 2 :]):
                self.step()
                yield half


def in_a_process(job: Callable[[], None]) -> int:
    """Run the job in a process of its own; how that ended, as `os.waitstatus_to_exitcode` says it."""
    pid = os.fork()
    if pid == 0:
        try:
            job()
            sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - of a process that ends here
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def change(folder: Path, *, user: str, body: bytes) -> None:
    """Make one change of two services, and save it."""
    model = Model(folder)
    model.load()
    s3 = s3_backends[ACCOUNT]["aws"]
    with model.transaction():
        if "bucket" not in s3.buckets:
            s3.create_bucket("bucket", "eu-west-1")
        s3.put_object("bucket", "key", body)
        iam_backends[ACCOUNT]["aws"].create_user("eu-west-1", user)


def killed_change(folder: Path, step: int) -> None:
    """Make the second change; killed before this step."""
    Steps(step)
    change(folder, user="second", body=NEW)


def look(folder: Path) -> None:
    """Print what a start finds: old, new, or what is wrong."""
    model = Model(folder)
    model.load()
    users = set(iam_backends[ACCOUNT]["aws"].users)
    body = s3_backends[ACCOUNT]["aws"].buckets["bucket"].keys["key"].value
    model.save()
    kept = len(list(model.bodies.folder.iterdir()))
    found = {"old": ({"first"}, OLD, 1), "new": ({"first", "second"}, NEW, 1)}
    print(next((word for word, state in found.items() if state == (users, body, kept)), f"{users} {body[:3]!r} {kept}"))


def main(folder: Path) -> None:
    """Go on with later steps until a save is not killed any more."""
    _ = iam_backends[ACCOUNT]["aws"], s3_backends[ACCOUNT]["aws"]  # made once: AWS's own policies take a while
    for step in count():
        state = folder / str(step)
        if in_a_process(partial(change, state, user="first", body=OLD)) != 0:
            sys.exit("the first change failed")
        ended = in_a_process(partial(killed_change, state, step))
        in_a_process(partial(look, state))
        if ended != -signal.SIGKILL:
            sys.exit(ended)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
