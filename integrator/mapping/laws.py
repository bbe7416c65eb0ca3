"""The laws of FACES, checked on a face with records and documents drawn at random; each case can be drawn again.

1. What is written reads back.  2. What is read, written onto where it came from, changes nothing; and what the face
does not speak of stays.  3. Every leaf of what is written has a kind.  4. A changed byte changes only the leaves whose
lineage names it (laws_bytes.py). Both directions run through the real bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, is_dataclass
from random import Random
from typing import Any

from integrator.errors import CannotWrite, Held
from integrator.mapping.context import Context
from integrator.mapping.face import Face, tree_of
from integrator.mapping.laws_bytes import law_4
from integrator.mapping.laws_documents import through_bytes
from integrator.mapping.laws_noise import Excuses, disturbed, leaves_of, parts_not_understood
from integrator.mapping.laws_values import Draw, allowed
from integrator.mapping.log import Log
from integrator.mapping.overlap import overlap
from integrator.mapping.places import place_text
from integrator.mapping.read import condition_test
from integrator.mapping.unmapped import covers, uncovered
from integrator.records import Said

PLAIN = Context(zone="Europe/Berlin")  # no default that would add what the document does not say
Law = Callable[[Face, Random], str | None]


@dataclass(frozen=True, slots=True)
class LawResult:
    """One law on one face: how many cases, and the first that failed with the seed that draws it again."""

    face: str
    law: int
    cases: int
    failure: str | None = None

    @property
    def ok(self) -> bool:
        return self.failure is None


def check_laws(face: Face, cases: int, seed: int = 0) -> list[LawResult]:
    """The laws that hold for the face's directions, each on that many cases."""
    laws: dict[int, Law] = {}
    if face.declared.reads and face.declared.writes:
        laws |= {1: law_1, 2: law_2}
    if face.declared.writes:
        laws[3] = law_3
    if face.declared.reads and face.declared.form.hl7:
        laws[4] = law_4
    return [_run(face, number, law, cases, seed) for number, law in laws.items()]


def _run(face: Face, number: int, law: Law, cases: int, seed: int) -> LawResult:
    for case in range(cases):
        failure = law(face, Random(seed + case))
        if failure is not None:
            return LawResult(face.name, number, case + 1, f"seed {seed + case}: {failure}")
    return LawResult(face.name, number, cases)


def law_1(face: Face, random: Random) -> str | None:
    """`read(write(r)) = r`, but for what the face declares."""
    said = Draw(face.declared, random).said()
    try:
        document = through_bytes(face.write(said))
    except CannotWrite as error:
        return f"{error.what}: {said}"
    return _reads_back(face, said, document)


def _reads_back(
    face: Face, said: Said, document: Any, before: Said | None = None, unclear: Collection[str] = ()
) -> str | None:
    """What differs between a record and what its document says; `unclear` fields may have stayed silent."""
    back = face.read(document).said
    for name in names_of(face, document):
        have = back.get(name)
        if name not in said:
            expected = (before or {}).get(name)
            if not same(have, expected) and not _may_appear(face, name) and not _conditional(face, name):
                return f"{name} was not said and reads {have!r}, not {expected!r}"
        elif not same(have, allowed(face.declared, name, said[name])) and not (have is None and name in unclear):
            if said[name] in (None, ()) and _may_appear(face, name):
                continue
            if before is not None and _next_one(face, name) and _without_gone(said[name], have):
                continue
            return f"{name} = {said[name]!r} reads back as {have!r}"
    return None


def names_of(face: Face, document: Any) -> list[str]:
    """The fields that are read and written, and whose `when` holds in the document."""
    tree = tree_of(document)
    found = []
    for one in face.declared.fields:
        holds = all(condition_test(condition)(tree) for condition in one.when)
        if one.read and one.written and holds and one.place.field not in found:
            found.append(one.place.field)
    return found


def same(one: Any, other: Any) -> bool:
    """Equal values; an empty list and none are alike."""
    return bool(one == other) or (one in (None, ()) and other in (None, ()))


def _may_appear(face: Face, name: str) -> bool:
    """Whether a field may read something though it was not said: a constant, or another field's place."""
    declared = face.declared
    mine = [at for one in declared.fields if one.place.field == name for choice in one.choices for at in choice.at]
    others = [constant.at for constant in declared.constants]
    others += [at for one in declared.fields if one.place.field != name for c in one.choices for at in c.at]
    others += [condition.at for condition in declared.when]
    return any(overlap(at, other) for at in mine for other in others)


def _conditional(face: Face, name: str) -> bool:
    """Whether a field counts only under a condition, which what was written may have made true."""
    return any(one.when for one in face.declared.fields if one.place.field == name)


def _next_one(face: Face, name: str) -> bool:
    """Whether a field is the first of a list outside: where that is removed, the next one is the first."""
    places = [at for one in face.declared.fields if one.place.field == name for c in one.choices for at in c.at]
    return any(step.many and not step.every and not step.once for at in places for step in at.steps)


def _without_gone(said: Any, have: Any) -> bool:
    """Whether what was said is there, but for what was said to be none."""
    if said in (None, ()):
        return True
    if not is_dataclass(said) or type(said) is not type(have):
        return False
    parts = [one.name for one in fields(said) if getattr(said, one.name) is not None]
    return all(getattr(said, one) == getattr(have, one) for one in parts)


def law_2(face: Face, random: Random) -> str | None:
    """Written onto where it came from nothing changes; written onto anything, the unknown stays and it reads back."""
    draw = Draw(face.declared, random)
    document = through_bytes(disturbed(face, face.write(draw.said()), random))
    try:
        return law_2_on(face, document, draw.said())
    except Held as error:
        return f"{error.whole()}: {document}"


def law_2_on(face: Face, document: Any, said: Said) -> str | None:
    """Law 2 on one document, and with a record written onto it. Held: the face cannot read it."""
    before = face.read(document, PLAIN).said
    if (failure := unchanged(face, document)) is not None:
        return failure
    try:
        after = through_bytes(face.write(said, onto=document))
    except CannotWrite as error:
        return None if _takes_away_its_own(face, said, error) else f"{error.what}: {said}"
    kept, excuses = leaves_of(face, after), Excuses(face, document, after, before, said)
    unspoken = uncovered(face, tree_of(document), covers(face.declared, omissions=False))
    for text, loc in leaves_of(face, document).items():
        if "noise" in text and text not in kept and loc in unspoken and not excuses.covers(loc):
            return f"{place_text(loc, (), face.declared.form.hl7)} was lost"
    return _reads_back(face, said, after, before, parts_not_understood(face, document))


def _takes_away_its_own(face: Face, said: Said, error: CannotWrite) -> bool:
    """Whether a record says none of what makes the document one of this face: a Procedure without its code is no
    exercise session, and nothing is written of it."""
    places = [one.at for one in face.declared.when if f" needs {one.at.text} to be " in error.what]
    gone = [one for one in face.declared.fields if one.place.field in said and said[one.place.field] in (None, ())]
    at_risk = [at for one in gone for choice in one.choices for at in choice.at]
    return any(overlap(at, place) for at in at_risk for place in places)


def unchanged(face: Face, document: Any) -> str | None:
    """The first half of law 2: neither what a document says itself nor a record that says nothing changes it."""
    if (failure := _unchanged(face, face.read(document, PLAIN).said, document)) is not None:
        return failure
    failure = _unchanged(face, {}, document)
    return f"a record that says nothing: {failure}" if failure else None


def _unchanged(face: Face, said: Said, document: Any) -> str | None:
    """Whether writing left the document as it was, but for constants and conditions where nothing stood."""
    log = Log()
    face.write(said, onto=document, log=log)
    hl7 = face.declared.form.hl7
    before = {place_text(loc, (), hl7): text for text, loc in leaves_of(face, document, numbered=True).items()}
    for leaf in log.leaves():
        place = place_text(leaf.loc, (), hl7)
        if leaf.kind == "constant" and place not in before:
            continue
        if before.pop(place, None) is None:
            return f"{place} is new ({leaf.kind})"
    lost = ", ".join(before)
    return f"{lost} is gone" if lost else None


def law_3(face: Face, random: Random) -> str | None:
    """Every leaf of what is written has exactly one kind."""
    said = Draw(face.declared, random).said()
    log = Log()
    face.write(said, log=log)
    for leaf in log.leaves():
        if leaf.kind not in ("record", "link", "constant", "selector"):
            return f"{place_text(leaf.loc, (), face.declared.form.hl7)} = {leaf.value!r} has no kind"
    return None
