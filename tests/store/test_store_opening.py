"""Opening: the schema is brought up to date, a newer one refused, and what cannot be opened is said in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.schema import CreateTable

import integrator.store
from integrator.clock import Clock
from integrator.errors import ConfigError
from integrator.store import messages, open_store
from integrator.store.schema import HEAD, MESSAGE_STATES, OUTCOMES, OWED_STATES, QUESTION_STATES, metadata
from tests.store.store_rows import LATER, NOW, message

MIGRATIONS = Path(integrator.store.__file__).with_name("migrations")


def test_the_newest_migration_is_the_head() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/a.db", Clock()).close()
    with create_engine(f"sqlite:///{tmp_path}/a.db").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = connection.execute(text("select name, sql from sqlite_master where type = 'table'")).all()
    checks = {row.name: sorted(part for part in row.sql.split("CONSTRAINT ") if "CHECK" in part) for row in made}
    for table in metadata.sorted_tables:
        meant = str(CreateTable(table).compile(create_engine("sqlite://")))
        wanted = sorted(part for part in meant.split("CONSTRAINT ") if "CHECK" in part)
        assert [_plain(part) for part in checks[table.name]] == [_plain(part) for part in wanted], table.name


def _plain(constraint: str) -> str:
    return "".join(constraint.split()).rstrip("),")


@pytest.mark.parametrize("states", [MESSAGE_STATES, OWED_STATES, QUESTION_STATES])
def test_every_arrow_leads_to_a_state(states: dict[str, tuple[str, ...]]) -> None:
    assert {after for arrows in states.values() for after in arrows} <= set(states)
    assert all(states.values()), "no state is a dead end"


def test_outcomes_of_records_are_states_of_messages() -> None:
    assert set(OUTCOMES) < set(MESSAGE_STATES)


def test_a_store_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    open_store(url, Clock()).close()
    with create_engine(url).begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    for _ in range(2):  # the lock was given back
        with pytest.raises(
            ConfigError, match=f"has schema 9999, this release of Integrator knows schemas up to {HEAD}"
        ):
            open_store(url, Clock())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "mysql:///a", "integrator.db", "oracle://host/name"])
def test_an_address_that_is_not_known_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="write sqlite:///PATH"):
        open_store(url, Clock())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there; `integrator init` makes it"):
        open_store(f"sqlite:///{tmp_path}/nowhere/a.db", Clock())


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"this is a letter, not a database\n" * 200)
    with pytest.raises(ConfigError, match="is not a database"):
        open_store(f"sqlite:///{tmp_path}/a.db", Clock())


def test_leases_of_a_process_that_is_gone_end_when_the_store_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with open_store(url, Clock()) as store, store.write() as tx:
        messages.append(tx, [message()])
        messages.lease(tx, 1, "gone", NOW, LATER)
    with open_store(url, Clock()) as store, store.write() as tx:
        assert [m.id for m in messages.lease(tx, 1, "here", NOW, LATER)] == [1]


OPEN = """
import sys
from integrator.clock import Clock
from integrator.store import open_store
open_store(sys.argv[1], Clock()).close()
print("alembic" in sys.modules)
"""


def test_a_store_that_is_up_to_date_opens_without_alembic(tmp_path: Path) -> None:
    said = [
        subprocess.run([sys.executable, "-c", OPEN, f"sqlite:///{tmp_path}/a.db"], capture_output=True, check=True)
        for _ in range(2)
    ]
    assert [done.stdout.split() for done in said] == [[b"True"], [b"False"]]
