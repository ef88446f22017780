"""What Docker has, as seen last: what requests ask, which hold the model's lock and so must not wait for Docker."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from localcloud.core.errors import DockerFailedError, DockerUnavailableError, ImageMissingError
from localcloud.docker import networks
from localcloud.docker.client import failures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.docker.api import Docker, Network

LOOK_SECONDS = 5  # that one question may take: the timeout of the view's client


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look."""

    networks: tuple[Network, ...] = ()
    missing: frozenset[str] = frozenset()  # images
    problem: str = ""


class View:
    """Looks without any lock; answers from memory."""

    def __init__(self, *, docker: Docker, images: Iterable[str]) -> None:
        """Watch these images, which must be there before machines are asked for."""
        self._docker = docker
        self._images = tuple(images)
        self._seen = Seen(problem="Docker was not looked at yet")

    def look(self) -> None:
        """Ask Docker, for some seconds at most. Its failure is told to whoever needs its answer."""
        try:
            with failures("looking at what there is"):
                present = tuple(self._docker.networks())
                self._seen = Seen(networks=present, missing=frozenset(i for i in self._images if not self._has(i)))
        except (DockerFailedError, DockerUnavailableError) as error:
            self._seen = Seen(problem=f"{error}")

    def require_image(self, image: str) -> None:
        """Raise ImageMissingError when Docker does not have one of the watched images."""
        if image in self._answer().missing:
            raise ImageMissingError(image=image)

    def conflict(self, cidr: str) -> str | None:
        """Who has an overlapping range; None when nobody. ValueError when it is none."""
        return networks.conflict(IPv4Network(cidr), self._answer().networks)

    def _answer(self) -> Seen:
        seen = self._seen
        if seen.problem:
            raise DockerFailedError(seen.problem)
        return seen

    def _has(self, image: str) -> bool:
        try:
            self._docker.image(image)
        except ImageNotFound:
            return False
        return True
