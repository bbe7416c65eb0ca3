"""Reading one version of a registry record: its face, and that it is the study which the source watches."""

from __future__ import annotations

from integrator.config import Source
from integrator.errors import Held
from integrator.formats.study_record import nct_of, parse_study
from integrator.mapping import Faces
from integrator.spoken import Read, Spoken

FORMAT = "ctgov"  # of the message that a version is


def read_registry(data: bytes, source: Source, faces: Faces) -> Read:
    """What a registry record says of the study; the key is the number that is watched, also where it has a new one."""
    study = parse_study(data)
    face = faces.get("ctgov/study", source.site or None)
    reading = face.read(study)
    key = source.nct or nct_of(study) or ""
    if key != reading.said.get("nct") and key not in (reading.said.get("aliases") or ()):
        raise Held("the record of another study", "protocolSection.identificationModule.nctId", nct_of(study))
    spoken = Spoken(
        "Study",
        key,
        reading.said,
        None,
        face,
        notes=tuple(reading.notes),
        reading=reading,
        open_codes=tuple(reading.open_codes),
    )
    return Read((spoken,), None)
