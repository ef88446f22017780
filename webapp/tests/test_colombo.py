import sys
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from beacon_webapp.clock import ColomboTime, utc_now
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

# Since 15 April 2006 the offset is +05:30 all year.
SINCE_2006 = st.integers(min_value=1145145600, max_value=4102444800).map(
    lambda seconds: datetime.fromtimestamp(seconds + 0.75, UTC)
)


@given(SINCE_2006)
def test_time_is_five_and_a_half_hours_ahead_to_the_second(instant: datetime) -> None:
    clock = ColomboTime.at(instant)
    expected = (instant + timedelta(hours=5, minutes=30)).replace(microsecond=0, tzinfo=None)
    assert clock.moment.replace(tzinfo=None) == expected
    assert clock.time == expected.time().isoformat()
    assert clock.utc_offset == "+05:30"
    assert clock.as_json()["unix"] == int(instant.timestamp())


@given(SINCE_2006)
def test_hands_lie_on_the_dial(instant: datetime) -> None:
    assert all(0 <= angle < 360 for angle in ColomboTime.at(instant).hands.values())


@pytest.mark.parametrize(
    ("utc_hour", "sky"),
    [(0, "dawn"), (1, "dawn"), (2, "day"), (11, "day"), (12, "dusk"), (13, "dusk"), (14, "night"), (22, "night")],
)
def test_sky_follows_the_hour(utc_hour: int, sky: str) -> None:
    assert ColomboTime.at(datetime(2026, 1, 1, utc_hour, tzinfo=UTC)).sky == sky


def test_old_offset_comes_from_the_zone_data() -> None:
    assert ColomboTime.at(datetime(2000, 1, 1, tzinfo=UTC)).utc_offset == "+06:00"


def test_zone_data_is_the_shipped_one() -> None:
    assert zoneinfo.TZPATH == ()
    assert "tzdata" in sys.modules or zoneinfo.ZoneInfo("Asia/Colombo")


def test_page_shows_the_time(client: FlaskClient) -> None:
    response = client.get("/colombo")
    assert '<time class="digits" id="digits" datetime="2026-11-23T23:59:59+05:30">23:59:59</time>' in response.text
    assert "Monday, 23 November 2026" in response.text
    assert "UTC+05:30" in response.text
    assert 'transform="rotate(354 100 100)"' in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept, Accept-Encoding"


def test_json_shows_the_time(client: FlaskClient) -> None:
    response = client.get("/colombo", headers={"Accept": "application/json"})
    assert response.json == {
        "zone": "Asia/Colombo",
        "time": "23:59:59",
        "date": "2026-11-23",
        "utc_offset": "+05:30",
        "iso": "2026-11-23T23:59:59+05:30",
        "unix": 1795458599,
    }


def test_now_is_now() -> None:
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(seconds=1)
