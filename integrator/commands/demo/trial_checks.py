"""The checks of the story beside its appointments, pure: study, participants, given fractions, units and scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from integrator.commands.demo.evidence import Evidence
from integrator.sandbox.people import PARTICIPANTS, patient_resource

FRACTION = "1297069006"  # SNOMED CT, Procedure.code of a given fraction
WROTE = ("ResearchStudy", "ResearchSubject", "Procedure", "Observation")  # beside Appointment

Json = dict[str, Any]


def study_and_people(evidence: Evidence) -> Iterator[str]:
    """The EHR's ResearchStudy and a ResearchSubject of each participant that refers to it and to their Patient."""
    studies, subjects = evidence.of("ResearchStudy"), evidence.of("ResearchSubject")
    numbers = [one["value"] for study in studies for one in study.get("identifier", [])]
    if len(studies) != 1 or "NCT01409720" not in numbers:
        yield f"{len(studies)} studies, with the numbers {', '.join(numbers)}"
        return
    wanted = {f"Patient/{patient_resource(person)['id']}" for person in PARTICIPANTS}
    found = Counter(one["individual"].get("reference") for one in subjects)
    yield from (f"{patient} has {found[patient]} ResearchSubjects" for patient in sorted(wanted) if found[patient] != 1)
    for one in subjects:
        if one["study"].get("reference") != f"ResearchStudy/{studies[0]['id']}" or one["status"] != "on-study":
            yield f"ResearchSubject/{one['id']}: {one['status']}, of {one['study']}"


def given_fractions(evidence: Evidence) -> Iterator[str]:
    """A completed Procedure for each fraction that was charged and not credited, referring to its Appointment."""
    slots = {f"Appointment/{one['id']}": _number(one) for one in evidence.appointments}
    charged = {each.filler for each in evidence.truth if each.charged}
    found: Counter[str] = Counter()
    for procedure in evidence.of("Procedure"):
        if _code(procedure) == FRACTION and procedure["status"] == "completed":
            found[slots.get(_extension(procedure, "appointment").get("reference", ""), "no appointment of ours")] += 1
    yield from (f"{slot} was charged, and the EHR has no Procedure" for slot in sorted(charged - set(found)))
    yield from (f"{slot}: {n} Procedures" for slot, n in found.items() if n > 1 or slot not in charged)


def evidence_of_slots(evidence: Evidence) -> Iterator[str]:
    """The rung that each Appointment says: evidenced where it was charged, and nowhere else."""
    charged = {each.filler for each in evidence.truth if each.charged}
    for one in evidence.appointments:
        rung = _extension(one, "evidence")
        if (rung == "evidenced") != (_number(one) in charged):
            yield f"{_number(one)}: {rung or 'no evidence'}"


def units_and_scores(evidence: Evidence) -> Iterator[str]:
    """A Procedure for each exercise unit; each score of a unit is part of one that is there."""
    units = {f"Procedure/{one['id']}" for one in evidence.of("Procedure") if _code(one) != FRACTION}
    wanted = sum(
        len(act.posts) + (act.sheet.rows if act.sheet and act.sheet.kind == "sessions" else 0) for act in evidence.story
    )
    if len(units) != wanted:
        yield f"{len(units)} exercise units for {wanted} that were entered"
    alone = 0
    for score in evidence.of("Observation"):
        of = [one.get("reference") for one in score.get("partOf", ())]
        alone += not of
        if not set(of) <= units:
            yield f"Observation/{score['id']} is part of {of}"
    if alone != len(PARTICIPANTS):
        yield f"{alone} scores before radiotherapy, of {len(PARTICIPANTS)} participants"


def one_status_drift(evidence: Evidence) -> Iterator[str]:
    """The registry says COMPLETED, our participants are on study: that, and no other difference in status."""
    drift = evidence.registry["drift"]
    found = [one["sentence"] for one in drift if one["place"] == "status"]
    if len(found) != 1 or evidence.registry["status"]["registry"] != "COMPLETED":
        yield f"{len(found)} differences in status: {'; '.join(found) or 'none'}"
    yield from (one["sentence"] for one in drift if one["place"] != "status" and "status" in one["place"])


def nothing_twice(evidence: Evidence) -> Iterator[str]:
    """Resources of other kinds than Appointment that were made more often than they are held."""
    for kind in WROTE:
        made, held = evidence.log["changes"].get(f"create {kind}", 0), evidence.log["holds"].get(kind, 0)
        if made != held:
            yield f"{made} {kind} were made, {held} are held"


def _code(procedure: Json) -> str:
    codings = procedure.get("code", {}).get("coding", [{}])
    return str(codings[0].get("code", ""))


def _number(appointment: Json) -> str:
    """The department's number of an appointment."""
    numbers = [one["value"] for one in appointment.get("identifier", ())]
    return str(numbers[0]) if numbers else ""


def _extension(resource: Json, name: str) -> Any:
    """The value of an extension of ours; {} where it is not there."""
    for one in resource.get("extension", ()):
        if one["url"].endswith(f"/{name}"):
            return next(value for key, value in one.items() if key.startswith("value"))
    return {}
