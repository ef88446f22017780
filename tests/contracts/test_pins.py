"""What is pinned is what the local cloud offers, and what a plan holds: nothing is taken because it is the newest."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from localcloud.eks import addons
from localcloud.eks.versions import NEWEST, PREVIOUS, VERSIONS
from mirror.recipes import read_recipes
from mirror.settings import SOURCE, TABLE
from mirror.table import read_table
from mirror.terraform import PROVIDER, PROVIDER_VERSION
from tests.contracts.terraform_files import ROOT_MODULE, blocks, parse, terraform

if TYPE_CHECKING:
    from pathlib import Path

LOCK = ROOT_MODULE / ".terraform.lock.hcl"
VARIABLES = blocks(ROOT_MODULE, "variable")


def plain(value: Any) -> Any:
    """Return a parsed default without the quotes that HCL keeps around keys."""
    return {key.strip('"'): plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def test_pinned_add_ons_are_those_that_the_local_cloud_offers() -> None:
    pinned = plain(VARIABLES["addon_versions"]["default"])
    assert pinned == {
        version.name: {name: addon.version_for(version.name) for name, addon in addons.CATALOGUE.items()}
        for version in VERSIONS.values()
    }


def test_pinned_image_of_nodes_is_the_one_that_the_local_cloud_offers() -> None:
    pinned = plain(VARIABLES["node_ami_release_versions"]["default"])
    assert pinned == {version.name: version.release for version in VERSIONS.values()}


def test_versions_of_kubernetes_are_those_that_the_mirror_makes() -> None:
    table = read_table(SOURCE / TABLE)
    recipes = read_recipes(SOURCE)
    for version, artefact in ((NEWEST, table["kubernetes"]), (PREVIOUS, table["kubernetes-previous"])):
        assert (version.patch, version.patch.rpartition(".")[0]) == (artefact.version, version.name)
        for name in ("control-plane", "node"):
            assert recipes[name + version.suffix].tag == version.image(recipes[name].tag)


def test_pinned_versions_are_for_the_default_kubernetes() -> None:
    version = VARIABLES["kubernetes_version"]["default"]
    assert version in plain(VARIABLES["addon_versions"]["default"])
    assert version in plain(VARIABLES["node_ami_release_versions"]["default"])


def test_nothing_is_the_newest_by_itself() -> None:
    module = blocks(ROOT_MODULE, "module")["eks"]
    assert module["cluster_addons"]
    assert all(
        re.search(r"local\.addon_versions", addon["addon_version"]) for addon in module["cluster_addons"].values()
    )
    assert not re.search(r"most_recent", str(module))
    (group,) = module["eks_managed_node_groups"].values()
    assert group["ami_release_version"] == "${var.node_ami_release_versions[local.node_version]}"


def test_clusters_leave_no_version_to_extended_support() -> None:
    assert blocks(ROOT_MODULE, "module")["eks"]["cluster_upgrade_policy"] == {"support_type": "STANDARD"}


def test_nodes_are_repaired() -> None:
    (group,) = blocks(ROOT_MODULE, "module")["eks"]["eks_managed_node_groups"].values()
    assert group["node_repair_config"] == {"enabled": True}


def test_every_provider_of_the_official_modules_is_locked_with_hashes() -> None:
    """The VPC module needs aws, the EKS module the four others, too: a read-only lock file must name exactly these."""
    locked = {name.strip('"'): body for block in parse(LOCK)["provider"] for name, body in block.items()}
    names = {name.rpartition("/")[2] for name in locked}
    assert names == {"aws", "cloudinit", "null", "time", "tls"}
    assert locked[PROVIDER]["version"] == PROVIDER_VERSION
    assert all(len([each for each in body["hashes"] if each.startswith("zh:")]) > 10 for body in locked.values())


def test_a_provider_with_another_hash_is_refused(workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "terraform"
    shutil.copytree(workspace, folder, ignore=shutil.ignore_patterns("providers"))
    lock = folder / ".terraform.lock.hcl"
    lock.write_text(re.sub(r'"(h1|zh):.{8}', r'"\1:00000000', lock.read_text()))
    done = terraform(folder, "init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    assert done.returncode != 0
    assert "doesn't match any of the checksums" in " ".join(done.stderr.split())
