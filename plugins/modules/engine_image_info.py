#!/usr/bin/python
"""What the Docker engine knows of an image: its layers, and a file in it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_image_info
author: The Beacon authors (@beacon)
short_description: Platform and layers of an image in the Docker engine, and a file of it
version_added: 0.1.0
description:
  - Tells which platform an image is for, how large each layer of an image is and which step made it. When asked to, it returns the text of one file in
    the image; nothing of the image is run for that.
options:
  name:
    description: The image, as C(name:tag).
    type: str
    required: true
  file:
    description: Path of a text file in the image.
    type: str
extends_documentation_fragment:
  - beacon.platform.info
requirements:
  - docker (Python package)
"""

EXAMPLES = r"""
- name: Look how large an image is
  beacon.platform.engine_image_info:
    name: beacon/webapp:1.0.0
"""

RETURN = r"""
bytes:
  description: Size of all layers, unpacked.
  returned: always
  type: int
id:
  description: The image's ID, by which the engine knows it.
  returned: always
  type: str
platform:
  description: Operating system and architecture, such as C(linux/amd64).
  returned: always
  type: str
layers:
  description: The layers that hold something, the lowest first, each with C(bytes) and C(step), the beginning of what made it.
  returned: always
  type: list
  elements: dict
content:
  description: The file's text.
  returned: when O(file) is given
  type: str
"""

import io
import tarfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import docker
    from docker.errors import DockerException, ImageNotFound, NotFound
except ImportError:
    docker = None  # type: ignore[assignment] # said when it runs

NO_OPERATION = "/bin/sh -c #(nop) "
LONGEST_STEP = 80


def platform(image: Any) -> str:
    """Name the platform as Docker's options do; a variant of an architecture runs wherever that does."""
    return f"{image.attrs['Os']}/{image.attrs['Architecture']}"


def layers(image: Any) -> list[dict[str, Any]]:
    """List the layers that hold something."""
    steps = [(entry["Size"], entry["CreatedBy"].removeprefix(NO_OPERATION).strip()) for entry in image.history()]
    return [{"bytes": size, "step": step[:LONGEST_STEP]} for size, step in reversed(steps) if size]


def read_file(client: Any, image: Any, path: str) -> str:
    """Read a file of an image, by a container that is never started. Raises docker.errors.NotFound."""
    container = client.containers.create(image.id, command="none")
    try:
        pieces, _ = container.get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            if file is None:
                raise NotFound(f"{path} is no file")
            return file.read().decode()
    finally:
        container.remove(v=True)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True}, "file": {"type": "str"}}, supports_check_mode=True
    )
    if docker is None:
        module.fail_json(msg=missing_required_lib("docker"))
    name, path = module.params["name"], module.params["file"]
    result: dict[str, Any] = {"changed": False}
    try:
        client = docker.from_env()
        image = client.images.get(name)
        result |= {"bytes": image.attrs["Size"], "id": image.id, "layers": layers(image), "platform": platform(image)}
        if path:
            result["content"] = read_file(client, image, path)
    except ImageNotFound:
        module.fail_json(msg=f"The Docker engine has no image {name}. `docker images` lists what it has.")
    except NotFound as error:
        module.fail_json(msg=f"The image {name} has no file {path}: {error.explanation or error}")
    except DockerException as error:
        module.fail_json(msg=f"The Docker engine does not tell about {name}: {error}. Does it run? `docker info` says.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
