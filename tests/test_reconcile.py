"""Reconciling where something is gone: a resource that the target lost, a person whose key was dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.config import Target
from integrator.entering import add_participant
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.store import people, questions
from integrator.store.questions import Question
from tests.houses import NOW, NUMBER, OTHER, TestHouse, house, siu

pytestmark = pytest.mark.usefixtures("each_store")

PATIENTS = [
    {"resourceType": "Patient", "id": f"htest-{n}", "identifier": [{"system": NUMBER_SYSTEM, "value": number}]}
    for n, number in enumerate((NUMBER, OTHER), 1)
]


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[SandboxEhr]:
    with SandboxEhr(tmp_path / "ehr.db") as running:
        running.hold(*PATIENTS)
        yield running


def target(ehr: SandboxEhr) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, patient_system=NUMBER_SYSTEM, timeout=5.0)


def delivered(here: TestHouse, *bodies: bytes) -> None:
    here.receive(*bodies)
    here.read_all()
    here.deliver_all()


def asked(here: TestHouse) -> list[Question]:
    with here.line.store.read() as tx:
        return [one for one in questions.in_state(tx) if one.cause == "missing"]


def test_what_the_target_lost_is_asked_once_whoever_finds_it(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        delivered(here, siu())
        (held,) = ehr.holds("Appointment")
        ehr.drop("Appointment", held["id"])
        delivered(here, siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000"))
        (row,) = here.owed()
        assert (row.state, row.reason) == ("waiting", "a person")
        (question,) = asked(here)
        text = f"ehr no longer has Appointment/{held['id']}; nothing is made again by itself."
        assert (question.text, question.record_id, question.count) == (text, row.record_id, 1)
        assert [drift.what for drift in here.line.reconcile("ehr")] == ["missing"]
        (again,) = asked(here)
        assert (again.id, again.text) == (question.id, text)
        assert ehr.holds("Appointment") == []


def test_a_dry_run_of_reconcile_asks_nothing(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        delivered(here, siu())
        ehr.drop("Appointment", ehr.holds("Appointment")[0]["id"])
        assert [drift.what for drift in here.line.reconcile("ehr", dry_run=True)] == ["missing"]
        assert asked(here) == []


def two_people(here: TestHouse) -> None:
    """An appointment of each of two participants at the target."""
    with here.line.store.write() as tx:
        known = {"subject": "DISPO-HTEST-002", "number": OTHER, "second": "1960-01-01"}
        add_participant(here.line, tx, **known, consent=NOW.replace(day=2))
    delivered(here, siu(), siu(control_id="M2", number=OTHER, filler="F-2"))
    assert [row.state for row in here.owed()] == ["delivered", "delivered"]


def test_a_person_who_was_erased_is_listed_and_the_others_are_compared(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        two_people(here)
        with here.line.store.write() as tx:
            gone = people.by_subject(tx, "DISPO-HTEST-001")
            assert gone is not None
            people.erase_patient(tx, gone.patient_id, here.clock.now())
        found = {one.subject: (one.what, one.why) for one in here.line.reconcile("ehr")}
        assert found == {
            "DISPO-HTEST-001": ("not compared", "a person: the patient was erased"),
            "DISPO-HTEST-002": ("agrees", None),
        }
