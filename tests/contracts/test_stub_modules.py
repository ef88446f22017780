"""The stub modules have the official modules' interface, no less and no more, and refuse what they don't implement."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mirror.stub_modules import REST, install
from tests.contracts.terraform_files import CONTRACTS, STUBS, blocks, type_of

if TYPE_CHECKING:
    from pathlib import Path

PROVIDERS = {"aws"}


@pytest.fixture(params=CONTRACTS)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(stubs: Path, module: str) -> Path:
    return stubs / module


def test_variables_are_those_of_the_official_module(module: str, folder: Path) -> None:
    assert set(blocks(folder, "variable")) == set(CONTRACTS[module].variables)


def test_types_are_those_of_the_official_module(module: str, folder: Path) -> None:
    written = {name: type_of(variable) for name, variable in blocks(folder, "variable").items()}
    recorded = {name: type_of(variable) for name, variable in CONTRACTS[module].variables.items()}
    assert written == recorded


def test_defaults_are_those_of_the_official_module(module: str, folder: Path) -> None:
    written = {name: plain(variable["default"]) for name, variable in blocks(folder, "variable").items()}
    recorded = {name: variable["default"] for name, variable in CONTRACTS[module].variables.items()}
    assert written == recorded


def test_outputs_are_those_of_the_official_module(module: str, folder: Path) -> None:
    assert set(blocks(folder, "output")) == set(CONTRACTS[module].outputs)


def test_everything_is_described(folder: Path) -> None:
    for kind in ("variable", "output"):
        nameless = [name for name, block in blocks(folder, kind).items() if not block.get("description")]
        assert not nameless, f"{kind}s of {folder.name} without a description: {nameless}"


def test_every_argument_is_implemented_or_refused(module: str, folder: Path) -> None:
    """An argument that nothing reads would be ignored silently."""
    code = "\n".join(path.read_text() for path in folder.glob("*.tf") if path.name != "variables.tf")
    refused = json.loads((folder / REST).read_text())["variable"]
    for name, variable in blocks(folder, "variable").items():
        read = re.search(rf"\bvar\.{name}\b", code)
        told = "does not implement" in str(variable.get("validation"))  # enable_irsa, for example
        decides = name.startswith("create_flow_log_cloudwatch_")  # told by enable_flow_log's validation
        assert read or told or decides, f"{module}: {name} is neither implemented nor refused"
        assert not (read and name in refused), f"{module}: {name} is both implemented and refused"


def test_refusals_name_their_argument(folder: Path) -> None:
    for name, variable in json.loads((folder / REST).read_text())["variable"].items():
        assert f"does not implement {name}:" in variable["validation"]["error_message"]


def test_what_a_stub_no_longer_has_goes_when_it_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "vpc").mkdir()
    (tmp_path / "vpc" / "refused.tf").write_text("")
    install(STUBS, tmp_path)
    assert {path.name for path in (tmp_path / "vpc").iterdir()} == {
        *(path.name for path in (STUBS / "vpc").glob("*.tf")),
        REST,
    }


def test_only_the_aws_provider_is_needed(folder: Path) -> None:
    (needed,) = folder.glob("versions.tf")
    assert set(re.findall(r"^    (\w+) = \{", needed.read_text(), flags=re.MULTILINE)) == PROVIDERS


def test_seed_names_the_recorded_versions(stubs: Path) -> None:
    root, *entries = json.loads(install(STUBS, stubs))["Modules"]
    assert root == {"Key": "", "Source": "", "Dir": "."}
    assert [(entry["Key"], entry["Source"], entry["Version"], entry["Dir"]) for entry in entries] == [
        ("eks", "registry.terraform.io/terraform-aws-modules/eks/aws", "20.37.2", str(stubs / "eks")),
        ("vpc", "registry.terraform.io/terraform-aws-modules/vpc/aws", "5.21.0", str(stubs / "vpc")),
    ]


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
    """`terraform validate` of a caller of the stub modules: all its messages, as one line."""

    def __init__(self, folder: Path, stubs: Path) -> None:
        self.folder = folder
        self.stubs = stubs

    def __call__(self, modules: dict[str, dict[str, str]]) -> str:
        texts = []
        for module, arguments in modules.items():
            lines = "\n".join(f"  {name} = {value}" for name, value in arguments.items())
            texts.append(f'module "{module}" {{\n  source = "{self.stubs / module}"\n{lines}\n}}\n')
        (self.folder / "main.tf").write_text("".join(texts))
        self._run("init", "-backend=false", "-input=false").check_returncode()
        done = self._run("validate")
        return " ".join((done.stdout + done.stderr).split())

    def _run(self, *verb: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={self.folder}", *verb, "-no-color"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def validate(tmp_path: Path, stubs: Path, terraform_providers: None) -> Validate:
    return Validate(tmp_path, stubs)
