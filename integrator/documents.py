"""Reading what the trial itself says: entries of forms, programs and people, and rows of its tables.

What is right is said by records/schemas, for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from integrator.config import Source
from integrator.errors import ConfigError, Held
from integrator.formats import rows as tables
from integrator.formats.entry import parse
from integrator.mapping import Context, Face, Faces
from integrator.mapping.face import Reading
from integrator.records import CODES, Said
from integrator.records.keys import observations_of, record_key
from integrator.records.schemas import SCHEMAS, About, Problem, check, rules
from integrator.records.schemas.fields import KEY
from integrator.records.texts import not_one_of
from integrator.records.values import Ref
from integrator.spoken import Read, Spoken


def read_entry(data: bytes, source: Source, faces: Faces) -> Read:
    """What an entry says. Held, with field and text, where it is not valid."""
    entry = parse(data)
    if entry.record not in SCHEMAS:
        raise Held(f"an entry is of {', '.join(SCHEMAS)}", "record", entry.record)
    about = About(zone=source.zone or None, now=entry.at, subject=entry.subject)
    said, problems = check(entry.record, entry.said, about)
    if problems:
        raise Held("an entry that is not valid", problems[0].field, problems[0].text)
    if entry.record == "Treatment":
        said |= {"activity": "fraction", "evidence": "attested"}  # a person's word
    spoken = spoken_of(entry.record, entry.subject, entry.key, entry.study, said, entry.why or None)
    return Read(tuple(replace(one, correction=entry.correction) for one in spoken), None)


def spoken_of(kind: str, subject: str, name: str, study: str, said: Said, why: str | None) -> tuple[Spoken, ...]:
    """The record that is spoken of, and for an exercise session the observations that its scores are."""
    key = record_key(kind, subject, name, said)
    if key is None:
        raise Held("an entry without a key, and nothing to make one of", "key")
    facts: Said = {"subject": subject} if kind == "Participant" else {"key": key}
    if study:
        facts["study"] = Ref("Study", study)
    records = [(kind, key, facts | said)]
    if kind == "ExerciseSession":
        beside = {name: value for name, value in facts.items() if name == "study"}
        records += [("Observation", its, one | beside) for its, one in observations_of(key, said)]
    return tuple(Spoken(of, its, one, None, None, why, subject=subject) for of, its, one in records)


# rows of tables


def read_rows(data: bytes, source: Source, faces: Faces) -> Read:
    """What the rows of one participant say. Held, with line and text, where one is not valid."""
    table = tables.parse(data)
    try:
        face = faces.get(table.face, table.site or None)
    except ConfigError as gone:
        raise Held("rows of a face that there is not", "face", table.face) from gone
    about = About(zone=source.zone or None, subject=table.subject, comma=table.comma)
    spoken: list[Spoken] = []
    for line, cells in table.rows:
        said, problems = row_said(face, cells, about, whole=False)
        if problems:
            raise Held("a row that is not valid", f"line {line}, {problems[0].field}", problems[0].text)
        if face.record == "Treatment":
            said = said | {"activity": "fraction", "evidence": "evidenced"}
        records = spoken_of(face.record, table.subject, cells.get("key", ""), table.study, said, None)
        spoken += [replace(records[0], face=face), *records[1:]]
    return Read(tuple(spoken), None)


def row_said(face: Face, cells: dict[str, str], about: About, whole: bool) -> tuple[Said, list[Problem]]:
    """What a row says of a record, and what is wrong with it; with problems the first part is empty."""
    try:
        reading = face.read(cells, Context(zone=about.zone, comma=about.comma))
    except Held as wrong:
        return {}, [Problem(wrong.place or "", wrong.reason)]
    problems = list(_not_words(face, reading)) if reading.missed else []
    problems += [
        Problem(name, f"{cells[name]!r} is no name; letters, digits, points, dashes and colons only: S-04")
        for name in ("key", "session")
        if name in cells and not KEY.fullmatch(cells[name])
    ]
    problems = problems or rules(face.record, reading.said, about, whole)
    return ({}, problems) if problems else (reading.said, [])


def _not_words(face: Face, reading: Reading) -> Iterator[Problem]:
    """Cells with a word that their field does not have."""
    there = {leaf.place: leaf.text for leaf in reading.unmapped}
    for one in face.declared.fields:
        words = CODES[face.record].get(one.place.field)
        for at in (at for choice in one.choices for at in choice.at):
            if words and at.text in there:
                yield Problem(at.text, not_one_of(at.text, there[at.text], words))
