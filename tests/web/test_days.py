"""Times as staff read them, around midnight, weeks and both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from integrator.web.today.days import (
    ago,
    day_and_hour,
    day_heading,
    midnight,
    spoken,
    whole_day,
    working_day_before,
)
from tests.web.hospital import BERLIN, berlin

TUESDAY = date(2026, 3, 10)


def test_a_day_is_named_whole_short_and_as_heading() -> None:
    assert whole_day(TUESDAY) == "Tuesday 10 March 2026"
    assert day_heading(date(2026, 3, 11)) == "Wed 11 March"
    assert day_and_hour(berlin(12, 9, 40), BERLIN) == "Thu 12 Mar 09:40"


@pytest.mark.parametrize(
    ("instant", "other", "told"),
    [
        (berlin(10, 13, 20), berlin(10, 10, 20), "today 13:20"),
        (berlin(10, 13, 20), None, "today 13:20"),
        (berlin(10, 10, 0), berlin(12, 9, 40), "Tue 10:00"),  # like with like: the other is not today
        (berlin(12, 9, 40), berlin(10, 10, 0), "Thu 09:40"),
        (berlin(15, 9, 40), None, "Sun 09:40"),  # the week ends on Sunday
        (berlin(16, 8, 40), None, "Mon 16 Mar 08:40"),
        (berlin(8, 8, 40), None, "Sun 8 Mar 08:40"),
        (berlin(9, 9, 0), berlin(2, 9, 0), "Mon 9 Mar 09:00"),  # "from Mon 2 Mar to Mon" would be no date
    ],
)
def test_a_sentence_names_a_time_by_its_distance(instant: datetime, other: datetime | None, told: str) -> None:
    assert spoken(instant, TUESDAY, BERLIN, other) == told


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        (berlin(10, 8, 12), "08:12"),
        (berlin(9, 17, 20), "yesterday 17:20"),
        (berlin(6, 17, 20), "Fri 6 Mar 17:20"),
        (datetime(2026, 3, 9, 23, 30, tzinfo=UTC), "00:30"),  # half past midnight in Berlin
    ],
)
def test_a_past_time_is_named_by_its_day(instant: datetime, told: str) -> None:
    assert ago(instant, TUESDAY, BERLIN) == told


def test_midnight_is_the_zones_in_winter_and_summer() -> None:
    assert midnight(date(2026, 3, 28), BERLIN).astimezone(UTC) == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert midnight(date(2026, 3, 30), BERLIN).astimezone(UTC) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_the_working_day_before_a_monday_is_friday() -> None:
    assert working_day_before(date(2026, 3, 9)) == date(2026, 3, 6)
    assert working_day_before(TUESDAY) == date(2026, 3, 9)
