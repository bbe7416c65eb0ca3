"""What a study record is made of: types, fields, lists and words, reduced from the OpenAPI description of API v2.

The facts are made by scripts/reduce_ctgov.py and travel as study.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson

PRIMITIVES = ("string", "code", "date", "partialDate", "boolean", "integer", "number")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type, as it stands in JSON."""

    name: str  # "armGroups"
    type: str  # "ArmGroup", or one of PRIMITIVES
    many: bool  # a JSON array
    codes: tuple[str, ...] = ()  # what a "code" may be


class StudyModel:
    """The facts by type; every path begins at "Study"."""

    def __init__(self, facts: dict[str, Any]):
        self.version: str = facts["version"]
        self._types = {
            kind: {name: _field(name, fact, facts["codes"]) for name, fact in fields.items()}
            for kind, fields in facts["types"].items()
        }

    def children(self, kind: str) -> dict[str, Field]:
        """The fields of a type; none of a primitive."""
        return self._types.get(kind, {})

    def child(self, kind: str, name: str) -> Field | None:
        """One step down."""
        return self.children(kind).get(name)

    def is_primitive(self, kind: str) -> bool:
        return kind in PRIMITIVES

    def leaves(self, kind: str, below: str = "") -> list[str]:
        """Every leaf of a type as a path with [] behind lists: "armsInterventionsModule.armGroups[].label"."""
        found: list[str] = []
        for field in self.children(kind).values():
            path = f"{below}.{field.name}" if below else field.name
            path += "[]" if field.many else ""
            found += [path] if self.is_primitive(field.type) else self.leaves(field.type, path)
        return found


def _field(name: str, fact: list[str], codes: dict[str, list[str]]) -> Field:
    kind, _, words = fact[0].partition(" ")
    return Field(name, kind, len(fact) > 1, tuple(codes[words]) if words else ())


@cache
def study_model() -> StudyModel:
    """The model, read once."""
    return StudyModel(orjson.loads(resources.files(__package__).joinpath("study.json").read_bytes()))
