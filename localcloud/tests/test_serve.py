"""Who is answered on the networks of machines, and how many connections the server may have."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from localcloud import serve
from localcloud.docker.spec import Attachment, MachineSpec

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

UNLIMITED = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("kind", "metadata", "asks_metadata", "asks_as_control_plane"),
    [
        ("instance", True, True, False),
        ("instance", False, False, False),
        ("node", True, True, False),
        ("control-plane", False, False, True),
        ("balancer", False, False, False),
    ],
)
def test_a_machine_is_answered_what_its_kind_may_ask(
    cloud: Cloud, kind: str, *, metadata: bool, asks_metadata: bool, asks_as_control_plane: bool
) -> None:
    place = Attachment(network=cloud.now.networks.public_name, address="198.51.100.77")
    cloud.now.networks.ensure_public()
    cloud.machines.ensure(MachineSpec(name="m", image="i", kind=kind, attachments=(place,), metadata=metadata))
    assert serve.has_metadata(cloud.now, "198.51.100.77") is asks_metadata
    assert serve.is_control_plane(cloud.now, "198.51.100.77") is asks_as_control_plane


def test_an_address_that_is_no_machines_is_answered_nothing(cloud: Cloud) -> None:
    assert serve.has_metadata(cloud.now, "198.51.100.78") is False
    assert serve.is_control_plane(cloud.now, "198.51.100.78") is False


@pytest.mark.parametrize(
    ("allowed", "most", "wanted"),
    [
        (1024, 1 << 20, (16384, 1 << 20)),
        (1024, 4096, (4096, 4096)),
        (1024, UNLIMITED, (16384, UNLIMITED)),
        (65536, 1 << 20, None),
        (4096, 4096, None),
        (UNLIMITED, UNLIMITED, None),
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_its_user_may_and_never_lowered(
    monkeypatch: pytest.MonkeyPatch, allowed: int, most: int, wanted: tuple[int, int] | None
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    serve.allow_files()
    assert asked == ([] if wanted is None else [wanted])
