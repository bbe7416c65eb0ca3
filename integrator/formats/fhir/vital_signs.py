"""R4's own profile of vital signs, asked of an Observation that says in meta.profile that it keeps to it.

Importing this adds its rules to `RULES`. It is the only profile that is known; what a hospital's own profiles ask is
not looked at.
"""

from __future__ import annotations

from integrator.formats.fhir.invariants import Holds, Node, has, has_any, rule

PROFILE = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
UCUM = "http://unitsofmeasure.org"
UNITS = frozenset(
    ["%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"]
)  # ucum-vitals-common


def _asked(key: str, text: str, holds: Holds) -> None:
    """Makes a rule of it that is asked only where the profile is claimed."""

    def claimed(it: Node) -> bool:
        profiles = it["meta"].get("profile", ())
        return not any(each and each.split("|")[0] == PROFILE for each in profiles) or holds(it)

    rule("Observation", key, f"{text} (vital signs)", on="meta")(claimed)


def _category(it: Node) -> bool:
    vital = [each["coding"] for each in it.get("category", ()) if any(map(_is_vital, each.get("coding", ())))]
    return len(vital) == 1 and all(map(_is_vital, vital[0]))


def _is_vital(coding: Node) -> bool:
    return CATEGORY.items() <= coding.items()


def _subject(it: Node) -> bool:
    parts = it.get("subject", {}).get("reference", "").split("/_history/")[0].rsplit("/", 2)
    return "subject" in it and (len(parts) < 2 or parts[-2] == "Patient" or not parts[-2].isalpha())


def _day(it: Node) -> bool:
    """By its letter a Period fails too: the expression takes it as a dateTime."""
    return len(it.get("effectiveDateTime", "")) >= 8


def _value(it: Node) -> bool:
    return "component" in it or "hasMember" in it or _said(it)


def _said(it: Node) -> bool:
    return "dataAbsentReason" in it or has_any(it, "value")


def _component_units(it: Node) -> bool:
    return all(_common_unit(component) for component in it.get("component", ()))


def _common_unit(component: Node) -> bool:
    if has(component, "valueString") or "valueCodeableConcept" in component:
        return False  # the profile binds every value that may be coded to its units
    quantity = component.get("valueQuantity", {})
    return "code" not in quantity or (quantity.get("system") == UCUM and quantity["code"] in UNITS)


_asked("category", "needs one category vital-signs", _category)
_asked("subject", "needs a subject, which is a Patient", _subject)
_asked("vs-1", "needs effectiveDateTime, precise to the day", _day)
_asked("vs-2", "needs a value, a dataAbsentReason, components or members", _value)
_asked(
    "vs-3", "each component needs a value or a dataAbsentReason", lambda it: all(map(_said, it.get("component", ())))
)
_asked("units", "components are measured in the usual units of vital signs", _component_units)
