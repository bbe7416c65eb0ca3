"""Scheduling triggers beside booking and cancelling, and documents: accepted, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrator.triggers import DOCUMENT, NO_FACE, SLOT
from tests.houses import NUMBER, OTHER, house, siu
from tests.test_renumbering import asked, feed, said

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.mark.parametrize("event", ["S18", "S19", "S20", "S21", "S22", "S23", "S24", "S27"])
def test_what_changes_services_claims_no_status(tmp_path: Path, event: str) -> None:
    with house(tmp_path) as here:
        feed(here, siu(), siu("S15", "M2", "20260310091000"))
        feed(here, siu(event, "M3", "20260310092000", machine="LINAC 5"))
        assert said(here)["status"] == "cancelled"
        assert said(here)["place"].name == "LINAC 5"
        feed(here, siu(event, "M4", "20260310093000", status="Booked"))
        assert said(here)["status"] == "booked"
        assert here.states() == {"merged": 4}


def test_a_service_that_is_taken_away_is_not_all_that_there_is(tmp_path: Path) -> None:
    """S20 names the service that is cancelled, by its action code; the appointment has others."""
    with house(tmp_path) as here:
        feed(here, siu())
        gone = siu("S20", "M2", "20260310091000", activity="RT-CHECK", machine="LINAC 9")
        feed(here, gone.replace(b"AIS|1||", b"AIS|1|D|").replace(b"AIL|1||", b"AIL|1|D|"))
        assert here.states() == {"merged": 1, "unchanged": 1}
        assert said(here)["services"][0].code.codings[0].code == "RT-FRACTION"
        assert (said(here)["activity"], said(here)["place"].name) == ("fraction", "LINAC 3")
        assert asked(here) == []


@pytest.mark.parametrize("event", ["S23", "S24"])
@pytest.mark.parametrize("number", ["", NUMBER, OTHER])
def test_blocked_time_is_no_appointment(tmp_path: Path, event: str, number: str) -> None:
    with house(tmp_path) as here:
        feed(here, siu(event, number=number, status="Blocked"))
        assert here.states() == {"unwanted": 1}
        assert here.records() == []
        if number != OTHER:
            assert here.message(1).reason == SLOT


def test_blocked_time_without_a_patient_or_a_status_is_no_error(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu("S23", number="", filler="", start=None, activity=None))
        assert here.states() == {"unwanted": 1}
        assert here.message(1).reason == SLOT


def test_a_broadcast_cancels_nothing_that_it_does_not_name(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(), siu(control_id="M2", filler="F-2"))
        feed(here, siu("S27", "M3", "20260310120000", filler="F-2", start="20260313094000", end="20260313100000"))
        assert said(here)["status"] == said(here, "F-2")["status"] == "booked"
        assert said(here, "F-2")["time"].start.day == 13


def test_documents_are_accepted_and_shown(tmp_path: Path, shared_data: Path) -> None:
    sample = (shared_data / "hl7v2" / "samples" / "MDM-T02-01.hl7").read_bytes().replace(b"|P|2.8", b"|T|2.8")
    with house(tmp_path) as here:
        (answer,) = here.receive(sample.replace(b"|987654321||PROSOLV", f"|{NUMBER}||PROSOLV".encode()))
        assert b"MSA|AA" in (answer or b"")
        here.read_all()
        assert here.states() == {"unwanted": 1}
        assert here.message(1).reason == DOCUMENT


def test_other_types_are_as_before(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu().replace(b"SIU^S12^SIU_S12", b"ORM^O01^ORM_O01"))
        assert here.states() == {"unwanted": 1}
        assert here.message(1).reason == NO_FACE


def several(*codes: str) -> bytes:
    """A booking with several services."""
    services = "\r".join(f"AIS|{number}||{code}^x^ARIA" for number, code in enumerate(codes, 1))
    return siu(activity="@").replace(b"AIS|1||@^Bestrahlung^ARIA", services.encode())


@pytest.mark.parametrize("codes", [("RT-PLAN", "RT-FRACTION"), ("RT-VISIT", "RT-CBCT", "RT-FRACTION")])
def test_of_several_services_the_fraction_says_what_the_appointment_is(tmp_path: Path, codes: tuple[str, ...]) -> None:
    with house(tmp_path) as here:
        feed(here, several(*codes))
        assert said(here)["activity"] == "fraction"
        assert [one.code.codings[0].code for one in said(here)["services"]] == list(codes)
        assert asked(here) == []


def test_beside_a_service_that_nobody_mapped_only_a_fraction_is_certain(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, several("RT-VISIT", "RT-CBCT"))
        assert said(here).get("activity") is None
        assert asked(here) == ["What is the activity 'RT-CBCT': planning, fraction, visit or other?"]
