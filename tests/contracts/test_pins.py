"""What is pinned is what the local cloud offers, and what a plan holds: nothing is taken because it is the newest."""

from __future__ import annotations

import re
from typing import Any

from localcloud.eks import addons, nodegroups
from tests.contracts.terraform_files import ROOT_MODULE, blocks

VARIABLES = blocks(ROOT_MODULE, "variable")


def plain(value: Any) -> Any:
    """Return a parsed default without the quotes that HCL keeps around keys."""
    return {key.strip('"'): plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def test_pinned_add_ons_are_those_that_the_local_cloud_offers() -> None:
    pinned = plain(VARIABLES["addon_versions"]["default"])
    assert pinned[addons.KUBERNETES_VERSION] == {name: addon.version for name, addon in addons.CATALOGUE.items()}


def test_pinned_image_of_nodes_is_the_one_that_the_local_cloud_offers() -> None:
    assert VARIABLES["node_ami_release_version"]["default"] == nodegroups.RELEASE


def test_pinned_versions_are_for_the_default_kubernetes() -> None:
    version = VARIABLES["kubernetes_version"]["default"]
    assert version in plain(VARIABLES["addon_versions"]["default"])
    assert VARIABLES["node_ami_release_version"]["default"].startswith(f"{version}.")


def test_nothing_is_the_newest_by_itself() -> None:
    module = blocks(ROOT_MODULE, "module")["eks"]
    assert module["cluster_addons"]
    assert all(
        re.search(r"local\.addon_versions", addon["addon_version"]) for addon in module["cluster_addons"].values()
    )
    assert not re.search(r"most_recent", str(module))
    (group,) = module["eks_managed_node_groups"].values()
    assert group["ami_release_version"] == "${var.node_ami_release_version}"


def test_clusters_leave_no_version_to_extended_support() -> None:
    assert blocks(ROOT_MODULE, "module")["eks"]["cluster_upgrade_policy"] == {"support_type": "STANDARD"}


def test_nodes_are_repaired() -> None:
    (group,) = blocks(ROOT_MODULE, "module")["eks"]["eks_managed_node_groups"].values()
    assert group["node_repair_config"] == {"enabled": True}
