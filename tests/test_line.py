"""The line, read it first: one appointment from a socket to the EHR and back."""

from __future__ import annotations

import itertools
import random
import tomllib
from pathlib import Path

import pytest

from integrator.claims import said_from_json
from integrator.config import Target
from integrator.identity import field_keys
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.store import messages, owed, questions, records
from tests.houses import NUMBER, OTHER, Sender, SetClock, house, listening, siu

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


def target(ehr, **more) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, patient_system=NUMBER_SYSTEM, timeout=5.0, **more)


def said(opened, row: records.Row):
    """A record's fields in clear."""
    with opened.line.store.read() as tx:
        participant = opened.line.linked.get(tx, row.patient)
        _, open_ = field_keys(tx, opened.line.keys, participant.patient_id)
        return said_from_json(row.kind, row.body, open_)


def test_one_appointment_from_socket_to_ehr_and_back(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here, listening(here) as port, Sender(port) as aria:
        assert b"MSA|AA|M1" in aria.send(siu(control_id="M1"))
        here.read_all()
        here.deliver_all()
        (booked,) = ehr.holds("Appointment")
        assert (booked["status"], booked["start"]) == ("booked", "2026-03-12T09:40:00+01:00")
        assert any(p["actor"].get("reference") == "Patient/htest-1" for p in booked["participant"])

        moved = siu("S13", "M2", "20260310091200", start="20260313110000", end="20260313112000", why="machine down")
        assert b"MSA|AA|M2" in aria.send(moved)
        here.read_all()
        here.deliver_all()
        (now,) = ehr.holds("Appointment")
        assert (now["id"], now["start"]) == (booked["id"], "2026-03-13T11:00:00+01:00")
        assert [drift.what for drift in here.line.reconcile("ehr")] == ["agrees"]
        assert here.states() == {"merged": 2}
        assert [row.state for row in here.owed()] == ["delivered"]


def at(hour: int) -> dict[str, str]:
    """Start and end at ten plus some hours."""
    return {"start": f"202603121{hour}0000", "end": f"202603121{hour}2000"}


def test_a_burst_of_moves_is_one_write(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu(control_id="M0"))
        for minute in range(1, 6):
            here.receive(siu("S13", f"M{minute}", f"202603100912{minute:02}", **at(minute)))
        here.read_all()
        here.deliver_all()
        assert len([row for row in ehr.log() if row["wrote"]]) == 1
        assert here.states() == {"merged": 6}


def test_what_is_already_so_writes_nothing(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu(control_id="M1"))
        here.read_all()
        here.deliver_all()
        before = ehr.last()
        here.receive(siu(control_id="M1"))  # the same bytes
        here.receive(siu(control_id="M2", sent="20260310091000"))  # the same fact
        here.read_all()
        here.deliver_all()
        assert here.states() == {"merged": 1, "unchanged": 1}
        assert [row for row in ehr.log(before) if row["method"] != "GET"] == []


def test_messages_of_others_are_unwanted_and_read_again_when_they_are_linked(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu(number=OTHER, filler="F-9"))
        here.read_all()
        assert here.states() == {"unwanted": 1}
        assert here.records() == []
        from integrator.doings import Doings

        done = Doings(here.line, lambda: None).participant_add("DISPO-HTEST-002", OTHER, "1960-01-01", "2026-03-01")
        assert done["read_again"] == 1
        here.read_all()
        here.deliver_all()
        assert here.states() == {"merged": 1}
        assert len(ehr.holds("Appointment")) == 1


def test_before_the_consent_nothing_is_read(tmp_path):
    with house(tmp_path) as here:
        here.receive(siu(start="20260301094000", end="20260301100000"))
        here.read_all()
        assert here.states() == {"unwanted": 1}


def test_a_known_appointment_with_another_patient_is_a_question_and_waits(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        from integrator.doings import Doings

        Doings(here.line, lambda: None).participant_add("DISPO-HTEST-002", OTHER, "1960-01-01", "2026-03-01")
        here.receive(siu(control_id="M1"))
        here.read_all()
        here.receive(siu("S13", "M2", "20260310091000", number=OTHER))
        here.read_all()
        assert here.states() == {"merged": 1, "held": 1}
        assert [(row.state, row.reason) for row in here.owed()] == [("waiting", "a person: another patient")]
        here.deliver_all()
        assert ehr.holds("Appointment") == []
        with here.line.store.read() as tx:
            assert [q.cause for q in questions.in_state(tx)] == ["other patient"]


def test_an_unknown_activity_is_kept_and_not_sent(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu(activity="RT-MYSTERY"))
        here.read_all()
        here.deliver_all()
        assert [(row.state, row.reason) for row in here.owed()] == [("waiting", "an answer: what is this activity")]
        assert ehr.holds("Appointment") == []
        with here.line.store.read() as tx:
            assert "RT-MYSTERY" in questions.in_state(tx)[0].text


def test_an_ehr_that_only_reads_makes_the_row_wait_and_says_so(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db", settings="epic-like") as ehr:
        ehr.hold(PATIENT)
        with house(tmp_path, (target(ehr),)) as here:
            here.receive(siu())
            here.read_all()
            here.deliver_all()
            assert [(r.state, r.reason) for r in here.owed()] == [("waiting", "the target cannot write Appointment")]
            assert not [row for row in ehr.log() if row["wrote"]]


def test_a_foreign_edit_of_our_field_is_drift_is_written_once_and_then_waits_for_a_person(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        for expected in ("delivered", "waiting"):
            (held,) = ehr.holds("Appointment")
            edited = {**held, "start": "2026-03-20T09:00:00+01:00", "end": "2026-03-20T09:20:00+01:00"}
            edited["comment"] = "written by the ward"
            ehr.hold(edited)
            drift = here.line.reconcile("ehr")
            assert "time" in {one.field for one in drift}
            here.deliver_all()
            assert [row.state for row in here.owed()] == [expected]
            here.clock.on(minutes=5)
        assert [row.reason for row in here.owed()] == ["a person: the target changed it again within the hour"]


def test_a_copy_that_somebody_else_wrote_is_left_and_asked_about(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        theirs = {key: value for key, value in held.items() if key not in ("meta", "id")}
        ehr.hold({**theirs, "description": "written by the ward"})
        (row,) = here.owed()
        with here.line.store.write() as tx:  # as if the answer to our write had been lost
            owed.forget(tx, "ehr", row.record_id, row.face)
            owed.mark(tx, "ehr", row.record_id, row.face, "owed", None, here.clock.now())
        here.deliver_all()
        assert [one["status"] for one in ehr.holds("Appointment")] == ["booked", "booked"]
        with here.line.store.read() as tx:
            assert [q.cause for q in questions.in_state(tx)] == ["double"]


def test_a_dry_run_of_reconcile_owes_nothing(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu())
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        ehr.hold({**held, "start": "2026-03-20T09:00:00+01:00", "end": "2026-03-20T09:20:00+01:00"})
        assert here.line.reconcile("ehr", dry_run=True)[0].what == "changed"
        assert [row.state for row in here.owed()] == ["delivered"]


# ---------------------------------------------------------------- each trigger alone

CASES = tomllib.loads((Path(__file__).parent / "cases/merge/trigger-alone.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['trigger']}-{'with' if c['time'] else 'without'}-time")
def test_each_trigger_alone_has_its_record_and_what_is_owed(tmp_path, case):
    nowhere = Target(name="ehr", system="ehr", base="http://127.0.0.1:9/fhir")
    with house(tmp_path, (nowhere,)) as here:
        here.receive(siu(case["trigger"], start="20260312094000" if case["time"] else None))
        here.read_all()
        (row,) = here.records()
        fields = said(here, row)
        assert fields.get("status", "unsaid") == case["status"]
        assert (fields.get("evidence") or "unsaid") == case["evidence"]
        assert ("time" in fields) == case["time"]
        rows = here.owed()
        owes = "nothing" if not rows else rows[0].state if rows[0].reason is None else f"waiting: {rows[0].reason}"
        assert owes == case["owed"]


# ---------------------------------------------------------------- order

SEVEN = [
    siu("S12", "A", "20260310080000"),
    siu("S13", "B", "20260310080100", start="20260312110000", end="20260312112000"),
    siu("S13", "C", "20260310080200", start="20260313110000", end="20260313112000", machine="LINAC 2"),
    siu("S14", "D", "20260310080300", machine="LINAC 4", start=None),
    siu("S15", "E", "20260310080400", why="patient unwell", machine=""),
    siu("S17", "F", "20260310080500", machine=""),
    siu("S26", "G", "20260310080600", start="20260313110000", end="20260313112000", machine=""),
]


def truth(here) -> tuple:
    """The record and the winner of each field, without versions and receipt numbers."""
    (row,) = here.records()
    with here.line.store.read() as tx:
        from integrator.claims import claims_from_json
        from integrator.merge import fold

        participant = here.line.linked.get(tx, row.patient)
        _, open_ = field_keys(tx, here.line.keys, participant.patient_id)
        claims = claims_from_json(row.kind, row.claims, open_)
        folded = fold(row.kind, claims, lambda field: here.line.settings.owner(row.kind, field))
        body = said_from_json(row.kind, row.body, open_)
        assert body == folded.said
        return body, {f: (c.value, c.origin.system, c.origin.at) for f, c in folded.winners.items()}


def test_fifty_arrivals_through_the_store_end_in_one_record(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    orders = draw.sample(list(itertools.permutations(SEVEN)), 50)
    results = []
    for number, order in enumerate(orders):
        folder = tmp_path / str(number)
        folder.mkdir()
        with house(folder) as here:
            arrivals = list(order)
            for body in order:  # doubled by a resender: another control id, all else alike
                again = body.replace(b"||SIU^", b"||SIU^", 1)
                again = replace_control_id(again)
                arrivals.insert(draw.randrange(len(arrivals) + 1), again)
            for body in arrivals:
                here.receive(body)
                if draw.random() < 0.5:
                    here.read_all()
            here.read_all()
            results.append(truth(here))
    assert all(result == results[0] for result in results), f"seed {seed}"
    assert results[0][0]["status"] == "entered-in-error"


def replace_control_id(body: bytes) -> bytes:
    fields = body.split(b"|")
    fields[9] += b"x"
    return b"|".join(fields)


def test_with_equal_times_processing_in_any_order_by_two_workers_and_replay_gives_equal_records(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    at = "20260310080000"
    bodies = [
        siu("S12", "A", at),
        siu("S13", "B", at, start="20260312110000", end="20260312112000"),
        siu("S13", "C", at, start="20260313110000", end="20260313112000", machine="LINAC 2"),
        siu("S15", "D", at, why="patient unwell", machine=""),
        siu("S14", "E", at, machine="LINAC 4", start=None),
    ]
    results = []
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        with house(folder) as here:
            here.receive(*bodies)  # arrival is fixed: receipt numbers 1 to 5
            with here.line.store.write() as tx:
                taken = messages.lease(tx, 10, "test", here.clock.now(), here.clock.now())
            draw.shuffle(taken)
            workers = [taken[::2], taken[1::2]]  # two workers, each with its share, taking turns by chance
            while any(workers):
                worker = draw.choice([w for w in workers if w])
                message = worker.pop(0)
                with here.line.store.write() as tx:
                    here.line.merge(tx, message, here.line.read(message))
            results.append(truth(here))
            replayed = here.line.read_again([m.id for m in taken])
            assert replayed["changed"] == 0
            results.append(truth(here))
    assert all(result == results[0] for result in results), f"seed {seed}"


def test_a_late_booking_after_its_cancellation_does_not_revive_it(tmp_path, ehr):
    with house(tmp_path, (target(ehr),)) as here:
        here.receive(siu("S15", "M2", "20260310090500", why="patient unwell"))
        here.read_all()
        here.receive(siu("S12", "M1", "20260310090000"))
        here.read_all()
        here.deliver_all()
        (held,) = ehr.holds("Appointment")
        assert held["status"] == "cancelled"
        assert here.states() == {"merged": 1, "superseded": 1}


def test_a_clock_that_is_a_day_late_makes_one_question_for_its_source(tmp_path):
    with house(tmp_path) as here:
        old = "20260308090000"
        here.receive(siu(control_id="M1", sent=old), siu(control_id="M2", sent=old, filler="F-2"))
        here.read_all()
        with here.line.store.read() as tx:
            assert [(q.cause, q.count) for q in questions.in_state(tx)] == [("late", 2)]


def test_a_source_time_ahead_of_our_clock_is_not_believed(tmp_path):
    with house(tmp_path) as here:
        here.receive(siu(sent="20270101000000"))
        assert here.message(1).source_time == here.clock.now()
        assert here.message(1).source_time_note == "ahead of our clock"


def test_consent_ends_and_the_clock_is_the_tests(tmp_path):
    clock = SetClock()
    with house(tmp_path, clock=clock) as here:
        here.receive(siu(number=OTHER))
        here.read_all()
        clock.on(days=15)
        from integrator.engine.clockwork import erase_due

        assert erase_due(here.line) == 1
        assert here.message(1).body is None
