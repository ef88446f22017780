"""Module terraform, with a real Terraform and a provider that is built into it: progress, and every way that a run is cut short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).parents[2]
ROOT_MODULE = """
variable "password" {
  default   = "hunter2"
  sensitive = true
}

resource "terraform_data" "host" {
  for_each = toset(["ops"])
  input    = [each.key, var.password]
}

resource "terraform_data" "cluster" {
  depends_on = [terraform_data.host]
  provisioner "local-exec" {
    command = "%s"
  }
}

output "cluster" {
  value = terraform_data.cluster.id
}

output "password" {
  value     = var.password
  sensitive = true
}
"""
PLAY = """
- name: Run Terraform
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Run it
      beacon.platform.terraform: {options}
      register: run

    - name: Tell
      ansible.builtin.copy:
        content: "{{{{ run | to_json }}}}"
        dest: "{folder}/result.json"
        mode: "0600"
      check_mode: false
"""
LIMIT = 40


class Folder:
    """A root module, and ansible-playbook for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / ".terraform.tfstate.lock.info"
        # a short path, where Ansible can have its sockets (unix(7): 108 characters)
        self.temporary = tempfile.TemporaryDirectory(prefix="beacon-")
        self.environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TMPDIR": self.temporary.name,
        }

    def write(self, command: str, **options: object) -> None:
        (self.path / "main.tf").write_text(ROOT_MODULE % command)
        text = PLAY.format(options=json.dumps({"project_path": str(self.path), **options}), folder=self.path)
        (self.path / "play.yml").write_text(text)
        subprocess.run(
            ["terraform", "init", "-input=false"], cwd=self.path, env=self.environment, check=True, capture_output=True
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        return subprocess.Popen(
            [program, str(self.path / "play.yml"), *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, *arguments: str) -> tuple[int, str]:
        process = self.begin(*arguments)
        text, _ = process.communicate(timeout=LIMIT)
        return process.returncode, text

    def result(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.path / "result.json").read_text())
        return found

    def state(self) -> list[str]:
        """List the resources that the state knows."""
        found = json.loads((self.path / "terraform.tfstate").read_text())["resources"]
        return [resource["name"] for resource in found]

    def processes(self) -> list[str]:
        """List the programs that run in this folder."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").resolve() == self.path:
                    found.append((entry / "comm").read_text().strip())
            except OSError:
                continue  # ended meanwhile, or not ours
        return found

    def left_behind(self) -> list[str]:
        return [path.name for path in Path(self.temporary.name).glob("*.tfplan")]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    until(lambda: not made.processes(), "processes of the test are left")
    made.temporary.cleanup()


def until(true: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


def test_it_tells_each_resource_and_hands_over_what_is_no_secret(folder: Folder) -> None:
    folder.write("exec sleep 3", progress_interval=1)
    code, text = folder.play("--diff", "-v")
    assert code == 0, text
    for line in (
        "    Plan: 2 to add, 0 to change, 0 to destroy.",
        '    terraform_data.host["ops"]: creating…',
        '    terraform_data.host["ops"]: created after 0 s (1 of 2)',
        "    terraform_data.cluster: creating…",
        "    Still applying after 2 s: terraform_data.cluster (creating, 2 s)",
        "    terraform_data.cluster: created after 3 s (2 of 2)",
    ):
        assert line in text.splitlines()
    assert "# terraform_data.cluster will be created" in text, "--diff shows the plan"
    assert "hunter2" not in text
    result = folder.result()
    assert result["changed"] is True
    assert result["counts"] == {"add": 2, "change": 0, "import": 0, "remove": 0}
    assert list(result["outputs"]) == ["cluster"]  # type: ignore[call-overload]
    assert {"address": "terraform_data.cluster", "action": "create"} in result["resources"]  # type: ignore[operator]
    assert folder.left_behind() == []


def test_what_is_named_is_made_anew_though_nothing_of_it_changed(folder: Folder) -> None:
    folder.write("true")
    assert folder.play()[0] == 0
    folder.write("true", replace=['terraform_data.host["ops"]'])
    code, text = folder.play()
    assert code == 0, text
    assert folder.result()["resources"] == [{"address": 'terraform_data.host["ops"]', "action": "replace"}]


def test_again_and_a_check_and_the_way_back(folder: Folder) -> None:
    folder.write("true")
    assert folder.play("--check")[0] == 0
    assert folder.result()["changed"] is True
    assert "# terraform_data.cluster will be created" in str(folder.result()["plan"])
    assert not (folder.path / "terraform.tfstate").exists(), "a check changes nothing"
    assert folder.play()[0] == 0
    assert folder.play("--diff")[0] == 0
    assert folder.result()["changed"] is False
    assert folder.result()["plan"] == "No changes. The infrastructure matches the configuration."
    folder.write("true", state="absent")
    code, text = folder.play()
    assert code == 0
    assert 'terraform_data.host["ops"]: destroyed after 0 s (2 of 2)' in text
    assert folder.state() == []


def test_an_error_is_terraforms_own_and_said_at_once(folder: Folder) -> None:
    folder.write("exit 3")
    code, text = folder.play()
    assert code == 2
    assert "terraform_data.cluster: creating failed after 0 s" in text
    assert "Error: local-exec provisioner error" in text
    assert "with terraform_data.cluster" in text
    assert folder.state() == ["cluster", "host"], "tainted, but known"
    assert not folder.lock.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_whatever_ends_ansible_lets_terraform_stop_in_order(folder: Folder, number: signal.Signals) -> None:
    folder.write("exec sleep 120")
    process = folder.begin()
    until(lambda: "sleep" in folder.processes(), "nothing was begun")
    assert folder.lock.exists()
    began = time.monotonic()
    process.send_signal(number)
    text, _ = process.communicate(timeout=LIMIT)
    until(lambda: not folder.processes(), "Terraform lives on")
    assert time.monotonic() - began < 30
    assert not folder.lock.exists(), text
    assert "host" in folder.state()
    until(lambda: not folder.left_behind(), "a plan, which holds the state's content, stays")
    assert process.returncode == {signal.SIGINT: 99}.get(number, -number)
    if number == signal.SIGINT:
        assert "Terraform is asked to stop: the run was interrupted (SIGINT). It ends what it has begun" in text
        assert ": terraform_data.cluster (creating, " in text
        assert "It ended in order: the state is written, and the lock is released. Run the same again to go on." in text


def test_a_killed_worker_takes_terraform_along_in_order(folder: Folder) -> None:
    folder.write("exec sleep 120")
    process = folder.begin()
    until(lambda: "sleep" in folder.processes(), "nothing was begun")
    worker = int(
        subprocess.check_output(["ps", "--no-headers", "-o", "pid", "--ppid", str(process.pid)], text=True).split()[0]
    )
    os.kill(worker, signal.SIGKILL)
    until(lambda: not folder.processes(), "Terraform lives on")
    assert not folder.lock.exists()
    assert "host" in folder.state()
    process.communicate(timeout=LIMIT)


def test_a_run_that_takes_too_long_is_stopped_in_order(folder: Folder) -> None:
    folder.write("exec sleep 120", timeout=4)
    code, text = folder.play()
    assert code == 2
    told = " ".join(text.split())
    assert (
        "Terraform was stopped while applying, since it took longer than 4 s. It was at: terraform_data.cluster (creating, "
        in told
    )
    assert "It ended in order: the state is written, and the lock is released. Run the same again to go on." in told
    assert not folder.lock.exists()


def test_a_lock_of_another_run_ends_it(folder: Folder) -> None:
    folder.write("exec sleep 120", lock_timeout=1)
    first = folder.begin()
    until(lambda: "sleep" in folder.processes(), "nothing was begun")
    code, text = folder.play()
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=LIMIT)
    assert code == 2
    assert "Error: Error acquiring the state lock" in text
    assert "OperationTypeApply" in text


def test_a_folder_that_is_none_is_refused(folder: Folder) -> None:
    folder.write("true", project_path=str(folder.path / "nowhere"))
    code, text = folder.play()
    assert code == 2
    assert (
        f"project_path is {folder.path}/nowhere, which is no folder. Name one that `terraform init` has seen."
        in " ".join(text.split())
    )
