"""The ingress controller's image asks for the same capability as F5's."""

import subprocess

import pytest

IMAGE = "mirror.beacon/nginx-ingress:5.5.4"
DROPPED = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
PROGRAMS = {"/nginx-ingress": "-version", "/usr/sbin/nginx": "-v"}


def run(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["docker", "run", "--rm", "--network=none", *options, "--entrypoint", program, IMAGE, PROGRAMS[program]]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.docker
@pytest.mark.parametrize("program", PROGRAMS)
def test_without_its_capability_the_program_is_not_executed(program: str) -> None:
    assert "operation not permitted" in run(program, *DROPPED).stderr
    done = run(program, *DROPPED, "--cap-add", "NET_BIND_SERVICE")
    assert done.returncode == 0, done.stderr
