"""Why a leaf of a mapped message is what it is: from the leaf of the resource back to the bytes of the message.

Nothing is stored: the message is read again with a trace and written again with a log, and both are joined on the
record's leaf.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import charset_codec, parse
from integrator.formats.hl7v2.segments import segment_table
from integrator.mapping.casts import NOTHING
from integrator.mapping.context import EMPTY, Context
from integrator.mapping.face import Face
from integrator.mapping.lineage import ReadEntry, Spot, Trace
from integrator.mapping.load import Faces
from integrator.mapping.log import Leaf, Log
from integrator.mapping.otherwise import otherwise
from integrator.mapping.places import place_text
from integrator.mapping.spans import bytes_of, raw_text
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import text_of
from integrator.mapping.walk import node_at, plain


@dataclass(frozen=True, slots=True)
class Came:
    """One place of the message: what stands there, and its bytes (start, end)."""

    place: str
    text: str
    span: tuple[int, int] | None = None
    name: str = ""  # what HL7 calls it


@dataclass(slots=True)
class Step:
    """A line of a face that had a part in it."""

    face: str
    where: str  # file:line
    conversion: str = ""
    choice: str = ""  # "1 of 6"


@dataclass(slots=True)
class Why:
    """The answer for one leaf. `kind`: source, constant, selector, link, or "" for what is none of ours."""

    leaf: str
    value: Any
    kind: str
    record: str | None = None
    written: Step | None = None
    read: Step | None = None
    places: list[Came] = field(default_factory=list)
    row: str | None = None
    notes: list[str] = field(default_factory=list)
    before: list[Came] = field(default_factory=list)  # places of the choices tried before
    otherwise: list[Came] = field(default_factory=list)  # places that say another time


@dataclass(slots=True)
class Explanation:
    """All leaves that the path means."""

    path: str
    leaves: list[Why]

    def json(self) -> dict[str, Any]:
        """As data for programs."""
        return {"path": self.path, "leaves": [asdict(one) for one in self.leaves]}

    def text(self) -> str:
        """As a person reads it."""
        if not self.leaves:
            return f"{self.path}: nothing stands there"
        return "\n\n".join("\n".join(_lines(one)) for one in self.leaves)


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
        trace = Trace()
        reading = face.read(document, context, trace)
        joined = _Joined(face, reading.tree, context, [entry for entry in trace.entries if entry.chosen is not None])
        if folder == "fhir-r4":
            found += [joined.only_read(entry) for entry in joined.entries]
            continue
        writer = faces.writing(face.record, to, site)
        log = Log()
        writer.write(reading.said, context, log=log)
        leaves = [joined.written(leaf, writer) for leaf in log.leaves()]
        done = {one.record for one in leaves if one.record}
        rest = [one for one in joined.entries if not any(_within(leaf, one.record) for leaf in done)]
        found += leaves + [joined.only_read(entry) for entry in rest]
    return Explanation(path, [one for one in found if _means(path, one)])


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


@dataclass(frozen=True, slots=True)
class _Joined:
    """What reading did, to be joined with what writing did."""

    face: Face
    tree: Any
    context: Context
    entries: list[ReadEntry]

    def written(self, leaf: Leaf, writer: Face) -> Why:
        """The answer for a leaf of the resource."""
        text = f"{writer.declared.form.name}.{place_text(leaf.loc)}"
        why = Why(text, leaf.value, "source" if leaf.kind == "record" else leaf.kind, leaf.record)
        if leaf.mark is not None and leaf.mark.constant is not None:
            why.written = Step(writer.name, str(leaf.mark.constant.where))
        elif leaf.mark is not None and leaf.mark.field is not None and leaf.mark.chosen is not None:
            chosen, of = leaf.mark.chosen, len(leaf.mark.field.choices)
            why.written = Step(writer.name, str(chosen.where), chosen.name, f"{leaf.mark.choice + 1} of {of}")
            entry = next((one for one in self.entries if _within(leaf.record or "", one.record)), None)
            if entry is not None:
                self.add_read(why, entry, leaf.record or "")
        elif leaf.step is not None:
            why.notes.append(f"set by the selector in {leaf.step}")
        return why

    def only_read(self, entry: ReadEntry) -> Why:
        """The answer for a record field that the resource does not have."""
        value = entry.value
        if value is NOTHING:
            value = "(no value could be made of what stands there)"
        shown = value if isinstance(value, str | int | bool) else repr(value)
        why = Why(f"{self.face.record}.{entry.record}", shown, "source", entry.record)
        self.add_read(why, entry, entry.record)
        return why

    def add_read(self, why: Why, entry: ReadEntry, leaf: str) -> None:
        """Adds where a leaf of the record came from."""
        chosen = entry.chosen
        assert chosen is not None
        of = len(entry.field.choices)
        why.read = Step(self.face.name, str(chosen.where), chosen.name, f"{(entry.choice or 0) + 1} of {of}")
        why.places = self.came(entry.spots_of(leaf))
        if entry.row is not None:
            cells = ", ".join("*" if cell is None else "|".join(cell) for cell in entry.row.cells)
            why.row = f"{entry.row.file}:{entry.row.line} ({cells} -> {entry.row.value or 'no value'})"
        why.notes += dict.fromkeys(entry.notes)
        why.before = self.came(entry.tried)
        why.otherwise = self.came(otherwise(entry, State(self.tree, self.context)))

    def came(self, spots: list[Spot]) -> list[Came]:
        """The places where something stands."""
        return [self._came(spot) for spot in spots if node_at(self.tree, spot.loc)]

    def _came(self, spot: Spot) -> Came:
        hl7 = self.face.declared.form.hl7
        node = node_at(self.tree, spot.loc)
        text = place_text(spot.loc, spot.steps, hl7)
        if not hl7:
            return Came(text, plain(node))
        span = bytes_of(self.tree.message, spot.loc)
        name = segment_table().name(re.sub(r"\[\d+\]", "", text)) if "-" in text else ""
        return Came(text, raw_text(self.tree.message, spot.loc) or text_of(node), span, name)


def _means(path: str, why: Why) -> bool:
    wanted = path.strip()
    texts = [why.leaf, why.leaf.partition(".")[2], why.record or "", *(came.place for came in why.places)]
    return any(_within(text, wanted) for text in texts if text)


def _within(text: str, wanted: str) -> bool:
    """Whether a place is the wanted one or lies below it; positions that the wanted one does not say are all."""
    if "[" not in wanted:
        text = re.sub(r"\[\d+\]", "", text)
    return text == wanted or (text.startswith(wanted) and text[len(wanted)] in ".[-")


def _lines(why: Why) -> list[str]:
    lines = [f"{why.leaf} = {why.value}"]
    if why.record:
        lines.append(f"  record field {why.record}")
    if why.kind != "source":
        lines.append(f"  {why.kind or 'stood there before'}")
    for step, verb in ((why.written, "written"), (why.read, "read")):
        if step is not None:
            how = f", {step.conversion}, choice {step.choice}" if step.conversion else ""
            lines.append(f"  {verb} by {step.face} ({step.where}{how})")
    lines += [f"    {_place_line(came)}" for came in why.places]
    if why.row:
        lines.append(f"    row {why.row}")
    lines += [f"    {note}" for note in why.notes]
    lines += [f"    tried before: {_place_line(came)}" for came in why.before]
    lines += [f"    says otherwise: {_place_line(came)}" for came in why.otherwise]
    return lines


def _place_line(came: Came) -> str:
    where = f", bytes {came.span[0]} to {came.span[1]}" if came.span else ""
    name = f" ({came.name})" if came.name else ""
    return f"{came.place}{name}: {came.text}{where}"
