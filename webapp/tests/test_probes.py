from beacon_webapp import VERSION
from beacon_webapp.shutdown import ShutdownState
from flask.testing import FlaskClient


def test_healthy_and_ready(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert (response.status_code, response.json) == (200, {"ok": True, "failing": []})
        assert "Connection" not in response.headers


def test_draining_is_not_ready_but_healthy_and_still_answers(client: FlaskClient, shutdown: ShutdownState) -> None:
    shutdown.drain()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (503, {"ok": False, "failing": ["draining"]})
    assert client.get("/healthz").status_code == 200
    page = client.get("/gandalf")
    assert page.status_code == 200
    assert page.headers["Connection"] == "close"


def test_version(client: FlaskClient) -> None:
    assert client.get("/version").json == {"version": VERSION, "commit": "abc1234"}
