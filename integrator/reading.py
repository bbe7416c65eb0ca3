"""Reading one message: parse it, apply the face, name the record's key; looks at the message and the settings only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from integrator import identity_reading, registry_reading
from integrator.config import Source
from integrator.documents import read_entry, read_rows
from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import Delimiters, charset_codec, glimpse, parse
from integrator.mapping import Context, Face, Faces
from integrator.mapping.face import Reading
from integrator.records import Said
from integrator.records.values import Identifier
from integrator.spoken import OF_NOBODY, Read, Spoken
from integrator.triggers import PARTIAL, unsaid, without_record

__all__ = [
    "OF_NOBODY",
    "READERS",
    "Read",
    "Spoken",
    "context_of",
    "hospital_number",
    "key_of",
    "numbers_as_sent",
    "read",
]

VERSIONS = re.compile(r"2\.[1-8](\.\d)?")


def read(data: bytes, source: Source, faces: Faces, form: str = "hl7v2") -> Read:
    """What a message of a form says. Held, with place and text, when it cannot be understood: no half record."""
    return READERS[form](data, source, faces)


def read_hl7v2(data: bytes, source: Source, faces: Faces) -> Read:
    """What an HL7 v2 message says."""
    try:
        message = parse(data, charset_codec(source.charset))
    except Rejected as wrong:
        raise Held(wrong.text, wrong.place) from wrong
    version = message.get("MSH-12") or ""
    if not VERSIONS.fullmatch(version):
        raise Held("an HL7 version that we do not know", "MSH-12", version)
    trigger = message.get("MSH-9.2")
    if trigger in identity_reading.TRIGGERS and message.get("MSH-9.1") == "ADT":
        return identity_reading.read_changes(message)
    if beside := without_record(message):
        return Read((), trigger, beside=beside)
    found = faces.reading("hl7v2", message, source.site or None)
    readings = ((face, one) for face in found for one in face.read_each(message, context_of(source)))
    records = (_spoken(face, reading, source) for face, reading in readings)
    if left_out := unsaid(message):
        records = (_without(one, left_out) for one in records)
    return Read(tuple(records), trigger)


def _without(spoken: Spoken, fields: tuple[str, ...]) -> Spoken:
    """An appointment without what the message does not say whole."""
    if spoken.kind != "Appointment":
        return spoken
    said = {name: value for name, value in spoken.said.items() if name not in fields}
    return replace(spoken, said=said, notes=(*spoken.notes, PARTIAL), open_codes=())


def context_of(source: Source) -> Context:
    """What a source's settings add to the words of its messages."""
    return Context(
        zone=source.zone or None,
        default_minutes=source.default_minutes or None,
        default_unit=source.default_unit or None,
        namespace=source.namespace or None,
    )


def _spoken(face: Face, reading: Reading, source: Source) -> Spoken:
    said = reading.said
    key = patient = None
    if face.record == "Appointment":
        number = said.get(source.key)
        if not number:
            raise Held(f"no {source.key} appointment id", "SCH-2" if source.key == "filler" else "SCH-1")
        key, patient = key_of(source.system, number), said.get("patient")
    elif face.record == "Treatment":
        key, patient = _report(said, source), said.get("patient")
    elif face.record == "Patient":
        patient = hospital_number(said.get("identifiers") or ())
        key = key_of(source.system, patient) if patient else None
    if patient is None or key is None:
        raise Held("no patient number", "PID-3")
    return Spoken(
        face.record,
        key,
        said,
        patient,
        face,
        reading.why,
        tuple(reading.notes),
        reading,
        tuple(reading.open_codes),
    )


def _report(said: Said, source: Source) -> str:
    """The key of a report of a given fraction. Held: without a number it could not be taken back, without a day it
    could be any fraction."""
    number = said.get("treatment")
    if not number:
        raise Held("no number of the charge or report")
    if not said.get("time"):
        raise Held("a report without the day on which it was given")
    said["evidence"] = "evidenced"
    return key_of(source.system, number)


def key_of(system: str, number: Identifier) -> str:
    """The key of a record: the system, the namespace of the id where it has one, the id."""
    return "|".join((system, number.system or number.namespace or "", number.value))


def hospital_number(identifiers: Sequence[Identifier]) -> Identifier | None:
    """The hospital's number among a person's identifiers: the one of type MR, else the first."""
    return next((i for i in identifiers if i.type == "MR"), identifiers[0] if identifiers else None)


def numbers_as_sent(data: bytes) -> list[str]:
    """The patient numbers of a message that could not be read, the first one first: PID-3 of type MR, else the first,
    and what a merge says of others (MRG-1, a second PID); no face is asked."""
    header = glimpse(data)
    delims = header.delimiters
    found = [_number_in(header.patient, delims)]
    for line in re.split(r"[\r\n]+", data.decode("iso8859-1")):
        name, *fields = line.split(delims.field)
        place = {"PID": 3, "MRG": 1}.get(name.strip(), 0)
        if place and len(fields) >= place:
            found.append(_number_in(fields[place - 1], delims))
    return [number for number in dict.fromkeys(found) if number]


def _number_in(field: str, delims: Delimiters) -> str:
    repetitions = field.split(delims.repetition) if delims.repetition else [field]
    split = [repetition.split(delims.component) for repetition in repetitions]
    named = [parts for parts in split if parts[0].strip()] or split
    chosen = next((parts for parts in named if len(parts) > 4 and parts[4] == "MR"), named[0])
    return chosen[0].strip()


READERS: dict[str, Callable[[bytes, Source, Faces], Read]] = {
    "hl7v2": read_hl7v2,
    "csv": read_rows,
    "record": read_entry,
    registry_reading.FORMAT: registry_reading.read_registry,
    identity_reading.FORMAT: identity_reading.read_undo,
}
