"""One segment: a line of raw text that is split only as far as somebody looks."""

from __future__ import annotations

from collections.abc import Iterator

from integrator.errors import CannotWrite
from integrator.formats.hl7v2.escapes import Delimiters, escape, unescape

# In these the first field *is* the separator and the second the encoding characters; neither is ever split.
HEADERS = ("MSH", "FHS", "BHS")


class Segment:
    """A segment of a message: its name, its raw line and what ended it.

    `index` is its position in the message, `end` the bytes between it and the next ("\\r"; blank lines included).
    Fields, repetitions, components and subcomponents count from 1. Raw text keeps its escape sequences.
    """

    __slots__ = ("_fields", "charset", "delimiters", "end", "index", "line", "name")

    def __init__(self, name: str, line: str, end: str, delimiters: Delimiters, charset: str, index: int) -> None:
        self.name = name
        self.line = line
        self.end = end
        self.delimiters = delimiters
        self.charset = charset
        self.index = index
        self._fields: list[str] | None = None

    def __repr__(self) -> str:  # never the values: they are a patient's
        return f"<Segment {self.index} {self.name}>"

    @property
    def fields(self) -> list[str]:
        """Raw fields; position n is field n, position 0 the name."""
        if self._fields is None:
            separator = self.delimiters.field
            self._fields = self.line.split(separator)
            if self.name in HEADERS:
                self._fields.insert(1, separator)
        return self._fields

    def raw(self, field: int) -> str:
        """The whole field, escapes and separators as sent; "" where it is absent."""
        fields = self.fields
        return fields[field] if field < len(fields) else ""

    def repetitions(self, field: int) -> list[str]:
        """The raw repetitions of a field; [] where it is absent or empty."""
        raw = self.raw(field)
        if not raw:
            return []
        separator = self.delimiters.repetition
        return raw.split(separator) if separator and not self.is_verbatim(field) else [raw]

    def components(self, repetition: str) -> list[str]:
        """The raw components of one raw repetition."""
        return _split(repetition, self.delimiters.component)

    def subcomponents(self, component: str) -> list[str]:
        """The raw subcomponents of one raw component."""
        return _split(component, self.delimiters.subcomponent)

    def part(
        self, field: int, repetition: int = 1, component: int | None = None, subcomponent: int | None = None
    ) -> str:
        """The raw text of a repetition, of a component of it or of a subcomponent; "" where it is absent."""
        raw = self.raw(field)
        if not raw or self.is_verbatim(field):
            return raw if repetition == 1 and component in (None, 1) and subcomponent in (None, 1) else ""
        raw = _nth(raw, self.delimiters.repetition, repetition)
        if component is not None:
            raw = _nth(raw, self.delimiters.component, component)
        if subcomponent is not None:
            raw = _nth(raw, self.delimiters.subcomponent, subcomponent)
        return raw

    def value(self, field: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> str | None:
        """The text of one leaf, unescaped; None where it is absent or empty. HL7's null stays as '""'."""
        raw = self.part(field, repetition, component, subcomponent)
        return (raw if self.is_verbatim(field) else self.unescape(raw)) or None

    def unescape(self, raw: str) -> str:
        """Raw text as text."""
        return unescape(raw, self.delimiters, self.charset)

    def escape(self, text: str) -> str:
        """Text as it may stand in a value of this message."""
        return escape(text, self.delimiters)

    def is_verbatim(self, field: int) -> bool:
        """Whether the field is MSH-1 or MSH-2 (FHS, BHS), which nothing splits or escapes."""
        return field <= 2 and self.name in HEADERS

    def leaves(self) -> Iterator[tuple[int, int, int, int, str]]:
        """Every value that is not empty: field, repetition, component, subcomponent, raw text."""
        for field, raw in enumerate(self.fields):
            if field == 0 or not raw:
                continue
            if self.is_verbatim(field):
                yield field, 1, 1, 1, raw
                continue
            for repetition, one in enumerate(self.repetitions(field), 1):
                for component, part in enumerate(self.components(one), 1):
                    for subcomponent, leaf in enumerate(self.subcomponents(part), 1):
                        if leaf:
                            yield field, repetition, component, subcomponent, leaf

    def put(self, field: int, raw: str) -> None:
        """Sets the raw text of a whole field; the fields before it are made if need be."""
        if "\r" in raw or "\n" in raw:
            raise CannotWrite("a line end in the raw text of a field")
        if self.is_verbatim(field):
            raise CannotWrite("MSH-1 and MSH-2 of a message that exists")
        fields = self.fields
        fields.extend([""] * (field + 1 - len(fields)))
        fields[field] = raw
        if not raw and field == len(fields) - 1:
            while len(fields) > 1 and not fields[-1]:
                fields.pop()
        self.line = self._joined()

    def _joined(self) -> str:
        separator = self.delimiters.field
        fields = self.fields
        return separator.join([fields[0], *fields[2:]] if self.name in HEADERS else fields)

    def put_part(
        self, raw: str, field: int, repetition: int = 1, component: int | None = None, subcomponent: int | None = None
    ) -> None:
        """Sets the raw text of one part; what stands at exactly this place is replaced, its neighbours stay."""
        delims = self.delimiters
        whole = self.raw(field)
        one = _nth(whole, delims.repetition, repetition)
        if component is not None:
            part = _nth(one, delims.component, component)
            if subcomponent is not None:
                raw = _replaced(part, delims.subcomponent, subcomponent, raw)
            raw = _replaced(one, delims.component, component, raw)
        self.put(field, _replaced(whole, delims.repetition, repetition, raw))


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _nth(text: str, separator: str, number: int) -> str:
    if not separator or separator not in text:
        return text if number == 1 else ""
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else ""


def _replaced(text: str, separator: str, number: int, fresh: str) -> str:
    """The text with its n-th part replaced; parts that are missing are made, empty ones at the end dropped."""
    if not separator:
        if number > 1:
            raise CannotWrite("a second part where the message has no separator for it (MSH-2)")
        return fresh
    parts = text.split(separator)
    parts.extend([""] * (number - len(parts)))
    parts[number - 1] = fresh
    if not fresh and number == len(parts):
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
    return separator.join(parts)
