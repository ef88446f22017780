"""Files of role grafana in Grafana's own words: a diff of them shows no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.roles.entry import play

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "https://chat.example.test/old-token", "https://chat.example.test/new$token"


def said(file: Path, folder: Path) -> str:
    """Play `alerting` in a check; return what it would change."""
    chat = {"uid": "chat", "type": "slack", "settings": {"url": NEW, "title": "costs 5$"}}
    pager = {"uid": "pager", "type": "pagerduty", "settings": {"integrationKey": "made-up-key"}}
    variables = {
        "__grafana_alerting_file": str(file),
        "grafana_alerting": {
            "contactPoints": [{"name": "night", "receivers": [chat, pager]}],
            "templates": [{"name": "own", "template": '{{ "{{" }} $labels.job {{ "}}" }}'}],
        },
    }
    done = play("grafana", "alerting", folder, variables, "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_diff_shows_what_changes_but_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "alerting.yaml"
    file.write_text(f"contactPoints:\n-   receivers:\n    -   settings:\n            url: {OLD}\n")
    told = said(file, tmp_path)
    assert "+- name: night" in told
    assert not [secret for secret in ("old-token", "new$", "made-up-key") if secret in told]


def test_a_dollar_sign_of_a_contact_point_is_one_and_of_a_template_is_a_variable(tmp_path: Path) -> None:
    told = said(tmp_path / "none.yaml", tmp_path)
    assert "+      title: costs 5$$" in told
    assert "+  template: '{{ $labels.job }}'" in told


def test_a_diff_of_settings_shows_no_secret_of_them(tmp_path: Path) -> None:
    file = tmp_path / "grafana.ini"
    file.write_text("[auth.generic_oauth]\nclient_secret = old-hush\n")
    settings = {"auth.generic_oauth": {"enabled": True, "client_id": "boards", "client_secret": "new-hush"}}
    done = play(
        "grafana",
        "configuration",
        tmp_path,
        {"__grafana_configuration": str(tmp_path), "grafana_settings": settings},
        "--check",
        "--diff",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+client_id = boards" in done.stdout
    assert "hush" not in done.stdout
