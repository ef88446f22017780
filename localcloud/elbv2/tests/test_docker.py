"""An application load balancer in real containers: `python -m pytest -m docker localcloud/elbv2` (two minutes)."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core import pki
from localcloud.docker.client import Engine
from localcloud.elbv2.tests.place import forward
from localcloud.tests.harness import LocalCloud, until, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker

VPC = os.environ.get("LOCALCLOUD_TEST_VPC", "10.96.0.0/16")
# two applications on one machine: 8001 and 8002; /two/break makes the health check of its own fail
APPLICATIONS = """#!/usr/bin/python3
import subprocess, textwrap
program = textwrap.dedent('''
    import sys, time
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.broken = getattr(self.server, "broken", False) or self.path == "/two/break"
            if self.path == "/slow":
                time.sleep(8)
            status = 500 if self.path == "/health" and self.server.broken else 200
            names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port")
            told = " ".join(str(self.headers[name]) for name in names)
            body = f"{self.server.server_port} {told}".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
''')
open("/root/application.py", "w").write(program)
for port in ("8001", "8002"):
    subprocess.run(["systemd-run", "/usr/bin/python3", "/root/application.py", port], check=True)
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


def get(address: str, path: str, **headers: str) -> Answer | None:
    """Ask the load balancer; None while it does not answer."""
    connection = http.client.HTTPConnection(address, 80, timeout=15)
    try:
        connection.request("GET", path, headers=headers)
        found = connection.getresponse()
        return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read().decode())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def answers(address: str, path: str, status: int, **headers: str) -> Answer:
    """Wait for an answer with that status."""
    found = until(lambda: (got := get(address, path, **headers)) and got.status == status and got, seconds=60)
    assert found, get(address, path, **headers)
    assert isinstance(found, Answer)
    return found


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalCloud]:
    made = LocalCloud(tmp_path, name="localcloud-alb-test", port=5696, public_range="198.18.39.0/25")
    with up(made):
        yield made


class Place:
    """A VPC, a machine with two applications, a target group for each, and an application load balancer."""

    def __init__(self, local: LocalCloud) -> None:
        self.local = local
        self.ec2, self.elb = local.client("ec2"), local.client("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=VPC.replace("0.0/16", f"{number}.0/24"), AvailabilityZone=f"eu-west-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab", start=1)
        ]
        self.front = self.group("front", 80, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
        self.back = self.group("back", 8001, UserIdGroupPairs=[{"GroupId": self.front}])
        self.instance = self.machine(APPLICATIONS)
        self.one, self.two, self.none, self.closed = (
            self.targets(name, port) for name, port in (("one", 8001), ("two", 8002), ("none", None), ("closed", 8003))
        )
        made = self.elb.create_load_balancer(Name="web", Subnets=self.subnets, SecurityGroups=[self.front])
        self.balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        weights = [{"TargetGroupArn": self.one, "Weight": 9}, {"TargetGroupArn": self.two, "Weight": 1}]
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )["Listeners"][0]["ListenerArn"]

    def group(self, name: str, port: int, **source: Any) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        allowed = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port + 2, **source}
        self.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[allowed])
        return str(made)

    def machine(self, user_data: str) -> str:
        made = self.ec2.run_instances(
            ImageId=self.ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"],
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[0],
            SecurityGroupIds=[self.back],
            UserData=user_data,
        )
        return str(made["Instances"][0]["InstanceId"])

    def targets(self, name: str, port: int | None) -> str:
        arn = self.elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=port or 80,
            VpcId=self.vpc,
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        if port:
            self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": self.instance}])
        return str(arn)

    def rule(self, priority: int, condition: dict[str, Any], action: dict[str, Any]) -> None:
        self.elb.create_rule(ListenerArn=self.listener, Priority=priority, Conditions=[condition], Actions=[action])

    def health(self, group: str, instance: str = "") -> dict[str, str]:
        target = [{"Id": instance or self.instance}]
        (found,) = self.elb.describe_target_health(TargetGroupArn=group, Targets=target)["TargetHealthDescriptions"]
        return dict(found["TargetHealth"])

    def address(self) -> str:
        """Return the public address of a node, which AWS tells by DNS."""
        public = self.local.control.config.public_range
        label = {"label": ["beacon.elbv2=web", self.local.control.config.label]}
        nodes = Engine().api.containers(filters=label)
        found = [one["IPAddress"] for node in nodes for one in node["NetworkSettings"]["Networks"].values()]
        return next(address for address in sorted(found) if address and ip_address(address) in public)


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def secure(place: Place, web: str) -> None:
    """TLS ends at the load balancer, by the certificate that its listener has now; targets learn that it was."""
    acm, names = place.local.client("acm"), ("web.example.org", "new.example.org")
    first, second = (pki.authority(name) for name in names)
    arn = acm.import_certificate(**pem(first, names[0]))["CertificateArn"]
    place.elb.create_listener(
        LoadBalancerArn=place.balancer,
        Protocol="HTTPS",
        Port=82,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[forward(place.one)],
    )
    assert until(lambda: handshake(web, first, names[0]), seconds=60) == ("TLSv1.3", "h2")
    assert handshake(web, first, "other.example.org") is None
    context = ssl.create_default_context(cadata=first.pem)
    context.check_hostname = False  # asked by its address
    connection = http.client.HTTPSConnection(web, 82, timeout=15, context=context)
    connection.request("GET", "/x")
    assert connection.getresponse().read().decode().endswith(" https 82")
    connection.close()
    acm.import_certificate(CertificateArn=arn, **pem(second, names[1]))
    assert until(lambda: handshake(web, second, names[1]), seconds=60)


def pem(authority: pki.Pair, name: str) -> dict[str, bytes]:
    made = pki.server(authority, name, [name])
    chain = authority.pem.encode()
    return {"Certificate": made.pem.encode(), "PrivateKey": made.key_pem.encode(), "CertificateChain": chain}


def handshake(web: str, authority: pki.Pair, name: str) -> tuple[str | None, str | None] | None:
    """Return the version of TLS and the protocol in it; None when it is not this host's, or does not answer."""
    context = ssl.create_default_context(cadata=authority.pem)
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((web, 82), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as talked,
        ):
            return talked.version(), talked.selected_alpn_protocol()
    except OSError:
        return None


class Client(threading.Thread):
    """Asks for a page twenty times a second, and counts the answers' statuses; 0: none."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address, self.ended, self.found = address, threading.Event(), Counter[int]()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            answer = get(self.address, "/")
            self.found[answer.status if answer else 0] += 1

    def end(self) -> Counter[int]:
        self.ended.set()
        self.join()
        return self.found


def test_a_new_target_is_sent_nothing_before_its_checks_passed_and_reloads_forget_no_state(local: LocalCloud) -> None:
    place = Place(local)
    assert until(lambda: place.health(place.one)["State"] == "healthy"), place.health(place.one)
    web = place.address()
    # 500 for all that is asked in its first half minute, health checks included
    late = APPLICATIONS.replace("status = 500 if", "status = 500 if time.time() < self.server.ready or").replace(
        "def do_GET(self):", "def do_GET(self):\n            self.server.ready = START + 30"
    )
    late = late.replace("import sys, time", "import sys, time\n    START = time.time()")
    new = place.machine(late)
    assert answers(web, "/", 200)
    client = Client(web)
    client.start()
    place.elb.register_targets(TargetGroupArn=place.one, Targets=[{"Id": new}])
    for priority in range(10, 16):  # each is a reload
        place.rule(priority, path(f"/{priority}"), forward(place.one))
        time.sleep(2)
        assert place.health(place.one)["State"] == "healthy"
    assert place.health(place.one, new)["State"] in ("initial", "unhealthy")
    assert until(lambda: place.health(place.one, new)["State"] == "healthy", seconds=60)
    found = client.end()
    assert set(found) == {200}, found
    assert found[200] > 200


def test_an_application_load_balancer_routes_answers_and_looks_after_its_targets(local: LocalCloud) -> None:
    place = Place(local)
    assert until(lambda: place.elb.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "active")
    assert until(lambda: place.health(place.two)["State"] == "healthy"), place.health(place.two)
    web = place.address()

    # paths lead to two target groups; targets learn who calls
    place.rule(10, path("/one/*"), forward(place.one))
    place.rule(20, path("/two", "/two/*"), forward(place.two))
    assert until(lambda: (got := get(web, "/two/x")) and got.body.startswith("8002 "), seconds=60)
    told = answers(web, "/one/x", 200, **{"X-Forwarded-For": "192.0.2.7"}).body.split(" ", 1)
    assert told[0] == "8001"
    assert told[1].startswith("192.0.2.7, ")
    assert told[1].endswith(" http 80")

    secure(place, web)

    # the load balancer's own answers, by other conditions
    place.rule(
        30,
        {"Field": "host-header", "Values": ["*.old.example"]},
        {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}},
    )
    body = 'it\'s 100% "$HOME"\n'
    fixed = {"StatusCode": "410", "ContentType": "text/plain", "MessageBody": body}
    gone = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "version", "Value": "v?"}]}}
    place.rule(40, gone, {"Type": "fixed-response", "FixedResponseConfig": fixed})
    assert answers(web, "/?a=b&Version=V1", 410).body == body
    moved = answers(web, "/a/b?c=d", 301, Host="www.OLD.example:8080").headers["location"]
    assert moved == "https://www.old.example:443/a/b?c=d"

    # weights: nine to one
    found = Counter((get(web, "/") or Answer(0, {}, "none")).body.split()[0] for _ in range(200))
    assert set(found) == {"8001", "8002"}
    assert 1 <= found["8002"] <= 60

    # no registered target: 503; one that refuses the connection: 502, though unhealthy ones are asked; one that is slow: 504
    place.rule(50, path("/none"), forward(place.none))
    place.rule(60, path("/closed"), forward(place.closed))
    assert answers(web, "/none", 503)
    assert until(lambda: place.health(place.closed)["State"] == "unhealthy", seconds=60)
    assert place.health(place.closed)["Reason"] == "Target.FailedHealthChecks"
    assert answers(web, "/closed", 502)
    attribute = {"Key": "idle_timeout.timeout_seconds", "Value": "2"}
    place.elb.modify_load_balancer_attributes(LoadBalancerArn=place.balancer, Attributes=[attribute])
    assert answers(web, "/slow", 504)

    # health turns: the target says 500; as on AWS it is asked all the same, since none of its group is healthy
    assert answers(web, "/two/break", 200)
    assert until(lambda: place.health(place.two)["State"] == "unhealthy", seconds=60), place.health(place.two)
    assert place.health(place.two)["Reason"] == "Target.ResponseCodeMismatch"
    assert place.health(place.two)["Description"] == "Health checks failed with these codes: [500]"
    assert answers(web, "/two/x", 200).body.startswith("8002 ")

    # nothing is left
    place.elb.delete_load_balancer(LoadBalancerArn=place.balancer)
    label = {"label": ["beacon.elbv2=web", local.control.config.label]}
    assert until(lambda: not Engine().api.containers(all=True, filters=label), seconds=60)
    owners = place.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [one for one in owners if one["Description"].startswith("ELB")] == []
