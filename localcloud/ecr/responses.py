"""ECR's operations that answer otherwise than moto's."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse

from localcloud.core import runtime
from localcloud.ecr import tokens


class LocalECRResponse(ECRResponse):
    """moto's ECR with real tokens."""

    def get_authorization_token(self) -> ActionResult:
        """Make a token that the region's registry takes for 12 hours."""
        now = runtime.current()
        token, until = tokens.make(
            now.registry.token_key, access_key_id=self.get_access_key(), region=self.region, now=time.time()
        )
        data = {
            "authorizationToken": token,
            "expiresAt": datetime.fromtimestamp(until, UTC),
            "proxyEndpoint": f"https://{now.config.registry_of(self.region)}",
        }
        return ActionResult({"authorizationData": [data]})
