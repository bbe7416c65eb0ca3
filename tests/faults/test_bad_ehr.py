"""An EHR that answers badly or not at all: what is owed then, what a person reads, and that nothing is doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrator.config import Target
from integrator.identity import open_answer
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.store import owed, people
from tests.faults.processes import made
from tests.houses import house, siu


@pytest.fixture
def ehr(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as running:
        yield running


def target(ehr, **more) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, **{"timeout": 5.0, **more})


def owing(here) -> owed.Owed:
    (row,) = here.owed()
    return row


LATER = [
    ({"status": 429, "retry_after": 7}, "429"),
    ({"status": 500}, "500"),
    ({"status": 503, "retry_after": 7}, "503"),
    ({"html": True, "status": 502}, "502"),
    ({"close": True}, ""),
    ({"close": True, "where": "after"}, ""),
    ({"status": 500, "where": "after"}, "500"),
    ({"hang": 3}, ""),
    ({"hang": 3, "where": "after"}, ""),
]


@pytest.mark.parametrize(("fault", "says"), LATER, ids=lambda value: "-".join(map(str, value)) if value else "closed")
def test_what_may_pass_is_tried_again_and_done_once(tmp_path, ehr, fault, says):
    with house(tmp_path, (target(ehr, timeout=1.0),)) as here:
        here.receive(siu())
        here.read_all()
        ehr.fail(method="POST", path="Appointment", **fault)
        here.deliver_all()
        row = owing(here)
        assert (row.state, row.attempts) == ("owed", 1)
        assert says in row.reason
        pause = row.due_at - here.clock.now()
        if "retry_after" in fault:
            assert pause == timedelta(seconds=7)
        else:
            assert timedelta(seconds=0.1) <= pause <= timedelta(seconds=0.2)
        here.deliver_all()  # before it is due nothing is sent
        assert owing(here).attempts == 1
        here.clock.on(minutes=10)
        here.deliver_all()
        assert owing(here).state == "delivered"
        assert made(ehr) == {"F-1": 1}


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_is_final_visible_and_keeps_the_operation_outcome(tmp_path, ehr, status):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        ehr.fail(method="POST", path="Appointment", status=status)
        here.deliver_all()
        row = owing(here)
        assert row.state == "refused"
        with here.line.store.read() as tx:
            patient_id = people.everyone(tx)[0].patient_id
            answer = open_answer(tx, here.line.keys, patient_id, row.answer)
        assert answer["resourceType"] == "OperationOutcome"
        here.clock.on(hours=5)
        here.deliver_all()
        assert owing(here).state == "refused"  # nobody tries again by themselves
        here.receive(siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000"))
        here.read_all()
        here.deliver_all()
        assert owing(here).state == "delivered"  # a change makes it owed again


def test_not_signed_in_is_tried_again_and_says_so(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        ehr.fail(status=401, times=1, method="POST")
        here.deliver_all()
        assert owing(here).state == "owed"
        assert "401" in owing(here).reason
        here.clock.on(hours=1)
        here.deliver_all()
        assert owing(here).state == "delivered"


@pytest.mark.parametrize("status", [409, 412])
def test_a_conflict_is_read_again_and_merged(tmp_path, ehr, status):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        here.receive(siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000"))
        here.read_all()
        ehr.fail(status=status, method="PUT", path="Appointment")
        here.deliver_all()
        here.clock.on(minutes=10)
        here.deliver_all()
        assert owing(here).state == "delivered"
        (held,) = ehr.holds("Appointment")
        assert held["start"] == "2026-03-13T11:00:00+01:00"


def test_somebody_else_edits_just_before_our_write_and_both_edits_stand(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        theirs = {key: value for key, value in held.items() if key != "meta"} | {"description": "ward 7 brings her"}
        here.receive(siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000"))
        here.read_all()
        ehr.fail(edit=theirs, method="PUT", path="Appointment")
        here.deliver_all()
        (now,) = ehr.holds("Appointment")
        assert (now["start"], now["description"]) == ("2026-03-13T11:00:00+01:00", "ward 7 brings her")


def at(hour: int) -> dict[str, str]:
    """Start and end at ten plus some hours."""
    return {"start": f"202603121{hour}0000", "end": f"202603121{hour}2000"}


def test_an_ehr_that_is_away_costs_nothing_but_time_and_a_burst_is_one_write(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        ehr.control(down=True)
        for minute in range(5):
            here.receive(siu("S13", f"M{minute}", f"202603100910{minute:02}", **at(minute)))
            here.read_all()
            here.deliver_all()
            here.clock.on(seconds=30)
        assert owing(here).state == "owed"
        ehr.control(down=False)
        here.clock.on(minutes=10)
        here.deliver_all()
        assert owing(here).state == "delivered"
        (held,) = ehr.holds("Appointment")
        assert held["start"] == "2026-03-12T14:00:00+01:00"
        assert len([row for row in ehr.log() if row["wrote"]]) == 1


def test_a_retry_never_overtakes_a_newer_value(tmp_path, ehr):
    with house(tmp_path, (target(ehr, timeout=1.0),)) as here:
        here.receive(siu())
        here.read_all()
        ehr.fail(hang=3, where="after", method="POST", path="Appointment")
        here.deliver_all()  # it was written, and we do not know
        here.receive(siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000"))
        here.read_all()
        here.clock.on(minutes=10)
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        assert held["start"] == "2026-03-13T11:00:00+01:00"
        assert made(ehr) == {"F-1": 1}


def test_a_reconcile_does_not_believe_its_own_receipt(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        ehr.drop("Appointment", held["id"])
        assert [drift.what for drift in here.line.reconcile("ehr")] == ["missing"]
        here.deliver_all()
        assert ehr.holds("Appointment") == []  # nothing is made again by itself


def test_two_copies_that_a_race_made_are_healed(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        copy = {key: value for key, value in held.items() if key not in ("meta", "id")}
        ehr.hold(copy)
        with here.line.store.write() as tx:  # as if our answer had been lost
            row = owing(here)
            owed.forget(tx, "ehr", row.record_id, row.face)
            owed.mark(tx, "ehr", row.record_id, row.face, "owed", None, here.clock.now())
        here.deliver_all()
        assert owing(here).state == "delivered"
        assert ehr.summary()["twice"] == {}
        assert sorted(one["status"] for one in ehr.holds("Appointment")) == ["booked", "entered-in-error"]
