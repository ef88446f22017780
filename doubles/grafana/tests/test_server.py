"""The double as a process: TLS, sessions, roles in folders, provisioning that changes, restarts, bad configuration."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import ssl
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import requests

from doubles.grafana.tests.conftest import DASHBOARD, TREE, Double

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADMIN = ("admin", "admin")


@pytest.fixture
def own(tmp_path: Path, prometheus: str) -> Iterator[Double]:
    running = Double(tmp_path, prometheus)
    running.start()
    yield running
    running.stop()


def post(double: Double, path: str, body: dict[str, Any], auth: tuple[str, str] = ADMIN) -> requests.Response:
    return requests.post(double.url + path, json=body, auth=auth, timeout=30)


def get(double: Double, path: str, auth: tuple[str, str] = ADMIN) -> requests.Response:
    return requests.get(double.url + path, auth=auth, timeout=30)


def test_it_says_everywhere_that_it_is_a_double(double: Double) -> None:
    health = requests.get(f"{double.url}/api/health", timeout=30)
    assert health.json()["commit"] == "beacon-double"
    assert health.headers["X-Beacon-Double"] == "grafana"
    assert "double of Grafana" in requests.get(f"{double.url}/login", timeout=30).text
    assert "double of Grafana" in (double.home / "log").read_text()
    version = subprocess.run([*double.command()[:2], "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == "grafana version 12.4.0 (beacon-double)\n"


def test_a_page_without_a_session_leads_to_the_log_in(double: Double) -> None:
    reply = requests.get(f"{double.url}/d/webapp", timeout=30, allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/login")


@pytest.fixture(params=["[metrics]\nenabled = false\n[security]\ncontent_security_policy = true\n"])
def closed(request: pytest.FixtureRequest, tmp_path: Path, prometheus: str) -> Iterator[Double]:
    running = Double(tmp_path, prometheus, request.param)
    running.start()
    yield running
    running.stop()


def test_metrics_that_are_off_are_a_page_that_is_not_there(closed: Double) -> None:
    anonymous = requests.get(f"{closed.url}/metrics", timeout=30, allow_redirects=False)
    assert (anonymous.status_code, anonymous.headers["Location"]) == (302, "/login")
    assert get(closed, "/metrics").status_code == 404


@pytest.mark.parametrize(
    "closed", ["[metrics]\nbasic_auth_username = scraper\nbasic_auth_password = made-up\n"], indirect=True
)
@pytest.mark.parametrize(
    ("auth", "status"), [(None, 401), (("scraper", "wrong"), 401), (ADMIN, 401), (("scraper", "made-up"), 200)]
)
def test_metrics_have_a_password_of_their_own(closed: Double, auth: tuple[str, str] | None, status: int) -> None:
    assert requests.get(f"{closed.url}/metrics", auth=auth, timeout=30).status_code == status


def test_pages_have_a_content_security_policy_where_it_is_on(closed: Double, double: Double) -> None:
    assert "default-src 'self'" in requests.get(f"{closed.url}/login", timeout=30).headers["Content-Security-Policy"]
    assert "Content-Security-Policy" not in requests.get(f"{double.url}/login", timeout=30).headers


def test_passwords_and_sessions_are_kept_as_hashes_only(own: Double) -> None:
    post(own, "/api/admin/users", {"login": "eve", "password": "a-password-to-find"})
    session = requests.post(f"{own.url}/login", json={"user": "eve", "password": "a-password-to-find"}, timeout=30)
    kept = b"".join(file.read_bytes() for file in (own.home / "data").iterdir())
    assert b"a-password-to-find" not in kept
    assert session.cookies["grafana_session"].encode() not in kept
    assert b"scrypt:" in kept


def test_a_changed_password_ends_the_sessions(own: Double) -> None:
    user = post(own, "/api/admin/users", {"login": "eve", "password": "first-password"}).json()["id"]
    session = requests.Session()
    session.post(f"{own.url}/login", json={"user": "eve", "password": "first-password"}, timeout=30)
    assert session.get(f"{own.url}/api/user", timeout=30).status_code == 200
    changed = {"password": "second-password"}
    requests.put(f"{own.url}/api/admin/users/{user}/password", json=changed, auth=ADMIN, timeout=30)
    assert session.get(f"{own.url}/api/user", timeout=30).status_code == 401


def test_a_folder_is_seen_by_those_whom_its_permissions_name(own: Double) -> None:
    eve = ("eve", "correct-horse-1")
    user = post(own, "/api/admin/users", {"login": "eve", "password": eve[1]}).json()["id"]
    team = post(own, "/api/teams", {"name": "operators"}).json()["teamId"]
    post(own, "/api/folders", {"uid": "secret", "title": "Secret"})
    post(own, "/api/folders/secret/permissions", {"items": [{"teamId": team, "permission": 2}]})
    saved = {"dashboard": {"uid": "plan", "title": "Plan", "panels": []}, "folderUid": "secret"}
    post(own, "/api/dashboards/db", saved)
    assert get(own, "/api/dashboards/uid/plan", eve).status_code == 403
    assert "plan" not in [hit["uid"] for hit in get(own, "/api/search", eve).json()]
    post(own, f"/api/teams/{team}/members", {"userId": user})
    assert get(own, "/api/dashboards/uid/plan", eve).json()["meta"]["canEdit"]


def test_state_survives_a_kill(own: Double) -> None:
    post(own, "/api/admin/users", {"login": "eve", "password": "correct-horse-1"})
    own.kill()
    own.start()
    assert get(own, "/api/user", ("eve", "correct-horse-1")).json()["login"] == "eve"


def test_dashboards_follow_their_files(own: Double) -> None:
    file = own.home / "dashboards" / "webapp.json"
    file.write_text(json.dumps(DASHBOARD | {"title": "Another title"}))
    (own.home / "dashboards" / "second.json").write_text(json.dumps({"uid": "second", "title": "Second", "panels": []}))
    reload = "/api/admin/provisioning/dashboards/reload"
    assert post(own, reload, {}).status_code == 200
    assert get(own, "/api/dashboards/uid/webapp").json()["meta"]["version"] == 2
    assert get(own, "/api/dashboards/uid/second").status_code == 200
    (own.home / "dashboards" / "second.json").unlink()
    post(own, reload, {})
    assert get(own, "/api/dashboards/uid/second").status_code == 404


def test_a_broken_dashboard_is_named_and_the_others_stay(own: Double) -> None:
    broken = own.home / "dashboards" / "broken.json"
    broken.write_text("{")
    reply = post(own, "/api/admin/provisioning/dashboards/reload", {})
    assert reply.status_code == 500
    assert str(broken) in reply.json()["message"]
    assert get(own, "/api/dashboards/uid/webapp").status_code == 200


def test_the_administrators_password_is_reset_by_the_command(own: Double) -> None:
    program, *options = own.command("cli")[1:]
    command = [
        own.command()[0],
        program,
        options[0],
        *options[1:],
        "admin",
        "reset-admin-password",
        "--password-from-stdin",
    ]
    done = subprocess.run(command, input="another-horse-1\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert get(own, "/api/user").status_code == 401
    assert get(own, "/api/user", ("admin", "another-horse-1")).status_code == 200
    weak = subprocess.run(command, input="x\n", capture_output=True, text=True, check=False)
    assert (weak.returncode, weak.stderr) == (1, "Error: New password is too short\n")


def test_it_stops_on_request_and_leaves_nothing_half_done(tmp_path: Path, prometheus: str) -> None:
    double = Double(tmp_path, prometheus)
    double.start()
    assert double.stop() == 0


@pytest.mark.filterwarnings("ignore:.*TLSv1_1:DeprecationWarning")
def test_a_silent_connection_keeps_nobody_waiting(
    tmp_path: Path, prometheus: str, certificate: tuple[str, str]
) -> None:
    ini = f"protocol = https\ncert_file = {certificate[0]}\ncert_key = {certificate[1]}\n"
    double = Double(tmp_path, prometheus, ini=ini)
    double.url = double.url.replace("http:", "https:")
    double.start()
    try:
        with socket.create_connection(("127.0.0.1", double.port)):
            asked = time.monotonic()
            reply = requests.get(f"{double.url}/api/health", verify=certificate[0], timeout=10)
            assert reply.json()["database"] == "ok"
            assert time.monotonic() - asked < 5
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", double.port)) as plain, pytest.raises(ssl.SSLError):
            old.wrap_socket(plain)
    finally:
        double.stop()


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ("protocol = ftp\n", "Error: [server] protocol = ftp: http and https are allowed."),
        ("protocol = https\ncert_file = /nowhere\n", "Error: [server] cert_file = /nowhere, cert_key = : "),
        ("http_port = many\n", "Error: [server] http_port = 'many': a whole number is needed."),
        ("[security]\nadmin_password = $__file{/nowhere}\n", "Error: $__file{/nowhere}: No such file or directory"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path, prometheus: str, ini: str, message: str) -> None:
    double = Double(tmp_path, prometheus, ini=ini)
    done = subprocess.run(double.command("server"), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unreachable_prometheus_is_an_error_of_the_query(tmp_path: Path) -> None:
    double = Double(tmp_path, "http://127.0.0.1:1")
    double.start()
    try:
        query = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "up", "instant": True}
        reply = post(double, "/api/ds/query", {"queries": [query], "from": "now-5m", "to": "now"})
        assert reply.status_code == 400
        assert "Connection refused" in reply.json()["results"]["A"]["error"]
        assert get(double, "/api/datasources/uid/prometheus/health").status_code == 400
    finally:
        double.stop()


@pytest.fixture
def strict(tmp_path: Path, prometheus: str) -> Iterator[Double]:
    running = Double(tmp_path, prometheus, "[security]\nbrute_force_login_protection_max_attempts = 2\n")
    running.start()
    yield running
    running.stop()


def test_wrong_passwords_lock_a_user_out_for_minutes_by_api_and_form(strict: Double) -> None:
    assert get(strict, "/api/user").status_code == 200
    for _ in range(2):
        wrong = get(strict, "/api/user", ("admin", "wrong"))
        assert (wrong.status_code, wrong.json()["messageId"]) == (401, "password-auth.failed")
    blocked = get(strict, "/api/user")
    assert (blocked.status_code, blocked.json()["messageId"]) == (401, "login-attempt.blocked")
    assert blocked.json()["message"] == "Invalid username or password"
    form = requests.post(f"{strict.url}/login", json={"user": "ADMIN", "password": "admin"}, timeout=30)
    assert (form.status_code, form.json()["messageId"]) == (401, "login-attempt.blocked")
    strict.stop()
    strict.start()
    assert get(strict, "/api/user").status_code == 401
    with closing(sqlite3.connect(strict.home / "data" / "grafana.db")) as database:
        database.execute("UPDATE attempt SET at = at - 300")
        database.commit()
    assert get(strict, "/api/user").status_code == 200


def test_wrong_passwords_of_nobody_lock_nobody_out(strict: Double) -> None:
    for _ in range(3):
        assert get(strict, "/api/user", ("nobody", "x")).json()["messageId"] == "password-auth.failed"
    assert get(strict, "/api/user").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["-/reload", "api/v1/write", "api/v1/label/job/values"])
def test_nothing_but_queries_is_posted_through_the_proxy(double: Double, method: str, path: str) -> None:
    reply = requests.request(
        method,
        f"{double.url}/api/datasources/proxy/uid/prometheus/{path}",
        data={"query": "up"},
        auth=ADMIN,
        timeout=30,
    )
    assert reply.status_code == 403
    assert reply.json()["message"] == f"non allow-listed {method}s not allowed on proxied Prometheus datasource"


def test_queries_are_posted_through_the_proxy(double: Double) -> None:
    address = f"{double.url}/api/datasources/proxy/uid/prometheus/api/v1/query"
    reply = requests.post(address, data={"query": "up"}, auth=ADMIN, timeout=30)
    assert (reply.status_code, reply.json()["status"]) == (200, "success")


def rows() -> list[tuple[str, str, int, int]]:
    """Return the differences of the README: method, path, the double's status and Grafana's."""
    text = (TREE.parent / "README.md").read_text().partition("## Differences")[2].partition("## ")[0]
    found = re.findall(r"^\| `(\w+) (\S+)` \| (\d+) \| (\d+) \|", text, flags=re.MULTILINE)
    return [(method, path, int(ours), int(real)) for method, path, ours, real in found]


def test_the_readme_has_differences() -> None:
    assert len(rows()) >= 6


@pytest.mark.parametrize(("method", "path", "ours", "real"), rows())
def test_the_differences_of_the_readme_are_those_that_are_left(
    double: Double, method: str, path: str, ours: int, real: int
) -> None:
    reply = requests.request(method, double.url + path, json={}, auth=ADMIN, timeout=30, allow_redirects=False)
    assert (reply.status_code, ours != real) == (ours, True)
