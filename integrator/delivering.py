"""Delivering one owed row: what the record is now, sent only where it differs from what the target confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrator import identity
from integrator.claims import said_from_json
from integrator.connectors.fhir_client import Known, Written
from integrator.errors import CannotWrite, RetryLater, Waiting
from integrator.house import House
from integrator.mapping.casts_fhir import TYPES
from integrator.merge import waits_for
from integrator.records.values import Ref
from integrator.references import id_of, number_today, patient_at, patient_said, refers, seek
from integrator.rendering import Outgoing, render
from integrator.security.keys import Unopenable
from integrator.store import Tx, owed, people, questions, records
from integrator.store.owed import Owed, TargetId


def outgoing_of(house: House, tx: Tx, row: Owed) -> Outgoing:
    """The record of an owed row as it is now, and what the target is known to hold of it."""
    record = records.by_id(tx, row.record_id)
    if record is None:
        raise LookupError(f"owed row of record {row.record_id} has no record")
    participant = people.by_subject(tx, record.subject) if record.subject else None
    try:
        _, open_ = identity.record_seals(tx, house.keys, participant)
    except Unopenable as erased:
        raise Waiting("a person: the patient was erased") from erased
    target = house.settings.target_named(row.target)
    said = said_from_json(record.kind, record.body, open_)
    whole = patient_said(house, tx, target, record.kind, said, record.subject)
    told, index, others = number_today(house, tx, participant, whole)
    return Outgoing(
        kind=record.kind,
        key=record.key,
        said=told,
        patient_id=participant.patient_id if participant else None,
        index=index,
        others=others,
        known=owed.known(tx, row.target, row.record_id, row.face),
        subject=record.subject,
        withdrawn=bool(participant and identity.collection_ended(participant, house.clock.now())),
        refers=refers(house, tx, target, record.kind, said),
    )


def render_for(house: House, target_name: str, outgoing: Outgoing) -> None:
    """Renders the record for this target. Waiting: for what is named."""
    target = house.settings.target_named(target_name)
    face = house.faces.writing(outgoing.kind, target.form, target.site or None)
    outgoing.waits = outgoing.refers.waits
    for ref in outgoing.refers.sought:
        if theirs := seek(house, target_name, ref):
            outgoing.refers.links[ref] = theirs
        else:
            outgoing.waits = outgoing.waits or id_of(ref)

    def theirs_at(value: str) -> str | None:
        return patient_at(house, target, outgoing.index, value, outgoing.subject, outgoing.others)

    render(outgoing, face, target, theirs_at)


def send(house: House, row: Owed, outgoing: Outgoing) -> Written | None:
    """Writes what differs from what the target last confirmed; None: there was nothing to send or remember.

    Raises Waiting, RetryLater or Refused, each with what to tell.
    """
    if waits := waits_for(outgoing.kind, outgoing.said):
        raise Waiting(waits)
    if outgoing.withdrawn and outgoing.kind != "Participant":
        raise Waiting("consent: it was withdrawn")
    target, client = house.settings.target_named(row.target), house.targets[row.target]
    render_for(house, row.target, outgoing)
    known = outgoing.known
    if known and known.digest == outgoing.digest:
        return Written(known.resource_id, known.version_id, outgoing.fresh, wrote=False)
    if target.write != "on":
        return None
    kind, identifier = outgoing.fresh["resourceType"], outgoing.identifier
    if outgoing.waits:
        client.able_to_write(kind)
        raise Waiting(outgoing.waits)
    if known is None and outgoing.said.get("status") == "entered-in-error":
        searched = client.abilities().can_search(kind, "identifier")
        if not searched or not client.find(kind, *identifier):
            return None  # it was deleted before the target ever held it
    place = Known(known.resource_id, known.version_id) if known else None
    return client.write(kind, outgoing.fresh, identifier, place, outgoing.onto)


def confirm(house: House, tx: Tx, row: Owed, outgoing: Outgoing, written: Written | None, now: datetime) -> None:
    """Keeps what the target confirmed, in one transaction with the end of the lease."""
    if written is None:
        shadow = house.settings.target_named(row.target).write != "on"
        reason = "rendered and compared, not sent (shadow)" if shadow else "deleted before the target held it"
        owed.settle(tx, row, "delivered", now, reason)
        return
    owed.settle(tx, row, "delivered", now, digest=outgoing.digest)
    if written.doubles:
        text = f"{row.target} holds more than one resource with our number, and the others are not ours to mend."
        about = f"{row.target}/{row.record_id}"
        questions.ask(tx, "double", about, row.target, text, now, row.record_id)
    held = identity.seal_answer(tx, house.keys, outgoing.patient_id, written.held)
    owed.remember(
        tx,
        TargetId(
            target=row.target,
            record_id=row.record_id,
            face=row.face,
            resource_type=outgoing.fresh["resourceType"],
            resource_id=written.resource_id,
            version_id=written.version_id,
            digest=outgoing.digest,
            held=held,
            at=now,
        ),
    )
    if outgoing.known is None and outgoing.kind in TYPES:
        owed.wake(tx, now, row.target, reason=id_of(Ref(outgoing.kind, outgoing.key)))


def next_look(waiting: Waiting, now: datetime) -> datetime | None:
    """When a waiting row is tried by itself: what only a person or a message can bring is not looked for."""
    of_target = isinstance(waiting, CannotWrite) or waiting.what.startswith("the target")
    return now + timedelta(hours=1) if of_target else None


def next_try(house: House, row: Owed, later: RetryLater, now: datetime) -> datetime:
    """When a put-off row is tried again: when the target said, else doubled each time, with jitter."""
    line = house.settings.line
    pause = min(line.longest_retry, line.first_retry * 2.0 ** min(row.attempts, 20))
    seconds = later.after if later.after is not None else pause * house.chance.uniform(0.5, 1.0)
    return now + timedelta(seconds=seconds)
