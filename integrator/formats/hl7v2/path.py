"""Places in a message: "PID-3[2].4.1", "AIS[2]-3", "SCH-11.4", as FACES and HL7 write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from integrator.errors import ConfigError


class Place(NamedTuple):
    """A place in a message; all numbers count from 1.

    `occurrence` counts the segments of that name, `repetition` those of the field; 0 means all of them ("AIS[]-3").
    A `repetition`, `component` or `subcomponent` of None was not said.
    """

    segment: str
    occurrence: int
    field: int
    repetition: int | None = None
    component: int | None = None
    subcomponent: int | None = None

    def __str__(self) -> str:
        text = self.segment
        if self.occurrence != 1:
            text += f"[{self.occurrence or ''}]"
        text += f"-{self.field}"
        if self.repetition not in (None, 1):
            text += f"[{self.repetition or ''}]"
        if self.component is not None:
            text += f".{self.component}"
        if self.subcomponent is not None:
            text += f".{self.subcomponent}"
        return text


_PATH = re.compile(r"([A-Z][A-Z0-9]{2})(\[\d*\])?-([1-9]\d*)(\[\d*\])?(?:\.([1-9]\d*)(?:\.([1-9]\d*))?)?")


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Place:
    """A path as a Place; raises ConfigError for a text that is none."""
    found = _PATH.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is no place in an HL7 v2 message; write it as PID-3, PID-3[2].4.1 or AIS[2]-3.1")
    segment, occurrence, field, repetition, component, subcomponent = found.groups()
    return Place(
        segment,
        _number(occurrence, 1),
        int(field),
        None if repetition is None else _number(repetition, 1),
        int(component) if component else None,
        int(subcomponent) if subcomponent else None,
    )


def _number(brackets: str | None, default: int) -> int:
    """ "[2]" is 2, "[]" is 0 (all), nothing is the default."""
    if brackets is None:
        return default
    return int(brackets[1:-1] or 0)
