"""Records drawn at random, for the laws: every value that a face's own declarations allow, with awkward texts.

Plain `random.Random`, so that the command `mappings check` needs no test library; tests give the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from integrator.mapping import record_model
from integrator.mapping.model import Declared
from integrator.records import CODES as CLOSED
from integrator.records import KINDS, Said
from integrator.records.study_parts import Eligibility
from integrator.records.values import (
    Address,
    Coding,
    Concept,
    Identifier,
    PartialDate,
    Period,
    PersonName,
    Quantity,
    Ref,
    Service,
    When,
)

TEXTS = (
    "LINAC 3",
    "HTEST-Müller",
    "a|b^c~d\\e&f",
    "\\F\\ is no bar",
    "Zeile 1\nZeile 2",
    "ünïcödé 漢字 🙂",
    'said "no"',
    "x",
    "0",
    "<b>&amp;</b>",
    "machine down",
)
CODES = ("RT-FRACTION", "76164006", "A1", "x.y-z", "ROUTINE", "a b")
SYSTEMS = (
    "http://snomed.info/sct",
    "http://loinc.org",
    "urn:oid:1.2.276.0.76",
    "http://terminology.hl7.org/CodeSystem/v2-0276",
    "https://codes.example/local",
)
ASSIGNERS = (
    "urn:oid:2.16.840.1.113883.19",
    "urn:uuid:0f1f8c1e-3d3a-4d0b-9d1e-5a1c8d5b0c11",
    "https://hospital.example/ids",
)
NAMESPACES = ("ARIA", "L", "Klinik Süd", "99LOCAL", "a/b c")
WORDS = ("RANDOMIZED", "OTHER", "NA", "PRINCIPAL_INVESTIGATOR")
# Parts of a record that hold one word of an outside list which is longer than we know.
WORDY = (
    "kind",
    "role",
    "allocation",
    "model",
    "masking",
    "observational_model",
    "time_perspective",
    "kept",
    "plan",
    "country_code",
)
DATES = ("1960", "1961-02", "1959-12-31", "2000-02-29")
DATED = ("birth_date", "since", "enrolled", "left", "randomised")  # texts that are dates
OBSERVED = ("pain-vas", "omed", "weight", "site-score", "http://loinc.org|2708-6", "urn:oid:1.2.276.0.76|a b")
DOSES = [(unit, unit, "http://unitsofmeasure.org") for unit in ("Gy", "cGy")]
REFERRED = {
    "appointment": "Appointment",
    "part_of": "ExerciseSession",
}  # what a field refers to; any other refers to the study
AGES = ("18 Years", "1 Year", "6 Months", "N/A", "018 Years", "80 years")
TRIES = 30  # draws of a value that should have a certain part
OFFSETS = (0, 60, 120, 330, -300, 135)


class Draw:
    """Values drawn for one face."""

    def __init__(self, declared: Declared, random: Random, whole: bool = False):
        """`whole`: with values in the fields and parts that the face omits, too."""
        self.declared, self.random, self.whole = declared, random, whole

    def said(self, wanted: Sequence[str] = ()) -> Said:
        """A record: each carried field unsaid, said to be none, or with a value; at the wanted places it has one."""
        said: Said = {}
        hints = record_model.hints(KINDS[self.declared.record])
        names = hints if self.whole else dict.fromkeys(one.place.field for one in self.declared.fields)
        for name in names:
            kind, many = record_model.bare(hints[name])
            steps = [one.replace("[]", "").split(".") for one in wanted]
            if below := [one[1:] for one in steps if one[0] == name]:
                said[name] = self._with(name, kind, many, below)
                continue
            chance = self.random.random()
            if chance < 0.2:
                continue
            if chance < 0.3:
                said[name] = () if many else None
                continue
            said[name] = self._many(name, kind) if many else self._value(name, kind)
        return said

    def _with(self, name: str, kind: type, many: bool, below: list[list[str]]) -> Any:
        """A value that has all of the parts below it; the last draw where some cannot be together."""
        found: Any = None
        for _ in range(TRIES):
            found = self._many(name, kind) if many else self._value(name, kind)
            if all(has(found, one) for one in below):
                break
        return found

    def _many(self, name: str, kind: type) -> tuple[Any, ...]:
        found = [self._value(name, kind) for _ in range(self.random.randint(1, 3))]
        return self._each_key_once(name, tuple(one for one in found if one is not None))

    def _each_key_once(self, name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A list that is paired by a part of its elements names each only once."""
        for one in self.declared.fields:
            at = one.choices[0].at[0]
            if one.place.field == name and at.listed and at.steps[at.listed - 1].key == at.steps[-1].name:
                part = one.place.parts[0]
                return tuple({getattr(value, part): value for value in values}.values())
        return values

    def _value(self, name: str, kind: type) -> Any:
        words = self._words(name)
        if words:
            return self.random.choice(words)
        drawn = self.draw(name, kind)
        return drawn if self.whole else allowed(self.declared, name, drawn)

    def _words(self, name: str) -> tuple[str, ...]:
        """The words that the field may be, those that the face's code maps cannot hold left out."""
        found = {one.place.field: one for one in self.declared.fields}.get(name)
        if found is None:
            return CLOSED[self.declared.record].get(name, ())
        words = record_model.codes(self.declared.record, found.place) or ()
        maps = [choice.codes for choice in found.choices if choice.codes]
        lossy = {word for codes in maps for word in codes.lossy}
        if not self.declared.writes and len(maps) == len(found.choices):  # what only reads may have rows of "*" only
            lossy |= {word for word in words if all(codes.write(word) is None for codes in maps)}
        return tuple(word for word in words if word not in lossy)

    def draw(self, name: str, kind: type) -> Any:
        """A value of a type, for the field or part of that name ("sites.status")."""
        if name in DATED and kind is str:
            return self.random.choice(DATES)
        if name == "dose" and kind is Quantity:
            return Quantity(self.random.choice((2, 3, 1.8, 300)), *self.random.choice(DOSES))
        if name == "code" and kind is str:
            return self.random.choice(OBSERVED)
        if kind is str and (words := self._words_of_part(name)):
            return self.random.choice(words)
        makers: dict[type, Callable[[], Any]] = {
            str: self.text,
            int: lambda: self.random.randint(1, 40),
            bool: lambda: self.random.random() < 0.5,
            float: lambda: self.random.choice((3, 3.5, 0, -7.25, 60)),
            When: self.when,
            Quantity: self.quantity,
            datetime: self.instant,
            Period: self.period,
            PartialDate: self.partial_date,
            Identifier: self.identifier,
            Concept: self.concept,
            Service: lambda: Service(self.concept(), self.instant(), self.random.randint(1, 120)),
            Ref: lambda: Ref(REFERRED.get(name, "Study"), f"NCT{self.random.randint(0, 99999999):08}"),
            PersonName: self.name,
            Address: self.address,
        }
        return makers[kind]() if kind in makers else self.parts(name, kind)

    def parts(self, name: str, kind: type) -> Any:
        """A value made of parts, each of them there or not; one at least."""
        said: dict[str, Any] = {}
        for one in fields(kind):
            inner, many = record_model.bare(record_model.hints(kind)[one.name])
            place = f"{name}.{one.name}"
            if self.random.random() < 0.8:
                drawn = tuple(self.draw(place, inner) for _ in range(self.random.randint(1, 3)))
                said[one.name] = drawn if many else drawn[0]
        if kind is Eligibility:
            said |= {end: self.random.choice(AGES) for end in ("minimum_age", "maximum_age") if end in said}
        return kind(**said)

    def _words_of_part(self, name: str) -> tuple[str, ...]:
        field, _, part = name.partition(".")
        closed = CLOSED[self.declared.record].get(name)
        return closed or (WORDS if part in WORDY or (field, part) == ("expanded_access", "status") else ())

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def maybe(self, make: Callable[[], Any]) -> Any:
        return make() if self.random.random() < 0.6 else None

    def instant(self) -> datetime:
        zone = timezone(timedelta(minutes=self.random.choice(OFFSETS)))
        seconds = self.random.randint(0, 20 * 365 * 86400)
        at = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        if self.random.random() < 0.2:
            at += timedelta(milliseconds=self.random.randint(1, 999))
        return at.astimezone(zone)

    def partial_date(self) -> PartialDate:
        return PartialDate(self.random.choice(DATES), self.random.choice(("ACTUAL", "ESTIMATED", None)))

    def period(self) -> Period:
        start = self.instant()
        return Period(start, start + timedelta(minutes=self.random.choice((0, 1, 15, 50, 1440))))

    def when(self) -> When:
        if self.random.random() < 0.3:
            return When(day=self.random.choice(DATES))
        period = self.period()
        return When(period.start, self.maybe(lambda: period.end))

    def quantity(self) -> Quantity:
        unit, code = self.random.choice((("mg/d", "mg/d"), (None, "{score}"), ("HU", "[hnsf'U]"), (None, None)))
        comparator = self.random.choice(("<", ">=", None, None))
        return Quantity(self.draw("", float), unit, code, "http://unitsofmeasure.org" if code else None, comparator)

    def identifier(self) -> Identifier:
        system = self.maybe(lambda: self.random.choice(ASSIGNERS))
        namespace = self.maybe(lambda: self.random.choice(NAMESPACES))
        kind = self.maybe(lambda: self.random.choice(("MR", "PI", "SS")))
        return Identifier(self.random.choice((*TEXTS, "36996")), system, namespace, kind)

    def coding(self) -> Coding:
        system = self.maybe(lambda: self.random.choice(SYSTEMS))
        namespace = None if system else self.maybe(lambda: self.random.choice(NAMESPACES))
        code = "ROUTINE" if system and "v2-0276" in system else self.random.choice(CODES)  # of that one all are known
        return Coding(code, system, self.maybe(self.text), namespace)

    def concept(self) -> Concept:
        codings = tuple(self.coding() for _ in range(self.random.randint(0, 2)))
        return Concept(codings, self.maybe(self.text) if codings else self.text())

    def name(self) -> PersonName:
        given = tuple(self.random.choice(("Anna", "Jörg", "Ève")) for _ in range(self.random.randint(0, 2)))
        return PersonName("HTEST-Müller", given, self.maybe(lambda: "Dr. med."), self.maybe(lambda: "jun."))

    def address(self) -> Address:
        lines = tuple(self.text() for _ in range(self.random.randint(0, 2)))
        return Address(lines, "Heidelberg", self.maybe(lambda: "BW"), self.maybe(lambda: "69120"), "DE")


def allowed(declared: Declared, name: str, value: Any) -> Any:
    """The value without the leaves that the face omits; None if nothing is left of it."""
    for omission in declared.omit_ours:
        steps = omission.text.replace("[]", "").split(".")
        if steps[0] == name and len(steps) > 1 and value is not None:
            value = _without(value, steps[1:])
    return None if _is_empty(value) else value


def has(value: Any, steps: list[str]) -> bool:
    """Whether something stands at a part of a value, in any element of a list."""
    if isinstance(value, tuple):
        return any(has(one, steps) for one in value)
    if value is None or not steps:
        return value is not None
    return has(getattr(value, steps[0], None), steps[1:])


def _is_empty(value: Any) -> bool:
    if not is_dataclass(value) or isinstance(value, type):
        return False
    return all(getattr(value, one.name) in (None, ()) for one in fields(value))


def _without(value: Any, steps: list[str]) -> Any:
    if isinstance(value, tuple):
        found = (_without(one, steps) for one in value)
        return tuple(one for one in found if one is not None)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    inner = getattr(value, steps[0])
    nothing = () if isinstance(inner, tuple) else None
    fresh = nothing if len(steps) == 1 else _without(inner, steps[1:]) if inner is not None else None
    value = replace(value, **{steps[0]: fresh})
    return None if _is_empty(value) else value
