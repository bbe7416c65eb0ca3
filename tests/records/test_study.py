"""The Study record: partial dates stay partial, and every field travels as JSON and back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, get_type_hints

import orjson
import pytest

from integrator.mapping.record_model import bare
from integrator.records import KINDS, wire
from integrator.records.study import Study
from integrator.records.study_parts import Site
from integrator.records.values import Concept, PartialDate


def whole(kind: type, text: str = "x") -> Any:
    """A value of a type with everything in it said."""
    if kind is PartialDate:
        return PartialDate("2011-09", "ESTIMATED")
    if kind is Concept:
        return Concept((), text)
    if not is_dataclass(kind):
        return {str: text, int: 60, bool: False}[kind]
    return kind(**{name: many(hint, text) for name, hint in get_type_hints(kind).items()})


def many(hint: Any, text: str) -> Any:
    inner, listed = bare(hint)
    return (whole(inner, text), whole(inner, text + "2")) if listed else whole(inner, text)


def test_every_field_travels_as_json_and_back():
    said = {one.name: getattr(whole(Study), one.name) for one in fields(Study)}
    through = orjson.loads(orjson.dumps(wire.to_json("Study", said)))
    assert wire.from_json("Study", through) == said
    assert through["start"] == {"text": "2011-09", "kind": "ESTIMATED"}
    assert through["delayed"] is False


def test_said_to_be_none_is_not_unsaid():
    said = {"arms": (), "title": None}
    assert wire.from_json("Study", wire.to_json("Study", said)) == said


def test_a_part_that_is_empty_comes_back_as_it_was():
    said = {"sites": (Site("Heidelberg University Hospital"), Site())}
    assert wire.from_json("Study", wire.to_json("Study", said)) == said


@pytest.mark.parametrize(
    ("text", "precision", "first", "last"),
    [
        ("2012", "year", date(2012, 1, 1), date(2012, 12, 31)),
        ("2012-02", "month", date(2012, 2, 1), date(2012, 2, 29)),
        ("2011-09-30", "day", date(2011, 9, 30), date(2011, 9, 30)),
    ],
)
def test_a_partial_date_is_never_padded(text: str, precision: str, first: date, last: date):
    when = PartialDate(text, "ACTUAL")
    assert when.text == text
    assert (when.precision, when.first_day, when.last_day) == (precision, first, last)


def test_the_record_is_registered():
    assert KINDS["Study"] is Study
