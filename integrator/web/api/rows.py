"""Messages and what is owed: rows for whoever watches the line; never a body, never a value of a person."""

from __future__ import annotations

import base64

import orjson
from flask import Response

from integrator.records import KINDS
from integrator.store import lists, messages
from integrator.store.lists import Owing
from integrator.store.messages import Listed
from integrator.store.schema import MESSAGE_STATES, OWED_STATES
from integrator.web.api import reading
from integrator.web.api.answers import answer, wrong
from integrator.web.api.asked import query
from integrator.web.api.describing import filters, listed, path_parameter, single
from integrator.web.api.room import Noun, Room
from integrator.web.api.shown import NOUNS, Json, address


def messages_(room: Room) -> Noun:
    """/messages"""
    noun = Noun("messages", room, "What came in: the row of each message, never its body.")
    words = {"source": (), "state": tuple(MESSAGE_STATES), "type": ()}

    @noun.route("")
    @listed(noun, "Message", filters(words, times=True))
    def many() -> Response:
        """Messages, newest first; from and to are of their receipt."""
        asked = query(words, room.zone, times=True)
        source, state, type_ = (asked.word(name) for name in words)
        with room.line.store.read() as tx:
            before, when = asked.number(), (asked.since, asked.until)
            rows = lists.message_page(tx, asked.limit + 1, before, source, state, type_, *when)
        next_ = str(rows[asked.limit - 1].id) if len(rows) > asked.limit else None
        return reading.page([_message(room, row) for row in rows[: asked.limit]], next_)

    @noun.route("/<int:number>", parameters=path_parameter("number", "The receipt number.", number=True))
    @single(noun, "Message", etag=False)
    def one(number: int) -> Response:
        """One message."""
        with room.line.store.read() as tx:
            row = messages.get(tx, number) if number < reading.LARGEST else None
        if row is None:
            reading.missing()
        return answer(_message(room, row))

    return noun


def _message(room: Room, row: Listed) -> Json:
    times = {"received_at": room.here(row.received_at), "source_time": room.here(row.source_time)}
    names = ("id", "source", "system", "format", "type", "event", "state", "reason")
    return {name: getattr(row, name) for name in names} | times


def owed(room: Room) -> Noun:
    """/owed"""
    noun = Noun("owed", room, "What each target must still be told, or was told, of each record.")
    words = {"target": (), "state": tuple(OWED_STATES), "subject": (), "kind": tuple(KINDS)}

    @noun.route("")
    @listed(noun, "Owed", filters(words))
    def many() -> Response:
        """Owed rows, in order of their records."""
        asked = query(words, room.zone)
        with room.line.store.read() as tx:
            target, state, subject, kind = (asked.word(name) for name in words)
            found = lists.owed_page(tx, asked.limit + 1, _place(asked.after), target, state, subject, kind)
        last = found[asked.limit - 1] if len(found) > asked.limit else None
        return reading.page([_owed(room, one) for one in found[: asked.limit]], _cursor(last) if last else None)

    return noun


def _owed(room: Room, one: Owing) -> Json:
    row = one.row
    where = address(one.kind, one.key, row.record_id) if one.kind in NOUNS else None
    return {
        "target": row.target,
        "record": {"kind": one.kind, "key": one.key, "id": row.record_id, "href": where},
        "subject": one.subject,
        "face": row.face,
        "state": row.state,
        "reason": row.reason,
        "since": room.here(row.since),
        "due_at": room.here(row.due_at),
        "attempts": row.attempts,
    }


def _cursor(one: Owing) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([one.row.record_id, one.row.target, one.row.face])).decode()


def _place(cursor: str | None) -> tuple[int, str, str] | None:
    """The row after which a page begins."""
    if cursor is None:
        return None
    try:
        said = orjson.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        said = None
    match said:
        case [int(record_id), str(target), str(face)] if record_id < reading.LARGEST:
            return record_id, target, face
    wrong(422, "after is what `next` of the page before said", "after")
