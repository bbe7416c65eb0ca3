"""The schemas of what is entered of a participant: the fields of an entry, their types and words.

What must hold between fields, and limits of instruments, is in rules.py: it holds for rows of a file too.
"""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

from integrator.records import exercise_session, observation, participant
from integrator.records.doses import read_dose
from integrator.records.exercise_session import Exercise
from integrator.records.instruments import INSTRUMENTS
from integrator.records.participant import Consent
from integrator.records.results import is_answered, is_code, read_answer, read_measure, session_of
from integrator.records.schemas import fields as of
from integrator.records.schemas.about import known
from integrator.records.texts import Unclear, not_one_of
from integrator.records.values import Quantity, Ref, When

UNKNOWN_FIELD = "no such field"
RESULTS = ("value", "coded", "text", "answer", "absent")  # of an observation: an entry says one of them
DONE = {"done": "completed", "partly": "stopped", "not done": "not-done", "not_done": "not-done"}

GIVEN = {"given": "completed", "partly": "stopped", "not given": "not-done", "not_given": "not-done"}


class Entry(Schema):
    """An entry refuses fields that it does not know."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": UNKNOWN_FIELD, "type": "write an object with the fields of the entry"}  # noqa: RUF012


class ConsentSchema(Entry):
    """A participant's consent and its end."""

    date = of.Day()
    version = of.Words()
    scope = of.Words()
    withdrawn = of.Day()
    withdrawal = of.Word(participant.SCOPES)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Consent:
        return Consent(**data)


class ParticipantSchema(Entry):
    """A participant: arm, status with its date and reason, consent."""

    arm = of.Words(allow_none=True)
    status = of.Word(participant.STATUSES)
    since = of.Day()
    reason = of.Meaning(allow_none=True)
    enrolled = of.Day(allow_none=True)
    randomised = of.Day(allow_none=True)
    left = of.Day(allow_none=True)
    consent = fields.Nested(ConsentSchema, error_messages=of.NOTHING_SAID)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "status" in data:
            data.setdefault("reason", None)  # the reason of an earlier status is not the reason of this one
        return data


class ExerciseSchema(Entry):
    """One exercise of a session."""

    name = of.Words(required=True, error_messages={"required": "which exercise was it?"})
    sets = of.Count()
    repetitions = of.Count()
    hold = of.Count()
    done = of.YesNo()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Exercise:
        return Exercise(**data)


class ExerciseSessionSchema(Entry):
    """An exercise session: when it was (`start` and `end`, or only `day`), how it went, pain before and after."""

    program = of.Word(exercise_session.PROGRAMS)
    setting = of.Word(exercise_session.SETTINGS)
    status = of.Word(exercise_session.STATUSES, DONE)
    reason = of.Meaning(allow_none=True)
    planned = of.Between(allow_none=True)
    start = of.Moment()
    end = of.Moment()
    day = of.Day()
    exercises = fields.List(
        fields.Nested(ExerciseSchema, error_messages=of.NOTHING_SAID),
        error_messages=of.NOTHING_SAID | {"invalid": "write a list of exercises, each with its name"},
    )
    exertion = of.Number(allow_none=True)
    pain_before = of.Number(allow_none=True)
    pain_after = of.Number(allow_none=True)
    notes = of.Notes(data_key="note")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        start, end, day = (data.pop(name, None) for name in ("start", "end", "day"))
        if start or end or day:
            data["time"] = together(start, end, day)
        if "exercises" in data:
            data["exercises"] = tuple(data["exercises"])
        if "status" in data:
            data.setdefault("reason", None)
        return data


class ObservationSchema(Entry):
    """One score, measurement or answer of an instrument, or the reason why there is none."""

    code = of.Words(data_key="instrument")
    value = fields.Raw(error_messages=of.NOTHING_SAID)
    unit = of.Words()
    coded = of.Meaning()
    text = of.Words()
    absent = of.Word(observation.ABSENT)
    time = of.Moment()
    timepoint = of.Word(observation.TIMEPOINTS, allow_none=True)
    phase = of.Word(observation.PHASES, allow_none=True)
    site = of.Meaning(allow_none=True)
    status = of.Word(observation.STATUSES)
    session = of.Name(allow_none=True)
    notes = of.Notes(data_key="note")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        unit = data.pop("unit", None)
        if "code" in data:
            data["code"] = check_code(data["code"])
        if "value" in data:
            if "code" not in data:
                raise ValidationError("say of which instrument the value is", "instrument")
            data |= read_value(data["code"], data.pop("value"), unit)
        if "session" in data:
            name = data.pop("session")
            data["part_of"] = session_of(known().subject, name) if name else None
        return data


class TreatmentSchema(Entry):
    """A person's word on one fraction of radiotherapy: that it was given, partly, or not."""

    status = of.Word(("completed", "stopped", "not-done", "entered-in-error"), GIVEN)
    reason = of.Meaning(allow_none=True)
    appointment = of.Words(allow_none=True)
    fraction = of.Count()
    start = of.Moment()
    end = of.Moment()
    day = of.Day()
    dose = fields.Raw(error_messages=of.NOTHING_SAID)
    unit = of.Words()
    site = of.Meaning(allow_none=True)
    notes = of.Notes(data_key="note")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        start, end, day = (data.pop(name, None) for name in ("start", "end", "day"))
        if start or end or day:
            data["time"] = together(start, end, day)
        unit = data.pop("unit", None)
        if data.get("dose") is not None:
            data["dose"] = dose_of(data["dose"], unit)
        if data.get("appointment"):
            data["appointment"] = Ref("Appointment", data["appointment"])
        if "status" in data:
            data.setdefault("reason", None)
        return data


SCHEMAS: dict[str, type[Entry]] = {
    "Participant": ParticipantSchema,
    "ExerciseSession": ExerciseSessionSchema,
    "Observation": ObservationSchema,
    "Treatment": TreatmentSchema,
}


def together(start: When | None, end: When | None, day: str | None) -> When:
    """Start, end and day as one time. ValidationError: they do not go together."""
    if start is None:
        if end is not None:
            raise ValidationError("an end without a start", "end")
        return When(day=day)
    if start.start is None:
        if end is not None:
            raise ValidationError("a start without a time of day has no end; write 2026-03-03 10:00", "start")
        return start
    if end is not None and end.start is None:
        raise ValidationError("the end has no time of day; write 2026-03-03 10:30", "end")
    return When(start.start, end.start if end else None)


def check_code(code: str) -> str:
    """The instrument's word, or system|code. ValidationError: neither."""
    if is_code(code):
        return code
    raise ValidationError(not_one_of("instrument", code, tuple(INSTRUMENTS)), "instrument")


def dose_of(raw: Any, unit: str | None) -> Quantity:
    """The dose in its unit. ValidationError: it is none."""
    try:
        return read_dose(raw, unit, known().comma)
    except Unclear as wrong:
        raise ValidationError(str(wrong), wrong.field or "dose") from None


def read_value(code: str, raw: Any, unit: str | None) -> dict[str, Any]:
    """The result that a value is, by its instrument. ValidationError: it is none."""
    try:
        if is_answered(code):
            return {"answer": read_answer(raw)}
        return {"value": read_measure(code, raw, unit, known().comma)}
    except Unclear as wrong:
        raise ValidationError(str(wrong), wrong.field or "value") from None
