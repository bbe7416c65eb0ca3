"""Everything that leaves for an EHR was judged first, and what is no valid FHIR waits and says why, over the line."""

from __future__ import annotations

import json

import pytest

from integrator.config import Target
from integrator.formats.fhir.validate import problems
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from tests.houses import NUMBER, house, siu

PATIENT = {
    "resourceType": "Patient",
    "id": "htest-1",
    "identifier": [{"system": NUMBER_SYSTEM, "value": NUMBER}],
    "name": [{"family": "HTEST-Müller", "given": ["Anna"]}],
}
pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def ehr(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as running:
        running.hold(PATIENT)
        yield running


def target(ehr) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, patient_system=NUMBER_SYSTEM, timeout=5.0)


def sent(ehr) -> list[dict]:
    """The resources that were sent to the EHR, oldest first."""
    return [json.loads(row["body"]) for row in ehr.log() if row["method"] in ("POST", "PUT")]


def at(hour: int) -> dict[str, str]:
    return {"start": f"202603121{hour}0000", "end": f"202603121{hour}2000"}


def test_what_is_sent_was_judged(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        for number, event in enumerate(("S12", "S13", "S14", "S15", "S16", "S17", "S26")):
            filler = f"F-{number % 3}"
            here.receive(siu(event, f"M{number}", f"202603100900{number:02}", filler=filler, **at(number), why="ill"))
            here.read_all()
            here.deliver_all()
        bodies = sent(ehr)
        assert len(bodies) >= 3
        assert [problems(body) for body in bodies] == [[]] * len(bodies)


def test_what_is_no_valid_fhir_is_not_sent_and_waits_with_words(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu("S15", "M1", why="NOPE^HTEST^HL70276"))  # which is no code of that table
        here.read_all()
        here.deliver_all()
        assert sent(ehr) == []
        ((state, reason),) = [(row.state, row.reason) for row in here.owed()]
        assert state == "waiting"
        assert reason.startswith("the target cannot be given this: Appointment.")
        assert reason.endswith("is no code of its system, of which R4 lists every code")


def test_what_would_make_theirs_wrong_is_not_sent_and_waits_with_words(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu(control_id="M1"))
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        series = {"url": held["extension"][0]["url"], "extension": [{"url": "theirs", "valueString": "HTEST"}]}
        ehr.hold(held | {"extension": [series, *held["extension"][1:]]})
        before = len(sent(ehr))
        here.receive(siu("S13", "M2", "20260310091000", **at(3)))
        here.read_all()
        here.deliver_all()
        assert sent(ehr)[before:] == []
        ((state, reason),) = [(row.state, row.reason) for row in here.owed()]
        assert state == "waiting"
        assert reason.startswith("the target cannot be given this: Appointment.extension[0]: ext-1: must have either")
