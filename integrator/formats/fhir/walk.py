"""The second half of validation: what holds between elements, looked at in one walk over a well-formed resource.

The schema has already said that every element exists and has its type; the walk asks for one of each choice, for what
a reference may point to, for the codes of required bindings in concepts, and for the invariants of every type.
A clean resource costs one dict look-up for an element; paths are built only for what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, KeysView
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from integrator.formats.fhir.invariants import RULES, Node, Problem, Rule
from integrator.formats.fhir.model import Element, Model
from integrator.formats.fhir.type_invariants import listed, simple

Root = tuple[Node, bool]  # the resource into which local references point; whether that contains the one looked at

_id = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_type = re.compile("[A-Z][A-Za-z]+").fullmatch


@dataclass(slots=True)
class Plan:
    """What to look at in one type."""

    rules: tuple[Rule, ...]  # that are asked always
    needed: list[tuple[str, frozenset[str]]] = field(default_factory=list)  # required choices and their spellings
    steps: dict[str, Step] = field(default_factory=dict)  # only elements at which there is something to look at


@dataclass(slots=True)
class Step:
    """What to look at where one element is there."""

    many: bool = False
    inside: Plan | None = None  # of its type; None: nothing to look at, or a whole resource
    rules: tuple[Rule, ...] = ()  # of the type above, asked only where this element is there
    choice: str | None = None
    spelled: str = ""  # the name of the element, without the _ of a sibling
    reference: bool = False
    resource: bool = False
    contained: bool = False
    canonical: bool = False
    targets: frozenset[str] | None = None
    codes: frozenset[tuple[str, str]] | None = None
    asks: bool = False  # even where none of `names` is there
    looks: bool = False  # and there is something to ask of its own type
    leaf: bool = True  # there is nothing to look at inside
    only_type: bool = False  # of what stands inside, all that is asked is what its own type says
    names: KeysView[str] = field(default_factory=lambda: {}.keys())  # of the steps inside

    def __post_init__(self) -> None:
        plan = self.inside
        if plan is not None:
            self.names = plan.steps.keys()
            self.looks = bool(plan.rules or plan.needed)
            self.asks = bool(self.looks or self.reference or self.codes)
        self.asks = self.asks or self.resource
        self.leaf = plan is None and not self.resource
        self.only_type = not self.reference and self.codes is None


class Walk:
    """Knows how to look at every type of a model; `inner` checks a resource that stands inside another.

    `without`: types whose own invariants are not asked, for they are those of another FHIR version.
    """

    def __init__(
        self,
        model: Model,
        inner: Callable[[Node, Node | None], list[Problem]],
        without: frozenset[str] = frozenset(),
    ):
        self._model, self._inner, self._without = model, inner, without
        self._plans: dict[str, Plan] = {}

    def problems(self, resource: Node, container: Node | None = None) -> list[Problem]:
        """What is wrong between the elements of a resource that the schema accepts.

        `container` is the resource that holds this one in `contained`: local references point into that.
        """
        return self._look(
            resource, self._plan(resource["resourceType"]), (container or resource, container is not None)
        )

    def _plan(self, kind: str) -> Plan:
        if kind in self._plans:
            return self._plans[kind]
        rules = [rule for above in self._model.lineage(kind) for rule in self._rules(above)]
        plan = Plan(tuple(rule for rule in rules if rule.on is None))
        self._plans[kind] = plan  # known before its steps are: types contain themselves
        children = self._model.children(kind)
        for choice in dict.fromkeys(e.choice for e in children.values() if e.choice and e.min):
            same = [e.name for e in children.values() if e.choice == choice]
            plan.needed.append((choice, frozenset(same) | frozenset("_" + name for name in same)))
        for element in children.values():
            name = intern(element.name)  # as the names in resources are that this program makes
            at = tuple(rule for rule in rules if rule.on == element.name)
            if not self._model.is_primitive(element.type):
                plan.steps[name] = self._step(element, at)
                continue
            local = element.type == "canonical"
            if at or element.choice or local:
                plan.steps[name] = Step(
                    element.many, rules=at, choice=element.choice, spelled=element.name, canonical=local
                )
            if element.name != "resourceType":
                sibling = Step(element.many, self._plan("Element"), choice=element.choice, spelled=element.name)
                plan.steps["_" + name] = sibling
        return plan

    def _rules(self, kind: str) -> list[Rule]:
        return [] if kind in self._without else RULES.get(kind, [])

    def _step(self, element: Element, rules: tuple[Rule, ...]) -> Step:
        whole = element.type == "Resource"
        if element.simple:
            rules += (simple(element.name),)
        if element.type == "Coding" and element.name != "coding" and "CodeableConcept" not in self._without:
            rules += (listed(element.name),)
        return Step(
            many=element.many,
            inside=None if whole else self._plan(element.type),
            rules=rules,
            choice=element.choice,
            spelled=element.name,
            reference=element.type == "Reference",
            resource=whole,
            contained=element.name == "contained",
            targets=element.targets,
            codes=element.codes,
        )

    def _local(self, name: str, value: Any, root: Root) -> list[Problem]:
        """A canonical that begins with # names a resource that this one contains."""
        inside = {each.get("id") for each in root[0].get("contained", ())}
        urls = value if isinstance(value, list) else [value]
        if all(not url or not url.startswith("#") or url[1:] in inside for url in urls):
            return []
        return [Problem(name, "names no resource that is contained")]

    def _look(self, node: Node, plan: Plan, root: Root) -> list[Problem]:
        found: list[Problem] = []
        for rule in plan.rules:
            if not rule.holds(node):
                found.append(rule.problem())
        chosen: dict[str, str] | None = None
        steps = plan.steps
        for name, value in node.items():
            step = steps.get(name)
            if step is None:
                continue
            for rule in step.rules:
                if not rule.holds(node):
                    found.append(rule.problem())
            if step.choice is not None:
                if chosen is None:
                    chosen = {step.choice: step.spelled}
                elif (first := chosen.setdefault(step.choice, step.spelled)) != step.spelled:
                    text = f"only one of {step.choice}[x] may be there, not {first}, {step.spelled}"
                    found.append(Problem("", text))
            if step.leaf:
                if step.canonical:
                    found += self._local(name, value, root)
            elif not step.many:
                if (step.asks or not step.names.isdisjoint(value)) and (below := self._go(value, step, root)):
                    found += [problem.under(name) for problem in below]
            else:
                for index, child in enumerate(value):
                    if child is None or not (step.asks or not step.names.isdisjoint(child)):
                        continue
                    if below := self._go(child, step, root):
                        found += [problem.under(f"{name}[{index}]") for problem in below]
        if plan.needed:
            found += [Problem("", f"{name}[x] is missing") for name, all_ in plan.needed if all_.isdisjoint(node)]
        return found

    def _go(self, node: Any, step: Step, root: Root) -> list[Problem]:
        """What is wrong in one element: as its type says, and as what stands above says of it."""
        if step.inside is None:
            return self._inner(node, root[0] if step.contained else None)
        if step.only_type:
            return self._look(node, step.inside, root)
        looks = step.looks or not step.names.isdisjoint(node)
        found = self._look(node, step.inside, root) if looks else []
        if step.codes is not None and not _coded(node, step.codes):
            names = ", ".join(sorted(code for _, code in step.codes))
            found.append(Problem("", f"needs a coding of the required value set: {names}"))
        if step.reference and ("reference" in node or "type" in node):
            found += self._pointing(node, step.targets, root)
        return found

    def _pointing(self, node: Node, targets: frozenset[str] | None, root: Root) -> list[Problem]:
        """A local reference must resolve (ref-1); a known type must be one of those allowed."""
        target, said = node.get("reference", ""), node.get("type")
        kind = self._target_type(target) if "/" in target else None
        found = []
        if target.startswith("#"):
            inside = _inside(root, target[1:])
            kind = inside.get("resourceType") if inside else None
            if inside is None:
                found.append(Problem("reference", "ref-1: no contained resource has this id"))
        if said is not None and said not in self._model.resource_types:
            found.append(Problem("type", f"names no resource type of R{self._model.version[0]}"))
        elif said is not None:
            if kind is not None and said != kind:
                found.append(Problem("type", f"says {said}, but the reference is to {kind}"))
            kind = kind or said
        if kind is not None and targets is not None and kind not in targets:
            found.append(Problem("", f"may not refer to {kind}, only to {', '.join(sorted(targets))}"))
        return found

    def _target_type(self, reference: str) -> str | None:
        """The type in `Patient/7`, `https://ehr/fhir/Patient/7/_history/2`; None where it cannot be told."""
        if "/_history/" in reference:
            reference = reference.partition("/_history/")[0]
        above, _, name = reference.rpartition("/")
        kind = above.rpartition("/")[2]
        if kind in self._model.resource_types:
            return kind if _id(name) else None
        return kind if _type(kind) and _id(name) else None  # which is no type that may be referred to


def _inside(root: Root, name: str) -> Node | None:
    """The contained resource with this id; without a name the container, seen from a contained one."""
    if not name:
        return root[0] if root[1] else None
    return next((each for each in root[0].get("contained", ()) if each.get("id") == name), None)


def _coded(concept: Node, codes: frozenset[tuple[str, str]]) -> bool:
    return any((coding.get("system"), coding.get("code")) in codes for coding in concept.get("coding", ()))
