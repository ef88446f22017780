"""The data of awx/, as it stands in its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jinja2.nativetypes import NativeEnvironment

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "awx" / "data"
Objects = list[dict[str, Any]]


class Loader(yaml.SafeLoader):
    """Reads Ansible's tag for text that is somebody else's template."""


def _text(_: Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


Loader.add_constructor("!unsafe", _text)


# Inputs of the role are named as those of infra.aap_configuration, which are not all named as the API's lists
KINDS = {"templates": "job_templates", "workflows": "workflow_job_templates", "notifications": "notification_templates"}


def load(*files: Path, at_night: bool = False) -> dict[str, Objects]:
    """Return each kind's objects by the name of the API's list; `at_night`: beacon_suspend_at_night."""
    found: dict[str, Objects] = {}
    for file in files or sorted(FOLDER.glob("*.yml")):
        content = yaml.load(file.read_text(), Loader)
        kinds = {
            name.removeprefix("controller_"): value for name, value in content.items() if name.startswith("controller_")
        }
        found |= {KINDS.get(kind, kind): objects for kind, objects in kinds.items()}
    for entry in found.get("schedules", []):
        said = NativeEnvironment().from_string(str(entry["enabled"])).render(beacon_suspend_at_night=at_night)
        entry["enabled"] = said if isinstance(said, bool) else entry["enabled"]
    return found


def by_name(objects: Objects) -> dict[str, dict[str, Any]]:
    """Return objects by their names."""
    return {entry["name"]: entry for entry in objects}
