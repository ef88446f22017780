# ruff: noqa: INP001 - a script of the image's build, in no package
"""Compile, while the image is built, what the application loads: its packages and the standard library's modules.

The base image's standard library comes as source only, and a read-only container would compile it again at each start:
half a second. The standard library is taken from the base image, not from this stage's Python, and its bytecode is
checked against the source when it is loaded: another base never runs what was not compiled from it.
"""

import importlib
import py_compile
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode as Check
from typing import Final

TAG: Final = sys.implementation.cache_tag


def loaded_from_standard_library(app: Path) -> Iterator[Path]:
    """Yield what loading the application loads, relative to the standard library's folder."""
    sys.path.insert(0, str(app))
    importlib.import_module("beacon_webapp.server")
    folder = Path(sysconfig.get_path("stdlib"))
    for module in list(sys.modules.values()):
        file = Path(getattr(module, "__file__", None) or "")
        if file.suffix == ".py" and file.is_relative_to(folder):
            yield file.relative_to(folder)


def compile_to(target: Path, *, source: Path, installed: Path, check: Check) -> None:
    """Write where PYTHONPYCACHEPREFIX looks: the installed file's whole path below the target."""
    name = f"{installed.stem}.{TAG}.pyc"
    written = target / installed.parent.relative_to("/") / name
    py_compile.compile(str(source), cfile=str(written), dfile=str(installed), doraise=True, invalidation_mode=check)


def main(root: Path, standard_library: Path) -> None:
    """Compile for an image whose files are in `root`; `standard_library` is the base image's."""
    app, target = root / "app", root / "app/.bytecode"
    for file in sorted(set(loaded_from_standard_library(app))):
        if (standard_library / file).exists():
            compile_to(
                target,
                source=standard_library / file,
                installed=Path("/usr/lib/python3.13") / file,
                check=Check.CHECKED_HASH,
            )
    for file in sorted(app.rglob("*.py")):
        installed = Path("/app") / file.relative_to(app)
        # These sources never change beside their bytecode: no check, no look at the disk.
        compile_to(target, source=file, installed=installed, check=Check.UNCHECKED_HASH)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
