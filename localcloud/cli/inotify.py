"""The one setting of the kernel that many machines need: each systemd holds several inotify instances, per user of the host.

Debian's 128 are enough for about ten machines; beyond that systemd ends at its start with exit code 255 and says nothing.
"""

from __future__ import annotations

from pathlib import Path

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH = 1024


def raise_limit(*, remember: Path, setting: Path = INSTANCES) -> str | None:
    """Raise the limit for as long as the local cloud is up; without the right to, return what the person has to do."""
    before = int(setting.read_text())
    if before >= ENOUGH:
        return None
    remember.write_text(str(before))  # first: a kill between the two leaves a note too many, not one too few
    try:
        setting.write_text(str(ENOUGH))
    except OSError:
        remember.unlink()
        return (
            f"Only {before} inotify instances are allowed, which is enough for about {before // 12} machines. For more, run "
            f"as root: sysctl fs.inotify.max_user_instances={ENOUGH}"
        )
    return None


def restore_limit(*, remember: Path, setting: Path = INSTANCES) -> None:
    """Put the value of before back, if it is still ours."""
    if not remember.exists():
        return
    if int(setting.read_text()) == ENOUGH:
        setting.write_text(remember.read_text())
    remember.unlink()
