"""Opening a store in PostgreSQL: who is let in, what a server must promise, several that open it at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from integrator.clock import Clock
from integrator.errors import ConfigError, RetryLater
from integrator.store import facts, messages, open_store
from integrator.store.schema import metadata
from tests.postgres import Server
from tests.store.store_rows import message


@pytest.fixture
def url(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.take()
    yield postgres_server.url(name)
    postgres_server.give_back(name)


def test_a_server_that_would_lose_what_it_confirmed_is_refused(postgres_server: Server, url: str) -> None:
    database = url.partition("@/")[2].partition("?")[0]
    with postgres_server.admin() as admin:
        admin.execute(f"alter database {database} set synchronous_commit = off")
        try:
            with pytest.raises(ConfigError, match="synchronous_commit is off: what was acknowledged could be lost"):
                open_store(url, Clock())
        finally:
            admin.execute(f"alter database {database} reset synchronous_commit")
    open_store(url, Clock()).close()


def test_a_connection_that_would_lose_is_refused_while_we_run_too(postgres_server: Server, url: str) -> None:
    database = url.partition("@/")[2].partition("?")[0]
    with open_store(url, Clock()) as store, postgres_server.admin() as admin:
        admin.execute(f"alter database {database} set synchronous_commit = off")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))
        try:
            with pytest.raises(RetryLater, match="synchronous_commit is off"), store.write() as tx:
                facts.put(tx, "name", "value")
        finally:
            admin.execute(f"alter database {database} reset synchronous_commit")
        with store.write() as tx:
            facts.put(tx, "name", "value")


def test_what_cannot_be_opened_is_told_in_words(postgres_server: Server) -> None:
    with pytest.raises(ConfigError, match='database "nowhere" does not exist'):
        open_store(postgres_server.url("nowhere"), Clock())
    with pytest.raises(ConfigError, match='role "nobody_of_ours" does not exist'):
        open_store(postgres_server.url("postgres", user="nobody_of_ours"), Clock())
    with pytest.raises(ConfigError, match="cannot be opened: connection failed"):
        open_store("postgresql://postgres@127.0.0.1:9/integrator", Clock())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://anna:secret@host/db", "the password stands in a password file"),
        ("postgresql://host/db?colour=red", "colour"),
        ("postgresql://host:port/db", "cannot be opened"),
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        open_store(url, Clock())
    assert "secret" not in str(error.value)


@pytest.fixture
def clerk(postgres_server: Server) -> Iterator[str]:
    """The address of an empty database for a role that may only connect."""
    name = postgres_server.new()
    with postgres_server.admin() as admin:
        admin.execute("create role clerk login")
    yield postgres_server.url(name, user="clerk")
    with postgres_server.admin(name) as admin:
        admin.execute("drop owned by clerk")
        admin.execute("drop role clerk")


def test_a_role_that_may_not_make_tables_is_told_what_it_needs(clerk: str) -> None:
    with pytest.raises(ConfigError, match="permission denied for schema public; the role needs CREATE on its schema"):
        open_store(clerk, Clock())


def test_a_role_that_may_only_work_works_and_says_what_it_misses(postgres_server: Server, clerk: str) -> None:
    name = clerk.partition("@/")[2].partition("?")[0]
    open_store(postgres_server.url(name), Clock()).close()
    with postgres_server.admin(name) as admin:
        admin.execute("grant select, insert, update, delete on all tables in schema public to clerk")
        admin.execute("grant usage on all sequences in schema public to clerk")
        with open_store(clerk, Clock()) as store:
            with store.write() as tx:
                assert messages.append(tx, [message()]) == [1]
            admin.execute("revoke insert on messages from clerk")
            with pytest.raises(RetryLater, match="this role may not do that"), store.write() as tx:
                messages.append(tx, [message("B")])


MADE = {
    "columns": "select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns "
    "where table_schema = 'public'",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
    "where connamespace = 'public'::regnamespace",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
}


def test_the_migrations_make_the_tables_of_the_schema(postgres_server: Server) -> None:
    migrated, meant = postgres_server.new(), postgres_server.new()
    open_store(postgres_server.url(migrated), Clock()).close()
    with postgres_server.admin(meant) as admin:
        engine = create_engine("postgresql+psycopg://", creator=lambda: admin, poolclass=StaticPool)
        metadata.create_all(engine)
        wanted = {what: admin.execute(query).fetchall() for what, query in MADE.items()}
    with postgres_server.admin(migrated) as admin:
        found = {what: admin.execute(query).fetchall() for what, query in MADE.items()}
    for what, rows in wanted.items():
        ours = [row for row in found[what] if row[0] != "alembic_version"]
        assert sorted(map(str, ours)) == sorted(map(str, rows)), what


def test_a_store_of_a_newer_release_is_refused_and_left_alone(postgres_server: Server) -> None:
    name = postgres_server.new()
    open_store(postgres_server.url(name), Clock()).close()
    with postgres_server.admin(name) as admin:
        admin.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(ConfigError, match="has schema 9999, this release of Integrator knows schemas up to"):
        open_store(postgres_server.url(name), Clock())


def test_several_that_open_a_new_database_at_once_migrate_it_once(postgres_server: Server) -> None:
    url = postgres_server.url(postgres_server.new())
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(url, Clock()), range(4)))
    for store in stores:
        with store.write() as tx:
            messages.append(tx, [message()])
        store.close()
