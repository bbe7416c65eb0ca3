"""What is entered of participants, sessions and observations: each wrong entry is answered in words that help."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrator.records.exercise_session import Exercise
from integrator.records.instruments import UCUM
from integrator.records.participant import Consent
from integrator.records.schemas import About, check
from integrator.records.values import Coding, Concept, Quantity, Ref, When

ABOUT = About(
    zone="Europe/Berlin",
    now=datetime(2026, 3, 20, 12, tzinfo=UTC),
    subject="DISPO-HTEST-017",
    arms=("A", "B"),
    consented="2026-02-25",
    randomised="2026-03-02",
)
SESSION = {"program": "isometric-training", "status": "completed", "start": "2026-03-03 10:00"}
SCORE = {"instrument": "pain-vas", "value": 3, "time": "2026-03-13"}


def told(kind: str, entry: Any, about: About = ABOUT, whole: bool = True) -> list[str]:
    said, problems = check(kind, entry, about, whole)
    assert not (said and problems)
    return [str(one) for one in problems]


def said(kind: str, entry: Any, about: About = ABOUT, whole: bool = True) -> dict[str, Any]:
    found, problems = check(kind, entry, about, whole)
    assert problems == []
    return found


# observations


def test_a_score():
    found = said(
        "Observation", {**SCORE, "timepoint": "t1", "session": "S-04", "phase": "after", "note": "asked twice"}
    )
    assert found["value"] == Quantity(3, None, "{score}", UCUM)
    assert found["time"] == When(day="2026-03-13")
    assert found["part_of"] == Ref("ExerciseSession", "DISPO-HTEST-017/S-04")
    assert found["notes"] == ("asked twice",)


def test_an_entry_says_what_it_says_and_no_more():
    assert said("Observation", {"absent": "asked-declined", "instrument": "pain-vas"}, whole=False) == {
        "code": "pain-vas",
        "absent": "asked-declined",
    }
    assert said("Observation", {"timepoint": "t2"}, whole=False) == {"timepoint": "t2"}


def test_yes_and_no_where_the_instrument_says_so():
    assert said("Observation", {**SCORE, "instrument": "pathological-fracture", "value": "no"})["answer"] is False
    assert told("Observation", {**SCORE, "instrument": "pathological-fracture", "value": "L3"}) == [
        "value: 'L3' is neither yes nor no"
    ]


def test_another_system_s_code():
    found = said("Observation", {**SCORE, "instrument": "http://loinc.org|29463-7", "value": 72.5, "unit": "kg"})
    assert (found["code"], found["value"]) == ("http://loinc.org|29463-7", Quantity(72.5, "kg", "kg", UCUM))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value": 11}, "value: pain VAS is a number from 0 to 10; 11 is not"),
        ({"value": -1}, "value: pain VAS is a number from 0 to 10; -1 is not"),
        ({"value": "3,5"}, "value: 3,5 has a decimal comma; write 3.5"),
        ({"instrument": "ecog", "value": 1.5}, "value: ECOG is a whole number from 0 to 5; 1.5 is not"),
        (
            {"instrument": "karnofsky", "value": 75},
            "value: Karnofsky is a number from 0 to 100 in steps of 10; 75 is not",
        ),
        (
            {"instrument": "omed", "value": 60, "unit": "mg"},
            "unit: OMED is in mg/d; write the value in mg/d, not in mg",
        ),
        ({"instrument": "pain-vaz"}, "did you mean pain-vas?"),
        ({"time": "03/04/2026"}, "time: 03/04/2026 can be read in two ways; write 2026-04-03 or 2026-03-04"),
        ({"time": "2026-03-21"}, "time: 2026-03-21 is in the future"),
        ({"time": "2026-02-24"}, "time: 2026-02-24 is before the consent of 2026-02-25; nothing earlier may be kept"),
        ({"absent": "not-asked"}, "absent: value and absent exclude each other; keep one of them"),
        ({"absent": "forgotten", "value": None}, "absent is one of unknown, asked-unknown,"),
        ({"timepoint": "t4"}, "timepoint is one of t0, t1, t2, t3; 't4' is not"),
        ({"vlaue": 3}, "vlaue: there is no such field; a field is one of"),
        ({"phase": "before", "session": None}, "phase: before and after are of an exercise session"),
        ({"phase": "during", "session": "S-04"}, "phase is one of before, after; 'during' is not"),
        ({"note": ""}, "note: is empty"),
    ],
)
def test_wrong_scores(changed: dict[str, Any], words: str):
    entry = {name: value for name, value in {**SCORE, **changed}.items() if value is not None or name == "session"}
    assert any(words in one for one in told("Observation", entry)), told("Observation", entry)


def test_a_missing_value_is_asked_for_and_a_missing_time():
    assert told("Observation", {"instrument": "pain-vas"}) == [
        "value: the value is missing; write it, or say in absent why there is none: "
        "not-asked, asked-declined, not-performed",
        "time: when was it assessed? write 2026-03-13, or 2026-03-13 09:40",
    ]


def test_a_value_needs_its_instrument():
    assert told("Observation", {"value": 3}, whole=False) == ["instrument: say of which instrument the value is"]


# exercise sessions


def test_a_session():
    found = said(
        "ExerciseSession",
        {
            **SESSION,
            "status": "partly",
            "reason": "pain",
            "end": "2026-03-03 10:20",
            "exercises": [{"name": "bridge", "sets": 3, "hold": "10", "done": "yes"}],
            "pain_before": 3,
            "pain_after": 2.5,
            "exertion": 4.5,
        },
    )
    assert found["status"] == "stopped"
    assert found["reason"] == Concept((), "pain")
    assert found["exercises"] == (Exercise("bridge", 3, None, 10, True),)
    assert (found["time"].end - found["time"].start).total_seconds() == 20 * 60


def test_of_a_diary_only_the_day_is_known():
    assert said("ExerciseSession", {**SESSION, "start": "2026-03-03"})["time"] == When(day="2026-03-03")
    entry = {name: value for name, value in SESSION.items() if name != "start"}
    assert said("ExerciseSession", {**entry, "day": "2026-03-03"})["time"] == When(day="2026-03-03")


def test_done_again_the_reason_goes():
    assert said("ExerciseSession", SESSION)["reason"] is None
    assert "reason" not in said("ExerciseSession", {"pain_after": 2}, whole=False)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"start": "2026-02-27 10:00"}, "start: 2026-02-27 is before the randomisation on 2026-03-02"),
        ({"start": "2026-03-21"}, "start: 2026-03-21 is in the future"),
        ({"start": "2026-03-20 13:30"}, "start: 2026-03-20 13:30+01:00 is in the future"),
        ({"end": "2026-03-03 09:00"}, "end: the end is before the start"),
        ({"end": "2026-03-04 10:00"}, "end: 24.0 hours: are start and end right?"),
        ({"end": "2026-03-03"}, "end: the end has no time of day"),
        ({"status": "not-done"}, "reason: say why it was not done"),
        ({"status": "not-done", "reason": "fever"}, "start: a session that was not done has no time"),
        ({"status": "stopped"}, "reason: say why it was stopped"),
        ({"status": "finished"}, "status is one of"),
        ({"program": None}, "program: which unit was it?"),
        ({"program": "yoga"}, "program is one of isometric-training, passive-therapy; 'yoga' is not"),
        ({"start": None}, "start: when was it?"),
        ({"pain_before": 11}, "pain_before: pain VAS is a number from 0 to 10; 11 is not"),
        ({"exertion": 12}, "exertion: Borg exertion is a number from 0 to 10 in steps of 0.5; 12 is not"),
        ({"exercises": [{"sets": 3}]}, "exercises.0.name: which exercise was it?"),
        ({"exercises": [{"name": "bridge", "sets": 2.5}]}, "exercises.0.sets: 2.5 is no whole number"),
        ({"setting": "supervized"}, "did you mean supervised?"),
        ({"end": ""}, "end: '' is no date"),
        ({"planned": {"start": "2026-03-03"}}, "planned: a planned time needs its time of day"),
    ],
)
def test_wrong_sessions(changed: dict[str, Any], words: str):
    entry = {name: value for name, value in {**SESSION, **changed}.items() if value is not None}
    assert any(words in one for one in told("ExerciseSession", entry)), told("ExerciseSession", entry)


def test_an_empty_field_is_left_out():
    assert told("ExerciseSession", {**SESSION, "end": None}) == ["end: is empty; leave it out"]


def test_an_entry_that_is_no_object():
    assert told("ExerciseSession", [1]) == ["write an object with the fields of the entry"]


# participants


def test_a_participant():
    found = said(
        "Participant",
        {
            "arm": "A",
            "status": "on-study-intervention",
            "since": "2026-03-02",
            "randomised": "2026-03-02",
            "consent": {"date": "2026-02-25", "version": "1.2"},
        },
    )
    assert found["consent"] == Consent("2026-02-25", "1.2")
    assert found["reason"] is None


def test_a_coded_reason():
    entry = {"status": "off-study", "since": "2026-03-19", "reason": {"code": "died", "text": "died at home"}}
    assert said("Participant", entry)["reason"] == Concept((Coding("died"),), "died at home")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"arm": "C"}, "arm is one of A, B; 'C' is not"),
        ({"arm": ""}, "arm: is empty; leave it out, or write something"),
        ({"status": "dropped-out", "since": "2026-03-19"}, "status is one of potential-candidate"),
        ({"status": "off-study", "since": "2026-03-19"}, "reason: say why the participant is off-study"),
        ({"status": "on-study"}, "since: say from which day the participant is on-study: 2026-03-04"),
        ({"status": "on-study", "since": "2026-04-01"}, "since: 2026-04-01 is in the future"),
        ({"consent": {"version": "1"}}, "consent.date: on which day was the consent signed? write 2026-03-02"),
        ({"consent": {"date": "02/03/2026"}}, "consent.date: 02/03/2026 can be read in two ways"),
        ({"consent": {"date": "2026-03-02", "withdrawn": "2026-03-05"}}, "consent: a withdrawal has its day"),
        (
            {"consent": {"date": "2026-03-02", "withdrawn": "2026-03-01", "withdrawal": "everything"}},
            "consent.withdrawn: 2026-03-01 is before the consent of 2026-03-02",
        ),
    ],
)
def test_wrong_participants(entry: dict[str, Any], words: str):
    assert any(words in one for one in told("Participant", entry)), told("Participant", entry)
