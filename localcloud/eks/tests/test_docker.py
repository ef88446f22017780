"""A cluster with two nodes behind a load balancer, in real containers: `python -m pytest -m docker localcloud/eks`."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.eks import nodes
from localcloud.eks.tests.cluster import VPC, Local
from localcloud.tests.harness import Docker, until, up

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    made = Local(tmp_path, name="localcloud-eks-test", port=5692, public_range="198.18.36.0/25")
    with up(made):
        yield made


def ask_api(local: Local, path: str, credentials: dict[str, str]) -> int:
    """Ask the API server from a node (a member of the cluster's group) with a token of `aws eks get-token`."""
    aws = Path(sys.executable).parent / "aws"
    environ = {**os.environ, **local.control.env(), **credentials}
    command = [str(aws), "eks", "get-token", "--cluster-name", "demo"]
    made = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    token = json.loads(made.stdout)["status"]["token"]
    endpoint = local.client("eks").describe_cluster(name="demo")["cluster"]["endpoint"]
    listed = subprocess.run(
        ["docker", "ps", "--filter", "label=beacon.eks.cluster=demo", "--format", "{{.Names}}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    node = next(name for name in listed.stdout.split() if name.startswith(f"{local.control.config.name}-i-"))
    curl = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--cacert",
        "/etc/kubernetes/pki/ca.crt",
        "-H",
        "@-",
    ]
    done = subprocess.run(
        ["docker", "exec", "-i", node, *curl, endpoint + path],
        input=f"Authorization: Bearer {token}",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(done.stdout)


def fetch(address: str) -> int:
    try:
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=2) as answer:
            return int(answer.status)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return 0


def test_a_cluster_lives_and_goes_on_without_the_server(local: Local) -> None:
    made = local.make()
    vpc, subnets, roles, cluster = made.vpc, made.subnets, made.roles, made.cluster
    ec2, eks, elb = (local.client(name) for name in ("ec2", "eks", "elbv2"))
    members = local.kubectl("get", "nodes", "-l", "a=b")["items"]
    node, other = members
    without_address(local, node, other)
    denied_pod(local, node, other)

    pulls_from_another_region(local, node)
    public_endpoint(local, node, cluster)

    # access: the creator, nobody, and what an entry with a policy gives and takes
    assert ask_api(local, "/api/v1/nodes", {}) == 200
    session = local.client("sts").assume_role(RoleArn=roles["dev"], RoleSessionName="me")["Credentials"]
    dev = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    assert ask_api(local, "/api/v1/nodes", dev) == 401
    eks.create_access_entry(clusterName="demo", principalArn=roles["dev"])
    eks.associate_access_policy(
        clusterName="demo",
        principalArn=roles["dev"],
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        accessScope={"type": "namespace", "namespaces": ["kube-*"]},
    )
    assert until(lambda: ask_api(local, "/api/v1/namespaces/kube-system/pods", dev) == 200, seconds=30)
    assert ask_api(local, "/api/v1/namespaces/default/pods", dev) == 403
    eks.delete_access_entry(clusterName="demo", principalArn=roles["dev"])
    assert until(lambda: ask_api(local, "/api/v1/namespaces/kube-system/pods", dev) == 401, seconds=30)
    logs = local.client("logs")
    audited = until(
        lambda: "/aws/eks/demo/cluster" in [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]],
        seconds=60,
    )
    assert audited

    # the load balancer: kube-proxy's health page on both nodes, by their Auto Scaling group
    groups = [cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]]
    balancer = elb.create_load_balancer(
        Name="web", Type="network", SubnetMappings=[{"SubnetId": subnet} for subnet in subnets], SecurityGroups=groups
    )["LoadBalancers"][0]["LoadBalancerArn"]
    ec2.authorize_security_group_ingress(
        GroupId=groups[0],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    target = elb.create_target_group(
        Name="http",
        Protocol="TCP",
        Port=10256,
        VpcId=vpc,
        TargetType="instance",
        HealthCheckProtocol="HTTP",
        HealthCheckPath="/healthz",
        HealthCheckIntervalSeconds=10,
        HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    action = {"Type": "forward", "TargetGroupArn": target}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=80, DefaultActions=[action])
    name = made.nodegroup["resources"]["autoScalingGroups"][0]["name"]
    local.client("autoscaling").attach_load_balancer_target_groups(AutoScalingGroupName=name, TargetGroupARNs=[target])
    nodes_of_balancer = until(lambda: len(found := [m for m in machines(local) if "-nlb-" in m]) == 2 and found)
    public = [address for machine in nodes_of_balancer for address in public_addresses(machine)]
    assert len(public) == 2
    assert until(lambda: [fetch(address) for address in public] == [200, 200], seconds=60)

    # the server is killed: nodes, log-in and the load balancer go on; `up` finds everything as it was
    os.kill(int(local.control.status()["server"]["pid"]), signal.SIGKILL)
    assert [fetch(address) for address in public] == [200, 200]
    assert len(local.kubectl("get", "nodes")["items"]) == 2
    local.run("up")
    assert [fetch(address) for address in public] == [200, 200]
    again = local.client("eks").describe_cluster(name="demo")["cluster"]
    assert again["endpoint"] == cluster["endpoint"]
    assert ask_api(local, "/api/v1/nodes", {}) == 200

    without_nodes_and_with_them(local, target, public)


def without_nodes_and_with_them(local: Local, target: str, public: list[str]) -> None:
    """A node group goes to nothing and back; its load balancer's targets follow."""

    def resize(number: int) -> None:
        sizes = {"minSize": number, "desiredSize": number}
        local.client("eks").update_nodegroup_config(clusterName="demo", nodegroupName="main", scalingConfig=sizes)

    resize(0)
    assert until(lambda: local.kubectl("get", "nodes")["items"] == [], seconds=60)
    assert until(lambda: not any("-i-" in machine for machine in machines(local)), seconds=60)
    assert [fetch(address) for address in public] == [0, 0]
    resize(2)
    assert until(lambda: [fetch(address) for address in public] == [200, 200], seconds=90)
    targets = local.client("elbv2").describe_target_health(TargetGroupArn=target)["TargetHealthDescriptions"]
    members = local.kubectl("get", "nodes")["items"]
    assert sorted(one["Target"]["Id"] for one in targets) == sorted(instance(node) for node in members)


def public_endpoint(local: Local, node: dict[str, Any], cluster: dict[str, Any]) -> None:
    """By its name from this machine, as far as the ranges go; nothing but the API; its own VPC by its private access."""
    eks, gateway = local.client("eks"), local.control.config.gateway
    host = cluster["endpoint"].removeprefix("https://")
    authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    trusted = ssl.create_default_context(cadata=authority)

    def here() -> int:
        try:
            with urllib.request.urlopen(f"https://{host}/readyz", timeout=3, context=trusted) as answer:
                return int(answer.status)
        except (urllib.error.URLError, TimeoutError):
            return 0

    def in_node() -> int:
        ask = 'curl -s --max-time 3 -o /dev/null --cacert /etc/kubernetes/pki/ca.crt "https://$1/readyz"'
        return local.in_node(instance(node), ask, host)

    def change(**access: Any) -> None:
        update = eks.update_cluster_config(name="demo", resourcesVpcConfig=access)["update"]["id"]
        asked = {"name": "demo", "updateId": update}
        done = until(lambda: (u := eks.describe_update(**asked)["update"])["status"] != "InProgress" and u, seconds=60)
        assert done["status"] == "Successful", done

    assert (here(), in_node()) == (200, 0)
    (address_here,) = public_addresses(local.plane)
    with pytest.raises(TimeoutError), socket.create_connection((address_here, 10257), timeout=2):
        pass  # the controller manager's port
    change(publicAccessCidrs=["203.0.113.0/24"])
    assert (here(), in_node()) == (0, TIMED_OUT), "a node leaves by no address of the range"
    change(endpointPrivateAccess=True)
    assert (here(), in_node()) == (0, 0)
    change(publicAccessCidrs=[f"{gateway}/32"])
    assert (here(), in_node()) == (200, 0)
    change(endpointPublicAccess=False)
    assert public_addresses(local.plane) == []
    assert host not in Path("/etc/hosts").read_text()
    assert in_node() == 0
    change(endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/0"], endpointPrivateAccess=False)
    assert (here(), in_node()) == (200, 0)


REFUSED, TIMED_OUT = 22, 28  # curl's exit codes: a status of 400 or more; no answer
KUBE_PROXY = "http://{}:10256/healthz"  # a port of each node
# a pod is a network namespace behind a veth device of the node; this one has an address that no pod was given
GHOST = """
ip netns add ghost && ip link add vethghost type veth peer name eth0 netns ghost && ip link set vethghost up
ip -n ghost addr add "$1/32" dev eth0 && ip -n ghost link set eth0 up && ip route add "$1" dev vethghost
ip -n ghost route add default dev eth0 && sysctl -qw net.ipv4.conf.vethghost.proxy_arp=1
"""
ASK = 'ip netns exec "$1" curl -sf --max-time 2 -o /dev/null "$2"'
ASK_FROM = """
for each in $(ip netns list | cut -d " " -f 1); do
  ip -n "$each" -4 -o addr | grep -qF " $1/" && exec ip netns exec "$each" curl -sf --max-time 2 -o /dev/null "$2"
done
"""


def address(node: dict[str, Any]) -> str:
    return str(next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"))


def instance(node: dict[str, Any]) -> str:
    return str(node["spec"]["providerID"]).rpartition("/")[2]


def without_address(local: Local, node: dict[str, Any], other: dict[str, Any]) -> None:
    """A pod that the API server doesn't know yet reaches nobody: neither its own node nor another one."""
    own = nodes.pod_range(address(node), VPC)
    assert local.in_node(instance(node), GHOST, str(IPv4Network(own)[-3])) == 0
    for target in (node, other):
        assert local.in_node(instance(node), ASK, "ghost", KUBE_PROXY.format(address(target))) == TIMED_OUT
    assert local.in_node(instance(node), "ip link del vethghost && ip netns del ghost") == 0


def denied_pod(local: Local, node: dict[str, Any], other: dict[str, Any]) -> None:
    """A network policy that denies egress holds for the pod's own node too."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "asker", "namespace": "default", "labels": {"app": "asker"}},
        "spec": {
            "nodeName": node["metadata"]["name"],
            "containers": [{"name": "pause", "image": "mirror.beacon/pause:1", "imagePullPolicy": "Never"}],
        },
    }
    local.apply(pod)
    get = ("get", "pod", "-n", "default", "asker")
    ip = until(lambda: local.kubectl(*get)["status"].get("podIP"), seconds=60)

    def answers(target: dict[str, Any]) -> int:
        return local.in_node(instance(node), ASK_FROM, ip, KUBE_PROXY.format(address(target)))

    assert until(lambda: [answers(target) for target in (node, other)] == [0, 0], seconds=30)
    no_credentials(local, instance(node), ip)
    selector = {"podSelector": {"matchLabels": {"app": "asker"}}}
    metadata = {"name": "nothing", "namespace": "default"}
    deny = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
    local.apply({**deny, "spec": {**selector, "policyTypes": ["Egress"]}})
    assert until(lambda: [answers(target) for target in (node, other)] == [TIMED_OUT, TIMED_OUT], seconds=30)


def pulls_from_another_region(local: Local, node: dict[str, Any]) -> None:
    """A node pulls from another region's registry, with its role's rights: over TLS, by that registry's own name."""
    region, name = "ap-southeast-2", "pause"
    local.client("ecr", region=region).create_repository(repositoryName=name)
    docker, image = Docker(folder=local.folder / "docker"), f"{local.control.config.registry_of(region)}/{name}:1"
    assert "Login Succeeded" in docker.log_in(local, region)
    docker.ask("tag", "mirror.beacon/pause:1", image)
    assert "digest: sha256:" in docker.ask("push", image)
    docker.ask("image", "rm", image)
    container = {"name": "pause", "image": image, "imagePullPolicy": "Always"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pulled", "namespace": "default"}}
    local.apply({**pod, "spec": {"nodeName": node["metadata"]["name"], "containers": [container]}})

    def state() -> dict[str, Any]:
        statuses = local.kubectl("get", "pod", "-n", "default", "pulled")["status"].get("containerStatuses")
        return dict(statuses[0]["state"]) if statuses else {}

    waiting = until(
        lambda: state().get("waiting", {}).get("reason") in ("ErrImagePull", "ImagePullBackOff"), seconds=60
    )
    assert waiting, "without a right to"
    policy = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
    local.client("iam").attach_role_policy(RoleName="node", PolicyArn=policy)
    assert until(lambda: "running" in state(), seconds=120), state()


def no_credentials(local: Local, node: str, pod: str) -> None:
    """A pod without a policy reaches the AWS API, as the node does, but not its node's metadata service, by no address."""
    config = local.control.config
    api, service = (f"http://{config.gateway}:{port}" for port in (config.port, config.metadata_port))
    secrets = "/latest/meta-data/iam/security-credentials/"
    asked = {
        f"{api}/health": 0,
        f"{api}{secrets}": REFUSED,
        f"http://169.254.169.254{secrets}": TIMED_OUT,
        f"{service}{secrets}": TIMED_OUT,
    }
    assert {url: local.in_node(node, ASK_FROM, pod, url) for url in asked} == asked
    own = 'curl -sf --max-time 2 -o /dev/null "$1"'
    assert local.in_node(node, own, f"http://169.254.169.254{secrets}") == REFUSED, "the node is answered: no token"


def machines(local: Local) -> list[str]:
    """Return the names of this local cloud's running containers."""
    label = f"label={local.control.config.label}"
    command = ["docker", "ps", "--filter", label, "--format", "{{.Names}}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.split()


def public_addresses(machine: str) -> list[str]:
    """Return a container's addresses on the public network."""
    networks = '{{range $name, $each := .NetworkSettings.Networks}}{{$name}} {{$each.IPAddress}}{{"\\n"}}{{end}}'
    command = ["docker", "inspect", "--format", networks, machine]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
    return [line.split()[1] for line in lines if "-public " in line]
