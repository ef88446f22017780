"""How this machine's pip reaches its index, as files for a container's build."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pip_files
author: The Beacon authors (@beacon)
short_description: This machine's pip configuration as files
version_added: 0.1.0
description:
  - Where the package index is reached by a mirror or through a company's own certificate authority, a build needs to
    know it, too. Returns C(pip.conf) and C(ca-certificates.crt), each only where this machine's pip uses such a setting.
  - Read are pip's configuration files and its C(PIP_*) environment variables.
options: {}
"""

EXAMPLES = r"""
- name: Build with this machine's pip settings
  ansible.builtin.include_role:
    name: beacon.platform.image
  vars:
    image_context_files: "{{ lookup('beacon.platform.pip_files') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, file name to content.
  type: list
  elements: dict
"""

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.plugins.lookup import LookupBase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
CERTIFICATES = "ca-certificates.crt"


def configuration_files(environ: Mapping[str, str]) -> list[Path]:
    """List pip's files, the most general first; PIP_CONFIG_FILE is the last word."""
    home = Path(environ.get("HOME", "/"))
    general = [Path(folder) / "pip/pip.conf" for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    user = [home / ".pip/pip.conf", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"]
    chosen = [Path(environ["PIP_CONFIG_FILE"])] if environ.get("PIP_CONFIG_FILE") else []
    return [*general, Path("/etc/pip.conf"), *user, *chosen]


def settings(files: Iterable[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """Merge what `pip install` would: sections global and install, then the environment."""
    merged: dict[str, str] = {}
    for file in files:
        if file.is_file():
            parser = configparser.RawConfigParser()
            parser.read_string(file.read_text())
            for section in ("global", "install"):
                if parser.has_section(section):
                    merged |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    for name in (*SETTINGS, "cert"):
        value = environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            merged[name] = value
    if "cert" not in merged:
        # what pip's HTTP library asks for next
        merged["cert"] = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE") or ""
    return merged


def pip_files(environ: Mapping[str, str], files: Iterable[Path] | None = None) -> dict[str, str]:
    """Write the files that make pip in a container do as pip here does."""
    found = settings(configuration_files(environ) if files is None else files, environ)
    lines = [f"{name} = " + value.strip().replace("\n", "\n    ") for name, value in found.items() if name in SETTINGS]
    result = {"pip.conf": "\n".join(["[global]", *lines, ""])} if lines else {}
    certificates = Path(found["cert"]).expanduser() if found["cert"] else None
    if certificates and certificates.is_file():
        result[CERTIFICATES] = certificates.read_text()
    return result


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible has no types
    """Looks up the files."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, str]]:
        """Return one dictionary; there are no terms."""
        del terms
        self.set_options(var_options=variables, direct=kwargs)
        return [pip_files(os.environ)]
