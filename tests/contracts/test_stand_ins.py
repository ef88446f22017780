"""The stand-ins have the official modules' interface, no less and no more, and refuse what they don't implement."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.terraform_files import MODULES, STAND_INS, Contract, blocks, type_of
from tests.contracts.write_refusals import render

if TYPE_CHECKING:
    from pathlib import Path

PROVIDERS = {"aws"}


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_variables_are_those_of_the_official_module(module: str) -> None:
    assert set(blocks(STAND_INS / module, "variable")) == set(Contract.read(module).variables)


def test_types_are_those_of_the_official_module(module: str) -> None:
    written = {name: type_of(variable) for name, variable in blocks(STAND_INS / module, "variable").items()}
    recorded = {name: type_of(variable) for name, variable in Contract.read(module).variables.items()}
    assert written == recorded


def test_defaults_are_those_of_the_official_module(module: str) -> None:
    written = {name: plain(variable["default"]) for name, variable in blocks(STAND_INS / module, "variable").items()}
    recorded = {name: variable["default"] for name, variable in Contract.read(module).variables.items()}
    assert written == recorded


def test_outputs_are_those_of_the_official_module(module: str) -> None:
    assert set(blocks(STAND_INS / module, "output")) == set(Contract.read(module).outputs)


def test_everything_is_described(module: str) -> None:
    for kind in ("variable", "output"):
        nameless = [name for name, block in blocks(STAND_INS / module, kind).items() if not block.get("description")]
        assert not nameless, f"{kind}s of {module} without a description: {nameless}"


def test_every_argument_is_implemented_or_refused(module: str) -> None:
    """An argument that nothing reads would be ignored silently."""
    folder = STAND_INS / module
    code = "\n".join(
        path.read_text() for path in folder.glob("*.tf") if path.name not in {"variables.tf", "refused.tf", "empty.tf"}
    )
    for name, variable in blocks(folder, "variable").items():
        read = re.search(rf"\bvar\.{name}\b", code)
        refused = any("does not implement" in str(check["error_message"]) for check in variable.get("validation", []))
        decides = name.startswith("create_flow_log_cloudwatch_")  # told by enable_flow_log's validation
        assert read or refused or decides, f"{module}: {name} is neither implemented nor refused"
        assert not (read and refused), f"{module}: {name} is both implemented and refused"


def test_refusals_name_their_argument(module: str) -> None:
    for name, variable in blocks(STAND_INS / module, "variable", among=("refused.tf",)).items():
        (check,) = variable["validation"]
        assert f"does not implement {name}:" in check["error_message"]


def test_written_files_are_up_to_date(module: str) -> None:
    stale = [name for name, text in render(module).items() if (STAND_INS / module / name).read_text() != text]
    assert not stale, f"{stale} of {module}: run `python -m tests.contracts.write_refusals`"


def test_only_the_aws_provider_is_needed(module: str) -> None:
    (needed,) = (STAND_INS / module).glob("versions.tf")
    assert set(re.findall(r"^    (\w+) = \{", needed.read_text(), flags=re.MULTILINE)) == PROVIDERS


def test_seed_names_the_recorded_versions() -> None:
    seed = json.loads((STAND_INS / "modules.json").read_text())
    entries = {entry["Key"]: entry for entry in seed["Modules"] if entry["Key"]}
    assert set(entries) == set(MODULES)
    for name, entry in entries.items():
        contract = Contract.read(name)
        assert entry == {
            "Key": name,
            "Source": f"registry.terraform.io/{contract.source}",
            "Version": contract.version,
            "Dir": name,
        }


# An example of each kind of argument that is refused: by its type, and by a key of an argument of any type.
REFUSED = {
    "vpc": {
        "enable_ipv6": "true",
        "secondary_cidr_blocks": '["10.1.0.0/16"]',
        "default_network_acl_ingress": "[]",
        "manage_default_security_group": "false",
        "ipv4_netmask_length": "24",
    },
    "eks": {
        "fargate_profiles": "{ one = {} }",
        "cluster_compute_config": "{ enabled = true }",
        "iam_role_arn": '"arn:aws:iam::123456789012:role/x"',
        "enable_irsa": "true",
        "enable_auto_mode_custom_tags": "true",
        "eks_managed_node_groups": '{ one = { pre_bootstrap_user_data = "true" } }',
        "cluster_addons": "{ coredns = { pod_identity_association = [] } }",
        "access_entries": "{ one = { nonsense = true } }",
        "cluster_security_group_additional_rules": "{ one = { prefix_list_ids = [] } }",
        "node_security_group_additional_rules": "{ one = { prefix_list_ids = [] } }",
        "cluster_encryption_config": '{ provider_key_arn = "x" }',
    },
}


def test_refused_arguments_fail_by_their_name(validate: Validate) -> None:
    messages = validate(REFUSED).split("Error: ")[1:]
    for module, arguments in REFUSED.items():
        for argument in arguments:
            ours = [
                text for text in messages if re.search(rf"\b{argument}\b", text) and f"modules/{module}/aws" in text
            ]
            assert len(ours) == 1, f"{argument} of {module}: {ours or messages}"
            assert "or run where the official module can be had." in ours[0]
    assert len(messages) == sum(map(len, REFUSED.values()))


def test_using_none_of_them_passes(validate: Validate) -> None:
    fitting = {"vpc": {"name": '"x"'}, "eks": {"enable_irsa": "false", "enable_auto_mode_custom_tags": "false"}}
    assert "The configuration is valid" in validate(fitting)


def plain(value: Any) -> Any:
    """Return a parsed default as JSON has it: keys without the quotes that HCL allows them."""
    if isinstance(value, dict):
        return {str(key).strip('"'): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


class Validate:
    """`terraform validate` of a caller of the stand-ins: all its messages, as one line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, modules: dict[str, dict[str, str]]) -> str:
        texts = []
        for module, arguments in modules.items():
            lines = "\n".join(f"  {name} = {value}" for name, value in arguments.items())
            texts.append(f'module "{module}" {{\n  source = "{STAND_INS / module}"\n{lines}\n}}\n')
        (self.folder / "main.tf").write_text("".join(texts))
        self._run("init", "-backend=false", "-input=false").check_returncode()
        done = self._run("validate")
        return " ".join((done.stdout + done.stderr).split())

    def _run(self, *verb: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.folder}", *verb, "-no-color"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def validate(tmp_path: Path, terraform_providers: None) -> Validate:
    return Validate(tmp_path)
