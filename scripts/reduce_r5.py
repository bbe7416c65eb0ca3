"""Reduces FHIR R5 (5.0.0) to the facts that faces of studies need, as one gzipped JSON file like that of R4.

    python scripts/reduce_r5.py

The source is the package fhir.resources (its models are made from the R5 definitions); kept are ResearchStudy,
ResearchSubject, Group, Patient and every data type that they reach: names, types, cardinalities, choice types and
reference targets, and the codes of elements of type code. Of all other resources only the names; no texts.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from fhir.resources import __fhir_version__, fhirtypes, get_fhir_model_class

OUT = Path(__file__).parents[1] / "integrator" / "formats" / "fhir" / "r5.json.gz"
WANTED = ("ResearchStudy", "ResearchSubject", "Group", "Patient")
ABSTRACT = ("DomainResource", "Resource", "Element", "DataType", "BackboneElement")
RENAMED = {"bool": "boolean", "bytes": "base64Binary", "UUID": "uuid"}
NOT_A_TYPE = ("EncodedBytes", "UuidVersion", "FieldInfo")

Facts = dict[str, Any]


def main(out: Path) -> None:
    facts: Facts = {"fhirVersion": __fhir_version__, "primitives": {}, "types": {}, "codes": {}}
    waiting = [(name, name) for name in (*WANTED, "Element", "Resource")]
    while waiting:
        path, name = waiting.pop(0)
        if path not in facts["types"]:
            waiting += add_type(facts, path, name)
    facts["resources"] = sorted(resource_names())
    data = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
    with gzip.GzipFile(out, "wb", compresslevel=9, mtime=0) as file:
        file.write(data)
    print(f"{out}: {out.stat().st_size} bytes; {len(facts['types'])} types, {len(facts['primitives'])} primitives")


def resource_names() -> list[str]:
    """The names of all resources that are not abstract."""
    resource = get_fhir_model_class("Resource")
    found = []
    for name in dir(fhirtypes):
        if name.endswith("Type") and name != "FHIRPrimitiveExtensionType":
            try:
                model = get_fhir_model_class(name.removesuffix("Type"))
            except (ValueError, KeyError, AttributeError):
                continue
            if issubclass(model, resource) and model.__name__ not in (
                *ABSTRACT,
                "CanonicalResource",
                "MetadataResource",
            ):
                found.append(model.__name__)
    return found


def add_type(facts: Facts, path: str, name: str) -> list[tuple[str, str]]:
    """Adds a type or group with its elements; gives (path, name) of the types that they have."""
    model: Any = get_fhir_model_class(name)
    group = "." in path
    resource = issubclass(model, get_fhir_model_class("Resource"))
    kind = "group" if group else "resource" if resource else "complex-type"
    fact: Facts = {"kind": kind, "base": model.__mro__[1].__name__, "elements": {}}
    if path in ABSTRACT:
        fact["abstract"] = True
    facts["types"][path] = fact
    below: list[tuple[str, str]] = []
    for field in model.model_fields.values():
        extra = field.json_schema_extra or {}
        if not extra.get("element_property"):
            continue
        target = type_name(field, extra)
        if target[0].islower():
            facts["primitives"].setdefault(target, {})
        else:
            inner: Any = get_fhir_model_class(target)
            own = inner.__module__ == model.__module__ and inner.__name__ != model.__name__
            place = f"{path}.{field.alias}" if own else target
            below.append((place, target))
            target = place
        add_element(fact["elements"], field, extra, target)
        if target == "code" and "etc." not in extra.get("enum_values", ["etc."]):
            name = f"{path}.{field.alias}"
            facts["codes"][name] = [["", code] for code in extra["enum_values"]]
            fact["elements"][field.alias]["codes"] = name
    return below


def add_element(elements: Facts, field: Any, extra: Facts, target: str) -> None:
    """Adds one element, or one more type of a choice."""
    choice = extra.get("one_of_many")
    name = choice or field.alias
    element = elements.setdefault(
        name, {"min": 0, "max": "*" if "List[" in str(field.annotation) else "1", "types": []}
    )
    element["types"].append(target)
    if choice:
        element["choice"] = True
    if extra.get("element_required") or extra.get("one_of_many_required") or field.is_required():
        element["min"] = 1
    targets = extra.get("enum_reference_types")
    if targets and "Resource" not in targets:
        element["targets"] = sorted(targets)


def type_name(field: Any, extra: Facts) -> str:
    """FHIR's name of an element's type."""
    choice = extra.get("one_of_many")
    said = str(field.annotation)
    if found := re.search(r"abc\.(\w+?)Type\b", said):
        return found[1]
    if choice:
        name = field.alias[len(choice) :]
    else:
        names = [one for one in re.findall(r"(\w+)(?:\(| object at | \| None|'>)", said) if one not in NOT_A_TYPE]
        name = RENAMED.get(names[-1], names[-1])
    return name[0].lower() + name[1:]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else OUT)
