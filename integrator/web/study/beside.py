"""The registry's facts beside ours, row by row: status, dates, numbers of participants, arms, sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from integrator.records import Said
from integrator.records.study_parts import Arm, Site
from integrator.registry_words import label, shown
from integrator.store.study import Share

DATES = ("start", "primary_completion", "completion")


@dataclass(frozen=True)
class Beside:
    """One fact: what the registry says and what we do; empty: unsaid."""

    label: str
    registry: str
    registry_note: str
    ours: str
    ours_note: str
    differs: bool = False


def rows(
    registry: Said, ours: Said, arms: tuple[str, ...], people: list[Share], registered: int, differing: set[str]
) -> list[Beside]:
    """The facts in the order in which staff ask for them. `differing`: fields of which a drift is listed."""
    return [
        _status(registry, ours, differing),
        *(_row(registry, ours, name, differing) for name in DATES),
        _row(registry, ours, "planned", differing),
        _enrolled(registry, ours, registered, differing),
        *_arms(registry, ours, arms, people),
        *_sites(registry, ours),
    ]


def _row(registry: Said, ours: Said, name: str, differing: set[str]) -> Beside:
    return Beside(label(name), _text(registry.get(name)), "", _text(ours.get(name)), "", name in differing)


def _text(value: Any) -> str:
    return "" if value is None or value == () else shown(value)


def _status(registry: Said, ours: Said, differing: set[str]) -> Beside:
    normalised = registry.get("status")
    note = f"which is {normalised}" if normalised else ""
    own = _text(ours.get("status"))
    differs = bool(differing & {"status", "registry_status"})
    return Beside(label("status"), _text(registry.get("registry_status")), note, own, "", differs)


def _enrolled(registry: Said, ours: Said, registered: int, differing: set[str]) -> Beside:
    own = _text(ours.get("enrolled"))
    here = f"{registered} registered here"
    note = here if own else ""
    return Beside(label("enrolled"), _text(registry.get("enrolled")), "", own or here, note, "enrolled" in differing)


def _arms(registry: Said, ours: Said, configured: tuple[str, ...], people: list[Share]) -> Iterator[Beside]:
    """Arms by name: those of the registry, then those that only we name."""
    theirs: dict[str, Arm] = {arm.name or "": arm for arm in registry.get("arms") or ()}
    counted = {one.arm: 0 for one in people if one.arm}
    for one in people:
        if one.arm:
            counted[one.arm] += one.count
    own = dict.fromkeys([*(arm.name or "" for arm in ours.get("arms") or ()), *configured, *counted])
    for name in dict.fromkeys([*theirs, *own]):
        kind = theirs[name].kind or "" if name in theirs else ""
        n = counted.get(name, 0)
        note = f"{n} {'participant' if n == 1 else 'participants'}" if name in own else ""
        yield Beside(f"Arm {name}", "named" if name in theirs else "", kind, "named" if name in own else "", note)


def _sites(registry: Said, ours: Said) -> Iterator[Beside]:
    theirs, own = _by_name(registry), _by_name(ours)
    for name in dict.fromkeys([*theirs, *own]):
        yield Beside(f"Site {name}", *_site(theirs.get(name)), *_site(own.get(name)))


def _by_name(said: Said) -> dict[str, Site]:
    return {", ".join(filter(None, (one.facility, one.city))): one for one in said.get("sites") or ()}


def _site(site: Site | None) -> tuple[str, str]:
    if site is None:
        return "", ""
    word = site.registry_status or site.status
    return word or "named", site.country or ""
