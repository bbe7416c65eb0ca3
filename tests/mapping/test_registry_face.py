"""ctgov/study.toml: every field of the registry's protocol section is carried or omitted with a reason."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrator.errors import Held
from integrator.formats.study_record import parse_page, parse_study, study_model
from integrator.mapping import Face, load_faces
from integrator.records import CODES
from integrator.records.values import PartialDate
from tests.mapping.registry_documents import small, whole


@cache
def face() -> Face:
    return load_faces().get("ctgov/study")


def said(document: dict[str, Any]) -> dict[str, Any]:
    return face().read(document).said


# every field


def openapi_leaves(schemas: dict[str, Any], name: str, below: str = "") -> list[str]:
    """Every leaf of a schema of the OpenAPI description."""
    found: list[str] = []
    for field, schema in schemas[name].get("properties", {}).items():
        path = f"{below}.{field}" if below else field
        inner = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
        deeper = bool(inner) and "properties" in schemas[inner]
        found += openapi_leaves(schemas, inner, path) if deeper else [path]
    return found


def spoken_of(path: str, one: Face) -> str | None:
    """ "carried" or the reason of the omission; None: nobody speaks of it."""
    steps = path.split(".")
    for field in one.declared.fields:
        for choice in field.choices:
            for number, at in enumerate(choice.at):
                names = [step.name for step in at.steps]
                parts = choice.cast.parts_of(number) if choice.cast else ()
                if names == steps or (names == steps[:-1] and steps[-1] in parts):
                    return "carried"
        if any([step.name for step in condition.at.steps] == steps for condition in field.when):
            return "carried"
    for omission in one.declared.omit_theirs:
        assert omission.at is not None
        names = [step.name for step in omission.at.steps]
        if names == steps[: len(names)]:
            return omission.reason
    return None


def test_every_field_of_the_openapi_description_is_carried_or_omitted_with_a_reason(shared_data: Path):
    file = shared_data / "registry" / "schema" / "ctgov-api-v2.0.3-openapi.yaml"
    schemas = yaml.safe_load(file.read_text())["components"]["schemas"]
    leaves = openapi_leaves(schemas, "Study")
    assert len([leaf for leaf in leaves if leaf.startswith("protocolSection.")]) == 153
    assert [leaf for leaf in leaves if not spoken_of(leaf, face())] == []
    assert spoken_of("protocolSection.statusModule.newThing", face()) is None


def test_every_field_of_the_shipped_model_is_carried_or_omitted_with_a_reason():
    leaves = [leaf.replace("[]", "") for leaf in study_model().leaves("Study")]
    assert [leaf for leaf in leaves if not spoken_of(leaf, face())] == []


def test_a_record_with_every_field_leaves_nothing_unmapped():
    reading = face().read(whole())
    assert reading.unmapped == []
    assert reading.missed is False


def test_each_field_that_is_carried_changes_what_is_said():
    document = whole()
    before = said(document)
    still = []
    for path in leaves_in(document["protocolSection"], ("protocolSection",)):
        text = ".".join(step for step in path if isinstance(step, str))
        if spoken_of(text, face()) == "carried" and said(without(document, path)) == before:
            still.append(text)
    assert still == []


def leaves_in(node: Any, path: tuple[str | int, ...]):
    if isinstance(node, dict):
        for name, child in node.items():
            yield from leaves_in(child, (*path, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from leaves_in(child, (*path, index))
    else:
        yield path


def without(node: Any, path: tuple[str | int, ...]) -> Any:
    """The document without one leaf."""
    first, rest = path[0], path[1:]
    if isinstance(node, list):
        assert isinstance(first, int)
        return [*node[:first], *([without(node[first], rest)] if rest else []), *node[first + 1 :]]
    fresh = dict(node)
    if rest:
        fresh[first] = without(node[first], rest)
    else:
        del fresh[first]
    return fresh


def test_a_field_that_the_description_does_not_have_is_shown_as_unmapped():
    document = small()
    document["protocolSection"]["statusModule"]["newThing"] = "of next year"
    assert [(one.place, one.text) for one in face().read(document).unmapped] == [
        ("protocolSection.statusModule.newThing", "of next year")
    ]


def test_every_record_and_search_page_of_the_shared_data_is_read_whole(shared_data: Path):
    folder = shared_data / "registry" / "api-v2"
    documents = [parse_study(file.read_bytes()) for file in sorted(folder.glob("NCT*.json"))]
    for file in sorted(folder.glob("search*.json")):
        documents += parse_page(file.read_bytes())[0]
    assert len(documents) == 12
    for document in documents:
        reading = face().read(document)
        assert reading.unmapped == []
        assert reading.said["nct"] == document["protocolSection"]["identificationModule"]["nctId"]
        assert reading.said["registry_status"] == document["protocolSection"]["statusModule"]["overallStatus"]


# status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NOT_YET_RECRUITING", "in-review"),
        ("RECRUITING", "active"),
        ("ENROLLING_BY_INVITATION", "active"),
        ("ACTIVE_NOT_RECRUITING", "closed-to-accrual"),
        ("SUSPENDED", "temporarily-closed-to-accrual"),
        ("TERMINATED", "administratively-completed"),
        ("COMPLETED", "completed"),
        ("WITHDRAWN", "withdrawn"),
        ("AVAILABLE", "active"),
        ("NO_LONGER_AVAILABLE", "closed-to-accrual"),
        ("TEMPORARILY_NOT_AVAILABLE", "temporarily-closed-to-accrual"),
        ("APPROVED_FOR_MARKETING", "completed"),
    ],
)
def test_a_status_is_normalised_and_kept_as_it_was(word: str, status: str):
    found = said(small(overallStatus=word))
    assert (found["status"], found["registry_status"]) == (status, word)


def test_overall_status_counts_and_not_the_last_known_one():
    assert said(small(overallStatus="COMPLETED", lastKnownStatus="RECRUITING"))["status"] == "completed"


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("RECRUITING", "active"),
        ("ACTIVE_NOT_RECRUITING", "closed-to-accrual"),
        ("SUSPENDED", "temporarily-closed-to-accrual"),
    ],
)
def test_of_an_unknown_status_the_last_known_one_counts(last: str, status: str):
    found = said(small(overallStatus="UNKNOWN", lastKnownStatus=last))
    assert (found["status"], found["registry_status"], found["last_known_status"]) == (status, "UNKNOWN", last)


@pytest.mark.parametrize(
    ("word", "last"),
    [("WITHHELD", None), ("UNKNOWN", None), ("UNKNOWN", "NOT_YET_RECRUITING"), ("WITHHELD", "RECRUITING")],
)
def test_a_word_without_a_safe_meaning_says_nothing_of_the_status(word: str, last: str | None):
    found = said(small(overallStatus=word, lastKnownStatus=last))
    assert "status" not in found
    assert found["registry_status"] == word


def test_closed_to_intervention_only_when_the_primary_completion_is_past():
    actual = {"date": "2013-09", "type": "ACTUAL"}
    found = said(small(overallStatus="ACTIVE_NOT_RECRUITING", primaryCompletionDateStruct=actual))
    assert found["status"] == "closed-to-accrual-and-intervention"
    estimated = {"date": "2013-09", "type": "ESTIMATED"}
    found = said(small(overallStatus="ACTIVE_NOT_RECRUITING", primaryCompletionDateStruct=estimated))
    assert found["status"] == "closed-to-accrual"


def test_the_code_maps_are_total_over_the_words_of_the_model():
    model = study_model()
    for path, kind, name in (
        ("registry_status", "StatusModule", "overallStatus"),
        ("sites.registry_status", "Location", "status"),
        ("study_type", "DesignModule", "studyType"),
        ("purpose", "DesignInfo", "primaryPurpose"),
    ):
        field = model.child(kind, name)
        assert field is not None
        assert set(field.codes) == set(CODES["Study"][path])
    for word in CODES["Study"]["sites.registry_status"]:
        document = small()
        document["protocolSection"]["contactsLocationsModule"] = {"locations": [{"status": word}]}
        assert said(document)["sites"][0].status in CODES["Study"]["status"]


@pytest.mark.parametrize("word", ["CLOSED", "completed", "Recruiting", ""])
def test_an_unknown_status_holds_the_record(word: str):
    with pytest.raises(Held) as held:
        said(small(overallStatus=word))
    assert held.value.place == "protocolSection.statusModule.overallStatus"


# dates, phases, numbers


@pytest.mark.parametrize("text", ["2011", "2011-09", "2011-09-30"])
def test_a_date_is_as_precise_as_it_was_written(text: str):
    found = said(small(startDateStruct={"date": text, "type": "ESTIMATED"}))
    assert found["start"] == PartialDate(text, "ESTIMATED")


@pytest.mark.parametrize("text", ["03/04/2026", "2011-13", "2011-02-30", "2011-9", "September 2011", "20110930"])
def test_a_date_that_does_not_exist_or_is_written_otherwise_holds_the_record(text: str):
    with pytest.raises(Held) as held:
        said(small(startDateStruct={"date": text}))
    assert (held.value.place, held.value.text) == ("protocolSection.statusModule.startDateStruct.date", text)


def test_a_date_that_is_neither_actual_nor_estimated_holds_the_record():
    with pytest.raises(Held) as held:
        said(small(startDateStruct={"date": "2011-09", "type": "ANTICIPATED"}))
    assert held.value.place == "protocolSection.statusModule.startDateStruct.type"


def designed(**design: Any) -> dict[str, Any]:
    document = small()
    document["protocolSection"]["designModule"] = design
    return document


@pytest.mark.parametrize(
    ("phases", "phase"),
    [
        (["NA"], "n-a"),
        (["EARLY_PHASE1"], "early-phase-1"),
        (["PHASE1", "PHASE2"], "phase-1-phase-2"),
        (["PHASE2"], "phase-2"),
        (["PHASE2", "PHASE3"], "phase-2-phase-3"),
        (None, None),
    ],
)
def test_phases_are_joined_and_none_is_not_na(phases: list[str] | None, phase: str | None):
    design = {"phases": phases} if phases else {"studyType": "OBSERVATIONAL"}
    assert said(designed(**design))["phase"] == phase


@pytest.mark.parametrize("phases", [["PHASE5"], ["PHASE1", "PHASE4"], ["PHASE2", "PHASE2"]])
def test_an_unknown_phase_holds_the_record(phases: list[str]):
    with pytest.raises(Held, match="ctgov-phase"):
        said(designed(phases=phases))


def test_the_planned_number_stays_unsaid_when_the_registry_overwrites_it():
    planned = said(designed(enrollmentInfo={"count": 60, "type": "ESTIMATED"}))
    assert planned["planned"] == 60
    assert "enrolled" not in planned
    actual = said(designed(enrollmentInfo={"count": 58, "type": "ACTUAL"}))
    assert actual["enrolled"] == 58
    assert "planned" not in actual


def test_lists_within_a_list_are_read_whole():
    document = small()
    document["protocolSection"]["armsInterventionsModule"] = {
        "armGroups": [{"label": "A", "interventionNames": ["Other: x", "Radiation: y"]}, {"label": "B"}],
        "interventions": [{"name": "x", "armGroupLabels": ["A", "B"]}],
    }
    found = said(document)
    assert [arm.interventions for arm in found["arms"]] == [("Other: x", "Radiation: y"), ()]
    assert found["interventions"][0].arms == ("A", "B")
    assert found["interventions"][0].other_names == ()


def test_a_list_that_is_gone_is_said_to_be_none():
    assert said(small())["sites"] == ()
    assert said(small())["design"] is None
