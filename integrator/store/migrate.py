"""Brings a database to the schema of this release when it is opened; refuses one of a newer release."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from integrator.errors import ConfigError
from integrator.store.schema import HEAD


def migrate(engine: Engine) -> bool:
    """Runs the migrations that are missing; True if there were any. ConfigError: the store is of a newer release.

    Alembic is imported only when there is something to do: opening a store must be quick.
    """
    found = _found(engine)
    if found == HEAD:
        return False
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(
            f"the store has schema {found}, this release of Integrator knows schemas up to {HEAD}: "
            "it was opened by a newer release; install that one or restore a backup from before"
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _found(engine: Engine) -> str | None:
    with engine.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()
