"""integrator mappings accept, codes, answer, copy, export and check, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from integrator.cli import integrator
from integrator.commands.faces import mappings
from integrator.formats.fhir.validate import problems
from integrator.mapping.load import mappings_folder
from tests.houses import house, siu
from tests.test_accepting import edit, few_mappings

CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
folder = "."
mappings = "mappings"
[web]
listen = "127.0.0.1:0"
[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
site = "sandbox"
charset = "8859/1"
"""
SITE = "sites/sandbox/siu-appointment.toml"


@pytest.fixture
def folder(tmp_path) -> Path:
    """An installation at rest: an appointment, and a message that a code holds."""
    few_mappings(tmp_path / "mappings")
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu(), siu(control_id="M2", filler="F-2", status="Verschoben"))
        opened.read_all()
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def run(folder: Path, *args: str, code: int = 0, command: str = "mappings") -> str:
    words = [command, *args, "--config", str(folder / "config.toml")]
    result = CliRunner().invoke(integrator, words, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def test_files_that_differ_are_told_compared_accepted_and_taken_back(folder):
    assert "differ from" not in run(folder, "--offline", command="check")
    edit(folder / "mappings", SITE, "[field]\n", '[field]\n"place.name" = "AIL-3.2"\n"place.room" = "AIL-3.1"\n')
    assert "differ from the accepted mappings" in run(folder, "--offline", command="check")
    told = run(folder, "diff", "current", "files", "--since", "30000d")
    assert "1 appointment changes" in told
    assert "place: name LINAC 3, room R1" in told
    seen = json.loads(run(folder, "diff", "current", "files", "--json"))
    done = json.loads(run(folder, "accept", "--hash", seen["new"][:8], "--reason", "tried", "--json"))
    assert (done["hash"], done["again"]["changed"]) == (seen["new"], 1)
    assert "differ from" not in run(folder, "--offline", command="check")
    back = run(folder, "accept", f"kept:{seen['old'][:12]}", "--reason", "not good")
    assert f"in use: {seen['old']}" in back
    assert "in use as before" in run(folder, "accept", f"kept:{seen['old'][:12]}", "--reason", "again")


def test_a_code_is_listed_answered_and_gone(folder):
    listed = run(folder, "codes", code=1)
    assert "siu-status: 'Verschoben' at SCH-25, beside MSH-9.2 'S12', from aria: holds 1 messages" in listed
    signed = ["--site", "sandbox", "--who", "A. HTEST", "--why", "their word"]
    done = json.loads(run(folder, "answer", "siu-status", "Verschoben", "booked", *signed, "--json"))
    assert (done["again"]["messages"], done["sources"]) == (1, ["aria"])
    assert json.loads(run(folder, "codes", "--json")) == []
    with house(folder, mappings="mappings") as opened:
        assert opened.states() == {"merged": 2}


def test_maps_are_exported_as_one_bundle_or_a_file_each(folder, tmp_path):
    run(folder, "export", "--to", str(tmp_path / "all.json"))
    bundle = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert problems(bundle) == []
    result = CliRunner().invoke(mappings, ["export", "--to", str(tmp_path / "each")], catch_exceptions=False)
    assert result.exit_code == 0
    one = json.loads((tmp_path / "each/ConceptMap-siu-status.json").read_text(encoding="utf-8"))
    assert one == next(e["resource"] for e in bundle["entry"] if e["resource"]["id"] == "siu-status")


def test_a_folder_of_ones_own_is_the_same_set(tmp_path):
    from integrator.mapping.sets import set_in

    result = CliRunner().invoke(mappings, ["copy", str(tmp_path / "own")], catch_exceptions=False)
    assert "[integrator]" in result.output
    assert set_in(tmp_path / "own").hash == set_in(mappings_folder()).hash
    assert isinstance(CliRunner().invoke(mappings, ["copy", str(tmp_path / "own")]).exception, Exception)
