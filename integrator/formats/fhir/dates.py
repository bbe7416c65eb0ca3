"""FHIR's instants, dateTimes, dates and times: real ones told from impossible ones, read and written.

Source: FHIR R4, section 2.24 (datatypes). An instant always carries an offset and seconds; a dateTime may stop at the
year, month or day and is never padded; 24:00 does not exist, second 60 (a leap second) does.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"  # there is no year 0
MONTH = rf"{YEAR}(-(0[1-9]|1[0-2]))?"
DATE = rf"{YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
OFFSET = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
INSTANT = rf"{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T{CLOCK}{OFFSET}"
LEAP_SECOND = rf"{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:60(\.[0-9]+)?{OFFSET}"

_instant = re.compile(INSTANT).fullmatch
_date = re.compile(DATE).fullmatch
_clock = re.compile(CLOCK).fullmatch


def write_instant(at: datetime) -> str:
    """An aware datetime as an instant: its own offset kept, Z for UTC, a fraction only where there is one.

    Raises ValueError for a datetime without offset.
    """
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("an instant needs an offset")
    text = at.isoformat()
    if len(text) == 25 and not at.microsecond:  # as most are: no fraction, an offset of whole minutes
        return text[:19] + "Z" if text.endswith("+00:00") else text
    text = at.replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    if not offset:
        return text + "Z"
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return f"{text}{sign}{hours:02}:{minutes:02}"


def read_instant(text: str) -> datetime:
    """An instant as an aware datetime with the offset that was written; raises ValueError where it is none.

    A leap second becomes the second after it; what is finer than a microsecond is cut.
    """
    if not _instant(text):
        raise ValueError("not a FHIR instant: YYYY-MM-DDThh:mm:ss[.fff] with Z or +hh:mm")
    if text[17:19] == "60":
        return datetime.fromisoformat(text[:17] + "59" + text[19:]) + timedelta(seconds=1)
    return datetime.fromisoformat(text)


def is_instant(text: str) -> bool:
    """Whether it is a real instant: the 30th of February is none."""
    try:
        read_instant(text)
    except ValueError:
        return False
    return True


def is_date(text: str) -> bool:
    """Whether it is a real year, month or day."""
    if not _date(text):
        return False
    try:
        date(int(text[:4]), int(text[5:7] or 1), int(text[8:10] or 1))
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Whether it is a real date, or an instant (a time of day needs seconds and offset)."""
    return is_instant(text) if "T" in text else is_date(text)


def is_time(text: str) -> bool:
    """Whether it is a time of day, hh:mm:ss."""
    return _clock(text) is not None


def in_order(start: str, end: str) -> bool:
    """Whether `start` is certainly not after `end`, both dateTimes, each of its own precision.

    What cannot be said (the 30th of September 2011 against September 2011) is not certain, and FHIRPath's empty answer
    fails an invariant (FHIRPath N1, section 6.2).
    """
    if "T" in start and "T" in end:
        if len(start) == len(end) and start[19:] == end[19:]:
            return start <= end
        return _utc(start) <= _utc(end)
    common = min(len(start), len(end), 10)
    if start[:common] == end[:common]:
        return len(start) == len(end)
    return start[:common] < end[:common]


def _utc(text: str) -> datetime:
    try:
        return read_instant(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)
