"""Says what ssh's own words mean for a person: which host, what is allowed, what to do next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# (what ssh says, whether trying again is of no use, what it means, what to do), the first match wins
_WORDS = (
    (
        r"Address already in use|to stop|cannot listen to port|Could not request local forwarding",
        True,
        "Port {port} of this machine is taken, so the tunnel to the cluster can't begin there",
        "Free it (`ss -ltnp 'sport = :{port}'` names its process), or choose another: -e cluster_access_port=PORT.",
    ),
    (
        r"host key is known for",
        True,
        "The host key of {host} is not in {known_hosts}, so it can't be told from a stranger's",
        "Play a playbook of this environment, which writes that file from the host's console output; never accept the key by hand.",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed",
        True,
        "{host} shows another host key than its console did ({known_hosts}): another machine may answer there",
        "Find out which before anything else. Keys that were made anew on purpose: delete the host's parameter below host-keys.",
    ),
    (
        r"Permission denied",
        False,  # cloud-init may not have put the key there yet
        "{host} refuses the key {key}",
        "It is the environment's own, as each playbook compares it: did somebody change ~/.ssh/authorized_keys there?",
    ),
    (
        r"Identity file .* not accessible|no such identity|Load key",
        True,
        "The key {key} can't be read",
        "Each playbook brings it from Parameter Store: play one again, or correct BEACON_SSH_KEY_FILE.",
    ),
    (
        r"",
        False,
        "{host} does not answer ssh after {seconds} s",
        "Does the instance run, and is this machine's address one of infrastructure_ssh_allowed_cidrs?",
    ),
)


def ssh_is_final(error: str) -> bool:
    """Tell whether trying again is of no use."""
    return next(final for pattern, final, _, _ in _WORDS if re.search(pattern, error))


def ssh_problem(error: str, *, host: str, key: str, port: int, known_hosts: str, seconds: int) -> str:
    """Say what is wrong, with the host, and what to do."""
    meaning, step = next((meaning, step) for pattern, _, meaning, step in _WORDS if re.search(pattern, error))
    values = {"host": host, "key": key, "port": port, "known_hosts": known_hosts, "seconds": seconds}
    said = " ".join(line.strip() for line in error.splitlines() if line.strip("@ \t"))
    return f"{meaning.format(**values)}. {step.format(**values)} ssh says: {said or 'nothing'}"


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., bool | str]]:
        """Return them."""
        return {"ssh_is_final": ssh_is_final, "ssh_problem": ssh_problem}
