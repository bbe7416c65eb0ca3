"""Fractions that were given, from a charge, a report, a row or a person's word to the Procedure in the EHR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrator.claims import said_from_json
from integrator.config import Target
from integrator.entering import enter
from integrator.formats.entry import Entry
from integrator.formats.fhir.validate import problems
from integrator.house import House
from integrator.records import Said
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.store import owed, questions, records
from tests.houses import NAMESPACE, NUMBER, SetClock, TestHouse, house, siu

pytestmark = pytest.mark.usefixtures("each_store")

SUBJECT = "DISPO-HTEST-001"
SLOT = "aria|ARIA|F-1"
FRACTION = "fraction:aria/ARIA/F-1"
AFTER = datetime(2026, 3, 13, 8, 0, tzinfo=UTC)
PATIENT = {
    "resourceType": "Patient",
    "id": "htest-1",
    "identifier": [{"system": NUMBER_SYSTEM, "value": NUMBER}],
    "birthDate": "1957-03-12",
}


def dft(*lines: str, control_id: str = "D1", sent: str = "20260312220000", number: str = NUMBER) -> bytes:
    """A DFT P03 of the sandbox's billing; a line is what follows FT1-1."""
    segments = [
        f"MSH|^~\\&|FIN|HTEST|INT|HTEST|{sent}||DFT^P03^DFT_P03|{control_id}|T|2.5.1",
        f"EVN|P03|{sent}",
        f"PID|1||{number}^^^HTEST^MR||HTEST-Müller^Anna||19570312|F",
        *(f"FT1|{n}|{line}" for n, line in enumerate(lines, 1)),
    ]
    return ("\r".join(segments) + "\r").encode("iso8859-1")


def charge(number: str = "T-1", day: str = "20260312", kind: str = "CG", code: str = "RT-FRACTION", n: str = "") -> str:
    """One FT1 behind its running number."""
    return f"{number}||{day}|20260314|{kind}|{code}^Bestrahlung^FIN|||{n}||||||LINAC 3"


def oru(end: str = "COMPLETE", status: str = "F", number: str = "R-1", control_id: str = "O1") -> bytes:
    """A report of a fraction in the words of the face that no site changed."""
    segments = [
        f"MSH|^~\\&|ROV|HTEST|INT|HTEST|20260312100000||ORU^R01^ORU_R01|{control_id}|T|2.5.1",
        f"PID|1||{NUMBER}^^^HTEST^MR||HTEST-Müller^Anna||19570312|F",
        "ORC|RE|||C-1^ARIA",
        f"OBR|1||{number}^ROV|1297069006^Fraction^SCT|||20260312094200|20260312094900{'|' * 17}{status}",
        "OBX|1|NM|RT-FRACTION-NUMBER||4||||||F",
        "OBX|2|NM|RT-DOSE-GIVEN||300|cGy|||||F",
        "OBX|3|CWE|RT-SITE||53983007^Bone structure of L2^SCT||||||F",
        f"OBX|4|ST|RT-COMPLETION||{end}||||||F",
    ]
    return ("\r".join(segments) + "\r").encode("iso8859-1")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestHouse]:
    with house(tmp_path, clock=SetClock(AFTER)) as given:
        yield given


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[SandboxEhr]:
    with SandboxEhr(tmp_path / "ehr.db") as running:
        running.hold(PATIENT)
        yield running


@pytest.fixture
def delivering(tmp_path: Path, ehr: SandboxEhr) -> Iterator[TestHouse]:
    target = Target("ehr", "ehr", ehr.base, records=("Appointment", "Treatment"), patient_system=NUMBER_SYSTEM)
    with house(tmp_path, (target,), clock=SetClock(AFTER)) as given:
        yield given


def take(given: TestHouse, *bodies: bytes) -> None:
    given.receive(*bodies)
    given.read_all()


def shown(line: House, kind: str, key: str) -> Said:
    """What a record shows, as far as nobody's text is sealed in it."""
    with line.store.read() as tx:
        row = records.get(tx, kind, key)
    assert row is not None, f"no {kind} {key}"
    body = {name: value for name, value in row.body.items() if name not in ("patient", "notes", "reason")}
    return said_from_json(kind, body, lambda _, fields: fields)


def asked(line: House) -> list[str]:
    with line.store.read() as tx:
        return [one.text for one in questions.in_state(tx) if one.cause != "late"]


class TestCharges:
    def test_a_charge_is_evidence_of_its_slot(self, opened: TestHouse):
        take(opened, siu(), dft(charge()))
        assert opened.states() == {"merged": 2}
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "evidenced"
        report = shown(opened.line, "Treatment", f"aria|{NAMESPACE}|T-1")
        assert report["appointment"].key == SLOT
        assert report["time"].day == "2026-03-12"
        fraction = shown(opened.line, "Treatment", FRACTION)
        assert fraction["status"] == "completed"
        assert fraction["time"].day == "2026-03-12"
        assert asked(opened.line) == []

    def test_no_fraction_is_given_on_a_day_that_is_still_to_come(self, opened: TestHouse):
        take(opened, siu(start="20260320094000", end="20260320100000"), dft(charge(day="20260320")))
        held = opened.message(2)
        assert (held.state, held.reason) == ("held", "a fraction is reported as given on a day that is still to come")
        assert [row.body["evidence"] for row in opened.records()] == ["scheduled"]
        opened.clock.on(hours=8 * 24)
        opened.line.read_again([held.id])
        opened.read_all()
        assert opened.message(2).state == "merged"
        assert opened.records()[0].body["evidence"] == "evidenced"

    def test_it_may_come_before_the_appointment(self, opened: TestHouse):
        take(opened, dft(charge()))
        assert asked(opened.line) == [
            f"{SUBJECT}: a fraction is reported as given on Thu 12 Mar, "
            "and no planned fraction of that day is left for it."
        ]
        take(opened, siu())
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "evidenced"
        assert asked(opened.line) == []

    def test_each_line_is_a_report_and_imaging_is_none(self, opened: TestHouse):
        take(opened, siu(), siu(filler="F-2", control_id="M2", start="20260313094000", end="20260313100000"))
        take(opened, dft(charge(), charge("T-2", "20260313"), charge("T-3", code="RT-IMAGING")))
        for filler in ("F-1", "F-2"):
            assert shown(opened.line, "Appointment", f"aria|ARIA|{filler}")["evidence"] == "evidenced"
        with opened.line.store.read() as tx:
            assert len(records.page(tx, "Treatment")) == 4  # two reports, two fractions

    def test_an_unknown_code_is_kept_and_asked_for(self, opened: TestHouse):
        take(opened, siu(), dft(charge(code="RT-SPECIAL")))
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "scheduled"
        assert any("RT-SPECIAL" in text for text in asked(opened.line))

    def test_a_credit_takes_it_back(self, opened: TestHouse):
        take(opened, siu(status="Complete", event="S14"), siu(control_id="M0", sent="20260309090000"), dft(charge()))
        take(opened, dft(charge(kind="CD"), control_id="D2", sent="20260313070000"))
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "presumed"
        assert shown(opened.line, "Treatment", FRACTION)["status"] == "entered-in-error"

    def test_a_late_charge_does_not_undo_the_credit(self, opened: TestHouse):
        take(opened, siu(), dft(charge(kind="CR"), control_id="D2", sent="20260313070000"))
        text = f"{SUBJECT}: a credit takes back a fraction that nobody reported."
        assert text in asked(opened.line)
        take(opened, dft(charge()))
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "scheduled"
        assert text not in asked(opened.line)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (charge(number=""), "no number of the charge or report"),
            (charge(day=""), "a report without the day on which it was given"),
            (charge(day="20260231"), "a day or time that does not exist or is not written as HL7 says"),
            (charge(n="2"), "a code that has no row in the code map charge-status"),
        ],
    )
    def test_what_cannot_be_understood_is_held(self, opened: TestHouse, line: str, reason: str):
        take(opened, dft(line))
        assert opened.message(1).state == "held"
        assert reason in (opened.message(1).reason or "")

    def test_a_charge_of_somebody_else_is_unwanted(self, opened: TestHouse):
        take(opened, dft(charge(), number="HTEST-9999"))
        assert opened.states() == {"unwanted": 1}

    def test_replay_changes_nothing(self, opened: TestHouse):
        take(opened, siu(), dft(charge()))
        with opened.line.store.read() as tx:
            before = [(row.key, row.version, row.body) for row in records.page(tx, "Treatment")]
        done = opened.line.read_again([opened.message(1).id, opened.message(2).id])
        assert done["changed"] == 0
        with opened.line.store.read() as tx:
            assert [(row.key, row.version, row.body) for row in records.page(tx, "Treatment")] == before


def say(opened: TestHouse, said: dict[str, Any], key: str = "") -> None:
    with opened.line.store.write() as tx:
        enter(opened.line, tx, Entry("Treatment", SUBJECT, said, key=key), "nurse")


class TestDoubt:
    DENIED = f"{SUBJECT}: a fraction is reported as given on Thu 12 Mar, and another source says that it was not."

    def test_a_charge_for_a_cancelled_slot_is_a_question(self, opened: TestHouse):
        take(opened, siu(), siu("S15", "M2", "20260312070000"), dft(charge()))
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "presumed"
        assert asked(opened.line) == [self.DENIED]

    def test_it_waits_for_a_person_and_reaches_nobody(self, delivering: TestHouse, ehr: SandboxEhr):
        take(delivering, siu(), siu("S15", "M2", "20260312070000"), dft(charge()))
        delivering.deliver_all()
        assert ehr.holds("Procedure") == []
        with delivering.line.store.read() as tx:
            assert [row.reason for row in owed.in_state(tx, "waiting")] == ["a person: was this fraction given"]

    def test_a_persons_word_settles_it(self, opened: TestHouse):
        take(opened, siu(), siu("S15", "M2", "20260312070000"), dft(charge()))
        say(opened, {"status": "given", "day": "2026-03-12"})
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "attested"
        assert asked(opened.line) == []

    def test_one_charge_on_a_day_with_two_slots(self, opened: TestHouse):
        take(opened, siu(), siu(filler="F-2", control_id="M2", start="20260312154000", end="20260312160000"))
        take(opened, dft(charge()))
        assert asked(opened.line) == [
            f"{SUBJECT}: a fraction is reported as given on Thu 12 Mar, and it could be more than one that was planned."
        ]
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "scheduled"
        take(opened, dft(charge("T-2"), control_id="D2"))
        assert asked(opened.line) == []
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "evidenced"

    def test_many_that_were_not_planned_are_one_question(self, opened: TestHouse):
        days = ("20260302", "20260303", "20260304", "20260305", "20260306")
        take(opened, dft(*(charge(f"T-{n}", day) for n, day in enumerate(days))))
        assert asked(opened.line) == [
            f"{SUBJECT}: 5 fractions are reported as given (Mon 2 Mar, Tue 3 Mar, Wed 4 Mar and 2 more), "
            "and no planned fraction of that day is left for it."
        ]

    def test_a_person_says_which_slot_a_charge_is_of(self, opened: TestHouse):
        take(opened, siu(), siu(filler="F-2", control_id="M2", start="20260312154000", end="20260312160000"))
        take(opened, dft(charge()))
        say(opened, {"appointment": "aria|ARIA|F-2"}, key=f"aria|{NAMESPACE}|T-1")
        assert asked(opened.line) == []
        assert shown(opened.line, "Appointment", "aria|ARIA|F-2")["evidence"] == "attested"
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "scheduled"


class TestReports:
    def test_a_report_has_dose_site_and_time(self, opened: TestHouse):
        take(opened, siu(), oru())
        fraction = shown(opened.line, "Treatment", FRACTION)
        assert fraction["dose"].value == 300
        assert fraction["dose"].code == "cGy"
        assert fraction["time"].start.isoformat() == "2026-03-12T09:42:00+01:00"
        assert fraction["fraction"] == 4
        assert fraction["site"].codings[0].code == "53983007"

    def test_a_second_source_makes_no_second_fraction(self, opened: TestHouse):
        take(opened, siu(), oru(), dft(charge()))
        with opened.line.store.read() as tx:
            fractions = [row for row in records.page(tx, "Treatment") if row.key.startswith("fraction:")]
        assert len(fractions) == 1
        assert fractions[0].body["time"]["start"] == "2026-03-12T09:42:00+01:00"

    @pytest.mark.parametrize(("end", "status"), [("PARTIAL", "stopped"), ("COMPLETE", "completed")])
    def test_how_it_ended(self, opened: TestHouse, end: str, status: str):
        take(opened, siu(), oru(end))
        assert shown(opened.line, "Treatment", FRACTION)["status"] == status

    def test_a_dose_without_a_unit_is_held(self, opened: TestHouse):
        take(opened, siu(), oru().replace(b"|300|cGy|", b"|300||"))
        assert opened.message(2).state == "held"


class TestAPersonsWord:
    def test_it_attests(self, opened: TestHouse):
        take(opened, siu(), dft(charge()))
        say(opened, {"status": "given", "day": "2026-03-12", "dose": 3, "unit": "Gy"})
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "attested"
        assert shown(opened.line, "Treatment", FRACTION)["dose"].value == 3

    def test_it_denies(self, opened: TestHouse):
        take(opened, siu(), dft(charge()))
        say(opened, {"status": "not given", "day": "2026-03-12", "reason": "pain, positioning impossible"})
        assert shown(opened.line, "Appointment", SLOT)["evidence"] == "scheduled"
        assert shown(opened.line, "Treatment", FRACTION)["status"] == "entered-in-error"


class TestTheEhr:
    def test_a_fraction_becomes_a_procedure_and_a_credit_takes_it_back(self, delivering: TestHouse, ehr: SandboxEhr):
        take(delivering, siu(), oru(), dft(charge()))
        delivering.deliver_all()
        (procedure,) = ehr.holds("Procedure")
        assert problems(procedure) == []
        assert procedure["status"] == "completed"
        assert procedure["subject"] == {"reference": "Patient/htest-1"}
        slot = next(one for one in procedure["extension"] if one["url"].endswith("/appointment"))
        (appointment,) = ehr.holds("Appointment")
        assert slot["valueReference"] == {"reference": f"Appointment/{appointment['id']}"}
        evidence = next(one for one in appointment["extension"] if one["url"].endswith("/evidence"))
        assert evidence["valueCode"] == "evidenced"
        take(
            delivering, oru(status="X", control_id="O2"), dft(charge(kind="CD"), control_id="D2", sent="20260313070000")
        )
        delivering.deliver_all()
        (procedure,) = ehr.holds("Procedure")
        assert procedure["status"] == "entered-in-error"

    def test_a_presumed_one_is_none(self, delivering: TestHouse, ehr: SandboxEhr):
        take(delivering, siu(), siu("S14", "M2", "20260312101000", status="Complete"))
        delivering.deliver_all()
        assert len(ehr.holds("Appointment")) == 1
        assert ehr.holds("Procedure") == []

    def test_unless_the_trial_says_so(self, tmp_path: Path, ehr: SandboxEhr):
        target = Target("ehr", "ehr", ehr.base, records=("Appointment", "Treatment"), patient_system=NUMBER_SYSTEM)
        with house(tmp_path, (target,), clock=SetClock(AFTER)) as given:
            given.line.settings = replace(
                given.line.settings, study=replace(given.line.settings.study, procedures="presumed")
            )
            take(given, siu(), siu("S14", "M2", "20260312101000", status="Complete"))
            given.deliver_all()
            (procedure,) = ehr.holds("Procedure")
            assert procedure["performedPeriod"]["start"] == "2026-03-12T09:40:00+01:00"
            take(given, dft(charge()))
            given.deliver_all()
            (same,) = ehr.holds("Procedure")
            assert same["id"] == procedure["id"]
            assert same["performedDateTime"] == "2026-03-12"
