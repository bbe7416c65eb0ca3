"""What nobody waits for goes to the database together: each with its own constants, in an order that keys allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrator.store import Store, messages, owed, questions, records
from integrator.store.records import Change
from integrator.store.together import together
from tests.store.store_rows import NOW, message, record

KEYS = [("Appointment", f"aria||{n}") for n in range(1, 4)]


def test_messages_settled_together_keep_their_own_states(store: Store) -> None:
    states = ("merged", "unchanged", "merged", "superseded")
    with store.write() as tx:
        numbers = messages.append(tx, [message(f"M{n}") for n in range(len(states))])
        for number, state in zip(numbers, states, strict=True):
            messages.settle(tx, number, state, None, b"sealed", release=f"release {number}", unasked=True)
    with store.read() as tx:
        found = [messages.get(tx, number) for number in numbers]
    assert [(one.state, one.release) for one in found if one] == [
        (state, f"release {number}") for number, state in zip(numbers, states, strict=True)
    ]


def test_two_marks_of_one_row_are_two_marks(store: Store) -> None:
    with store.write() as tx:
        row = record(tx)
        owed.mark(tx, "ehr", row.number, "fhir-r4/appointment", "owed", None, NOW)
        owed.mark(tx, "other", row.number, "fhir-r4/appointment", "owed", None, NOW)
        owed.mark(tx, "ehr", row.number, "fhir-r4/appointment", "waiting", "a start", NOW)
        (ehr, other) = owed.of_record(tx, row.number)
    assert (ehr.state, ehr.reason, ehr.marks, ehr.due_at) == ("waiting", "a start", 2, None)
    assert (other.state, other.marks, other.due_at) == ("owed", 1, NOW)


def test_records_made_and_changed_in_one_transaction(store: Store) -> None:
    """New ones with numbers taken before, changed more than once, and pointed at by others meanwhile."""
    with store.write() as tx:
        (number,) = messages.append(tx, [message()])
        records.reserve(tx, KEYS)
        made = [record(tx, key) for _, key in KEYS]
        for version, status in enumerate(("arrived", "fulfilled"), 2):
            change = Change(["status"], number, NOW)
            made = [records.save(tx, replace(row, body={"status": status}), change) for row in made]
            assert {row.version for row in made} == {version}
        for row in made:
            records.link(tx, number, row.number, "merged")
        questions.ask(tx, "activity", "X", "aria", "What is X?", NOW, made[0].number, number)
    with store.read() as tx:
        assert [records.get(tx, *key) for key in KEYS] == made
        versions = [[one.body["status"] for one in records.versions(tx, row.number)] for row in made]
        linked = records.links(tx, number)
    assert versions == [["booked", "arrived", "fulfilled"]] * 3
    assert linked == sorted((row.number, "merged") for row in made)


def test_what_was_looked_up_before_is_looked_up_again_after_a_change(store: Store) -> None:
    with store.write() as tx:
        row = record(tx, kind="Treatment", subject="DISPO-001")
    with store.write() as tx:
        records.look_ahead(tx, ["DISPO-001", "DISPO-002"], "Treatment")
        assert records.of_subject(tx, "DISPO-001", "Treatment") == [row]
        assert records.of_subject(tx, "DISPO-002", "Treatment") == []
        other = record(tx, "aria||2", kind="Treatment", subject="DISPO-002")
        changed = records.save(tx, replace(row, status="completed"), None)
        assert records.of_subject(tx, "DISPO-001", "Treatment") == [changed]
        assert records.of_subject(tx, "DISPO-002", "Treatment") == [other]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "INSERT INTO t (a, b, c) VALUES (%s::TEXT, %s, %s) ON CONFLICT (a) DO UPDATE SET b = excluded.b, c = %s",
            "INSERT INTO t (a, b, c) SELECT given.p0::TEXT, given.p1, given.p0 FROM"
            " unnest(%(p0)b::TEXT[], %(p1)b::BYTEA[]) AS given(p0, p1) ON CONFLICT (a) DO UPDATE SET b = excluded.b,"
            " c = %(p3)s",
        ),
        (
            "UPDATE t SET a=%s WHERE t.b = %s AND t.c = %s AND t.d = %s",
            "UPDATE t SET a=given.p0 FROM unnest(%(p0)b::TEXT[], %(p1)b::BYTEA[]) AS given(p0, p1)"
            " WHERE t.b = given.p1 AND t.c = given.p0 AND t.d = %(p3)s",
        ),
    ],
)
def test_one_text_for_many_rows(text: str, expected: str) -> None:
    made = together(text, ("x", "y", "x", "state"), ("TEXT", "BYTEA", "TEXT", "TEXT"), frozenset({"state"}))
    assert made is not None
    assert made.text == expected
    rows = [("x1", b"y1", "x1", "s"), ("x2", b"y2", "x2", "s")]
    assert made.bind(rows) == {"p0": ["x1", "x2"], "p1": [b"y1", b"y2"], "p3": "s"}


def test_a_question_has_no_such_text() -> None:
    assert together("SELECT a FROM t WHERE b = %s", ("b",), ("TEXT",), frozenset()) is None
