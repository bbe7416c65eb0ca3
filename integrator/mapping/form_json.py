"""The check of a path against the model of a JSON form: FHIR of any version, and the registry's study record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from integrator.formats.fhir.model import Model
from integrator.mapping.path import BadPath, Selector, Step, Steps


class Element(Protocol):
    """What is needed of one element of a model."""

    @property
    def type(self) -> str: ...

    @property
    def many(self) -> bool: ...


class Facts(Protocol):
    """What is needed of a model."""

    def children(self, kind: str, /) -> Mapping[str, Element]: ...

    def child(self, kind: str, name: str, /) -> Element | None: ...

    def is_primitive(self, kind: str, /) -> bool: ...


class JsonSteps:
    """Fills in what the text of a path cannot say, by one model."""

    meanings: ClassVar[Mapping[str, str]] = {}  # a type that a selector compares otherwise than as text

    def __init__(self, facts: Facts):
        self.facts = facts

    def resolve(self, start: str, steps: Steps, text: str) -> tuple[Steps, str]:
        """The steps with their lists and selectors, and the type at the end. BadPath names what there is instead."""
        kind = start
        found: list[Step] = []
        for step in steps:
            element = self._child(kind, step.name, text, "")
            if not element.many and (step.every or step.selectors):
                raise BadPath(f"{step.name!r} in {text!r} does not repeat; write it without brackets")
            kind = self.narrowed(element.type, step)
            if step.key and self.facts.child(kind, step.key) is None:
                raise BadPath(f"{kind} has no {step.key!r} to pair by ({text!r})")
            selectors = tuple(self._selector(kind, one, text) for one in step.selectors)
            found.append(replace(step, many=element.many, selectors=selectors))
        return tuple(found), kind

    def narrowed(self, kind: str, step: Step) -> str:
        """The type that an element has by its selectors, where the model leaves it open."""
        return kind

    def check_text(self, meaning: str, one: Selector, text: str) -> None:
        """BadPath for a selector that can never hold."""

    def _child(self, kind: str, name: str, text: str, what: str) -> Element:
        element = self.facts.child(kind, name)
        if element is None:
            have = ", ".join(sorted(self.facts.children(kind))) or "no parts"
            raise BadPath(f"{kind} has no {name!r}{what} ({text!r}); it has {have}")
        return element

    def _selector(self, kind: str, one: Selector, text: str) -> Selector:
        steps: list[Step] = []
        for name in one.child:
            element = self._child(kind, name, text, " to select by")
            steps.append(Step(name, many=element.many))
            kind = element.type
        meaning = self.meanings.get(kind)
        if meaning is None and not self.facts.is_primitive(kind):
            raise BadPath(f"[{one}] in {text!r} compares a {kind}; name the part of it that is a text")
        self.check_text(meaning or "text", one, text)
        return replace(one, kind=meaning or "text", steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a delimited file."""

    type: str = "text"
    many: bool = False


class Columns:
    """A row of a delimited file: whatever columns its header names; a cell has no parts."""

    def children(self, kind: str) -> Mapping[str, Element]:
        return {}

    def child(self, kind: str, name: str) -> Element | None:
        return Column() if kind == "row" else None

    def is_primitive(self, kind: str) -> bool:
        return kind == "text"


class FhirSteps(JsonSteps):
    """Of FHIR: codings and references have selectors of their own; what is contained has the type that it says."""

    meanings: ClassVar[Mapping[str, str]] = {"CodeableConcept": "coding", "Coding": "coding", "Reference": "reference"}

    def __init__(self, facts: Model):
        super().__init__(facts)
        self.fhir = facts

    def narrowed(self, kind: str, step: Step) -> str:
        """`contained[resourceType=Group]` is a Group."""
        said = next((one.text for one in step.selectors if one.child == ("resourceType",)), "")
        return said if kind == "Resource" and self.fhir.is_resource(said) else kind

    def check_text(self, meaning: str, one: Selector, text: str) -> None:
        if meaning == "reference" and not self.fhir.is_resource(one.text):
            raise BadPath(f"[{one}] in {text!r}: {one.text!r} is not a resource type")
