#!/usr/bin/env python3
"""Ships control-plane logs to the local cloud's CloudWatch Logs; standard library and journalctl only.

Bounded on purpose: at most `BATCH` lines of each type every `INTERVAL` seconds; what is beyond is counted and said.
While the server is away nothing is lost before `BATCH` lines are waiting.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
import urllib.request
from collections import deque
from pathlib import Path
from typing import Any

CONFIGURATION = Path("/etc/eks/cluster.json")
SERVER_CA = "/etc/eks/server-ca.crt"
ENABLED = Path("/etc/eks/log-types.json")  # ["api", "audit"], written by the local cloud's server
INTERVAL = 10.0
BATCH = 200
MAX_LINE = 4000
SOURCES: dict[str, list[str]] = {
    "audit": ["tail", "-n", "50", "-F", "/var/log/kubernetes/audit.log"],
    "api": ["journalctl", "-f", "-n", "20", "-o", "cat", "-u", "kube-apiserver"],
    "authenticator": ["journalctl", "-f", "-n", "20", "-o", "cat", "-u", "eks-token-webhook"],
    "controllerManager": ["journalctl", "-f", "-n", "20", "-o", "cat", "-u", "kube-controller-manager"],
    "scheduler": ["journalctl", "-f", "-n", "20", "-o", "cat", "-u", "kube-scheduler"],
}


class Tail:
    """The last lines of one log, with the time at which each was seen."""

    def __init__(self, command: list[str]) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=BATCH)
        self._dropped = 0
        self._lock = threading.Lock()
        self._command = command
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            with subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
            ) as process:
                for line in process.stdout or ():
                    self.add(line.rstrip("\n"))
            time.sleep(2)

    def add(self, line: str) -> None:
        """Keep a line; the oldest goes when there are too many."""
        with self._lock:
            self._dropped += len(self._lines) == BATCH
            self._lines.append((int(time.time() * 1000), line[:MAX_LINE]))

    def take(self) -> list[dict[str, Any]]:
        """Return and forget what is waiting, as CloudWatch events."""
        with self._lock:
            events = [{"timestamp": when, "message": line} for when, line in self._lines]
            if self._dropped:
                note = {"timestamp": events[0]["timestamp"], "message": f"({self._dropped} lines dropped)"}
                events.insert(0, note)
            self._lines.clear()
            self._dropped = 0
            return events

    def give_back(self, events: list[dict[str, Any]]) -> None:
        """Put events back that could not be sent."""
        with self._lock:
            waiting = [(event["timestamp"], event["message"]) for event in events]
            self._lines = deque([*waiting, *self._lines], maxlen=BATCH)


def send(configuration: dict[str, Any], trust: ssl.SSLContext, log_type: str, events: list[dict[str, Any]]) -> None:
    """Hand one batch to the server; OSError when it is away."""
    request = urllib.request.Request(  # noqa: S310 - the URL comes from the cluster's own configuration
        f"{configuration['server']}/logs",
        data=json.dumps({"type": log_type, "events": events}).encode(),
        headers={"Authorization": f"Bearer {configuration['secret']}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10, context=trust).close()  # noqa: S310


def main() -> None:
    """Ship until stopped; types are switched on and off by the file of enabled ones."""
    configuration, trust = json.loads(CONFIGURATION.read_text()), ssl.create_default_context(cafile=SERVER_CA)
    tails: dict[str, Tail] = {}
    while True:
        enabled = json.loads(ENABLED.read_text()) if ENABLED.exists() else []
        for log_type in enabled:
            if log_type in SOURCES and log_type not in tails:
                tails[log_type] = Tail(SOURCES[log_type])
        time.sleep(INTERVAL)
        for log_type, tail in tails.items():
            events = tail.take()
            if not events or log_type not in enabled:
                continue
            try:
                send(configuration, trust, log_type, events)
            except OSError:
                tail.give_back(events)


if __name__ == "__main__":
    main()
