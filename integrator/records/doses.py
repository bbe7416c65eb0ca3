"""A radiation dose from how people and systems write it: a number and its unit, which is never guessed."""

from __future__ import annotations

from integrator.records.instruments import UCUM
from integrator.records.texts import Unclear, read_number
from integrator.records.values import Quantity

UNITS = {"gy": "Gy", "cgy": "cGy", "mgy": "mGy"}  # UCUM's codes, for what senders write in any case


def read_dose(raw: object, unit: object, comma: bool = False) -> Quantity:
    """The dose in the unit that was said. Unclear: no number, no unit, or one that nobody is given."""
    value = read_number(raw, comma)
    code = UNITS.get(str(unit or "").strip().casefold())
    if code is None:
        raise Unclear("a dose needs its unit, Gy or cGy: without it nobody knows whether 300 is a mistake", "unit")
    if not 0 <= value < float("inf"):
        raise Unclear(f"{value:g} {code} cannot be a dose", "dose")
    return Quantity(value, code, code, UCUM)
