"""Merging one message into one record: claims in, fold, save, and say what each target is now owed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integrator import fractions, identity, life, unmapped_codes
from integrator.claims import record_from_json, record_to_json
from integrator.errors import Held
from integrator.evidence import GIVEN
from integrator.house import House
from integrator.merge import Claims, Folded, Origin, changed, fold, is_owed, outcome, take, waits_for
from integrator.reading import Spoken
from integrator.records import Said
from integrator.records.texts import starts
from integrator.store import Tx, journal, owed, questions, records
from integrator.store.messages import Stored
from integrator.store.people import Participant
from integrator.store.records import Change, Row

OUTSIDE = "outside what the participant's consent and the trial cover"
ACTIVITY_MAPS = ("siu-activity", "charge-activity", "report-activity")
UNCLAIMED = {"Appointment": "booked", "Observation": "final"}  # the status that nobody claimed


@dataclass(frozen=True, slots=True)
class Speaking:
    """One message speaking of one record of one participant."""

    message: Stored
    spoken: Spoken
    origin: Origin
    index: bytes | None  # None: a record that is about no person
    participant: Participant | None


def covered(house: House, participant: Participant | None, spoken: Spoken, message: Stored) -> bool:
    """Whether consent covers the time that it speaks of, and the trial its activity. What the trial itself says of a
    participant (that they left, and why) needs no consent."""
    if participant is None or spoken.kind == "Participant":
        return True
    at = _begins(house, spoken.said) or message.source_time
    kind = "ExerciseSession" if spoken.said.get("part_of") else spoken.kind  # its scores stand and fall with it
    return identity.consent_covers(participant, at, kind) and spoken.said.get("activity") != "other"


def words_of(kind: str) -> str:
    """A kind of record for people: "exercise session"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def _begins(house: House, said: Said) -> datetime | None:
    """The first instant of the time that a record speaks of; of a day its beginning in the hospital's zone."""
    time = said.get("time") or said.get("planned")
    return starts(time, house.settings.integrator.zone) if time else None


def merge_record(house: House, tx: Tx, one: Speaking) -> str:
    """Folds the message's claims into the record; returns the outcome."""
    if not covered(house, one.participant, one.spoken, one.message):
        return "unwanted"
    if one.spoken.kind == "Treatment" and _is_to_come(house, one.spoken.said):
        raise Held("a fraction is reported as given on a day that is still to come")
    if one.spoken.kind == "Patient" and one.participant is not None:
        return _merge_patient(house, tx, one, one.participant)
    row = records.get(tx, one.spoken.kind, one.spoken.key)
    if row and not _same_patient(house, tx, one, row):
        raise _other_patient(house, tx, one.message, row)
    _, open_ = identity.record_seals(tx, house.keys, one.participant)
    kind, ours = one.spoken.kind, row is not None and row.subject == subject_of(one.participant)
    before, claims = record_from_json(kind, row.body, row.claims, open_) if row and ours else (None, {})
    claims = take(claims, one.spoken.said, one.origin, kind)
    folded = fold(kind, claims, lambda field: house.settings.owner(kind, field))
    beside = fractions.around(house, tx, one.participant, kind, one.spoken.key, folded.said)
    folded.said.update(beside.own)
    result = outcome(before, folded, one.origin)
    fresh = row or Row(kind, one.spoken.key, {}, {}, house.clock.now(), patient=one.index)
    saved, fields = save(house, tx, fresh, claims, folded, before, one.participant, one.message.id, one.spoken.why)
    records.link(tx, one.message.id, saved.number, result)
    turn(house, tx, beside, one.participant, one.message.id)
    _ask(house, tx, one, saved, fields)
    if kind == "Participant" and "status" in fields:
        _ask_life(house, tx, one, saved, before)
    return result


def _is_to_come(house: House, said: Said) -> bool:
    """Whether a dose is said to be given later than now: a typing error, or a charge that was entered ahead."""
    begins = _begins(house, said)
    ahead = timedelta(seconds=house.settings.line.clock_ahead)
    given = said.get("status") in ("completed", "stopped")
    return given and begins is not None and begins > house.clock.now() + ahead


def subject_of(participant: Participant | None) -> str | None:
    return participant.subject if participant else None


def _same_patient(house: House, tx: Tx, one: Speaking, row: Row) -> bool:
    """Whether a record is of the patient that a message names, under whatever number. Also where the record was
    another participant's while the hospital had made two numbers one: from here on it is whose it was said of."""
    if row.patient == one.index or row.subject == subject_of(one.participant):
        return True
    return row.patient is not None and subject_of(house.linked.get(tx, row.patient)) == subject_of(one.participant)


def turn(
    house: House, tx: Tx, beside: fractions.Around, participant: Participant | None, message_id: int | None
) -> None:
    """Saves what the merged record changed of others: the evidence of slots, the slots of reports, fractions."""
    for other in beside.others:
        folded = Folded(other.said, {})
        save(house, tx, other.row, other.claims, folded, other.before, participant, message_id, None)


def save(
    house: House,
    tx: Tx,
    row: Row,
    claims: Claims,
    folded: Folded,
    before: Said | None,
    participant: Participant | None,
    message_id: int | None,
    why: str | None,
) -> tuple[Row, frozenset[str]]:
    """Saves what was folded; a new version, a journal entry and owed rows only where a field changed."""
    now, kind, said = house.clock.now(), row.kind, folded.said
    seal, _ = identity.record_seals(tx, house.keys, participant)
    fields = changed(before, said)
    body, told = record_to_json(kind, said, claims, seal)
    fresh = replace(
        row,
        body=body,
        claims=told,
        changed_at=now if fields else row.changed_at,
        starts=_begins(house, said),
        status=said.get("status") or UNCLAIMED.get(kind),
        subject=participant.subject if participant else None,
        study=participant.study if participant else None,
    )
    if not fields:
        return records.save(tx, fresh, None), fields
    sealed_why = identity.seal_why(tx, house.keys, participant.patient_id, why) if participant else None
    saved = records.save(tx, fresh, Change(sorted(fields), message_id, now, sealed_why))
    detail = {"fields": sorted(fields)}
    journal.write(tx, now, "line", "record changed", kind, saved.number, saved.version, message_id, detail)
    owe(house, tx, saved, said, fields)
    return saved, fields


def owe(house: House, tx: Tx, row: Row, said: Said, fields: frozenset[str]) -> None:
    """Marks what each target must now be told: where a field changed that its face carries and it does not own."""
    now = house.clock.now()
    targets = [one for one in house.settings.target if row.kind in one.records and one.write != "off"]
    standing = {(one.target, one.face) for one in owed.of_record(tx, row.number)} if targets else set()
    for target in targets:
        face = house.faces.writing(row.kind, target.form, target.site or None)
        ours = {f for f in fields & face.carries if house.settings.owner(row.kind, f) != target.system}
        if not ours or not is_owed(row.kind, said, held_by_target=(target.name, face.name) in standing):
            continue
        waits = waits_for(row.kind, said)
        owed.mark(tx, target.name, row.number, face.name, "waiting" if waits else "owed", waits, now)


def _other_patient(house: House, tx: Tx, message: Stored, row: Row) -> Held:
    """A known key with another patient is never folded: a question, and what is owed of the record waits."""
    now = house.clock.now()
    text = f"A message names an {words_of(row.kind)} that we know, with another patient."
    questions.ask(tx, "other patient", str(row.number), message.source, text, now, row.number, message.id)
    for standing in owed.of_record(tx, row.number):
        reason = "a person: another patient"
        owed.mark(tx, standing.target, row.number, standing.face, "waiting", reason, now)
    return Held(f"the {words_of(row.kind)} is known with another patient", "PID-3")


def _merge_patient(house: House, tx: Tx, one: Speaking, participant: Participant) -> str:
    """Folds demographics into the identity room; they are nobody's to send yet."""
    patient_id, said = participant.patient_id, one.spoken.said
    if identity.second_agrees(tx, house.keys, participant, said) is False:
        text = "A message gives the participant's number with another second identifier."
        about = (participant.subject, one.message.source, text, house.clock.now())
        questions.ask(tx, "second identifier", *about, message_id=one.message.id)
        raise Held("the second identifier is not the participant's", "PID-7")
    before, claims = identity.patient_record(tx, house.keys, patient_id)
    claims = take(claims, said, one.origin)
    folded = fold("Patient", claims, lambda field: house.settings.owner("Patient", field))
    identity.keep_patient_record(tx, house.keys, patient_id, folded.said, claims)
    result = outcome(before, folded, one.origin)
    anchor = records.get(tx, "Patient", str(patient_id))
    if anchor is None:  # the record itself lives in the identity room; this row says which messages spoke of it
        facts = (participant.study, participant.subject)
        anchor = Row("Patient", str(patient_id), {}, {}, house.clock.now(), None, 0, one.index, *facts)
        anchor = records.save(tx, anchor, None)
    records.link(tx, one.message.id, anchor.number, result)
    return result


def _ask(house: House, tx: Tx, one: Speaking, row: Row, fields: frozenset[str]) -> None:
    """Questions that a message raises beside its claims; they may depend on order, records never."""
    now, message = house.clock.now(), one.message
    for code_map, code in one.spoken.open_codes:
        if code_map in ACTIVITY_MAPS:
            text = f"What is the activity {code!r}: planning, fraction, visit or other?"
            unknown = unmapped_codes.of_map(one.spoken, code_map, code)
            unmapped_codes.ask(house, tx, message, unknown, text, "activity", code, row.number)
    if row.kind == "Treatment":
        _ask_credit(tx, one, row, now)
    late = message.received_at - message.source_time > timedelta(seconds=house.settings.line.late_after)
    live = house.sources[message.source].kind == "mllp"  # what is imported or entered later is no wrong clock
    if late and live and fields & {"time", "status"}:
        text = f"Messages of {message.source} are more than a day old when they come: is its clock right?"
        questions.ask(tx, "late", message.source, message.source, text, now, row.number, message.id)


def _ask_credit(tx: Tx, one: Speaking, row: Row, now: datetime) -> None:
    """A credit for a fraction that nobody reported; the question closes when the report comes after all."""
    status = one.spoken.said.get("status")
    if status == "entered-in-error" and row.version == 1:
        text = f"{row.subject}: a credit takes back a fraction that nobody reported."
        questions.ask(tx, "credit", row.key, one.message.source, text, now, row.number, one.message.id)
    elif status in GIVEN:
        questions.settled(tx, "credit", row.key)


def _ask_life(house: House, tx: Tx, one: Speaking, row: Row, before: Said | None) -> None:
    """A status that cannot follow the one before stands, for it was said; a person must look."""
    for problem in life.problems(before or {}, one.spoken.said, one.spoken.correction):
        text = f"{row.subject}: {problem.text}"
        questions.ask(tx, "life", row.key, one.message.source, text, house.clock.now(), row.number, one.message.id)
