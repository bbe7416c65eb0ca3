"""Folded fields: evidence, the facts of a fraction, the slot of a report, a corrected result; and what each is folded
from."""

from __future__ import annotations

from typing import Any

from integrator import identity
from integrator.claims import said_from_json
from integrator.evidence import OF_STATUS, TOLD, first_told, in_order, is_fraction
from integrator.line import Line
from integrator.merge import Claims, Folded
from integrator.records import Said, wire
from integrator.store import Tx, people, records
from integrator.store.records import Row

Json = dict[str, Any]
Reports = dict[str, Said]


def folded_from(line: Line, tx: Tx, row: Row, field: str, said: Said, claims: Claims, folded: Folded) -> Json | None:
    """How a field was folded, in words, and the fields of records that it was folded from; None: its claim shows."""
    if row.kind == "Appointment" and field == "evidence":
        return _evidence(line, tx, row, said)
    if row.kind == "Treatment" and is_fraction(row.key):
        return _fact(line, tx, row, field, said)
    if row.kind == "Treatment" and field in ("appointment", "doubt") and field not in claims:
        return _matched(row, said)
    if row.kind == "Treatment" and field in ("evidence", "activity") and field not in claims:
        return _json("said by the form in which it came")
    won = folded.winners.get(field)
    if row.kind == "Observation" and field == "status" and said.get(field) != (won.value if won else None):
        rule = "a final result that was first said otherwise is corrected; amended where there was none"
        return _json(rule, *(_part(row, name, said.get(name)) for name in ("value", "absent", "time")))
    if row.kind == "Observation" and won is None and claims.get(field):
        return _json("an observation has one result: another took its place")
    return None


def _evidence(line: Line, tx: Tx, row: Row, said: Said) -> Json:
    status, rung = said.get("status"), said.get("evidence")
    base = OF_STATUS.get(status or "booked")
    reports = _reports(line, tx, row)
    words = f"the highest that was not taken back; from the status {status or 'booked'} follows {base or 'none'}"
    if not reports:
        words += ", and nothing is reported of it"
    elif rung == "presumed" and base != "presumed":
        words = "presumed: one source reports that it was given, and another denies it"
    return _json(words, _part(row, "status", status), *_of_reports(reports))


def _fact(line: Line, tx: Tx, row: Row, field: str, said: Said) -> Json:
    """A fact of a fraction: the first report says it, else the slot."""
    slot = records.get(tx, "Appointment", said["appointment"].key) if said.get("appointment") else None
    if slot is None:
        return _json("folded from the reports of its slot")
    shown, reports = _shown(line, tx, slot), _reports(line, tx, slot)
    if field in TOLD:
        first = first_told(field, in_order(reports, line.settings.owner("Treatment", "evidence")))
        if first is None:
            return _json("as planned: no report says it", _part(slot, field, shown.get(field)))
        part = {"kind": "Treatment", "key": first, "field": field}
        words = "of the reports of this slot the owner's first, and a time before a day"
        return _json(words, part | {"value": _value("Treatment", field, reports[first][field])})
    if field in ("status", "evidence", "doubt"):
        words = "completed or stopped by its reports, and disputed where the slot's owner or a report denies it"
        return _json(words, _part(slot, "status", shown.get("status")), *_of_reports(reports))
    return _json(OF_SLOT.get(field, "folded from its slot"), _part(slot, "activity", shown.get("activity")))


OF_SLOT = {"key": "named by its slot", "appointment": "its slot", "activity": "as its slot", "study": "the trial"}


def _matched(row: Row, said: Said) -> Json:
    """The slot of a report."""
    words = "matched to the nearest slot of its course, day and machine that no other report of its system has"
    if said.get("doubt"):
        words = f"it fits {said['doubt'].replace('two slots', 'more than one slot')}; a person is asked"
    names = ("series", "time", "place", "fraction")
    return _json(words, *(_part(row, name, said[name]) for name in names if said.get(name) is not None))


def _reports(line: Line, tx: Tx, slot: Row) -> Reports:
    """The reports that are matched to a slot."""
    if slot.subject is None:
        return {}
    found = records.of_subject(tx, slot.subject, "Treatment")
    mine = [one for one in found if not is_fraction(one.key) and _slot(one) == slot.key]
    return {one.key: shown for one in mine if (shown := _shown(line, tx, one)).get("status")}


def _slot(report: Row) -> str | None:
    ref = report.body.get("appointment")
    return ref.get("key") if isinstance(ref, dict) else None


def _shown(line: Line, tx: Tx, row: Row) -> Said:
    participant = people.by_subject(tx, row.subject) if row.subject else None
    _, open_ = identity.record_seals(tx, line.keys, participant)
    return said_from_json(row.kind, row.body, open_)


def _of_reports(reports: Reports) -> list[Json]:
    return [
        {"kind": "Treatment", "key": key, "field": name, "value": said.get(name)}
        for key, said in reports.items()
        for name in ("status", "evidence")
    ]


def _part(row: Row, field: str, value: Any) -> Json:
    return {"kind": row.kind, "key": row.key, "field": field, "value": _value(row.kind, field, value)}


def _value(kind: str, field: str, value: Any) -> Any:
    return wire.to_json(kind, {field: value})[field]


def _json(rule: str, *parts: Json) -> Json:
    return {"rule": rule, "from": list(parts)}
