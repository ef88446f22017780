"""Filter secret_values: what may not be shown of a configuration in a program's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENTATION = r"""
name: secret_values
short_description: Find the secrets of a configuration that is in a program's own words
version_added: 0.1.0
description:
  - Returns the texts under keys that name secrets (C(password), C(credentials), C(bot_token), C(routing_key), C(sigv4.secret_key), ...), and
    addresses that hold a user or a query, in the forms that they have in YAML. Keys that end in C(_file) or C(_ref) name places, not secrets.
  - Given to M(beacon.platform.files) as O(beacon.platform.files#module:secrets), they are shown in no diff.
positional: urls
options:
  _input:
    description: Dictionaries and lists, one within the other.
    type: raw
    required: true
  urls:
    description: Whether every address is a secret, as those of chats are, which hold a token in their path.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show a changed configuration without its secrets
  beacon.platform.files:
    files:
      - path: /etc/example/receivers.yml
        content: "{{ receivers | to_nice_yaml }}"
    secrets: "{{ receivers | beacon.platform.secret_values(urls=true) }}"
"""

RETURN = r"""
_value:
  description: The texts, each once.
  type: list
  elements: str
"""

# Keys of Prometheus' HTTP clients and remote write, Alertmanager's receivers and Grafana's data sources:
# https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config
# https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings
# https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources
SECRET = re.compile(
    r"passw|secret|secure|token|credentials|authorization|(^|_|[a-z])(api|integration|routing|service|user|private|access)_?key$|^key$",
    re.IGNORECASE,
)
PLACE = re.compile(r"_(file|ref)$")
ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
OPEN_ADDRESS = re.compile(r"^[^@?]*$")
LEAST = 8  # characters: a line of a key is longer, its last one may be of no worth


def secret_values(config: Any, urls: bool = False) -> list[str]:  # noqa: FBT001, FBT002 - Jinja's callers name it
    """Return the secrets in a configuration, as they are and as YAML has them."""
    return sorted({form for value in _found(config, secret=False, urls=bool(urls)) for form in _forms(value) if form})


def _found(config: Any, *, secret: bool, urls: bool) -> Iterator[str]:
    if isinstance(config, dict):
        for key, value in config.items():
            yield from _found(
                value, secret=secret or bool(SECRET.search(str(key)) and not PLACE.search(str(key))), urls=urls
            )
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _found(value, secret=secret, urls=urls)
    elif secret and config is not None and not isinstance(config, bool):
        yield str(config)
    elif isinstance(config, str) and ADDRESS.match(config) and (urls or not OPEN_ADDRESS.match(config)):
        yield config


def _forms(value: str) -> set[str]:
    """Return a text and what YAML makes of it: quotes are doubled, and each line may stand alone."""
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    return {value, value.replace("'", "''"), *(line for line in lines if len(line) >= LEAST)}


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name the filters."""
        return {"secret_values": secret_values}
