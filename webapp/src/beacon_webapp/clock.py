"""The time in Colombo, from zone data that is shipped with the program."""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

# The host may have no zone data, or old ones: only the package tzdata, locked by its hash, is asked.
zoneinfo.reset_tzpath(to=())
ZONE_NAME: Final = "Asia/Colombo"
_ZONE: Final = zoneinfo.ZoneInfo(ZONE_NAME)
_DEGREES_PER_STEP: Final = 6
_DEGREES_PER_HOUR: Final = 30

type Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class ColomboTime:
    """One moment there, to the second."""

    moment: datetime

    @classmethod
    def at(cls, instant: datetime) -> "ColomboTime":
        """Take any moment with a zone; a part of a second is cut off, as clocks do."""
        return cls(moment=instant.astimezone(_ZONE).replace(microsecond=0))

    @property
    def time(self) -> str:
        """Return the digits, such as 23:59:59."""
        return f"{self.moment:%H:%M:%S}"

    @property
    def date(self) -> str:
        """Return the date in words."""
        return f"{self.moment:%A}, {self.moment.day} {self.moment:%B %Y}"

    @property
    def utc_offset(self) -> str:
        """Return the distance to UTC, such as +05:30."""
        return f"{self.moment:%:z}"

    @property
    def sky(self) -> str:
        """Name the light of the hour. Near the equator the sun rises about 6 and sets about 18 all year."""
        hour = self.moment.hour
        if hour in {5, 6}:
            return "dawn"
        if hour in {17, 18}:
            return "dusk"
        return "day" if 5 < hour < 18 else "night"  # noqa: PLR2004 - hours

    @property
    def hands(self) -> dict[str, float]:
        """Return the angles of a clock's hands, in degrees from 12."""
        moment = self.moment
        return {
            "hour": (moment.hour % 12 + moment.minute / 60) * _DEGREES_PER_HOUR,
            "minute": (moment.minute + moment.second / 60) * _DEGREES_PER_STEP,
            "second": moment.second * _DEGREES_PER_STEP,
        }

    def as_json(self) -> dict[str, str | int]:
        """Return what /colombo answers to a program."""
        return {
            "zone": ZONE_NAME,
            "time": self.time,
            "date": f"{self.moment:%Y-%m-%d}",
            "utc_offset": self.utc_offset,
            "iso": self.moment.isoformat(),
            "unix": int(self.moment.timestamp()),
        }
