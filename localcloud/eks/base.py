"""The table of clusters, and what all that belongs to them shares: finding it, ARNs, tags, updates, pushes by jobs."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Self, cast

from moto.core.base_backend import BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.ec2.models import ec2_backends
from moto.eks.exceptions import EKSError, InvalidParameterException, ResourceNotFoundException
from moto.moto_api._internal import mock_random

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.eks.resources import Update
from localcloud.eks.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.ec2.models import EC2Backend

    from localcloud.ec2.models import LocalEC2Backend
    from localcloud.eks.resources import Cluster
    from localcloud.eks.versions import Version


class ServerError(EKSError):
    """Docker did not answer."""

    TYPE = "ServerException"
    STATUS = 500


class Clusters(BaseBackend, TaggableResourcesMixin):
    """Clusters by name."""

    SERVICE_NAMESPACE = "eks"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, Cluster] = {}

    @property
    def ec2(self) -> EC2Backend:
        """EC2 of the same account and region."""
        return ec2_backends[self.account_id][self.region_name]

    @property
    def local_ec2(self) -> LocalEC2Backend:
        """The same, with what the local cloud adds."""
        return cast("LocalEC2Backend", self.ec2)

    def describe_cluster(self, name: str) -> Cluster:
        return find(self.clusters, name, f"No cluster found for name: {name}.")

    # -- updates
    def describe_update(self, cluster: str, key: str) -> Update:
        updates = self.describe_cluster(cluster).updates
        return find(updates, key, f"No update found for ID: {key}", clusterName=cluster)

    def record(self, cluster: Cluster, kind: str) -> Update:
        """Keep the record of a change, for DescribeUpdate."""
        return cluster.record(Update(id=str(mock_random.uuid4()), type=kind))

    def begin(self, cluster: Cluster, kind: str, parameters: Mapping[str, str]) -> Update:
        """Keep the record of a change that a job makes real, and that is in progress until then."""
        params: list[Mapping[str, str]] = [{"type": name, "value": value} for name, value in parameters.items()]
        return cluster.record(Update(id=str(mock_random.uuid4()), type=kind, status="InProgress", params=params))

    def push(self, what: Callable[[Self, str], float | None], cluster: str) -> None:
        """Have a job tell the control plane about a change (jobs.push_*)."""
        key = f"{what.__name__}/{self.region_name}/{cluster}"
        runtime.current().queue.submit(key, partial(what, self, cluster))

    # -- tags
    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield clusters, and what belongs to them."""
        for cluster in self.clusters.values():
            for each in cluster.tagged:
                kind = each.arn.split(":")[5].partition("/")[0]
                yield TaggedResource(arn=each.arn, tags=each.tags, resource_type=f"eks:{kind}")

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of whatever has this ARN."""
        for resource in self.iter_tagged_resources():
            if resource.arn == arn:
                return resource.tags
        raise ResourceNotFoundException(message=f"Resource {arn} was not found")

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        self.tags_of(resource_arn).update(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        for key in tag_keys:
            self.tags_of(resource_arn).pop(key, None)

    def arn(self, kind: str, *parts: str) -> str:
        """Return an ARN of this service."""
        return f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:{kind}/{'/'.join(parts)}"


@contextmanager
def asking_others(cluster: str) -> Iterator[None]:
    """Say what EC2, Auto Scaling or KMS refuse as EKS does: its clients know no error of theirs."""
    try:
        yield
    except ServiceException as error:
        raise InvalidParameterException(
            clusterName=cluster, message=f"{error.message} (Error Code: {error.code})"
        ) from error


def version_of(cluster: str, name: str) -> Version:
    """Return a version of Kubernetes that there is; refuse others."""
    if name not in VERSIONS:
        message = f"unsupported Kubernetes version {name}: the local cloud has {' and '.join(VERSIONS)}"
        raise InvalidParameterException(clusterName=cluster, message=message)
    return VERSIONS[name]


def require_image(cluster: str, image: str) -> None:
    """Refuse what the engine has no image for: the answer names the command that makes it."""
    try:
        runtime.current().view.require_image(image)
    except ImageMissingError as error:
        raise InvalidParameterException(clusterName=cluster, message=f"{error}") from error
    except DockerFailedError as error:
        raise ServerError(clusterName=cluster, message=f"Docker: {error}") from error


def find[T](table: Mapping[str, T], key: str, message: str, **names: str) -> T:
    """Return what has this key; `names` go into the error, too."""
    if key not in table:
        raise ResourceNotFoundException(message=message, **names)
    return table[key]
