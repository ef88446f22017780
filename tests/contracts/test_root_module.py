"""The root module uses what the official modules offer, and offers what the rest of the project uses."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.contracts.terraform_files import CONTRACTS, PERMISSIONS, ROOT_MODULE, blocks, parse, type_of

META_ARGUMENTS = {"source", "version", "count", "for_each", "providers", "depends_on"}

# What the roles read: a name that is gone breaks them.
OUTPUTS = {
    "environment", "region", "account_id", "cluster_name", "cluster_endpoint", "cluster_certificate_authority",
    "deployer_role_arn", "vpc_id", "vpc_cidr", "ops_public_ip", "ops_instance_id", "monitoring_private_ip", "monitoring_data_device",
    "monitoring_instance_id", "load_balancer_addresses", "load_balancer_dns_name", "http_port", "grafana_port",
    "node_port_http", "ssh_user", "image_platform", "ecr_repositories", "parameters", "kms_key_arn", "images_key_arn", "backup_bucket",
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRACTS)
def test_modules_are_the_official_ones_at_the_recorded_version(name: str) -> None:
    block = blocks(ROOT_MODULE, "module")[name]
    contract = CONTRACTS[name]
    assert (block["source"], block["version"]) == (contract.source, contract.version)


@pytest.mark.parametrize("name", CONTRACTS)
def test_arguments_are_known_to_the_official_module(name: str) -> None:
    given = set(blocks(ROOT_MODULE, "module")[name]) - META_ARGUMENTS
    assert given <= set(CONTRACTS[name].variables)


@pytest.mark.parametrize("name", CONTRACTS)
def test_literal_arguments_have_the_type_of_the_official_module(name: str) -> None:
    """Expressions are Terraform's to check; what is written out is checked here, also where the module can't be had."""
    variables = CONTRACTS[name].variables
    shapes = {"bool": bool, "number": int, "string": str, "list": list, "map": dict}
    for argument, value in blocks(ROOT_MODULE, "module")[name].items():
        is_expression = isinstance(value, str) and value.startswith("${")
        if argument in META_ARGUMENTS or is_expression or type_of(variables[argument]) == "any":
            continue
        shape = shapes[type_of(variables[argument]).partition("(")[0]]
        assert isinstance(value, shape), f"{name}: {argument}"


@pytest.mark.parametrize("name", CONTRACTS)
def test_used_outputs_exist_in_the_official_module(name: str) -> None:
    text = "\n".join(path.read_text() for path in ROOT_MODULE.glob("*.tf"))
    used = set(re.findall(rf"\bmodule\.{name}\.(\w+)", text))
    assert used
    assert used <= set(CONTRACTS[name].outputs)


def test_no_other_module_is_used() -> None:
    assert set(blocks(ROOT_MODULE, "module")) == set(CONTRACTS)


def test_outputs_are_what_the_roles_read() -> None:
    assert set(blocks(ROOT_MODULE, "output")) == OUTPUTS


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_everything_is_described(kind: str) -> None:
    nameless = [name for name, block in blocks(ROOT_MODULE, kind).items() if not block.get("description")]
    assert not nameless


def test_every_variable_has_a_type() -> None:
    assert all("type" in block for block in blocks(ROOT_MODULE, "variable").values())


def test_no_value_of_a_parameter_is_known_to_terraform() -> None:
    """A secret that Terraform knew would stand in its state."""
    text = "\n".join(path.read_text() for path in ROOT_MODULE.glob("*.tf"))
    assert "aws_ssm_parameter" not in text
    assert "aws_secretsmanager" not in text
    assert "random_password" not in text


def policies_of_hosts() -> dict[str, list[dict[str, Any]]]:
    """Return the statements of the policies that hosts' roles have, by the document's name, as that writes them."""
    resources = [block for path in ROOT_MODULE.glob("*.tf") for block in parse(path).get("resource", [])]
    attached = [body for block in resources for kind in block for body in block[kind].values() if "role" in body]
    of_hosts = [body["policy"] for body in attached if "aws_iam_role.host" in body["role"] and "policy" in body]
    data = [block for path in ROOT_MODULE.glob("*.tf") for block in parse(path).get("data", [])]
    documents = {name: body for block in data for name, body in block.get("aws_iam_policy_document", {}).items()}
    found = {}
    for written in of_hosts:
        if template := re.search(r"permissions/(\w+)\.json\.tftpl", written):
            found[template[1]] = json.loads((PERMISSIONS / f"{template[1]}.json.tftpl").read_text())["Statement"]
        else:
            name = re.sub(r".*policy_document\.(\w+)\.json.*", r"\1", written)
            found[name] = documents[name]["statement"]
    return found


def actions(statement: dict[str, Any]) -> list[str]:
    """Return a statement's actions, as a file has them or as Terraform writes them."""
    found = statement.get("Action", statement.get("actions", []))
    return [found] if isinstance(found, str) else found


def test_hosts_have_policies_of_this_module_only() -> None:
    """A managed policy allows more than it says: AmazonSSMManagedInstanceCore reads every parameter of the account."""
    text = "\n".join(path.read_text() for path in ROOT_MODULE.glob("*.tf"))
    attachments = re.findall(r'resource "aws_iam_role_policy_attachment" .*?\n}', text, flags=re.DOTALL)
    assert not [text for text in attachments if "aws_iam_role.host" in text]
    assert set(policies_of_hosts()) == {"monitoring", "host_no_parameters"}


def test_hosts_decrypt_by_s3_only_and_for_their_bucket() -> None:
    """The environment's key encrypts the parameters, too, the CA's private key among them."""
    statements = [each for document in policies_of_hosts().values() for each in document]
    decrypting = [each for each in statements if any(action.startswith(("kms:", "*")) for action in actions(each))]
    assert decrypting
    for statement in decrypting:
        conditions = statement["Condition"]["StringEquals"]
        assert conditions["kms:ViaService"] == ["s3.${region}.amazonaws.com"]
        assert conditions["kms:EncryptionContext:aws:s3:arn"] == [
            "arn:${partition}:s3:::beacon-${environment}-backup-${account_id}"
        ]


def test_the_monitoring_host_deletes_what_restic_ends_and_neither_a_key_nor_a_version() -> None:
    (deleting,) = [each for each in policies_of_hosts()["monitoring"] if "Delete" in str(each["Action"])]
    backups = "arn:${partition}:s3:::beacon-${environment}-backup-${account_id}/*"
    assert deleting["Action"] == "s3:DeleteObject"
    assert deleting["Resource"] == [f"{backups}/{folder}/*" for folder in ("data", "index", "locks", "snapshots")]


def test_hosts_are_denied_every_parameter() -> None:
    (statement,) = policies_of_hosts()["host_no_parameters"]
    assert (statement["effect"], statement["actions"], statement["resources"]) == ("Deny", ["ssm:GetParameter*"], ["*"])
    assert "condition" not in statement
    text = (ROOT_MODULE / "iam.tf").read_text()
    (resource,) = re.findall(r'resource "aws_iam_role_policy" "host_no_parameters" {.*?\n}', text, flags=re.DOTALL)
    assert "for_each = local.hosts" in resource


def test_no_file_asks_where_it_runs() -> None:
    text = "\n".join(path.read_text() for path in ROOT_MODULE.glob("*.tf"))
    assert not re.search(r"\b(endpoints|skip_credentials_validation|s3_use_path_style|is_local)\b", text)
