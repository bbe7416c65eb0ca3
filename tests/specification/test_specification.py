"""Interface specifications: every face as one page that needs no other file, with a sample that the face reads."""

from __future__ import annotations

import html
import re
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from integrator.cli import integrator
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import parse
from integrator.mapping import load_faces
from integrator.specification import page, tell
from integrator.specification.page import SAMPLE, sample

FACES = load_faces()
EACH = [
    (name, site)
    for name in FACES.names()
    for site in (None, *FACES.sites)
    if site is None or FACES.get(name, site).hash != FACES.get(name).hash
]


@pytest.mark.parametrize(("name", "site"), EACH)
def test_every_face_has_a_page_that_needs_nothing_else(name: str, site: str | None) -> None:
    face = FACES.get(name, site)
    text = page(face, FACES, site)
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    words = html.unescape(text)
    for one in (*face.declared.omit_ours, *face.declared.omit_theirs):
        assert one.reason in words
    for one in face.declared.fields:
        assert f"<code>{one.place.text}</code>" in text


@pytest.mark.parametrize(("name", "site"), EACH)
def test_its_sample_becomes_valid_fhir(name: str, site: str | None) -> None:
    found = sample(FACES.get(name, site), FACES, site)
    release = "r5" if found.name.startswith("fhir-r5") else "r4"
    assert problems(orjson.loads(found.becomes), release) == []


@pytest.mark.parametrize(("name", "site"), [one for one in EACH if one[0].startswith("hl7v2/")])
def test_the_face_reads_its_own_sample(name: str, site: str | None) -> None:
    face = FACES.get(name, site)
    message = parse(sample(face, FACES, site).raw.replace("\n", "\r").encode())
    assert face.applies(message)
    said = face.read_each(message, SAMPLE)[0].said
    needed = {line.record for line in tell(face).lines if line.usage == "R" and "." not in line.record}
    assert needed <= {name.replace("[]", "") for name in said} | {"identifiers[]"}


def test_a_site_shows_its_own_codes() -> None:
    text = page(FACES.get("hl7v2/oru-treatment", "heidelberg"), FACES, "heidelberg")
    assert "OBX[3.1=FX-DOSIS]-5" in text
    assert "abgebrochen" in text
    assert "FX-DOSIS" not in page(FACES.get("hl7v2/oru-treatment"), FACES)


def test_the_command_writes_a_file_each(tmp_path: Path) -> None:
    names = ["hl7v2/siu-appointment", "csv/sessions"]
    done = CliRunner().invoke(integrator, ["mappings", "document", *names, "--to", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "csv-sessions.html",
        "hl7v2-siu-appointment.html",
    ]
