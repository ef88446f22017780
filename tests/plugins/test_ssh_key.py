"""An environment's ssh key: kept in the environment, compared before it is used, never shown."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.plugins.test_image_plugins import load

if TYPE_CHECKING:
    from pathlib import Path

ssh_key = load("modules/ssh_key.py")
NAME = "/beacon/production/ssh-private-key"
PAIR = "beacon-production"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@dataclass
class Account:
    """Parameter Store and EC2's key pairs, as far as the module asks them."""

    parameters: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    quicker: str = ""  # the key that another run puts there first

    def get_parameter(self, *, aws_retry: bool, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert WithDecryption
        if Name not in self.parameters:
            raise refusal("ParameterNotFound")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def get_parameters(self, *, aws_retry: bool, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert not WithDecryption
        return {"Parameters": [{"Name": name} for name in Names if name in self.parameters]}

    def put_parameter(self, *, aws_retry: bool, Name: str, Value: str, Type: str, Tags: list[dict[str, str]]) -> None:  # noqa: N803
        assert aws_retry
        assert Type == "SecureString"
        assert Tags == [{"Key": "Project", "Value": "beacon"}]
        if self.quicker:
            self.parameters[Name] = self.quicker
            raise refusal("ParameterAlreadyExists")
        self.parameters[Name] = Value

    def delete_parameter(self, *, aws_retry: bool, Name: str) -> None:  # noqa: N803
        assert aws_retry
        del self.parameters[Name]

    def describe_key_pairs(self, *, aws_retry: bool, KeyNames: list[str], IncludePublicKey: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert IncludePublicKey
        if KeyNames[0] not in self.pairs:
            raise refusal("InvalidKeyPair.NotFound")
        return {"KeyPairs": [{"PublicKey": self.pairs[KeyNames[0]]}]}


@dataclass
class Controller:
    """One operator's machine, with a state directory of its own."""

    account: Account
    file: Path

    def run(self, *, check: bool = False, create: bool = True, key_pair: str = PAIR) -> dict[str, Any]:
        """Run the module as a play would."""
        self.check_mode = check
        self.params = {
            "parameter": NAME,
            "path": str(self.file),
            "key_pair": key_pair,
            "create": create,
            "comment": "beacon",
            "tags": {"Project": "beacon"},
        }
        answer: dict[str, Any] = ssh_key.ensure(self, self.account)
        return answer

    def client(self, name: str, retry_decorator: object) -> Account:
        assert name == "ec2"
        assert retry_decorator
        return self.account

    def refused(self, **options: Any) -> str:
        """Run it where it has to refuse, and show that nothing was changed; return what it says."""
        before = (dict(self.account.parameters), self.file.read_bytes() if self.file.exists() else None)
        with pytest.raises(ssh_key.KeyProblemError) as error:
            self.run(**options)
        assert before == (self.account.parameters, self.file.read_bytes() if self.file.exists() else None)
        return str(error.value)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def controller(account: Account, tmp_path: Path) -> Controller:
    return Controller(account, tmp_path / "first" / "id_ed25519")


def made(path: Path, *arguments: str) -> str:
    """Make a key by OpenSSH; return its fingerprint."""
    path.parent.mkdir(exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", *arguments, "-f", str(path)], check=True, timeout=30)
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True, timeout=30
    )
    return shown.stdout.split()[1]


def test_the_first_run_keeps_its_key_in_the_environment(account: Account, controller: Controller) -> None:
    answer = controller.run()
    assert answer["changed"]
    assert account.parameters[NAME] == controller.file.read_text()
    assert controller.file.stat().st_mode & 0o777 == 0o600
    assert answer["public_key"].endswith(" beacon")
    assert "PRIVATE" not in str(answer)
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(controller.file)], check=True, capture_output=True, text=True, timeout=30
    )
    assert shown.stdout.split()[1] == answer["fingerprint"]  # OpenSSH reads it, and sees the same key
    assert not controller.run()["changed"]


def test_a_second_operator_with_an_empty_disk_gets_it(account: Account, controller: Controller, tmp_path: Path) -> None:
    first = controller.run()
    account.pairs[PAIR] = first["public_key"]
    second = Controller(account, tmp_path / "second" / "id_ed25519")
    assert second.run(create=False, key_pair="") == {**first, "changed": False}
    assert second.file.read_bytes() == controller.file.read_bytes()
    assert second.file.stat().st_mode & 0o777 == 0o600
    assert not second.run()["changed"]


@pytest.mark.parametrize("create", [True, False], ids=["provision", "another verb"])
def test_another_key_than_the_environment_s_is_refused(
    account: Account, controller: Controller, *, create: bool
) -> None:
    theirs = controller.run()["fingerprint"]
    controller.file.unlink()
    mine = made(controller.file)
    text = controller.refused(create=create, key_pair="")
    assert (
        f"The ssh key {controller.file} is {mine}, but the environment's, Parameter Store's {NAME}, is {theirs}" in text
    )
    assert "Move the file away, and the environment's key takes its place, or set BEACON_SSH_KEY_FILE to it." in text
    assert text.endswith("Nothing was changed.")


def test_another_key_than_the_account_s_pair_is_refused(account: Account, controller: Controller) -> None:
    theirs = made(controller.file)
    account.pairs[PAIR] = controller.file.with_suffix(".pub").read_text()
    for path in controller.file.parent.iterdir():
        path.unlink()
    mine = made(controller.file)
    text = controller.refused()
    assert f"The ssh key {controller.file} is {mine}, but the environment's, EC2's key pair {PAIR}, is {theirs}" in text
    assert "Put that key there, or set BEACON_SSH_KEY_FILE to it." in text


def test_a_pair_whose_private_half_is_nowhere_is_not_replaced(account: Account, controller: Controller) -> None:
    theirs = made(controller.file)
    account.pairs[PAIR] = controller.file.with_suffix(".pub").read_text()
    controller.file.unlink()
    text = controller.refused()
    assert (
        f"EC2's key pair {PAIR}, is {theirs}, and its private half is neither in Parameter Store ({NAME}) nor at"
        in text
    )


def test_a_parameter_that_is_another_key_than_the_pair_is_refused(account: Account, controller: Controller) -> None:
    kept = controller.run()["fingerprint"]
    pair = made(controller.file.with_name("other"))
    account.pairs[PAIR] = controller.file.with_name("other.pub").read_text()
    text = controller.refused()
    assert f"in Parameter Store's {NAME} is {kept}, but EC2's key pair {PAIR} is {pair}" in text
    assert f"`aws ssm get-parameter-history --name {NAME}`" in text


def test_a_key_of_an_earlier_version_is_kept_as_it_is(account: Account, controller: Controller) -> None:
    fingerprint = made(controller.file)
    account.pairs[PAIR] = controller.file.with_suffix(".pub").read_text()
    answer = controller.run()
    assert (answer["changed"], answer["fingerprint"]) == (True, fingerprint)
    assert account.parameters[NAME] == controller.file.read_text()


def test_two_first_runs_at_once_agree_on_one_key(account: Account, controller: Controller, tmp_path: Path) -> None:
    made(tmp_path / "theirs" / "key")
    account.quicker = (tmp_path / "theirs" / "key").read_text()
    assert not controller.run()["changed"]
    assert controller.file.read_text() == account.quicker


def test_a_check_writes_nothing_and_says_what_a_run_would_do(account: Account, controller: Controller) -> None:
    answer = controller.run(check=True)
    assert answer["changed"]
    assert answer["public_key"].startswith("ssh-ed25519 AAAA")
    assert not account.parameters
    assert not controller.file.parent.exists()
    controller.run()
    controller.file.unlink()
    assert not controller.run(check=True)["changed"]
    assert not controller.file.exists()


def test_a_verb_before_the_first_run_says_what_comes_first(controller: Controller) -> None:
    text = controller.refused(create=False)
    assert (
        f"The environment has no ssh key: it is neither in Parameter Store ({NAME}) nor at {controller.file}." in text
    )
    assert "Run beacon.platform.provision, which makes it." in text


@pytest.mark.parametrize(
    ("arguments", "says"), [(("-N", "secret"), "has a passphrase"), (("-t", "rsa", "-b", "2048", "-m", "PEM"), "")]
)
def test_keys_of_other_forms(controller: Controller, arguments: tuple[str, ...], says: str) -> None:
    fingerprint = made(controller.file, *arguments)
    if says:
        assert says in controller.refused()
    else:
        assert controller.run()["fingerprint"] == fingerprint


def test_a_file_that_holds_no_key_is_refused_without_its_content(controller: Controller) -> None:
    controller.file.parent.mkdir()
    controller.file.write_text("something private")
    text = controller.refused()
    assert f"{controller.file} is no private ssh key: it has to be one as `ssh-keygen -t ed25519` writes it." in text
    assert "something private" not in text


def test_removal_deletes_the_parameter_and_says_so_once(account: Account, controller: Controller) -> None:
    controller.run()
    for check, changed in ((True, True), (False, True), (False, False)):
        controller.check_mode = check
        assert ssh_key.remove(controller, account) == {"changed": changed}
    assert not account.parameters
    assert controller.file.exists()
