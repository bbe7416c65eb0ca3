"""FHIR's times: real ones read and written exactly, impossible ones refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.formats.fhir.dates import (
    in_order,
    is_date,
    is_date_time,
    is_instant,
    is_time,
    read_instant,
    write_instant,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 3, 2, 10, 0, tzinfo=BERLIN), "2026-03-02T10:00:00+01:00"),
        (datetime(2026, 7, 2, 10, 0, tzinfo=BERLIN), "2026-07-02T10:00:00+02:00"),
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "2026-03-02T09:00:00Z"),
        (datetime(2026, 3, 2, 9, 0, 0, 120_000, tzinfo=UTC), "2026-03-02T09:00:00.12Z"),
        (datetime(2026, 3, 2, 9, 0, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "2026-03-02T09:00:00-03:30"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), "2026-10-25T02:30:00+01:00"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), "2026-10-25T02:30:00+02:00"),
    ],
)
def test_instants_are_written_with_their_own_offset(at: datetime, text: str) -> None:
    assert write_instant(at) == text
    assert is_instant(text)
    assert read_instant(text).utcoffset() == at.utcoffset()
    assert read_instant(text).timestamp() == at.timestamp()


def test_an_instant_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        write_instant(datetime(2026, 3, 2))


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_what_is_written_reads_back(at: datetime, minutes: int) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_instant(write_instant(aware)) == aware


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T10:00:00+01:00",
        "2026-02-29T10:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T10:00:00",
        "2026-03-02T10:00Z",
        "2026-03-02 10:00:00Z",
        "2026-03-02T10:00:00+0100",
        "2026-03-02T10:00:00+15:00",
        "2026-03-02T10:00:00z",
        "2026-03-02",
        "0000-03-02T10:00:00Z",
        "٢٠٢٦-03-02T10:00:00Z",
        "",
    ],
)
def test_no_instants(text: str) -> None:
    assert not is_instant(text)
    with pytest.raises(ValueError):
        read_instant(text)


def test_a_leap_second_is_the_second_after() -> None:
    assert read_instant("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


def test_what_is_finer_than_a_microsecond_is_cut() -> None:
    assert read_instant("2026-03-02T10:00:00.1234567Z").microsecond == 123_456


def test_dates_stop_where_they_stop() -> None:
    assert all(is_date(text) for text in ("2011", "2011-09", "2011-09-30", "2024-02-29"))
    assert not any(is_date(text) for text in ("2011-9", "2011-13", "2011-09-31", "2023-02-29", "11", "2011-09-"))
    assert is_date_time("2011-09")
    assert is_date_time("2011-09-30T10:00:00Z")
    assert not is_date_time("2011-09-30T10:00:00")
    assert is_time("10:00:00.5")
    assert not is_time("24:00:00")


@pytest.mark.parametrize(
    ("start", "end", "known"),
    [
        ("2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z", False),
        ("2026-03-02T10:00:00+01:00", "2026-03-02T09:30:00Z", True),
        ("2026-03-02T10:00:00.5Z", "2026-03-02T10:00:00Z", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", True),
        ("2011-09-30", "2011-09", False),  # cannot be said
        ("2011", "2011-09", False),  # cannot be said
        ("2011-09", "2011-09", True),
        ("2012", "2011-09", False),
        ("2011", "2012-09", True),
        ("2011-09", "2011-10-01", True),
        ("2011-09-30T23:00:00Z", "2011-09-30", False),  # cannot be said
        ("2011-09-30T23:00:00Z", "2011-10", True),
    ],
)
def test_the_order_of_two_times(start: str, end: str, known: bool) -> None:
    assert in_order(start, end) is known
