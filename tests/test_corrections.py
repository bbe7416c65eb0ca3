"""Observations are corrected and amended by what was said first; records of the trial wait for what they lack."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from integrator.merge import Origin, fold, take, waits_for
from integrator.records.values import Quantity, When


def at(hour: int) -> datetime:
    return datetime(2026, 3, 6, hour, 0, tzinfo=UTC)


def score(value: float | None, absent: str | None = None) -> dict[str, Any]:
    quantity = None if value is None else Quantity(value)
    return {"value": quantity, "absent": absent, "coded": None, "text": None, "answer": None, "status": "final"}


def folded(*said: tuple[dict[str, Any], str]) -> set[Any]:
    """The status that every order of taking these in gives."""
    found = set()
    for order in permutations(enumerate(said, 1)):
        claims: dict[str, Any] = {}
        for receipt, (words, system) in order:
            claims = take(claims, words, Origin(system, at(receipt), receipt), "Observation")
        result = fold("Observation", claims, lambda field: "trial")
        found.add((result.said["status"], result.said["value"] and result.said["value"].value))
    return found


def test_a_value_that_was_another_first_is_corrected():
    assert folded((score(3), "trial")) == {("final", 3)}
    assert folded((score(3), "trial"), (score(3), "trial")) == {("final", 3)}
    assert folded((score(3), "trial"), (score(4), "trial"), (score(5), "trial")) == {("corrected", 5)}
    assert folded((score(3), "trial"), (score(4), "trial"), (score(3), "trial")) == {("final", 3)}


def test_a_value_in_place_of_a_reason_amends_it():
    assert folded((score(None, "not-asked"), "trial"), (score(3), "trial")) == {("amended", 3)}


def test_another_system_s_value_corrects_nothing():
    assert folded((score(7), "ehr"), (score(3), "trial")) == {("final", 3)}


def test_a_status_that_was_said_stays():
    gone = {**score(3), "status": "entered-in-error"}
    assert folded((score(2), "trial"), (gone, "trial")) == {("entered-in-error", 3)}


@pytest.mark.parametrize(
    ("kind", "said", "waits"),
    [
        ("Observation", {}, "an entry that says which instrument it was"),
        ("Observation", {"code": "ecog"}, "a value, or the reason why there is none"),
        ("Observation", {"code": "ecog", "absent": "not-asked"}, "an entry that says when it was assessed"),
        ("Observation", {"code": "ecog", "absent": "not-asked", "time": When(day="2026-03-13")}, None),
        (
            "Observation",
            {"code": "ecog", "answer": False, "absent": "not-asked"},
            "an entry that says which holds: answer or absent",
        ),
        ("ExerciseSession", {}, "an entry that says whether it took place"),
        ("ExerciseSession", {"status": "completed"}, "an entry that says which unit it was"),
        ("Participant", {"arm": "A"}, "a status"),
        ("Study", {}, None),
    ],
)
def test_what_a_record_of_the_trial_waits_for(kind: str, said: dict[str, Any], waits: str | None):
    assert waits_for(kind, said) == waits
