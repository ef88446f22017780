from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.docker.view import View

if TYPE_CHECKING:
    from localcloud.tests.fake_docker import FakeDocker


@pytest.fixture
def view(docker: FakeDocker) -> View:
    return View(docker=docker, images=("host:1", "node:1"))


def test_it_answers_from_its_last_look(view: View, docker: FakeDocker) -> None:
    view.look()
    docker.add_network("office", "10.50.0.0/16")
    docker.images_missing.add("node:1")
    assert view.conflict("10.50.0.0/20") is None
    view.require_image("node:1")
    view.look()
    assert view.conflict("10.50.0.0/20") == "the Docker network office (10.50.0.0/16)"
    view.require_image("host:1")
    with pytest.raises(ImageMissingError, match=r"node:1 is not in the Docker engine: make it with"):
        view.require_image("node:1")


def test_without_a_look_and_after_one_that_failed_it_has_no_answer(view: View, docker: FakeDocker) -> None:
    with pytest.raises(DockerFailedError, match="not looked at yet"):
        view.require_image("host:1")
    docker.going.clear()
    docker.patience = 0.0
    view.look()
    with pytest.raises(DockerFailedError, match=r"looking at what there is: Read timed out\."):
        view.conflict("10.50.0.0/20")
    docker.going.set()
    view.look()
    assert view.conflict("10.50.0.0/20") is None


def test_what_is_no_range_is_refused(view: View) -> None:
    view.look()
    with pytest.raises(ValueError, match="Octet 300"):
        view.conflict("10.0.0.300/8")
