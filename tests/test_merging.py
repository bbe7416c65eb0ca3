"""Which numbers are one person's: the fold of the ledger, against an oracle that does it the slow and plain way."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrator.merging import CIRCLE, ENROLLED, MOVED, NOTHING, SAME, Change, Numbers, fold

START = datetime(2026, 3, 10, tzinfo=UTC)
A, B, C, D, X = (letter.encode() for letter in "ABCDX")


def change(number: int, kind: str, first: bytes, second: bytes, minute: int | None = None, **more: object) -> Change:
    at = START + timedelta(minutes=number if minute is None else minute)
    return Change(number, kind, first, second, at, number, **more)  # type: ignore[arg-type]


def merge(number: int, first: bytes, second: bytes, minute: int | None = None) -> Change:
    return change(number, "merge", first, second, minute)


# ---- in words


def test_a_merge_retires_a_number_and_a_chain_leads_to_the_last() -> None:
    numbers = fold([merge(1, A, B), merge(2, B, C)])
    assert numbers.survivor(A) == numbers.survivor(B) == numbers.survivor(C) == C
    assert numbers.person(A) == {A, B, C}
    assert numbers.person(D) == {D}
    assert numbers.survivor(D) == D


def test_a_retired_number_that_is_merged_again_takes_its_survivor_along() -> None:
    numbers = fold([merge(1, A, B), merge(2, A, C)])
    assert numbers.survivor(B) == C
    assert numbers.person(C) == {A, B, C}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ([merge(1, A, B), merge(2, B, A)], {2: CIRCLE}),
        ([merge(1, A, B), merge(2, B, C), merge(3, C, A)], {3: CIRCLE}),
        ([merge(1, A, B), merge(2, B, C), merge(3, A, C)], {}),
        ([merge(1, A, A)], {1: SAME}),
        ([merge(2, B, A, 2), merge(1, A, B, 1)], {2: CIRCLE}),
        ([merge(1, A, B, 2), merge(2, B, A, 1)], {1: CIRCLE}),
    ],
)
def test_what_would_go_in_a_circle_is_refused(changes: list[Change], refused: dict[int, str]) -> None:
    assert fold(changes).refused == refused


def test_a_link_makes_one_person_and_retires_nothing() -> None:
    numbers = fold([change(1, "link", A, B)])
    assert numbers.person(A) == {A, B}
    assert (numbers.survivor(A), numbers.survivor(B)) == (A, B)


@pytest.mark.parametrize("kind", ["link", "merge", "rename"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_unlink_takes_back_what_tied_the_two(kind: str, turned: bool) -> None:
    pair = (B, A) if turned else (A, B)
    numbers = fold([change(1, kind, A, B), change(2, "unlink", *pair)])
    assert numbers.person(A) == {A}
    assert numbers.survivor(A) == A
    assert numbers.undone == {1: 2}


def test_an_unlink_takes_back_nothing_that_was_said_later() -> None:
    changes = [merge(1, A, B, 2), change(2, "unlink", A, B, 1)]
    numbers = fold(changes)
    assert numbers.survivor(A) == B
    assert numbers.refused == {2: NOTHING}


def test_what_was_taken_back_counts_as_never_said() -> None:
    changes = [merge(1, A, B), merge(2, B, A), change(3, "undo", A, B, undoes=1)]
    numbers = fold(changes)
    assert numbers.refused == {}
    assert numbers.survivor(B) == A
    again = [*changes, change(4, "undo", A, B, undoes=3)]
    assert fold(again).refused == {2: CIRCLE}
    assert fold(again).survivor(A) == B


def test_two_who_are_enrolled_never_become_one() -> None:
    changes = [merge(1, A, B), merge(2, B, C), merge(3, D, C)]
    numbers = fold(changes, enrolled={A, D})
    assert numbers.refused == {3: ENROLLED}
    assert numbers.person(A) == {A, B, C}
    assert numbers.person(D) == {D}


def test_a_moved_number_leaves_one_person_for_another() -> None:
    """What was retired into it before goes with it."""
    changes = [merge(1, X, A), merge(2, D, X), change(3, "move", X, B, out_of=A)]
    numbers = fold(changes)
    assert numbers.person(A) == {A}
    assert numbers.person(B) == {B, D, X}


def test_a_number_that_somebody_is_enrolled_by_does_not_move() -> None:
    numbers = fold([merge(1, X, A), change(2, "move", X, B, out_of=A)], enrolled={X})
    assert numbers.refused == {2: MOVED}
    assert numbers.person(X) == {A, X}


def test_moved_records_leave_the_numbers_as_they_are() -> None:
    assert fold([change(1, "records", A, B)]).person(A) == {A}


# ---- against the oracle


class Oracle:
    """Union-find without any finesse: who is whose by going over all accepted ties again and again."""

    def __init__(self, enrolled: set[bytes]) -> None:
        self.enrolled, self.ties, self.refused = enrolled, [], set()
        self.into: dict[bytes, bytes] = {}

    def person(self, number: bytes) -> frozenset[bytes]:
        parent: dict[bytes, bytes] = {}

        def root(one: bytes) -> bytes:
            while parent.get(one, one) != one:
                one = parent[one]
            return one

        for tie in self.ties:
            parent[root(tie.number)] = root(tie.into)
        names = {number} | {one for tie in self.ties for one in tie.pair}
        return frozenset(one for one in names if root(one) == root(number))

    def way(self, number: bytes) -> list[bytes]:
        found = [number]
        while found[-1] in self.into:
            found.append(self.into[found[-1]])
        return found

    def take(self, tie: Change) -> None:
        both = self.person(tie.number) | self.person(tie.into)
        circle = tie.kind != "link" and tie.number in self.way(tie.into)
        doubles = self.person(tie.number) != self.person(tie.into) and len(both & self.enrolled) > 1
        if tie.number == tie.into or circle or doubles:
            self.refused.add(tie.id)
            return
        self.ties.append(tie)
        first, last = self.way(tie.number)[-1], self.way(tie.into)[-1]
        if tie.kind != "link" and first != last:
            self.into[first] = last


def expected(changes: Iterable[Change], enrolled: set[bytes]) -> tuple[Oracle, set[int]]:
    """The oracle's word, and which changes were taken back."""
    ordered = sorted(changes, key=lambda one: (one.at, one.receipt))
    undone: set[int] = set()
    for one in sorted(ordered, key=lambda one: -one.id):
        if one.kind == "undo" and one.id not in undone:
            undone.add(one.undoes)  # type: ignore[arg-type]
    for place, one in enumerate(ordered):
        if one.kind == "unlink" and one.id not in undone:
            undone |= {
                tie.id for tie in ordered[:place] if tie.kind in ("merge", "rename", "link") and tie.pair == one.pair
            }
    oracle = Oracle(enrolled)
    for one in ordered:
        if one.kind in ("merge", "rename", "link") and one.id not in undone:
            oracle.take(one)
    return oracle, undone


def drawn(seed: int) -> tuple[list[Change], set[bytes], list[bytes]]:
    draw = random.Random(seed)
    names = [f"N{n}".encode() for n in range(draw.randint(2, 9))]
    changes: list[Change] = []
    for number in range(1, draw.randint(2, 25)):
        kind = draw.choice(("merge", "merge", "merge", "rename", "link", "unlink", "undo"))
        first, second = draw.choice(names), draw.choice(names)
        minute = draw.randint(0, 12)  # many say it at the same minute; then the receipt number counts
        if kind == "undo":
            if not changes:
                continue
            undone = draw.choice(changes)
            changes.append(change(number, "undo", undone.number, undone.into, minute, undoes=undone.id))
            continue
        changes.append(change(number, kind, first, second, minute))
    return changes, set(draw.sample(names, draw.randint(0, 2))), names


@pytest.mark.parametrize("chunk", range(10))
def test_random_changes_against_union_find(chunk: int) -> None:
    base = random.SystemRandom().randrange(10**9)
    for seed in range(base, base + 200):
        changes, enrolled, names = drawn(seed)
        oracle, undone = expected(changes, enrolled)
        numbers = fold(random.Random(seed).sample(changes, len(changes)), enrolled)
        told = f"seed {seed}"
        for name in names:
            assert numbers.person(name) == oracle.person(name), told
            assert numbers.survivor(name) == oracle.way(name)[-1], told
            assert len(numbers.person(name) & enrolled) < 2, told
        ties = {one.id for one in changes if one.kind in ("merge", "rename", "link")}
        assert {one for one in numbers.refused if one in ties} == oracle.refused, told
        assert {one for one in numbers.undone if one in ties} == undone & ties, told


@pytest.mark.parametrize("chunk", range(4))
def test_the_order_of_arrival_changes_nothing(chunk: int) -> None:
    """Moves too; receipt numbers count only between changes of one time, so every change has its own here."""
    base = random.SystemRandom().randrange(10**9)
    for seed in range(base, base + 100):
        draw = random.Random(seed)
        changes, enrolled, names = drawn(seed)
        changes = [replace(one, at=START + timedelta(minutes=n)) for n, one in enumerate(changes) if one.kind != "undo"]
        if changes:
            changes.append(change(99, "move", changes[0].number, draw.choice(names), out_of=changes[0].into))
        first = fold(changes, enrolled)
        mixed = draw.sample(changes, len(changes))
        numbered = {one.id: n for n, one in enumerate(mixed, 1)}
        later = fold([replace(one, id=numbered[one.id], receipt=numbered[one.id]) for one in mixed], enrolled)
        for name in names:
            assert first.person(name) == later.person(name), f"seed {seed}"
            assert first.survivor(name) == later.survivor(name), f"seed {seed}"
        assert {numbered[one]: why for one, why in first.refused.items()} == later.refused, f"seed {seed}"


def test_no_number_is_changed_by_asking() -> None:
    numbers = Numbers()
    assert numbers.person(A) == {A}
    assert numbers == Numbers()
