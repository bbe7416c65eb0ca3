"""A resource as a target holds it, leaf by leaf: which field of the record it is, and why that is what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from integrator import identity
from integrator.config import Target
from integrator.delivering import outgoing_of
from integrator.errors import Rejected, Waiting
from integrator.line import Line
from integrator.mapping.explain import means
from integrator.mapping.leaves import Why, written_leaves
from integrator.mapping.places import fhir_text
from integrator.mapping.walk import Loc
from integrator.rendering import Outgoing, render
from integrator.store import Tx, owed
from integrator.store.owed import TargetId
from integrator.why.record import record_json, row_of

Json = dict[str, Any]


def resource_json(line: Line, tx: Tx, target_name: str, resource: str, path: str = "") -> Json:
    """Every leaf of a resource that a target holds, or those that `path` names, with the fields of the record behind.

    Asks no target: it is what they held when we last agreed. Rejected: no such target, or we gave it no such resource.
    """
    target, known = _known(line, tx, target_name, resource)
    row = row_of(tx, known.record_id)
    standing = owed.get(tx, known.target, known.record_id, known.face)
    if standing is None:
        raise Rejected(f"{resource} is of {row.kind} {row.key}, of which {target_name} is owed nothing any more")
    outgoing = outgoing_of(line, tx, standing)
    held = identity.open_answer(tx, line.keys, outgoing.patient_id, known.held) or {}
    leaves, waits = _ours(line, target, outgoing, held)
    found = [one for one in _beside(leaves, held) if not path or means(path, one[0])]
    return {
        "target": target_name,
        "resource": f"{known.resource_type}/{known.resource_id}",
        "version_id": known.version_id,
        "agreed_at": known.at.isoformat(),
        "state": standing.state,
        "reason": standing.reason,
        "waits": waits,
        "same": known.digest == outgoing.digest,
        "path": path or None,
        "leaves": [asdict(why) | {"held": value} for why, value in found],
        "record": _record(line, tx, row, found, path),
    }


def _known(line: Line, tx: Tx, target_name: str, resource: str) -> tuple[Target, TargetId]:
    names = [one.name for one in line.settings.target]
    if target_name not in names:
        raise Rejected(f"there is no target {target_name}; there are {', '.join(names) or 'none'}")
    kind, slash, number = resource.partition("/")
    known = owed.holding(tx, target_name, kind, number.split("/")[0]) if slash else None
    if known is None:
        raise Rejected(f"{target_name} holds nothing of ours as {resource!r}; write it as Appointment/123")
    return line.settings.target_named(target_name), known


def _ours(line: Line, target: Target, outgoing: Outgoing, held: Json) -> tuple[list[Why], str | None]:
    """The leaves that we would write today, and what they would wait for."""
    face = line.faces.writing(outgoing.kind, target.form, target.site or None)
    for ref in outgoing.refers.sought:
        if theirs := _reference_to("ResearchStudy", held):
            outgoing.refers.links[ref] = {"reference": theirs}
    waits = outgoing.waits
    try:
        render(outgoing, face, target, lambda _: _reference_to("Patient", held))
    except Waiting as waiting:
        waits = waiting.what
    try:
        return written_leaves(face, outgoing.there, outgoing.context), waits or outgoing.waits
    except Waiting as waiting:  # the form cannot hold it
        return [], waiting.what


def _reference_to(kind: str, node: Any) -> str | None:
    """The target's own reference of this type, as it stands in what it holds."""
    found = [value for loc, value in _leaves(node) if loc[-1] == "reference" and str(value).startswith(f"{kind}/")]
    return found[0] if found else None


def _beside(ours: list[Why], held: Json) -> list[tuple[Why, Any]]:
    """Our leaves with what the target holds there, then those that are its own."""
    name = held.get("resourceType", "")
    theirs = {f"{name}.{fhir_text(loc)}": value for loc, value in _leaves(held)}
    found = [(one, theirs.pop(one.leaf, None)) for one in ours]
    return found + [(Why(leaf, None, ""), value) for leaf, value in theirs.items()]


def _leaves(node: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    if isinstance(node, dict):
        for name, one in node.items():
            yield from _leaves(one, (*loc, name))
    elif isinstance(node, list):
        for number, one in enumerate(node):
            yield from _leaves(one, (*loc, number))
    else:
        yield loc, node


def _record(line: Line, tx: Tx, row: Any, found: list[tuple[Why, Any]], path: str) -> Json:
    """The record's fields that these leaves show; with a path, with the bytes of their messages."""
    names = list(dict.fromkeys(re.split(r"[.\[]", why.record)[0] for why, _ in found if why.record))
    fields: list[Json] = []
    whole = record_json(line, tx, row)
    for name in names:
        if path:
            fields += record_json(line, tx, row, name)["fields"]
        else:
            fields += [one for one in whole["fields"] if one["field"] == name]
    return whole | {"fields": fields, "path": path or None}
