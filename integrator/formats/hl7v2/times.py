"""HL7 v2 times (TS, DTM): text to a local reading with its precision, and from there to the instants it can mean.

YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ], HL7 v2.5.1 chapter 2A.3.22; no offset means the sender's zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)"
    r"(?:(?P<second>\d\d)(?:\.(?P<part>\d{1,6}))?)?)?)?)?)?(?P<offset>[+-]\d{4})?"
)
# Years that a sender can mean; 0001 is how some systems write "no date", and has no instant in every zone.
_YEARS = range(1800, 9999)
_PRECISIONS = ("second", "minute", "hour", "day", "month", "year")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as it was written: its first moment as a naive local reading, how fine it is, and its own offset."""

    local: datetime
    precision: str  # second, minute, hour, day, month, year
    offset: str | None = None  # "+0215"


@lru_cache(maxsize=4096)
def parse_time(text: str) -> Stamp:
    """Reads one TS or DTM; ValueError when it is none or names a day or hour that does not exist."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError("not an HL7 time")
    if int(found["year"]) not in _YEARS:
        raise ValueError("a year that cannot be meant")
    precision = next(name for name in _PRECISIONS if found[name])
    micro = int((found["part"] or "0").ljust(6, "0"))
    second = int(found["second"] or 0)
    if second == 60:  # a leap second is the last moment of its minute
        second, micro = 59, 999_999
    local = datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        second,
        micro,
    )
    if found["offset"]:
        zone_of(found["offset"])
    return Stamp(local, precision, found["offset"])


@lru_cache(maxsize=512)
def zone_of(offset: str) -> timezone:
    """The fixed zone of "+0215"; ValueError beyond a day's reach."""
    hours, minutes = int(offset[1:3]), int(offset[3:5])
    if hours > 14 or minutes > 59:
        raise ValueError("not an offset")
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


@lru_cache(maxsize=4096)  # a message says the same time at four places, a day of messages the same few hundred
def instants(stamp: Stamp, zone: str) -> tuple[datetime, ...]:
    """What a stamp can mean in an IANA zone: one instant, two in the hour that autumn repeats (earlier first), none
    in the hour that spring leaves out. Instants carry the offset that was in force, not the zone."""
    if stamp.offset:
        return (stamp.local.replace(tzinfo=zone_of(stamp.offset)),)
    place = ZoneInfo(zone)
    found: list[datetime] = []
    for fold in (0, 1):
        reading = stamp.local.replace(tzinfo=place, fold=fold)
        offset = reading.utcoffset()
        assert offset is not None
        fixed = stamp.local.replace(tzinfo=timezone(offset))
        if fixed.astimezone(place).replace(tzinfo=None) == stamp.local and fixed not in found:
            found.append(fixed)
    return tuple(found)
