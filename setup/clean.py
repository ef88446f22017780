"""The environment of every program that we start: of the caller's, what is listed here, and nothing else.

A list of what is known to hurt would never end; this one is short, and what is missing in it is seen at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

PERSON = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS"})
OURS = ("BEACON_", "LOCALCLOUD_", "MIRROR_", "EE_", "XDG_", "MOLECULE_DISTRIBUTION")
# how this machine reaches the world, and where packages come from: settings of its network, not of a build
PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"})
NETWORK = PROXIES | {
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_CERT"),
    *("PIP_PROXY", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    *("GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH"),
    *("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),  # which engine; its settings are our own
}
# what AWS clients, Ansible, Terraform and Kubernetes' clients read; `python -m localcloud env` unsets it
CLIENTS = ("AWS_", "ANSIBLE_", "TF_", "K8S_AUTH_", "KUBECONFIG")
DIRECT = ("localhost", "127.0.0.1", "::1")
UMASK = 0o022  # what goes into images and onto hosts is read by other users


def environment(caller: Mapping[str, str]) -> dict[str, str]:
    """Return what a program may see of the caller's environment, and what takes the place of the rest."""
    kept = {name: value for name, value in caller.items() if name in PERSON or name in NETWORK or name.startswith(OURS)}
    return {
        **kept,
        **_no_proxy(caller),
        **_git(caller),
        "LC_ALL": "C.UTF-8",
        "DOCKER_CONFIG": str(paths.cache() / "docker-config"),
    }


def enter(environ: MutableMapping[str, str] = os.environ) -> None:
    """Give this process, and so all that it starts, the clean environment and a umask that lets others read."""
    os.umask(UMASK)
    wanted = environment(environ)
    for name in set(environ) - set(wanted):
        del environ[name]
    environ.update(wanted)


def client_settings(caller: Mapping[str, str]) -> Iterator[str]:
    """Yield the names by which the caller's shell would decide what clients do."""
    return (name for name in sorted(caller) if name.startswith(CLIENTS))


def _no_proxy(caller: Mapping[str, str]) -> dict[str, str]:
    """Keep what is ours from the proxy, and what the caller keeps from it."""
    given = caller.get("no_proxy") or caller.get("NO_PROXY") or ""
    hosts = given if given == "*" else ",".join(dict.fromkeys([*filter(None, given.split(",")), *DIRECT]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def _git(caller: Mapping[str, str]) -> dict[str, str]:
    """Take no one's settings, and this checkout whoever owns it: who runs its programs trusts it already.

    git reads certificates from a variable of its own only, and Terraform fetches modules with it.
    """
    certificates = caller.get("GIT_SSL_CAINFO") or caller.get("SSL_CERT_FILE")
    return {
        **({"GIT_SSL_CAINFO": certificates} if certificates else {}),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(paths.CHECKOUT),
    }
