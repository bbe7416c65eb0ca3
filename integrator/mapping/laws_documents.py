"""Outside documents drawn at random for a face: what it would write, and whatever else its form allows beside it.

The places that the face reads are filled by a record that is written, each field by any of its choices; then the form's
own model adds elements, segments and columns everywhere, and those that the face omits are asked for by name.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import orjson

from integrator.errors import CannotWrite
from integrator.formats.hl7v2 import Message, build, parse
from integrator.mapping.context import Context
from integrator.mapping.face import Face
from integrator.mapping.laws_hl7 import Hl7Drawing
from integrator.mapping.laws_json import JsonDrawing
from integrator.mapping.laws_rows import RowDrawing
from integrator.mapping.laws_values import Draw
from integrator.mapping.model import Omission
from integrator.mapping.unmapped import covers
from integrator.records import Said

VARIANTS = 4  # of the order of choices, for each face
DRAWS = 50  # records drawn until one can be written
ZONE = Context(zone="Europe/Berlin", default_minutes=30)


def through_bytes(document: Any) -> Any:
    """The document as the other side gets it: serialised and parsed."""
    if isinstance(document, Message):
        return parse(build(document))
    return orjson.loads(orjson.dumps(document))


class Documents:
    """Draws documents for one face."""

    def __init__(self, face: Face):
        self.face = face
        self.form = face.declared.form
        self.spoken = covers(face.declared, constants=False, omissions=False)
        self.marks = covers(face.declared, values=False, omissions=False)
        # HL7 that is only read is written for this as if it could be; of the others, what is read has no inverse.
        self.written = face.declared.writes or self.form.hl7
        self.writers = [self._writer(Random(number)) for number in range(VARIANTS)] if self.written else []

    def _writer(self, random: Random) -> Face:
        """The face as if it wrote in both directions, each field by any of its choices first."""
        fields = tuple(
            replace(one, choices=tuple(random.sample(one.choices, len(one.choices))))
            for one in self.face.declared.fields
            if any(choice.codes or (choice.cast and choice.cast.write) for choice in one.choices)
        )
        return Face(replace(self.face.declared, direction=None, fields=fields))

    def draw(self, random: Random, wanted: list[Omission]) -> Any:
        """A document, through real bytes, in which something stands at each of the omitted places asked for."""
        if self.form.kind == "csv":
            return RowDrawing(self.face.declared, random).drawn(wanted)
        document = self.base(random)
        if self.form.hl7:
            rate = random.choice((0.05, 0.15, 0.3))
            return Hl7Drawing(self.face.declared, random).grown(document, rate, [one.at for one in wanted if one.at])
        drawing = JsonDrawing(self.form, random)
        drawing.grow(document, self.form.name, random.choice((0.05, 0.15, 0.3) if self.written else (0.3, 0.6, 1.0)))
        for one in wanted:
            if one.at is not None:
                drawing.plant(document, self.form.name, one.at.steps)
        return through_bytes(document)

    def _context(self, random: Random) -> Context:
        events = [one.values for one in self.face.declared.when if not one.written]
        return Context(event=random.choice(events[0]) if events and self.form.hl7 else None)

    def of(self, said: Said, random: Random) -> Any:
        """A record in the outside form, through real bytes; of a form that has no inverse, a document of its own.
        Raises CannotWrite."""
        if not self.written:
            return self.draw(random, [])
        return through_bytes(random.choice(self.writers).write(said, self._context(random)))

    def base(self, random: Random) -> Any:
        """A record drawn at random, written; of a form that has no inverse, nothing."""
        if not self.written:
            return {}
        writer = random.choice(self.writers)
        for _ in range(DRAWS):
            try:
                return writer.write(Draw(self.face.declared, random).said(), self._context(random))
            except CannotWrite:  # a time with an end where the form has only days: no document says that
                continue
        raise AssertionError(f"of {DRAWS} records none can be written")
