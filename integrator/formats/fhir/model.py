"""What FHIR is made of: types, elements, cardinalities, targets and codes; of R4 all, of R5 what studies need.

A *type* is a resource ("Appointment"), a data type ("Period"), a primitive ("instant") or a group of elements
("Appointment.participant"). Names are spelled as in JSON, so a choice appears once for each of its types
("valueQuantity", "valueString"). The facts are made by scripts/reduce_r4.py from the genuine 4.0.1 package and by
scripts/reduce_r5.py from fhir.resources, and travel as r4.json.gz and r5.json.gz; the codes of whole code systems as
r4_codes.json.gz.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson

JSON_TYPES = {"boolean": "boolean", "integer": "integer", "unsignedInt": "integer", "positiveInt": "integer"} | {
    "decimal": "number"
}  # every other primitive is a JSON string (FHIR R4, section 2.6.2)

SHAPES = {
    "urn:iso:std:iso:3166": "[A-Z]{2,3}|[0-9]{3}",
    "urn:iso:std:iso:4217": "[A-Z]{3}",
    "http://unitsofmeasure.org": "[!-~]+",  # UCUM: what there is between blanks
}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, as it stands in JSON."""

    name: str  # "participant", "valueQuantity"
    type: str  # where its own children are found: "Reference", "Appointment.participant", "instant"
    many: bool  # a JSON array
    min: int  # 0 or 1; for a choice: of all its types together
    choice: str | None = None  # "value" for valueQuantity
    targets: frozenset[str] | None = None  # of a Reference; None: any resource
    codes: frozenset[tuple[str, str]] | None = None  # (system, code) of a required binding; None: open
    group: bool = False  # children are named in this type only, not in a data type
    simple: bool = False  # a Quantity without comparator


class Model:
    """Answers of one FHIR version. Paths are plain: `participant.actor.identifier`, without brackets."""

    def __init__(self, facts: dict[str, Any]):
        self.version: str = facts["fhirVersion"]
        self.primitives: dict[str, dict[str, str]] = facts["primitives"]
        self._types: dict[str, Any] = facts["types"]
        self._codes = {name: frozenset((s, c) for s, c in codes) for name, codes in facts["codes"].items()}
        self._children: dict[str, dict[str, Element]] = {}
        self.resource_types = frozenset(
            name for name, fact in self._types.items() if fact["kind"] == "resource" and not fact.get("abstract")
        ) | frozenset(facts.get("resources", ()))

    def children(self, type_or_path: str) -> dict[str, Element]:
        """The elements of a type, or of what a path from a type leads to ("Appointment.participant.actor").

        A primitive has `id` and `extension` (in JSON they stand in its `_name` sibling). Empty where there is
        no such type or path.
        """
        kind = type_or_path
        if kind not in self._types and kind not in self.primitives:
            start, _, path = type_or_path.partition(".")
            found = self.element(start, path) if path else None
            if found is None:
                return {}
            kind = found.type
        if kind not in self._children:
            self._children[kind] = self._read(kind)
        return self._children[kind]

    def element(self, type_name: str, path: str) -> Element | None:
        """The element that `path` leads to, or None where a step does not exist.

        Steps are plain names; `_birthDate` is the sibling that holds a primitive's id and extensions.
        """
        found: Element | None = None
        for step in path.split("."):
            found = self.child(found.type if found else type_name, step)
            if found is None:
                return None
        return found

    def child(self, type_name: str, name: str) -> Element | None:
        """One step down."""
        children = self.children(type_name)
        if name in children:
            return children[name]
        plain = children.get(name.removeprefix("_")) if name.startswith("_") else None
        if plain is None or not self.is_primitive(plain.type):
            return None
        return Element(name, "Element", plain.many, 0)

    def is_primitive(self, type_name: str) -> bool:
        return type_name in self.primitives

    def is_resource(self, type_name: str) -> bool:
        return type_name in self.resource_types

    def has(self, type_name: str) -> bool:
        """Whether there is such a type or group."""
        return type_name in self._types or type_name in self.primitives

    def types(self) -> list[str]:
        """All types and groups that have elements."""
        return sorted(self._types)

    def lineage(self, type_name: str) -> list[str]:
        """The type and what it is derived from, nearest first: Appointment, DomainResource, Resource."""
        found = []
        while type_name:
            found.append(type_name)
            fact = self._types.get(type_name) or self.primitives.get(type_name) or {}
            type_name = fact.get("base", "")
        return found

    def _read(self, kind: str) -> dict[str, Element]:
        if kind in self.primitives:
            return self._read("Element")
        found: dict[str, Element] = {}
        if kind in self.resource_types:
            found["resourceType"] = Element("resourceType", "code", False, 1, codes=frozenset({("", kind)}))
        for name, fact in self._types.get(kind, {"elements": {}})["elements"].items():
            for type_name in fact["types"]:
                if name == "id" and self._types[kind]["kind"] == "resource":
                    type_name = "id"  # the package says string; the text of Resource.id says id
                element = self._element(name, type_name, fact)
                found[element.name] = element
        return found

    def _element(self, name: str, type_name: str, fact: dict[str, Any]) -> Element:
        choice = name if fact.get("choice") else None
        targets = frozenset(fact["targets"]) if "targets" in fact and type_name == "Reference" else None
        codes = self._codes[fact["codes"]] if "codes" in fact else None
        return Element(
            name=name + type_name[0].upper() + type_name[1:] if choice else name,
            type=type_name,
            many=fact["max"] not in ("0", "1"),
            min=min(fact["min"], 1),
            choice=choice,
            targets=targets,
            codes=codes,
            group=self._types.get(type_name, {}).get("kind") == "group",
            simple=bool(fact.get("simple")) and type_name == "Quantity",
        )


class Shaped:
    """All codes that look like this."""

    def __init__(self, pattern: str):
        self._matches = re.compile(pattern).fullmatch

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self._matches(code) is not None


def release_of(form: str) -> str:
    """The FHIR version of an outside form, "fhir-r5": "r4" or "r5"; profiles are of R4."""
    return "r5" if form == "fhir-r5" else "r4"


@cache
def model(version: str = "r4") -> Model:
    """The model of a FHIR version, read once (some milliseconds). There are "r4" and "r5"."""
    data = resources.files(__package__).joinpath(f"{version}.json.gz").read_bytes()
    return Model(orjson.loads(gzip.decompress(data)))


@cache
def codes_of_systems() -> dict[str, Container[str]]:
    """Every code of each code system that R4 lists completely (its own, v2, v3, DICOM), by the system's URL.

    Of systems that others list there is what their codes look like.
    """
    data = resources.files(__package__).joinpath("r4_codes.json.gz").read_bytes()
    listed = {system: frozenset(codes) for system, codes in orjson.loads(gzip.decompress(data)).items()}
    return {**{system: Shaped(pattern) for system, pattern in SHAPES.items()}, **listed}
