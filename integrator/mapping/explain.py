"""Why a leaf of a mapped message is what it is: from the leaf of the resource back to the bytes of the message.

Nothing is stored: the message is read again with a trace and written again with a log, and both are joined on the
record's leaf (leaves.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import charset_codec, parse
from integrator.mapping.context import EMPTY, Context
from integrator.mapping.leaves import Joined, Why, within, written_leaves
from integrator.mapping.load import Faces

Json = dict[str, Any]


@dataclass(slots=True)
class Explanation:
    """All leaves that the path means."""

    path: str
    leaves: list[Why]

    def json(self) -> Json:
        """As data for programs."""
        return {"path": self.path, "leaves": [asdict(one) for one in self.leaves]}

    def text(self) -> str:
        """As a person reads it."""
        if not self.leaves:
            return f"{self.path}: nothing stands there"
        return "\n\n".join("\n".join(why_lines(asdict(one))) for one in self.leaves)


def explain(
    data: bytes,
    path: str,
    faces: Faces,
    context: Context = EMPTY,
    *,
    to: str = "fhir-r4",
    site: str | None = None,
) -> Explanation:
    """Why the leaves at `path` of a mapped message are what they are; Held where the message is.

    `path` names a leaf of the resource ("Appointment.start"), of the record ("time.start"), or a place of the message
    ("SCH-25"). A position that is not said means all of them.
    """
    document, folder = _document(data, context)
    found: list[Why] = []
    for face in faces.reading(folder, document, site):
        for reading in face.read_each(document, context):
            joined = Joined.of(reading)
            leaves: list[Why] = []
            if folder != "fhir-r4":
                writer = faces.writing(face.record, to, site)
                leaves = written_leaves(writer, reading.said, context, joined)
            done = {one.record for one in leaves if one.record}
            rest = [one for one in joined.entries if not any(within(leaf, one.record) for leaf in done)]
            meant = [one for one in (*leaves, *map(joined.only_read, rest)) if means(path, one)]
            found += meant or joined.leaves(reading.said, path.strip())
    return Explanation(path, found)


def _document(data: bytes, context: Context) -> tuple[Any, str]:
    """The message or resource, and the folder of the faces that read it."""
    if data.lstrip()[:1] == b"{":
        try:
            found = orjson.loads(data)
            return found, "ctgov" if "protocolSection" in found else "fhir-r4"
        except orjson.JSONDecodeError as error:
            raise Held("a file that begins like JSON and is none", None, str(error)) from None
    try:
        return parse(data, charset_codec(context.charset) if context.charset else None), "hl7v2"
    except Rejected as wrong:
        raise Held(wrong.text, wrong.place) from wrong


def means(path: str, why: Why) -> bool:
    """Whether a path names this leaf: as a leaf of the resource or record, or by one of its places."""
    wanted = path.strip()
    texts = [why.leaf, why.leaf.partition(".")[2], why.record or "", *(came.place for came in why.places)]
    return any(within(text, wanted) for text in texts if text)


def why_lines(why: Json) -> list[str]:
    """One leaf as a person reads it; `why` is a Why as JSON."""
    lines = [f"{why['leaf']} = {in_words(why['value'])}"]
    if why["record"]:
        lines.append(f"  record field {why['record']}")
    if why["kind"] != "source":
        lines.append(f"  {why['kind'] or 'stood there before'}")
    return lines + [f"  {line}" for line in from_lines(why)]


def from_lines(why: Json) -> Iterator[str]:
    """Where a leaf came from, as a person reads it."""
    for name, verb in (("written", "written"), ("read", "read")):
        if step := why[name]:
            how = f", {step['conversion']}, choice {step['choice']}" if step["conversion"] else ""
            yield f"{verb} by {step['face']} ({step['where']}{how})"
    for came in why["places"]:
        yield f"  {_place_line(came)}"
    if why["row"]:
        yield f"  row {why['row']}"
    for note in why["notes"]:
        yield f"  {note}"
    for came in why["before"]:
        yield f"  tried before: {_place_line(came)}"
    for came in why["chosen_by"]:
        yield f"  looked at: {_place_line(came)}"
    for came in why["otherwise"]:
        yield f"  says otherwise: {_place_line(came)}"


def _place_line(came: Json) -> str:
    where = f", bytes {came['span'][0]} to {came['span'][1]}" if came["span"] else ""
    name = f" ({came['name']})" if came["name"] else ""
    text = "" if came["text"] is None else f": {came['text']}"
    return f"{came['place']}{name}{text}{where}"


def in_words(value: Any) -> str:
    """A JSON value as a person reads it: "start 2026-03-12T09:40:00+01:00, end 2026-03-12T10:00:00+01:00"."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(in_words(one) for one in value) or "none"
    return str(value)
