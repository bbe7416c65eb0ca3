"""An EHR that answers badly or not at all, to every request of ours: what is owed then, why, until when; nothing twice.

Each fault meets each of the five requests that a delivery makes. Afterwards the EHR is well again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integrator.app import target_of
from integrator.clock import Clock
from integrator.config import Target
from integrator.identity import open_answer
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.store import owed, people
from tests.faults.processes import number_of
from tests.houses import NOW, TestHouse, house, siu

SOON, ASKED, OPERATOR = (0.1, 0.2), (7, 7), (300, 300)  # seconds of rest: first back-off; Retry-After; 5 minutes

LATER: dict[str, tuple[dict[str, Any], tuple[float, float]]] = {  # nobody acts; tried again by itself
    "401": ({"status": 401}, OPERATOR),
    "429": ({"status": 429, "retry_after": 7}, ASKED),
    "500": ({"status": 500}, SOON),
    "503": ({"status": 503, "retry_after": 7}, ASKED),
    "302": ({"status": 302}, OPERATOR),
    "proxy": ({"status": 502, "html": True}, SOON),
    "page": ({"status": 200, "html": True}, OPERATOR),
    "broken": ({"broken": True}, OPERATOR),
    "closed": ({"close": True}, SOON),
    "silent": ({"hang": 1.2}, SOON),  # the target's timeout is half a second
}
DONE = ("500", "page", "broken", "closed", "silent")  # these also after the EHR has done what was asked

REQUESTS = {  # name -> (what is being delivered, which request meets the fault)
    "abilities": ("S12", {"method": "GET", "path": "metadata"}),
    "search": ("S12", {"method": "GET", "path": "Appointment"}),
    "create": ("S12", {"method": "POST", "path": "Appointment"}),
    "read": ("S13", {"method": "GET", "path": "Appointment"}),
    "update": ("S13", {"method": "PUT", "path": "Appointment"}),
}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Iterator[tuple[TestHouse, SandboxEhr]]:
    """One house and one EHR for all tests of this file; each has an appointment of its own."""
    folder = tmp_path_factory.mktemp("hospital")
    with SandboxEhr(folder / "ehr.db") as ehr, house(folder, (target(ehr),)) as here:
        yield here, ehr


def target(ehr: SandboxEhr) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, timeout=0.5)


@dataclass
class Case:
    """One appointment, and what became of it here and there."""

    here: TestHouse
    ehr: SandboxEhr
    filler: str

    def tell(self, event: str, hour: int) -> None:
        """A booking, or its move to another hour, received and read."""
        times = {"start": f"20260313{hour:02}0000", "end": f"20260313{hour:02}2000"}
        sent = f"20260310{hour:02}0000"
        self.here.receive(siu(event, f"{self.filler}-{hour}", sent, filler=self.filler, **times))
        self.here.read_all()

    @property
    def row(self) -> owed.Owed:
        (number,) = [record.number for record in self.here.records() if self.filler in record.key.split("|")]
        (row,) = [row for row in self.here.owed() if row.record_id == number]
        return row

    @property
    def held(self) -> dict[str, Any]:
        """What the EHR holds under our number."""
        (found,) = [one for one in self.ehr.holds("Appointment") if number_of(one) == self.filler]
        return found

    def wrote(self, since: int) -> list[str]:
        """What the EHR's log says was changed: "create Appointment"."""
        return [row["wrote"].partition("/")[0] for row in self.ehr.log(since) if row["wrote"]]

    def meets(self, request: str, fault: dict[str, Any]) -> int:
        """Delivers with this fault at this request; gives the number of the EHR's last request before."""
        event, where = REQUESTS[request]
        if event == "S13":
            self.tell("S12", 9)
            self.here.deliver_all()
        since = self.ehr.last()
        self.tell(event, 11)
        self.ehr.fail(**where, **fault)
        self.here.deliver_all()
        met = [row["fault"] for row in self.ehr.log(since) if row["fault"]]
        assert len(met) == 1, "the fault met no request"
        return since

    def ends_well(self, request: str, since: int) -> None:
        """In the end it is delivered, with one create or one update in the EHR's log and the last word standing."""
        self.here.clock.on(hours=2)
        self.here.deliver_all()
        assert self.row.state == "delivered"
        assert self.held["start"] == "2026-03-13T11:00:00+01:00"
        event, _ = REQUESTS[request]
        assert self.wrote(since) == ["create Appointment" if event == "S12" else "update Appointment"]
        before = self.ehr.last()
        self.here.clock.on(hours=2)
        self.here.deliver_all()
        assert self.ehr.last() == before, "asked again although nothing is owed"


@pytest.fixture
def case(hospital) -> Case:
    here, ehr = hospital
    ehr.control(clear=True)
    here.clock.at = NOW
    here.line.targets["ehr"] = target_of(target(ehr), Path())  # it has not asked what the EHR can do
    return Case(here, ehr, f"F-{len(here.records()) + 1}")


def later(case: Case, request: str, name: str, **where: str) -> None:
    fault, (shortest, longest) = LATER[name]
    since = case.meets(request, fault | where)
    row = case.row
    assert (row.state, row.attempts) == ("owed", 1)
    assert str(fault.get("status", "")) in row.reason
    assert "sandbox" not in row.reason, "the reason quotes the answer"
    assert shortest <= (row.due_at - case.here.clock.now()).total_seconds() <= longest
    case.here.deliver_all()
    assert case.row.attempts == 1, "tried before it was due"
    case.ends_well(request, since)


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("name", LATER)
def test_what_may_pass_is_owed_again_with_its_reason_and_done_once(case, name, request_):
    later(case, request_, name)


@pytest.mark.parametrize("request_", ["create", "update"])
@pytest.mark.parametrize("name", DONE)
def test_what_was_done_and_answered_badly_is_not_done_twice(case, name, request_):
    later(case, request_, name, where="after")


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("status", [409, 412])
def test_a_conflict_is_read_again_and_merged(case, status, request_):
    since = case.meets(request_, {"status": status})
    assert case.row.state == ("delivered" if request_ == "update" else "owed")
    case.ends_well(request_, since)


REFUSALS = [(status, request) for status in (400, 403, 404, 422) for request in ("search", "create", "update")]
REFUSALS.remove((404, "update"))  # what is gone; see below


@pytest.mark.parametrize(("status", "request_"), REFUSALS)
def test_a_refusal_is_final_and_keeps_the_operation_outcome_until_a_change_owes_it_again(case, status, request_):
    since = case.meets(request_, {"status": status})
    row = case.row
    assert (row.state, row.due_at) == ("refused", None)
    assert str(status) in row.reason
    assert "sandbox" not in row.reason, "the reason quotes the answer"
    assert "sandbox" in kept(case.here, row)["issue"][0]["diagnostics"]
    assert b"sandbox" not in row.answer, "the answer is kept in clear"
    case.here.clock.on(hours=5)
    case.here.deliver_all()
    assert case.row.state == "refused", "tried again by itself"
    assert case.wrote(since) == []
    case.tell("S13", 14)
    case.here.deliver_all()
    assert case.row.state == "delivered"
    assert case.held["start"] == "2026-03-13T14:00:00+01:00"


def kept(here: TestHouse, row: owed.Owed) -> dict[str, Any]:
    """The answer of a refused row, opened."""
    with here.line.store.read() as tx:
        opened = open_answer(tx, here.line.keys, people.everyone(tx)[0].patient_id, row.answer)
    assert opened["resourceType"] == "OperationOutcome"
    return opened


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_of_the_capability_statement_refuses_no_record(case, status):
    since = case.meets("abilities", {"status": status})
    assert case.row.state == "owed"
    case.ends_well("abilities", since)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("request_", ["read", "update"])
def test_what_the_ehr_no_longer_has_waits_for_a_person_and_is_not_made_again(case, request_, status):
    since = case.meets(request_, {"status": status})
    row = case.row
    assert (row.state, row.due_at) == ("waiting", None)
    assert row.reason.startswith("a person")
    case.here.clock.on(hours=5)
    case.here.deliver_all()
    assert case.wrote(since) == []


def test_somebody_else_edits_just_before_our_write_and_both_edits_stand(case):
    case.tell("S12", 9)
    case.here.deliver_all()
    theirs = {key: value for key, value in case.held.items() if key != "meta"} | {"description": "ward 7 brings her"}
    case.tell("S13", 11)
    case.ehr.fail(edit=theirs, method="PUT", path="Appointment")
    case.here.deliver_all()
    assert (case.held["start"], case.held["description"]) == ("2026-03-13T11:00:00+01:00", "ward 7 brings her")


def test_two_copies_that_a_race_made_become_one(case):
    case.tell("S12", 9)
    case.here.deliver_all()
    first = case.held
    (copy,) = case.ehr.hold({key: value for key, value in first.items() if key not in ("meta", "id")})
    with case.here.line.store.write() as tx:  # as if the answer to our create had been lost
        row = case.row
        owed.forget(tx, "ehr", row.record_id, row.face)
        owed.mark(tx, "ehr", row.record_id, row.face, "owed", None, case.here.clock.now())
    case.here.deliver_all()
    assert case.row.state == "delivered"
    assert (case.held["id"], case.held["status"]) == (first["id"], "booked")
    (other,) = [one for one in case.ehr.holds("Appointment") if copy == f"Appointment/{one['id']}"]
    assert (other["status"], other["comment"]) == ("entered-in-error", f"Duplicate of Appointment/{first['id']}")


def test_the_rest_begins_when_the_try_has_ended(tmp_path, hospital):
    """With a clock that runs: an EHR that keeps us waiting longer than the rest is not asked again at once."""
    _, ehr = hospital
    ehr.control(clear=True)
    with house(tmp_path, (target(ehr),), clock=Clock()) as here:
        here.receive(siu(filler="F-slow", start="20270312094000", end="20270312100000"))
        here.read_all()
        ehr.fail(hang=1.0, method="POST")
        begun = here.clock.now()
        here.engine.deliver_some("test", "ehr")
        (row,) = here.owed()
        assert (row.due_at - begun).total_seconds() >= 0.5 + 0.1  # its patience and the shortest rest
        assert 0.1 <= (row.due_at - row.updated_at).total_seconds() <= 0.2
