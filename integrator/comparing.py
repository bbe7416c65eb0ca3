"""What another set of faces would change: the same messages read with both, record by record and summed up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from integrator.errors import Held
from integrator.folding import words_of
from integrator.mapping.sets import FaceChange, FaceSet, changes_of
from integrator.reading import Read
from integrator.records import Said, wire
from integrator.sealing import PATIENT_FIELD, SEALED_FIELDS
from integrator.spoken import Spoken

Json = dict[str, Any]
Key = tuple[str, str]  # kind and key of a record
SHOWN = 20  # what is said in words of each sort; --json says all

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record as the old and as the new faces make it; None: they make none."""

    kind: str
    key: str
    before: Said | None
    after: Said | None

    @property
    def fields(self) -> list[str]:
        """The fields that differ."""
        old, new = self.before or {}, self.after or {}
        return sorted(name for name in old.keys() | new.keys() if _none(old.get(name)) != _none(new.get(name)))

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return (self.before is None) != (self.after is None) or bool(self.fields)

    @property
    def loses(self) -> list[str]:
        """What had a value and has none any more, in words: "start" of a time."""
        if self.before is None or self.after is None:
            return []
        found = [_word(name) for name in self.fields if _none(self.after.get(name)) is None]
        return found

    def json(self, persons: bool) -> Json:
        """For programs; `persons`: with texts of persons, for files that are before the asker anyway."""
        whole = self.kind == "Patient"
        hidden = () if persons else (PATIENT_FIELD, *(self.fields if whole else SEALED_FIELDS.get(self.kind, ())))
        return {
            "kind": self.kind,
            "key": self.key,
            "fields": {
                name: None
                if name in hidden
                else {"before": _shown(self.kind, self.before, name), "after": _shown(self.kind, self.after, name)}
                for name in self.fields
            },
            "comes": self.before is None,
            "goes": self.after is None,
        }


def _none(value: Any) -> Any:
    """A value, with the empty list as the none that it means."""
    return None if value == () else value


def _word(name: str) -> str:
    return {"time": "start", "planned": "planned start"}.get(name, name.replace("_", " "))


def _shown(kind: str, said: Said | None, name: str) -> Any:
    return wire.to_json(kind, {name: said[name]})[name] if said and name in said else None


@dataclass(slots=True)
class Side:
    """What one set of faces made of all messages."""

    held: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)  # by place, without the numbers of repetitions

    def add(self, said: Read | Held) -> None:
        if isinstance(said, Held):
            self.held += 1
            self.reasons[said.reason] += 1
            return
        for one in said.records:
            self.unmapped.update(_INDEX.sub("", leaf.place) for leaf in one.unmapped)

    def json(self) -> Json:
        return {"held": self.held, "reasons": dict(self.reasons), "unmapped": sum(self.unmapped.values())}


@dataclass(slots=True)
class Compared:
    """The messages read with both, and those that are read differently."""

    messages: int = 0
    untouched: int = 0  # stored messages that no face which differs reads, or of nobody in the trial
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    turned: list[Json] = field(default_factory=list)  # {message, before, after}: held by one of the two, with reasons
    touched: dict[Key, None] = field(default_factory=dict)  # the records of which they say something else, in order

    def add(self, name: str | int, before: Read | Held, after: Read | Held) -> bool:
        """Counts a message; True: the new faces read it differently."""
        self.messages += 1
        self.before.add(before)
        self.after.add(after)
        old, new = reason_of(before), reason_of(after)
        if old != new:
            self.turned.append({"message": name, "before": old, "after": new})
        if alike(before, after):
            return False
        self.touched.update(dict.fromkeys(key for said in (before, after) for key in differing(said, before, after)))
        return True


def reason_of(said: Read | Held) -> str | None:
    """Why a message is held; None: it is not."""
    return said.reason if isinstance(said, Held) else None


def alike(one: Read | Held, other: Read | Held) -> bool:
    """Whether two readings of a message say the same."""
    if isinstance(one, Held) or isinstance(other, Held):
        return reason_of(one) == reason_of(other)
    return _words(one.records) == _words(other.records)


def _words(records: Iterable[Spoken]) -> list[Any]:
    return [(one.kind, one.key, one.said, one.patient, one.why) for one in records]


def differing(said: Read | Held, before: Read | Held, after: Read | Held) -> list[Key]:
    """The records of one reading of which the other says something else, or nothing."""
    if isinstance(said, Held):
        return []
    other = after if said is before else before
    same = [] if isinstance(other, Held) else _words(other.records)
    return [
        (one.kind, one.key) for one, words in zip(said.records, _words(said.records), strict=True) if words not in same
    ]


def keys_of(said: Read | Held | None) -> list[Key]:
    """The records that a message speaks of."""
    return [(one.kind, one.key) for one in said.records] if isinstance(said, Read) else []


def face_json(one: FaceChange) -> Json:
    """One face that differs."""
    return {"name": one.name, "site": one.site, "before": one.before, "after": one.after}


def summed(
    compared: Compared, changes: list[RecordChange], before: FaceSet, after: FaceSet, persons: bool = False
) -> Json:
    """All of it for a program; `persons`: with the texts of persons."""
    kinds: dict[str, Counter[str]] = {}
    for one in changes:
        counts = kinds.setdefault(one.kind, Counter())
        counts["come" if one.before is None else "go" if one.after is None else "change"] += 1
        counts.update(f"lose {word}" for word in one.loses)
    return {
        "old": before.hash,
        "new": after.hash,
        "faces": [face_json(one) for one in changes_of(before.faces, after.faces)],
        "messages": compared.messages,
        "untouched": compared.untouched,
        "before": compared.before.json(),
        "after": compared.after.json(),
        "held": compared.turned,
        "unmapped": _unmapped(compared),
        "kinds": {kind: dict(counts) for kind, counts in kinds.items()},
        "records": [one.json(persons) for one in changes],
    }


def _unmapped(compared: Compared) -> list[Json]:
    """The places of which more or less is unmapped than before."""
    old, new = compared.before.unmapped, compared.after.unmapped
    return [
        {"place": place, "before": old[place], "after": new[place]}
        for place in sorted(old.keys() | new.keys())
        if old[place] != new[place]
    ]


def sentences(found: Json) -> list[str]:
    """The same for people: the sum first, then record by record."""
    lines = [f"{found['messages']} messages read with both{_untouched(found['untouched'])}"]
    lines += [_sum(kind, counts) for kind, counts in found["kinds"].items()] or ["No record changes."]
    for what, side in (("held", "held"), ("leaves that nobody mapped", "unmapped")):
        lines.append(f"{what}: {found['before'][side]} before, {found['after'][side]} after")
    for name, kinds in found.get("targets", {}).items():
        lines.append(f"{name} is told of {', '.join(_many(kind, n) for kind, n in kinds.items())}")
    lines += _first([f"  {one['place']}: {one['before']} before, {one['after']} after" for one in found["unmapped"]])
    lines += _first([_turned(one) for one in found["held"]])
    lines += _first([line for one in found["records"] for line in _record(one)])
    return lines


def _untouched(n: int) -> str:
    return f"; {n} are of nobody in the trial, or no face that differs reads them" if n else ""


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"  ... and {more} more; --json tells all of them"]


def _sum(kind: str, counts: dict[str, int]) -> str:
    """ "37 appointments change, 2 lose their start"."""
    parts = []
    for what, one, more in (
        ("change", "changes", "change"),
        ("come", "comes to be", "come to be"),
        ("go", "is no longer spoken of", "are no longer spoken of"),
    ):
        if n := counts.get(what, 0):
            parts.append(f"{_many(kind, n)} {one if n == 1 else more}")
    for what, n in sorted(counts.items()):
        if what.startswith("lose "):
            parts.append(f"{n} {'loses its' if n == 1 else 'lose their'} {what.removeprefix('lose ')}")
    return ", ".join(parts)


def _many(kind: str, n: int) -> str:
    name = words_of(kind)
    return f"{n} {name if n == 1 else re.sub('y$', 'ie', name) + 's'}"


def _turned(one: Json) -> str:
    if one["after"] is None:
        return f"  message {one['message']} is no longer held: {one['before']}"
    again = "held" if one["before"] is None else "held for another reason"
    return f"  message {one['message']} would be {again}: {one['after']}"


def _record(one: Json) -> Iterable[str]:
    head = f"  {one['kind']} {one['key']}"
    if one["comes"] or one["goes"]:
        yield f"{head}: {'comes to be' if one['comes'] else 'no message speaks of it any more'}"
        return
    for name, values in one["fields"].items():
        change = "differs" if values is None else f"{brief(values['before'])} -> {brief(values['after'])}"
        yield f"{head}: {name}: {change}"


def brief(value: Any) -> str:
    """A JSON value in a line for people."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name} {brief(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(brief(part) for part in value)
    return str(value)
