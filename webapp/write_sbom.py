# ruff: noqa: INP001 - a script of the image's build, in no package
"""Write, while the image is built, what it is made of: a CycloneDX list of the Python and the Debian packages.

Read are the packages' own records in the files that go into the image, not what was asked for. Role image attaches the
list to the image in the registry; the image itself doesn't carry it.
"""

import argparse
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

NAME: Final = "beacon-webapp"
CLASSIFIER: Final = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
LONGEST_NAME: Final = 60  # some packages have the licence's whole text where its name belongs


def key(name: str) -> str:
    """Spell a Python package's name as all agree on (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(package: Distribution) -> str:
    """Return what a package says of its licence, in the newest of the three ways; empty if it says nothing."""
    metadata = package.metadata
    classifiers = [match[1] for line in metadata.get_all("Classifier") or [] if (match := CLASSIFIER.fullmatch(line))]
    said = [metadata.get("License-Expression"), metadata.get("License"), *classifiers]
    return next((text for text in said if text and len(text) <= LONGEST_NAME), "")


def needs(package: Distribution) -> Iterator[str]:
    """Yield the names of what a package requires whatever extras were asked for."""
    for line in package.requires or []:
        if "extra ==" not in line and (match := re.match(r"[\w.-]+", line)):
            yield key(match[0])


def python_packages(app: Path) -> dict[str, tuple[Component, list[str]]]:
    """Read the packages in the image's folder; each with what it needs."""
    found = {}
    for package in distributions(path=[str(app)]):
        name, said = key(package.name), licence(package)
        purl = PackageURL("pypi", name=name, version=package.version)
        licences = [LicenseFactory().make_from_string(said)] if said else []
        component = Component(name=name, version=package.version, purl=purl, bom_ref=str(purl), licenses=licences)
        found[name] = component, list(needs(package))
    return found


def debian_packages(status: Path, distribution: str) -> Iterator[Component]:
    """Read the base image's packages: distroless images keep one record each, in dpkg's form."""
    for file in sorted(status.glob("*")):
        record = HeaderParser().parsestr(file.read_text())
        if {"Package", "Version", "Architecture"} <= set(record):
            qualifiers = {"arch": record["Architecture"], "distro": distribution}
            purl = PackageURL("deb", "debian", record["Package"], record["Version"], qualifiers)
            yield Component(name=record["Package"], version=record["Version"], purl=purl, bom_ref=str(purl))


def operating_system(release: Path) -> Component:
    """Read which system the base image is made of."""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)', release.read_text(), re.MULTILINE))
    name, version = fields["ID"], fields.get("VERSION_ID", "")
    return Component(type=ComponentType.OPERATING_SYSTEM, name=name, version=version, bom_ref=f"os:{name}-{version}")


def bill(*, app: Path, base: Path, version: str, commit: str, epoch: int) -> Bom:
    """Put the list together; the same for the same image, whenever it is made."""
    system = operating_system(base / "os-release")
    python = python_packages(app)
    debian = list(debian_packages(base / "status.d", f"{system.name}-{system.version}"))
    itself = Component(type=ComponentType.APPLICATION, name=NAME, version=f"{version}-{commit}", bom_ref=NAME)
    bom = Bom(
        components=[system, *debian, *(component for component, _ in python.values())],
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, f"{NAME} {version} {commit} {epoch}"),
    )
    bom.metadata.component = itself
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bom.register_dependency(itself, [system, *(component for component, _ in python.values())])
    bom.register_dependency(system, debian)
    for component, required in python.values():
        bom.register_dependency(component, [python[name][0] for name in required if name in python])
    return bom


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--app", "--base", "--output"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    options = parser.parse_args()
    bom = bill(app=options.app, base=options.base, version=options.version, commit=options.commit, epoch=options.epoch)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    options.output.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
