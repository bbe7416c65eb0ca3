"""Reduces the HL7 v2 segment tables to facts: integrator/formats/hl7v2/segments.json.

    python scripts/reduce_hl7v2.py [DATA]

DATA is the folder with hl7v2/v2-to-fhir; left out: INTEGRATOR_DATA, else ../shared/data.

Sources: the Python package hl7apy (2.3 to 2.8.2; install it to run this, nothing else needs it) for fields, types,
repetition and message structures; the tables of the HL7 v2-to-FHIR guide for the names as they are printed.
Versions are merged: a field has the types that any version gave it (newest first) and repeats if it ever did.
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

VERSIONS = ["2_8_2", "2_8_1", "2_8", "2_7", "2_6", "2_5_1", "2_5", "2_4", "2_3_1", "2_3"]
WITHDRAWN = ("WD", "wd", None, "-", "NUL")
OUT = Path(__file__).parents[1] / "integrator" / "formats" / "hl7v2" / "segments.json"

Parts = dict[str, dict[int, dict[str, Any]]]


def main() -> None:
    said = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("INTEGRATOR_DATA")
    data = Path(said) if said else OUT.parents[4] / "shared" / "data"
    segments: Parts = {}
    types: Parts = {}
    structures: dict[str, list[Any]] = {}
    for version in VERSIONS:
        facts = importlib.import_module(f"hl7apy.v{version}")
        for name, (_, *fields) in facts.SEGMENTS.items():
            # ANYHL7SEGMENT and ZXX are hl7apy's own; a withdrawn segment has no fields at all (QRD in 2.7).
            for part in fields[0] if fields and len(name) == 3 and name[0] != "Z" else ():
                add(segments, name, part)
        for name, parts in facts.DATATYPES_STRUCTS.items():
            for part in parts:
                add(types, plain(name), part)
        for name, (_, children) in facts.MESSAGES.items():
            structures.setdefault(name, [shape(child, name) for child in children])
    print_names(data / "hl7v2" / "v2-to-fhir", segments, types)
    write(segments, types, structures)


def plain(name: str) -> str:
    """The types that hl7apy calls CQ_SIMPLE are CQ without a further level."""
    return name.removesuffix("_SIMPLE")


def add(table: Parts, name: str, part: Any) -> None:
    """One field or component of one version into the merged table; newer versions came before and keep the name."""
    number = int(part[0].rsplit("_", 1)[1])
    kind, words = part[1][2], part[1][3]
    entry = table.setdefault(name, {}).setdefault(number, {"name": "", "types": [], "repeats": False})
    entry["name"] = entry["name"] or readable(words or "")
    if kind not in WITHDRAWN and plain(kind) not in entry["types"]:
        entry["types"].append(plain(kind))
    entry["repeats"] = entry["repeats"] or part[2][1] not in (0, 1)  # -1: any number; 0: withdrawn


def readable(words: str) -> str:
    """PLACER_APPOINTMENT_ID as "Placer appointment id"."""
    return words.replace("_", " ").capitalize()


def shape(child: Any, structure: str) -> list[Any]:
    """[name, repeats] of a segment; [name, repeats, children] of a group, its name without that of the structure."""
    name, inner, (_, most), what = child
    if what == "SEG":
        return [name, most not in (0, 1)]
    return [name.removeprefix(structure + "_"), most not in (0, 1), [shape(one, structure) for one in inner[1]]]


def print_names(folder: Path, segments: Parts, types: Parts) -> None:
    """The guide prints names as people know them; it has segments as SCH-1 and types as TQ.1."""
    for path in sorted([*(folder / "segments").glob("*.csv"), *(folder / "datatypes").glob("*.csv")]):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                found = re.fullmatch(r"([A-Z][A-Z0-9]{1,2})([-.])(\d+)", row[1].strip()) if len(row) > 5 else None
                if found is None or not row[2].strip():
                    continue
                table = segments if found[2] == "-" else types
                entry = table.get(found[1], {}).get(int(found[3]))
                if entry is not None:
                    # Its cardinalities are not taken: they let SCH-9 and MSH-6 repeat, which no version does.
                    entry["name"] = " ".join(row[2].split())


def listed(parts: dict[int, dict[str, Any]], with_repeats: bool) -> list[Any]:
    """By number; a number that no version uses is a gap with an empty name."""
    out = []
    for number in range(1, max(parts) + 1):
        entry = parts.get(number, {"name": "", "types": [], "repeats": False})
        kinds = " ".join(entry["types"])
        out.append([entry["name"], kinds, *([1] if with_repeats and entry["repeats"] else [])])
    return out


def write(segments: Parts, types: Parts, structures: dict[str, list[Any]]) -> None:
    lines = [
        f'"about": {json.dumps("HL7 v2.3 to 2.8.2, made by scripts/reduce_hl7v2.py from hl7apy and v2-to-FHIR 1.0.0")}',
        block("segments", {name: listed(parts, True) for name, parts in segments.items()}),
        block("types", {name: listed(parts, False) for name, parts in types.items()}),
        block("structures", structures),
    ]
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def block(name: str, entries: dict[str, Any]) -> str:
    """One line for each entry, so that a change shows in a diff."""
    rows = [f"{json.dumps(key)}: {json.dumps(entries[key], separators=(',', ':'))}" for key in sorted(entries)]
    return f'"{name}": {{\n' + ",\n".join(rows) + "\n}"


if __name__ == "__main__":
    main()
