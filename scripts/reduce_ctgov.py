"""Reduces the OpenAPI description of the ClinicalTrials.gov API v2 to the facts of its `Study` schema.

    python scripts/reduce_ctgov.py ../shared/data/registry/schema/ctgov-api-v2.0.3-openapi.yaml

Kept: names, types, which of them are lists, and the words of enumerations. Left behind: every text. Run again only when
the description changes; the same description gives the same bytes. Needs PyYAML.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

OUT = Path(__file__).parents[1] / "integrator" / "formats" / "study_record" / "study.json"

Facts = dict[str, Any]


def main(description: Path, out: Path) -> None:
    facts = reduce(yaml.safe_load(description.read_text(encoding="utf-8")))
    out.write_text(as_text(facts), encoding="utf-8")
    print(f"{out}: {len(facts['types'])} types, {len(facts['codes'])} lists of codes, {out.stat().st_size} bytes")


def reduce(description: Facts) -> Facts:
    """The types that Study reaches, with their fields, and the lists of codes."""
    schemas = description["components"]["schemas"]
    facts: Facts = {"version": description["info"]["version"], "types": {}, "codes": {}}
    waiting = ["Study"]
    while waiting:
        name = waiting.pop(0)
        if name in facts["types"]:
            continue
        fields = facts["types"][name] = {}
        for field, schema in schemas[name].get("properties", {}).items():
            fields[field], below = field_fact(schema, schemas, facts)
            waiting += below
    facts["codes"] = dict(sorted(facts["codes"].items()))
    return facts


def field_fact(schema: Facts, schemas: Facts, facts: Facts) -> tuple[list[str], list[str]]:
    """[type] or [type, "many"], and the types below; a text out of a list of words is "code" with the list's name."""
    if schema.get("type") == "array":
        fact, below = field_fact(schema["items"], schemas, facts)
        return [*fact, "many"], below
    name = schema.get("$ref", "").rpartition("/")[2]
    meant = schemas[name] if name else schema
    if "enum" in meant:
        facts["codes"][name] = meant["enum"]
        return [f"code {name}"], []
    if "properties" in meant:
        return [name], [name]
    if meant.get("type") == "string":
        return [{"PartialDate": "partialDate"}.get(name, meant.get("format", "string"))], []
    return [meant["type"]], []


def as_text(facts: Facts) -> str:
    """JSON with one line for each type and each list, so that a difference can be read."""
    parts = [f'"version": {json.dumps(facts["version"])}']
    for table in ("types", "codes"):
        rows = (f"  {json.dumps(name)}: {json.dumps(fact)}" for name, fact in facts[table].items())
        parts.append(f'"{table}": {{\n' + ",\n".join(rows) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else OUT)
