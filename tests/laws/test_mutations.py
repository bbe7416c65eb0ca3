"""What `explain` says, proven by mutation: a byte of a message is changed, and the leaves that change are those that
lineage names; a change that holds the message counts when the reason names its place.

1,000 changes over all samples in `make faults`, a tenth in `make test`; `--seed N` draws them again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

from integrator.config import Source
from integrator.mapping import Face, Faces, load_faces
from integrator.mapping.casts import Cast
from integrator.mapping.load import mappings_folder
from tests.houses import siu
from tests.laws.mutating import Sample, change, judge
from tests.test_given import charge, dft, oru

CASES = Path(__file__).parents[1] / "cases" / "faces"
CHANGES = 1000 if os.environ.get("INTEGRATOR_PROOFS") == "whole" else 100


MADE = {  # messages in which one face reads many elements, and choices are made by codes
    "two charges": dft(charge(), charge("T-2", kind="CD", n="-1")),
    "a report": oru(),
    "a change of machine": siu("S13", why="W1^machine down", msh="||||||8859/1"),
}


def samples(folders: list[Path], faces: Faces) -> list[Sample]:
    """Every message that some face reads, once without a site and once for each site."""
    files = sorted(file for folder in folders for file in folder.glob("*.hl7"))
    bodies = {file.name: file.read_bytes() for file in files} | MADE
    plain = Source(name="file", system="file", zone="Europe/Berlin", default_minutes=30, charset="8859/1")
    found = [
        Sample(name, body, replace(plain, site=site), faces)
        for name, body in bodies.items()
        for site in ("", *faces.sites)
    ]
    return [one for one in found if one.readable]


@cache
def ours() -> list[Sample]:
    return samples([CASES], load_faces())


def tried(of: list[Sample], changes: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What became of so many changes, and what lineage said wrongly of them."""
    random, counts, faults = Random(seed), Counter[str](), []
    for _ in range(changes):
        sample = random.choice(of)
        place, data = change(sample, random)
        verdict = judge(sample, place, data)
        counts[verdict.what] += 1
        counts["named"] += verdict.right
        counts["named in vain"] += verdict.vain
        if verdict.fault:
            faults.append(f"{sample}, byte {place}, {sample.data[place : place + 1]!r}: {verdict.fault}")
    return counts, faults


def holds(of: list[Sample], seed: int, changes: int = CHANGES) -> None:
    """The law over these samples; and that changes were seen, and few bytes named that change nothing."""
    counts, faults = tried(of, changes, seed)
    assert not faults, "\n".join([f"{len(faults)} of {changes}, seed {seed}", *faults[:5]])
    assert counts["changed"] + counts["held"] > changes / 10, counts
    assert counts["named in vain"] <= max(6, counts["named"] / 4), counts


@pytest.mark.long
def test_a_changed_byte_changes_what_lineage_names_over_our_own_messages(seed):
    assert len({one.name for one in ours()}) >= 13
    holds(ours(), seed)


@pytest.mark.long
def test_a_changed_byte_changes_what_lineage_names_over_all_samples(shared_data, seed):
    folders = [CASES, shared_data / "hl7v2/samples", shared_data / "hl7v2/edge"]
    found = samples(folders, load_faces())
    assert len({one.name for one in found}) >= 33
    holds(found, seed)


# a law that cannot fail proves nothing


class Spoiled(Faces):
    """Our faces with another lineage."""

    def __init__(self, spoil: Callable[[Cast], Cast]):
        self.spoil = spoil
        super().__init__(mappings_folder())

    def _compile(self, name: str, path: Path, site: str | None) -> Face:
        declared = super()._compile(name, path, site).declared
        fields = []
        for field in declared.fields:
            choices = (replace(one, cast=self.spoil(one.cast) if one.cast else None) for one in field.choices)
            fields.append(replace(field, choices=tuple(choices)))
        return Face(replace(declared, fields=tuple(fields)))


def too_little(cast: Cast) -> Cast:
    """Of each identifier the number is said to come from the assigner."""
    return replace(cast, sources={"value": ((0, "2"),)}) if cast.name in ("ei", "cx") else cast


def too_much(cast: Cast) -> Cast:
    """Every leaf is said to come from all of the element."""
    return replace(cast, sources={})


def test_a_lineage_that_names_too_little_is_found():
    _, faults = tried(samples([CASES], Spoiled(too_little)), 400, seed=1)
    assert any("its lineage does not name the byte" in one for one in faults)


def test_a_lineage_that_names_another_place_is_found():
    def swapped(cast: Cast) -> Cast:
        return replace(cast, sources={"start": ((1, ""),), "end": ((0, ""),)}) if cast.name == "period" else cast

    _, faults = tried(samples([CASES], Spoiled(swapped)), 600, seed=1)
    assert any("time.start changes" in one or "time.end changes" in one for one in faults)


def test_a_lineage_that_names_too_much_is_found():
    counts, _ = tried(samples([CASES], Spoiled(too_much)), 400, seed=1)
    assert counts["named in vain"] > counts["named"] / 4, counts


def test_a_reason_that_names_another_place_is_found():
    one = next(one for one in ours() if one.name == "fraction-booked.hl7")
    place = one.message.span_at("TQ1-7")[0]
    data = one.data[:place] + b"X" + one.data[place + 1 :]
    assert (judge(one, place, data).what, judge(one, place, data).fault) == ("held", None)
    elsewhere = one.message.span_at("SCH-2")[0]
    assert "which is another place" in (judge(one, elsewhere, data).fault or "")


def test_the_same_seed_draws_the_same_changes():
    one = ours()[0]
    assert change(one, Random(7)) == change(one, Random(7)) != change(one, Random(8))
