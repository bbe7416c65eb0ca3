"""Rows of one participant out of a delimited file, as one message: the form in which an imported file is stored.

    {"face": "csv/observations", "subject": "DISPO-017", "study": "NCT01409720", "rows": [[17, {"value": "3", ...}]]}

A file speaks of many people, so it is split where it is read into messages of one person each. The cells are the
file's own texts; a row is named by its line in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from integrator.errors import Held

Numbered = tuple[int, dict[str, str]]  # line in the file, cells by column


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one participant."""

    face: str  # which face reads them: csv/observations
    subject: str
    rows: tuple[Numbered, ...]
    study: str = ""
    comma: bool = False  # numbers have decimal commas
    site: str = ""  # whose columns it has: a folder of mappings/sites


def build(rows: Rows) -> bytes:
    """The bytes of the message; the same rows give the same bytes."""
    found: dict[str, Any] = {"face": rows.face, "subject": rows.subject}
    found |= {name: getattr(rows, name) for name in ("study", "site") if getattr(rows, name)}
    if rows.comma:
        found["comma"] = True
    return orjson.dumps({**found, "rows": rows.rows}, option=orjson.OPT_SORT_KEYS)


def parse(data: bytes) -> Rows:
    """The rows of these bytes. Held: they are none."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as wrong:
        raise Held("rows that are not JSON", "", str(wrong)) from None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in ("face", "subject")):
        raise Held("rows need face and subject")
    rows = found.get("rows")
    if not isinstance(rows, list) or not all(_is_row(one) for one in rows):
        raise Held("rows that are no list of line and cells", "rows")
    numbered = tuple((line, cells) for line, cells in rows)
    study, site = (str(found.get(name, "")) for name in ("study", "site"))
    return Rows(found["face"], found["subject"], numbered, study, found.get("comma") is True, site)


def _is_row(one: Any) -> bool:
    if not isinstance(one, list) or len(one) != 2:
        return False
    line, cells = one
    return isinstance(line, int) and isinstance(cells, dict) and all(isinstance(text, str) for text in cells.values())
