"""What operators do in years, and what fails meanwhile, as the rows of test_day2.py do it; each tells what is worth a note."""

from __future__ import annotations

import json
import re
import shlex
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import yaml

from setup import paths
from setup.up import PREVIOUS_KUBERNETES
from tests.e2e.pause import on_host
from tests.e2e.stack import ENVIRONMENT, STATE, is_ready, kubectl, play, run
from tests.e2e.test_again import recap
from tests.e2e.webhook import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.stack import Stack

LONGEST_SECONDS = 2400
LOST_SECONDS = 180  # how long a lost node stays away
AWAY_SECONDS = 60  # and everything else
LONG_SECONDS = 1800  # but for the central Prometheus, once
HEAL_SECONDS = 600
PAGE = "webapp/src/beacon_webapp/templates/base.html"  # what another version of the web application has otherwise
SERIES = "/var/lib/prometheus"
RULES = paths.CHECKOUT / "roles" / "prometheus" / "files" / "rules"
END_THE_AGENT = """
set -- $(grep -l -- --storage.agent.path /proc/[0-9]*/cmdline)
test $# = 1
kill "$(basename "$(dirname "$1")")"
"""
PREVIOUS, NEXT = PREVIOUS_KUBERNETES, "1.36"


@dataclass(frozen=True, kw_only=True)
class Played:
    """A run of a playbook: seconds, how many tasks changed something, and what it said last."""

    command: str
    seconds: float
    changed: int
    said: str


PLAYED: list[Played] = []
SAID = re.compile(r"^ +msg:(.*?)(?=^\S|^$|\Z)", re.MULTILINE | re.DOTALL)


def played(name: str, variables: dict[str, Any], *, succeeds: bool = True) -> Played:
    """Play a playbook, which has to succeed, or not to; remember it."""
    started = time.monotonic()
    answer = play(name, "-e", json.dumps(variables), limit=LONGEST_SECONDS)
    assert (answer.returncode == 0) is succeeds, answer.stdout[-4000:] + answer.stderr
    texts = SAID.findall(answer.stdout)
    run = Played(
        command=typed(name, variables),
        seconds=time.monotonic() - started,
        changed=sum(changed for changed, _, _ in recap(answer.stdout).values()),
        said=spoken(texts[-1]) if texts else "",
    )
    PLAYED.append(run)
    return run


def typed(name: str, variables: dict[str, Any]) -> str:
    """Return what an operator types for it, whose inventory has the version of Kubernetes."""
    asked = {key: value for key, value in variables.items() if key != "infrastructure_kubernetes_version"}
    words = [f"-e {key}={value}" for key, value in asked.items() if isinstance(value, str)]
    if other := {key: value for key, value in asked.items() if not isinstance(value, str)}:
        words.append(f"-e {shlex.quote(json.dumps(other))}")
    return " ".join([name, *words])


def spoken(text: str) -> str:
    """Return a message as it was meant, of the YAML that Ansible prints."""
    found = yaml.safe_load(f"msg:{text}")["msg"]
    return "\n".join(map(str, found)) if isinstance(found, list) else str(found)


def verb(name: str, **variables: object) -> str:
    """Play a playbook, which has to succeed."""
    played(name, variables)
    return ""


def objects(kind: str, *arguments: str) -> list[dict[str, Any]]:
    """Return objects of the cluster; an API server that has just come back may need another question."""
    deadline = time.monotonic() + AWAY_SECONDS
    code, text = kubectl("get", kind, *arguments, "--output", "json")
    while code and time.monotonic() < deadline:
        time.sleep(2)
        code, text = kubectl("get", kind, *arguments, "--output", "json")
    assert code == 0, text
    found: list[dict[str, Any]] = json.loads(text)["items"]
    return found


def nodes() -> dict[str, str]:
    """Return the nodes that are ready, as instance by name."""
    return {
        node["metadata"]["name"]: node["spec"]["providerID"].rpartition("/")[2]
        for node in objects("nodes")
        if is_ready(node)
    }


def places() -> list[str]:
    """Return the node of each pod of the web application that is ready."""
    return [pod["spec"]["nodeName"] for pod in objects("pods", "--namespace", "webapp") if is_ready(pod)]


def until(condition: Callable[[], bool], what: str, seconds: float = HEAL_SECONDS) -> float:
    """Wait for it; return how long that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(2)
    return time.monotonic() - started


@contextmanager
def paused(*label: str) -> Iterator[None]:
    """Stop the processes of a machine of the local cloud, as the loss of it looks from outside.

    By its end the machine may have been replaced, as an Auto Scaling group does with one that answers no health check.
    """
    filters = [word for one in label for word in ("--filter", f"label={one}")]
    found = run("docker", "ps", "-q", *filters).stdout.split()
    assert len(found) == 1, f"{label} are {found}"
    assert run("docker", "pause", *found).returncode == 0
    try:
        yield
    finally:
        back = run("docker", "unpause", *found)
        assert back.returncode == 0 or "No such container" in back.stderr, back.stderr


def raise_every_alert(_: Stack) -> str:
    """Make the condition of each alert hold at once, so that Prometheus, Alertmanager and a receiver have to pass all of them on."""
    groups = [group for file in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(file.read_text())["groups"]]
    names = set()
    for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
        rule.pop("for", None)
        rule["expr"] = "vector(1)"
        names.add(rule["alert"])
    # a file: values of an inventory are templates of Ansible's, and annotations are Prometheus' own
    file = STATE / ENVIRONMENT / "raised.yml"
    file.write_text(yaml.safe_dump({"groups": groups}))
    rules = {"prometheus_rules": [], "prometheus_rule_files": [str(file)]}
    try:
        with told(**rules, alertmanager_inhibit_rules=[], alertmanager_watchdog_receiver="test") as webhook:
            until(lambda: names <= {name for name, _ in webhook.told}, f"not all of {sorted(names)} are told")
    finally:
        file.unlink()
    return f"all {len(names)} are received at a webhook"


def replace_node(_: Stack) -> str:
    return verb("replace", replace_what=min(nodes()))


def upgrade_hosts(stack: Stack) -> str:
    """Packages and programs, and a boot of both hosts."""
    for host in ("ops", "monitoring"):
        on_host(stack, host, "touch", "/run/reboot-required")
    return verb("upgrade", upgrade_what="hosts")


def running_image() -> str:
    """Return the tag of the web application's image that runs."""
    (deployment,) = objects("deployments", "--namespace", "webapp")
    name, _, digest = deployment["spec"]["template"]["spec"]["containers"][0]["image"].partition("@")
    asked = {"repositoryName": name.partition("/")[2], "imageIds": [{"imageDigest": digest}]}
    tag: str = boto3.client("ecr").describe_images(**asked)["imageDetails"][0]["imageTags"][0]
    return tag


def roll_out_and_back(_: Stack) -> str:
    """Deploy another source, then the tag of before, as the how-to has it."""
    before, page = running_image(), paths.CHECKOUT / PAGE
    text = page.read_text()
    try:
        page.write_text(f"{text}<!-- another version -->\n")
        verb("deploy")
        other = running_image()
    finally:
        page.write_text(text)
    assert other != before
    verb("deploy", beacon_webapp_tag=before)
    assert running_image() == before
    return f"{other} and back"


def lose_a_node(_: Stack) -> str:
    """Lose the first one: its pods come back on the other, and are spread again when it, or another one, is there."""
    name, instance = min(nodes().items())
    wanted = len(places())
    started = time.monotonic()
    with paused(f"beacon.instance={instance}"):
        healed = until(lambda: sum(place != name for place in places()) >= wanted, "all pods on the other node")
        time.sleep(max(0, LOST_SECONDS - (time.monotonic() - started)))
    until(lambda: len(nodes()) > 1, "two nodes are ready")
    spread = until(lambda: len(set(places())) > 1, "pods on both nodes again")
    return f"pods back after {healed:.0f} s; spread again {spread:.0f} s after the end of the loss"


def running(**filters: str) -> list[dict[str, Any]]:
    """Return instances that run."""
    asked = {"instance-state-name": "running", **{name.replace("_", "-"): value for name, value in filters.items()}}
    found = boto3.client("ec2").describe_instances(
        Filters=[{"Name": name, "Values": [value]} for name, value in asked.items()]
    )
    return [instance for reservation in found["Reservations"] for instance in reservation["Instances"]]


def zone_of_the_hosts(stack: Stack) -> str:
    (host,) = running(instance_id=stack.outputs["monitoring_instance_id"])
    zone: str = host["Placement"]["AvailabilityZone"]
    return zone


def everywhere(stack: Stack) -> list[str]:
    """Return the load balancer's addresses."""
    found: list[str] = stack.outputs["load_balancer_addresses"]
    return found


def outside_of_the_zone(stack: Stack) -> list[str]:
    """Return those that the load balancer's name tells when a zone is lost."""
    lost = zone_of_the_hosts(stack)
    return [
        place["IpAddress"]
        for balancer in boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]
        for zone in balancer["AvailabilityZones"]
        for place in zone["LoadBalancerAddresses"]
        if zone["ZoneName"] != lost
    ]


def lose_a_zone(stack: Stack) -> str:
    """Lose that of both hosts, with a node in it."""
    zone = zone_of_the_hosts(stack)
    there = running(availability_zone=zone)
    assert len(there) == len(("ops", "monitoring", "node"))
    with ExitStack() as lost:
        for instance in there:
            lost.enter_context(paused(f"beacon.instance={instance['InstanceId']}"))
        time.sleep(LOST_SECONDS)
    verb("access")  # its tunnel ended with the ops host
    until(lambda: len(nodes()) > 1, "both nodes are ready again")
    spread = until(lambda: len(set(places())) > 1, "pods on both nodes again")
    return f"{zone}; spread again {spread:.0f} s after the end of the loss"


def lose_the_api(stack: Stack) -> str:
    with paused("beacon.kind=control-plane", f"beacon.eks.cluster={stack.outputs['cluster_name']}"):
        time.sleep(AWAY_SECONDS)
    return f"nodes ready after {until(lambda: len(nodes()) > 1, 'nodes are ready'):.0f} s"


def lose_the_ops_host(stack: Stack) -> str:
    with paused(f"beacon.instance={stack.outputs['ops_instance_id']}"):
        time.sleep(AWAY_SECONDS)
    return ""


@contextmanager
def without_the_center(stack: Stack) -> Iterator[None]:
    """Stop the central Prometheus; afterwards the agent has a while to hand over what it kept."""
    on_host(stack, "monitoring", "systemctl", "stop", "prometheus")
    try:
        yield
    finally:
        on_host(stack, "monitoring", "systemctl", "start", "prometheus")
    time.sleep(AWAY_SECONDS)


def lose_the_center(stack: Stack) -> str:
    """The agent keeps what it scrapes, and hands it over."""
    with without_the_center(stack):
        time.sleep(AWAY_SECONDS)
    return ""


def agent() -> dict[str, Any]:
    (pod,) = objects("pods", "--namespace", "monitoring", "--selector", "app.kubernetes.io/name=metrics-agent")
    return pod


def restarts(pod: dict[str, Any]) -> int:
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])


def restart_the_agent() -> None:
    """End its program, not its pod."""
    before = agent()
    node = nodes()[before["spec"]["nodeName"]]
    container = run("docker", "ps", "-q", "--filter", f"label=beacon.instance={node}").stdout.strip()
    ended = run("docker", "exec", container, "sh", "-c", END_THE_AGENT)
    assert ended.returncode == 0, ended.stderr
    until(lambda: restarts(agent()) > restarts(before) and is_ready(agent()), "the agent is back")


def lose_the_center_for_long(stack: Stack) -> str:
    """The agent's program is restarted meanwhile: what it had not handed over by then is lost, which Prometheus has no way to keep."""
    with without_the_center(stack):
        time.sleep(LONG_SECONDS / 2)
        verb("access")  # a tunnel that nobody used has ended
        restart_the_agent()
        time.sleep(LONG_SECONDS / 2)
    return f"agent restarted after {LONG_SECONDS // 120} min"


@contextmanager
def full_disk(stack: Stack) -> Iterator[int]:
    """Leave Prometheus not a byte; return how many there were."""
    ballast = f"{SERIES}/ballast"
    left = on_host(stack, "monitoring", "df", "--output=avail", "--block-size=1", SERIES).split()[-1]
    on_host(stack, "monitoring", "fallocate", "--length", left, ballast)
    try:
        yield int(left)
    finally:
        on_host(stack, "monitoring", "rm", ballast)


def fill_the_disk(stack: Stack) -> str:
    """Prometheus answers that it can't, and the agent keeps what it scrapes."""
    with full_disk(stack) as left:
        time.sleep(AWAY_SECONDS)
    return f"{left / 2**30:.1f} GiB filled"


def lose_the_monitoring_host(stack: Stack) -> str:
    """Lose it with its volume; make another one, and restore the backup onto it."""
    verb("backup")
    ec2, instance = boto3.client("ec2"), stack.outputs["monitoring_instance_id"]
    attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
    volumes = [volume["VolumeId"] for volume in ec2.describe_volumes(Filters=attached)["Volumes"]]
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])
    left = [volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"] if volume["VolumeId"] in volumes]
    for volume in left:
        ec2.delete_volume(VolumeId=volume)
    verb("site")
    verb("restore", confirm=ENVIRONMENT)
    return f"with {len(left)} volume of its own; restored"


def upgrade(_: Stack) -> str:
    """Go to the next version of Kubernetes."""
    return verb("upgrade", upgrade_to=NEXT, infrastructure_kubernetes_version=NEXT)


def go_back(_: Stack) -> str:
    """Go back to the version of before, which EKS allows for seven days."""
    return verb("upgrade", upgrade_to=PREVIOUS, infrastructure_kubernetes_version=PREVIOUS)
