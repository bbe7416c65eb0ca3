"""Rows of a delimited file drawn for the columns that a face reads, with cells as people write them, for the laws."""

from __future__ import annotations

import csv
import io
from random import Random
from typing import Any

from integrator.formats.delimited import Table
from integrator.mapping.model import Choice, Declared, Omission
from integrator.mapping.record_model import codes
from integrator.records.instruments import INSTRUMENTS

ODD = ("a;b", 'said "no"', "HTEST-Müller", "Zeile 1\nZeile 2")  # texts that a file must quote
DAY = "2026-03-{:02}"


class RowDrawing:
    """One row being drawn."""

    def __init__(self, declared: Declared, random: Random):
        self.declared, self.random, self.count = declared, random, 0

    def drawn(self, wanted: list[Omission]) -> dict[str, Any]:
        """The cells of a row by column, through the bytes of a file."""
        rate = self.random.choice((0.3, 0.6, 1.0))
        row = {"zz_noise": self.text()} if self.random.random() < 0.5 else {}
        row |= {one.at.steps[0].name: self.text() for one in wanted if one.at is not None}
        for one in self.declared.fields:
            choice = self.random.choice(one.choices)
            if self.random.random() < rate:
                words = codes(self.declared.record, one.place) or ()
                cells = [text for text, _ in zip(self._cells(choice, words), choice.at, strict=False)]
                for at, text in zip(choice.at, cells, strict=False):
                    row.setdefault(at.steps[0].name, text)
        return _through_file({column: text for column, text in row.items() if text})

    def text(self) -> str:
        self.count += 1
        return f"noise {self.count} {self.random.choice(ODD)}"

    def _day(self) -> str:
        self.count += 1
        return DAY.format(1 + self.count % 28)

    def _cells(self, choice: Choice, words: tuple[str, ...]) -> list[str]:
        """What people write in the columns of one choice."""
        if choice.codes:
            row = self.random.choice([row for row in choice.codes.rows if row.value])
            return [cell[0] if cell else "" for cell in row.cells]
        day = self._day()
        start, end = f"{day} 09:00", f"{day} 10:30"
        instrument = self.random.choice(sorted(INSTRUMENTS))
        cells: dict[str, list[str]] = {
            "number": [str(self.random.randint(0, 10))],
            "whole": [str(self.random.randint(1, 40))],
            "dose": [str(self.random.choice((2, 3))), "Gy"],
            "day": [day],
            "yes-no": [self.random.choice(("yes", "no"))],
            "when": [self.random.choice((day, start))],
            "from-to": [start, end],
            "planned": [start, end],
            "no-start": ["", ""],
            "instrument": [instrument],
            "measured": ["3", "pain-vas", ""],
            "answered": ["yes", "pathological-fracture"],
            "session": ["s 1", "S-1"],
        }
        name = choice.cast.name if choice.cast else ""
        return cells.get(name) or [self.random.choice(words) if words else self.text()]


def _through_file(row: dict[str, str]) -> dict[str, Any]:
    """The row as it is read from a file."""
    if not row:
        return {}
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(row), delimiter=";")
    writer.writeheader()
    writer.writerow(row)
    return dict(next(iter(Table(io.BytesIO(out.getvalue().encode())))).cells)
