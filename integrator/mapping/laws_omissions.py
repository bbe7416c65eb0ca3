"""Whether the omissions of a face are true: a value was put into each omitted place, and it was lost.

Of the record: it was written with a value in the omitted part, and read back without it. Of the outside form: a
document had a value there that changed nothing and was not shown as unmapped. An omission that nothing exercised
proves nothing, so it fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field, is_dataclass
from random import Random
from typing import Any

from integrator.errors import CannotWrite, Held
from integrator.mapping.face import Face
from integrator.mapping.laws_documents import DRAWS, ZONE, Documents
from integrator.mapping.laws_unseen import Seen, omitted_by, used
from integrator.mapping.laws_values import Draw
from integrator.mapping.model import Omission
from integrator.records import Said


@dataclass(slots=True)
class OmissionResult:
    """One omission: how often a value was lost by it, and what is wrong with it."""

    side: str  # "ours" or "theirs"
    omission: Omission
    exercised: int = 0
    failure: str | None = None

    @property
    def ok(self) -> bool:
        return self.failure is None and self.exercised > 0

    @property
    def wrong(self) -> str | None:
        """What is wrong with it, or None."""
        return self.failure or (None if self.exercised else "no value that was drawn exercises it")


@dataclass
class Tally:
    """The omissions of one face; each case exercises the next few, so that all are exercised in any number of cases."""

    face: Face
    cases: int
    ours: list[OmissionResult] = field(default_factory=list)
    theirs: list[OmissionResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours = [OmissionResult("ours", one) for one in self.face.declared.omit_ours]
        self.theirs = [OmissionResult("theirs", one) for one in self.face.declared.omit_theirs]

    def turn(self, results: list[OmissionResult], case: int) -> list[OmissionResult]:
        """Those whose turn it is: each has three turns at least."""
        width = min(len(results), -(-3 * len(results) // max(self.cases, 1)))
        return [results[(case * width + number) % len(results)] for number in range(width)]

    def see(self, seen: Seen, asked: list[OmissionResult], random: Random) -> str | None:
        """Tries the omissions of the outside form on a document that has something in each place asked for."""
        for one in asked:
            mine = [loc for loc in seen.omitted if any(loc[: len(p)] == p for p in omitted_by(seen.tree, one.omission))]
            if not mine:
                continue
            loc = random.choice(sorted(mine, key=str))
            if seen.changes(loc) and not used(seen, loc):
                one.failure = one.failure or f"{seen.place(loc)} is not lost: the record says otherwise when it changes"
            else:
                one.exercised += 1
        return next((f"[omit.theirs] {one.omission.text}: {one.failure}" for one in asked if one.failure), None)

    def write(self, documents: Documents, asked: list[OmissionResult], random: Random) -> str | None:
        """Tries the omissions of the record: what is written with a value there reads back without it."""
        wanted = [one.omission.text for one in asked]
        for _ in range(DRAWS):
            said = Draw(self.face.declared, random, whole=True).said(wanted)
            try:
                back = self.face.read(documents.of(said, random), ZONE).said
            except (CannotWrite, Held):
                continue
            self._lost(asked, said, back)
            break
        return next((f"[omit.ours] {one.omission.text}: {one.failure}" for one in asked if one.failure), None)

    def _lost(self, asked: list[OmissionResult], said: Said, back: Said) -> None:
        """Counts the omissions by which a value of the record was lost."""
        for one in asked:
            steps = one.omission.text.replace("[]", "").split(".")
            if not values_at(said, steps):
                continue
            if found := values_at(back, steps):
                one.failure = one.failure or f"it reads back as {found[0]!r}: take out the omission, or carry the field"
            elif back and (len(steps) == 1 or back.get(steps[0]) or self.face.declared.writes):
                one.exercised += 1


def values_at(value: Any, steps: list[str]) -> list[Any]:
    """What stands at a record path, of all elements of lists."""
    if isinstance(value, tuple):
        return [found for one in value for found in values_at(one, steps)]
    if value is None or not steps:
        return [] if value is None else [value]
    if isinstance(value, dict):
        return values_at(value.get(steps[0]), steps[1:])
    return values_at(getattr(value, steps[0], None), steps[1:]) if is_dataclass(value) else []
