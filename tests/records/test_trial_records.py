"""Participant, ExerciseSession and Observation travel as JSON and back; instruments say what their values are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import orjson
import pytest

from integrator.records import CODES, KINDS, wire
from integrator.records.exercise_session import Exercise
from integrator.records.instruments import INSTRUMENTS, UCUM, title
from integrator.records.participant import Consent
from integrator.records.values import Coding, Concept, Period, Quantity, Ref, When

BERLIN = timezone(timedelta(hours=1))
START = datetime(2026, 3, 3, 10, 0, tzinfo=BERLIN)
SAID = {
    "Participant": {
        "subject": "DISPO-HTEST-017",
        "study": Ref("Study", "NCT01409720"),
        "arm": "A",
        "status": "off-study",
        "since": "2026-04-01",
        "reason": Concept((Coding("died", "https://htest.example/reasons"),), "died"),
        "randomised": "2026-03-02",
        "consent": Consent("2026-03-01", "1.2", "study and follow-up", "2026-04-01", "everything"),
    },
    "ExerciseSession": {
        "key": "DISPO-HTEST-017/S-04",
        "program": "isometric-training",
        "setting": "supervised",
        "status": "stopped",
        "reason": Concept((), "pain"),
        "planned": Period(START, START + timedelta(minutes=30)),
        "time": When(START, START + timedelta(minutes=20)),
        "exercises": (Exercise("bridge", 3, 10, 5, True), Exercise("plank", done=False)),
        "exertion": 4.5,
        "pain_before": 3,
        "notes": (),
    },
    "Observation": {
        "key": "DISPO-HTEST-017/pain-vas/t1",
        "code": "pain-vas",
        "value": Quantity(3.5, None, "{score}", UCUM),
        "coded": None,
        "answer": False,
        "time": When(day="2026-03-13"),
        "timepoint": "t1",
        "part_of": Ref("ExerciseSession", "DISPO-HTEST-017/S-04"),
    },
}


@pytest.mark.parametrize("kind", SAID)
def test_a_record_travels_as_json_and_back(kind: str):
    through = orjson.loads(orjson.dumps(wire.to_json(kind, SAID[kind])))
    assert wire.from_json(kind, through) == SAID[kind]


@pytest.mark.parametrize("kind", SAID)
def test_every_word_of_a_record_is_of_a_field_that_it_has(kind: str):
    names = KINDS[kind].__dataclass_fields__
    assert set(CODES[kind]) <= set(names)
    assert set(SAID[kind]) <= set(names)


def test_an_instrument_says_what_its_values_are():
    assert INSTRUMENTS["pain-vas"].says() == "pain VAS is a number from 0 to 10"
    assert INSTRUMENTS["ecog"].says() == "ECOG is a whole number from 0 to 5"
    assert INSTRUMENTS["omed"].says() == "OMED is a number of at least 0"
    assert INSTRUMENTS["pathological-fracture"].says() == "pathological fracture is yes or no"
    assert INSTRUMENTS["omed"].quantity(60) == Quantity(60, "mg/d", "mg/d", UCUM)


def test_a_foreign_code_is_shown_without_its_system():
    assert title("pain-vas") == "pain VAS"
    assert title("http://loinc.org|29463-7") == "29463-7"
