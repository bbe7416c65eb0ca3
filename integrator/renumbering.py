"""What an identity change does: who is found by which number, what is read again, what targets must be told.

No record is rewritten. Messages of a number that became the participant's are read again, as linking a participant
does; what was only said under a number that is theirs no longer is folded again from nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from integrator import identity
from integrator.errors import Held
from integrator.house import House
from integrator.linked import fold_rows, touched
from integrator.merging import ENROLLED, MOVED, RECORDS, UNDO, Numbers
from integrator.reading import Read
from integrator.records.values import Identifier
from integrator.refolding import refold, refold_patient
from integrator.spoken import NumberChange
from integrator.store import Tx, identity_changes, journal, messages, owed, people, questions, records
from integrator.store.identity_changes import ChangeRow
from integrator.store.messages import Stored
from integrator.store.people import Participant

NOBODY = "of numbers that nobody in the trial has"
NO_NUMBER = "no hospital number changes by it"
WORDS = {
    ENROLLED: "The hospital says that {} are one person; in the trial they stay two. Which number is right?",
    MOVED: "The hospital says that the number of {} is another person's. Is the right patient linked?",
}
MOVED_RECORDS = "The hospital moved what stood under one number to another, one of them {}'s: what is theirs now?"
CAUSE = "numbers"  # of such questions
A_PERSON_STAYS = "a person: the target changed it"  # a reason of waiting that no new number mends


@dataclass(frozen=True, slots=True)
class Renumbered:
    """What became of a message that speaks of numbers."""

    state: str  # merged, unchanged, superseded, held, unwanted
    index: bytes | None
    participant: Participant | None
    reason: str = ""
    place: str = "MRG-1"


@dataclass
class _Numbers:
    """What the ledger makes of the numbers that a message names, before it and after."""

    named: dict[bytes, Identifier]
    enrolled: list[Participant] = field(default_factory=list)
    rows: list[ChangeRow] = field(default_factory=list)  # all that have to do with these numbers
    mine: list[ChangeRow] = field(default_factory=list)  # those of the message
    before: Numbers = field(default_factory=Numbers)
    after: Numbers = field(default_factory=Numbers)

    known: bool = False  # the message was read before

    @property
    def refused(self) -> str:
        """Why the first change of the message that is refused is refused."""
        return next((self.after.refused[row.id] for row in self.mine if row.id in self.after.refused), "")

    def concerned(self) -> list[Participant]:
        """The participants who have one of the numbers that the message names, before it or after, or whose numbers
        are others by it."""
        told = {index for row in self.mine for index in (row.number, row.into, row.out_of)} | set(self.named)
        both = [
            (one, self.before.person(one.number_index), self.after.person(one.number_index)) for one in self.enrolled
        ]
        return [one for one, before, after in both if before != after or told & (before | after)]


def renumber(house: House, tx: Tx, message: Stored, said: Read, read: Callable[[Stored], Read | Held]) -> Renumbered:
    """Takes the identity changes of a message into the ledger, and does what follows from it."""
    people.begin_change(tx)
    changes = said.numbers or ()
    named = {identity.number_index(house.keys, one.value): one for change in changes for one in change.named}
    numbers = _taken(house, tx, message, changes, named)
    who = [one for one in numbers.concerned() if identity.patient_key(tx, house.keys, one.patient_id)]  # not erased
    index = _index(house, changes, numbers)
    for participant in who:
        _follow(house, tx, message, numbers, participant, read)
    _read_flipped(tx, message, numbers)
    _ask(house, tx, message, numbers, who, index)
    main = next((one for one in who if index in numbers.after.person(one.number_index)), who[0] if who else None)
    if main is None:
        return Renumbered("unwanted", index, None, NOBODY if changes else NO_NUMBER)
    theirs = numbers.after.person(main.number_index)
    if index not in theirs:
        index = next((one for one in named if one in theirs), index)
    refused = next((one.why for one in changes if one.why), "") or numbers.refused
    if refused:
        return Renumbered("held", index, main, refused)
    return Renumbered(_state(numbers), index, main)


def _index(house: House, changes: tuple[NumberChange, ...], numbers: _Numbers) -> bytes | None:
    """The blind index under which the message is found: of the number that holds."""
    if numbers.mine:
        return numbers.mine[0].into
    first = changes[0].into if changes else None
    return identity.number_index(house.keys, first.value) if first else None


def _state(numbers: _Numbers) -> str:
    """Taken back by another: superseded. Otherwise whether it changed who has which number."""
    if numbers.mine and all(row.id in numbers.after.undone for row in numbers.mine):
        return "superseded"
    return "merged" if _differ(numbers, [row.number for row in numbers.mine]) else "unchanged"


def _differ(numbers: _Numbers, asked: list[bytes]) -> bool:
    before, after = numbers.before, numbers.after
    return any(before.person(n) != after.person(n) or before.survivor(n) != after.survivor(n) for n in asked)


# ---------------------------------------------------------------- the ledger


def _taken(
    house: House, tx: Tx, message: Stored, changes: tuple[NumberChange, ...], named: dict[bytes, Identifier]
) -> _Numbers:
    """The ledger with this message's changes; one that was read before is there already."""
    numbers = _Numbers(named)
    undone = [row for one in changes if one.undoes and (row := identity_changes.get(tx, one.undoes))]
    asked = set(named) | touched(undone)
    before = identity_changes.around(tx, asked)
    known = identity_changes.of_message(tx, message.id)
    if not known:
        _refuse_another(house, tx, message, changes, before, asked)
        for place, change in enumerate(changes):
            _append(house, tx, message, place, change)
    numbers.rows = identity_changes.around(tx, asked)
    numbers.mine = [row for row in numbers.rows if row.message_id == message.id]
    numbers.enrolled = people.by_numbers(tx, touched(numbers.rows) | asked)
    own = {one.number_index for one in numbers.enrolled}
    numbers.before, numbers.after = fold_rows(before, own), fold_rows(numbers.rows, own)
    numbers.known = bool(known)
    if known:  # read again: what it changed is what the ledger would be without it
        numbers.before = fold_rows([row for row in numbers.rows if row.message_id != message.id], own)
    return numbers


def _refuse_another(
    house: House,
    tx: Tx,
    message: Stored,
    changes: tuple[NumberChange, ...],
    rows: list[ChangeRow],
    named: set[bytes],
) -> None:
    """Held, with a question: a number would become a participant's whose person has another second identifier."""
    persons = [person for change in changes for person in change.persons]
    if not persons:
        return
    enrolled = people.by_numbers(tx, touched(rows) | named)
    numbers = fold_rows(rows, {one.number_index for one in enrolled})
    for one in enrolled:
        if not named & numbers.person(one.number_index) or not identity.patient_key(tx, house.keys, one.patient_id):
            continue
        if any(identity.second_agrees(tx, house.keys, one, person) is False for person in persons):
            text = "A change of the participant's number names a person with another second identifier."
            now = house.clock.now()
            questions.ask(tx, "second identifier", one.subject, message.source, text, now, message_id=message.id)
            raise Held("the second identifier is not the participant's", "PID-7")


def _append(house: House, tx: Tx, message: Stored, place: int, change: NumberChange) -> None:
    if change.kind == UNDO:
        undone = identity_changes.get(tx, change.undoes or 0)
        if undone is None:
            raise Held("there is no such change of numbers", "undoes")
        pair = (undone.number, undone.into)
        identity_changes.append(tx, message.id, place, UNDO, *pair, message.source_time, undoes=undone.id)
    elif not change.why and change.number and change.into:
        number, into, out_of = (_number(house, one) for one in (change.number, change.into, change.out_of))
        if number and into:
            identity_changes.append(tx, message.id, place, change.kind, number, into, message.source_time, out_of)


def _number(house: House, one: Identifier | None) -> bytes | None:
    return identity.number_index(house.keys, one.value) if one else None


# ---------------------------------------------------------------- what follows


def _follow(
    house: House,
    tx: Tx,
    message: Stored,
    numbers: _Numbers,
    participant: Participant,
    read: Callable[[Stored], Read | Held],
) -> None:
    """What a participant's numbers are now is what is read of them."""
    own = participant.number_index
    before, after = numbers.before.person(own), numbers.after.person(own)
    for index in after:
        if index in numbers.named:
            identity.keep_number(tx, house.keys, participant.patient_id, numbers.named[index], index)
    if not _differ(numbers, sorted(before | after)):
        return
    people.changed(tx)
    now = house.clock.now()
    for index in sorted(before - after) if not numbers.known else ():
        _give_up(house, tx, participant, index, read)
    for index in sorted(after - before):
        waiting = [one.id for state in ("unwanted", "held") for one in messages.of_patient(tx, index, state)]
        messages.reopen(tx, [one for one in waiting if one != message.id])
    _owe_again(house, tx, participant)
    if numbers.known:
        return
    detail = {"changes": [row.id for row in numbers.mine], "numbers": len(after)}
    journal.write(tx, now, "line", "numbers changed", "Participant", participant.subject, None, message.id, detail)


def _give_up(
    house: House, tx: Tx, participant: Participant, index: bytes, read: Callable[[Stored], Read | Held]
) -> None:
    """A number is the participant's no longer: their records are folded without what was said under it, and its
    messages are read again for whose they are now."""
    people.drop_number(tx, index, participant.patient_id)
    theirs = messages.of_patient(tx, index)
    spoke = sorted({record for one in theirs for record, _ in records.links(tx, one.id)})
    for number in spoke:
        row = records.by_id(tx, number)
        if row is None or row.subject != participant.subject:
            continue
        voices = messages.of_record(tx, number)
        reads = {one.id: said for one in voices if isinstance(said := read(one), Read)}
        if row.kind == "Patient":
            refold_patient(house, tx, participant, reads)
        else:
            refold(house, tx, row, reads, dry_run=False)
    messages.reopen(tx, [one.id for one in theirs if one.state != "set aside"])


def _owe_again(house: House, tx: Tx, participant: Participant) -> None:
    """The target's own Patient may be another now: everything is rendered again; equal digests send nothing."""
    now = house.clock.now()
    for row in records.of_subject(tx, participant.subject):
        for standing in owed.of_record(tx, row.number):
            if not (standing.reason or "").startswith(A_PERSON_STAYS):
                owed.mark(tx, standing.target, row.number, standing.face, "owed", None, now)
        questions.settled(tx, "other patient", str(row.number))


def _read_flipped(tx: Tx, message: Stored, numbers: _Numbers) -> None:
    """Changes of other messages that are refused now and were not, or the other way round, are read again."""
    if numbers.known:
        return
    before, after = numbers.before, numbers.after

    def stands(made: Numbers, row: ChangeRow) -> tuple[str | None, bool]:
        return made.refused.get(row.id), row.id in made.undone

    flipped = [row.message_id for row in numbers.rows if stands(before, row) != stands(after, row)]
    messages.reopen(tx, (number for number in dict.fromkeys(flipped) if number != message.id))


def _ask(house: House, tx: Tx, message: Stored, numbers: _Numbers, who: list[Participant], index: bytes | None) -> None:
    """What only a person can say; a question that has answered itself is closed."""
    now, names = house.clock.now(), " and ".join(sorted(one.subject for one in who))
    for row in numbers.rows:
        why = numbers.after.refused.get(row.id)
        if why not in WORDS:
            questions.settled(tx, CAUSE, str(row.id))
        elif row in numbers.mine:
            questions.ask(tx, CAUSE, str(row.id), message.source, WORDS[why].format(names), now, None, message.id)
    for row in numbers.mine:
        if row.kind == RECORDS and who and row.id not in numbers.after.undone:
            questions.ask(tx, CAUSE, str(row.id), message.source, MOVED_RECORDS.format(names), now, None, message.id)
