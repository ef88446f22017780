"""The filter bcrypt_hash keeps what fits, and hashes what doesn't."""

import importlib.util
from pathlib import Path
from types import ModuleType

import bcrypt
import pytest
from ansible.errors import AnsibleFilterError

CHEAP = 4


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    path = Path(__file__).parents[2] / "plugins" / "filter" / "bcrypt_hash.py"
    spec = importlib.util.spec_from_file_location("bcrypt_hash", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_hash_fits_its_password(plugin: ModuleType) -> None:
    assert bcrypt.checkpw(b"secret", plugin.bcrypt_hash("secret", rounds=CHEAP).encode())


def test_a_hash_that_fits_is_kept(plugin: ModuleType) -> None:
    kept = bcrypt.hashpw(b"secret", bcrypt.gensalt(CHEAP)).decode()
    assert plugin.bcrypt_hash("secret", kept) == kept


@pytest.mark.parametrize(
    "existing",
    ["", "not a hash", bcrypt.hashpw(b"other", bcrypt.gensalt(CHEAP)).decode()],
    ids=["none", "text", "other"],
)
def test_anything_else_is_replaced(plugin: ModuleType, existing: str) -> None:
    new = plugin.bcrypt_hash("secret", existing, rounds=CHEAP)
    assert new != existing
    assert bcrypt.checkpw(b"secret", new.encode())


@pytest.mark.parametrize("password", ["", "x" * 73, "é" * 37])
def test_a_password_that_bcrypt_would_cut_is_refused(plugin: ModuleType, password: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"allowed are 1 to 72\. Choose another one"):
        plugin.bcrypt_hash(password)


def test_ansible_finds_the_filter(plugin: ModuleType) -> None:
    assert plugin.FilterModule().filters() == {"bcrypt_hash": plugin.bcrypt_hash}
