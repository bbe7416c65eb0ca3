"""Keys of the trial's records, and the observations that a session's scores are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integrator.records.exercise_session import Exercise
from integrator.records.instruments import INSTRUMENTS
from integrator.records.keys import observations_of, record_key
from integrator.records.values import Concept, Ref, When

SUBJECT = "DISPO-HTEST-017"
SESSION = SUBJECT + "/S-04"
START = datetime(2026, 3, 3, 10, 0, tzinfo=timezone(timedelta(hours=1)))
HALF_AN_HOUR = When(START, START + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("name", "said", "key"),
    [
        ("t1-vas", {"code": "pain-vas"}, f"{SUBJECT}/t1-vas"),
        (SESSION, {"code": "pain-vas"}, SESSION),
        ("", {"code": "pain-vas", "timepoint": "t1", "time": When(day="2026-03-13")}, f"{SUBJECT}/pain-vas/t1"),
        ("", {"code": "pain-vas", "time": When(day="2026-03-13")}, f"{SUBJECT}/pain-vas/2026-03-13"),
        ("", {"code": "ecog", "time": When(START)}, f"{SUBJECT}/ecog/2026-03-03T10:00+01:00"),
        (
            "",
            {"code": "bone-density-hu", "timepoint": "t2", "site": Concept((), "L3")},
            f"{SUBJECT}/bone-density-hu/L3/t2",
        ),
        ("", {"code": "http://loinc.org|29463-7", "timepoint": "t0"}, f"{SUBJECT}/29463-7/t0"),
        (
            "",
            {"code": "pain-vas", "part_of": Ref("ExerciseSession", SESSION), "phase": "after"},
            SESSION + "/pain-vas/after",
        ),
        ("", {"code": "pain-vas"}, None),
        ("", {"timepoint": "t1"}, None),
    ],
)
def test_an_observation_s_key(name: str, said: dict[str, Any], key: str | None):
    assert record_key("Observation", SUBJECT, name, said) == key


def test_other_keys():
    assert record_key("Participant", SUBJECT, "", {}) == SUBJECT
    assert record_key("ExerciseSession", SUBJECT, "S-04", {}) == SESSION
    assert record_key("ExerciseSession", SUBJECT, "", {}) is None


def test_the_scores_of_a_session_are_observations():
    exercises = (Exercise("bridge", done=True), Exercise("plank", done=False))
    said = {"time": HALF_AN_HOUR, "pain_before": 3, "pain_after": 2, "exertion": 4.5, "exercises": exercises}
    found = dict(observations_of(SESSION, said))
    assert {key.removeprefix(SESSION + "/"): one["value"].value for key, one in found.items()} == {
        "pain-vas/before": 3,
        "pain-vas/after": 2,
        "borg-cr10": 4.5,
        "exercise-minutes": 30,
        "exercises-done": 1,
    }
    assert found[SESSION + "/pain-vas/before"]["time"] == When(HALF_AN_HOUR.start)
    assert found[SESSION + "/pain-vas/after"]["time"] == When(HALF_AN_HOUR.end)
    assert all(one["part_of"] == Ref("ExerciseSession", SESSION) for one in found.values())
    assert all(one["code"] in INSTRUMENTS for one in found.values())


def test_the_key_of_a_score_is_the_one_that_a_row_of_a_file_gets():
    key, said = next(observations_of(SESSION, {"pain_after": 2, "time": HALF_AN_HOUR}))
    assert record_key("Observation", SUBJECT, "", said) == key


def test_a_score_that_is_taken_back():
    _, said = next(observations_of(SESSION, {"pain_after": None}))
    assert said["status"] == "entered-in-error"
    assert list(observations_of(SESSION, {"status": "completed", "time": When(day="2026-03-03")})) == []
