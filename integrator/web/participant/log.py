"""What changed and why: whole sentences out of the versions of a participant's records, newest first; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import groupby

from integrator.records.values import Ref
from integrator.store.today import Step
from integrator.web.participant.kept import Change, Kept
from integrator.web.participant.log_dates import Told, dates_told, rises
from integrator.web.participant.log_entries import TELL, is_report
from integrator.web.participant.told import Entry, day_of_change
from integrator.web.today.days import day_heading
from integrator.web.today.sentences import Voice


def log_of(kept: Kept, voice: Voice) -> list[tuple[str, list[Entry]]]:
    """The sentences under the day on which we learnt of them, the newest day and sentence first."""
    voice = replace(voice, open_why=lambda step: kept.whys.get(step.why or b""))
    changes = [replace(change, step=_by(change)) for change in kept.changes]
    reports = {
        (one.message, _slot(one)): one.step.after for one in changes if one.kind == "Treatment" and is_report(one)
    }
    told = [*dates_told([one for one in changes if one.kind == "Appointment"], reports, voice)]
    told += _others(changes, voice)
    told.sort(key=lambda one: one[0], reverse=True)
    days = groupby(told, key=lambda one: one[0].astimezone(voice.zone).date())
    return [(_heading(day, voice), [entry for _, entry in group]) for day, group in days]


def _others(changes: list[Change], voice: Voice) -> Iterable[Told]:
    """All but the appointments; what another sentence of the same message says already is not said again."""
    risen = {(one.message, one.key) for one in changes if rises(one)}
    sessions = {(one.message, one.key) for one in changes if one.kind == "ExerciseSession"}
    for change in changes:
        if change.kind == "Observation" and (change.message, _session(change)) in sessions:
            continue
        if change.kind == "Treatment" and ((change.message, _slot(change)) in risen or not is_report(change)):
            continue
        there = replace(voice, told_on=day_of_change(change, voice))
        if change.kind in TELL and (entry := TELL[change.kind](change, there)):
            yield change.step.at, entry


def _slot(change: Change) -> str:
    """The key of the appointment that a report is of."""
    slot = change.step.after.get("appointment")
    return slot.key if isinstance(slot, Ref) else ""


def _session(change: Change) -> str:
    """The key of the session that a score is of."""
    session = change.step.after.get("part_of")
    return session.key if isinstance(session, Ref) else ""


def _heading(day: date, voice: Voice) -> str:
    return f"Today, {day_heading(day)}" if day == voice.today else day_heading(day)


def _by(change: Change) -> Step:
    """The step with who brought it where its system stands."""
    if change.actor:
        return replace(change.step, system="entered on this page" if change.actor == "page" else change.actor)
    return change.step if change.message is not None else replace(change.step, system="read again")
