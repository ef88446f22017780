"""Versions of Kubernetes that there are images of. No Docker, no moto.

The newest is the mirror's `kubernetes`, the one before it its `previous`: tests/contracts/test_pins.py holds them to its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from localcloud.core.config import with_suffix

# https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
ROLLBACK = timedelta(days=7)
# https://kubernetes.io/releases/version-skew-policy/#kubelet: how many minor versions nodes may be older
SKEW = 3


@dataclass(frozen=True, kw_only=True)
class Version:
    """A minor version, and the images that have it."""

    name: str
    patch: str  # what its programs say
    ami_date: str  # of the AMI of EKS that has these programs
    kube_proxy: str  # the add-on's build
    suffix: str = ""  # of its images' names, and of its AMI's location

    @property
    def number(self) -> int:
        """The minor number: versions are compared by it."""
        return int(self.name.partition(".")[2])

    @property
    def release(self) -> str:
        """Its nodes' AMI, as EKS names releases."""
        return f"{self.patch}-{self.ami_date}"

    @property
    def kube_proxies(self) -> list[str]:
        """The add-on's builds that its control plane goes with, its own first: the older ones, too.

        https://kubernetes.io/releases/version-skew-policy/#kube-proxy
        """
        return [each.kube_proxy for each in VERSIONS.values() if each.number <= self.number]

    def image(self, name: str) -> str:
        """Return the name of its image, from the newest's."""
        return with_suffix(name, self.suffix)


# https://github.com/awslabs/amazon-eks-ami/releases, https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html
NEWEST = Version(name="1.36", patch="1.36.3", ami_date="20260903", kube_proxy="v1.36.0-eksbuild.14")
PREVIOUS = Version(
    name="1.35", patch="1.35.4", ami_date="20260512", kube_proxy="v1.35.3-eksbuild.13", suffix="-previous"
)
VERSIONS = {each.name: each for each in (NEWEST, PREVIOUS)}
