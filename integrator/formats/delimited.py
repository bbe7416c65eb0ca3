"""Delimited files (CSV): rows by the names of their columns, one after the other, however long the file is.

The delimiter is told by the header; the text is UTF-8, with or without a byte order mark, unless the caller says
otherwise: no other encoding can be told from the bytes alone. Source: RFC 4180, and what Excel writes in Germany (;).
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from integrator.errors import Rejected

DELIMITERS = ";,\t"
LONGEST_LINE = 1 << 20  # bytes
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its cells that are not empty by column, and what is wrong with it as a row."""

    line: int
    cells: dict[str, str]
    wrong: str | None = None


class Table:
    """An open delimited file. Rejected, with the line: it cannot be read at all."""

    def __init__(self, stream: BinaryIO, encoding: str = "utf-8"):
        self._stream, self._encoding = stream, encoding
        self._lines = 0
        first = self._line()
        if first is None or not first.strip():
            raise Rejected("the file is empty; its first line names the columns")
        self.delimiter = _delimiter(first)
        self.columns = _names(next(csv.reader([first], delimiter=self.delimiter)))

    def needs(self, columns: Sequence[str]) -> None:
        """Rejected: some of these columns are missing."""
        if missing := [one for one in columns if one not in self.columns]:
            here = ", ".join(self.columns)
            raise Rejected(f"these columns are missing: {', '.join(missing)}; the file has {here}")

    def __iter__(self) -> Iterator[Row]:
        """The rows that hold anything. Rejected, with the line, where the rest cannot be read."""
        reader = csv.reader(self._text(), delimiter=self.delimiter, strict=True)
        width = len(self.columns)
        while True:
            line = self._lines + 1
            try:
                found = next(reader)
            except StopIteration:
                return
            except csv.Error as wrong:
                raise Rejected(f"line {line}: {wrong}; is a quotation mark not closed?") from None
            cells = {name: text.strip() for name, text in zip(self.columns, found, strict=False) if text.strip()}
            if len(found) == width:
                if cells:
                    yield Row(line, cells)
            elif any(text.strip() for text in found):
                yield Row(line, cells, f"has {len(found)} cells, and the first line names {width} columns")

    def _text(self) -> Iterator[str]:
        while (line := self._line()) is not None:
            yield line

    def _line(self) -> str | None:
        data = self._stream.readline(LONGEST_LINE + 1)
        if not data:
            return None
        self._lines += 1
        if len(data) > LONGEST_LINE:
            raise Rejected(f"line {self._lines} is longer than {LONGEST_LINE} bytes: is this a file of rows?")
        if self._lines == 1:
            if data.startswith(WIDE):
                raise Rejected('the file is UTF-16; save it as "CSV UTF-8"')
            data = data.removeprefix(codecs.BOM_UTF8)
        if b"\0" in data:
            raise Rejected(f"line {self._lines} has a zero byte: this is no text")
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError:
            name = "UTF-8" if self._encoding == "utf-8" else self._encoding
            hint = '; save the file as "CSV UTF-8", or say --encoding cp1252' if name == "UTF-8" else ""
            raise Rejected(f"line {self._lines} is not {name}{hint}") from None


def _delimiter(header: str) -> str:
    """The delimiter that stands most often in the header, outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=bare.count)


def _names(header: list[str]) -> tuple[str, ...]:
    """The names of the columns in one spelling: small letters, _ for anything else."""
    while header and not header[-1].strip():
        header.pop()
    names = [column_name(one) for one in header]
    for number, name in enumerate(names, 1):
        if not name:
            raise Rejected(f"column {number} has no name")
        if names.count(name) > 1:
            raise Rejected(f"two columns are named {name}")
    return tuple(names)


def column_name(text: str) -> str:
    """A column's name as faces write it: "Pain before (VAS)" is pain_before_vas."""
    name = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")
    return name if not name[:1].isdigit() else f"_{name}"
