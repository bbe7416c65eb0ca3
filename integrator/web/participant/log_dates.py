"""What the log says of appointments: bookings, moves, and the rungs of evidence; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from markupsafe import Markup

from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.store.today import Step
from integrator.web.participant.course import how_given
from integrator.web.participant.kept import Change
from integrator.web.participant.told import REPORTS, SRC, Entry, day_of_change, entry, source_of
from integrator.web.today.days import day_and_hour, hour
from integrator.web.today.moves import Move, kind_of, start_of
from integrator.web.today.sentences import (
    Voice,
    counted,
    fraction,
    fractions_named,
    groups_of,
    moves_told,
    source_told,
    unnamed,
)

SIGNS = {"moved": "move", "place": "move", "again": "move", "cancelled": "cancel"}

Told = tuple[datetime, Entry]
Reports = Mapping[tuple[int | None, str], Said]  # (message, key of the appointment) -> what it reported of it


def dates_told(changes: list[Change], reports: Reports, voice: Voice) -> Iterable[Told]:
    """Moves in the words of the page of the day, bookings of a day together, and rungs of evidence."""
    for day, group in groupby(sorted(changes, key=lambda one: one.step.at), key=lambda one: day_of_change(one, voice)):
        here, voice = list(group), replace(voice, told_on=day)
        for round_ in _rounds(here):
            for group_ in groups_of(round_, voice):
                ((kind, sentence),) = moves_told(group_, voice)
                step = group_[0].step
                yield step.at, entry(step, voice, SIGNS.get(kind, "no"), unnamed(sentence, step.subject), "mv")
        yield from _booked([change for change in here if _is_booking(change.step)], voice)
        yield from _risen(here, reports, voice)


def _is_booking(step: Step) -> bool:
    return step.before is None and kind_of(None, step.after) is None


def _rounds(changes: list[Change]) -> list[list[Move]]:
    """The moves of a day so that each appointment moves at most once in a round."""
    rounds: list[list[Move]] = []
    many: Counter[int] = Counter()
    for step in (change.step for change in changes):
        if kind := kind_of(step.before, step.after):
            place = many[step.record_id]
            many[step.record_id] += 1
            if place == len(rounds):
                rounds.append([])
            rounds[place].append(Move(kind, step.subject, step.before or step.after, step.after, step))
    return rounds


def _booked(changes: list[Change], voice: Voice) -> Iterable[Told]:
    """Fractions 1 to 10 booked, the first Mon 2 Mar 10:00, the last Fri 13 Mar 10:00."""
    for _, group in groupby(sorted(changes, key=lambda one: str(one.step.system)), key=lambda one: one.step.system):
        here = sorted(group, key=lambda one: (start_of(one.step.after) or one.step.at, one.step.record_id))
        first, last = here[0].step, here[-1].step
        what = _named(here) if len(here) > 1 else fraction(first.after, of=True)
        text = "{what} booked: {first} to {last}" if len(here) > 1 else "{what} booked: {first}"
        told = Markup(text + SRC).format(
            what=what,
            first=_start(first.after, voice),
            last=_start(last.after, voice),
            source=source_told(last, voice),
        )
        at = max(one.step.at for one in here)
        yield at, entry(replace(last, at=at), voice, "day", told)


def _start(said: Said, voice: Voice) -> str:
    start = start_of(said)
    return day_and_hour(start, voice.zone) if start else "without a time"


RISEN = {
    "arrived": "{what}: arrived{how}",
    "presumed": "{what}: {over} over, so <b>presumed</b>{how}",
    "evidenced": "{what} <b>evidenced</b>{how}",
    "attested": "{what} <b>attested</b>{how}",
    "scheduled": "{what}: back to <b>scheduled</b>{how}",
}
DOUBTED = "{what}: only <b>presumed</b>, for sources differ{how}"  # reported as given, and its owner says otherwise
FALLEN = "{what}: <s>{was}</s> no longer, now <b>{now}</b>{how}"


def _risen(changes: list[Change], reports: Reports, voice: Voice) -> Iterable[Told]:
    """A rung up or down, with what was reported where a report did it; those of one minute and source together."""
    groups: dict[tuple[str | None, ...], list[Change]] = {}
    for change in filter(rises, changes):
        step = change.step
        was, now = (step.before or {}).get("evidence"), step.after["evidence"]
        groups.setdefault((hour(step.at, voice.zone), step.system, change.type, was, now), []).append(change)
    for here in groups.values():
        last = here[-1]
        was, now = (last.step.before or {}).get("evidence"), last.step.after["evidence"]
        up = was is None or EVIDENCE.index(now) > EVIDENCE.index(was)
        report = reports.get((last.message, last.key)) if len(here) == 1 else None
        text = RISEN[now] if up or now == "scheduled" else FALLEN
        text = DOUBTED if up and now == "presumed" and last.type in REPORTS else text
        told = Markup(text + SRC).format(
            what=_named(here), was=was, now=now, how=f": {how_given(report, voice.zone)}" if report else "",
            over="appointments" if len(here) > 1 else "appointment", source=source_of(last, voice),
        )  # fmt: skip
        good = up and now in ("evidenced", "attested")
        sign = "check" if now != "arrived" and up else "clock"
        yield last.step.at, entry(last.step, voice, sign, told, "good" if good else "")


def _named(changes: list[Change]) -> str:
    """Fraction 7; Fractions 1 to 6; 3 appointments."""
    numbers = [one.step.after.get("fraction") for one in changes]
    if len(changes) == 1:
        return fraction(changes[0].step.after)
    if all(isinstance(number, int) for number in numbers):
        return fractions_named(sorted(number for number in numbers if number is not None))
    return counted(len(changes), "appointment", "appointments")


def rises(change: Change) -> bool:
    """Whether a version of an appointment has another rung, and no move says so already."""
    before, now = change.step.before, change.step.after.get("evidence")
    if change.kind != "Appointment" or before is None or now is None or before.get("evidence") == now:
        return False
    return kind_of(before, change.step.after) != "again"
