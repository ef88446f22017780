"""Role infrastructure with a small root module and moto's server: drift, locks that stay, what a destroy leaves."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib import request

import boto3
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
REGION = "eu-west-1"
BUCKET = f"beacon-trial-state-{ACCOUNT}"
SCENARIO = yaml.safe_load((CHECKOUT / "molecule/infrastructure/molecule.yml").read_text())
INPUTS = {
    name: value
    for name, value in SCENARIO["provisioner"]["inventory"]["group_vars"]["all"].items()
    if name.startswith("infrastructure_") and "{{" not in str(value)  # paths of Molecule's own
} | {"infrastructure_environment": "trial"}
ROOT_MODULE = """
terraform {
  backend "s3" {
    use_lockfile = true
  }
}

variable "environment" {
  type = string
}

resource "terraform_data" "name" {
  input = "${var.environment}%s"

  lifecycle {
    prevent_destroy = true
  }
}

output "name" {
  value = terraform_data.name.output
}
"""
PLAY = """
- name: Apply the role
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Apply it
      ansible.builtin.include_role:
        name: beacon.platform.infrastructure
        tasks_from: "{{ entry | default('main') }}"
"""
LOG_GROUP = "/aws/eks/beacon-trial/cluster"


class Trial:
    """An environment of its own in moto's cloud."""

    def __init__(self, path: Path, endpoint: str) -> None:
        self.path = path
        self.source = path / "source"
        self.source.mkdir()
        (path / "play.yml").write_text(PLAY)
        (self.source / ".terraform.lock.hcl").write_text("# its only provider is built into Terraform\n")
        self.write("")
        inputs = {
            **INPUTS,
            "infrastructure_state_directory": str(path / "state"),
            "infrastructure_terraform_source": str(self.source),
            "infrastructure_terraform_cli_config": os.devnull,
            "ansible_python_interpreter": sys.executable,
        }
        (path / "inputs.json").write_text(json.dumps(inputs))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
        }
        self.endpoint = endpoint

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def write(self, suffix: str) -> None:
        (self.source / "main.tf").write_text(ROOT_MODULE % suffix)

    def play(self, *arguments: str, **inputs: object) -> tuple[int, str]:
        """Apply the role; return the exit code, and what was printed as one line."""
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        extra = ["-e", f"@{self.path}/inputs.json", "-e", json.dumps(inputs)]
        done = subprocess.run(
            [program, str(self.path / "play.yml"), *extra, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve moto in a process of its own: in this one, other tests put the local cloud's services in the place of moto's."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MOTO_")}  # nor their settings
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=plain)
    try:
        end = time.monotonic() + 60
        while not answers(address):
            assert time.monotonic() < end, "moto's server does not answer"
            time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def answers(address: str) -> bool:
    try:
        request.urlopen(f"{address}/moto-api/data.json", timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture
def trial(tmp_path: Path, endpoint: str) -> Trial:
    # an account without what the test before made: https://docs.getmoto.org/en/latest/docs/server_mode.html
    request.urlopen(request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=30).close()
    return Trial(tmp_path, endpoint)


def test_an_environment_from_its_first_run_to_its_end(trial: Trial) -> None:
    code, text = trial.play()
    assert code == 0, text
    assert "terraform_data.name: created after 0 s (1 of 1)" in text

    trial.write("-changed")
    code, text = trial.play("--check", infrastructure_drift_is_failure=True)
    assert code == 2
    assert "# terraform_data.name will be updated in-place" in text, "a check shows the plan"
    assert (
        "Environment 'trial' is not what the code and the inventory say; a run would change 2: terraform_data.name: update, "
        "output.name: update. Run beacon.platform.provision, or undo what was changed besides. Nothing was changed now."
    ) in text

    # as a container's end leaves it: the lock of a run that is gone
    lock = {"ID": "6f1c2d5e-0000-4000-8000-3a5b7c9d1e2f", "Operation": "OperationTypeApply", "Who": "root@awx-job-7"}
    lock |= {"Info": "", "Version": "1.11.4", "Created": "2026-01-02T03:04:05Z", "Path": f"{BUCKET}/terraform.tfstate"}
    trial.client("s3").put_object(Bucket=BUCKET, Key="terraform.tfstate.tflock", Body=json.dumps(lock))
    code, text = trial.play(infrastructure_lock_timeout=1)
    assert code == 2
    assert "Another run holds the lock on Terraform's state: root@awx-job-7, since 2026-01-02 03:04:05" in text
    assert f"run the same again with -e infrastructure_unlock={lock['ID']}, which releases the lock first" in text
    code, text = trial.play(infrastructure_unlock="6f1c2d5e-0000-4000-8000-ffffffffffff")
    assert code == 2
    assert "Failed to unlock state" in text, "another run's lock is never released"
    code, text = trial.play(infrastructure_unlock=lock["ID"])
    assert code == 0, text
    assert "terraform_data.name: changed after 0 s (1 of 1)" in text


def log_groups(trial: Trial) -> list[str]:
    found = trial.client("logs").describe_log_groups(logGroupNamePrefix="/aws/eks/beacon-trial")["logGroups"]
    return [group["logGroupName"] for group in found]


def test_logs_that_a_destroyed_cluster_writes_late_are_removed_and_others_stay(trial: Trial) -> None:
    logs = trial.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_group(logGroupName=f"{LOG_GROUP}-of-another")
    code, text = trial.play()  # as it is found by the run after a destroy
    assert code == 0, text
    assert log_groups(trial) == [f"{LOG_GROUP}-of-another"]

    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=30)
    code, text = trial.play("--check")
    assert code == 0, text
    logs.delete_retention_policy(logGroupName=LOG_GROUP)
    code, text = trial.play(infrastructure_state="absent", infrastructure_leftovers_wait=0)
    assert code == 0, text
    assert log_groups(trial) == [f"{LOG_GROUP}-of-another"]


def test_what_a_destroy_leaves_is_named_and_what_is_billed_ends_it(trial: Trial) -> None:
    tags = [{"Key": "Project", "Value": "beacon"}, {"Key": "Environment", "Value": "trial"}]
    ec2 = trial.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[network], Tags=tags)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ended = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[ended], Tags=tags)
    kms = trial.client("kms")
    key = kms.create_key(Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags])["KeyMetadata"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=30)
    s3 = trial.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
    s3.create_bucket(Bucket="beacon-trial-forgotten", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket="beacon-trial-forgotten", Tagging={"TagSet": tags})

    code, text = trial.play(entry="leftovers", infrastructure_leftovers_wait=0)
    assert code == 2
    assert (
        "Environment 'trial' still has what AWS bills: arn:aws:ec2:eu-west-1:123456789012:instance/"
        + ended
        + ", arn:aws:s3:::beacon-trial-forgotten. Terraform's state does not name it any more; look at each, delete it, and run "
        "beacon.platform.destroy again to see that nothing is left."
    ) in text

    ec2.terminate_instances(InstanceIds=[ended])
    s3.delete_bucket(Bucket="beacon-trial-forgotten")
    code, text = trial.play(entry="leftovers", infrastructure_leftovers_wait=0)
    assert code == 0, text
    assert ended not in text
    assert f"vpc/{network} is left, and costs nothing" in text
    assert f"arn:aws:s3:::{BUCKET} stays with all versions of the state, for less than 0.01 USD a month" in text
    assert re.search(re.escape(key["Arn"]) + r" is deleted on \d{4}-\d\d-\d\d, and costs nothing until then", text)
    ec2.delete_vpc(VpcId=network)
