"""Every face: its laws on drawn records and documents, and each omission exercised by a value that was then lost.

`make faults` tries what `integrator mappings check` tries; here it is a tenth.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrator.commands.checking import each_face
from integrator.mapping import load_faces
from integrator.mapping.face import Face
from integrator.mapping.proof import prove

FACES = load_faces()
EVERY = [pytest.param(face, id=f"{face.name} {site or ''}".strip()) for face, site in each_face(FACES)]


CASES = 40 if os.environ.get("INTEGRATOR_PROOFS") == "whole" else 6


@pytest.mark.long
@pytest.mark.parametrize("face", EVERY)
def test_the_laws_hold_and_every_omission_is_exercised_and_true(face: Face):
    proof = prove(face, CASES, seed=1)
    assert {one.law: one.failure for one in proof.laws if not one.ok} == {}
    assert {one.omission.text: one.wrong for one in proof.omissions if not one.ok} == {}
    assert 5 in {one.law for one in proof.laws}
    assert len(proof.omissions) == len(face.declared.omit_ours) + len(face.declared.omit_theirs)


@pytest.mark.long
@pytest.mark.parametrize("face", EVERY)
@given(start=st.integers(min_value=0, max_value=2**32))
@settings(
    max_examples=30 if CASES == 40 else 3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_the_laws_hold_wherever_hypothesis_begins(face: Face, start: int):
    proof = prove(face, 4, seed=start)
    assert {one.law: one.failure for one in proof.laws if not one.ok} == {}


# what cannot fail proves nothing


def changed(name: str, **changes: Any) -> Face:
    return Face(replace(FACES.get(name).declared, **changes))


def failures(face: Face) -> dict[str, str]:
    return {one.omission.text: str(one.wrong) for one in prove(face, 20).omissions if not one.ok}


def test_an_omission_of_what_is_read_back_is_not_true():
    declared = FACES.get("fhir-r4/appointment").declared
    untrue = replace(declared.omit_ours[0], text="place.room")
    found = failures(changed("fhir-r4/appointment", omit_ours=(*declared.omit_ours, untrue)))
    assert list(found) == ["place.room"]
    assert "reads back as" in found["place.room"]


def test_an_omission_of_what_the_form_never_holds_is_not_exercised():
    declared = FACES.get("fhir-r4/appointment").declared
    never = replace(declared.omit_theirs[0], text="status", at=declared.fields[5].choices[0].at[0])
    assert declared.fields[5].place.text == "status"
    found = failures(changed("fhir-r4/appointment", omit_theirs=(*declared.omit_theirs, never)))
    assert found == {"status": "no value that was drawn exercises it"}


def with_cast(name: str, cast: str, **changes: Any) -> Face:
    """A face with one conversion changed."""
    declared = FACES.get(name).declared
    fields = tuple(
        replace(
            one,
            choices=tuple(
                replace(choice, cast=replace(choice.cast, **changes)) if choice.cast and choice.name == cast else choice
                for choice in one.choices
            ),
        )
        for one in declared.fields
    )
    return Face(replace(declared, fields=fields))


def law(face: Face, number: int) -> str:
    return next(str(one.failure) for one in prove(face, 60).laws if one.law == number)


def test_a_conversion_that_claims_what_it_does_not_look_at_breaks_law_5():
    """The text and the second coding of a number's type, the time of a death, the type of an assigner."""
    assert "is lost without omission: identifier" in law(with_cast("fhir-r4/patient", "identifier", sees=()), 5)
    assert "is lost without omission: happened" in law(with_cast("fhir-r4/patient", "happened", sees=()), 5)


def test_a_conversion_that_hides_what_it_looks_at_breaks_law_5():
    found = law(with_cast("fhir-r4/patient", "human-name", sees=(("family", "given"),)), 5)
    assert "counts as unmapped, and the record says otherwise when it changes" in found


def test_what_no_field_reads_can_be_omitted():
    declared = FACES.get("fhir-r4/patient").declared
    fields = tuple(one for one in declared.fields if one.place.text != "gender")
    silent = Face(replace(declared, fields=fields))
    omitted = replace(
        declared.omit_theirs[0],
        text="gender",
        at=next(one.choices[0].at[0] for one in declared.fields if one.place.text == "gender"),
    )
    assert failures(Face(replace(silent.declared, omit_theirs=(*declared.omit_theirs, omitted)))) == {}
