"""Who may talk to the Kubernetes API, and from where."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest

from tests.e2e.stack import ENVIRONMENT, KUBECONFIG, STATE, kubectl, run

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


@pytest.mark.usefixtures("tunnel")
def test_the_deployer_works_with_the_generated_kubeconfig() -> None:
    code, text = kubectl("get", "nodes", "-o", "json")
    assert code == 0, text
    nodes = json.loads(text)["items"]
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
    assert len(nodes) >= 2
    assert len(zones) == 2


@pytest.mark.usefixtures("tunnel")
def test_an_iam_user_without_an_access_entry_is_refused(stack: Stack) -> None:
    iam = boto3.client("iam")
    iam.create_user(UserName="stranger")
    try:
        key = iam.create_access_key(UserName="stranger")["AccessKey"]
        credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        token = run(
            *("aws", "eks", "get-token", "--cluster-name", stack.outputs["cluster_name"], "--output", "json"),
            env={**os.environ, **credentials},
        )
        assert token.returncode == 0, token.stderr
        status = json.loads(token.stdout)["status"]
        kubeconfig = json.loads(
            run("kubectl", "--kubeconfig", KUBECONFIG, "config", "view", "--raw", "-o", "json").stdout
        )
        kubeconfig["users"][0]["user"] = {"token": status["token"]}
        mine = STATE / ENVIRONMENT / "stranger.kubeconfig"
        mine.write_text(json.dumps(kubeconfig))
        try:
            answer = run("kubectl", "--kubeconfig", str(mine), "get", "nodes", limit=60)
        finally:
            mine.unlink()
        assert answer.returncode != 0
        assert "Unauthorized" in answer.stderr or "must be logged in" in answer.stderr
    finally:
        for item in iam.list_access_keys(UserName="stranger")["AccessKeyMetadata"]:
            iam.delete_access_key(UserName="stranger", AccessKeyId=item["AccessKeyId"])
        iam.delete_user(UserName="stranger")


@pytest.mark.usefixtures("tunnel")
def test_only_images_of_our_registry_run_and_only_by_digest(stack: Stack) -> None:
    code, text = kubectl(
        "get", "deployments", "--all-namespaces", "-l", "app.kubernetes.io/part-of=beacon", "--output", "json"
    )
    assert code == 0, text
    running = {
        deployment["metadata"]["namespace"]: deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        for deployment in json.loads(text)["items"]
    }
    assert {"webapp", "ingress", "monitoring"} <= set(running)
    for namespace, image in running.items():
        name, _, digest = image.partition("@")
        assert digest.startswith("sha256:"), image
        for one, answer in {
            image: "deployment.apps/other created (server dry run)",
            f"{name}:1.0": f"image {name}:1.0 may not run in {namespace}",
            f"elsewhere.example/app@{digest}": f"image elsewhere.example/app@{digest} may not run in {namespace}",
        }.items():
            _, said = kubectl("create", "deployment", "other", "-n", namespace, f"--image={one}", "--dry-run=server")
            assert answer in said


def test_the_api_is_not_reachable_but_through_the_ops_host(stack: Stack) -> None:
    cluster = boto3.client("eks").describe_cluster(name=stack.outputs["cluster_name"])["cluster"]
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    host = urlsplit(cluster["endpoint"]).hostname or ""
    addresses = run("docker", "ps", "-q", "--filter", "label=beacon.localcloud").stdout.split()
    inspected = json.loads(run("docker", "inspect", *addresses).stdout)
    private = [
        network["IPAddress"]
        for container in inspected
        for network in container["NetworkSettings"]["Networks"].values()
        if host in [alias.lower() for alias in network.get("Aliases") or []]
    ]
    assert private, f"no container answers to {host}"
    for address in private:
        with socket.socket() as probe:
            probe.settimeout(3)
            assert probe.connect_ex((address, 443)) != 0, f"{address}:443 answers from outside of the VPC"
