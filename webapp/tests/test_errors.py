from collections.abc import Callable

import pytest
import structlog
from beacon_webapp.settings import Settings
from flask import Flask, abort
from flask.testing import FlaskClient

JSON = {"Accept": "application/json", "X-Request-Id": "id-1"}


def test_unknown_path_has_a_page_with_the_request_id(client: FlaskClient) -> None:
    response = client.get("/nothing", headers={"X-Request-Id": "id-1"})
    assert response.status_code == 404
    assert "The path ends here" in response.text
    assert "<code>id-1</code>" in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_unknown_path_as_json(client: FlaskClient) -> None:
    response = client.get("/nothing", headers=JSON)
    assert response.content_type == "application/problem+json"
    assert response.get_json(force=True) == {
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing is served at this address. The index at / lists what is.",
        "request_id": "id-1",
    }


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.post("/gandalf")
    assert response.status_code == 405
    assert "The gate opens another way" in response.text
    assert "This address takes GET, HEAD and OPTIONS only." in response.text
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_body_that_is_too_large(client: FlaskClient) -> None:
    response = client.post("/gandalf", data=b"x" * 16385)
    assert response.status_code == 413
    assert "larger than this program takes" in response.text
    assert client.get("/gandalf", data=b"x" * 16384).status_code == 200


def test_failure_is_logged_and_has_a_page(
    make_app: Callable[[Settings], Flask], log_lines: list[structlog.typing.EventDict]
) -> None:
    app = make_app(Settings())

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    response = app.test_client().get("/broken", headers={"X-Request-Id": "id-2"})
    assert response.status_code == 500
    assert "The fire went out" in response.text
    assert "secret detail" not in response.text
    assert log_lines[0]["event"] == "unhandled exception"
    assert log_lines[0]["request_id"] == "id-2"
    assert log_lines[1]["status"] == 500


@pytest.mark.parametrize(("code", "title"), [(418, "I&#39;m a Teapot"), (503, "Service Unavailable")])
def test_other_errors_share_a_page(make_app: Callable[[Settings], Flask], code: int, title: str) -> None:
    app = make_app(Settings())
    app.add_url_rule("/other", view_func=lambda: abort(code))
    response = app.test_client().get("/other")
    assert response.status_code == code
    assert title in response.text
