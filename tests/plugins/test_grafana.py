"""Filters of permissions in Grafana's folders: what is wanted and what is held can be compared."""

from __future__ import annotations

import pytest

from tests.plugins.test_image_plugins import load

grafana = load("filter/grafana.py")
TEAMS = {"operators": 3}


def test_roles_and_teams_are_written_as_the_api_takes_them() -> None:
    entries = [{"role": "Viewer", "level": "View"}, {"team": "operators", "level": "Admin"}]
    assert grafana.grafana_permissions_wanted(entries, TEAMS) == [
        {"role": "Viewer", "permission": 1},
        {"teamId": 3, "permission": 4},
    ]


@pytest.mark.parametrize(
    ("held", "read"),
    [
        ({"role": "Editor", "teamId": 0, "userId": 0, "permission": 2}, [{"role": "Editor", "permission": 2}]),
        ({"team": "operators", "teamId": 3, "userId": 0, "permission": 2}, [{"teamId": 3, "permission": 2}]),
        ({"userLogin": "eve", "teamId": 0, "userId": 7, "permission": 1}, [{"userId": 7, "permission": 1}]),
        ({"role": "Admin", "permission": 4}, []),
    ],
)
def test_an_answer_is_read_in_the_same_form(held: dict[str, object], read: list[dict[str, object]]) -> None:
    assert grafana.grafana_permissions_held([held]) == read
