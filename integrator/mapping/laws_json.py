"""Documents of FHIR and of the registry drawn at random from the form's own model, for the laws.

Nothing here knows the face: what is grown on a document is whatever its form allows there, list elements, extensions
and the siblings of primitives among it. Every text is unlike every other and has "noise" in it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from integrator.formats.fhir.model import model
from integrator.formats.study_record import study_model
from integrator.mapping.forms import FHIR, Form
from integrator.mapping.path import Step, Steps

DEPTH = {"fhir": 3, "ctgov": 4}  # below it only what has no parts is grown
INNER = {"fhir": 0.4, "ctgov": 0.7}  # of the parts of a new element, how many are there
LOINC = "http://loinc.org"
_DAY = "20{:02}-{:02}-{:02}"


class JsonDrawing:
    """Values of one form; `count` makes every text its own, and every time later than the one before."""

    def __init__(self, form: Form, random: Random):
        self.form, self.random, self.count = form, random, 0
        self.fhir, self.depth = form.kind == "fhir", DEPTH[form.kind]
        self.inner = INNER[form.kind]
        self.facts: Any = model(FHIR[form.family]) if self.fhir else study_model()

    def grow(self, node: dict[str, Any], kind: str, rate: float, depth: int = 0) -> None:
        """Adds to a node, and to every node below it, some of what its type may have."""
        taken = {one.choice for name in node if (one := self.facts.child(kind, name)) and self._choice(one)}
        for name, element in self.facts.children(kind).items():
            if name in node:
                self._below(node, element, rate, depth)
            elif (self.random.random() < rate or (element_min(element) and depth)) and (
                self._choice(element) or name
            ) not in taken:
                value = self.value(element, depth)
                if value is not None:
                    node[name] = value
                    taken.add(self._choice(element) or name)

    @staticmethod
    def _choice(element: Any) -> str | None:
        """The name of the choice that an element is a type of: of each only one may be there."""
        found: str | None = getattr(element, "choice", None)
        return found

    def _below(self, node: dict[str, Any], element: Any, rate: float, depth: int) -> None:
        child = node[element.name]
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, dict):
                self.grow(one, self._kind(one, element), rate / 2, depth + 1)
        if isinstance(child, list) and element.type != "Resource" and self.random.random() < rate:
            fresh = self.one(element, depth)
            if fresh is not None:
                child.insert(self.random.randint(0, len(child)), fresh)
        if self.fhir and not isinstance(child, list | dict) and self.random.random() < rate / 2:
            node.setdefault(f"_{element.name}", {"id": self.text()})

    @staticmethod
    def _kind(node: dict[str, Any], element: Any) -> str:
        return str(node.get("resourceType", element.type))

    def value(self, element: Any, depth: int) -> Any:
        """What may stand at an element: a list where it is one. None where nothing is drawn so deep."""
        if not element.many:
            return self.one(element, depth)
        found = [self.one(element, depth) for _ in range(self.random.choice((1, 1, 2)))]
        return [one for one in found if one is not None] or None

    def one(self, element: Any, depth: int) -> Any:
        """One value of an element's type."""
        kind = element.type
        if self.facts.is_primitive(kind):
            return self._word(element) or self.primitive(kind)
        makers: dict[str, Callable[[Any, int], Any]] = {
            "Extension": self._extension,
            "Reference": self._reference,
            "CodeableConcept": self._concept,
            "Coding": self._coding,
        }
        if self.fhir and kind in makers:
            return makers[kind](element, depth)
        if kind == "Resource" or depth >= self.depth:
            return None
        node: dict[str, Any] = {}
        self.grow(node, kind, self.inner, depth + 1)
        return node or None

    def _word(self, element: Any) -> str | None:
        """One of the codes that the model allows here and nothing else; None where it allows any."""
        if not element.codes:
            return None
        found = self.random.choice(sorted(element.codes))
        return found if isinstance(found, str) else str(found[1])

    # texts and times

    def text(self) -> str:
        self.count += 1
        return f"noise {self.count}"

    def _at(self) -> str:
        self.count += 1
        n = self.count
        return _DAY.format(10 + n // 336 % 80, 1 + n // 28 % 12, 1 + n % 28)

    def primitive(self, kind: str) -> Any:
        """A value of a primitive type, as JSON has it."""
        if kind in ("boolean",):
            return self.random.random() < 0.5
        if kind in ("integer", "positiveInt", "unsignedInt", "number", "decimal"):
            self.count += 1
            return 1000 + self.count
        if kind in ("date", "partialDate"):
            return self._at()
        if kind in ("dateTime", "instant"):
            return f"{self._at()}T12:00:00+01:00"
        if kind == "time":
            return "12:00:00"
        if kind in ("uri", "url", "canonical"):
            return f"https://noise.example/{self.text().replace(' ', '-')}"
        if kind in ("code", "id", "oid", "uuid", "base64Binary"):
            return self.text().replace(" ", "-")
        return self.text()

    # what would be wrong, or endless, drawn part by part

    def _extension(self, element: Any, depth: int) -> dict[str, Any]:
        node: dict[str, Any] = {"url": self.primitive("uri")}
        if depth < self.depth and self.random.random() < 0.2:
            return node | {"extension": [self._extension(element, depth + 1)]}
        kind = self.random.choice(("String", "Code", "Boolean", "Integer", "DateTime", "Uri"))
        return node | {f"value{kind}": self.primitive(kind[0].lower() + kind[1:])}

    def _reference(self, element: Any, depth: int) -> dict[str, Any]:
        kind = self.random.choice(sorted(element.targets or ()) or ["Organization"])
        kind = "Organization" if kind == "Resource" else kind
        node: dict[str, Any] = {"reference": f"{kind}/{self.primitive('id')}"}
        if self.random.random() < 0.4:
            node = {"type": kind, "identifier": {"system": self.primitive("uri"), "value": self.text()}}
        if self.random.random() < 0.4:
            node["display"] = self.text()
        return node

    def _concept(self, element: Any, depth: int) -> dict[str, Any]:
        codings = [self._coding(element, depth) for _ in range(self.random.choice((0, 1, 1, 2)))]
        node: dict[str, Any] = {"coding": codings} if codings else {}
        if not codings or self.random.random() < 0.5:
            node["text"] = self.text()
        return node

    def _coding(self, element: Any, depth: int) -> dict[str, Any]:
        system, code = self.random.choice(sorted(element.codes or ())) if element.codes else (LOINC, "")
        node: dict[str, Any] = {"system": system, "code": code or self.primitive("code")}
        if not code and self.random.random() < 0.15:
            node = {"system": system} if self.random.random() < 0.5 else {}
        for name, kind in (("display", "string"), ("version", "string"), ("userSelected", "boolean")):
            if not node or self.random.random() < 0.3:
                node[name] = self.primitive(kind)
        return node

    # a value at a place that is asked for

    def plant(self, node: dict[str, Any], kind: str, steps: Steps) -> bool:
        """Puts something at a path if nothing stands there; whether there is something now."""
        step, rest = steps[0], steps[1:]
        element = self.facts.child(kind, step.name)
        if element is None:
            return False
        if not rest and not step.selectors:
            while node.get(step.name) is None:
                node[step.name] = self.value(element, 0)
            return True
        child = node.setdefault(step.name, [] if element.many else {})
        found = self._chosen(child, step) if isinstance(child, list) else child
        if found is None and isinstance(child, list):
            found = self.made(step)
            child.append(found)
        if not isinstance(found, dict):
            return False
        return self.plant(found, self._kind(found, element), rest) if rest else True

    @staticmethod
    def _chosen(child: list[Any], step: Step) -> Any:
        fits = [
            one
            for one in child
            if isinstance(one, dict) and all(one.get(s.child[0]) == s.text for s in step.selectors if len(s.child) == 1)
        ]
        return fits[0] if fits else None

    @staticmethod
    def made(step: Step) -> dict[str, Any]:
        """A list element that the text selectors of a step choose."""
        return {one.child[0]: one.text for one in step.selectors if one.kind == "text" and len(one.child) == 1}


def element_min(element: Any) -> bool:
    """Whether the model needs the element; of a choice any of its types would do."""
    return bool(getattr(element, "min", 0)) and not getattr(element, "choice", None)
