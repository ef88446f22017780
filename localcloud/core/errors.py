"""What goes wrong, as one class per audience."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a service answers to a request that it refuses, without a protocol."""

    code: str
    message: str
    status: int = 400


class LocalCloudError(Exception):
    """For a person at the command line: names the thing, what is allowed and the next step."""

    exit_code = 1


class DockerUnavailableError(LocalCloudError):
    """No Docker engine answers."""


class DockerFailedError(Exception):
    """The engine refused or failed; the services translate it to the AWS error nearest to it."""


class HopelessError(DockerFailedError):
    """What trying again does not change: somebody must do something first."""


class ImageMissingError(HopelessError):
    """The image of a machine is not in the engine."""

    def __init__(self, *, image: str) -> None:
        recipe = image.rpartition("/")[2].partition(":")[0]
        command = (
            f"python -m mirror images {recipe}" if image.startswith("mirror.beacon/") else "python -m mirror images"
        )
        super().__init__(f"the image {image} is not in the Docker engine: make it with `{command}`")
        self.image = image


class RangeTakenError(HopelessError):
    """A network's range overlaps one that Docker or this machine has."""
