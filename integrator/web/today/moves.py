"""What became of appointments between two looks: the versions of each record, folded to one net change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from integrator.records import Said
from integrator.store.today import Step

GONE = {"cancelled": "cancelled", "noshow": "noshow", "entered-in-error": "deleted"}  # R4 status -> kind of move


@dataclass(frozen=True, slots=True)
class Move:
    """One appointment that no longer is as it was; `kind`: moved, place, cancelled, noshow, deleted, again."""

    kind: str
    subject: str
    was: Said
    now: Said
    step: Step  # the version that did it: its source, its times, its sealed reason

    @property
    def record_id(self) -> int:
        return self.step.record_id

    @property
    def moment(self) -> datetime:
        """The earliest time that the move touches, for the order of the list; the change itself where it has none."""
        starts = [start for start in (start_of(self.was), start_of(self.now)) if start]
        return min(starts, default=self.step.at)


def start_of(said: Said) -> datetime | None:
    """When the appointment starts, if anyone said so."""
    period = said.get("time")
    return period.start if period else None


def place_of(said: Said) -> str | None:
    """The machine, else the room."""
    place = said.get("place")
    return (place.name or place.room) if place else None


def net_moves(steps: Iterable[Step]) -> list[Move]:
    """One move for each record that differs from what it was before the first of its steps.

    `steps` come in the order of their versions. A record that went away and came back has not moved.
    """
    by_record: dict[int, list[Step]] = {}
    for step in steps:
        by_record.setdefault(step.record_id, []).append(step)
    moves = (_net(steps) for steps in by_record.values())
    return sorted((move for move in moves if move), key=lambda move: (move.moment, move.subject, move.record_id))


def kind_of(was: Said | None, now: Said) -> str | None:
    """What happened between two states of an appointment that a reader of the day must know; None: nothing."""
    before, after = GONE.get((was or {}).get("status") or ""), GONE.get(now.get("status") or "")
    if after:
        return after if after != before else None
    if was is None:
        return None
    if before:
        return "again"
    if start_of(was) and start_of(now) and start_of(was) != start_of(now):
        return "moved"
    if place_of(was) and place_of(now) and place_of(was) != place_of(now):
        return "place"
    return None


def _net(steps: list[Step]) -> Move | None:
    first, last = steps[0], steps[-1]
    was = first.before
    if was is None and len(steps) > 1 and not GONE.get(first.after.get("status") or ""):
        was = first.after  # booked and moved since the reader last looked: compare with the first booking
    kind = kind_of(was, last.after)
    if kind is None:
        return None
    cause = next((step for step in reversed(steps) if kind_of(step.before, step.after)), last)
    return Move(kind, last.subject, was if was is not None else last.after, last.after, cause)
