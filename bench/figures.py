"""Figures: what was measured, what it should be, and whether it is; JSON lines for machines, a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "bench" / "out"
WORK = ROOT / "var" / "bench"  # stores of the measured services, on the disk whose syncs are counted


@dataclass(frozen=True)
class Figure:
    """One measured value. `most` or `least` is its target; without one it only informs."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> float | None:
        return self.least if self.most is None else self.most

    @property
    def met(self) -> bool | None:
        """None: there is no target."""
        if self.most is not None:
            return self.value <= self.most
        return self.value >= self.least if self.least is not None else None

    def line(self) -> str:
        """As JSON."""
        facts = {"name": self.name, "value": self.value, "unit": self.unit, "target": self.target, "met": self.met}
        return json.dumps(facts | self.more, ensure_ascii=False)


def table(figures: Iterable[Figure]) -> str:
    """As columns of text: name, value, target, met, what else was seen."""
    rows = [("", "value", "", "target", "", "")]
    for one in figures:
        sign = "" if one.target is None else ("<= " if one.most is not None else ">= ") + _number(one.target)
        met = {None: "", True: "met", False: "MISSED"}[one.met]
        more = ", ".join(f"{key} {_said(value)}" for key, value in one.more.items())
        rows.append((one.name, _number(one.value), one.unit, sign, met, more))
    widths = [max(len(row[n]) for row in rows) for n in range(5)]
    return "\n".join(_row(row, widths) for row in rows)


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    name, value, unit, target, met, more = row
    first = f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}"
    return f"{first}  {target:>{widths[3]}}  {met:<{widths[4]}}  {more}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def _said(value: Any) -> str:
    return (
        ", ".join(map(_said, value))
        if isinstance(value, list)
        else _number(value)
        if isinstance(value, float)
        else str(value)
    )
