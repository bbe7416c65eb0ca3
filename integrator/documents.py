"""Reading what the trial itself says: entries of forms, programs and people (records/schemas say what is right)."""

from __future__ import annotations

from integrator.config import Source
from integrator.errors import Held
from integrator.formats.entry import parse
from integrator.mapping import Faces
from integrator.records import Said
from integrator.records.keys import observations_of, record_key
from integrator.records.schemas import SCHEMAS, About, check
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
    return Read(spoken_of(entry.record, entry.subject, entry.key, entry.study, said, entry.why or None), None)


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
