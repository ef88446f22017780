"""python3 prune.py REQUIREMENTS.YML: of the collections that `ansible` brings, leaves those that are named, and what they need."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import yaml


def home() -> Path:
    """Return the folder that holds all collections."""
    found = importlib.util.find_spec("ansible_collections")
    if found is None or not found.submodule_search_locations:
        sys.exit("there is no package ansible_collections: install `ansible` first")
    return Path(next(iter(found.submodule_search_locations)))


def needed(collections: Path, names: list[str]) -> set[str]:
    """Return the names, and all that they depend on."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            manifest = json.loads((collections / name.replace(".", "/") / "MANIFEST.json").read_text())
            names += manifest["collection_info"]["dependencies"]
    return found


def main() -> None:
    """Remove the others; a version that is not the required one ends it."""
    required = yaml.safe_load(Path(sys.argv[1]).read_text())["collections"]
    collections = home()
    kept = needed(collections, [item["name"] for item in required])
    for item in required:
        manifest = json.loads((collections / item["name"].replace(".", "/") / "MANIFEST.json").read_text())
        if manifest["collection_info"]["version"] != item["version"]:
            sys.exit(f"{item['name']} is {manifest['collection_info']['version']}, not {item['version']}")
    for folder in collections.glob("*/*/MANIFEST.json"):
        if f"{folder.parent.parent.name}.{folder.parent.name}" not in kept:
            shutil.rmtree(folder.parent)
    for namespace in collections.iterdir():
        if namespace.is_dir() and not any(namespace.iterdir()):
            namespace.rmdir()


if __name__ == "__main__":
    main()
