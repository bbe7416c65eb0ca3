"""A message that breaks a face half way makes no half record: it is held whole, and what was known before stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.store import records
from tests.houses import TestHouse, house, siu
from tests.test_given import dft


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestHouse]:
    with house(tmp_path) as given:
        yield given


def take(opened: TestHouse, *bodies: bytes) -> None:
    opened.receive(*bodies)
    opened.read_all()


BROKEN = [
    pytest.param(siu(start="20260230094000"), id="a time that does not exist, behind two numbers that are read"),
    pytest.param(siu(end="20260312080000"), id="an end before the start"),
    pytest.param(siu(status="Unheard-of"), id="a status without a row"),
]


@pytest.mark.parametrize("message", BROKEN)
def test_what_breaks_half_way_makes_nothing(opened: TestHouse, message: bytes):
    take(opened, message)
    assert opened.states() == {"held": 1}
    assert opened.records() == []


@pytest.mark.parametrize("message", BROKEN)
def test_what_was_known_before_stays_as_it_was(opened: TestHouse, message: bytes):
    take(opened, siu(control_id="M0", sent="20260309090000"))
    (before,) = opened.records()
    take(opened, message)
    assert opened.states() == {"merged": 1, "held": 1}
    assert opened.records() == [before]
    with opened.line.store.read() as tx:
        assert len(records.versions(tx, before.id)) == 1


def test_of_several_records_in_one_message_none_is_made(opened: TestHouse):
    """The first charge is whole; the second names a day that does not exist."""
    good, bad = (
        f"T-{n}||{day}|20260314|CG|RT-FRACTION||||||||||LINAC 3" for n, day in ((1, "20260312"), (2, "20260230"))
    )
    take(opened, dft(good, bad))
    assert opened.states() == {"held": 1}
    assert opened.records() == []
