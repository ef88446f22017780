"""Programs of the images, by path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

IMAGES = Path(__file__).parents[1]


def program(path: str) -> ModuleType:
    """Load a program that lives in an image."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, IMAGES / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
