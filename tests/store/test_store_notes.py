"""What the store notes beside messages and records: questions, the journal, tallies, leases by name, faces, facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrator.store import Store, faces, facts, journal, leases, messages, owed, questions, tallies
from tests.store.store_rows import LATER, NOW, SOON, message, record


def test_a_question_is_asked_once_and_counted(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message()])
        number = record(tx).number
        assert questions.ask(tx, "activity", "PLAN", "aria", "What is PLAN?", NOW, number, 1, b"sealed") is True
        assert questions.ask(tx, "activity", "PLAN", "aria", "What is PLAN, again?", SOON) is False
        assert questions.ask(tx, "activity", "RT", "aria", "What is RT?", LATER) is True
        second, first = questions.in_state(tx)
    assert (second.subject, second.count) == ("RT", 1)
    assert (first.text, first.count, first.at, first.state) == ("What is PLAN, again?", 2, SOON, "open")


def test_an_answered_question_opens_again_when_its_cause_comes_again(store: Store) -> None:
    with store.write() as tx:
        questions.ask(tx, "late", "aria", "aria", "Is its clock right?", NOW)
        (asked,) = questions.in_state(tx)
        assert questions.answer(tx, asked.id) is True
        assert questions.answer(tx, asked.id) is False
        assert questions.in_state(tx) == []
        assert [question.id for question in questions.in_state(tx, "answered")] == [asked.id]
        questions.ask(tx, "late", "aria", "aria", "Is its clock right?", SOON)
        assert [question.id for question in questions.in_state(tx)] == [asked.id]


def test_journal_entries_come_back_in_order(store: Store) -> None:
    with store.write() as tx:
        journal.write(tx, NOW, "aria", "record changed", "Appointment", 7, 2, 11, {"fields": ["time"]})
        journal.write(tx, SOON, "nurse", "participant linked", "Participant", "DISPO-001", role="nurse", outcome="ok")
        journal.write(tx, LATER, "aria", "record changed", "Appointment", 7, 3)
    with store.read() as tx:
        first, second, third = journal.since(tx)
        assert journal.about(tx, "Appointment", 7) == [first, third]
        assert journal.since(tx, second.seq) == [third]
        assert journal.since(tx, limit=1) == [first]
    assert (first.seq, first.at, first.object_version, first.message_id) == (1, NOW, 2, 11)
    assert first.detail == {"fields": ["time"]}
    assert (second.role, second.outcome, second.detail) == ("nurse", "ok", None)


def test_an_entry_carries_the_digest_of_what_it_says(store: Store) -> None:
    with store.write() as tx:
        journal.write(tx, NOW, "aria", "record changed", "Appointment", 7, 2, 11, {"fields": ["time"]})
        (entry,) = journal.since(tx)
    said = {name: getattr(entry, name) for name in entry.__match_args__ if name not in ("seq", "digest")}
    assert entry.digest == journal.digest(said)
    assert entry.digest != journal.digest({**said, "actor": "somebody else"})


@pytest.mark.parametrize("act", ["update journal set actor = 'nobody'", "delete from journal"])
def test_the_journal_is_append_only(store: Store, act: str) -> None:
    with store.write() as tx:
        journal.write(tx, NOW, "aria", "record changed")
    with pytest.raises(Exception, match="append-only"), store.write() as tx:
        tx.core.exec_driver_sql(act)
    with store.read() as tx:
        assert [entry.actor for entry in journal.since(tx)] == ["aria"]


def test_tallies_add_up(store: Store) -> None:
    with store.write() as tx:
        tallies.add(tx, "aria", "truncated")
        tallies.add(tx, "aria", "truncated", 2)
        tallies.add(tx, "aria", "junk", 7)
        tallies.add(tx, "mosaiq", "truncated")
        assert tallies.read(tx, "aria") == {("aria", "junk"): 7, ("aria", "truncated"): 3}
        assert tallies.read(tx)["mosaiq", "truncated"] == 1


def test_one_leader_at_a_time(store: Store) -> None:
    with store.write() as tx:
        assert leases.take(tx, "schedule", "one", NOW, SOON)
        assert not leases.take(tx, "schedule", "two", NOW, LATER)
        assert leases.take(tx, "schedule", "one", NOW, LATER), "the holder renews"
        assert leases.holder(tx, "schedule", SOON) == "one"
        assert leases.take(tx, "schedule", "two", LATER, LATER + timedelta(seconds=60))
        leases.give_back(tx, "schedule", "one")
        assert leases.holder(tx, "schedule", LATER) == "two"
        leases.give_back(tx, "schedule", "two")
        assert leases.holder(tx, "schedule", LATER) is None


def test_all_leases_end(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message()])
        owed.mark(tx, "ehr", record(tx).number, "fhir-r4/appointment", "owed", None, NOW)
        messages.lease(tx, 1, "dead", NOW, LATER)
        owed.lease(tx, 1, "dead", NOW, LATER)
        leases.take(tx, "schedule", "dead", NOW, LATER)
        leases.end_all(tx)
        assert len(messages.lease(tx, 1, "alive", NOW, LATER)) == 1
        assert len(owed.lease(tx, 1, "alive", NOW, LATER)) == 1
        assert leases.take(tx, "schedule", "alive", NOW, LATER)


def test_a_face_is_kept_once_by_its_hash(store: Store) -> None:
    with store.write() as tx:
        assert faces.keep(tx, "hash", "hl7v2/siu-appointment", "# a face", NOW) is True
        assert faces.keep(tx, "hash", "hl7v2/siu-appointment", "# another text", NOW) is False
        assert faces.get(tx, "hash") == ("hl7v2/siu-appointment", "# a face")
        assert faces.get(tx, "other") is None


def test_facts_are_set_and_set_again(store: Store) -> None:
    with store.write() as tx:
        assert facts.get(tx, "story began") is None
        facts.put(tx, "story began", "2026-03-02")
        facts.put(tx, "story began", "2026-03-03")
        assert facts.get(tx, "story began") == "2026-03-03"
