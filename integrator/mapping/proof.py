"""All that is tried on a face: its laws, and whether a value was lost by each of its omissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from integrator.errors import Held
from integrator.mapping.face import Face
from integrator.mapping.laws import LawResult, check_laws, law_2_on
from integrator.mapping.laws_documents import Documents
from integrator.mapping.laws_omissions import OmissionResult, Tally
from integrator.mapping.laws_unseen import Seen, law_5, see
from integrator.mapping.laws_values import Draw


@dataclass
class Proof:
    """What was tried on one face, and what did not hold."""

    face: Face
    laws: list[LawResult]
    omissions: list[OmissionResult] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(one.ok for one in self.laws) and all(one.ok for one in self.omissions)


def prove(face: Face, cases: int, seed: int = 0) -> Proof:
    """Tries all laws and all omissions of a face, each law on that many cases; each case can be drawn again."""
    proof = Proof(face, check_laws(face, cases, seed))
    _on_documents(proof, face, cases, seed)
    return proof


def _on_documents(proof: Proof, face: Face, cases: int, seed: int) -> None:
    """Law 5 and the omissions, on documents that are drawn from the form's own model."""
    documents, tally = Documents(face), Tally(face, cases)
    tried, failures = 0, dict[int, str]()
    for case in range(cases):
        random = Random(seed + case)
        tally.write(documents, tally.turn(tally.ours, case), random)
        asked = tally.turn(tally.theirs, case)
        seen = see(face, documents, random, [one.omission for one in asked])
        if seen is None:
            continue
        tally.see(seen, asked, random)
        tried += 1
        for law, found in _on_one(seen, random):
            if found is not None:
                failures.setdefault(law, f"seed {seed + case}, drawn document: {found}")
    failures |= {} if tried else {5: "of the documents that were drawn none can be read"}
    laws = {one.law: one for one in proof.laws}
    for law in (2, 5) if face.declared.writes and face.declared.reads else (5,):
        before = laws.get(law, LawResult(face.name, law, 0))
        laws[law] = LawResult(face.name, law, before.cases + tried, before.failure or failures.get(law))
    proof.laws = list(laws.values())
    proof.omissions = [*tally.ours, *tally.theirs]


def _on_one(seen: Seen, random: Random) -> Iterator[tuple[int, str | None]]:
    """The laws that are tried on a drawn document: by number, with what failed."""
    yield 5, law_5(seen, random)
    if seen.face.declared.writes and seen.face.declared.reads:
        try:
            yield 2, law_2_on(seen.face, seen.document, Draw(seen.face.declared, random).said())
        except Held:  # without a default length a start alone is held
            yield 2, None
