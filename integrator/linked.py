"""Who is in the trial: every blind index that means a participant, in memory, read again after a change.

A participant is known by the number they were linked by and by every number that the hospital made one with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from integrator.merging import Change, Numbers, fold
from integrator.numbers_told import NumberTold, told_of
from integrator.store import Store, Tx, identity_changes, people
from integrator.store.identity_changes import ChangeRow
from integrator.store.people import Participant


@dataclass(frozen=True, slots=True)
class Who:
    """Participants by blind index and by subject code, and what became of their numbers."""

    by_index: dict[bytes, Participant] = field(default_factory=dict)
    by_subject: dict[str, Participant] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)


def who(tx: Tx) -> Who:
    """Everyone, as this transaction sees it; asked again within it, it is remembered until somebody changes it."""
    known: Who | None = tx.known.get(people.WHO)
    if known is None:
        everyone = people.everyone(tx)
        own = {one.number_index: one for one in everyone}
        numbers = fold_rows(identity_changes.around(tx, own), own)
        known = tx.known[people.WHO] = Who(
            {index: one for number, one in own.items() for index in numbers.person(number)},
            {one.subject: one for one in everyone},
            numbers,
        )
    return known


def around(tx: Tx, numbers: Collection[bytes]) -> tuple[Numbers, list[Participant]]:
    """What became of these numbers and of all that have to do with them, and the participants who are known by one."""
    rows = identity_changes.around(tx, numbers)
    enrolled = people.by_numbers(tx, touched(rows).union(numbers))
    return fold_rows(rows, {one.number_index for one in enrolled}), enrolled


def whose(tx: Tx, number: bytes) -> Participant | None:
    """The participant who has a number today."""
    numbers, enrolled = around(tx, [number])
    return next((one for one in enrolled if one.number_index in numbers.person(number)), None)


def touched(rows: list[ChangeRow]) -> set[bytes]:
    """Every number that rows of the ledger name."""
    return {index for row in rows for index in (row.number, row.into, row.out_of) if index is not None}


def fold_rows(rows: list[ChangeRow], enrolled: Collection[bytes]) -> Numbers:
    """What rows of the ledger make of the numbers."""
    return fold(_changes(rows), enrolled)


def _changes(rows: list[ChangeRow]) -> list[Change]:
    return [Change(r.id, r.kind, r.number, r.into, r.at, r.message_id, r.place, r.out_of, r.undoes) for r in rows]


def told_numbers(tx: Tx, participant: Participant) -> list[NumberTold]:
    """What was said of a participant's numbers, in sentences, oldest first."""
    rows = identity_changes.around(tx, [participant.number_index])
    if not rows:
        return []
    enrolled = {one.number_index for one in people.by_numbers(tx, touched(rows))}
    return told_of(_changes(rows), participant.number_index, enrolled)


class Linked:
    """Everyone, in memory. `changed` is called when who is linked, or what numbers they have, was read again."""

    def __init__(self, store: Store, changed: Callable[[], object] = lambda: None):
        self._store, self._changed = store, changed
        self._read_at = (-1, -1)
        self._who = Who()

    def get(self, tx: Tx, index: bytes) -> Participant | None:
        """The participant whose patient has this index; None: not in the trial."""
        return self._now(tx).by_index.get(index)

    def of_subject(self, tx: Tx, subject: str) -> Participant | None:
        """The participant of this subject code."""
        return self._now(tx).by_subject.get(subject)

    def survivor(self, tx: Tx, index: bytes) -> bytes:
        """The number that the hospital uses today for one of a participant's that it may have retired."""
        return self._now(tx).numbers.survivor(index)

    def person(self, tx: Tx, index: bytes) -> frozenset[bytes]:
        """All numbers that the hospital made one with a participant's, itself among them."""
        return self._now(tx).numbers.person(index)

    def _now(self, tx: Tx) -> Who:
        if people.CHANGED in tx.changes:
            return who(tx)  # not committed yet, so nothing to be kept
        change = self._store.told(tx, people.CHANGED)
        if change != self._read_at:
            with self._store.read() as fresh:  # tx may show the state before the change
                self._who = who(fresh)
            self._read_at = change
            self._changed()
        return self._who
