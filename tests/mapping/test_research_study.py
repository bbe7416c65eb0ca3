"""fhir-r4/research-study and fhir-r5/research-study: valid, read back exactly, statuses and dates as they were said."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrator.formats.fhir.model import release_of
from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems
from integrator.formats.study_record import parse_page, parse_study
from integrator.mapping import Face, load_faces
from integrator.records import CODES, Said
from integrator.records.study_parts import Arm, Site
from integrator.records.values import PartialDate
from tests.mapping.registry_documents import small, whole

FORMS = ("fhir-r4", "fhir-r5")
SYSTEM = "https://clinicaltrials.gov/nctid"


@cache
def face(folder: str) -> Face:
    return load_faces().get(f"{folder}/research-study")


@cache
def registry() -> Face:
    return load_faces().get("ctgov/study")


def written(folder: str, said: Said) -> dict[str, Any]:
    return orjson.loads(orjson.dumps(face(folder).write(said)))


def carried(folder: str, said: Said) -> dict[str, Any]:
    """What a face promises to carry of a record: all but the telephone numbers of sites."""
    found = {name: value for name, value in said.items() if name in face(folder).carries and value not in (None, ())}
    if "sites" in found:
        found["sites"] = tuple(Site(**{**fields(site), "contacts": ()}) for site in found["sites"])
    return found


def fields(site: Site) -> dict[str, Any]:
    return {name: getattr(site, name) for name in Site.__dataclass_fields__}


def documents(folder: Path) -> list[dict[str, Any]]:
    found = [parse_study(file.read_bytes()) for file in sorted(folder.glob("NCT*.json"))]
    for file in sorted(folder.glob("search*.json")):
        found += parse_page(file.read_bytes())[0]
    return found


def judge(folder: str, resource: dict[str, Any]) -> None:
    """Two judges: our own rules, and fhir.resources."""
    release = release_of(folder)
    assert problems(resource, release) == second_problems(resource, release) == []


@pytest.mark.parametrize("folder", FORMS)
def test_every_record_and_search_page_is_valid_and_reads_back_exactly(folder: str, shared_data: Path):
    for document in documents(shared_data / "registry" / "api-v2"):
        said = registry().read(document).said
        resource = written(folder, said)
        judge(folder, resource)
        back = face(folder).read(resource)
        assert carried(folder, back.said) == carried(folder, said)
        assert back.unmapped == []
        assert face(folder).write(said, onto=resource) == resource


@pytest.mark.parametrize("folder", FORMS)
def test_a_record_with_every_field_is_valid_and_reads_back_exactly(folder: str):
    said = registry().read(whole()).said
    resource = written(folder, said)
    judge(folder, resource)
    assert carried(folder, face(folder).read(resource).said) == carried(folder, said)


@pytest.mark.parametrize("folder", FORMS)
def test_every_field_of_the_record_is_carried(folder: str):
    assert face(folder).carries == set(registry().carries or registry().read(whole()).said) | {"planned", "enrolled"}


def test_the_number_has_the_system_that_terminology_hl7_org_says():
    resource = written("fhir-r4", registry().read(small()).said)
    assert resource["identifier"] == [{"system": SYSTEM, "use": "official", "value": "NCT01409720"}]


@pytest.mark.parametrize(
    "system",
    [
        SYSTEM,
        "http://clinicaltrials.gov",
        "http://clinicaltrials.gov/",
        "https://clinicaltrials.gov",
        "https://clinicaltrials.gov/",
    ],
)
@pytest.mark.parametrize("folder", FORMS)
def test_older_systems_of_the_number_are_read_and_left_as_they_are(folder: str, system: str):
    resource = {
        "resourceType": "ResearchStudy",
        "status": "active",
        "identifier": [{"system": system, "value": "NCT01409720"}],
    }
    assert face(folder).read(resource).said["nct"] == "NCT01409720"
    assert face(folder).write({"nct": "NCT01409720"}, onto=resource) == resource
    changed = face(folder).write({"nct": "NCT02847754"}, onto=resource)
    assert changed["identifier"][-1] == {"system": SYSTEM, "use": "official", "value": "NCT02847754"}
    assert face(folder).read(changed).said["nct"] == "NCT02847754"


def test_a_number_of_another_registry_is_not_taken_for_an_nct_number():
    resource = {
        "resourceType": "ResearchStudy",
        "status": "active",
        "identifier": [{"system": "http://clinicaltrials.gov", "value": "DRKS00031294"}],
    }
    reading = face("fhir-r4").read(resource)
    assert "nct" not in reading.said
    assert [one.text for one in reading.unmapped] == ["DRKS00031294"]


@pytest.mark.parametrize("text", ["2011", "2011-09", "2011-09-30"])
@pytest.mark.parametrize("kind", ["ACTUAL", "ESTIMATED", None])
@pytest.mark.parametrize("folder", FORMS)
def test_a_date_is_never_padded(folder: str, text: str, kind: str | None):
    said = {"start": PartialDate(text, kind), "completion": PartialDate("2013-09", "ESTIMATED")}
    resource = written(folder, said)
    assert (resource["period"]["start"], resource["period"]["end"]) == (text, "2013-09")
    assert ("_start" in resource["period"]) is (kind is not None)
    back = face(folder).read(resource).said
    assert {name: back[name] for name in said} == said


def test_a_date_with_a_time_of_day_is_left_and_shown():
    resource = {"resourceType": "ResearchStudy", "status": "active", "period": {"start": "2011-09-01T10:00:00+02:00"}}
    reading = face("fhir-r4").read(resource)
    assert "start" not in reading.said
    assert [one.place for one in reading.unmapped] == ["period.start"]


@pytest.mark.parametrize("word", CODES["Study"]["registry_status"])
@pytest.mark.parametrize("folder", FORMS)
def test_every_status_comes_back_with_its_own_word(folder: str, word: str):
    said = registry().read(small(overallStatus=word)).said
    resource = written(folder, said)
    judge(folder, resource)
    back = face(folder).read(resource).said
    assert back["registry_status"] == word
    if "status" in said:
        assert back["status"] == said["status"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NOT_YET_RECRUITING", "not-yet-recruiting"),
        ("RECRUITING", "recruiting"),
        ("ENROLLING_BY_INVITATION", "enrolling-by-invitation"),
        ("ACTIVE_NOT_RECRUITING", "active-but-not-recruiting"),
        ("SUSPENDED", "temporarily-closed-to-accrual"),
        ("TERMINATED", "terminated"),
        ("COMPLETED", "completed"),
        ("WITHDRAWN", "withdrawn"),
        ("WITHHELD", None),
    ],
)
def test_r5_says_the_status_of_the_study_as_its_progress(word: str, state: str | None):
    resource = written("fhir-r5", registry().read(small(overallStatus=word)).said)
    assert resource["status"] == "active"
    (progress,) = resource["progressStatus"]
    codes = {one["system"]: one["code"] for one in progress["state"]["coding"]}
    assert codes.get("http://hl7.org/fhir/research-study-status") == state
    assert codes["https://integrator.example/fhir/ctgov/overall-status"] == word


def test_r5_says_that_the_last_known_status_is_not_the_present_one():
    said = registry().read(small(overallStatus="UNKNOWN", lastKnownStatus="RECRUITING")).said
    now, last = written("fhir-r5", said)["progressStatus"]
    assert "actual" not in now
    assert last["actual"] is False
    assert {one["code"] for one in last["state"]["coding"]} == {"RECRUITING", "recruiting"}


def test_a_status_that_nobody_claimed_is_written_as_in_review():
    assert written("fhir-r4", {"title": "DISPO"})["status"] == "in-review"


def test_planned_and_actual_numbers_are_groups_of_their_own():
    resource = written("fhir-r4", {"planned": 60, "enrolled": 58})
    judge("fhir-r4", resource)
    groups = {one["id"]: (one["actual"], one["quantity"]) for one in resource["contained"]}
    assert groups == {"planned": (False, 60), "enrolled": (True, 58)}
    fewer = face("fhir-r4").write({"planned": None, "enrolled": 58}, onto=resource)
    assert [one["id"] for one in fewer["contained"]] == ["enrolled"]
    assert fewer["enrollment"] == [{"reference": "#enrolled"}]
    recruitment = written("fhir-r5", {"planned": 60, "enrolled": 58})["recruitment"]
    assert recruitment == {"targetNumber": 60, "actualNumber": 58}


def test_ages_are_quantities_where_they_can_be():
    document = small()
    document["protocolSection"]["eligibilityModule"] = {
        "minimumAge": "18 Years",
        "maximumAge": "80 Years",
        "sex": "ALL",
    }
    said = registry().read(document).said
    resource = written("fhir-r4", said)
    (group,) = resource["contained"]
    ranges = [one["valueRange"] for one in group["characteristic"] if "valueRange" in one]
    years = {"unit": "Years", "system": "http://unitsofmeasure.org", "code": "a"}
    assert ranges == [{"low": {"value": 18, **years}}, {"high": {"value": 80, **years}}]
    assert face("fhir-r4").read(resource).said["eligibility"] == said["eligibility"]


def test_purposes_without_a_code_are_text():
    assert (
        written("fhir-r4", {"purpose": "SUPPORTIVE_CARE"})["primaryPurposeType"]["coding"][0]["code"]
        == "supportive-care"
    )
    assert written("fhir-r4", {"purpose": "OTHER"})["primaryPurposeType"] == {"text": "OTHER"}
    for purpose in CODES["Study"]["purpose"]:
        for folder in FORMS:
            assert face(folder).read(written(folder, {"purpose": purpose})).said["purpose"] == purpose


def test_an_arm_that_the_target_knows_keeps_what_it_holds_beside():
    said = {"arms": (Arm("A: isometric training", "EXPERIMENTAL"), Arm("B: control", "ACTIVE_COMPARATOR"))}
    resource = written("fhir-r4", said)
    resource["arm"][1]["extension"] = [{"url": "https://ehr.example/colour", "valueString": "blue"}]
    swapped = face("fhir-r4").write({"arms": said["arms"][::-1]}, onto=resource)
    assert [arm["name"] for arm in swapped["arm"]] == ["B: control", "A: isometric training"]
    assert swapped["arm"][0]["extension"] == resource["arm"][1]["extension"]


def test_r5_subjects_can_name_an_arm_by_its_link():
    resource = written("fhir-r5", {"arms": (Arm("A: isometric training"), Arm("B: control"))})
    assert [group["linkId"] for group in resource["comparisonGroup"]] == ["a-isometric-training", "b-control"]


def test_the_official_example_is_read_and_written_onto_itself_unchanged(shared_data: Path):
    example = orjson.loads((shared_data / "fhir" / "r4-examples" / "ResearchStudy-example.json").read_bytes())
    reading = face("fhir-r4").read(example)
    assert reading.said["status"] == "completed"
    assert reading.unmapped == []
    assert face("fhir-r4").write(reading.said, onto=example) == example


def test_the_study_of_the_german_core_data_set_keeps_what_we_do_not_know(shared_data: Path):
    file = shared_data / "fhir" / "mii-studie" / "ResearchStudy-mii-exa-studie-studie.json"
    example = orjson.loads(file.read_bytes())
    reading = face("fhir-r4").read(example)
    assert reading.said["arms"][1].name == "frontale sham tDCS"
    assert face("fhir-r4").write(reading.said, onto=example) == example
    assert any(one.place.startswith("identifier[0]") for one in reading.unmapped)


def test_titles_by_the_extension_of_r5_are_read_and_left_as_they_are():
    label = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ResearchStudy.label"
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/title-type", "code": "acronym"}]}
    parts = [{"url": "value", "valueString": "tDCS"}, {"url": "type", "valueCodeableConcept": kind}]
    resource = {"resourceType": "ResearchStudy", "status": "active", "extension": [{"url": label, "extension": parts}]}
    assert face("fhir-r4").read(resource).said["acronym"] == "tDCS"
    assert face("fhir-r4").write({"acronym": "tDCS"}, onto=resource) == resource
    fresh = written("fhir-r4", {"acronym": "tDCS"})
    assert fresh["extension"] == [{"url": "https://integrator.example/fhir/acronym", "valueString": "tDCS"}]
