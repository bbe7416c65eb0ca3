"""The page of the language names every word and every conversion that there is."""

from __future__ import annotations

import pytest

from integrator.mapping.casts_fhir import FHIR_CASTS
from integrator.mapping.casts_hl7 import HL7_CASTS
from integrator.mapping.declare import FIELD
from integrator.mapping.layers import HEAD, TABLES
from integrator.mapping.load import mappings_folder


@pytest.mark.parametrize("word", sorted({*HL7_CASTS, *FHIR_CASTS, *FIELD}))
def test_it_is_on_the_page(word):
    assert f"`{word}`" in page(), f"{word} is missing in mappings/README.md"


@pytest.mark.parametrize("word", [*HEAD, *TABLES])
def test_the_words_of_a_face_are_on_the_page(word):
    assert any(f"{mark}{word}" in page() for mark in ("\n", "`", "[")), word


def page():
    return (mappings_folder() / "README.md").read_text(encoding="utf-8")
