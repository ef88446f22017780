"""What operators do in years, and what fails meanwhile, on the running stack under steady requests: docs/proofs/day2.md keeps the table.

Planned work must not cost a request, nor a sample of the cluster's agent while its pod stays; a loss may cost a request in a thousand, or
those of the seconds until the load balancer notices.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from setup import paths
from setup.up import PREVIOUS_KUBERNETES
from tests.e2e.pause import SCRAPE_SECONDS, ask, on_host
from tests.e2e.stack import ENVIRONMENT, SECONDS, access, is_ready, kubectl, load, play, run
from tests.e2e.visits import REQUESTS_A_SECOND, visited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.stack import Stack
    from tests.e2e.visits import Visits

pytestmark = pytest.mark.day2
PROOF = paths.CHECKOUT / "docs" / "proofs" / "day2.md"
LONGEST_SECONDS = 2400
BEFORE_SECONDS, AFTER_SECONDS = 5, 15
LOST_SECONDS = 180  # how long a lost node stays away
AWAY_SECONDS = 60  # and everything else
LONG_SECONDS = 1800  # but for the central Prometheus, once
HEAL_SECONDS = 600
QUIET_SECONDS = 60  # in which an agent that has kept something hands over more of it
LOSS_ALLOWED = 0.001
NOTICES_SECONDS = 12  # the load balancer: two health checks of 5 s, and a time-out of 2 s (terraform/loadbalancer.tf)
PAGE = "webapp/src/beacon_webapp/templates/base.html"  # what another version of the web application has otherwise
SERIES = "/var/lib/prometheus"
END_THE_AGENT = """
set -- $(grep -l -- --storage.agent.path /proc/[0-9]*/cmdline)
test $# = 1
kill "$(basename "$(dirname "$1")")"
"""
PREVIOUS, NEXT = PREVIOUS_KUBERNETES, "1.36"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a row came to."""

    seconds: float
    visits: Visits
    missing: int
    note: str


def verb(name: str, **variables: object) -> str:
    """Play a playbook, which has to succeed."""
    answer = play(name, "-e", json.dumps(variables), limit=LONGEST_SECONDS)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
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


def replace_node(_: Stack) -> str:
    return verb("replace", replace_what=min(nodes()))


def upgrade_hosts(stack: Stack) -> str:
    """Packages and programs, and a boot of both hosts."""
    for host in ("ops", "monitoring"):
        on_host(stack, host, "touch", "/run/reboot-required")
    return verb("upgrade", upgrade_what="hosts")


def running_image(stack: Stack) -> str:
    """Return the tag of the web application's image that runs."""
    (deployment,) = objects("deployments", "--namespace", "webapp")
    name, _, digest = deployment["spec"]["template"]["spec"]["containers"][0]["image"].partition("@")
    asked = {"repositoryName": name.partition("/")[2], "imageIds": [{"imageDigest": digest}]}
    tag: str = boto3.client("ecr").describe_images(**asked)["imageDetails"][0]["imageTags"][0]
    return tag


def roll_out_and_back(_: Stack) -> str:
    """Deploy another source, then the tag of before, as the how-to has it."""
    before, page = running_image(_), paths.CHECKOUT / PAGE
    text = page.read_text()
    try:
        page.write_text(f"{text}<!-- another version -->\n")
        verb("deploy")
        other = running_image(_)
    finally:
        page.write_text(text)
    assert other != before
    verb("deploy", beacon_webapp_tag=before)
    assert running_image(_) == before
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


def lose_the_center(stack: Stack) -> str:
    """The agent keeps what it scrapes, and hands it over."""
    on_host(stack, "monitoring", "systemctl", "stop", "prometheus")
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        on_host(stack, "monitoring", "systemctl", "start", "prometheus")
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
    on_host(stack, "monitoring", "systemctl", "stop", "prometheus")
    try:
        time.sleep(LONG_SECONDS / 2)
        restart_the_agent()
        time.sleep(LONG_SECONDS / 2)
    finally:
        on_host(stack, "monitoring", "systemctl", "start", "prometheus")
    time.sleep(AWAY_SECONDS)
    return f"agent restarted after {LONG_SECONDS // 120} min"


def fill_the_disk(stack: Stack) -> str:
    """Leave Prometheus not a byte for a while; it answers that it can't, and the agent keeps what it scrapes."""
    ballast = f"{SERIES}/ballast"
    left = on_host(stack, "monitoring", "df", "--output=avail", "--block-size=1", SERIES).split()[-1]
    on_host(stack, "monitoring", "fallocate", "--length", left, ballast)
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        on_host(stack, "monitoring", "rm", ballast)
    return f"{int(left) / 2**30:.1f} GiB filled"


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


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is done, and what it may cost."""

    action: Callable[[Stack], str]
    loss: float = 0  # share of the requests that may fail
    notices: float = 0  # seconds after which no request fails any more, but for those that wait already
    lacks_samples: bool = False  # or may: the agent itself moves, or what is restored is older
    smoke: bool = False  # in `make test`, too
    begins_with: str = ""  # the version of Kubernetes that it needs
    addresses: Callable[[Stack], list[str]] = everywhere  # where visitors ask meanwhile


# The inventory has the next version, and every verb but upgrade takes it for the cluster's
ROWS = {
    f"Kubernetes {PREVIOUS} to {NEXT}": Row(action=upgrade, lacks_samples=True, begins_with=PREVIOUS),
    "three pods at least": Row(action=lambda _: verb("deploy", application_replicas={"min": 3, "max": 6}), smoke=True),
    "two pods at least again": Row(action=lambda _: verb("deploy"), smoke=True),
    f"the central Prometheus is lost for {LONG_SECONDS} s": Row(action=lose_the_center_for_long, lacks_samples=True),
    "roll out another image, and go back": Row(action=roll_out_and_back),
    "rotate everything": Row(action=lambda _: verb("rotate", rotate_what="all"), lacks_samples=True),
    "upgrade the hosts, and boot them": Row(action=upgrade_hosts),
    "replace a node": Row(action=replace_node, lacks_samples=True),
    "replace the ops host": Row(action=lambda _: verb("replace", replace_what="ops")),
    "replace the monitoring host": Row(action=lambda _: verb("replace", replace_what="monitoring")),
    f"a node is lost for {LOST_SECONDS} s": Row(action=lose_a_node, notices=NOTICES_SECONDS, lacks_samples=True),
    f"a zone is lost for {LOST_SECONDS} s": Row(
        action=lose_a_zone, notices=NOTICES_SECONDS, lacks_samples=True, addresses=outside_of_the_zone
    ),
    f"the API server is lost for {AWAY_SECONDS} s": Row(action=lose_the_api, loss=LOSS_ALLOWED, smoke=True),
    f"the ops host is lost for {AWAY_SECONDS} s": Row(action=lose_the_ops_host, loss=LOSS_ALLOWED),
    f"the central Prometheus is lost for {AWAY_SECONDS} s": Row(action=lose_the_center, loss=LOSS_ALLOWED),
    f"the monitoring host's disk is full for {AWAY_SECONDS} s": Row(action=fill_the_disk, loss=LOSS_ALLOWED),
    "the monitoring host is lost, and restored": Row(action=lose_the_monitoring_host, lacks_samples=True),
    f"Kubernetes {NEXT} back to {PREVIOUS}": Row(action=go_back, lacks_samples=True, begins_with=NEXT),
}


def missing(stack: Stack, begun: float, ended: float) -> int:
    """Count the samples that the agent's series lack between their first and their last one in this time."""
    window = f"{ended - begun + 2 * SCRAPE_SECONDS:.0f}s"
    series = ask(stack, "query", query=f'up{{cluster!=""}}[{window}]', time=f"{ended:.0f}")
    assert series, "the central Prometheus has nothing of the agent"
    times = [[float(sample[0]) for sample in one["values"]] for one in series]
    return sum(round((later - earlier) / SCRAPE_SECONDS) - 1 for one in times for earlier, later in pairwise(one))


def settled(stack: Stack, begun: float) -> int:
    """Wait until the agent has handed over what it kept, or hands over no more; return what is missing still."""
    ended, fewest = time.time(), missing(stack, begun, time.time())
    deadline = time.monotonic() + QUIET_SECONDS
    while fewest and time.monotonic() < deadline:
        time.sleep(SCRAPE_SECONDS)
        now = missing(stack, begun, ended)
        if now < fewest:
            fewest, deadline = now, time.monotonic() + QUIET_SECONDS
    return fewest


def line(name: str, result: Result) -> str:
    """Return a line of the table."""
    visits = result.visits
    figures = (f"{visits.sent:,}", len(visits.failures), f"{visits.slowest:.2f} s", result.missing, result.note)
    return f"| {name} | {result.seconds:.0f} s | {' | '.join(map(str, figures))} |"


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, Result]]:
    """What came out; a run of all rows is kept."""
    found: dict[str, Result] = {}
    yield found
    lines = ["| what | took | requests | failed | slowest | samples missing | note |", "|---|---|---|---|---|---|---|"]
    table = "\n".join([*lines, *(line(name, result) for name, result in found.items())])
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{table}")  # noqa: T201 - for whoever runs it
    if set(found) == set(ROWS):
        head = PROOF.read_text().partition("\n## ")[0]
        PROOF.write_text(f"{head}\n## {datetime.now(UTC):%Y-%m-%d}\n{table}\n")


@pytest.fixture
def way() -> Iterator[None]:
    """The way to the cluster, anew for each row: some end it."""
    with access():
        yield


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.smoke if row.smoke else ()) for name, row in ROWS.items()]
)
def test_nobody_notices(results: dict[str, Result], name: str) -> None:
    row, stack = ROWS[name], load()  # hosts are others after some rows
    version = objects("nodes")[0]["status"]["nodeInfo"]["kubeletVersion"]
    if row.begins_with and not version.startswith(f"v{row.begins_with}."):
        pytest.skip(f"nodes have {version}: `make down day2` begins with Kubernetes {PREVIOUS}")
    with visited(row.addresses(stack), seconds=LONGEST_SECONDS) as visits:
        begun, started = time.time(), time.monotonic()
        time.sleep(BEFORE_SECONDS)
        note = row.action(stack)
        time.sleep(AFTER_SECONDS)
        seconds = time.monotonic() - started
    lacking = settled(stack, begun)
    results[name] = Result(seconds=seconds, visits=visits, missing=lacking, note=note)
    assert visits.sent >= seconds * REQUESTS_A_SECOND / 4
    if row.notices:
        latest = begun + BEFORE_SECONDS + row.notices + SECONDS
        assert all(at <= latest for at, _ in visits.failures), visits.failures
    else:
        assert len(visits.failures) <= row.loss * visits.sent, visits.failures[:20]
    assert lacking == 0 or row.lacks_samples
