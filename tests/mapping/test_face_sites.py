"""Sites: what one hospital says otherwise, in its own files, one level above the common faces."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integrator.errors import ConfigError
from integrator.mapping import Context, Faces, load_faces
from integrator.mapping.load import mappings_folder
from tests.mapping.face_documents import sch, siu

BERLIN = Context(zone="Europe/Berlin")


def with_site(folder: Path, face: str | None = None, codes: dict[str, str] | None = None) -> Faces:
    """The mappings of the checkout with one more site, "mine"."""
    root = folder / "mappings"
    shutil.copytree(mappings_folder(), root)
    (root / "sites/mine/codes").mkdir(parents=True)
    if face:
        (root / "sites/mine/siu-appointment.toml").write_text(face)
    for name, text in (codes or {}).items():
        (root / f"sites/mine/codes/{name}.toml").write_text(text)
    return load_faces(root)


def test_heidelberg_counts_fractions_and_names_the_machine_in_aig(faces):
    face = faces.get("hl7v2/siu-appointment", "heidelberg")
    said = face.read(siu("AIG|1||TB3^TrueBeam|LINAC", "AIL|1||055^R1", sch=sch(f7="7")), BERLIN).said
    assert said["fraction"] == 7
    assert (said["place"].name, said["place"].room) == ("TB3", "R1")
    assert face.read(siu("AIG|1||X|OTHER", "AIL|1||055"), BERLIN).said["place"].name == "055"


def test_a_text_that_is_no_number_says_nothing_of_the_fraction_and_is_unmapped(faces):
    reading = faces.get("hl7v2/siu-appointment", "heidelberg").read(siu(sch=sch(f7="ROUTINE")), BERLIN)
    assert "fraction" not in reading.said
    assert ("SCH-7", "ROUTINE") in [(leaf.place, leaf.text) for leaf in reading.unmapped]


def test_the_rows_of_a_site_come_before_the_common_ones_and_widen_the_values(faces):
    message = siu(sch=sch(f25="termin FIX "))
    assert faces.get("hl7v2/siu-appointment", "heidelberg").read(message, BERLIN).said["status"] == "booked"


@pytest.mark.parametrize(
    ("code", "activity"), [("RT-FRACTION", "fraction"), ("RT-PLAN", "planning"), ("rt-visit", "visit")]
)
def test_the_sandbox_says_what_its_codes_are(faces, code, activity):
    face = faces.get("hl7v2/siu-appointment", "sandbox")
    said = face.read(siu(f"AIS|1||{code}^Text^L", sch=sch(f7="4^10")), BERLIN).said
    assert (said["kind"], said["activity"]) == ("radiotherapy", activity)
    assert (said["fraction"], said["fractions"]) == (4, 10)


def test_a_site_without_a_file_of_its_own_uses_its_codes_with_the_common_face(tmp_path):
    rows = 'about = "x"\ncolumns = ["AIS-3.1", "kind"]\nrows = [["KG", "exercise"]]\n'
    faces = with_site(tmp_path, codes={"siu-service-kind": rows})
    said = faces.get("hl7v2/siu-appointment", "mine").read(siu("AIS|1||KG^Krankengymnastik"), BERLIN).said
    assert said["kind"] == "exercise"
    assert "kind" not in faces.get("hl7v2/siu-appointment").read(siu("AIS|1||KG"), BERLIN).said


def test_a_site_may_take_a_field_out_with_the_reason(tmp_path):
    text = 'extends = "../../hl7v2/siu-appointment.toml"\n[omit.ours]\nseries = "SCH-4 holds a room here"\n'
    face = with_site(tmp_path, text).get("hl7v2/siu-appointment", "mine")
    assert "series" not in face.read(siu(sch=sch(f4="C1")), BERLIN).said
    assert "series" not in face.carries


def test_a_site_that_nobody_knows_is_named_with_those_there_are(faces):
    with pytest.raises(ConfigError, match="there is no site 'nowhere'; there are heidelberg, sandbox"):
        faces.get("hl7v2/siu-appointment", "nowhere")


def test_the_hash_of_a_face_changes_with_its_site(faces):
    common = faces.get("hl7v2/siu-appointment")
    assert common.hash != faces.get("hl7v2/siu-appointment", "sandbox").hash
    assert faces.get("fhir-r4/appointment", "sandbox").hash == faces.get("fhir-r4/appointment").hash
