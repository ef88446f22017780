"""What listens: this machine's own address, and what containers ask, on each network's bridge (a socket hears one device)."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localcloud.http.server import ListenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localcloud.docker.api import Network
    from localcloud.docker.networks import Networks
    from localcloud.http.server import Server

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10.0  # for requests that are being answered
LOOK_AGAIN = 15.0  # seconds: networks and devices may be removed by others

type Place = tuple[
    Network, int
]  # a network, and its device's number: a device that is made again has its name, and a new one


@dataclass(kw_only=True)
class Listeners:
    """The servers of each network, which `make` makes, beside those that are `fixed`."""

    networks: Networks
    fixed: list[Server]
    make: Callable[[Network], list[Server]]
    _servers: dict[Place, list[Server]] = field(default_factory=dict)
    _serving: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """Bind everything: who asks waits until `serve`. Raises ListenError."""
        for server in self.fixed:
            server.prepare()
        self.follow()

    def serve(self) -> None:
        """Answer, from now on."""
        with self._lock:
            self._serving = True
            for server in self._all():
                server.start_in_background()

    def follow(self) -> float:
        """Listen on the networks that there are, and no more on those that there were. A job: it asks Docker."""
        there: set[Place] = set()
        problems: list[str] = []
        for network in (self.networks.ensure_public(), *self.networks.vpcs()):
            try:
                there.add(place(network))
            except ListenError as error:
                problems.append(str(error))
        with self._lock:
            for gone in self._servers.keys() - there:
                LOG.info("no more on %s", gone[0].device)
                _stop(self._servers.pop(gone), wait=False)
            for new in there - self._servers.keys():
                try:
                    self._servers[new] = self._listen(new[0])
                except ListenError as error:
                    problems.append(str(error))
        if problems:
            raise ListenError(" ".join(problems))
        return LOOK_AGAIN

    def hear(self, _: Network) -> None:
        """Listen on a new network before its first machine starts, and asks."""
        self.follow()

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            _stop(self._all(), wait=True)
            self._servers.clear()

    def _all(self) -> list[Server]:
        return [*self.fixed, *(server for servers in self._servers.values() for server in servers)]

    def _listen(self, network: Network) -> list[Server]:
        """Listen on all ports of a network, or on none."""
        servers = self.make(network)
        try:
            for server in servers:
                server.prepare()
        except ListenError:
            _stop(servers, wait=True)
            raise
        if self._serving:
            for server in servers:
                server.start_in_background()
        return servers


def place(network: Network) -> Place:
    """Say where a network's machines are heard. Raises ListenError when its device is gone."""
    try:
        return network, socket.if_nametoindex(network.device)
    except OSError as error:
        raise ListenError(
            f"The network {network.name} has no device {network.device!r} on this machine: {error}."
        ) from error


def _stop(servers: Iterable[Server], *, wait: bool) -> None:
    """Stop all at once: each lets its requests end."""
    threads = [threading.Thread(target=server.stop, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads if wait else ():
        thread.join(STOP_SECONDS)
