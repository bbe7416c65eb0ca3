"""Participants, exercise sessions and observations as we write them, judged by a validator that we did not write."""

from __future__ import annotations

import json
from random import Random

import pytest

from integrator.mapping import load_faces
from integrator.mapping.laws_values import Draw
from integrator.records.instruments import INSTRUMENTS
from integrator.records.observation import ABSENT, STATUSES
from integrator.records.values import Concept, Identifier, Ref, When

FACES = load_faces()
NEEDED = {"patient": Identifier("4711", "https://htest.example/pid"), "study": Ref("Study", "NCT01409720")}
RESULTS = ("value", "coded", "text", "answer", "absent")


@pytest.mark.parametrize("name", ["research-subject", "exercise-session-procedure", "observation"])
def test_records_drawn_at_random_are_clean(judge, name: str):
    face = FACES.get(f"fhir-r4/{name}")
    for seed in range(40):
        said = Draw(face.declared, Random(seed)).said() | NEEDED
        said |= dict.fromkeys([one for one in RESULTS if said.get(one) is not None][1:])
        if said.get("enrolled") and said.get("left"):
            said["enrolled"], said["left"] = "1959", "2000-02-29"
        if name == "observation":
            said["code"] = said.get("code") or "pain-vas"
        if name == "exercise-session-procedure":
            said["exercises"] = tuple(one for one in said.get("exercises") or () if one.name)
        for concept in ("reason", "coded", "site"):
            said[concept] = Concept((), "HTEST") if said.get(concept) else None  # invented codes are no codes
        resource = face.write(said)
        assert judge(resource) == [], (seed, json.dumps(resource))


def test_every_instrument_status_and_absent_reason_is_clean(judge):
    face = FACES.get("fhir-r4/observation")
    common = {**NEEDED, "key": "DISPO-HTEST-017/x", "time": When(day="2026-03-13")}
    for code, instrument in INSTRUMENTS.items():
        assert judge(face.write({**common, "code": code, "value": instrument.quantity(3)})) == [], code
    for status in STATUSES:
        assert judge(face.write({**common, "code": "ecog", "answer": True, "status": status})) == [], status
    for reason in ABSENT:
        assert judge(face.write({**common, "code": "ecog", "absent": reason})) == [], reason
