"""The documentation site: what it says stands in the code, and nothing is without a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from docs.site import build
from setup import prerequisites
from tests.docs.commands import CHECKOUT, tracked

if TYPE_CHECKING:
    from pathlib import Path

SITE = CHECKOUT / "docs/site"
QUOTES = re.findall(r"^> (.+)$", (SITE / "troubleshooting.md").read_text(), re.MULTILINE)


def plain(text: str) -> str:
    """Return a source's text as a person meets it: without the lines' ends and quotes between pieces of a message."""
    text = re.sub(r"\\?[\"']\s*\n\s*f?[\"']", "", text)
    return " ".join(text.split())


SOURCES = [
    plain(path.read_text()) for path in tracked("roles/**.yml", "roles/**.j2", "playbooks/**.yml", "plugins/**.py")
]


@pytest.mark.parametrize("quote", QUOTES)
def test_a_message_that_is_explained_is_one_of_ours(quote: str) -> None:
    pieces = [re.escape(piece.strip()) for piece in quote.split("…")]
    found = re.compile(r".{0,90}?".join(pieces))
    assert any(found.search(source) for source in SOURCES), f"no source says: {quote}"


def test_each_playbook_has_a_how_to() -> None:
    text = (SITE / "howto.md").read_text()
    names = [path.stem for path in CHECKOUT.glob("playbooks/*.yml")]
    assert [name for name in names if f"ansible-playbook beacon.platform.{name} -i INVENTORY" not in text] == []


def test_the_support_matrix_is_what_the_code_says() -> None:
    text = (SITE / "support.md").read_text()
    runtime = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text())
    kubernetes = re.search(
        r'variable "kubernetes_version" \{.*?default\s+= "([\d.]+)"',
        (CHECKOUT / "terraform/variables.tf").read_text(),
        re.DOTALL,
    )
    assert kubernetes
    (terraform,) = [version for _, version, _ in prerequisites.VERSIONS.values()]
    for cell in (
        f"| ansible-core | `{runtime['requires_ansible']}` |",
        f"| Python where Ansible runs | {'.'.join(map(str, prerequisites.PYTHON_MINIMUM))} or newer |",
        f"| Terraform | {'.'.join(map(str, terraform))} or newer |",
        f"| Kubernetes (EKS) | {kubernetes[1]} |",
    ):
        assert cell in text


def test_generated_pages_have_every_output_and_every_input() -> None:
    terraform = (CHECKOUT / "terraform/outputs.tf").read_text()
    page = build.outputs(terraform)
    assert [
        name for name in re.findall(r'^output "(\w+)"', terraform, re.MULTILINE) if f"| `{name}` |" not in page
    ] == []
    inputs = build.variables(CHECKOUT / "roles")
    for specs in CHECKOUT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(specs.read_text())["argument_specs"].values():
            assert [name for name in entry.get("options", {}) if f"| `{name}` |" not in inputs] == []
    needed = build.collections((CHECKOUT / "galaxy.yml").read_text())
    assert "| amazon.aws | `>=11" in needed


def test_staged_links_lead_where_they_led(tmp_path: Path) -> None:
    build.stage(tmp_path)
    for page in tmp_path.rglob("*.md"):
        for link in build.LINK.findall(page.read_text()):
            if "://" not in link and (page.parent == tmp_path or link.endswith(".md")):
                place = tmp_path / link.lstrip("/") if link.startswith("/") else page.parent / link
                generated = {"outputs.md", "variables.md"}
                assert place.exists() or place.name in generated, f"{page.name}: {link}"
    assert "/roles/*/README" in (tmp_path / "roles/README.md").read_text()


def test_a_site_without_a_roles_or_a_modules_page_is_refused(tmp_path: Path) -> None:
    lacking = build.unbuilt(tmp_path)
    assert {"roles/prometheus/README.html", "reference/prometheus_role.html", "reference/files_module.html"} <= {
        *lacking
    }
    for page in lacking:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).touch()
    assert build.unbuilt(tmp_path) == []
