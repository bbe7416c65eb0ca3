"""Brings a database to the schema of this release when it is opened; refuses one of a newer release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from integrator.errors import ConfigError
from integrator.store.schema import HEAD


def migrate(
    engine: Engine,
    guard: Callable[[Connection], None],
    wait: Callable[[Connection], None] | None = None,
) -> None:
    """Runs the migrations that are missing, and after them `guard`, in one transaction that begins with `wait`.

    ConfigError: the store is of a newer release. Alembic is imported only when there is something to do: opening a
    store must be quick.
    """
    with engine.begin() as connection:
        if _found(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as connection:
        if wait:
            wait(connection)  # until no other process migrates
        found = _found(connection)
        _refuse_newer(found, config)
        if found != HEAD:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            guard(connection)


def _refuse_newer(found: str | None, config: object) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}  # type: ignore[arg-type]
    if found is not None and found not in known:
        raise ConfigError(
            f"the store has schema {found}, this release of Integrator knows schemas up to {HEAD}: "
            "it was opened by a newer release; install that one or restore a backup from before"
        )


def _found(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()
