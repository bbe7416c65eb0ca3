"""How people write numbers, days and times: what is clear is read, what is not is refused with what to write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrator.records.texts import (
    Unclear,
    day_of,
    minutes,
    read_day,
    read_moment,
    read_number,
    read_yes_no,
    starts,
)
from integrator.records.values import When

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("3.5", 3.5), (" -2 ", -2), (3.5, 3.5), (0, 0), ("+1", 1)])
def test_numbers(text: object, number: float):
    assert read_number(text) == number


def test_a_whole_number_stays_whole():
    assert isinstance(read_number("3"), int)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3,5", "3,5 has a decimal comma; write 3.5"),
        ("", "say why in absent"),
        ("n/a", "'n/a' is no number; where there is no value, say why in absent"),
        ("1.234,5", "no number"),
        ("٣", "no number"),
        (True, "True is no number"),
        (float("nan"), "nan is no number"),
        ("9" * 400, "99999999999999999999 is no number that anything measures"),
        (10**400, "is no number that anything measures"),
        (float("-inf"), "-inf is no number"),
        ([3], "no number"),
        ("1e3", "no number"),
    ],
)
def test_what_is_no_number(text: object, words: str):
    with pytest.raises(Unclear) as wrong:
        read_number(text)
    assert words in str(wrong.value)


def test_decimal_commas_where_the_file_has_them():
    assert read_number("3,5", comma=True) == 3.5
    assert read_number("3.5", comma=True) == 3.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("03/04/2026", "03/04/2026 can be read in two ways; write 2026-04-03 or 2026-03-04"),
        ("13/04/2026", "write 2026-04-13"),
        ("04/13/2026", "write 2026-04-13"),
        ("04.03.2026", "write 2026-03-04"),
        ("2026-3-4", "write 2026-03-04"),
        ("20260304", "write 2026-03-04"),
        ("2026-02-30", "2026-02-30 is not a day of the calendar"),
        ("31.02.2026", "is no date; write it as 2026-03-04"),
        ("yesterday", "'yesterday' is no date"),
        ("03/04/26", "is no date"),
        ("", "is no date"),
        (20260304, "is no date"),
    ],
)
def test_what_is_no_day(text: object, words: str):
    with pytest.raises(Unclear) as wrong:
        read_day(text)
    assert words in str(wrong.value)


def test_a_day_stays_a_day():
    assert read_day(" 2024-02-29 ") == "2024-02-29"
    assert read_moment("2026-03-13", BERLIN) == When(day="2026-03-13")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-13 09:40", "2026-03-13T09:40:00+01:00"),
        ("2026-03-13T09:40:30.5", "2026-03-13T09:40:30.500000+01:00"),
        ("2026-07-13T09:40", "2026-07-13T09:40:00+02:00"),
        ("2026-03-13T09:40Z", "2026-03-13T09:40:00+00:00"),
        ("2026-10-25T02:30+02:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_moments(text: str, instant: str):
    at = read_moment(text, BERLIN).start
    assert at is not None
    assert at.isoformat() == instant


@pytest.mark.parametrize(
    ("text", "zone", "words"),
    [
        ("2026-03-29 02:30", BERLIN, "02:30 does not exist on 2026-03-29: clocks go forward"),
        ("2026-10-25 02:30", BERLIN, "write the offset, 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"),
        ("2026-03-13 09:40", None, "09:40 has no offset; write it as 2026-03-13T09:40+01:00"),
        ("2026-03-13 9:40", BERLIN, "'9:40' is no time of day; write it as 09:40"),
        ("2026-03-13 24:00", BERLIN, "24:00 is not a time of day"),
        ("13.03.2026 09:40", BERLIN, "write 2026-03-13"),
    ],
)
def test_what_is_no_moment(text: str, zone: str | None, words: str):
    with pytest.raises(Unclear) as wrong:
        read_moment(text, zone)
    assert words in str(wrong.value)


def test_when_it_was():
    at = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    assert day_of(When(at), BERLIN) == "2026-03-13"
    assert starts(When(day="2026-03-13"), BERLIN).isoformat() == "2026-03-13T00:00:00+01:00"
    assert starts(When(day="2026-03"), BERLIN).isoformat() == "2026-03-01T00:00:00+01:00"
    assert minutes(When(at, at.replace(hour=23, minute=45))) == 15
    assert minutes(When(at)) is None


@pytest.mark.parametrize(("text", "answer"), [("yes", True), ("Nein", False), (True, True), ("0", False)])
def test_yes_and_no(text: object, answer: bool):
    assert read_yes_no(text) is answer


def test_neither_yes_nor_no():
    with pytest.raises(Unclear, match="'maybe' is neither yes nor no"):
        read_yes_no("maybe")
