"""What a target is to be told of a record: the resource on nothing, its digest, and how it is written onto theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from integrator.config import Target
from integrator.errors import CannotWrite, Waiting
from integrator.formats.fhir.model import release_of
from integrator.formats.fhir.validate import problems
from integrator.mapping import Context, Face
from integrator.records import Said
from integrator.records.values import Identifier
from integrator.references import OF_PATIENT, Refers
from integrator.store.owed import TargetId

Resource = dict[str, Any]


@dataclass
class Outgoing:
    """One record on its way to one target."""

    kind: str
    key: str
    said: Said
    patient_id: int | None  # None: a record that is about no person
    index: bytes  # blind index of the number that the target's Patient is found by
    known: TargetId | None
    subject: str | None = None  # subject code
    others: tuple[str, ...] = ()  # further numbers that the hospital made one with the patient's
    withdrawn: bool = False  # the consent to what is collected was withdrawn
    refers: Refers = field(default_factory=Refers)  # to other records of ours
    waits: str | None = None  # the target's id of something that it must refer to
    there: Said = field(default_factory=dict)  # the record as this target names things
    fresh: Resource = field(default_factory=dict)  # written on nothing
    digest: bytes = b""
    identifier: tuple[str, str] = ("", "")  # system and value that we find it again by
    context: Context = field(default_factory=Context)
    onto: Callable[[Resource], Resource] = dict


def render(outgoing: Outgoing, face: Face, target: Target, patient_at: Callable[[str], str | None]) -> None:
    """Fills in the resource for this target. Waiting: for what is named, be it a value that does not fit the form."""
    said, links = _for_target(outgoing, target, patient_at)
    outgoing.there = said
    context = Context(links={**outgoing.refers.links, **links})
    outgoing.context = context
    outgoing.fresh = face.write(said, context)
    outgoing.onto = lambda current: face.write(said, context, onto=current)
    wrong = problems(outgoing.fresh, release_of(target.form))
    if wrong:
        raise CannotWrite(f"the target cannot be given this: {wrong[0].path}: {wrong[0].text}")
    canonical = orjson.dumps(outgoing.fresh, option=orjson.OPT_SORT_KEYS)
    outgoing.digest = hashlib.sha256(canonical).digest()
    outgoing.identifier = _ours(outgoing)


def _for_target(
    outgoing: Outgoing, target: Target, patient_at: Callable[[str], str | None]
) -> tuple[Said, dict[Any, dict[str, Any]]]:
    """The record as this target names things: its own Patient where it has one, else the number in its system."""
    said, links = outgoing.said, {}
    number = said.get("patient")
    if number and target.patient_system:
        theirs = Identifier(number.value, target.patient_system, None, "MR")
        said = {**said, "patient": theirs}
        if reference := patient_at(number.value):
            links[theirs] = {"reference": reference}
    if not links and outgoing.kind in OF_PATIENT:
        outgoing.waits = outgoing.waits or "the target's id of Patient, found by number in its patient_system"
    return said, links


def _ours(outgoing: Outgoing) -> tuple[str, str]:
    """The identifier of the resource that is the record's key; without a system a search would find others'."""
    value = outgoing.key.rpartition("|")[2]
    for identifier in outgoing.fresh.get("identifier", ()):
        if identifier.get("value") == value and identifier.get("system"):
            return identifier["system"], value
    raise Waiting("a namespace of its appointment ids ([[source]] namespace)")
