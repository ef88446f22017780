"""What was made, from what, and where it came from: one small JSON file for each artefact, outside of the served folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mirror.files import write_atomically


@dataclass(frozen=True, kw_only=True)
class Record:
    """One artefact as it is in the cache."""

    recipe: str
    origin: str
    seconds: float
    sums: dict[str, str]
    reason: str = ""  # why it is not upstream's own


class Records:
    """The folder of records."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> Record | None:
        """Return the record, or nothing where there is none (or one of another version's form)."""
        try:
            return Record(**json.loads((self.folder / f"{name}.json").read_text()))
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None

    def write(self, name: str, record: Record) -> None:
        """Write after the files are in place: a record without its files doesn't count."""
        write_atomically(self.folder / f"{name}.json", json.dumps(asdict(record), indent=2) + "\n")


def checksum_lines(records: Mapping[str, Record]) -> str:
    """Text of sha256sums.txt over all artefacts, in sha256sum's own form."""
    lines = {path: value for record in records.values() for path, value in record.sums.items()}
    return "".join(f"{value}  {path}\n" for path, value in sorted(lines.items()))
