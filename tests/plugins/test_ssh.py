"""What ssh says is explained, and trying again ends where it is of no use."""

import pytest

from plugins.filter.ssh import ssh_is_final, ssh_problem

VALUES = {
    "host": "admin@198.51.100.65",
    "key": "/state/id",
    "port": 20001,
    "known_hosts": "/state/known",
    "seconds": 90,
}


@pytest.mark.parametrize(
    ("error", "final", "beginning"),
    [
        (
            "ssh: connect to host 198.51.100.65 port 22: Connection timed out",
            False,
            (
                "admin@198.51.100.65 does not answer ssh after 90 s. Does the instance run, and is this machine's address one "
                "of infrastructure_ssh_allowed_cidrs? ssh says: ssh: connect to host"
            ),
        ),
        (
            "bind [127.0.0.1]:20001: Address already in use",
            True,
            (
                "Port 20001 of this machine is taken, so the tunnel to the cluster can't begin there. Free it "
                "(`ss -ltnp 'sport = :20001'` names its process), or choose another: -e cluster_access_port=PORT"
            ),
        ),
        (
            "@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
            True,
            (
                "admin@198.51.100.65 shows another host key than its console did (/state/known): another machine may answer "
                "there. Find out which before anything else."
            ),
        ),
        (
            "No ED25519 host key is known for i-0a1b and you have requested strict checking.\nHost key verification failed.",
            True,
            (
                "The host key of admin@198.51.100.65 is not in /state/known, so it can't be told from a stranger's. Play a "
                "playbook of this environment, which writes that file"
            ),
        ),
        (
            'Load key "/state/id": error in libcrypto',
            True,
            (
                "The key /state/id can't be read. Each playbook brings it from Parameter Store: play one again, or correct "
                "BEACON_SSH_KEY_FILE."
            ),
        ),
        (
            "admin@198.51.100.65: Permission denied (publickey).",
            False,
            "admin@198.51.100.65 refuses the key /state/id. It is the environment's own, as each playbook compares it: did",
        ),
        ("", False, "admin@198.51.100.65 does not answer ssh after 90 s."),
    ],
)
def test_each_error_has_its_meaning(error: str, *, final: bool, beginning: str) -> None:
    assert ssh_is_final(error) is final
    assert ssh_problem(error, **VALUES).startswith(beginning)  # type: ignore[arg-type] # values of several types
