"""A row of a site's code map: written into the text of its file, with who said so, why and when in a comment."""

from __future__ import annotations

import json
import tomllib

from integrator.errors import Rejected

NEW = """\
about   = {about}
columns = [{columns}]
rows    = [
]
"""


def with_row(text: str | None, about: str, columns: tuple[str, ...], row: tuple[str, ...], comment: str) -> str:
    """The text of a code map file with one more row, the first, since the first match counts; None: a new file.

    Rejected: the file's rows are not where they can be written to, or a row cannot say this.
    """
    for cell in row[:-1]:
        if cell != "*" and not all(part.strip() == part for part in cell.split("|")):
            raise Rejected(f"a row cannot say {cell!r}: blanks at its ends")
    text = text or NEW.format(about=_quoted(about), columns=", ".join(map(_quoted, columns)))
    line = f"[{', '.join(map(_quoted, row))}],"
    for place in _lists(text):
        made = f"{text[:place]}\n  # {_one_line(comment)}\n  {line}{text[place:]}"
        try:
            before, after = tomllib.loads(text), tomllib.loads(made)
        except tomllib.TOMLDecodeError:
            continue
        if after == before | {"rows": [list(row), *before.get("rows", [])]}:
            return made
    raise Rejected("the file of the site has no rows that can be added to; write the row by hand")


def _lists(text: str) -> list[int]:
    """Where a list begins after a line that starts with `rows`."""
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("rows") and "[" in line:
            found.append(at + line.index("[") + 1)
        at += len(line)
    return found


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
