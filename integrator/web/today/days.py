"""Days and times as staff read them: weekday, day, month, 24 hours, in the hospital's zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def whole_day(day: date) -> str:
    """Tuesday 10 March 2026."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def day_heading(day: date) -> str:
    """Wed 11 March."""
    return f"{DAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1]}"


def short_day(day: date) -> str:
    """Thu 12 Mar."""
    return f"{DAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def hour(instant: datetime, zone: ZoneInfo) -> str:
    """09:40."""
    return f"{instant.astimezone(zone):%H:%M}"


def day_and_hour(instant: datetime, zone: ZoneInfo) -> str:
    """Thu 12 Mar 09:40."""
    local = instant.astimezone(zone)
    return f"{short_day(local.date())} {local:%H:%M}"


def spoken(instant: datetime, today: date, zone: ZoneInfo, other: datetime | None = None) -> str:
    """How a sentence names a time: "today 13:20", "Thu 09:40" within this week, else "Mon 16 Mar 08:40".

    `other` is the second time of the same sentence: "today" is said only if both are today, and a weekday alone only
    if both are in this week, so that "from Tue 10:00 to Thu 09:40" compares like with like.
    """
    local = instant.astimezone(zone)
    day = local.date()
    if day == today and (other is None or other.astimezone(zone).date() == today):
        return f"today {local:%H:%M}"
    if _monday(day) == _monday(today) == _monday(other.astimezone(zone).date() if other else day):
        return f"{DAYS[day.weekday()][:3]} {local:%H:%M}"
    return day_and_hour(instant, zone)


def ago(instant: datetime, today: date, zone: ZoneInfo) -> str:
    """How a past time is named: "08:12" today, "yesterday 17:20", else "Fri 6 Mar 17:20"."""
    local = instant.astimezone(zone)
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"yesterday {local:%H:%M}"
    return day_and_hour(instant, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in that zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def working_day_before(day: date) -> date:
    """The last Monday to Friday before that day; public holidays are not known here."""
    day -= timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
