"""The values that record fields are made of: small, frozen, free of any outside form."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one system. `system` is a URI (FHIR's), `namespace` a local name of a code system (HL7 v2's)."""

    code: str
    system: str | None = None
    display: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """One meaning, in one or more codings and as text."""

    codings: tuple[Coding, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """A business identifier. `system` is a URI; `namespace` a local name of the assigner (HL7 v2 HD.1 or EI.2)."""

    value: str
    system: str | None = None
    namespace: str | None = None
    type: str | None = None  # HL7 table 0203: MR, SS, ...


@dataclass(frozen=True, slots=True)
class Period:
    """From start to end; both carry an offset. `end` is None only while a source says a start and no length."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as precise as it was said: "2011", "2011-09" or "2011-09-01"; never padded to a day."""

    text: str
    kind: str | None = None  # ACTUAL, ESTIMATED; None: not said

    @property
    def precision(self) -> str:
        """year, month or day"""
        return {4: "year", 7: "month"}.get(len(self.text), "day")

    @property
    def first_day(self) -> date:
        """The first day that it may mean, for comparing with a clock; never for showing."""
        year, month, day = (*self.text.split("-"), "1", "1")[:3]
        return date(int(year), int(month), int(day))

    @property
    def last_day(self) -> date:
        """The last day that it may mean, as `first_day`."""
        first = self.first_day
        if self.precision == "day":
            return first
        month = 12 if self.precision == "year" else first.month
        return date(first.year, month, monthrange(first.year, month)[1])


@dataclass(frozen=True, slots=True)
class When:
    """When something took place, as precise as it was said: from start to end, at an instant, or on a day."""

    start: datetime | None = None  # with its offset; None: only `day` is known
    end: datetime | None = None  # only beside a start
    day: str | None = None  # "2026-03-13" (or "2026-03", "2026") where no time of day was said; never padded


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured number with its unit."""

    value: float
    unit: str | None = None  # as people read it: "mg/d"
    code: str | None = None  # the unit's code in `system`
    system: str | None = None  # UCUM: http://unitsofmeasure.org
    comparator: str | None = None  # <, <=, >=, > where the number is a limit


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens."""

    name: str | None = None  # the machine or point of care: LINAC 3
    room: str | None = None
    facility: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One service of an appointment."""

    code: Concept | None = None
    start: datetime | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another of our records, by kind and key."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's official name."""

    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
