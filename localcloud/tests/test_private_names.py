"""Private names of moto and botocore that the local cloud stands on: a new release may drop them without a word.

Their public names are held by mypy (moto has types) and by the imports themselves.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import localcloud

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(localcloud.__path__[0])

# where it is defined -> what is used of it
STOOD_ON = {
    "botocore.auth:SigV4Auth": {"_normalize_url_path"},
    "moto.acm.models:AWSCertificateManagerBackend": {"_certificates"},
    "moto.core.base_backend:BackendDict": {"_instances"},
    "moto.core.responses:BaseResponse": {"_get_int_param", "_get_param"},
    "moto.ec2.models:EC2Backend": {"_get_template_from_args", "_verify_group_will_respect_rule_count_limit"},
    "moto.ec2.models.elastic_network_interfaces:NetworkInterface": {"_group_set"},
    "moto.ec2.models.instances:Instance": {"_state"},
    "moto.ec2.models.subnets:Subnet": {"_reserved_ips", "_subnet_ips"},
    "moto.ecr.models:ECRBackend": {"_get_repository", "_resolve_image_tag_mutability"},
    "moto.ecr.models:Repository": {"_get_image"},
    "moto.iam.policy_validation:IAMTrustPolicyDocumentValidator": {"_validate_version"},
    "moto.kms.responses:KmsResponse": {"_validate_key_id"},
    "moto.kms.utils": {"_deserialize_ciphertext_blob"},
    "moto.moto_api._internal": {"mock_random"},
    "moto.s3.models:FakeDeleteMarker": {"_version_id"},
    "moto.s3.models:FakeKey": {"_value_buffer"},
    "moto.s3.utils": {"_VersionedKeyStore"},
    "moto.ssm.models:SimpleSystemManagerBackend": {"_parameters"},
}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Yield the programs of the server: not the tests, and not what runs in images."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name != "conftest.py" and not {"tests", "images"} & set(path.relative_to(PACKAGE).parts):
            yield path, ast.parse(path.read_text())


def defined(tree: ast.Module) -> set[str]:
    """Return what a module defines: functions, classes, and attributes that are assigned."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
            found |= {each.attr for each in targets if isinstance(each, ast.Attribute) and is_name(each, "self")}
    return found


def is_name(node: ast.Attribute, *names: str) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in names


def used() -> dict[str, str]:
    """Return the private names of others that the package uses, with a place of each."""
    everywhere = set().union(*(defined(tree) for _, tree in sources()))  # `self` may be of another module's class
    found: dict[str, str] = {}
    for path, tree in sources():
        here = defined(tree)
        for node in ast.walk(tree):
            place = f"localcloud/{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Attribute) and private(node.attr) and not is_name(node, *sys.stdlib_module_names):
                if node.attr not in (everywhere if is_name(node, "self", "cls") else here):
                    found[node.attr] = place
            elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("localcloud"):
                hidden = any(map(private, node.module.split(".")))
                found |= {name.name: place for name in node.names if hidden or private(name.name)}
    return found | overridden()


def overridden() -> dict[str, str]:
    """Return the private methods of moto's classes that classes of the package replace."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(localcloud.__path__, "localcloud."):
        if {"tests", "images", "__main__", "conftest"} & set(module.name.split(".")):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(kind) and kind.__module__ == module.name:
                bases = [base for base in kind.__mro__ if base.__module__.startswith(("moto.", "botocore."))]
                found |= {n: kind.__name__ for n in vars(kind) if private(n) and any(n in vars(base) for base in bases)}
    return found


def test_every_private_name_that_is_used_is_listed_and_none_besides() -> None:
    listed = set().union(*STOOD_ON.values())
    places = used()
    new = {name: place for name, place in places.items() if name not in listed}
    assert not new, f"private names of libraries that {__name__} does not list: {new}: list them, or do without"
    assert not listed - set(places), (
        f"listed and no longer used: {sorted(listed - set(places))}: take them off the list"
    )


@pytest.mark.parametrize(
    ("place", "name"), [(place, name) for place, names in STOOD_ON.items() for name in sorted(names)]
)
def test_the_libraries_still_have_it(place: str, name: str) -> None:
    module, _, owner = place.partition(":")
    thing = importlib.import_module(module)
    thing = getattr(thing, owner) if owner else thing
    classes = [base for base in getattr(thing, "__mro__", ()) if base is not object]
    has = hasattr(thing, name) or any(f"self.{name}" in inspect.getsource(base) for base in classes)
    assert has, f"{place} has no {name} any more, and {used().get(name)} stands on it"
