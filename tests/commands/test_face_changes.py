"""integrator mappings diff over files: what another set of faces would change, summed up and record by record."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from integrator.commands.faces import mappings
from integrator.errors import ConfigError
from integrator.mapping.load import mappings_folder
from tests.houses import siu

AIL = '"place.room"     = "AIL-3.2"'


@pytest.fixture
def changed(tmp_path) -> Path:
    """A copy of the mappings, to be edited."""
    return Path(shutil.copytree(mappings_folder(), tmp_path / "new"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def files(folder: Path, *bodies: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for number, body in enumerate(bodies):
        (folder / f"{number}.hl7").write_bytes(body)
    return folder


def diff(*args) -> dict:
    options = ["--zone", "Europe/Berlin", "--charset", "8859/1", "--site", "sandbox", "--json"]
    result = CliRunner().invoke(mappings, ["diff", *map(str, args), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_same_mappings_change_nothing(tmp_path, changed):
    over = files(tmp_path / "over", siu(), siu("S15", control_id="2", filler="F-2"))
    found = diff("current", changed, "--over", over)
    assert found["old"] == found["new"]
    assert (found["messages"], found["faces"], found["records"], found["kinds"]) == (2, [], [], {})
    assert found["before"] == found["after"]


def test_what_changes_is_told_record_by_record_and_summed_up(tmp_path, changed):
    edit(changed, "hl7v2/siu-appointment.toml", AIL, '"place.room"     = "AIL-3.4"')
    edit(changed, "hl7v2/siu-appointment.toml", '"place.facility" = "AIL-3.4"\n', "")
    edit(changed, "hl7v2/siu-appointment.toml", "[omit.ours]\n", '[omit.ours]\n"place.facility" = "not sent"\n')
    bodies = [siu(control_id=str(n), filler=f"F-{n}") for n in range(3)]
    found = diff("current", changed, "--over", files(tmp_path / "over", *bodies, siu(filler="F-9", machine="")))
    assert found["kinds"] == {"Appointment": {"change": 3}}
    assert [one["key"] for one in found["records"]] == [f"file|ARIA|F-{n}" for n in range(3)]
    place = found["records"][0]["fields"]["place"]
    assert (place["before"]["room"], place["after"]["room"]) == ("R1", "HTEST")
    names = [(face["name"], face["site"]) for face in found["faces"]]
    assert ("hl7v2/siu-appointment", None) in names
    assert ("hl7v2/siu-appointment", "sandbox") in names
    assert {"place": "AIL-3.2", "before": 0, "after": 3} in found["unmapped"]


def test_a_lost_start_and_a_newly_held_message_are_named(tmp_path, changed):
    face = changed / "hl7v2/siu-appointment.toml"
    text = re.sub(r"(?ms)^time +=.*?^\]\n", "", face.read_text(encoding="utf-8"))
    face.write_text(text.replace("[omit.ours]\n", '[omit.ours]\ntime = "tried"\n'), encoding="utf-8")
    edit(changed, "codes/siu-status.toml", ', "Overbook"]', "]")
    edit(changed, "codes/siu-status.toml", '  ["*",           "Overbook",        "booked"],\n', "")
    over = files(tmp_path / "over", siu(), siu(control_id="2", filler="F-2", status="Overbook"))
    found = diff("current", changed, "--over", over)
    assert found["kinds"] == {"Appointment": {"change": 1, "lose start": 1, "go": 1}}
    assert found["held"] == [
        {"message": "1.hl7[1]", "before": None, "after": "a code that has no row in the code map siu-status"}
    ]
    options = ["--zone", "Europe/Berlin", "--charset", "8859/1", "--site", "sandbox"]
    args = ["diff", "current", str(changed), "--over", str(over), *options]
    said = CliRunner().invoke(mappings, args, catch_exceptions=False).output
    assert "1 appointment changes, 1 appointment is no longer spoken of, 1 loses its start" in said
    assert "held: 0 before, 1 after" in said
    assert "message 1.hl7[1] would be held" in said


def test_mappings_that_do_not_load_are_named_with_file_and_line(tmp_path, changed):
    edit(changed, "codes/siu-status.toml", "about   =", "abuot   =")
    args = ["diff", "current", str(changed), "--over", str(files(tmp_path / "over", siu()))]
    with pytest.raises(ConfigError, match=r"siu-status.toml:\d+"):
        CliRunner().invoke(mappings, args, catch_exceptions=False)
