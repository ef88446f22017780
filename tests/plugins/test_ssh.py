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
            "admin@198.51.100.65 shows another host key than before, although it is the same instance. Find out why",
        ),
        (
            "admin@198.51.100.65: Permission denied (publickey).",
            False,
            "admin@198.51.100.65 refuses the key /state/id. ",
        ),
        ("", False, "admin@198.51.100.65 does not answer ssh after 90 s."),
    ],
)
def test_each_error_has_its_meaning(error: str, *, final: bool, beginning: str) -> None:
    assert ssh_is_final(error) is final
    assert ssh_problem(error, **VALUES).startswith(beginning)  # type: ignore[arg-type] # values of several types
