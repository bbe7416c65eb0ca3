"""Writing: an entry becomes a message of the trial, under the version that the program has seen, and never twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, request

from integrator.entering import Entered, NotValid, enter
from integrator.formats import entry as entries
from integrator.formats.entry import Entry
from integrator.house import TRIAL
from integrator.identity import open_body
from integrator.records.keys import record_key
from integrator.records.schemas import Problem
from integrator.security.keys import Unopenable
from integrator.store import Tx, messages, people, records
from integrator.store.records import Row
from integrator.web.api import shown
from integrator.web.api.answers import answer, wrong
from integrator.web.api.asked import idempotency_key, load, seen
from integrator.web.api.bodies import WHICH, WHY
from integrator.web.api.reading import found, missing
from integrator.web.api.room import Room

NOBODY = "there is no participant with this subject code"
FOLLOWS = "this follows from what others say, nobody enters it; enter what you know as a record of its own"
OUTSIDE = "the participant's consent does not cover this time; nothing of it may be kept"


@dataclass(frozen=True, slots=True)
class Split:
    """The body of an entry: what it says, what stands beside it, and what is wrong with that."""

    said: dict[str, Any]
    beside: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def split(body: dict[str, Any], new: bool) -> Split:
    """Parts what stands beside an entry (subject and key where it is new, why, correction) from what it says."""
    schema = WHICH if new else WHY
    beside, problems = load(schema, {name: value for name, value in body.items() if name in schema.fields})
    return Split({name: value for name, value in body.items() if name not in schema.fields}, beside, problems)


def create(room: Room, kind: str, body: dict[str, Any]) -> Response:
    """A new record of a participant. One that is there already is changed only under If-Match."""
    parts = split(body, new=True)
    if parts.problems:
        raise NotValid(problems=parts.problems)
    entry = Entry(kind, said=parts.said, **parts.beside)
    with room.line.store.write() as tx:
        if people.by_subject(tx, entry.subject) is None:
            wrong(422, NOBODY, "subject")
        number = control_id(tx)
        entered = _known(room, tx, entry, number) or _entered(room, tx, entry, number)
        row = _row(tx, entered)
        before = _before(tx, row, entered)
        if before not in (0, row.version):
            _agreed(before)
        told = shown.one(room, tx, row)
    room.wake()
    if before:
        return answer(told, version=row.version)
    return answer(told, 201, row.version, {"Location": told["href"]})


def _before(tx: Tx, row: Row, entered: Entered) -> int:
    """The version that the record had before this entry; 0: it made it."""
    mine = [one.version for one in records.versions(tx, row.number) if one.message_id == entered.message]
    return min(mine) - 1 if mine and entered.state == "merged" else row.version


def _agreed(version: int) -> None:
    """Somebody made this record before: only who has seen it may say otherwise."""
    if not request.if_match:
        text = f'there is such a record already, and it says otherwise; to change it, send If-Match: "{version}"'
        wrong(428, text, version=version, headers={"ETag": f'"{version}"'})
    seen(version)


def change(room: Room, kind: str, place: str | int, body: dict[str, Any]) -> Response:
    """A change of one record: If-Match names the version that the program has seen."""
    parts = split(body, new=False)
    with room.line.store.write() as tx:
        row = found(tx, kind, place)
        if row.subject is None or record_key(kind, row.subject, row.key, {}) != row.key:
            wrong(409, FOLLOWS)
        name = "" if kind == "Participant" else row.key
        entry = Entry(kind, row.subject, parts.said, key=name, **parts.beside)
        number = control_id(tx)
        entered = _known(room, tx, entry, number)
        if entered is None:
            seen(row.version)
            if parts.problems:
                raise NotValid(problems=parts.problems)
            if not entry.said:
                wrong(422, "the body says nothing; write the fields that change")
            entered = _entered(room, tx, entry, number)
        row = _row(tx, entered)
        told = shown.one(room, tx, row)
    room.wake()
    return answer(told, version=row.version)


def control_id(tx: Tx) -> str:
    """The number of the message, from the program's Idempotency-Key; nobody else uses it until the end."""
    key = idempotency_key()
    if not key:
        return ""
    made = hashlib.sha256(f"{g.actor}\n{key}".encode()).hexdigest()[:40]
    tx.lock([f"entry {made}"])
    return made


def _entered(room: Room, tx: Tx, entry: Entry, number: str) -> Entered:
    """The entry through the line; what would lie there unread is refused instead."""
    entered = enter(room.line, tx, entry, g.actor, number)
    if entered.state == "unwanted":
        raise NotValid(problems=[Problem("", OUTSIDE)])
    if entered.state == "held":
        message = messages.get(tx, entered.message)
        raise NotValid(problems=[Problem("", message.reason or "" if message else "")])
    return entered


def _known(room: Room, tx: Tx, entry: Entry, number: str) -> Entered | None:
    """What came of this request when it was sent before. 422: its Idempotency-Key was of another request."""
    twins = messages.twins(tx, TRIAL, number) if number else []
    if not twins:
        return None
    message = messages.get(tx, twins[0].id)
    assert message is not None
    try:
        before = entries.parse(open_body(tx, room.line.keys, message))
    except Unopenable:
        before = None  # erased since
    same = before is None or (before.record, before.subject, before.key) == (entry.record, entry.subject, entry.key)
    if not same or (before and any(before.said.get(name) != value for name, value in entry.said.items())):
        wrong(422, "this Idempotency-Key was of another request; each request has its own")
    for record_id, _ in records.links(tx, message.id):
        row = records.by_id(tx, record_id)
        if row is not None and row.kind == entry.record:
            return Entered(message.id, row.kind, row.key, "unchanged", row.version)
    wrong(422, OUTSIDE)


def _row(tx: Tx, entered: Entered) -> Row:
    row = records.get(tx, entered.kind, entered.key)
    if row is None:
        missing()
    return row
