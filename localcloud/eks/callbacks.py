"""What control planes ask the local cloud: who an access key is in the cluster, and to take their logs.

Paths: /_eks/REGION/CLUSTER/identity and …/logs, over TLS; each cluster has a secret of its own. A caller's secret key stays
here: a control plane gets what is derived from it for one region's STS and three days, which checks log-in tokens and no more.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from moto.eks.models import eks_backends
from moto.logs.models import logs_backends
from werkzeug import Request, Response

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.eks import identity, nodes
from localcloud.http import principals, signatures

if TYPE_CHECKING:
    from moto.ec2.models import EC2Backend

    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster

LOG = logging.getLogger(__name__)
PARTS = 3
DATE = "%Y%m%d"
REGION = re.compile(r"[a-z0-9-]{1,32}")
LARGEST_BODY = 8 << 20  # a control plane sends its logs in pieces of a few hundred lines
KEEP_EVENTS = 500  # of each stream: the whole model is saved after each change
STREAMS = {
    "api": "kube-apiserver",
    "audit": "kube-apiserver-audit",
    "authenticator": "authenticator",
    "controllerManager": "kube-controller-manager",
    "scheduler": "kube-scheduler",
}


@Request.application
def application(request: Request) -> Response:
    """Answer one question of a control plane."""
    request.max_content_length = LARGEST_BODY
    parts = request.path.strip("/").split("/")
    if request.method != "POST" or len(parts) != PARTS:
        return _text(404, f"{request.method} {request.path} is not known")
    region, cluster, what = parts
    with runtime.current().model.lock:
        backend = cast("LocalEKSBackend | None", eks_backends[ACCOUNT].get(region))
        found = backend.clusters.get(cluster) if backend else None
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if backend is None or found is None or not hmac.compare_digest(secret.encode(), found.plane.secret.encode()):
            return _text(403, "AccessDenied: not the secret of this cluster")
    asked = request.get_json(force=True)
    if what == "identity":
        with runtime.current().model.lock:
            return _identity(backend.ec2, found, asked)
    if what == "logs":
        return _logs(region, found, asked)
    return _text(404, f"{what} is not known: identity and logs are")


def _identity(ec2: EC2Backend, cluster: Cluster, asked: dict[str, str]) -> Response:
    if not REGION.fullmatch(region := asked.get("signingRegion", "")):
        return _text(400, f"signingRegion {region!r} is no region: it is what the token was signed for")
    principal = principals.find(asked["accessKeyId"])
    known = principal is not None and (principal.session_token or "") == asked.get("sessionToken", "")
    if principal is None or not known or principal.expired:
        return _text(403, "InvalidClientTokenId: nobody has this access key")
    names = {
        instance.id: nodes.node_name(str(instance.nics[0].private_ip_address), ec2.region_name)
        for instance in ec2.all_instances()
        if instance.state in ("pending", "running")
    }
    try:
        user = identity.user_of(principal.arn, cluster.access_entries.values(), names)
    except identity.NoAccessError as error:
        return _text(403, str(error))
    found = {
        "signingRegion": region,
        "signingKeys": _signing_keys(principal.secret, region),
        "arn": principal.arn,
        "userId": principal.access_key_id,
        "username": user.username,
        "groups": list(user.groups),
        "expires": principal.expires,
    }
    return Response(json.dumps(found), content_type="application/json")


def _signing_keys(secret: str, region: str) -> dict[str, str]:
    """Derive the keys of the days on which a token that counts may have been signed, until tomorrow: we may be away then."""
    today = datetime.now(UTC)
    dates = [(today + timedelta(days=days)).strftime(DATE) for days in (-1, 0, 1)]
    return {date: signatures.signing_key(secret, date, region, "sts", "aws4_request").hex() for date in dates}


def _logs(region: str, cluster: Cluster, asked: dict[str, Any]) -> Response:
    if asked.get("type") not in STREAMS:
        return _text(400, f"{asked.get('type')} is not a type of log: {', '.join(STREAMS)} are")
    with runtime.current().model.transaction():
        if asked["type"] in cluster.enabled_log_types:
            put_events(region, cluster.name, asked["type"], asked["events"])
    return _text(200, "")


def put_events(region: str, cluster: str, log_type: str, events: list[dict[str, Any]]) -> None:
    """Add events to the cluster's log group, and let the oldest go."""
    logs = logs_backends[ACCOUNT][region]
    group, stream = f"/aws/eks/{cluster}/cluster", STREAMS[log_type]
    if group not in logs.groups:
        logs.create_log_group(group, {}, kmsKeyId=None)
    if stream not in logs.groups[group].streams:
        logs.create_log_stream(group, stream)
    found = logs.groups[group].streams[stream]
    found.put_log_events(events)
    del found.events[:-KEEP_EVENTS]


def _text(status: int, text: str) -> Response:
    return Response(text, status, content_type="text/plain")
