"""One entry that is to be corrected, as the page of its correction shows it."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from integrator.records import Said
from integrator.records.instruments import INSTRUMENTS, title
from integrator.store.records import Row
from integrator.web.participant.course import when_told
from integrator.web.participant.facts import DONE

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
