"""Module objects_info: several questions to a cluster, in one go."""

import json
from typing import Any, ClassVar

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.plugins.test_image_plugins import load

objects_info = load("modules/objects_info.py")
OBJECTS = {
    ("v1", "Pod"): [{"metadata": {"name": "a", "uid": "1"}}, {"metadata": {"name": "b", "uid": "2"}}],
    ("apps/v1", "Deployment"): [],
}


class Service:
    """Finds objects as kubernetes.core does, and remembers what it was asked."""

    clients: ClassVar[list[object]] = []
    asked: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, client: object, module: object) -> None:
        self.clients.append(client)

    def find(self, *, kind: str, api_version: str, **more: Any) -> dict[str, Any]:
        self.asked.append(more)
        return {"resources": OBJECTS[api_version, kind], "api_found": True}


def test_each_query_has_its_answer_by_one_client(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Service, "clients", [])
    monkeypatch.setattr(Service, "asked", [])
    monkeypatch.setattr(objects_info, "K8sService", Service)
    monkeypatch.setattr(objects_info, "get_api_client", lambda module: "client")
    queries = [
        {"kind": "Pod", "namespace": "web", "label_selectors": ["app=web"]},
        {"kind": "Deployment", "api_version": "apps/v1", "name": "web"},
    ]
    with patch_module_args({"queries": queries, "hidden_fields": ["metadata.uid"]}), pytest.raises(SystemExit):
        objects_info.main()
    answer = json.loads(capsys.readouterr().out)
    assert answer["changed"] is False
    assert answer["found"] == [OBJECTS["v1", "Pod"], []]
    assert Service.clients == ["client"]
    assert [(asked["name"], asked["namespace"], asked["label_selectors"]) for asked in Service.asked] == [
        (None, "web", ["app=web"]),
        ("web", None, []),
    ]
    assert {tuple(asked["hidden_fields"]) for asked in Service.asked} == {("metadata.uid",)}
