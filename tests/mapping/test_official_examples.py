"""The official R4 examples of what we read: each is read and written onto itself unchanged, or counted with why not."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integrator.errors import Held
from integrator.mapping import load_faces

FACES = load_faces()
KINDS = {  # type: read, and why the others are not
    "Patient": (22, {}),
    "Appointment": (3, {}),
    "Observation": (64, {}),
    "ResearchStudy": (1, {}),
    "ResearchSubject": (1, {}),
    "Procedure": (1, {"code.coding.code is none that our faces take": 15}),  # Ambulation is exercise
}


def examples(folder: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(file.stem, json.loads(file.read_text())) for file in sorted(folder.glob(f"{kind}-*.json"))]


def outcome(document: dict[str, Any]) -> str:
    """Empty: read and written onto itself unchanged by every face that takes it; else why not."""
    faces = FACES.reading("fhir-r4", document)
    if not faces:
        return f"{open_condition(document)} is none that our faces take"
    for face in faces:
        try:
            said = face.read(document).said
        except Held as held:
            return f"held: {held.reason}"
        assert said, "something is read"
        assert face.write(said, onto=copy.deepcopy(document)) == document, face.name
    return ""


def open_condition(document: dict[str, Any]) -> str:
    """The condition that keeps the faces of this type from taking it."""
    kind = document["resourceType"]
    faces = [face for face in FACES if face.form == f"fhir-r4 {kind}"]
    return " or ".join({one.at.text for face in faces for one in face.declared.when[1:]})


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_unchanged_or_counted(kind: str, shared_data: Path, capsys: pytest.CaptureFixture[str]):
    found = examples(shared_data / "fhir" / "r4-examples", kind)
    counted = Counter(outcome(document) for _, document in found)
    read, others = counted.pop("", 0), dict(counted)
    with capsys.disabled():
        told = "".join(f", {n} not: {why}" for why, n in others.items())
        print(f"\nofficial examples of {kind}: {read} read and unchanged{told}")
    assert (read, others) == KINDS[kind]
    assert read >= 1
    assert read + sum(others.values()) == len(found)
