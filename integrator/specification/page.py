"""A face as one HTML page that needs nothing else: style sheet inside, a sample message, what it becomes in FHIR."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import jinja2
import orjson

from integrator import __version__
from integrator.errors import CannotWrite, Held
from integrator.formats.fhir.model import release_of
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import Message, build
from integrator.mapping import Context, Face, Faces
from integrator.mapping.overlap import overlap
from integrator.records import Said
from integrator.records.values import When
from integrator.specification.samples import ROWS, SAMPLES
from integrator.specification.told import tell

HEADER = {
    "MSH-3": "HTEST-SENDER",
    "MSH-4": "HTEST",
    "MSH-5": "INTEGRATOR",
    "MSH-6": "HTEST",
    "MSH-7": "20260312220000+0100",
    "MSH-10": "HTEST0001",
    "MSH-11": "T",
    "MSH-12": "2.5.1",
    "MSH-18": "UNICODE UTF-8",
}
LAST = ("ORC", "OBR", "OBX")  # in this order, behind all else
SAMPLE = Context(zone="Europe/Berlin", default_minutes=30)


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of the form, and what becomes of it."""

    raw: str
    becomes: str  # FHIR, as JSON
    name: str  # of the face that writes it


def page(face: Face, faces: Faces, site: str | None = None) -> str:
    """The page. A reader needs no other file and no network."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("integrator.specification"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    style = files("integrator.web").joinpath("static", "integrator.css").read_text(encoding="utf-8")
    return environment.get_template("specification.html").render(
        told=tell(face),
        sample=sample(face, faces, site),
        site=site,
        release=__version__,
        style=style,
        hl7=face.declared.form.hl7,
    )


def sample(face: Face, faces: Faces, site: str | None) -> Sample:
    """An invented message of the face's form, and the FHIR that it becomes; of a FHIR face the resource itself."""
    family = face.declared.form.family
    if family == "csv":
        header, row = ROWS[face.name]
        cells = dict(zip(header.split(";"), row.split(";"), strict=True))
        return Sample(f"{header}\n{row}\n", *_becomes(face.read(cells, SAMPLE).said, face, faces, site))
    document = _written(face)
    if isinstance(document, Message):
        _addressed(document)
        raw = build(document).decode().replace("\r", "\n")
        return Sample(raw, *_becomes(face.read(document, SAMPLE).said, face, faces, site))
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    if family == "ctgov":
        return Sample(text, *_becomes(face.read(document, SAMPLE).said, face, faces, site))
    wrong = problems(document, release_of(family))
    if wrong:
        raise CannotWrite(f"the sample of {face.name} is not valid: {wrong[0].path}: {wrong[0].text}")
    return Sample("", text, face.name)


def _addressed(message: Message) -> None:
    """What a sender puts into every message, where the face left it open; results stand under their order."""
    for place, text in HEADER.items():
        if not message.get(place):
            message.set(place, text)
    message.segments.sort(key=lambda segment: LAST.index(segment.name) if segment.name in LAST else -1)


def _written(face: Face) -> Any:
    """The sample in the face's form. Fields that a form cannot hold are left out, as the face says that they are."""
    writer = face if face.declared.writes else type(face)(replace(face.declared, direction=None))
    events = [one.values for one in face.declared.when if not one.written]
    context = replace(SAMPLE, event=events[0][0] if events else None)
    said = {name: value for name, value in SAMPLES[face.record].items() if name in _told(face)}
    while True:
        try:
            return writer.write(said, context)
        except CannotWrite as cannot:
            name = re.match(r"\w+", cannot.what)
            if name is None or name[0] not in said:
                raise
            value = said.pop(name[0])
            if isinstance(value, When) and value.start:
                said[name[0]] = When(day=value.start.date().isoformat())  # billing knows only the day


def _told(face: Face) -> set[str]:
    """The fields that a sample says: those that the face carries, but for what its [when] fixes."""
    fixed = [one.at for one in face.declared.when if one.written]
    return {
        one.place.field
        for one in face.declared.fields
        if not any(overlap(at, other) for choice in one.choices if choice.cast for at in choice.at for other in fixed)
    }


def _becomes(said: Said, face: Face, faces: Faces, site: str | None) -> Iterator[str]:
    writer = faces.writing(face.record, "fhir-r4", site)
    if "patient" in SAMPLES[face.record]:
        said = {"patient": SAMPLES[face.record]["patient"]} | said  # of what the trial says, put in on writing
    try:
        resource = writer.write(said, Context())
    except Held as held:
        yield f"held: {held}"
    else:
        yield orjson.dumps(resource, option=orjson.OPT_INDENT_2).decode()
    yield writer.name
