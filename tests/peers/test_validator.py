"""What we emit, judged by a validator that we did not write."""

from __future__ import annotations

import json

from click.testing import CliRunner

from integrator.commands.faces import map_
from integrator.mapping import load_faces
from integrator.mapping.concept_maps import concept_maps
from integrator.sandbox import story
from tests.houses import siu


def mapped(*args) -> list[dict]:
    bundle = json.loads(CliRunner().invoke(map_, [str(arg) for arg in args]).stdout)
    return [entry["resource"] for entry in bundle.get("entry", [])]


def test_the_judge_can_find_fault(judge):
    assert judge({"resourceType": "Appointment", "status": "nonsense", "participant": [{"status": "accepted"}]})


def test_everything_that_map_makes_of_the_public_samples_is_clean(judge, shared_data):
    files = [f for folder in ("samples", "edge") for f in sorted((shared_data / "hl7v2" / folder).glob("*.hl7"))]
    resources = mapped(*files, "--zone", "Europe/Berlin")
    assert len([r for r in resources if r["resourceType"] == "Appointment"]) >= 8
    assert len([r for r in resources if r["resourceType"] == "Patient"]) >= 10
    for resource in resources:
        assert judge(resource) == [], json.dumps(resource)


def test_everything_that_the_story_says_is_clean(judge, tmp_path):
    files = []
    for act in story.tell().acts:
        for number, sent in enumerate(act.messages):
            if sent.source == "aria" and sent.answer == "AA":
                files.append(tmp_path / f"{act.name}-{number}.hl7")
                files[-1].write_bytes(sent.data)
    resources = mapped(*files, "--zone", "Europe/Berlin", "--site", "sandbox", "--charset", "8859/1")
    assert len(resources) >= 190
    for resource in resources:
        assert judge(resource) == [], json.dumps(resource)


def test_each_trigger_without_and_with_a_time_is_clean_where_it_is_valid_for_us(judge, tmp_path):
    file = tmp_path / "triggers.hl7"
    events = ("S12", "S13", "S14", "S15", "S16", "S17", "S26")
    file.write_bytes(b"".join(siu(event, event, filler=f"F-{event}", why="patient unwell") for event in events))
    resources = mapped(file, "--zone", "Europe/Berlin", "--site", "sandbox", "--charset", "8859/1")
    assert [judge(resource) for resource in resources] == [[]] * len(events)


def test_every_code_map_is_clean_as_a_concept_map(judge):
    for one in concept_maps(load_faces()):
        assert judge(one) == [], json.dumps(one)
