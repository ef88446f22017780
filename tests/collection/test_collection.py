"""The collection as people get it: built, installed into an empty folder, and used from there, far from the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from setup.paths import CHECKOUT
from tests.collection.built import NAME, install, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.collection

PLAYBOOKS = sorted(path.stem for path in CHECKOUT.glob("playbooks/*.yml"))
NEEDED = ("roles", "plugins", "playbooks", "inventories", "terraform", "webapp", "meta", "docs")
KINDS = {"module": "modules", "filter": "filter", "lookup": "lookup"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the collection, and install it into an empty folder."""
    return install(tmp_path_factory.mktemp("collection"))


def test_what_plays_need_is_in_it_and_nothing_else(folder: Path) -> None:
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    tops = {name.partition("/")[0] for name in names}
    assert set(NEEDED) <= tops
    assert tops - set(NEEDED) - {"awx", "changelogs"} == {
        *("MANIFEST.json", "FILES.json", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
        *("CODE_OF_CONDUCT.md", "SECURITY.md"),
    }
    assert [name for name in names if "/tests/" in name and not name.startswith("roles/")] == []
    assert archive.stat().st_size < 2 << 20


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_each_playbook_is_found_and_read(folder: Path, playbook: str) -> None:
    done = run(folder, "ansible-playbook", f"{NAME}.{playbook}", "-i", "localhost,", "--syntax-check")
    assert done.returncode == 0, done.stderr


def test_a_playbook_plays(folder: Path) -> None:
    inventory = folder / "installed/ansible_collections/beacon/platform/inventories/local/hosts.yml"
    (folder / "state/local").mkdir(parents=True)
    done = run(folder, "ansible-playbook", f"{NAME}.access", "-i", str(inventory), "-e", "access_state=absent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed=0" in done.stdout


def test_a_playbook_refuses_as_it_does_from_a_checkout(folder: Path) -> None:
    inventory = folder / "installed/ansible_collections/beacon/platform/inventories/local/hosts.yml"
    done = run(folder, "ansible-playbook", f"{NAME}.destroy", "-i", str(inventory))
    assert done.returncode != 0
    assert "inventory is for a local cloud (beacon_endpoint_required), but AWS_ENDPOINT_URL is not set" in " ".join(
        (done.stdout + done.stderr).split()
    )


def test_each_role_is_described(folder: Path) -> None:
    roles = sorted(path.parents[1].name for path in CHECKOUT.glob("roles/*/tasks/main.yml"))
    found = documented(folder, "role", *(f"{NAME}.{role}" for role in roles))
    assert sorted(found) == [f"{NAME}.{role}" for role in roles]
    for role, entry in found.items():
        assert entry["entry_points"]["main"]["short_description"], role


@pytest.mark.parametrize("kind", KINDS)
def test_each_plugin_is_described_with_examples_and_what_it_returns(folder: Path, kind: str) -> None:
    names = sorted(plugin_names(kind))
    found = documented(folder, kind, *(f"{NAME}.{name}" for name in names))
    for name in names:
        entry = found[f"{NAME}.{name}"]
        assert entry["doc"]["short_description"], name
        assert entry["doc"]["description"], name
        assert yaml.safe_load(entry["examples"]), name
        assert entry["return"], name
        for option, about in entry["doc"].get("options", {}).items():
            assert about["description"], f"{name}: {option}"


def plugin_names(kind: str) -> set[str]:
    """Return what a person can call: a file of filters holds several."""
    files = [path for path in (CHECKOUT / "plugins" / KINDS[kind]).glob("*.py") if not path.stem.startswith("_")]
    if kind != "filter":
        return {path.stem for path in files}
    listed = subprocess.run(
        [sys.executable, "-c", LIST_FILTERS, *(path.stem for path in files)],
        check=True,
        cwd=CHECKOUT,  # so that they are found, with what they import of plugins/module_utils
        capture_output=True,
        text=True,
        timeout=120,
    )
    return set(json.loads(listed.stdout))


LIST_FILTERS = """
import importlib, json, sys
names = []
for name in sys.argv[1:]:
    names += importlib.import_module(f"plugins.filter.{name}").FilterModule().filters()
print(json.dumps(names))
"""


def documented(folder: Path, kind: str, *names: str) -> dict[str, Any]:
    """Ask ansible-doc."""
    done = run(folder, "ansible-doc", "--type", kind, "--json", *names)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_modules_of_aws_are_one_group() -> None:
    """`module_defaults: group/beacon.platform.aws` reaches each of our modules that talks to AWS, and those of amazon.aws."""
    group = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text())["action_groups"]["aws"]
    modules = [path for path in CHECKOUT.glob("plugins/modules/*.py") if "AnsibleAWSModule(" in path.read_text()]
    assert [name for name in group if isinstance(name, str)] == sorted(path.stem for path in modules)
    assert "amazon.aws.aws" in group[0]["metadata"]["extend_group"]


def test_galaxy_would_take_it(folder: Path) -> None:
    """What Galaxy does with an archive, less its linters: `make lint` has stricter rules."""
    configuration = folder / "importer.cfg"
    configuration.write_text(
        "[galaxy-importer]\nRUN_ANSIBLE_LINT = False\nRUN_FLAKE8 = False\nRUN_ANSIBLE_DOC = True\n"
    )
    (archive,) = folder.glob("*.tar.gz")
    done = run(
        folder,
        "python",
        "-m",
        "galaxy_importer.main",
        str(archive),
        environment={"GALAXY_IMPORTER_CONFIG": str(configuration)},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Importer processing completed successfully" in said
    assert [line for line in said.splitlines() if line.startswith(("ERROR", "WARNING"))] == []
