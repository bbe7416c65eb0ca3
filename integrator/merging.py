"""Which hospital numbers are one person's: every identity change that was ever said, folded from nothing; pure.

A change says of two numbers that they are one person's from now on, or that they are not. Changes are folded in the
order of claims (source time, receipt), so the order of arrival cannot matter. What was taken back counts as never
said. A change that would close a circle, or make one person of two who are enrolled, is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

RETIRES = ("merge", "rename")  # the first number is not used any more: A40, A34; A47
TIES = (*RETIRES, "link", "move")  # A24; A43: a number that was another person's
APART = "unlink"  # A37
RECORDS = "records"  # A44, A45, some A43: an account or a visit goes to another number, both numbers stay
UNDO = "undo"  # a person takes a change back
KINDS = (*TIES, APART, RECORDS, UNDO)

SAME = "a number cannot be merged into itself"
CIRCLE = "these merges would go in a circle: the number that survives was retired into the other one before"
ENROLLED = "both numbers are enrolled in the trial; who is one person in the hospital stays two in the trial"
MOVED = "a number by which somebody is enrolled in the trial would become another person's"
NOTHING = "these numbers were not merged or linked before, so there is nothing to take back"


@dataclass(frozen=True, slots=True)
class Change:
    """One identity change. Numbers are whatever tells them apart: blind indexes."""

    id: int
    kind: str  # one of KINDS
    number: bytes  # that is retired, renamed, linked, moved
    into: bytes  # that it is now known by, or with
    at: datetime  # source time
    receipt: int  # of the message
    place: int = 0  # within the message
    out_of: bytes | None = None  # move: the person that it was wrongly
    undoes: int | None = None  # undo: the change that is taken back

    @property
    def order(self) -> tuple[datetime, int, int]:
        return (self.at, self.receipt, self.place)

    @property
    def pair(self) -> frozenset[bytes]:
        return frozenset((self.number, self.into))


@dataclass
class Numbers:
    """What the changes make of the numbers."""

    refused: dict[int, str] = field(default_factory=dict)  # change -> why
    undone: dict[int, int] = field(default_factory=dict)  # change -> the one that took it back
    _parent: dict[bytes, bytes] = field(default_factory=dict)  # retired number -> what it was retired into
    _person: dict[bytes, frozenset[bytes]] = field(default_factory=dict)

    def person(self, number: bytes) -> frozenset[bytes]:
        """All numbers of the person who has this one, itself among them."""
        return self._person.get(number, frozenset((number,)))

    def survivor(self, number: bytes) -> bytes:
        """The number that is used today for a number that may be retired."""
        while number in self._parent:
            number = self._parent[number]
        return number

    def counts(self, change: Change) -> bool:
        """Whether a change stands: neither refused nor taken back."""
        return change.id not in self.refused and change.id not in self.undone

    def _retired_into(self, number: bytes, into: bytes) -> bool:
        """Whether `number` is `into`, or what that was retired into."""
        while into != number and into in self._parent:
            into = self._parent[into]
        return into == number

    def _tie(self, change: Change, enrolled: Collection[bytes]) -> str | None:
        """Takes a change in; why it is refused."""
        number, into = change.number, change.into
        if number == into:
            return SAME
        if change.kind in RETIRES and self._retired_into(number, into):
            return CIRCLE
        mine, other = self.person(number), self.person(into)
        if mine != other and len({one for one in enrolled if one in mine or one in other}) > 1:
            return ENROLLED
        if change.kind in RETIRES and self.survivor(number) != self.survivor(into):
            self._parent[self.survivor(number)] = self.survivor(into)
        if mine != other:
            together = mine | other
            self._person.update((one, together) for one in together)
        return None


def fold(changes: Iterable[Change], enrolled: Collection[bytes] = ()) -> Numbers:
    """What all changes make of the numbers; `enrolled`: those by which participants of the trial are known."""
    ordered = sorted(changes, key=lambda change: change.order)
    numbers = Numbers()
    for change in sorted(ordered, key=lambda change: change.id, reverse=True):  # an undo may be taken back too
        if change.undoes is not None and change.id not in numbers.undone:
            numbers.undone[change.undoes] = change.id
    for place, change in enumerate(ordered):
        if change.id not in numbers.undone:
            _take_apart(change, ordered[:place], numbers, enrolled)
    for change in ordered:
        if change.kind in TIES and numbers.counts(change):
            why = numbers._tie(change, enrolled)
            if why:
                numbers.refused[change.id] = why
    return numbers


def _take_apart(change: Change, before: list[Change], numbers: Numbers, enrolled: Collection[bytes]) -> None:
    """What an unlink or a move takes back of what was said before it."""
    if change.kind not in (APART, "move"):
        return
    standing = [one for one in before if one.kind in TIES and numbers.counts(one)]
    if change.kind == APART:
        gone = [one for one in standing if one.pair == change.pair]
        if not gone:
            numbers.refused[change.id] = NOTHING
    else:
        gone = [one for one in standing if _leaves(change, one)]
        if _reached(change.number, (one for one in standing if one not in gone)) & set(enrolled):
            numbers.refused[change.id] = MOVED
            return
    numbers.undone.update((one.id, change.id) for one in gone)


def _leaves(move: Change, tie: Change) -> bool:
    """Whether a tie is what a moved number leaves: what was retired into it before goes with it."""
    if move.number not in tie.pair:
        return False
    return tie.number == move.number or tie.kind == "link" or move.out_of in tie.pair


def _reached(number: bytes, ties: Iterable[Change]) -> set[bytes]:
    """Every number that these ties connect with this one."""
    left, found = list(ties), {number}
    while near := [tie for tie in left if tie.pair & found]:
        found.update(*(tie.pair for tie in near))
        left = [tie for tie in left if tie not in near]
    return found
