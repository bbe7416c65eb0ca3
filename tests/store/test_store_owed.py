"""Owed rows: marked, leased once, settled; a mark during a write is never lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from integrator.store import Store, Tx, owed, records
from integrator.store.owed import TargetId
from tests.store.store_rows import LATER, NOW, SOON, four_workers, record

FACE = "fhir-r4/appointment"


def mark(tx: Tx, state: str = "owed", reason: str | None = None, target: str = "ehr", key: str = "aria||1") -> int:
    row = records.get(tx, "Appointment", key) or record(tx, key)
    owed.mark(tx, target, row.number, FACE, state, reason, NOW)
    return row.number


def test_what_is_owed_is_due_at_once(store: Store) -> None:
    with store.write() as tx:
        number = mark(tx)
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        assert owed.lease(tx, 5, "two", NOW, SOON) == []
    assert row.key == {"target": "ehr", "record_id": number, "face": FACE}
    assert (row.state, row.attempts, row.since, row.digest) == ("owed", 0, NOW, None)


def test_what_was_delivered_is_due_no_more_until_it_is_marked_again(store: Store) -> None:
    with store.write() as tx:
        number = mark(tx)
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        assert owed.settle(tx, row, "delivered", SOON, digest=b"digest", answer=b"sealed answer")
        assert owed.lease(tx, 5, "one", LATER, LATER) == []
        found = owed.get(tx, "ehr", number, FACE)
        assert found is not None
        assert (found.state, found.digest, found.answer, found.since) == (
            "delivered",
            b"digest",
            b"sealed answer",
            SOON,
        )
        assert (found.leased_until, found.holder, found.due_at) == (None, None, None)
        owed.mark(tx, "ehr", number, FACE, "owed", None, LATER)
        (again,) = owed.lease(tx, 5, "one", LATER, LATER + timedelta(seconds=60))
    assert (again.state, again.since, again.digest) == ("owed", LATER, b"digest")


def test_marked_while_it_was_written_it_is_still_owed(store: Store) -> None:
    with store.write() as tx:
        number = mark(tx)
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        owed.mark(tx, "ehr", number, FACE, "owed", None, NOW)
        assert owed.lease(tx, 5, "two", NOW, SOON) == [], "one write at a time"
        assert owed.settle(tx, row, "delivered", NOW, digest=b"of what was sent") is False
        (again,) = owed.lease(tx, 5, "two", NOW, SOON)
    assert (again.state, again.digest) == ("owed", b"of what was sent")


def test_a_worker_whose_lease_is_over_settles_nothing(store: Store) -> None:
    with store.write() as tx:
        number = mark(tx)
        (slow,) = owed.lease(tx, 5, "slow", NOW, SOON)
        (quick,) = owed.lease(tx, 5, "quick", SOON, LATER)
        assert owed.settle(tx, slow, "delivered", SOON, digest=b"stale") is False
        assert owed.settle(tx, quick, "refused", SOON, "the target said no") is True
        found = owed.get(tx, "ehr", number, FACE)
    assert found is not None
    assert (found.state, found.reason, found.digest) == ("refused", "the target said no", None)


def test_owed_again_is_due_later_and_counts_its_attempts(store: Store) -> None:
    with store.write() as tx:
        mark(tx)
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        owed.settle(tx, row, "owed", NOW, "no connection", due_at=LATER, attempts=row.attempts + 1)
        assert owed.lease(tx, 5, "one", SOON, LATER) == []
        assert owed.next_due(tx) == LATER
        (again,) = owed.lease(tx, 5, "one", LATER, LATER)
    assert (again.attempts, again.reason, again.since) == (1, "no connection", NOW)


def test_waiting_rows_sleep_until_they_are_woken_or_due(store: Store) -> None:
    with store.write() as tx:
        start = mark(tx, "waiting", "a start", key="aria||1")
        mark(tx, key="aria||2")
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        ability = "the target cannot write Appointment"
        owed.settle(tx, row, "waiting", NOW, ability, due_at=LATER)
        assert owed.lease(tx, 5, "one", SOON, SOON) == []
        assert owed.counts(tx) == {"owed": 0, "waiting": 2, "delivered": 0, "refused": 0}
        (looked,) = owed.lease(tx, 5, "one", LATER, LATER + timedelta(seconds=9))
        assert (looked.state, looked.reason) == ("waiting", ability)
        assert owed.settle(tx, looked, "waiting", LATER, ability)
        assert owed.wake(tx, LATER, reason=ability) == 1
        assert owed.wake(tx, LATER, record_id=start) == 1
        assert owed.wake(tx, LATER) == 0
        assert len(owed.lease(tx, 5, "one", LATER, LATER)) == 2


def test_the_longest_due_come_first_and_targets_apart(store: Store) -> None:
    with store.write() as tx:
        numbers = [mark(tx, key=f"aria||{n}") for n in range(3)]
        owed.mark(tx, "ehr", numbers[2], FACE, "owed", None, NOW, due_at=NOW - timedelta(hours=1))
        owed.mark(tx, "archive", numbers[0], FACE, "owed", None, NOW)
        assert [row.record_id for row in owed.lease(tx, 1, "one", NOW, SOON)] == [numbers[2]]
        assert [row.target for row in owed.lease(tx, 9, "one", NOW, SOON, target="archive")] == ["archive"]
        assert [row.record_id for row in owed.lease(tx, 9, "one", NOW, SOON)] == numbers[:2]


def test_two_threads_never_lease_the_same_row(store: Store) -> None:
    with store.write() as tx:
        for n in range(200):
            mark(tx, key=f"aria||{n}")
    taken = four_workers(store, lambda tx, holder: [row.record_id for row in owed.lease(tx, 3, holder, NOW, SOON)])
    assert Counter(taken) == Counter(range(1, 201))


def test_only_along_an_arrow(store: Store) -> None:
    with store.write() as tx:
        mark(tx)
        (row,) = owed.lease(tx, 5, "one", NOW, SOON)
        with pytest.raises(ValueError, match="does not go from delivered to refused"):
            owed.settle(tx, replace(row, state="delivered"), "refused", NOW)


def test_lists_by_record_and_state(store: Store) -> None:
    with store.write() as tx:
        number = mark(tx)
        owed.mark(tx, "archive", number, FACE, "waiting", "a start", NOW)
        assert [row.target for row in owed.of_record(tx, number)] == ["archive", "ehr"]
        assert [row.reason for row in owed.in_state(tx, "waiting")] == ["a start"]
        assert owed.in_state(tx, "waiting", target="ehr") == []
        assert owed.counts(tx, "archive")["waiting"] == 1


def test_target_ids_are_remembered_replaced_and_forgotten(store: Store) -> None:
    with store.write() as tx:
        number = record(tx).number
        held = TargetId("ehr", number, FACE, "Appointment", "17", "1", b"digest", b"sealed", NOW)
        owed.remember(tx, held)
        assert owed.known(tx, "ehr", number, FACE) == held
        newer = replace(held, version_id="2", digest=None, at=LATER)
        owed.remember(tx, newer)
        assert owed.holding(tx, "ehr", "Appointment", "17") == newer
        assert owed.holding(tx, "archive", "Appointment", "17") is None
        assert owed.all_known(tx, "ehr") == [newer]
        owed.forget(tx, "ehr", number, FACE)
        assert owed.known(tx, "ehr", number, FACE) is None


def test_a_row_whose_worker_is_gone_is_due_when_its_lease_is_over(store: Store) -> None:
    with store.write() as tx:
        assert owed.next_due(tx) is None
        mark(tx)
        assert owed.next_due(tx) == owed.next_due(tx, "ehr") == NOW
        assert owed.next_due(tx, "archive") is None
        owed.lease(tx, 1, "gone", NOW, SOON)
        assert owed.next_due(tx) == SOON
        mark(tx, key="aria||2")
        assert owed.next_due(tx) == NOW
