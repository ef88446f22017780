"""What a host's console shows of its ssh host keys, and keys for it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# as cloud-init 25 and systemd print them to a serial console of Debian 13
CONSOLE = """\
[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\r
<14>Nov 28 22:01:02 cloud-init: -----BEGIN SSH HOST KEY FINGERPRINTS-----\r
<14>Nov 28 22:01:02 cloud-init: 256 SHA256:abc root@ip-10-42-0-4 (ED25519)\r
<14>Nov 28 22:01:02 cloud-init: -----END SSH HOST KEY FINGERPRINTS-----\r
-----BEGIN SSH HOST KEY KEYS-----\r
{keys}\r
-----END SSH HOST KEY KEYS-----\r
[   12.345678] cloud-init[512]: Cloud-init v. 25.1.4 finished\r
"""


def keys_made(folder: Path, *kinds: str) -> list[str]:
    """Make host keys by OpenSSH; return their public halves with a comment."""
    made = []
    for number, kind in enumerate(kinds):
        file = folder / f"key-{len(list(folder.iterdir()))}-{number}"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "root@ip-10-42-0-4", "-f", str(file)],
            check=True,
            timeout=60,
        )
        made.append(file.with_suffix(".pub").read_text().strip())
    return made


def bare(keys: list[str]) -> list[str]:
    """Return the keys without their comments."""
    return sorted(key.rpartition(" ")[0] for key in keys)
