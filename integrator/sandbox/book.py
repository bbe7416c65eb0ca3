"""The radiotherapy department's appointment book: what is planned, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from integrator.sandbox.people import Person

ZONE = ZoneInfo("Europe/Berlin")
ROOMS = {"LINAC 1": "Raum U1.101", "LINAC 2": "Raum U1.102", "LINAC 3": "Raum U1.110"}
FACILITY = "HTEST-RADIO"


@dataclass(frozen=True)
class Slot:
    """When and on which machine; `start` is local time with its zone."""

    start: datetime
    machine: str
    minutes: int = 15

    @property
    def end(self) -> datetime:
        """When the machine is free again."""
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Fraction:
    """One appointment of a course of radiotherapy. `status` in FHIR's words; `reason` only of a cancelled one."""

    person: Person
    filler: str  # the department's appointment number
    series: str  # one number for the course
    n: int
    of: int
    slot: Slot
    status: str = "booked"
    reason: str = ""
    moved: bool = False
    charged: bool = False


@dataclass(frozen=True)
class Course:
    """Ten fractions on working days at one daily time, on one machine."""

    person: Person
    number: int
    first: date
    at: time
    machine: str
    fractions: int = 10

    def planned(self) -> list[Fraction]:
        """The fractions as first booked."""
        days = working_days(self.first)
        return [
            Fraction(
                person=self.person,
                filler=f"{self.number}-{n:02d}",
                series=f"C-{self.number}",
                n=n,
                of=self.fractions,
                slot=Slot(datetime.combine(next(days), self.at, ZONE), self.machine),
            )
            for n in range(1, self.fractions + 1)
        ]


def working_days(first: date) -> Iterator[date]:
    """Monday to Friday from `first` on; there is no holiday in the story's weeks."""
    day = first
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


class Book:
    """The book, by appointment number; every change gives the fraction as it is now."""

    def __init__(self) -> None:
        self.fractions: dict[str, Fraction] = {}

    def enter(self, fraction: Fraction) -> Fraction:
        """A fraction is booked."""
        self.fractions[fraction.filler] = fraction
        return fraction

    def move(self, filler: str, slot: Slot) -> Fraction:
        """A fraction gets another time or machine."""
        return self._change(filler, slot=slot, moved=True)

    def complete(self, filler: str) -> Fraction:
        """The department calls a fraction done."""
        return self._change(filler, status="fulfilled")

    def cancel(self, filler: str, reason: str) -> Fraction:
        """A fraction is cancelled, with a reason in the department's words."""
        return self._change(filler, status="cancelled", reason=reason)

    def no_show(self, filler: str) -> Fraction:
        """Nobody came."""
        return self._change(filler, status="noshow")

    def charge(self, filler: str, taken_back: bool = False) -> Fraction:
        """Billing charges a fraction, or credits it."""
        return self._change(filler, charged=not taken_back)

    def of(self, person: Person) -> list[Fraction]:
        """A person's fractions in order of their number."""
        return sorted((each for each in self.fractions.values() if each.person == person), key=lambda each: each.n)

    def _change(self, filler: str, **what: object) -> Fraction:
        return self.enter(replace(self.fractions[filler], **what))  # type: ignore[arg-type]
