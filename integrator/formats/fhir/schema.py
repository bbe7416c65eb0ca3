"""A JSON Schema for one resource type, made from the model's facts: the fast half of validation.

Two shapes of the same facts: *plain* has no place for `_name` siblings (ids and extensions of primitives), which
nearly no resource uses, and is quick; *whole* has them. What a schema says badly (one of a choice, two dates in order,
what a reference may point to) is in walk.py and invariants.py.
"""

from __future__ import annotations

from typing import Any

from integrator.formats.fhir.dates import CLOCK, INSTANT, LEAP_SECOND, MONTH, YEAR
from integrator.formats.fhir.model import JSON_TYPES, Element, Model

Schema = dict[str, Any]

LIMIT = 2_147_483_647
CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f"  # XML could not carry them
TEXT = rf"^[^{CONTROL}]+$"  # blanks only: a text that should not be, but may be
AT = {"format": "date-time", "pattern": f"^{INSTANT}$"}  # the format knows the lengths of months
LEAP = {"pattern": f"^{LEAP_SECOND}$"}  # which the format allows at 23:59 only
DAY = [{"format": "date", "pattern": f"^{YEAR}-..-..$"}, {"pattern": f"^{MONTH}$"}]

UUID = "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ARC = "(0|[1-9][0-9]*)"
# What names identifiers or codes is an arc below those of countries and organizations: 1.2.276 is Germany itself.
NAMED = rf"urn:oid:[0-2]\.([1-9][0-9][0-9]+(\.{ARC})*|{ARC}(\.{ARC})+)\.{ARC}"
OTHER_URN = r"urn:([^ou\s]|o[^i\s]|u[^u\s])\S*"
OTHER_SCHEME = r"([A-TV-Za-tv-z]|[Uu][A-QS-Za-qs-z0-9+.]|[Uu][Rr][A-MO-Za-mo-z0-9+.])[A-Za-z0-9+.]*:\S+"
WEB = r"(https?|ldap):\S+"
ABSOLUTE = f"({OTHER_SCHEME}|{OTHER_URN}|{UUID}|{NAMED})"
RELATIVE = r"([^:\s]+|[^:\s]*[/?#]\S*)"
INNER = "Extension.extension"  # the only place where an extension's url may be relative
BYTES = r"\s*[0-9a-zA-Z+/]{4}\s*"

# Strings of which the specification says more in words than their type does.
SYSTEM: Schema = {"type": "string", "pattern": f"^({WEB}|{OTHER_URN}|{UUID}|{NAMED})$"}
SAID: dict[tuple[str, str], Schema] = {
    ("Identifier", "system"): SYSTEM,
    ("Quantity", "system"): SYSTEM,
    ("Extension", "url"): {"type": "string", "pattern": f"^{ABSOLUTE}$"},
    ("Extension", "extension"): {"type": "array", "minItems": 1, "items": {"$ref": f"#/definitions/{INNER}"}},
    ("Bundle.entry", "fullUrl"): {"type": "string", "pattern": f"^{ABSOLUTE}$"},
    ("Reference", "reference"): {"type": "string", "pattern": r"^\S+$"},
    ("Money", "currency"): {"type": "string", "pattern": "^[A-Z]{3}$"},  # of ISO 4217, whose list is not R4's
    ("Resource", "language"): {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"},  # of BCP 47
}

PRIMITIVES: dict[str, Schema] = {
    "integer": {"minimum": -LIMIT - 1, "maximum": LIMIT},
    "unsignedInt": {"minimum": 0, "maximum": LIMIT},
    "positiveInt": {"minimum": 1, "maximum": LIMIT},
    "instant": {"anyOf": [AT, LEAP]},
    "dateTime": {"anyOf": [AT, *DAY, LEAP]},
    "date": {"anyOf": DAY},
    "time": {"pattern": f"^{CLOCK}$"},
    "string": {"pattern": TEXT},
    "markdown": {"pattern": TEXT},
    "xhtml": {"pattern": r"^\s*<"},
    "uri": {"pattern": f"^({ABSOLUTE}|{RELATIVE})$"},
    "url": {"pattern": f"^({ABSOLUTE}|{RELATIVE})$"},
    "canonical": {"pattern": rf"^(#\S+|{ABSOLUTE})$"},
    "uuid": {"pattern": f"^{UUID}$"},
    "oid": {"pattern": f"^{NAMED}$"},
    "id": {"pattern": r"^[A-Za-z0-9\-.]{1,64}$"},
    "code": {"pattern": rf"^[^\s{CONTROL}]+(\s[^\s{CONTROL}]+)*$"},
    "base64Binary": {"pattern": rf"^({BYTES})*({BYTES}|\s*[0-9a-zA-Z+/]{{2}}([0-9a-zA-Z+/]|=)=\s*)$"},
}


def schema(model: Model, resource_type: str, whole: bool) -> Schema:
    """The schema of a resource type with the definitions of every type that can stand in it."""
    definitions: dict[str, Schema] = {}
    waiting = [resource_type]
    while waiting:
        kind = waiting.pop()
        if kind in definitions:
            continue
        definitions[kind] = _object(model, kind, whole)
        waiting += [e.type for e in model.children(kind).values() if _has_own(model, e)]
        if whole:
            waiting.append("Element")
    if "Extension" in definitions:
        inner = dict(definitions["Extension"])
        inner["properties"] = inner["properties"] | {"url": {"type": "string", "pattern": r"^\S+$"}}
        definitions[INNER] = inner
    return {"definitions": definitions, "$ref": f"#/definitions/{resource_type}"}


def _has_own(model: Model, element: Element) -> bool:
    return not (model.is_primitive(element.type) or element.type == "Resource")


def _object(model: Model, kind: str, whole: bool) -> Schema:
    children = model.children(kind)
    properties = {name: _one_or_many(model, kind, element, whole) for name, element in children.items()}
    required = [e.name for e in children.values() if e.min and not e.choice]
    found: Schema = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": properties}
    if whole:
        primitives = {e.name: e for e in children.values() if _may_have_sibling(model, kind, e)}
        properties |= {"_" + name: _sibling(element) for name, element in primitives.items()}
        valued = {name for name, element in primitives.items() if _needs_value(kind, element)}
        found["dependencies"] = {"_" + name: [name] for name in valued}
        either = [name for name in required if name in primitives and name not in valued]
        required = [name for name in required if name not in either]
        if either:
            found["allOf"] = [{"anyOf": [{"required": [name]}, {"required": ["_" + name]}]} for name in either]
    if required:
        found["required"] = required
    return found


def _needs_value(kind: str, element: Element) -> bool:
    """What no extension can stand for: ids, an extension's url, and a code of a list (binding strength required)."""
    if element.name == "id" or (kind, element.name) == ("Extension", "url"):
        return True
    return element.codes is not None and element.type == "code" and not element.many


def _may_have_sibling(model: Model, kind: str, element: Element) -> bool:
    if element.name in ("resourceType", "id"):
        return element.name == "id" and model.is_resource(kind)  # of an element it is a mere attribute in XML
    return model.is_primitive(element.type) and element.type != "xhtml"


def _one_or_many(model: Model, kind: str, element: Element, whole: bool) -> Schema:
    if (kind, element.name) in SAID:
        return SAID[kind, element.name]
    if element.name == "language" and element.type == "code" and kind != "Expression":
        return SAID["Resource", "language"]
    if element.name == "url" and element.type == "uri" and model.is_resource(kind):
        return SAID["Extension", "url"]  # of a definition, which others name by it
    one = _one(model, kind, element)
    if not element.many:
        return one
    if whole and model.is_primitive(element.type):
        one = {"anyOf": [one, {"type": "null"}]}  # where only the sibling says something
    return {"type": "array", "minItems": 1, "items": one}


def _one(model: Model, kind: str, element: Element) -> Schema:
    if element.type == "Resource":
        return {"type": "object", "required": ["resourceType"]}
    if not model.is_primitive(element.type):
        return {"$ref": f"#/definitions/{element.type}"}
    if element.codes is not None and element.type == "code":
        return {"enum": sorted({code for _, code in element.codes})}
    return {"type": JSON_TYPES.get(element.type, "string"), **PRIMITIVES.get(element.type, {})}


def _sibling(element: Element) -> Schema:
    one: Schema = {"$ref": "#/definitions/Element"}
    return {"type": "array", "minItems": 1, "items": {"anyOf": [one, {"type": "null"}]}} if element.many else one
