"""The trial's facts as small frozen records; a record's fields travel as a dict in which a missing key is unsaid."""

from __future__ import annotations

from typing import Any

from integrator.records import appointment, exercise_session, observation, participant, patient, study, treatment
from integrator.records.appointment import Appointment
from integrator.records.exercise_session import ExerciseSession
from integrator.records.observation import Observation
from integrator.records.participant import Participant
from integrator.records.patient import Patient
from integrator.records.study import Study
from integrator.records.treatment import Treatment

KINDS: dict[str, type] = {
    "Appointment": Appointment,
    "ExerciseSession": ExerciseSession,
    "Observation": Observation,
    "Participant": Participant,
    "Patient": Patient,
    "Study": Study,
    "Treatment": Treatment,
}

# The words that a field, or a part of one ("sites.status"), may be, where not any text may stand.
CODES: dict[str, dict[str, tuple[str, ...]]] = {
    "Appointment": {
        "status": appointment.STATUSES,
        "kind": appointment.KINDS,
        "activity": appointment.ACTIVITIES,
        "evidence": appointment.EVIDENCE,
    },
    "ExerciseSession": {
        "status": exercise_session.STATUSES,
        "setting": exercise_session.SETTINGS,
        "program": exercise_session.PROGRAMS,
    },
    "Observation": {
        "status": observation.STATUSES,
        "absent": observation.ABSENT,
        "timepoint": observation.TIMEPOINTS,
        "phase": observation.PHASES,
    },
    "Participant": {"status": participant.STATUSES},
    "Patient": {"gender": patient.GENDERS},
    "Study": study.CODES,
    "Treatment": {
        "status": treatment.STATUSES,
        "activity": treatment.ACTIVITIES,
        "evidence": treatment.EVIDENCE,
        "doubt": treatment.DOUBTS,
    },
}

# What a source says of a record: top-level field -> value. No key: nothing said. None or (): said to be none.
Said = dict[str, Any]

__all__ = [
    "CODES",
    "KINDS",
    "Appointment",
    "ExerciseSession",
    "Observation",
    "Participant",
    "Patient",
    "Said",
    "Study",
    "Treatment",
]
