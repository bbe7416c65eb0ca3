"""integrator map: files in, one Bundle out, reasons beside it; also over messages that nobody on this project wrote."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from integrator.commands.explaining import explain_
from integrator.commands.faces import map_
from integrator.formats.fhir.validate import problems
from integrator.mapping.load import mappings_folder
from tests.houses import siu


def run(*args):
    """Exit code, the Bundle's resources, stderr."""
    result = CliRunner().invoke(map_, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    bundle = json.loads(result.stdout)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    return result.exit_code, [entry["resource"] for entry in bundle.get("entry", [])], result.stderr


def appointment_of(path: Path) -> dict:
    bundle = json.loads(path.read_text())
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Appointment")


@pytest.mark.parametrize("event", ["S12", "S13", "S14", "S15", "S16", "S17", "S26"])
def test_a_public_sample_becomes_a_valid_appointment_with_the_right_instants_and_status(shared_data, event):
    code, (ours,), _ = run(shared_data / f"hl7v2/samples/SIU-{event}-01.hl7")
    theirs = appointment_of(shared_data / f"hl7v2/expected/SIU-{event}-01-expected.json")
    assert code == 0
    assert problems(ours) == []
    for side in ("start", "end"):  # their spelling carries the author's zone: compared as instants
        assert datetime.fromisoformat(ours[side]) == datetime.fromisoformat(theirs[side])
    assert ours["status"] == theirs["status"]


def test_every_awkward_file_is_mapped_or_answered_with_a_reason(shared_data):
    files = sorted((shared_data / "hl7v2/edge").glob("*.hl7")) + sorted((shared_data / "hl7v2/samples").glob("*.hl7"))
    assert len(files) >= 30
    for file in files:
        code, resources, reasons = run(file, "--zone", "Europe/Berlin", "--strict")
        assert all(problems(resource) == [] for resource in resources), file.name
        assert "fhir.resources" not in reasons, file.name
        if not resources:
            assert file.name in reasons
        assert code == (1 if ": held: " in reasons else 0)


def test_many_messages_in_one_file_and_many_files_make_one_bundle(tmp_path):
    first, second = tmp_path / "a.hl7", tmp_path / "b.hl7"
    first.write_bytes(siu(control_id="1", filler="F-1") + siu(control_id="2", filler="F-2"))
    second.write_bytes(siu(control_id="3", filler="F-3"))
    code, resources, _ = run(first, second, "--zone", "Europe/Berlin", "--charset", "8859/1", "--site", "sandbox")
    assert code == 0
    assert len({resource["id"] for resource in resources}) == 3


def test_the_same_message_has_the_same_id_every_time(tmp_path):
    file = tmp_path / "a.hl7"
    file.write_bytes(siu())
    options = (file, "--zone", "Europe/Berlin", "--charset", "8859/1")
    assert run(*options)[1] == run(*options)[1]


def test_a_time_without_offset_and_without_zone_is_held_never_utc(tmp_path):
    file = tmp_path / "a.hl7"
    file.write_bytes(siu())
    code, resources, reasons = run(file, "--charset", "8859/1")
    assert (code, resources) == (1, [])
    assert "zone" in reasons


def test_a_held_message_does_not_stop_the_others_and_says_place_and_text(tmp_path):
    file = tmp_path / "a.hl7"
    file.write_bytes(siu(control_id="1", start="20260230094000") + siu(control_id="2", filler="F-2"))
    code, resources, reasons = run(file, "--zone", "Europe/Berlin", "--charset", "8859/1")
    assert code == 1
    assert len(resources) == 1
    assert "TQ1-7" in reasons
    assert "20260230094000" in reasons


def test_an_unknown_character_set_is_used_wrongly(tmp_path):
    file = tmp_path / "a.hl7"
    file.write_bytes(siu())
    assert CliRunner().invoke(map_, [str(file), "--charset", "KLINGON"]).exit_code == 2


def test_explain_names_bytes_face_line_choice_and_zone(tmp_path):
    file = tmp_path / "a.hl7"
    data = siu()
    file.write_bytes(data)
    options = ["--path", "Appointment.start", "--zone", "Europe/Berlin", "--charset", "8859/1", "--json"]
    result = CliRunner().invoke(explain_, [str(file), *options])
    assert result.exit_code == 0, result.output
    (leaf,) = json.loads(result.stdout)[0]["leaves"]
    assert leaf["value"] == "2026-03-12T09:40:00+01:00"
    place = next(one for one in leaf["places"] if one["place"].startswith("TQ1"))
    start, end = place["span"]
    assert data[start:end] == b"20260312094000"
    assert "siu-appointment.toml:" in leaf["read"]["where"]
    assert any("Europe/Berlin" in note for note in leaf["notes"])


def test_strict_says_what_the_second_judge_finds_and_fails(tmp_path):
    file = tmp_path / "a.hl7"
    file.write_bytes(
        siu(event="S14", start=None)
    )  # R4 wants a start for what is booked (app-3): the first judge's word
    options = (file, "--zone", "Europe/Berlin", "--charset", "8859/1", "--site", "sandbox")
    code, _, reasons = run(*options)
    assert (code, "not valid: Appointment" in reasons) == (0, True)
    code, (resource,), reasons = run(*options, "--strict")
    assert (code, resource["resourceType"]) == (1, "Appointment")
    assert "fhir.resources" not in reasons, "it knows no invariants"


def test_a_patient_as_r5(tmp_path):
    file = tmp_path / "a.hl7"
    head = r"MSH|^~\&|KIS|HTEST|INT|HTEST|20260320100000+0100||ADT^A08^ADT_A01|1|T|2.5"
    file.write_text(f"{head}\rPID|1||HTEST-1^^^HTEST^MR||HTEST-Müller^Anna||19570312|F\r", "utf-8")
    options = (file, "--zone", "Europe/Berlin", "--charset", "UNICODE UTF-8", "--to", "fhir-r5", "--strict")
    code, (patient,), reasons = run(*options)
    assert (code, patient["birthDate"]) == (0, "1957-03-12")
    assert "not valid" not in reasons


def test_own_mapping_files_may_be_named(tmp_path: Path) -> None:
    own, file = tmp_path / "mappings", tmp_path / "one.hl7"
    shutil.copytree(mappings_folder(), own)
    file.write_bytes(siu())
    words = [file, "--zone", "Europe/Berlin", "--site", "sandbox", "--charset", "8859/1", "--mappings", own]
    _, ours, _ = run(*words)
    face = own / "fhir-r4" / "appointment.toml"
    face.write_text(face.read_text().replace('.status"  = "accepted"', '.status"  = "tentative"'))
    _, theirs, _ = run(*words)
    assert "tentative" in json.dumps(theirs)
    assert "tentative" not in json.dumps(ours)
