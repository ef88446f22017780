"""A plugin without a package that it needs is still loaded and documented; it says what is missing when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleError

from plugins.filter import aws, bcrypt_hash
from plugins.lookup import source_revision

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@pytest.mark.parametrize(
    ("module", "package", "name", "use"),
    [
        (aws, "boto3", "boto3", lambda: aws.aws_region_problem("eu-west-1")),
        (bcrypt_hash, "bcrypt", "bcrypt", lambda: bcrypt_hash.bcrypt_hash("secret")),
        (source_revision, "docker", "exclude_paths", lambda: source_revision.sent_files(Path())),
    ],
)
def test_a_missing_package_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, package: str, name: str, use: Callable[[], object]
) -> None:
    monkeypatch.setattr(module, name, None)
    with pytest.raises(AnsibleError, match=f"needs the Python package {package}: `python -m pip install {package}`"):
        use()
