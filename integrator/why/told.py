"""What the messages of a record say of it: each read again as it is read today, and as it was when it was merged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import orjson

from integrator import __version__, identity
from integrator.errors import Held
from integrator.formats import rows as tables
from integrator.line import Line
from integrator.mapping import Context, Face
from integrator.mapping.face import Reading
from integrator.mapping.kept import face_as_it_was
from integrator.mapping.leaves import Came, Why, read_leaves
from integrator.reading import Spoken
from integrator.records import wire
from integrator.security.keys import Unopenable
from integrator.store import Tx, faces, messages
from integrator.store.messages import Stored
from integrator.store.records import Row

Json = dict[str, Any]


@dataclass
class Told:
    """One message that spoke of a record."""

    line: Line
    tx: Tx
    message: Stored
    kind: str
    spoken: Spoken | None  # None: today it is not read, or says nothing of this record
    trouble: str | None = None  # why it cannot be read today
    path: str = ""  # the leaf that is asked for: "time.start"; empty: every field

    @property
    def by_person(self) -> bool:
        """Whether it is an entry, and no system's message."""
        return self.message.format == "record"

    def now(self, field: str) -> Json:
        """What it says of a field as it is read today."""
        leaves = self._leaves(field, self._today)
        face = self.spoken.face if self.spoken else None
        return _reading_json(self.kind, field, self.spoken, face, __version__, leaves, self.trouble)

    def then(self, field: str) -> Json | None:
        """The same by the face that read it when it was merged; None: face and release are today's, or not known."""
        face = self._face_then
        if face is None and self.message.release in (None, __version__):
            return None
        spoken, leaves, trouble = self.spoken, [], None
        if face is not None and self.spoken and self.spoken.reading:
            try:
                reading = face.read(self.spoken.reading.tree, self.spoken.reading.context)
                spoken = replace(self.spoken, said=reading.said, face=face)
                leaves = self._leaves(field, read_leaves(reading, self.path))
            except Held as held:
                spoken, trouble = None, held.whole()
        elif face is None:
            spoken, trouble = None, f"release {self.message.release} read it; only its value is kept"
        return _reading_json(self.kind, field, spoken, face, self.message.release, leaves, trouble)

    @cached_property
    def _face_then(self) -> Face | None:
        """The face that read it, where it is another than today's."""
        digest, face = self.message.face, self.spoken.face if self.spoken else None
        if digest is None or face is None or face.hash == digest:
            return None
        kept = faces.get(self.tx, digest)
        found = face_as_it_was(kept[0], digest, kept[1]) if kept else None
        return found if found and found.record == self.kind else None

    @cached_property
    def _today(self) -> list[Why]:
        """Every field that it says, with its places."""
        if self.spoken is None:
            return []
        if self.spoken.reading is not None:
            return read_leaves(self.spoken.reading, self.path)
        data = identity.open_body(self.tx, self.line.keys, self.message)
        return list(_of_entry(self.kind, data) if self.by_person else _of_rows(self.line, self.spoken, data))

    @staticmethod
    def _leaves(field: str, leaves: list[Why]) -> list[Why]:
        return [one for one in leaves if re.split(r"[.\[]", one.record or "")[0] == field]


def told(line: Line, tx: Tx, row: Row, path: str = "") -> list[Told]:
    """Every message that spoke of a record, in order of receipt; with a path to say only that leaf."""
    found = []
    for message in messages.of_record(tx, row.number):
        spoken, trouble = None, None
        try:
            said = line.read(message, tx)
        except Unopenable as shut:
            said = shut
        if isinstance(said, Held):
            trouble = said.whole()
        else:
            spoken = next((one for one in said.records if one.kind == row.kind and _is_of(one, row)), None)
            trouble = None if spoken else "as it is read today it says nothing of this record"
        found.append(Told(line, tx, message, row.kind, spoken, trouble, path))
    return found


def _is_of(spoken: Spoken, row: Row) -> bool:
    return row.kind == "Patient" or spoken.key == row.key  # the key of a Patient is our own number


def message_json(message: Stored) -> Json:
    """A message for people and programs, without a word of its body."""
    return {
        "receipt": message.id,
        "source": message.source,
        "system": message.system,
        "type": "^".join(part for part in (message.type, message.event) if part),
        "control_id": message.control_id,
        "format": message.format,
        "received_at": message.received_at.isoformat(),
        "source_time": message.source_time.isoformat(),
        "source_time_note": message.source_time_note,
        "state": message.state,
        "face": message.face,
        "release": message.release,
    }


def _reading_json(
    kind: str,
    field: str,
    spoken: Spoken | None,
    face: Face | None,
    release: str | None,
    leaves: list[Why],
    trouble: str | None,
) -> Json:
    says = bool(spoken and field in spoken.said)
    value = wire.to_json(kind, {field: spoken.said[field]})[field] if spoken and says else None
    return {
        "face": face.name if face else None,
        "hash": face.hash if face else None,
        "release": release,
        "says": says,
        "value": value,
        "trouble": trouble,
        "leaves": [asdict(one) for one in leaves],
    }


def _of_entry(kind: str, data: bytes) -> Iterator[Why]:
    """The fields of an entry: what a person or program wrote in each."""
    for name, value in orjson.loads(data).get("said", {}).items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        yield Why(f"{kind}.{name}", value, "person", name, places=[Came(f"said.{name}", text)])


def _of_rows(line: Line, spoken: Spoken, data: bytes) -> Iterator[Why]:
    """The fields of a row of a table: the cells, with the line of the file that they stand in."""
    table, source = tables.parse(data), line.sources["trial"]
    if spoken.face is None:
        return
    for number, cells in table.rows:
        context = Context(zone=source.zone or None, comma=table.comma)
        reading: Reading = spoken.face.read(cells, context)
        if all(spoken.said.get(name) == value for name, value in reading.said.items()):
            for one in read_leaves(reading):
                one.places = [replace(came, place=f"line {number}, {came.place}") for came in one.places]
                yield one
            return


def without_bytes(found: Any) -> Any:
    """The same without what stands in the messages: only an asked leaf shows its bytes."""
    if isinstance(found, list):
        return [without_bytes(one) for one in found]
    if not isinstance(found, dict):
        return found
    hidden = {"text": None} if "place" in found and "span" in found else {}
    return {name: without_bytes(one) for name, one in found.items()} | hidden
