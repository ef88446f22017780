from __future__ import annotations

import re
import subprocess
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.elbv2 import routing
from localcloud.elbv2.haproxy import (
    Backend,
    Check,
    Http,
    Listener,
    Server,
    Verdict,
    health,
    initial_states,
    known_states,
    render,
)

if TYPE_CHECKING:
    from pathlib import Path

A = Server(name="i-a", address="10.42.1.5", port=30080)
B = Server(name="i-b", address="10.42.2.5", port=30080, near=False)


def backend(*servers: Server, name: str = "web-80", check: Check | None = None, **more: Any) -> Backend:
    return Backend(name=name, check=check or Check(), servers=servers, **more)


def lines(*servers: Server, **more: Any) -> list[str]:
    text = render((Listener(port=80, backends=(backend(*servers, **more),)),))
    return [line.strip() for line in text.splitlines()]


def application(*rules: routing.Rule, backends: tuple[Backend, ...] = (), **http: Any) -> list[str]:
    text = render((Listener(port=80, backends=backends, http=Http(**http), rules=rules),))
    return [line.strip() for line in text.splitlines()]


def test_a_listener_leads_to_its_targets() -> None:
    assert "bind :80" in lines(A)
    assert "default_backend web-80" in lines(A)
    assert "server i-a 10.42.1.5:30080" in lines(A)


def states(*servers: Server) -> str:
    return initial_states((Listener(port=80, backends=(backend(*servers),)),))


def test_haproxy_reads_states_and_a_new_target_is_down_until_its_checks_passed() -> None:
    assert "server-state-file /etc/haproxy/servers.state" in lines(A)
    assert "load-server-state-from-file global" in lines(A)
    version, names, *rows = states(B, A).splitlines()
    assert version == "1"
    found = [dict(zip(names.removeprefix("# ").split(), row.split(), strict=True)) for row in rows]
    assert [(row["be_name"], row["srv_name"], row["srv_addr"], row["srv_port"]) for row in found] == [
        ("web-80", "i-a", "10.42.1.5", "30080"),
        ("web-80", "i-b", "10.42.2.5", "30080"),
    ]
    assert {(row["srv_op_state"], row["srv_check_health"], row["srv_admin_state"]) for row in found} == {
        ("0", "0", "0")
    }


def test_a_reload_keeps_what_haproxy_knows_of_its_servers_and_nothing_of_others() -> None:
    up = "3 web-80 2 i-a 10.42.1.5 2 0 1 1 546 15 3 5 6 0 0 0 - 30080 - 0 0 - - 0"
    gone = up.replace("i-a", "i-gone")
    head = states().removesuffix("\n")
    new = states(B).splitlines()[-1]
    said = f"{head}\n{up}\n{gone}\n\n"
    assert known_states(states(A, B), said) == f"{head}\n{up}\n{new}\n"
    moved = Server(name="i-a", address="10.42.1.6", port=30080)
    assert known_states(states(moved), said) == states(moved)
    assert known_states(states(A), "") == states(A)


def test_targets_of_other_zones_only_serve_when_none_is_near() -> None:
    assert "server i-b 10.42.2.5:30080 backup" in lines(A, B)
    assert "server i-b 10.42.2.5:30080" in lines(B)


def test_a_health_check_has_its_own_port_and_thresholds() -> None:
    (line,) = [
        line
        for line in lines(A, check=Check(port=10256, interval=10, healthy=2, unhealthy=4))
        if "default-server" in line
    ]
    assert "inter 10s fastinter 1s downinter 1s rise 2 fall 4 port 10256" in line


def test_a_health_check_by_http_asks_its_path_and_expects_its_statuses() -> None:
    text = lines(A, check=Check(protocol="HTTP", path="/healthz", matcher="200-399,404"))
    sent = (
        "http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host health-check hdr User-Agent ELB-HealthChecker/2.0"
    )
    assert sent in text
    (expected,) = [line.rpartition(" ")[2] for line in text if line.startswith("http-check expect")]
    assert [s for s in ("200", "399", "404") if re.match(expected, s)] == ["200", "399", "404"]
    assert not [s for s in ("400", "403", "500", "100") if re.match(expected, s)]


def test_targets_learn_the_caller_by_proxy_protocol_and_health_checks_speak_it_too() -> None:
    (line,) = [line for line in lines(A, proxy_protocol=True) if "default-server" in line]
    assert " send-proxy-v2 check-send-proxy " in line
    assert "send-proxy" not in "".join(lines(A))


def test_a_health_check_waits_as_long_as_the_target_group_says() -> None:
    assert "timeout check 5s" in lines(A, check=Check(timeout=5))


def test_listeners_come_in_the_order_of_their_ports_so_that_nothing_changes_without_reason() -> None:
    one = Listener(port=80, backends=(backend(A, B),))
    two = Listener(port=3000, backends=(backend(name="grafana-3000"),))
    assert render((one, two)) == render((two, one))
    assert render((Listener(port=80, backends=(backend(B, A),)), two)) == render((one, two))


def test_a_load_balancer_without_listeners_has_a_configuration_too() -> None:
    assert "frontend" not in render(())


def test_haproxys_answer_says_who_is_up() -> None:
    answer = (
        "# pxname,svname,status,check_status,check_code\nport-80,FRONTEND,OPEN,,\nweb-80,i-a,UP,L4OK,\n"
        "web-80,i-b,DOWN,L7STS,500\nweb-80,BACKEND,UP,,\n\n"
    )
    down = Verdict(status="DOWN", check="L7STS", code="500")
    assert health(answer) == {"web-80": {"i-a": Verdict(status="UP", check="L4OK"), "i-b": down}}


def test_the_first_rule_that_is_met_decides() -> None:
    first = routing.Rule(
        name="10", conditions=(("path -m beg /a", "path -m beg /b"), ("src 10.0.0.1",)), response="deny"
    )
    text = application(first, routing.Rule(name="default", response="return status 404"))
    rules = [line for line in text if "rule-10" in line or "txn.rule" in line]
    assert rules == [
        "acl rule-10-1 path -m beg /a",
        "acl rule-10-1 path -m beg /b",
        "acl rule-10-2 src 10.0.0.1",
        "http-request set-var(txn.rule) str(10) if !{ var(txn.rule) -m found } rule-10-1 rule-10-2",
        "acl is-10 var(txn.rule) -m str 10",
        "http-request set-var(txn.rule) str(default) if !{ var(txn.rule) -m found }",
        "acl is-default var(txn.rule) -m str default",
    ]
    assert "http-request deny if is-10" in text
    assert "http-request return status 404 if is-default" in text


def test_target_groups_share_a_rules_requests_by_weight_and_one_without_targets_answers_503() -> None:
    shares = (
        routing.Share(backend="web-80", first=0, last=8),
        routing.Share(backend="new-80", first=9, last=9),
    )
    text = application(routing.Rule(name="default", shares=shares), backends=(backend(A), backend(name="new-80")))
    assert "http-request set-var(txn.number) rand(10) if is-default" in text
    assert "use_backend web-80 if is-default { var(txn.number) -m int 0:8 }" in text
    assert "http-request return status 503 if is-default { var(txn.number) -m int 9:9 }" in text
    assert not [line for line in text if line.startswith("use_backend new-80")]


def test_where_no_target_is_healthy_all_are_asked() -> None:
    share = routing.Share(backend="web-80", first=0, last=0)
    text = application(routing.Rule(name="default", shares=(share,)), backends=(backend(A),))
    uses = [line for line in text if line.startswith("use_backend")]
    assert uses[0].startswith("use_backend web-80-unhealthy if is-default")
    assert uses[0].endswith("{ nbsrv(web-80) eq 0 }")
    unhealthy = text[text.index("backend web-80-unhealthy") :]
    assert "server i-a 10.42.1.5:30080" in unhealthy
    assert not [line for line in unhealthy if "check" in line]


@pytest.mark.parametrize(
    ("http", "found", "missing"),
    [
        ({}, 'replace-header X-Forwarded-For (.*) "\\1, %[src]"', "del-header"),
        ({"client_port": True}, "set-header X-Forwarded-For %[src]:%[src_port] ", "del-header"),
        ({"forwarded_for": "preserve"}, "set-header X-Forwarded-Port 80", "X-Forwarded-For"),
        ({"forwarded_for": "remove"}, "del-header X-Forwarded-For", "set-header X-Forwarded-For"),
        ({"drop_invalid_headers": True}, "del-header [^-A-Za-z0-9] -m reg", "del-header X"),
        ({"idle_seconds": 4}, "timeout client 4s", "timeout client 60s"),
    ],
)
def test_attributes_decide_about_headers_and_patience(http: dict[str, Any], found: str, missing: str) -> None:
    text = "\n".join(application(routing.Rule(name="default", response="return status 404"), **http))
    assert found in text
    assert missing not in text


def test_a_client_keeps_to_its_target_by_a_cookie() -> None:
    share = routing.Share(backend="web-80", first=0, last=0)
    sticky = backend(A, cookie_seconds=60, balance="leastconn")
    text = application(routing.Rule(name="default", shares=(share,)), backends=(sticky,))
    assert "cookie AWSALB insert indirect nocache httponly maxidle 60s" in text
    assert "server i-a 10.42.1.5:30080 cookie i-a" in text
    assert "balance leastconn" in text


@pytest.mark.skipif(which("haproxy") is None, reason="haproxy is not installed here; the Docker test has it")
def test_haproxy_takes_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    check = Check(protocol="HTTP", path="/healthz")
    listener = Listener(port=8080, backends=(backend(A, B, name="web-8080", check=check, proxy_protocol=True),))
    share = routing.Share(backend="web-80", first=0, last=0)
    rules = (routing.Rule(name="default", shares=(share,)),)
    path.write_text(render((listener, Listener(port=80, backends=(backend(A),), http=Http(), rules=rules))))
    assert subprocess.run(["haproxy", "-c", "-f", path], check=False).returncode == 0
