"""All that is tried on a face: its laws, and whether a value was lost by each of its omissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from integrator.mapping.face import Face
from integrator.mapping.laws import LawResult, check_laws
from integrator.mapping.laws_documents import Documents
from integrator.mapping.laws_omissions import OmissionResult, Tally
from integrator.mapping.laws_unseen import law_5, see

DRAWN = ("fhir",)  # kinds of forms of which documents are drawn


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
    if face.declared.form.kind in DRAWN:
        _on_documents(proof, face, cases, seed)
    return proof


def _on_documents(proof: Proof, face: Face, cases: int, seed: int) -> None:
    """Law 5 and the omissions, on documents that are drawn from the form's own model."""
    documents, tally = Documents(face), Tally(face, cases)
    tried, failure = 0, None
    for case in range(cases):
        random = Random(seed + case)
        tally.write(documents, tally.turn(tally.ours, case), random)
        asked = tally.turn(tally.theirs, case)
        seen = see(face, documents, random, [one.omission for one in asked])
        if seen is None:
            continue
        tally.see(seen, asked, random)
        tried += failure is None
        if failure is None and (found := law_5(seen, random)) is not None:
            failure = f"seed {seed + case}: {found}"
    if not tried:
        failure = "of the documents that were drawn none can be read"
    proof.laws.append(LawResult(face.name, 5, tried, failure))
    proof.omissions = [*tally.ours, *tally.theirs]
