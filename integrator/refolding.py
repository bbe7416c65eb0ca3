"""Folding again from nothing: a record out of all its messages, as they are read today and whose they are today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrator import fractions, identity
from integrator.claims import said_from_json
from integrator.folding import covered, save, subject_of, turn
from integrator.house import House
from integrator.merge import Claim, Folded, Origin, changed, fold, take
from integrator.reading import Read
from integrator.store import Tx, messages, records
from integrator.store.messages import Stored
from integrator.store.people import Participant
from integrator.store.records import Row


@dataclass(frozen=True, slots=True)
class Refolded:
    """What reading all messages of a record again makes of it."""

    key: str
    fields: frozenset[str]


def refold(house: House, tx: Tx, row: Row, reads: Mapping[int, Read], dry_run: bool) -> Refolded:
    """Folds a record from nothing out of all its messages; `reads` are those messages, read as they are read today.

    What only was said under numbers that are not the participant's any more is entered in error; so is what turned out
    to be none of the trial's business (its activity was answered `other`)."""
    participant = house.linked.of_subject(tx, row.subject) if row.subject else None
    if row.patient and participant is None:
        return Refolded(row.key, frozenset())
    _, open_ = identity.record_seals(tx, house.keys, participant)
    before = said_from_json(row.kind, row.body, open_)
    claims: dict[str, tuple[Claim, ...]] = {}
    mine, others = _voices(house, tx, row, participant)
    foreign = False
    for message in mine:
        said = reads.get(message.id)
        for spoken in said.records if said else ():
            if (spoken.kind, spoken.key) != (row.kind, row.key):
                continue
            foreign = foreign or spoken.said.get("activity") == "other"
            if covered(house, participant, spoken, message):
                origin = Origin(message.system, message.source_time, message.id, said.trigger if said else None)
                claims = take(claims, spoken.said, origin, row.kind)
    folded = fold(row.kind, claims, lambda field: house.settings.owner(row.kind, field))
    taken_back = bool(others or foreign) and not claims
    if taken_back:
        folded = Folded(before | {"status": "entered-in-error"} | ({"activity": "other"} if foreign else {}), {})
    beside = fractions.around(house, tx, participant, row.kind, row.key, folded.said, not dry_run)
    folded.said.update(beside.own)
    fields = changed(before, folded.said)
    if not dry_run and (claims or taken_back):
        whose = next((one.patient_index for one in (*mine, *others)), row.patient)
        save(house, tx, replace(row, patient=whose), claims, folded, before, participant, None, None)
        turn(house, tx, beside, participant, None)
    return Refolded(row.key, fields)


def _voices(house: House, tx: Tx, row: Row, participant: Participant | None) -> tuple[list[Stored], list[Stored]]:
    """The messages that spoke of a record: of this participant under any of their numbers, and of others."""
    found = messages.of_record(tx, row.number)
    if participant is None:
        return found, []
    here = [
        one.patient_index is None or subject_of(house.linked.get(tx, one.patient_index)) == participant.subject
        for one in found
    ]
    of_them = [(one, mine) for one, mine in zip(found, here, strict=True)]
    return [one for one, mine in of_them if mine], [one for one, mine in of_them if not mine]


def refold_patient(house: House, tx: Tx, participant: Participant, reads: Mapping[int, Read]) -> None:
    """The same of what is known of the person in the identity room."""
    anchor = records.get(tx, "Patient", str(participant.patient_id))
    if anchor is None:
        return
    claims: dict[str, tuple[Claim, ...]] = {}
    for message in _voices(house, tx, anchor, participant)[0]:
        said = reads.get(message.id)
        for spoken in said.records if said else ():
            if spoken.kind == "Patient" and covered(house, participant, spoken, message):
                origin = Origin(message.system, message.source_time, message.id, said.trigger if said else None)
                claims = take(claims, spoken.said, origin)
    folded = fold("Patient", claims, lambda field: house.settings.owner("Patient", field))
    identity.keep_patient_record(tx, house.keys, participant.patient_id, folded.said, claims)


def summary(found: list[Refolded]) -> dict[str, Any]:
    """What a replay changes, for people and programs."""
    differing = [{"key": one.key, "fields": sorted(one.fields)} for one in found if one.fields]
    return {"records": len(found), "changed": len(differing), "changes": differing}
