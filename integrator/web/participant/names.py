"""Names of things on the page as whole English sentences: of a fraction, a unit, a score; pure."""

from __future__ import annotations

from datetime import date

from integrator.web.participant.facts import Score, Unit, Visit
from integrator.web.today.days import MONTHS, short_day

STATUSES = {
    "potential-candidate": "Potential candidate",
    "candidate": "Candidate",
    "screening": "Screening",
    "eligible": "Eligible",
    "ineligible": "Not eligible",
    "pending-on-study": "Before registration",
    "not-registered": "Not registered",
    "withdrawn": "Withdrawn before registration",
    "on-study": "On study",
    "on-study-intervention": "On study, intervention",
    "on-study-observation": "On study, observation",
    "follow-up": "Follow-up",
    "off-study": "Off study",
}


def visit_named(visit: Visit) -> str:
    """Fraction 7, Thu 12 Mar 09:40, LINAC 3, scheduled, first planned Tue 10 Mar 10:00."""
    parts = [visit.what]
    parts.append(f"{short_day(visit.start)} {visit.start:%H:%M}" if visit.start else "without a time")
    parts += [visit.place] if visit.place else []
    parts.append(visit.gone or visit.evidence or "nothing said")
    if visit.asked:
        parts.append("a question waits")
    if visit.moved and visit.first:
        parts.append(f"first planned {short_day(visit.first)} {visit.first:%H:%M}")
    return ", ".join([*parts, *visit.given])


def unit_named(unit: Unit) -> str:
    """Session S-04, Mon 9 Mar 10:00 to 10:30, partly done, pain 4 before and 6 after."""
    told = f"Session {unit.name}, {unit.when}, {unit.word}"
    if unit.before.now and unit.after.now:
        return f"{told}, pain {unit.before.now} before and {unit.after.now} after"
    return told


def scores_named(scores: list[Score]) -> str:
    """Assessed t0, Thu 26 Feb: pain VAS 4, Karnofsky 80 %."""
    points = ", ".join(dict.fromkeys(score.timepoint for score in scores if score.timepoint))
    told = ", ".join(f"{score.instrument} {score.value.now}" for score in scores)
    day = short_day(scores[0].day) if scores[0].day else ""
    return f"Assessed {points}, {day}: {told}" if points else f"Assessed {day}: {told}"


def long_day(text: str) -> str:
    """2 Mar 2026; a month or year stays as it was said."""
    if len(text) != 10:
        return text
    day = date.fromisoformat(text)
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"
