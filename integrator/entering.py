"""What people and programs enter: checked against what is known, answered in words, then a message through the line."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from integrator import identity, life
from integrator.claims import said_from_json
from integrator.errors import Rejected
from integrator.formats.entry import Entry, build
from integrator.house import TRIAL
from integrator.line import Line
from integrator.reading import read
from integrator.receiving import Document, take
from integrator.records import Said
from integrator.records.keys import record_key
from integrator.records.participant import Consent
from integrator.records.schemas import About, Problem, check
from integrator.records.values import Ref
from integrator.store import Tx, journal, messages, people, records
from integrator.store.people import Participant

GONE = ("not-done", "entered-in-error")  # statuses of a session that leave it without scores


@dataclass
class NotValid(Rejected):
    """An entry that is not taken; `problems` say of each field what to write."""

    text: str = "the entry is not valid"
    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "; ".join(str(one) for one in self.problems) or self.text


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry that was taken: the message that it became, and the record that it speaks of."""

    message: int
    kind: str
    key: str
    state: str  # of the message: merged, unchanged, superseded, unwanted
    version: int  # of the record now


def enter(line: Line, tx: Tx, entry: Entry, actor: str, control_id: str = "") -> Entered:
    """Takes an entry as a message of the trial, and reads and merges it at once.

    NotValid: with every problem; Rejected: no such participant.
    """
    line.store.told(tx, people.CHANGED)  # before any record is taken: whoever merges takes them in this order
    participant = people.by_subject(tx, entry.subject)
    if participant is None:
        raise Rejected(f"there is no participant {entry.subject}; `integrator participant add` makes one")
    key, said, before = _checked(line, tx, entry, participant)
    told = dict(entry.said)
    if entry.record == "Participant":
        days = life.dated(before or {}, said)
        told |= {name: days[name] for name in ("enrolled", "left") if days.get(name)}
        if said.get("arm"):
            people.set_arm(tx, entry.subject, said["arm"])
    entered = _say(line, tx, replace(entry, said=told, study=participant.study), key, actor, control_id)
    if entry.record == "ExerciseSession" and said.get("status") in GONE:
        _take_back(line, tx, participant, key, actor)
    return entered


def _checked(line: Line, tx: Tx, entry: Entry, participant: Participant) -> tuple[str, Said, Said | None]:
    """The key of the record, what the entry says of it, and what it showed before. NotValid."""
    about = about_of(line, tx, participant)
    said, problems = check(entry.record, entry.said, about)
    key = record_key(entry.record, entry.subject, entry.key, said) if not problems else None
    before = said_of(line, tx, entry.record, key, participant) if key else None
    if not problems:
        _, problems = check(entry.record, entry.said, about, whole=before is None)
    if not problems and entry.record == "Participant":
        problems = life.problems(before or {}, said, entry.correction)
    if not problems and said.get("appointment"):
        problems = _no_slot(tx, said["appointment"].key, participant.subject)
    if not problems and key is None:
        problems = [Problem("key", "it needs a name, as S-04, that no other of this participant has")]
    if problems or key is None:
        raise NotValid(problems=problems)
    return key, said, before


def _no_slot(tx: Tx, key: str, subject: str) -> list[Problem]:
    """An entry about an appointment that is not there would be a fact about nothing."""
    row = records.get(tx, "Appointment", key)
    if row and row.subject == subject:
        return []
    text = f"{subject} has no appointment {key!r}; write its key, as /api/v1/appointments has it"
    return [Problem("appointment", text)]


def _say(
    line: Line, tx: Tx, entry: Entry, key: str, actor: str, control_id: str = "", planned: bool = False
) -> Entered:
    """The entry as a message, read and merged in this transaction. `planned`: it may speak of the future."""
    now = line.clock.now()
    data = build(entry if planned else replace(entry, at=now))
    document = Document(TRIAL, data, "record", entry.record, control_id or secrets.token_hex(10), now)
    number = take(line, tx, document, now)
    message = messages.get(tx, number)
    if message is None:
        raise LookupError(f"message {number} is not there")
    state = message.state
    if state == "received":
        state = line.merge(tx, message, read(data, line.sources[TRIAL], line.faces, "record"))
        journal.write(tx, now, actor, "entered", entry.record, key, None, number)
    row = records.get(tx, entry.record, key)
    return Entered(number, entry.record, key, state, row.version if row else 0)


def _take_back(line: Line, tx: Tx, participant: Participant, session: str, actor: str) -> None:
    """The scores of a session that did not take place are entered in error too."""
    for row in records.of_subject(tx, participant.subject, "Observation"):
        said = said_of(line, tx, "Observation", row.key, participant) or {}
        if said.get("part_of") == Ref("ExerciseSession", session) and said.get("status") != "entered-in-error":
            gone = Entry("Observation", participant.subject, {"status": "entered-in-error"}, key=row.key)
            _say(line, tx, gone, row.key, actor)


def about_of(line: Line, tx: Tx, participant: Participant) -> About:
    """What is known of a participant when an entry is checked."""
    said = said_of(line, tx, "Participant", participant.subject, participant) or {}
    zone = line.settings.integrator.zone
    consent_from = participant.consent_from
    return About(
        zone=zone,
        now=line.clock.now(),
        subject=participant.subject,
        arms=line.settings.study.arms,
        consented=consent_from.astimezone(ZoneInfo(zone)).date().isoformat() if consent_from else None,
        randomised=said.get("randomised") or said.get("enrolled"),
    )


def said_of(line: Line, tx: Tx, kind: str, key: str, participant: Participant) -> Said | None:
    """What a participant's record shows, opened; None: there is none."""
    row = records.get(tx, kind, key)
    if row is None:
        return None
    _, open_ = identity.record_seals(tx, line.keys, participant)
    return said_from_json(kind, row.body, open_)


def add_participant(
    line: Line,
    tx: Tx,
    *,
    subject: str,
    number: str,
    second: str,
    consent: datetime,
    arm: str = "",
    status: str = "",
    version: str = "",
    actor: str = "command line",
) -> tuple[Participant, int]:
    """Links a participant to a patient and says so in the trial's own record; see identity.add_participant."""
    day = consent.date().isoformat()
    said: dict[str, Any] = {"consent": {"date": day} | ({"version": version} if version else {})}
    said |= {"status": status or ("on-study" if arm else "pending-on-study"), "since": day}
    if arm:
        said["arm"] = arm
    _, problems = check("Participant", said, About(arms=line.settings.study.arms), whole=True)
    if problems:
        raise NotValid(problems=problems)
    now = line.clock.now()
    participant, again = identity.add_participant(
        tx,
        line.keys,
        study=line.settings.study.nct,
        subject=subject,
        number=number,
        second=second,
        consent_from=consent,
        now=now,
        arm=arm or None,
        actor=actor,
    )
    facts = life.dated({}, said)
    entry = Entry("Participant", participant.subject, facts, study=participant.study)
    _say(line, tx, entry, participant.subject, actor, planned=consent > now)
    return participant, again


def withdraw(line: Line, tx: Tx, subject: str, scope: str, on: str, reason: str, actor: str) -> Entered:
    """Ends a participant's consent from a day on, for a scope, and their participation where that follows.

    Rejected: no such participant or scope, withdrawn already, or before the consent.
    """
    people.begin_change(tx)  # before any record is taken: whoever merges takes them in this order
    participant = people.by_subject(tx, subject)
    if participant is None:
        raise Rejected(f"there is no participant {subject}")
    before = said_of(line, tx, "Participant", subject, participant) or {}
    consent = before.get("consent") or _first_consent(line, participant)
    if consent.withdrawn and (consent.withdrawal != "intervention" or scope == "intervention"):
        raise Rejected(f"the consent was withdrawn already on {consent.withdrawn} ({consent.withdrawal})")
    told = {"date": consent.date, "version": consent.version, "scope": consent.scope}
    said: dict[str, Any] = {
        "consent": {name: one for name, one in told.items() if one} | {"withdrawn": on, "withdrawal": scope}
    }
    try:
        status = life.after_withdrawal(before.get("status"), scope)
    except ValueError:
        status = None  # the check below says which scopes there are
    if status:
        said |= {"status": status, "since": on, "reason": reason or f"withdrawal of consent ({scope})"}
    entered = enter(line, tx, Entry("Participant", subject, said, why=reason), actor)
    zone = ZoneInfo(line.settings.integrator.zone)
    until = datetime.combine(datetime.fromisoformat(on).date(), time(), zone)
    identity.withdraw_consent(tx, subject, until, scope, line.clock.now(), actor)
    return entered


def _first_consent(line: Line, participant: Participant) -> Consent:
    start = participant.consent_from
    return Consent(start.astimezone(ZoneInfo(line.settings.integrator.zone)).date().isoformat() if start else None)
