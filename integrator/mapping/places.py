"""How a concrete place is written for people: AIS[2]-4, PID-3[2].4.1, participant[0].actor.reference."""

from __future__ import annotations

from integrator.mapping.path import Steps
from integrator.mapping.walk import Loc


def place_text(loc: Loc, steps: Steps = (), hl7: bool = False) -> str:
    """The text of a place; HL7 counts from 1 and shows [1] only where the path has brackets, FHIR counts from 0."""
    return hl7_text(loc, steps) if hl7 else fhir_text(loc)


def fhir_text(loc: Loc) -> str:
    text = ""
    for one in loc:
        text += f"[{one}]" if isinstance(one, int) else f".{one}" if text else one
    return text


def hl7_text(loc: Loc, steps: Steps = ()) -> str:
    names = [one for one in loc if isinstance(one, str)]
    numbers: dict[int, int] = {}
    depth = -1
    for one in loc:
        if isinstance(one, int):
            numbers[depth] = one
        else:
            depth += 1
    text = ""
    for depth, name in enumerate(names):
        listed = depth < len(steps) and steps[depth].every
        number = numbers.get(depth, 0)
        index = f"[{number + 1}]" if number or (listed and depth in numbers) else ""
        text += ("" if depth == 0 else "-" if depth == 1 else ".") + name + index
    return text
