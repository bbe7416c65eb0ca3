"""What the sandbox EHR keeps: every version of every resource and every request, in its own SQLite file.

The present versions also stand in memory, so that searches are plain Python. Each request is one `transaction`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SCHEMA = """
create table if not exists versions (
    type text not null, id text not null, version integer not null, method text not null, updated text not null,
    body text,                                    -- null: this version is the deletion
    primary key (type, id, version));
create table if not exists requests (
    seq integer primary key autoincrement, at text not null, method text not null, path text not null,
    query text not null, headers text not null, body text not null,
    status integer,                               -- null: the connection was closed without an answer
    answer text not null, wrote text, fault text);
"""
LATEST = """
select type, id, version, updated, body from (
    select *, row_number() over (partition by type, id order by version desc) as nth,
        min(versions.rowid) over (partition by type, id) as made from versions)
where nth = 1 order by made
"""


@dataclass(frozen=True)
class Held:
    """The present version of one resource; `resource` is None after its deletion. `moment` says when it was born."""

    type: str
    id: str
    version: int
    updated: str
    resource: dict[str, Any] | None
    moment: int


class EhrStore:
    """Resources with their versions, and the request log."""

    def __init__(self, file: Path | str):
        self.lock = threading.RLock()
        self.moment = 0  # counts changes; a request remembers the moment at which it came
        self.present: dict[str, dict[str, Held]] = defaultdict(dict)
        self.identified: dict[tuple[str, str], set[str]] = defaultdict(set)  # (type, value) -> ids
        self.connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self.connection.execute("pragma journal_mode = wal")
        self.connection.execute("pragma synchronous = normal")
        self.connection.executescript(SCHEMA)
        self.connection.execute("begin")
        for type_, id_, version, updated, body in self.connection.execute(LATEST):
            self._show(Held(type_, id_, version, updated, body and orjson.loads(body), 0))
        self.connection.execute("commit")

    def fresh_id(self, opaque: bool) -> str:
        """An id that no resource ever had: running numbers over all types, or opaque text."""
        n = 1 + sum(len(each) for each in self.present.values())
        while any(_id_text(n, opaque) in each for each in self.present.values()):
            n += 1
        return _id_text(n, opaque)

    def get(self, type_: str, id_: str) -> Held | None:
        """The present version, also of a deleted one; None if there never was one."""
        return self.present[type_].get(id_)

    def live(self, type_: str) -> list[Held]:
        """All that are not deleted, in order of their making."""
        return [held for held in self.present[type_].values() if held.resource is not None]

    def by_identifier(self, type_: str, value: str) -> list[Held]:
        """Live resources one of whose identifiers has this value, whatever its system."""
        ids = self.identified.get((type_, value), set())
        return [held for held in map(self.present[type_].__getitem__, sorted(ids)) if held.resource is not None]

    def put(self, type_: str, id_: str, resource: dict[str, Any] | None, method: str, at: str) -> Held:
        """Writes the next version (None deletes), stamped with id, versionId and lastUpdated `at` (FHIR instant)."""
        before = self.get(type_, id_)
        version = before.version + 1 if before else 1
        if resource is not None:
            meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": at}
            rest = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
            resource = {"resourceType": type_, "id": id_, "meta": meta, **rest}
        body = None if resource is None else orjson.dumps(resource).decode()
        row = (type_, id_, version, method, at, body)
        self.connection.execute("insert into versions values (?, ?, ?, ?, ?, ?)", row)
        self.moment += 1
        alive = before is not None and before.resource is not None
        born = before.moment if alive and before else self.moment
        held = Held(type_, id_, version, at, resource, born)
        self._show(held)
        return held

    def versions(self, type_: str, id_: str) -> list[tuple[int, str, str, dict[str, Any] | None]]:
        """(version, method, updated, resource or None), newest first."""
        rows = self.connection.execute(
            "select version, method, updated, body from versions where type = ? and id = ? order by version desc",
            (type_, id_),
        )
        return [(version, method, updated, body and orjson.loads(body)) for version, method, updated, body in rows]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The lock and one transaction: a request and its log entry last together or not at all."""
        with self.lock:
            self.connection.execute("begin immediate")
            try:
                yield
                self.connection.execute("commit")
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("rollback")

    def log(self, entry: dict[str, Any]) -> None:
        """Adds one request to the log; keys are the columns of `requests` but for seq."""
        names = ", ".join(entry)
        marks = ", ".join("?" for _ in entry)
        self.connection.execute(f"insert into requests ({names}) values ({marks})", tuple(entry.values()))

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The log after `since`, oldest first."""
        cursor = self.connection.execute("select * from requests where seq > ? order by seq", (since,))
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        for row in rows:
            row["headers"] = orjson.loads(row["headers"])
        return rows

    def last_request(self) -> int:
        """The number of the newest log entry, 0 if there is none."""
        row = self.connection.execute("select coalesce(max(seq), 0) from requests").fetchone()
        return int(row[0])

    def _show(self, held: Held) -> None:
        before = self.present[held.type].get(held.id)
        for identifier in _identifiers(before):
            self.identified[held.type, identifier.get("value", "")].discard(held.id)
        self.present[held.type][held.id] = held
        for identifier in _identifiers(held):
            self.identified[held.type, identifier.get("value", "")].add(held.id)


def _identifiers(held: Held | None) -> list[dict[str, Any]]:
    found = held.resource.get("identifier", []) if held and held.resource else []
    return found if isinstance(found, list) else [found]


def _id_text(n: int, opaque: bool) -> str:
    if not opaque:
        return str(n)
    return f"e{(n * 2654435761) % 2**32:08x}{(n * 40503 + 7) % 2**16:04x}X{n:04d}"
