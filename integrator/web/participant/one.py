"""One entry that is to be corrected, and one fraction that a person says something of, as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from integrator.evidence import is_fraction, system_of
from integrator.records import Said
from integrator.records.instruments import INSTRUMENTS, title
from integrator.records.values import Ref
from integrator.store.records import Row
from integrator.web.participant.course import TAKEN_BACK, course_of, when_told
from integrator.web.participant.facts import DONE, Visit
from integrator.web.participant.kept import Kept
from integrator.web.participant.names import visit_named
from integrator.web.today.sentences import Voice

SESSION_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("pain_before", "Pain before", "0 none, 10 worst"),
    ("pain_after", "Pain after", "0 none, 10 worst"),
    ("exertion", "Exertion", "Borg 0 rest, 10 most"),
)


@dataclass(frozen=True)
class Correcting:
    """A session or a score: what it is, what it says now, which fields can be corrected."""

    subject: str
    record: int
    version: int
    anchor: str  # what the id of its row begins with
    name: str  # session S-03
    lead: str
    error_told: str
    fields: tuple[tuple[str, str, str], ...]  # name, label, hint
    values: dict[str, str]


def correcting(row: Row, said: Said, anchor: str, zone: ZoneInfo) -> Correcting:
    """The entry as it is now."""
    session = row.kind == "ExerciseSession"
    when = when_told(said["time"], zone) if said.get("time") else "without a time"
    if session:
        name = f"session {row.key.removeprefix(f'{row.subject}/')}"
        done = DONE.get(said.get("status") or "", ("",))[0]
        lead, fields = f"{when}, {done}." if said.get("time") else f"It was {done}.", SESSION_FIELDS
        values = {field: "" if said.get(field) is None else f"{said[field]:g}" for field, _, _ in fields}
        lead += (
            " Now: " + ", ".join(f"{label.lower()} {values[field] or 'not asked'}" for field, label, _ in fields) + "."
        )
    else:
        code = said.get("code") or ""
        point = f" {said['timepoint']}" if said.get("timepoint") else ""
        name, lead = f"{title(code)}{point}", f"Assessed {when}."
        instrument = INSTRUMENTS.get(code)
        fields = (("value", title(code), instrument.says() if instrument else ""),)
        values = {"value": f"{said['value'].value:g}" if said.get("value") is not None else ""}
        lead += f" Now: {values['value']}." if values["value"] else " Now: no value."
    return Correcting(
        subject=row.subject or "",
        record=row.number,
        version=row.version,
        anchor=anchor,
        name=name,
        lead=lead,
        error_told="it and its scores then count nowhere" if session else "it then counts nowhere",
        fields=fields,
        values=values,
    )


@dataclass(frozen=True)
class Fraction:
    """A fraction of which a person may say whether it was given."""

    subject: str
    key: str  # of the appointment
    visit: Visit
    told: str
    attested: bool  # a person's word is there and stands
    values: dict[str, str]


def fraction_of(kept: Kept, voice: Voice, record: int) -> Fraction | None:
    """The fraction with this number whose day has come, and what a person said of it before; None: there is none."""
    course = course_of(kept, voice)
    visit = next((one for one in course.fractions if one.id == record and one.begun(voice.today)), None)
    key = next((row.key for row, _ in kept.of("Appointment") if row.number == record), None)
    if visit is None or key is None or visit.start is None:
        return None
    word = _word(kept, key)
    values = {"day": visit.start.date().isoformat(), "unit": "Gy"} | ({"status": word["status"]} if word else {})
    if word and word.get("dose"):
        values |= {"dose": f"{word['dose'].value:g}", "unit": word["dose"].unit or ""}
    return Fraction(kept.participant.subject, key, visit, visit_named(visit), word is not None, values)


def _word(kept: Kept, slot: str) -> Said | None:
    """What a person said of a slot, if it stands."""
    for row, said in kept.of("Treatment"):
        by_person = not is_fraction(row.key) and not system_of(row.key)
        if by_person and said.get("appointment") == Ref("Appointment", slot) and said.get("status") != TAKEN_BACK:
            return said
    return None
