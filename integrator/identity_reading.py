"""Reading what a message says of hospital numbers themselves: merges, links, moves, renames, and their undoing.

An identity change is no record, so no face reads it: two fields mean the same at every hospital (HL7 v2.5.1 chapter 3,
events A18 to A51; PID-3 is the number that holds, MRG-1 the prior one).
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from integrator.config import Source
from integrator.errors import Held
from integrator.formats.hl7v2 import Message, Segment
from integrator.mapping import Faces
from integrator.records import Said
from integrator.records.values import Identifier
from integrator.spoken import NumberChange, Read

FORMAT = "identity"  # of a person's undo
FOLLOWED = {
    "A34": "merge",  # patient id only, as up to 2.3
    "A40": "merge",
    "A47": "rename",
    "A24": "link",
    "A37": "unlink",
    "A43": "move",
    "A44": "records",  # an account
    "A45": "records",  # a visit
}
UNFOLLOWED = {
    "A18": "merges patient information in the form of HL7 2.2",
    "A30": "merges persons",
    "A35": "merges accounts",
    "A36": "merges patients and accounts",
    "A39": "merges persons by an external number",
    "A41": "merges accounts",
    "A42": "merges visits",
    "A46": "changes an external number",
    "A48": "changes an alternate number",
    "A49": "changes an account number",
    "A50": "changes a visit number",
    "A51": "changes an alternate visit number",
}
TRIGGERS = (*FOLLOWED, *UNFOLLOWED)


def read_changes(message: Message) -> Read:
    """The identity changes of an ADT message with one of TRIGGERS. Held: a number is missing."""
    trigger = message.get("MSH-9.2") or ""
    if trigger in ("A24", "A37"):
        return Read((), trigger, numbers=(_of_two_persons(message, trigger),))
    pairs = list(_pairs(message))
    if not pairs:
        raise Held("a merge without the prior number", "MRG-1")
    return Read((), trigger, numbers=tuple(change for pair in pairs for change in _change(trigger, *pair)))


def _of_two_persons(message: Message, trigger: str) -> NumberChange:
    """A24 and A37 name two patients, each with a PID."""
    pids = message.all("PID")
    found = [_chosen(_numbers(pid, 3)) for pid in pids]
    if len(found) != 2 or not all(found):
        raise Held("a link of patients without the numbers of both", "PID-3")
    first, second = found
    return NumberChange(FOLLOWED[trigger], second, first, persons=tuple(_person(pid) for pid in pids))


def _pairs(message: Message) -> Iterator[tuple[Segment, Segment]]:
    """Each MRG with the PID that it stands under."""
    pid = None
    for segment in message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG" and pid is not None:
            yield pid, segment


def _change(trigger: str, pid: Segment, mrg: Segment) -> Iterator[NumberChange]:
    into, prior = _chosen(_numbers(pid, 3)), _numbers(mrg, 1)
    if into is None or not prior:
        raise Held("a merge without both numbers", "MRG-1" if into else "PID-3")
    kind, persons = FOLLOWED.get(trigger), (_person(pid),)
    for number in _alike(into, prior):  # none: of another type than the hospital's own, so nobody is found by it
        if kind is None:
            why = f"{trigger} {UNFOLLOWED[trigger]}, which Integrator does not follow: see whose messages it concerns"
            yield NumberChange("unfollowed", number, into, why=why)
        elif kind == "move" and number.value != into.value:
            yield NumberChange("records", number, into)  # what stood under one number goes to the other; both stay
        elif kind == "move":
            now, before = _chosen(_numbers(pid, 2)), _chosen(_numbers(mrg, 4))
            if now is None or before is None:
                raise Held("a number goes from one person to another, and the two are not named", "PID-2")
            yield NumberChange(kind, number, now, out_of=before, persons=persons)
        else:
            yield NumberChange(kind, number, into, persons=persons)


def _person(pid: Segment) -> Said:
    """What a PID says that a second identifier is compared with."""
    said: Said = {"identifiers": tuple(_numbers(pid, 3))}
    born = (pid.value(7) or "")[:8]
    if born.isdecimal() and len(born) in (4, 6, 8):
        said["birth_date"] = "-".join(part for part in (born[:4], born[4:6], born[6:8]) if part)
    return said


def _numbers(segment: Segment, field: int) -> list[Identifier]:
    """The identifiers of a field of type CX."""
    found = []
    for place in range(1, len(segment.repetitions(field)) + 1):
        value, space, type_ = (segment.value(field, place, component, 1) for component in (1, 4, 5))
        if value and value.strip() and value != '""':
            found.append(Identifier(value.strip(), None, space or None, type_ or None))
    return found


def _chosen(numbers: list[Identifier]) -> Identifier | None:
    """The hospital's number: the one of type MR, else the first."""
    return next((one for one in numbers if one.type == "MR"), numbers[0] if numbers else None)


def _alike(into: Identifier, prior: list[Identifier]) -> list[Identifier]:
    """The prior numbers of the same type as the one that holds, else the first whose type is not said."""
    same = [one for one in prior if one.type == into.type]
    plain = [one for one in prior if one.type is None or into.type is None]
    return same or plain[:1]


def build_undo(change: int, reason: str) -> bytes:
    """The bytes of a person's undo of one change of the ledger."""
    return orjson.dumps({"undoes": change, "reason": reason})


def read_undo(data: bytes, source: Source, faces: Faces) -> Read:
    """A person's undo."""
    return Read((), None, numbers=(NumberChange("undo", undoes=orjson.loads(data)["undoes"]),))
