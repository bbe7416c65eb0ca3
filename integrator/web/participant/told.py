"""One sentence of the log of changes, and what all of them end with: who said it, when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from integrator.store.today import Step
from integrator.web.participant.kept import Change
from integrator.web.today.days import hour
from integrator.web.today.sentences import Voice, source_told

REPORTS = ("DFT", "ORU")  # types of messages that report what was given
SRC = ' <span class="src">({source})</span>.'  # how every sentence ends


@dataclass(frozen=True)
class Entry:
    """One sentence of the log."""

    time: str
    sign: str
    look: str  # class of the sign: mv, good, ask
    told: Markup


def entry(step: Step, voice: Voice, sign: str, told: Markup, look: str = "") -> Entry:
    """A sentence about a version, at the hour at which we learnt of it."""
    return Entry(hour(step.at, voice.zone), sign, look, told)


def source_of(change: Change, voice: Voice) -> str:
    """DFT of ARIA, 22:10 where a report said it; ARIA, 08:12 where it is the system of the appointments."""
    told = source_told(change.step, voice)
    return f"{change.type} of {told}" if change.type in REPORTS else told


def why_told(step: Step, voice: Voice) -> str:
    """The reason of a change, where one was given."""
    why = voice.open_why(step)
    return f" — {why}" if why else ""


def day_of_change(change: Change, voice: Voice) -> date:
    """The day on which we learnt of it."""
    return change.step.at.astimezone(voice.zone).date()
