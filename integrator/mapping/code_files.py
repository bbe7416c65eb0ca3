"""Code map files: codes/<name>.toml, with the rows of a site (sites/<site>/codes/<name>.toml) before them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integrator.mapping.codes import OPEN, CodeMap, Row, cell
from integrator.mapping.layers import TomlFile, read_toml, refuse

WORDS = ("about", "columns", "values", "rows", "lossy", "order")


def load_codes(name: str, root: Path, site: str | None) -> CodeMap | None:
    """The map of that name as a site uses it; None where there is none. Raises ConfigError."""
    places = [root / "codes" / f"{name}.toml"]
    if site:
        places.insert(0, root / "sites" / site / "codes" / f"{name}.toml")
    files = [read_toml(path, root) for path in places if path.is_file()]
    if not files:
        return None
    for file in files:
        _check_words(file)
    common = files[-1]
    columns = tuple(common.data["columns"])
    rows = tuple(row for file in files for row in _rows(file, columns))
    values = _values(common, columns)
    for file in files[:-1]:
        values = _wider(values, [row for row in rows if row.file == file.name])
    lossy = {word: reason for file in reversed(files) for word, reason in file.data.get("lossy", {}).items()}
    order = next((tuple(file.data["order"]) for file in files if "order" in file.data), ())
    return CodeMap(name, columns, values, rows, lossy, {file.name: file.text for file in files}, order)


def _check_words(file: TomlFile) -> None:
    for word in file.data:
        if word not in WORDS:
            where = file.where(word if isinstance(file.data[word], dict) else "", word)
            refuse(f"the word {word!r} is not known; a code map has {', '.join(WORDS)}", where)
    site = "/sites/" in file.name
    if not all(isinstance(word, str) for word in _listed(file.data.get("order", []))):
        refuse("order: a list of the words of the last column, the one that counts first", file.where("", "order"))
    for word in ("about", "columns", "rows") if site else ("about", "columns", "values", "rows"):
        if word not in file.data:
            refuse(f"a code map needs {word!r}", file.where("", ""))


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [None]


def _rows(file: TomlFile, columns: tuple[str, ...]) -> list[Row]:
    here = tuple(file.data["columns"])
    if len(here) != len(columns) or len(here) < 2:
        refuse(
            f"columns of a code map: outside places, then ours; here {', '.join(columns)}", file.where("", "columns")
        )
    found = []
    for number, row in enumerate(file.data["rows"]):
        where = file.where("", "rows", number)
        if not isinstance(row, list) or len(row) != len(columns) or any(not isinstance(one, str) for one in row):
            refuse(f"a row has {len(columns)} texts: {', '.join(columns)}", where)
        found.append(Row(tuple(cell(one) for one in row[:-1]), row[-1] or None, file.name, where.line))
    return found


def _values(file: TomlFile, columns: tuple[str, ...]) -> tuple[tuple[str, ...] | None, ...]:
    said: Any = file.data["values"]
    outside = len(columns) - 1
    if said == OPEN:
        return (None,) * outside
    if not isinstance(said, list) or len(said) != outside:
        refuse(f'values: "open", or a list for each of {", ".join(columns[:-1])}', file.where("", "values"))
    found: list[tuple[str, ...] | None] = []
    for number, one in enumerate(said):
        if one == OPEN:
            found.append(None)
        elif isinstance(one, list) and all(isinstance(code, str) for code in one):
            found.append(tuple(one))
        else:
            refuse('values: each is a list of texts, or "open"', file.where("", "values", number))
    return tuple(found)


def _wider(values: tuple[tuple[str, ...] | None, ...], rows: list[Row]) -> tuple[tuple[str, ...] | None, ...]:
    """The values with those that the rows of a site name."""
    found = []
    for number, known in enumerate(values):
        if known is not None:
            named = [code for row in rows for code in (row.cells[number] or ())]
            known = tuple(dict.fromkeys([*known, *named]))
        found.append(known)
    return tuple(found)
