from __future__ import annotations

import re
import subprocess
from shutil import which
from typing import TYPE_CHECKING

import pytest

from localcloud.elbv2.haproxy import Check, Listener, Server, health, render

if TYPE_CHECKING:
    from pathlib import Path

A = Server(name="i-a", address="10.42.1.5", port=30080)
B = Server(name="i-b", address="10.42.2.5", port=30080, near=False)


def lines(*servers: Server, check: Check | None = None, port: int = 80, proxy_protocol: bool = False) -> list[str]:
    listener = Listener(port=port, group="web", check=check or Check(), servers=servers, proxy_protocol=proxy_protocol)
    text = render((listener,))
    return [line.strip() for line in text.splitlines()]


def test_a_listener_leads_to_its_targets() -> None:
    assert "bind :80" in lines(A)
    assert "default_backend web-80" in lines(A)
    assert "server i-a 10.42.1.5:30080" in lines(A)


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
    assert "http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host health-check" in text
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
    one = Listener(port=80, group="web", check=Check(), servers=(A, B))
    two = Listener(port=3000, group="grafana", check=Check(), servers=())
    assert render((one, two)) == render((two, one))
    assert render((Listener(port=80, group="web", check=Check(), servers=(B, A)), two)) == render((one, two))


def test_a_load_balancer_without_listeners_has_a_configuration_too() -> None:
    assert "frontend" not in render(())


def test_haproxys_answer_says_who_is_up() -> None:
    answer = "# pxname,svname,status\nport-80,FRONTEND,OPEN\nweb-80,i-a,UP\nweb-80,i-b,DOWN\nweb-80,BACKEND,UP\n\n"
    assert health(answer) == {"web-80": {"i-a": "UP", "i-b": "DOWN"}}


@pytest.mark.skipif(which("haproxy") is None, reason="haproxy is not installed here; the Docker test has it")
def test_haproxy_takes_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    check = Check(protocol="HTTP", path="/healthz")
    listener = Listener(port=8080, group="web", check=check, servers=(A, B), proxy_protocol=True)
    path.write_text(render((listener,)))
    assert subprocess.run(["haproxy", "-c", "-f", path], check=False).returncode == 0
