"""Roles tell all that is wrong with their inputs at once, before anything is asked. Their checks are played on this machine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.roles.entry import play
from tests.roles.test_host import REQUIRED

if TYPE_CHECKING:
    from pathlib import Path

PEM = serialization.Encoding.PEM


def private_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a key as PEM."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def certificate(key: ec.EllipticCurvePrivateKey, year: int) -> str:
    """Return one, as PEM, that was valid in this year only and may not sign others."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    return (
        builder.not_valid_after(dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(PEM)
        .decode()
    )


KEY = ec.generate_private_key(ec.SECP256R1())
OLD = certificate(KEY, 2020)
OTHER_KEY = private_key(ec.generate_private_key(ec.SECP256R1()))


def tls(role: str) -> dict[str, str]:
    """Return a role's certificate, which has ended, another one's key, and a CA that may not be one."""
    return {
        f"{role}_tls_{name}": text
        for name, text in (("certificate", OLD), ("private_key", OTHER_KEY), ("ca_certificate", OLD))
    }


TWICE = [{"name": "reader", "password": "made-up"}] * 2
BAD: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "prometheus": (
        "prometheus",
        {
            **tls("prometheus"),
            "prometheus_users": TWICE,
            "prometheus_alertmanager_targets": ["127.0.0.1:9093"],
            "prometheus_retention_time": "a while",
            "prometheus_scrape_interval": "often",
            "prometheus_retention_size": "big",
            "prometheus_backup_bucket": "Backups",
        },
        [
            "The certificate in prometheus_tls_certificate is valid from 20200101000000Z to 20210101000000Z only",
            "prometheus_users are reader, reader; give each name once",
            "there is no prometheus_alertmanager_password: give the one of",
            "prometheus_retention_time=a while is not a valid duration",
            "prometheus_scrape_interval=often is not a valid duration",
            "prometheus_retention_size=big is not a valid size",
            "prometheus_backup_bucket=Backups (3 to 63 small letters, digits, dots and dashes)",
            "encrypted only, but prometheus_backup_password is missing",
        ],
    ),
    "prometheus by plain HTTP": (
        "prometheus",
        {
            "prometheus_tls_enabled": False,
            "prometheus_users": [],
            "prometheus_listen_address": ":9090",
            "prometheus_alertmanager_targets": ["127.0.0.1:9093"],
            "prometheus_alertmanager_password": "made-up",
        },
        [
            "prometheus_listen_address=:9090 would offer plain HTTP at every address of the host",
            "prometheus_alertmanager_scheme is https, but there is no prometheus_tls_ca_certificate",
        ],
    ),
    "prometheus without anything": (
        "prometheus",
        {"prometheus_users": []},
        ["Prometheus is reached by TLS with a password only", "at least one user (now: none)"],
    ),
    "alertmanager": (
        "alertmanager",
        {
            **tls("alertmanager"),
            "alertmanager_users": TWICE,
            "alertmanager_receivers": [{"name": "team"}, {"name": "nobody"}],
            "alertmanager_receiver": "gone",
            "alertmanager_group_wait": "soon",
            "alertmanager_repeat_interval": "now and then",
        },
        [
            "alertmanager_tls_certificate ends 20210101000000Z; fingerprint of its key",
            "alertmanager_users are reader, reader; give each name once",
            "alertmanager_receivers are team, nobody: each has a name of its own",
            "alertmanager_routes name gone; known are nobody, team, nobody",
            "alertmanager_group_wait=soon is not a valid duration",
            "alertmanager_repeat_interval=now and then is not a valid duration",
        ],
    ),
    "alertmanager without anything": (
        "alertmanager",
        {"alertmanager_users": []},
        ["Alertmanager is reached by TLS with a password only", "at least one user (now: none)"],
    ),
    "grafana": (
        "grafana",
        {
            **tls("grafana"),
            "grafana_admin_password": "short",
            "grafana_users": [{"login": "admin", "password": "long enough for anybody"}],
            "grafana_datasources": [
                {"name": "Elsewhere"},
                {"name": "A", "uid": "a", "type": "prometheus", "isDefault": True},
                {"name": "B", "uid": "a", "type": "loki", "isDefault": True},
            ],
            "grafana_teams": [{"name": "desk", "members": ["stranger"]}],
            "grafana_folders": [{"uid": "own", "title": "Own", "permissions": [{"team": "gone", "level": "view"}]}],
        },
        [
            "grafana_tls_certificate ends 20210101000000Z, fingerprint of its key",
            "grafana_tls_ca_certificate (old) has no key usage for signing certificates",
            "grafana_datasources: Elsewhere lacks one of name, uid and type",
            "grafana_datasources: A, B have isDefault, which one may have",
            "grafana_users and grafana_admin_user names someone twice (admin, admin)",
            "grafana_datasources (uid) names someone twice (a, a)",
            "The password of admin is missing or shorter than",
            "Team desk names stranger, known are admin: add them to grafana_users",
            "Folder own, level view: role=(unset), team=gone. Give one of them; teams are desk",
        ],
    ),
    "grafana without anything": (
        "grafana",
        {},
        [
            "grafana_tls_certificate is empty",
            "grafana_tls_private_key is empty",
            "grafana_tls_ca_certificate is empty",
            "grafana_admin_password is empty",
        ],
    ),
    "host_baseline": (
        "host_baseline",
        {"host_baseline_firewall_rules": [{"port": 70000}, {"port": 9100, "sources": ["everywhere"]}]},
        [
            "host_baseline_firewall_rules opens only the ports 70000, 9100: nobody could log in again",
            "host_baseline_firewall_rules has {'port': 70000}",
            "host_baseline_firewall_rules has {'port': 9100, 'sources': ['everywhere']}",
        ],
    ),
    "ssh_access": (
        "ssh_access",
        {
            "ssh_access_environment_key": "PRIVATE",
            "ssh_access_environment_next_key": "LATER",
            "ssh_access_people": [{"name": "Jo Doe", "key": "ssh-ed25519 AAAA"}],
        },
        [
            "ssh_access_environment_key begins with 'PRIVATE'",
            "ssh_access_environment_next_key begins with 'LATER'",
            "ssh_access_people has 'Jo Doe' with a key that begins with 'ssh-ed25519 AAAA'",
        ],
    ),
    "data_volume": (
        "data_volume",
        {
            "data_volume_device": "/dev/null",
            "data_volume_path": "srv/data",
            "data_volume_directories": [
                {"path": "/var/lib/one", "owner": "root", "service": "one"},
                {"path": "/srv/one", "owner": "root", "service": "other"},
            ],
        },
        ["The path 'srv/data' can't be mounted", "data_volume_directories has two folders of one name: one, one"],
    ),
    "image": (
        "image",
        {
            "image_version": "1 0",
            "image_repository_url": "elsewhere/webapp",
            "image_context": "/nowhere",
            "image_scan_waivers_file": "waivers.yml",
            "__image_waivers": ["CVE-2026-0001", {"id": "CVE-2026-0002", "reason": "no fix", "expires": "soon"}],
        },
        [
            "image_version is '1 0', which is no part of an image's tag",
            "image_repository_url is 'elsewhere/webapp', which is no ECR repository",
            "image_context is '/nowhere', where there is no Dockerfile",
            'waivers.yml has the waiver "CVE-2026-0001": it needs an id',
            'waivers.yml has the waiver {"id": "CVE-2026-0002"',
        ],
    ),
    "metrics_agent": (
        "metrics_agent",
        {"metrics_agent_replicas": 0},
        ["Nobody would get what the agent scrapes", "metrics_agent_replicas is 0; allowed is 1 or more"],
    ),
    "metrics_agent without a password": (
        "metrics_agent",
        {"metrics_agent_remote_write_url": "https://10.0.0.1:9090/api/v1/write"},
        ["metrics_agent_remote_write_url=https://10.0.0.1:9090/api/v1/write takes samples by TLS with a password only"],
    ),
    "images": (
        "images",
        {
            "images_list": [{"name": "pause", "source": "registry.example/pause", "tag": "1", "digest": "sha256:0"}],
            "images_scan_waivers": [{"id": "CVE-2026-0001", "reason": "no fix", "expires": "soon"}],
        },
        [
            "images_list has pause with digest 'sha256:0', which is none",
            'images_scan_waivers has {"id": "CVE-2026-0001"',
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_all_problems_are_told_at_once(case: str, tmp_path: Path) -> None:
    role, variables, messages = BAD[case]
    done = play(role, "validate", tmp_path, variables)
    told = " ".join(done.stdout.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert [message for message in messages if message not in told] == [], done.stdout
    assert "changed=0 " in told


GOOD: dict[str, dict[str, Any]] = {
    **{role: REQUIRED[role] for role in ("prometheus", "alertmanager", "grafana")},
    "host_baseline": {"host_baseline_firewall_rules": [{"port": 22}, {"port": 9100, "sources": ["10.42.0.0/16"]}]},
    "ssh_access": {"ssh_access_environment_key": "ssh-ed25519 AAAAC3Nz"},
    "metrics_agent": {"metrics_agent_remote_write": [{"url": "https://thanos.example.org/api/v1/receive"}]},
    "data_volume": {"data_volume_device": "/dev/null", "data_volume_directories": []},
}


@pytest.mark.parametrize("role", GOOD)
def test_what_is_right_passes(role: str, tmp_path: Path) -> None:
    done = play(role, "validate", tmp_path, GOOD[role])
    assert done.returncode == 0, done.stdout + done.stderr
