import contextlib
import re
from dataclasses import fields

import pytest
from beacon_webapp.__main__ import main
from beacon_webapp.settings import SettingError, Settings
from hypothesis import given
from hypothesis import strategies as st

WRONG = [
    ("WEBAPP_HTTP_PORT", "abc", "a whole number from 1 to 65535"),
    ("WEBAPP_HTTP_PORT", "0", "a whole number from 1 to 65535"),
    ("WEBAPP_HTTP_PORT", "٣", "a whole number from 1 to 65535"),
    ("WEBAPP_METRICS_PORT", "65536", "a whole number from 1 to 65535"),
    ("WEBAPP_THREADS", "", "a whole number from 1 to 64"),
    ("WEBAPP_DRAIN_SECONDS", "-1", "a whole number from 0 to 120"),
    ("WEBAPP_STOP_SECONDS", "0", "a whole number from 1 to 300"),
    ("WEBAPP_MAX_BODY_BYTES", "1e3", "a whole number from 0 to 1048576"),
    ("WEBAPP_PROXIES", "true", "a whole number from 0 to 9"),
    ("WEBAPP_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
    ("WEBAPP_TEST_ENDPOINTS", "yes", "one of false, true"),
    ("WEBAPP_LISTEN_ADDRESS", "localhost", "an IPv4 or IPv6 address to listen on, such as 0.0.0.0"),
    ("WEBAPP_POD", "a b", "at most 253 letters, digits, dots, dashes and underscores"),
    ("WEBAPP_ZONE", "a\nb", "at most 253 letters, digits, dots, dashes and underscores"),
    ("WEBAPP_COMMIT", "<script>", "at most 253 letters, digits, dots, dashes and underscores"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_wrong_value_is_named_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environ({name: value})
    assert str(caught.value) == f"{name}={value!a} is not allowed: it must be {allowed}"


def test_unknown_variable_is_refused() -> None:
    with pytest.raises(
        SettingError, match=r"^WEBAPP_PROT is no variable of this program; known are WEBAPP_LISTEN_ADDR"
    ):
        Settings.from_environ({"WEBAPP_PROT": "1"})


def test_ports_must_differ() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environ({"WEBAPP_METRICS_PORT": "8080"})
    assert str(caught.value) == "WEBAPP_METRICS_PORT='8080' is not allowed: it must differ from WEBAPP_HTTP_PORT"


def test_long_value_is_cut() -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environ({"WEBAPP_POD": "!" * 10_000})
    assert len(str(caught.value)) < 200


def test_variables_that_kubernetes_adds_for_a_service_are_ignored() -> None:
    links = {
        "WEBAPP_SERVICE_HOST": "10.0.0.1",
        "WEBAPP_SERVICE_PORT_HTTP": "80",
        "WEBAPP_PORT": "tcp://10.0.0.1:80",
        "WEBAPP_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert Settings.from_environ(links) == Settings()


def test_good_values_are_taken() -> None:
    settings = Settings.from_environ(
        {"WEBAPP_HTTP_PORT": "80", "WEBAPP_TEST_ENDPOINTS": "true", "WEBAPP_LISTEN_ADDRESS": "::1", "HOME": "/"}
    )
    assert (settings.http_port, settings.test_endpoints, settings.listen_address) == (80, True, "::1")


@given(st.sampled_from([item.name for item in fields(Settings)]), st.text(max_size=300))
def test_any_text_is_taken_or_refused_in_one_line(name: str, text: str) -> None:
    refused = ""
    with contextlib.suppress(SettingError):
        try:
            Settings.from_environ({f"WEBAPP_{name.upper()}": text})
        except SettingError as error:
            refused = str(error)
            raise
    assert re.fullmatch(r"[ -~]*", refused)


def test_main_ends_with_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"WEBAPP_THREADS": "many"}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "beacon-webapp: WEBAPP_THREADS='many' is not allowed: it must be a whole number from 1 to 64\n"


def test_main_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beacon_webapp.server.serve", lambda settings: settings.http_port)
    assert main({"WEBAPP_HTTP_PORT": "81"}) == 81
