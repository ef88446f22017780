"""Verbs work as the environment's deployer: assumed by who is trusted, refused in words to others, told by the API's own log."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509

from localcloud.conftest import cloud, config, docker  # noqa: F401 - fixtures
from localcloud.http import principals, signatures
from localcloud.http.request import AwsRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.conftest import Cloud

CHECKOUT = Path(__file__).parents[2]
PLAYBOOKS = CHECKOUT / "playbooks"
ACCOUNT = "123456789012"
BUCKET = f"beacon-local-state-{ACCOUNT}"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/beacon-local-deployer"
ADMINISTRATOR = (
    "arn:aws:iam::aws:policy/AdministratorAccess"  # who may do what is asserted by what was asked, not by a refusal
)
TRUSTED = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("trusted", "administrator")]
SSH_KEY = "/beacon/local/ssh-private-key"
PARAMETER = "/beacon/local/grafana-viewer"
HOSTS = {"ops_instance_id": "i-0000000000000000a", "monitoring_instance_id": "i-0000000000000000b"}
VERB: list[dict[str, Any]] = [
    {
        "name": "Play what every verb begins with",
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(file) for file in sorted((PLAYBOOKS / "group_vars" / "all").glob("*.yml"))],
        "environment": "{{ beacon_deployer_environment }}",
        "tasks": [
            {"name": "Begin", "ansible.builtin.import_tasks": str(PLAYBOOKS / "tasks" / "outputs.yml")},
            {
                "name": "Ask for a parameter",
                "beacon.platform.ssm_parameter_info": {"names": [PARAMETER], "region": "{{ beacon_region }}"},
                "register": "parameter",
            },
            {"name": "Show it", "ansible.builtin.debug": {"msg": "outputs {{ infrastructure_outputs.account_id }}"}},
        ],
    }
]
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "Make secrets and a certificate",
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "secrets_parameters": ["/beacon/local/grafana-admin", PARAMETER],
            "secrets_kms_key": "alias/aws/ssm",
            "secrets_region": "eu-west-1",
            "secrets_tags": {"Project": "beacon"},
            "certificate_common_name": "monitoring",
            "certificate_ca_parameters": {
                "private_key": "/beacon/local/ca-private-key",
                "certificate": "/beacon/local/ca-certificate",
            },
            "certificate_kms_key": "alias/aws/ssm",
            "certificate_region": "eu-west-1",
            "certificate_tags": {"Project": "beacon"},
        },
        "tasks": [
            {"name": name, "ansible.builtin.include_role": {"name": f"beacon.platform.{name}"}}
            for name in ("secrets", "certificate")
        ],
    }
]


@dataclass
class Environment:
    """An environment of which only the state, its roles and a parameter are there, and who asked for what."""

    cloud: Cloud
    folder: Path
    calls: list[tuple[str, str]] = field(default_factory=list)  # who, action or method and path

    def user(self, name: str) -> dict[str, str]:
        """Return the keys of an IAM user, made where the role does not trust it."""
        iam = self.cloud.client("iam")
        if name != "trusted":
            iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def session(self, role: str) -> dict[str, str]:
        """Return the keys of a session of a role."""
        keys = self.cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="job")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def play(self, keys: dict[str, str], *arguments: str, plays: Any = VERB) -> tuple[int, str]:
        """Play a verb's beginning, or other plays; return the exit code and all that was printed, as one line."""
        verb = self.folder / "verb.yml"
        verb.write_text(yaml.safe_dump(plays))
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "BEACON_"))}
        environment = {
            **clean,
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "BEACON_STATE": str(self.folder / "state"),
            **keys,
        }
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, str(verb), "-i", str(CHECKOUT / "inventories/local/hosts.yml"), *arguments]
        answer = subprocess.run(
            command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True, timeout=300
        )
        return answer.returncode, re.sub(r"\s+", " ", answer.stdout + answer.stderr)

    def asked_by(self, who: str) -> set[str]:
        """Return what somebody asked for."""
        return {asked for caller, asked in self.calls if who in caller}


@pytest.fixture
def environment(cloud: Cloud, tmp_path: Path) -> Iterator[Environment]:  # noqa: F811
    made = Environment(cloud, tmp_path)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": TRUSTED},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.client("iam").create_user(UserName="trusted")
    for name in ("deployer", "verifier"):
        cloud.client("iam").create_role(RoleName=f"beacon-local-{name}", AssumeRolePolicyDocument=document)
        cloud.client("iam").attach_role_policy(RoleName=f"beacon-local-{name}", PolicyArn=ADMINISTRATOR)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    outputs = {"account_id": ACCOUNT, "region": "eu-west-1", "environment": "local", **HOSTS}
    state = {"outputs": {name: {"value": value} for name, value in outputs.items()}}
    s3.put_object(Bucket=BUCKET, Key="terraform.tfstate", Body=json.dumps(state).encode())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True, timeout=60)
    for parameter, value in {PARAMETER: "made-up", SSH_KEY: (tmp_path / "key").read_text()}.items():
        cloud.client("ssm").put_parameter(Name=parameter, Value=value, Type="SecureString")
    for host in HOSTS.values():
        keys = (tmp_path / "key.pub").read_text()
        cloud.client("ssm").put_parameter(Name=f"/beacon/local/host-keys/{host}", Value=keys, Type="String")
    inner = cloud.application
    assert inner is not None

    def recording(environ: dict[str, Any], start_response: Any) -> Any:
        request = AwsRequest(environ=environ)
        found = signatures.parse(request)
        with cloud.now.model.transaction():
            who = principals.find(found.access_key_id) if found else None
        arn, action = (
            who.arn if who else "",
            request.action or f"{request.method} {request.path}?{environ['QUERY_STRING']}".rstrip("?"),
        )
        made.calls.append((arn, action))
        return inner(request.replay(), start_response)

    cloud.application = recording
    yield made
    cloud.application = inner


def test_an_operator_works_as_the_deployer(environment: Environment) -> None:
    code, text = environment.play(environment.user("trusted"), "-vvvv")
    assert code == 0, text[-3000:]
    assert "outputs 123456789012" in text
    assert environment.asked_by("user/trusted") <= {"GetCallerIdentity", "ListAccountAliases", "AssumeRole"}
    deployer = environment.asked_by("assumed-role/beacon-local-deployer/beacon-trusted")
    assert deployer == {
        "GetParameters",
        f"HEAD /{BUCKET}",  # s3:ListBucket
        f"GET /{BUCKET}?ownershipControls",  # a refusal of it is no failure
        f"HEAD /{BUCKET}/terraform.tfstate",
        f"GET /{BUCKET}/terraform.tfstate",
    }
    file = environment.folder / "state" / "local" / "deployer.credentials"
    assert file.stat().st_mode & 0o777 == 0o600
    secrets = [
        line.partition(" = ")[2] for line in file.read_text().splitlines() if "secret" in line or "token" in line
    ]
    assert len(secrets) == 2
    for secret in secrets:
        assert secret not in text


def test_who_is_the_deployer_already_assumes_nothing(environment: Environment) -> None:
    code, text = environment.play(environment.session(DEPLOYER))
    assert code == 0, text[-3000:]
    assert "AssumeRole" not in environment.asked_by("assumed-role/")
    assert "GetParameters" in environment.asked_by("assumed-role/beacon-local-deployer/job")
    assert not list((environment.folder / "state").rglob("*.credentials"))
    assert (environment.folder / "state" / "local").stat().st_mode & 0o777 == 0o700


def test_who_is_not_trusted_is_refused_in_words(environment: Environment) -> None:
    code, text = environment.play(environment.user("stranger"))
    assert code != 0
    assert f"arn:aws:iam::{ACCOUNT}:user/stranger can't assume {DEPLOYER}." in text
    assert "Environment 'local' in eu-west-1 is not provisioned: run beacon.platform.provision." in text
    assert "infrastructure_deployer_trusted_arns in the inventory and plays beacon.platform.provision" in text
    assert "not authorized to perform: sts:AssumeRole" in text
    assert environment.asked_by("user/stranger") <= {"GetCallerIdentity", "ListAccountAliases", "AssumeRole"}
    assert not list(environment.folder.rglob("*.credentials"))


def test_a_check_before_provisioning_says_that_there_is_nothing(environment: Environment) -> None:
    s3 = environment.cloud.client("s3")
    s3.delete_object(Bucket=BUCKET, Key="terraform.tfstate")
    s3.delete_bucket(Bucket=BUCKET)
    code, text = environment.play(environment.user("stranger"), "--check")
    assert code == 0, text[-3000:]
    assert "is not provisioned yet, so what follows" in text
    assert not (environment.folder / "state" / "local").exists()


def test_a_check_of_who_is_not_trusted_is_refused_where_there_is_something(environment: Environment) -> None:
    code, text = environment.play(environment.user("stranger"), "--check")
    assert code != 0
    assert f"user/stranger can't assume {DEPLOYER}." in text


def test_secrets_and_certificates_need_no_more_than_the_deployer_may(environment: Environment) -> None:
    keys = environment.session(DEPLOYER)
    code, text = environment.play(keys, plays=PARAMETERS)
    assert code == 0, text[-3000:]
    code, text = environment.play(keys, plays=PARAMETERS)
    assert code == 0, text[-3000:]
    assert re.search(r"changed=0\b", text), text[-300:]
    document = (CHECKOUT / "terraform" / "permissions" / "deployer.json.tftpl").read_text()
    asked = environment.asked_by("assumed-role/beacon-local-deployer/job")
    assert {"GetParameters", "PutParameter"} <= asked
    assert [action for action in asked if f'"ssm:{action}"' not in document] == []
    names = {item["Name"] for item in environment.cloud.client("ssm").describe_parameters()["Parameters"]}
    assert {"/beacon/local/grafana-admin", "/beacon/local/certificate/monitoring/private-key"} <= names


def test_a_renewed_ca_vouches_for_what_it_issued_before(environment: Environment) -> None:
    keys = environment.session(DEPLOYER)
    plays = [{**PARAMETERS[0], "tasks": PARAMETERS[0]["tasks"][1:]}]
    plays[0]["vars"] = {**PARAMETERS[0]["vars"], "certificate_ca_days": 20}  # ends soon: each run renews it

    def certificates() -> tuple[x509.Certificate, x509.Certificate]:
        """Play the role, and return the CA's certificate and the server's."""
        code, text = environment.play(keys, plays=plays)
        assert code == 0, text[-3000:]
        ssm = environment.cloud.client("ssm")
        names = ("/beacon/local/ca-certificate", "/beacon/local/certificate/monitoring/certificate")
        texts = [ssm.get_parameter(Name=name)["Parameter"]["Value"].encode() for name in names]
        ca, server = map(x509.load_pem_x509_certificate, texts)
        return ca, server

    ca, server = certificates()
    renewed, same = certificates()
    assert renewed.serial_number != ca.serial_number
    assert same == server
    server.verify_directly_issued_by(renewed)  # raises where it did not


def rotation(*steps: str, role: str = "secrets") -> list[dict[str, Any]]:
    """Return a play that takes steps of a rotation, each as a run of its own would; of the CA, "issue" is a run of its role."""
    play = {**PARAMETERS[0], "tasks": []}
    play["tasks"] = [
        {
            "name": "Take a step",
            "ansible.builtin.include_role": {
                "name": f"beacon.platform.{role}",
                "tasks_from": "main" if step == "issue" else "rotate",
            },
            "vars": {f"{role}_rotation": step, "secrets_parameters": [PARAMETER]},
        }
        for step in steps
    ]
    return [play]


def test_a_rotation_that_is_cut_short_goes_on_with_the_new_value(environment: Environment) -> None:
    keys = environment.session(DEPLOYER)
    said: list[str] = []

    def values(*steps: str) -> tuple[str, str]:
        """Play steps, and return the current and the previous value."""
        code, text = environment.play(keys, plays=rotation(*steps))
        said.append(text)
        assert code == 0, text[-3000:]
        names = (PARAMETER, PARAMETER.replace("/grafana", "/previous/grafana"))
        ssm = environment.cloud.client("ssm")
        current, previous = (ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] for name in names)
        assert current not in text
        assert previous not in text
        return current, previous

    new, previous = values("begin", "change")
    assert previous == "made-up"
    assert re.fullmatch(r"[A-Za-z0-9]{32}", new)
    assert values("begin", "change", "change") == (new, "made-up")  # cut short, and played again
    assert f"The secret {PARAMETER} has a new value already" in said[-1]
    assert "has a new value already" not in said[0]
    assert values("end", "end") == (new, new)
    newer, previous = values("begin", "change")
    assert previous == new
    assert newer not in (new, "made-up")
    document = (CHECKOUT / "terraform" / "permissions" / "deployer.json.tftpl").read_text()
    asked = environment.asked_by("assumed-role/beacon-local-deployer/job")
    assert [action for action in asked if f'"ssm:{action}"' not in document] == []


def test_a_ca_is_replaced_while_both_are_trusted(environment: Environment) -> None:
    keys, said = environment.session(DEPLOYER), [""]

    def after(*steps: str) -> tuple[list[x509.Certificate], x509.Certificate]:
        """Play steps, and return whom one trusts and what the server shows."""
        code, text = environment.play(keys, plays=rotation(*steps, role="certificate"))
        said.append(text)
        assert code == 0, text[-3000:]
        names = ("/beacon/local/ca-certificate", "/beacon/local/certificate/monitoring/certificate")
        ssm = environment.cloud.client("ssm")
        texts = [ssm.get_parameter(Name=name)["Parameter"]["Value"].encode() for name in names]
        return x509.load_pem_x509_certificates(texts[0]), x509.load_pem_x509_certificate(texts[1])

    def issued_by(server: x509.Certificate, trusted: list[x509.Certificate]) -> int:
        """Return which one of them issued it."""
        keys_of = [item.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest for item in trusted]
        found = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        assert found is not None
        index = keys_of.index(found)
        server.verify_directly_issued_by(trusted[index])
        return index

    (old,), first = after("issue")
    both, server = after("begin", "issue", "begin", "issue")  # cut short, and played again
    assert (both[0], len(both), server) == (old, 2, first)
    assert "has a successor already" in said[-1]
    new = both[1]
    assert new.public_key() != old.public_key()
    both, server = after("change", "issue", "begin", "change", "issue")
    assert both == [new, old]
    assert issued_by(server, both) == 0
    (left,), server = after("end", "issue", "end", "issue")
    assert (left, issued_by(server, [left])) == (new, 0)
    again, server = after("begin", "issue")
    assert (again[0], issued_by(server, again), len(again)) == (new, 0, 2)
    assert "PRIVATE KEY" not in "".join(said)
    document = (CHECKOUT / "terraform" / "permissions" / "deployer.json.tftpl").read_text()
    asked = environment.asked_by("assumed-role/beacon-local-deployer/job")
    assert [action for action in asked if f'"ssm:{action}"' not in document] == []
    absent = {**PARAMETERS[0]["vars"], "certificate_state": "absent", "certificate_ca_removed": True}
    code, text = environment.play(keys, plays=[{**PARAMETERS[0], "vars": absent, "tasks": PARAMETERS[0]["tasks"][1:]}])
    assert code == 0, text[-3000:]
    names = {item["Name"] for item in environment.cloud.client("ssm").describe_parameters()["Parameters"]}
    assert [name for name in names if "ca-" in name] == []


def test_an_ssh_key_is_replaced_and_other_operators_get_it(environment: Environment) -> None:
    keys, ec2 = environment.session(DEPLOYER), environment.cloud.client("ec2")
    ec2.import_key_pair(KeyName="beacon-local", PublicKeyMaterial=(environment.folder / "key.pub").read_bytes())
    code, text = environment.play(keys)  # of another operator, who has the old one then
    assert code == 0, text[-3000:]
    steps = [
        {
            "name": "Take a step",
            "beacon.platform.ssh_key": {
                "region": "eu-west-1",
                "parameter": SSH_KEY,
                "path": str(environment.folder / "mine"),
                "next_path": str(environment.folder / "next"),
                "key_pair": "beacon-local",
                "comment": "beacon-local",
                "rotation": step,
            },
        }
        for step in ("begin", "begin", "change", "change", "end", "end")
    ]
    code, text = environment.play(keys, plays=[{**PARAMETERS[0], "tasks": steps}])
    assert code == 0, text[-3000:]
    assert re.search(r"changed=3\b", text), text[-300:]
    code, text = environment.play(keys)
    assert code == 0, text[-3000:]
    theirs = environment.folder / "state" / "local" / "id_ed25519"
    assert theirs.read_text() == (environment.folder / "mine").read_text() != (environment.folder / "key").read_text()
    shown = subprocess.run(["ssh-keygen", "-y", "-f", theirs], check=True, capture_output=True, text=True, timeout=60)
    (pair,) = ec2.describe_key_pairs(KeyNames=["beacon-local"], IncludePublicKey=True)["KeyPairs"]
    assert pair["PublicKey"].split()[:2] == shown.stdout.split()[:2]
    document = (CHECKOUT / "terraform" / "permissions" / "deployer.json.tftpl").read_text()
    asked = {action for action in environment.asked_by("assumed-role/beacon-local-deployer/job") if "KeyPair" in action}
    assert {"DescribeKeyPairs", "DeleteKeyPair", "ImportKeyPair"} == asked
    assert [action for action in (*asked, "CreateTags") if f'"ec2:{action}"' not in document] == []
    assert '"ssm:GetParameterHistory"' in document


def test_a_ca_that_is_not_there_is_named(environment: Environment) -> None:
    code, text = environment.play(environment.session(DEPLOYER), plays=rotation("begin", role="certificate"))
    assert code != 0
    assert "There is no CA /beacon/local/ca-certificate to rotate." in text
    assert "beacon.platform.monitor, makes it. Nothing was changed." in text


def test_a_secret_that_is_not_there_is_named_and_one_that_goes_leaves_nothing(environment: Environment) -> None:
    keys = environment.session(DEPLOYER)
    code, text = environment.play(keys, plays=rotation("begin", "change"))
    assert code == 0, text[-3000:]
    absent = {**PARAMETERS[0]["vars"], "secrets_parameters": [PARAMETER], "secrets_state": "absent"}
    code, text = environment.play(keys, plays=[{**PARAMETERS[0], "vars": absent, "tasks": PARAMETERS[0]["tasks"][:1]}])
    assert code == 0, text[-3000:]
    names = [PARAMETER, PARAMETER.replace("/grafana", "/previous/grafana")]
    assert environment.cloud.client("ssm").get_parameters(Names=names)["Parameters"] == []
    code, text = environment.play(keys, plays=rotation("begin"))
    assert code != 0
    assert f"There is no secret {PARAMETER} to rotate." in text
