"""What the trial's own people say in the demo's story: units from an app, scores and a diary from tables; data.

The training arm's units follow each given fraction; the physiotherapists' app posts them. The control arm's are kept in
a table, with the day only. Everybody is asked for their pain before the first fraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from integrator.sandbox.acts import Post, Sheet
from integrator.sandbox.book import Fraction
from integrator.sandbox.people import PARTICIPANTS

CONTROL = "passive-therapy;supervised;done"
BROKEN_OFF = ("DISPO-018", 2)  # a unit that was not done to its end


def units(given: Iterable[Fraction], answer: str = "201") -> Iterator[Post]:
    """A supervised unit of half an hour after each given fraction of the training arm."""
    for fraction in given:
        if fraction.person.arm != "A":
            continue
        start = fraction.slot.end + timedelta(minutes=5)
        body = {
            "subject": fraction.person.subject,
            "key": f"S-{fraction.n:02d}",
            "program": "isometric-training",
            "setting": "supervised",
            "status": "completed",
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(),
            "pain_before": _pain(fraction),
            "pain_after": max(0, _pain(fraction) - 1),
            "exertion": 3 + fraction.n % 4,
            "exercises": [{"name": name, "hold": 30, "repetitions": 8, "done": True} for name in EXERCISES],
        }
        if (fraction.person.subject, fraction.n) == BROKEN_OFF:
            body |= {"status": "partly", "reason": "pain in the second exercise", "pain_after": _pain(fraction) + 2}
        yield Post("/sessions", body, answer)


EXERCISES = ("four-point kneeling", "prone on elbows", "standing against the wall")


def scores(as_of: str) -> Sheet:
    """The pain of each participant before the first fraction: time point t0."""
    rows = [f"{one.subject},pain-vas,{3 + n % 6},{one.consent},t0" for n, one in enumerate(PARTICIPANTS)]
    return Sheet("observations", as_of, _table("subject,instrument,value,time,timepoint", rows))


def diary(given: Iterable[Fraction], as_of: str) -> Sheet:
    """The control arm's units: a day, and the pain before and after, with commas as people write them."""
    rows = [
        f"{one.person.subject};S-{one.n:02d};{CONTROL};{one.slot.start.date()};{_pain(one)};{_pain(one)}"
        for one in given
        if one.person.arm == "B"
    ]
    return Sheet("sessions", as_of, _table("subject;key;program;setting;status;day;pain_before;pain_after", rows))


def _pain(fraction: Fraction) -> int:
    return 2 + (int(fraction.person.subject[-2:]) + fraction.n) % 5


def _table(header: str, rows: list[str]) -> str:
    return "\n".join((header, *rows)) + "\n"
