"""Configuration: conf/defaults.ini, then the file named by --config, then GF_<SECTION>_<KEY>, then cfg: arguments."""

from __future__ import annotations

import os
import re
from configparser import ConfigParser, RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRUE = {"true", "1", "yes", "on", "t", "y"}
_EXPANDER = re.compile(r"\$__(file|env)\{([^}]+)\}|\$\{(\w+)\}")


class SettingsError(Exception):
    """The configuration can't be used; the message names the setting."""


def expand(value: str, environ: Mapping[str, str] = os.environ) -> str:
    """Replace `$__file{path}`, `$__env{NAME}` and `${NAME}`, as Grafana does in its files."""

    def replacement(match: re.Match[str]) -> str:
        kind, argument, name = match.groups()
        if kind != "file":
            return environ.get(argument or name, "")
        try:
            return Path(argument).read_text().strip()
        except OSError as error:
            raise SettingsError(f"$__file{{{argument}}}: {error.strerror}: correct the path or its rights.") from error

    return _EXPANDER.sub(replacement, value)


def _overrides(environ: Mapping[str, str], parser: RawConfigParser) -> None:
    for section in parser.sections():
        for key in parser[section]:
            name = f"GF_{section}_{key}".upper().replace(".", "_").replace("-", "_")
            if f"{name}__FILE" in environ:
                parser[section][key] = f"$__file{{{environ[f'{name}__FILE']}}}"
            elif name in environ:
                parser[section][key] = environ[name]


def _arguments(arguments: Sequence[str], parser: RawConfigParser) -> None:
    for argument in arguments:
        if not argument.startswith("cfg:"):
            continue
        name, _, value = argument.removeprefix("cfg:").partition("=")
        section, _, key = name.removeprefix("default.").rpartition(".")
        parser.setdefault(section or "DEFAULT", {})
        parser[section or "DEFAULT"][key] = value


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was configured, by section and key; the typed ones are read where they are needed."""

    home: Path
    sections: Mapping[str, Mapping[str, str]]

    def text(self, section: str, key: str) -> str:
        """Return a setting; an unknown one is empty."""
        return self.sections.get(section, {}).get(key, "")

    def flag(self, section: str, key: str) -> bool:
        """Return a switch."""
        return self.text(section, key).lower() in TRUE

    def path(self, key: str) -> Path:
        """Return a path of section [paths]; a relative one counts from the home path."""
        return self.home / self.text("paths", key)

    def number(self, section: str, key: str) -> int:
        """Return a whole number."""
        value = self.text(section, key)
        if not value.isdigit():
            raise SettingsError(f"[{section}] {key} = {value!r}: a whole number is needed.")
        return int(value)


def load(*, home: Path, config: Path | None, arguments: Sequence[str] = ()) -> Settings:
    """Read the configuration; raise SettingsError where a named file is missing."""
    parser = ConfigParser(interpolation=None, default_section="", strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are told apart by case, as in Grafana
    files = [home / "conf" / "defaults.ini", *([config] if config else [])]
    for file in files:
        if not file.is_file():
            raise SettingsError(f"{file} does not exist: name grafana.ini by --config and the release by --homepath.")
        # keys above the first section (app_mode) belong to Grafana's DEFAULT section
        parser.read_string("[DEFAULT]\n" + file.read_text(), source=str(file))
    _overrides(os.environ, parser)
    _arguments(arguments, parser)
    sections = {name: {key: expand(value or "") for key, value in parser[name].items()} for name in parser.sections()}
    return Settings(home=home, sections=sections)
