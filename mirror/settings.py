"""Where things are: in the repository, the cache and the state, and the addresses that it serves on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
# What is read of the repository, relative to its root
TABLE = "mirror/artefacts.toml"
WRAPPERS = "mirror/go"
RECIPES = ("mirror/images", "localcloud/images", "doubles/images")
DOUBLES = "doubles"
MODULES = "doubles/terraform-modules"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Paths and addresses; everything at run time is under `cache` or `state`."""

    cache: Path
    state: Path
    source: Path = SOURCE
    port: int = 5680
    addresses: tuple[str, ...] = ("127.0.0.1", "198.51.100.1")
    debian_uri: str = ""

    @property
    def artefacts(self) -> Path:
        """The folder that is served."""
        return self.cache / "artefacts"

    @property
    def images(self) -> Path:
        """Saved images, named by recipe hash."""
        return self.cache / "images"

    @property
    def work(self) -> Path:
        """Locks, records and temporary files: on the cache's file system, so that a rename is atomic."""
        return self.cache / "work"

    @property
    def service(self) -> Path:
        """The server's pid and log."""
        return self.state / "mirror"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; BEACON_CACHE and BEACON_STATE follow the XDG folders where they are unset."""
    cached = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    cache = Path(environment.get("BEACON_CACHE") or cached / "beacon")
    state = Path(environment.get("BEACON_STATE") or kept / "beacon")
    port = environment.get("MIRROR_PORT", "5680")
    if not port.isdigit() or not 0 < int(port) < 2**16:
        raise ValueError(f"MIRROR_PORT={port!r}: expected a port number from 1 to 65535")
    addresses = tuple(environment.get("MIRROR_ADDRESSES", "127.0.0.1,198.51.100.1").split(","))
    return Settings(
        cache=cache.absolute(),
        state=state.absolute(),
        port=int(port),
        addresses=addresses,
        debian_uri=environment.get("BEACON_DEBIAN_URI", ""),
    )
