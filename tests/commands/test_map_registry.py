"""integrator map and explain over registry records: a file of one study, or a page of a search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
from click.testing import CliRunner

from integrator.commands.explaining import explain_
from integrator.commands.faces import map_
from integrator.formats.fhir.model import release_of
from integrator.formats.fhir.validate import problems
from integrator.sandbox.registry.record import dispo


def run(*args: Any) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(map_, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, [e["resource"] for e in json.loads(result.stdout).get("entry", [])], result.stderr


def test_every_record_and_search_page_becomes_valid_studies(shared_data: Path):
    files = sorted((shared_data / "registry" / "api-v2").glob("*.json"))
    for form in ("fhir-r4", "fhir-r5"):
        code, studies, said = run(*files, "--to", form, "--strict")
        assert (code, len(studies), said) == (0, 12, "")
        assert all(problems(study, release_of(form)) == [] for study in studies)


def test_a_study_as_r5(tmp_path: Path):
    (tmp_path / "dispo.json").write_bytes(orjson.dumps(dispo()))
    code, (study,), said = run(tmp_path / "dispo.json", "--to", "fhir-r5", "--strict")
    assert (code, said) == (0, "")
    assert problems(study, "r5") == []


def test_what_is_no_study_is_held_with_its_place(tmp_path: Path):
    half = tmp_path / "half.json"
    half.write_bytes(orjson.dumps(dispo())[:200])
    wrong = dispo()
    wrong["protocolSection"]["statusModule"]["overallStatus"] = "PAUSED"
    (tmp_path / "wrong.json").write_bytes(orjson.dumps(wrong))
    code, studies, said = run(half, tmp_path / "wrong.json")
    assert (code, studies) == (1, [])
    first, second = said.splitlines()
    assert first.startswith("half.json[1]: held: bytes that are not JSON, or only a part of it at byte 200")
    assert second == (
        "wrong.json[1]: held: a code that has no row in the code map ctgov-status"
        " at protocolSection.statusModule.overallStatus: 'PAUSED'"
    )


def test_why_a_study_has_its_status(tmp_path: Path):
    (tmp_path / "dispo.json").write_bytes(orjson.dumps(dispo()))
    result = CliRunner().invoke(explain_, [str(tmp_path / "dispo.json"), "--path", "ResearchStudy.status"])
    assert result.exit_code == 0, result.output
    assert "completed" in result.output
    assert "protocolSection.statusModule.overallStatus" in result.output
    assert "ctgov-status.toml" in result.output


def test_why_a_date_is_what_it_is(tmp_path: Path):
    (tmp_path / "dispo.json").write_bytes(orjson.dumps(dispo()))
    result = CliRunner().invoke(explain_, [str(tmp_path / "dispo.json"), "--path", "start", "--json"])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.output)
    assert "2011-09" in json.dumps(found)
    assert "protocolSection.statusModule.startDateStruct.date" in json.dumps(found)
