"""What IAM must know of the other services' resources, read from moto's model: names, keys, tags and their policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.resource_tagging import iter_taggable_backends
from moto.kms.utils import _deserialize_ciphertext_blob

from localcloud.core.backends import backends
from localcloud.iam import sources
from localcloud.iam.policy import Kind, Policy, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME_OF_ARN = 5  # arn:aws:service:region:account:name


@dataclass(frozen=True, kw_only=True)
class Model:
    """Implements `questions.Known`. The model's lock is held."""

    account: str
    region: str

    def _backend(self, service: str, region: str | None = None) -> Any:
        return backends(service)[self.account][region or self.region]

    def role(self, name: str) -> str:
        """Return a role's ARN, with its path."""
        return f"arn:aws:iam::{self.account}:role/{self.named('role', name)}"

    def named(self, kind: str, name: str) -> str:
        """Return an IAM entity's name with its path."""
        iam = self._backend("iam", "aws")
        entities: dict[str, Iterable[Any]] = {
            "role": iam.roles.values(),
            "user": iam.users.values(),
            "group": iam.groups.values(),
            "instance-profile": iam.instance_profiles.values(),
        }
        found = next((one for one in entities.get(kind, ()) if one.name == name), None)
        return str(found.arn).partition(f":{kind}/")[2] if found else name

    def key(self, identifier: str) -> str | None:
        """Return a key's ARN; None for AWS's own keys, whose policies let the whole account use them by their service."""
        name = identifier.split(":", NAME_OF_ARN)[-1]
        if name.startswith("alias/aws/"):
            return None
        kms = self._backend("kms")
        key_id = kms.get_key_id_from_alias(name) if name.startswith("alias/") else name.removeprefix("key/")
        found = kms.keys.get(key_id)
        if identifier.startswith("arn:") and ":key/" in identifier:  # of another region or account, too
            return identifier
        return str(found.arn) if found else f"arn:aws:kms:{self.region}:{self.account}:key/{key_id or name}"

    def key_of_ciphertext(self, blob: bytes) -> str | None:
        """Return the ARN of the key that encrypted this."""
        try:
            key_id = _deserialize_ciphertext_blob(blob).key_id
        except (ValueError, TypeError):  # no ciphertext of ours; struct.error is a ValueError
            return None
        return self.key(key_id)

    def key_of_parameter(self, name: str) -> str | None:
        """Return the ARN of the key of a SecureString; None when there is no such parameter, or it is none."""
        if name.startswith("/aws/"):  # AWS's own, or a secret of Secrets Manager under a key of its own
            return None
        parameters = self._backend("ssm")._parameters  # noqa: SLF001 - get_parameter raises for a version that is not there
        found = parameters[name][-1] if name in parameters else None
        if found is None or found.parameter_type != "SecureString" or not found.keyid:
            return None
        return self.key(found.keyid)

    def parameters_below(self, path: str, *, recursive: bool) -> Iterable[str]:
        """Return the names of the parameters in a path."""
        names = self._backend("ssm")._parameters.get_keys_beginning_with(f"{path.rstrip('/')}/", recursive)  # noqa: SLF001
        return map(str, names)

    def key_of_object(self, bucket: str, key: str) -> str | None:
        """Return the ARN of an object's key, or of the key for a bucket's new objects."""
        found = self._backend("s3", "aws").buckets.get(bucket)
        if found is None:
            return None
        if key:
            stored = found.keys.get(key)
            return self.key(stored.kms_key_id) if stored is not None and stored.kms_key_id else None
        default = ((found.encryption or {}).get("Rule") or {}).get("ApplyServerSideEncryptionByDefault") or {}
        return self.key(default["KMSMasterKeyID"]) if default.get("KMSMasterKeyID") else None

    def has_bucket_key(self, bucket: str) -> bool:
        """Say whether a bucket's objects share a key of their bucket."""
        found = self._backend("s3", "aws").buckets.get(bucket)
        rule = ((found.encryption if found else None) or {}).get("Rule") or {}
        return str(rule.get("BucketKeyEnabled", "")).lower() == "true"

    def roles_of_profile(self, name: str) -> tuple[str, ...]:
        """Return the ARNs of the roles in an instance profile."""
        profiles = self._backend("iam", "aws").instance_profiles.values()
        return tuple(str(role.arn) for one in profiles if one.name == name for role in one.roles)

    def launch_template(self, name: str) -> str | None:
        """Return a launch template's id."""
        found = self._backend("ec2").launch_template_name_to_ids.get(name)
        return str(found) if found else None

    def group_of(self, instance: str) -> str | None:
        """Return the name of the Auto Scaling group that an instance is in."""
        groups = self._backend("autoscaling").autoscaling_groups.values()
        members = ((one.name, state.instance.id) for one in groups for state in one.instance_states)
        return next((str(name) for name, member in members if member == instance), None)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return a resource's tags."""
        service, name = _parts(arn)
        if service == "ec2":
            return dict(self._backend("ec2").tags.get(name.rpartition("/")[2], {}))
        if service == "iam":
            iam = self._backend("iam", "aws")
            tags = getattr(sources.entity_of(iam, arn), "tags", None)  # roles have them themselves
            return {tag["Key"]: tag["Value"] for tag in tags or iam.tagger.list_tags_for_resource(arn)["Tags"]}
        for backend in iter_taggable_backends(self.account, self.region):
            if backend.owns_arn(arn):
                return next((one.tags for one in backend.iter_tagged_resources() if one.arn == arn), {})
        return {}

    def policies(self, arn: str) -> tuple[Policy, ...]:
        """Return the policies that a resource has itself: a bucket, a key, a repository."""
        service, name = _parts(arn)
        document: Any = None
        if service == "s3" and (bucket := self._backend("s3", "aws").buckets.get(name.partition("/")[0])):
            document = bucket.policy
        elif service == "kms":
            key = self._backend("kms").keys.get(name.removeprefix("key/"))
            document = key.policy if key else self._default_key_policy()  # KMS then answers that there is no such key
        elif service == "ecr" and (repository := self._backend("ecr").repositories.get(name.partition("/")[2])):
            document = repository.policy
        if not document:
            return ()
        text = document.decode() if isinstance(document, bytes) else document
        return (parse(text, name=arn, kind=Kind.RESOURCE),)

    def _default_key_policy(self) -> dict[str, Any]:
        """Return the policy of a key that leaves it to the account's identities."""
        root = {"AWS": f"arn:aws:iam::{self.account}:root"}
        statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}


def _parts(arn: str) -> tuple[str, str]:
    """Return an ARN's service and the resource's own name."""
    _, _, service, _, _, name = arn.split(":", NAME_OF_ARN)
    return service, name
