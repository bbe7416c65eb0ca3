"""The rows under the ladder: exercise sessions, scores and appointments that are no fraction, day by day; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from integrator.web.participant.facts import Course, Score, Unit
from integrator.web.participant.names import scores_named, unit_named, visit_named
from integrator.web.participant.svg import link, rect, text


@dataclass(frozen=True)
class Days:
    """Where the days of a row stand."""

    left: dict[date, float]
    width: dict[date, float]

    def middle(self, day: date, place: int = 0, of: int = 1) -> float:
        """The middle of a day, or of the n-th of several columns on it."""
        return self.left[day] + self.width[day] * (2 * place + 1) / (2 * of)

    def end(self) -> float:
        """Where the last day ends."""
        return max(self.left[day] + self.width[day] for day in self.left)


Mark = Callable[[float], str]  # the middle of its row -> its markup


def unit_marks(units: list[Unit], days: Days) -> list[Mark]:
    """The exercise sessions of a row, several on a day beside each other."""
    marks: list[Mark] = []
    for day, group in groupby(sorted(units, key=lambda u: (u.day or date.min, u.when)), key=lambda u: u.day):
        here = list(group)
        for place, unit in enumerate(here):
            marks.append(_unit(unit, days.middle(day, place, len(here)) if day else 0))
    return marks


def _unit(unit: Unit, x: float) -> Mark:
    def draw(y: float) -> str:
        left, top = x - 11, y - 11
        kind = {"completed": "r-ok", "stopped": "r-plan", "not-done": "r-off", "unknown": "r-ask"}
        out = [rect("hit", left - 4, top - 4, 30, 30, 4), rect(kind.get(unit.status, "r-plan"), left, top, 22, 22, 3)]
        if unit.status == "completed":
            out.append(f'<path class="chk" d="M{x - 4.5:.1f} {y:g}l3 3.2l6 -6.6"/>')
        elif unit.status == "stopped":
            out.append(f'<path class="half" d="M{left:.1f} {top + 22:g}V{top:g}L{left + 22:.1f} {top + 22:g}z"/>')
        elif unit.status == "not-done":
            out.append(f'<path class="x" d="M{x - 4:.1f} {y - 4:g}l8 8M{x - 4:.1f} {y + 4:g}l8 -8"/>')
        return link(f"#s{unit.id}", unit_named(unit), out, False)

    return draw


OTHERS = {"Planning": "plan", "Visit": "visit"}  # what stands in the mark of an appointment that is no fraction


@dataclass(frozen=True)
class Assessed:
    """Scores of a day, or an appointment that is no fraction: what stands in its mark, and its name."""

    day: date
    word: str
    name: str
    leads: str
    kind: str  # class of the mark


def assessed_days(course: Course) -> list[date]:
    found = [score.day for score in course.scores if score.day and not score.error]
    return found + [v.start.date() for v in course.visits if v.start and not v.fraction and not v.gone]


def assessments(course: Course, days: Days) -> list[Assessed]:
    """Scores day by day, and appointments that are no fraction."""
    found: list[Assessed] = []
    scores = sorted((s for s in course.scores if s.day in days.left and not s.error), key=lambda s: str(s.day))
    for day, group in groupby(scores, key=lambda score: score.day):
        here: list[Score] = list(group)
        points = list(dict.fromkeys(score.timepoint for score in here if score.timepoint))
        if day:
            word = ", ".join(points) or "score"
            found.append(Assessed(day, word, scores_named(here), f"#o{here[0].id}", "win done"))
    for visit in course.visits:
        if visit.start and not visit.fraction and not visit.gone and visit.start.date() in days.left:
            kind = "r-ask" if visit.asked else "win done" if visit.rung > 1 else "win"
            word = OTHERS.get(visit.what, "other")
            found.append(Assessed(visit.start.date(), word, visit_named(visit), f"#a{visit.id}", kind))
    return found


def assessed_marks(assessed: Sequence[Assessed], days: Days) -> list[Mark]:
    several = Counter(one.day for one in assessed)
    placed: Counter[date] = Counter()
    marks: list[Mark] = []
    for one in assessed:
        each = days.width[one.day] / several[one.day]
        left = days.left[one.day] + each * placed[one.day]
        placed[one.day] += 1
        marks.append(_mark(one, left + 2, max(20.0, each - 4)))
    return marks


def _mark(one: Assessed, left: float, width: float) -> Mark:
    def draw(y: float) -> str:
        out = [
            rect("hit", left - 2, y - 14, width + 4, 28, 4),
            rect(one.kind, left, y - 11, width, 22, 4),
            text(left + width / 2, y + 4, one.word, "mid tiny strong"),
        ]
        return link(one.leads, one.name, out, False)

    return draw
