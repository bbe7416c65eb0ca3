"""Code maps as ConceptMaps: valid R4, and each says what the map does."""

from __future__ import annotations

import re

import pytest

from integrator.formats.fhir.validate import problems
from integrator.mapping import load_faces
from integrator.mapping.concept_maps import concept_maps
from integrator.mapping.sets import code_maps

FACES = load_faces()
MAPS = concept_maps(FACES)


@pytest.mark.parametrize("one", MAPS, ids=lambda one: one["id"])
def test_every_map_is_valid_r4(one):
    assert problems(one) == []
    assert re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", one["name"])


def test_ids_are_unique_and_every_map_of_every_site_is_there():
    assert len({one["id"] for one in MAPS}) == len(MAPS) == len(code_maps(FACES))
    assert {"siu-status", "siu-status.heidelberg", "siu-activity.sandbox"} <= {one["id"] for one in MAPS}


def test_each_row_is_told_and_what_depends_says_on_what():
    found = next(one for one in MAPS if one["id"] == "siu-status")
    elements = {element.get("code"): element["target"] for element in found["group"][0]["element"]}
    assert {target["code"] for target in elements["Started"]} >= {"checked-in"}
    s14 = [
        target
        for target in elements[None]
        if {"property": "https://integrator.example/fhir/place/MSH-9.2", "value": "S14"} in target["dependsOn"]
    ]
    assert [target["equivalence"] for target in s14] == ["unmatched"]  # a change of room says nothing about the status


def test_a_word_that_comes_back_as_the_code_is_equivalent_and_any_other_wider():
    found = next(one for one in MAPS if one["id"] == "administrative-sex")
    told = {e["code"]: (t["code"], t["equivalence"]) for e in found["group"][0]["element"] for t in e["target"]}
    assert told["F"] == ("female", "equivalent")
    assert told["A"] == ("other", "wider")


def test_the_word_of_a_code_is_what_the_map_reads():
    for (name, site), one in code_maps(FACES).items():
        if len(one.columns) > 2:
            continue
        number = f"{name}.{site}" if site else name
        found = next(shown for shown in MAPS if shown["id"] == number)
        for element in found["group"][0].get("element", ()):
            row = one.read((element.get("code", ""),), fold=False).row
            assert [target.get("code") for target in element["target"]] == [row.value]
