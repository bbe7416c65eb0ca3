"""Reading records: a page of them, and one with its version; the same for every kind."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlencode

from flask import Response, request

from integrator.store import Tx, lists, records
from integrator.store.records import Row
from integrator.web.api import shown
from integrator.web.api.answers import answer, wrong
from integrator.web.api.asked import Words, query
from integrator.web.api.room import Room
from integrator.web.api.shown import Json

LARGEST = 1 << 63  # no row has such a number


def page(items: list[Json], next_: str | None) -> Response:
    """A page of a list: its items, and where the next page begins; also as a Link."""
    headers = {}
    if next_ is not None:
        args = request.args.to_dict() | {"after": next_}
        headers["Link"] = f'<{request.path}?{urlencode(args)}>; rel="next"'
    return answer({"items": items, "next": next_}, headers=headers)


def records_page(room: Room, kind: str, words: Words, times: bool = True) -> Response:
    """Records of a kind, by subject, status and time as they were asked for."""
    asked = query(words, room.zone, times)
    with room.line.store.read() as tx:
        rows = lists.record_page(
            tx,
            kind,
            asked.limit + 1,
            asked.number() or 0,
            asked.word("subject"),
            asked.word("status"),
            asked.since,
            asked.until,
        )
        items = shown.many(room, tx, rows[: asked.limit])
    return page(items, str(rows[asked.limit - 1].number) if len(rows) > asked.limit else None)


def one(room: Room, kind: str, place: str | int) -> Response:
    """The record of this key, or of this number."""
    with room.line.store.read() as tx:
        row = found(tx, kind, place)
        return answer(shown.one(room, tx, row), version=row.version)


def found(tx: Tx, kind: str, place: str | int) -> Row:
    """The record of this key, or of this number; 404: there is none."""
    row = records.get(tx, kind, place) if isinstance(place, str) else _numbered(tx, place)
    if row is None or row.kind != kind:
        missing()
    return row


def _numbered(tx: Tx, number: int) -> Row | None:
    return records.by_id(tx, number) if number < LARGEST else None


def missing() -> NoReturn:
    """There is no such record; what was asked for is not repeated, it may be a hospital number."""
    wrong(404, "there is no such record")
