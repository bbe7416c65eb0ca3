"""Pairs of files: a message that came in, and the resource, or the reason it is held, that must come out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integrator.errors import Held
from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import parse
from integrator.mapping import Context

CASES = sorted((Path(__file__).parents[1] / "cases/faces").glob("*.hl7"))
BERLIN = Context(zone="Europe/Berlin")


def outcome(faces, message, site):
    """What reading the message and writing the resource gives, as the expectation is written."""
    try:
        reading = faces.get("hl7v2/siu-appointment", site).read(message, BERLIN)
    except Held as held:
        return {"held": {"reason": held.reason, "place": held.place, "text": held.text}}
    found = {"why": reading.why, "notes": reading.notes, "unmapped": [[u.place, u.text] for u in reading.unmapped]}
    resource = faces.writing("Appointment", "fhir-r4").write(reading.said, BERLIN)
    return {name: value for name, value in found.items() if value} | {"resource": resource}


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_what_came_in_and_what_must_come_out(faces, file):
    expected = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    site = expected.pop("site", None)
    found = outcome(faces, parse(file.read_bytes()), site)
    assert found == expected
    # A change of room alone makes no appointment: R4 wants a start for what is booked (app-3).
    if "resource" in found and "start" in found["resource"]:
        assert problems(found["resource"]) == second_problems(found["resource"]) == []


def test_there_are_cases():
    assert len(CASES) >= 15
