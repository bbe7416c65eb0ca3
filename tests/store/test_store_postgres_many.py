"""Many processes over one store in PostgreSQL: what is done once, who waits for whom, what each sees of the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from integrator.clock import Clock
from integrator.errors import RetryLater
from integrator.store import Store, journal, messages, open_store, owed, people, questions, records
from integrator.store.records import Change
from tests.houses import wait_for
from tests.postgres import Server
from tests.store.store_rows import NOW, message, record


@pytest.fixture
def url(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.take()
    yield postgres_server.url(name)
    postgres_server.give_back(name)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, Clock()) as opened:
        yield opened


@pytest.fixture
def other(url: str) -> Iterator[Store]:
    """The same store as another process has it."""
    with open_store(url, Clock()) as opened:
        yield opened


def test_transactions_that_wait_for_each_other_are_told_and_one_of_them_is_done(store: Store, other: Store) -> None:
    with store.write() as tx:
        rows = [record(tx, "aria||1"), record(tx, "aria||2")]
    meet = threading.Barrier(2)

    def crosswise(one: Store, order: list[records.Row]) -> str:
        try:
            with one.write() as tx:
                records.get(tx, order[0].kind, order[0].key)
                meet.wait()
                records.get(tx, order[1].kind, order[1].key)
        except RetryLater as later:
            return str(later)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(crosswise, (store, other), (rows, rows[::-1])))
    assert sorted(said) == ["done", "the store cannot be used now: two transactions waited for each other"]


def test_a_record_that_two_processes_make_at_once_is_made_once(store: Store, other: Store) -> None:
    made, tried = threading.Event(), threading.Event()

    def second() -> records.Row:
        made.wait()
        with other.write() as tx:
            tried.set()
            found = records.get(tx, "Appointment", "aria||1")
            assert found is not None
            return records.save(tx, replace(found, body={"status": "cancelled"}), Change(["status"], None, NOW))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        with store.write() as tx:
            assert records.get(tx, "Appointment", "aria||1") is None
            made.set()
            tried.wait()
            first = record(tx, "aria||1")
        then = waiting.result(timeout=10)
    assert (then.id, then.version, first.version) == (first.id, 2, 1)


def test_what_is_locked_in_one_transaction_is_waited_for_in_another(store: Store, other: Store) -> None:
    order: list[str] = []
    held = threading.Event()

    def second() -> None:
        held.wait()
        with other.write() as tx:
            tx.lock(["b", "a"])
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        with store.write() as tx:
            tx.lock(["a"])
            held.set()
            wait_for(lambda: waiting_for_locks(store) == 1)
            order.append("first")
        waiting.result(timeout=10)
    assert order == ["first", "second"]


def waiting_for_locks(store: Store) -> int:
    with store.read() as tx:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        return int(tx.core.exec_driver_sql(waiting).scalar() or 0)


def test_a_participant_linked_by_another_process_is_known_at_once(store: Store, other: Store) -> None:
    def told(one: Store) -> tuple[int, int]:
        with one.write() as tx:
            return one.told(tx, people.CHANGED)

    before = told(store)
    with other.write() as tx:
        people.begin_change(tx)
        people.add_number(tx, b"index", people.new_patient(tx), b"sealed")
        people.changed(tx)
    assert told(store) != before
    assert told(store) == told(store)


def test_who_is_in_the_trial_does_not_change_while_somebody_works_by_it(store: Store, other: Store) -> None:
    order: list[str] = []
    asked = threading.Event()

    def link() -> None:
        asked.wait()
        with other.write() as tx:
            people.begin_change(tx)
            order.append("linked")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(link)
        with store.write() as tx:
            store.told(tx, people.CHANGED)
            asked.set()
            wait_for(lambda: waiting_for_locks(store) == 1)
            order.append("merged")
        waiting.result(timeout=10)
    assert order == ["merged", "linked"]


def test_the_same_question_asked_at_once_is_one(store: Store, other: Store) -> None:
    def ask(one: Store) -> bool:
        with one.write() as tx:
            return questions.ask(tx, "late", "aria", "aria", "Is its clock right?", NOW)

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(ask, [store, other] * 8))
    with store.read() as tx:
        (asked,) = questions.in_state(tx)
    assert (sum(new), asked.count) == (1, 16)


def test_numbers_follow_the_order_of_a_batch_whoever_else_writes(store: Store, other: Store) -> None:
    def append(one: Store) -> list[int]:
        with one.write() as tx:
            return messages.append(tx, [message(str(n)) for n in range(50)])

    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(append, [store, other] * 8))
    assert sorted(number for batch in batches for number in batch) == list(range(1, 801))
    with store.read() as tx:
        for batch in batches:
            assert batch == sorted(batch)
            assert [messages.get(tx, number).control_id for number in batch] == [str(n) for n in range(50)]  # type: ignore[union-attr]


def test_an_owed_row_and_the_journal_are_written_by_many(store: Store, other: Store) -> None:
    with store.write() as tx:
        number = record(tx).number

    def mark(one: Store) -> None:
        with one.write() as tx:
            records.get(tx, "Appointment", "aria||1")
            owed.mark(tx, "ehr", number, "fhir-r4/appointment", "owed", None, NOW)
            journal.write(tx, NOW, "line", "record changed")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(mark, [store, other] * 8))
    with store.read() as tx:
        (row,) = owed.of_record(tx, number)
        assert row.marks == 16
        assert len(journal.since(tx)) == 16
