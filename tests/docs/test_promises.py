"""The documentation keeps what it promises; and each promise is noticed when something is taken away."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs import promises
from tests.docs.commands import CHECKOUT, tracked
from tests.docs.promises import PROMISES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT = (".md", ".yml", ".py", ".tf", ".j2", ".sh", ".mmd", ".svg", ".png", "Makefile")


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_a_promise_is_kept(promise: Callable[[Path], list[str]]) -> None:
    assert promise(CHECKOUT) == []


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the promises read of the tree."""
    root = tmp_path_factory.mktemp("copy") / CHECKOUT.name
    for path in tracked():
        if path.name.endswith(TEXT) and path.is_file():
            target = root / path.relative_to(CHECKOUT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return root


@pytest.fixture
def tree(copied: Path) -> Iterator[Path]:
    """Give the copy, and put back what a test takes away."""
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file() and path.suffix != ".png"}
    yield copied
    for path in [*copied.rglob("*")]:
        if path.is_file() and path not in before and path.suffix != ".png":
            path.unlink()
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def without(pattern: str, file: str) -> Callable[[Path], None]:
    """Take what matches away from a file."""

    def take(root: Path) -> None:
        text = (root / file).read_text()
        left = re.sub(pattern, "", text, flags=re.MULTILINE)
        assert left != text, f"{file} has nothing like {pattern}"
        (root / file).write_text(left)

    return take


def adding(text: str, file: str) -> Callable[[Path], None]:
    """Add something that is told nowhere."""

    def add(root: Path) -> None:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)

    return add


@pytest.mark.parametrize(
    ("change", "promise", "answer"),
    [
        (without(r"^## Rationale$", "mirror/README.md"), promises.parts, "mirror/README.md lacks the part Rationale"),
        (
            without(r"^## Essential commands\n(?s:.*)", "setup/README.md"),
            promises.parts,
            "setup/README.md lacks the part Essential commands",
        ),
        (
            lambda root: (root / "roles/release/README.md").unlink(),
            promises.links,
            "roles/README.md links to release/README.md, which is not there",
        ),
        (
            without(r"^.*\(webapp/README\.md\).*\n", "README.md"),
            promises.listed_folders,
            "lacks the folder webapp",
        ),
        (
            adding("", "playbooks/new.yml"),
            promises.listed_playbooks,
            "playbooks/README.md lacks the playbook new",
        ),
        (without(r"^.*\(rollout/README\.md\).*\n", "roles/README.md"), promises.listed_roles, "lacks the role rollout"),
        (
            without(r"`filter/ssh\.py`", "plugins/README.md"),
            promises.listed_plugins,
            "plugins/README.md lacks the plugin filter/ssh.py",
        ),
        (adding("", "tests/new/test_new.py"), promises.listed_tests, "tests/README.md lacks the folder new"),
        (adding("\nrehearse: ## twice\n", "Makefile"), promises.listed_targets, "no page tells `make rehearse`"),
        (
            without(r"^down: ##.*\n", "Makefile"),
            promises.listed_targets,
            "tells `make down`, which the Makefile lacks",
        ),
        (
            without(r"`/readyz`", "webapp/README.md"),
            promises.listed_endpoints,
            "webapp/README.md lacks the endpoint /readyz",
        ),
        (
            adding('\nNEW = os.environ["BEACON_NEW_THING"]\n', "mirror/settings.py"),
            promises.listed_settings,
            "no page tells BEACON_NEW_THING",
        ),
        (
            adding("\nbeacon_new: 1\n", "inventories/sample/group_vars/all/beacon.yml"),
            promises.listed_inventory,
            "inventories/README.md lacks beacon_new of inventories/sample/group_vars/all/beacon.yml",
        ),
        (
            adding('\nvariable "new" {\n  type = string\n}\n', "terraform/variables.tf"),
            promises.listed_terraform,
            "terraform/variables.tf: variable new has no description",
        ),
        (
            without(r"^\| `rollout_undo`.*\n", "roles/rollout/README.md"),
            promises.role_variables,
            "roles/rollout/README.md lacks rollout_undo",
        ),
    ],
)
def test_what_is_taken_away_is_missed(
    tree: Path, change: Callable[[Path], None], promise: Callable[[Path], list[str]], answer: str
) -> None:
    before = promise(tree)
    change(tree)
    told = [sentence for sentence in promise(tree) if sentence not in before]
    assert any(answer in sentence for sentence in told), told
