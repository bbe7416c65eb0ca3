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
    said = {"value": Quantity(value)} if value is not None else {"absent": absent}
    return {**said, "status": "final"}


def folded(*said: tuple[dict[str, Any], str]) -> set[Any]:
    """The status that every order of taking these in gives."""
    found = set()
    for order in permutations(enumerate(said, 1)):
        claims: dict[str, Any] = {}
        for receipt, (words, system) in order:
            claims = take(claims, words, Origin(system, at(receipt), receipt), "Observation")
        result = fold("Observation", claims, lambda field: "trial")
        value, absent = result.said.get("value"), result.said.get("absent")
        found.add((result.said["status"], value.value if value else absent))
    return found


def test_a_value_that_was_another_first_is_corrected():
    assert folded((score(3), "trial")) == {("final", 3)}
    assert folded((score(3), "trial"), (score(3), "trial")) == {("final", 3)}
    assert folded((score(3), "trial"), (score(4), "trial"), (score(5), "trial")) == {("corrected", 5)}
    assert folded((score(3), "trial"), (score(4), "trial"), (score(3), "trial")) == {("final", 3)}


def test_a_value_in_place_of_a_reason_amends_it():
    assert folded((score(None, "not-asked"), "trial"), (score(3), "trial")) == {("amended", 3)}


def test_a_value_that_was_none_after_all():
    assert folded((score(3), "trial"), (score(None, "error"), "trial")) == {("corrected", "error")}


def test_a_reason_that_was_another():
    assert folded((score(None, "not-asked"), "trial"), (score(None, "asked-declined"), "trial")) == {
        ("corrected", "asked-declined")
    }


def test_the_owner_s_result_holds_against_a_later_one_of_another_kind():
    theirs = {"text": "severe", "status": "final"}
    assert folded((score(3), "trial"), (theirs, "ehr")) == {("final", 3)}


def test_what_a_result_took_the_place_of_is_none_and_not_unsaid():
    claims = take({}, score(None, "not-asked"), Origin("trial", at(1), 1), "Observation")
    claims = take(claims, score(3), Origin("trial", at(2), 2), "Observation")
    result = fold("Observation", claims, lambda field: None)
    assert result.said["absent"] is None
    assert "absent" not in result.winners


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
        ("ExerciseSession", {}, "an entry that says whether it took place"),
        ("ExerciseSession", {"status": "completed"}, "an entry that says which unit it was"),
        ("Participant", {"arm": "A"}, "a status"),
        ("Study", {}, None),
    ],
)
def test_what_a_record_of_the_trial_waits_for(kind: str, said: dict[str, Any], waits: str | None):
    assert waits_for(kind, said) == waits
