"""What is entered on the page becomes messages of the trial: each filling-in once, never around the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from integrator.entering import NotValid, about_of, enter, said_of
from integrator.errors import Rejected
from integrator.formats.entry import Entry
from integrator.house import TRIAL
from integrator.line import Line
from integrator.records import Said
from integrator.records.instruments import INSTRUMENTS, title
from integrator.records.keys import SCORES, record_key
from integrator.records.schemas import Problem, check
from integrator.records.schemas.fields import Words
from integrator.store import Tx, messages, people, records
from integrator.store.people import Participant
from integrator.store.records import Row

ACTOR = "page"
NAME = re.compile(r"S-(\d+)")
OUTSIDE = "Nothing was saved: the participant's consent does not cover this day."
MEANWHILE = "It was changed meanwhile: above stands how it is now. Saved again, what is typed here takes its place."
CORRECTED = tuple(name for name, _, _ in SCORES)  # the scores of a session: pain before and after, exertion


def new_session(line: Line, tx: Tx, subject: str, said: Mapping[str, Any], once: str) -> int:
    """Records a session under the next free name; returns the number of its record. NotValid."""
    if known := _known(tx, once):
        return known
    names = [row.key for row in records.of_subject(tx, subject, "ExerciseSession")]
    numbers = [int(found[1]) for name in names if (found := NAME.fullmatch(name.removeprefix(f"{subject}/")))]
    name = f"S-{max(numbers, default=0) + 1:02}"
    return _enter(line, tx, Entry("ExerciseSession", subject, dict(said), key=name), once)


def new_score(line: Line, tx: Tx, subject: str, said: Mapping[str, Any], once: str) -> int:
    """Records a score; returns the number of its record. NotValid: also where there is one of that time already."""
    if known := _known(tx, once):
        return known
    participant = _participant(tx, subject)
    told, problems = check("Observation", dict(said), about_of(line, tx, participant), whole=True)
    key = record_key("Observation", subject, "", told) if not problems else None
    there = said_of(line, tx, "Observation", key, participant) if key else None
    entry = dict(said)
    if there and there.get("status") == "entered-in-error":
        entry["status"] = "final"
    elif there:
        name, point = title(told["code"]), told.get("timepoint")
        if point:
            text = f"there is a {name} of {point} already; correct that one in the list"
        else:
            text = f"there is a {name} of this time already; write another time of day, or correct that one in the list"
        raise NotValid(problems=[Problem("timepoint" if point else "time", text)])
    return _enter(line, tx, Entry("Observation", subject, entry), once)


def correct(line: Line, tx: Tx, subject: str, record: int, version: str, values: Mapping[str, str], once: str) -> int:
    """Corrects a score, or the scores of a session, with the reason why. `version`: of the record as it was seen.
    NotValid."""
    if known := _known(tx, once):
        return known
    row, before = _standing(line, tx, subject, record)
    if version != str(row.version):
        raise NotValid(problems=[Problem("", MEANWHILE)])
    said = _differing(row, before, values)
    problems = _why(values.get("why", ""), "say why it is corrected: typed wrongly, asked again")
    if not said:
        problems.append(Problem("", "Nothing differs from what is recorded."))
    if problems:
        raise NotValid(problems=problems)
    return _enter(line, tx, Entry(row.kind, subject, said, key=row.key, why=values["why"], correction=True), once)


def _differing(row: Row, before: Said, values: Mapping[str, str]) -> dict[str, Any]:
    """Only what is not as it was; an emptied score is none."""
    if row.kind == "Observation":
        value = before.get("value")
        same = values.get("value", "") == (f"{value.value:g}" if value is not None else "")
        return {} if same else {"instrument": before.get("code"), "value": values.get("value", "")}
    return {
        name: values.get(name) or None
        for name in CORRECTED
        if name in values and values[name] != ("" if before.get(name) is None else f"{before[name]:g}")
    }


def attest(line: Line, tx: Tx, subject: str, slot: str, said: Mapping[str, Any], once: str) -> None:
    """A person's word on the fraction of a slot, an appointment's key: given, partly, not, or taken back. NotValid."""
    if _known(tx, once) is None:
        _enter(line, tx, Entry("Treatment", subject, {**said, "appointment": slot}), once)


def take_back(line: Line, tx: Tx, subject: str, record: int, why: str, once: str) -> int:
    """Marks a session or a score as entered in error, with the reason why. NotValid."""
    if known := _known(tx, once):
        return known
    row, _ = _standing(line, tx, subject, record)
    if problems := _why(why, "say why it is taken back: other participant, entered twice"):
        raise NotValid(problems=problems)
    entry = Entry(row.kind, subject, {"status": "entered-in-error"}, key=row.key, why=why, correction=True)
    return _enter(line, tx, entry, once)


def _standing(line: Line, tx: Tx, subject: str, record: int) -> tuple[Row, Said]:
    """An entry and what it says. NotValid: it cannot be changed here."""
    row = records.by_id(tx, record)
    said = said_of(line, tx, row.kind, row.key, _participant(tx, subject)) if row else None
    if row is None or said is None or not correctable(row, said):
        raise NotValid(problems=[Problem("", "It was taken back already, or another system sent it.")])
    return row, said


def _why(why: str, missing: str) -> list[Problem]:
    """What is wrong with the reason of a change."""
    if not why:
        return [Problem("why", missing)]
    try:
        Words().deserialize(why)
    except ValidationError as wrong:
        return [Problem("why", str(wrong.messages[0]))]
    return []


def correctable(row: Row, said: Said) -> bool:
    """Whether it is an entry of the trial that still stands."""
    if not row.subject or not row.key.startswith(f"{row.subject}/") or said.get("status") == "entered-in-error":
        return False
    return row.kind == "ExerciseSession" or (said.get("code") in INSTRUMENTS and not said.get("part_of"))


def _known(tx: Tx, once: str) -> int | None:
    """The record of a filling-in that came before: a form that is sent twice is one entry."""
    tx.lock([f"entry {once}"])
    for twin in messages.twins(tx, TRIAL, once):
        for record, _ in records.links(tx, twin.id):
            return record
    return None


def _enter(line: Line, tx: Tx, entry: Entry, once: str) -> int:
    done = enter(line, tx, entry, ACTOR, once)
    row = records.get(tx, done.kind, done.key)
    if row is None or done.state == "unwanted":
        raise NotValid(problems=[Problem("", OUTSIDE)])
    return row.number


def _participant(tx: Tx, subject: str) -> Participant:
    found = people.by_subject(tx, subject)
    if found is None:
        raise Rejected(f"there is no participant {subject}")
    return found
