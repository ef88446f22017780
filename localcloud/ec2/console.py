"""What machines printed: a job reads it and keeps it, so that no request waits for Docker."""

from __future__ import annotations

from functools import partial

from localcloud.core import runtime
from localcloud.core.latest import Latest

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
CONSOLE_BYTES = 64 * 1024
EVERY_SECONDS = 6.0
BOOT_SECONDS = 120.0  # for so long after a launch, or a request, the console is read again and again
FRESH_SECONDS = 1.0  # a request that finds an older output has it read again, for the next one

OUTPUT: Latest[bytes] = Latest()  # by instance


def output(instance_id: str) -> bytes:
    """Return the newest output that was read; nothing when there is none."""
    if OUTPUT.get(instance_id, seconds=FRESH_SECONDS) is None:
        watch(instance_id)
    return OUTPUT.get(instance_id) or b""


def job_key(instance_id: str) -> str:
    """Return the key of the job that reads an instance's console."""
    return f"console/{instance_id}"


def watch(instance_id: str) -> None:
    """Have the console read now, and then every few seconds for a while."""
    runtime.current().queue.submit(job_key(instance_id), partial(read, instance_id))


def forget(instance_id: str) -> None:
    """Have the output of a machine that is gone forgotten, and read no more."""
    runtime.current().queue.submit(job_key(instance_id), partial(OUTPUT.forget, instance_id))


def read(instance_id: str) -> float | None:
    """Read the console. A job."""
    now = runtime.current()
    OUTPUT.put(instance_id, now.machines.console(instance_id, size=CONSOLE_BYTES))
    return EVERY_SECONDS if now.queue.trying(job_key(instance_id)) < BOOT_SECONDS else None
