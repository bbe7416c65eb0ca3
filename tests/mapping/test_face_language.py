"""Words of the language that the common faces do not need: each, [key], [child=text*], packs; on faces made here."""

from __future__ import annotations

import shutil

import pytest

from integrator.errors import CannotWrite, ConfigError
from integrator.mapping import Context, load_faces
from integrator.mapping.load import mappings_folder
from integrator.records.values import Concept, Period, Place
from tests.mapping.face_documents import siu

BERLIN = Context(zone="Europe/Berlin")
KIND = {"coding": [{"system": "urn:types", "code": "SER"}]}
LOSS = '[omit.ours]\n"series.type" = "the selector says it"\n'
HEAD = 'extends = "../fhir-r4/appointment.toml"\nabout = "a test"\n'


@pytest.fixture
def made(tmp_path):
    """Makes a pack of one face: its text, to the face."""

    def make(text: str, folder: str = "pack", name: str = "appointment"):
        root = tmp_path / "mappings"
        if not root.exists():
            shutil.copytree(mappings_folder(), root)
        (root / folder).mkdir(exist_ok=True)
        (root / folder / f"{name}.toml").write_text(text)
        return load_faces(root).get(f"{folder}/{name}")

    return make


def test_one_record_for_each(made):
    face = made(
        'extends = "../hl7v2/siu-appointment.toml"\nabout = "a test"\neach = "AIS"\ndirection = "read"\n', "each", "siu"
    )
    message = siu("AIS|1||A|20260325140000|||30|min", "AIS|2||B|20260325150000|||15|min")
    first, second = face.read_each(message, BERLIN)
    assert [len(one.said["services"]) for one in (first, second)] == [1, 1]
    assert isinstance(second.said["time"], Period)
    assert second.said["time"].start.hour == 15
    assert first.said["filler"] == second.said["filler"]


def test_each_of_what_does_not_repeat_is_refused(made):
    with pytest.raises(ConfigError, match="does not repeat"):
        made('extends = "../hl7v2/siu-appointment.toml"\nabout = "a test"\neach = "SCH"\n', "each", "siu")


def test_a_prefix_chooses_and_is_never_written(made):
    face = made(HEAD + '[field]\nreason = ["reasonCode[text=MD:*]", "cancelationReason"]\n')
    theirs = {"resourceType": "Appointment", "reasonCode": [{"text": "other"}, {"text": "MD: machine down"}]}
    assert face.read(theirs).said["reason"] == Concept((), "MD: machine down")
    assert "reasonCode" not in face.write({"reason": Concept((), "x")})
    changed = face.write({"reason": Concept((), "MD: later")}, onto=theirs)
    assert changed["reasonCode"] == [{"text": "other"}, {"text": "MD: later"}]


def test_a_selector_of_several_conditions(made):
    face = made(HEAD + '[field]\nseries = "identifier[type=urn:types|SER, use=secondary]"\n' + LOSS)
    document = {
        "resourceType": "Appointment",
        "identifier": [{"use": "secondary", "value": "1"}, {"type": KIND, "use": "secondary", "value": "2"}],
    }
    assert face.read(document).said["series"].value == "2"
    fresh = face.write({"series": face.read(document).said["series"]})
    assert fresh["identifier"] == [{"type": KIND, "use": "secondary", "value": "2"}]


def test_a_value_that_contradicts_its_selector_goes_to_the_next_choice(faces):
    from integrator.records.values import Identifier

    face = faces.get("hl7v2/siu-appointment")
    assert face.write({"patient": Identifier("1", type="MR")}).raw("PID-3") == "1^^^^MR"
    assert face.write({"patient": Identifier("1", type="PI")}).raw("PID-3") == "1^^^^PI"
    theirs = siu("PID|1||9^^^X^SS~4711^^^KIS^MR")
    changed = face.write({"patient": Identifier("5", type="PI")}, onto=theirs)
    assert face.read(changed, BERLIN).said["patient"] == Identifier("5", type="PI")


def test_elements_are_paired_by_their_key(faces):
    face = faces.get("fhir-r4/research-study")
    theirs = {
        "resourceType": "ResearchStudy",
        "arm": [{"name": "A", "id": "a", "description": "old"}, {"zz": 1}, {"name": "B", "id": "b"}],
    }
    arms = face.read(theirs).said["arms"]
    changed = face.write({"arms": (arms[1], arms[0])}, onto=theirs)["arm"]
    assert [one.get("id") for one in changed] == ["b", None, "a"]
    assert changed[2]["description"] == "old"
    shorter = face.write({"arms": (arms[1],)}, onto=theirs)["arm"]
    assert [one.get("id") for one in shorter] == ["b", None]


def test_a_face_of_one_direction(made):
    face = made(HEAD + 'direction = "write"\n[field]\nevidence = "extension[url=$int/evidence].valueCode"\n')
    assert face.read({"resourceType": "Appointment", "status": "booked"}).said == {}
    assert face.write({"place": Place("L3")})["participant"]
    with pytest.raises(ConfigError, match="only goes one way"):
        made(HEAD + 'direction = "read"\n')


def test_a_record_that_no_choice_can_hold(made):
    face = made(HEAD + '[field]\nfraction = "priority"\n')
    assert face.write({"fraction": 4})["priority"] == 4
    face = made(HEAD + '[field]\nfraction = "extension[url=$int/fraction].valuePositiveInt"\n', "b")
    with pytest.raises(CannotWrite, match="fraction cannot be written as fhir-r4 Appointment"):
        face.write({"fraction": -1})
