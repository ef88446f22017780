"""Health of targets: a job asks HAProxy and keeps its answer, so that no request waits for Docker."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends

from localcloud.core import runtime
from localcloud.core.latest import Latest
from localcloud.elbv2 import haproxy
from localcloud.elbv2.routing import forwards

if TYPE_CHECKING:
    from localcloud.docker.spec import ExecResult

LOG = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
FRESH_SECONDS = 1.0  # a request that finds an older answer has HAProxy asked again, for the next one
STALE_SECONDS = 30.0  # an older answer is none: the engine did not answer for several looks
# python3 is in every machine: nothing else there talks to a Unix socket
ASK = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect('" + haproxy.SOCKET + "'); "
    "s.sendall(sys.argv[1].encode() + b'\\n'); f = s.makefile(); print(f.read())"
)

type Statistics = dict[str, dict[str, haproxy.Verdict]]  # HAProxy's backend -> server -> verdict


ANSWERS: Latest[Statistics] = Latest()  # by machine


def machine_name(arn: str, number: int) -> str:
    """Return the name of a load balancer's node."""
    *_, name, identifier = arn.split("/")
    kind = "alb" if "/app/" in arn else "nlb"
    return f"{kind}-{name}-{identifier[:6]}-{number}"


def machine_names(balancer: Any) -> list[str]:
    """Return the names of all nodes of a load balancer."""
    return [machine_name(balancer.arn, number) for number in range(len(balancer.subnets))]


def group_arns(listener: Any) -> list[str]:
    """Return the target groups that a listener's rules lead to."""
    actions = [action for rule in listener.rules.values() for action in rule.actions]
    return list(dict.fromkeys(arn for action in actions for arn in forwards(action.data)))


def ask(machine: str, command: str) -> ExecResult:
    """Give HAProxy on a load balancer's node a command."""
    return runtime.current().machines.exec(machine, ["python3", "-c", ASK, command])


def watch(account: str, region: str, arn: str) -> None:
    """Have the load balancer's nodes asked now, and then every few seconds."""
    runtime.current().queue.submit(f"elbv2-health/{arn}", partial(look, account, region, arn))


def look(account: str, region: str, arn: str) -> float | None:
    """Ask each node for its targets' health. A job; it comes again until the load balancer is gone."""
    now = runtime.current()
    backend: Any = elbv2_backends[account][region]
    with now.model.lock:
        balancer: Any = backend.load_balancers.get(arn)
        machines = machine_names(balancer) if balancer else []
    for machine in machines:
        answer = ask(machine, "show stat")
        if answer.exit_code == 0:
            ANSWERS.put(machine, haproxy.health(answer.output))
        else:
            LOG.info("%s can't be asked for its targets' health: %s", machine, answer.output.strip()[-200:])
    return EVERY_SECONDS if machines else None


def statuses(backend: Any, group: Any) -> dict[str, haproxy.Verdict] | None:
    """Return HAProxy's last word for each target of a group; None when no listener uses the group."""
    found: dict[str, haproxy.Verdict] | None = None
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            if group.arn not in group_arns(listener):
                continue
            found = found if found is not None else {}
            backend_name = haproxy.backend_name(group.name, int(listener.port))
            machines = machine_names(balancer)
            if any(ANSWERS.get(machine, seconds=FRESH_SECONDS) is None for machine in machines):
                watch(backend.account_id, backend.region_name, balancer.arn)
            for machine in machines:
                servers = (ANSWERS.get(machine, seconds=STALE_SECONDS) or {}).get(backend_name, {})
                # healthy is what is healthy for each node
                found |= {
                    name: said for name, said in servers.items() if name not in found or found[name].status == "UP"
                }
    return found


def judge(
    verdicts: dict[str, haproxy.Verdict] | None, target: str, *, by_http: bool
) -> tuple[str, str | None, str | None]:
    """Translate HAProxy's word for a target to AWS's state, reason and description; no words: no listener uses the group.

    Application load balancers say why a check failed:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """
    if verdicts is None:
        return "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
    said = verdicts.get(target, haproxy.Verdict(status=""))
    if said.status.startswith("UP") and "/" not in said.status:
        return "healthy", None, None
    if not said.status or said.check == "INI" or said.status.startswith("UP") or "/" in said.status:
        return "initial", "Elb.InitialHealthChecking", "Initial health checks in progress"
    if by_http and said.check == "L7STS":
        return "unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{said.code}]"
    if by_http and said.check in ("L4TOUT", "L6TOUT", "L7TOUT"):
        return "unhealthy", "Target.Timeout", "Request timed out"
    return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
