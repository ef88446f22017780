"""Host keys come from the instances' consoles, are kept, and end in a known_hosts file."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.playbooks.consoles import CONSOLE, bare, keys_made
from tests.plugins.test_image_plugins import load
from tests.plugins.test_ssh_key import refusal

if TYPE_CHECKING:
    from pathlib import Path

host_keys = load("modules/host_keys.py")
PATH = "/beacon/production/host-keys"


@dataclass
class Account:
    """Consoles and Parameter Store, as far as the module asks them."""

    consoles: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    nitro: bool = True

    def get_console_output(self, *, aws_retry: bool, InstanceId: str, Latest: bool = False) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        if Latest and not self.nitro:
            raise refusal("UnsupportedOperation")
        if InstanceId not in self.consoles:
            raise refusal("InvalidInstanceID.NotFound")
        text = self.consoles[InstanceId]
        return {"Output": text} if text else {}

    def get_parameters(self, *, aws_retry: bool, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert not WithDecryption
        return {"Parameters": [{"Name": n, "Value": self.parameters[n]} for n in Names if n in self.parameters]}

    def put_parameter(self, *, aws_retry: bool, Name: str, Value: str, Type: str, Tags: list[object]) -> None:  # noqa: N803
        assert aws_retry
        assert Type == "String"
        assert Tags == []
        self.parameters[Name] = Value

    def get_paginator(self, operation: str) -> Account:
        assert operation == "get_parameters_by_path"
        return self

    def paginate(self, *, Path: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Parameters": [{"Name": n}]} for n in self.parameters if n.startswith(f"{Path}/")]

    def delete_parameters(self, *, aws_retry: bool, Names: list[str]) -> None:  # noqa: N803
        assert aws_retry
        for name in Names:
            del self.parameters[name]


@dataclass
class Controller:
    """One operator's machine."""

    account: Account
    file: Path
    check_mode: bool = False

    def run(self, *instances: str, keep: bool = True) -> dict[str, Any]:
        self.params = {
            "instances": list(instances),
            "parameter_path": PATH,
            "known_hosts": str(self.file),
            "keep": keep,
            "tags": {},
        }
        answer: dict[str, Any] = host_keys.ensure(self, self.account)
        return answer

    def client(self, name: str, retry_decorator: object) -> Account:
        assert name == "ec2"
        assert retry_decorator
        return self.account


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(Account(), tmp_path / "known_hosts")


@pytest.mark.parametrize("nitro", [True, False])
def test_keys_are_read_once_and_kept_for_who_comes_later(
    controller: Controller, tmp_path: Path, *, nitro: bool
) -> None:
    ops, monitoring = keys_made(tmp_path, "ed25519", "ecdsa", "rsa"), keys_made(tmp_path, "ed25519")
    account = controller.account
    account.nitro = nitro
    account.consoles = {"i-ops": CONSOLE.format(keys="\r\n".join(ops)), "i-mon": CONSOLE.format(keys=monitoring[0])}
    assert controller.run("i-ops", "i-mon") == {"changed": True, "missing": []}
    expected = [f"i-mon {key}" for key in bare(monitoring)] + [f"i-ops {key}" for key in bare(ops)]
    assert controller.file.read_text().splitlines() == expected
    for line in ops:
        found = subprocess.run(
            ["ssh-keygen", "-F", "i-ops", "-f", controller.file], check=True, capture_output=True, text=True, timeout=30
        )
        assert line.rpartition(" ")[0] in found.stdout

    account.consoles = {"i-ops": "", "i-mon": ""}  # AWS forgets
    later = Controller(account, tmp_path / "later")
    assert later.run("i-ops", "i-mon") == {"changed": False, "missing": []}
    assert later.file.read_bytes() == controller.file.read_bytes()


def test_a_host_that_has_not_booted_yet_is_named(controller: Controller, tmp_path: Path) -> None:
    known = keys_made(tmp_path, "ed25519")
    controller.account.consoles = {
        "i-booting": CONSOLE.partition("-----END SSH HOST KEY KEYS")[0].format(keys=known[0]),
        "i-silent": "",
        "i-up": CONSOLE.format(keys=known[0]),
    }
    assert controller.run("i-booting", "i-silent", "i-gone", "i-up")["missing"] == ["i-booting", "i-gone", "i-silent"]
    assert [line.split()[0] for line in controller.file.read_text().splitlines()] == ["i-up"]


def test_a_replaced_host_s_keys_leave_the_file(controller: Controller, tmp_path: Path) -> None:
    first, second = (CONSOLE.format(keys=keys_made(tmp_path, "ed25519")[0]) for _ in range(2))
    controller.account.consoles = {"i-old": first, "i-new": second}
    controller.run("i-old")
    controller.run("i-new")
    assert [line.split()[0] for line in controller.file.read_text().splitlines()] == ["i-new"]


def test_a_console_with_damaged_keys_teaches_none(tmp_path: Path) -> None:
    good = keys_made(tmp_path, "ed25519")[0]
    kind, data, _ = good.split()
    damaged = f"{kind} {data[:30]}[  OK  ] Reached target{data[30:]} x\r\nssh-rsa {data} x\r\n{kind} AAAA x"
    assert host_keys.keys_of(CONSOLE.format(keys=damaged)) == []
    assert host_keys.keys_of(CONSOLE.format(keys=f"{damaged}\r\n{good}")) == [f"{kind} {data}"]


def test_the_newest_block_counts(tmp_path: Path) -> None:
    old, new = keys_made(tmp_path, "ed25519", "ed25519")
    assert host_keys.keys_of(CONSOLE.format(keys=old) + CONSOLE.format(keys=new)) == bare([new])


def test_a_check_writes_nothing_and_who_may_not_keep_them_still_connects(
    controller: Controller, tmp_path: Path
) -> None:
    controller.account.consoles = {"i-ops": CONSOLE.format(keys=keys_made(tmp_path, "ed25519")[0])}
    controller.check_mode = True
    assert controller.run("i-ops") == {"changed": True, "missing": []}
    assert not controller.file.exists()
    assert not controller.account.parameters
    controller.check_mode = False
    assert controller.run("i-ops", keep=False) == {"changed": False, "missing": []}
    assert controller.file.read_text().startswith("i-ops ssh-ed25519 ")
    assert not controller.account.parameters


def test_removal_deletes_them_all(controller: Controller) -> None:
    controller.account.parameters = {f"{PATH}/i-{number}": "x" for number in range(12)} | {
        "/beacon/production/other": "y"
    }
    controller.params = {"parameter_path": PATH}
    assert host_keys.remove(controller, controller.account) == {"changed": True}
    assert controller.account.parameters == {"/beacon/production/other": "y"}
    assert host_keys.remove(controller, controller.account) == {"changed": False}
