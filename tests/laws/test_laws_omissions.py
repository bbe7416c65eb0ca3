"""Every omission is exercised by a value that was then lost; one that is not true, or not exercised, fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrator.commands.checking import each_face
from integrator.mapping import load_faces
from integrator.mapping.face import Face
from integrator.mapping.proof import DRAWN, prove

FACES = load_faces()
EVERY = [
    pytest.param(face, id=f"{face.name} {site or ''}".strip())
    for face, site in each_face(FACES)
    if face.declared.form.kind in DRAWN
]


@pytest.mark.parametrize("face", EVERY)
def test_every_omission_is_exercised_and_true(face: Face):
    proof = prove(face, 10)
    assert {one.omission.text: one.wrong for one in proof.omissions if not one.ok} == {}
    assert len(proof.omissions) == len(face.declared.omit_ours) + len(face.declared.omit_theirs)


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
