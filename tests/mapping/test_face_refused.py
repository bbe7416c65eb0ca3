"""Refused at load: each fault with its file, its line, and what to write instead."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integrator.errors import ConfigError
from integrator.mapping import load_faces
from integrator.mapping.load import mappings_folder

SIU = "hl7v2/siu-appointment.toml"
R4 = "fhir-r4/appointment.toml"
STATUS = "codes/siu-status.toml"
KIND = "codes/siu-service-kind.toml"
HEIDELBERG = "sites/heidelberg/siu-appointment.toml"

EDITS = [
    # file, what stands there, what to put, line (text of it), what the error says
    (SIU, 'absent = "unchanged"', 'absent = "unchanged"\nowner = "x"', "owner", "the word 'owner' is not known"),
    (SIU, "[constant]", "[constants]", "[constants]", "the table [constants] is not known"),
    (SIU, "[omit.ours]", "[omit.us]", "[omit.us]", "[omit.us] is not known"),
    (SIU, 'absent = "unchanged"', 'absent = "nothing"', "absent", "write one of none, unchanged"),
    (SIU, 'record = "Appointment"', 'record = "Termin"', "record", "write one of"),
    (SIU, '"hl7v2 SIU_S12"', '"hl7v3 SIU_S12"', "form", "there is no form"),
    (SIU, 'placer   = "SCH-1"', 'placer   = { at = "SCH-1", to = "x" }', "placer", "the word 'to' is not known here"),
    (SIU, 'placer   = "SCH-1"', 'placer   = { as = "ei" }', "placer", "'at' is missing"),
    (SIU, 'placer   = "SCH-1"', 'placer   = { at = "SCH-1", only = "writing" }', "placer", 'write "read" or "write"'),
    (SIU, '{ at = "PID-2",       as = "cx" }', '{ at = "PID-2", only = "read" }', "PID-2", "belongs to the field"),
    (SIU, 'placer   = "SCH-1"', 'placer   = "SCH-101"', "placer", "there is no SCH-101"),
    (SIU, 'placer   = "SCH-1"', 'placers  = "SCH-1"', "placers", "Appointment has no 'placers'"),
    (SIU, '"place.room"     = "AIL-3.2"', '"place.bed"      = "AIL-3.2"', "place.bed", "it has name, room, facility"),
    (SIU, '"SCH-3"    =', '"SCH-103"  =', "SCH-103", "there is no SCH-103"),
    (SIU, '"MSH-12"   =', '"SCH[]-12" =', "SCH[]-12", "does not repeat"),
    (SIU, 'as = "span"', 'as = "spam"', "AIS[]-4", "there is no conversion 'spam'"),
    (SIU, 'codes = "siu-status"', 'codes = "siu-states"', "status ", "make codes/siu-states.toml"),
    (SIU, '["MSH-9.2", "SCH-25"]', '["MSH-9.2"]', "status ", "has 2 outside columns, and here are 1 places"),
    (SIU, 'series   = "SCH-4"', 'series   = "SCH-2"', "series", "SCH-2 is also written by filler"),
    (SIU, '"MSH-11"   = "P"', '"MSH-9.1"  = "SIU"\n"MSH-11"   = "P"', None, "MSH-9.1 is also written by MSH-9.1"),
    (
        SIU,
        '"services[].start"   = "AIS[]-4"\n',
        "",
        None,
        "services[].start of Appointment is neither carried nor omitted",
    ),
    (SIU, 'fractions = "as fraction"', "", None, "fractions of Appointment is neither carried nor omitted"),
    (SIU, 'fractions = "as fraction"', 'fractions = " "', "fractions", "an omission needs its reason"),
    (SIU, 'fractions = "as', 'series = "x"\nfractions = "as', "series", "series.value is carried by series"),
    (SIU, '"placer.type" =', '"series.namespace" = "x"\n"placer.type" =', "series.namespace", "is carried by series"),
    (
        SIU,
        '"placer.type" = "an EI has no type: the field says which number it is"',
        "",
        "placer ",
        "ei loses placer.type",
    ),
    (SIU, '"notes[]" = "NTE', '"notes" = "NTE', "notes", "notes is a list; write notes[]"),
    (SIU, '"NTE[after=SCH][]-3"', '"NTE[after=SCH]-3"', "notes[]", "write [] in NTE[after=SCH]-3 too"),
    (
        SIU,
        '"services[].start"   = "AIS[]-4"',
        '"services[].start" = "AIL[]-6"',
        "services[].start",
        "come from one list",
    ),
    (SIU, 'as = "minutes" }', 'as = "span" }', "services[].minutes", "has no writing half"),
    (
        R4,
        "$int/kind",
        "$ours/kind",
        "kind",
        "$ours is not declared; declare it under [names] (declared: $int, $v2-0203)",
    ),
    (R4, 'status   = "status"', 'status   = "state"', "status ", "Appointment has no 'state'"),
    (R4, 'kind     = "serviceCategory.', 'kind     = "serviceCategory[].', "kind", "has [] and kind has not"),
    (
        R4,
        '"services[].start"   = "R4',
        '"services[].code" = "x"\n"services[].start"   = "R4',
        "services[].code",
        "is carried by",
    ),
    (
        R4,
        'fraction  = "extension[url=$int/fraction].valuePositiveInt"',
        'fraction = "participant"',
        "fraction ",
        "no conversion between them",
    ),
    (R4, 'when = { status = "cancelled" }', 'when = "cancelled"', "reason", "when: write"),
    (
        R4,
        'valuePositiveInt"\n"notes',
        'valuePositiveInts"\n"notes',
        "fractions",
        "Extension has no 'valuePositiveInts'",
    ),
    (STATUS, 'values  = [["S12", ', 'values  = [["S11", "S12", ', None, "has no row for 'S11', ''"),
    (
        STATUS,
        '"booked"],\n  ["S14",         "Started"',
        '"bookt"],\n  ["S14",         "Started"',
        '"bookt"',
        "'bookt' is not a word",
    ),
    (STATUS, "arrived  =", "arriving =", None, "[lossy] arriving: not a word"),
    (
        STATUS,
        'arrived  = "reads back as checked-in: table 0278 has one word for both"',
        "",
        '"arrived"',
        "reads back as 'checked-in'",
    ),
    (
        STATUS,
        'proposed = "cannot be written: a proposal is not a booking"',
        "",
        None,
        "no row of siu-status writes 'proposed'",
    ),
    (
        STATUS,
        '["S17",         "Deleted",         "entered-in-error"]',
        '["S17", "Deleted"]',
        '"S17", "Deleted"]',
        "a row has 3 texts",
    ),
    (STATUS, "about   =", "aboot   =", "aboot", "the word 'aboot' is not known"),
    (KIND, '  ["*",          ""],\n', "", None, "has no row for any other code"),
    (KIND, '["*",          ""]', '["*",          "exercise"]', None, 'the last row of an open code map is "*" with ""'),
    (KIND, 'values  = "open"', 'values  = "any"', "values", 'values: "open", or a list'),
    (HEIDELBERG, "../../hl7v2/siu-appointment.toml", "../../hl7v2/siu.toml", "extends", "there is no such file"),
    (
        HEIDELBERG,
        "../../hl7v2/siu-appointment.toml",
        "../sandbox/siu-appointment.toml",
        "extends",
        "nothing extends a site",
    ),
    (HEIDELBERG, 'as = "digits" }', 'as = "digits" }\nstudy = "SCH-5"', "study", "no conversion between them"),
    (SIU, "[when]", "[when", "[when", "not TOML"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "says"), EDITS, ids=[edit[4][:40] for edit in EDITS])
def test_it_is_refused_with_file_line_and_what_to_write(tmp_path, file, old, new, line, says):
    root = copied(tmp_path)
    text = (root / file).read_text()
    assert old in text, "the mapping has changed: mend this test"
    (root / file).write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        load_faces(root)
    assert says in refused.value.text
    assert refused.value.file == f"mappings/{file}"
    if line is not None:
        assert line in (root / file).read_text().splitlines()[refused.value.line - 1]


def test_nothing_is_wrong_with_our_own(faces):
    ours = {"fhir-r4/appointment", "fhir-r4/patient", "hl7v2/adt-patient", "hl7v2/siu-appointment"}
    assert ours <= set(faces.names())


def test_a_pack_extends_a_face_and_nothing_deeper(tmp_path):
    root = copied(tmp_path)
    write(root / "isik/appointment.toml", 'extends = "../fhir-r4/appointment.toml"\nabout = "ISiK"\n')
    faces = load_faces(root)
    assert faces.writing("Appointment", "isik").record == "Appointment"
    write(root / "codex/appointment.toml", 'extends = "../isik/appointment.toml"\n')
    with pytest.raises(ConfigError) as refused:
        load_faces(root)
    assert "only a site extends a pack" in refused.value.text
    (root / "codex/appointment.toml").unlink()
    write(root / "sites/mine/appointment.toml", 'extends = "../../isik/appointment.toml"\n')
    assert load_faces(root).get("isik/appointment", "mine")


def test_two_files_of_a_site_for_one_face(tmp_path):
    root = copied(tmp_path)
    write(root / "sites/heidelberg/again.toml", 'extends = "../../hl7v2/siu-appointment.toml"\n')
    with pytest.raises(ConfigError, match="already extended"):
        load_faces(root)


def copied(folder: Path) -> Path:
    """The mappings of appointments and patients, for a test to spoil."""
    root = folder / "mappings"
    for name in ("hl7v2", "codes", "sites"):
        shutil.copytree(mappings_folder() / name, root / name)
    (root / "fhir-r4").mkdir()
    for name in ("appointment", "patient"):
        shutil.copy(mappings_folder() / f"fhir-r4/{name}.toml", root / "fhir-r4")
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
