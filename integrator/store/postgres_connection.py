"""A connection to PostgreSQL: how it is made, what it must promise, what its errors mean in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrBinaryDumper, StrDumper
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from integrator.errors import ConfigError

OLDEST = 13  # major version
DEFAULTS = {
    "application_name": "integrator",
    "connect_timeout": "5",  # seconds
    "target_session_attrs": "read-write",  # of several hosts the one that may write
    "keepalives_idle": "30",  # seconds; a cable that was cut is noticed
    "tcp_user_timeout": "30000",  # milliseconds; also in the middle of a statement
    "client_encoding": "utf8",
}
PROMISES = """select current_setting('synchronous_commit'), current_setting('fsync'),
current_setting('server_encoding'), current_setting('server_version_num')::int / 10000"""
PASSING = {  # SQLSTATE, or how it begins
    "08": "the connection to the server broke",
    "08P01": "",  # a fault of ours
    "40001": "another transaction changed the same",
    "40P01": "two transactions waited for each other",
    "53100": "the disk of the server is full",
    "53": "the server has no more connections or memory to give",
    "55P03": "something is locked for too long",
    "57": "the server stops, starts or ended the statement",
    "58": "the disk of the server fails",
    "25006": "the server may only be read (a standby?)",
    "25P03": "the transaction was idle for too long",
    "42501": "this role may not do that; it needs select, insert, update and delete on our tables",
}
NO_CONNECTION = "no connection to the server"


class NotDurable(psycopg.OperationalError):
    """The server would lose what it has confirmed, or cannot hold what we write."""


def holdable(text: str) -> str:
    """What PostgreSQL can hold of a text: the character NUL, which a sender may well send, and half a surrogate pair
    become replacement characters. The sender's own bytes are kept as they are in the body."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


class Words(StrDumper):
    """A text."""

    def dump(self, obj: str) -> Any:
        """In the connection's encoding."""
        try:
            return super().dump(obj)
        except (psycopg.DataError, UnicodeEncodeError):
            return super().dump(holdable(obj))


class BinaryWords(StrBinaryDumper):
    """A text among binary values."""

    def dump(self, obj: str) -> Any:
        """In the connection's encoding; that of the server is the one that would find NUL."""
        return super().dump(holdable(obj) if "\0" in obj or not obj.isascii() else obj)


class PostgresConnection(psycopg.Connection[Any]):
    """A connection whose own `execute` has one cursor, with rows in binary form: half the work of a new one each time.

    What it returns is to be fetched before the next. Cursors of SQLAlchemy's are their own.
    """

    _ours: psycopg.Cursor[Any] | None = None

    def execute(self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool = True) -> Any:
        """Runs a statement of ours."""
        if self._ours is None:
            self._ours = self.cursor(binary=binary)
        return self._ours.execute(query, params, prepare=prepare)

    def executemany(self, query: Any, rows: Iterable[Any]) -> None:
        """Runs a statement once for each row of parameters, without waiting between them."""
        with self.cursor() as cursor:
            cursor.executemany(query, rows)


def place(url: str) -> Mapping[str, Any]:
    """The parts of an address, with what we want where it says nothing. ConfigError: it cannot be read."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error as wrong:
        raise ConfigError(f"store: {str(wrong).strip()}; write postgresql://USER@HOST/DATABASE") from wrong
    if given.get("password"):
        raise ConfigError("store: the password stands in a password file (PGPASSFILE, or ~/.pgpass), not here")
    return {**DEFAULTS, **{name: value for name, value in given.items() if value}}


def engine(place: Mapping[str, Any], kept: int, more: int) -> Engine:
    """A pool of connections to one place. The driver begins no transaction by itself: words of ours do."""

    def connect() -> PostgresConnection:
        connection = PostgresConnection.connect(**place, autocommit=True)
        connection.adapters.register_dumper(str, BinaryWords)
        connection.adapters.register_dumper(str, Words)
        try:
            _promises(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    made = create_engine(
        "postgresql+psycopg://",
        creator=connect,
        paramstyle="format",
        pool_size=kept,
        max_overflow=more,
        pool_timeout=30,
        pool_use_lifo=True,
        use_native_hstore=False,
        hide_parameters=True,
    )

    @event.listens_for(made, "begin")
    def start(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if driver.info.transaction_status == pq.TransactionStatus.IDLE:  # else a transaction of ours is open
            driver.execute("begin")

    return made


def _promises(connection: PostgresConnection) -> None:
    commit, fsync, encoding, version = connection.execute(PROMISES).fetchone()
    if "off" in (commit, fsync):
        name = "synchronous_commit" if commit == "off" else "fsync"
        raise NotDurable(f"{name} is off: what was acknowledged could be lost; set it to on")
    if encoding != "UTF8":
        raise NotDurable(f"the database is encoded in {encoding}; make one with encoding UTF8")
    if version < OLDEST:
        raise NotDurable(f"PostgreSQL {version} is too old; {OLDEST} or later is needed")


def refuse_broken_off(driver: Any) -> None:
    """A transaction in which a statement failed cannot be committed, though PostgreSQL would say that it was."""
    if driver.info.transaction_status == pq.TransactionStatus.INERROR:
        raise RuntimeError("a statement of this transaction failed and its error was passed over")


def lock_number(name: str) -> int:
    """The number under which a name is locked; signed, 64 bits."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


def passing(error: Exception) -> str | None:
    """What is wrong in words, where it passes by itself or an operator mends it while we wait; None: our fault.

    The values of a row, which PostgreSQL likes to tell, are taken out of the error.
    """
    if isinstance(error, PoolTimeout):
        return "every connection to the server is in use"
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        cause.args = error.args = (cause.diag.message_primary,)
    if isinstance(cause, NotDurable):
        return str(cause)
    state = getattr(cause, "sqlstate", None) or ""
    for length in (5, 2):
        if state[:length] in PASSING:
            return PASSING[state[:length]]
    return NO_CONNECTION if isinstance(cause, psycopg.OperationalError) else None


def words(error: Exception) -> str:
    """What PostgreSQL says, in one line and without values; and what to do where we know it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        said = cause.diag.message_primary
    else:
        said = str(cause).strip().splitlines()[0] if str(cause).strip() else NO_CONNECTION
    if getattr(cause, "sqlstate", None) == "42501":
        return f"{said}; the role needs CREATE on its schema when a release is first started"
    return said
