"""Other carriers of a time that say otherwise: shown, never mixed in (FACES, "How it reads and writes")."""

from __future__ import annotations

from typing import Any

from integrator.mapping.casts import NOTHING, Wrong
from integrator.mapping.lineage import ReadEntry, Spot, spots
from integrator.mapping.model import Choice
from integrator.mapping.read import outside_finder
from integrator.mapping.state import State
from integrator.mapping.walk import node_at
from integrator.records.values import Period


def otherwise(entry: ReadEntry, state: State) -> list[Spot]:
    """The places of the choices behind the one that was read which make another time; only for times."""
    if entry.choice is None or not isinstance(entry.value, Period):
        return []
    found: list[Spot] = []
    for choice in entry.field.choices[entry.choice + 1 :]:
        value = _value(choice, entry, state)
        if value is not None and value != entry.value:
            places = [spot for at in choice.at for spot in spots(state.tree, at, entry.node, entry.loc)]
            found += [spot for spot in places if node_at(state.tree, spot.loc) and spot not in found]
    return found


def _value(choice: Choice, entry: ReadEntry, state: State) -> Any:
    assert choice.cast is not None
    nodes = [find(entry.node) for find, _ in (outside_finder(at, False) for at in choice.at)]
    first = nodes[0]
    if not first or (isinstance(first, list) and not any(first)):
        return None
    try:
        value = choice.cast.read(nodes, state)
    except Wrong:
        return "not understood"
    return None if value is NOTHING else value
