"""What a participant's course consists of, as plain values in the hospital's zone: fractions, units, scores.

Pure: the pictures, tables and forms of the page are made of these and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from integrator.records.appointment import EVIDENCE

COUNTS_FROM = EVIDENCE.index("evidenced") + 1  # the rung from which on a fraction counts as delivered

DONE = {
    "completed": ("done", "check", "ok"),
    "stopped": ("partly done", "half", ""),
    "not-done": ("not done", "no", ""),
    "entered-in-error": ("entered in error", "no", ""),
    "preparation": ("planned", "clock", ""),
    "in-progress": ("under way", "clock", ""),
    "on-hold": ("on hold", "clock", ""),
    "unknown": ("not known", "ask", "wait"),
}  # status of a session -> its word, its sign, its colour


@dataclass(frozen=True)
class Visit:
    """One appointment: a fraction, or another coming (`fraction` False)."""

    id: int  # number of the record
    start: datetime | None
    what: str = "Fraction"  # Fraction 7, Planning, Visit
    fraction: bool = True
    number: int | None = None
    total: int | None = None
    end: datetime | None = None
    place: str | None = None
    evidence: str = ""  # one of EVIDENCE; empty: none, for it was cancelled
    gone: str = ""  # cancelled, no show, entered in error
    first: datetime | None = None  # its start in the first plan
    asked: bool = False  # a question about it waits
    dose: str = ""
    given: tuple[str, ...] = ()  # what was reported of it: given Thu 12 Mar (DFT of ARIA, 22:10)

    def begun(self, today: date) -> bool:
        """Whether its day has come, so that something can be said of it."""
        return self.start is not None and self.start.date() <= today

    @property
    def rung(self) -> int:
        """1 to 5; 0: none."""
        return EVIDENCE.index(self.evidence) + 1 if self.evidence in EVIDENCE else 0

    @property
    def counts(self) -> bool:
        """Whether it counts as delivered."""
        return self.rung >= COUNTS_FROM

    @property
    def moved(self) -> bool:
        """Whether it is no longer at the time of the first plan."""
        return bool(self.first and self.start and self.first != self.start)

    @property
    def short(self) -> str:
        """What stands under its column."""
        return str(self.number) if self.number is not None else self.what


@dataclass(frozen=True)
class Value:
    """A value as it is now, with the earlier ones that it took the place of."""

    now: str
    was: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One exercise session."""

    id: int
    name: str  # S-04
    day: date | None
    when: str  # Mon 9 Mar 10:00 to 10:30
    status: str
    setting: str = ""
    program: str = ""
    reason: str = ""
    before: Value = Value("")
    after: Value = Value("")
    exertion: Value = Value("")

    @property
    def word(self) -> str:
        """How it went."""
        return DONE.get(self.status, (self.status, "", ""))[0]

    @property
    def sign(self) -> str:
        return DONE.get(self.status, ("", "ask", ""))[1]

    @property
    def look(self) -> str:
        return DONE.get(self.status, ("", "", ""))[2]

    @property
    def counts(self) -> bool:
        """Whether it stands in the picture."""
        return self.status != "entered-in-error" and self.day is not None


@dataclass(frozen=True)
class Score:
    """One observation that stands for itself: not one of a session's."""

    id: int
    instrument: str  # pain VAS
    day: date | None
    when: str
    value: Value
    timepoint: str = ""
    status: str = "final"
    correctable: bool = True  # an entry of the trial that still stands

    @property
    def error(self) -> bool:
        """Whether it was taken back."""
        return self.status == "entered-in-error"


@dataclass(frozen=True)
class Course:
    """All that the picture shows, and the day on which it is looked at."""

    today: date
    visits: tuple[Visit, ...] = ()
    units: tuple[Unit, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def fractions(self) -> list[Visit]:
        return [visit for visit in self.visits if visit.fraction]

    @property
    def standing(self) -> list[Visit]:
        """The fractions that are not cancelled, missed or taken back."""
        return [visit for visit in self.fractions if not visit.gone]

    @property
    def given(self) -> int:
        """How many fractions count as delivered."""
        return sum(visit.counts for visit in self.standing)

    @property
    def planned(self) -> int:
        """How many fractions the course has: as the source says, or as many as are booked."""
        said = [visit.total for visit in self.fractions if visit.total]
        return max([len(self.standing), *said])

    def next(self, now: datetime) -> Visit | None:
        """The coming, or running, appointment."""
        ahead = [v for v in self.visits if not v.gone and v.start and (v.end or v.start) > now]
        return min(ahead, key=lambda visit: visit.start or now, default=None)


def monday(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def weeks(course: Course) -> list[date]:
    """The Mondays of the weeks that the picture shows: those of the fractions, now and in the first plan, and the
    week before or after them where a session, a score or another appointment is. None without fractions."""
    used = {monday(at.date()) for visit in course.fractions for at in (visit.start, visit.first) if at}
    if not used:
        return []
    first, last, week = min(used), max(used), timedelta(days=7)
    beside = _days(course)
    if any(monday(day) == first - week for day in beside):
        first -= week
    if any(monday(day) == last + week for day in beside):
        last += week
    return [first + number * week for number in range((last - first).days // 7 + 1)]


def _days(course: Course) -> Iterable[date]:
    yield course.today
    yield from (unit.day for unit in course.units if unit.day and unit.counts)
    yield from (score.day for score in course.scores if score.day and not score.error)
    yield from (visit.start.date() for visit in course.visits if visit.start and not visit.gone)


def rows_of(mondays: Sequence[date], many: int) -> list[list[date]]:
    """The weeks in rows of so many."""
    return [list(mondays[at : at + many]) for at in range(0, len(mondays), many)]
