"""Numbers, days and times as people write them; what can be read in two ways is refused with what to write instead."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from integrator.records.values import When

_NUMBER = re.compile(r"[+-]?(\d+)(\.\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_LOOSE = re.compile(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})", re.ASCII)
_CLOCK = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)

FIRST_YEAR, LAST_YEAR = 1850, 2200  # of a time of day; before and after, offsets and calendars are not to be trusted
LARGEST = 1e12  # of a number; a measured value is far from it
YES = ("yes", "true", "1", "ja")
NO = ("no", "false", "0", "nein")


class Unclear(ValueError):
    """What stands there cannot be used; the text says why and what to write, for the person who wrote it."""

    def __init__(self, text: str, field: str = ""):
        super().__init__(text)
        self.field = field  # where it stands, if not where it was looked for


def read_number(value: object, comma: bool = False) -> float:
    """A number, whole where it is written so. `comma`: the file was said to have decimal commas. Raises Unclear."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < LARGEST:  # not a number, too, is not less
            raise Unclear(f"{str(value)[:20]} is no number that anything measures")
        return value
    if not isinstance(value, str):
        raise Unclear(f"{value!r} is no number")
    text = value.strip()
    if _COMMA.fullmatch(text):
        point = text.replace(",", ".")
        if not comma:
            raise Unclear(f"{text} has a decimal comma; write {point}")
        text = point
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Unclear(f"{text!r} is no number; where there is no value, say why in absent")
    number = float(text) if found[2] else int(text)
    if abs(number) >= LARGEST:
        raise Unclear(f"{text[:20]} is no number that anything measures")
    return number


def read_yes_no(value: object) -> bool:
    """Yes or no, also as JSON's true and false. Raises Unclear."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise Unclear(f"{value!r} is neither yes nor no")


def read_day(value: object) -> str:
    """A day of the calendar as YYYY-MM-DD. Raises Unclear."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise Unclear(f"{value!r} is no date; write it as 2026-03-04")
    text = value.strip()
    if not _DAY.fullmatch(text):
        raise Unclear(_other_day(text))
    if not _is_day(text):
        raise Unclear(f"{text} is not a day of the calendar")
    return text


def _other_day(text: str) -> str:
    """Why it is no date, and how the days that it may mean are written."""
    if found := _SLASHED.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), found[3]
        ways = [f"{year}-{month:02}-{day:02}" for day, month in ((first, second), (second, first))]
        ways = [one for one in dict.fromkeys(ways) if _is_day(one)]
        if len(ways) == 2:
            return f"{text} can be read in two ways; write {ways[0]} or {ways[1]}"
    elif found := _DOTTED.fullmatch(text):
        ways = [f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"]
    elif found := _LOOSE.fullmatch(text):
        ways = [f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"]
    else:
        ways = []
    if ways and _is_day(ways[0]):
        return f"{text} is not how dates are written here; write {ways[0]}"
    return f"{text!r} is no date; write it as 2026-03-04"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_moment(value: object, zone: str | None) -> When:
    """A day, or a day with a time of day; without an offset it is of the zone. Raises Unclear."""
    if not isinstance(value, str):
        return When(day=read_day(value))
    text = value.strip()
    head, blank, clock = text.replace("T", " ", 1).partition(" ")
    if not blank:
        return When(day=read_day(head))
    day = read_day(head)
    found = _CLOCK.fullmatch(clock.strip())
    if found is None:
        raise Unclear(f"{clock.strip()!r} is no time of day; write it as 09:40")
    fraction = int((found[4] or ".0")[1:].ljust(6, "0"))
    try:
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        local = datetime.fromisoformat(day).replace(hour=hour, minute=minute, second=second, microsecond=fraction)
    except ValueError:
        raise Unclear(f"{clock.strip()} is not a time of day") from None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Unclear(f"{day} is no day on which anything was measured; is the year right?")
    if found[5]:
        return When(local.replace(tzinfo=datetime.fromisoformat(f"2026-01-01T00:00{found[5]}").tzinfo))
    return When(_in_zone(local, zone))


def _in_zone(local: datetime, zone: str | None) -> datetime:
    """The instant of a local time; the hours that clocks leave out or repeat are not guessed."""
    if zone is None:
        raise Unclear(f"{local:%H:%M} has no offset; write it as {local:%Y-%m-%dT%H:%M}+01:00")
    there = ZoneInfo(zone)
    readings = [local.replace(tzinfo=there, fold=fold) for fold in (0, 1)]
    real = [one for one in readings if one.astimezone(UTC).astimezone(there).replace(tzinfo=None) == local]
    if not real:
        raise Unclear(f"{local:%H:%M} does not exist on {local:%Y-%m-%d}: clocks go forward")
    if real[0].utcoffset() != real[-1].utcoffset():
        ways = " or ".join(_offset(one) for one in real)
        raise Unclear(f"{local:%H:%M} comes twice on {local:%Y-%m-%d}: clocks go back; write the offset, {ways}")
    return datetime.fromisoformat(real[0].isoformat())


def _offset(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def starts(when: When, zone: str) -> datetime:
    """The first instant that it may mean: of a day its beginning in the zone, of a month its first day."""
    if when.start is not None:
        return when.start
    year, month, day = (*(when.day or "1970").split("-"), "1", "1")[:3]
    return datetime(int(year), int(month), int(day), tzinfo=ZoneInfo(zone))


def day_of(when: When, zone: str) -> str:
    """The day on which it was, in the zone, for comparing with other days."""
    return when.start.astimezone(ZoneInfo(zone)).date().isoformat() if when.start else (when.day or "")


def minutes(when: When) -> float | None:
    """How long it took; None where start or end is not known."""
    if when.start is None or when.end is None:
        return None
    return (when.end - when.start) / timedelta(minutes=1)


def not_one_of(name: str, text: str, words: tuple[str, ...]) -> str:
    """What is told of a word that is not known: the words that are, and the one that was perhaps meant."""
    near = difflib.get_close_matches(text.lower(), words, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name} is one of {', '.join(words)}; {text!r} is not{hint}"
