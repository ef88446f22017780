import pytest
from beacon_webapp.endpoints import faults
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

PATHS = ["/status/503", "/delay/0", "/panic"]


@pytest.mark.parametrize("path", PATHS)
def test_off_by_default(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", [200, 204, 304, 404, 418, 500, 503])
def test_status_as_asked(fault_client: FlaskClient, code: int) -> None:
    assert fault_client.get(f"/status/{code}").status_code == code


@pytest.mark.parametrize(
    "path", ["/status/100", "/status/999", "/status/x", "/delay/31", "/delay/-1", "/delay/nan", "/delay/1e1"]
)
def test_what_is_not_allowed_is_not_found(fault_client: FlaskClient, path: str) -> None:
    assert fault_client.get(path).status_code == 404


def test_delay(fault_client: FlaskClient) -> None:
    assert fault_client.get("/delay/0.001").json == {"slept_seconds": 0.001}


@given(st.text(max_size=12))
def test_no_delay_is_longer_than_the_bound(text: str) -> None:
    slept: list[float] = []
    app = Flask("t")
    app.config["SLEEP"] = slept.append
    app.register_blueprint(faults.bp)
    with app.test_client() as client:
        client.get("/delay/" + text)
    assert all(0 <= seconds <= faults.LONGEST_DELAY for seconds in slept)


def test_panic_ends_the_process() -> None:
    ended: list[int] = []
    app = Flask("t")
    app.config["EXIT"] = ended.append
    app.register_blueprint(faults.bp)
    assert app.test_client().get("/panic").status_code == 500
    assert ended == [255]
