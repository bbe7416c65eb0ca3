"""The laws over the faces of the trial's own records; two judges find nothing wrong with what these write."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems
from integrator.mapping import load_faces
from integrator.mapping.laws import law_1, law_2, law_3
from integrator.mapping.laws_values import Draw
from integrator.records.values import Identifier, Ref

FACES = load_faces()
R4 = ("fhir-r4/research-subject", "fhir-r4/exercise-session-procedure", "fhir-r4/observation")
R5 = ("fhir-r5/research-subject", "fhir-r5/patient")
EVERY = [pytest.param(FACES.get(name), id=name) for name in (*R4, *R5)]
SEEDS = st.integers(min_value=0, max_value=2**32)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
NEEDED = {"patient": Identifier("4711", "https://htest.example/pid"), "study": Ref("Study", "NCT01409720")}
RESULTS = ("value", "coded", "text", "answer", "absent")


@pytest.mark.parametrize("face", EVERY)
@given(seed=SEEDS)
@QUICK
def test_the_laws(face: Any, seed: int):
    for law in (law_1, law_2, law_3):
        assert law(face, Random(seed)) is None


@pytest.mark.parametrize("name", R4)
@given(seed=SEEDS)
@QUICK
def test_what_is_written_is_valid_r4(name: str, seed: int):
    random = Random(seed)
    face = FACES.get(name)
    said = Draw(face.declared, random).said() | NEEDED
    given_ = [one for one in RESULTS if said.get(one) is not None]
    said |= dict.fromkeys(given_[1:])  # an observation has one result
    if name.endswith("observation"):
        said["code"] = said.get("code") or "pain-vas"
    if said.get("enrolled") and said.get("left"):
        said["enrolled"], said["left"] = "1959", "2000-02-29"  # per-1
    said["exercises"] = tuple(one for one in said.get("exercises") or () if one.name)
    resource = face.write(said)
    assert problems(resource) == second_problems(resource) == []


@pytest.mark.parametrize("name", R5)
@given(seed=SEEDS)
@QUICK
def test_what_is_written_is_valid_r5(name: str, seed: int):
    face = FACES.get(name)
    said = Draw(face.declared, Random(seed)).said() | NEEDED
    if said.get("enrolled") and said.get("left"):
        said["enrolled"], said["left"] = "1959", "2000-02-29"  # per-1
    resource = face.write(said)
    assert problems(resource, "r5") == second_problems(resource, "r5") == []
