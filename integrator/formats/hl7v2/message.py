"""A message: its segments in order, values by path, changes by path; nothing is split before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from integrator.formats.hl7v2.escapes import STANDARD, Delimiters
from integrator.formats.hl7v2.path import Place, parse_path
from integrator.formats.hl7v2.segment import Segment
from integrator.formats.hl7v2.spans import span_of

# A TQ1 says when, of the SCH or ORC before it; a note after it speaks of that segment.
_TIMING = "TQ1"
_NOTE = "NTE"


class Message:
    """Segments in order. `data` are the bytes that it was read from (None: it was made here).

    Paths are "PID-3[2].4.1"; a part that is not said is the first one, so "PID-3" is PID-3[1].1.1 for `get`.
    """

    def __init__(
        self,
        segments: list[Segment],
        delimiters: Delimiters,
        charset: str,
        lead: str = "",
        data: bytes | None = None,
        text: str | None = None,
    ) -> None:
        self.segments = segments
        self.delimiters = delimiters
        self.charset = charset
        self.lead = lead  # a byte order mark or blank lines before MSH
        self.data = data
        self._text = text
        self._by_name: dict[str, list[Segment]] | None = None

    @classmethod
    def new(cls, delimiters: Delimiters = STANDARD, charset: str = "utf-8") -> Message:
        """A message with nothing but MSH-1 and MSH-2."""
        line = "MSH" + delimiters.field + delimiters.encoding_characters
        return cls([Segment("MSH", line, "\r", delimiters, charset, 0)], delimiters, charset)

    def __repr__(self) -> str:  # never the values: they are a patient's
        return f"<Message {' '.join(segment.name for segment in self.segments)}>"

    def __eq__(self, other: object) -> bool:
        """Equal as text: same delimiters, lines and line ends; the character set does not count."""
        return isinstance(other, Message) and (self.delimiters, self.text()) == (other.delimiters, other.text())

    __hash__ = None  # type: ignore[assignment]

    def text(self) -> str:
        """The whole message as text."""
        return self.lead + "".join([segment.line + segment.end for segment in self.segments])

    def untouched(self) -> bytes | None:
        """The bytes that this message was read from, if nothing was changed since."""
        return self.data if self.data is not None and self.text() == self._text else None

    # reading

    def all(self, name: str) -> list[Segment]:
        """The segments of that name, in order."""
        return self.by_name().get(name, [])

    def by_name(self) -> dict[str, list[Segment]]:
        """All segments, in order, by their names; not to be changed."""
        found = self._by_name
        if found is None:
            found = self._by_name = {}
            for segment in self.segments:
                if segment.name in found:
                    found[segment.name].append(segment)
                else:
                    found[segment.name] = [segment]
        return found

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        found = self.all(name)
        return found[0] if found else None

    def get(self, path: str) -> str | None:
        """The text of one leaf, unescaped; None where it is absent or empty. HL7's null stays as '""'."""
        place = parse_path(path)
        found = self.all(place.segment)
        if place.occurrence > len(found) or not found:
            return None
        segment = found[(place.occurrence or 1) - 1]
        return segment.value(place.field, place.repetition or 1, place.component or 1, place.subcomponent or 1)

    def values(self, path: str) -> list[str | None]:
        """The texts of all that the path means: "AIS[]-3.1" one for each AIS, "PID-3[].1" one for each repetition."""
        place = parse_path(path)
        found = self.all(place.segment)
        chosen = found if place.occurrence == 0 else found[place.occurrence - 1 : place.occurrence]
        values: list[str | None] = []
        for segment in chosen:
            count = len(segment.repetitions(place.field)) if place.repetition == 0 else 1
            first = place.repetition or 1
            for repetition in range(first, first + count):
                values.append(segment.value(place.field, repetition, place.component or 1, place.subcomponent or 1))
        return values

    def raw(self, path: str) -> str:
        """What stands at exactly this path, escapes and separators as sent ("PID-3": the whole field); "" if absent."""
        place = parse_path(path)
        found = self.all(place.segment)
        if place.occurrence > len(found) or not found:
            return ""
        segment = found[(place.occurrence or 1) - 1]
        if place.repetition is None and place.component is None:
            return segment.raw(place.field)
        return segment.part(place.field, place.repetition or 1, place.component, place.subcomponent)

    def after(self, name: str, owner: str | Segment) -> list[Segment]:
        """The segments of that name that belong to the owner: NTE[after=SCH]. A TQ1 counts as the segment it times."""
        return [
            segment
            for segment in self.all(name)
            if (found := self.owner(segment)) is not None and (found is owner or found.name == owner)
        ]

    def owner(self, segment: Segment) -> Segment | None:
        """The segment that an NTE (or TQ1) speaks of: the nearest before it that is neither."""
        for before in reversed(self.segments[: segment.index]):
            if before.name not in (_NOTE, _TIMING):
                return before
        return None

    def leaves(self) -> Iterator[tuple[Place, str]]:
        """Every value that is not empty, with its place and its raw text."""
        counted: dict[str, int] = {}
        for segment in self.segments:
            occurrence = counted[segment.name] = counted.get(segment.name, 0) + 1
            for field, repetition, component, subcomponent, raw in segment.leaves():
                yield Place(segment.name, occurrence, field, repetition, component, subcomponent), raw

    def span(
        self,
        segment_index: int,
        field: int,
        repetition: int | None = None,
        component: int | None = None,
        subcomponent: int | None = None,
    ) -> tuple[int, int] | None:
        """Where a value stands in the bytes, (start, end); None where it is absent. What is None is not narrowed."""
        return span_of(self, segment_index, field, repetition, component, subcomponent)

    def span_at(self, path: str | Place) -> tuple[int, int] | None:
        """As `span`, by path."""
        place = parse_path(path) if isinstance(path, str) else path
        found = self.all(place.segment)
        if place.occurrence > len(found) or not found:
            return None
        index = found[(place.occurrence or 1) - 1].index
        repetition = place.repetition or (1 if place.component else None)
        return self.span(index, place.field, repetition, place.component, place.subcomponent)

    # writing

    def set(self, path: str, text: str | None) -> None:
        """Sets the text at exactly this path, escaped; None or "" empties it. Segments that are missing are added."""
        place = parse_path(path)
        occurrence = place.occurrence or 1
        while len(found := self.all(place.segment)) < occurrence:
            if not text:
                return
            self.add(place.segment, after=found[-1] if found else None)
        segment = found[occurrence - 1]
        if not text and not segment.part(place.field, place.repetition or 1, place.component, place.subcomponent):
            return
        raw = segment.escape(text or "")
        segment.put_part(raw, place.field, place.repetition or 1, place.component, place.subcomponent)

    def add(self, name: str, after: Segment | None = None) -> Segment:
        """A new empty segment of that name, behind `after` or at the end."""
        position = len(self.segments) if after is None else after.index + 1
        ending = self.segments[0].end.rstrip(" \t") if self.segments and self.segments[0].end else "\r"
        if position and not self.segments[position - 1].end:
            self.segments[position - 1].end = ending
        fresh = Segment(name, name, ending, self.delimiters, self.charset, position)
        self.segments.insert(position, fresh)
        self._changed()
        return fresh

    def remove(self, segment: Segment) -> None:
        """Takes the segment out."""
        del self.segments[segment.index]
        self._changed()

    def _changed(self) -> None:
        self._by_name = None
        for position, segment in enumerate(self.segments):
            segment.index = position
