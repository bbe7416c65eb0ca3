"""The entry forms: what was typed, as the entry that it becomes, and what is wrong with it at its field; pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrator.records.schemas import Problem
from integrator.records.texts import Unclear, read_day

ONCE = re.compile(r"[0-9a-f]{20}")
WHEN = ("day", "from", "to")  # the three fields of one time
SESSION = ("status", "program", "setting", *WHEN, "reason", "pain_before", "pain_after", "exertion")
SCORE = ("instrument", "value", "absent", "timepoint", *WHEN)
GIVEN = ("status", *WHEN, "dose", "unit", "reason")
CHANGE = ("pain_before", "pain_after", "exertion", "value", "why")

# where a problem of an entry is shown: field of the entry -> part of the form
SHOWN_AT = {name: "when" for name in ("start", "end", "day", "time", "planned")} | {"absent": "value"}


@dataclass(frozen=True)
class Form:
    """One entry form as it is shown. `once` names this filling-in: sent twice it is one entry."""

    once: str
    values: Mapping[str, str]
    problems: Mapping[str, list[str]] = field(default_factory=dict)  # part of the form -> what is wrong; "": all of it

    @property
    def first_wrong(self) -> str:
        """The part that gets the focus."""
        return next((part for part in self.problems if part), "")


def fresh(values: Mapping[str, str]) -> Form:
    """A form that nobody sent yet."""
    return Form(secrets.token_hex(10), values)


def sent(given: Mapping[str, str], names: Iterable[str]) -> Form:
    """A form as it was sent: only fields that it has, without blanks around them."""
    once = given.get("once", "")
    values = {name: given.get(name, "").strip() for name in names}
    return Form(once if ONCE.fullmatch(once) else secrets.token_hex(10), values)


def wrong(form: Form, problems: Iterable[Problem]) -> Form:
    """The form with what is wrong beside its fields, and everything that was typed."""
    told: dict[str, list[str]] = {}
    for problem in problems:
        head = problem.field.partition(".")[0]
        part = SHOWN_AT.get(head, head if head in form.values else "")
        part = {"unit": "dose" if "dose" in form.values else "value"}.get(part or head, part)
        told.setdefault(part, []).append(problem.text if part else str(problem))
    return Form(form.once, form.values, told)


def session_said(values: Mapping[str, str]) -> dict[str, Any]:
    """What a session's form says; the time of one that was not done is when it should have been."""
    said: dict[str, Any] = {
        name: values[name]
        for name in ("status", "program", "setting", "reason", "pain_before", "pain_after", "exertion")
        if values.get(name)
    }
    time = _time(values)
    if time and values.get("status") == "not-done":
        start = time.get("start") or time.get("day") or ""
        said["planned"] = {"start": start} | ({"end": time["end"]} if time.get("end") else {})
    else:
        said |= time
    return said


def score_said(values: Mapping[str, str]) -> dict[str, Any]:
    """What a score's form says."""
    said: dict[str, Any] = {
        name: values[name] for name in ("instrument", "value", "absent", "timepoint") if values.get(name)
    }
    time = _time(values)
    if time:
        said["time"] = time.get("start") or time["day"]
    return said


def given_said(values: Mapping[str, str]) -> dict[str, Any]:
    """What a person's word on a fraction says; the unit of a dose only beside one."""
    said: dict[str, Any] = {name: values[name] for name in ("status", "dose", "reason") if values.get(name)}
    if said.get("dose") and values.get("unit"):
        said["unit"] = values["unit"]
    return said | (_time(values) if values.get("status") in ("completed", "stopped") else {})


def _time(values: Mapping[str, str]) -> dict[str, str]:
    """Day, from and to as an entry writes them; what was typed goes through as it is, so that it is judged there."""
    day, start, end = (values.get(name, "") for name in WHEN)
    if not start:
        told = {"day": day} if day else {}
        return told | ({"end": f"{day} {end}".strip()} if end else {})
    return {"start": f"{day} {start}".strip()} | ({"end": f"{day} {end}".strip()} if end else {})


def session_values(now: datetime, latest: Mapping[str, str]) -> dict[str, str]:
    """What a new session's form shows at first: today, and setting and kind of the session before."""
    return {"day": now.date().isoformat(), "program": latest.get("program", ""), "setting": latest.get("setting", "")}


def score_values(now: datetime) -> dict[str, str]:
    """What a new score's form shows at first: the pain VAS, today."""
    return {"day": now.date().isoformat(), "instrument": "pain-vas", "absent": "", "timepoint": ""}


def is_day(text: str) -> bool:
    """Whether a browser's date field can show it; anything else is shown as it was typed."""
    try:
        return not text or bool(read_day(text))
    except Unclear:
        return False
