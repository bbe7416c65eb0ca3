"""The marshmallow fields of what people and programs send in: they accept the words of texts.py and answer in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from integrator.records import texts
from integrator.records.schemas.about import known
from integrator.records.texts import not_one_of
from integrator.records.values import Coding, Concept, Period, When

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST = 2000  # characters of one text
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}")


NOTHING_SAID: dict[str, Any] = {"null": "is empty; leave it out", "required": "is missing"}


class Number(fields.Field[float]):
    """A number; a decimal comma is refused unless the file was said to have them."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> float:
        try:
            return texts.read_number(value, known().comma)
        except texts.Unclear as wrong:
            raise ValidationError(str(wrong)) from None


class Count(Number):
    """A whole number, not below zero."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> int:
        number = super()._deserialize(value, attr, data, **more)
        if number != int(number) or number < 0:
            raise ValidationError(f"{number:g} is no whole number")
        return int(number)


class YesNo(fields.Field[bool]):
    """Yes or no."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bool:
        try:
            return texts.read_yes_no(value)
        except texts.Unclear as wrong:
            raise ValidationError(str(wrong)) from None


class Day(fields.Field[str]):
    """A day of the calendar."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        try:
            return texts.read_day(value)
        except texts.Unclear as wrong:
            raise ValidationError(str(wrong)) from None


class Moment(fields.Field[When]):
    """A day, or a day with a time of day."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> When:
        try:
            return texts.read_moment(value, known().zone)
        except texts.Unclear as wrong:
            raise ValidationError(str(wrong)) from None


class Between(fields.Field[Period]):
    """{"start": ..., "end": ...}, both with a time of day."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Period:
        if not isinstance(value, dict) or set(value) - {"start", "end"} or "start" not in value:
            raise ValidationError("write a start and an end: {start: 2026-03-03 10:00, end: 2026-03-03 10:30}")
        try:
            start, end = (
                texts.read_moment(value[name], known().zone) if value.get(name) else When() for name in ("start", "end")
            )
        except texts.Unclear as wrong:
            raise ValidationError(str(wrong)) from None
        if start.start is None or (value.get("end") and end.start is None):
            raise ValidationError("a planned time needs its time of day: 2026-03-03 10:00")
        return Period(start.start, end.start)


class Word(fields.Field[str]):
    """One of a list of words; `also` are words that people use for them."""

    default_error_messages = NOTHING_SAID

    def __init__(self, words: tuple[str, ...], also: dict[str, str] | None = None, **more: Any):
        super().__init__(**more)
        self.words, self.also = words, also or {}
        self.metadata = {"enum": list(words), **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        text = str(value).strip()
        text = self.also.get(text.lower(), text)
        if text in self.words:
            return text
        raise ValidationError(not_one_of(attr or "it", text, self.words))


class Words(fields.Field[str]):
    """A text of people: not empty, no control characters, not endless."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValidationError("is empty; leave it out, or write something")
        if CONTROL.search(value):
            raise ValidationError("has characters that cannot be shown; write it anew")
        if len(value) > LONGEST:
            raise ValidationError(f"is longer than {LONGEST} characters")
        return value.strip()


class Notes(Words):
    """One text, or a list of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        every = value if isinstance(value, list) else [value]
        return tuple(super(Notes, self)._deserialize(one, attr, data, **more) for one in every)


class Name(fields.Field[str]):
    """The trial's own name of a thing: a subject code, the number of a session."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        text = str(value).strip() if isinstance(value, str | int) else ""
        if not KEY.fullmatch(text):
            raise ValidationError(f"{value!r} is no name; letters, digits, points, dashes and colons only: S-04")
        return text


class Meaning(fields.Field[Concept]):
    """A text, or {"code", "system", "display", "text"}."""

    default_error_messages = NOTHING_SAID

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Concept:
        if isinstance(value, str) and value.strip():
            return Concept((), value.strip())
        names = {"code", "system", "display", "text"}
        if not isinstance(value, dict) or set(value) - names or not all(isinstance(v, str) for v in value.values()):
            raise ValidationError('write a text, or {"code": ..., "system": ..., "display": ..., "text": ...}')
        codings: tuple[Coding, ...] = ()
        if value.get("code"):
            codings = (Coding(value["code"], value.get("system") or None, value.get("display") or None),)
        if not codings and not value.get("text"):
            raise ValidationError("a code or a text is missing")
        return Concept(codings, value.get("text") or None)
