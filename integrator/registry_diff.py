"""What differs: between two versions of a registry record, and between the registry and what the trial says; pure.

Values are compared leaf by leaf; lists by what names their elements (an arm by its name, a site by place and city), so
that one changed word is one difference and an order that changed is none. What a difference means and how it is said
stands in registry_words.py. The registry never changes what we know: a difference is shown, and somebody decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from typing import Any

from integrator.records import Said
from integrator.records.values import Concept, PartialDate
from integrator.registry_words import kind_of, label, shown, within_days

FINAL = ("COMPLETED", "TERMINATED", "WITHDRAWN")  # nothing is left to verify every year
AHEAD = ("in step", "ours is ahead", "the registry is ahead", "conflict", "differs")


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that is not as it was. `what`: changed, added (to a list, or first said), removed."""

    place: str  # "status", "arms[B: control].note"
    what: str
    before: Any
    now: Any

    @property
    def field(self) -> str:
        return field_of(self.place)

    @property
    def kind(self) -> str:
        """material, editorial or bookkeeping"""
        return kind_of(self.place)

    def sentence(self) -> str:
        """For people: what, from, to."""
        name = label(self.place)
        if self.what == "added":
            value = "" if self.place.endswith("]") or is_long(self.now) else f": {shown(self.now)}"
            return f"{name} was added{value}."
        if self.what == "removed":
            value = "" if self.place.endswith("]") or is_long(self.before) else f" (it was {shown(self.before)})"
            return f"{name} was taken out{value}."
        if is_long(self.before) or is_long(self.now):
            return f"{name} was reworded."
        return f"{name} changed from {shown(self.before)} to {shown(self.now)}."


@dataclass(frozen=True, slots=True)
class Drift:
    """One leaf on which the registry and the trial differ. `state` is one of AHEAD."""

    place: str
    state: str
    registry: Any
    ours: Any
    due: date | None  # until when the registry is to be told, where we know since when ours is so

    @property
    def field(self) -> str:
        return field_of(self.place)

    @property
    def kind(self) -> str:
        return kind_of(self.place)

    def sentence(self) -> str:
        """For people: who says what, then the consequence."""
        text = f"{label(self.place)}: the registry says {shown(self.registry)}, we say {shown(self.ours)}."
        if self.state == "the registry is ahead":
            return f"{text} The registry changed it; nothing of ours changes until somebody decides."
        if self.due:
            return f"{text} The registry is to be told by {self.due.isoformat()}."
        return text


def changes(before: Said, now: Said) -> list[Difference]:
    """What differs between two versions of a registry record, in the order of the record's fields.

    A field of which the later version says nothing is no difference: it is as it was. What we make of the registry's
    own words (the normalised status) is left out, for the words themselves are there.
    """
    found: list[Difference] = []
    for name in now:
        if before.get(name) != now[name]:
            found += [one for one in _of_field(name, before.get(name), now[name]) if not _derived(one.place)]
    return found


def _derived(place: str) -> bool:
    return place in ("status", "investigator") or place.endswith("].status")


def drift(ours: Said, registry: Said, previous: Said | None, since: Mapping[str, date]) -> list[Drift]:
    """Where the registry and the trial differ, by the fields of which the trial says anything.

    `previous` is the registry's version before; `since` says for a field since when ours is as it is.
    """
    found: list[Drift] = []
    for name in ours:
        if name not in registry:
            continue
        for one in _of_field(name, registry[name], ours[name], alike=agree):
            days = within_days(one.place)
            due = since[name] + timedelta(days=days) if days and name in since else None
            old = previous.get(name) if previous else None
            state = _state(registry[name], ours[name], old, previous is not None and name in previous)
            found.append(Drift(one.place, state, one.before, one.now, due if state != AHEAD[2] else None))
    return found


def _state(registry: Any, ours: Any, previous: Any, known: bool) -> str:
    if not known:
        return "differs"
    if agree(previous, ours):
        return "the registry is ahead"
    return "ours is ahead" if previous == registry else "conflict"


def agree(one: Any, other: Any) -> bool:
    """Whether two values may both be true: equal, none and empty, or a date and a more precise one within it."""
    if isinstance(one, PartialDate) and isinstance(other, PartialDate):
        kinds = {one.kind, other.kind} - {None}
        apart = one.last_day < other.first_day or other.last_day < one.first_day
        nested = one.text.startswith(other.text) or other.text.startswith(one.text)
        return len(kinds) < 2 and nested and not apart
    if isinstance(one, str) and isinstance(other, str):
        return " ".join(one.split()) == " ".join(other.split())
    return bool(one == other) or (one in (None, ()) and other in (None, ()))


def remarks(registry: Said, today: date) -> list[str]:
    """What is odd about a registry record by itself, as sentences."""
    found: list[str] = []
    word, last = registry.get("registry_status"), registry.get("last_known_status")
    if word == "UNKNOWN":
        known = f"; the last known status is {last}" if last else ""
        found.append(f"The registry calls the status unknown, for nobody verified it for two years{known}.")
    if word == "WITHHELD":
        found.append("The registry withholds the status: posting is delayed.")
    verified, update = registry.get("verified"), registry.get("update")
    if verified and update and update.submitted and verified.last_day < update.submitted.first_day:
        found.append(f"The verification ({verified.text}) is older than the last update ({update.submitted.text}).")
    if verified and word not in FINAL and today - verified.last_day > timedelta(days=365):
        found.append(f"Nobody verified the record since {verified.text}; the registry asks for it every 12 months.")
    for name in ("start", "primary_completion", "completion"):
        when = registry.get(name)
        if when and when.kind == "ESTIMATED" and when.last_day < today:
            found.append(f"{label(name)} ({when.text}) is estimated and past.")
    return found


# leaf by leaf


def _of_field(
    name: str, before: Any, now: Any, alike: Callable[[Any, Any], bool] = lambda a, b: a == b
) -> list[Difference]:
    found = []
    old, new = dict(_leaves(name, before)), dict(_leaves(name, now))
    for place in {**old, **new}:
        if place in old and place in new:
            if not alike(old[place], new[place]):
                found.append(Difference(place, "changed", old[place], new[place]))
        elif not _within(place, found):
            had = place in old
            found.append(Difference(place, "removed" if had else "added", old.get(place), new.get(place)))
    return found


def _within(place: str, found: list[Difference]) -> bool:
    """Whether it lies in an element that was itself added or removed, which is said once."""
    return any(one.place.endswith("]") and place.startswith(one.place + ".") for one in found)


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every leaf by its place; an element of a list is a leaf of its own too, so that it can come and go."""
    if value is None or value == ():
        return
    if isinstance(value, tuple):
        seen: dict[str, int] = {}
        for element in value:
            name = _name(element)
            seen[name] = seen.get(name, 0) + 1
            here = f"{place}[{name}]" if seen[name] == 1 else f"{place}[{name} ({seen[name]})]"
            yield here, name
            if is_dataclass(element) and not isinstance(element, Concept):
                yield from _leaves(here, element)
    elif is_dataclass(value) and not isinstance(value, PartialDate | Concept):
        for part in fields(value):
            yield from _leaves(f"{place}.{part.name}", getattr(value, part.name))
    else:
        yield place, value


NAMED_BY = {
    "Site": ("facility", "city"),
    "Outcome": ("measure", "time_frame"),
    "Reference": ("pmid", "citation"),
    "Link": ("url",),
    "DataSet": ("id", "url"),
    "StudyNumber": ("value",),
}


def _name(element: Any) -> str:
    """What names an element of a list: its first parts that say anything."""
    if isinstance(element, Concept):
        return element.text or ", ".join(one.display or one.code for one in element.codings)
    if not is_dataclass(element):
        return str(element)
    parts = NAMED_BY.get(type(element).__name__, ("name",))
    words = [str(getattr(element, part)) for part in parts if getattr(element, part)]
    return (
        ", ".join(words) if type(element).__name__ in ("Site", "Outcome") else words[0] if words else "without a name"
    )


def field_of(place: str) -> str:
    """The top-level field of a place."""
    return place.partition(".")[0].partition("[")[0]


def is_long(value: Any) -> bool:
    """Whether a value is a text that no sentence can hold."""
    return isinstance(value, str) and (len(value) > 120 or "\n" in value)
