"""What holds for PostgreSQL alone: durability, connections that break, what it would not take, its plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integrator.clock import Clock
from integrator.errors import RetryLater
from integrator.store import (
    Store,
    acknowledgements,
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
from integrator.store.statement import Statement
from tests.postgres import Server
from tests.store.store_rows import message, record


@pytest.fixture
def url(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.take()
    yield postgres_server.url(name)
    postgres_server.give_back(name)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, Clock()) as opened:
        yield opened


def shown(store: Store, name: str) -> str:
    with store.write() as tx:
        return str(tx.core.exec_driver_sql(f"show {name}").scalar())


def test_commits_are_durable_against_loss_of_power(store: Store) -> None:
    assert (shown(store, "synchronous_commit"), shown(store, "fsync")) == ("on", "on")
    assert shown(store, "transaction_isolation") == "read committed"


# ---- connections that break


def end_connections(server: Server, url: str) -> None:
    database = url.partition("@/")[2].partition("?")[0]
    with server.admin() as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))


def test_connections_that_broke_while_nobody_used_them_are_made_anew(
    postgres_server: Server, url: str, store: Store
) -> None:
    for _ in range(3):
        with store.write() as tx:
            facts.put(tx, "name", "value")
        with store.read() as tx:
            assert facts.get(tx, "name") == "value"
        end_connections(postgres_server, url)


def test_a_connection_that_breaks_within_a_transaction_leaves_nothing(
    postgres_server: Server, url: str, store: Store
) -> None:
    def break_within(end: Callable[[], None]) -> None:
        with store.write() as tx:
            messages.append(tx, [message("A")])
            end()
            messages.append(tx, [message("B")])

    def break_before_the_commit() -> None:
        with store.write() as tx:
            messages.append(tx, [message("A")])
            end_connections(postgres_server, url)

    with pytest.raises(RetryLater, match="the store cannot be used now"):
        break_within(lambda: end_connections(postgres_server, url))
    with pytest.raises(RetryLater, match="the store cannot be used now"):
        break_before_the_commit()
    with store.write() as tx:
        assert sum(messages.counts(tx).values()) == 0
        messages.append(tx, [message("C")])


def test_a_server_that_stops_and_starts_is_found_again(postgres_server: Server, store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
    postgres_server.stop()
    try:
        with pytest.raises(RetryLater, match="no connection to the server"), store.write():
            pass
        with pytest.raises(RetryLater, match="no connection to the server"), store.read():
            pass
    finally:
        postgres_server.start()
    with store.write() as tx:
        messages.append(tx, [message("B")])
        assert messages.counts(tx)["received"] == 2


# ---- what PostgreSQL would not take


def test_a_character_that_postgresql_cannot_hold_is_replaced(store: Store) -> None:
    with store.write() as tx:
        (number,) = messages.append(tx, [message("A\0B", type="\ud800")])
        found = messages.get(tx, number)
        assert [twin.id for twin in messages.twins(tx, "aria-siu", "A\0B")] == [number]
    assert found is not None
    assert (found.control_id, found.type) == ("A\N{REPLACEMENT CHARACTER}B", "?")


def test_no_text_is_too_long(store: Store) -> None:
    with store.write() as tx:
        (number,) = messages.append(tx, [message("1", sent_at="2" * 500, type="T" * 5000, facility="F" * 5000)])
        messages.settle(tx, number, "held", "a reason " * 200)


def test_an_error_that_was_passed_over_is_not_committed(store: Store) -> None:
    def pass_over() -> None:
        with store.write() as tx:
            facts.put(tx, "name", "value")
            with pytest.raises(Exception, match="append-only"):
                tx.core.exec_driver_sql("truncate journal")

    with pytest.raises(RuntimeError, match="its error was passed over"):
        pass_over()
    with store.read() as tx:
        assert facts.get(tx, "name") is None


def test_errors_name_no_values(store: Store) -> None:
    def twice() -> None:
        with store.write() as tx:
            record(tx, "HTEST-secret")
            record(tx, "HTEST-secret")

    with pytest.raises(Exception, match="constraint") as told:
        twice()
    assert "HTEST" not in str(told.value)


# ---- plans


def named() -> dict[str, Statement]:
    modules = (acknowledgements, faces, facts, journal, leases, messages, owed, people, questions, records, tallies)
    modules += (target_ids, twins)
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": statement
        for module in modules
        for name, statement in vars(module).items()
        if isinstance(statement, Statement)
    }


def test_every_named_statement_finds_its_rows_by_an_index(store: Store) -> None:
    """Told never to go over a whole table, PostgreSQL has another way for each; COUNTS counts in an index."""
    whole = {}
    with store.write() as tx:
        tx.driver.execute("set local enable_seqscan = off")
        for name, statement in named().items():
            text = statement._for(tx).text
            for number in range(1, text.count("%s") + 1):
                text = text.replace("%s", f"${number}", 1)
            plan = [row[0] for row in tx.driver.cursor().execute(f"explain (generic_plan) {text}").fetchall()]
            if any("Seq Scan" in step for step in plan):
                whole[name] = plan
    assert whole == {}
