"""Evidence: which reports speak of which planned fraction, and what each fraction is then known to be; pure.

A report (a charge, a result, a row, a person's word) is matched to the nearest slot of its course, day and machine that
no other report of its system has. The same records always give the same matching, in whatever order they came.

The evidence of a slot is the highest that was not taken back: arrived and presumed follow from the appointment,
evidenced and attested from reports. Where another owner says that it was not given, it is at most presumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.records.texts import day_of
from integrator.records.values import Ref, When

FRACTION = "fraction:"  # what the key of a fraction begins with
GIVEN = ("completed", "stopped")  # statuses of a report that say that radiation was given
TOLD = ("time", "dose", "site", "place", "series", "fraction", "fractions", "reason")  # by a report, of a fraction
GONE = ("cancelled", "noshow", "entered-in-error")  # of an appointment: its owner says that nobody came
OF_STATUS = {
    "proposed": "scheduled",
    "pending": "scheduled",
    "waitlist": "scheduled",
    "booked": "scheduled",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "presumed",
}  # an appointment that is over is not a given dose


@dataclass(frozen=True, slots=True)
class Match:
    """The slot of a report, or why it has none: one of treatment.DOUBTS."""

    slot: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """What matching looks at of a planned fraction."""

    key: str
    start: datetime
    day: str  # in the hospital's zone
    said: Said

    @property
    def gone(self) -> bool:
        return self.said.get("status") in GONE


def fraction_key(slot: str) -> str:
    """The key of the fraction of a slot; an EHR searches by it, so it has no `|`."""
    return FRACTION + slot.replace("|", "/")


def is_fraction(key: str | None) -> bool:
    """Whether a Treatment is the fraction of a slot, and not a report."""
    return bool(key) and str(key).startswith(FRACTION)


def system_of(report: str) -> str:
    """The system of a report by its key; what the trial enters has none."""
    return report.partition("|")[0] if "|" in report else ""


# ---------------------------------------------------------------- matching


def match(slots: Mapping[str, Said], reports: Mapping[str, Said], zone: str) -> dict[str, Match]:
    """The slot of each report; reports that were taken back, or of something else, have none and no doubt."""
    known = sorted(_slots(slots, zone), key=lambda slot: (slot.start, slot.key))
    found: dict[str, Match] = {}
    by_system: dict[str, dict[str, Said]] = {}
    for key in sorted(reports):
        said = reports[key]
        if said.get("activity") == "fraction" and said.get("status") in (*GIVEN, "not-done"):
            by_system.setdefault(system_of(key), {})[key] = said
        else:
            found[key] = Match()
    for of_system in by_system.values():
        found |= _of_system(known, of_system, zone)
    return found


def _slots(slots: Mapping[str, Said], zone: str) -> Iterator[Slot]:
    for key, said in slots.items():
        if said.get("activity") == "fraction" and (time := said.get("time")):
            yield Slot(key, time.start, day_of(When(time.start), zone), said)


def _of_system(slots: list[Slot], reports: Mapping[str, Said], zone: str) -> dict[str, Match]:
    """What one system reports, against all slots: what names its slot first, then what has a time, then days."""
    found: dict[str, Match] = {}
    free = {slot.key: slot for slot in slots}
    for key, said in reports.items():
        if named := _named(slots, said):
            found[key] = Match(named) if any(slot.key == named for slot in slots) else Match(doubt="no slot")
            free.pop(named, None)
    open_ = {key: said for key, said in reports.items() if key not in found}
    for key, slot in _nearest({key: said for key, said in open_.items() if _timed(said)}, free, zone):
        found[key] = Match(slot) if slot else Match(doubt="two slots")
    left = {key: _fitting(free, said, zone) for key, said in open_.items() if key not in found}
    for of_day in _alike(left):
        found |= _by_day(of_day, left[of_day[0]], free)
    return found


def _timed(said: Said) -> bool:
    return said.get("time") is not None and said["time"].start is not None


def _named(slots: list[Slot], said: Said) -> str | None:
    """The slot that a person named, by its appointment or by the number of the fraction."""
    if ref := said.get("appointment"):
        return str(ref.key)
    if said.get("evidence") != "attested" or not said.get("fraction"):
        return None
    numbered = [slot.key for slot in slots if slot.said.get("fraction") == said["fraction"] and not slot.gone]
    return numbered[0] if len(numbered) == 1 else None


def _fitting(free: Mapping[str, Slot], said: Said, zone: str) -> list[Slot]:
    """The free slots of a report's course, day and machine; those that are cancelled only where there is no other."""
    time = said.get("time")
    if time is None:
        return []
    day = day_of(time, zone)
    fit = [slot for slot in free.values() if slot.day == day and _agree(slot.said, said)]
    fit = [slot for slot in fit if not slot.gone] or fit
    numbered = [slot for slot in fit if said.get("fraction") and slot.said.get("fraction") == said["fraction"]]
    return numbered if len(numbered) == 1 else fit


def _agree(slot: Said, said: Said) -> bool:
    """Whether course and machine are the same, where both say them."""
    series, course = slot.get("series"), said.get("series")
    if series and course and series.value != course.value:
        return False
    here, there = (_machine(one) for one in (slot, said))
    return not here or not there or here == there


def _machine(said: Said) -> str:
    """The name of the machine, as two systems may spell it: "LINAC 3", "Linac-3"."""
    place = said.get("place")
    return "".join(letter for letter in (place.name or "").casefold() if letter.isalnum()) if place else ""


def _nearest(reports: Mapping[str, Said], free: dict[str, Slot], zone: str) -> Iterator[tuple[str, str | None]]:
    """The nearest slot of each report that says a time of day; None: two are as near. Takes them out of `free`."""
    pairs = sorted(
        (abs((slot.start - said["time"].start).total_seconds()), slot.start, slot.key, key)
        for key, said in reports.items()
        for slot in _fitting(free, said, zone)
    )
    done: set[str] = set()
    for number, (distance, _, slot, key) in enumerate(pairs):
        if key in done or slot not in free:
            continue
        done.add(key)
        rest = pairs[number + 1 :]
        if any(other[0] == distance and other[3] == key and other[2] in free for other in rest):
            yield key, None
            continue
        del free[slot]
        yield key, slot


def _alike(left: Mapping[str, list[Slot]]) -> Iterable[list[str]]:
    """The reports that have the same slots to choose from, together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for key, fitting in left.items():
        alike.setdefault(tuple(slot.key for slot in fitting), []).append(key)
    return sorted(alike.values(), key=lambda keys: (len(left[keys[0]]), keys))


def _by_day(reports: list[str], fitting: list[Slot], free: dict[str, Slot]) -> dict[str, Match]:
    """Reports that know only the day: as many as there are slots are theirs; fewer could be any of them."""
    there = [slot for slot in fitting if slot.key in free]
    if len(there) > len(reports):
        return {key: Match(doubt="two slots") for key in reports}
    found = {key: Match(slot.key) for key, slot in zip(reports, there, strict=False)}
    for match_ in found.values():
        del free[str(match_.slot)]
    return {key: found.get(key, Match(doubt="no slot")) for key in reports}


# ---------------------------------------------------------------- weighing


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is known of the fractions of a participant."""

    evidence: dict[str, str | None] = field(default_factory=dict)  # of each appointment
    matches: dict[str, Match] = field(default_factory=dict)  # of each report
    fractions: dict[str, Said] = field(default_factory=dict)  # what each fraction shows, by its own key


def weigh(
    slots: Mapping[str, Said],
    reports: Mapping[str, Said],
    there: Iterable[str],
    policy: str,
    owner: str | None,
    zone: str,
) -> Weighed:
    """Evidence of the slots, slots of the reports, and the fractions.

    slots, reports: what the appointments and the reported Treatments of one participant show, by key. there: the keys
    of fractions that exist, which stay. policy: the rung from which a fraction is one, [study] procedures. owner: the
    system whose report of a fraction comes first.
    """
    matches = match(slots, reports, zone)
    weighed = Weighed(matches=matches)
    known = set(there)
    for key, slot in slots.items():
        mine = {one: reports[one] for one, found in matches.items() if found.slot == key}
        rung, disputed = _rung(slot, mine.values())
        weighed.evidence[key] = rung
        if slot.get("activity") != "fraction":
            continue
        enough = rung is not None and EVIDENCE.index(rung) >= EVIDENCE.index(policy)
        name = fraction_key(key)
        if enough or disputed or name in known:
            best = in_order(mine, owner)
            weighed.fractions[name] = _fraction(name, key, slot, best, rung, enough, disputed)
    return weighed


def in_order(reports: Mapping[str, Said], owner: str | None) -> dict[str, Said]:
    """The reports of one fraction: the owner's first."""
    return {one: reports[one] for one in sorted(reports, key=lambda one: (system_of(one) != owner, one))}


def first_told(field_: str, reports: Mapping[str, Said]) -> str | None:
    """Which of the reports in their order says a fact of a fraction; None: the slot does."""
    told = [key for key, said in reports.items() if said["status"] in GIVEN and said.get(field_) is not None]
    return min(told, key=lambda key: _vague(reports[key][field_]), default=None)


def _rung(slot: Said, reports: Iterable[Said]) -> tuple[str | None, bool]:
    """The evidence of a slot, and whether its owner or another report denies it. A person's word settles that."""
    base = OF_STATUS.get(slot.get("status") or "booked")
    told = [(said["status"] in GIVEN, said.get("evidence") == "attested") for said in reports]
    attested = {given for given, by_person in told if by_person}
    if attested == {True}:
        return "attested", False
    if attested == {False}:
        return base, False
    given, denied = any(given for given, _ in told), any(not given for given, _ in told)
    if not given:
        return base, False
    if denied or base is None:
        return "presumed", True
    return "evidenced", False


def _fraction(
    name: str, key: str, slot: Said, reports: Mapping[str, Said], rung: str | None, enough: bool, disputed: bool
) -> Said:
    """What a fraction shows: of each fact what the first report says that says it, else the slot."""
    given = [said for said in reports.values() if said["status"] in GIVEN]
    time = slot["time"] if slot.get("time") else None
    planned: Said = {name: slot.get(name) for name in ("series", "fraction", "fractions", "place")}
    planned["time"] = When(time.start, time.end) if time else None
    said: Said = {"key": name, "appointment": Ref("Appointment", key), "activity": "fraction"}
    said["evidence"], said["doubt"] = rung, "disputed" if disputed else None
    if disputed or (enough and rung != "scheduled" and rung != "arrived"):
        said["status"] = "stopped" if given and given[0]["status"] == "stopped" else "completed"
    else:
        said["status"] = "preparation" if enough else "entered-in-error"
    for field_ in TOLD:
        first = first_told(field_, reports)
        value = reports[first][field_] if first else planned.get(field_)
        if value is not None:
            said[field_] = value
    return said


def _vague(value: object) -> bool:
    """A day without a time of day says less than a time."""
    return isinstance(value, When) and value.start is None
