"""Transactions: whole or not at all, one writer at a time in turn, readers beside it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import text

from integrator.clock import Clock
from integrator.errors import RetryLater
from integrator.store import Store, Tx, facts, messages, open_store
from integrator.store.turns import Turns
from tests.store.store_rows import message


def count(store: Store) -> int:
    with store.read() as tx:
        return sum(messages.counts(tx).values())


def fail_within(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("B")])
        raise KeyError("a fault of ours")


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
    with pytest.raises(KeyError):
        fail_within(store)
    assert count(store) == 1
    with store.write() as tx:
        messages.append(tx, [message("C")])
    assert count(store) == 2


DEFERRED = {
    "sqlite": "pragma defer_foreign_keys = on",
    "postgresql": """alter table message_records
        alter constraint fk_message_records_record_id deferrable initially deferred,
        alter constraint fk_message_records_message_id deferrable initially deferred""",
}


def link_to_nothing(store: Store, through_sqlalchemy: bool) -> None:
    with store.write() as tx:
        messages.append(tx, [message("B")])
        tx.driver.execute(DEFERRED[tx.kind])  # found out by the commit, not before
        tx.driver.execute("insert into message_records (message_id, record_id, outcome) values (77, 88, 'merged')")
        if through_sqlalchemy:
            tx.value(text("select 1"))


@pytest.mark.parametrize("through_sqlalchemy", [False, True])
def test_a_commit_that_fails_leaves_nothing_and_the_next_one_works(store: Store, through_sqlalchemy: bool) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        link_to_nothing(store, through_sqlalchemy)
    assert count(store) == 0
    with store.write() as tx:
        messages.append(tx, [message("C")])
    assert count(store) == 1


def test_readers_see_only_what_is_committed(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
        assert count(store) == 0
    assert count(store) == 1


def test_a_reader_sees_one_state_to_its_end(store: Store) -> None:
    with store.read() as reading:
        assert sum(messages.counts(reading).values()) == 0
        with store.write() as tx:
            messages.append(tx, [message("A")])
        assert sum(messages.counts(reading).values()) == 0
    assert count(store) == 1


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"may (not be written|only be read)"), store.read() as tx:
        facts.put(tx, "name", "value")
    with store.read() as tx:
        assert facts.get(tx, "name") is None


def test_a_write_within_a_write_is_told_not_waited_for(store: Store) -> None:
    def nest() -> None:
        with store.write(), store.write():
            pass

    with pytest.raises(RuntimeError, match="open in this thread already"):
        nest()
    with store.write() as tx:
        facts.put(tx, "name", "still works")


def test_many_threads_write_and_none_is_lost(store: Store) -> None:
    def work(name: int) -> None:
        for n in range(25):
            with store.write() as tx:
                messages.append(tx, [message(f"{name}-{n}")])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 200
    with store.read() as tx:
        assert sorted(m.id for m in messages.page(tx, limit=500)) == list(range(1, 201))


def test_turns_are_taken_in_the_order_they_were_asked_for() -> None:
    turns, order = Turns(), []

    def work(name: int) -> None:
        with turns:
            order.append(name)

    threads = []
    with turns:
        for name in range(20):
            threads.append(threading.Thread(target=work, args=(name,)))
            threads[-1].start()
            while len(turns._queue) <= name:  # until it stands in the queue
                time.sleep(0.0005)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_busy_worker_does_not_starve_a_receiver(store: Store) -> None:
    stop, rounds = threading.Event(), [0]

    def work() -> None:
        while not stop.is_set():
            with store.write():
                rounds[0] += 1

    worker = threading.Thread(target=work)
    worker.start()
    while not rounds[0]:
        time.sleep(0.001)
    before = rounds[0]
    for _ in range(20):
        with store.write():
            pass
    stop.set()
    worker.join()
    assert rounds[0] - before < 2000


def test_a_closed_store_says_so(url: str) -> None:
    store = open_store(url, Clock())
    store.close()
    store.close()
    with pytest.raises(RetryLater, match="closed"), store.write():
        pass
    with pytest.raises(RetryLater, match="closed"), store.read():
        pass


DIE = """
import os, sys
sys.path[:0] = {path!r}
from tests.store.store_rows import message
from integrator.clock import Clock
from integrator.store import messages, open_store
store = open_store({url!r}, Clock())
for n in range(50):
    with store.write() as tx:
        messages.append(tx, [message(str(n))])
with store.write() as tx:
    messages.append(tx, [message("not committed")])
    os._exit(9)
"""


def test_what_was_committed_outlives_the_process(url: str) -> None:
    done = subprocess.run([sys.executable, "-c", DIE.format(path=sys.path, url=url)], check=False)
    assert done.returncode == 9
    with open_store(url, Clock()) as store:
        assert count(store) == 50


def test_nothing_is_left_in_a_thread_that_ended(store: Store) -> None:
    def read() -> Tx:
        with store.read() as tx:
            messages.counts(tx)
            return tx

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 0
