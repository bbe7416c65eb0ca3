"""Who is who: participants and the patients they are linked to, consent, the second identifier.

What only opens or shuts a seal is in integrator/sealing.py; its functions are to be had here too.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import orjson

from integrator.claims import record_from_json, record_to_json
from integrator.errors import ConfigError, Rejected
from integrator.linked import Linked, around, whose
from integrator.merge import Claim, Claims
from integrator.records import Said
from integrator.records.values import Identifier
from integrator.sealing import (
    Fields,
    SealedBody,
    field_keys,
    keep_number,
    look_ahead,
    new_patient,
    number_index,
    number_of,
    open_answer,
    open_body,
    open_detail,
    open_for,
    open_why,
    patient_key,
    rewrap,
    seal_answer,
    seal_body,
    seal_detail,
    seal_for,
    seal_why,
)
from integrator.security.keys import Keyring
from integrator.store import Tx, facts, journal, messages, people
from integrator.store.people import Participant

__all__ = [
    "Linked",
    "SealedBody",
    "field_keys",
    "keep_number",
    "look_ahead",
    "number_index",
    "number_of",
    "open_answer",
    "open_body",
    "open_detail",
    "open_for",
    "open_why",
    "patient_key",
    "rewrap",
    "seal_answer",
    "seal_body",
    "seal_detail",
    "seal_for",
    "seal_why",
]

LONGEST, DELIMITERS = 64, "|^~\\&<>"  # of subject codes and hospital numbers
SCOPES = ("intervention", "collection", "everything")  # of a withdrawal
BIRTH_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SECOND = "write the second identifier as a birth date, YYYY-MM-DD, or as TYPE|value, for example SS|65 170839 J 003"
_KEYS_FACT = "fingerprint of the keys"


def check_keys(tx: Tx, keys: Keyring) -> None:
    """Notes which keys seal a new store. ConfigError: this one was sealed with others."""
    tx.lock([_KEYS_FACT])
    known = facts.get(tx, _KEYS_FACT)
    if known is None:
        facts.put(tx, _KEYS_FACT, keys.fingerprint())
    elif known != keys.fingerprint():
        raise ConfigError("these are not the keys that this store was sealed with; put back its own key file")


def consent_covers(participant: Participant, at: datetime, kind: str = "") -> bool:
    """Whether an instant lies between consent and its withdrawal; without a consent nothing does.

    Who withdrew from the intervention only does no more exercise sessions; all else is still collected.
    """
    if participant.consent_from is None or at < participant.consent_from:
        return False
    if participant.scope == "intervention" and kind != "ExerciseSession":
        return True
    return participant.consent_until is None or at < participant.consent_until


def collection_ended(participant: Participant, at: datetime) -> bool:
    """Whether consent to collecting was withdrawn: then nothing more is read, and nothing more is sent."""
    ended = participant.consent_until is not None and participant.consent_until <= at
    return ended and participant.scope != "intervention"


def add_participant(
    tx: Tx,
    keys: Keyring,
    *,
    study: str,
    subject: str,
    number: str,
    second: str | None,
    consent_from: datetime | None,
    now: datetime,
    arm: str | None = None,
    series: str | None = None,
    actor: str = "command line",
) -> tuple[Participant, int]:
    """Links a subject code to a patient, and returns how many unwanted messages of that patient are read again.

    Rejected: the subject code or the number is linked already, or something is missing or ill written.
    """
    people.begin_change(tx)
    subject, number = subject.strip(), number.strip()
    index = number_index(keys, number)
    _refuse(tx, keys, subject, number, index, second)
    patient_id = people.patient_of(tx, index) or new_patient(tx, keys)
    keep_number(tx, keys, patient_id, Identifier(number), index)
    participant = people.add(
        tx,
        {
            "study": study,
            "subject": subject,
            "arm": arm,
            "consent_from": consent_from,
            "number_index": index,
            "patient_id": patient_id,
            "number": seal_for(tx, keys, patient_id, number, "number"),
            "second": seal_for(tx, keys, patient_id, second.strip(), "second") if second else None,
            "series": series,
            "added_at": now,
        },
    )
    journal.write(tx, now, actor, "participant linked", "Participant", subject)
    again = [m.id for mine in around(tx, [index])[0].person(index) for m in messages.of_patient(tx, mine, "unwanted")]
    return participant, messages.reopen(tx, again)


def _refuse(tx: Tx, keys: Keyring, subject: str, number: str, index: bytes, second: str | None) -> None:
    if not subject:
        raise Rejected("the subject code is missing")
    if not number:
        raise Rejected("the hospital number is missing")
    for what, text in (("subject code", subject), ("hospital number", number)):
        if len(text) > LONGEST or not text.isprintable() or set(text) & set(DELIMITERS):
            raise Rejected(f"the {what} has at most {LONGEST} characters and none of {' '.join(DELIMITERS)}")
    if second is not None:
        check_second(second)
    if whose(tx, number_index(keys, subject)) or number_index(keys, subject) == index:
        raise Rejected("the subject code is a hospital number; choose a code that says nothing of the patient")
    if people.by_subject(tx, subject):
        raise Rejected(f"{subject} is linked to a patient already; choose another subject code")
    other = whose(tx, index)
    if other:
        raise Rejected(f"this hospital number is linked to {other.subject} already; one patient has one subject code")


def check_second(second: str) -> None:
    """Rejected: this is neither a birth date nor TYPE|value."""
    text = second.strip()
    if BIRTH_DATE.fullmatch(text):
        try:
            if date.fromisoformat(text).year < 1850:
                raise ValueError(text)
        except ValueError:
            raise Rejected(f"{text} is not a day of the calendar; {SECOND}") from None
        return
    kind, bar, value = text.partition("|")
    if not bar or not kind.strip() or not value.strip():
        raise Rejected(SECOND)


def withdraw_consent(tx: Tx, subject: str, until: datetime, scope: str, now: datetime, actor: str) -> None:
    """Ends a consent from an instant on. Rejected: no such participant, or no such scope."""
    if scope not in SCOPES:
        raise Rejected(f"the scope of a withdrawal is one of {', '.join(SCOPES)}, not {scope!r}")
    people.begin_change(tx)
    if people.by_subject(tx, subject) is None:
        raise Rejected(f"there is no participant {subject}")
    people.withdraw(tx, subject, until, scope)
    journal.write(tx, now, actor, "consent withdrawn", "Participant", subject, detail={"scope": scope})


def number_text(tx: Tx, keys: Keyring, participant: Participant) -> str | None:
    """The hospital number of a participant, for those who may see it; None: erased."""
    return open_for(tx, keys, participant.patient_id, participant.number, "number")


def second_agrees(tx: Tx, keys: Keyring, participant: Participant, said: Said) -> bool | None:
    """Whether a Patient record says the participant's second identifier; None: it does not say, or there is none."""
    if participant.second is None:
        return None
    second = open_for(tx, keys, participant.patient_id, participant.second, "second")
    if second is None:
        return None
    kind, bar, value = second.partition("|")
    if not bar:
        return _same_day(second, said.get("birth_date"))
    typed = [i for i in said.get("identifiers") or () if (i.type or "").upper() == kind.strip().upper()]
    return any(_plain(i.value) == _plain(value) for i in typed) if typed else None


def _same_day(ours: str, theirs: str | None) -> bool | None:
    """A year or month that agrees is no proof, one that differs is."""
    if not theirs:
        return None
    if not ours.startswith(theirs):
        return False
    return True if len(theirs) == len(ours) else None


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def patient_record(tx: Tx, keys: Keyring, patient_id: int) -> tuple[Said | None, dict[str, tuple[Claim, ...]]]:
    """The Patient record and its claims; None and no claims while nobody said anything, or after erasing."""
    row = people.patient(tx, patient_id)
    if row is None or row.body is None or row.claims is None:
        return None, {}
    body = open_for(tx, keys, patient_id, row.body, "Patient")
    claims = open_for(tx, keys, patient_id, row.claims, "Patient claims")
    if body is None or claims is None:
        return None, {}
    return record_from_json("Patient", orjson.loads(body), orjson.loads(claims), _as_is)


def keep_patient_record(tx: Tx, keys: Keyring, patient_id: int, said: Said, claims: Claims) -> None:
    """Keeps the Patient record, sealed whole; a version more only if what it shows has changed."""
    before, _ = patient_record(tx, keys, patient_id)
    body, told = record_to_json("Patient", said, claims, _as_is)
    people.save_patient(
        tx,
        patient_id,
        seal_for(tx, keys, patient_id, orjson.dumps(body).decode(), "Patient"),
        seal_for(tx, keys, patient_id, orjson.dumps(told).decode(), "Patient claims"),
        newer=before != said,
    )


def record_seals(tx: Tx, keys: Keyring, participant: Participant | None) -> tuple[Fields, Fields]:
    """How the texts of persons in a participant's records are sealed and opened; a record about no person has none."""
    return (_as_is, _as_is) if participant is None else field_keys(tx, keys, participant.patient_id)


def _as_is(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return fields  # the record is sealed whole
