"""A second judge of what is written, which we did not write: fhir.resources builds a resource and gives it back.

    second_problems({"resourceType": "Appointment", "status": "booked", ...}, "r4")
    [Problem("Appointment.participant", "Field required")]

It is slow to import (a third of a second) and so only imported here, by whoever asks for it. R5 is judged as R5. R4 is
judged as R4B (4.3.0), for fhir.resources has no R4 (4.0.1). For Appointment, Patient, Procedure, Observation,
ResearchStudy, ResearchSubject and Bundle the two differ in this only, and a test compares them element by element:

- an extension of R4B may have valueCodeableReference and valueRatioRange, and fhir.resources has no valueMeta;
- Observation.subject of R4B may also be a Procedure, Practitioner, Organization, Substance or Medication.

So it refuses no R4 of ours, and what it lets pass beyond R4 is found by problems() of validate.py. It knows types and
cardinalities, neither codes nor invariants.
"""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta
from typing import Any

from integrator.formats.fhir.invariants import Problem

PACKAGES = {"r4": "fhir.resources.R4B", "r5": "fhir.resources"}


def second_problems(resource: dict[str, Any], release: str = "r4") -> list[Problem]:
    """What fhir.resources finds wrong, or does not give back as it was; empty where it is content."""
    from pydantic import ValidationError

    kind = str(resource.get("resourceType"))
    try:
        made = importlib.import_module(PACKAGES[release]).get_fhir_model_class(kind)
    except ValueError:  # its own word for an unknown type
        return [Problem("resourceType", f"names no resource type of {release.upper()}")]
    try:
        back = made.model_validate(resource).model_dump(mode="json")
    except ValidationError as refused:
        return [Problem(_path(kind, one["loc"]), one["msg"]) for one in refused.errors(include_input=False)]
    return [Problem(path, "does not come back as it was written") for path in _differ(kind, resource, back)]


def _path(kind: str, steps: tuple[int | str, ...]) -> str:
    return kind + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _differ(path: str, one: Any, other: Any) -> list[str]:
    """The places at which two trees differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        return [place for name in names for place in _differ(f"{path}.{name}", one.get(name), other.get(name))]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [place for at, pair in pairs for place in _differ(f"{path}[{at}]", *pair)]
    return [] if _same(one, other) else [path]


def _moment(text: str) -> tuple[datetime, timedelta | None] | None:
    """An instant with its offset; None: it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at, at.utcoffset()


def _same(one: Any, other: Any) -> bool:
    """Equal, or spelled otherwise: it writes Z for +00:00, 08:00:00 for 08:00:00.000 and 1000 for 1e3."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other or ("T" in one and _moment(one) is not None and _moment(one) == _moment(other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    return bool(one == other)
