"""Written-out readers and writers against the closures: samples, test cases, what is drawn at random, and bent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import orjson
import pytest

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2 import Message, build, parse
from integrator.mapping import Context, Faces, load_faces
from integrator.mapping.casts import CannotHold
from integrator.mapping.laws_documents import Documents
from integrator.mapping.laws_values import Draw
from integrator.mapping.load import mappings_folder
from integrator.mapping.state import State
from integrator.records.values import Period, Ref
from tests.mapping.face_documents import sch, siu

FACES = load_faces()
HL7 = [face for face in FACES if face.declared.form.hl7 and face.declared.reads]
OF_SITES = [pytest.param(face, id=f"{face.name} {number}") for number, face in enumerate(HL7)]
START = datetime(2026, 3, 25, 14, 0, tzinfo=UTC)
CONTEXTS = [
    Context(zone="Europe/Berlin", default_minutes=30),
    Context(zone="Europe/Berlin", default_unit="min", namespace="https://htest.example/aria"),
    Context(),
]
CASES = sorted((Path(__file__).parents[1] / "cases").rglob("*.hl7"))
# What senders put where something else is expected.
BENT = [
    "",
    '""',
    " ",
    "^",
    "~",
    "&",
    "|",
    "^^^",
    "~^",
    r"\S\ ",
    r"\.br\ ",
    r"\X2222\ ",
    "1^2^3",
    "ä&b^c&&d",
    '""^""',
    "x",
]
BENT += ["20260230", "20260329023000", "20260320100000", "20261025023000", "M30", "99", "Booked", "MR", "A~B", "S15"]


def outcome(read, data: bytes, context: Context):
    """All that a reading says, or all that its error says; each way reads a message of its own."""
    message = parse(data, "utf-8")
    try:
        found = read(message, context)
    except Held as held:
        return held.reason, held.place, held.text, held.unknown
    said = list(found.said.items())  # in their order
    offsets = repr(said)  # equal instants may carry other offsets
    unmapped = found.unmapped if context is CONTEXTS[0] else []
    return said, offsets, found.why, found.notes, found.open_codes, found.missed, found.unknown, unmapped


def assert_the_same(face, data: bytes) -> None:
    for context in CONTEXTS:
        assert outcome(face.read, data, context) == outcome(face.read_by_closures, data, context), (face.name, data)


def bent(data: bytes, random: Random) -> bytes | None:
    """The message with one or two fields or components changed; None where that is no message any more."""
    lines = data.decode().rstrip("\r").split("\r")
    for _ in range(random.randint(1, 2)):
        number = random.randrange(len(lines))
        fields = lines[number].split("|")
        at = random.randrange(1, len(fields) + 1)
        if number == 0 and at < 6:
            continue
        fields += [""] * (at + 1 - len(fields))
        parts = fields[at].split("^")
        if random.random() < 0.5:
            parts[random.randrange(len(parts))] = random.choice(BENT)
            fields[at] = "^".join(parts)
        else:
            fields[at] = random.choice(BENT) + random.choice(("", fields[at]))
        lines[number] = "|".join(fields)
    fresh = ("\r".join(lines) + "\r").encode()
    try:
        parse(fresh, "utf-8")
    except (Held, Rejected):
        return None
    return fresh


@pytest.mark.parametrize("face", OF_SITES)
def test_drawn_messages_read_the_same(face):
    documents, random = Documents(face), Random(face.hash)
    for _ in range(60):
        data = build(documents.draw(random, []))
        assert_the_same(face, data)
        for _ in range(5):
            if fresh := bent(data, random):
                assert_the_same(face, fresh)


@pytest.mark.parametrize("face", OF_SITES)
def test_test_cases_read_the_same(face):
    assert CASES
    for file in CASES:
        assert_the_same(face, file.read_bytes())


def test_samples_read_the_same(shared_data):
    files = sorted(shared_data.joinpath("hl7v2").rglob("*.hl7"))
    assert len(files) > 20
    for file in files:
        try:
            parse(file.read_bytes(), "utf-8")
        except (Held, Rejected):
            continue
        for face in HL7:
            assert_the_same(face, file.read_bytes())


def test_bent_samples_read_the_same(shared_data):
    random = Random(9)
    face = FACES.get("hl7v2/siu-appointment", "heidelberg")
    for file in sorted(shared_data.joinpath("hl7v2").rglob("*[sS][iI][uU]-*.hl7")):
        data = build(parse(file.read_bytes(), "utf-8"), "utf-8").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        for _ in range(100):
            if fresh := bent(data, random):
                assert_the_same(face, fresh)


@pytest.mark.parametrize("site", [None, "sandbox", "heidelberg"])
def test_the_common_message_needs_no_closure(site):
    face = FACES.get("hl7v2/siu-appointment", site)
    message = siu(sch(f25="Booked"), "TQ1|1||||||20260320100000|20260320103000", "AIS|1||1297069006^x^L", "AIL|1||L3")
    assert face.written is not None
    assert "top" not in face.written.source
    said, _ = quickly(face, message)
    assert list(said) == ["placer", "filler", "status", "patient", "time", "kind", "activity", "services", "place"]


def quickly(face, message: Message):
    found = face._read_new(face.written, message, CONTEXTS[0])
    return (found.said, found.why) if found else pytest.fail("it was left to the closures")


def test_what_is_unusual_is_left_to_the_closures():
    face = FACES.get("hl7v2/siu-appointment")
    for field in ("20260230", "~20260320100000", r"\X20\ "):
        message = siu(f"TQ1|1||||||{field}|20260320103000")
        assert face._read_new(face.written, message, CONTEXTS[0]) is None


def test_the_face_is_chosen_as_the_conditions_say():
    faces = Faces(mappings_folder())
    for site in (None, *faces.sites):
        for nine in ("SIU^S12", "SIU^S12", "SIU^S99", "ADT^A08~SIU^S12", "", "ORU^R01", r"SIU^S\X31\2", "SIU&x^S12"):
            for obr in ("OBR|1|||1297069006", "OBR|1|||other"):
                head = siu(obr).text().replace("SIU^S12^SIU_S12", nine).encode()
                closures = [one for one in faces._readers("hl7v2", site) if one.applies(parse(head, "utf-8"))]
                assert faces.reading("hl7v2", parse(head, "utf-8"), site) == closures


# writing onto nothing


ONTO_NOTHING = [face for face in FACES if face._writing is not None and face._writing.fresh is not None]


@pytest.mark.parametrize("face", [pytest.param(face, id=f"{face.name} {n}") for n, face in enumerate(ONTO_NOTHING)])
def test_drawn_records_are_written_the_same(face):
    random = Random(face.hash)
    assert face._writing.written is not None
    by_hand = 0
    for number in range(300):
        said = Draw(face.declared, random, whole=number % 3 == 0).said()
        if number % 5 == 0 and "status" in said:
            said["status"] = "cancelled"  # a reason counts only here
        written = as_text(face._writing.written.write, said)
        by_hand += written is not None
        closures = as_text(face._writing.fresh.write, said)
        assert written in (None, closures)
        assert as_text(lambda said, _, face=face: face.write(said), said) == closures
    assert by_hand > 200


def as_text(write, said):
    """The resource as its bytes, in their order; what cannot be written; None where closures have to say it."""
    try:
        return orjson.dumps(write(said, State({}, Context())))
    except CannotWrite as error:
        return error.what
    except CannotHold:
        return None


@pytest.mark.parametrize(
    "said", [{"fraction": 0}, {"notes": ("\x00",)}, {"study": Ref("Machine", "x")}, {"time": Period(START)}]
)
def test_what_cannot_be_written_is_said_by_the_closures(said):
    face = FACES.get("fhir-r4/appointment")
    assert as_text(face._writing.written.write, said) is None
    with pytest.raises(CannotWrite, match="cannot be written as fhir-r4 Appointment"):
        face.write(said)
