"""The filter secret_values finds what may not be shown, in the words of Prometheus, Alertmanager and Grafana."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.plugins.test_image_plugins import load

secret_values = load("filter/secret_values.py").FilterModule().filters()["secret_values"]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"basic_auth": {"username": "beacon", "password": "hush"}}, ["hush"]),
        ({"basic_auth": {"password_file": "/etc/password", "password_ref": "store"}}, []),
        ([{"name": "chat", "telegram_configs": [{"bot_token": "hush", "chat_id": 5}]}], ["hush"]),
        ({"pagerduty_configs": [{"routing_key": "hush", "severity": "critical"}]}, ["hush"]),
        ({"receivers": [{"type": "pagerduty", "settings": {"integrationKey": "hush", "class": "own"}}]}, ["hush"]),
        ({"sigv4": {"region": "eu-west-1", "access_key": "AKIA", "secret_key": "hush"}}, ["AKIA", "hush"]),
        ({"authorization": {"type": "Bearer", "credentials": "hush"}}, ["Bearer", "hush"]),
        ({"oauth2": {"client_id": "beacon", "client_secret": "hush"}}, ["hush"]),
        ({"tls_config": {"ca": "public", "key": "hush", "cert_file": "/etc/crt"}}, ["hush"]),
        ({"secureJsonData": {"httpHeaderValue1": "hush"}, "jsonData": {"httpHeaderName1": "X-Scope"}}, ["hush"]),
        ({"http_headers": {"X-Key": {"secrets": ["one", "two"]}}}, ["one", "two"]),
        ({"url": "https://prometheus.example/api/v1/write"}, []),
        ({"url": "https://user:hush@prometheus.example/"}, ["https://user:hush@prometheus.example/"]),
        ({"url": "https://hooks.example/?token=hush"}, ["https://hooks.example/?token=hush"]),
        ({"password": 1234, "send_resolved": True, "labels": None}, ["1234"]),
    ],
)
def test_it_finds_secrets_and_nothing_else(config: Any, found: list[str]) -> None:
    assert secret_values(config) == found


def test_each_address_is_one_where_asked_for() -> None:
    receivers = [{"slack_configs": [{"api_url": "https://chat.example/T0/B0/hush", "channel": "alerts"}]}]
    assert secret_values(receivers, urls=True) == ["https://chat.example/T0/B0/hush"]


@pytest.mark.parametrize(
    "secret", ["it's", 'a "quoted" one', "-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----\n", "ümlaut: #1"]
)
def test_yaml_shows_none_of_it(secret: str) -> None:
    shown = yaml.safe_dump({"password": secret}, width=10_000, allow_unicode=True)
    for value in sorted(secret_values({"password": secret}), key=len, reverse=True):
        shown = shown.replace(value, "")
    assert not set(secret.split()) & set(shown.replace("password:", "").split()), shown
