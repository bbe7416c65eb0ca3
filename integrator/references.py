"""A target's own ids of what a record refers to: its Patient, and those of our records that it has or is given.

A reference that the form requires waits for the target's id; so does one to a record that is on its way to the same
target. Any other is written as a logical reference, with the identifier alone (DESIGN, "References").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from integrator import identity
from integrator.config import Target
from integrator.errors import Waiting
from integrator.house import House
from integrator.mapping.casts_fhir import TYPES
from integrator.records import Said
from integrator.records.values import Identifier, Ref
from integrator.store import Tx, owed, people, records
from integrator.store.people import Participant

Resource = dict[str, Any]

REQUIRED = {"Participant": ("study",)}  # R4: ResearchSubject.study 1..1
# R4: ResearchSubject.individual 1..1, Procedure.subject 1..1; Observation.subject
OF_PATIENT = ("Participant", "ExerciseSession", "Observation", "Treatment")
NCT = "https://clinicaltrials.gov/nctid"


@dataclass(frozen=True, slots=True)
class Refers:
    """What a record refers to, as far as our store knows the target's ids."""

    links: dict[Any, Resource] = field(default_factory=dict)  # our key -> their Reference
    waits: str | None = None  # the first that it must wait for
    sought: tuple[Ref, ...] = ()  # what we do not give the target: it may have it of its own


def refers(house: House, tx: Tx, target: Target, kind: str, said: Said) -> Refers:
    """The references of a record to others of ours."""
    links: dict[Any, Resource] = {}
    waits: str | None = None
    sought: list[Ref] = []
    for name, ref in said.items():
        if not isinstance(ref, Ref):
            continue
        row = records.get(tx, ref.kind, ref.key)
        held = owed.held_as(tx, target.name, row.number) if row else None
        required = name in REQUIRED.get(kind, ())
        if held:
            links[ref] = {"reference": f"{held.resource_type}/{held.resource_id}"}
        elif ref.kind in target.records and (required or (row and _on_its_way(tx, target.name, row.number))):
            waits = waits or id_of(ref)
        elif required:
            sought.append(ref)
    return Refers(links, waits, tuple(sought))


def id_of(ref: Ref) -> str:
    """What a row waits for that needs the target's id of a record of ours; see `delivering.confirm`."""
    return f"the target's id of {TYPES[ref.kind]} {ref.key}"


def _on_its_way(tx: Tx, target: str, record_id: int) -> bool:
    """Whether a record is still to be written there; what the target cannot write never comes."""
    rows = [row for row in owed.of_record(tx, record_id) if row.target == target]
    coming = ("owed", "waiting")
    return any(row.state in coming and not (row.reason or "").startswith("the target cannot") for row in rows)


def seek(house: House, target: str, ref: Ref) -> Resource | None:
    """The target's own resource of a record that we do not give it, found by its number; None: it has none."""
    kind, key = TYPES[ref.kind], (target, ref)
    if ref.kind != "Study":
        return None
    if key not in house.found:
        client = house.targets[target]
        if not client.abilities().can_search(kind, "identifier"):
            return None
        found = client.find(kind, NCT, ref.key)
        if len(found) > 1:
            raise Waiting(f"a person: the target has two {kind} with the number {ref.key}")
        if not found:
            return None
        house.found[key] = f"{kind}/{found[0]['id']}"
    return {"reference": house.found[key]}


def patient_said(house: House, tx: Tx, target: Target, kind: str, said: Said, subject: str | None) -> Said:
    """The record with its patient: of what the trial says itself the participant's number, or where nothing that
    identifies may go (audience research) the subject code."""
    if kind not in OF_PATIENT or said.get("patient") or subject is None:
        return said
    participant = people.by_subject(tx, subject)
    if participant is None:
        return said
    number = subject if target.audience == "research" else identity.number_text(tx, house.keys, participant)
    return {**said, "patient": Identifier(number, type="MR")} if number else said


def number_today(
    house: House, tx: Tx, participant: Participant | None, said: Said
) -> tuple[Said, bytes, tuple[str, ...]]:
    """The record with the number that the hospital uses today, where it retired the one that was sent; its blind
    index; and the other numbers of this person, where the target was not told yet that they are one."""
    sent = said.get("patient")
    if not isinstance(sent, Identifier):
        return said, b"", ()
    index = identity.number_index(house.keys, sent.value)
    person, survivor = house.linked.person(tx, index), house.linked.survivor(tx, index)
    if participant is None or len(person) == 1:
        return said, index, ()
    known = {one: identity.number_of(tx, house.keys, participant.patient_id, one) for one in sorted(person)}
    values = {one: number.value for one, number in known.items() if number} | {index: sent.value}
    today = survivor if survivor in values else index
    others = tuple(value for one, value in values.items() if one != today)
    return {**said, "patient": replace(sent, value=values[today])}, today, others


def patient_at(
    house: House, target: Target, index: bytes, value: str, subject: str | None, others: Iterable[str] = ()
) -> str | None:
    """The target's own reference of a patient, found by number and, where it says it, the second identifier; None:
    it has none. `others`: further numbers of this person. Waiting: a person must say which it is."""
    if not target.patient_system:
        return None
    key = (target.name, index)
    if key not in house.patients:
        known = (_with_number(house, target, one) for one in (value, *others))
        found = next((one for one in known if one), None)
        if found is None:
            return None
        if subject is not None and not _agrees(house, target, found, subject):
            raise Waiting("a person: the target's patient with this number has another second identifier")
        house.patients[key] = f"Patient/{found['id']}"
    return house.patients[key]


def _with_number(house: House, target: Target, value: str) -> Resource | None:
    """The target's patient with a number; one that it merged into another leads to that one."""
    found = [
        _successor(house, target, one)
        for one in house.targets[target.name].find("Patient", target.patient_system, value)
    ]
    if len({one["id"] for one in found}) > 1:
        raise Waiting("a person: the target has two patients with this number")
    return found[0] if found else None


def _successor(house: House, target: Target, patient: Resource) -> Resource:
    """R4 Patient.link: a patient that is not active was replaced by the other."""
    seen = {patient["id"]}
    while patient.get("active") is False:
        others = [link["other"] for link in patient.get("link", ()) if link.get("type") == "replaced-by"]
        kind, _, number = (others[0].get("reference") or "" if others else "").partition("/")
        other = house.targets[target.name].read(kind, number) if kind == "Patient" and number not in seen else None
        if other is None:
            return patient
        seen.add(number)
        patient = other
    return patient


def _agrees(house: House, target: Target, patient: Resource, subject: str) -> bool:
    """Whether nothing that the target says of the patient contradicts the second identifier."""
    said = house.faces.writing("Patient", target.form, target.site or None).read(patient).said
    with house.store.read() as tx:
        participant = people.by_subject(tx, subject)
        return participant is None or identity.second_agrees(tx, house.keys, participant, said) is not False
