"""ELBv2's operations whose parameters moto does not read whole."""

from __future__ import annotations

from typing import Any, override

from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response


class LocalELBv2Response(ELBV2Response):
    """moto's ELBv2 with listeners whose ALPN policy changes."""

    @override
    def modify_listener(self) -> ActionResult:
        backend: Any = self.elbv2_backend  # ours, with one parameter more
        listener = backend.modify_listener(
            self._get_param("ListenerArn"),
            self._get_param("Port"),
            self._get_param("Protocol"),
            self._get_param("SslPolicy"),
            self._get_param("Certificates", []),
            self._get_param("DefaultActions", []),
            self._get_param("AlpnPolicy"),
        )
        return ActionResult({"Listeners": [listener]})
