"""The model of FHIR R5: what studies need, in the same words as R4, and the same bytes when it is made again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from integrator.formats.fhir.model import model

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("path", "type_", "many", "least"),
    [
        ("progressStatus", "ResearchStudy.progressStatus", True, 0),
        ("progressStatus.state", "CodeableConcept", False, 1),
        ("comparisonGroup.linkId", "id", False, 0),
        ("recruitment.targetNumber", "unsignedInt", False, 0),
        ("status", "code", False, 1),
        ("label.value", "string", False, 0),
        ("extension.valueDateTime", "dateTime", False, 0),
        ("period._start.extension", "Extension", True, 0),
    ],
)
def test_elements_of_a_study(path: str, type_: str, many: bool, least: int):
    found = model("r5").element("ResearchStudy", path)
    assert found is not None
    assert (found.type, found.many, found.min) == (type_, many, least)


def test_what_r4_has_and_r5_has_not_is_not_there():
    assert model("r5").element("ResearchStudy", "arm") is None
    assert model("r4").element("ResearchStudy", "comparisonGroup") is None
    assert model("r5").element("ResearchSubject", "subject") is not None


def test_every_resource_is_known_by_name():
    assert model("r5").is_resource("Patient")
    assert model("r5").is_resource("Location")
    assert not model("r5").is_resource("DomainResource")
    assert not model("r5").is_resource("Period")


def test_the_facts_are_those_of_the_package(tmp_path: Path):
    out = tmp_path / "r5.json.gz"
    subprocess.run([sys.executable, ROOT / "scripts" / "reduce_r5.py", out], check=True, capture_output=True)
    assert out.read_bytes() == (ROOT / "integrator" / "formats" / "fhir" / "r5.json.gz").read_bytes()
