"""Versions of Kubernetes that there are images of. No Docker, no moto.

The newest is the mirror's `kubernetes`, the one before it its `previous`: tests/contracts/test_pins.py holds them to its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from localcloud.core.config import with_suffix

AMI_DATE = "20260903"
# https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
ROLLBACK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A minor version, and the images that have it."""

    name: str
    patch: str  # what its programs say
    kube_proxy: str  # the add-on's build
    suffix: str = ""  # of its images' names, and of its AMI's location

    @property
    def number(self) -> int:
        """The minor number: versions are compared by it."""
        return int(self.name.partition(".")[2])

    @property
    def release(self) -> str:
        """Its nodes' AMI, as EKS names releases."""
        return f"{self.patch}-{AMI_DATE}"

    def image(self, name: str) -> str:
        """Return the name of its image, from the newest's."""
        return with_suffix(name, self.suffix)


NEWEST = Version(name="1.36", patch="1.36.3", kube_proxy="v1.36.0-eksbuild.14")
PREVIOUS = Version(name="1.35", patch="1.35.4", kube_proxy="v1.35.0-eksbuild.2", suffix="-previous")
VERSIONS = {each.name: each for each in (NEWEST, PREVIOUS)}
