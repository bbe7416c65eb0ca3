"""The public ADT and ORU samples, which nobody on this project wrote: who the patient is, and what is not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hl7
import pytest
from click.testing import CliRunner

from integrator.commands.faces import map_
from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems

GENDERS = {"M": "male", "F": "female", "O": "other", "U": "unknown"}


def mapped(file: Path, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(map_, [str(file), "--zone", "Europe/Berlin", "--strict", *options])
    resources = [entry["resource"] for entry in json.loads(result.stdout).get("entry", [])]
    return result.exit_code, resources, result.stderr


@pytest.mark.parametrize("event", ["A01", "A04", "A08", "A31"])
def test_a_patient_is_who_the_sample_says(shared_data: Path, event: str):
    """Beside a parser that we did not write: numbers, birth date, gender and names of PID."""
    file = shared_data / "hl7v2" / "samples" / f"ADT-{event}-01.hl7"
    code, (patient,), _ = mapped(file)
    assert (code, patient["resourceType"]) == (0, "Patient")
    assert problems(patient) == second_problems(patient) == []
    pid = hl7.parse(file.read_text("utf-8").replace("\n", "\r")).segment("PID")
    numbers = [text.partition("^")[0] for text in str(pid[3]).split("~")]
    assert [one["value"] for one in patient["identifier"]] == [one for one in numbers if one]
    born = str(pid[7])[:8]
    assert patient["birthDate"] == f"{born[:4]}-{born[4:6]}-{born[6:]}"
    assert patient["gender"] == GENDERS[str(pid[8]).partition("^")[0]]
    families = [text.partition("^")[0].partition("&")[0] for text in str(pid[5]).split("~")]
    assert patient["name"][0]["family"] in families


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ADT-A40-01", "ADT^A40 changes hospital numbers"),
        ("ORU-R01-01", "no face takes ORU^R01"),
        ("MDM-T02-01", "MDM^T02 is a document: accepted, its text is not read"),
    ],
)
@pytest.mark.parametrize("site", ["", "sandbox", "heidelberg"])
def test_what_is_not_ours_is_made_into_nothing_and_said(shared_data: Path, name: str, why: str, site: str):
    """The ORU sample is a laboratory's: only reports of given fractions are read, here and at a site."""
    options = ("--site", site) if site else ()
    code, resources, said = mapped(shared_data / "hl7v2" / "samples" / f"{name}.hl7", *options)
    assert (code, resources) == (0, [])
    assert f"{name}.hl7[1]: {why}; nothing is made of it" in said
