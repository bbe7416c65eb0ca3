"""ExerciseSession: one exercise unit of a participant, supervised or at home, as it was planned and as it went."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Concept, Identifier, Period, Ref, When

STATUSES = (
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",  # partly done
    "completed",
    "entered-in-error",
    "unknown",
)  # FHIR R4 event-status
SETTINGS = ("supervised", "home")
PROGRAMS = ("isometric-training", "passive-therapy")  # of the training arm and of the control arm


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a unit."""

    name: str | None = None  # as the plan of the trial calls it
    sets: int | None = None
    repetitions: int | None = None  # in each set
    hold: int | None = None  # seconds that the tension is held
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class ExerciseSession:
    """Owner of every field is the trial. The key is the subject code and the trial's own name of the unit."""

    key: str | None = None  # DISPO-017/S-04
    study: Ref | None = None
    patient: Identifier | None = None  # as a source sent it; else put in when it is written to a target
    program: str | None = None  # one of PROGRAMS: what the unit is made of
    setting: str | None = None  # one of SETTINGS
    status: str | None = None  # one of STATUSES: whether it took place
    reason: Concept | None = None  # why it was stopped or not done; sealed
    planned: Period | None = None  # when it was to be
    time: When | None = None  # when it was; only a day where the diary says no more
    exercises: tuple[Exercise, ...] = ()
    exertion: float | None = None  # Borg CR10, 0 to 10
    pain_before: float | None = None  # visual analog score, 0 to 10
    pain_after: float | None = None  # visual analog score, 0 to 10
    notes: tuple[str, ...] = ()  # free text; sealed
