"""The result of an observation, from how people write it: by its instrument a number with a unit, or yes or no."""

from __future__ import annotations

from integrator.records.instruments import INSTRUMENTS, UCUM, YES_NO
from integrator.records.texts import Unclear, read_number, read_yes_no
from integrator.records.values import Quantity, Ref


def is_answered(code: str) -> bool:
    """Whether the instrument asks for yes or no."""
    instrument = INSTRUMENTS.get(code)
    return instrument is not None and instrument.kind == YES_NO


def read_answer(raw: object) -> bool:
    """Yes or no. Unclear."""
    return read_yes_no(raw)


def read_measure(code: str, raw: object, unit: str | None, comma: bool) -> Quantity:
    """A number in the unit of its instrument; of another code in the unit that is said. Unclear."""
    number, instrument = read_number(raw, comma), INSTRUMENTS.get(code)
    if instrument is None:
        return Quantity(number, unit, unit, UCUM if unit else None)
    if unit is not None and unit not in (instrument.unit, instrument.shown):
        meant = instrument.shown or instrument.unit
        raise Unclear(f"{instrument.title} is in {meant}; write the value in {meant}, not in {unit}", "unit")
    return instrument.quantity(number)


def is_code(code: str) -> bool:
    """Whether it is an instrument of ours, or system|code."""
    return code in INSTRUMENTS or ("|" in code and ":" in code.partition("|")[0])


def session_key(subject: str, name: str) -> str:
    """The key of a record of a participant, by the trial's own name of it."""
    return name if not subject or name.startswith(subject + "/") else f"{subject}/{name}"


def session_of(subject: str, name: str) -> Ref:
    """The reference to an exercise session by its name."""
    return Ref("ExerciseSession", session_key(subject, name))
