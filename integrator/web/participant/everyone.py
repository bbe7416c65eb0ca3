"""All participants in one list: status, next appointment, fractions given, how many things wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.store import Tx
from integrator.store import participant_page as store
from integrator.store import today as store_today
from integrator.web.participant.facts import COUNTS_FROM
from integrator.web.participant.kept import TAKEN_WITHIN
from integrator.web.participant.names import STATUSES, long_day
from integrator.web.today.days import day_and_hour
from integrator.web.today.moves import GONE, place_of
from integrator.web.today.sentences import Voice, counted, fraction


@dataclass(frozen=True)
class Line:
    """One participant in the list."""

    subject: str
    arm: str | None
    status: str
    since: str
    next: str
    what: str
    given: str
    waits: str  # 2 things; empty: nothing


def everyone(tx: Tx, now: datetime, voice: Voice) -> list[Line]:
    """All participants, by subject code."""
    booked: dict[str, list[Said]] = {}
    for subject, body in store.appointments(tx):
        booked.setdefault(subject, []).append(store_today.shown(body))
    waits = _waits(tx, now)
    return [_line(one, booked.get(one.subject, []), waits, now, voice) for one in store.everyone(tx)]


def _line(one: store.Person, booked: list[Said], waits: dict[str, int], now: datetime, voice: Voice) -> Line:
    standing = [said for said in booked if said.get("status") not in GONE]
    ahead = [said for said in standing if said.get("time") and (said["time"].end or said["time"].start) > now]
    coming = min(ahead, key=lambda said: said["time"].start, default=None)
    many = waits.get(one.subject, 0)
    return Line(
        subject=one.subject,
        arm=one.arm,
        status=STATUSES.get(one.status or "", one.status or "no status yet"),
        since=long_day(one.since) if one.since else "",
        next=day_and_hour(coming["time"].start, voice.zone) if coming else "",
        what=", ".join(filter(None, (fraction(coming), place_of(coming)))) if coming else "",
        given=_given([said for said in standing if said.get("activity") == "fraction"]),
        waits=counted(many, "thing", "things") if many else "",
    )


def _given(fractions: list[dict[str, Any]]) -> str:
    """4 of 10."""
    if not fractions:
        return "—"
    counts = EVIDENCE[COUNTS_FROM - 1 :]
    planned = max([len(fractions), *(said["fractions"] for said in fractions if said.get("fractions"))])
    return f"{sum(said.get('evidence') in counts for said in fractions)} of {planned}"


def _waits(tx: Tx, now: datetime) -> dict[str, int]:
    """How many things wait for a person, by subject code: as the page of each participant counts them."""
    found: dict[str, int] = {}
    asked = [one.subject for one in store_today.held(tx)]
    asked += store.asked_of(tx)
    for stuck in store_today.stuck(tx, now - TAKEN_WITHIN):
        asked += stuck.subjects if stuck.state != "owed" else ()
    for subject in asked:
        if subject:
            found[subject] = found.get(subject, 0) + 1
    return found


def lead(lines: list[Line]) -> Markup:
    """The counts that matter."""
    waiting = sum(bool(line.waits) for line in lines)
    told = Markup("<b>{}.</b>").format(counted(len(lines), "participant", "participants"))
    if not waiting:
        return told + Markup(" Nothing waits for you.")
    named = counted(waiting, "participant", "participants")
    return told + Markup(" Something of <b>{}</b> waits for you.").format(named)
