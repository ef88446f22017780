"""The instance metadata service, version 2: who asks is known by the source address."""

from __future__ import annotations

import hmac
import json
import re
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug import Request, Response

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.ec2 import seed
from localcloud.iam.sources import trusts_service

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

PREFIX = "/latest/"
TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path
LONGEST_TOKEN = 21600
LIFETIME = re.compile(r"[0-9]{1,12}")
SESSION_SECONDS = 3600
RENEW_BEFORE = 900


@dataclass(frozen=True, kw_only=True)
class Session:
    """Credentials of an instance's role."""

    access_key_id: str
    secret: str
    token: str
    since: float

    @property
    def until(self) -> float:
        """When it ends (Unix time)."""
        return self.since + SESSION_SECONDS


class Metadata:
    """The service, a WSGI application. It has nothing to read but headers."""

    def __init__(self, *, key: bytes) -> None:
        self._key = key
        self._sessions: dict[tuple[str, str], Session] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as 169.254.169.254 does."""
        request = Request(environ)
        with runtime.current().model.lock:
            response = self._answer(request)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        instance = self._find(request.remote_addr or "")
        if instance is None:
            return _text(404, f"{request.remote_addr} is not the address of an instance")
        if request.path == TOKEN_PATH:
            return self._token(request, instance)
        if request.method not in ("GET", "HEAD"):
            return _text(405, "")
        if not self._valid(request.headers.get("X-Aws-Ec2-Metadata-Token", ""), instance.id):
            return _text(401, "")
        if not request.path.startswith(PREFIX):
            return _text(404, "")
        found = self._value(request.path.removeprefix(PREFIX).strip("/"), instance)
        return _text(404, "") if found is None else _text(200, found)

    def _find(self, source: str) -> Any:
        """Find the instance at an address; None when there is none, or its metadata is switched off."""
        spec = runtime.current().machines.at(source)
        if spec is None or not spec.metadata:
            return None
        backend: Any
        for _, _, backend in ec2_backends.iter_backends():
            for instance in backend.all_instances():
                if instance.id == spec.name:
                    return instance
        return None

    def _token(self, request: Request, instance: Any) -> Response:
        seconds = request.headers.get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "")
        if request.method != "PUT":
            return _text(405, "")
        if "X-Forwarded-For" in request.headers:  # by a proxy that somebody talked into it, as on AWS
            return _text(403, "")
        if not LIFETIME.fullmatch(seconds) or not 1 <= int(seconds) <= LONGEST_TOKEN:
            return _text(400, "")
        until = int(time.time()) + int(seconds)
        answer = _text(200, f"{until}.{self._sign(instance.id, until)}")
        answer.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"] = seconds
        return answer

    def _valid(self, token: str, instance_id: str) -> bool:
        until, _, signature = token.partition(".")
        if not LIFETIME.fullmatch(until) or int(until) < time.time():
            return False
        return hmac.compare_digest(signature, self._sign(instance_id, int(until)))

    def _sign(self, instance_id: str, until: int) -> str:
        return hmac.new(self._key, f"{instance_id}.{until}".encode(), sha256).hexdigest()

    def _value(self, path: str, instance: Any) -> str | None:
        if path == "user-data":
            return seed.decode(instance.user_data).decode(errors="replace") if instance.user_data else None
        if path == "dynamic/instance-identity/document":
            return json.dumps(self._identity(instance), indent=2)
        if path == "meta-data" or path.startswith("meta-data/"):
            return _walk(self._tree(instance), path.removeprefix("meta-data").strip("/"))
        return {"": "dynamic\nmeta-data\nuser-data", "dynamic": "instance-identity/"}.get(path)

    def _tree(self, instance: Any) -> dict[str, Any]:
        """Everything below meta-data/; a function is asked only when its value is."""
        nic = instance.nics[0]
        subnet = nic.subnet
        vpc = instance.ec2_backend.get_vpc(nic.vpc_id)
        tree: dict[str, Any] = {
            "ami-id": instance.image_id,
            "hostname": instance.private_dns_name,
            "instance-id": instance.id,
            "instance-life-cycle": instance.lifecycle or "on-demand",
            "instance-type": instance.instance_type,
            "local-hostname": instance.private_dns_name,
            "local-ipv4": nic.private_ip_address,
            "mac": nic.mac_address,
            "placement": {
                "availability-zone": instance.availability_zone,
                "region": instance.ec2_backend.region_name,
            },
            "security-groups": "\n".join(sorted(group.name for group in nic.group_set)),
            "services": {"domain": "amazonaws.com", "partition": "aws"},
            "network": {
                "interfaces": {
                    "macs": {
                        nic.mac_address: {
                            "device-number": "0",
                            "interface-id": nic.id,
                            "local-ipv4s": nic.private_ip_address,
                            "mac": nic.mac_address,
                            "owner-id": ACCOUNT,
                            "security-group-ids": "\n".join(sorted(group.id for group in nic.group_set)),
                            "subnet-id": subnet.id,
                            "subnet-ipv4-cidr-block": subnet.cidr_block,
                            "vpc-id": nic.vpc_id,
                            "vpc-ipv4-cidr-block": vpc.cidr_block,
                            "vpc-ipv4-cidr-blocks": vpc.cidr_block,
                        }
                    }
                }
            },
        }
        if nic.public_ip:
            tree |= {"public-ipv4": nic.public_ip, "public-hostname": instance.public_dns_name or ""}
        if instance.key_name:
            key = instance.ec2_backend.key_pairs.get(instance.key_name)
            tree["public-keys"] = {f"0={instance.key_name}": {"openssh-key": key.public_key.strip() if key else ""}}
        if profile := profile_of(instance):
            tree["iam"] = {
                "info": json.dumps(
                    {"Code": "Success", "InstanceProfileArn": profile.arn, "InstanceProfileId": profile.id}
                ),
                "security-credentials": {
                    role.name: (lambda role=role: self._credentials(instance, role)) for role in profile.roles
                },
            }
        return tree

    def _credentials(self, instance: Any, role: Any) -> str:
        if not trusts_service(role, "ec2.amazonaws.com"):
            return json.dumps(
                {"Code": "AssumeRoleUnauthorizedAccess", "Message": f"EC2 cannot assume the role {role.name}."},
                indent=2,
            )
        session = self._sessions.get((instance.id, role.arn))
        if session is None or session.until - time.time() < RENEW_BEFORE:
            # saved before it is handed out: nodes keep it for most of an hour, also when this process is killed
            with runtime.current().model.transaction():
                session = self._sessions[instance.id, role.arn] = _assume(instance, role)
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": time.strftime(stamp, time.gmtime(session.since)),
                "Type": "AWS-HMAC",
                "AccessKeyId": session.access_key_id,
                "SecretAccessKey": session.secret,
                "Token": session.token,
                "Expiration": time.strftime(stamp, time.gmtime(session.until)),
            },
            indent=2,
        )

    def _identity(self, instance: Any) -> dict[str, Any]:
        return {
            "accountId": ACCOUNT,
            "architecture": "x86_64",
            "availabilityZone": instance.availability_zone,
            "imageId": instance.image_id,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "pendingTime": instance.launch_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "privateIp": instance.nics[0].private_ip_address,
            "region": instance.ec2_backend.region_name,
            "version": "2017-09-30",
        }


def profile_of(instance: Any) -> Any:
    """Return the instance's profile, from its association; None when it has none."""
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    return association.iam_instance_profile if association else None


def _assume(instance: Any, role: Any) -> Session:
    """Open a real STS session of the role, named as on AWS after the instance; forget those that are over."""
    region = instance.ec2_backend.region_name
    sts = sts_backends[ACCOUNT]["aws"]
    iam = iam_backends[ACCOUNT]["aws"]
    now = time.time()
    over = {
        s.access_key_id
        for s in sts.assumed_roles
        if s.expiration.replace(tzinfo=None).timestamp() < now - SESSION_SECONDS
    }
    sts.assumed_roles = [s for s in sts.assumed_roles if s.access_key_id not in over]
    for key in over:
        iam.access_keys.pop(key, None)
    session = sts.assume_role(
        region_name=region,
        role_session_name=instance.id,
        role_arn=role.arn,
        policy="",
        duration=SESSION_SECONDS,
        external_id="",
    )
    return Session(
        access_key_id=session.access_key_id, secret=session.secret_access_key, token=session.session_token, since=now
    )


def _walk(tree: dict[str, Any], path: str) -> str | None:
    """Return a value, or the names below a folder (folders end with a slash), as the service lists them."""
    node: Any = tree
    for part in path.split("/") if path else ():
        if not isinstance(node, dict):
            return None
        if part.isdecimal():  # public-keys/0 is listed as 0=name
            part = next((name for name in node if name.startswith(f"{part}=")), part)  # noqa: PLW2901
        if part not in node:
            return None
        node = node[part]
    if isinstance(node, dict):
        return "\n".join(f"{k}/" if isinstance(v, dict) and "=" not in k else k for k, v in node.items())
    return node() if callable(node) else str(node)


def _text(status: int, text: str) -> Response:
    return Response(text, status, {"Server": "EC2ws"}, content_type="text/plain")
