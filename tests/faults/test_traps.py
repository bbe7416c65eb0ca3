"""Three traps that a first sketch falls into: a reused control id, a late retry, a receipt that is believed."""

from __future__ import annotations

import threading
import time

import pytest

from integrator.arrival import REUSED
from integrator.config import Target
from integrator.store import questions, tallies
from tests.faults.processes import hours, made
from tests.houses import house, siu


def day(hour: int) -> dict[str, str]:
    """Start and end of an appointment at an hour of the thirteenth."""
    return {"start": f"20260313{hour:02}0000", "end": f"20260313{hour:02}2000"}


@pytest.fixture
def here(tmp_path, ehr):
    target = Target(name="ehr", system="ehr", base=ehr.base, timeout=3.0)
    with house(tmp_path, (target,)) as opened:
        yield opened


# ---------------------------------------------------------------- same control id, another body


def test_a_source_that_starts_its_counter_again_loses_nothing(here, ehr):
    first = siu(control_id="1", sent="20260310090000", filler="F-1", **day(9))
    again = siu(control_id="1", sent="20260310090500", filler="F-2", **day(10))
    for body in (first, again, first, again):
        (answer,) = here.receive(body)
        assert b"MSA|AA|1" in answer
    here.read_all()
    here.deliver_all()
    assert here.states() == {"merged": 2}
    assert hours(ehr) == {"F-1": 9, "F-2": 10}
    with here.line.store.read() as tx:
        assert tallies.read(tx) == {("aria", "control id reused"): 1, ("aria", "duplicate"): 2}


def test_one_control_id_one_time_two_bodies_is_held_for_a_person_and_does_not_win(here, ehr):
    here.receive(siu(control_id="1", **day(9)))
    (answer,) = here.receive(siu(control_id="1", **day(10)))
    assert b"MSA|AA|1" in answer, "the sender's queue must not stop for our question"
    here.read_all()
    here.deliver_all()
    assert here.states() == {"merged": 1, "held": 1}
    assert here.message(2).reason == REUSED
    assert hours(ehr) == {"F-1": 9}


def test_both_bodies_in_one_group_commit_are_told_apart_too(here):
    here.receive(siu(control_id="1", **day(9)), siu(control_id="1", **day(10)), siu(control_id="1", **day(9)))
    here.read_all()
    assert here.states() == {"merged": 1, "held": 1}


# ---------------------------------------------------------------- a retry that overtakes a newer value


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_retry_writes_the_record_as_it_is_then(here, ehr, where):
    here.receive(siu(control_id="1", **day(9)))
    here.read_all()
    ehr.fail(close=True, where=where, method="POST")
    here.deliver_all()
    here.receive(siu("S13", "2", "20260310091500", **day(14)))
    here.read_all()
    here.clock.on(minutes=10)
    here.deliver_all()
    assert hours(ehr) == {"F-1": 14}
    assert made(ehr) == {"F-1": 1}
    assert len([row for row in ehr.log() if row["wrote"]]) == (1 if where == "before" else 2)


def test_a_move_that_arrives_while_its_booking_is_being_written_is_written_after_it(here, ehr):
    here.receive(siu(control_id="1", **day(9)))
    here.read_all()
    ehr.fail(delay=1.0, method="POST")
    writing = threading.Thread(target=here.deliver_all, args=(1,))
    writing.start()
    while not ehr.log():  # it is on its way
        time.sleep(0.02)
    here.receive(siu("S13", "2", "20260310091500", **day(14)))
    here.read_all()
    writing.join()
    assert (hours(ehr), [row.state for row in here.owed()]) == ({"F-1": 9}, ["owed"])
    here.deliver_all()
    assert (hours(ehr), [row.state for row in here.owed()]) == ({"F-1": 14}, ["delivered"])
    assert made(ehr) == {"F-1": 1}


def test_the_older_move_that_arrives_last_does_not_win(here, ehr):
    here.receive(siu("S13", "2", "20260310091500", **day(14)))
    here.read_all()
    here.deliver_all()
    here.receive(siu("S13", "1", "20260310091000", **day(9)))
    here.read_all()
    here.deliver_all()
    assert here.states() == {"merged": 1, "superseded": 1}
    assert hours(ehr) == {"F-1": 14}
    assert len([row for row in ehr.log() if row["wrote"]]) == 1


# ---------------------------------------------------------------- a reconcile that believes its own last receipt


def test_an_ehr_that_was_restored_from_a_backup_is_written_again(here, ehr):
    here.receive(siu(control_id="1", **day(9)))
    here.read_all()
    here.deliver_all()
    (backup,) = ehr.holds("Appointment")
    here.receive(siu("S13", "2", "20260310091500", **day(14)))
    here.read_all()
    here.deliver_all()
    ehr.hold(backup)  # our receipt says 14, they hold 9 again
    assert {drift.what for drift in here.line.reconcile("ehr")} == {"changed"}
    here.deliver_all()
    assert hours(ehr) == {"F-1": 14}
    assert {drift.what for drift in here.line.reconcile("ehr")} == {"agrees"}


def test_what_they_hold_is_compared_with_the_record_now_and_not_with_what_we_sent(here, ehr):
    here.receive(siu(control_id="1", **day(9)))
    here.read_all()
    here.deliver_all()
    here.receive(siu("S13", "2", "20260310091500", **day(14)))
    here.read_all()  # the record has moved on, nothing of it is delivered yet
    (drift,) = here.line.reconcile("ehr", dry_run=True)
    assert (drift.what, drift.field) == ("changed", "time")


def test_what_they_deleted_is_missing_asked_once_and_not_made_again(here, ehr):
    here.receive(siu(control_id="1", **day(9)))
    here.read_all()
    here.deliver_all()
    (held,) = ehr.holds("Appointment")
    ehr.drop("Appointment", held["id"])
    for _ in range(2):
        assert [drift.what for drift in here.line.reconcile("ehr")] == ["missing"]
        here.deliver_all()
    assert ehr.holds("Appointment") == []
    with here.line.store.read() as tx:
        assert [question.cause for question in questions.in_state(tx)] == ["missing"]
