"""What became of a participant's hospital numbers, in sentences that show none of them; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integrator.merging import APART, RECORDS, RETIRES, TIES, UNDO, Change, fold

RETIRED = {
    "merge": "The hospital retired their number: messages come under another one now, and both find them.",
    "rename": "The hospital changed their number to another one; both find them.",
}
TAKEN_IN = {
    "merge": "The hospital retired another number into theirs: what comes under it is theirs too.",
    "rename": "The hospital changed another number to theirs.",
}
BESIDE = "The hospital made two further numbers of theirs one."
OTHERS = {
    "link": "The hospital linked their number with another: both find them.",
    APART: "The hospital took two numbers apart.",
    RECORDS: "The hospital moved an account or a visit from one number to another; both numbers stay as they are.",
    UNDO: "A person took back a change of numbers.",
}
MOVED_HERE = "The hospital gave them a number that was another person's."
MOVED_AWAY = "The hospital gave a number of theirs to another person."


@dataclass(frozen=True, slots=True)
class NumberTold:
    """One change of the ledger that concerns a participant."""

    change: int
    message: int
    at: datetime  # source time
    text: str
    stands: bool  # neither refused nor taken back
    tie: bool  # a person can take it back


def told_of(changes: list[Change], own: bytes, enrolled: set[bytes]) -> list[NumberTold]:
    """Every change that has or had to do with the number `own`, oldest first; `enrolled` as in merging.fold."""
    numbers = fold(changes, enrolled)
    ever = fold([one for one in changes if one.kind in TIES and one.id not in numbers.refused], enrolled)
    scope = ever.person(own) | numbers.person(own)
    concerned = [one for one in changes if scope & {one.number, one.into, one.out_of}]
    by_id = {one.id: one for one in changes}
    found = []
    for one in sorted(concerned, key=lambda change: change.order):
        text = _sentence(one, own, numbers.person(own))
        if why := numbers.refused.get(one.id):
            text += f" It has no effect: {why}."
        elif (undone := numbers.undone.get(one.id)) is not None:
            text += " A person took it back." if by_id[undone].kind == UNDO else " The hospital took it back."
        stands = numbers.counts(one)
        found.append(NumberTold(one.id, one.receipt, one.at, text, stands, one.kind in TIES))
    return found


def _sentence(change: Change, own: bytes, person: frozenset[bytes]) -> str:
    if change.kind in RETIRES:
        if change.number == own:
            return RETIRED[change.kind]
        return TAKEN_IN[change.kind] if change.into == own else BESIDE
    if change.kind == "move":
        return MOVED_HERE if change.into in person else MOVED_AWAY
    return OTHERS[change.kind]
