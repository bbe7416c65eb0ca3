"""Our validator beside one that we did not write, over mutants of the official examples of R4.

`make faults` judges all mutants, `make test` a tenth of them, with the same asserts. --seed N draws the same
ones again; without it the seed is another one each time. The table of docs/validator.md is what this prints:

    INTEGRATOR_PROOFS=whole .venv/bin/python -m pytest -s --seed 5 tests/peers/test_validator_mutants.py
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from integrator.formats.fhir.validate import problems
from tests.formats.fhir import mutant_faults, mutant_invariants, mutant_texts  # noqa: F401  (they add their faults)
from tests.formats.fhir.mutants import FAULTS, Mutant, Node, mutants
from tests.formats.fhir.test_fhir_validate import TRULY_WRONG

WHOLE = os.environ.get("INTEGRATOR_PROOFS") == "whole"
LEAST = 0.97  # of the mutants both judges say the same
SHOWN = 40  # disagreements that a failure lists


@dataclass
class Verdicts:
    """What both judges said, by kind of fault."""

    asked: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    apart: list[str] = field(default_factory=list)
    fell: int = 0  # mutants at which the other one fell over an exception of its own, and judged nothing

    def add(self, mutant: Mutant, ours: list[str], theirs: list[str]) -> None:
        if theirs and theirs[0].startswith("java.lang."):
            self.fell += 1
            return
        self.asked[mutant.kind] += 1
        if bool(ours) == bool(theirs):
            self.agreed[mutant.kind] += 1
        else:
            side = f"only theirs: {theirs[0]}" if theirs else f"only ours: {ours[0]}"
            self.apart.append(f"{mutant}: {side[:200]}")

    @property
    def share(self) -> float:
        return self.agreed.total() / self.asked.total()

    def table(self) -> str:
        """One line for each kind, as docs/validator.md has it."""
        lines = [f"| {kind} | {self.asked[kind]} | {self.agreed[kind]} | {self.of(kind):.1%} |" for kind in FAULTS]
        total = f"| **all** | {self.asked.total()} | {self.agreed.total()} | **{self.share:.2%}** |"
        return "\n".join(["| fault | mutants | both say the same | |", "|---|---|---|---|", *lines, total])

    def of(self, kind: str) -> float:
        return self.agreed[kind] / (self.asked[kind] or 1)


@pytest.fixture(scope="module")
def examples(shared_data: Path) -> dict[str, Node]:
    """The official examples of R4 by file name."""
    files = sorted((shared_data / "fhir" / "r4-examples").glob("*.json"))
    return {file.name: orjson.loads(file.read_bytes()) for file in files}


@pytest.mark.long
def test_both_say_the_same_of_mutants(judge, examples: dict[str, Node], seed: int) -> None:
    right = {name: example for name, example in examples.items() if name not in TRULY_WRONG}
    found = Verdicts()
    for mutant in mutants(right, seed, share=1.0 if WHOLE else 0.1):
        found.add(mutant, [str(problem) for problem in problems(mutant.resource)], judge(mutant.resource))
    print(f"\nseed {seed}, {found.fell} without a verdict of theirs\n{found.table()}")
    assert found.asked.total() > (3000 if WHOLE else 300)
    assert found.fell < found.asked.total() * 0.01
    assert found.share >= LEAST, "\n".join([f"seed {seed}: {found.share:.2%}", *found.apart[:SHOWN]])


def test_both_accept_the_official_examples_but_three(judge, examples: dict[str, Node]) -> None:
    assert {name for name, example in examples.items() if judge(example)} == TRULY_WRONG
    assert {name for name, example in examples.items() if problems(example)} == TRULY_WRONG
