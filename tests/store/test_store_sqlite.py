"""What holds for SQLite alone: durability, one writer that checkpoints, the lock file, modes, the full disk."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.clock import Clock
from integrator.errors import ConfigError, RetryLater
from integrator.store import (
    Store,
    Tx,
    faces,
    facts,
    journal,
    leases,
    messages,
    open_store,
    owed,
    people,
    questions,
    records,
    tallies,
    target_ids,
    twins,
)
from integrator.store.schema import metadata
from integrator.store.statement import Statement
from tests.store.store_rows import NOW, SOON, message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "integrator.db"


@pytest.fixture
def opened(file: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{file}", Clock()) as store:
        yield store


def pragma(tx: Tx, name: str) -> object:
    return tx.core.exec_driver_sql(f"pragma {name}").scalar()


def test_commits_are_durable_against_loss_of_power(opened: Store) -> None:
    with opened.write() as tx:
        assert pragma(tx, "journal_mode") == "wal"
        assert pragma(tx, "synchronous") == 2  # FULL: the log is synced at each commit
        assert pragma(tx, "foreign_keys") == 1
        assert pragma(tx, "secure_delete") == 1
        assert pragma(tx, "busy_timeout") == 5000


def test_only_the_writer_writes_and_checkpoints(opened: Store) -> None:
    with opened.write() as tx:
        assert pragma(tx, "wal_autocheckpoint") == 1000
        assert pragma(tx, "query_only") == 0
    with opened.read() as tx:
        assert pragma(tx, "wal_autocheckpoint") == 0
        assert pragma(tx, "query_only") == 1


def test_a_number_that_was_rolled_back_is_given_again(opened: Store) -> None:
    def fail() -> None:
        with opened.write() as tx:
            assert messages.append(tx, [message("A")]) == [1]
            raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        fail()
    with opened.write() as tx:
        assert messages.append(tx, [message("B")]) == [1]


def test_there_is_one_writing_connection(opened: Store) -> None:
    connections = set()
    for _ in range(3):
        with opened.write() as tx:
            connections.add(id(tx.core.connection.driver_connection))
    assert len(connections) == 1


def test_the_log_is_folded_in_at_the_end(file: Path) -> None:
    with open_store(f"sqlite:///{file}", Clock()) as store:
        with store.write() as tx:
            messages.append(tx, [message()])
        with store.read() as tx:
            messages.counts(tx)
        assert file.with_name("integrator.db-wal").stat().st_size > 0
    assert not file.with_name("integrator.db-wal").exists()


def test_only_the_owner_may_read_the_files(opened: Store, file: Path) -> None:
    with opened.write() as tx:
        messages.append(tx, [message()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"integrator.db", "integrator.db-wal", "integrator.db.lock"} <= set(modes)


HOLD = """
import sys
from integrator.clock import Clock
from integrator.store import open_store
store = open_store(sys.argv[1], Clock())
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, f"sqlite:///{file}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_who_holds_the_store(file: Path, holder: subprocess.Popen[bytes]) -> None:
    with pytest.raises(ConfigError, match=rf"is in use by process {holder.pid} since 20\d\d-"):
        open_store(f"sqlite:///{file}", Clock())


def test_a_killed_process_holds_nothing(file: Path, holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    open_store(f"sqlite:///{file}", Clock()).close()


def test_the_same_process_cannot_open_it_twice(opened: Store, file: Path) -> None:
    with pytest.raises(ConfigError, match="is in use by process"):
        open_store(f"sqlite:///{file}", Clock())


def test_a_full_disk_passes(opened: Store) -> None:
    with opened.write() as tx:
        pages = pragma(tx, "page_count")
        tx.core.exec_driver_sql(f"pragma max_page_count = {pages}")

    def fill() -> None:
        with opened.write() as tx:
            messages.append(tx, [message(str(n), body=b"x" * 5000) for n in range(50)])

    with pytest.raises(RetryLater, match="the disk is full"):
        fill()
    with opened.write() as tx:
        tx.core.exec_driver_sql("pragma max_page_count = 1000000")
    fill()
    with opened.read() as tx:
        assert messages.counts(tx)["received"] == 50


def test_erased_bodies_are_overwritten_in_the_file(file: Path) -> None:
    with open_store(f"sqlite:///{file}", Clock()) as store, store.write() as tx:
        messages.append(tx, [message(body_key=b"the wrapped key of A"), message("B")])
        messages.settle(tx, 1, "unwanted", "of nobody in the trial", erase_at=NOW)
        messages.settle(tx, 2, "unwanted", "of nobody in the trial", erase_at=SOON)
    assert b"the wrapped key of A" in file.read_bytes()
    with open_store(f"sqlite:///{file}", Clock()) as store, store.write() as tx:
        messages.erase_due(tx, NOW)
    assert b"the wrapped key of A" not in file.read_bytes()
    assert b"sealed body of MSG1" not in file.read_bytes()
    assert b"sealed body of B" in file.read_bytes()


MODULES = (faces, facts, journal, leases, messages, owed, people, questions, records, tallies, target_ids, twins)
STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in MODULES
    for name, statement in vars(module).items()
    if isinstance(statement, Statement)
} | {
    "messages.settling": messages.settling("merged", ("reason",)),
    "owed.settling": owed.settling(("state",), unmarked=True),
}
WHOLE = {
    "messages.COUNTS",  # counts all, in an index
    "twins.TWINS_OF_MANY",  # this and the next six are for PostgreSQL
    "records.GET_MANY",
    "records.NUMBERS",
    "records.OF_SUBJECTS",
    "owed.OF_MANY",
    "people.SEALED_NUMBERS",
    "people.WRAPPED_KEYS",
    "records.INSERT",  # looks at foreign keys only where a row is replaced, which never is
}


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - WHOLE))
def test_no_named_statement_goes_over_a_whole_table(opened: Store, name: str) -> None:
    with opened.write() as tx:
        compiled = STATEMENTS[name]._for(tx)
        plan = tx.driver.execute(f"explain query plan {compiled.text}", [None] * len(compiled.names)).fetchall()
    steps = [step[3].split() for step in plan]
    assert not [words for words in steps if words[0] == "SCAN" and words[1] in metadata.tables]
