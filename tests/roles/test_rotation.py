"""An agent whose password is rotated is never refused: played with Prometheus itself, by the roles' own templates."""

from __future__ import annotations

import datetime as dt
import http.client
import re
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugins.filter.bcrypt_hash import bcrypt_hash
from tests.ports import free_port
from tests.roles.archive import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).parents[2]
SECONDS = 120
COUNTERS = ("prometheus_remote_storage_samples_failed_total", "prometheus_remote_storage_samples_total")


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prometheus itself."""
    return program("prometheus", tmp_path_factory.mktemp("prometheus"))


def certify(folder: Path) -> None:
    """Write a certificate of localhost that is its own authority."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls").mkdir()
    for file in ("server.crt", "ca.crt"):
        (folder / "tls" / file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls" / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def template(path: str, **values: Any) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "to_json": lambda value: f'"{value}"',
        "comment": str,
        "beacon.platform.bcrypt_hash": lambda password, _: bcrypt_hash(password, rounds=4),
    }
    return environment.from_string((CHECKOUT / "roles" / path).read_text()).render(ansible_managed="# made", **values)


@dataclass
class Pipeline:
    """A central Prometheus, and an agent that scrapes itself and writes there."""

    program: Path
    folder: Path
    stack: ExitStack
    central: int = field(default_factory=free_port)
    agent: int = field(default_factory=free_port)

    def start(self, name: str, *arguments: str) -> Callable[[], None]:
        """Start a process; return what ends it in order."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("a"))
        process = subprocess.Popen([self.program, *arguments], stdout=log, stderr=log, cwd=self.folder)

        def end() -> None:
            process.terminate()
            process.wait(SECONDS)

        self.stack.callback(end)
        return end

    def accept(self, **passwords: str) -> None:
        """Write whom the central Prometheus lets in, at once, as the role does."""
        users = [{"name": name.replace("_", "-"), "password": text} for name, text in passwords.items()]
        text = template(
            "release/templates/web.yml.j2",
            release_web_directory=str(self.folder),
            release_web_tls={"server.crt": "made", "server.key": "made"},
            release_web_users=users,
            __release_hashes={},
        )
        (self.folder / "web.new").write_text(text)
        (self.folder / "web.new").replace(self.folder / "web.yml")

    def serve(self) -> None:
        """Start the central Prometheus."""
        (self.folder / "central.yml").write_text("{}")
        self.start(
            "central",
            "--config.file=central.yml",
            "--storage.tsdb.path=series",
            "--web.config.file=web.yml",
            "--web.enable-remote-write-receiver",
            f"--web.listen-address=127.0.0.1:{self.central}",
        )

    def write(self, user: str, password: str) -> None:
        """Put a user's password where its agent looks for it, as the Secret has it."""
        (self.folder / self.key(user)).write_text(password)

    def key(self, user: str) -> str:
        """Return the name of a user's password in the Secret."""
        variables: dict[str, Any] = yaml.safe_load((CHECKOUT / "roles/metrics_agent/vars/main.yml").read_text())
        prefix = str(variables["__metrics_agent_password_key"]).partition("{{")[0]
        return f"{prefix}{user}"

    def write_as(self, user: str) -> Callable[[], None]:
        """Start an agent that writes as a user, and wait until it has; return what ends it and fails on a refused sample."""
        rendered = template(
            "metrics_agent/templates/prometheus.yml.j2",
            metrics_agent_scrape_interval="1s",
            metrics_agent_replicas=1,
            metrics_agent_remote_write=[],
            metrics_agent_cluster="test",
            metrics_agent_environment="test",
            metrics_agent_remote_write_url=f"https://localhost:{self.central}/api/v1/write",
            metrics_agent_remote_write_user=user,
            __metrics_agent_password_key=self.key(user),
            __metrics_agent_addons=[],
        )
        configuration = yaml.safe_load(rendered.replace("/etc/remote-write/ca.crt", f"{self.folder}/tls/ca.crt"))
        configuration["remote_write"][0]["basic_auth"]["password_file"] = str(self.folder / self.key(user))
        configuration["remote_write"][0]["queue_config"]["batch_send_deadline"] = "1s"
        itself = {"job_name": "agent", "static_configs": [{"targets": [f"127.0.0.1:{self.agent}"]}]}
        (self.folder / "agent.yml").write_text(yaml.safe_dump(configuration | {"scrape_configs": [itself]}))
        end = self.start(
            "agent",
            "--agent",
            "--config.file=agent.yml",
            f"--storage.agent.path=buffer-{user}-{time.monotonic_ns()}",
            f"--web.listen-address=127.0.0.1:{self.agent}",
        )
        self.wait(lambda failed, sent: failed + sent > 0)
        return end

    def counters(self) -> tuple[float, float]:
        """Return how many samples of the running agent were refused, and how many were sent; nothing while it starts."""
        connection = http.client.HTTPConnection("127.0.0.1", self.agent, timeout=SECONDS)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        except OSError:
            return 0, 0
        finally:
            connection.close()
        failed, sent = (sum(map(float, re.findall(rf"^{name}{{.*}} (.+)$", text, re.MULTILINE))) for name in COUNTERS)
        return failed, sent

    def wait(self, condition: Callable[[float, float], bool]) -> None:
        """Wait until the agent's counters fulfil a condition."""
        deadline = time.monotonic() + SECONDS
        while not condition(*self.counters()):
            assert time.monotonic() < deadline, (self.folder / "agent.log").read_text()[-2000:]
            time.sleep(0.2)

    def more(self) -> None:
        """Wait until the agent has sent more than now, and assert that nothing was refused."""
        _, before = self.counters()
        self.wait(lambda failed, sent: sent > before or failed > 0)
        assert self.counters()[0] == 0


@pytest.fixture
def pipeline(prometheus: Path, tmp_path: Path) -> Iterator[Pipeline]:
    certify(tmp_path)
    with ExitStack() as stack:
        made = Pipeline(prometheus, tmp_path, stack)
        made.accept(agent="old")
        made.write("agent", "old")
        made.serve()
        yield made


def test_no_sample_is_refused_while_the_agent_moves(pipeline: Pipeline) -> None:
    end = pipeline.write_as("agent")
    pipeline.accept(agent="old", agent_previous="old")
    pipeline.write("agent-previous", "old")
    pipeline.more()
    end()
    end = pipeline.write_as("agent-previous")
    pipeline.accept(agent="new", agent_previous="old")
    pipeline.write("agent", "new")
    pipeline.more()
    end()
    pipeline.write_as("agent")
    pipeline.accept(agent="new", agent_previous="new")
    pipeline.more()


def test_without_a_second_name_samples_are_lost(pipeline: Pipeline) -> None:
    pipeline.write_as("agent")
    pipeline.accept(agent="new")
    pipeline.wait(lambda failed, _: failed > 0)
