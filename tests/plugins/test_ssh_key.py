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
    history: dict[str, list[str]] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)  # the pairs'
    quicker: str = ""  # the key that another run puts there first

    def get_parameters(self, *, aws_retry: bool, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        found = [name for name in Names if name in self.parameters]
        return {
            "Parameters": [{"Name": name, "Value": self.parameters[name] if WithDecryption else ""} for name in found]
        }

    def get_parameter_history(
        self,
        *,
        aws_retry: bool,
        Name: str,  # noqa: N803
        WithDecryption: bool,  # noqa: N803
        NextToken: str = "0",  # noqa: N803
    ) -> dict[str, Any]:
        assert aws_retry
        assert WithDecryption
        values, at = self.history.get(Name, []), int(NextToken)  # a page for each
        more = {"NextToken": str(at + 1)} if at + 1 < len(values) else {}
        return {"Parameters": [{"Value": value} for value in values[at : at + 1]], **more}

    def put_parameter(
        self,
        *,
        aws_retry: bool,
        Name: str,  # noqa: N803
        Value: str,  # noqa: N803
        Type: str,  # noqa: N803
        Tags: list[dict[str, str]] | None = None,  # noqa: N803
        Overwrite: bool = False,  # noqa: N803
    ) -> None:
        assert aws_retry
        assert Type == "SecureString"
        assert (Tags is None) == Overwrite  # AWS takes one of both
        assert Overwrite or Tags == [{"Key": "Project", "Value": "beacon"}]
        if self.quicker:
            self.parameters[Name] = self.quicker
            raise refusal("ParameterAlreadyExists")
        self.parameters[Name] = Value
        self.history.setdefault(Name, []).append(Value)

    def delete_parameter(self, *, aws_retry: bool, Name: str) -> None:  # noqa: N803
        assert aws_retry
        del self.parameters[Name]

    def describe_key_pairs(self, *, aws_retry: bool, KeyNames: list[str], IncludePublicKey: bool) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        assert IncludePublicKey
        if KeyNames[0] not in self.pairs:
            raise refusal("InvalidKeyPair.NotFound")
        return {"KeyPairs": [{"PublicKey": self.pairs[KeyNames[0]], "Tags": self.tags}]}

    def delete_key_pair(self, *, aws_retry: bool, KeyName: str) -> None:  # noqa: N803
        assert aws_retry
        del self.pairs[KeyName]

    def import_key_pair(
        self,
        *,
        aws_retry: bool,
        KeyName: str,  # noqa: N803
        PublicKeyMaterial: bytes,  # noqa: N803
        TagSpecifications: list[dict[str, Any]] | None = None,  # noqa: N803
    ) -> None:
        assert aws_retry
        assert KeyName not in self.pairs
        self.pairs[KeyName] = PublicKeyMaterial.decode()
        for item in TagSpecifications or []:
            assert item["ResourceType"] == "key-pair"
            assert item["Tags"]  # AWS refuses an empty list
            self.tags = item["Tags"]


@dataclass
class Controller:
    """One operator's machine, with a state directory of its own."""

    account: Account
    file: Path

    @property
    def next(self) -> Path:
        """Where the next key is while it is tried."""
        return self.file.with_suffix(".next")

    def step(self, rotation: str, *, check: bool = False) -> dict[str, Any]:
        """Take a step of a rotation, with the key that a verb begins with."""
        self.run(create=False, key_pair="", former="replaced")
        self.check_mode = check
        self.params |= {"rotation": rotation, "next_path": str(self.next), "key_pair": PAIR}
        answer: dict[str, Any] = ssh_key.rotate(self, self.account)
        return answer

    def run(
        self, *, check: bool = False, create: bool = True, key_pair: str = PAIR, former: str = "refused"
    ) -> dict[str, Any]:
        """Run the module as a play would."""
        self.check_mode = check
        self.params = {
            "parameter": NAME,
            "path": str(self.file),
            "key_pair": key_pair,
            "former": former,
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


@pytest.fixture
def rotated(account: Account, controller: Controller) -> Controller:
    """An operator of an environment whose key can be rotated."""
    account.pairs[PAIR] = controller.run()["public_key"]
    account.tags = [{"Key": "Owner", "Value": "somebody"}]
    return controller


def test_a_rotation_is_three_steps_and_each_may_be_repeated(account: Account, rotated: Controller) -> None:
    old = rotated.run()
    first = rotated.step("begin")
    assert (first["changed"], first["fingerprint"]) == (True, old["fingerprint"])
    assert first["next_public_key"] not in ("", old["public_key"])
    assert rotated.step("begin") == {**first, "changed": False}
    assert rotated.run(create=False, key_pair="")["next_public_key"] == first["next_public_key"]  # for who lets in both
    assert rotated.next.stat().st_mode & 0o777 == 0o600
    assert account.pairs[PAIR] == old["public_key"]
    changed = rotated.step("change")
    assert (changed["public_key"], changed["next_public_key"]) == (first["next_public_key"], "")
    assert rotated.file.read_text() == account.parameters[NAME]
    assert not rotated.next.exists()
    assert rotated.step("change") == {**changed, "changed": False}
    assert rotated.step("end")["changed"]
    assert account.pairs[PAIR] == changed["public_key"]
    assert account.tags == [{"Key": "Owner", "Value": "somebody"}]
    assert not rotated.step("end")["changed"]
    assert not rotated.run()["changed"]
    assert rotated.step("begin")["next_public_key"] not in ("", old["public_key"], changed["public_key"])


def test_one_that_was_cut_short_after_the_change_makes_no_other_key(account: Account, rotated: Controller) -> None:
    rotated.step("begin")
    key = rotated.step("change")["public_key"]
    assert rotated.step("begin") == {**rotated.step("change"), "next_public_key": key}
    assert rotated.step("end")["changed"]
    assert account.pairs[PAIR] == key


def test_a_pair_that_is_gone_is_made_again(account: Account, rotated: Controller) -> None:
    rotated.step("begin")
    key = rotated.step("change")["public_key"]
    del account.pairs[PAIR]  # cut short between its removal and the next one
    assert rotated.step("end")["changed"]
    assert account.pairs[PAIR] == key
    assert account.tags == [{"Key": "Project", "Value": "beacon"}]


def test_a_pair_without_tags_stays_without(account: Account, rotated: Controller) -> None:
    account.tags = []
    for step in ("begin", "change", "end"):
        key = rotated.step(step)["public_key"]
    assert (account.pairs[PAIR], account.tags) == (key, [])


def test_other_operators_get_the_new_key(account: Account, rotated: Controller, tmp_path: Path) -> None:
    other = Controller(account, tmp_path / "other" / "id_ed25519")
    before = other.run(create=False, key_pair="")["fingerprint"]
    for step in ("begin", "change", "end"):
        after = rotated.step(step)["fingerprint"]
    text = other.refused(create=False, key_pair="")
    assert f"The ssh key {other.file} is {before}, the environment's before it was rotated to {after}" in text
    assert "Unset BEACON_SSH_KEY_FILE, and the environment's key is taken. Nothing was changed." in text
    assert other.run(create=False, key_pair="", former="replaced")["fingerprint"] == after
    assert other.file.read_text() == rotated.file.read_text()


def test_provision_refuses_to_go_on_where_a_rotation_was_cut_short(rotated: Controller) -> None:
    rotated.step("begin")
    rotated.step("change")
    text = rotated.refused()
    assert f"EC2's key pair {PAIR} is SHA256:" in text
    assert "its rotation was cut short. Run beacon.platform.rotate -e rotate_what=ssh, which goes on with it." in text


def test_a_pair_that_never_was_the_environment_s_is_no_rotation(account: Account, rotated: Controller) -> None:
    made(rotated.file.with_name("other"))
    account.pairs[PAIR] = rotated.file.with_name("other.pub").read_text()
    with pytest.raises(ssh_key.KeyProblemError, match="Put the parameter's right version back"):
        rotated.step("begin")
    assert not rotated.next.exists()


def test_a_check_of_a_rotation_writes_nothing(account: Account, rotated: Controller) -> None:
    before = dict(account.parameters)
    assert rotated.step("begin", check=True)["changed"]
    assert account.parameters == before
    assert not rotated.next.exists()


def test_a_removal_takes_what_a_rotation_left(account: Account, rotated: Controller) -> None:
    rotated.step("begin")
    rotated.check_mode = False
    assert ssh_key.remove(rotated, account) == {"changed": True}
    assert not account.parameters


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (
            "GetParameters",
            f"kept in Parameter Store ({NAME}), and these credentials are not allowed to use it. Use credentials",
        ),
        (
            "DescribeKeyPairs",
            f"EC2's key pair {PAIR}. The environment's deployer role is from the next run of beacon.platform.prov",
        ),
    ],
)
def test_who_may_not_is_told_who_may(operation: str, says: str) -> None:
    assert says in ssh_key.denied(operation, PAIR, NAME)


def test_without_a_key_there_is_nothing_to_rotate(controller: Controller) -> None:
    controller.check_mode = False
    controller.params = {"parameter": NAME, "path": str(controller.file), "key_pair": "", "former": "refused"}
    with pytest.raises(ssh_key.KeyProblemError, match=r"has no ssh key in Parameter Store .* to rotate"):
        ssh_key.rotate(controller, controller.account)
