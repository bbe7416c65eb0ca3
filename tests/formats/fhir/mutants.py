"""Mutants of right resources: one fault at one drawn place, the same for the same seed.

    for mutant in mutants(examples, seed=7):
        print(mutant)  # Appointment-example.json bad-time/odd_time at Appointment.start (seed 7)
        judge(mutant.resource)
    again("Appointment-example.json", example, "bad-time", seed=7)  # the same mutant, without the others

The faults stand in mutant_faults.py, mutant_texts.py and mutant_invariants.py. Where they can be put is read from the
facts of R4; whether the mutant is wrong is for the judges to say: some faults (an optional element taken away, another
code in an open list) leave it right.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from integrator.formats.fhir.model import Element, model

R4 = model("r4")
Node = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """One element that is there: the object that holds it, that object's type, and where it stands."""

    node: Node
    kind: str  # of the node: "Appointment.participant", "Period", "Appointment"
    name: str
    element: Element
    path: str
    root: Node  # the whole resource

    @property
    def value(self) -> Any:
        return self.node[self.name]


Fault = Callable[[Place, Random], bool]  # puts itself there; False: it does not fit there, and nothing was changed
FAULTS: dict[str, list[Fault]] = {}  # by kind


def fault(kind: str) -> Callable[[Fault], Fault]:
    """Makes the function a fault of this kind."""

    def add(one: Fault) -> Fault:
        FAULTS.setdefault(kind, []).append(one)
        return one

    return add


@dataclass(frozen=True)
class Mutant:
    """A resource with one fault, and what it takes to draw it again."""

    example: str
    kind: str
    fault: str
    path: str
    seed: int
    resource: Node

    def __str__(self) -> str:
        return f"{self.example} {self.kind}/{self.fault} at {self.path} (seed {self.seed})"


def mutants(examples: dict[str, Node], seed: int, share: float = 1.0) -> Iterator[Mutant]:
    """One mutant of every kind for every example, where there is a place for it; `share`: of those a drawn part."""
    draw = Random(seed)
    for name, example in examples.items():
        for kind in FAULTS:
            if draw.random() < share and (mutant := again(name, example, kind, seed)) is not None:
                yield mutant


def again(name: str, example: Node, kind: str, seed: int) -> Mutant | None:
    """One mutant: faults of the kind are tried in a drawn order, at places in a drawn order, until one fits."""
    draw = Random(f"{seed}/{name}/{kind}")
    mutant = copy.deepcopy(example)
    found = list(places(mutant, mutant["resourceType"], mutant["resourceType"], mutant))
    for one in draw.sample(FAULTS[kind], len(FAULTS[kind])):
        for place in draw.sample(found, len(found)):
            if one(place, draw):
                return Mutant(name, kind, one.__name__, place.path, seed, mutant)
    return None


def places(node: Node, kind: str, path: str, root: Node) -> Iterator[Place]:
    """Every element of a resource and of the resources in it, in its order; what R4 does not know is passed over."""
    for name, value in list(node.items()):
        element = R4.child(kind, name)
        if element is None or name == "resourceType":
            continue
        yield Place(node, kind, name, element, f"{path}.{name}", root)
        for index, part in enumerate(value if isinstance(value, list) else [value]):
            step = f"{path}.{name}[{index}]" if isinstance(value, list) else f"{path}.{name}"
            if isinstance(part, dict):
                inner = part.get("resourceType", "") if element.type == "Resource" else element.type
                yield from places(part, inner, step, root)
